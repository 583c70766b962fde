/* What replaces serial numbers, names and addresses in a capture, and that drivers read the same then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/support/scrub.h"
#include "unit/support/ahoy_fixture.h"

static struct scrub *s;

static int setup(void **state)
{
    (void)state;
    s = scrub_create();
    if (s)
        scrub_replace(s);
    return s ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    scrub_destroy(s);
    return 0;
}

/* As a capture has it; to be freed. */
static char *masked(void (*write)(const struct scrub *s, const char *text, FILE *out),
                    const char *text)
{
    char *out = NULL, *clean;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);

    assert_non_null(f);
    write(s, text, f);
    assert_int_equal(fclose(f), 0);
    clean = scrub_text(s, out);
    free(out);
    assert_non_null(clean);
    return clean;
}

static void assert_reply(const char *text, const char *expected)
{
    char *out = masked(scrub_reply, text);

    assert_string_equal(out, expected);
    free(out);
}

static void assert_path(const char *text, const char *expected)
{
    char *out = masked(scrub_path, text);

    assert_string_equal(out, expected);
    free(out);
}

/* ---- What is replaced ---- */

static void test_serials(void **state)
{
    (void)state;
    assert_reply("{\"serial\":\"114182940773\",\"Power\":{\"v\":123.4,\"u\":\"W\"}}",
                 "{\"serial\":\"114190000001\",\"Power\":{\"v\":123.4,\"u\":\"W\"}}");
    assert_reply("{\"serial\":\"1382A1B2C3D4\"}", "{\"serial\":\"138290000002\"}");
    assert_reply("{\"serial\":\"114182940773\"}", "{\"serial\":\"114190000001\"}");
    assert_reply("{\"serial\":\"1382a1b2c3d4\"}", "{\"serial\":\"138290000002\"}");
    assert_reply("{\"serial\":\"10f8a1b2c3d4\"}", "{\"serial\":\"10f890000003\"}");
    assert_path("/api/livedata/status?inv=1382A1B2C3D4", "/api/livedata/status?inv=138290000002");
    assert_reply("{\"serial\":114182940773}", "{\"serial\":114190000001}");
    assert_path("/api/livedata/status?inv=114182940773", "/api/livedata/status?inv=114190000001");
    assert_reply("{\"114182940773\":{\"limit_relative\":50}}",
                 "{\"114190000001\":{\"limit_relative\":50}}");
    assert_reply("{\"serial\":\"000000000000\"}", "{\"serial\":\"000000000000\"}");
    assert_reply("{\"serial\":\"77\"}", "{\"serial\":\"94\"}");
}

static void test_texts(void **state)
{
    (void)state;
    assert_reply("{\"name\":\"Anna's roof\",\"unit\":\"kWh\",\"ssid\":\"FRITZ!Box 7590\"}",
                 "{\"name\":\"text-1\",\"unit\":\"kWh\",\"ssid\":\"text-2\"}");
    assert_reply("{\"name\":\"Anna's roof\",\"mac\":\"A4:CF:12:34:56:78\"}",
                 "{\"name\":\"text-1\",\"mac\":\"text-3\"}");
    assert_reply("{\"Anna's roof\":{\"Power\":1},\"ip\":\"192.168.178.40\"}",
                 "{\"text-1\":{\"Power\":1},\"ip\":\"198.18.0.2\"}");
    assert_reply("{\"lat\":48.13,\"lon\":11.57,\"version\":\"v24.2.12\"}",
                 "{\"lat\":\"(removed)\",\"lon\":\"(removed)\",\"version\":\"v24.2.12\"}");
    assert_path("/rpc/status", "/rpc/status");
}

/* However many a gateway sends. */
static void test_too_many(void **state)
{
    char text[64], *out = NULL;

    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        free(out);
        (void)snprintf(text, sizeof text, "{\"name\":\"a name %u\"}", i);
        out = masked(scrub_reply, text);
    }
    assert_string_equal(out, "{\"name\":\"(removed)\"}");
    free(out);
}

static void test_secret(void **state)
{
    FILE *nowhere = fopen("/dev/null", "w");

    (void)state;
    assert_non_null(nowhere);
    scrub_config(s, "[DEFAULT]\nPassword = g4rten\n", nowhere);
    fclose(nowhere);
    assert_path("/cm?password=g4rten&cmnd=STATUS+8", "/cm?password=(removed)&cmnd=STATUS+8");
    assert_path("/g4rten", "/(removed)");
    assert_reply("{\"key\":\"g4rten\"}", "{\"key\":\"text-1\"}");
    /* Nothing of a token stays, in any place. */
    assert_reply("{\"key\":\"0123456789abcdef\",\"pin\":\"87654321\"}",
                 "{\"key\":\"text-2\",\"pin\":\"text-3\"}");
    assert_reply("{\"89abcdef01234567\":{\"Power\":1}}",
                 "{\"(removed)\":{\"Power\":\"(removed)\"}}");
    assert_path("/api/fedcba9876543210/state", "/api/(removed)/state");
}

static void take_config(const char *text)
{
    FILE *nowhere = fopen("/dev/null", "w");

    assert_non_null(nowhere);
    scrub_config(s, text, nowhere);
    fclose(nowhere);
}

/* A password of digits is also part of measured values and of stand-ins: those stay, and it is JSON. */
static void test_password_of_digits(void **state)
{
    (void)state;
    take_config("[DEFAULT]\nPassword = 1234\n[DTU1]\nPassword = 9000\n[DTU2]\nPassword = 5\n");
    assert_reply("{\"serial\":\"114182940773\",\"Power\":{\"v\":1234.5},\"Voltage\":5}",
                 "{\"serial\":\"114190000001\",\"Power\":{\"v\":1234.5},\"Voltage\":5}");
    assert_path("/api/livedata/status?inv=114182940773", "/api/livedata/status?inv=114190000001");
    assert_reply("{\"Power\":[-12.34567890123456789012,1234]}",
                 "{\"Power\":[-12.34567890123456789012,1234]}");
    assert_path("/cm?password=1234", "/cm?password=(removed)");
    assert_reply("{\"a1234b\":{\"x\":\"9000\"}}", "{\"a(removed)b\":{\"x\":\"text-1\"}}");
}

/* However many names are the words of gateways and drivers, those can still be read. */
static void test_names_like_members(void **state)
{
    (void)state;
    assert_reply("{\"name\":\"Power\",\"other\":\"inverter\"}",
                 "{\"name\":\"text-1\",\"other\":\"text-2\"}");
    assert_reply("{\"name\":\"0\"}", "{\"name\":\"text-3\"}");
    assert_reply("{\"AC\":{\"0\":{\"Power\":1}}}", "{\"AC\":{\"0\":{\"Power\":1}}}");
    assert_reply("{\"Power\":1,\"inverter\":[2]}", "{\"Power\":1,\"inverter\":[2]}");
    assert_path("/api/inverter/list", "/api/inverter/list");
}

/* Wherever it stands, once it is known. */
static void test_serial_as_measurement(void **state)
{
    (void)state;
    assert_reply("{\"inverters\":[{\"serial\":\"114182940773\"}]}",
                 "{\"inverters\":[{\"serial\":\"114190000001\"}]}");
    assert_reply("{\"inverter\":\"114182940773\",\"inverters\":[\"114182940773\",114182940773,1]}",
                 "{\"inverter\":\"114190000001\",\"inverters\":[\"114190000001\",114190000001,1]}");
}

/* What the configuration calls by its name is known before a gateway says anything. */
static void test_of_the_configuration(void **state)
{
    (void)state;
    take_config("[DEFAULT]\nHost = http://anna-dtu.example.org:8080\nUsername = berta\n"
                "[INVERTER0]\nSerial = 114182940773\nName = AnnasRoof\n"
                "[TEMPLATE0]\nHost = 192.168.7.7\nCUST_SN = 10f8a1b2c3d4\nName = Power\n"
                "[TEMPLATE1]\nHost = %(Name)s\nName = Shed-3\n");
    assert_reply(
        "{\"AnnasRoof\":1,\"anna-dtu\":2,\"anna-dtu.example.org\":3,\"berta\":4,"
        "\"Shed-3\":5,\"sn_114182940773\":6}",
        "{\"text-4\":\"(removed)\",\"text-2\":\"(removed)\",\"text-1\":\"(removed)\","
        "\"text-3\":\"(removed)\",\"text-6\":\"(removed)\",\"sn_(removed)\":\"(removed)\"}");
    assert_reply("{\"ip\":\"192.168.7.7\",\"Power\":7,\"10f8a1b2c3d4\":{\"Power\":8}}",
                 "{\"ip\":\"198.18.0.2\",\"Power\":7,\"10f890000002\":{\"Power\":8}}");
    assert_path("/anna-dtu/AnnasRoof?id=berta", "/text-2/text-4?id=text-3");
    assert_path("/inverter/114182940773", "/inverter/114190000001");
}

/* ---- What drivers read ---- */

enum { FIXTURES = 4 };

/* The same readings but for serials and names; no serial or name of before. */
static void assert_same(const struct run *before, const struct run *after)
{
    assert_int_equal(after->reading_count, before->reading_count);
    for (size_t i = 0; i < before->reading_count; i++) {
        const struct reading *a = &before->readings[i], *b = &after->readings[i];
        assert_memory_equal(a->value, b->value, sizeof a->value);
        assert_int_equal(a->reach, b->reach);
        assert_int_equal(a->phases, b->phases);
        assert_int_equal(a->index, b->index);
        assert_int_equal(a->strings, b->strings);
        assert_memory_equal(&a->age_s, &b->age_s, sizeof a->age_s);
        assert_memory_equal(&a->stamp_s, &b->stamp_s, sizeof a->stamp_s);
        assert_string_not_equal(a->serial, b->serial);
        assert_int_equal(strlen(a->serial), strlen(b->serial));
        assert_true(!a->name[0] || strcmp(a->name, b->name) != 0);
        for (unsigned n = 0; n < a->strings; n++)
            assert_memory_equal(&a->string[n].power_w, &b->string[n].power_w,
                                sizeof a->string[n] - sizeof a->string[n].name);
    }
}

static void check(const char *driver, const struct reply *replies, size_t count)
{
    struct reply others[FIXTURES];
    struct run *before = malloc(sizeof *before), *after = malloc(sizeof *after);

    assert_true(before && after && count <= FIXTURES);
    for (size_t i = 0; i < count; i++)
        others[i] = (struct reply){masked(scrub_path, replies[i].path),
                                   masked(scrub_reply, replies[i].body)};
    run_open(before, driver);
    run_open(after, driver);
    run_cycle(before, 0, replies, count);
    run_cycle(after, 0, others, count);
    assert_same(before, after);
    run_close(before);
    run_close(after);
    for (size_t i = 0; i < count; i++) {
        free((char *)others[i].path);
        free((char *)others[i].body);
    }
    free(before);
    free(after);
}

static void test_opendtu(void **state)
{
    static const struct {
        const char *list, *serial, *inverter;
    } cases[] = {
        {"array-2022-10", NULL, NULL},
        {"flat-2022-11", NULL, NULL},
        {"full-onbattery", NULL, NULL},
        {"full-rebooted", NULL, NULL},
        {"full-v24.1", NULL, NULL},
        {"summary-v24.2", "114182000001", "inv-v24.2-balcony"},
        {"summary-v24.2", "1141820000ab", "inv-v24.2-barn"},
        {"summary-v24.2", "114182000002", "inv-v24.2-fence-lost"},
        {"summary-v26-hmt", "138212000001", "inv-v26-hmt"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[80], name[80];
        struct reply replies[2] = {{"/api/livedata/status", NULL}, {path, NULL}};
        (void)snprintf(path, sizeof path, "/api/livedata/status?inv=%s",
                       cases[i].serial ? cases[i].serial : "");
        (void)snprintf(name, sizeof name, "opendtu/%s.json", cases[i].list);
        replies[0].body = run_fixture(name);
        (void)snprintf(name, sizeof name, "opendtu/%s.json",
                       cases[i].inverter ? cases[i].inverter : "");
        replies[1].body = cases[i].inverter ? run_fixture(name) : NULL;
        check("opendtu", replies, cases[i].inverter ? 2 : 1);
        free((char *)replies[0].body);
        free((char *)replies[1].body);
    }
}

static void test_ahoy(void **state)
{
    struct table tables[] = {inline_table(), gap_table(), {0}, {0}};

    (void)state;
    table_add(&tables[2], LIVE, "ahoy/live-0.5.93.json");
    table_add(&tables[2], ID(0), "ahoy/id-0.5.93-0.json");
    table_add(&tables[3], LIVE, "ahoy/live-0.8-hmt.json");
    table_add(&tables[3], ID(0), "ahoy/id-0.8-hmt.json");
    for (size_t i = 0; i < COUNT(tables); i++) {
        check("ahoy", tables[i].replies, tables[i].count);
        table_close(&tables[i]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_serials),
        TEST(test_texts),
        TEST(test_too_many),
        TEST(test_secret),
        TEST(test_opendtu),
        TEST(test_ahoy),
        TEST(test_password_of_digits),
        TEST(test_names_like_members),
        TEST(test_serial_as_measurement),
        TEST(test_of_the_configuration),
    };
    return cmocka_run_group_tests_name("stand-ins", tests, NULL, NULL);
}
