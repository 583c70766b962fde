/* The energy counters of a device, day and lifetime. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/support/device_fixture.h"

static void energy_goes_up(void **state)
{
    create();
    feed_energy(100, 0);
    feed_energy(100.5, 10 * S);
    assert_energy(100.5);
    feed_energy(100.5 - 1e-9, 20 * S); /* noise of a factor */
    assert_energy(100.5);
}

static void a_fall_is_held(void **state)
{
    create();
    feed_energy(100, 0);
    assert_int_equal(feed_energy(5, 5 * S), DEVICE_FRESH | DEVICE_ENERGY_HELD);
    assert_energy(100);
    assert_int_equal(feed_energy(5, 10 * S), DEVICE_FRESH); /* told once */
    assert_int_equal(feed_energy(100.1, 15 * S), DEVICE_FRESH);
    assert_energy(100.1);
    assert_int_equal(feed_energy(5, 20 * S), DEVICE_FRESH | DEVICE_ENERGY_HELD);
}

static void a_fall_that_lasts_is_followed(void **state)
{
    create();
    feed_energy(100, 0);
    for (int t = 5; t < 65; t += 5) {
        feed_energy(0.001 * t, t * S);
        assert_energy(100);
    }
    assert_int_equal(feed_energy(0.065, 65 * S), DEVICE_FRESH | DEVICE_ENERGY_RESET);
    assert_energy(0.065);
    feed_energy(0.07, 70 * S);
    assert_energy(0.07);
}

static void two_readings_do_not_confirm(void **state)
{
    create();
    feed_energy(100, 0);
    feed_energy(5, 5 * S);
    feed_energy(5, 300 * S);
    assert_energy(100);
    assert_int_equal(feed_energy(5, 301 * S) & DEVICE_ENERGY_RESET, DEVICE_ENERGY_RESET);
    assert_energy(5);
}

static void readings_that_disagree_do_not_confirm(void **state)
{
    create();
    feed_energy(100, 0);
    for (int i = 1; i <= 100; i++)
        feed_energy(i % 2 ? 5 : 4, i * 10 * S);
    assert_energy(100);
    feed_energy(5, 2000 * S);
    feed_energy(90, 2030 * S); /* lower as well, but no continuation of 5 */
    feed_energy(90, 2060 * S);
    assert_energy(100);
    feed_energy(90, 2095 * S);
    assert_energy(90);
}

static void an_impossible_jump_is_dropped(void **state)
{
    create();
    r.value[FIELD_MAX_POWER][0] = 1000;
    feed_energy(400, 0);
    assert_int_equal(feed_energy(2113405, 5 * S), DEVICE_FRESH | DEVICE_ENERGY_JUMP);
    assert_energy(400);
    assert_int_equal(feed_energy(400.01, 10 * S), DEVICE_FRESH);
    assert_energy(400.01);
    assert_int_equal(feed_energy(401.005, 15 * S), DEVICE_FRESH); /* within the slack of 1 kWh */
    assert_energy(401.005);
}

static void a_jump_is_measured_by_time_and_power(void **state)
{
    create();
    r.value[FIELD_MAX_POWER][0] = 1000;
    feed_energy(400, 0);
    feed_energy(410.9, 10 * H); /* 10 kWh could be made, and 1 is slack */
    assert_energy(410.9);
    feed_energy(422, 20 * H);
    assert_energy(410.9);
    device_destroy(d);
    create();
    r.value[FIELD_MAX_POWER][0] = MISSING;
    r.by_radio = true;
    feed_energy(400, 0);
    feed_energy(450.9, 10 * H); /* 5 kW of a microinverter of which nothing is known */
    assert_energy(450.9);
    feed_energy(502, 20 * H);
    assert_energy(450.9);
    device_destroy(d);
    create();
    r.by_radio = false;
    feed_energy(400, 0);
    feed_energy(900.9, 10 * H); /* 50 kW of anything else */
    assert_energy(900.9);
    feed_energy(1402, 20 * H);
    assert_energy(900.9);
}

/* Of what tells no rating, to a thousandth: 5 kW by radio, 50 kW else. */
static void the_ratings_that_are_assumed(void **state)
{
    for (int radio = 0; radio < 2; radio++) {
        double possible_kwh = (radio ? 50 : 500) + 1;
        for (int beyond = 0; beyond < 2; beyond++) {
            device_destroy(d);
            create();
            r.value[FIELD_MAX_POWER][0] = MISSING;
            r.by_radio = radio;
            feed_energy(400, 0);
            feed_energy(400 + possible_kwh + 0.005 * beyond, 10 * H);
            assert_energy(400 + (beyond ? 0 : possible_kwh));
        }
    }
}

/* Six hours at 300 W, which explain it; the view says from where to where. */
static void a_jump_that_the_power_explains_is_followed(void **state)
{
    unsigned events = 0;

    create();
    feed_energy(400, 0);
    for (int64_t t = 5 * S; t <= 6 * H + 5 * S; t += 5 * S) {
        assert_energy(400);
        events = feed_energy(900 + 0.3 * (double)(t - 5 * S) / H, t);
    }
    assert_int_equal(events, DEVICE_FRESH | DEVICE_ENERGY_RAISED);
    assert_energy(901.8);
    assert_near(view()->counter_before_kwh, 400);
    assert_near(view()->counter_now_kwh, 901.8);
}

static void a_jump_after_a_restart(void **state)
{
    struct device_memory memory = {.serial = "114181234567",
                                   .choice = {.position = -1, .load_position = -1},
                                   .phases = 1,
                                   .max_power_w = 1000,
                                   .energy_kwh = 400};

    d = device_create(&conf, &memory);
    feed_energy(424.9, 0); /* a day may have passed */
    assert_energy(424.9);
    device_destroy(d);
    d = device_create(&conf, &memory);
    assert_int_equal(feed_energy(2113405, 0) & DEVICE_ENERGY_JUMP, DEVICE_ENERGY_JUMP);
    assert_energy(400);
    device_destroy(d);
    d = device_create(&conf, &memory);
    assert_int_equal(feed_energy(0, 0) & DEVICE_ENERGY_HELD, DEVICE_ENERGY_HELD);
    assert_energy(400);
}

static void reverse_energy_of_three_phases(void **state)
{
    conf.phase = PHASE_3P;
    create();
    for (int slot = 1; slot <= 3; slot++)
        r.value[FIELD_ENERGY_REVERSE][slot] = 10 * slot;
    feed(0);
    assert_field(FIELD_ENERGY_REVERSE, 60, 10, 20, 30);
    r.value[FIELD_ENERGY_REVERSE][3] = 5; /* held, and so is their sum */
    feed(5 * S);
    assert_field(FIELD_ENERGY_REVERSE, 60, 10, 20, 30);
    r.value[FIELD_ENERGY_REVERSE][1] = 10.5;
    r.value[FIELD_ENERGY_REVERSE][3] = 30.25;
    feed(10 * S);
    assert_field(FIELD_ENERGY_REVERSE, 60.75, 10.5, 20, 30.25);
}

/* By turns 1 kW each way: each counter is explained by what flows in its own direction. */
static void a_meter_in_both_directions(void **state)
{
    create();
    r.value[FIELD_ENERGY_REVERSE][0] = 10;
    feed_energy(100, 0);
    for (int i = 1; i <= 6 * 360 + 1; i++) {
        double hours = (i - 1) / 360.0;
        r.value[FIELD_POWER][0] = i % 2 ? 1000 : -1000;
        r.value[FIELD_ENERGY_REVERSE][0] = 5000 + hours / 2;
        feed_energy(8000 + hours / 2, i * 10 * S);
    }
    assert_field(FIELD_ENERGY_FORWARD, 8003, 8003, MISSING, MISSING);
    assert_field(FIELD_ENERGY_REVERSE, 5003, 5003, MISSING, MISSING);
}

/* The day has no counter for each phase, and the lifetime's are not shown in its place. */
static void the_other_counter_of_three_phases(void **state)
{
    conf.phase = PHASE_3P;
    create();
    for (int slot = 1; slot <= 3; slot++)
        r.value[FIELD_ENERGY_FORWARD][slot] = 10 * slot;
    r.value[FIELD_ENERGY_TODAY][0] = 6;
    feed_energy(60, 0);
    assert_field(FIELD_ENERGY_FORWARD, 60, 10, 20, 30);
    conf.use_yield_day = true;
    device_reconfigure(d, &conf);
    assert_field(FIELD_ENERGY_FORWARD, 6, 2, 2, 2);
    feed(5 * S);
    assert_field(FIELD_ENERGY_FORWARD, 6, 2, 2, 2);
    conf.use_yield_day = false;
    device_reconfigure(d, &conf);
    assert_field(FIELD_ENERGY_FORWARD, 60, 10, 20, 30);
}

/* ---- Which counter ---------------------------------------------------------------------------- */

static void no_energy_until_a_true_one(void **state)
{
    create();
    r.value[FIELD_ENERGY_FORWARD][0] = MISSING;
    feed(0);
    assert_field(FIELD_ENERGY_FORWARD, MISSING, MISSING, MISSING, MISSING);
    feed_energy(0, S); /* a new inverter does begin at 0 */
    assert_energy(0);
}

static void energy_of_the_day(void **state)
{
    conf.use_yield_day = true;
    create();
    r.value[FIELD_ENERGY_TODAY][0] = 2.5;
    feed(0);
    assert_field(FIELD_ENERGY_FORWARD, 2.5, 2.5, MISSING, MISSING);
    r.reach = REACH_LOST;
    feed(10 * H);
    assert_energy(2.5);
    r.reach = REACH_OK;
    r.value[FIELD_ENERGY_TODAY][0] = 0;
    feed(20 * H);
    assert_energy(2.5);
    feed(20 * H + 30 * S);
    r.value[FIELD_ENERGY_TODAY][0] = 0.001;
    assert_int_equal(feed(20 * H + MIN) & DEVICE_ENERGY_RESET, DEVICE_ENERGY_RESET);
    assert_energy(0.001);
}

static void counts_what_it_does_not_believe(void **state)
{
    create();
    feed_energy(100, 0);
    feed_energy(50, 5 * S);
    feed_energy(51, 10 * S);
    feed_energy(1000, 15 * S);
    feed_energy(1000, 20 * S);
    feed_energy(100, 25 * S);
    feed_energy(1000, 30 * S);
    assert_int_equal(view()->falls_held, 1);
    assert_int_equal(view()->jumps_dropped, 2);
}

/* Three readings over a minute. */
static void reset_to(double kwh, int64_t now_ms)
{
    feed_energy(kwh, now_ms);
    feed_energy(kwh, now_ms + 30 * S);
    assert_true(feed_energy(kwh, now_ms + MIN) & DEVICE_ENERGY_RESET);
}

static void keeps_its_energy_over_a_reset(void **state)
{
    conf.keep_energy = true;
    create();
    feed_energy(100, 0);
    reset_to(0.5, 5 * S);
    assert_field(FIELD_ENERGY_FORWARD, 100, 100, MISSING, MISSING);
    feed_energy(0.75, 100 * S);
    assert_energy(100.25);
    restart();
    assert_energy(100.25);
    feed_energy(1, 0);
    assert_energy(100.5);
    restart();
    feed_energy(0, 0); /* and was reset while nobody looked */
    assert_energy(100.5);
    feed_energy(0, 30 * S);
    restart();
    reset_to(0, 0);
    assert_energy(100.5);
    feed_energy(0.5, 100 * S);
    assert_energy(101);
}

static void keeping_can_be_switched_off(void **state)
{
    struct device_conf follow;

    conf.keep_energy = true;
    create();
    feed_energy(100, 0);
    reset_to(0, 5 * S);
    assert_int_equal(feed_energy(0.5, 70 * S) & DEVICE_ENERGY_HELD, 0);
    assert_true(feed_energy(0.1, 75 * S) & DEVICE_ENERGY_HELD);
    assert_near(view()->counter_before_kwh, 0.5); /* by what the gateway says */
    feed_energy(0.5, 80 * S);
    follow = conf;
    follow.keep_energy = false;
    device_reconfigure(d, &follow);
    assert_energy(100.5);
    feed_energy(0.5, 100 * S);
    assert_energy(100.5);
    reset_to(0, 200 * S); /* what it once added goes with the next reset */
    assert_energy(0);
    assert_near(view()->counter_before_kwh, 100.5); /* as it was published */
}

static void days_add_up_with_keep_energy(void **state)
{
    conf.keep_energy = conf.use_yield_day = true;
    create();
    r.value[FIELD_ENERGY_TODAY][0] = 2.5;
    feed(0);
    r.value[FIELD_ENERGY_TODAY][0] = 0.5;
    feed(12 * H);
    feed(12 * H + 30 * S);
    assert_energy(2.5);
    assert_true(feed(12 * H + MIN) & DEVICE_ENERGY_RESET);
    assert_energy(3);
    restart();
    r.value[FIELD_ENERGY_TODAY][0] = 0.75;
    feed(0);
    assert_energy(3.25);
}

static void three_phases_share_what_is_kept(void **state)
{
    conf.phase = PHASE_3P;
    conf.keep_energy = true;
    create();
    for (int slot = 1; slot <= 3; slot++)
        r.value[FIELD_ENERGY_FORWARD][slot] = 10 * slot; /* which would be lost with a restart */
    feed_energy(60, 0);
    assert_field(FIELD_ENERGY_FORWARD, 60, 20, 20, 20);
    reset_to(0, 5 * S);
    assert_field(FIELD_ENERGY_FORWARD, 60, 20, 20, 20);
    restart();
    assert_field(FIELD_ENERGY_FORWARD, 60, 20, 20, 20);
}

static void feed_phases(double factor, int64_t now_ms)
{
    for (int slot = 1; slot <= 3; slot++)
        r.value[FIELD_ENERGY_FORWARD][slot] = factor * slot;
    feed_energy(6 * factor, now_ms);
}

/* What was once kept is in the whole alone, until it is given up. */
static void three_phases_share_what_was_kept(void **state)
{
    struct device_conf follow;

    conf.phase = PHASE_3P;
    conf.keep_energy = true;
    create();
    feed_energy(60, 0);
    reset_to(0, 5 * S);
    follow = conf;
    follow.keep_energy = false;
    device_reconfigure(d, &follow);
    feed_phases(0.1, 100 * S);
    assert_field(FIELD_ENERGY_FORWARD, 60.6, 20.2, 20.2, 20.2);
}

/* Counters of its own phases stay while it is lost; over a restart only the whole is remembered. */
static void counters_of_phases_while_it_is_lost(void **state)
{
    conf.phase = PHASE_3P;
    create();
    feed_phases(10, 0);
    assert_field(FIELD_ENERGY_FORWARD, 60, 10, 20, 30);
    r.reach = REACH_LOST;
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
        r.value[FIELD_ENERGY_FORWARD][slot] = MISSING;
    feed(S);
    assert_field(FIELD_ENERGY_FORWARD, 60, 10, 20, 30);
    restart();
    assert_field(FIELD_ENERGY_FORWARD, 60, MISSING, MISSING, MISSING);
    r.reach = REACH_OK;
    feed_phases(10, 2 * S);
    assert_field(FIELD_ENERGY_FORWARD, 60, 10, 20, 30);
}

/* In the night, the gateway's last word is a measurement of the counter: of one that is alone, each phase has a third. */
static void a_night_at_the_start_of_three_phases(void **state)
{
    conf.phase = PHASE_3P;
    create();
    r.reach = REACH_LOST;
    feed_energy(300, 0);
    assert_state(DEVICE_NIGHT);
    assert_field(FIELD_ENERGY_FORWARD, 300, 100, 100, 100);
}

/* What has no counters of its phases when it is measured has none. */
static void a_start_without_a_counter(void **state)
{
    conf.phase = PHASE_3P;
    create();
    feed_energy(300, 0);
    restart();
    assert_field(FIELD_ENERGY_FORWARD, 300, MISSING, MISSING, MISSING);
    feed_energy(MISSING, 0); /* on a clock that has just begun */
    assert_field(FIELD_ENERGY_FORWARD, 300, 100, 100, 100);
}

static void a_device_without_a_power_has_no_measurement(void **state)
{
    create();
    feed_energy(300, 0);
    r.reach = REACH_NO_POWER;
    r.value[FIELD_POWER][0] = MISSING;
    assert_int_equal(feed_energy(300.001, 5 * S), DEVICE_MISSED);
    assert_energy(300.001);
}

/* Another EnergyOffset stands for another inverter: each of its counters begins anew, and no other one does. */
static void another_offset_of_three_phases(void **state)
{
    struct device_conf other;

    conf.phase = PHASE_3P;
    conf.energy_offset_kwh = 5;
    create();
    r.value[FIELD_ENERGY_REVERSE][0] = 100;
    feed_phases(10, 0);
    assert_field(FIELD_ENERGY_FORWARD, 65, 65 / 3.0, 65 / 3.0, 65 / 3.0);
    other = conf;
    other.energy_offset_kwh = 0;
    device_reconfigure(d, &other);
    r.value[FIELD_ENERGY_REVERSE][0] = 900;
    feed_phases(1, 5 * S);
    assert_field(FIELD_ENERGY_FORWARD, 6, 1, 2, 3);
    assert_near(view()->value[FIELD_ENERGY_REVERSE][0], 100);
}

static void day_and_lifetime_are_never_mixed(void **state)
{
    struct device_conf by_day = conf;

    by_day.use_yield_day = true;
    create();
    r.value[FIELD_ENERGY_TODAY][0] = 2.5;
    feed(0);
    device_reconfigure(d, &by_day);
    assert_field(FIELD_ENERGY_FORWARD, 2.5, 2.5, MISSING, MISSING);
    r.value[FIELD_ENERGY_TODAY][0] = 3;
    assert_int_equal(feed(5 * S), DEVICE_FRESH);
    assert_energy(3);
    r.reach = REACH_LOST;
    feed(10 * S);
    device_reconfigure(d, &conf);
    assert_field(FIELD_ENERGY_FORWARD, MISSING, MISSING, MISSING, MISSING);
    feed(15 * S); /* its last counter is better than none */
    assert_energy(100);

    struct device_memory memory;
    device_remember(d, &memory);
    device_destroy(d);
    conf.use_yield_day = true; /* changed while the program did not run */
    d = device_create(&conf, &memory);
    assert_energy(MISSING);
    r.reach = REACH_OK;
    feed(0);
    assert_energy(3);
    restart();
    assert_energy(3);
}

static void a_memory_of_long_ago_may_be_of_either_counter(void **state)
{
    struct device_memory memory;

    device_memory_init(&memory);
    memory.energy_kwh = 2.5;
    conf.use_yield_day = true;
    d = device_create(&conf, &memory);
    assert_energy(2.5);
}

static void reverse_energy_is_a_counter_too(void **state)
{
    create();
    r.value[FIELD_ENERGY_REVERSE][0] = 50;
    feed(0);
    assert_field(FIELD_ENERGY_REVERSE, 50, 50, MISSING, MISSING);
    r.value[FIELD_ENERGY_REVERSE][0] = 0;
    feed(5 * S);
    assert_field(FIELD_ENERGY_REVERSE, 50, 50, MISSING, MISSING);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, device_setup, device_teardown)
    const struct CMUnitTest tests[] = {
        TEST(energy_goes_up),
        TEST(a_fall_is_held),
        TEST(a_fall_that_lasts_is_followed),
        TEST(two_readings_do_not_confirm),
        TEST(readings_that_disagree_do_not_confirm),
        TEST(an_impossible_jump_is_dropped),
        TEST(a_jump_is_measured_by_time_and_power),
        TEST(a_jump_that_the_power_explains_is_followed),
        TEST(a_jump_after_a_restart),
        TEST(reverse_energy_of_three_phases),
        TEST(a_meter_in_both_directions),
        TEST(the_other_counter_of_three_phases),
        TEST(no_energy_until_a_true_one),
        TEST(energy_of_the_day),
        TEST(counts_what_it_does_not_believe),
        TEST(keeps_its_energy_over_a_reset),
        TEST(keeping_can_be_switched_off),
        TEST(days_add_up_with_keep_energy),
        TEST(three_phases_share_what_is_kept),
        TEST(the_ratings_that_are_assumed),
        TEST(three_phases_share_what_was_kept),
        TEST(a_night_at_the_start_of_three_phases),
        TEST(a_start_without_a_counter),
        TEST(a_device_without_a_power_has_no_measurement),
        TEST(another_offset_of_three_phases),
        TEST(counters_of_phases_while_it_is_lost),
        TEST(day_and_lifetime_are_never_mixed),
        TEST(a_memory_of_long_ago_may_be_of_either_counter),
        TEST(reverse_energy_is_a_counter_too),
    };
    return cmocka_run_group_tests_name("device energy", tests, NULL, NULL);
}
