#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/support/conf_text.h"

static void unknown_keys(void **state)
{
    assert_warning(DTU "Hosts=1\n", 3, "[DEFAULT] Hosts|did you mean Host?");
    assert_warning(DTU "DT=opendtu\n", 3, "[DEFAULT] DT is not known: did you mean DTU?");
    assert_warning(ONE "AcPositon=1\n", 4, "AcPositon|AcPosition");
    assert_warning(ONE "Servicname=1\n", 4, "Servicename");
    assert_warning(DTU "Colour=red\n", 3, "Colour|no effect");
    assert_null(strstr(report.messages[0].text, "red"));
    assert_warning(TEMPLATE "CUST_Totl=x\n", 8, "CUST_Total");
    assert_warning(ONE "CUST_Power=p\n", 4, "[INVERTER0] CUST_Power|belongs in [TEMPLATEn]");
    assert_warning(ONE "Logging=INFO\n", 4, "Logging|belongs in [DEFAULT]");
    /* Near is only what may stand there; in [DEFAULT], what others inherit. */
    assert_warning(ONE "CUST_Totl=x\n", 4, "[INVERTER0] CUST_Totl is not known and has no effect");
    assert_warning(DTU "CUST_Totl=x\n", 3, "[DEFAULT] CUST_Totl|did you mean CUST_Total?");
    assert_int_equal(c->log_level, LOG_WARNING);
    parse_clean(DTU "Phase=L2\nAcPosition=0\n[INVERTER0]\n"); /* [DEFAULT] holds for all */
    assert_int_equal(device()->phase, PHASE_L2);
    assert_int_equal(device()->position, 0);
}

/* A key of the owner's own is one that a value refers to: 256 of these are kept in mind. */
static void keys_of_the_owner_s_own(void **state)
{
    char text[8000];

    for (unsigned count = 256; count <= 257; count++) {
        size_t len =
            (size_t)sprintf(text, DTU); /* each refers to the next, the last to the first */
        for (unsigned i = 0; i < count; i++)
            len += (size_t)sprintf(text + len, "own%u=%%(own%u)s\n", i, (i + 1) % count);
        if (count == 256)
            parse_clean(text);
        else
            assert_warning(text, 3, "own0 is not known");
    }
    parse_clean(DTU "net=a\nUsername=%(NET)s%(net)s\n");
    parse_clean("[DEFAULT]\nHost=%(net)s.1\nnet=10.0.0\n");
    assert_warning(DTU "ne=a\nnet=b\nUsername=%(net)s\n", 3, "[DEFAULT] ne is not known");
}

static void unknown_sections(void **state)
{
    static const char *const bad[][2] = {
        {"Default", "did you mean [DEFAULT]?"},
        {"DEFAULTS", "did you mean [DEFAULT]?"},
        {"INVERTER", "did you mean [INVERTER0]?"},
        {"INVERTER00", "did you mean [INVERTER0]?"},
        {"inverter1", "did you mean [INVERTER1]?"},
        {"INVERTER 2", "did you mean [INVERTER2]?"},
        {"INVERTR3", "did you mean [INVERTER3]?"},
        {"INVERTR20", "did you mean [INVERTER20]?"},
        {"INVRTR3", "did you mean [INVERTER3]?"},
        {"INVRT3", "[INVERTER0] to [INVERTER63]"},
        {"TEMPLATE64", "[TEMPLATE0] to [TEMPLATE63]"},
        {"INVERTER0 ", "did you mean [INVERTER0]?"},
        {"INVERTER1x", "did you mean [INVERTER1]?"},
        {"TEMPLATE-1", "did you mean [TEMPLATE1]?"},
        {"dtu1", "did you mean [DTU1]?"},
        {"DEFAULT1", "[INVERTER0] to [INVERTER63]"},
        {"INVERTER64", "[INVERTER0] to [INVERTER63]"},
        {"DTX1", "[INVERTER0] to [INVERTER63]"},
        {"GENERAL", "[INVERTER0] to [INVERTER63]"},
        {"7", "[INVERTER0] to [INVERTER63]"},
        {"INVERTER99999999999999999999", "[INVERTER0] to [INVERTER63]"},
        {"ONPREMISE", "no longer used: move its keys (Host, Username, Password) into [DEFAULT]"},
    };
    char text[200];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, DTU "[%s]\nkey=value\nPhase=L9\n", bad[i][0]);
        assert_warning(text, 3, bad[i][1]);
        assert_non_null(strstr(report.messages[0].text, bad[i][0]));
    }
    assert_warning(DTU "[The inverter on the roof of the garden shed]\nPhase=L1\n", 3,
                   "[The inverter on the roof of the ] is not known|[INVERTER0] to [INVERTER63]");
}

/* The cure is told once, and not that Host is missing as well. */
static void a_host_in_the_wrong_section(void **state)
{
    assert_error("[ONPREMISE]\nHost=dtu\nUsername=\n[INVERTER0]\n", 1, "[ONPREMISE]|[DEFAULT]");
    assert_int_equal(c->gateway_count, 0);
    assert_error("[default]\nHost=dtu\n", 1, "[default]|did you mean [DEFAULT]?");
    assert_error("[DEFAULT]\nDTU=opendtu\n[ONPREMISE]\nHost=dtu\n", 3, "[ONPREMISE]");
    assert_warning(DTU "[ONPREMISE]\nHost=dtu\n", 3, "[ONPREMISE]");
    assert_warning("[DEFAULT]\nHTTPTimeout=2\n[DTU1]\nHost=a\n[DTU 2]\nHost=b\n", 5,
                   "[DTU 2]|did you mean [DTU2]?"); /* not what [DEFAULT] lacks */
    parse("[ONPREMISE]\nUsername=u\n");
    assert_int_equal(report.warnings, 1);
    assert_int_equal(report.errors, 1); /* the Host is missing */
    /* Of a template it is missing all the same. */
    parse("[ONPREMISE]\nHost=dtu\n[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\n"
          "CUST_API_PATH=s\nCUST_Power=p\n");
    assert_int_equal(report.errors, 2);
}

static void former_names(void **state)
{
    parse_clean(DTU "ESP8266PollingInterval=20000\n");
    assert_int_equal(gateway()->esp8266_interval_ms, 20000);
    parse_clean(DTU "OpenDTUPollingIntervall=6000\n");
    assert_int_equal(gateway()->interval_ms, 6000);
    assert_note(DTU "MagAgeTsLastSuccess=300\n[INVERTER0]\n", 3, "MagAge|MaxAge");
    assert_int_equal(device()->max_age_s, 300);
    assert_warning(DTU "MagAgeTsLastSuccess=300\nMaxAgeTsLastSuccess=400\n[INVERTER0]\n", 3,
                   "not used");
    assert_int_equal(device()->max_age_s, 400);
    assert_note(DTU "MaxFetchTries=3\n", 3, "not needed");
}

static void an_inherited_fault_is_told_once(void **state)
{
    assert_error(DTU "MinRetriesUntilFail=x\n[INVERTER0]\n[INVERTER1]\n[INVERTER2]\n", 3,
                 "[DEFAULT] MinRetriesUntilFail");
    assert_int_equal(c->device_count, 3);
}

static void wrong_kinds_of_dtu(void **state)
{
    assert_error("[DEFAULT]\nDTU=openhub\nHost=h\nNumberOfTemplates=1\n[INVERTER0]\n[TEMPLATE0]\n"
                 "CUST_API_PATH=s\nCUST_Power=p\n",
                 2, "DTU|\"openhub\"|ahoy");
    assert_int_equal(c->gateway_count, 1);
    assert_string_equal(device()->section, "TEMPLATE0");
}

static void templates_that_lack_something(void **state)
{
    assert_error(
        "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nCUST_API_PATH=s\nCUST_Power=p\n",
        4, "[TEMPLATE0] Host is missing: write Host = and the address of the device");
    assert_error("[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nCUST_Power=p\n", 4,
                 "[TEMPLATE0] Host is missing: write Host = and the address of the device");
    assert_error(
        "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=h\nCUST_Power=p\n", 4,
        "CUST_API_PATH is missing");
    assert_error(
        "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=h\nCUST_API_PATH=s\n", 4,
        "CUST_Power is missing");
    assert_error(
        "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=h\nCUST_API_PATH=s\n"
        "CUST_Power=none\n",
        4, "CUST_Power is missing");
    assert_int_equal(c->gateway_count, 0);
    parse_clean("[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=h\n"
                "CUST_API_PATH=/\nCUST_Power=p\n"); /* the page that a device shows first */
    assert_error(TEMPLATE "CUST_Power_Mult=1,5\n", 8,
                 "CUST_Power_Mult|dot|[TEMPLATE0] is kept off the bus");
    assert_int_equal(c->gateway_count, 0);
    assert_int_equal(c->device_count, 0);
    assert_error(TEMPLATE "CUST_Voltage_Default=high\n", 8, "CUST_Voltage_Default|none is used");
    assert_int_equal(c->device_count, 1);
    assert_error(TEMPLATE "Phase=L4\n", 8, "Phase|L1 | L2|[TEMPLATE0] is kept off the bus");
    assert_int_equal(c->gateway_count, 0);
}

static void templates_with_several_requests(void **state)
{
    parse_clean(TEMPLATE "CUST_API_PATH_2=energy\nCUST_Total=[2]e - [1]x\n");
    assert_string_equal(gateway()->template.api_path[1], "/energy");
    assert_error(TEMPLATE "CUST_Total=[2]e\n", 4, "[TEMPLATE0] CUST_Total = [2]e|CUST_API_PATH_2");
    assert_error(TEMPLATE "CUST_Total=e + [5]e\n", 4, "CUST_Total|[1] to [4]");
    assert_error(TEMPLATE "CUST_Total=[4]e\n", 4, "CUST_API_PATH_4, whose reply is [4]");
    assert_error(TEMPLATE "CUST_Total=[3]e + [2]e + [4]e\n", 4, "CUST_API_PATH_3"); /* the first */
    assert_int_equal(c->gateway_count, 0);
    parse_clean(TEMPLATE "CUST_API_PATH_2=a\nCUST_API_PATH_3=b\nCUST_API_PATH_4=c\n"
                         "CUST_Total=[4]e\n");
    assert_error(TEMPLATE "CUST_API_PATH_3=x\n", 4, "CUST_API_PATH_3|CUST_API_PATH_2 is not");
    assert_int_equal(c->gateway_count, 0);
    assert_int_equal(c->device_count, 0);
    assert_error(TEMPLATE "CUST_API_PATH_3=/\n", 4, "CUST_API_PATH_3|CUST_API_PATH_2 is not");
    parse_clean(TEMPLATE "Username=[2]x\nPassword=[7]x\n"); /* only a path is one */
    assert_error(TEMPLATE "CUST_String2_Power=[2]e\n", 4, "CUST_String2_Power|CUST_API_PATH_2");
}

static void templates_of_one_phase(void **state)
{
    static const char head[] = "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=x\n"
                               "CUST_API_PATH=y\nCUST_Power_L2=p\n";
    char text[400];

    static const char *const keys[] = {"CUST_Power_L1", "CUST_Power_L2", "CUST_Power_L3"};
    static const enum phase_choice phases[] = {PHASE_L1, PHASE_L2, PHASE_L3};
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "%.*s%s=p\n", (int)(strstr(head, "CUST_Power") - head), head,
                 keys[i]);
        parse_clean(text);
        assert_int_equal(device()->phase, phases[i]);
    }
    snprintf(text, sizeof text, "%sCUST_Power=q\n", head); /* all of it is known as well */
    parse_clean(text);
    assert_int_equal(device()->phase, PHASE_AUTO);
    snprintf(text, sizeof text, "%sPhase=L3\n", head);
    parse_clean(text);
    assert_int_equal(device()->phase, PHASE_L3);
    snprintf(text, sizeof text, "%sCUST_Power_L3=q\n", head);
    parse_clean(text);
    assert_int_equal(device()->phase, PHASE_AUTO);
}

static void number_of_templates(void **state)
{
    assert_warning(DTU "[TEMPLATE0]\nHost=h\nCUST_API_PATH=s\nCUST_Power=p\n", 3,
                   "[TEMPLATE0]|NumberOfTemplates");
    assert_int_equal(c->device_count, 0);
    assert_error(
        "[DEFAULT]\nDTU=template\nNumberOfTemplates=2\n[TEMPLATE0]\nHost=h\nCUST_API_PATH=s\n"
        "CUST_Power=p\n",
        3, "NumberOfTemplates = 2|[TEMPLATE1]");
    assert_int_equal(c->device_count, 1);
    assert_warning(TEMPLATE "[TEMPLATE1]\nPhase=wrong but not used\n", 8,
                   "[TEMPLATE1] is not used|NumberOfTemplates = 2");
    assert_int_equal(c->device_count, 1);
}

static void inverters_beyond_the_number_asked_for(void **state)
{
    assert_note("[DEFAULT]\nHost=dtu\nNumberOfInvertersToQuery=1\n[INVERTER0]\nDeviceInstance=34\n"
                "[INVERTER1]\nDeviceInstance=34\n[INVERTER2]\n[INVERTER3]\n[INVERTER4]\n"
                "[INVERTER5]\n",
                6, "[INVERTER1], [INVERTER2], [INVERTER3] and 2 more are not used|ToQuery");
    assert_int_equal(c->device_count, 1);
    assert_note("[DEFAULT]\nHost=dtu\nNumberOfInvertersToQuery=1\n[INVERTER0]\n[INVERTER1]\n"
                "[INVERTER2]\n[INVERTER3]\n[INVERTER4]\n",
                5, "[INVERTER1], [INVERTER2], [INVERTER3] and [INVERTER4] are not used");
}

static void nothing_to_publish(void **state)
{
    assert_error("[DEFAULT]\nDTU=template\n", 2, "no [TEMPLATEn]|nothing to publish|Host");
    assert_error("[DEFAULT]\nDTU=template\n[TEMPLATE3]\nHost=h\n[TEMPLATE4]\n", 3,
                 "[TEMPLATE3] and [TEMPLATE4] are not used|missing|NumberOfTemplates = 5|nothing");
    assert_error("[DEFAULT]\nDTU=template\nNumberOfTemplates=2\n", 3,
                 "NumberOfTemplates = 2|[TEMPLATE0] and [TEMPLATE1] are missing");
    /* What has been told is not told again in other words. */
    assert_error("[DEFAULT]\nDTU=template\nNumberOfTemplates=x\n", 3, "NumberOfTemplates");
    assert_warning("[DEFAULT]\nHost=dtu\nAutoAdd=0\n", 3, "[DEFAULT] AutoAdd|nothing");
    assert_warning("[DEFAULT]\nHost=dtu\nDryRun=1\n", 3, "DryRun|not published");
    parse_clean("[DEFAULT]\nHost=dtu\nAutoAdd=0\n[INVERTER0]\n");
}

static void doubles_are_fatal(void **state)
{
    assert_fatal("[DEFAULT]\nHost=a\nhost=b\n", 3, "Host|line 2");
    assert_fatal(ONE "[INVERTER0]\n", 4, "[INVERTER0]|line 3");
    assert_fatal("Host=a\nUsername=u\nPassword=p\n", 1,
                 "first [section]|[DEFAULT] on a line above");
    assert_fatal("[DEFAULT\n[TEMPLATE0]\nHost=a\n[DEFAULT]\nNumberOfTemplates=2\n", 1,
                 "needs [ and ] around it");
    assert_fatal("[DEFAULT\n[DEFAULT]\nHost=a\n", 1, "needs [ and ] around it");
}

/* Whatever Notepad makes of it, and whatever a power cut leaves. */
static void no_text_at_all(void **state)
{
    static const char *const utf16[] = {
        "\xFF\xFE[\0D\0E\0F\0A\0U\0L\0T\0]\0\n\0",
        "\xFE\xFF\0[\0D\0E\0F\0A\0U\0L\0T\0]\0\n",
        "[\0D\0E\0F\0A\0U\0L\0T\0]\0\n\0\xE4",
        "\0[\0D\0E\0F\0A\0U\0L\0T\0]\0\n\0",
    };
    char zeros[4096] = "", four[4];

    for (size_t i = 0; i < sizeof utf16 / sizeof utf16[0]; i++) {
        parse_bytes(utf16[i], 20);
        assert_message(CONF_FATAL, 0, "UTF-16|save it again as UTF-8");
    }
    /* Without a mark: every second byte is NUL. */
    for (unsigned nuls = 1; nuls < 16; nuls++) {
        for (unsigned i = 0; i < 4; i++)
            four[i] = nuls & 1u << i ? '\0' : '[';
        parse_bytes(four, 4);
        assert_message(CONF_FATAL, nuls == 5 || nuls == 10 ? 0 : 1,
                       nuls == 5 || nuls == 10 ? "UTF-16" : "NUL bytes");
    }
    parse_bytes("\xFF\xFF", 2); /* no mark */
    assert_message(CONF_FATAL, 1, "first [section]");
    parse_bytes("\xFE\xFE", 2);
    assert_message(CONF_FATAL, 1, "first [section]");
    parse_bytes("\xFF\xFE", 2);
    assert_message(CONF_FATAL, 0, "UTF-16");
    parse_bytes(zeros, sizeof zeros);
    assert_message(CONF_FATAL, 1, "NUL bytes|power cut");
    parse_bytes("[DEFAULT]\nHost=dtu\nUser\0name=u\n", 29);
    assert_message(CONF_FATAL, 3, "NUL bytes");
    parse_bytes("[\0]", 3);
    assert_message(CONF_FATAL, 1, "NUL bytes");
    parse_bytes("", 0);
    assert_message(CONF_ERROR, 0, "Host is missing");
    parse_clean("\xEF\xBB\xBF[DEFAULT]\nHost=dtu\n");
}

static void tells_all_faults_in_order(void **state)
{
    parse(
        "[INVERTER0]\nPhase=L7\nDeviceInstance=x\n[DEFAULT]\nHost=dtu\nHTTPTimeout=x\nFoo=1\nHTTPTimeout=1\n"
        "nonsense\n[INVERTER1]\nAcPosition=9\n");
    unsigned lines[] = {2, 3, 6, 7, 8, 9, 11};
    print_report();
    assert_int_equal(report.count, 7);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(report.messages[i].line, lines[i]);
    assert_int_equal(report.fatals, 2);
    assert_int_equal(report.errors, 4);
    assert_int_equal(report.warnings, 1);
    assert_null(c);
}

/* Of a wrong value, 45 bytes; the rest is not needed to find it. */
static void what_is_shown_of_a_value(void **state)
{
    char text[200], value[61], words[80];

    memset(value, 'x', sizeof value);
    for (int len = 40; len <= 60; len++) {
        snprintf(text, sizeof text, DTU "Logging=%.*s\n", len, value);
        snprintf(words, sizeof words, "Logging = \"%.*s\":", len < 45 ? len : 45, value);
        assert_error(text, 3, words);
    }
}

/* Of one line, in the order in which they were noticed. */
static void several_faults_of_one_line(void **state)
{
    parse("[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=h\n");
    assert_int_equal(report.count, 2);
    assert_non_null(strstr(report.messages[0].text, "CUST_API_PATH is missing"));
    assert_non_null(strstr(report.messages[1].text, "CUST_Power is missing"));
}

/* What no line is to blame for comes last, though it was noticed first. */
static void what_has_no_line_comes_last(void **state)
{
    parse("[INVERTER0]\nServicename=x\n[TEMPLATE0]\nType=nonsense\n");
    print_report();
    assert_int_equal(report.count, 3);
    assert_int_equal(report.messages[0].line, 2);
    assert_int_equal(report.messages[1].line, 4);
    assert_int_equal(report.messages[2].line, 0);
    assert_non_null(strstr(report.messages[2].text, "Host is missing"));
}

/* Without a default, nothing takes the place of a bad value. */
static void nothing_is_used_instead(void **state)
{
    assert_error(TEMPLATE "CUST_POLLING=often\n", 8, "CUST_POLLING|1000..3600000");
    assert_string_equal(report.messages[0].outcome, "");
    assert_int_equal(gateway()->interval_ms, 5000);
}

static void the_report_has_a_limit(void **state)
{
    char *text = malloc(100000);
    size_t len = (size_t)sprintf(text, DTU);

    for (int i = 0; i < 1000; i++)
        len += (size_t)sprintf(text + len, "unknown%d=1\n", i);
    parse(text);
    free(text);
    assert_int_equal(report.warnings, 1000);
    assert_int_equal(report.count, 200);
}

static void messages_are_clean_text(void **state)
{
    parse("[DEFAULT]\nHost=dtu\nLogging=\xFF\x1B[0m\nF\xFF\xC3=1\n[\xFF]\n");
    for (size_t i = 0; i < report.count; i++) {
        for (const char *t = report.messages[i].text; *t; t++)
            assert_in_range(*t, 0x20, 0x7E);
    }
    assert_int_equal(report.count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONF_TEST(unknown_keys),
        CONF_TEST(keys_of_the_owner_s_own),
        CONF_TEST(unknown_sections),
        CONF_TEST(a_host_in_the_wrong_section),
        CONF_TEST(nothing_to_publish),
        CONF_TEST(former_names),
        CONF_TEST(an_inherited_fault_is_told_once),
        CONF_TEST(wrong_kinds_of_dtu),
        CONF_TEST(templates_that_lack_something),
        CONF_TEST(templates_with_several_requests),
        CONF_TEST(templates_of_one_phase),
        CONF_TEST(number_of_templates),
        CONF_TEST(inverters_beyond_the_number_asked_for),
        CONF_TEST(doubles_are_fatal),
        CONF_TEST(no_text_at_all),
        CONF_TEST(tells_all_faults_in_order),
        CONF_TEST(what_is_shown_of_a_value),
        CONF_TEST(several_faults_of_one_line),
        CONF_TEST(what_has_no_line_comes_last),
        CONF_TEST(nothing_is_used_instead),
        CONF_TEST(the_report_has_a_limit),
        CONF_TEST(messages_are_clean_text),
    };
    return cmocka_run_group_tests_name("conf_report", tests, NULL, NULL);
}
