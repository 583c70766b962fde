#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/admission.h"

enum { HOME = 0, OTHER = 1, NOW = 1000000, HOUR = 3600 * 1000, DAY = 24 * HOUR, SLOTS_MAX = 128 };

static struct admission a;
static struct roster_slot slots[SLOTS_MAX];
static size_t count;
static const struct admission_memory unknown = {.known = false}, known = {.known = true};

static int reset(void **state)
{
    (void)state;
    a = (struct admission){0};
    count = 0;
    return 0;
}

static const char *serial(unsigned n)
{
    static char text[SERIAL_MAX];

    snprintf(text, sizeof text, "1141%08u", n);
    return text;
}

/* A complete list of n inverters without a unit, from first on. */
static void list(unsigned first, unsigned n, int64_t now_ms)
{
    struct roster_entry entries[80] = {0};

    for (unsigned i = 0; i < n; i++)
        snprintf(entries[i].serial, sizeof entries[i].serial, "%s", serial(first + i));
    admission_list(&a, entries, n, now_ms);
}

static enum admission_word add(unsigned n, const struct admission_memory *memory, int64_t now_ms)
{
    enum admission_word word = admission_add(&a, serial(n), memory, now_ms);

    if (word == ADMISSION_YES)
        admission_done(&a, serial(n), memory->known, now_ms);
    return word;
}

#define assert_word(expected, word) assert_int_equal(ADMISSION_##expected, word)

/* ---- Who is let in ---- */

static void the_first_list_at_once(void **state)
{
    (void)state;
    admission_open(&a);
    assert_word(YES, add(0, &unknown, NOW)); /* before the list is told */
    list(0, 14, NOW);
    for (unsigned n = 0; n < 14; n++) /* after it, as each reply comes */
        assert_word(YES, add(n, &unknown, NOW + n * 1000));
    assert_word(LATER, add(20, &unknown, NOW));
    list(0, 21, NOW + 5000);
    assert_word(LATER, add(20, &unknown, NOW + 5000));
}

static void three_lists_over_a_minute(void **state)
{
    (void)state;
    list(0, 1, NOW);
    assert_word(LATER, add(0, &unknown, NOW));
    list(0, 1, NOW + 70 * 1000);
    assert_word(LATER, add(0, &unknown, NOW + 70 * 1000)); /* two of them */
    list(0, 1, NOW + 71 * 1000);
    assert_word(YES, add(0, &unknown, NOW + 71 * 1000));

    for (int64_t s = 0; s < 60; s += 5) {
        list(1, 1, NOW + s * 1000);
        assert_word(LATER, add(1, &unknown, NOW + s * 1000)); /* not a minute */
    }
    list(1, 1, NOW + 60 * 1000);
    assert_word(YES, add(1, &unknown, NOW + 60 * 1000));
}

static void in_a_row(void **state)
{
    (void)state;
    list(0, 2, NOW);
    list(1, 1, NOW + 30 * 1000);
    list(0, 2, NOW + 60 * 1000);
    list(0, 2, NOW + 90 * 1000);
    assert_word(LATER, add(0, &unknown, NOW + 90 * 1000)); /* began anew at 60 s */
    assert_word(YES, add(1, &unknown, NOW + 90 * 1000));
}

static void leading_zeros_are_the_same(void **state)
{
    struct roster_entry entry = {.serial = "0114100000007"};

    (void)state;
    for (int64_t s = 0; s <= 60; s += 30)
        admission_list(&a, &entry, 1, NOW + s * 1000);
    assert_word(YES, admission_add(&a, "114100000007", &unknown, NOW + 60 * 1000));
}

/* In no hour more than four, whenever it begins. */
static void four_an_hour(void **state)
{
    enum { STEP_MS = 10 * 1000, STEPS = 24 * 360 };
    static int64_t added[STEPS];
    unsigned n = 0;

    (void)state;
    for (int64_t i = 0; i < STEPS; i++) {
        int64_t now = NOW + i * STEP_MS;
        list(n, 8, now);
        while (add(n, &unknown, now) == ADMISSION_YES)
            added[n++] = now;
        if (n >= 5)
            assert_true(added[n - 1] - added[n - 5] >= HOUR);
    }
    assert_int_equal(n, 24 * 4);
}

/* What found no memory does not count, however often; what came in beside it does. */
static void what_came_to_nothing_does_not_count(void **state)
{
    int64_t now = NOW;
    unsigned n = 0;

    (void)state;
    for (unsigned day = 0; day < 3; day++, now += HOUR) {
        for (unsigned i = 0; i < 50; i++) {
            assert_word(YES, admission_replace(&a, &unknown, now));
            admission_done(&a, serial(n), false, now);
            admission_undone(&a, serial(n), false, now);
        }
        for (unsigned i = 0; i < ADMISSION_NEW_MAX; i++) {
            assert_word(YES, admission_replace(&a, &unknown, now));
            admission_done(&a, serial(n++), false, now);
        }
        assert_word(HOUR, admission_replace(&a, &unknown, now));
    }
}

static void what_is_known_comes_back(void **state)
{
    (void)state;
    for (unsigned n = 0; n < ADMISSION_BACK_MAX; n++)
        assert_word(YES, add(n, &known, NOW));
    assert_word(HOUR, add(99, &known, NOW + HOUR - 1));
    assert_word(YES, add(99, &known, NOW + HOUR));
    list(0, 1, NOW);
    list(0, 1, NOW + 30 * 1000);
    list(0, 1, NOW + 60 * 1000);
    assert_word(YES, add(0, &unknown, NOW + 60 * 1000)); /* counted by themselves */
}

static void sections_take_over_at_once(void **state)
{
    (void)state;
    for (unsigned n = 0; n < ADMISSION_NEW_MAX; n++) {
        assert_word(YES, admission_replace(&a, &unknown, NOW));
        admission_done(&a, serial(n), false, NOW);
    }
    assert_word(HOUR, admission_replace(&a, &unknown, NOW + HOUR - 1));
    assert_word(YES, admission_replace(&a, &known, NOW)); /* the real one is back */
    assert_word(YES, admission_replace(&a, &unknown, NOW + HOUR));
    admission_open(&a);
    assert_word(YES, admission_replace(&a, &unknown, NOW));
}

static void enough_have_come_and_gone(void **state)
{
    const struct admission_memory full = {.strays = ADMISSION_STRAYS_MAX},
                                  back = {.known = true, .strays = ADMISSION_STRAYS_MAX};

    (void)state;
    admission_open(&a);
    assert_word(STRAYS, add(0, &full, NOW));
    assert_word(STRAYS, admission_replace(&a, &full, NOW));
    assert_word(YES, add(0, &back, NOW));
}

static void another_list_is_wanted(void **state)
{
    (void)state;
    assert_false(admission_waits(&a, NOW));
    list(0, 1, NOW);
    assert_true(admission_waits(&a, NOW));
    list(0, 1, NOW + 30 * 1000);
    list(0, 1, NOW + 59 * 1000);
    assert_true(admission_waits(&a, NOW + 59 * 1000));
    assert_false(admission_waits(&a, NOW + 60 * 1000)); /* whether it is added or not */
    list(0, 2, NOW + 60 * 1000);
    assert_true(admission_waits(&a, NOW + 60 * 1000)); /* the second of them is new */
    list(0, 0, NOW + 60 * 1000);
    assert_false(admission_waits(&a, NOW + 60 * 1000));
}

/* More than a gateway's list can have, and again. */
static void a_list_too_long(void **state)
{
    (void)state;
    for (int64_t s = 0; s <= 60; s += 20)
        list(0, 80, NOW + s * 1000);
    assert_word(YES, add(CONF_INVERTERS_MAX - 1, &unknown, NOW + 60 * 1000));
    assert_word(LATER, add(CONF_INVERTERS_MAX, &unknown, NOW + 60 * 1000));
}

static void one_line_in_the_log(void **state)
{
    unsigned lines = 0, waits = 0;

    (void)state;
    for (int64_t s = 0; s < 24 * 3600; s += 60) {
        list((unsigned)s * 100, 64, NOW + s * 1000);
        lines += admission_to_tell(&a, serial(0), ADMISSION_GATEWAY_FULL, NOW + s * 1000);
        waits += admission_to_tell(&a, serial((unsigned)s * 100), ADMISSION_LATER, NOW + s * 1000);
    }
    assert_int_equal(lines, 1);
    assert_int_equal(waits, 0); /* seen once and never again */
    list(0, 1, NOW);
    list(0, 1, NOW);
    assert_true(admission_to_tell(&a, serial(0), ADMISSION_LATER, NOW));
    assert_false(admission_to_tell(&a, serial(0), ADMISSION_LATER, NOW + HOUR - 1));
    assert_true(admission_to_tell(&a, serial(0), ADMISSION_LATER, NOW + HOUR));
    assert_true(admission_to_tell(&a, serial(0), ADMISSION_HOUR, NOW + DAY)); /* for itself */
    assert_false(admission_to_tell(&a, serial(0), ADMISSION_STRAYS, NOW + DAY + DAY - 1));
    assert_true(admission_to_tell(&a, serial(0), ADMISSION_STRAYS, NOW + DAY + DAY));
    assert_false(admission_to_tell(&a, serial(0), ADMISSION_YES, NOW));
}

/* ---- Room ---- */

static void fill(enum roster_kind kind, int home, size_t n)
{
    for (size_t end = count + n; count < end; count++)
        roster_slot_init(&slots[count], kind, home, 0, serial(1000 + (unsigned)count));
}

static enum admission_word room(int gateway, int *goes)
{
    return admission_room(slots, count, count, gateway, goes);
}

static void sixteen_of_a_gateway(void **state)
{
    int goes;

    (void)state;
    fill(ROSTER_BY_PLACE, HOME, 20);
    fill(ROSTER_ADDED, HOME, ADMISSION_GATEWAY_MAX - 1);
    assert_word(YES, room(HOME, &goes));
    assert_int_equal(goes, -1);
    fill(ROSTER_ADDED, HOME, 1);
    assert_word(GATEWAY_FULL, room(HOME, &goes));
    assert_word(YES, room(OTHER, &goes));
}

static void ninety_six_in_all(void **state)
{
    int goes;

    (void)state;
    fill(ROSTER_BY_SERIAL, HOME, CONF_SERVICES_MAX - 1);
    assert_word(YES, room(HOME, &goes));
    fill(ROSTER_ADDED, HOME, 1);
    assert_word(FULL, room(OTHER, &goes));
    assert_word(YES, admission_room(slots, count, count - 1, OTHER, &goes)); /* one that is off */
}

static void the_missing_make_room(void **state)
{
    int goes;

    (void)state;
    fill(ROSTER_BY_PLACE, HOME, 2);
    fill(ROSTER_ADDED, HOME, ADMISSION_GATEWAY_MAX);
    fill(ROSTER_ADDED, OTHER, ADMISSION_GATEWAY_MAX);
    slots[0].missing_ms = 1; /* a section stays */
    slots[5].missing_ms = 300;
    slots[7].missing_ms = 200;
    slots[20].missing_ms = 100;
    assert_word(YES, room(HOME, &goes));
    assert_int_equal(goes, 7);
    assert_word(YES, room(OTHER, &goes));
    assert_int_equal(goes, 20);
    slots[20].missing_ms = -1;
    assert_word(GATEWAY_FULL, room(OTHER, &goes)); /* another gateway's do not */
    fill(ROSTER_BY_SERIAL, HOME, CONF_SERVICES_MAX - count);
    assert_word(YES, room(2, &goes)); /* but where all are full, they do */
    assert_int_equal(goes, 7);
}

/* Of several, the one that has been missing for longest; of those alike, the first. */
static void who_has_been_missing_for_longest(void **state)
{
    int goes;

    (void)state;
    fill(ROSTER_ADDED, HOME, ADMISSION_GATEWAY_MAX);
    slots[0].missing_ms = 0;
    slots[3].missing_ms = 5;
    assert_word(YES, room(HOME, &goes));
    assert_int_equal(goes, 0);
    slots[0].missing_ms = 5;
    assert_word(YES, room(HOME, &goes));
    assert_int_equal(goes, 0);
    /* Of any gateway, where all are full. */
    fill(ROSTER_BY_SERIAL, OTHER, CONF_SERVICES_MAX - count);
    assert_word(YES, room(OTHER, &goes));
    assert_int_equal(goes, 0);
    slots[0].missing_ms = 6;
    assert_word(YES, room(HOME, &goes));
    assert_int_equal(goes, 3);
}

#define ADMISSION_TEST(f) cmocka_unit_test_setup(f, reset)

static void each_refusal_has_its_reason(void **state)
{
    (void)state;
    assert_string_equal(admission_reason(ADMISSION_YES), "");
    for (int word = ADMISSION_LATER; word <= ADMISSION_STRAYS; word++)
        for (int other = ADMISSION_YES; other < word; other++)
            assert_string_not_equal(admission_reason((enum admission_word)word),
                                    admission_reason((enum admission_word)other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ADMISSION_TEST(the_first_list_at_once),
        ADMISSION_TEST(three_lists_over_a_minute),
        ADMISSION_TEST(in_a_row),
        ADMISSION_TEST(leading_zeros_are_the_same),
        ADMISSION_TEST(four_an_hour),
        ADMISSION_TEST(what_came_to_nothing_does_not_count),
        ADMISSION_TEST(what_is_known_comes_back),
        ADMISSION_TEST(sections_take_over_at_once),
        ADMISSION_TEST(enough_have_come_and_gone),
        ADMISSION_TEST(another_list_is_wanted),
        ADMISSION_TEST(a_list_too_long),
        ADMISSION_TEST(one_line_in_the_log),
        ADMISSION_TEST(sixteen_of_a_gateway),
        ADMISSION_TEST(ninety_six_in_all),
        ADMISSION_TEST(the_missing_make_room),
        cmocka_unit_test(each_refusal_has_its_reason),
        ADMISSION_TEST(who_has_been_missing_for_longest),
    };

    return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
