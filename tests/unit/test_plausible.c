#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/plausible.h"

static struct reading r;
static char why[PLAUSIBLE_WHY_MAX];

/* An HM-600 at noon. */
static int setup(void **state)
{
    reading_init(&r);
    r.by_radio = true;
    r.phases = 1;
    r.value[FIELD_POWER][0] = 300;
    r.value[FIELD_VOLTAGE][0] = 230;
    r.value[FIELD_CURRENT][0] = 1.3;
    r.value[FIELD_FREQUENCY][0] = 50;
    r.value[FIELD_ENERGY_FORWARD][0] = 553.492;
    r.value[FIELD_ENERGY_TODAY][0] = 1.2;
    r.strings = 2;
    for (unsigned s = 0; s < r.strings; s++)
        r.string[s] = (struct string_reading){"", 150, 31, 5, 0.6, 276.7};
    why[0] = '\0';
    return 0;
}

static void assert_passes(double rated_w)
{
    if (!plausible(&r, rated_w, why))
        fail_msg("dropped: %s", why);
}

static void assert_dropped(double rated_w, const char *because)
{
    assert_false(plausible(&r, rated_w, why));
    assert_string_equal(why, because);
}

static void what_is_good_passes(void **state)
{
    assert_passes(600);
    assert_passes(MISSING);
    reading_init(&r);
    r.by_radio = true;
    assert_passes(600);
}

static void the_three_of_one_reply(void **state)
{
    r.value[FIELD_POWER][0] = 6553.5;
    r.value[FIELD_VOLTAGE][0] = 6553.5;
    r.value[FIELD_CURRENT][0] = 655.35;
    assert_dropped(600, "AC voltage 6553.5 V, the end of its range");
}

/* Each alone, with nothing else to tell it by. */
static void each_end_of_a_range(void **state)
{
    static const struct {
        double *value, end;
        const char *why;
    } cases[] = {
        {&r.value[FIELD_VOLTAGE][0], 6553.5, "AC voltage 6553.5 V, the end of its range"},
        {&r.value[FIELD_VOLTAGE][3], 6553.5, "AC voltage 6553.5 V, the end of its range"},
        {&r.value[FIELD_CURRENT][0], 655.35, "AC current 655.35 A, the end of its range"},
        {&r.value[FIELD_CURRENT][2], 655.35, "AC current 655.35 A, the end of its range"},
        {&r.value[FIELD_CURRENT][0], 655.349976, "AC current 655.35 A, the end of its range"},
        {&r.value[FIELD_POWER][0], 6553.5, "AC power 6553.5 W, the end of its range"},
        {&r.value[FIELD_FREQUENCY][0], 655.35, "frequency 655.35 Hz, the end of its range"},
        {&r.value[FIELD_ENERGY_TODAY][0], 65.535,
         "yield of the day 65.535 kWh, the end of its range"},
        {&r.string[1].voltage_v, 6553.5, "voltage of a string 6553.5 V, the end of its range"},
        {&r.string[0].voltage_v, 6553.5, "voltage of a string 6553.5 V, the end of its range"},
        {&r.string[1].current_a, 655.35, "current of a string 655.35 A, the end of its range"},
        {&r.string[1].power_w, 6553.5, "power of a string 6553.5 W, the end of its range"},
        {&r.string[1].yield_today_kwh, 65.535,
         "a string's yield of the day 65.535 kWh, the end of its range"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setup(NULL);
        *cases[i].value = cases[i].end;
        assert_dropped(MISSING, cases[i].why);
    }
    setup(NULL);
    r.strings = 1;
    r.string[1].power_w = 6553.5; /* not one that there is */
    assert_passes(600);
}

static void a_counter_may_be_where_an_end_is(void **state)
{
    r.value[FIELD_ENERGY_FORWARD][0] = 6553.5;
    r.string[0].yield_total_kwh = 655.35;
    assert_passes(600);
}

static void voltage(void **state)
{
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
        setup(NULL);
        r.value[FIELD_VOLTAGE][slot] = 300;
        assert_passes(600);
        r.value[FIELD_VOLTAGE][slot] = 300.5;
        assert_dropped(600, "AC voltage 300.5 V, possible are 0 to 300 V");
        r.value[FIELD_VOLTAGE][slot] = -0.5;
        assert_dropped(600, "AC voltage -0.5 V, possible are 0 to 300 V");
        r.value[FIELD_VOLTAGE][slot] = 0;
        r.value[FIELD_POWER][0] = r.value[FIELD_CURRENT][0] = 0;
        assert_passes(600);
    }
}

static void frequency(void **state)
{
    static const double good[] = {0, 40, 50, 60, 70}, bad[] = {0.01, 39.9, 70.1, 500};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        r.value[FIELD_FREQUENCY][0] = good[i];
        assert_passes(600);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        r.value[FIELD_FREQUENCY][0] = bad[i];
        assert_false(plausible(&r, 600, why));
    }
    r.value[FIELD_FREQUENCY][0] = 35;
    assert_dropped(600, "frequency 35.00 Hz, possible are 0 and 40 to 70 Hz");
}

static void rating(void **state)
{
    r.value[FIELD_CURRENT][0] = MISSING;
    r.value[FIELD_POWER][0] = 800;
    assert_passes(600);
    r.value[FIELD_POWER][0] = 800.5;
    assert_dropped(600, "AC power 800.5 W, possible are 800 W (it is rated at 600 W)");
    assert_passes(MISSING);
    r.value[FIELD_POWER][0] = -801;
    assert_false(plausible(&r, 600, why));
    r.phases = 3;
    assert_false(plausible(&r, 600, why));
}

static void more_than_volts_and_amperes(void **state)
{
    r.value[FIELD_POWER][0] = 378; /* 1.2 * 230 * 1.3 + 20 = 378.8 */
    assert_passes(600);
    r.value[FIELD_POWER][0] = 379;
    assert_dropped(600, "AC power 379.0 W, possible are 378.8 W (at 230.0 V and 1.30 A)");
    r.phases = 3; /* an HMT's current is not reliable */
    assert_passes(600);
    r.phases = 1;
    r.value[FIELD_CURRENT][0] = MISSING;
    assert_passes(600);
    r.value[FIELD_CURRENT][0] = 1.3;
    r.value[FIELD_VOLTAGE][0] = MISSING;
    assert_passes(600);
}

/* Reactive current: 0.15 A at 230 V, and 2.5 W. */
static void dawn(void **state)
{
    r.value[FIELD_POWER][0] = 2.5;
    r.value[FIELD_CURRENT][0] = 0.15;
    assert_passes(600);
    r.value[FIELD_CURRENT][0] = 3;
    assert_passes(600);
}

static void others_answer_for_themselves(void **state)
{
    r.by_radio = false;
    r.value[FIELD_POWER][0] = 6553.5;
    r.value[FIELD_VOLTAGE][0] = 400;
    r.value[FIELD_FREQUENCY][0] = 16.7;
    assert_passes(600);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(what_is_good_passes),
        TEST(the_three_of_one_reply),
        TEST(each_end_of_a_range),
        TEST(a_counter_may_be_where_an_end_is),
        TEST(voltage),
        TEST(frequency),
        TEST(rating),
        TEST(more_than_volts_and_amperes),
        TEST(dawn),
        TEST(others_answer_for_themselves),
    };
    return cmocka_run_group_tests_name("plausible", tests, NULL, NULL);
}
