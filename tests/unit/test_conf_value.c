#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "unit/support/conf_text.h"

static void odd_passwords(void **state)
{
    static const char *const passwords[][2] = {
        {"50% off", "50% off"},
        {"50%% off#1;2", "50% off#1;2"},
        {"a=b:c", "a=b:c"},
        {"p\xC3\xA4ss", "p\xC3\xA4ss"},
        {"#1", "#1"},
        {"%", "%"},
        {"a\tb", "a\tb"},
        {"a@b", "a@b"},
        {"%(", "%("},
        {"\"", "\""},
        {"'", "'"},
    };
    char text[200];

    for (size_t i = 0; i < sizeof passwords / sizeof passwords[0]; i++) {
        snprintf(text, sizeof text, "[DEFAULT]\nHost=dtu\nPassword = %s\n", passwords[i][0]);
        parse_clean(text);
        assert_string_equal(gateway()->password, passwords[i][1]);
    }
}

static void quotes_and_comments(void **state)
{
    static const struct {
        const char *line;
        enum conf_severity severity;
        const char *cure;
    } cases[] = {
        {"Host=\"192.168.1.50\"", CONF_ERROR, "remove the quotes"},
        {"Host='dtu'", CONF_ERROR, "remove the quotes"},
        {"Host=\xE2\x80\x9E"
         "dtu\xE2\x80\x9C",
         CONF_ERROR, "remove the quotes"},
        {"Host=\xE2\x80\x9C"
         "dtu\xE2\x80\x9D",
         CONF_ERROR, "remove the quotes"},
        {"Phase=\"L1\"", CONF_ERROR, "remove the quotes"},
        {"HTTPTimeout='3'", CONF_ERROR, "remove the quotes|2.5 is used"},
        {"Host=dtu # the roof", CONF_ERROR, "a comment needs its own line"},
        {"Host=dtu ; the roof", CONF_ERROR, "a comment needs its own line"},
        {"Phase=L1\t# the roof", CONF_ERROR, "a comment needs its own line"},
        {"AutoAdd=0 # none", CONF_ERROR, "a comment needs its own line|1 is used"},
        {"DryRun=0 # no", CONF_WARNING, "counts as 1"},
        /* These may well be meant. */
        {"Password=\"geheim\"", CONF_NOTE, "(hidden)|the quotes are part of the value"},
        {"Password=geheim #1", CONF_NOTE, "(hidden)|a comment needs its own line"},
        {"Username='admin'", CONF_NOTE, "the quotes are part"},
        {"Username=''", CONF_NOTE, "the quotes are part"},
        {"CACert=/data/ca.pem ; mine", CONF_NOTE, "a comment needs"},
    };
    char text[200];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool host = strncmp(cases[i].line, "Host", 4) == 0;
        snprintf(text, sizeof text, "[DEFAULT]\n%s\n%s", cases[i].line, host ? "" : "Host=dtu\n");
        parse(text);
        assert_message(cases[i].severity, 2, cases[i].cure);
    }
    assert_string_equal(gateway()->ca_cert, "/data/ca.pem ; mine");
    parse_clean(DTU "Password=a#b;c\nUsername=#\n[INVERTER0]\nSerial=A1\n");
    assert_warning(TEMPLATE "CUST_Total=\"e/total\"\n", 8, "CUST_Total|the quotes are part");
    parse("[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=h\nCUST_Power=p\n"
          "CUST_API_PATH='status'\n");
    assert_message(CONF_ERROR, 7, "CUST_API_PATH|remove the quotes");
    assert_note(TEMPLATE "CUST_Total=No #1/total\n", 8, "a comment needs");
    assert_string_equal(gateway()->template.value[FIELD_ENERGY_FORWARD].path[0], "No #1/total");
    assert_note(TEMPLATE "Name=\"Shed\"\n", 8, "the quotes are part");
    parse_clean(TEMPLATE "Name=Shed #1\n");
}

/* As it stands, it is sent; what was meant, nobody can know. Told once for the whole file. */
static void a_file_in_latin_1(void **state)
{
    assert_warning(DTU "# f\xFCr\nUsername=admin\nPassword=p\xE4ss\nCACert=\xFC\n", 5,
                   "Password = (hidden)|not in UTF-8|save it again as UTF-8");
    assert_string_equal(gateway()->password, "p\xE4ss");
    assert_string_equal(gateway()->ca_cert, "\xFC");
    assert_warning(TEMPLATE "CUST_Total=Z\xE4hler\nName=S\xFC"
                            "d\n",
                   8, "CUST_Total|UTF-8");
    assert_string_equal(device()->name, "S?d");
    parse_clean(DTU "# f\xFCr\n");
}

static void long_texts(void **state)
{
    char text[400];

    for (int len = CONF_TEXT_MAX - 1; len <= CONF_TEXT_MAX; len++) {
        snprintf(text, sizeof text, DTU "Username=%0*d\n", len, 1);
        if (len < CONF_TEXT_MAX) {
            parse_clean(text);
            assert_int_equal(strlen(gateway()->username), len);
        } else {
            assert_error(text, 3, "Username|too long|none is used");
            assert_string_equal(gateway()->username, "");
        }
    }
}

static void booleans(void **state)
{
    static const char *const yes[] = {"1", "true", "TRUE", "Yes", "on"};
    static const char *const no[] = {"0", "false", "False", "NO", "off"};
    char text[100];

    for (size_t i = 0; i < 5; i++) {
        snprintf(text, sizeof text, ONE "useYieldDay=%s\nDigestAuth=%s\n", yes[i], yes[i]);
        parse_clean(text);
        assert_true(device()->use_yield_day && gateway()->digest);
        snprintf(text, sizeof text, ONE "useYieldDay=%s\n", no[i]);
        parse_clean(text);
        assert_false(device()->use_yield_day);
    }
    assert_error(ONE "useYieldDay=maybe\n", 4, "[INVERTER0] useYieldDay|\"maybe\"|0 | 1|0 is used");
}

/* As the Python program reads it: int(text) != 0. */
static void day_counters_switch(void **state)
{
    static const struct {
        const char *text;
        bool on;
    } cases[] = {{"0", false}, {"00", false}, {"-0", false}, {"1", true},   {"2", true},
                 {"-1", true}, {"+7", true},  {"no", false}, {"TRUE", true}};
    char text[100];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, DTU "useYieldDay=%s\n[INVERTER0]\n", cases[i].text);
        parse_clean(text);
        assert_int_equal(device()->use_yield_day, cases[i].on);
    }
    assert_error(ONE "useYieldDay=0.5\n", 4, "useYieldDay");
    assert_error(ONE "DigestAuth=2\n", 4, "DigestAuth"); /* no count of anything */
}

static void dry_run_is_anything_but_0(void **state)
{
    static const char *const on[] = {"1", "true", "yes", "2", "please", "0 # no"};
    static const char *const off[] = {"0", "false", "", "No"};
    char text[100];

    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++) {
        snprintf(text, sizeof text, DTU "DryRun=%s\n", on[i]);
        assert_warning(text, 3, i < 3 ? "DryRun is on|not published" : "counts as 1|not published");
        assert_true(c->dry_run);
    }
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++) {
        snprintf(text, sizeof text, DTU "DryRun=%s\n", off[i]);
        parse_clean(text);
        assert_false(c->dry_run);
    }
}

static void log_levels(void **state)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {{"CRITICAL", LOG_CRITICAL}, {"error", LOG_ERROR}, {"Warning", LOG_WARNING},
                  {"INFO", LOG_INFO},         {"DEBUG", LOG_DEBUG}, {"notset", LOG_NOTSET}};
    char text[100];

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        snprintf(text, sizeof text, DTU "Logging=%s\n", levels[i].name);
        parse_clean(text);
        assert_int_equal(c->log_level, levels[i].level);
    }
    assert_error(DTU "Logging=LOUD\n", 3, "Logging|\"LOUD\"|DEBUG|WARNING is used");
    assert_int_equal(c->log_level, LOG_WARNING);
}

static void numbers(void **state)
{
    static const char *const bad[][2] = {
        {"HTTPTimeout=soon", "0.1..60"},       {"HTTPTimeout=2,5", "dot"},
        {"HTTPTimeout=nan", "0.1..60"},        {"HTTPTimeout=0x1", "0.1..60"},
        {"SignOfLifeLog=1.5", "0..10080"},     {"SignOfLifeLog=1 min", "0..10080"},
        {"RetryAfterSeconds=1e9", "0..86400"}, {"MinRetriesUntilFail=--1", "0..10000"},
        {"MaxAgeTsLastSuccess=x", "-1.."},     {"ErrorMode=never", "timeout"},
    };
    char text[200];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, DTU "%s\n[INVERTER0]\n", bad[i][0]);
        assert_error(text, 3, bad[i][1]);
        assert_int_equal(c->device_count, 1); /* each has a safe default */
        assert_false(device()->off);
    }
    parse_clean(ONE "MeterAway=invalid\n");
    assert_int_equal(device()->meter_away, METER_AWAY_INVALID);
    assert_error(ONE "MeterAway=sometimes\n", 4, "MeterAway|leave|invalid");
    assert_int_equal(device()->meter_away, METER_AWAY_LEAVE);
    parse_clean(DTU "HTTPTimeout=.5\nRetryAfterSeconds=+7\n");
    assert_int_equal(gateway()->timeout_ms, 500);
    assert_int_equal(gateway()->retry_after_ms, 7000);
}

/* 120 s that become 2.5 are a surprise; that become 60 are what was meant, as far as it goes. */
static void out_of_range_goes_to_the_nearest_bound(void **state)
{
    static const struct {
        const char *line, *used;
        double expected;
        size_t offset; /* of an unsigned in the gateway */
    } cases[] = {
#define IN(member) offsetof(struct gateway_conf, member)
        {"HTTPTimeout=120", "allowed is 0.1..60 s|60 is used", 60000, IN(timeout_ms)},
        {"HTTPTimeout=0", "0.1 is used", 100, IN(timeout_ms)},
        {"PollingInterval=100", "1000..3600000 ms|1000 is used", 1000, IN(interval_ms)},
        {"PollingInterval=-5", "1000 is used", 1000, IN(interval_ms)},
        {"PollingInterval=99999999999999999999", "3600000 is used|\"9999", 3600000,
         IN(interval_ms)},
        {"ESP8266PollingIntervall=999", "1000 is used", 1000, IN(esp8266_interval_ms)},
        {"RetryAfterSeconds=86401", "86400 is used", 86400000, IN(retry_after_ms)},
        {"RetryAfterSeconds=-1", "0 is used", 0, IN(retry_after_ms)},
        {"NumberOfInvertersToQuery=65", "64 is used", 64, IN(max_inverters)},
    };
    char text[200];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, DTU "%s\n[INVERTER0]\n", cases[i].line);
        assert_warning(text, 3, cases[i].used);
        unsigned seen;
        memcpy(&seen, (const char *)gateway() + cases[i].offset, sizeof seen);
        assert_true(seen == cases[i].expected);
    }
    assert_warning(DTU "SignOfLifeLog=-1\n", 3, "0 is used");
    assert_int_equal(c->sign_of_life_min, 0);
    assert_warning(ONE "MinRetriesUntilFail=10001\n", 4, "10000 is used");
    assert_int_equal(device()->min_retries, 10000);
    assert_warning(ONE "MaxAgeTsLastSuccess=86401\n", 4, "86400 is used");
    assert_int_equal(device()->max_age_s, 86400);
    assert_warning(TEMPLATE "CUST_POLLING=0\n", 8, "[TEMPLATE0] CUST_POLLING|1000 is used");
    assert_int_equal(gateway()->interval_ms, 1000);
    parse_clean(DTU "PollingInterval=1000\n[INVERTER0]\nMaxAgeTsLastSuccess=-86400\n");
}

/* The bounds themselves are values like any other. */
static void bounds_are_in_range(void **state)
{
    parse_clean(ONE "EnergyOffset=10000000\n");
    assert_true(device()->energy_offset_kwh == 1e7);
    parse_clean(ONE "EnergyOffset=-10000000\n");
    assert_true(device()->energy_offset_kwh == -1e7);
    parse_clean(DTU "HTTPTimeout=60\nRetryAfterSeconds=86400\nNumberOfInvertersToQuery=64\n");
    assert_int_equal(gateway()->timeout_ms, 60000);
    assert_int_equal(gateway()->retry_after_ms, 86400000);
    assert_int_equal(gateway()->max_inverters, 64);
    parse_clean(DTU "HTTPTimeout=0.1\nRetryAfterSeconds=0\n");
    assert_int_equal(gateway()->timeout_ms, 100);
    assert_int_equal(gateway()->retry_after_ms, 0);
}

/* A wrong number is no reason to publish nothing. */
static void an_instance_that_cannot_be(void **state)
{
    static const char *const bad[] = {"-1", "1024", "99999999999", "none", "34.5", "34 (roof)"};
    char text[200];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, ONE "DeviceInstance=%s\nPhase=L2\n", bad[i]);
        assert_error(text, 4, "DeviceInstance|0..1023|auto is used instead");
        assert_int_equal(device()->instance, CONF_INSTANCE_AUTO);
        assert_int_equal(device()->phase, PHASE_L2);
        assert_false(device()->off);
    }
    parse_clean(ONE "DeviceInstance=1023\n");
    assert_int_equal(device()->instance, 1023);
    assert_error(TEMPLATE "DeviceInstance=twenty\n", 8, "auto is used instead");
    assert_int_equal(c->device_count, 1);
}

/* On another phase, position or class than was meant nothing is published. */
static void a_meaning_that_is_not_known(void **state)
{
    static const char *const bad[] = {"Phase=L4", "AcPosition=3", "AcPosition=-1", "AcPosition=out",
                                      "Servicename=pvinverter"};
    char text[200];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, ONE "%s\nDeviceInstance=300\n[INVERTER1]\n", bad[i]);
        assert_error(text, 4, "allowed is|[INVERTER0] is kept off the bus");
        assert_int_equal(c->device_count, 2);
        assert_true(device_of("INVERTER0")->off);
        assert_int_equal(device_of("INVERTER0")->instance, 300);
        assert_false(device_of("INVERTER1")->off);
        assert_true(gateway()->auto_add); /* which inverter it is, is known */
        assert_string_equal(gateway()->in_doubt, "");
        /* Of all that inherit it. */
        snprintf(text, sizeof text,
                 DTU "%s\n[INVERTER0]\n[INVERTER1]\nPhase=L1\nAcPosition=1\n"
                     "Servicename=com.victronenergy.grid\n",
                 bad[i]);
        assert_error(text, 3, "allowed is|what depends on it is kept off the bus");
        assert_true(device_of("INVERTER0")->off);
        assert_false(device_of("INVERTER1")->off);
        assert_false(gateway()->auto_add);
        assert_string_equal(gateway()->in_doubt, "DEFAULT");
    }
}

static void empty_values(void **state)
{
    assert_warning(DTU "HTTPTimeout=\n", 3, "HTTPTimeout|empty|2.5");
    assert_int_equal(gateway()->timeout_ms, 2500);
    assert_warning(ONE "Phase=\n", 4, "Phase|empty|auto");
    assert_error("[DEFAULT]\nHost=\n", 1, "Host|missing");
    parse_clean(TEMPLATE "CUST_Voltage=\nCUST_Power_Default=\nCUST_SN=\nName=\nCUST_POLLING=\n");
    assert_string_equal(device()->name, "TEMPLATE0");
    assert_int_equal(gateway()->interval_ms, 5000);
}

static void tokens(void **state)
{
    static const char *const good[][2] = {
        {"Bearer eyJh.bGci.Oi-_~+/==", "Bearer eyJh.bGci.Oi-_~+/=="},
        {"eyJh.bGci.Oi", "Bearer eyJh.bGci.Oi"},
        {"Token abc", "Token abc"},
        {"authorization-1", "Bearer authorization-1"},
        {"", ""},
    };
    static const char *const bad[][2] = {
        {"Authorization: Bearer geheim", "write only what follows"},
        {"'geheim'", "remove the quotes"},
        {"geh\xC3\xA4im", "letters, digits"},
        {"geheim\tx", "letters, digits"},
    };
    char text[CONF_AUTHORIZATION_MAX + 200];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(text, sizeof text, TEMPLATE "Authorization=%s\n", good[i][0]);
        parse_clean(text);
        assert_string_equal(gateway()->authorization, good[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, TEMPLATE "Authorization=%s\n", bad[i][0]);
        assert_error(text, 8, bad[i][1]);
        assert_null(strstr(report.messages[0].text, "geheim"));
        assert_string_equal(gateway()->authorization, "");
    }
    for (int more = 0; more < 2; more++) {
        size_t len = strlen(TEMPLATE "Authorization="),
               size = CONF_AUTHORIZATION_MAX - 8 + (size_t)more;
        strcpy(text, TEMPLATE "Authorization=");
        memset(text + len, 'x', size);
        text[len + size] = '\0';
        if (more) {
            assert_error(text, 8, "Authorization|(hidden)|too long|none is used");
        } else {
            parse_clean(text);
            assert_int_equal(strlen(gateway()->authorization), CONF_AUTHORIZATION_MAX - 1);
        }
    }
}

/* The DTU's user name, which all inherit, is not told to a device that wants a token. */
static void a_token_in_place_of_a_password(void **state)
{
    parse_clean("[DEFAULT]\nHost=dtu\nUsername=u\nPassword=p\nDigestAuth=1\nNumberOfTemplates=2\n"
                "[TEMPLATE0]\nCUST_API_PATH=s\nCUST_Power=p\nAuthorization=x\n"
                "[TEMPLATE1]\nCUST_API_PATH=s\nCUST_Power=p\n");
    assert_string_equal(c->gateways[0].username, "u");
    assert_string_equal(c->gateways[1].username, "");
    assert_string_equal(c->gateways[1].password, "");
    assert_false(c->gateways[1].digest);
    assert_string_equal(c->gateways[2].password, "p");
    assert_warning(TEMPLATE "Username=u\nAuthorization=x\n", 4,
                   "[TEMPLATE0] Username and Password are not used|Authorization");
    assert_string_equal(gateway()->username, "");
    assert_warning(ONE "Authorization=x\n", 4, "[INVERTER0] Authorization|[TEMPLATEn]");
}

static void services(void **state)
{
    static const char *const bad[] = {"pvinverter",
                                      "com.victronenergy.",
                                      "com.victronenergy.a.b",
                                      "com.victronenergy.a b",
                                      "com.victronenergy.1a",
                                      "org.x.grid",
                                      "com.victronenergyxgrid",
                                      "com.victronenergy.a-b"};
    char text[200];

    parse_clean(ONE "Servicename=com.victronenergy.evcharger_2\n");
    assert_string_equal(device()->service, "com.victronenergy.evcharger_2");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, ONE "Servicename=%s\n[INVERTER1]\n", bad[i]);
        assert_error(text, 4,
                     "Servicename|com.victronenergy.<class>|[INVERTER0] is kept off the bus");
        assert_true(device_of("INVERTER0")->off);
        assert_false(device_of("INVERTER1")->off);
    }
    /* As long as it may be, and a letter more. */
    snprintf(text, sizeof text, ONE "Servicename=com.victronenergy.%s\n",
             "abcdefghijabcdefghijabcdefghijabcdefghijabcde");
    parse_clean(text);
    assert_int_equal(strlen(device()->service), 63);
    snprintf(text, sizeof text, ONE "Servicename=com.victronenergy.%s\n",
             "abcdefghijabcdefghijabcdefghijabcdefghijabcdef");
    assert_error(text, 4, "Servicename|it is too long|[INVERTER0] is kept off the bus");
}

static void api_paths(void **state)
{
    static const char *const paths[][2] = {
        {"status", "/status"},
        {"/status", "/status"},
        {"cm?cmnd=STATUS+8&user=a&password=b", "/cm?cmnd=STATUS+8&user=a&password=b"},
        {"a b/\"c\"", "/a%20b/%22c%22"},
        {"a%%20b", "/a%20b"},
        {"a%20b", "/a%20b"},
        {"100%", "/100%25"},
        {"\xC3\xBC", "/%C3%BC"},
        {"x[0]?a={1}", "/x[0]?a=%7B1%7D"},
    };
    char text[2000];

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        snprintf(text, sizeof text,
                 "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=h\nCUST_Power=p\n"
                 "CUST_API_PATH=%s\n",
                 paths[i][0]);
        parse_clean(text);
        assert_string_equal(gateway()->template.api_path[0], paths[i][1]);
    }
    strcpy(
        text,
        "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=h\nCUST_Power=p\nCUST_API_PATH=");
    for (int i = 0; i < 90; i++)
        strcat(text, "\xE2\x82\xAC");
    assert_error(text, 7, "CUST_API_PATH|(hidden)|too long|off the bus");
    /* Whole or not at all, with the '/' that is put before it. */
    char *path = strstr(text, "PATH=") + strlen("PATH=");
    for (size_t len = CONF_TEXT_MAX - 10; len <= CONF_TEXT_MAX + 1; len++) {
        memset(path, 'x', len);
        path[len] = '\0';
        parse(text);
        assert_int_equal(c->gateway_count, report.errors == 0);
        if (report.errors)
            assert_message(CONF_ERROR, 7, "CUST_API_PATH|too long");
        else
            assert_string_equal(gateway()->template.api_path[0] + 1, path);
        assert_false(report.errors && len == CONF_TEXT_MAX - 10);
        assert_true(report.errors || len < CONF_TEXT_MAX - 1);
    }
}

static void control_characters(void **state)
{
    assert_error(DTU "Username=a\x07"
                     "b\n",
                 3, "Username|control character");
    assert_string_equal(gateway()->username, "");
    assert_error(DTU "Username=a\x7F"
                     "b\n",
                 3, "Username|control character");
    parse_clean(DTU "Username=a b\tc~\n");
    assert_error(DTU "Username=a\n Password=geheim\n", 3, "Username = \"a\"|indentation");
    assert_error("[DEFAULT]\nHost=dtu\n  # c\n  Username=a\n", 2, "Host|indentation");
    assert_error(DTU "HTTPTimeout=1\n 5\n", 3, "indentation|2.5 is used");
}

static void names(void **state)
{
    assert_warning(TEMPLATE "Name=\xFC\n", 8, "Name|UTF-8");
    assert_string_equal(device()->name, "?");
    char text[400] = TEMPLATE "Name=";
    memset(text + strlen(text), 'x', 100);
    assert_warning(text, 8, "Name|too long");
    assert_int_equal(strlen(device()->name), NAME_MAX_BYTES - 1);
    text[strlen(TEMPLATE "Name=") + NAME_MAX_BYTES] = '\0';
    assert_warning(text, 8, "Name|too long");
    text[strlen(TEMPLATE "Name=") + NAME_MAX_BYTES - 1] = '\0'; /* as long as it may be */
    parse_clean(text);
    assert_int_equal(strlen(device()->name), NAME_MAX_BYTES - 1);
    text[strlen(text) - 2] = '\t';
    assert_warning(text, 8, "Name|cannot be shown");
    parse_clean(TEMPLATE "Name=100%% S\xC3\xBC"
                         "d\n");
    assert_string_equal(device()->name, "100% S\xC3\xBC"
                                        "d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONF_TEST(odd_passwords),
        CONF_TEST(quotes_and_comments),
        CONF_TEST(a_file_in_latin_1),
        CONF_TEST(long_texts),
        CONF_TEST(booleans),
        CONF_TEST(dry_run_is_anything_but_0),
        CONF_TEST(log_levels),
        CONF_TEST(numbers),
        CONF_TEST(out_of_range_goes_to_the_nearest_bound),
        CONF_TEST(bounds_are_in_range),
        CONF_TEST(an_instance_that_cannot_be),
        CONF_TEST(a_meaning_that_is_not_known),
        CONF_TEST(day_counters_switch),
        CONF_TEST(empty_values),
        CONF_TEST(tokens),
        CONF_TEST(a_token_in_place_of_a_password),
        CONF_TEST(services),
        CONF_TEST(api_paths),
        CONF_TEST(control_characters),
        CONF_TEST(names),
    };
    return cmocka_run_group_tests_name("conf_value", tests, NULL, NULL);
}
