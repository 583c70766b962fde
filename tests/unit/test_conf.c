#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "unit/support/conf_text.h"

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
    assert_int_equal(d->position, CONF_POSITION_AUTO);
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
        "MinRetriesUntilFail=5\nErrorStateAfterSeconds=0\nLogging=debug\nSignOfLifeLog=0\nDryRun=0\n"
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
    assert_false(c->dry_run);
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
    assert_string_equal(t->api_path[0], "/rpc/Switch.GetStatus?id=0");
    assert_string_equal(t->serial, "S1");
    assert_string_equal(t->value[FIELD_POWER].path[0], "a + b");
    assert_true(t->value[FIELD_POWER].mult == -1 && t->value[FIELD_POWER].fallback == 0);
    assert_string_equal(t->value[FIELD_ENERGY_FORWARD].path[0], "aenergy/total");
    assert_true(t->value[FIELD_ENERGY_FORWARD].mult == 0.001 &&
                t->value[FIELD_ENERGY_FORWARD].fallback == 1.5);
    assert_string_equal(t->value[FIELD_VOLTAGE].path[0], "");
    assert_true(t->value[FIELD_VOLTAGE].mult == 1 && t->value[FIELD_VOLTAGE].fallback == 230);
    assert_string_equal(t->value[FIELD_CURRENT].path[0], "em:0/current");
    assert_false(has_value(t->value[FIELD_CURRENT].fallback));
    assert_string_equal(t->value[FIELD_DC_VOLTAGE].path[0], "dc");
    assert_true(t->value[FIELD_DC_VOLTAGE].mult == 0.1 &&
                t->value[FIELD_DC_VOLTAGE].fallback == 26.7);
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
    assert_string_equal(g->template.value[FIELD_ENERGY_FORWARD].path[0], "");
    assert_false(has_value(g->template.value[FIELD_ENERGY_FORWARD].fallback));
    assert_true(g->template.value[FIELD_POWER].mult == 1);
    assert_int_equal(g->interval_ms, 5000);
    assert_int_equal(g->timeout_ms, 2500);
    assert_int_equal(g->max_inverters, 0);
}

/* A template has one counter, which is CUST_Total: useYieldDay is about DTUs. */
static void a_templates_total_counts(void **state)
{
    parse_clean("[DEFAULT]\nDTU=template\nNumberOfTemplates=1\nuseYieldDay=1\n[TEMPLATE0]\nHost=h\n"
                "CUST_API_PATH=s\nCUST_Power=p\nCUST_Total=e\n");
    assert_false(device()->use_yield_day);
    assert_warning(
        "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=h\nuseYieldDay=1\n"
        "CUST_API_PATH=s\nCUST_Power=p\nCUST_Total=e\n",
        6, "[TEMPLATE0] useYieldDay is not used here");
}

static void names_in_any_case(void **state)
{
    parse_clean("[DEFAULT]\nhost=dtu\nAUTOADD=0\nuseyieldday=1\n[INVERTER0]\nphase: l3\n");
    assert_false(gateway()->auto_add);
    assert_int_equal(device()->phase, PHASE_L3);
}

/* Pushed values may come 10 s apart: a device that counts as away sooner than after 30 s is asked instead. */
static void who_cannot_wait_is_polled(void **state)
{
    static const struct {
        const char *keys;
        bool push;
    } cases[] = {{"ErrorMode=timeout\nErrorStateAfterSeconds=29", false},
                 {"ErrorMode=timeout\nErrorStateAfterSeconds=30", true},
                 {"ErrorStateAfterSeconds=29", true}};
    char text[300];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, DTU "%s\n", cases[i].keys);
        parse_clean(text);
        assert_int_equal(gateway()->push, cases[i].push);
        /* Of one device, or of those without a section: that of its own DTU. */
        snprintf(text, sizeof text, ONE "%s\n", cases[i].keys);
        parse_clean(text);
        assert_int_equal(gateway()->push, cases[i].push);
        snprintf(text, sizeof text, DTU "[DTU1]\nHost=b\n[INVERTER0]\n[INVERTER1]\nDTU=1\n%s\n",
                 cases[i].keys);
        parse_clean(text);
        assert_true(c->gateways[0].push);
        assert_int_equal(c->gateways[1].push, cases[i].push);
        snprintf(text, sizeof text, DTU "[DTU1]\nHost=b\n%s\n[DTU2]\nHost=c\n", cases[i].keys);
        parse_clean(text);
        assert_true(c->gateways[0].push);
        assert_int_equal(c->gateways[1].push, cases[i].push);
        assert_true(c->gateways[2].push);
    }
}

/* One that a capture plays stays a template, whatever it asks for. */
static void a_template_from_a_capture(void **state)
{
    parse_clean("[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nReplayFile=a\n"
                "CUST_API_PATH=/\nCUST_Power=p\n");
    assert_string_equal(gateway()->driver, "replay");
    assert_true(conf_is_template(gateway()));
    assert_string_equal(device()->connection, "Capture a");
    parse_clean(DTU);
    assert_false(conf_is_template(gateway()));
}

/* A letter is a path, a name and a serial number as good as any. */
static void a_template_of_one_letter(void **state)
{
    parse_clean(TEMPLATE "CUST_SN=7\nName=n\n");
    assert_string_equal(device()->serial, "7");
    assert_string_equal(device()->name, "n");
    parse_clean(TEMPLATE "CUST_DCVoltage=v\n");
    assert_true(device()->has_dc);
    parse_clean(TEMPLATE);
    assert_false(device()->has_dc);
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

/* A name that a value refers to is a key of the owner's own. */
static void values_refer_to_others(void **state)
{
    parse_clean("[DEFAULT]\nnet=10.0.0\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\n"
                "Host=%(NET)s.7\nCUST_API_PATH=s\nCUST_Power=p\n");
    assert_string_equal(gateway()->base_url, "http://10.0.0.7");
    assert_warning("[DEFAULT]\nnets=10.0.0\nHost=%(net)s.7\nnet=10\n", 2, "nets|no effect");
    assert_warning("[DEFAULT]\nne=10.0.0\nHost=%(net)s.7\nnet=10\n", 2, "ne|no effect");
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
    assert_warning(text, 57,
                   "[TEMPLATE0], [TEMPLATE1] and [TEMPLATE2] are not used|NumberOfTemplates = 3");
    assert_int_equal(c->device_count, 10);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(c->devices[i].index, i);
        assert_int_equal(c->devices[i].instance, 34 + i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONF_TEST(the_least_file),
        CONF_TEST(a_dtu_without_sections),
        CONF_TEST(an_empty_file),
        CONF_TEST(every_key_of_default),
        CONF_TEST(every_key_of_a_template),
        CONF_TEST(the_least_template),
        CONF_TEST(a_templates_total_counts),
        CONF_TEST(names_in_any_case),
        CONF_TEST(who_cannot_wait_is_polled),
        CONF_TEST(a_template_from_a_capture),
        CONF_TEST(a_template_of_one_letter),
        CONF_TEST(templates_inherit_as_configparser_does),
        CONF_TEST(the_dtus_keys_in_the_first_inverter),
        CONF_TEST(values_refer_to_others),
        CONF_TEST(todays_example_file),
    };
    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
