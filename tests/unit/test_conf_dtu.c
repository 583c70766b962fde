#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "unit/support/conf_text.h"

#define SECOND "[DTU1]\nHost=second\n"

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
    assert_int_equal(d->position, CONF_POSITION_AUTO);
    assert_int_equal(d->max_age_s, 600);
    assert_int_equal(d->min_retries, 3);
}

static void several_dtus(void **state)
{
    parse_clean(
        "[DEFAULT]\nDTU=opendtu\nHost=first\nUsername=u\nPassword=p\nHTTPTimeout=4\n"
        "NumberOfTemplates=1\n[TEMPLATE0]\nHost=m\nCUST_API_PATH=s\nCUST_Power=p\n"
        "[INVERTER0]\nDTU=15\n[DTU15]\nHost=last\nPassword=\nAutoAdd=0\nNumberOfInvertersToQuery=3\n"
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
    assert_int_equal(device_of("TEMPLATE0")->gateway, 3);
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

/* On the GX screen: behind the DTUs, before the templates, which keep their places. */
static void added_on_the_screen(void **state)
{
    struct addresses added = {
        .list = {[0] = "192.168.1.9", [2] = "fd00::5", [3] = "b", [15] = "c"}};

    (void)state;
    parse_clean(
        "[DEFAULT]\nHost=a\nUsername=u\nPassword=p\nDigestAuth=1\nPollingInterval=9000\nPhase=L2\n"
        "PowerLimit=1\nNumberOfTemplates=1\n[DTU1]\nHost=b\n[INVERTER0]\nDTU=1\n"
        "[TEMPLATE0]\nHost=t\nCUST_API_PATH=/x\nCUST_Power=p\nCUST_SN=1\n");
    config_add(c, &added);
    const struct gateway_conf *g = &c->gateways[2];
    assert_int_equal(c->gateway_count, 6);
    assert_int_equal(c->dtu_count, 5);
    assert_string_equal(g[0].section, "ADDED1");
    assert_string_equal(g[0].base_url, "http://192.168.1.9");
    assert_string_equal(g[0].driver, "auto");
    assert_int_equal(g[0].number, CONF_DTUS_MAX);
    assert_int_equal(g[0].interval_ms, 9000);
    assert_int_equal(g[0].first_retry_ms, 15 * 60 * 1000);
    assert_true(g[0].nearby && g[0].auto_add && conf_is_added(&g[0]));
    assert_string_equal(g[1].section, "ADDED3");
    assert_string_equal(g[1].base_url, "http://[fd00::5]");
    assert_int_equal(g[1].number, CONF_DTUS_MAX + 2);
    assert_string_equal(g[2].section, "ADDED16"); /* "b" is in the file */
    assert_int_equal(g[2].number, CONF_DTUS_MAX + 15);
    for (unsigned i = 0; i < 3; i++) {
        const struct device_conf *d = &c->unnamed[2 + i];
        assert_string_equal(g[i].username, "");
        assert_string_equal(g[i].password, "");
        assert_string_equal(g[i].authorization, "");
        assert_false(g[i].digest);
        assert_int_equal(d->gateway, 2 + i);
        assert_int_equal(d->phase, PHASE_L2);
    }
    assert_string_equal(c->unnamed[2].connection, "TCP/IP (HTTP) 192.168.1.9");
    assert_string_equal(g[3].section, "TEMPLATE0");
    assert_int_equal(device_of("TEMPLATE0")->gateway, 5);
    assert_int_equal(device_of("INVERTER0")->gateway, 1);
    assert_false(c->gateways[0].nearby || c->gateways[1].nearby || g[3].nearby);
    assert_false(conf_is_added(&c->gateways[1]) || conf_is_added(&g[3]));
}

/* Under a class that was not meant, nothing is published of these either. */
static void added_beside_a_fault(void **state)
{
    struct addresses added = {.list = {"192.168.1.9"}};

    (void)state;
    parse(DTU "Servicename=pv\n");
    assert_int_equal(report.errors, 1);
    config_add(c, &added);
    assert_int_equal(c->dtu_count, 2);
    assert_false(c->gateways[1].auto_add);
    /* A number for one device is not meant for several, and a capture is no device at that address. */
    parse_clean("[DEFAULT]\nDTU=replay\nReplayFile=/a\nDeviceInstance=40\n");
    config_add(c, &added);
    assert_true(c->gateways[1].auto_add);
    assert_string_equal(c->gateways[1].base_url, "http://192.168.1.9");
    assert_string_equal(c->gateways[1].replay_file, "");
    assert_int_equal(c->unnamed[1].instance, CONF_INSTANCE_AUTO);
}

/* The first of the file is known as well as the others, and the first device moves as they do. */
static void added_beside_the_first(void **state)
{
    struct addresses added = {.list = {"dtu", "192.168.1.9"}};

    (void)state;
    parse_clean(DTU);
    config_add(c, &added);
    assert_int_equal(c->gateway_count, 2);
    assert_string_equal(c->gateways[1].section, "ADDED2");
    parse_clean(TEMPLATE);
    config_add(c, &added);
    assert_int_equal(c->gateway_count, 3);
    assert_int_equal(device()->gateway, 2);
}

/* What the file says of limits and switches is final; what is not written, or empty, is not said. */
static void what_the_file_says(void **state)
{
    (void)state;
    parse_clean(DTU "[INVERTER0]\n");
    assert_false(device()->says_power_limit || device()->says_power_switch);
    parse_clean(DTU "[INVERTER0]\nPowerLimit=0\n");
    assert_true(device()->says_power_limit && !device()->power_limit);
    assert_false(device()->says_power_switch);
    parse_clean(DTU "Switch=1\n[INVERTER0]\n");
    assert_true(device()->says_power_switch && device()->power_switch);
    assert_false(device()->says_power_limit);
    parse(DTU "[INVERTER0]\nPowerLimit=maybe\nSwitch=\n");
    assert_true(device()->says_power_limit && !device()->power_limit);
    assert_false(device()->says_power_switch);
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
    assert_note("[DEFAULT]\nDTU=template\n" SECOND "[INVERTER0]\n[INVERTER1]\nDTU=1\n", 5,
                "[INVERTER0] is not used|DTU = template");
    assert_int_equal(c->device_count, 1); /* the one of DTU 0 as ever: not there */
    assert_error(SECOND "[INVERTER0]\nPhase=L1\n", 3,
                 "[INVERTER0]|DTU 0|no Host|DTU =|[INVERTER0] is kept off the bus, and so are");
    assert_int_equal(c->device_count, 0);
    assert_error(DTU "[INVERTER0]\n[INVERTER1]\nDTU=2\n", 5, "DTU = 2|no [DTU2]|off the bus");
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
    assert_error(DTU SECOND "[DTU2]\nHost=third\n[DTU3]\nHost=second\n", 8, "[DTU3]|[DTU1]");
    assert_error("[DTU1]\nHost=https://a\n[DTU2]\nHost=https://a:443\n", 4, "[DTU2]|[DTU1]");
    parse_clean("[DTU1]\nHost=https://a\n[DTU2]\nHost=https://a:80\n[DTU3]\nHost=a:443\n");
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
    /* A section with a fault keeps its place. */
    parse(DTU SECOND "[INVERTER1]\nDTU=1\nServicename=x\n[INVERTER2]\nDTU=1\n");
    assert_int_equal(report.errors, 1);
    assert_int_equal(device_of("INVERTER2")->index, 1);
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
    assert_error(ONE "DTU=16\n", 4, "DTU|0..15|[INVERTER0] is kept off the bus");
    assert_error(ONE "DTU=DTU1\n", 4, "DTU|0..15|[INVERTER0] is kept off the bus");
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
    assert_error(ONE "[INVERTER1]\nIndex=0\n", 5, "[INVERTER1] Index|[INVERTER0]|off the bus");
    assert_error(ONE "[INVERTER1]\n[INVERTER2]\n[INVERTER3]\nIndex=1\n", 7,
                 "[INVERTER3] Index|[INVERTER1]");
    assert_error(DTU "[INVERTER2]\nIndex=5\n[INVERTER5]\n", 5, "[INVERTER5] Index|[INVERTER2]");
    assert_error(ONE "Index=64\n", 4, "Index|0..63|off the bus");
    parse_clean(DTU SECOND "[INVERTER0]\n[INVERTER1]\nDTU=1\nIndex=0\n");
    assert_note("[DEFAULT]\nHost=dtu\nNumberOfInvertersToQuery=1\n" SECOND
                "[INVERTER3]\nIndex=0\n[INVERTER4]\nDTU=1\n[INVERTER5]\nDTU=1\n"
                "[INVERTER6]\nDTU=1\nSerial=1\n",
                10, "[INVERTER5] is not used|NumberOfInvertersToQuery");
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
    /* A short one says as much: where it is listed does not matter. */
    parse_clean(ONE "Serial=7\n[INVERTER1]\nIndex=0\n");
    assert_int_equal(c->device_count, 2);
    parse_clean("[DEFAULT]\nHost=dtu\nNumberOfInvertersToQuery=1\n[INVERTER3]\nSerial=7\n");
    assert_int_equal(c->device_count, 1);
    assert_error(DTU "[INVERTER3]\nDTU=4\nSerial=7\n", 4, "no [DTU4]|[INVERTER3] is kept off");
    assert_int_equal(c->device_count, 1);
    assert_true(gateway()->auto_add);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, ONE "Serial=%s\n[INVERTER1]\n", bad[i]);
        assert_error(text, 4, "Serial|letters and digits|[INVERTER0] is kept off the bus");
        assert_int_equal(c->device_count, 1);
    }
    assert_error(DTU SECOND "[INVERTER0]\nSerial=00AB1\n[INVERTER1]\nDTU=1\nSerial=ab1\n", 9,
                 "[INVERTER1] Serial|[INVERTER0]|[INVERTER1] is kept off the bus");
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
    assert_int_equal(first->position, CONF_POSITION_AUTO);
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
    assert_warning(DTU SECOND "MaxPower=500\n[INVERTER0]\nDTU=1\n", 5,
                   "[DTU1] MaxPower|[INVERTERn]");
    assert_false(has_value(device()->max_power_w)); /* what is not used there is not inherited */
    /* Under a class that was not meant, nothing is published. */
    assert_error(DTU SECOND "Servicename=pv\n[INVERTER0]\nDTU=1\n[INVERTER1]\n", 5,
                 "[DTU1] Servicename|what depends on it is kept off the bus");
    assert_int_equal(c->dtu_count, 2);
    assert_true(c->gateways[0].auto_add);
    assert_false(c->gateways[1].auto_add);
    assert_string_equal(c->gateways[1].in_doubt, "DTU1");
    assert_true(device_of("INVERTER0")->off);
    assert_false(device_of("INVERTER1")->off);
    assert_warning("[DEFAULT]\nHost=dtu\nAutoAdd=0\n[DTU1]\nHost=b\nAutoAdd=1\n", 3,
                   "[DEFAULT] AutoAdd = 0|nothing of this DTU is published");
    assert_false(c->gateways[0].auto_add);
    assert_true(c->gateways[1].auto_add);
    parse_clean(DTU "[DTU1]\nHost=b\nAutoAdd=0\n[INVERTER0]\n[INVERTER1]\nDTU=1\n");
}

/*
 * A section whose inverter is not known may mean any that no section names: none of these is to appear
 * on a wrong phase, and nothing else is to suffer.
 */
static void which_inverter_is_in_doubt(void **state)
{
    static const struct {
        const char *keys;
        bool first, second; /* which DTU's inverters are in doubt */
        size_t devices;
    } cases[] = {
        {"Serial=11 41", true, false, 1},      {"Index=64", true, false, 1},
        {"DTU=1\nSerial=s/n", false, true, 1}, {"DTU=1\nIndex=-1", false, true, 1},
        {"DTU=DTU1", true, true, 1},           {"DTU=7", true, true, 1},
        {"Index=0", true, false, 1},           /* as [INVERTER0] */
        {"DTU=1\nSerial=A1", false, true, 1},  /* as [INVERTER0] */
        {"DTU=7\nSerial=B2", false, false, 2}, /* that one only, wherever it is listed */
    };
    char text[200];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool place = strcmp(cases[i].keys, "Index=0") == 0;
        snprintf(text, sizeof text, DTU SECOND "[INVERTER0]\n%s[INVERTER5]\n%s\nPhase=L2\n",
                 place ? "" : "Serial=A1\n", cases[i].keys);
        parse(text);
        print_report();
        assert_int_equal(report.errors, 1);
        assert_int_equal(report.count, 1);
        assert_string_equal(c->gateways[0].in_doubt, cases[i].first ? "INVERTER5" : "");
        assert_string_equal(c->gateways[1].in_doubt, cases[i].second ? "INVERTER5" : "");
        assert_int_equal(c->gateways[0].auto_add, !cases[i].first);
        assert_int_equal(c->gateways[1].auto_add, !cases[i].second);
        assert_int_equal(strstr(report.messages[0].outcome, "without a section") != NULL,
                         cases[i].first || cases[i].second);
        assert_int_equal(c->device_count, cases[i].devices);
        assert_false(device_of("INVERTER0")->off);
        if (cases[i].devices == 2)
            assert_true(device_of("INVERTER5")->off);
    }
    /* Where none is added, none is in doubt; and where there is no DTU, there is none to keep it from. */
    parse("[DEFAULT]\nHost=dtu\nAutoAdd=0\n[INVERTER0]\nIndex=64\n");
    assert_string_equal(gateway()->in_doubt, "");
    parse("[DEFAULT]\nHost=a b\n[INVERTER0]\nSerial=A1\n");
    assert_int_equal(c->device_count, 0);
}

/* A DTU that is not asked: another one may list the inverter all the same. */
static void an_inverter_of_a_faulty_dtu(void **state)
{
    parse(DTU "[DTU1]\nHost=a b\n[INVERTER0]\nDTU=1\nSerial=A1\n[INVERTER1]\nDTU=1\n");
    assert_int_equal(report.errors, 1);
    assert_int_equal(c->device_count, 1);
    assert_true(device_of("INVERTER0")->off);
    assert_string_equal(device_of("INVERTER0")->serial, "A1");
    assert_int_equal(device_of("INVERTER0")->gateway, 0); /* one that there is */
    assert_string_equal(gateway()->in_doubt, "");
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

static void energy_offsets(void **state)
{
    parse_clean("[DEFAULT]\nHost=h\nNumberOfTemplates=1\n[INVERTER0]\nEnergyOffset=1234.5\n"
                "[INVERTER1]\n[TEMPLATE0]\nCUST_API_PATH=s\nCUST_Power=p\nEnergyOffset=-80\n");
    assert_true(device_of("INVERTER0")->energy_offset_kwh == 1234.5);
    assert_true(device_of("INVERTER1")->energy_offset_kwh == 0);
    assert_true(device_of("TEMPLATE0")->energy_offset_kwh == -80);
    assert_error(ONE "EnergyOffset=lots\n", 4, "EnergyOffset|lots|kWh");
    assert_error(ONE "EnergyOffset=1e8\n", 4, "EnergyOffset|1e8|-10000000..10000000");
    assert_error(ONE "EnergyOffset=1234,5\n", 4, "EnergyOffset|dot");
    /* One inverter's: not everybody's. */
    assert_warning("[DEFAULT]\nHost=h\nEnergyOffset=5\n[INVERTER0]\n", 3,
                   "EnergyOffset|[INVERTERn]");
    assert_true(device_of("INVERTER0")->energy_offset_kwh == 0);
}

static void values_of_a_dtu_refer_to_its_own(void **state)
{
    parse_clean("[DEFAULT]\nnet=10.0.0\nHost=%(net)s.1\n[DTU1]\nnet=10.0.1\nHost=%(net)s.1\n");
    assert_string_equal(c->gateways[0].base_url, "http://10.0.0.1");
    assert_string_equal(c->gateways[1].base_url, "http://10.0.1.1");
    /* What is inherited is put together where it is used, as configparser does. */
    parse_clean("[DEFAULT]\nwho=me\nHost=a\nUsername=%(who)s\n[DTU1]\nHost=b\nwho=you\n");
    assert_string_equal(c->gateways[0].username, "me");
    assert_string_equal(c->gateways[1].username, "you");
}

/* A file takes the place of the address, of several DTUs as well. */
static void captures(void **state)
{
    parse_clean("[DEFAULT]\nDTU=replay\nReplayFile=/a\nReplaySpeed=2.5\n[DTU1]\nType=replay\n"
                "[DTU2]\nType=replay\nReplayFile=/b\n[DTU3]\nHost=third\n");
    assert_int_equal(c->dtu_count, 4);
    assert_string_equal(c->gateways[0].driver, "replay");
    assert_string_equal(c->gateways[0].base_url, "file:///a");
    assert_string_equal(c->unnamed[0].connection, "Capture /a");
    assert_true(c->gateways[0].replay_speed == 2.5);
    assert_string_equal(c->gateways[1].replay_file, "/a");
    assert_string_equal(c->gateways[2].replay_file, "/b");
    assert_string_equal(c->gateways[3].base_url, "http://third");
    parse_clean("[DEFAULT]\nDTU=replay\nReplayFile=a\n");
    assert_string_equal(gateway()->base_url, "file://a");
    assert_error("[DEFAULT]\nDTU=replay\nHost=h\n", 1, "[DEFAULT]|ReplayFile is missing");
    assert_int_equal(c->gateway_count, 0);
    assert_error("[DEFAULT]\nDTU=replay\n[DTU1]\nHost=h\n", 1, "[DEFAULT]|ReplayFile is missing");
    assert_error("[DEFAULT]\nHost=h\n[DTU1]\nType=replay\n", 3, "[DTU1]|ReplayFile is missing");
    assert_error("[DEFAULT]\nDTU=replay\nReplayFile=/a\nReplaySpeed=0\n", 4, "ReplaySpeed");
    assert_error("[DEFAULT]\nDTU=replay\nReplayFile=/a\nReplaySpeed=-1\n", 4, "ReplaySpeed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONF_TEST(nothing_but_a_host),
        CONF_TEST(several_dtus),
        CONF_TEST(as_many_dtus_as_there_may_be),
        CONF_TEST(dtu0_by_its_section),
        CONF_TEST(added_on_the_screen),
        CONF_TEST(added_beside_a_fault),
        CONF_TEST(added_beside_the_first),
        CONF_TEST(what_the_file_says),
        CONF_TEST(no_dtu_0),
        CONF_TEST(a_dtu_without_a_host),
        CONF_TEST(one_dtu_twice),
        CONF_TEST(kinds_of_dtu),
        CONF_TEST(inverters_of_several_dtus),
        CONF_TEST(which_dtu_is_not_inherited),
        CONF_TEST(the_first_inverters_host_is_that_of_its_own_dtu),
        CONF_TEST(indices),
        CONF_TEST(serials),
        CONF_TEST(inverters_without_a_section),
        CONF_TEST(which_inverter_is_in_doubt),
        CONF_TEST(an_inverter_of_a_faulty_dtu),
        CONF_TEST(kept_energy),
        CONF_TEST(energy_offsets),
        CONF_TEST(values_of_a_dtu_refer_to_its_own),
        CONF_TEST(captures),
    };
    return cmocka_run_group_tests_name("conf_dtu", tests, NULL, NULL);
}
