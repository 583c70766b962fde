#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/conf.h"

#define DTU "[DEFAULT]\nHost=dtu\n"
#define ONE DTU "[INVERTER0]\n"
#define TEMPLATE                                                                                     \
    "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=shelly\nCUST_API_PATH=status\n" \
    "CUST_Power=power\n"

static struct config *c;
static struct conf_report report;

static int teardown(void **state)
{
    config_free(c);
    conf_report_finish(&report);
    c = NULL;
    return 0;
}

static void parse(const char *text)
{
    config_free(c);
    conf_report_finish(&report);
    c = config_parse(text, &report);
    assert_int_equal(c == NULL, report.fatals > 0);
}

static void print_report(void)
{
    for (size_t i = 0; i < report.count; i++)
        print_message("# %u: %s\n", report.messages[i].line, report.messages[i].text);
}

static void parse_clean(const char *text)
{
    parse(text);
    print_report();
    assert_int_equal(report.count, 0);
    assert_non_null(c);
}

/* One message, of this severity and line, that has all of these words (parted by '|') in it. */
static void assert_message(enum conf_severity severity, unsigned line, const char *words)
{
    char copy[200];

    print_report();
    assert_int_equal(report.count, 1);
    assert_int_equal(report.messages[0].severity, severity);
    assert_int_equal(report.messages[0].line, line);
    snprintf(copy, sizeof copy, "%s", words);
    for (char *rest = copy, *word; (word = strsep(&rest, "|"));) {
        if (!strstr(report.messages[0].text, word))
            fail_msg("no \"%s\" in: %s", word, report.messages[0].text);
    }
}

static void assert_warning(const char *text, unsigned line, const char *words)
{
    parse(text);
    assert_message(CONF_WARNING, line, words);
    assert_int_equal(report.warnings, 1);
}

static void assert_error(const char *text, unsigned line, const char *words)
{
    parse(text);
    assert_message(CONF_ERROR, line, words);
    assert_int_equal(report.errors, 1);
}

static void assert_fatal(const char *text, unsigned line, const char *words)
{
    parse(text);
    assert_message(CONF_FATAL, line, words);
    assert_null(c);
}

static const struct gateway_conf *gateway(void)
{
    assert_true(c->gateway_count > 0);
    return &c->gateways[0];
}

static const struct device_conf *device(void)
{
    assert_true(c->device_count > 0);
    return &c->devices[0];
}

/* ---- Defaults and whole files ----------------------------------------------------------------- */

static void the_least_file(void **state)
{
    parse_clean(ONE);
    assert_int_equal(c->log_level, LOG_WARNING);
    assert_int_equal(c->sign_of_life_min, 1);
    assert_false(c->dry_run);
    assert_int_equal(c->gateway_count, 1);
    const struct gateway_conf *g = gateway();
    assert_string_equal(g->section, "DEFAULT");
    assert_int_equal(g->number, 0);
    assert_string_equal(g->driver, "auto");
    assert_string_equal(g->base_url, "http://dtu");
    assert_string_equal(g->username, "");
    assert_string_equal(g->password, "");
    assert_string_equal(g->ca_cert, "");
    assert_false(g->digest);
    assert_true(g->tls_verify);
    assert_int_equal(g->interval_ms, 5000);
    assert_int_equal(g->esp8266_interval_ms, 10000);
    assert_int_equal(g->timeout_ms, 2500);
    assert_int_equal(g->retry_after_ms, 120000);
    assert_int_equal(g->max_inverters, 0);
    assert_true(g->auto_add);
    assert_int_equal(c->device_count, 1);
    const struct device_conf *d = device();
    assert_string_equal(d->section, "INVERTER0");
    assert_string_equal(d->connection, "TCP/IP (HTTP) dtu");
    assert_string_equal(d->service, "com.victronenergy.pvinverter");
    assert_string_equal(d->name, "");
    assert_string_equal(d->serial, "");
    assert_int_equal(d->gateway, 0);
    assert_int_equal(d->index, 0);
    assert_int_equal(d->phase, PHASE_AUTO);
    assert_int_equal(d->instance, CONF_INSTANCE_AUTO);
    assert_int_equal(d->position, 1);
    assert_false(d->keep_energy);
    assert_false(d->use_yield_day);
    assert_int_equal(d->max_age_s, 600);
    assert_int_equal(d->error_mode, ERROR_MODE_RETRYCOUNT);
    assert_int_equal(d->min_retries, 3);
    assert_int_equal(d->error_after_s, 600);
}

static void a_dtu_without_sections(void **state)
{
    parse_clean(DTU);
    assert_int_equal(c->gateway_count, 1);
    assert_int_equal(c->device_count, 0);
}

static void an_empty_file(void **state)
{
    parse("");
    assert_message(CONF_ERROR, 0, "Host|missing|DTU");
    assert_non_null(c);
    assert_int_equal(c->gateway_count, 0);
}

static void every_key_of_default(void **state)
{
    parse_clean(
        "[DEFAULT]\nDTU=AHOY\nHost=https://h:8443/\nUsername=u\nPassword=p#;1 %% x\nDigestAuth=TRUE\n"
        "TlsVerify=no\nCACert=/data/ca.pem\nHTTPTimeout=10\nPollingInterval=7000\n"
        "ESP8266PollingIntervall=20000\nRetryAfterSeconds=60\nNumberOfInvertersToQuery=2\n"
        "NumberOfTemplates=0\nuseYieldDay=1\nMaxAgeTsLastSuccess=-1\nErrorMode=Timeout\n"
        "MinRetriesUntilFail=5\nErrorStateAfterSeconds=0\nLogging=debug\nSignOfLifeLog=0\nDryRun=1\n"
        "[INVERTER1]\nPhase=3p\nDeviceInstance=0\nAcPosition=2\n"
        "Servicename=com.victronenergy.acload\n");
    const struct gateway_conf *g = gateway();
    assert_string_equal(g->driver, "ahoy");
    assert_string_equal(g->base_url, "https://h:8443");
    assert_string_equal(g->username, "u");
    assert_string_equal(g->password, "p#;1 % x");
    assert_true(g->digest);
    assert_false(g->tls_verify);
    assert_string_equal(g->ca_cert, "/data/ca.pem");
    assert_int_equal(g->timeout_ms, 10000);
    assert_int_equal(g->interval_ms, 7000);
    assert_int_equal(g->esp8266_interval_ms, 20000);
    assert_int_equal(g->retry_after_ms, 60000);
    assert_int_equal(g->max_inverters, 2);
    assert_int_equal(c->log_level, LOG_DEBUG);
    assert_int_equal(c->sign_of_life_min, 0);
    assert_true(c->dry_run);
    const struct device_conf *d = device();
    assert_string_equal(d->connection, "TCP/IP (HTTPS) h:8443");
    assert_int_equal(d->index, 1);
    assert_int_equal(d->phase, PHASE_3P);
    assert_int_equal(d->instance, 0);
    assert_int_equal(d->position, 2);
    assert_string_equal(d->service, "com.victronenergy.acload");
    assert_true(d->use_yield_day);
    assert_int_equal(d->max_age_s, -1);
    assert_int_equal(d->error_mode, ERROR_MODE_TIMEOUT);
    assert_int_equal(d->min_retries, 5);
    assert_int_equal(d->error_after_s, 0);
}

static void every_key_of_a_template(void **state)
{
    parse_clean(
        "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=10.0.0.7\nUsername=u\n"
        "Password=p\nDigestAuth=True\nCUST_SN=S1\nCUST_API_PATH=rpc/Switch.GetStatus?id=0\n"
        "CUST_POLLING=2000\nCUST_Total=aenergy/total\nCUST_Total_Mult=0.001\n"
        "CUST_Total_Default=1.5\nCUST_Power=a + b\nCUST_Power_Mult=-1\nCUST_Power_Default=0\n"
        "CUST_Voltage=none\nCUST_Voltage_Default=230\nCUST_Current=em:0/current\n"
        "CUST_Current_Default=None\nCUST_DCVoltage=dc\nCUST_DCVoltage_Mult=0.1\n"
        "CUST_DCVoltage_Default=26.7\nPhase=L2\nDeviceInstance=45\nAcPosition=0\nName=Shelly 1PM\n"
        "Servicename=com.victronenergy.inverter\n");
    const struct gateway_conf *g = gateway();
    assert_string_equal(g->section, "TEMPLATE0");
    assert_string_equal(g->driver, "template");
    assert_string_equal(g->base_url, "http://10.0.0.7");
    assert_true(g->digest);
    assert_int_equal(g->interval_ms, 2000);
    const struct template_conf *t = &g->template;
    assert_string_equal(t->api_path, "/rpc/Switch.GetStatus?id=0");
    assert_string_equal(t->serial, "S1");
    assert_string_equal(t->power.path, "a + b");
    assert_true(t->power.mult == -1 && t->power.fallback == 0);
    assert_string_equal(t->total.path, "aenergy/total");
    assert_true(t->total.mult == 0.001 && t->total.fallback == 1.5);
    assert_string_equal(t->voltage.path, "");
    assert_true(t->voltage.mult == 1 && t->voltage.fallback == 230);
    assert_string_equal(t->current.path, "em:0/current");
    assert_false(has_value(t->current.fallback));
    assert_string_equal(t->dc_voltage.path, "dc");
    assert_true(t->dc_voltage.mult == 0.1 && t->dc_voltage.fallback == 26.7);
    const struct device_conf *d = device();
    assert_string_equal(d->section, "TEMPLATE0");
    assert_string_equal(d->serial, "S1");
    assert_string_equal(d->name, "Shelly 1PM");
    assert_int_equal(d->phase, PHASE_L2);
    assert_int_equal(d->instance, 45);
    assert_int_equal(d->position, 0);
}

static void the_least_template(void **state)
{
    parse_clean(TEMPLATE);
    const struct gateway_conf *g = gateway();
    assert_string_equal(g->template.serial, "TEMPLATE0");
    assert_string_equal(device()->serial, "TEMPLATE0");
    assert_string_equal(device()->name, "TEMPLATE0");
    assert_string_equal(g->template.total.path, "");
    assert_false(has_value(g->template.total.fallback));
    assert_true(g->template.power.mult == 1);
    assert_int_equal(g->interval_ms, 5000);
    assert_int_equal(g->timeout_ms, 2500);
    assert_int_equal(g->max_inverters, 0);
}

static void names_in_any_case(void **state)
{
    parse_clean("[DEFAULT]\nhost=dtu\nDRYRUN=1\nuseyieldday=1\n[INVERTER0]\nphase: l3\n");
    assert_true(c->dry_run);
    assert_int_equal(device()->phase, PHASE_L3);
}

static void templates_inherit_as_configparser_does(void **state)
{
    parse_clean(
        "[DEFAULT]\nHost=dtu\nUsername=u\nPassword=p\nPollingInterval=9000\nHTTPTimeout=4\n"
        "NumberOfTemplates=3\n"
        "[TEMPLATE0]\nCUST_API_PATH=s\nCUST_Power=p\n"
        "[TEMPLATE1]\nHost=a\nUsername=\nPassword=\nCUST_API_PATH=s\nCUST_Power=p\nCUST_POLLING=3000\n"
        "[TEMPLATE2]\nHost=b\nHTTPTimeout=1\nCUST_API_PATH=s\nCUST_Power=p\nErrorMode=timeout\n");
    assert_int_equal(c->gateway_count, 4);
    assert_string_equal(c->gateways[1].base_url, "http://dtu");
    assert_string_equal(c->gateways[1].username, "u");
    assert_int_equal(c->gateways[1].interval_ms, 9000);
    assert_int_equal(c->gateways[1].timeout_ms, 4000);
    assert_string_equal(c->gateways[2].username, "");
    assert_string_equal(c->gateways[2].password, "");
    assert_int_equal(c->gateways[2].interval_ms, 3000);
    assert_int_equal(c->gateways[3].timeout_ms, 1000);
    assert_int_equal(c->devices[2].gateway, 3);
    assert_int_equal(c->devices[2].error_mode, ERROR_MODE_TIMEOUT);
    assert_int_equal(c->devices[1].error_mode, ERROR_MODE_RETRYCOUNT);
}

static void the_dtus_keys_in_the_first_inverter(void **state)
{
    parse_clean(
        "[DEFAULT]\n[INVERTER0]\nHost=dtu\nUsername=u\nPassword=p\nDigestAuth=1\n[INVERTER1]\nHost=dtu\n");
    assert_string_equal(gateway()->base_url, "http://dtu");
    assert_string_equal(gateway()->username, "u");
    assert_true(gateway()->digest);
    assert_warning(DTU "[INVERTER0]\n[INVERTER1]\nHost=other\n", 5,
                   "[INVERTER1] Host|other|[DEFAULT]|[DTUn]|DTU = n");
}

static void values_refer_to_others(void **state)
{
    assert_warning(
        "[DEFAULT]\nnet=10.0.0\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=%(net)s.7\n"
        "CUST_API_PATH=s\nCUST_Power=p\n",
        2, "net|no effect");
    assert_string_equal(gateway()->base_url, "http://10.0.0.7");
}

static void todays_example_file(void **state)
{
    /* As it is shipped with the Python program: ten inverters, three templates, none of which is used. */
    char text[4000] =
        "[DEFAULT]\nSignOfLifeLog= 1\nNumberOfTemplates=0\nDTU=opendtu\n"
        "NumberOfInvertersToQuery = 0\nuseYieldDay=0\nESP8266PollingIntervall=10000\n"
        "Logging=ERROR\nMaxAgeTsLastSuccess=600\nRetryAfterSeconds=120\n"
        "MinRetriesUntilFail=3\nDryRun=0\nHost=172.16.1.1\nHTTPTimeout=2.5\nUsername =\n"
        "Password =\n";
    size_t len = strlen(text);

    for (int i = 0; i < 10; i++)
        len += (size_t)sprintf(text + len,
                               "[INVERTER%d]\nPhase=L%d\nDeviceInstance=%d\nAcPosition=1\n", i,
                               i % 3 + 1, 34 + i);
    for (int i = 0; i < 3; i++)
        len += (size_t)
            sprintf(text + len,
                    "[TEMPLATE%d]\nUsername = \nPassword =\nDigestAuth = False\nHost=172.16.1.1\n"
                    "CUST_SN = 12345678\nCUST_API_PATH= cm?cmnd=STATUS+8\nCUST_POLLING = 2000\n"
                    "CUST_Total= StatusSNS/ENERGY/Total\nCUST_Total_Mult = 1\n"
                    "CUST_Power= StatusSNS/ENERGY/Power\nCUST_Power_Mult = 1\n"
                    "CUST_Voltage=  none\nCUST_Current=  none\nPhase=L1\nDeviceInstance=%d\n"
                    "AcPosition=1\nName= Tasmota\nServicename=com.victronenergy.grid\n",
                    i, 45 + i);
    parse_clean(text);
    assert_int_equal(c->device_count, 10);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(c->devices[i].index, i);
        assert_int_equal(c->devices[i].instance, 34 + i);
    }
}

/* ---- Values --------------------------------------------------------------------------------- */

static void hosts(void **state)
{
    static const char *const good[][2] = {
        {"dtu", "http://dtu"},
        {"172.16.1.1", "http://172.16.1.1"},
        {"dtu:8080", "http://dtu:8080"},
        {"HTTP://dtu/", "http://dtu"},
        {"https://dtu.example:443//", "https://dtu.example:443"},
        {"[fe80::1]", "http://[fe80::1]"},
        {"https://[::ffff:1.2.3.4]:8443/", "https://[::ffff:1.2.3.4]:8443"},
        {"my_dtu-1.local", "http://my_dtu-1.local"},
    };
    static const char *const bad[][2] = {
        {"fe80::1", "brackets"},    {"dtu:0", "allowed"},
        {"dtu:65536", "allowed"},   {"dtu:", "allowed"},
        {"dtu:http", "allowed"},    {"ftp://dtu", "http:// and https://"},
        {"http://dtu/api", "path"}, {"dtu/api", "path"},
        {"dtu?x=1", "path"},        {"two words", "allowed"},
        {"http://", "allowed"},     {"[fe80::1", "allowed"},
        {"[]", "allowed"},          {"dtu:80:80", "brackets"},
        {"[::1]80", "allowed"},     {"d\xC3\xBCtu", "allowed"},
        {"dtu:-1", "allowed"},      {"dtu: 80", "allowed"},
    };
    char text[200];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(text, sizeof text, "[DEFAULT]\nHost=%s\n", good[i][0]);
        parse_clean(text);
        assert_string_equal(gateway()->base_url, good[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "[DEFAULT]\nHost=%s\n[INVERTER0]\n", bad[i][0]);
        assert_error(text, 2, bad[i][1]);
        assert_int_equal(c->gateway_count, 0);
        assert_int_equal(c->device_count, 0);
    }
}

static void credentials_in_a_host_are_refused_and_hidden(void **state)
{
    assert_error("[DEFAULT]\nHost=http://admin:geheim@dtu\n", 2, "Host|Username");
    assert_null(strstr(report.messages[0].text, "geheim"));
    assert_null(strstr(report.messages[0].text, "admin:"));
}

static void secrets_are_hidden(void **state)
{
    char text[600] = "[DEFAULT]\nHost=dtu\nPassword=geheim";

    memset(text + strlen(text), 'x', 300);
    assert_error(text, 3, "Password|(hidden)|too long");
    assert_null(strstr(report.messages[0].text, "geheim"));
    parse("[DEFAULT]\nHost=dtu\nPasword=geheim\nPassword\x01=geheim\ngeheim\n");
    for (size_t i = 0; i < report.count; i++)
        assert_null(strstr(report.messages[i].text, "geheim"));
    assert_int_equal(report.fatals, 1);
    parse("[DEFAULT]\nHost=dtu\nPassword=%(geheim)s\n");
    assert_message(CONF_WARNING, 3, "Password|%%");
    assert_null(strstr(report.messages[0].text, "geheim"));
    assert_string_equal(gateway()->password, "%(geheim)s");
}

static void odd_passwords(void **state)
{
    static const char *const passwords[][2] = {
        {"50% off", "50% off"},
        {"50%% off#1;2", "50% off#1;2"},
        {"a=b:c", "a=b:c"},
        {"\"quoted\"", "\"quoted\""},
        {"p\xC3\xA4ss", "p\xC3\xA4ss"},
        {"p\xE4ss", "p\xE4ss"},
        {"#1", "#1"},
        {"%", "%"},
        {"a\tb", "a\tb"},
        {"a@b", "a@b"},
        {"%(", "%("},
    };
    char text[200];

    for (size_t i = 0; i < sizeof passwords / sizeof passwords[0]; i++) {
        snprintf(text, sizeof text, "[DEFAULT]\nHost=dtu\nPassword = %s\n", passwords[i][0]);
        parse_clean(text);
        assert_string_equal(gateway()->password, passwords[i][1]);
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

static void dry_run_is_anything_but_0(void **state)
{
    static const char *const on[] = {"1", "true", "yes", "2", "please"};
    static const char *const off[] = {"0", "false", "", "No"};
    char text[100];

    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++) {
        snprintf(text, sizeof text, DTU "DryRun=%s\n", on[i]);
        parse_clean(text);
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
        {"HTTPTimeout=soon", "0.1..60"},
        {"HTTPTimeout=0", "0.1..60"},
        {"HTTPTimeout=61", "0.1..60"},
        {"HTTPTimeout=2,5", "dot"},
        {"HTTPTimeout=nan", "0.1..60"},
        {"HTTPTimeout=0x1", "0.1..60"},
        {"SignOfLifeLog=-1", "0..10080"},
        {"SignOfLifeLog=1.5", "0..10080"},
        {"SignOfLifeLog=1 min", "0..10080"},
        {"RetryAfterSeconds=1e9", "0..86400"},
        {"MinRetriesUntilFail=--1", "0..10000"},
        {"NumberOfInvertersToQuery=65", "0..64"},
        {"NumberOfTemplates=-1", "0..64"},
        {"PollingInterval=-5", "1000.."},
        {"PollingInterval=99999999999999999999", "1000.."},
        {"MaxAgeTsLastSuccess=x", "-1.."},
        {"AcPosition=3", "AC input 1"},
        {"ErrorMode=never", "timeout"},
        {"Phase=L4", "L1 | L2"},
    };
    char text[200];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, DTU "%s\n[INVERTER0]\n", bad[i][0]);
        assert_error(text, 3, bad[i][1]);
        assert_int_equal(c->device_count, 1); /* each has a safe default */
    }
    assert_int_equal(device()->phase, PHASE_AUTO);
    parse_clean(DTU "HTTPTimeout=.5\nRetryAfterSeconds=+7\n");
    assert_int_equal(gateway()->timeout_ms, 500);
    assert_int_equal(gateway()->retry_after_ms, 7000);
}

static void no_faster_than_a_second(void **state)
{
    assert_warning(DTU "PollingInterval=100\n", 3, "PollingInterval|\"100\"|1000 ms");
    assert_int_equal(gateway()->interval_ms, 1000);
    assert_warning(TEMPLATE "CUST_POLLING=0\n", 8, "[TEMPLATE0] CUST_POLLING|1000 ms");
    assert_int_equal(gateway()->interval_ms, 1000);
    assert_warning(DTU "ESP8266PollingIntervall=999\n", 3, "1000 ms");
    assert_int_equal(gateway()->esp8266_interval_ms, 1000);
    parse_clean(DTU "PollingInterval=1000\n");
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

static void services(void **state)
{
    static const char *const bad[] = {"pvinverter",
                                      "com.victronenergy.",
                                      "com.victronenergy.a.b",
                                      "com.victronenergy.a b",
                                      "com.victronenergy.1a",
                                      "org.x.grid",
                                      "com.victronenergy.a-b"};
    char text[200];

    parse_clean(ONE "Servicename=com.victronenergy.evcharger_2\n");
    assert_string_equal(device()->service, "com.victronenergy.evcharger_2");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, ONE "Servicename=%s\n[INVERTER1]\n", bad[i]);
        assert_error(text, 4, "Servicename|com.victronenergy.<class>|[INVERTER0] is left out");
        assert_int_equal(c->device_count, 1);
        assert_string_equal(device()->section, "INVERTER1");
    }
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
        assert_string_equal(gateway()->template.api_path, paths[i][1]);
    }
    strcpy(
        text,
        "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=h\nCUST_Power=p\nCUST_API_PATH=");
    for (int i = 0; i < 90; i++)
        strcat(text, "\xE2\x82\xAC");
    assert_error(text, 7, "CUST_API_PATH|(hidden)|too long|left out");
}

static void control_characters(void **state)
{
    assert_error(DTU "Username=a\x07"
                     "b\n",
                 3, "Username|control character");
    assert_string_equal(gateway()->username, "");
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
    parse_clean(TEMPLATE "Name=100%% S\xC3\xBC"
                         "d\n");
    assert_string_equal(device()->name, "100% S\xC3\xBC"
                                        "d");
}

/* ---- What is missing, unknown or twice -------------------------------------------------------- */

static void unknown_keys(void **state)
{
    assert_warning(DTU "Hosts=1\n", 3, "[DEFAULT] Hosts|did you mean Host?");
    assert_warning(ONE "AcPositon=1\n", 4, "AcPositon|AcPosition");
    assert_warning(ONE "Servicname=1\n", 4, "Servicename");
    assert_warning(DTU "Colour=red\n", 3, "Colour|no effect");
    assert_null(strstr(report.messages[0].text, "red"));
    assert_warning(TEMPLATE "CUST_Totl=x\n", 8, "CUST_Total");
    assert_warning(ONE "CUST_Power=p\n", 4, "[INVERTER0] CUST_Power|belongs into [TEMPLATEn]");
    assert_warning(ONE "Logging=INFO\n", 4, "Logging|belongs into [DEFAULT]");
    assert_int_equal(c->log_level, LOG_WARNING);
    parse_clean(DTU "Phase=L2\nAcPosition=0\n[INVERTER0]\n"); /* [DEFAULT] holds for all */
    assert_int_equal(device()->phase, PHASE_L2);
    assert_int_equal(device()->position, 0);
}

static void unknown_sections(void **state)
{
    static const char *const bad[] = {"Default",    "INVERTER",   "INVERTER64",
                                      "INVERTER00", "inverter0",  "TEMPLATE-1",
                                      "ONPREMISE",  "INVERTER0 ", "INVERTER1x"};
    char text[200];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, DTU "[%s]\nkey=value\nPhase=L9\n", bad[i]);
        assert_warning(text, 3, "[INVERTER0] to [INVERTER63]");
        assert_non_null(strstr(report.messages[0].text, bad[i]));
    }
}

static void former_names(void **state)
{
    parse_clean(DTU "ESP8266PollingInterval=20000\n");
    assert_int_equal(gateway()->esp8266_interval_ms, 20000);
    parse_clean(DTU "OpenDTUPollingIntervall=6000\n");
    assert_int_equal(gateway()->interval_ms, 6000);
    assert_warning(DTU "MagAgeTsLastSuccess=300\n[INVERTER0]\n", 3, "MagAge|MaxAge");
    assert_int_equal(device()->max_age_s, 300);
    assert_warning(DTU "MagAgeTsLastSuccess=300\nMaxAgeTsLastSuccess=400\n[INVERTER0]\n", 3,
                   "not used");
    assert_int_equal(device()->max_age_s, 400);
    assert_warning(DTU "MaxFetchTries=3\n", 3, "not needed");
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
        4, "[TEMPLATE0] Host is missing");
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
    assert_error(TEMPLATE "CUST_Power_Mult=1,5\n", 8,
                 "CUST_Power_Mult|dot|[TEMPLATE0] is left out");
    assert_int_equal(c->gateway_count, 0);
    assert_int_equal(c->device_count, 0);
    assert_error(TEMPLATE "CUST_Voltage_Default=high\n", 8, "CUST_Voltage_Default|none is used");
    assert_int_equal(c->device_count, 1);
    assert_error(TEMPLATE "DeviceInstance=twenty\n", 8, "DeviceInstance|0..255|left out");
    assert_int_equal(c->gateway_count, 0);
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
    parse_clean(TEMPLATE "[TEMPLATE1]\nPhase=wrong but not used\n");
    assert_int_equal(c->device_count, 1);
}

static void inverters_beyond_the_number_asked_for(void **state)
{
    parse_clean("[DEFAULT]\nHost=dtu\nNumberOfInvertersToQuery=1\n[INVERTER0]\nDeviceInstance=34\n"
                "[INVERTER1]\nDeviceInstance=34\n");
    assert_int_equal(c->device_count, 1);
}

static void doubles_are_fatal(void **state)
{
    assert_fatal("[DEFAULT]\nHost=a\nhost=b\n", 3, "Host|line 2");
    assert_fatal(ONE "[INVERTER0]\n", 4, "[INVERTER0]|line 3");
    assert_fatal("Host=a\n", 1, "first [section]");
    assert_fatal("[DEFAULT\n[TEMPLATE0]\nHost=a\n[DEFAULT]\nNumberOfTemplates=2\n", 1,
                 "between [ and ]");
    assert_fatal("[DEFAULT\n[DEFAULT]\nHost=a\n", 1, "between [ and ]");
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

/* ---- Instances ------------------------------------------------------------------------------ */

static void instances_that_nobody_chose(void **state)
{
    parse_clean(
        "[DEFAULT]\nHost=dtu\nNumberOfTemplates=1\n[INVERTER0]\n[INVERTER1]\nDeviceInstance=35\n"
        "[INVERTER2]\nDeviceInstance=auto\n[TEMPLATE0]\nCUST_API_PATH=s\nCUST_Power=p\n");
    assert_int_equal(c->devices[0].instance, CONF_INSTANCE_AUTO);
    assert_int_equal(c->devices[1].instance, 35);
    assert_int_equal(c->devices[2].instance, CONF_INSTANCE_AUTO);
    assert_int_equal(c->devices[3].instance, CONF_INSTANCE_AUTO);
}

static void an_instance_twice(void **state)
{
    assert_error(DTU
                 "[INVERTER0]\nDeviceInstance=34\n[INVERTER1]\nDeviceInstance=34\n[INVERTER2]\n",
                 5, "[INVERTER1] DeviceInstance = 34|[INVERTER0]|left out");
    assert_int_equal(c->device_count, 2);
    assert_string_equal(c->devices[1].section, "INVERTER2");
    assert_int_equal(c->devices[1].instance, CONF_INSTANCE_AUTO);
    parse_clean(DTU "[INVERTER0]\nDeviceInstance=34\n[INVERTER1]\nDeviceInstance=34\n"
                    "Servicename=com.victronenergy.grid\n");
    assert_int_equal(c->device_count, 2);
}

#define METER(n, instance) \
    "[TEMPLATE" #n "]\nHost=m" #n "\nCUST_API_PATH=s\nCUST_Power=p\nDeviceInstance=" #instance "\n"

static void a_template_twice(void **state)
{
    assert_error("[DEFAULT]\nDTU=template\nNumberOfTemplates=3\n" METER(0, 40) METER(1, 40)
                     METER(2, 41),
                 9, "[TEMPLATE1]|[TEMPLATE0]");
    assert_int_equal(c->gateway_count, 2); /* its gateway goes as well */
    assert_int_equal(c->device_count, 2);
    assert_string_equal(c->gateways[c->devices[1].gateway].base_url, "http://m2");
}

static void an_inverter_that_may_not_exist_yields(void **state)
{
    /* Works today, since the DTU has one inverter. */
    assert_warning("[DEFAULT]\nHost=dtu\nNumberOfTemplates=1\n[INVERTER0]\nDeviceInstance=34\n"
                   "[INVERTER1]\nDeviceInstance=35\n" METER(0, 35),
                   6, "[INVERTER1]|[TEMPLATE0]|left out");
    assert_int_equal(c->device_count, 2);
    assert_string_equal(c->devices[1].section, "TEMPLATE0");
    assert_string_equal(c->gateways[c->devices[1].gateway].base_url, "http://m0");
    /* But the first one exists, and so does each that is asked for by number. */
    assert_error(
        "[DEFAULT]\nHost=dtu\nNumberOfTemplates=1\n[INVERTER0]\nDeviceInstance=34\n" METER(0, 34),
        6, "[TEMPLATE0]|[INVERTER0]|left out");
    assert_error("[DEFAULT]\nHost=dtu\nNumberOfTemplates=1\nNumberOfInvertersToQuery=2\n"
                 "[INVERTER1]\nDeviceInstance=35\n" METER(0, 35),
                 7, "[TEMPLATE0]|[INVERTER1]|left out");
    /* Three at once. */
    parse("[DEFAULT]\nHost=dtu\nNumberOfTemplates=2\n[INVERTER1]\nDeviceInstance=35\n" METER(0, 35)
              METER(1, 35));
    assert_int_equal(report.count, 2);
    assert_int_equal(c->device_count, 1);
    assert_string_equal(device()->section, "TEMPLATE0");
    assert_int_equal(c->gateway_count, 2);
}

static void as_many_as_there_may_be(void **state)
{
    char *text = malloc(64 * 1024);
    size_t len = (size_t)sprintf(text, DTU "NumberOfTemplates=64\n");

    for (int i = 0; i < CONF_INVERTERS_MAX; i++)
        len += (size_t)sprintf(text + len, "[INVERTER%d]\n", i);
    for (int i = 0; i < CONF_TEMPLATES_MAX; i++)
        len += (size_t)sprintf(text + len,
                               "[TEMPLATE%d]\nHost=t%d\nCUST_API_PATH=s\nCUST_Power=p\n", i, i);
    parse_clean(text);
    free(text);
    assert_int_equal(c->gateway_count, 1 + CONF_TEMPLATES_MAX);
    assert_int_equal(c->device_count, CONF_DEVICES_MAX);
}

/* ---- Several DTUs --------------------------------------------------------------------------- */

#define SECOND "[DTU1]\nHost=second\n"

static const struct device_conf *device_of(const char *section)
{
    for (size_t i = 0; i < c->device_count; i++) {
        if (strcmp(c->devices[i].section, section) == 0)
            return &c->devices[i];
    }
    fail_msg("no device of [%s]", section);
    return NULL;
}

static void nothing_but_a_host(void **state)
{
    parse_clean("[DEFAULT]\nHost=192.168.1.74\n");
    assert_int_equal(c->gateway_count, 1);
    assert_int_equal(c->dtu_count, 1);
    assert_int_equal(c->device_count, 0);
    assert_string_equal(gateway()->driver, "auto");
    assert_true(gateway()->auto_add);
    const struct device_conf *d = &c->unnamed[0];
    assert_string_equal(d->section, "");
    assert_string_equal(d->serial, "");
    assert_string_equal(d->service, "com.victronenergy.pvinverter");
    assert_string_equal(d->connection, "TCP/IP (HTTP) 192.168.1.74");
    assert_int_equal(d->instance, CONF_INSTANCE_AUTO);
    assert_int_equal(d->position, 1);
    assert_int_equal(d->max_age_s, 600);
    assert_int_equal(d->min_retries, 3);
}

static void several_dtus(void **state)
{
    parse_clean("[DEFAULT]\nDTU=opendtu\nHost=first\nUsername=u\nPassword=p\nHTTPTimeout=4\n"
                "NumberOfTemplates=1\n[TEMPLATE0]\nHost=m\nCUST_API_PATH=s\nCUST_Power=p\n"
                "[DTU15]\nHost=last\nPassword=\nAutoAdd=0\nNumberOfInvertersToQuery=3\n"
                "PollingInterval=7000\nESP8266PollingIntervall=20000\nRetryAfterSeconds=9\n"
                "TlsVerify=0\nCACert=/ca\nDigestAuth=1\nHTTPTimeout=1\n"
                "[DTU2]\nType=AHOY\nHost=https://second:8443\n");
    assert_int_equal(c->gateway_count, 4);
    assert_int_equal(c->dtu_count, 3);
    const struct gateway_conf *g = c->gateways;
    assert_string_equal(g[0].section, "DEFAULT");
    assert_string_equal(g[0].driver, "opendtu");
    assert_string_equal(g[1].section, "DTU2");
    assert_int_equal(g[1].number, 2);
    assert_string_equal(g[1].driver, "ahoy");
    assert_string_equal(g[1].base_url, "https://second:8443");
    assert_string_equal(g[1].username, "u"); /* of [DEFAULT], as configparser has it */
    assert_string_equal(g[1].password, "p");
    assert_int_equal(g[1].timeout_ms, 4000);
    assert_true(g[1].auto_add);
    assert_string_equal(g[2].section, "DTU15");
    assert_int_equal(g[2].number, 15);
    assert_string_equal(g[2].driver, "auto"); /* DTU is of [DEFAULT]'s alone */
    assert_string_equal(g[2].password, "");
    assert_false(g[2].auto_add);
    assert_int_equal(g[2].max_inverters, 3);
    assert_int_equal(g[2].interval_ms, 7000);
    assert_int_equal(g[2].esp8266_interval_ms, 20000);
    assert_int_equal(g[2].retry_after_ms, 9000);
    assert_int_equal(g[2].timeout_ms, 1000);
    assert_false(g[2].tls_verify);
    assert_string_equal(g[2].ca_cert, "/ca");
    assert_true(g[2].digest);
    assert_string_equal(g[3].section, "TEMPLATE0");
    assert_int_equal(c->devices[0].gateway, 3);
    assert_string_equal(c->unnamed[1].connection, "TCP/IP (HTTPS) second:8443");
    assert_int_equal(c->unnamed[2].gateway, 2);
}

static void as_many_dtus_as_there_may_be(void **state)
{
    char text[2000] = DTU;
    size_t len = strlen(text);

    for (int n = 1; n < CONF_DTUS_MAX; n++)
        len +=
            (size_t)sprintf(text + len, "[DTU%d]\nHost=dtu%d\n[INVERTER%d]\nDTU=%d\n", n, n, n, n);
    parse_clean(text);
    assert_int_equal(c->dtu_count, CONF_DTUS_MAX);
    for (unsigned n = 0; n < c->device_count; n++) {
        assert_int_equal(c->devices[n].gateway, n + 1);
        assert_int_equal(c->devices[n].index, 0);
    }
    assert_warning(DTU "[DTU16]\nHost=x\n", 3, "[DTU16]|[DTU0] to [DTU15]");
}

static void dtu0_by_its_section(void **state)
{
    parse_clean("[DEFAULT]\nDTU=opendtu\nHost=a\nUsername=u\n"
                "[DTU0]\nType=ahoy\nHost=b\nPassword=p\nPhase=L2\n[INVERTER0]\n");
    assert_int_equal(c->gateway_count, 1);
    assert_string_equal(gateway()->section, "DEFAULT");
    assert_string_equal(gateway()->driver, "ahoy");
    assert_string_equal(gateway()->base_url, "http://b");
    assert_string_equal(gateway()->username, "u");
    assert_string_equal(gateway()->password, "p");
    assert_int_equal(c->unnamed[0].phase, PHASE_L2);
    assert_int_equal(device()->phase, PHASE_L2);
    parse_clean("[DTU0]\nHost=a\n[DTU1]\nHost=b\n");
    assert_int_equal(c->gateway_count, 2);
    assert_string_equal(c->gateways[0].driver, "auto");
    parse_clean("[DEFAULT]\nDTU=opendtu\n[DTU0]\nHost=a\n");
    assert_string_equal(gateway()->driver, "opendtu");
    /* [DEFAULT] says that there is none; the section, that there is. */
    parse_clean("[DEFAULT]\nDTU=template\n[DTU0]\nHost=a\n[INVERTER0]\n");
    assert_string_equal(gateway()->driver, "auto");
    assert_int_equal(c->device_count, 1);
    assert_error("[DTU0]\nType=ahoy\n", 1, "[DTU0] Host is missing");
}

static void no_dtu_0(void **state)
{
    parse_clean(SECOND "[INVERTER3]\nDTU=1\n");
    assert_int_equal(c->gateway_count, 1);
    assert_string_equal(gateway()->section, "DTU1");
    assert_int_equal(gateway()->number, 1);
    assert_int_equal(device()->gateway, 0);
    assert_int_equal(device()->index, 0);
    parse_clean("[DEFAULT]\nDTU=template\n" SECOND "[INVERTER0]\n[INVERTER1]\nDTU=1\n");
    assert_int_equal(c->device_count, 1); /* the one of DTU 0 as ever: not there */
    assert_error(SECOND "[INVERTER0]\nPhase=L1\n", 3,
                 "[INVERTER0]|DTU 0|no Host|DTU =|[INVERTER0] is left out");
    assert_int_equal(c->device_count, 0);
    assert_error(DTU "[INVERTER0]\n[INVERTER1]\nDTU=2\n", 5, "DTU = 2|no [DTU2]|left out");
    assert_int_equal(c->device_count, 1);
}

static void a_dtu_without_a_host(void **state)
{
    assert_error(DTU "[DTU1]\nType=ahoy\n", 3, "[DTU1] Host is missing|[DEFAULT]|twice");
    assert_int_equal(c->gateway_count, 1);
    assert_error("[DTU1]\nType=ahoy\n[INVERTER0]\nDTU=1\n", 1, "[DTU1] Host is missing: write");
    assert_error(DTU "[DTU1]\nHost=\n", 3, "[DTU1] Host is missing: write");
    assert_error(DTU "[DTU1]\nHost=a b\n[INVERTER1]\nDTU=1\n[INVERTER0]\n", 4,
                 "[DTU1] Host|\"a b\"|[DTU1] is left out");
    assert_int_equal(c->gateway_count, 1);
    assert_int_equal(c->device_count, 1);
    /* Its inverters' faults are told all the same. */
    parse(DTU "[DTU1]\nHost=a b\n[INVERTER1]\nDTU=1\nPhase=L9\n");
    assert_int_equal(report.errors, 2);
}

static void one_dtu_twice(void **state)
{
    static const char *const same[] = {"dtu", "DTU", "http://dtu/", "dtu:80"};
    char text[200];

    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        snprintf(text, sizeof text, DTU "[DTU3]\nHost=%s\n[INVERTER0]\nDTU=3\n[INVERTER1]\n",
                 same[i]);
        assert_error(text, 4, "[DTU3] Host|[DEFAULT]|twice|[DTU3] is left out");
        assert_int_equal(c->gateway_count, 1);
        assert_int_equal(c->device_count, 1);
    }
    parse_clean(DTU "[DTU1]\nHost=dtu:8080\n[DTU2]\nHost=https://dtu\n");
    assert_error("[DTU1]\nHost=a\n[DTU2]\nHost=a\n", 4, "[DTU2]|[DTU1]");
    /* What a template asks is its own. */
    parse_clean("[DEFAULT]\nHost=dtu\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=dtu\n"
                "CUST_API_PATH=s\nCUST_Power=p\n");
}

static void kinds_of_dtu(void **state)
{
    static const char *const kinds[] = {"opendtu", "ahoy", "auto", "Auto"};
    char text[100];

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        snprintf(text, sizeof text, DTU "DTU=%s\n" SECOND "Type=%s\n", kinds[i], kinds[i]);
        parse_clean(text);
        assert_int_equal(strcasecmp(c->gateways[0].driver, kinds[i]), 0);
        assert_string_equal(c->gateways[1].driver, c->gateways[0].driver);
    }
    assert_error(DTU SECOND "Type=template\n", 5, "Type|[TEMPLATEn]|[DTU1] is left out");
    assert_error(DTU SECOND "Type=hoymiles\n", 5, "Type|opendtu | ahoy");
    assert_warning(DTU SECOND "DTU=ahoy\n", 5, "[DTU1] DTU|Type");
    assert_warning(ONE "Type=ahoy\n", 4, "[INVERTER0] Type|[DTUn]");
    parse_clean("[DEFAULT]\nHost=dtu\nType=ahoy\n" SECOND); /* inherited, as any */
    assert_string_equal(c->gateways[0].driver, "ahoy");
    assert_string_equal(c->gateways[1].driver, "ahoy");
}

static void inverters_of_several_dtus(void **state)
{
    parse_clean(DTU SECOND
                "[DTU2]\nHost=third\n"
                "[INVERTER0]\n[INVERTER1]\nDTU=1\n[INVERTER2]\nDTU=0\n"
                "[INVERTER3]\nDTU=2\n[INVERTER4]\nDTU=1\n"
                "[INVERTER5]\nDTU=2\nIndex=7\n[INVERTER6]\nDTU = 2\n[INVERTER7]\nIndex=1\n");
    static const struct {
        unsigned gateway, index;
    } expected[] = {{0, 0}, {1, 0}, {0, 2}, {2, 0}, {1, 1}, {2, 7}, {2, 2}, {0, 1}};
    assert_int_equal(c->device_count, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(c->devices[i].gateway, expected[i].gateway);
        assert_int_equal(c->devices[i].index, expected[i].index);
    }
    assert_string_equal(c->devices[1].connection, "TCP/IP (HTTP) second");
    /* A section that is left out keeps its place. */
    parse(DTU SECOND "[INVERTER1]\nDTU=1\nServicename=x\n[INVERTER2]\nDTU=1\n");
    assert_int_equal(report.errors, 1);
    assert_int_equal(device()->index, 1);
}

static void which_dtu_is_not_inherited(void **state)
{
    parse_clean("[DEFAULT]\nDTU=ahoy\nHost=dtu\n[INVERTER0]\n");
    assert_int_equal(device()->gateway, 0);
    assert_error("[DEFAULT]\nDTU=1\nHost=dtu\n" SECOND "[INVERTER0]\n", 2,
                 "[DEFAULT] DTU|opendtu | ahoy");
    /* A kind that stands where a number belongs has never had an effect. */
    assert_warning(ONE "DTU=opendtu\n", 4, "[INVERTER0] DTU|[DTUn]|Type|[DEFAULT]");
    assert_int_equal(device()->gateway, 0);
    assert_error(ONE "DTU=16\n", 4, "DTU|0..15|[INVERTER0] is left out");
    assert_error(ONE "DTU=DTU1\n", 4, "DTU|0..15|[INVERTER0] is left out");
    assert_int_equal(c->device_count, 0);
    assert_warning(DTU "Serial=12\n[INVERTER0]\n", 3, "[DEFAULT] Serial|[INVERTERn]");
    assert_string_equal(device()->serial, "");
    assert_warning(DTU "Index=1\n[INVERTER0]\n", 3, "[DEFAULT] Index|[INVERTERn]");
    assert_int_equal(device()->index, 0);
}

static void the_first_inverters_host_is_that_of_its_own_dtu(void **state)
{
    parse_clean(SECOND "[INVERTER0]\nDTU=1\n[INVERTER1]\nHost=dtu\nUsername=u\n");
    assert_int_equal(c->dtu_count, 2);
    assert_string_equal(c->gateways[0].base_url, "http://dtu");
    assert_string_equal(c->gateways[0].username, "u");
    assert_warning(DTU SECOND "[INVERTER0]\nDTU=1\nHost=dtu\n", 7, "Host|its DTU is [DTU1]");
    parse_clean(DTU SECOND "[INVERTER0]\nDTU=1\nHost=second:80\n");
}

static void indices(void **state)
{
    assert_error(ONE "[INVERTER1]\nIndex=0\n", 5, "[INVERTER1] Index|[INVERTER0]|left out");
    assert_error(ONE "Index=64\n", 4, "Index|0..63|left out");
    parse_clean(DTU SECOND "[INVERTER0]\n[INVERTER1]\nDTU=1\nIndex=0\n");
    parse_clean("[DEFAULT]\nHost=dtu\nNumberOfInvertersToQuery=1\n" SECOND
                "[INVERTER3]\nIndex=0\n[INVERTER4]\nDTU=1\n[INVERTER5]\nDTU=1\n"
                "[INVERTER6]\nDTU=1\nSerial=1\n");
    assert_int_equal(c->device_count, 3); /* 5 is the second of DTU 1; where 6 is, is not known */
}

static void serials(void **state)
{
    static const char *const bad[] = {
        "11 41", "0", "0000", "s/n", "\"114182000001\"", "12345678901234567890123456789012"};
    char text[200];

    parse_clean(ONE "Serial = 1141a2F0001b\n");
    assert_string_equal(device()->serial, "1141a2F0001b");
    parse_clean(ONE "Serial=\n");
    assert_string_equal(device()->serial, "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, ONE "Serial=%s\n[INVERTER1]\n", bad[i]);
        assert_error(text, 4, "Serial|letters and digits|[INVERTER0] is left out");
        assert_int_equal(c->device_count, 1);
    }
    assert_error(DTU SECOND "[INVERTER0]\nSerial=00AB1\n[INVERTER1]\nDTU=1\nSerial=ab1\n", 9,
                 "[INVERTER1] Serial|[INVERTER0]|[INVERTER1] is left out");
    assert_int_equal(c->device_count, 1);
    assert_warning(DTU SECOND "Serial=1\n", 5, "[DTU1] Serial|[INVERTERn]");
    /* Templates may have called themselves alike for years. */
    parse_clean("[DEFAULT]\nHost=h\nNumberOfTemplates=2\n"
                "[TEMPLATE0]\nCUST_API_PATH=s\nCUST_Power=p\nCUST_SN=1\n"
                "[TEMPLATE1]\nCUST_API_PATH=s\nCUST_Power=p\nCUST_SN=1\n[INVERTER0]\nSerial=1\n");
}

static void inverters_without_a_section(void **state)
{
    parse_clean(
        "[DEFAULT]\nHost=dtu\nPhase=L2\nuseYieldDay=1\nDeviceInstance=40\nKeepEnergy=1\n"
        "Servicename=com.victronenergy.inverter\n[DTU1]\nHost=b\nPhase=L3\nAcPosition=0\n"
        "KeepEnergy=0\n[INVERTER0]\nDTU=1\n[INVERTER1]\nDTU=1\nPhase=L1\nDeviceInstance=3\n");
    const struct device_conf *first = &c->unnamed[0], *second = &c->unnamed[1];
    assert_int_equal(first->phase, PHASE_L2);
    assert_int_equal(first->position, 1);
    assert_int_equal(first->instance, CONF_INSTANCE_AUTO);
    assert_true(first->use_yield_day);
    assert_true(first->keep_energy);
    assert_string_equal(first->service, "com.victronenergy.inverter");
    assert_int_equal(second->phase, PHASE_L3);
    assert_int_equal(second->position, 0);
    assert_int_equal(second->instance, CONF_INSTANCE_AUTO);
    assert_false(second->keep_energy);
    assert_true(second->use_yield_day);
    /* A [DTUn] speaks for all of its inverters. */
    assert_int_equal(device_of("INVERTER0")->phase, PHASE_L3);
    assert_int_equal(device_of("INVERTER0")->position, 0);
    assert_int_equal(device_of("INVERTER0")->instance, 40);
    assert_int_equal(device_of("INVERTER1")->phase, PHASE_L1);
    assert_warning(DTU SECOND "DeviceInstance=40\n", 5, "[DTU1] DeviceInstance|[INVERTERn]");
    /* Under a class that was not meant, nothing is published. */
    assert_error(DTU SECOND "Servicename=pv\n[INVERTER0]\nDTU=1\n[INVERTER1]\n", 5,
                 "[DTU1] Servicename|what depends on it is left out");
    assert_int_equal(c->dtu_count, 2);
    assert_true(c->gateways[0].auto_add);
    assert_false(c->gateways[1].auto_add);
    assert_int_equal(c->device_count, 1);
    parse_clean("[DEFAULT]\nHost=dtu\nAutoAdd=0\n[DTU1]\nHost=b\nAutoAdd=1\n");
    assert_false(c->gateways[0].auto_add);
    assert_true(c->gateways[1].auto_add);
}

static void kept_energy(void **state)
{
    parse_clean("[DEFAULT]\nHost=h\nNumberOfTemplates=2\nKeepEnergy=1\n[INVERTER0]\n"
                "[INVERTER1]\nKeepEnergy=0\n[TEMPLATE0]\nCUST_API_PATH=s\nCUST_Power=p\n"
                "[TEMPLATE1]\nCUST_API_PATH=s\nCUST_Power=p\nKeepEnergy=no\n");
    assert_true(device_of("INVERTER0")->keep_energy);
    assert_false(device_of("INVERTER1")->keep_energy);
    assert_true(device_of("TEMPLATE0")->keep_energy);
    assert_false(device_of("TEMPLATE1")->keep_energy);
}

static void values_of_a_dtu_refer_to_its_own(void **state)
{
    parse("[DEFAULT]\nnet=10.0.0\nHost=%(net)s.1\n[DTU1]\nnet=10.0.1\nHost=%(net)s.1\n");
    assert_int_equal(report.warnings, 2); /* net is no key */
    assert_string_equal(c->gateways[0].base_url, "http://10.0.0.1");
    assert_string_equal(c->gateways[1].base_url, "http://10.0.1.1");
}

/* ---- What a reload leaves alone -------------------------------------------------------------- */

/* Another value than the file below has; every key must stand here. */
static const struct {
    const char *key, *value;
} others[] = {
    {"DTU", "ahoy"},
    {"Type", "ahoy"},
    {"Host", "other"},
    {"Username", "x"},
    {"Password", "x"},
    {"DigestAuth", "1"},
    {"TlsVerify", "0"},
    {"CACert", "/x"},
    {"HTTPTimeout", "9"},
    {"PollingInterval", "9000"},
    {"ESP8266PollingIntervall", "9000"},
    {"RetryAfterSeconds", "9"},
    {"NumberOfInvertersToQuery", "9"},
    {"AutoAdd", "0"},
    {"Push", "0"},
    {"useYieldDay", "1"},
    {"KeepEnergy", "1"},
    {"MaxAgeTsLastSuccess", "9"},
    {"ErrorMode", "timeout"},
    {"MinRetriesUntilFail", "9"},
    {"ErrorStateAfterSeconds", "9"},
    {"CUST_SN", "x"},
    {"CUST_API_PATH", "x"},
    {"CUST_POLLING", "9000"},
    {"CUST_Power", "x"},
    {"CUST_Power_Mult", "9"},
    {"CUST_Power_Default", "9"},
    {"CUST_Total", "x"},
    {"CUST_Total_Mult", "9"},
    {"CUST_Total_Default", "9"},
    {"CUST_Voltage", "x"},
    {"CUST_Voltage_Mult", "9"},
    {"CUST_Voltage_Default", "9"},
    {"CUST_Current", "x"},
    {"CUST_Current_Mult", "9"},
    {"CUST_Current_Default", "9"},
    {"CUST_DCVoltage", "x"},
    {"CUST_DCVoltage_Mult", "9"},
    {"CUST_DCVoltage_Default", "9"},
    {"Index", "9"},
    {"Serial", "9"},
    {"Phase", "L3"},
    {"DeviceInstance", "9"},
    {"AcPosition", "2"},
    {"Name", "x"},
    {"Servicename", "com.victronenergy.grid"},
    /* Of the program as a whole. */
    {"NumberOfTemplates", NULL},
    {"Logging", NULL},
    {"SignOfLifeLog", NULL},
    {"DryRun", NULL},
};

/* The file with one line more in one of its sections. */
static struct config *with(unsigned scope, const char *key, const char *value)
{
    static const struct {
        unsigned scope;
        const char *text;
    } parts[] = {
        {CONF_IN_DEFAULT, "[DEFAULT]\nNumberOfTemplates=1\n"},
        {CONF_IN_DTU, "[DTU1]\n"},
        {CONF_IN_INVERTER, "[INVERTER0]\nDTU=1\n"},
        {CONF_IN_TEMPLATE, "[TEMPLATE0]\n"},
    };
    char text[1000] = "";
    size_t len = 0;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        bool here = parts[i].scope == scope;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s", parts[i].text);
        if (parts[i].scope != CONF_IN_INVERTER && !(here && strcmp(key, "Host") == 0))
            len += (size_t)snprintf(text + len, sizeof text - len, "Host=h%zu\n", i);
        if (parts[i].scope == CONF_IN_TEMPLATE && !(here && strcmp(key, "CUST_Power") == 0))
            len += (size_t)snprintf(text + len, sizeof text - len, "CUST_Power=p\n");
        if (parts[i].scope == CONF_IN_TEMPLATE && !(here && strcmp(key, "CUST_API_PATH") == 0))
            len += (size_t)snprintf(text + len, sizeof text - len, "CUST_API_PATH=s\n");
        if (here)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s=%s\n", key, value);
    }
    config_free(c);
    conf_report_finish(&report);
    c = NULL;
    struct config *config = config_parse(text, &report);
    print_report();
    assert_int_equal(report.count, 0);
    return config;
}

/* Whether anything is different between two configs of two DTUs, an inverter and a template. */
static bool differ(const struct config *a, const struct config *b)
{
    bool equal = true;

    assert_int_equal(a->gateway_count, 3);
    assert_int_equal(b->gateway_count, 3);
    for (size_t i = 0; i < 3; i++)
        equal = equal && gateway_conf_equal(&a->gateways[i], &b->gateways[i]);
    assert_int_equal(a->device_count, 2);
    assert_int_equal(b->device_count, 2);
    for (size_t i = 0; i < 2; i++) {
        equal = equal && device_conf_equal(&a->devices[i], &b->devices[i]);
        equal = equal && device_conf_equal(&a->unnamed[i], &b->unnamed[i]);
    }
    return !equal;
}

static const char *other_value(const struct conf_key *key)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i].key, key->name) == 0)
            return others[i].value;
    }
    fail_msg("%s: give it another value in others[]", key->name);
    return NULL;
}

static void every_key_is_compared(void **state)
{
    static const unsigned scopes[] = {CONF_IN_DEFAULT, CONF_IN_DTU, CONF_IN_INVERTER,
                                      CONF_IN_TEMPLATE};
    struct config *before = with(0, "", ""), *same = with(0, "", "");
    size_t count;
    const struct conf_key *keys = conf_keys(&count);

    assert_false(differ(before, same));
    config_free(same);
    for (size_t k = 0; k < count; k++) {
        const char *value = other_value(&keys[k]);
        for (size_t i = 0; value && i < sizeof scopes / sizeof scopes[0]; i++) {
            bool credentials = scopes[i] == CONF_IN_INVERTER && keys[k].scopes & CONF_IN_DTU &&
                               keys[k].scopes & CONF_IN_DEFAULT && k < 6;
            bool number = scopes[i] == CONF_IN_INVERTER && strcmp(keys[k].name, "DTU") == 0;
            if (!(keys[k].scopes & scopes[i]) || credentials || number)
                continue; /* credentials: read for DTU 0 only */
            struct config *after = with(scopes[i], keys[k].name, value);
            if (!differ(before, after))
                fail_msg("%s is forgotten in gateway_conf_equal or device_conf_equal",
                         keys[k].name);
            config_free(after);
        }
    }
    config_free(before);
}

static void members_without_a_key_are_compared(void **state)
{
    parse(ONE);
    struct gateway_conf g = *gateway();
    struct device_conf d = *device();

    assert_true(gateway_conf_equal(&g, gateway()) && device_conf_equal(&d, device()));
    g.number++;
    assert_false(gateway_conf_equal(&g, gateway()));
    g = *gateway();
    g.section[0]++;
    assert_false(gateway_conf_equal(&g, gateway()));
    d.gateway++;
    assert_false(device_conf_equal(&d, device()));
    d = *device();
    d.section[0]++;
    assert_false(device_conf_equal(&d, device()));
    d = *device();
    d.connection[0]++;
    assert_false(device_conf_equal(&d, device()));
    /* What lies behind a text's end is not its value. */
    d = *device();
    d.name[NAME_MAX_BYTES - 1] = 'x';
    assert_true(device_conf_equal(&d, device()));
}

/* ---- The table ------------------------------------------------------------------------------ */

static void the_table_is_sound(void **state)
{
    size_t count;
    const struct conf_key *keys = conf_keys(&count);
    char text[400];

    assert_true(count > 40);
    for (size_t i = 0; i < count; i++) {
        const struct conf_key *k = &keys[i];
        assert_true(*k->name && *k->type && *k->help);
        assert_true(k->scopes && !(k->scopes & ~15u));
        for (size_t j = 0; j < i; j++)
            assert_true(strcmp(k->name, keys[j].name) != 0 || !(k->scopes & keys[j].scopes));
        /* Each default is a value that the key allows. */
        if (!k->fallback || !strcmp(k->name, "DTU") || !strcmp(k->name, "NumberOfTemplates"))
            continue;
        if (k->scopes & CONF_IN_DEFAULT)
            snprintf(text, sizeof text, DTU "%s=%s\n[INVERTER0]\n", k->name, k->fallback);
        else if (k->scopes & (CONF_IN_DTU | CONF_IN_INVERTER))
            snprintf(text, sizeof text, DTU "[INVERTER0]\n[DTU1]\nHost=x\n%s%s=%s\n",
                     k->scopes & CONF_IN_DTU ? "" : "[INVERTER1]\n", k->name, k->fallback);
        else
            snprintf(
                text, sizeof text,
                "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=h\nCUST_API_PATH=s\n%s%s=%s\n",
                "CUST_Power=p\n", k->name, k->fallback);
        parse_clean(text);
    }
}

struct text {
    char data[32768];
    size_t len;
};

static void put(void *user, const char *piece)
{
    struct text *t = user;

    assert_true(t->len + strlen(piece) < sizeof t->data);
    strcpy(t->data + t->len, piece);
    t->len += strlen(piece);
}

static void the_example_is_a_good_file(void **state)
{
    static struct text t;
    size_t count;
    const struct conf_key *keys = conf_keys(&count);

    t.len = 0;
    conf_write_example(put, &t);
    parse_clean(t.data);
    assert_int_equal(c->gateway_count, 1);
    assert_int_equal(c->device_count, 1);
    for (size_t i = 0; i < count; i++) {
        if (!strstr(t.data, keys[i].name) || !strstr(t.data, keys[i].help))
            fail_msg("%s is not in the example", keys[i].name);
    }
    for (char *rest = t.data, *line; (line = strsep(&rest, "\n"));)
        assert_in_range(strlen(line), 0, 110);
    /* With the template and the other DTU switched on it is a good file as well. */
    t.len = 0;
    conf_write_example(put, &t);
    char *number = strstr(t.data, "NumberOfTemplates = 0");
    assert_non_null(number);
    number[strlen("NumberOfTemplates = ")] = '1';
    char *dtu = strstr(t.data, "#[DTU1]"), *end = strstr(t.data, "[TEMPLATE0]\n\n");
    assert_non_null(dtu);
    assert_non_null(end);
    *dtu = '\n';
    for (char *line = strchr(dtu, '\n') + 1; line < end; line = strchr(line, '\n') + 1) {
        if (line[0] == '#' && line[1] != ' ')
            line[0] = '\n';
    }
    parse_clean(t.data);
    assert_int_equal(c->device_count, 2);
    assert_int_equal(c->dtu_count, 2);
    assert_string_equal(c->gateways[1].section, "DTU1");
    assert_string_equal(c->gateways[1].base_url, "http://192.168.1.52");
}

static void the_shipped_example_is_up_to_date(void **state)
{
    static struct text t;
    static char shipped[sizeof t.data];
    FILE *f = fopen("packaging/config.example", "r");

    assert_non_null(f); /* tests run from the project's folder */
    size_t len = fread(shipped, 1, sizeof shipped - 1, f);
    fclose(f);
    shipped[len] = '\0';
    t.len = 0;
    conf_write_example(put, &t);
    if (strcmp(shipped, t.data) != 0)
        fail_msg("write it anew: dbus-opendtu example >packaging/config.example");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_least_file),
        TEST(a_dtu_without_sections),
        TEST(an_empty_file),
        TEST(every_key_of_default),
        TEST(every_key_of_a_template),
        TEST(the_least_template),
        TEST(names_in_any_case),
        TEST(templates_inherit_as_configparser_does),
        TEST(the_dtus_keys_in_the_first_inverter),
        TEST(values_refer_to_others),
        TEST(todays_example_file),
        TEST(hosts),
        TEST(credentials_in_a_host_are_refused_and_hidden),
        TEST(secrets_are_hidden),
        TEST(odd_passwords),
        TEST(booleans),
        TEST(dry_run_is_anything_but_0),
        TEST(log_levels),
        TEST(numbers),
        TEST(no_faster_than_a_second),
        TEST(empty_values),
        TEST(services),
        TEST(api_paths),
        TEST(control_characters),
        TEST(names),
        TEST(unknown_keys),
        TEST(unknown_sections),
        TEST(former_names),
        TEST(an_inherited_fault_is_told_once),
        TEST(wrong_kinds_of_dtu),
        TEST(templates_that_lack_something),
        TEST(number_of_templates),
        TEST(inverters_beyond_the_number_asked_for),
        TEST(doubles_are_fatal),
        TEST(tells_all_faults_in_order),
        TEST(the_report_has_a_limit),
        TEST(messages_are_clean_text),
        TEST(instances_that_nobody_chose),
        TEST(an_instance_twice),
        TEST(a_template_twice),
        TEST(an_inverter_that_may_not_exist_yields),
        TEST(as_many_as_there_may_be),
        TEST(nothing_but_a_host),
        TEST(several_dtus),
        TEST(as_many_dtus_as_there_may_be),
        TEST(dtu0_by_its_section),
        TEST(no_dtu_0),
        TEST(a_dtu_without_a_host),
        TEST(one_dtu_twice),
        TEST(kinds_of_dtu),
        TEST(inverters_of_several_dtus),
        TEST(which_dtu_is_not_inherited),
        TEST(the_first_inverters_host_is_that_of_its_own_dtu),
        TEST(indices),
        TEST(serials),
        TEST(inverters_without_a_section),
        TEST(kept_energy),
        TEST(values_of_a_dtu_refer_to_its_own),
        TEST(every_key_is_compared),
        TEST(members_without_a_key_are_compared),
        TEST(the_table_is_sound),
        TEST(the_example_is_a_good_file),
        TEST(the_shipped_example_is_up_to_date),
    };
    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
