/* Named device types: their files, and sections of config.ini that name one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/device_type.h"
#include "unit/support/conf_text.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TYPED        "[DEFAULT]\nDTU=template\n[TEMPLATE0]\nHost=192.168.1.80\n"

/* ---- Files ---- */

static char said[1024];

static void note_fault(void *user, unsigned line, const char *text)
{
    size_t used = strlen(said);

    (void)user;
    (void)snprintf(said + used, sizeof said - used, "%u: %s\n", line, text);
}

static bool reads(const char *text)
{
    const struct device_text file = {"mine", text, NULL};
    struct device_type type;

    said[0] = '\0';
    bool ok = device_type_read(&type, &file, note_fault, NULL);
    device_type_finish(&type);
    return ok;
}

static void the_built_in_files_are_sound(void **state)
{
    (void)state;
    for (const struct device_text *t = device_texts; t->name; t++) {
        struct device_type type;
        char value[DEVICE_TYPE_VALUE_MAX];
        said[0] = '\0';
        if (!device_type_read(&type, t, note_fault, NULL))
            fail_msg("%s: %s", t->name, said);
        assert_in_range(strlen(t->name), 1, DEVICE_TYPE_MAX - 1);
        assert_true(device_type_get(&type, "Title", value));
        assert_in_range(strlen(value), 1, PRODUCT_MAX - 1);
        assert_true(device_type_get(&type, "Vendor", value));
        assert_true(device_type_get(&type, "Source", value)); /* what it was read from */
        device_type_finish(&type);
    }
}

static void faults_of_a_file(void **state)
{
    static const char head[] = "[DEVICE]\nTitle=Mine\nClasses=grid\n";
    static const struct {
        const char *line, *expected;
    } cases[] = {
        {"Host=192.168.1.5\n", "4: Host belongs in config.ini"},
        {"TlsVerify=0\n", "4: TlsVerify belongs in config.ini"},
        {"Password=x\n", "4: Password belongs in config.ini"},
        {"CUST_SN=1\n", "4: CUST_SN belongs in config.ini"},
        {"CUST_Powr=x\n", "4: CUST_Powr is not known"},
        {"NumberOfTemplates=1\n", "4: NumberOfTemplates is not known"},
        {"CUST_Power_Mult=many\n", "4: CUST_Power_Mult: many is not allowed; allowed: number"},
        {"Channels=9\n", "Channels = 9: 1 to 4"},
        {"Classes_=x\n", "4: Classes_ is not known"},
        {"CUST_Power=%(nothing)s\n", "4: CUST_Power"},
        {"[OTHER]\nx=y\n", "4: [OTHER] is not known"},
        {"CUST_Power=a\nCUST_Power=b\n", "5: "},
        {"garbage\n", "4: "},
    };
    char text[400];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(text, sizeof text, "%s%s", head, cases[i].line);
        if (reads(text) || !strstr(said, cases[i].expected))
            fail_msg("%s: %s", cases[i].line, said);
    }
    assert_true(reads(head));
    assert_false(reads("[DEVICE]\nTitle=Mine\n"));
    assert_non_null(strstr(said, "Classes is missing"));
    assert_false(reads("[DEVICE]\nTitle=Mine\nClasses=grid solarcharger\n"));
    assert_non_null(strstr(said, "solarcharger is none of"));
    assert_false(reads(""));
}

/* Each key that describes the device, and what of a [TEMPLATEn] may stand in such a file. */
static void all_that_a_file_may_say(void **state)
{
    (void)state;
    if (!reads("[DEVICE]\nTitle=Mine\nVendor=v\nCovers=c\nClasses=pvinverter inverter grid genset "
               "acload heatpump\nChannels=4\nAuth=none\nPort=80\nProbe=/x\nMatch=a: b\n"
               "Where=a: b\nSource=s\nProbeFirmware=f\nProbeSerial=s\nProbeName=n\nNote=n\n"
               "digestauth=1\ncust_power=p\nCUST_Power_Mult=2\n"))
        fail_msg("%s", said);
}

/* The line, or 0 where it is of none; exactly what a person reads. */
static void words_of_faults(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"[DEVICE]\nTitle=Mine\n", "0: Classes is missing in [DEVICE]\n"},
        {"[DEVICE]\nClasses=grid\nTitle=\n", "0: Title is missing in [DEVICE]\n"},
        {"[DEVICE]\nTitle=M\nClasses=fridge\n",
         "0: Classes: fridge is none of pvinverter inverter grid genset acload heatpump\n"},
        {"[DEVICE]\nTitle=M\nClasses=load\n",
         "0: Classes: load is none of pvinverter inverter grid genset acload heatpump\n"},
        {"[DEVICE]\nTitle=M\nClasses=grid\nChannels=0\n", "0: Channels = 0: 1 to 4 are possible\n"},
        {"[DEVICE]\nTitle=M\nClasses=grid\nChannels=5\n", "0: Channels = 5: 1 to 4 are possible\n"},
        {"[DEVICE]\nTitle=M\nClasses=grid\nChannels=12\n",
         "0: Channels = 12: 1 to 4 are possible\n"},
        {"[DEVICE]\nTitle=M\nClasses=grid\nVendor=50 %(x)s\n",
         "4: Vendor: its value is too long, or has a single %\n"},
        {"[DEVICE]\nHost=x\nTitle=M\nClasses=grid\n",
         "2: Host belongs in config.ini, not into the file of a device\n"},
        {"[X]\n[DEVICE]\nTitle=M\nClasses=grid\n",
         "1: [X] is not known: the file has one section, [DEVICE]\n"},
        {"[DEVICE]\nTitle=M\nClasses=grid\n[X]\nHost=x\n",
         "4: [X] is not known: the file has one section, [DEVICE]\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (reads(cases[i].text))
            fail_msg("%s", cases[i].text);
        assert_string_equal(said, cases[i].expected);
    }
}

static void how_many_channels(void **state)
{
    static const struct {
        const char *line;
        unsigned channels;
    } cases[] = {{"", 1}, {"Channels=1\n", 1}, {"Channels=2\n", 2}, {"Channels=4\n", 4}};
    char text[100];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct device_text file = {"mine", text, NULL};
        struct device_type type;
        (void)snprintf(text, sizeof text, "[DEVICE]\nTitle=M\nClasses=grid\n%s", cases[i].line);
        assert_true(device_type_read(&type, &file, note_fault, NULL));
        assert_int_equal(type.channels, cases[i].channels);
        device_type_finish(&type);
    }
}

static void its_classes_are_whole_words(void **state)
{
    static const struct {
        const char *class;
        bool has;
    } cases[] = {{"pvinverter", true}, {"inverter", true}, {"acload", true}, {"load", false},
                 {"aclo", false},      {"inv", false},     {"grid", false},  {"", false}};
    const struct device_text file = {"mine",
                                     "[DEVICE]\nTitle=M\nClasses=pvinverter inverter acload\n",
                                     NULL};
    struct device_type type;

    (void)state;
    assert_true(device_type_read(&type, &file, note_fault, NULL));
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(device_type_has_class(&type, cases[i].class), cases[i].has);
    device_type_finish(&type);
    assert_false(device_type_has_class(&type, "acload"));
}

/* A file that could not be read is told in the words of whoever tried. */
static void a_file_that_is_not_there(void **state)
{
    const struct device_text file = {"mine", NULL, "no permission"};
    struct device_type type;

    (void)state;
    said[0] = '\0';
    assert_false(device_type_read(&type, &file, note_fault, NULL));
    assert_string_equal(said, "0: no permission\n");
    assert_int_equal(type.channels, 1);
    device_type_finish(&type);
}

static void the_channel_in_a_path(void **state)
{
    static const struct {
        const char *path;
        unsigned channel;
        size_t size;
        const char *expected;
    } cases[] = {
        {"switch:{n}/apower", 0, 32, "switch:0/apower"},
        {"switch:{n}/apower", 3, 32, "switch:3/apower"},
        {"switch:{n}/apower", 9, 32, "switch:9/apower"},
        {"{n}/{n}", 2, 32, "2/2"},
        {"apower", 1, 32, "apower"},
        {"{m}{n", 1, 32, "{m}{n"},
        {"a{n}b", 1, 4, "a1b"},
        {"a{n}b", 1, 3, "a1"},
        {"a{n}b", 1, 2, "a"},
        {"a{n}b", 1, 1, ""},
    };
    char out[32];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        memset(out, 'x', sizeof out);
        device_type_channel(cases[i].path, cases[i].channel, out, cases[i].size);
        assert_string_equal(out, cases[i].expected);
    }
}

static void numbers_of_channels(void **state)
{
    char text[8] = "ab";

    (void)state;
    device_type_number(text, sizeof text, '_', 0);
    assert_string_equal(text, "ab");
    device_type_number(text, sizeof text, '_', 1);
    assert_string_equal(text, "ab_2");
    device_type_number(text, sizeof text, ' ', 2);
    assert_string_equal(text, "ab_2 3");
    device_type_number(text, sizeof text, '-', 3);
    assert_string_equal(text, "ab_2 -4");
    device_type_number(text, sizeof text, '_', 9); /* the number is what tells them apart */
    assert_string_equal(text, "ab_2_10");
    strcpy(text, "a");
    device_type_number(text, 3, '_', 1);
    assert_string_equal(text, "_2");
}

/* ---- Sections ---- */

static void a_type_says_it_all(void **state)
{
    (void)state;
    parse_clean(TYPED "Type=Shelly-Plus-1PM\n"); /* without NumberOfTemplates */
    assert_int_equal(c->device_count, 1);
    assert_string_equal(gateway()->template.title, "Shelly Plus 1PM");
    assert_string_equal(gateway()->template.api_path[0], "/rpc/Switch.GetStatus?id=0");
    assert_string_equal(gateway()->template.value[FIELD_POWER].path[0], "apower");
    assert_true(gateway()->template.value[FIELD_ENERGY_FORWARD].mult == 0.001);
    assert_true(gateway()->digest);
    assert_string_equal(device()->name, "Shelly Plus 1PM");
    assert_string_equal(device()->section, "TEMPLATE0");
    assert_string_equal(device()->serial, "TEMPLATE0");
}

static void the_section_has_the_last_word(void **state)
{
    (void)state;
    parse_clean(
        "[DEFAULT]\nDTU=template\nDigestAuth=0\nPollingInterval=9000\n[TEMPLATE0]\nHost=x\n"
        "Type=shelly-plus-1pm\nCUST_Power_Mult=-1\nCUST_Voltage=none\nName=Balcony\nCUST_SN=42\n");
    assert_true(gateway()->template.value[FIELD_POWER].mult == -1);
    assert_string_equal(gateway()->template.value[FIELD_VOLTAGE].path[0], "");
    assert_string_equal(device()->name, "Balcony");
    assert_string_equal(device()->serial, "42");
    assert_int_equal(gateway()->interval_ms, 9000);
    assert_true(gateway()->digest); /* the device's own, whatever holds for the DTU */
}

static void types_that_are_not_there(void **state)
{
    (void)state;
    assert_error(TYPED "Type=shelly-plus-1p\n", 5,
                 "[TEMPLATE0] Type = shelly-plus-1p is not known|did you mean shelly-plus-1pm?");
    /* Of those that are as near, the first. */
    assert_error(TYPED "Type=shelly-9pm\n", 5, "did you mean shelly-1pm?");
    assert_error(TYPED "Type=refrigerator\n", 5, "refrigerator is not known|docs/devices.md");
    assert_int_equal(c->device_count, 0);
}

static void an_unusual_class_is_noted(void **state)
{
    (void)state;
    assert_note(TYPED "Type=shelly-plus-1pm\nServicename=com.victronenergy.grid\n", 3,
                "com.victronenergy.grid is unusual|pvinverter acload");
    assert_int_equal(c->device_count, 1);
}

static void channels_are_devices(void **state)
{
    (void)state;
    parse_clean(TYPED "Type=shelly-2pm\nDeviceInstance=40\nPhase=L2\n");
    assert_int_equal(c->gateway_count, 1);
    assert_int_equal(c->device_count, 2);
    assert_int_equal(gateway()->template.channels, 2);
    assert_string_equal(c->devices[0].name, "Shelly Plus 2PM");
    assert_string_equal(c->devices[0].serial, "TEMPLATE0");
    assert_int_equal(c->devices[0].instance, 40);
    assert_int_equal(c->devices[0].index, 0);
    assert_string_equal(c->devices[1].name, "Shelly Plus 2PM 2");
    assert_string_equal(c->devices[1].serial, "TEMPLATE0_2");
    assert_string_equal(c->devices[1].section, "TEMPLATE0_2");
    assert_int_equal(c->devices[1].instance, CONF_INSTANCE_AUTO);
    assert_int_equal(c->devices[1].index, 1);
    assert_int_equal(c->devices[1].phase, PHASE_L2);
}

static void one_channel_alone(void **state)
{
    (void)state;
    parse_clean(TYPED "Type=shelly-2pm\nChannel=1\n");
    assert_int_equal(c->device_count, 1);
    assert_int_equal(gateway()->template.first_channel, 1);
    assert_int_equal(gateway()->template.channels, 1);
    assert_string_equal(device()->serial, "TEMPLATE0");
    assert_error(TYPED "Type=shelly-2pm\nChannel=2\n", 3, "Channel = 2: its channels are 0 to 1");
    assert_error(TYPED "Type=shelly-plus-1pm\nChannel=1\n", 3, "it has one channel, 0");
    assert_error(TYPED "Type=shelly-2pm\nChannel=x\n", 6, "Channel|0..3 or all");
    assert_int_equal(c->device_count, 0);
}

/* ---- Files of the owner's own ---- */

static void parse_own(const char *text, const char *file)
{
    const struct device_text own[] = {{"mine", file, NULL},
                                      {"shelly-2pm", file, NULL},
                                      {NULL, NULL, NULL}};

    config_free(c);
    conf_report_finish(&report);
    c = config_parse_with(text, strlen(text), own, &report);
    assert_non_null(c);
}

static void a_file_of_the_owner_s(void **state)
{
    static const char file[] =
        "[DEVICE]\nTitle=My meter\nClasses=grid\nPort=8080\nCUST_API_PATH=x\nCUST_Power=p\n";

    (void)state;
    parse_own(TYPED "Type=mine\nServicename=com.victronenergy.grid\n", file);
    assert_int_equal(report.count, 0);
    assert_string_equal(device()->name, "My meter");
    assert_string_equal(gateway()->base_url, "http://192.168.1.80:8080");
    parse_own("[DEFAULT]\nDTU=template\n[TEMPLATE0]\nHost=https://[fe80::1]:81\nType=mine\n", file);
    assert_string_equal(gateway()->base_url, "https://[fe80::1]:81");
    parse_own("[DEFAULT]\nDTU=template\n[TEMPLATE0]\nHost=[fe80::1]\nType=mine\n", file);
    assert_string_equal(gateway()->base_url, "http://[fe80::1]:8080");
    parse_own(TYPED "Type=shelly-2pm\n", file); /* before the built-in one */
    assert_string_equal(gateway()->template.title, "My meter");
    parse_own(TYPED "Type=mine\n",
              "[DEVICE]\nTitle=M\nClasses=pvinverter\nCUST_API_PATH=x\nCUST_Power=p\n");
    assert_string_equal(device()->name, "M");
    parse_own(TYPED "Type=mine\n", "[DEVICE]\nTitle=M\nClasses=grid\nCUST_Powr=p\n");
    assert_message(CONF_ERROR, 5,
                   "[TEMPLATE0] Type: devices/mine.ini: line 4: CUST_Powr is not known");
    assert_int_equal(c->device_count, 0);
}

static void a_token_is_asked_for(void **state)
{
    static const char file[] =
        "[DEVICE]\nTitle=Envoy\nClasses=pvinverter\nAuth=token\nCUST_API_PATH=x\nCUST_Power=p\n";

    (void)state;
    parse_own(TYPED "Type=mine\n", file);
    assert_message(CONF_ERROR, 3, "[TEMPLATE0] Authorization is missing: this device (Envoy)");
    assert_int_equal(c->gateway_count, 0);
    parse_own(TYPED "Type=mine\nAuthorization=abc\n", file);
    assert_int_equal(report.errors, 0);
}

/* 33 devices of which the first has one channel or two, the others two. */
static void parse_33(const char *first)
{
    char text[8000] = "[DEFAULT]\nDTU=template\nHost=x\n";

    for (int n = 0; n < 33; n++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text),
                       "[TEMPLATE%d]\nHost=h%d\nType=%s\n", n, n, n ? "shelly-2pm" : first);
    parse(text);
}

static void too_many_channels(void **state)
{
    (void)state;
    parse_33("shelly-2pm");
    assert_message(CONF_ERROR, 100, "[TEMPLATE32] is one device too many");
    assert_int_equal(report.errors, 1);
    assert_int_equal(c->device_count, 64);
    assert_int_equal(c->gateway_count, 32);
    /* One channel is better than none. */
    parse_33("shelly-plus-1pm");
    assert_message(CONF_ERROR, 100, "[TEMPLATE32] is one device too many");
    assert_int_equal(c->device_count, 64);
    assert_int_equal(c->gateway_count, 33);
    assert_string_equal(c->devices[63].section, "TEMPLATE32");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_files_are_sound),
        cmocka_unit_test(faults_of_a_file),
        cmocka_unit_test(all_that_a_file_may_say),
        cmocka_unit_test(words_of_faults),
        cmocka_unit_test(how_many_channels),
        cmocka_unit_test(its_classes_are_whole_words),
        cmocka_unit_test(a_file_that_is_not_there),
        cmocka_unit_test(the_channel_in_a_path),
        cmocka_unit_test(numbers_of_channels),
        CONF_TEST(a_type_says_it_all),
        CONF_TEST(the_section_has_the_last_word),
        CONF_TEST(types_that_are_not_there),
        CONF_TEST(an_unusual_class_is_noted),
        CONF_TEST(channels_are_devices),
        CONF_TEST(one_channel_alone),
        CONF_TEST(a_file_of_the_owner_s),
        CONF_TEST(a_token_is_asked_for),
        CONF_TEST(too_many_channels),
    };
    return cmocka_run_group_tests_name("device types", tests, NULL, NULL);
}
