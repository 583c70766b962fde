/* What single numbers are thought to be, which of them are chosen, and what speaks for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/guess.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- Names ---- */

static void what_a_name_says(void **state)
{
    static const struct {
        const char *path;
        enum field field;
        enum guess_unit_id unit;
        unsigned slot;
        int score;
    } cases[] = {
        {"power", FIELD_POWER, UNITS, 0, 20},
        {"p", FIELD_POWER, UNITS, 0, 10},
        {"total_power", FIELD_POWER, UNITS, 0, 24},
        {"active_power", FIELD_POWER, UNITS, 0, 22},
        {"grid_power", FIELD_POWER, UNITS, 0, 22},
        {"phase_power", FIELD_POWER, UNITS, 0, 17},
        {"power/x", FIELD_POWER, UNITS, 0, 18},
        {"power/x/1", FIELD_POWER, UNITS, 0, 16},
        {"p/x", FIELD_POWER, UNITS, 0, 8},
        {"TotalPower", FIELD_POWER, UNITS, 0, 24}, /* two words without a gap */
        {"gridPower", FIELD_POWER, UNITS, 0, 22},
        {"limit/power", FIELD_POWER, UNITS, 0, 20}, /* the last name counts most */
        {"temp", FIELD_TEMPERATURE, UNITS, 0, 20},
        {"i", FIELD_CURRENT, UNITS, 0, 10},
        {"v", FIELD_VOLTAGE, UNITS, 0, 10},
        {"ret", FIELD_ENERGY_REVERSE, UNITS, 0, 10},
        {"today", FIELD_ENERGY_TODAY, UNITS, 0, 10},
        {"export/total", FIELD_ENERGY_REVERSE, UNITS, 0, 14},
        {"energy/total", FIELD_ENERGY_FORWARD, UNITS, 0, 14},
        {"energy/returned", FIELD_ENERGY_REVERSE, UNITS, 0, 10},
        {"export/energy/x", FIELD_ENERGY_REVERSE, UNITS, 0, 18},
        {"x/current", FIELD_CURRENT, UNITS, 0, 20},
        {"current", FIELD_CURRENT, UNITS, 0, 20},
        {"voltage/current", FIELD_CURRENT, UNITS, 0, 20},
        {"power/current/x", FIELD_POWER, UNITS, 0, 18}, /* the present one */
        /* Units */
        {"kw", FIELD_POWER, UNIT_KW, 0, 20},
        {"load_kW", FIELD_POWER, UNIT_KW, 0, 20},
        {"kWh", FIELD_ENERGY_FORWARD, UNIT_KWH, 0, 20},
        {"Wh", FIELD_ENERGY_FORWARD, UNIT_WH, 0, 20},
        {"export_MWh", FIELD_ENERGY_REVERSE, UNIT_MWH, 0, 20},
        {"mV", FIELD_VOLTAGE, UNIT_MV, 0, 20},
        {"mA", FIELD_CURRENT, UNIT_MA, 0, 20},
        /* What Shelly counts in */
        {"meters/0/total", FIELD_ENERGY_FORWARD, UNIT_WMIN, 0, 14},
        {"emeters/0/total", FIELD_ENERGY_FORWARD, UNIT_WH, 0, 14},
        {"emeters/0/total_returned", FIELD_ENERGY_REVERSE, UNIT_WH, 0, 14},
        {"switch:0/aenergy/total", FIELD_ENERGY_FORWARD, UNIT_WH, 0, 14},
        {"total_act_energy", FIELD_ENERGY_FORWARD, UNIT_WH, 0, 26},
        {"meters/0/power", FIELD_POWER, UNITS, 0, 20},
        {"meters/0/total_kwh", FIELD_ENERGY_FORWARD, UNIT_KWH, 0, 24},
        {"meters2/0/total", FIELD_ENERGY_FORWARD, UNITS, 0, 14},
        {"emeters2/0/total", FIELD_ENERGY_FORWARD, UNITS, 0, 14},
        /* OBIS codes */
        {"1-0:1.8.0*255", FIELD_ENERGY_FORWARD, UNITS, 0, 30},
        {"2.8.0", FIELD_ENERGY_REVERSE, UNITS, 0, 30},
        {"16_7_0", FIELD_POWER, UNITS, 0, 30},
        {"36-7-0", FIELD_POWER, UNITS, 1, 30},
        {"56.7.0", FIELD_POWER, UNITS, 2, 30},
        {"76.7.0", FIELD_POWER, UNITS, 3, 30},
        {"32.7.0", FIELD_VOLTAGE, UNITS, 1, 30},
        {"52.7.0", FIELD_VOLTAGE, UNITS, 2, 30},
        {"72.7.0", FIELD_VOLTAGE, UNITS, 3, 30},
        {"31.7.0", FIELD_CURRENT, UNITS, 1, 30},
        {"51.7.0", FIELD_CURRENT, UNITS, 2, 30},
        {"71.7.0", FIELD_CURRENT, UNITS, 3, 30},
        {"14.7.0", FIELD_FREQUENCY, UNITS, 0, 30},
        {"SML/1.8.0/", FIELD_ENERGY_FORWARD, UNITS, 0, 30},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct guess_name n;
        if (!guess_name(cases[i].path, &n))
            fail_msg("%s says nothing", cases[i].path);
        if (n.field != cases[i].field || n.unit != cases[i].unit || n.slot != cases[i].slot ||
            n.score != cases[i].score)
            fail_msg("%s: field %d, unit %d, slot %u, score %d", cases[i].path, (int)n.field,
                     (int)n.unit, n.slot, n.score);
    }
}

static void names_that_say_nothing(void **state)
{
    static const char *const paths[] = {
        "",
        "x",
        "pow",
        "ower", /* a part of a word is none */
        "powerx",
        "apparent_power",
        "power/max/1", /* whatever stands above */
        "power/x/y/z", /* too far above */
        "power/dc",
        "MPPT/x/power",
        "4294967297.8.0", /* a number that would be 1 in 32 bits */
        "1.8",
        "1.8.1",
        "1.7.0",
        "16.8.0",
        "1 8 0",
        "1.8.x",
        "powerpowerpowerpowerpowe", /* longer than any word */
        "powerpowerpowerpowerpowerpower",
    };
    struct guess_name n;

    for (size_t i = 0; i < COUNT(paths); i++) {
        if (guess_name(paths[i], &n))
            fail_msg("%s is %s", paths[i], field_key(n.field));
    }
}

/* More names than any reply has: what is behind the first of them is not looked at. */
static void a_path_of_many_names(void **state)
{
    char path[200] = "power";
    struct guess_name n;

    for (int i = 0; i < 40; i++)
        strcat(path, "/x");
    strcat(path, "/power");
    assert_false(guess_name(path, &n));
}

/* What is calculated with is what is written into the configuration. */
static void a_factor_is_its_text(void **state)
{
    for (unsigned u = 0; u < UNITS; u++) {
        if (guess_units[u].times != strtod(guess_units[u].factor, NULL))
            fail_msg("%s: %g", guess_units[u].name, guess_units[u].times);
    }
}

/* ---- Single numbers ---- */

static struct guess_number numbers[16];
static struct guess g;

static void make(const struct guess_number *of, size_t count)
{
    assert_true(count <= COUNT(numbers));
    memcpy(numbers, of, count * sizeof *of);
    memset(&g, 0x55, sizeof g);
    guess_make(numbers, count, &g);
}

#define MAKE(...)                                    \
    make((const struct guess_number[]){__VA_ARGS__}, \
         sizeof((const struct guess_number[]){__VA_ARGS__}) / sizeof(struct guess_number))
#define N(path_, value_)                   \
    {                                      \
        .path = (path_), .value = (value_) \
    }

static void assert_chosen(enum field f, int whole, int l1, int l2, int l3)
{
    const int *of = g.of[f];

    if (of[0] != whole || of[1] != l1 || of[2] != l2 || of[3] != l3)
        fail_msg("%s: %d %d %d %d", field_key(f), of[0], of[1], of[2], of[3]);
}

static void the_unit_by_its_size(void **state)
{
    static const struct {
        const char *path;
        double value;
        enum guess_unit_id unit; /* UNITS: it is none that a house has */
        bool sure;
    } cases[] = {
        {"u", 79.9, UNITS, false},
        {"u", 80, UNIT_V, true},
        {"u", 480, UNIT_V, true},
        {"u", 480.5, UNITS, false},
        {"u", 799, UNITS, false},
        {"u", 800, UNIT_DECI_V, true},
        {"u", 4800, UNIT_DECI_V, true},
        {"u", 4805, UNITS, false},
        {"u", 8000, UNIT_CENTI_V, true},
        {"u", 48000, UNIT_CENTI_V, true},
        {"u", 80000, UNIT_MV, true},
        {"u", 480000, UNIT_MV, true},
        {"u", 480500, UNITS, false},
        {"freq", 44.9, UNITS, false},
        {"freq", 45, UNIT_HZ, true},
        {"freq", 65, UNIT_HZ, true},
        {"freq", 65.1, UNITS, false},
        {"freq", 500, UNIT_DECI_HZ, true},
        {"freq", 5000, UNIT_CENTI_HZ, true},
        {"freq", 50000, UNIT_MHZ, true},
        {"freq", 66000, UNITS, false},
        {"pf", 1, UNIT_ONE, true},
        {"pf", -1, UNIT_ONE, true},
        {"pf", 1.01, UNIT_PERCENT, true},
        {"pf", -1.01, UNIT_PERCENT, true},
        {"pf", 100, UNIT_PERCENT, true},
        {"pf", -100, UNIT_PERCENT, true},
        {"pf", 101, UNITS, false},
        {"temp", -60, UNITS, false},
        {"temp", -59.5, UNIT_C, true},
        {"temp", 149.5, UNIT_C, true},
        {"temp", 150, UNITS, false},
        {"i", 400, UNIT_A, true},
        {"i", -400, UNIT_A, true},
        {"i", 400.5, UNIT_MA, true},
        {"i", -400.5, UNIT_MA, true},
        {"p", 1e6, UNIT_W, true},
        {"p", -1e6, UNIT_W, true},
        {"p", 1e6 + 1, UNITS, false},
        {"kw", 3, UNIT_KW, true},
        {"today", 200, UNIT_KWH, false},
        {"today", 200.5, UNIT_WH, false},
        {"today", 1e8, UNIT_WH, false},
        {"today_kwh", 300, UNIT_KWH, true},
        {"energy", 100000, UNIT_KWH, false},
        {"energy", 100000.5, UNIT_WH, false},
        {"energy", 1e7, UNIT_WH, false},
        {"energy", 1e7 + 1, UNIT_WH, true},
        {"export", 100000.5, UNIT_WH, false},
        {"export", 1e7 + 1, UNIT_WH, true},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        MAKE(N(cases[i].path, cases[i].value));
        enum guess_unit_id unit = numbers[0].known ? numbers[0].unit : UNITS;
        if (unit != cases[i].unit || (unit != UNITS && numbers[0].sure != cases[i].sure))
            fail_msg("%s = %g: unit %d, sure %d", cases[i].path, cases[i].value, (int)unit,
                     numbers[0].sure);
    }
}

static void how_it_moves(void **state)
{
    MAKE({.path = "energy", .value = 0}, {.path = "energy/1", .value = -0.5},
         {.path = "energy/2", .value = 5, .motion = GUESS_MOVES},
         {.path = "energy/3", .value = 5, .motion = GUESS_RISES},
         {.path = "power", .value = 5, .motion = GUESS_RISES},
         {.path = "power/1", .value = -5, .motion = GUESS_MOVES}, );
    assert_true(numbers[0].known);
    assert_int_equal(numbers[0].score, 20);
    assert_false(numbers[1].known); /* a counter is at least 0 ... */
    assert_false(numbers[2].known); /* ... and never falls */
    assert_true(numbers[3].known);
    assert_int_equal(numbers[3].score, 18 + 3);
    assert_true(numbers[4].known);
    assert_int_equal(numbers[4].score, 20);
    assert_true(numbers[5].known);
}

/* ---- Some that are alike ---- */

static void which_names_are_a_row(void **state)
{
    static const struct {
        const char *first, *second, *third;
        bool phases;
    } cases[] = {
        {"a_power", "b_power", "c_power", true},
        {"A/power", "B/power", "C/power", true},
        {"r/power", "s/power", "t/power", true},
        {"R/power", "S/power", "T/power", true},
        {"pA/power", "pB/power", "pC/power", true},
        {"x_A/power", "x_B/power", "x_C/power", true},
        {"power/0", "power/1", "power/2", true},
        {"power/1", "power/2", "power/3", true},
        {"l1/power", "l2/power", "l3/power", true},
        {"em0/power", "em1/power", "em2/power", true},
        {"1a/power", "1b/power", "1c/power", true},
        {"pa/power", "pb/power", "pc/power", false}, /* a letter of a word */
        {"PA/power", "PB/power", "PC/power", false},
        {"ax/power", "bx/power", "cx/power", false},
        {"a1/power", "b1/power", "c1/power", false},
        {"11/power", "12/power", "13/power", false},
        {"10/power", "20/power", "30/power", false},
        {"power/2", "power/3", "power/4", false},
        {"power/0", "power/1", "power/3", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        MAKE(N(cases[i].first, 100), N(cases[i].second, 200), N(cases[i].third, 300));
        if ((g.of[FIELD_POWER][1] >= 0) != cases[i].phases)
            fail_msg("%s: %d", cases[i].first, g.of[FIELD_POWER][1]);
        if (cases[i].phases) {
            assert_chosen(FIELD_POWER, -1, 0, 1, 2);
            for (unsigned n = 0; n < PHASES; n++)
                assert_int_equal(numbers[n].slot, n + 1);
        } else {
            assert_int_equal(g.of[FIELD_POWER][0], 0);
        }
    }
}

static void rows_of_other_lengths(void **state)
{
    MAKE(N("power/0", 1), N("power/1", 2), N("power/2", 3), N("power/3", 4));
    assert_chosen(FIELD_POWER, 0, -1, -1, -1);
    assert_int_equal(g.second[FIELD_POWER], -1);
    MAKE(N("power/0", 1), N("power/1", 2), N("power/2", 3), N("power/3", 4), N("power/4", 5),
         N("power/5", 6));
    assert_chosen(FIELD_POWER, 0, -1, -1, -1);
    MAKE(N("power/1", 1), N("power/2", 2), N("x", 3));
    assert_chosen(FIELD_POWER, 0, -1, -1, -1);
    assert_int_equal(g.second[FIELD_POWER], 1);
    MAKE(N("u/0", 230), N("u/1", 230), N("u/2", 0)); /* no voltage of a house */
    assert_chosen(FIELD_VOLTAGE, 0, -1, -1, -1);
    assert_int_equal(g.second[FIELD_VOLTAGE], -1); /* two voltages are no sum */
}

static void what_can_have_phases(void **state)
{
    static const struct {
        const char *path[3];
        enum field field;
        double value;
        bool phases;
    } cases[] = {
        {{"p/0", "p/1", "p/2"}, FIELD_POWER, 50, true},
        {{"u/0", "u/1", "u/2"}, FIELD_VOLTAGE, 230, true},
        {{"i/0", "i/1", "i/2"}, FIELD_CURRENT, 2, true},
        {{"pf/0", "pf/1", "pf/2"}, FIELD_POWER_FACTOR, 1, true},
        {{"energy/0", "energy/1", "energy/2"}, FIELD_ENERGY_FORWARD, 7, true},
        {{"export/0", "export/1", "export/2"}, FIELD_ENERGY_REVERSE, 7, true},
        {{"today/0", "today/1", "today/2"}, FIELD_ENERGY_TODAY, 7, false},
        {{"freq/0", "freq/1", "freq/2"}, FIELD_FREQUENCY, 50, false},
        {{"temp/0", "temp/1", "temp/2"}, FIELD_TEMPERATURE, 20, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        MAKE(N(cases[i].path[0], cases[i].value), N(cases[i].path[1], cases[i].value),
             N(cases[i].path[2], cases[i].value));
        if (cases[i].phases)
            assert_chosen(cases[i].field, -1, 0, 1, 2);
        else
            assert_chosen(cases[i].field, 0, -1, -1, -1);
        for (enum field f = 0; f < FIELD_COUNT; f++) {
            if (f != cases[i].field)
                assert_chosen(f, -1, -1, -1, -1);
        }
    }
}

/* ---- The choice ---- */

static void phases_by_their_codes(void **state)
{
    MAKE(N("76.7.0", 300), N("56.7.0", 200), N("36.7.0", 100), N("36_7_0", 5000), N("76_7_0", 5000),
         N("power/0", 5000), N("power/1", 5000), N("power/2", 5000));
    assert_chosen(FIELD_POWER, -1, 2, 1, 0); /* of two with one code, the first */
    MAKE(N("76.7.0", 3), N("56.7.0", 2));    /* all three, or none */
    assert_chosen(FIELD_POWER, -1, -1, -1, -1);
    MAKE(N("36.7.0", 3), N("56.7.0", 2));
    assert_chosen(FIELD_POWER, -1, -1, -1, -1);
    MAKE(N("36.7.0", 3), N("76.7.0", 2), N("power", 5));
    assert_chosen(FIELD_POWER, 2, -1, -1, -1);
}

static void the_row_with_the_better_name(void **state)
{
    MAKE(N("x/a/p", 1), N("x/b/p", 2), N("x/c/p", 3), N("a_power", 4), N("b_power", 5),
         N("c_power", 6), N("y/a/p", 1), N("y/b/p", 2), N("y/c/p", 3));
    assert_chosen(FIELD_POWER, -1, 3, 4, 5);
    MAKE(N("a_power", 4), N("b_power", 5), N("c_power", 6), N("x/a/power", 1), N("x/b/power", 2),
         N("x/c/power", 3));
    assert_chosen(FIELD_POWER, -1, 0, 1, 2); /* of equals, the first */
}

static void phases_have_one_unit(void **state)
{
    MAKE(N("i/0", 500), N("i/1", 300), N("i/2", 20));
    for (unsigned n = 0; n < PHASES; n++)
        assert_int_equal(numbers[n].unit, UNIT_MA);
    /* And the whole has theirs. */
    MAKE(N("energy/0", 200000), N("energy/1", 300000), N("energy/2", 99000),
         N("total_energy", 599000));
    assert_chosen(FIELD_ENERGY_FORWARD, 3, 0, 1, 2);
    for (unsigned n = 0; n < 4; n++)
        assert_int_equal(numbers[n].unit, UNIT_WH);
    MAKE(N("energy/0", 40000), N("energy/1", 30000), N("energy/2", 50000),
         N("total_energy", 120000));
    assert_int_equal(numbers[3].unit, UNIT_KWH);
}

/* What the phases are together, but for 5 % and 10 W. */
static void the_whole_is_their_sum(void **state)
{
    static const struct {
        double whole;
        bool is;
    } cases[] = {{600, true}, {640, true}, {640.5, false}, {560, true}, {559.5, false}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        MAKE(N("p/0", 100), N("p/1", 200), N("p/2", 300), N("power", cases[i].whole));
        assert_chosen(FIELD_POWER, cases[i].is ? 3 : -1, 0, 1, 2);
    }
    MAKE(N("u/0", 230), N("u/1", 230), N("u/2", 230), N("voltage", 230));
    assert_chosen(FIELD_VOLTAGE, -1, 0, 1, 2);
    MAKE(N("i/0", 1), N("i/1", 1), N("i/2", 1), N("current", 3));
    assert_chosen(FIELD_CURRENT, -1, 0, 1, 2);
    MAKE(N("export/0", 1), N("export/1", 1), N("export/2", 1), N("export_total", 3));
    assert_chosen(FIELD_ENERGY_REVERSE, 3, 0, 1, 2);
}

static void the_whole_has_the_best_name(void **state)
{
    MAKE(N("p", 1), N("total_power", 2), N("power", 3), N("power/total", 4));
    assert_chosen(FIELD_POWER, 1, -1, -1, -1);
    MAKE(N("power", 1), N("leistung", 2));
    assert_chosen(FIELD_POWER, 0, -1, -1, -1);
}

/* Two alike are added, where that makes sense; of two, the current of one is not that of both. */
static void two_are_added(void **state)
{
    MAKE(N("p1", 1), N("p2", 2), N("today1", 3), N("today2", 4), N("energy1", 5), N("energy2", 6),
         N("export1", 7), N("export2", 8), N("i1", 1), N("i2", 2), N("pf1", 1), N("pf2", 1),
         N("u1", 230), N("u2", 230));
    assert_chosen(FIELD_POWER, 0, -1, -1, -1);
    assert_int_equal(g.second[FIELD_POWER], 1);
    assert_int_equal(g.second[FIELD_ENERGY_TODAY], 3);
    assert_int_equal(g.second[FIELD_ENERGY_FORWARD], 5);
    assert_int_equal(g.second[FIELD_ENERGY_REVERSE], 7);
    assert_chosen(FIELD_CURRENT, -1, -1, -1, -1);
    assert_chosen(FIELD_POWER_FACTOR, -1, -1, -1, -1);
    assert_chosen(FIELD_VOLTAGE, 12, -1, -1, -1);
    MAKE(N("p1", 1), N("p2", 2), N("i", 1), N("pf", 1));
    assert_chosen(FIELD_CURRENT, 2, -1, -1, -1);
    assert_chosen(FIELD_POWER_FACTOR, 3, -1, -1, -1);
    MAKE(N("p", 1), N("i1", 1), N("i2", 1));
    assert_chosen(FIELD_CURRENT, 1, -1, -1, -1);
    assert_int_equal(g.second[FIELD_CURRENT], -1);
    MAKE(N("i1", 1), N("i2", 1), N("p1", 1), N("p2", 2));
    assert_chosen(FIELD_CURRENT, -1, -1, -1, -1);
}

/* ---- What fits together ---- */

#define RISING(path_, value_, per_s_)                                                \
    {                                                                                \
        .path = (path_), .value = (value_), .motion = GUESS_RISES, .per_s = (per_s_) \
    }

/* 720 W are 0.2 Wh/s. */
static void a_counter_by_how_fast_it_rises(void **state)
{
    static const struct {
        double power, per_s;
        enum guess_unit_id unit; /* UNITS: it does not count this power */
    } cases[] = {
        {720, 0.2, UNIT_WH},  {720, 0.0002, UNIT_KWH}, {720, 12, UNIT_WMIN},   {720, 720, UNIT_WS},
        {720, 0.1, UNITS},    {720, 0.4, UNITS},       {720, 0.101, UNIT_WH},  {720, 0.099, UNITS},
        {720, 0.39, UNIT_WH}, {720, 0.41, UNITS},      {-720, 0.2, UNIT_WH},   {720, 7200, UNITS},
        {20, 20, UNITS},      {20.5, 20, UNIT_WS},     {-20.5, 20.5, UNIT_WS},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        MAKE(N("p", cases[i].power), RISING("x", 5, cases[i].per_s));
        if (numbers[1].known != (cases[i].unit != UNITS) ||
            (numbers[1].known && numbers[1].unit != cases[i].unit))
            fail_msg("%g W, %g/s: unit %d", cases[i].power, cases[i].per_s, (int)numbers[1].unit);
        if (!numbers[1].known)
            continue;
        assert_int_equal(numbers[1].score, 5);
        assert_true(numbers[1].sure);
        assert_int_equal(numbers[1].field,
                         cases[i].power > 0 ? FIELD_ENERGY_FORWARD : FIELD_ENERGY_REVERSE);
    }
}

static void what_a_counter_cannot_be(void **state)
{
    MAKE(N("p", 720), RISING("x", 0, 0.2), N("y", 5), RISING("u", 230, 0.2),
         {.path = "z", .value = 5, .motion = GUESS_MOVES, .per_s = 0.2});
    assert_false(numbers[1].known);
    assert_false(numbers[2].known);
    assert_int_equal(numbers[3].unit, UNIT_V);
    assert_false(numbers[4].known);
    MAKE(RISING("x", 5, 0.2)); /* without a power */
    assert_false(numbers[0].known);
}

/* Also as the first of the reply, and hardly begun. */
static void a_counter_wherever_it_stands(void **state)
{
    MAKE(RISING("x", 0.5, 0.2), N("p", 720));
    assert_int_equal(numbers[0].unit, UNIT_WH);
    assert_chosen(FIELD_ENERGY_FORWARD, 0, -1, -1, -1);
}

static void a_counter_with_a_name_gets_its_unit(void **state)
{
    MAKE(N("p", 720), RISING("energy", 500, 0.2));
    assert_int_equal(numbers[1].unit, UNIT_WH);
    assert_true(numbers[1].sure);
    assert_int_equal(numbers[1].score, 20 + 3 + 5);
    MAKE(N("p", -720), RISING("energy", 500, 0.2)); /* what its name says stays */
    assert_int_equal(numbers[1].field, FIELD_ENERGY_FORWARD);
}

static void the_power_of_the_phases(void **state)
{
    MAKE(N("p/0", 200), N("p/1", 220), N("p/2", 300), RISING("x", 5, 0.2));
    assert_int_equal(numbers[3].unit, UNIT_WH);
    assert_int_equal(numbers[3].field, FIELD_ENERGY_FORWARD);
    MAKE(N("p/0", 6), N("p/1", 7), N("p/2", 7), RISING("x", 5, 20)); /* no more than 20 W */
    assert_false(numbers[3].known);
    MAKE(N("p/0", 6), N("p/1", 7), N("p/2", 7.5), RISING("x", 5, 20));
    assert_int_equal(numbers[3].unit, UNIT_WS);
    MAKE(N("load_kw", 0.72), RISING("x", 5, 0.2));
    assert_int_equal(numbers[1].unit, UNIT_WH);
}

/* 23 W at 230 V are 0.1 A. */
static void milliamperes_by_power_and_voltage(void **state)
{
    static const struct {
        double power, voltage, current;
        enum guess_unit_id unit;
    } cases[] = {
        {23, 230, 100, UNIT_MA},   {23, 230, -100, UNIT_MA},   {-23, 230, 100, UNIT_MA},
        {23, 2300, 100, UNIT_MA},  {23, 230, 0.1, UNIT_A},     {23, 230, 30, UNIT_A},
        {23, 230, 30.05, UNIT_MA}, {23, 230, 299.95, UNIT_MA}, {23, 230, 300, UNIT_A},
        {20, 230, 87, UNIT_A},     {20.5, 230, 87, UNIT_MA},   {23, 5, 100, UNIT_A},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        MAKE(N("p", cases[i].power), N("u", cases[i].voltage), N("i", cases[i].current));
        if (numbers[2].unit != cases[i].unit)
            fail_msg("%g W, %g V, %g: unit %d", cases[i].power, cases[i].voltage, cases[i].current,
                     (int)numbers[2].unit);
    }
    MAKE(N("u", 230), N("i", 100));
    assert_int_equal(numbers[1].unit, UNIT_A);
    MAKE(N("i", 100), N("u", 230), N("p", 23)); /* wherever they stand */
    assert_int_equal(numbers[0].unit, UNIT_MA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_name_says),
        cmocka_unit_test(names_that_say_nothing),
        cmocka_unit_test(a_path_of_many_names),
        cmocka_unit_test(a_factor_is_its_text),
        cmocka_unit_test(the_unit_by_its_size),
        cmocka_unit_test(how_it_moves),
        cmocka_unit_test(which_names_are_a_row),
        cmocka_unit_test(rows_of_other_lengths),
        cmocka_unit_test(what_can_have_phases),
        cmocka_unit_test(phases_by_their_codes),
        cmocka_unit_test(the_row_with_the_better_name),
        cmocka_unit_test(phases_have_one_unit),
        cmocka_unit_test(the_whole_is_their_sum),
        cmocka_unit_test(the_whole_has_the_best_name),
        cmocka_unit_test(two_are_added),
        cmocka_unit_test(a_counter_by_how_fast_it_rises),
        cmocka_unit_test(what_a_counter_cannot_be),
        cmocka_unit_test(a_counter_wherever_it_stands),
        cmocka_unit_test(a_counter_with_a_name_gets_its_unit),
        cmocka_unit_test(the_power_of_the_phases),
        cmocka_unit_test(milliamperes_by_power_and_voltage),
    };
    return cmocka_run_group_tests_name("guess_numbers", tests, NULL, NULL);
}
