/* What of a device's readings is a measurement: each packet once, none that was damaged, none too old. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "unit/support/device_fixture.h"

/* By radio, on one phase, rated at 600 W, as an OpenDTU tells it. */
static void inverter(void)
{
    create();
    r.by_radio = true;
    r.phases = 1;
    r.age_s = 2;
    r.value[FIELD_MAX_POWER][0] = 600;
}

static unsigned feed_aged(double age_s, int64_t now_ms)
{
    r.age_s = age_s;
    return feed(now_ms);
}

/* ---- A sample counts once ------------------------------------------------------------------- */

static void a_repeated_packet_is_no_measurement(void **state)
{
    inverter();
    assert_int_equal(feed_aged(2, 0), DEVICE_FRESH | DEVICE_CHANGED_STATE);
    assert_int_equal(view()->update_index, 1);
    for (int t = 5; t <= 60; t += 5)
        assert_int_equal(feed_aged(2 + t, t * S), 0);
    assert_int_equal(view()->update_index, 1);
    assert_field(FIELD_POWER, 300, 300, MISSING, MISSING);
    assert_int_equal(feed_aged(1, 65 * S), DEVICE_FRESH);
    assert_int_equal(view()->update_index, 2);
}

static void a_stamp_tells_as_well(void **state)
{
    inverter();
    r.stamp_s = 1750000000;
    assert_true(feed_aged(2, 0) & DEVICE_FRESH);
    assert_int_equal(feed_aged(MISSING, 5 * S), 0);
    r.stamp_s += 5;
    assert_int_equal(feed_aged(MISSING, 10 * S), DEVICE_FRESH);
    assert_int_equal(view()->update_index, 2);
}

/* 553.492 becomes 2113405, and the DTU tells it for 66 s. */
static void a_held_packet_confirms_nothing(void **state)
{
    inverter();
    feed_energy(553.492, 0);
    r.age_s = 0;
    assert_true(feed_energy(2113405, 5 * S) & DEVICE_ENERGY_JUMP);
    for (int t = 10; t <= 71; t += 5) {
        r.age_s = t - 5;
        assert_int_equal(feed(t * S), 0);
        assert_energy(553.492);
    }
    assert_int_equal(view()->jumps_dropped, 1);
    r.age_s = 0;
    assert_int_equal(feed_energy(553.493, 75 * S), DEVICE_FRESH);
    assert_energy(553.493);
}

/* A lower one, too: 0 kWh told for minutes is one sample. */
static void a_held_fall_is_one_sample(void **state)
{
    inverter();
    feed_energy(553.492, 0);
    r.age_s = 0;
    assert_true(feed_energy(0.5, 5 * S) & DEVICE_ENERGY_HELD);
    for (int t = 10; t <= 300; t += 5) {
        r.age_s = t - 5;
        feed(t * S);
        assert_energy(553.492);
    }
    r.age_s = 0;
    feed_energy(0.5, 305 * S);
    assert_energy(553.492);
    assert_true(feed_energy(0.5, 310 * S) & DEVICE_ENERGY_RESET);
    assert_energy(0.5);
}

/* What was two seconds under way does not make the next packet look like the same one. */
static void a_late_repetition_moves_nothing(void **state)
{
    inverter();
    r.age_s = 0;
    device_feed(d, &r, MISSING, 0, MISSING);
    r.age_s = 6;
    assert_int_equal(device_feed(d, &r, MISSING, 8 * S, MISSING), 0);
    assert_int_equal(device_feed(d, &r, MISSING, 10 * S, MISSING), DEVICE_FRESH);
}

/* The gateway was away, and comes back with the packet of before. */
static void a_repeated_packet_ends_an_error(void **state)
{
    inverter();
    feed_aged(2, 0);
    for (int t = 5; t <= 15; t += 5)
        device_miss(d, t * S);
    assert_state(DEVICE_ERROR);
    assert_int_equal(feed_aged(22, 20 * S), DEVICE_CHANGED_STATE);
    assert_state(DEVICE_RUNNING);
    assert_field(FIELD_POWER, 300, 300, MISSING, MISSING);
    assert_field(FIELD_VOLTAGE, 230, 230, MISSING, MISSING);
    assert_int_equal(view()->update_index, 1);
}

static void a_repeated_packet_grows_too_old(void **state)
{
    inverter();
    feed_aged(2, 0);
    for (int t = 5; t <= 595; t += 5)
        feed_aged(2 + t, t * S);
    assert_state(DEVICE_RUNNING);
    assert_int_equal(feed_aged(602, 600 * S), DEVICE_CHANGED_STATE);
    assert_state(DEVICE_NIGHT);
    assert_int_equal(feed_aged(607, 605 * S), 0);
    assert_int_equal(feed_aged(0, 610 * S), DEVICE_FRESH | DEVICE_CHANGED_STATE);
}

/* An earlier version had believed it: 2113405 in state.json, truly 553. */
static void a_poisoned_state_recovers_in_minutes(void **state)
{
    struct device_memory memory;
    unsigned events = 0;
    int t;

    device_memory_init(&memory);
    strcpy(memory.serial, r.serial);
    strcpy(memory.id, r.serial);
    memory.energy_kwh = 2113405;
    memory.max_power_w = 600;
    d = device_create(&conf, &memory);
    r.by_radio = true;
    for (t = 0; t < 300 && !(events & DEVICE_ENERGY_RESET); t += 5) {
        r.age_s = t % 15; /* a packet every 15 s, a poll every 5 s */
        events = feed_energy(553.492 + t / 15 / 1e3, 1000 * S + t * S);
    }
    assert_in_range(t, 60, 70);
    assert_near(view()->counter_before_kwh, 2113405);
    assert_near(view()->value[FIELD_ENERGY_FORWARD][0], view()->counter_now_kwh);
    assert_near(view()->counter_now_kwh, 553.496);
}

/* ---- No measurement -------------------------------------------------------------------------- */

static void damage(void)
{
    r.value[FIELD_POWER][0] = 6553.5;
    r.value[FIELD_VOLTAGE][0] = 6553.5;
    r.value[FIELD_CURRENT][0] = 655.35;
    r.value[FIELD_ENERGY_FORWARD][0] = 100.5;
}

static void repair(void)
{
    r.value[FIELD_POWER][0] = 310;
    r.value[FIELD_VOLTAGE][0] = 230;
    r.value[FIELD_CURRENT][0] = 1.35;
}

static void what_is_no_measurement_is_dropped_whole(void **state)
{
    inverter();
    feed(0);
    damage();
    assert_int_equal(feed(5 * S), DEVICE_READING_DROPPED);
    assert_field(FIELD_POWER, 300, 300, MISSING, MISSING);
    assert_field(FIELD_VOLTAGE, 230, 230, MISSING, MISSING);
    assert_energy(100);
    assert_int_equal(view()->update_index, 1);
    assert_int_equal(view()->readings_dropped, 1);
    assert_non_null(strstr(view()->dropped_why, "6553.5 V"));
    assert_int_equal(feed_aged(7, 10 * S), 0); /* the same packet */
    assert_int_equal(view()->readings_dropped, 1);
    assert_int_equal(feed_aged(2, 15 * S), DEVICE_READING_DROPPED);
    assert_int_equal(view()->readings_dropped, 2);
    repair();
    assert_int_equal(feed_aged(2, 20 * S), DEVICE_FRESH);
    assert_field(FIELD_POWER, 310, 310, MISSING, MISSING);
    assert_energy(100.5);
}

static void more_than_the_gateway_states(void **state)
{
    inverter();
    r.value[FIELD_CURRENT][0] = MISSING;
    r.value[FIELD_POWER][0] = 900;
    assert_int_equal(feed(0), DEVICE_READING_DROPPED);
    r.value[FIELD_MAX_POWER][0] = 800;
    assert_int_equal(feed(5 * S), DEVICE_FRESH | DEVICE_CHANGED_STATE);
}

/* With a rating that only the memory knows, as at a start. */
static void the_rating_may_be_remembered(void **state)
{
    struct device_memory memory;

    device_memory_init(&memory);
    memory.max_power_w = 600;
    d = device_create(&conf, &memory);
    r.by_radio = true;
    r.value[FIELD_CURRENT][0] = MISSING;
    r.value[FIELD_POWER][0] = 900;
    assert_int_equal(feed(0), DEVICE_READING_DROPPED);
    assert_state(DEVICE_START);
    assert_near(view()->value[FIELD_POWER][0], MISSING);
}

static void it_counts_as_heard(void **state)
{
    inverter();
    feed(0);
    device_miss(d, 5 * S);
    device_miss(d, 10 * S);
    damage();
    feed(15 * S);
    device_miss(d, 20 * S);
    device_miss(d, 25 * S);
    assert_state(DEVICE_RUNNING);
    device_miss(d, 30 * S);
    assert_state(DEVICE_ERROR);
}

/* Damaged packets from 5 s on, every 5 s, until before end_ms. */
static unsigned feed_damaged(int64_t from_ms, int64_t end_ms)
{
    unsigned events = 0;

    for (int64_t t = from_ms; t < end_ms; t += 5 * S)
        events |= feed(t);
    return events;
}

static void nothing_else_for_ten_minutes_is_an_error_by_count(void **state)
{
    inverter();
    feed(0);
    damage();
    assert_int_equal(feed_damaged(5 * S, 605 * S), DEVICE_READING_DROPPED);
    assert_state(DEVICE_RUNNING);
    assert_int_equal(feed(605 * S),
                     DEVICE_READING_DROPPED | DEVICE_NOTHING_PLAUSIBLE | DEVICE_MISSED);
    assert_int_equal(feed(610 * S), DEVICE_READING_DROPPED | DEVICE_MISSED);
    assert_state(DEVICE_RUNNING);
    assert_int_equal(feed(615 * S), DEVICE_READING_DROPPED | DEVICE_CHANGED_STATE | DEVICE_MISSED);
    assert_state(DEVICE_ERROR);
    assert_near(view()->value[FIELD_POWER][0], 0);
    assert_int_equal(feed_damaged(620 * S, 3000 * S), DEVICE_READING_DROPPED | DEVICE_MISSED);
    repair();
    assert_int_equal(feed(3000 * S), DEVICE_FRESH | DEVICE_CHANGED_STATE);
    damage(); /* told anew in a new row */
    assert_int_equal(feed_damaged(3005 * S, 3606 * S),
                     DEVICE_READING_DROPPED | DEVICE_NOTHING_PLAUSIBLE | DEVICE_MISSED);
}

/* On a clock that has just begun. */
static void nothing_else_from_the_start(void **state)
{
    inverter();
    damage();
    assert_int_equal(feed_damaged(0, 600 * S), DEVICE_READING_DROPPED);
    assert_true(feed(600 * S) & DEVICE_NOTHING_PLAUSIBLE);
}

static void nothing_else_for_ten_minutes_is_an_error_by_time(void **state)
{
    conf.error_mode = ERROR_MODE_TIMEOUT;
    conf.error_after_s = 900;
    inverter();
    feed(0);
    damage();
    feed_damaged(5 * S, 905 * S);
    assert_state(DEVICE_RUNNING);
    feed(905 * S); /* since the first of them */
    assert_state(DEVICE_ERROR);
}

static void one_good_packet_ends_the_row(void **state)
{
    inverter();
    feed(0);
    damage();
    feed_damaged(5 * S, 600 * S);
    repair();
    feed(600 * S);
    damage();
    assert_int_equal(feed_damaged(605 * S, 1205 * S), DEVICE_READING_DROPPED);
    assert_state(DEVICE_RUNNING);
}

/* At dusk, and then at dawn: not all night long. */
static void a_night_ends_the_row(void **state)
{
    inverter();
    feed(0);
    damage();
    feed_damaged(5 * S, 60 * S);
    r.reach = REACH_LOST;
    feed(60 * S);
    r.reach = REACH_OK;
    assert_int_equal(feed(10 * H), DEVICE_READING_DROPPED);
    assert_state(DEVICE_NIGHT);
    assert_int_equal(feed_damaged(10 * H + 5 * S, 10 * H + 600 * S), DEVICE_READING_DROPPED);
    assert_true(feed(10 * H + 600 * S) & DEVICE_NOTHING_PLAUSIBLE);
}

static void the_night_is_no_damage(void **state)
{
    inverter();
    feed(0);
    damage();
    r.reach = REACH_LOST;
    assert_int_equal(feed(5 * S), DEVICE_CHANGED_STATE);
    assert_state(DEVICE_NIGHT);
    assert_int_equal(view()->readings_dropped, 0);
}

/* ---- No clock of its own ---------------------------------------------------------------------- */

static unsigned feed_at(double unix_s, int64_t now_ms)
{
    r.age_s = MISSING;
    return device_feed(d, &r, 12.5, now_ms, unix_s);
}

static void an_old_stamp_is_judged_by_the_wall_clock(void **state)
{
    inverter();
    r.stamp_s = 1750000000;
    feed_at(120, 0); /* 1970: who knows */
    assert_state(DEVICE_RUNNING);
    assert_int_equal(feed_at(1750000600, 5 * S), 0);
    assert_state(DEVICE_RUNNING);
    assert_int_equal(feed_at(1750000601, 10 * S), DEVICE_CHANGED_STATE);
    assert_state(DEVICE_NIGHT);
    r.stamp_s = 1750000610;
    assert_int_equal(feed_at(1750000611, 15 * S), DEVICE_FRESH | DEVICE_CHANGED_STATE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, device_setup, device_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_repeated_packet_is_no_measurement),
        TEST(a_stamp_tells_as_well),
        TEST(a_held_packet_confirms_nothing),
        TEST(a_held_fall_is_one_sample),
        TEST(a_late_repetition_moves_nothing),
        TEST(a_repeated_packet_ends_an_error),
        TEST(a_repeated_packet_grows_too_old),
        TEST(a_poisoned_state_recovers_in_minutes),
        TEST(what_is_no_measurement_is_dropped_whole),
        TEST(more_than_the_gateway_states),
        TEST(the_rating_may_be_remembered),
        TEST(it_counts_as_heard),
        TEST(nothing_else_for_ten_minutes_is_an_error_by_count),
        TEST(nothing_else_from_the_start),
        TEST(nothing_else_for_ten_minutes_is_an_error_by_time),
        TEST(one_good_packet_ends_the_row),
        TEST(a_night_ends_the_row),
        TEST(the_night_is_no_damage),
        TEST(an_old_stamp_is_judged_by_the_wall_clock),
    };
    return cmocka_run_group_tests_name("device samples", tests, NULL, NULL);
}
