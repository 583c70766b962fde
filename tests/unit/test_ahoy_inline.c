/* AhoyDTU to 0.5.66: all inverters are in one reply, and their serial numbers in another. */
#include <stdio.h>
#include <string.h>

#include "unit/support/ahoy_fixture.h"
#include "unit/support/driver_run.h"

static void test_inline(void **state)
{
    struct run *run = *state;
    struct table t = inline_table();
    run_cycle(run, 0, t.replies, t.count);

    assert_asked_are(run, LIVE, INDEX, LIST, LIVE);
    assert_true(run->complete);
    assert_int_equal(run->reading_count, 2); /* the one that is not enabled is left out */
    assert_string_equal(run->info.firmware, "0.5.66");
    assert_true(run->info.esp8266);

    const struct reading *r = reading_of(run, "114112340001");
    assert_string_equal(r->name, "Balcony");
    assert_int_equal(r->index, 0);
    assert_int_equal(r->reach, REACH_OK);
    assert_number(r->age_s, 30);
    assert_value(r, FIELD_POWER, 225.5);
    assert_value(r, FIELD_ENERGY_FORWARD, 422.5);
    assert_value(r, FIELD_ENERGY_TODAY, 2.223);
    assert_int_equal(r->strings, 2);
    assert_string_equal(r->string[0].name, "left");
    assert_number(r->string[1].yield_total_kwh, 211.25);

    r = reading_of(run, "112112340003"); /* never heard */
    assert_int_equal(r->index, 3);
    assert_int_equal(r->reach, REACH_LOST);
    assert_value(r, FIELD_POWER, 0);
    assert_missing(r, FIELD_ENERGY_FORWARD);

    run_cycle(run, 5000, t.replies, t.count); /* the list is remembered */
    assert_asked_are(run, INDEX, LIVE);
    assert_int_equal(run->reading_count, 2);
    run_cycle(run, HOUR_MS, t.replies, t.count);
    assert_asked_are(run, INDEX, LIST, LIVE);
    table_close(&t);
}

#define INLINE(inverters)  "{\"ts_now\":9,\"ch0_fld_names\":[\"P_AC\"],\"inverter\":[" inverters "]}"
#define LISTED(inverters)  "{\"inverter\":[" inverters "]}"
#define A                  "{\"name\":\"A\",\"ch\":[[1]]}"
#define B                  "{\"name\":\"B\",\"ch\":[[2]]}"
#define C                  "{\"name\":\"C\",\"ch\":[[3]]}"
#define COUNTER(name, kwh) "{\"name\":\"" name "\",\"ch\":[[2," kwh "]]}"
#define LISTED_A           "{\"name\":\"A\",\"serial\":\"a1\"}"
#define LISTED_B           "{\"name\":\"B\",\"serial\":\"b2\"}"
#define LISTED_C           "{\"name\":\"C\",\"serial\":\"c3\"}"

/* Reordered, added, removed: the list is asked anew, and no value goes to another's serial. */
static void test_inline_changes(void **state)
{
    struct run *run = *state;
    struct reply replies[] = {{LIVE, INLINE(A "," B)}, {LIST, LISTED(LISTED_A "," LISTED_B)}};

    run_cycle(run, 0, replies, 2);
    assert_asked_are(run, LIVE, LIST, LIVE);
    replies[0].body = INLINE(B "," A);
    replies[1].body = LISTED(LISTED_B "," LISTED_A);
    run_cycle(run, 5000, replies, 2);
    assert_asked_are(run, LIVE, LIST, LIVE);
    assert_value(reading_of(run, "a1"), FIELD_POWER, 1);
    assert_value(reading_of(run, "b2"), FIELD_POWER, 2);

    replies[0].body = INLINE(B "," A "," C);
    replies[1].body = NULL; /* the list cannot be had: names tell what they can */
    run_cycle(run, 10000, replies, 2);
    assert_true(run->complete);
    assert_int_equal(run->reading_count, 2);
    assert_value(reading_of(run, "a1"), FIELD_POWER, 1);
    replies[1].body = LISTED(LISTED_B "," LISTED_A "," LISTED_C);
    run_cycle(run, 15000, replies, 2);
    assert_value(reading_of(run, "c3"), FIELD_POWER, 3);

    replies[0].body = INLINE(A "," A);
    run_cycle(run, 20000, replies, 2);
    assert_int_equal(run->reading_count, 1); /* one name, one serial, once */
    replies[1].body = LISTED("{\"name\":\"B\"},{\"name\":\"A\",\"serial\":null}");
    replies[0].body = INLINE(A);
    run_cycle(run, 25000, replies, 2); /* a list without serials leaves what is known */
    assert_value(reading_of(run, "a1"), FIELD_POWER, 1);

    replies[0].body = INLINE(A "," A); /* two of one name, and no telling which */
    replies[1].body = LISTED(LISTED_B "," LISTED_A ",{\"name\":\"A\",\"serial\":\"d4\"}");
    run_cycle(run, 30000, replies, 2);
    assert_int_equal(run->reading_count, 0);
    assert_int_equal(run_result(run, LIVE), DECODE_BAD_REPLY);
}

#define AT(name, id, serial) "{\"name\":\"" name "\",\"id\":" id ",\"serial\":\"" serial "\"}"

/* The ids of the list are those that commands go to; one that cannot be any is the place. */
static void test_inline_ids(void **state)
{
    struct run *run = *state;
    const struct reply replies[] = {
        {LIVE, INLINE(A "," B "," C "," COUNTER("D", "4") "," COUNTER("E", "5"))},
        {LIST, LISTED(AT("A", "5", "a1") "," AT("B", "0", "b2") "," AT("C", "64", "c3") "," AT(
                   "D", "-1", "d4") "," AT("E", "63", "e5"))}};

    run_cycle(run, 0, replies, COUNT(replies));
    assert_int_equal(run->reading_count, 5);
    assert_int_equal(reading_of(run, "a1")->index, 5);
    assert_int_equal(reading_of(run, "b2")->index, 0);
    assert_int_equal(reading_of(run, "c3")->index, 2);
    assert_int_equal(reading_of(run, "d4")->index, 3);
    assert_int_equal(reading_of(run, "e5")->index, 63);
}

static void test_inline_serials(void **state)
{
    struct run *run = *state;
    struct reply replies[] = {{LIVE, INLINE(A "," B)},
                              {LIST, LISTED(LISTED_A ",{\"name\":\"B\",\"serial\":\"0000\"}")}};

    run_cycle(run, 0, replies, 2); /* a slot that is not in use */
    assert_int_equal(run->reading_count, 1);
    replies[0].body = INLINE(A ",{\"name\":\"B\",\"serial\":\"x9\",\"ch\":[[2]]}");
    run_cycle(run, 5000, replies, 2); /* what says its own serial is believed */
    assert_value(reading_of(run, "x9"), FIELD_POWER, 2);
    /* Two of one name are told apart by their places. */
    replies[0].body = INLINE(A ",{\"name\":\"A\",\"ch\":[[7]]}");
    replies[1].body = LISTED(LISTED_A ",{\"name\":\"A\",\"serial\":\"d4\"}");
    run_cycle(run, 10000, replies, 2);
    assert_value(reading_of(run, "a1"), FIELD_POWER, 1);
    assert_value(reading_of(run, "d4"), FIELD_POWER, 7);
    /* What the list has no longer is not remembered from the one before. */
    replies[0].body = INLINE(A "," B "," C);
    replies[1].body = LISTED(LISTED_A "," LISTED_B "," LISTED_C);
    run_cycle(run, 15000, replies, 2);
    assert_int_equal(run->reading_count, 3);
    replies[0].body = INLINE(A "," B "," C "," COUNTER("D", "4"));
    replies[1].body = LISTED(LISTED_A "," LISTED_B);
    run_cycle(run, 20000, replies, 2);
    assert_int_equal(run->reading_count, 2);
}

/* Ids stand in for serials only when the list is not to be had at all. */
static void test_inline_without_list(void **state)
{
    struct run *run = *state;
    struct reply replies[] = {{LIVE, INLINE(A "," B)}, {LIST, NULL}};

    for (int64_t cycle = 0; cycle < 2; cycle++) {
        run_cycle(run, 0, replies, 2);
        assert_int_equal(run_result(run, LIVE), DECODE_BAD_REPLY);
        assert_non_null(strstr(run_why(run, LIVE), "not known yet"));
        assert_int_equal(run->reading_count, 0);
        assert_int_equal(run_asked(run, LIST), 1);
    }
    for (int64_t cycle = 2; cycle < 5; cycle++) {
        run_cycle(run, 5000 * cycle, replies, 2);
        assert_true(run->complete);
        assert_int_equal(run_asked(run, LIST), cycle == 2);
        assert_value(reading_of(run, "ahoy-1"), FIELD_POWER, 2);
    }
    replies[0].body = INLINE("{\"enabled\":false}");
    run_cycle(run, 25000, replies, 2);
    assert_non_null(strstr(run_why(run, LIVE), "is enabled"));
    replies[0].body = INLINE(A "," B);
    replies[1].body = LISTED(LISTED_A "," LISTED_B);
    run_cycle(run, 2 * HOUR_MS, replies, 2);
    assert_value(reading_of(run, "b2"), FIELD_POWER, 2);
    assert_int_equal(run->reading_count, 2);
}

/* Known serials stay when the list fails; it is asked for again after five minutes, else after an hour. */
static void test_inline_list_again(void **state)
{
    struct run *run = *state;
    const struct reply good[] = {{LIVE, INLINE(A)},
                                 {LIST, LISTED(LISTED_A)},
                                 {INDEX, "{\"ts_now\":9}"}};
    const struct reply bad[] = {{LIVE, INLINE(A)}, {LIST, NULL}, {INDEX, "{\"ts_now\":9}"}};
    static const struct {
        int64_t now_ms;
        size_t asked;
    } cycles[] = {{HOUR_MS - 1, 0},      {HOUR_MS, 1},          {HOUR_MS + 5000, 0},
                  {HOUR_MS + 299999, 0}, {HOUR_MS + 300000, 1}, {HOUR_MS + 305000, 0},
                  {HOUR_MS + 600000, 1}, {HOUR_MS + 900000, 1}};

    run_cycle(run, 0, good, COUNT(good));
    assert_int_equal(run_asked(run, LIST), 1);
    for (size_t i = 0; i < COUNT(cycles); i++) {
        run_cycle(run, cycles[i].now_ms, bad, COUNT(bad));
        assert_true(run->complete);
        if (run_asked(run, LIST) != cycles[i].asked)
            fail_msg("at %d s the list was asked for %zu times", (int)(cycles[i].now_ms / 1000),
                     run_asked(run, LIST));
        assert_value(reading_of(run, "a1"), FIELD_POWER, 1);
    }
    run_cycle(run, 2 * HOUR_MS, good, COUNT(good));
    assert_int_equal(run_asked(run, LIST), 1);
    run_cycle(run, 3 * HOUR_MS - 1, good, COUNT(good));
    assert_int_equal(run_asked(run, LIST), 0);
    run_cycle(run, 3 * HOUR_MS, good, COUNT(good));
    assert_int_equal(run_asked(run, LIST), 1);
}

#define COUNTS(kwh)                                                              \
    "{\"ts_now\":9,\"ch0_fld_names\":[\"P_AC\",\"YieldTotal\"],\"inverter\":[" A \
    "," COUNTER("B", kwh) "]}"
#define LISTED_D "{\"name\":\"B\",\"serial\":\"d4\"}"

/* Of an inverter of the same name at the same place, only the counter tells that it is another one. */
static void test_inline_same_name(void **state)
{
    static const struct {
        const char *live;
        size_t asked;
    } polls[] = {{COUNTS("null"), 1},                        /* nothing is known yet */
                 {COUNTS("100.0"), 0}, {COUNTS("100.5"), 0}, /* what an inverter makes */
                 {COUNTS("101.1"), 1},                       /* what it does not */
                 {COUNTS("101.1"), 0}, {COUNTS("101.0"), 1}, {COUNTS("null"), 0},
                 {COUNTS("101.0"), 0}, {COUNTS("null"), 0},  {COUNTS("3.0"), 1},
                 {COUNTS("0"), 0}, /* the gateway has started */
                 {COUNTS("3.0"), 0},   {COUNTS("3.5"), 0},   {COUNTS("0"), 0},
                 {COUNTS("2.9"), 1},   {COUNTS("0.9"), 1},   {COUNTS("0.9"), 0},
                 {COUNTS("0.8"), 1}};
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(polls); i++) {
        const struct reply replies[] = {{LIVE, polls[i].live},
                                        {LIST, LISTED(LISTED_A "," LISTED_B)}};
        run_cycle(run, 5000 * (int64_t)i, replies, COUNT(replies));
        if (run_asked(run, LIST) != polls[i].asked)
            fail_msg("poll %zu: the list was asked for %zu times", i, run_asked(run, LIST));
        assert_int_equal(run->reading_count, 2);
    }
}

static void test_inline_replaced(void **state)
{
    struct run *run = *state;
    struct reply replies[] = {{LIVE, COUNTS("900")}, {LIST, LISTED(LISTED_A "," LISTED_B)}};

    run_cycle(run, 0, replies, 2);
    assert_value(reading_of(run, "b2"), FIELD_ENERGY_FORWARD, 900);
    replies[0].body = COUNTS("3");
    replies[1].body = NULL; /* it is asked for until it can be had */
    run_cycle(run, 5000, replies, 2);
    assert_int_equal(run_asked(run, LIST), 1);
    run_cycle(run, 10000, replies, 2);
    assert_int_equal(run_asked(run, LIST), 1);
    replies[1].body = LISTED(LISTED_A "," LISTED_D);
    run_cycle(run, 15000, replies, 2);
    assert_asked_are(run, LIVE, LIST, LIVE);
    assert_value(reading_of(run, "d4"), FIELD_ENERGY_FORWARD, 3);
    assert_int_equal(run->reading_count, 2);
    run_cycle(run, 20000, replies, 2);
    assert_asked_are(run, LIVE);
}

/* Where both counters stand at the same, the list of each hour tells. */
static void test_inline_replaced_unseen(void **state)
{
    struct run *run = *state;
    struct reply replies[] = {{LIVE, COUNTS("900")}, {LIST, LISTED(LISTED_A "," LISTED_B)}};

    run_cycle(run, 0, replies, 2);
    replies[0].body = COUNTS("900.2");
    replies[1].body = LISTED(LISTED_A "," LISTED_D);
    run_cycle(run, HOUR_MS - 1, replies, 2);
    assert_value(reading_of(run, "b2"), FIELD_ENERGY_FORWARD, 900.2);
    run_cycle(run, HOUR_MS, replies, 2);
    assert_value(reading_of(run, "d4"), FIELD_ENERGY_FORWARD, 900.2);
}

/* Only the first 64 of a reply, whether they are enabled or not. */
static void test_inline_many(void **state)
{
    static char live[8192], list[8192];
    struct run *run = *state;
    const struct reply replies[] = {{LIVE, live}, {LIST, list}};
    size_t a = 0, b = 0;

    a += (size_t)
        snprintf(live, sizeof live,
                 "{\"ts_now\":9,\"ch0_fld_names\":[\"P_AC\",\"YieldTotal\"],\"inverter\":[");
    b += (size_t)snprintf(list, sizeof list, "{\"inverter\":[");
    for (unsigned i = 0; i < 70; i++) {
        a += (size_t)snprintf(live + a, sizeof live - a,
                              "%s{\"name\":\"n%u\",\"enabled\":%s,\"ch\":[[5,%u.5]]}", i ? "," : "",
                              i, i < 10 ? "false" : "true", i);
        b += (size_t)snprintf(list + b, sizeof list - b, "%s{\"name\":\"n%u\",\"serial\":\"5%u\"}",
                              i ? "," : "", i, i);
    }
    (void)snprintf(live + a, sizeof live - a, "]}");
    (void)snprintf(list + b, sizeof list - b, "]}");
    for (int64_t cycle = 0; cycle < 2; cycle++) {
        run_cycle(run, 5000 * cycle, replies, 2);
        assert_int_equal(run->reading_count, 54);
        assert_value(reading_of(run, "563"), FIELD_ENERGY_FORWARD, 63.5);
    }
    run->conf->max_inverters = 3;
    run_cycle(run, 10000, replies, 2);
    assert_int_equal(run->reading_count, 3);
}

/* Without a list there is nothing that a leap could ask for. */
static void test_inline_leap_without_list(void **state)
{
    struct run *run = *state;
    struct reply replies[] = {{LIVE, COUNTS("900")}, {LIST, NULL}};

    for (int64_t cycle = 0; cycle < 4; cycle++)
        run_cycle(run, 5000 * cycle, replies, 2);
    replies[0].body = COUNTS("3");
    run_cycle(run, 20000, replies, 2);
    assert_int_equal(run_asked(run, LIST), 0);
    assert_value(reading_of(run, "ahoy-1"), FIELD_ENERGY_FORWARD, 3);
}

/* ---- To what came after ---- */

/* A firmware update from one form to the other needs no restart. */
static void test_update_of_firmware(void **state)
{
    struct run *run = *state;
    struct table before = inline_table(), after = gap_table();

    run_cycle(run, 0, before.replies, before.count);
    run_cycle(run, 5000, after.replies, after.count);
    assert_true(run->complete);
    assert_int_equal(run->reading_count, 2);
    run_cycle(run, 10000, after.replies, after.count);
    assert_asked_are(run, LIVE, ID(1), ID(3));
    run_cycle(run, 2 * HOUR_MS, after.replies, after.count); /* no list any more */
    assert_asked_are(run, LIVE, ID(1), ID(3));
    run_cycle(run, 2 * HOUR_MS + 5000, before.replies, before.count);
    assert_true(run->complete);
    assert_value(reading_of(run, "114112340001"), FIELD_POWER, 225.5);
    table_close(&before);
    table_close(&after);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, ahoy_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_inline),
        TEST(test_inline_changes),
        TEST(test_inline_ids),
        TEST(test_inline_serials),
        TEST(test_inline_without_list),
        TEST(test_inline_many),
        TEST(test_inline_list_again),
        TEST(test_inline_same_name),
        TEST(test_inline_replaced),
        TEST(test_inline_replaced_unseen),
        TEST(test_inline_leap_without_list),
        TEST(test_update_of_firmware),
    };
    return cmocka_run_group_tests_name("ahoy inline", tests, NULL, NULL);
}
