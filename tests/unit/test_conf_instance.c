#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/support/conf_text.h"

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
                 5, "[INVERTER1] DeviceInstance = 34|[INVERTER0]|auto is used");
    assert_int_equal(c->device_count, 3);
    assert_int_equal(c->devices[0].instance, 34);
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
    assert_int_equal(c->device_count, 3);
    assert_int_equal(device_of("TEMPLATE0")->instance, 40);
    assert_int_equal(device_of("TEMPLATE1")->instance, CONF_INSTANCE_AUTO);
    assert_int_equal(device_of("TEMPLATE2")->instance, 41);
}

static void an_inverter_that_may_not_exist_yields(void **state)
{
    /* Works today, since the DTU has one inverter. */
    assert_warning("[DEFAULT]\nHost=dtu\nNumberOfTemplates=1\n[INVERTER0]\nDeviceInstance=34\n"
                   "[INVERTER1]\nDeviceInstance=35\n" METER(0, 35),
                   6, "[INVERTER1]|[TEMPLATE0]|auto is used");
    assert_int_equal(device_of("INVERTER1")->instance, CONF_INSTANCE_AUTO);
    assert_int_equal(device_of("TEMPLATE0")->instance, 35);
    /* But the first one exists, and so does each that is asked for by number. */
    assert_error(
        "[DEFAULT]\nHost=dtu\nNumberOfTemplates=1\n[INVERTER0]\nDeviceInstance=34\n" METER(0, 34),
        6, "[TEMPLATE0]|[INVERTER0]|auto is used");
    assert_error("[DEFAULT]\nHost=dtu\nNumberOfTemplates=1\nNumberOfInvertersToQuery=2\n"
                 "[INVERTER1]\nDeviceInstance=35\n" METER(0, 35),
                 7, "[TEMPLATE0]|[INVERTER1]|auto is used");
    /* Whatever stands between them. */
    assert_warning("[DEFAULT]\nHost=dtu\nNumberOfTemplates=2\n[INVERTER0]\nDeviceInstance=34\n"
                   "[INVERTER1]\nDeviceInstance=35\n" METER(0, 36) METER(1, 35),
                   6, "[INVERTER1]|[TEMPLATE1]|auto is used");
    /* One that is named by its serial exists, however short that is. */
    assert_error("[DEFAULT]\nHost=dtu\nNumberOfTemplates=1\n[INVERTER1]\nDeviceInstance=35\n"
                 "Serial=7\n" METER(0, 35),
                 7, "[TEMPLATE0]|[INVERTER1]|auto is used");
    /* Three at once. */
    parse("[DEFAULT]\nHost=dtu\nNumberOfTemplates=2\n[INVERTER1]\nDeviceInstance=35\n" METER(0, 35)
              METER(1, 35));
    assert_int_equal(report.count, 2);
    assert_int_equal(c->device_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(c->devices[i].instance,
                         strcmp(c->devices[i].section, "TEMPLATE0") == 0 ? 35 : CONF_INSTANCE_AUTO);
}

/* Owned by the caller. */
static char *with_sections(int inverters, int templates)
{
    char *text = malloc(64 * 1024);
    size_t len = (size_t)sprintf(text, DTU "NumberOfTemplates=%d\n", templates);

    for (int i = 0; i < inverters; i++)
        len += (size_t)sprintf(text + len, "[INVERTER%d]\n", i);
    for (int i = 0; i < templates; i++)
        len += (size_t)sprintf(text + len,
                               "[TEMPLATE%d]\nHost=t%d\nCUST_API_PATH=s\nCUST_Power=p\n", i, i);
    return text;
}

static void as_many_as_there_may_be(void **state)
{
    char *text = with_sections(CONF_SERVICES_MAX - CONF_TEMPLATES_MAX, CONF_TEMPLATES_MAX);

    parse_clean(text);
    free(text);
    assert_int_equal(c->gateway_count, 1 + CONF_TEMPLATES_MAX);
    assert_int_equal(c->device_count, CONF_SERVICES_MAX);
}

/* All of them are there, and those that are too many are off. */
static void more_than_there_may_be(void **state)
{
    char *text = with_sections(CONF_INVERTERS_MAX, CONF_SERVICES_MAX - CONF_INVERTERS_MAX + 1);

    assert_error(text, 2 + 64 + 32 * 4 + 2,
                 "[TEMPLATE32] is one device too many: at most 96|not published");
    free(text);
    assert_int_equal(c->device_count, CONF_SERVICES_MAX + 1);
    assert_false(device_of("TEMPLATE31")->off);
    assert_true(device_of("TEMPLATE32")->off);
}

/* What is off for another error leaves its place to others. */
static void one_that_is_off_does_not_count(void **state)
{
    char *text = with_sections(CONF_INVERTERS_MAX, CONF_SERVICES_MAX - CONF_INVERTERS_MAX + 1);
    char *first = strstr(text, "[INVERTER1]\n");

    char *faulty = malloc(64 * 1024);
    sprintf(faulty, "%.*s[INVERTER1]\nPhase=L9\n%s", (int)(first - text), text,
            first + strlen("[INVERTER1]\n"));
    parse(faulty);
    free(text);
    free(faulty);
    assert_int_equal(report.errors, 1);
    assert_true(device_of("INVERTER1")->off);
    assert_false(device_of("TEMPLATE32")->off);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONF_TEST(instances_that_nobody_chose),
        CONF_TEST(an_instance_twice),
        CONF_TEST(a_template_twice),
        CONF_TEST(an_inverter_that_may_not_exist_yields),
        CONF_TEST(as_many_as_there_may_be),
        CONF_TEST(more_than_there_may_be),
        CONF_TEST(one_that_is_off_does_not_count),
    };
    return cmocka_run_group_tests_name("conf_instance", tests, NULL, NULL);
}
