#include "unit/support/device_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/choice.h"

struct device_conf conf;
struct device *d;
struct owner_choice owner;
struct reading r;

int device_setup(void **state)
{
    memset(&conf, 0, sizeof conf);
    strcpy(conf.section, "INVERTER0");
    strcpy(conf.service, "com.victronenergy.pvinverter");
    strcpy(conf.connection, "TCP/IP (HTTP) dtu");
    conf.phase = PHASE_L1;
    conf.instance = 34;
    conf.position = 1;
    conf.max_power_w = MISSING;
    conf.max_age_s = 600;
    conf.error_mode = ERROR_MODE_RETRYCOUNT;
    conf.min_retries = 3;
    conf.error_after_s = 600;
    reading_init(&r);
    strcpy(r.serial, "114181234567");
    strcpy(r.name, "Garage");
    r.value[FIELD_POWER][0] = 300;
    r.value[FIELD_VOLTAGE][0] = 230;
    r.value[FIELD_CURRENT][0] = 1.3;
    r.value[FIELD_ENERGY_FORWARD][0] = 100;
    r.value[FIELD_FREQUENCY][0] = 50;
    r.value[FIELD_TEMPERATURE][0] = 31;
    r.value[FIELD_POWER_FACTOR][0] = 0.99;
    d = NULL;
    owner = choice_unset;
    return 0;
}

int device_teardown(void **state)
{
    device_destroy(d);
    return 0;
}

void create(void)
{
    d = device_create(&conf, NULL);
    assert_non_null(d);
}

void restart(void)
{
    struct device_memory memory;

    device_remember(d, &memory);
    memory.choice = owner;
    device_destroy(d);
    d = device_create(&conf, &memory);
}

void owner_sets_name(const char *name)
{
    snprintf(owner.custom_name, sizeof owner.custom_name, "%s", name);
    device_choose(d, &owner);
}

void owner_sets_position(int position)
{
    owner.position = position;
    device_choose(d, &owner);
}

void owner_sets_load_position(int position)
{
    owner.load_position = position;
    device_choose(d, &owner);
}

void owner_sets_phase(int phase)
{
    owner.phase = phase;
    device_choose(d, &owner);
}

const struct device_view *view(void)
{
    return device_view(d);
}

unsigned feed(int64_t now_ms)
{
    return device_feed(d, &r, 12.5, now_ms, MISSING);
}

unsigned feed_energy(double kwh, int64_t now_ms)
{
    r.value[FIELD_ENERGY_FORWARD][0] = kwh;
    return feed(now_ms);
}

void assert_near(double value, double expected)
{
    if (!has_value(expected) ? has_value(value) : !(fabs(value - expected) < 1e-6))
        fail_msg("%g instead of %g", value, expected);
}

void assert_field(enum field f, double total, double l1, double l2, double l3)
{
    assert_near(view()->value[f][0], total);
    assert_near(view()->value[f][1], l1);
    assert_near(view()->value[f][2], l2);
    assert_near(view()->value[f][3], l3);
}

void assert_energy(double kwh)
{
    assert_near(view()->value[FIELD_ENERGY_FORWARD][0], kwh);
}

void assert_state(enum device_state state)
{
    assert_int_equal(view()->state, state);
}

void assert_nothing_flows(void)
{
    assert_field(FIELD_POWER, 0, 0, MISSING, MISSING);
    assert_field(FIELD_CURRENT, 0, 0, MISSING, MISSING);
    assert_field(FIELD_VOLTAGE, MISSING, MISSING, MISSING, MISSING);
    assert_field(FIELD_POWER_FACTOR, MISSING, MISSING, MISSING, MISSING);
    assert_near(view()->value[FIELD_FREQUENCY][0], MISSING);
    assert_near(view()->value[FIELD_TEMPERATURE][0], MISSING);
    assert_field(FIELD_ENERGY_FORWARD, 100, 100, MISSING, MISSING);
}
