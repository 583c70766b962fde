#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/plan.h"
#include "core/text.h"
#include "edge/sys/log.h"

#define TWO_DTUS                       \
    "[DEFAULT]\nHost=a\nDTU=opendtu\n" \
    "[DTU1]\nHost=b\nType=opendtu\n"

static struct config *config;
static struct asked asked[2];
static struct reading readings[2][20];
static struct statefile *memory;
static struct plan *plan;

static int setup(void **state)
{
    (void)state;
    log_set_level((enum log_level)(LOG_CRITICAL + 1));
    memory = statefile_open("/nonexistent/state.json");
    memset(asked, 0, sizeof asked);
    return memory ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    plan_destroy(plan);
    config_free(config);
    statefile_close(memory);
    plan = NULL;
    config = NULL;
    return 0;
}

static void parse_with(const char *text, unsigned errors)
{
    struct conf_report report;

    config = config_parse(text, strlen(text), &report);
    assert_non_null(config);
    assert_int_equal(report.errors, errors);
    conf_report_finish(&report);
    for (size_t g = 0; g < 2; g++) {
        asked[g].conf = &config->gateways[g];
        asked[g].ended = asked[g].complete = true;
        asked[g].readings = readings[g];
    }
}

static void parse(const char *text)
{
    parse_with(text, 0);
}

static void lists(size_t gateway, const char *serial, enum reach reach)
{
    struct asked *a = &asked[gateway];
    struct reading *r = &readings[gateway][a->reading_count];

    reading_init(r);
    text_copy(r->serial, sizeof r->serial, serial);
    r->index = (unsigned)a->reading_count++;
    r->reach = reach;
    a->listed[a->listed_count].index = r->index;
    text_copy(a->listed[a->listed_count++].serial, SERIAL_MAX, serial);
    r->value[FIELD_POWER][0] = 100.0 * (double)(gateway + 1);
}

static void remembers(const char *section, const char *serial)
{
    struct device_memory m;

    device_memory_init(&m);
    text_copy(m.section, sizeof m.section, section);
    text_copy(m.serial, sizeof m.serial, serial);
    serial_key(m.id, serial);
    text_copy(m.gateway, sizeof m.gateway, "DEFAULT");
    statefile_put(memory, &m);
}

/* "INVERTER0=1@0 +2@1 -3@1": sections, added, left out; serial and gateway. */
static void assert_planned(const char *expected)
{
    char text[512] = "";
    size_t used = 0;

    plan = plan_create(config, asked, memory);
    assert_non_null(plan);
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_device *d = &plan->devices[i];
        const char *mark = d->kind == PLAN_ADDED ? "+" : d->kind == PLAN_LEFT_OUT ? "-" : "";
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s", used ? " " : "", mark,
                                 d->conf->section, *mark ? "" : "=");
        if (d->reading)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s@%zu", d->reading->serial,
                                     d->gateway);
        assert_true((d->view != NULL) == (d->reading != NULL));
    }
    assert_string_equal(text, expected);
}

static void sections_take_their_places(void **state)
{
    (void)state;
    parse(TWO_DTUS "[INVERTER0]\n[INVERTER1]\nDTU=1\n");
    lists(0, "11", REACH_OK);
    lists(0, "12", REACH_OK);
    lists(1, "21", REACH_OK);
    assert_planned("INVERTER0=11@0 INVERTER1=21@1 +12@0");
    assert_true(plan->devices[1].view->value[FIELD_POWER][0] == 200);
}

static void a_serial_is_taken_wherever_it_is(void **state)
{
    (void)state;
    parse(TWO_DTUS
          "AutoAdd=0\n[INVERTER0]\nSerial=21\n[INVERTER1]\nIndex=0\n[INVERTER2]\nSerial=99\n");
    lists(0, "11", REACH_OK);
    lists(1, "21", REACH_OK);
    lists(1, "22", REACH_OK);
    assert_planned("INVERTER0=21@1 INVERTER1=11@0 INVERTER2= -22@1");
}

static void two_gateways_that_hear_one_inverter(void **state)
{
    (void)state;
    parse(TWO_DTUS);
    lists(0, "11", REACH_OK);
    lists(1, "11", REACH_LOST);
    lists(1, "12", REACH_OK);
    assert_planned("+11@0 +12@1");
}

/* Added by the first gateway's list, then given up to a section of the second. */
static void a_section_wins_over_what_is_added(void **state)
{
    (void)state;
    parse(TWO_DTUS "[INVERTER0]\nDTU=1\n");
    lists(0, "11", REACH_OK);
    lists(1, "11", REACH_OK);
    plan = plan_create(config, asked, memory);
    assert_int_equal(plan->count, 1);
    assert_string_equal(plan->devices[0].conf->section, "INVERTER0");
    assert_string_equal(plan->devices[0].reading->serial, "11");
}

static void what_was_bound_stays_bound(void **state)
{
    (void)state;
    parse("[DEFAULT]\nHost=a\nDTU=opendtu\nAutoAdd=0\n[INVERTER0]\n[INVERTER1]\n");
    remembers("INVERTER0", "12");
    lists(0, "11", REACH_OK);
    lists(0, "12", REACH_OK);
    assert_planned("INVERTER0=12@0 INVERTER1= -11@0");
}

static void a_replaced_inverter_is_followed(void **state)
{
    (void)state;
    parse("[DEFAULT]\nHost=a\nDTU=opendtu\n[INVERTER0]\n");
    remembers("INVERTER0", "77");
    lists(0, "11", REACH_OK);
    assert_planned("INVERTER0=11@0");
}

/* Where the list is not complete, it may be among those that lack. */
static void but_not_by_half_a_list(void **state)
{
    (void)state;
    parse("[DEFAULT]\nHost=a\nDTU=opendtu\nAutoAdd=0\n[INVERTER0]\n");
    remembers("INVERTER0", "77");
    lists(0, "11", REACH_OK);
    asked[0].complete = false;
    assert_planned("INVERTER0= -11@0");
}

static void nothing_came(void **state)
{
    (void)state;
    parse(TWO_DTUS "[INVERTER0]\n");
    asked[0].failed = asked[1].failed = true;
    assert_planned("INVERTER0=");
}

/* A section with a fault has its inverter, which nobody else is given. */
static void one_that_is_kept_off_the_bus(void **state)
{
    (void)state;
    parse_with("[DEFAULT]\nHost=a\nDTU=opendtu\n[INVERTER1]\nPhase=L9\n", 1);
    lists(0, "11", REACH_OK);
    lists(0, "12", REACH_OK);
    assert_planned("INVERTER1=12@0 +11@0");
    assert_true(plan->devices[0].conf->off);
}

/* As the service does it: a role is for classes that can have one. */
static void what_the_owner_made_of_it(void **state)
{
    struct device_memory m;

    (void)state;
    parse("[DEFAULT]\nHost=a\nDTU=opendtu\n[INVERTER0]\n[INVERTER1]\n"
          "Servicename=com.victronenergy.inverter\n");
    lists(0, "11", REACH_OK);
    lists(0, "12", REACH_OK);
    for (unsigned i = 0; i < 2; i++) {
        remembers(i ? "INVERTER1" : "INVERTER0", i ? "12" : "11");
        m = *statefile_find(memory, i ? "12" : "11");
        text_copy(m.choice.role, sizeof m.choice.role, "grid");
        statefile_put(memory, &m);
    }
    assert_planned("INVERTER0=11@0 INVERTER1=12@0");
    assert_string_equal(plan->devices[0].service, "com.victronenergy.grid");
    assert_string_equal(plan->devices[1].service, "com.victronenergy.inverter");
}

/* Which one it means is not known: it may be any that has no section. */
static void one_in_doubt(void **state)
{
    (void)state;
    parse_with("[DEFAULT]\nHost=a\nDTU=opendtu\n[INVERTER0]\n[INVERTER5]\nIndex=x\n", 1);
    lists(0, "11", REACH_OK);
    lists(0, "12", REACH_OK);
    assert_planned("INVERTER0=11@0 -12@0");
}

/* As many as the service adds. */
static void no_more_than_may_be(void **state)
{
    char serial[SERIAL_MAX];

    (void)state;
    parse(TWO_DTUS "[INVERTER0]\n");
    for (int i = 0; i < 20; i++) {
        snprintf(serial, sizeof serial, "%d", 100 + i);
        lists(0, serial, REACH_OK);
    }
    plan = plan_create(config, asked, memory);
    assert_non_null(plan);
    assert_int_equal(plan->count, 20);
    for (size_t i = 1; i < 20; i++) {
        bool fits = i <= ADMISSION_GATEWAY_MAX;
        assert_int_equal(plan->devices[i].kind, fits ? PLAN_ADDED : PLAN_LEFT_OUT);
        assert_int_equal(plan->devices[i].refused, fits ? ADMISSION_YES : ADMISSION_GATEWAY_FULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sections_take_their_places, setup, teardown),
        cmocka_unit_test_setup_teardown(a_serial_is_taken_wherever_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(two_gateways_that_hear_one_inverter, setup, teardown),
        cmocka_unit_test_setup_teardown(a_section_wins_over_what_is_added, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_bound_stays_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(a_replaced_inverter_is_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(but_not_by_half_a_list, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_came, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_is_kept_off_the_bus, setup, teardown),
        cmocka_unit_test_setup_teardown(one_in_doubt, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_owner_made_of_it, setup, teardown),
        cmocka_unit_test_setup_teardown(no_more_than_may_be, setup, teardown),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
