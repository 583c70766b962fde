/* What a template can say beyond one number of one reply: phases, export, PV inputs, sleep, several requests. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit/support/driver_run.h"
#include "unit/support/template_fixture.h"

static struct template_conf *conf_of(struct run *run)
{
    return &run->conf->template;
}

static void set_phases(struct run *run, enum field f, const char *l1, const char *l2,
                       const char *l3, double mult)
{
    const char *const paths[] = {l1, l2, l3};
    struct template_value *v = &conf_of(run)->value[f];

    v->mult = mult;
    v->fallback = MISSING;
    for (size_t i = 0; i < PHASES; i++)
        (void)snprintf(v->path[i + 1], sizeof v->path[i + 1], "%s", paths[i]);
}

/* ---- Phases ---- */

static void the_phases_are_the_device_s_own(void **state)
{
    struct run *run = *state;
    set_phases(run, FIELD_POWER, "a", "b", "c", 1);
    set_phases(run, FIELD_ENERGY_FORWARD, "e", "e", "e", 0.001);
    set_phases(run, FIELD_ENERGY_REVERSE, "r", "r", "r * 2", 0.001);
    set_phases(run, FIELD_VOLTAGE, "u", "u", "u", 1);
    const struct reading *r =
        poll_with(run, "{\"a\":-110,\"b\":10,\"c\":694,\"e\":2000,\"r\":500,\"u\":231}");
    assert_int_equal(r->phases, 3);
    assert_value(r, FIELD_POWER, 594);
    assert_phase(r, FIELD_POWER, 1, -110);
    assert_phase(r, FIELD_POWER, 2, 10);
    assert_phase(r, FIELD_POWER, 3, 694);
    assert_value(r, FIELD_ENERGY_FORWARD, 6);
    assert_phase(r, FIELD_ENERGY_FORWARD, 2, 2);
    assert_value(r, FIELD_ENERGY_REVERSE, 2);
    assert_phase(r, FIELD_ENERGY_REVERSE, 3, 1);
    assert_missing(r, FIELD_VOLTAGE); /* three voltages are no one voltage */
    assert_phase(r, FIELD_VOLTAGE, 1, 231);
}

static void a_total_of_its_own_is_believed(void **state)
{
    struct run *run = *state;
    set(&conf_of(run)->value[FIELD_POWER], "t", 1, MISSING);
    set_phases(run, FIELD_POWER, "a", "b", "c", 1);
    const struct reading *r = poll_with(run, "{\"t\":590,\"a\":-110,\"b\":10,\"c\":694}");
    assert_value(r, FIELD_POWER, 590);
}

static void a_phase_that_is_missing_leaves_no_total(void **state)
{
    struct run *run = *state;
    set_phases(run, FIELD_POWER, "a", "b", "c", 1);
    set_phases(run, FIELD_ENERGY_FORWARD, "e", "e", "e", 1);
    const struct reading *r = poll_with(run, "{\"a\":5,\"b\":null,\"c\":7,\"e\":1}");
    assert_missing(r, FIELD_POWER);
    assert_int_equal(r->reach, REACH_ASLEEP);
    assert_string_equal(r->why, "CUST_Power_L2: b is null at present (is the device asleep?)");
    r = poll_with(run, "{\"a\":5,\"c\":7,\"e\":1}");
    assert_true(r->at_once);
    assert_non_null(strstr(r->why, "CUST_Power_L2: b is not in the reply, which has a, c, e"));
}

static void two_phases_of_a_list(void **state)
{
    struct run *run = *state;
    set(&conf_of(run)->value[FIELD_POWER], "p/*", 1, MISSING);
    set_phases(run, FIELD_POWER, "p/0", "p/1", "p/2", 1);
    const struct reading *r = poll_with(run, "{\"p\":[100,50]}");
    assert_value(r, FIELD_POWER, 150);
    assert_int_equal(r->phases, 3);
    assert_phase(r, FIELD_POWER, 2, 50);
    assert_phase(r, FIELD_POWER, 3, MISSING);
    r = poll_with(run, "{\"p\":100}");
    assert_value(r, FIELD_POWER, 100);
    assert_int_equal(r->phases, 0);
}

static void voltages_between_lines(void **state)
{
    struct run *run = *state;
    set(&conf_of(run)->value[FIELD_POWER], "p", 1, MISSING);
    set_phases(run, FIELD_VOLTAGE, "ab", "bc", "ca", 1);
    conf_of(run)->line_to_line = true;
    const struct reading *r = poll_with(run, "{\"p\":1,\"ab\":400,\"bc\":398,\"ca\":402}");
    assert_phase(r, FIELD_VOLTAGE, 1, 230.940107675850);
    assert_phase(r, FIELD_VOLTAGE, 3, 232.094808214229);
}

static void what_no_phase_can_have_is_missing(void **state)
{
    struct run *run = *state;
    set_phases(run, FIELD_POWER, "a", "b", "c", 1);
    const struct reading *r = poll_with(run, "{\"a\":1e12,\"b\":1,\"c\":1}");
    assert_phase(r, FIELD_POWER, 1, MISSING);
    assert_missing(r, FIELD_POWER);
    assert_int_equal(r->reach, REACH_NO_POWER);
    set_phases(run, FIELD_POWER, "a", "", "", 1);
    for (int i = 0; i < 2; i++) {
        r = poll_with(run, "{\"a\":1e12}");
        assert_int_equal(r->reach, REACH_NO_POWER);
        assert_non_null(strstr(r->why, "CUST_Power_L1 is 1e+12 in the reply"));
    }
}

/* A constant is no sign of life: what answers may be another device, or say only that it failed. */
static void a_constant_is_in_no_reply(void **state)
{
    struct run *run = *state;
    set(&conf_of(run)->value[FIELD_POWER], "p", 1, MISSING);
    set(&conf_of(run)->value[FIELD_MAX_POWER], "(800)", 1, MISSING);
    assert_null(poll_with(run, "{\"error\":1}"));
    assert_non_null(strstr(run_why(run, PATH), "CUST_Power: p is not in the reply"));
    set(&conf_of(run)->value[FIELD_VOLTAGE], "u", 1, MISSING);
    assert_int_equal(poll_with(run, "{\"u\":null}")->reach, REACH_NO_POWER);
    assert_int_equal(poll_with(run, "{\"u\":230}")->reach, REACH_ASLEEP);
    set(&conf_of(run)->value[FIELD_VOLTAGE], "", 1, MISSING);
    set(&conf_of(run)->value[FIELD_POWER], "(100)", 1, MISSING);
    assert_value(poll_with(run, "{\"error\":1}"), FIELD_POWER, 100); /* nothing was to be there */
}

/* ---- What is not always there ---- */

static void what_is_left_out_is_not_added(void **state)
{
    struct run *run = *state;
    set(&conf_of(run)->value[FIELD_POWER], "p? + old/p?", 1, MISSING);
    set(&conf_of(run)->value[FIELD_ENERGY_FORWARD], "e - r?", 0.001, MISSING);
    const struct reading *r = poll_with(run, "{\"p\":100,\"e\":5000,\"r\":1000}");
    assert_value(r, FIELD_POWER, 100);
    assert_value(r, FIELD_ENERGY_FORWARD, 4);
    r = poll_with(run, "{\"old\":{\"p\":90},\"e\":5000}");
    assert_value(r, FIELD_POWER, 90);
    assert_value(r, FIELD_ENERGY_FORWARD, 5);
    r = poll_with(run, "{\"e\":5000,\"r\":null}");
    assert_missing(r, FIELD_POWER); /* and is not 0 */
    assert_missing(r, FIELD_ENERGY_FORWARD);
    assert_non_null(strstr(r->why, "CUST_Power: p is not in the reply, which has e"));
}

static void a_mistake_is_not_left_out(void **state)
{
    struct run *run = *state;
    set(&conf_of(run)->value[FIELD_POWER], "p - gone? - x", 1, MISSING);
    const struct reading *r = poll_with(run, "{\"p\":100}");
    assert_missing(r, FIELD_POWER);
    assert_non_null(strstr(r->why, "CUST_Power: x is not in the reply"));
}

static void the_other_way_round(void **state)
{
    struct run *run = *state;
    set_phases(run, FIELD_POWER, "a", "b", "c", 1);
    set_phases(run, FIELD_ENERGY_FORWARD, "e", "e", "e", 1);
    set(&conf_of(run)->value[FIELD_ENERGY_REVERSE], "r", 1, MISSING);
    set(&conf_of(run)->value[FIELD_CURRENT], "i", 1, MISSING);
    conf_of(run)->reversed = true;
    const struct reading *r =
        poll_with(run, "{\"a\":-110,\"b\":10,\"c\":-400,\"e\":2,\"r\":70,\"i\":3}");
    assert_value(r, FIELD_POWER, 500);
    assert_phase(r, FIELD_POWER, 1, 110);
    assert_phase(r, FIELD_POWER, 2, -10);
    assert_value(r, FIELD_ENERGY_FORWARD, 70);
    assert_phase(r, FIELD_ENERGY_FORWARD, 1, MISSING);
    assert_value(r, FIELD_ENERGY_REVERSE, 6);
    assert_phase(r, FIELD_ENERGY_REVERSE, 3, 2);
    assert_value(r, FIELD_CURRENT, 3);
    r = poll_with(run, "{\"a\":0,\"b\":0,\"c\":0,\"e\":2,\"r\":70,\"i\":3}");
    assert_false(signbit(r->value[FIELD_POWER][0]));
}

/* ---- The other quantities ---- */

static void what_else_there_is(void **state)
{
    struct run *run = *state;
    struct template_conf *c = conf_of(run);
    set(&c->value[FIELD_POWER], "p", 1, MISSING);
    set(&c->value[FIELD_ENERGY_TODAY], "d", 0.001, MISSING);
    set(&c->value[FIELD_FREQUENCY], "f", 1, MISSING);
    set(&c->value[FIELD_TEMPERATURE], "t", 1, MISSING);
    set(&c->value[FIELD_MAX_POWER], "(800)", 1, MISSING);
    set(&c->value[FIELD_POWER_FACTOR], "pf", 0.01, MISSING);
    const struct reading *r =
        poll_with(run, "{\"p\":1,\"d\":1500,\"f\":\"50.02\",\"t\":31.5,\"pf\":98}");
    assert_value(r, FIELD_ENERGY_TODAY, 1.5);
    assert_value(r, FIELD_FREQUENCY, 50.02);
    assert_value(r, FIELD_TEMPERATURE, 31.5);
    assert_value(r, FIELD_MAX_POWER, 800);
    assert_value(r, FIELD_POWER_FACTOR, 0.98);
}

static void pv_inputs(void **state)
{
    struct run *run = *state;
    struct template_conf *c = conf_of(run);
    set(&c->value[FIELD_POWER], "p1 + p2", 1, MISSING);
    c->value[FIELD_ENERGY_TODAY].mult = 0.001;
    c->value[FIELD_DC_VOLTAGE].mult = c->value[FIELD_CURRENT].mult = 1;
    (void)strcpy(c->string[0].power, "p1");
    (void)strcpy(c->string[1].power, "p2");
    (void)strcpy(c->string[1].today, "e2");
    (void)strcpy(c->string[1].voltage, "u2");
    const struct reading *r = poll_with(run, "{\"p1\":100,\"p2\":120,\"e2\":300,\"u2\":33.5}");
    assert_int_equal(r->strings, 2);
    assert_number(r->string[0].power_w, 100);
    assert_number(r->string[0].voltage_v, MISSING);
    assert_number(r->string[1].power_w, 120);
    assert_number(r->string[1].yield_today_kwh, 0.3);
    assert_number(r->string[1].voltage_v, 33.5);
    r = poll_with(run, "{\"p1\":100,\"p2\":120}");
    assert_int_equal(r->strings, 2); /* the device does not change its shape */
    assert_number(r->string[1].voltage_v, MISSING);
}

static void it_sleeps_where_a_path_says_so(void **state)
{
    static const struct {
        const char *body;
        enum reach reach;
    } cases[] = {
        {"{\"p\":0,\"s\":true}", REACH_ASLEEP},
        {"{\"p\":0,\"s\":1}", REACH_ASLEEP},
        {"{\"p\":0,\"s\":\"true\"}", REACH_ASLEEP},
        {"{\"p\":0,\"s\":\"3\"}", REACH_ASLEEP},
        {"{\"p\":7,\"s\":false}", REACH_OK},
        {"{\"p\":7,\"s\":0}", REACH_OK},
        {"{\"p\":7,\"s\":null}", REACH_OK},
        {"{\"p\":7,\"s\":\"no\"}", REACH_OK},
        {"{\"p\":7}", REACH_OK},
        {"{\"p\":7,\"s\":{}}", REACH_OK},
    };
    struct run *run = *state;
    set(&conf_of(run)->value[FIELD_POWER], "p", 1, MISSING);
    (void)strcpy(conf_of(run)->standby, "s");
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct reading *r = poll_with(run, cases[i].body);
        if (r->reach != cases[i].reach)
            fail_msg("%s", cases[i].body);
        assert_value(r, FIELD_POWER, cases[i].reach == REACH_OK ? 7 : MISSING);
    }
}

/* ---- Several requests ---- */

static void set_two_requests(struct run *run)
{
    (void)strcpy(conf_of(run)->api_path[0], "/power");
    (void)strcpy(conf_of(run)->api_path[1], "/energy");
    set(&conf_of(run)->value[FIELD_POWER], "p", 1, MISSING);
    set(&conf_of(run)->value[FIELD_ENERGY_FORWARD], "[2]e - x", 1, MISSING);
}

static void each_reply_has_its_values(void **state)
{
    struct run *run = *state;
    set_two_requests(run);
    run_cycle(run, 0, (struct reply[]){{"/power", "{\"p\":5,\"x\":1}"}, {"/energy", "{\"e\":9}"}},
              2);
    assert_int_equal(run->asked_count, 2);
    assert_string_equal(run->asked[0].path, "/energy"); /* the power comes last: it is the newest */
    assert_true(run->asked[0].optional);
    assert_string_equal(run->asked[1].path, "/power");
    assert_false(run->asked[1].optional);
    assert_int_equal(run->reading_count, 1);
    assert_value(&run->readings[0], FIELD_POWER, 5);
    assert_value(&run->readings[0], FIELD_ENERGY_FORWARD, 8);
}

/* Nor does what the last cycle brought stand in for it. */
static void the_power_does_without_the_others(void **state)
{
    static const char *const lost[] = {NULL, "!error", "<html>", "", "[1"};
    struct run *run = *state;
    set_two_requests(run);
    for (size_t i = 0; i < COUNT(lost); i++) {
        run_cycle(run, 0,
                  (struct reply[]){{"/power", "{\"p\":5,\"x\":1}"}, {"/energy", "{\"e\":9}"}}, 2);
        run_cycle(run, 0, (struct reply[]){{"/power", "{\"p\":6,\"x\":1}"}, {"/energy", lost[i]}},
                  2);
        assert_int_equal(run->reading_count, 1);
        assert_value(&run->readings[0], FIELD_POWER, 6);
        assert_missing(&run->readings[0], FIELD_ENERGY_FORWARD);
        assert_int_equal(run->readings[0].reach, REACH_OK);
        assert_false(run->readings[0].at_once); /* its path is right */
    }
}

static void without_the_power_s_reply_there_is_no_reading(void **state)
{
    struct run *run = *state;
    set_two_requests(run);
    set(&conf_of(run)->value[FIELD_POWER], "p + [2]q", 1, MISSING);
    run_cycle(run, 0,
              (struct reply[]){{"/power", "{\"p\":5,\"x\":1}"}, {"/energy", "{\"e\":9,\"q\":1}"}},
              2);
    assert_value(&run->readings[0], FIELD_POWER, 6);
    assert_false(run->asked[0].optional);
    assert_false(run->asked[1].optional);
    run_cycle(run, 0, (struct reply[]){{"/power", "{\"p\":5,\"x\":1}"}, {"/energy", NULL}}, 2);
    assert_int_equal(run->reading_count, 0);
}

/* Four of a megabyte each, as trees, would be more than a GX device has to spare. */
static void several_replies_are_smaller(void **state)
{
    static char big[200 * 1024];
    struct run *run = *state;
    set_two_requests(run);
    memset(big, ' ', sizeof big - 1);
    memcpy(big, "{\"p\":5,\"x\":1}", 13);
    run_cycle(run, 0, (struct reply[]){{"/power", big}, {"/energy", "{\"e\":9}"}}, 2);
    assert_int_equal(run->reading_count, 0);
    assert_non_null(strstr(run_why(run, "/power"), "bytes"));
}

static void open_torture(struct run *run)
{
    template_open(run);
    set_two_requests(run);
    set_phases(run, FIELD_POWER, "[2]l/0", "[2]l/1", "[2]l/2 * -1", 1);
    set(&conf_of(run)->value[FIELD_CURRENT], "[2]l/*", 1, MISSING);
    (void)strcpy(conf_of(run)->string[2].power, "[2]l/0");
    (void)strcpy(conf_of(run)->standby, "[2]s");
}

/* What is to have no power is the device's, whatever else is missing. */
static void a_device_without_power(void **state)
{
    struct run *run = *state;

    set(&conf_of(run)->value[FIELD_ENERGY_FORWARD], "e", 1, MISSING);
    const struct reading *r = poll_with(run, "{\"x\":1}");
    assert_int_equal(r->reach, REACH_OK);
    assert_missing(r, FIELD_ENERGY_FORWARD);
}

/* Of no phase is there any power. */
static void three_phases_that_sleep(void **state)
{
    struct run *run = *state;

    strcpy(conf_of(run)->standby, "off");
    set_phases(run, FIELD_POWER, "a", "b", "c", 1);
    const struct reading *r = poll_with(run, "{\"off\":true,\"a\":1,\"b\":2,\"c\":3}");
    assert_int_equal(r->reach, REACH_ASLEEP);
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
        assert_number(r->value[FIELD_POWER][slot], MISSING);
}

/* Alone, a reply may be as long as any. */
static void a_single_reply_may_be_large(void **state)
{
    static char big[200 * 1024];
    struct run *run = *state;

    set(&conf_of(run)->value[FIELD_POWER], "p", 1, MISSING);
    memset(big, ' ', sizeof big - 1);
    memcpy(big, "{\"p\":5,\"x\":1}", 13);
    assert_value(poll_with(run, big), FIELD_POWER, 5);
    set_two_requests(run);
    big[128 * 1024] = '\0';
    run_cycle(run, 0, (struct reply[]){{"/power", big}, {"/energy", "{\"e\":9}"}}, 2);
    assert_int_equal(run->reading_count, 1);
    big[128 * 1024] = ' ';
    big[128 * 1024 + 1] = '\0';
    run_cycle(run, 0, (struct reply[]){{"/power", big}, {"/energy", "{\"e\":9}"}}, 2);
    assert_int_equal(run->reading_count, 0);
}

/* A fifth reply there is not: its value is none. */
static void a_reply_beyond_the_last(void **state)
{
    struct run *run = *state;

    set(&conf_of(run)->value[FIELD_POWER], "p", 1, MISSING);
    set(&conf_of(run)->value[FIELD_ENERGY_FORWARD], "[5]e", 1, MISSING);
    const struct reading *r = poll_with(run, "{\"p\":5,\"e\":9}");
    assert_value(r, FIELD_POWER, 5);
    assert_missing(r, FIELD_ENERGY_FORWARD);
}

/* Of a device with several channels each is a reading of its own. */
static void channels(void **state)
{
    struct run *run = *state;

    conf_of(run)->channels = 4;
    set(&conf_of(run)->value[FIELD_POWER], "p/{n}", 1, MISSING);
    run_cycle(run, 0, (struct reply[]){{PATH, "{\"p\":[5,6,7,8]}"}}, 1);
    assert_int_equal(run->reading_count, 4);
    for (unsigned n = 0; n < 4; n++) {
        assert_value(&run->readings[n], FIELD_POWER, 5 + n);
        assert_int_equal(run->readings[n].index, n);
    }
    run_cycle(run, 0, (struct reply[]){{PATH, "{\"p\":[]}"}}, 1);
    assert_int_equal(run->reading_count, 0);
    run_cycle(run, 0, (struct reply[]){{PATH, "{\"p\":[5]}"}}, 1);
    assert_int_equal(run->reading_count, 4);
    assert_int_equal(run->readings[3].reach, REACH_NO_POWER);
}

/* Each of the four makes a PV input of it. */
static void one_value_of_a_pv_input(void **state)
{
    struct run *run = *state;
    struct template_conf *c = conf_of(run);
    char *const paths[] = {c->string[0].power, c->string[0].voltage, c->string[0].current,
                           c->string[0].today};

    set(&c->value[FIELD_POWER], "p", 1, MISSING);
    for (size_t i = 0; i < COUNT(paths); i++) {
        for (size_t k = 0; k < COUNT(paths); k++)
            strcpy(paths[k], k == i ? "p" : "none");
        assert_int_equal(poll_with(run, "{\"p\":5}")->strings, 1);
    }
}

/* A type names all that its devices may have: of what one of them lacks only the power is a mistake. */
static void what_a_type_has_wrong(void **state)
{
    struct run *run = *state;
    struct template_conf *c = conf_of(run);

    strcpy(c->title, "Meter");
    set(&c->value[FIELD_POWER], "p", 1, MISSING);
    strcpy(c->value[FIELD_POWER].path[2], "p2");
    set(&c->value[FIELD_VOLTAGE], "u", 1, MISSING);
    const struct reading *r = poll_with(run, "{\"p\":5,\"x\":1}");
    assert_false(r->at_once);
    assert_string_equal(r->why, "");
    run_close(run);
    template_open(run);
    c = conf_of(run);
    strcpy(c->title, "Meter");
    set(&c->value[FIELD_POWER], "q", 1, MISSING);
    set(&c->value[FIELD_VOLTAGE], "u", 1, MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "x", 1, MISSING);
    r = poll_with(run, "{\"x\":1}");
    assert_true(r->at_once);
    assert_non_null(strstr(r->why, "CUST_Power: q is not in the reply"));
    r = poll_with(run, "{\"x\":1}");
    assert_false(r->at_once);
}

/* All are numbers, and none that a device can have: that of the whole is told. */
static void which_power_is_beyond_belief(void **state)
{
    struct run *run = *state;
    struct template_conf *c = conf_of(run);

    set(&c->value[FIELD_POWER], "p", 1, MISSING);
    for (size_t slot = 1; slot < PHASE_SLOTS; slot++)
        strcpy(c->value[FIELD_POWER].path[slot], "one");
    set(&c->value[FIELD_VOLTAGE], "u", 1, MISSING);
    const struct reading *r = poll_with(run, "{\"p\":1e9,\"one\":1}");
    assert_non_null(strstr(r->why, "CUST_Power is 1e+09 in the reply"));
    for (int i = 0; i < 5; i++)
        r = poll_with(run, "{\"p\":1e9,\"one\":1}"); /* when the voltage was complained of, too */
    assert_false(r->at_once);
    assert_non_null(strstr(r->why, "CUST_Power is 1e+09 in the reply"));
}

/* The power of a phase makes its reply one that is needed. */
static void a_reply_with_the_power_of_a_phase(void **state)
{
    struct run *run = *state;

    set_two_requests(run);
    strcpy(conf_of(run)->value[FIELD_POWER].path[3], "[2]q");
    run_cycle(run, 0, (struct reply[]){{"/power", "{\"p\":5,\"x\":1}"}, {"/energy", NULL}}, 2);
    assert_int_equal(run->reading_count, 0);
    strcpy(conf_of(run)->value[FIELD_POWER].path[3], "");
    run_cycle(run, 0, (struct reply[]){{"/power", "{\"p\":5,\"x\":1}"}, {"/energy", NULL}}, 2);
    assert_int_equal(run->reading_count, 1);
    set(&conf_of(run)->value[FIELD_POWER], "[2]q", 1, MISSING);
    run_cycle(run, 0, (struct reply[]){{"/power", NULL}, {"/energy", "{\"q\":5}"}}, 2);
    assert_int_equal(run->reading_count, 1);
}

static void survives_torture(void **state)
{
    (void)state;
    run_torture(open_torture,
                (struct reply[]){{"/power", "{\"p\":5,\"x\":1}"},
                                 {"/energy", "{\"e\":9,\"l\":[1,2,3],\"s\":false}"}},
                2);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, template_setup, run_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_phases_are_the_device_s_own),
        CASE(a_total_of_its_own_is_believed),
        CASE(a_phase_that_is_missing_leaves_no_total),
        CASE(two_phases_of_a_list),
        CASE(voltages_between_lines),
        CASE(what_no_phase_can_have_is_missing),
        CASE(a_constant_is_in_no_reply),
        CASE(what_is_left_out_is_not_added),
        CASE(a_mistake_is_not_left_out),
        CASE(the_other_way_round),
        CASE(what_else_there_is),
        CASE(pv_inputs),
        CASE(it_sleeps_where_a_path_says_so),
        CASE(each_reply_has_its_values),
        CASE(the_power_does_without_the_others),
        CASE(without_the_power_s_reply_there_is_no_reading),
        CASE(several_replies_are_smaller),
        CASE(a_single_reply_may_be_large),
        CASE(a_reply_beyond_the_last),
        CASE(three_phases_that_sleep),
        CASE(a_device_without_power),
        CASE(channels),
        CASE(one_value_of_a_pv_input),
        CASE(what_a_type_has_wrong),
        CASE(which_power_is_beyond_belief),
        CASE(a_reply_with_the_power_of_a_phase),
        cmocka_unit_test(survives_torture),
    };
    return cmocka_run_group_tests_name("template_values", tests, NULL, NULL);
}
