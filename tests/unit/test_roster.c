#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/roster.h"

enum { SLOTS_MAX = 16, HOME = 0, OTHER = 1, NOW = 1000000 };

static struct roster_slot slots[SLOTS_MAX];
static size_t count;
static unsigned char changed[SLOTS_MAX];

static int reset(void **state)
{
    count = 0;
    memset(changed, 0xFF, sizeof changed);
    return 0;
}

static struct roster_slot *slot(enum roster_kind kind, int home, unsigned index, const char *serial)
{
    roster_slot_init(&slots[count], kind, home, index, serial);
    return &slots[count++];
}

static struct roster_slot *section(unsigned index, const char *serial)
{
    return slot(ROSTER_BY_PLACE, HOME, index, serial);
}

/* A complete list of a gateway with these serials at the places 0, 1, ... */
static struct roster_list list_of(int gateway, struct roster_entry *entries, size_t n,
                                  const char *const *serials)
{
    for (size_t i = 0; i < n; i++) {
        entries[i].index = (unsigned)i;
        snprintf(entries[i].serial, sizeof entries[i].serial, "%s", serials[i]);
    }
    return (
        struct roster_list){.gateway = gateway, .entries = entries, .count = n, .complete = true};
}

#define LIST(name, gateway, ...)                                            \
    const char *const name##_serials[] = {__VA_ARGS__};                     \
    enum { name##_count = sizeof name##_serials / sizeof *name##_serials }; \
    struct roster_entry name##_entries[name##_count];                       \
    struct roster_list name = list_of(gateway, name##_entries, name##_count, name##_serials)

static void bind_at(const struct roster_list *list, int64_t now_ms)
{
    roster_bind(slots, count, list, now_ms, changed);
}

static void bind(const struct roster_list *list)
{
    bind_at(list, NOW);
}

static void binds_by_place_at_first(void **state)
{
    section(0, "");
    section(2, "");
    LIST(list, HOME, "a", "b", "c");

    bind(&list);
    assert_string_equal(slots[0].serial, "a");
    assert_string_equal(slots[1].serial, "c");
    assert_int_equal(changed[0], ROSTER_BOUND);
    assert_int_equal(changed[1], ROSTER_BOUND);
    bind(&list);
    assert_int_equal(changed[0], 0);
    assert_int_equal(changed[1], 0);
}

static void a_serial_stays_when_the_list_is_reordered(void **state)
{
    section(0, "A0");
    section(1, "00b0");
    LIST(list, HOME, "b0", "00a0");

    bind(&list);
    assert_string_equal(slots[0].serial, "A0");
    assert_string_equal(slots[1].serial, "00b0");
    assert_int_equal(changed[0] | changed[1], 0);
    assert_int_equal(roster_find(slots, count, "a0"), 0);
    assert_int_equal(roster_find(slots, count, "B0"), 1);
    assert_int_equal(roster_find(slots, count, "c0"), -1);
    assert_int_equal(roster_find(slots, count, ""), -1);
}

static void a_free_section_does_not_take_anothers_inverter(void **state)
{
    section(0, "");
    section(1, "b");
    LIST(list, HOME, "b", "a");

    bind(&list);
    assert_string_equal(slots[0].serial, "");
    assert_string_equal(slots[1].serial, "b");
}

static void a_replaced_inverter_takes_the_section(void **state)
{
    section(0, "a");
    section(1, "gone");
    LIST(list, HOME, "a", "new");

    list.complete = false;
    bind(&list);
    assert_string_equal(slots[1].serial, "gone");
    assert_int_equal(changed[1], 0);
    list.complete = true;
    bind(&list);
    assert_string_equal(slots[1].serial, "new");
    assert_int_equal(changed[1], ROSTER_REBOUND);
    assert_int_equal(changed[0], 0);
}

static void a_removed_inverter_keeps_its_section(void **state)
{
    section(0, "a");
    section(1, "b");
    LIST(list, HOME, "b");

    /* b has moved up to place 0, and is not the replacement of a: it has a section. */
    bind(&list);
    assert_string_equal(slots[0].serial, "a");
    assert_string_equal(slots[1].serial, "b");
    assert_int_equal(slots[0].missing_ms, NOW);
    assert_int_equal(slots[1].missing_ms, -1);
}

static void a_section_that_names_its_serial_takes_no_other(void **state)
{
    slot(ROSTER_BY_SERIAL, HOME, 0, "mine");
    LIST(list, HOME, "other");

    bind(&list);
    assert_string_equal(slots[0].serial, "mine");
    assert_true(roster_may_add(slots, count, &list, &list.entries[0]));
}

static void entries_without_a_serial_do_not_count(void **state)
{
    section(0, "");
    LIST(list, HOME, "");

    bind(&list);
    assert_string_equal(slots[0].serial, "");
    assert_false(roster_may_add(slots, count, &list, &list.entries[0]));
}

static void places_are_those_of_the_sections_own_gateway(void **state)
{
    section(0, "");
    slot(ROSTER_BY_PLACE, OTHER, 0, "");
    LIST(first, OTHER, "b");
    LIST(second, HOME, "a");

    bind(&first);
    assert_string_equal(slots[0].serial, "");
    assert_string_equal(slots[1].serial, "b");
    bind(&second);
    assert_string_equal(slots[0].serial, "a");
}

static void gateways_that_change_places_change_nothing(void **state)
{
    section(0, "a");
    slot(ROSTER_BY_PLACE, OTHER, 0, "b");
    LIST(of_home, HOME, "b");
    LIST(of_other, OTHER, "a");

    assert_true(roster_takes(&slots[0], HOME, true, NOW));
    assert_true(roster_takes(&slots[1], OTHER, true, NOW));
    assert_false(roster_takes(&slots[1], HOME, true, NOW + 1));
    bind(&of_home);
    bind(&of_other);
    assert_string_equal(slots[0].serial, "a");
    assert_string_equal(slots[1].serial, "b");
    assert_true(roster_takes(&slots[0], OTHER, true, NOW + 2));
    assert_true(roster_takes(&slots[1], HOME, true, NOW + 2));
    /* Now that they are brought by the other gateway, their own does not replace them either. */
    LIST(stranger, HOME, "c");
    slots[1].source = OTHER;
    bind(&stranger);
    assert_string_equal(slots[0].serial, "a");
}

static void a_slot_sticks_to_the_gateway_that_hears_it(void **state)
{
    struct roster_slot *s = section(0, "a");

    assert_true(roster_takes(s, HOME, true, NOW));
    assert_false(roster_takes(s, OTHER, true, NOW + ROSTER_LOST_MS - 1));
    assert_true(roster_takes(s, HOME, false, NOW + ROSTER_LOST_MS));
    assert_false(roster_takes(s, OTHER, false, NOW + ROSTER_LOST_MS));
    assert_true(roster_takes(s, OTHER, true, NOW + ROSTER_LOST_MS));
    assert_false(roster_takes(s, HOME, false, NOW + ROSTER_LOST_MS + 1));
    assert_int_equal(s->source, OTHER);
}

/* Whoever has it keeps it for a while after it fell silent: one bad minute of the radio moves nothing. */
static void silence_counts_from_when_it_was_heard(void **state)
{
    struct roster_slot *s = section(0, "a");

    assert_true(roster_takes(s, HOME, true, NOW));
    assert_true(roster_takes(s, HOME, false, NOW + 1000));
    assert_int_equal(s->heard_ms, NOW);
    assert_false(roster_takes(s, OTHER, true, NOW + 2000));
    assert_false(roster_takes(s, OTHER, true, NOW + ROSTER_LOST_MS - 1));
    assert_true(roster_takes(s, OTHER, true, NOW + ROSTER_LOST_MS));
    assert_int_equal(s->heard_ms, NOW + ROSTER_LOST_MS);
    assert_false(roster_takes(s, HOME, true, NOW + ROSTER_LOST_MS + 1));
}

/* The first that lists it may be the one that is out of its reach. */
static void the_first_that_hears_it_takes_over_at_once(void **state)
{
    struct roster_slot *s = section(0, "a");

    assert_true(roster_takes(s, HOME, false, NOW));
    assert_false(roster_takes(s, OTHER, false, NOW + 1));
    assert_true(roster_takes(s, OTHER, true, NOW + 1));
    assert_false(roster_takes(s, HOME, true, NOW + 2));
}

/* Though the gateway was started a moment ago. */
static void nor_does_a_young_uptime_matter(void **state)
{
    struct roster_slot *s = section(0, "a");

    assert_true(roster_takes(s, HOME, false, 1000));
    assert_true(roster_takes(s, OTHER, true, 1001));
}

/* A weak link loses one now and then. */
static void a_moment_of_silence_changes_nothing(void **state)
{
    struct roster_slot *s = section(0, "a");

    assert_true(roster_takes(s, HOME, true, NOW));
    assert_true(roster_takes(s, HOME, false, NOW + 1000));
    assert_false(roster_takes(s, OTHER, true, NOW + 2000));
    assert_true(roster_takes(s, OTHER, true, NOW + ROSTER_LOST_MS));
}

static void an_added_one_is_given_up_to_a_new_section(void **state)
{
    slot(ROSTER_ADDED, HOME, 0, "b");
    section(1, "");
    LIST(list, HOME, "a", "b");

    bind(&list);
    assert_int_equal(changed[0], ROSTER_GIVEN_UP);
    assert_int_equal(changed[1], ROSTER_BOUND);
    assert_string_equal(slots[0].serial, "");
    assert_string_equal(slots[1].serial, "b");
}

static void an_added_one_is_no_replacement(void **state)
{
    section(0, "a");
    slot(ROSTER_ADDED, HOME, 0, "b");
    LIST(list, HOME, "b");

    bind(&list);
    assert_string_equal(slots[0].serial, "a");
    assert_string_equal(slots[1].serial, "b");
}

/* Before the list is complete, what stands at a section's place may yet become that section's. */
static void adds_what_nobody_has(void **state)
{
    section(0, "a");
    LIST(list, HOME, "new", "another");

    list.complete = false;
    bind(&list);
    assert_false(roster_may_add(slots, count, &list, &list.entries[0]));
    assert_true(roster_may_add(slots, count, &list, &list.entries[1]));
    list.complete = true;
    bind(&list);
    assert_string_equal(slots[0].serial, "new");
    assert_false(roster_may_add(slots, count, &list, &list.entries[0]));
    assert_true(roster_may_add(slots, count, &list, &list.entries[1]));
}

/* Each section keeps its place, and only in the list of its own gateway. */
static void adds_nothing_at_the_place_of_any_section(void **state)
{
    section(0, "a");
    section(1, "b");
    slot(ROSTER_BY_PLACE, OTHER, 2, "c");
    slot(ROSTER_ADDED, HOME, 3, "d");
    slot(ROSTER_BY_SERIAL, HOME, 4, "e");
    LIST(list, HOME, "p", "q", "r", "s", "t");

    list.complete = false;
    for (size_t i = 0; i < list.count; i++)
        assert_int_equal(roster_may_add(slots, count, &list, &list.entries[i]), i >= 2);
}

static void a_list_that_is_not_complete_misses_nobody(void **state)
{
    struct roster_slot *here = section(0, "a"), *gone = section(1, "b");
    LIST(without, HOME, "c");

    assert_true(roster_takes(here, HOME, true, NOW));
    gone->missing_ms = NOW - 5;
    without.complete = false;
    bind_at(&without, NOW + 5);
    assert_int_equal(here->source, HOME);
    assert_int_equal(here->missing_ms, -1);
    assert_int_equal(gone->missing_ms, NOW - 5);
    /* Nor does that of a gateway which neither brings it nor is its own. */
    LIST(others, OTHER, "c");
    bind_at(&others, NOW + 10);
    assert_int_equal(here->source, HOME);
    assert_int_equal(here->missing_ms, -1);
}

static void tells_since_when_one_is_missing(void **state)
{
    struct roster_slot *s = slot(ROSTER_ADDED, HOME, 0, "a");
    LIST(without, HOME, "b");
    LIST(with, HOME, "a");

    assert_true(roster_takes(s, HOME, true, NOW));
    bind_at(&without, NOW + 5);
    bind_at(&without, NOW + 10);
    assert_int_equal(s->missing_ms, NOW + 5);
    assert_int_equal(s->source, ROSTER_NOBODY);
    assert_true(roster_takes(s, HOME, false, NOW + 15));
    bind_at(&with, NOW + 15);
    assert_int_equal(s->missing_ms, -1);
}

/* Whoever brought one before a list without it is not its source any more, whether that hears it or not. */
static void a_list_that_is_not_complete_says_nothing_of_who_lacks(void **state)
{
    struct roster_slot *s = slot(ROSTER_ADDED, HOME, 0, "a");
    LIST(list, HOME, "b");

    assert_true(roster_takes(s, HOME, true, NOW));
    list.complete = false;
    bind_at(&list, NOW + 5);
    assert_int_equal(s->missing_ms, -1);
    assert_int_equal(s->source, HOME);
    assert_int_equal(s->heard_ms, NOW);
}

static void what_was_added_is_dropped_when_it_was_missing_for_long(void **state)
{
    struct roster_slot *added = slot(ROSTER_ADDED, HOME, 0, "a");
    struct roster_slot *by_place = section(0, "b"), *named = slot(ROSTER_BY_SERIAL, HOME, 0, "c");
    LIST(without, HOME, "d");

    assert_int_equal(roster_drop_due(added), INT64_MAX);
    slots[1].source = slots[2].source = OTHER; /* another brings those of the sections */
    bind_at(&without, NOW);
    assert_int_equal(roster_drop_due(added), NOW + ROSTER_MISSING_MS);
    bind_at(&without, NOW + 1000);
    assert_int_equal(roster_drop_due(added), NOW + ROSTER_MISSING_MS);
    by_place->missing_ms = named->missing_ms = NOW;
    assert_int_equal(roster_drop_due(by_place), INT64_MAX);
    assert_int_equal(roster_drop_due(named), INT64_MAX);
    assert_true(roster_takes(added, OTHER, false, NOW + 2000));
    assert_int_equal(roster_drop_due(added), INT64_MAX);
}

/* A later section's place too. */
static void a_list_that_is_not_complete_leaves_each_sections_place_alone(void **state)
{
    section(0, "a");
    section(1, "b");
    slot(ROSTER_BY_PLACE, OTHER, 2, "c");
    LIST(list, HOME, "a", "new", "another");

    list.complete = false;
    bind(&list);
    assert_false(roster_may_add(slots, count, &list, &list.entries[1]));
    assert_true(roster_may_add(slots, count, &list, &list.entries[2])); /* of another gateway */
}

/* A clock that counts from 0. */
static void missing_since_the_beginning_of_time(void **state)
{
    struct roster_slot *added = slot(ROSTER_ADDED, HOME, 0, "a");
    LIST(without, HOME, "b");

    bind_at(&without, 0);
    bind_at(&without, 5);
    assert_int_equal(added->missing_ms, 0);
    assert_int_equal(roster_drop_due(added), ROSTER_MISSING_MS);
}

static bool allow(void *user, const char *serial)
{
    const bool *allowed = user;
    assert_string_equal(serial, "new");
    return *allowed;
}

static void a_replacement_may_be_forbidden(void **state)
{
    bool allowed = false;
    section(0, "gone");
    LIST(list, HOME, "new");

    list.may_replace = allow;
    list.user = &allowed;
    bind(&list);
    assert_string_equal(slots[0].serial, "gone");
    assert_int_equal(changed[0], 0);
    allowed = true;
    bind(&list);
    assert_string_equal(slots[0].serial, "new");
    assert_int_equal(changed[0], ROSTER_REBOUND);
    /* A section that never had one needs no leave. */
    allowed = false;
    reset(NULL);
    section(0, "");
    bind(&list);
    assert_int_equal(changed[0], ROSTER_BOUND);
}

/* Slots behind the last one are not there, whatever they held. */
static void only_so_many_slots_are_looked_at(void **state)
{
    section(0, "a");
    section(1, "gone");
    count = 1;
    LIST(list, HOME, "a", "b");

    assert_int_equal(roster_find(slots, count, "gone"), -1);
    list.complete = false;
    assert_true(roster_may_add(slots, count, &list, &list.entries[1]));
    list.complete = true;
    bind(&list);
    assert_string_equal(slots[1].serial, "gone");
    assert_int_equal(slots[1].missing_ms, -1);
    assert_int_equal(changed[1], 0xFF);
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
    size_t listed = 0;

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
        list[listed].index = (unsigned)listed + (chance(8) == 0); /* Ahoy has gaps */
        snprintf(list[listed].serial, SERIAL_MAX, "11%u", order[i]);
        listed++;
    }
    return listed;
}

static bool is_listed(const struct roster_list *list, const char *serial)
{
    for (size_t i = 0; i < list->count; i++) {
        if (serial_equal(list->entries[i].serial, serial))
            return true;
    }
    return false;
}

static void check_round(const struct roster_slot *before, const struct roster_list *list)
{
    for (size_t i = 0; i < count; i++) {
        const char *old = before[i].serial, *now = slots[i].serial;
        bool same = strcmp(old, now) == 0, home = slots[i].home == list->gateway;

        /* While it is listed, brought by the other gateway, or the list not complete, it stays. */
        if (*old && (is_listed(list, old) || !list->complete || !home ||
                     (before[i].source != ROSTER_NOBODY && before[i].source != list->gateway)))
            assert_true(same);
        if (*old)
            assert_true(*now);
        assert_int_equal(changed[i], same ? 0 : *old ? ROSTER_REBOUND : ROSTER_BOUND);
        if (!same)
            assert_true(home && is_listed(list, now));
        for (size_t j = 0; j < i; j++)
            assert_false(serial_equal(now, slots[j].serial));
    }
}

static void feed(const struct roster_list *list, int64_t now_ms)
{
    for (size_t i = 0; i < list->count; i++) {
        int at = roster_find(slots, count, list->entries[i].serial);
        if (at >= 0)
            (void)roster_takes(&slots[at], list->gateway, chance(4), now_ms);
    }
}

/* Two gateways whose lists anybody may change, swap, cut short. */
static void no_order_of_events_swaps_two_inverters(void **state)
{
    struct roster_slot before[SLOTS];
    struct roster_entry entries[KNOWN];

    for (uint32_t run = 1; run <= 20; run++) {
        seed = run;
        count = 0;
        for (unsigned i = 0; i < SLOTS; i++)
            slot(ROSTER_BY_PLACE, i % 2 ? OTHER : HOME, i / 2, "");
        for (int round = 0; round < ROUNDS / 20; round++) {
            struct roster_list list = {.gateway = chance(2) ? OTHER : HOME,
                                       .entries = entries,
                                       .count = next_list(entries),
                                       .complete = chance(2)};
            feed(&list, (int64_t)round * 5000);
            memcpy(before, slots, sizeof before);
            bind_at(&list, (int64_t)round * 5000);
            check_round(before, &list);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(binds_by_place_at_first, reset),
        cmocka_unit_test_setup(a_serial_stays_when_the_list_is_reordered, reset),
        cmocka_unit_test_setup(a_free_section_does_not_take_anothers_inverter, reset),
        cmocka_unit_test_setup(a_replaced_inverter_takes_the_section, reset),
        cmocka_unit_test_setup(a_removed_inverter_keeps_its_section, reset),
        cmocka_unit_test_setup(a_section_that_names_its_serial_takes_no_other, reset),
        cmocka_unit_test_setup(entries_without_a_serial_do_not_count, reset),
        cmocka_unit_test_setup(places_are_those_of_the_sections_own_gateway, reset),
        cmocka_unit_test_setup(gateways_that_change_places_change_nothing, reset),
        cmocka_unit_test_setup(a_slot_sticks_to_the_gateway_that_hears_it, reset),
        cmocka_unit_test_setup(silence_counts_from_when_it_was_heard, reset),
        cmocka_unit_test_setup(adds_nothing_at_the_place_of_any_section, reset),
        cmocka_unit_test_setup(a_list_that_is_not_complete_misses_nobody, reset),
        cmocka_unit_test_setup(the_first_that_hears_it_takes_over_at_once, reset),
        cmocka_unit_test_setup(nor_does_a_young_uptime_matter, reset),
        cmocka_unit_test_setup(a_moment_of_silence_changes_nothing, reset),
        cmocka_unit_test_setup(an_added_one_is_given_up_to_a_new_section, reset),
        cmocka_unit_test_setup(an_added_one_is_no_replacement, reset),
        cmocka_unit_test_setup(adds_what_nobody_has, reset),
        cmocka_unit_test_setup(tells_since_when_one_is_missing, reset),
        cmocka_unit_test_setup(a_list_that_is_not_complete_says_nothing_of_who_lacks, reset),
        cmocka_unit_test_setup(what_was_added_is_dropped_when_it_was_missing_for_long, reset),
        cmocka_unit_test_setup(a_list_that_is_not_complete_leaves_each_sections_place_alone, reset),
        cmocka_unit_test_setup(missing_since_the_beginning_of_time, reset),
        cmocka_unit_test_setup(a_replacement_may_be_forbidden, reset),
        cmocka_unit_test_setup(only_so_many_slots_are_looked_at, reset),
        cmocka_unit_test_setup(no_order_of_events_swaps_two_inverters, reset),
    };
    return cmocka_run_group_tests_name("roster", tests, NULL, NULL);
}
