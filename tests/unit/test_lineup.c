#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/admission.h"
#include "core/lineup.h"
#include "core/text.h"

enum { MAX = 40 };

static struct config *config;
static struct roster_slot slots[MAX];
static struct lineup_present present[MAX];
static struct device_memory known[MAX];
static size_t present_count, known_count;

static int setup(void **state)
{
    (void)state;
    present_count = known_count = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    config_free(config);
    config = NULL;
    return 0;
}

static void parse(const char *text)
{
    struct conf_report report;

    config_free(config);
    config = config_parse(text, strlen(text), &report);
    assert_non_null(config);
    assert_int_equal(report.errors, 0);
    conf_report_finish(&report);
}

/* source: the gateway that brings it, or ROSTER_NOBODY. */
static void is_there(const char *section, enum roster_kind kind, int home, int source,
                     const char *serial)
{
    roster_slot_init(&slots[present_count], kind, home, 0, serial);
    slots[present_count].source = source;
    present[present_count] = (struct lineup_present){section, &slots[present_count]};
    present_count++;
}

static void is_known(const char *section, const char *gateway, const char *serial)
{
    struct device_memory *m = &known[known_count++];

    device_memory_init(m);
    text_copy(m->section, sizeof m->section, section);
    text_copy(m->gateway, sizeof m->gateway, gateway);
    text_copy(m->serial, sizeof m->serial, serial);
}

/* "INVERTER0=a@0 INVERTER1=@1 +b@0": sections, what has none; serial and home. */
static void assert_lineup(const char *expected)
{
    static const char kinds[] = {
        [ROSTER_BY_PLACE] = '=', [ROSTER_BY_SERIAL] = '!', [ROSTER_ADDED] = '+'};
    struct lineup_question q = {config, present, present_count, known, known_count};
    struct lineup_entry out[MAX];
    char text[400] = "";
    size_t used = 0, count = lineup_make(&q, out, MAX);

    assert_in_range(count, 0, MAX);
    for (size_t i = 0; i < count; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%s%c%s@%d", used ? " " : "",
                             out[i].conf->section, kinds[out[i].kind], out[i].serial, out[i].home);
    assert_string_equal(text, expected);
}

#define ONE_DTU "[DEFAULT]\nHost=a\n"
#define TWO     ONE_DTU "[DTU3]\nHost=b\n"

static void gateways_by_number(void **state)
{
    static const struct {
        int home;
        const char *section;
        bool added, template;
    } cases[] = {
        {0, "DEFAULT", false, false},    {1, "DTU1", false, false},
        {15, "DTU15", false, false},     {16, "ADDED1", true, false},
        {31, "ADDED16", true, false},    {32, "TEMPLATE0", false, true},
        {44, "TEMPLATE12", false, true}, {95, "TEMPLATE63", false, true},
    };
    struct gateway_conf dtu = {.section = "DTU3", .driver = "opendtu", .number = 3};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char section[CONF_SECTION_MAX];
        struct gateway_conf template = {.driver = "template"};
        lineup_home_section(cases[i].home, section);
        assert_string_equal(section, cases[i].section);
        assert_int_equal(lineup_is_added(cases[i].home), cases[i].added);
        assert_int_equal(lineup_is_template(cases[i].home), cases[i].template);
        strcpy(template.section, section);
        if (cases[i].template)
            assert_int_equal(lineup_home(&template), cases[i].home);
    }
    assert_int_equal(lineup_home(&dtu), 3);
}

static void the_memory_knows_a_section_with_its_gateway(void **state)
{
    static const struct {
        const char *section;
        int home;
        const char *binding;
    } cases[] = {
        {"INVERTER0", 0, "INVERTER0"},
        {"INVERTER0", 1, "INVERTER0@DTU1"},
        {"INVERTER12", 31, "INVERTER12@DTU31"},
        {"TEMPLATE0", 32, "TEMPLATE0"},
        {"", 3, ""},
    };
    char binding[CONF_SECTION_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lineup_binding(cases[i].section, cases[i].home, binding);
        assert_string_equal(binding, cases[i].binding);
    }
}

static void at_a_first_start(void **state)
{
    (void)state;
    parse(TWO "[INVERTER0]\n[INVERTER1]\nDTU=3\n[INVERTER2]\nSerial=c\n");
    assert_lineup("INVERTER0=@0 INVERTER1=@3 INVERTER2!c@0");
    parse("[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=m\nCUST_API_PATH=s\n"
          "CUST_Power=p\nCUST_SN=c\n");
    assert_lineup("TEMPLATE0!@32");
}

static void at_another_start(void **state)
{
    (void)state;
    is_known("INVERTER0", "DEFAULT", "a");
    is_known("INVERTER1@DTU3", "DTU3", "b");
    is_known("", "DEFAULT", "c");
    is_known("", "DTU3", "d");
    is_known("", "", "e"); /* not listed any more */
    is_known("INVERTER9", "DEFAULT", "f");
    parse(TWO "[INVERTER0]\n[INVERTER1]\nDTU=3\n");
    assert_lineup("INVERTER0=a@0 INVERTER1=b@3 +c@0 +d@3");
    parse(TWO "AutoAdd=0\n[INVERTER0]\nDTU=3\n[INVERTER1]\n"); /* others, since their DTUs are */
    assert_lineup("INVERTER0=@3 INVERTER1=@0 +c@0");
    parse(ONE_DTU "[INVERTER0]\n[INVERTER2]\nSerial=A\n"); /* named by another section */
    assert_lineup("INVERTER0=@0 INVERTER2!A@0 +c@0");
    parse(ONE_DTU "[INVERTER2]\nSerial=00C\n");
    assert_lineup("INVERTER2!00C@0");
}

static void a_section_keeps_its_inverter(void **state)
{
    (void)state;
    is_there("INVERTER0", ROSTER_BY_PLACE, 0, 0, "a");
    is_there("INVERTER1", ROSTER_BY_SERIAL, 0, ROSTER_NOBODY, "b");
    is_there("INVERTER2", ROSTER_BY_PLACE, 0, ROSTER_NOBODY, "");
    is_known("INVERTER2", "DEFAULT", "z"); /* it had been given to somebody else */
    parse(TWO "[INVERTER0]\nPhase=L3\n[INVERTER1]\n[INVERTER2]\n");
    assert_lineup("INVERTER0=a@0 INVERTER1=b@0 INVERTER2=@0");
    parse(TWO "AutoAdd=0\n[INVERTER0]\nSerial=b\n[INVERTER1]\nSerial=a\n");
    assert_lineup("INVERTER0!b@0 INVERTER1!a@0");
    /* Named by another one, it is that one's, and the section waits for what stands at its place. */
    parse(TWO "[INVERTER0]\n[INVERTER5]\nSerial=a\n");
    assert_lineup("INVERTER0=@0 INVERTER5!a@0");
    /* With another DTU a section is another one. */
    parse("[DEFAULT]\nHost=a\nAutoAdd=0\n[DTU3]\nHost=b\n[INVERTER0]\nDTU=3\n[INVERTER2]\n");
    assert_lineup("INVERTER0=@3 INVERTER2=@0");
}

static void a_section_that_goes_leaves_its_inverter(void **state)
{
    (void)state;
    is_there("INVERTER0", ROSTER_BY_PLACE, 0, 0, "a");
    is_there("INVERTER1", ROSTER_BY_PLACE, 0, 3, "b"); /* its DTU has lost it to another */
    is_there("INVERTER2", ROSTER_BY_SERIAL, 0, ROSTER_NOBODY, "c");
    is_there("", ROSTER_ADDED, 0, ROSTER_NOBODY, "d");
    is_there("TEMPLATE0", ROSTER_BY_SERIAL, 16, ROSTER_NOBODY, "");
    parse(TWO);
    assert_lineup("+a@0 +b@3 +d@0");
    parse("[DEFAULT]\nHost=a\nAutoAdd=0\n[INVERTER0]\n[DTU3]\nHost=b\nAutoAdd=1\n");
    assert_lineup("INVERTER0=a@0 +b@3");
    parse(ONE_DTU); /* the other DTU has gone */
    assert_lineup("+a@0 +d@0");
}

static void a_section_takes_one_that_had_none(void **state)
{
    (void)state;
    is_there("", ROSTER_ADDED, 0, 0, "a");
    is_there("", ROSTER_ADDED, 0, 0, "b");
    is_known("INVERTER0", "DEFAULT", "b"); /* it had it before it was taken out */
    is_known("", "DEFAULT", "a");
    parse(ONE_DTU "[INVERTER0]\n");
    assert_lineup("INVERTER0=b@0 +a@0");
    parse(ONE_DTU "[INVERTER7]\nSerial=a\n");
    assert_lineup("INVERTER7!a@0 +b@0");
    parse(ONE_DTU "[INVERTER1]\n"); /* by its place, which a list must tell */
    assert_lineup("INVERTER1=@0 +a@0 +b@0");
}

static void more_than_there_is_room_for(void **state)
{
    struct lineup_question q = {.known = known};
    struct lineup_entry out[2];

    (void)state;
    for (int i = 0; i < 5; i++) {
        char serial[16];
        snprintf(serial, sizeof serial, "%d", i + 1);
        is_known("", "DEFAULT", serial);
    }
    q.known_count = known_count;
    parse(ONE_DTU);
    q.config = config;
    assert_int_equal(lineup_make(&q, out, 2), 5);
    assert_string_equal(out[1].serial, "2");
}

/* Who is missing, and who is only remembered, comes last. */
static void no_more_than_may_be_published(void **state)
{
    struct lineup_entry out[MAX];
    char serial[16];

    (void)state;
    for (int i = 0; i < 17; i++) {
        snprintf(serial, sizeof serial, "%d", 100 + i);
        is_there("", ROSTER_ADDED, 0, i ? 0 : ROSTER_NOBODY, serial);
        is_known("", "DEFAULT", serial);
    }
    slots[0].missing_ms = 0; /* since a clock that counts from there began */
    is_there("", ROSTER_ADDED, 3, 3, "b");
    parse(TWO);
    struct lineup_question q = {config, present, present_count, known, known_count};
    assert_int_equal(lineup_make(&q, out, MAX), ADMISSION_GATEWAY_MAX + 1);
    for (size_t i = 0; i < ADMISSION_GATEWAY_MAX; i++)
        assert_string_not_equal(out[i].serial, "100");
    assert_string_equal(out[ADMISSION_GATEWAY_MAX].serial, "b");
    q.present_count = 0; /* at a start */
    assert_int_equal(lineup_make(&q, out, MAX), ADMISSION_GATEWAY_MAX);
}

static void who_is_missing_comes_last(void **state)
{
    (void)state;
    is_there("", ROSTER_ADDED, 0, ROSTER_NOBODY, "a");
    slots[0].missing_ms = 5;
    is_there("", ROSTER_ADDED, 0, 0, "b");
    parse(ONE_DTU);
    assert_lineup("+b@0 +a@0");
}

/* Sections, and those of them that are on the bus; what has none, as long as there is room. */
static void all_services_together_have_a_bound(void **state)
{
    static char text[8000];
    struct lineup_entry out[CONF_DEVICES_MAX];
    size_t used = (size_t)snprintf(text, sizeof text, "[DEFAULT]\nHost=a\nNumberOfTemplates=31\n");

    (void)state;
    for (int i = 0; i < 64; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "[INVERTER%d]\n", i);
    for (int i = 0; i < 31; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "[TEMPLATE%d]\nHost=m\nCUST_API_PATH=s\nCUST_Power=p\n"
                                 "CUST_SN=t%d\n",
                                 i, i);
    for (int i = 0; i < 3; i++)
        is_known("", "DEFAULT", i ? i > 1 ? "3" : "2" : "1");
    parse(text);
    struct lineup_question q = {config, NULL, 0, known, known_count};
    assert_int_equal(config->device_count, CONF_SERVICES_MAX - 1);
    assert_int_equal(lineup_make(&q, out, CONF_DEVICES_MAX), CONF_SERVICES_MAX);
    config->devices[0].off = true;
    assert_int_equal(lineup_make(&q, out, CONF_DEVICES_MAX), CONF_SERVICES_MAX + 1);
}

/* What lies behind the last that is remembered is not there. */
static void only_so_many_are_remembered(void **state)
{
    (void)state;
    is_known("INVERTER0", "DEFAULT", "a");
    known_count = 0;
    parse(ONE_DTU "[INVERTER0]\n");
    assert_lineup("INVERTER0=@0");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(gateways_by_number),
        TEST(the_memory_knows_a_section_with_its_gateway),
        TEST(at_a_first_start),
        TEST(at_another_start),
        TEST(a_section_keeps_its_inverter),
        TEST(a_section_that_goes_leaves_its_inverter),
        TEST(a_section_takes_one_that_had_none),
        TEST(more_than_there_is_room_for),
        TEST(no_more_than_may_be_published),
        TEST(who_is_missing_comes_last),
        TEST(all_services_together_have_a_bound),
        TEST(only_so_many_are_remembered),
    };
    return cmocka_run_group_tests_name("lineup", tests, NULL, NULL);
}
