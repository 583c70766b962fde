/* A device whose class is one of a meter: what it does not measure has no value, and no service says 0 W. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/device.h"

#define S 1000LL

static struct device_conf conf;
static struct device_memory memory;
static struct reading r; /* what is fed next */
static struct device *d;

static int setup(void **state)
{
    memset(&conf, 0, sizeof conf);
    strcpy(conf.section, "TEMPLATE0");
    strcpy(conf.service, "com.victronenergy.grid");
    conf.phase = PHASE_L2;
    conf.max_power_w = MISSING;
    conf.max_age_s = 600;
    conf.min_retries = 2;
    reading_init(&r);
    strcpy(r.serial, "T1");
    r.value[FIELD_POWER][0] = -300;
    r.value[FIELD_VOLTAGE][0] = 230;
    r.value[FIELD_CURRENT][0] = 1.3;
    r.value[FIELD_ENERGY_FORWARD][0] = 100;
    r.value[FIELD_ENERGY_REVERSE][0] = 7;
    r.value[FIELD_ENERGY_TODAY][0] = 2;
    r.value[FIELD_MAX_POWER][0] = 800;
    r.strings = 1;
    r.string[0].power_w = 310;
    r.string[0].yield_total_kwh = 99;
    device_memory_init(&memory);
    strcpy(memory.serial, "T1");
    memory.energy_kwh = 90;
    d = device_create(&conf, &memory);
    assert_non_null(d);
    device_set_class(d, "grid", true);
    return 0;
}

static int teardown(void **state)
{
    device_destroy(d);
    return 0;
}

static const struct device_view *view(void)
{
    return device_view(d);
}

static void feed(int64_t now_ms)
{
    (void)device_feed(d, &r, 5, now_ms, MISSING);
}

static void go_away(int64_t now_ms)
{
    for (unsigned i = 0; i < conf.min_retries; i++)
        (void)device_miss(d, now_ms);
    assert_int_equal(view()->state, DEVICE_ERROR);
}

static double value(enum field field)
{
    return view()->value[field][0];
}

/* All but what the device can do: that does not depend on whether it is heard. */
static void assert_no_values(void)
{
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        for (size_t slot = 0; slot < PHASE_SLOTS && f != FIELD_MAX_POWER; slot++)
            assert_true(isnan(view()->value[f][slot]));
    }
    for (unsigned s = 0; s < view()->strings; s++) {
        assert_true(isnan(view()->string[s].power_w));
        assert_true(isnan(view()->string[s].yield_total_kwh));
    }
}

static void assert_runs(void)
{
    assert_int_equal(view()->state, DEVICE_RUNNING);
    assert_true(device_present(d));
    assert_float_equal(value(FIELD_POWER), -300, 0);
    assert_float_equal(view()->value[FIELD_POWER][2], -300, 0);
    assert_float_equal(value(FIELD_ENERGY_FORWARD), 100, 0);
    assert_float_equal(value(FIELD_ENERGY_REVERSE), 7, 0);
    assert_float_equal(value(FIELD_ENERGY_TODAY), 2, 0);
}

static void appears_with_its_first_reading(void **state)
{
    assert_false(device_present(d)); /* though it is known from before */
    r.reach = REACH_NO_DATA_YET;
    feed(0);
    assert_false(device_present(d));
    r.reach = REACH_OK;
    feed(S);
    assert_runs();
}

static void appears_at_night_without_values(void **state)
{
    r.reach = REACH_LOST;
    feed(0);
    assert_int_equal(view()->state, DEVICE_NIGHT);
    assert_true(device_present(d));
    assert_no_values();
}

static void leaves_when_it_is_away(void **state)
{
    feed(0);
    (void)device_miss(d, S);
    assert_runs();
    go_away(2 * S);
    assert_no_values();
    assert_false(device_present(d));
    feed(3 * S);
    assert_runs();
    assert_float_equal(value(FIELD_MAX_POWER), 800, 0);
}

/* The inverter behind a DTU: the gateway answers, and says that it does not hear it. */
static void stays_at_night(void **state)
{
    feed(0);
    r.reach = REACH_LOST;
    feed(S);
    assert_int_equal(view()->state, DEVICE_NIGHT);
    assert_no_values();
    assert_true(device_present(d));
    device_choose(d, &(struct owner_choice){.position = -1, .load_position = -1, .phase = 3});
    assert_no_values();
    device_reconfigure(d, &conf);
    assert_no_values();
    r.reach = REACH_OK;
    device_choose(d, &(struct owner_choice){.position = -1, .load_position = -1, .phase = 2});
    feed(2 * S);
    assert_runs();
}

static void stays_where_the_owner_wants_it(void **state)
{
    conf.meter_away = METER_AWAY_INVALID;
    go_away(0);
    assert_false(device_present(d)); /* it has not answered yet */
    feed(S);
    go_away(2 * S);
    assert_true(device_present(d));
    assert_no_values();
    conf.meter_away = METER_AWAY_LEAVE;
    assert_false(device_present(d));
}

static void what_it_counted_is_remembered(void **state)
{
    feed(0);
    go_away(S);
    device_remember(d, &memory);
    assert_float_equal(memory.energy_kwh, 100, 0);
    assert_float_equal(memory.max_power_w, 800, 0);
}

/* Its owner turns an inverter into a meter at night, and back. */
static void another_role_in_the_dark(void **state)
{
    device_set_class(d, "pvinverter", false);
    assert_true(device_present(d));
    feed(0);
    r.reach = REACH_LOST;
    feed(S);
    assert_float_equal(value(FIELD_POWER), 0, 0);
    device_set_class(d, "acload", true);
    assert_no_values();
    assert_true(device_present(d));
    device_set_class(d, "pvinverter", false);
    assert_float_equal(value(FIELD_POWER), 0, 0);
    assert_float_equal(value(FIELD_ENERGY_FORWARD), 100, 0);
    assert_float_equal(value(FIELD_ENERGY_TODAY), 2, 0);
    assert_float_equal(view()->string[0].power_w, 0, 0);
    assert_float_equal(view()->string[0].yield_total_kwh, 99, 0);
    assert_true(isnan(value(FIELD_VOLTAGE)));
    go_away(2 * S);
    assert_float_equal(value(FIELD_POWER), 0, 0);
    assert_true(device_present(d));
}

/* Known from before, and never heard since. */
static void another_role_before_the_first_reading(void **state)
{
    go_away(0);
    device_set_class(d, "pvinverter", false);
    assert_float_equal(value(FIELD_POWER), 0, 0);
    assert_float_equal(value(FIELD_ENERGY_FORWARD), 90, 0);
    device_set_class(d, "grid", true);
    assert_no_values();
    assert_false(device_present(d));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(appears_with_its_first_reading), TEST(appears_at_night_without_values),
        TEST(leaves_when_it_is_away),         TEST(stays_at_night),
        TEST(stays_where_the_owner_wants_it), TEST(what_it_counted_is_remembered),
        TEST(another_role_in_the_dark),       TEST(another_role_before_the_first_reading),
    };
    return cmocka_run_group_tests_name("device_meter", tests, NULL, NULL);
}
