/* A device that answers, but does not say its power: standby, or a miss, and never 0 W by mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/device.h"

static struct device_conf conf;
static struct device *d;
static struct reading r; /* what is fed next */

static int setup(void **state)
{
    (void)state;
    memset(&conf, 0, sizeof conf);
    strcpy(conf.section, "TEMPLATE0");
    strcpy(conf.service, "com.victronenergy.pvinverter");
    conf.phase = PHASE_L1;
    conf.instance = 40;
    conf.max_power_w = MISSING;
    conf.max_age_s = 600;
    conf.min_retries = 3;
    conf.error_after_s = 600;
    reading_init(&r);
    strcpy(r.serial, "T40");
    d = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    device_destroy(d);
    return 0;
}

static void create(const char *service)
{
    (void)snprintf(conf.service, sizeof conf.service, "%s", service);
    d = device_create(&conf, NULL);
    assert_non_null(d);
}

/* reach, and power only where the reading has one. */
static unsigned feed(enum reach reach, double energy_kwh, int64_t now_ms)
{
    r.reach = reach;
    r.value[FIELD_POWER][0] = reach == REACH_OK ? 300 : MISSING;
    r.value[FIELD_VOLTAGE][0] = 231;
    r.value[FIELD_ENERGY_FORWARD][0] = energy_kwh;
    return device_feed(d, &r, 5, now_ms, MISSING);
}

static double value(enum field f, size_t slot)
{
    return device_view(d)->value[f][slot];
}

static void assert_no_power(void)
{
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
        assert_false(has_value(value(FIELD_POWER, slot)));
}

static void an_inverter_is_standby(void **state)
{
    (void)state;
    create("com.victronenergy.pvinverter");
    feed(REACH_OK, 12, 0);
    assert_true(value(FIELD_POWER, 1) == 300);
    for (int i = 1; i < 10; i++)
        assert_int_equal(feed(REACH_ASLEEP, 12, i * 5000) & DEVICE_MISSED, 0);
    assert_int_equal(device_view(d)->state, DEVICE_NIGHT);
    assert_true(value(FIELD_POWER, 0) == 0 && value(FIELD_POWER, 1) == 0);
    assert_true(value(FIELD_ENERGY_FORWARD, 0) == 12);
    feed(REACH_OK, 12.5, 60000);
    assert_int_equal(device_view(d)->state, DEVICE_RUNNING);
}

/* Nothing but a PV inverter sleeps: a meter that says nothing measures nothing. */
static void anything_else_is_not(void **state)
{
    static const char *const services[] = {"com.victronenergy.grid", "com.victronenergy.acload",
                                           "com.victronenergy.inverter", "pvinverter.other", ""};

    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        setup(state);
        create(services[i]);
        feed(REACH_OK, 12, 0);
        assert_int_equal(feed(REACH_ASLEEP, 12, 5000) & DEVICE_MISSED, DEVICE_MISSED);
        assert_int_equal(device_view(d)->state, DEVICE_RUNNING);
        assert_no_power();
        feed(REACH_ASLEEP, 12, 10000);
        assert_int_equal(feed(REACH_ASLEEP, 12, 15000) & DEVICE_CHANGED_STATE,
                         DEVICE_CHANGED_STATE);
        assert_int_equal(device_view(d)->state, DEVICE_ERROR);
        teardown(state);
    }
    d = NULL;
}

/* The role that was chosen on the GX screen counts, whatever the configuration says. */
static void the_owners_role_counts(void **state)
{
    (void)state;
    create("com.victronenergy.pvinverter");
    device_choose(d, &(struct owner_choice){.position = -1, .load_position = -1, .role = "grid"});
    feed(REACH_OK, 12, 0);
    assert_int_equal(feed(REACH_ASLEEP, 12, 5000) & DEVICE_MISSED, DEVICE_MISSED);
    device_choose(d, &(struct owner_choice){.position = -1,
                                            .load_position = -1,
                                            .role = "pvinverter"});
    assert_int_equal(feed(REACH_ASLEEP, 12, 10000) & DEVICE_MISSED, 0);
    assert_int_equal(device_view(d)->state, DEVICE_NIGHT);
}

/* Half a sum is a miss for everybody; what else was read counts. */
static void half_a_sum_is_a_miss(void **state)
{
    (void)state;
    create("com.victronenergy.pvinverter");
    feed(REACH_OK, 12, 0);
    feed(REACH_NO_POWER, 12.001, 5000);
    assert_int_equal(device_view(d)->state, DEVICE_RUNNING);
    assert_no_power();
    assert_true(value(FIELD_VOLTAGE, 1) == 231);
    assert_true(value(FIELD_ENERGY_FORWARD, 0) == 12.001);
    feed(REACH_OK, 12.001, 10000); /* one in between: the counting begins anew */
    assert_true(value(FIELD_POWER, 1) == 300);
    feed(REACH_NO_POWER, 12.001, 15000);
    feed(REACH_NO_POWER, 12.001, 20000);
    assert_int_equal(device_view(d)->state, DEVICE_RUNNING);
    feed(REACH_NO_POWER, 12.002, 25000);
    assert_int_equal(device_view(d)->state, DEVICE_ERROR);
    assert_true(value(FIELD_ENERGY_FORWARD, 0) == 12.002);
    feed(REACH_NO_POWER, 12.003, 30000); /* goes nowhere from there */
    assert_int_equal(device_view(d)->state, DEVICE_ERROR);
    assert_true(value(FIELD_ENERGY_FORWARD, 0) == 12.003);
    feed(REACH_OK, 12.003, 35000);
    assert_int_equal(device_view(d)->state, DEVICE_RUNNING);
}

static void never_a_power_from_the_start(void **state)
{
    (void)state;
    create("com.victronenergy.grid");
    feed(REACH_NO_POWER, 12, 0);
    assert_int_equal(device_view(d)->state, DEVICE_START);
    assert_no_power();
    assert_int_equal(device_view(d)->update_index, 0);
}

static void by_time(void **state)
{
    (void)state;
    conf.error_mode = ERROR_MODE_TIMEOUT;
    create("com.victronenergy.pvinverter");
    feed(REACH_OK, 12, 0);
    for (int64_t ms = 5000; ms < 600000; ms += 5000)
        feed(REACH_NO_POWER, 12, ms);
    assert_int_equal(device_view(d)->state, DEVICE_RUNNING);
    assert_int_equal(device_deadline(d), 600000);
    feed(REACH_NO_POWER, 12, 600000);
    assert_int_equal(device_view(d)->state, DEVICE_ERROR);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_inverter_is_standby),       TEST(anything_else_is_not),
        TEST(the_owners_role_counts),       TEST(half_a_sum_is_a_miss),
        TEST(never_a_power_from_the_start), TEST(by_time),
    };
    return cmocka_run_group_tests_name("device_power", tests, NULL, NULL);
}
