/* Devices that a template describes, the values it takes from them, and captures of real ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/common.h"
#include "unit/support/driver_run.h"
#include "unit/support/template_fixture.h"

/* ---- Devices ---- */

static void test_shelly_gen1(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.value[FIELD_POWER], "meters/0/power", 1, MISSING);
    set(&run->conf->template.value[FIELD_ENERGY_FORWARD], "/meters/0/total", 1.0 / 60000,
        MISSING); /* leading '/' */
    const struct reading *r = poll_fixture(run, "template/shelly-gen1-1pm.json");
    assert_string_equal(r->serial, "77777777");
    assert_string_equal(r->name, "");
    assert_int_equal(r->index, 0);
    assert_int_equal(r->reach, REACH_OK);
    assert_int_equal(r->phases, 0);
    assert_int_equal(r->strings, 0);
    assert_number(r->age_s, MISSING);
    assert_value(r, FIELD_POWER, 28.25);
    assert_value(r, FIELD_ENERGY_FORWARD, 137.057);
    assert_missing(r, FIELD_VOLTAGE);
    assert_missing(r, FIELD_CURRENT);
    assert_missing(r, FIELD_DC_VOLTAGE);
}

static void test_shelly_gen2(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->value[FIELD_POWER], "apower", -1, MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "aenergy/total", 0.001, MISSING);
    set(&c->value[FIELD_VOLTAGE], "voltage", 1, MISSING);
    set(&c->value[FIELD_CURRENT], "current", 1, MISSING);
    set(&c->value[FIELD_DC_VOLTAGE], "temperature/tC", 1, MISSING);
    const struct reading *r = poll_fixture(run, "template/shelly-gen2-switch.json");
    assert_value(r, FIELD_POWER, -410.5);
    assert_value(r, FIELD_ENERGY_FORWARD, 54.3215);
    assert_value(r, FIELD_VOLTAGE, 231.5);
    assert_value(r, FIELD_CURRENT, 1.79);
    assert_value(r, FIELD_DC_VOLTAGE, 44.5);
}

static void test_keys_with_colon_and_sums(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->value[FIELD_POWER], "em:0/a_act_power + em:0/b_act_power+/em:0/c_act_power", 1,
        MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "emdata:0/total_act", 0.001, MISSING);
    const struct reading *r = poll_fixture(run, "template/shelly-gen2-3em.json");
    assert_value(r, FIELD_POWER, 450.25);
    assert_value(r, FIELD_ENERGY_FORWARD, 123.4565);

    set(&c->value[FIELD_POWER], "data/p1+data/p2", 1, MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "data/te1+data/te2", 1, MISSING);
    r = poll_fixture(run, "template/apsystems-ez1.json");
    assert_value(r, FIELD_POWER, 260);
    assert_value(r, FIELD_ENERGY_FORWARD, 37.75);
}

static void test_sum_with_a_part_missing(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.value[FIELD_POWER], "p1+p2", 2, MISSING);
    set(&run->conf->template.value[FIELD_ENERGY_FORWARD], "e", 1, MISSING);
    const struct reading *r = poll_with(run, "{\"p1\":5,\"e\":1}");
    assert_missing(r, FIELD_POWER);
    assert_int_equal(r->reach, REACH_NO_POWER);
    run->conf->template.value[FIELD_POWER].fallback = 3;
    r = poll_with(run, "{\"p1\":5,\"e\":1}");
    assert_value(r, FIELD_POWER, 3);
    assert_int_equal(r->reach, REACH_OK);
    r = poll_with(run, "{\"p1\":5,\"p2\":1,\"e\":1}");
    assert_value(r, FIELD_POWER, 12);
}

static void test_tasmota(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->value[FIELD_POWER], "StatusSNS/ENERGY/Power", 1, MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "StatusSNS/ENERGY/Total", 1, MISSING);
    set(&c->value[FIELD_VOLTAGE], "StatusSNS/ENERGY/Voltage", 1, MISSING);
    set(&c->value[FIELD_CURRENT], "StatusSNS/ENERGY/Current", 1, MISSING);
    const struct reading *r = poll_fixture(run, "template/tasmota-status8.json");
    assert_value(r, FIELD_POWER, 20);
    assert_value(r, FIELD_ENERGY_FORWARD, 6.125);
    assert_value(r, FIELD_VOLTAGE, 234);
    assert_value(r, FIELD_CURRENT, 0.111);

    /* A list has no number of its own... */
    r = poll_fixture(run, "template/tasmota-two-channel.json");
    assert_missing(r, FIELD_POWER);
    assert_value(r, FIELD_ENERGY_FORWARD, 78.5);
    /* ...its elements have. */
    set(&c->value[FIELD_POWER], "StatusSNS/ENERGY/Power/0+StatusSNS/ENERGY/Power/1", 1, MISSING);
    set(&c->value[FIELD_CURRENT], "StatusSNS/ENERGY/Current/1", 1, MISSING);
    r = poll_fixture(run, "template/tasmota-two-channel.json");
    assert_value(r, FIELD_POWER, 162);
    assert_value(r, FIELD_CURRENT, 0.25);
}

static void test_tasmota_refuses(void **state)
{
    struct run *run = *state;
    char *body = run_fixture("template/tasmota-auth.json");
    set(&run->conf->template.value[FIELD_POWER], "StatusSNS/ENERGY/Power", 1, 0);
    assert_null(poll_with(run, body));
    assert_int_equal(run_result(run, PATH), DECODE_AUTH);
    assert_non_null(strstr(run_why(run, PATH), "Username"));
    assert_non_null(strstr(run_why(run, PATH), "Password"));
    assert_non_null(strstr(run_why(run, PATH), "[TEMPLATE0]"));
    free(body);
}

static void test_asleep(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->value[FIELD_POWER], "Body/Data/PAC/Values/1", 1, MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "Body/Data/TOTAL_ENERGY/Values/1", 0.001, MISSING);
    const struct reading *r = poll_fixture(run, "template/fronius-day.json");
    assert_int_equal(r->reach, REACH_OK);
    assert_value(r, FIELD_POWER, 2450);

    r = poll_fixture(run, "template/fronius-night.json");
    assert_int_equal(r->reach, REACH_ASLEEP);
    assert_missing(r, FIELD_POWER); /* null is no value; what it means depends on the class */
    assert_value(r, FIELD_ENERGY_FORWARD, 12345);
    assert_false(r->at_once);

    c->value[FIELD_POWER].fallback = 0; /* who says what null means is believed */
    r = poll_fixture(run, "template/fronius-night.json");
    assert_int_equal(r->reach, REACH_OK);
    assert_value(r, FIELD_POWER, 0);
}

/* p1 + p2, and e: what the reply makes of the power. */
static void test_null(void **state)
{
    static const struct {
        const char *body;
        enum reach reach;
        double power, fallback;
    } cases[] = {
        {"{\"p1\":5,\"p2\":7,\"e\":1}", REACH_OK, 12, MISSING},
        {"{\"p1\":316,\"p2\":null,\"e\":1}", REACH_NO_POWER, MISSING, MISSING}, /* not 316, not 0 */
        {"{\"p1\":null,\"p2\":7,\"e\":1}", REACH_NO_POWER, MISSING, MISSING},
        {"{\"p1\":0,\"p2\":null}", REACH_NO_POWER, MISSING, MISSING},
        {"{\"p1\":null,\"p2\":null,\"e\":1}", REACH_ASLEEP, MISSING, MISSING},
        {"{\"p1\":null,\"e\":1}", REACH_ASLEEP, MISSING, MISSING},
        {"{\"e\":1}", REACH_ASLEEP, MISSING, MISSING},
        {"{\"p1\":null,\"p2\":null,\"e\":null}", REACH_NO_POWER, MISSING, MISSING},
        {"{\"p1\":null,\"p2\":null}", REACH_NO_POWER, MISSING, MISSING},
        {"{\"p1\":null,\"p2\":\"off\",\"e\":1}", REACH_NO_POWER, MISSING, MISSING},
        {"{\"p1\":null,\"p2\":[7],\"e\":1}", REACH_NO_POWER, MISSING, MISSING},
        {"{\"p1\":null,\"p2\":7,\"e\":1}", REACH_OK, 3, 3}, /* the default, in any of these cases */
        {"{\"p1\":null,\"p2\":null,\"e\":1}", REACH_OK, 3, 3},
        {"{\"p1\":null,\"p2\":null,\"e\":null}", REACH_OK, 0, 0},
        {"{\"e\":1}", REACH_OK, 0, 0},
    };
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;

    set(&c->value[FIELD_ENERGY_FORWARD], "e", 1, MISSING);
    for (size_t i = 0; i < COUNT(cases); i++) {
        set(&c->value[FIELD_POWER], "p1 + p2", 1, cases[i].fallback);
        const struct reading *r = poll_with(run, cases[i].body);
        if (!r || r->reach != cases[i].reach)
            fail_msg("%s: %s", cases[i].body, r ? "it is taken for something else" : "nothing");
        assert_value(r, FIELD_POWER, cases[i].power);
        assert_true(r->reach == REACH_OK || strstr(r->why, "CUST_Power: p"));
    }
}

/* Other quantities are null for themselves, and have their own defaults. */
static void test_null_of_others(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;

    set(&c->value[FIELD_POWER], "p", 1, MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "e", 1, MISSING);
    set(&c->value[FIELD_VOLTAGE], "u", 1, 230);
    const struct reading *r = poll_with(run, "{\"p\":5,\"e\":null,\"u\":null}");
    assert_int_equal(r->reach, REACH_OK);
    assert_value(r, FIELD_POWER, 5);
    assert_missing(r, FIELD_ENERGY_FORWARD);
    assert_value(r, FIELD_VOLTAGE, 230);
    assert_string_equal(r->why, "");
    assert_false(r->at_once);
}

static void test_difference(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;

    set(&c->value[FIELD_POWER], "i - e", 0.1, MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "StatusSNS/Flat/+A", 1, MISSING);
    const struct reading *r =
        poll_with(run, "{\"i\":20,\"e\":320,\"StatusSNS\":{\"Flat\":{\"+A\":7.5}}}");
    assert_value(r, FIELD_POWER, -30);
    assert_value(r, FIELD_ENERGY_FORWARD, 7.5);
    r = poll_with(run, "{\"i\":20,\"e\":null,\"StatusSNS\":{}}");
    assert_missing(r, FIELD_POWER);
    assert_int_equal(r->reach, REACH_NO_POWER);
}

static void test_numbers_in_text(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->value[FIELD_POWER], "data/grid/0/Power+data/grid/1/Power", 1, MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "data/grid/0/Total", 1, MISSING); /* "1,5" is no number */
    set(&c->value[FIELD_CURRENT], "data/state", 0.1, MISSING);
    const struct reading *r = poll_fixture(run, "template/text-numbers.json");
    assert_value(r, FIELD_POWER, 100);
    assert_missing(r, FIELD_ENERGY_FORWARD);
    assert_value(r, FIELD_CURRENT, 1.25);
}

/* ---- Values ---- */

static void test_fallbacks(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->value[FIELD_POWER], "p", 10, 7);
    set(&c->value[FIELD_ENERGY_FORWARD], "e", 10, MISSING);
    set(&c->value[FIELD_VOLTAGE], "u", 10, 230.5);
    set(&c->value[FIELD_CURRENT], "", 10, 2); /* no path: the default is all there is */
    const struct reading *r = poll_with(run, "{\"p\":1}");
    assert_value(r, FIELD_POWER, 10);
    assert_missing(r, FIELD_ENERGY_FORWARD); /* not there is not 0 */
    assert_value(r, FIELD_VOLTAGE, 230.5);   /* not multiplied */
    assert_value(r, FIELD_CURRENT, 2);
    assert_missing(r, FIELD_DC_VOLTAGE);
}

static void test_ranges(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->value[FIELD_POWER], "p", 1e9, MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "e", 1, MISSING);
    set(&c->value[FIELD_VOLTAGE], "u", 1, 5000);
    const struct reading *r = poll_with(run, "{\"p\":1,\"e\":-1}");
    assert_missing(r, FIELD_POWER);
    assert_missing(r, FIELD_ENERGY_FORWARD);
    assert_missing(r, FIELD_VOLTAGE);

    for (unsigned f = 0; f < FIELD_COUNT; f++) { /* each has a range */
        assert_number(common_in_range((enum field)f, 1), 1);
        assert_number(common_in_range((enum field)f, 1e9), MISSING);
        assert_number(common_in_range((enum field)f, -1e9), MISSING);
        assert_number(common_in_range((enum field)f, MISSING), MISSING);
    }
}

/* A device that makes nothing at all is not one that has only just started. */
static void test_zero_is_a_value(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.value[FIELD_POWER], "p", 1, MISSING);
    set(&run->conf->template.value[FIELD_ENERGY_FORWARD], "e", 1, MISSING);
    const struct reading *r = poll_with(run, "{\"p\":0.0,\"e\":0}");
    assert_int_equal(r->reach, REACH_OK);
    assert_value(r, FIELD_POWER, 0);
    assert_value(r, FIELD_ENERGY_FORWARD, 0);
}

static void test_serial_of_section(void **state)
{
    struct run *run = *state;
    run->conf->template.serial[0] = '\0';
    assert_string_equal(poll_with(run, "{}")->serial, "TEMPLATE0");
}

/* ---- Captures of real devices, where they are at hand ---- */

static void test_samples(void **state)
{
    static const struct {
        const char *file, *power, *total;
        double watts, kwh;
    } samples[] = {
        {"shelly-gen1-1pm-status.json", "meters/0/power", "meters/0/total", 28.08, 8223.416},
        {"shelly-gen1-3em-status.json", "emeters/0/power+emeters/1/power+emeters/2/power",
         "emeters/0/total", -3771.93, 1554.437},
        {"shelly-plus1pm-switch-getstatus.json", "apower", "aenergy/total", 0, 0},
        {"shelly-plus1pm-shelly-getstatus.json", "/switch:0/apower", "switch:0/aenergy/total", 0,
         0},
        {"shelly-pro3em-monophase-getstatus.json", "em1:0/act_power",
         "em1data:0/total_act_energy+em1data:1/total_act_energy", 598.9, 6.22691},
        {"tasmota-12-status8.json", "StatusSNS/ENERGY/Power", "StatusSNS/ENERGY/Total", 20,
         0.00604},
        {"tasmota-status8-two-channel.json", "StatusSNS/ENERGY/Power/0", "StatusSNS/ENERGY/Total",
         160, 0.07885},
    };
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(samples); i++) {
        char *body = run_sample(samples[i].file);
        if (!body)
            skip();
        set(&run->conf->template.value[FIELD_POWER], samples[i].power, 1, MISSING);
        set(&run->conf->template.value[FIELD_ENERGY_FORWARD], samples[i].total, 0.001, MISSING);
        const struct reading *r = poll_with(run, body);
        assert_value(r, FIELD_POWER, samples[i].watts);
        assert_value(r, FIELD_ENERGY_FORWARD, samples[i].kwh);
        free(body);
    }
}

/* What it is called on the bus: by the API that is asked, as far as that tells. */
static void test_products(void **state)
{
    static const struct {
        const char *api_path, *power, *product;
    } cases[] = {
        {"/rpc/Switch.GetStatus?id=0", "apower", "Shelly"},
        {"/status", "meters/0/power", "Shelly"},
        {"/status", "/emeters/0/power", "Shelly"},
        {"/status", "power", "JSON device"}, /* many a device has such a page */
        {"/meter/0", "power", "Shelly"},
        {"/cm?cmnd=STATUS+8", "StatusSNS/ENERGY/Power", "Tasmota"},
        {"/solar_api/v1/GetPowerFlowRealtimeData.fcgi", "Body/Data/Site/P_PV", "Fronius"},
        {"/x", "apower", "JSON device"},
    };
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct template_conf *c = &run->conf->template;
        const struct reply reply = {cases[i].api_path, "{\"other\":1}"};

        (void)snprintf(c->api_path[0], sizeof c->api_path[0], "%s", cases[i].api_path);
        set(&c->value[FIELD_POWER], cases[i].power, 1, 5); /* the default is enough of a value */
        set(&c->value[FIELD_VOLTAGE], "other", 1, MISSING);
        run_cycle(run, 0, &reply, 1);
        assert_int_equal(run->reading_count, 1);
        assert_string_equal(run->readings[0].product, cases[i].product);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, template_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_shelly_gen1),
        TEST(test_shelly_gen2),
        TEST(test_keys_with_colon_and_sums),
        TEST(test_sum_with_a_part_missing),
        TEST(test_tasmota),
        TEST(test_tasmota_refuses),
        TEST(test_asleep),
        TEST(test_null),
        TEST(test_null_of_others),
        TEST(test_difference),
        TEST(test_numbers_in_text),
        TEST(test_fallbacks),
        TEST(test_ranges),
        TEST(test_zero_is_a_value),
        TEST(test_serial_of_section),
        TEST(test_samples),
        TEST(test_products),
    };
    return cmocka_run_group_tests_name("template devices", tests, NULL, NULL);
}
