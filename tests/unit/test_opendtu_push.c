/* What an OpenDTU sends by itself, and the list that tells whose it may be. */
#include <stdio.h>
#include <string.h>

#include "unit/support/driver_run.h"
#include "unit/support/opendtu_fixture.h"

/* ---- The list ---- */

#define PUSHED(serial, watts)                                                                      \
    "{\"serial\":\"" serial "\",\"name\":\"Pushed\",\"reachable\":true,\"producing\":true,"        \
    "\"limit_relative\":100,\"limit_absolute\":1500,\"AC\":{\"0\":{\"Power\":{\"v\":" watts "}}}," \
    "\"INV\":{\"0\":{\"YieldTotal\":{\"v\":77}}}}"
#define MESSAGE(entries) "{\"inverters\":[" entries "],\"total\":{},\"hints\":{}}"

/* The summary tells all that there are before the first of them is asked; "00..." is the same serial. */
static void test_list(void **state)
{
    static const char list[] =
        MESSAGE("{\"serial\":\"" BALCONY "\"},{\"name\":\"no serial\"},{\"serial\":\"" FENCE "\"},"
                "{\"serial\":\"00" FENCE "\"}");
    struct run *run = *state;

    cycle_with(run, list);
    assert_false(run->complete); /* neither of them answers */
    assert_true(run->list_ended);
    assert_int_equal(run->listed_count, 2);
    assert_string_equal(run->listed[0].serial, BALCONY);
    assert_int_equal(run->listed[0].index, 0);
    assert_string_equal(run->listed[1].serial, FENCE);
    assert_int_equal(run->listed[1].index, 2);
    cycle_with(run, MESSAGE(PUSHED(FENCE, "1"))); /* the older shapes: list and values in one */
    assert_true(run->list_ended);
    assert_int_equal(run->listed_count, 1);
    run->conf->max_inverters = 1;
    cycle_with(run, list);
    assert_int_equal(run->listed_count, 1);
}

static void test_no_list(void **state)
{
    static const char *const bodies[] = {MESSAGE(""), "{}", "null", MESSAGE("{\"name\":\"x\"},7"),
                                         "{\"inverters\":[{\"serial\":\"" BALCONY "\"}"};
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(bodies); i++) {
        cycle_with(run, bodies[i]);
        assert_false(run->list_ended);
    }
}

/* ---- Messages ---- */

static void test_feed(void **state)
{
    struct run *run = *state;
    const struct feed *feed;

    assert_null(run->driver->feed(run->session));
    cycle_with(run, MESSAGE(PUSHED(BALCONY, "1")));
    feed = run->driver->feed(run->session);
    assert_string_equal(feed->path, "/livedata");
    assert_int_equal(feed->repeat_ms, 10000);
    assert_int_equal(feed->silence_ms, 12000); /* it looks once a second what is over 10 s old */
}

static void test_pushed(void **state)
{
    struct run *run = *state;
    const struct driver *d = run->driver;

    assert_int_equal(d->pushed_since(run->session), -1);
    cycle_with(run, MESSAGE(PUSHED(BALCONY, "1") "," PUSHED(FENCE, "2")));
    assert_int_equal(run_push(run, 1000, MESSAGE(PUSHED(FENCE, "123.5"))), DECODE_OK);
    assert_int_equal(run->reading_count, 1);
    const struct reading *r = reading_of(run, FENCE);
    assert_int_equal(r->index, 1);
    assert_string_equal(r->name, "Pushed");
    assert_value(r, FIELD_POWER, 123.5);
    assert_value(r, FIELD_ENERGY_FORWARD, 77);
    assert_value(r, FIELD_MAX_POWER, 1500);
    assert_int_equal(d->pushed_since(run->session), -1); /* the other one was not yet */
    assert_int_equal(run_push(run, 2000, "[" PUSHED("00" BALCONY, "3") "]"), DECODE_OK);
    assert_int_equal(reading_of(run, BALCONY)->index, 0);
    assert_int_equal(d->pushed_since(run->session), 1000);
    assert_int_equal(run_push(run, 5000, MESSAGE(PUSHED(FENCE, "4") "," PUSHED(BALCONY, "5"))),
                     DECODE_OK);
    assert_int_equal(run->reading_count, 2);
    assert_int_equal(d->pushed_since(run->session), 5000);
    cycle_with(run, MESSAGE(PUSHED(BALCONY, "1"))); /* what is not listed is not waited for */
    assert_int_equal(run_push(run, 9000, MESSAGE(PUSHED(BALCONY, "6"))), DECODE_OK);
    assert_int_equal(d->pushed_since(run->session), 9000);
}

static void test_pushed_strangers(void **state)
{
    struct run *run = *state;

    run->conf->max_inverters = 0;
    cycle_with(run, MESSAGE(PUSHED(BALCONY, "1") "," PUSHED(FENCE, "2")));
    assert_int_equal(run_push(run, 1000, MESSAGE(PUSHED(BARN, "3"))), DECODE_ABSENT);
    assert_int_equal(run->reading_count, 0);
    assert_int_equal(run_push(run, 1000, MESSAGE(PUSHED(BARN, "3") "," PUSHED(BALCONY, "4"))),
                     DECODE_ABSENT);
    assert_int_equal(run->reading_count, 1);
    run->conf->max_inverters = 1;
    cycle_with(run, MESSAGE(PUSHED(BALCONY, "1") "," PUSHED(BARN, "2")));
    assert_int_equal(run_push(run, 2000, MESSAGE(PUSHED(BARN, "3"))), DECODE_OK);
    assert_int_equal(run->reading_count, 0);
}

/* As many as a gateway may have, and nothing behind them, whoever that is of. */
static void test_pushed_many(void **state)
{
    static char message[20000];
    struct run *run = *state;
    size_t used = 0;

    for (unsigned i = 0; i < 66; i++) {
        used += (size_t)snprintf(message + used, sizeof message - used,
                                 "%s{\"serial\":\"7%u\",\"AC\":{\"0\":{\"Power\":{\"v\":5}}}}",
                                 i == 64 ? "]}"
                                 : i     ? ","
                                         : "{\"inverters\":[",
                                 i);
        if (i == 63) {
            (void)snprintf(message + used, sizeof message - used, "]}");
            cycle_with(run, message);
            assert_int_equal(run->reading_count, 64);
        }
    }
    memcpy(strstr(message, "]}{"), ", {", 3);
    (void)snprintf(message + used, sizeof message - used, "]}");
    assert_int_equal(run_push(run, 1000, message), DECODE_OK);
    assert_int_equal(run->reading_count, 64);
}

static void test_pushed_nonsense(void **state)
{
    static const struct {
        const char *body;
        enum decode_result result;
    } cases[] = {
        {"{\"battery\":{\"enabled\":true,\"soc\":{\"v\":87}}}", DECODE_OK},
        {"{\"inverters\":7}", DECODE_OK},
        {MESSAGE(""), DECODE_OK},
        {MESSAGE("{\"serial\":\"0\"},17,null"), DECODE_OK},
        {MESSAGE("{\"serial\":\"" BALCONY "\",\"AC\":{},\"INV\":{}}"), DECODE_OK},
        {"7", DECODE_OK},
        {"null", DECODE_BUSY},
        {"", DECODE_BAD_REPLY},
        {"{\"inverters\":[{\"serial\":", DECODE_BAD_REPLY},
        {"<html>", DECODE_BAD_REPLY},
    };
    struct run *run = *state;

    cycle_with(run, MESSAGE(PUSHED(BALCONY, "1")));
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(run_push(run, 1000, cases[i].body), cases[i].result);
        assert_int_equal(run->reading_count, 0);
        assert_int_equal(run->driver->pushed_since(run->session), -1);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, opendtu_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_list),        TEST(test_no_list),          TEST(test_feed),
        TEST(test_pushed),      TEST(test_pushed_strangers), TEST(test_pushed_nonsense),
        TEST(test_pushed_many),
    };
    return cmocka_run_group_tests_name("opendtu push", tests, NULL, NULL);
}
