/* What `discover` writes into a configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/discover/sections.h"
#include "core/text.h"

static struct kinds kinds;
static struct found list[80];
static struct search_result result;
static struct sections_as as;

static int set_up(void **state)
{
    const char *unknown;

    memset(list, 0, sizeof list);
    result = (struct search_result){.list = list};
    as = (struct sections_as){0};
    return kinds_read(&kinds, NULL, NULL, &unknown) ? 0 : -1;
}

static int tear_down(void **state)
{
    kinds_finish(&kinds);
    return 0;
}

static struct found *found(const char *kind, const char *host)
{
    struct found *f = &list[result.count++];

    for (size_t i = 0; i < kinds.count; i++) {
        const struct kind *k = &kinds.list[i];
        if (strcmp(k->driver ? k->driver->name : k->type.name, kind) == 0)
            f->kind = k;
    }
    assert_true(f->kind || !*kind);
    f->watts = MISSING;
    (void)snprintf(f->host, sizeof f->host, "%s", host);
    return f;
}

static void check_text(char *text, const char *expected)
{
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

/* The configuration that a text is, without a fault. */
static struct config *parse(const char *text)
{
    struct conf_report report;
    struct config *c = config_parse(text, strlen(text), &report);

    if (!c || report.errors + report.warnings)
        fail_msg("%s\n%s", report.count ? report.messages[0].text : "", text);
    conf_report_finish(&report);
    return c;
}

/* ---- A whole file ---- */

static void a_house(void **state)
{
    struct found *f = found("opendtu", "192.168.1.50");

    (void)snprintf(f->firmware, sizeof f->firmware, "v24.6.10");
    f = found("shelly-pro-3em", "192.168.1.80");
    (void)snprintf(f->serial, sizeof f->serial, "A0B1C2D3E4F5");
    found("", "192.168.1.1"); /* unknown */
    f = found("shelly-plus-1pm", "192.168.1.81:8080");
    (void)snprintf(f->name, sizeof f->name, "Balcony 50%%");
    f->login = true;
    assert_true(sections_take_as(&as, "grid=192.168.1.80"));
    assert_null(sections_check_as(&as, &result));
    static const char expected[] =
        "# Written by `dbus-opendtu discover`. Every key: docs/config.md\n"
        "\n"
        "# OpenDTU, firmware v24.6.10\n"
        "[DEFAULT]\n"
        "DTU = opendtu\n"
        "Host = 192.168.1.50\n"
        "\n"
        "# Shelly Pro 3EM\n"
        "[TEMPLATE0]\n"
        "Type = shelly-pro-3em\n"
        "Host = 192.168.1.80\n"
        "CUST_SN = A0B1C2D3E4F5\n"
        "Servicename = com.victronenergy.grid\n"
        "\n"
        "# Shelly Plus 1PM\n"
        "[TEMPLATE1]\n"
        "Type = shelly-plus-1pm\n"
        "Host = 192.168.1.81:8080\n"
        "# It wants the login of its web page:\n"
        "Username =\n"
        "Password =\n"
        "Name = Balcony 50%%\n"
        "Servicename = com.victronenergy.pvinverter\n";
    check_text(sections_whole(&result, &as), expected);
    struct config *c = parse(expected);
    assert_int_equal(c->gateway_count, 3);
    assert_string_equal(c->devices[1].name, "Balcony 50%");
    assert_string_equal(c->devices[0].service, "com.victronenergy.grid");
    config_free(c);
}

static void a_meter_is_in_comments(void **state)
{
    found("shelly-em", "192.168.1.80");
    static const char expected[] =
        "# Written by `dbus-opendtu discover`. Every key: docs/config.md\n"
        "\n"
        "[DEFAULT]\n"
        "DTU = template\n"
        "\n"
        "# Shelly EM\n"
        "# A meter: only you know what it measures. Remove the # of these lines and keep one "
        "Servicename,\n"
        "# or let `dbus-opendtu discover` write them: --as grid=192.168.1.80\n"
        "#[TEMPLATE0]\n"
        "#Type = shelly-em\n"
        "#Host = 192.168.1.80\n"
        "#Servicename = com.victronenergy.grid\n"
        "#Servicename = com.victronenergy.genset\n"
        "#Servicename = com.victronenergy.acload\n"
        "#Servicename = com.victronenergy.pvinverter\n"
        "#Servicename = com.victronenergy.heatpump\n";
    check_text(sections_whole(&result, &as), expected);
}

/* What a second DTU would inherit is the login of the first one. */
static void logins_are_not_inherited(void **state)
{
    found("opendtu", "a.local")->login = true;
    found("ahoy", "b.local");
    found("shelly-plug", "c.local");
    char *text = sections_whole(&result, &as);

    assert_non_null(strstr(text, "[DTU1]\nType = ahoy\nHost = b.local\nUsername =\nPassword =\n"));
    assert_non_null(strstr(text, "Host = c.local\nUsername =\nPassword =\n"));
    free(text);
}

/* The names that devices give themselves never make a line, a section or a reference. */
static void hostile_names(void **state)
{
    static const char *const names[] = {"x\n[DEFAULT]\nHost = evil",
                                        "%(Password)s",
                                        "a\r\nb = c",
                                        "\x1b]0;x\x07",
                                        "100%",
                                        "# no comment",
                                        "; x",
                                        "= : ="};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        result.count = 0;
        memset(list, 0, sizeof list);
        struct found *f = found("shelly-plus-1pm", "192.168.1.80");
        text_copy(f->name, sizeof f->name, names[i]); /* as the search does */
        text_copy(f->firmware, sizeof f->firmware, names[i]);
        char *text = sections_whole(&result, &as), cleaned[NAME_MAX_BYTES];
        struct config *c = parse(text);
        assert_int_equal(c->gateway_count, 1);
        assert_string_equal(c->gateways[0].base_url, "http://192.168.1.80");
        text_copy(cleaned, sizeof cleaned, names[i]);
        assert_string_equal(c->devices[0].name, cleaned);
        config_free(c);
        free(text);
    }
}

/* ---- Into a file ---- */

static const struct device_text none[] = {{NULL, NULL, NULL}};

static bool add(const char *file, struct sections_added *out, char why[200])
{
    return sections_add(file, strlen(file), none, &result, &as, out, why);
}

static void what_is_missing_is_added(void **state)
{
    static const char file[] =
        "[DEFAULT]\nDTU = opendtu\nHost = 192.168.1.50\nPassword = secret\nNumberOfTemplates = 1\n"
        "[TEMPLATE0]\nHost = 192.168.1.70\nCUST_API_PATH = status\nCUST_Power = p\n"
        "[TEMPLATE2]\nHost = 192.168.1.71\nType = shelly-plug\nUsername =\nPassword =";
    static const char expected[] = "\n\n# AhoyDTU\n[DTU1]\nType = ahoy\nHost = 192.168.1.51\n"
                                   "Username =\nPassword =\n"
                                   "\n# Shelly Plug\n[TEMPLATE1]\nType = shelly-plug\nHost = "
                                   "192.168.1.72\nUsername =\nPassword =\n"
                                   "Servicename = com.victronenergy.pvinverter\n"
                                   "\n# APsystems EZ1\n[TEMPLATE3]\nType = apsystems-ez1\nHost = "
                                   "192.168.1.73\nUsername =\nPassword =\n"
                                   "Servicename = com.victronenergy.pvinverter\n";
    struct sections_added out;
    char why[200], again_why[200];

    found("opendtu", "192.168.1.50");
    found("ahoy", "192.168.1.51");
    found("shelly-1pm", "192.168.1.70"); /* by CUST_ keys */
    found("shelly-plug", "192.168.1.71");
    found("shelly-plug", "192.168.1.72");
    found("apsystems-ez1", "192.168.1.73");
    found("shelly-3em", "192.168.1.74");
    found("", "192.168.1.75");
    assert_true(add(file, &out, why));
    assert_int_equal(out.present, 3);
    assert_int_equal(out.added, 3);
    assert_int_equal(out.unnamed, 1);
    assert_string_equal(out.list, "[DTU1] AhoyDTU at 192.168.1.51\n"
                                  "[TEMPLATE1] Shelly Plug at 192.168.1.72\n"
                                  "[TEMPLATE3] APsystems EZ1 at 192.168.1.73\n");
    assert_memory_equal(out.text, file, sizeof file - 1);
    assert_string_equal(out.text + sizeof file - 1, expected);

    struct sections_added again;
    assert_true(add(out.text, &again, again_why));
    assert_int_equal(again.added, 0);
    assert_int_equal(again.present, 6);
    assert_string_equal(again.text, out.text);
    free(again.text);
    free(out.text);
}

static void a_file_with_errors_is_left_alone(void **state)
{
    static const char *const files[] = {
        "[DEFAULT]\nDTU = opendtu\nHost = a\n[TEMPLATE0]\nType = nonsense\nHost = b\n",
        "no section\n", "[DEFAULT]\nDTU = opendtu\nHost = a\nHost = b\n"};
    struct sections_added out;
    char why[200];

    found("shelly-plug", "192.168.1.72");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_false(add(files[i], &out, why));
        assert_null(out.text);
        assert_non_null(strstr(why, "check"));
    }
}

/* As an installation leaves it: [DEFAULT] is there, with nothing in it. */
static void into_a_file_that_says_nothing(void **state)
{
    static const struct {
        const char *file, *expected;
    } rows[] = {
        {"# A\n[DEFAULT]\n# B\n", "# A\n[DEFAULT]\nDTU = opendtu\nHost = 192.168.1.50\n# B\n"},
        {"[DEFAULT]", "[DEFAULT]\nDTU = opendtu\nHost = 192.168.1.50\n"},
        {"", "[DEFAULT]\nDTU = opendtu\nHost = 192.168.1.50\n"},
        {"[DEFAULT]\r\nLogging = INFO\r\n",
         "[DEFAULT]\r\nDTU = opendtu\nHost = 192.168.1.50\nLogging = INFO\r\n"},
    };
    struct sections_added out;
    char why[200];

    found("opendtu", "192.168.1.50");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(add(rows[i].file, &out, why));
        assert_string_equal(out.text, rows[i].expected);
        assert_string_equal(out.list, "[DEFAULT] OpenDTU at 192.168.1.50\n");
        config_free(parse(out.text));
        free(out.text);
    }
}

static void there_is_an_end_of_numbers(void **state)
{
    struct sections_added out;
    char why[200], host[32];

    for (unsigned i = 0; i < 70; i++) {
        (void)snprintf(host, sizeof host, "192.168.1.%u", i + 1);
        found("shelly-plug", host);
    }
    assert_true(add("[DEFAULT]\nDTU = template\n", &out, why));
    assert_int_equal(out.added, CONF_TEMPLATES_MAX);
    assert_int_equal(out.no_room, 70 - CONF_TEMPLATES_MAX);
    free(out.text);
    char *text = sections_whole(&result, &as);
    struct config *c = parse(text);
    assert_int_equal(c->gateway_count, CONF_TEMPLATES_MAX);
    config_free(c);
    free(text);
}

static void what_as_takes(void **state)
{
    static const char *const faults[] = {"", "grid", "=192.168.1.80",
                                         "grid=", "anything-too-long-for-one=a"};

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        assert_false(sections_take_as(&as, faults[i]));
    found("shelly-em", "192.168.1.80");
    found("opendtu", "192.168.1.50");
    assert_true(sections_take_as(&as, "acload=192.168.1.80"));
    assert_null(sections_check_as(&as, &result));
    assert_true(sections_take_as(&as, "battery=192.168.1.80"));
    assert_string_equal(
        sections_check_as(&as, &result),
        "what is at 192.168.1.80 cannot be a battery: docs/devices.md says what it can be");
    as.count--;
    assert_true(sections_take_as(&as, "grid=192.168.1.50"));
    assert_string_equal(sections_check_as(&as, &result),
                        "--as grid=192.168.1.50: no device of a known type was found there");
    for (as.count = 0; as.count < SECTIONS_AS_MAX;)
        assert_true(sections_take_as(&as, "grid=a"));
    assert_false(sections_take_as(&as, "grid=a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_house, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_meter_is_in_comments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(logins_are_not_inherited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hostile_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_missing_is_added, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_with_errors_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(into_a_file_that_says_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_is_an_end_of_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_as_takes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
