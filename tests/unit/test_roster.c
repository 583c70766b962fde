#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/roster.h"

#define SLOT(n, s)              \
    {                           \
        .index = n, .serial = s \
    }
#define ENTRY(n, s)             \
    {                           \
        .index = n, .serial = s \
    }

static unsigned char changed[16];

static void binds_by_place_at_first(void **state)
{
    struct roster_slot slots[] = {SLOT(0, ""), SLOT(2, "")};
    const struct roster_entry list[] = {ENTRY(0, "a"), ENTRY(1, "b"), ENTRY(2, "c")};

    roster_bind(slots, 2, list, 3, true, changed);
    assert_string_equal(slots[0].serial, "a");
    assert_string_equal(slots[1].serial, "c");
    assert_int_equal(changed[0], ROSTER_BOUND);
    assert_int_equal(changed[1], ROSTER_BOUND);
    roster_bind(slots, 2, list, 3, true, changed);
    assert_int_equal(changed[0], 0);
    assert_int_equal(changed[1], 0);
}

static void a_serial_stays_when_the_list_is_reordered(void **state)
{
    struct roster_slot slots[] = {SLOT(0, "A0"), SLOT(1, "00b0")};
    const struct roster_entry list[] = {ENTRY(0, "b0"), ENTRY(1, "00a0")};

    roster_bind(slots, 2, list, 2, true, changed);
    assert_string_equal(slots[0].serial, "A0");
    assert_string_equal(slots[1].serial, "00b0");
    assert_int_equal(changed[0] | changed[1], 0);
    assert_int_equal(roster_find(slots, 2, "a0"), 0);
    assert_int_equal(roster_find(slots, 2, "B0"), 1);
    assert_int_equal(roster_find(slots, 2, "c0"), -1);
    assert_int_equal(roster_find(slots, 2, ""), -1);
}

static void a_free_section_does_not_take_anothers_inverter(void **state)
{
    /* b is bound to section 1, and stands first just now. */
    struct roster_slot slots[] = {SLOT(0, ""), SLOT(1, "b")};
    const struct roster_entry list[] = {ENTRY(0, "b"), ENTRY(1, "a")};

    roster_bind(slots, 2, list, 2, true, changed);
    assert_string_equal(slots[0].serial, "");
    assert_string_equal(slots[1].serial, "b");
}

static void a_replaced_inverter_takes_the_section(void **state)
{
    struct roster_slot slots[] = {SLOT(0, "a"), SLOT(1, "gone")};
    const struct roster_entry list[] = {ENTRY(0, "a"), ENTRY(1, "new")};

    roster_bind(slots, 2, list, 2, false, changed);
    assert_string_equal(slots[1].serial, "gone");
    assert_int_equal(changed[1], 0);
    roster_bind(slots, 2, list, 2, true, changed);
    assert_string_equal(slots[1].serial, "new");
    assert_int_equal(changed[1], ROSTER_REBOUND);
    assert_int_equal(changed[0], 0);
}

static void a_removed_inverter_keeps_its_section(void **state)
{
    struct roster_slot slots[] = {SLOT(0, "gone"), SLOT(1, "b")};
    const struct roster_entry list[] = {ENTRY(0, "b")};

    roster_bind(slots, 2, list, 1, true, changed);
    assert_string_equal(slots[0].serial, "gone");
    assert_string_equal(slots[1].serial, "b");
    roster_bind(slots, 2, NULL, 0, true, changed);
    assert_string_equal(slots[0].serial, "gone");
    assert_int_equal(changed[0] | changed[1], 0);
}

static void entries_without_a_serial_do_not_count(void **state)
{
    struct roster_slot slots[] = {SLOT(0, ""), SLOT(1, "b")};
    const struct roster_entry list[] = {ENTRY(0, ""), ENTRY(1, "")};

    roster_bind(slots, 2, list, 2, true, changed);
    assert_string_equal(slots[0].serial, "");
    assert_string_equal(slots[1].serial, "b");
}

static void an_inverter_listed_twice_gets_one_section(void **state)
{
    struct roster_slot slots[] = {SLOT(0, ""), SLOT(1, "")};
    const struct roster_entry list[] = {ENTRY(0, "a"), ENTRY(1, "A")};

    roster_bind(slots, 2, list, 2, true, changed);
    assert_string_equal(slots[0].serial, "a");
    assert_string_equal(slots[1].serial, "");
}

static void a_memory_that_names_one_twice_is_mended(void **state)
{
    struct roster_slot slots[] = {SLOT(0, "a"), SLOT(1, "0A")};
    const struct roster_entry list[] = {ENTRY(0, "a"), ENTRY(1, "b")};

    roster_bind(slots, 2, list, 2, true, changed);
    assert_string_equal(slots[0].serial, "a");
    assert_string_equal(slots[1].serial, "b");
    assert_int_equal(changed[1], ROSTER_BOUND);
}

/* ---- Any order of events -------------------------------------------------------------------- */

enum { SLOTS = 6, KNOWN = 10, ROUNDS = 20000 };

static uint32_t seed;

static uint32_t chance(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* The DTU's list after somebody added, removed and reordered. */
static size_t next_list(struct roster_entry *list)
{
    unsigned order[KNOWN];
    size_t count = 0;

    for (unsigned i = 0; i < KNOWN; i++)
        order[i] = i;
    for (unsigned i = KNOWN; i > 1; i--) {
        unsigned j = chance(i), swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
    for (unsigned i = 0; i < KNOWN; i++) {
        if (chance(3) == 0)
            continue;
        list[count].index = (unsigned)count + (chance(8) == 0); /* Ahoy has gaps */
        snprintf(list[count].serial, SERIAL_MAX, "11%u", order[i]);
        count++;
    }
    return count;
}

static bool is_listed(const struct roster_entry *list, size_t count, const char *serial)
{
    for (size_t i = 0; i < count; i++) {
        if (serial_equal(list[i].serial, serial))
            return true;
    }
    return false;
}

static void check_round(const struct roster_slot *before, const struct roster_slot *after,
                        const struct roster_entry *list, size_t count, bool complete)
{
    for (size_t i = 0; i < SLOTS; i++) {
        const char *old = before[i].serial, *now = after[i].serial;
        bool same = strcmp(old, now) == 0;

        /* While it is listed, or the list is not complete, a serial stays. */
        if (*old && (is_listed(list, count, old) || !complete))
            assert_true(same);
        if (*old)
            assert_true(*now);
        assert_int_equal(changed[i], same ? 0 : *old ? ROSTER_REBOUND : ROSTER_BOUND);
        if (!same)
            assert_true(is_listed(list, count, now));
        for (size_t j = 0; j < i; j++)
            assert_false(serial_equal(now, after[j].serial));
    }
}

static void no_order_of_events_swaps_two_inverters(void **state)
{
    struct roster_slot slots[SLOTS], before[SLOTS];
    struct roster_entry list[KNOWN];

    for (uint32_t run = 1; run <= 20; run++) {
        seed = run;
        memset(slots, 0, sizeof slots);
        for (unsigned i = 0; i < SLOTS; i++)
            slots[i].index = i;
        for (int round = 0; round < ROUNDS / 20; round++) {
            size_t count = next_list(list);
            bool complete = chance(2);
            memcpy(before, slots, sizeof slots);
            roster_bind(slots, SLOTS, list, count, complete, changed);
            check_round(before, slots, list, count, complete);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binds_by_place_at_first),
        cmocka_unit_test(a_serial_stays_when_the_list_is_reordered),
        cmocka_unit_test(a_free_section_does_not_take_anothers_inverter),
        cmocka_unit_test(a_replaced_inverter_takes_the_section),
        cmocka_unit_test(a_removed_inverter_keeps_its_section),
        cmocka_unit_test(entries_without_a_serial_do_not_count),
        cmocka_unit_test(an_inverter_listed_twice_gets_one_section),
        cmocka_unit_test(a_memory_that_names_one_twice_is_mended),
        cmocka_unit_test(no_order_of_events_swaps_two_inverters),
    };
    return cmocka_run_group_tests_name("roster", tests, NULL, NULL);
}
