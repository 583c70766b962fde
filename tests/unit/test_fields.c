/*
 * What a driver reads is shown, and what is shown some driver reads: each quantity of core/fields.def has
 * a producer, found by decoding captures of the gateways, and a row, found in the tables of venus/.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "unit/support/driver_run.h"

/* Half of it is there, on purpose: the limit in force is shown as what became of it. */
static const struct pending {
    enum field field;
    bool produced, shown;
} pending[] = {
    {FIELD_LIMIT, .produced = true},
};

static const char *const names[FIELD_COUNT] = {
#define X(id, ...) #id,
#include "core/fields.def"
#undef X
};

static const bool of_phases[FIELD_COUNT] = {
#define X(id, unit, per_phase, ...) per_phase,
#include "core/fields.def"
#undef X
};

static bool produced[FIELD_COUNT];

static void decode(const char *driver, const struct template_conf *template, const char *path,
                   const char *fixture)
{
    struct run run;
    char *body = run_fixture(fixture);

    run_open(&run, driver);
    if (template)
        run.conf->template = *template;
    run_cycle(&run, 0, &(struct reply){path, body}, 1);
    assert_true(run.reading_count > 0);
    for (size_t i = 0; i < run.reading_count; i++) {
        for (size_t f = 0; f < FIELD_COUNT; f++)
            produced[f] = produced[f] || has_value(run.readings[i].value[f][0]);
    }
    run_close(&run);
    free(body);
}

static int setup(void **state)
{
    static const struct template_conf meter = {
        .api_path = {"/rpc"},
        .serial = "1",
        .value = {[FIELD_POWER] = {{"apower"}, 1, MISSING},
                  [FIELD_ENERGY_FORWARD] = {{"aenergy/total"}, 1, MISSING},
                  [FIELD_ENERGY_REVERSE] = {{"aenergy/by_minute/0"}, 1, MISSING},
                  [FIELD_VOLTAGE] = {{"voltage"}, 1, MISSING},
                  [FIELD_CURRENT] = {{"current"}, 1, MISSING}}};

    (void)state;
    decode("opendtu", NULL, "/api/livedata/status", "opendtu/full-v24.1.json");
    decode("template", &meter, "/rpc", "template/shelly-gen2-switch.json");
    return 0;
}

/* The phases of which some class has a row; bit 0 is the whole device. */
static unsigned rows_of(enum field field)
{
    unsigned slots = 0;

    for (size_t c = 0; venus_classes[c]; c++) {
        for (size_t i = 0; i < venus_classes[c]->row_count; i++) {
            const struct map_row *row = &venus_classes[c]->rows[i];
            if (row->source == MAP_FIELD && row->arg.field == field)
                slots |= 1U << row->slot;
        }
    }
    return slots;
}

static const struct pending *find_pending(enum field field)
{
    for (size_t i = 0; i < COUNT(pending); i++) {
        if (pending[i].field == field)
            return &pending[i];
    }
    return NULL;
}

static void each_has_a_producer_and_a_row(void **state)
{
    (void)state;
    for (enum field f = 0; f < FIELD_COUNT; f++) {
        const struct pending *p = find_pending(f);
        unsigned wanted = of_phases[f] ? 0xF : 1, slots = rows_of(f);

        if (p) {
            if (p->produced != produced[f] || p->shown != (slots != 0))
                fail_msg("%s is not pending as it says: produced %d, shown %d", names[f],
                         produced[f], slots != 0);
            continue;
        }
        if (!produced[f])
            fail_msg("%s is shown, and no driver reads it", names[f]);
        if ((slots & wanted) != wanted)
            fail_msg("%s is read, and has rows for the slots %#x only", names[f], slots);
    }
}

/* The DC inputs' members are told apart by name, not by a table. */
static void so_has_each_member_of_a_dc_input(void **state)
{
    unsigned members = 0;

    (void)state;
    for (size_t i = 0; i < venus_class_find("pvinverter", NULL)->row_count; i++) {
        const struct map_row *row = &venus_class_find("pvinverter", NULL)->rows[i];
        if (row->source == MAP_STRING)
            members |= 1U << row->arg.member;
    }
    assert_int_equal(members, 1U << MAP_STRING_NAME | 1U << MAP_STRING_V | 1U << MAP_STRING_I |
                                  1U << MAP_STRING_P | 1U << MAP_STRING_YIELD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_a_producer_and_a_row),
        cmocka_unit_test(so_has_each_member_of_a_dc_input),
    };
    return cmocka_run_group_tests_name("fields", tests, setup, NULL);
}
