#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/device_view.h"
#include "unit/support/device_fixture.h"

/* ---- Phases --------------------------------------------------------------------------------- */

static void one_phase_of_choice(void **state)
{
    conf.phase = PHASE_L3;
    create();
    feed(0);
    assert_int_equal(view()->phase, PHASE_L3);
    assert_field(FIELD_POWER, 300, MISSING, MISSING, 300);
    assert_field(FIELD_ENERGY_FORWARD, 100, MISSING, MISSING, 100);
    r.reach = REACH_LOST;
    feed(S);
    assert_field(FIELD_POWER, 0, MISSING, MISSING, 0);
    assert_field(FIELD_CURRENT, 0, MISSING, MISSING, 0);
}

static void three_phases_without_their_own_values(void **state)
{
    conf.phase = PHASE_3P;
    create();
    r.value[FIELD_CURRENT][0] = 99; /* not reliable on an HMT */
    feed(0);
    assert_int_equal(view()->phases, 3);
    assert_field(FIELD_POWER, 300, 100, 100, 100);
    assert_field(FIELD_VOLTAGE, 230, 230, 230, 230);
    assert_field(FIELD_CURRENT, 99, 100.0 / 230, 100.0 / 230, 100.0 / 230);
    assert_field(FIELD_POWER_FACTOR, 0.99, MISSING, MISSING, MISSING); /* measured of all in one */
    assert_field(FIELD_ENERGY_FORWARD, 100, 100 / 3.0, 100 / 3.0, 100 / 3.0);
    r.reach = REACH_LOST;
    feed(S);
    assert_field(FIELD_POWER, 0, 0, 0, 0);
    assert_field(FIELD_CURRENT, 0, 0, 0, 0);
    assert_field(FIELD_ENERGY_FORWARD, 100, 100 / 3.0, 100 / 3.0, 100 / 3.0);
}

static void three_phases_with_their_own_values(void **state)
{
    conf.phase = PHASE_3P;
    create();
    for (int slot = 1; slot <= 3; slot++) {
        r.value[FIELD_POWER][slot] = 50 * slot;
        r.value[FIELD_CURRENT][slot] = slot;
        r.value[FIELD_VOLTAGE][slot] = 229 + slot;
        r.value[FIELD_ENERGY_FORWARD][slot] = 10 * slot;
        r.value[FIELD_POWER_FACTOR][slot] = 0.9 + slot / 100.0;
    }
    feed(0);
    assert_field(FIELD_POWER, 300, 50, 100, 150);
    assert_field(FIELD_CURRENT, 1.3, 1, 2, 3);
    assert_field(FIELD_VOLTAGE, 230, 230, 231, 232);
    assert_field(FIELD_ENERGY_FORWARD, 100, 10, 20, 30);
    assert_field(FIELD_POWER_FACTOR, 0.99, 0.91, 0.92, 0.93);
    r.value[FIELD_ENERGY_FORWARD][2] = 0; /* each phase's counter holds for itself */
    feed(5 * S);
    assert_field(FIELD_ENERGY_FORWARD, 100, 10, 20, 30);
}

static void a_total_from_the_phases(void **state)
{
    conf.phase = PHASE_3P;
    create();
    r.value[FIELD_POWER][0] = r.value[FIELD_ENERGY_FORWARD][0] = MISSING;
    for (int slot = 1; slot <= 3; slot++) {
        r.value[FIELD_POWER][slot] = 50 * slot;
        r.value[FIELD_ENERGY_FORWARD][slot] = 10 * slot;
    }
    feed(0);
    assert_field(FIELD_POWER, 300, 50, 100, 150);
    assert_field(FIELD_ENERGY_FORWARD, 60, 10, 20, 30);
}

/* It has values of its own: a third of the whole for the phase that has none would be made up. */
static void two_phases_of_their_own(void **state)
{
    conf.phase = PHASE_AUTO;
    create();
    r.phases = PHASES;
    r.value[FIELD_POWER][1] = 100;
    r.value[FIELD_POWER][2] = 200;
    r.value[FIELD_ENERGY_FORWARD][1] = 40;
    r.value[FIELD_ENERGY_FORWARD][2] = 60;
    feed(0);
    assert_int_equal(view()->phases, 3);
    assert_field(FIELD_POWER, 300, 100, 200, MISSING);
    assert_field(FIELD_ENERGY_FORWARD, 100, 40, 60, MISSING);
    r.value[FIELD_POWER][2] = MISSING;
    feed(S);
    assert_field(FIELD_POWER, 300, 100, MISSING, MISSING);
}

/* A third of the counter for a phase that draws next to nothing would be made up. */
static void phases_without_counters(void **state)
{
    conf.phase = PHASE_3P;
    create();
    for (int slot = 1; slot <= 3; slot++)
        r.value[FIELD_POWER][slot] = 100;
    feed(0);
    assert_field(FIELD_ENERGY_FORWARD, 100, MISSING, MISSING, MISSING);
}

static void zero_volts_never_divide(void **state)
{
    static const double voltages[] = {0, 1e-9, -230, MISSING};

    conf.phase = PHASE_3P;
    create();
    for (size_t i = 0; i < sizeof voltages / sizeof voltages[0]; i++) {
        r.value[FIELD_VOLTAGE][0] = voltages[i];
        feed((int64_t)i * S);
        assert_field(FIELD_CURRENT, 1.3, MISSING, MISSING, MISSING);
    }
    r.value[FIELD_VOLTAGE][0] = 230;
    r.value[FIELD_POWER][0] = MISSING;
    feed(10 * S);
    assert_field(FIELD_POWER, MISSING, MISSING, MISSING, MISSING);
    assert_field(FIELD_CURRENT, 1.3, MISSING, MISSING, MISSING);
}

static void phases_by_themselves(void **state)
{
    conf.phase = PHASE_AUTO;
    create();
    assert_int_equal(view()->phase, PHASE_L1);
    feed(0);
    assert_field(FIELD_POWER, 300, 300, MISSING, MISSING);
    r.phases = 1;
    assert_int_equal(feed(S), DEVICE_FRESH);
    r.phases = 3;
    assert_int_equal(feed(2 * S), DEVICE_FRESH | DEVICE_SHAPE_CHANGED);
    assert_int_equal(view()->phases, 3);
    assert_field(FIELD_POWER, 300, 100, 100, 100);
    assert_field(FIELD_ENERGY_FORWARD, 100, 100 / 3.0, 100 / 3.0, 100 / 3.0);
    r.phases = 0;
    assert_int_equal(feed(3 * S), DEVICE_FRESH);
    assert_int_equal(view()->phases, 3);
}

static void a_choice_is_not_overruled(void **state)
{
    create();
    r.phases = 3;
    assert_int_equal(feed(0), DEVICE_FRESH | DEVICE_CHANGED_STATE);
    assert_field(FIELD_POWER, 300, 300, MISSING, MISSING);
}

static void the_screens_phase_wins(void **state)
{
    create();
    feed(0);
    owner_sets_phase(2);
    assert_int_equal(view()->phase, PHASE_L2);
    assert_int_equal(view()->phases, 1);
    assert_field(FIELD_POWER, 300, MISSING, 300, MISSING);
    assert_field(FIELD_CURRENT, 1.3, MISSING, 1.3, MISSING);
    assert_field(FIELD_VOLTAGE, 230, MISSING, 230, MISSING);
    assert_field(FIELD_POWER_FACTOR, 0.99, MISSING, 0.99, MISSING);
    assert_field(FIELD_ENERGY_FORWARD, 100, MISSING, 100, MISSING);
    assert_field(FIELD_FREQUENCY, 50, MISSING, MISSING, MISSING);
    assert_int_equal(feed(5 * S), DEVICE_FRESH);
    assert_field(FIELD_POWER, 300, MISSING, 300, MISSING);
    r.reach = REACH_LOST;
    feed(10 * S);
    owner_sets_phase(3);
    assert_field(FIELD_POWER, 0, MISSING, MISSING, 0);
    assert_field(FIELD_VOLTAGE, MISSING, MISSING, MISSING, MISSING);
    assert_field(FIELD_ENERGY_FORWARD, 100, MISSING, MISSING, 100);
    owner_sets_phase(0);
    assert_field(FIELD_POWER, 0, 0, MISSING, MISSING);
    owner_sets_phase(4);
    assert_int_equal(view()->phase, PHASE_L1);
}

static void three_phases_ignore_the_screens(void **state)
{
    conf.phase = PHASE_3P;
    create();
    owner_sets_phase(2);
    feed(0);
    assert_int_equal(view()->phase, PHASE_3P);
    assert_field(FIELD_POWER, 300, 100, 100, 100);
    device_destroy(d);

    conf.phase = PHASE_AUTO;
    create();
    owner_sets_phase(2);
    assert_int_equal(view()->phase, PHASE_L2);
    r.phases = 3;
    assert_true(feed(0) & DEVICE_SHAPE_CHANGED);
    assert_int_equal(view()->phase, PHASE_3P);
}

/* ---- Strings -------------------------------------------------------------------------------- */

static void fill_strings(unsigned count)
{
    r.strings = count;
    for (unsigned s = 0; s < count; s++) {
        strcpy(r.string[s].name, s ? "East" : "West");
        r.string[s].power_w = 150 + s;
        r.string[s].voltage_v = 31;
        r.string[s].current_a = 5;
        r.string[s].yield_total_kwh = 50;
        r.string[s].yield_today_kwh = 1;
    }
}

static void shows_strings(void **state)
{
    create();
    fill_strings(2);
    assert_int_equal(feed(0) & DEVICE_SHAPE_CHANGED, DEVICE_SHAPE_CHANGED);
    assert_int_equal(view()->strings, 2);
    assert_string_equal(view()->string[1].name, "East");
    assert_near(view()->string[1].power_w, 151);
    assert_near(view()->string[0].yield_total_kwh, 50);
    assert_near(view()->string[1].yield_total_kwh, 50);
    assert_int_equal(feed(S) & DEVICE_SHAPE_CHANGED, 0);
    r.string[1].yield_total_kwh = 0;
    feed(2 * S);
    assert_near(view()->string[1].yield_total_kwh, 50);

    r.reach = REACH_LOST;
    feed(3 * S);
    assert_near(view()->string[1].power_w, 0);
    assert_near(view()->string[1].current_a, 0);
    assert_near(view()->string[1].voltage_v, MISSING);
    assert_near(view()->string[1].yield_total_kwh, 50);
    assert_string_equal(view()->string[1].name, "East");
}

static void strings_never_get_fewer(void **state)
{
    create();
    fill_strings(2);
    feed(0);
    r.strings = 1;
    assert_int_equal(feed(S), DEVICE_FRESH);
    assert_int_equal(view()->strings, 2);
    assert_near(view()->string[0].power_w, 150);
    assert_near(view()->string[1].power_w, MISSING);
    assert_near(view()->string[1].yield_total_kwh, 50);
    r.strings = 99;
    feed(2 * S);
    assert_int_equal(view()->strings, STRINGS_MAX);
}

static void a_dc_voltage_only_where_there_is_one(void **state)
{
    struct device_conf other = conf;

    create();
    feed(0);
    assert_false(view()->has_dc);
    other.has_dc = true; /* by CUST_DCVoltage */
    device_reconfigure(d, &other);
    assert_true(view()->has_dc);
    device_reconfigure(d, &conf);
    assert_false(view()->has_dc);
    r.strings = 1;
    r.value[FIELD_DC_VOLTAGE][0] = 31;
    assert_true(feed(S) & DEVICE_SHAPE_CHANGED);
    assert_true(view()->has_dc);
    assert_near(view()->value[FIELD_DC_VOLTAGE][0], 31);
    r.reach = REACH_LOST;
    feed(2 * S);
    assert_true(view()->has_dc); /* the row stays, without a value */
    assert_near(view()->value[FIELD_DC_VOLTAGE][0], MISSING);
}

/* The whole is what is said, else the sum of all three. */
static void a_sum_needs_all_phases(void **state)
{
    static const struct {
        double value[PHASE_SLOTS], total;
    } cases[] = {{{MISSING, 1, 2, 3}, 6},
                 {{5, 1, 2, 3}, 5},
                 {{MISSING, MISSING, 2, 3}, MISSING},
                 {{MISSING, 1, MISSING, 3}, MISSING},
                 {{MISSING, 1, 2, MISSING}, MISSING}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_near(view_total(cases[i].value), cases[i].total);
}

/* Below a volt there is no grid to compute with. */
static void a_current_is_computed_from_a_volt_on(void **state)
{
    conf.phase = PHASE_3P;
    create();
    r.value[FIELD_VOLTAGE][0] = 0.9;
    feed(0);
    assert_field(FIELD_CURRENT, 1.3, MISSING, MISSING, MISSING);
    r.value[FIELD_VOLTAGE][0] = 1;
    feed(S);
    assert_field(FIELD_CURRENT, 1.3, 100, 100, 100);
}

/* Who tells one of its phases tells them all: the whole is no stand-in for what is missing. */
static void one_phase_alone(void **state)
{
    conf.phase = PHASE_3P;
    for (int slot = 1; slot <= PHASES; slot++) {
        create();
        r.value[FIELD_VOLTAGE][slot] = 231;
        feed(0);
        assert_field(FIELD_VOLTAGE, 230, slot == 1 ? 231 : MISSING, slot == 2 ? 231 : MISSING,
                     slot == 3 ? 231 : MISSING);
        r.value[FIELD_VOLTAGE][slot] = MISSING;
        device_destroy(d);
    }
    create();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, device_setup, device_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_sum_needs_all_phases),
        TEST(a_current_is_computed_from_a_volt_on),
        TEST(one_phase_alone),
        TEST(one_phase_of_choice),
        TEST(three_phases_without_their_own_values),
        TEST(three_phases_with_their_own_values),
        TEST(a_total_from_the_phases),
        TEST(two_phases_of_their_own),
        TEST(phases_without_counters),
        TEST(zero_volts_never_divide),
        TEST(phases_by_themselves),
        TEST(a_choice_is_not_overruled),
        TEST(the_screens_phase_wins),
        TEST(three_phases_ignore_the_screens),
        TEST(shows_strings),
        TEST(strings_never_get_fewer),
        TEST(a_dc_voltage_only_where_there_is_one),
    };
    return cmocka_run_group_tests_name("device phases", tests, NULL, NULL);
}
