/* What the numbers of unknown devices are thought to be, and what is proposed of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/paths/proposal.h"
#include "cli/paths/watch.h"
#include "core/conf.h"
#include "core/json.h"
#include "unit/support/driver_run.h"

static const struct http_peer_conf peer = {.base_url = "http://192.168.1.80", .tls_verify = true};
static const struct proposal_request request = {&peer, "/x"};

/* ---- Names ---- */

static void names_of_quantities(void **state)
{
    static const struct {
        const char *path;
        enum field field; /* FIELD_COUNT: none */
    } cases[] = {
        {"apower", FIELD_POWER},
        {"StatusSNS/ENERGY/Power", FIELD_POWER},
        {"Body/Data/PAC/Values/1", FIELD_POWER},
        {"em:0/total_act_power", FIELD_POWER},
        {"SML/Power_curr", FIELD_POWER},
        {"power/current", FIELD_POWER},
        {"Momentanleistung", FIELD_POWER},
        {"Site/P_Grid", FIELD_POWER},
        {"ENERGY/Current", FIELD_CURRENT},
        {"PowerFactor", FIELD_POWER_FACTOR},
        {"a_pf", FIELD_POWER_FACTOR},
        {"UAC/Value", FIELD_VOLTAGE},
        {"U_L1", FIELD_VOLTAGE},
        {"aenergy/total", FIELD_ENERGY_FORWARD},
        {"SML/E_in", FIELD_ENERGY_FORWARD},
        {"Total_in", FIELD_ENERGY_FORWARD},
        {"SML/E_out", FIELD_ENERGY_REVERSE},
        {"ret_aenergy/total", FIELD_ENERGY_REVERSE},
        {"emdata:0/total_act_ret", FIELD_ENERGY_REVERSE},
        {"Einspeisung", FIELD_ENERGY_REVERSE},
        {"ENERGY/Today", FIELD_ENERGY_TODAY},
        {"E_Day", FIELD_ENERGY_TODAY},
        {"freq", FIELD_FREQUENCY},
        {"temperature/tC", FIELD_TEMPERATURE},
        {"1-0:1.8.0*255", FIELD_ENERGY_FORWARD},
        {"SML/2_8_0", FIELD_ENERGY_REVERSE},
        {"16.7.0", FIELD_POWER},
        {"temperature/tF", FIELD_COUNT},
        {"ApparentPower", FIELD_COUNT},
        {"ENERGY/Yesterday", FIELD_COUNT},
        {"aenergy/by_minute/0", FIELD_COUNT},
        {"pv1/power", FIELD_COUNT},
        {"max_power", FIELD_COUNT},
        {"1.8.1", FIELD_COUNT},
        {"id", FIELD_COUNT},
        {"", FIELD_COUNT},
    };
    struct guess_name name;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool known = guess_name(cases[i].path, &name);
        if (known != (cases[i].field != FIELD_COUNT) || (known && name.field != cases[i].field))
            fail_msg("%s is %s", cases[i].path, known ? field_key(name.field) : "none");
    }
}

/* ---- Proposals ---- */

static cJSON *parse_or_fail(const char *json)
{
    cJSON *root = json_parse(json, strlen(json), NULL, 0);

    if (!root)
        fail_msg("%s", json);
    return root;
}

/* What is proposed after these replies, ten seconds from the first to the last; without its first two lines. */
static char *propose(const char *first, const char *last)
{
    cJSON *root = parse_or_fail(first), *again = parse_or_fail(last);
    struct watch *w = calloc(1, sizeof *w);
    struct guess guess;

    assert_non_null(w);
    assert_true(watch_begin(w, root, 0));
    watch_again(w, again, 10000);
    watch_guess(w, &guess);
    char *text = proposal_make(&request, &guess, again, false);
    watch_finish(w);
    free(w);
    cJSON_Delete(root);
    cJSON_Delete(again);
    return text;
}

static void assert_proposed(const char *first, const char *last, const char *expected)
{
    static const char head[] = "[TEMPLATE0]\nHost = 192.168.1.80\nCUST_API_PATH = x\n";
    char *text = propose(first, last);

    if (!text || strncmp(text, head, sizeof head - 1) != 0 ||
        strcmp(text + sizeof head - 1, expected) != 0)
        fail_msg("%s: %s", last, text ? text : "nothing");
    free(text);
}

static void units_by_size(void **state)
{
    (void)state;
    assert_proposed("{\"p\":5}", "{\"p\":5,\"u\":1}", "CUST_Power = p\n");
    assert_proposed("{\"p\":5,\"u\":2301}", "{\"p\":5,\"u\":2301}",
                    "CUST_Power = p\nCUST_Voltage = u\nCUST_Voltage_Mult = 0.1\n");
    assert_proposed("{\"power_kw\":1.5,\"freq\":4998,\"pf\":98}",
                    "{\"power_kw\":1.5,\"freq\":4998,\"pf\":98}",
                    "CUST_Power = power_kw\nCUST_Power_Mult = 1000\nCUST_Frequency = freq\n"
                    "CUST_Frequency_Mult = 0.01\nCUST_PowerFactor = pf\n"
                    "CUST_PowerFactor_Mult = 0.01\n");
    assert_proposed("{\"p\":460,\"u\":230,\"i\":2000}", "{\"p\":460,\"u\":230,\"i\":2000}",
                    "CUST_Power = p\nCUST_Voltage = u\nCUST_Current = i\n"
                    "CUST_Current_Mult = 0.001\n");
}

/* 720 W make 2 Wh in ten seconds. */
static void units_by_what_is_counted(void **state)
{
    (void)state;
    assert_proposed("{\"p\":720,\"e\":50000}", "{\"p\":720,\"e\":50002}",
                    "CUST_Power = p\nCUST_Total = e\nCUST_Total_Mult = 0.001\n");
    assert_proposed("{\"p\":720,\"e\":500.001}", "{\"p\":720,\"e\":500.003}",
                    "CUST_Power = p\nCUST_Total = e\n");
    assert_proposed("{\"p\":720,\"e\":50000}", "{\"p\":720,\"e\":50120}",
                    "CUST_Power = p\nCUST_Total = e\nCUST_Total_Mult = 0.0000166667\n");
    assert_proposed("{\"p\":720,\"x\":50000}", "{\"p\":720,\"x\":50002}",
                    "CUST_Power = p\nCUST_Total = x\nCUST_Total_Mult = 0.001\n"); /* no name */
    assert_proposed("{\"p\":720,\"e\":50002}", "{\"p\":720,\"e\":50000}",
                    "CUST_Power = p\n"); /* a counter does not fall */
    assert_proposed("{\"p\":720,\"x\":5}", "{\"p\":720,\"x\":500}", "CUST_Power = p\n");
}

static void three_alike_are_phases(void **state)
{
    static const char lists[] = "{\"power\":[1,2,3],\"total_power\":6}";
    static const char four[] = "{\"power\":[1,2,3,4]}";
    static const char other[] = "{\"power\":[100,200,300],\"power_of_heater\":5000}";

    (void)state;
    assert_proposed(lists, lists,
                    "CUST_Power = total_power\nCUST_Power_L1 = power/0\nCUST_Power_L2 = power/1\n"
                    "CUST_Power_L3 = power/2\nServicename = com.victronenergy.grid\n");
    assert_proposed(four, four, "CUST_Power = power/0\n");
    assert_proposed(other, other,
                    "CUST_Power_L1 = power/0\nCUST_Power_L2 = power/1\nCUST_Power_L3 = power/2\n"
                    "Servicename = com.victronenergy.grid\n");
    assert_proposed("{\"PhaseA\":{\"W\":1},\"PhaseB\":{\"W\":2},\"PhaseC\":{\"W\":3}}",
                    "{\"PhaseA\":{\"W\":1},\"PhaseB\":{\"W\":2},\"PhaseC\":{\"W\":3}}",
                    "CUST_Power_L1 = PhaseA/W\nCUST_Power_L2 = PhaseB/W\nCUST_Power_L3 = PhaseC/W\n"
                    "Servicename = com.victronenergy.grid\n");
    assert_proposed("{\"p1\":1,\"p2\":2,\"i1\":1,\"i2\":2}",
                    "{\"p1\":1,\"p2\":2,\"i1\":1,\"i2\":2}", "CUST_Power = p1 + p2\n");
}

static void what_the_language_says_otherwise(void **state)
{
    (void)state;
    assert_proposed("{\"power * 2\":5}", "{\"power * 2\":5}", "CUST_Power = power * 2\n");
    assert_proposed("{\"power 100%\":5}", "{\"power 100%\":5}", "CUST_Power = power 100%%\n");
    assert_proposed("{\"x\":{\"power\":7}}", "{\"x\":{\"power\":\" 7 \"}}",
                    "CUST_Power = x/power\n");
    assert_null(propose("{\"power\":true}", "{\"power\":true}"));
    assert_null(propose("{\"power\":5}", "{\"power\":null}"));
    assert_null(propose("{\"u\":230}", "{\"u\":230}"));
    assert_null(propose("{\"po\\u001bwer\":5}", "{\"po\\u001bwer\":5}"));
}

/* ---- Notes ---- */

static void notes(void **state)
{
    static const char first[] = "{\"p\":5,\"e\":7,\"x\":1,\"y\":1,\"id\":0,\"u\":230,\"pf\":1}";
    static const char last[] = "{\"p\":4,\"e\":8,\"x\":2,\"y\":0,\"id\":0,\"u\":230,\"pf\":1}";
    static const struct {
        const char *path, *note;
    } cases[] = {{"p", "power, W; rises and falls"},
                 {"e", "energy, kWh (or Wh?); only rises"},
                 {"x", "only rises"},
                 {"y", "rises and falls"},
                 {"u", "voltage, V"},
                 {"pf", "power factor"},
                 {"id", ""},
                 {"gone", ""}};
    struct watch *w = calloc(1, sizeof *w);
    cJSON *a = parse_or_fail(first), *b = parse_or_fail(last);
    char note[WATCH_NOTE_MAX];
    struct guess guess;

    (void)state;
    assert_non_null(w);
    assert_true(watch_begin(w, a, 0));
    watch_again(w, b, 10000);
    watch_guess(w, &guess);
    for (size_t i = 0; i < COUNT(cases); i++) {
        watch_note(w, cases[i].path, note);
        assert_string_equal(note, cases[i].note);
    }
    watch_finish(w);
    free(w);
    cJSON_Delete(a);
    cJSON_Delete(b);
}

/* ---- Replies of devices ---- */

/* Whatever a device answers: what is proposed can be read, as a section and as a file. */
static void assert_sound(const cJSON *root)
{
    struct watch *w = calloc(1, sizeof *w);
    struct guess guess;

    assert_non_null(w);
    assert_true(watch_begin(w, root, 0));
    for (int device = 0; device < 2; device++) {
        watch_guess(w, &guess);
        char *text = proposal_make(&request, &guess, root, device == 1);
        if (text)
            assert_non_null(strstr(text, "\nCUST_Power"));
        free(text);
    }
    watch_finish(w);
    free(w);
}

static void each_fixture(void **state)
{
    static const char *const names[] = {"apsystems-ez1",   "fronius-day",
                                        "fronius-night",   "shelly-gen1-1pm",
                                        "shelly-gen2-3em", "shelly-gen2-switch",
                                        "tasmota-status8", "tasmota-two-channel",
                                        "text-numbers"};
    char path[100];

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)snprintf(path, sizeof path, "template/%s.json", names[i]);
        char *text = run_fixture(path);
        cJSON *root = parse_or_fail(text);
        assert_sound(root);
        cJSON_Delete(root);
        free(text);
    }
}

/* 600 numbers that are all alike, of which 500 are looked at. */
static void a_great_many(void **state)
{
    static char text[40000];
    size_t used = 1;

    (void)state;
    text[0] = '{';
    for (int i = 0; i < 600; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s\"a%d0a/1/power\":%d",
                                 i ? "," : "", i, i);
    (void)snprintf(text + used, sizeof text - used, "}");
    cJSON *root = parse_or_fail(text);
    assert_sound(root);
    cJSON_Delete(root);
}

static void types_are_known_by_their_reply(void **state)
{
    static const struct {
        const char *path, *reply, *type;
    } cases[] = {
        {"/rpc/Switch.GetStatus?id=0", "{\"apower\":5,\"voltage\":230}", "shelly-plus-1pm"},
        {"/RPC/Switch.GetStatus?id=0", "{\"apower\":5}", "shelly-plus-1pm"},
        {"/rpc/Switch.GetStatus?id=0", "{\"power\":5,\"voltage\":230}", NULL},
        {"/rpc/Switch.GetStatus?id=0", "{\"apower\":null,\"voltage\":230}", NULL},
        {"/rpc/Switch.GetStatus?id=1", "{\"apower\":5}", NULL},
        {"/rpc/EM.GetStatus?id=0",
         "{\"total_act_power\":6,\"a_act_power\":1,\"b_act_power\":2,\"c_act_power\":3}",
         "shelly-pro-3em"},
        {"/rpc/EM.GetStatus?id=0", "{\"total_act_power\":6}", NULL},
        {"/", "{\"apower\":5}", NULL},
    };
    char expected[200];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct proposal_request asked = {&peer, cases[i].path};
        cJSON *root = parse_or_fail(cases[i].reply);
        char *text = proposal_of_type(&asked, root);
        (void)snprintf(expected, sizeof expected, "[TEMPLATE0]\nType = %s\nHost = 192.168.1.80\n",
                       cases[i].type ? cases[i].type : "");
        if (!text != !cases[i].type || (text && strcmp(text, expected) != 0))
            fail_msg("%s %s: %s", cases[i].path, cases[i].reply, text ? text : "no type");
        free(text);
        cJSON_Delete(root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_quantities),
        cmocka_unit_test(units_by_size),
        cmocka_unit_test(units_by_what_is_counted),
        cmocka_unit_test(three_alike_are_phases),
        cmocka_unit_test(what_the_language_says_otherwise),
        cmocka_unit_test(notes),
        cmocka_unit_test(each_fixture),
        cmocka_unit_test(a_great_many),
        cmocka_unit_test(types_are_known_by_their_reply),
    };
    return cmocka_run_group_tests_name("guess", tests, NULL, NULL);
}
