/* Replies of an AhoyDTU that are bad, lack something or are cut off. */
#include "unit/support/ahoy_fixture.h"
#include "unit/support/driver_run.h"

static void test_bad_single_replies(void **state)
{
    static const struct {
        const char *body;
        enum decode_result result;
    } cases[] = {
        {"{}", DECODE_ABSENT},
        {"{\"error\":\"inverter not found!\"}", DECODE_ABSENT},
        {ID_REPLY(",\"enabled\":false"), DECODE_ABSENT},
        {"null", DECODE_BUSY},
        {"[]", DECODE_BAD_REPLY},
        {"{\"ch\":[[230,5,7,50]]}", DECODE_BAD_REPLY},
        {"{\"serial\":\"a1\"}", DECODE_BAD_REPLY},
        {"{\"serial\":\"a1\",\"ch\":[]}", DECODE_BAD_REPLY},
        {"{\"serial\":\"a1\",\"ch\":[null]}", DECODE_BAD_REPLY},
        {"{\"serial\":\"a1\",\"ch\":[[1e308,-1e308,-1,\"x\"]]}", DECODE_BAD_REPLY},
    };
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct reply replies[] = {{LIVE, LIVE_REPLY("5")},
                                        {ID(0), cases[i].body},
                                        {ID(1), "{\"serial\":\"b2\",\"ch\":[[230,6,8,50]]}"}};
        run_close(run);
        run_open(run, "ahoy");
        run_cycle(run, 0, replies, COUNT(replies));
        assert_int_equal(run_result(run, ID(0)), cases[i].result);
        assert_null(run_find(run, "a1"));
        /* A missing one is passed over; after a bad reply the next cycle begins behind it. */
        if (cases[i].result != DECODE_ABSENT) {
            assert_int_equal(run->reading_count, 0);
            run_cycle(run, 5000, replies, COUNT(replies));
        }
        assert_value(reading_of(run, "b2"), FIELD_POWER, 6);
    }
}

static void test_bad_live(void **state)
{
    static const struct {
        const char *body;
        enum decode_result result;
    } cases[] = {
        {"null", DECODE_BUSY},
        {"", DECODE_BAD_REPLY},
        {"<html>", DECODE_BAD_REPLY},
        {"{}", DECODE_BAD_REPLY},
        {"[]", DECODE_BAD_REPLY},
        {"{\"ch0_fld_names\":[\"P_AC\"],\"iv\":[]}", DECODE_BAD_REPLY},
        {"{\"ch0_fld_names\":[\"P_AC\"],\"iv\":[false,false]}", DECODE_BAD_REPLY},
        {"{\"ch0_fld_names\":[\"P_AC\"],\"iv\":{}}", DECODE_BAD_REPLY},
        {"{\"ch0_fld_names\":[],\"iv\":[true]}", DECODE_BAD_REPLY},
        {"{\"ch0_fld_names\":[7],\"iv\":[true]}", DECODE_BAD_REPLY},
        {"{\"iv\":[true]}", DECODE_BAD_REPLY},
        {"{\"ch0_fld_names\":[\"P_AC\"],\"inverter\":[]}", DECODE_BAD_REPLY},
        {"{\"ch0_fld_names\":[\"P_AC\"],\"inverter\":null}", DECODE_BAD_REPLY},
        {"{\"inverters\":[{\"serial\":\"1\"}]}", DECODE_BAD_REPLY}, /* an OpenDTU */
    };
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        run_cycle(run, 0, &(struct reply){LIVE, cases[i].body}, 1);
        assert_int_equal(run_result(run, LIVE), cases[i].result);
        assert_int_equal(run->reading_count, 0);
        assert_false(run->complete);
    }
}

static void test_no_time(void **state)
{
    static const char *const bodies[] = {
        "{\"generic\":{\"ts_now\":0},\"ch0_fld_names\":[\"P_AC\"],\"iv\":[true]}",
        "{\"generic\":{\"ts_now\":1700000000,\"version\":\"0.8\"},\"ch0_fld_names\":[\"P_AC\"],"
        "\"iv\":[true]}"};
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(bodies); i++) {
        run_cycle(run, 0, &(struct reply){LIVE, bodies[i]}, 1);
        assert_int_equal(run->info.no_time, i == 0);
    }
}

static void test_index_is_a_reply_of_its_own(void **state)
{
    struct run *run = *state;
    struct table t = {0};

    table_add(&t, LIVE, "ahoy/live-0.5.93.json");
    table_add(&t, ID(0), "ahoy/id-0.5.93-0.json");
    table_add(&t, INDEX, "ahoy/index.json");
    run_cycle(run, 0, t.replies, t.count);
    assert_int_equal(run_result(run, INDEX), DECODE_OK);
    assert_int_equal(run_asked(run, INDEX), 1);
    table_at(&t, INDEX)->body = "[]"; /* tells nothing, and is no fault */
    run_cycle(run, 5000, t.replies, t.count);
    assert_int_equal(run_result(run, INDEX), DECODE_OK);
    assert_int_equal(run_asked(run, INDEX), 1);
    assert_number(run->readings[0].age_s, MISSING);
    table_close(&t);
}

/* ---- Torture ---- */

static void test_torture(void **state)
{
    struct table t = inline_table(), gaps = gap_table(), hmt = {0};
    (void)state;
    run_torture(ahoy_open, t.replies, t.count);
    run_torture(ahoy_open, gaps.replies, gaps.count);
    table_add(&hmt, LIVE, "ahoy/live-0.8-hmt.json");
    table_add(&hmt, ID(0), "ahoy/id-0.8-hmt.json");
    run_torture(ahoy_open, hmt.replies, hmt.count);
    table_close(&hmt);
    table_close(&gaps);
    table_close(&t);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, ahoy_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_bad_single_replies),          TEST(test_bad_live), TEST(test_no_time),
        TEST(test_index_is_a_reply_of_its_own), TEST(test_torture),
    };
    return cmocka_run_group_tests_name("ahoy faults", tests, NULL, NULL);
}
