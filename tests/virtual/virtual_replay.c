/*
 * What `support --capture` keeps of a simulated OpenDTU in virtual time, played again through the whole program: the
 * counters come out as they were, nothing of the owner's is in the file, and at its end the gateway falls silent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/support/capturing.h"
#include "core/capture.h"
#include "core/json.h"
#include "edge/sys/clock.h"
#include "edge/sys/file.h"
#include "support/gx.h"
#include "support/world.h"

enum { INVERTERS = 2, SECOND = 1000, MINUTE = 60 * SECOND, BIG_BODY = 64 * 1024 };

static const char capture_config[] = "[DEFAULT]\nDTU=opendtu\nHost=anna-dtu.example\n"
                                     "Username=admin\nPassword=g4rten123\nLogging=CRITICAL\n%s\n";
static const char replay_config[] =
    "[DEFAULT]\nDTU=replay\nReplayFile=%s/capture\nLogging=CRITICAL\nMinRetriesUntilFail=1\n%s\n"
    "[INVERTER0]\nDeviceInstance=34\n[INVERTER1]\nDeviceInstance=35\nPhase=L2\n";

struct fixture {
    struct gx gx;
    char capture_path[128];
    int64_t began_ms, from_hour; /* of its day */
    unsigned long pushed;
    bool pushes, big;
    char body[BIG_BODY + 8192];
};

/* ---- The gateway ---- */

static double hour(const struct fixture *f)
{
    return (double)(clock_now_ms() - f->began_ms) / 3600e3;
}

/* 6:00 to 20:00. */
static double power_w(const struct fixture *f, unsigned i)
{
    double h = hour(f);
    return h > 6 && h < 20 ? 300 * (i + 1) * sin(M_PI * (h - 6) / 14) : 0;
}

static double total_kwh(const struct fixture *f, unsigned i)
{
    double h = fmin(fmax(hour(f), 6), 20);
    return 100 * (i + 1) + 0.3 * (i + 1) * 14 / M_PI * (1 - cos(M_PI * (h - 6) / 14));
}

static void one(struct fixture *f, unsigned i)
{
    double w = power_w(f, i);

    (void)snprintf(
        f->body, sizeof f->body,
        "{\"inverters\":[{\"serial\":\"11418765432%u\",\"name\":\"Anna's roof %u\",\"order\":%u,"
        "\"data_age\":1,\"poll_enabled\":true,\"reachable\":%s,\"producing\":%s,"
        "\"limit_relative\":100,\"limit_absolute\":600,"
        "\"AC\":{\"0\":{\"Power\":{\"v\":%.1f},\"Voltage\":{\"v\":230.5},"
        "\"Current\":{\"v\":%.2f},\"Frequency\":{\"v\":50.01},\"PowerFactor\":{\"v\":1}}},"
        "\"DC\":{\"0\":{\"name\":{\"u\":\"East of Anna\"},\"Power\":{\"v\":%.1f},"
        "\"Voltage\":{\"v\":31},\"Current\":{\"v\":3.2},\"YieldDay\":{\"v\":100},"
        "\"YieldTotal\":{\"v\":%.3f}}},"
        "\"INV\":{\"0\":{\"YieldDay\":{\"v\":100},\"YieldTotal\":{\"v\":%.3f},"
        "\"Temperature\":{\"v\":30}}},\"events\":1}]}",
        i, i, i, w > 0 ? "true" : "false", w > 0 ? "true" : "false", w, w / 230.5, w * 1.05,
        total_kwh(f, i), total_kwh(f, i));
}

static void list(struct fixture *f)
{
    int n = snprintf(f->body, sizeof f->body, "{\"inverters\":[");

    for (unsigned i = 0; i < INVERTERS; i++)
        n += snprintf(f->body + n, sizeof f->body - (size_t)n,
                      "%s{\"serial\":\"11418765432%u\",\"name\":\"Anna's roof %u\",\"order\":%u,"
                      "\"data_age\":1,\"poll_enabled\":true,\"reachable\":true,\"producing\":true,"
                      "\"limit_relative\":100,\"limit_absolute\":600}",
                      i ? "," : "", i, i, i);
    n += snprintf(f->body + n, sizeof f->body - (size_t)n, "],\"total\":{},\"hints\":{}");
    for (unsigned i = 0; f->big && i < BIG_BODY / 16; i++)
        n += snprintf(f->body + n, sizeof f->body - (size_t)n, ",\"Power\":%06u", i);
    (void)snprintf(f->body + n, sizeof f->body - (size_t)n, "}");
}

static void answer(void *user, const char *base_url, const char *path, struct world_reply *reply)
{
    struct fixture *f = user;
    const char *serial = strstr(path, "inv=");

    (void)base_url;
    reply->delay_ms = 20;
    reply->body = f->body;
    if (strcmp(path, "/livedata") == 0 && !f->pushes)
        reply->outcome = REPLY_ERROR;
    else if (strcmp(path, "/livedata") == 0)
        one(f, (unsigned)(f->pushed++ % INVERTERS));
    else if (serial)
        one(f, (unsigned)(serial[strlen(serial) - 1] - '0'));
    else if (strstr(path, "livedata"))
        list(f);
    else
        (void)snprintf(f->body, sizeof f->body, "{\"hostname\":\"anna-dtu\"}");
}

/* ---- Capturing, and what is in the file ---- */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void capture(struct fixture *f, const char *keys, const char *duration)
{
    int64_t ms;

    gx_configure(&f->gx, capture_config, keys);
    f->began_ms = clock_now_ms() - f->from_hour * 60 * MINUTE;
    assert_true(capturing_duration(duration, &ms));
    assert_true(capturing_run(f->gx.config_path, f->capture_path, ms));
}

static struct capture *read_capture(const struct fixture *f)
{
    static const char *const originals[] = {"1141876543", "Anna", "anna", "g4rten", "roof", "East"};
    char why[CAPTURE_WHY_MAX] = "";
    size_t len;
    char *text = file_read(f->capture_path, CAPTURE_FILE_MAX, &len);

    assert_non_null(text);
    for (size_t i = 0; i < sizeof originals / sizeof originals[0]; i++)
        assert_null(strstr(text, originals[i]));
    struct capture *c = capture_read(text, len, why);
    assert_string_equal(why, "");
    assert_non_null(c);
    free(text);
    return c;
}

/* The totals that it ends with. */
static void last_totals(const struct capture *c, double out[INVERTERS])
{
    for (size_t i = 0; i < c->count; i++) {
        cJSON *root = json_parse(c->records[i].body, c->records[i].len, NULL, 0);
        const cJSON *inverter = json_path(root, "inverters/0");
        double total = json_number(json_path(inverter, "INV/0/YieldTotal/v"));
        double order = json_member(inverter, "order");
        if (has_value(total) && order < INVERTERS)
            out[(size_t)order] = total;
        cJSON_Delete(root);
    }
}

/* ---- Playing it ---- */

static void play(struct fixture *f, const char *keys)
{
    gx_configure(&f->gx, replay_config, f->gx.folder, keys);
    assert_true(gx_start(&f->gx));
}

static struct value shown(unsigned i, const char *path)
{
    char name[64];

    (void)snprintf(name, sizeof name, "com.victronenergy.pvinverter.http_%u", 34 + i);
    return world_value(name, path);
}

static void assert_totals(const double *totals)
{
    for (unsigned i = 0; i < INVERTERS; i++) {
        struct value v = shown(i, "/Ac/Energy/Forward");
        assert_int_equal(v.type, VALUE_DOUBLE);
        if (fabs(v.d - totals[i]) > 1e-9)
            fail_msg("inverter %u: %.4f instead of %.4f kWh", i, v.d, totals[i]);
    }
}

static void assert_status(int code)
{
    for (unsigned i = 0; i < INVERTERS; i++)
        assert_int_equal(shown(i, "/StatusCode").i, code);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (!f)
        return -1;
    gx_make(&f->gx);
    (void)snprintf(f->capture_path, sizeof f->capture_path, "%s/capture", f->gx.folder);
    world_set_gateway(answer, f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    int rc = gx_remove(&f->gx);
    free(f);
    return rc;
}

/* ---- Tests ---- */

/* 86 seconds. */
static void test_a_day_at_1000_times_its_speed(void **state)
{
    struct fixture *f = *state;
    double totals[INVERTERS] = {0};

    capture(f, "PollingInterval=60000", "24h");
    struct capture *c = read_capture(f);
    assert_true(c->count > 1439u * (1 + INVERTERS));
    assert_true(c->end_ms >= 24L * 60 * MINUTE);
    last_totals(c, totals);
    capture_free(c);
    for (unsigned i = 0; i < INVERTERS; i++)
        assert_true(totals[i] > 100 * (i + 1) + 2);
    play(f, "ReplaySpeed=1000\nPollingInterval=1000");
    world_run(f->gx.loop, 43 * SECOND); /* noon */
    assert_status(7);
    assert_true(shown(1, "/Ac/Power").d > 400);
    world_run(f->gx.loop, 45 * SECOND);
    assert_totals(totals);
    world_run(f->gx.loop, 20 * SECOND);
    assert_totals(totals);
    assert_status(10);
}

/* By messages that it pushed, at their own times; and after the end nobody answers. */
static void test_what_was_pushed(void **state)
{
    struct fixture *f = *state;
    double totals[INVERTERS] = {0};

    f->pushes = true;
    f->from_hour = 12;
    capture(f, "", "20m");
    struct capture *c = read_capture(f);
    size_t pushed = 0;
    for (size_t i = 0; i < c->count; i++)
        pushed += c->records[i].pushed;
    assert_in_range(pushed, 470, 480);
    last_totals(c, totals);
    capture_free(c);
    play(f, "");
    world_run(f->gx.loop, 10 * MINUTE);
    assert_status(7);
    assert_in_range(shown(0, "/Debug/Pushed").i, 180, 240);
    world_run(f->gx.loop, 10 * MINUTE + 5 * SECOND);
    assert_totals(totals);
    assert_status(7);
    world_run(f->gx.loop, 2 * MINUTE);
    assert_status(10);
    assert_totals(totals);
}

/* The file has a limit, says so, and can be read. */
static void test_a_file_that_is_full(void **state)
{
    struct fixture *f = *state;

    f->big = true;
    capture(f, "PollingInterval=1000\nPush=0", "1h");
    struct capture *c = read_capture(f);
    assert_true(c->end_ms < 59 * MINUTE);
    capture_free(c);
    size_t len;
    char *text = file_read(f->capture_path, CAPTURE_FILE_MAX, &len);
    assert_non_null(text);
    assert_true(len > CAPTURE_FILE_MAX - 256 * 1024);
    assert_non_null(strstr(text + len - 64, "\"end\":\"size\""));
    free(text);
}

/* A damaged file is a gateway that fails, and the reason says where. Mended, it is played. */
static void test_a_damaged_file(void **state)
{
    struct fixture *f = *state;
    size_t len;

    capture(f, "Push=0", "30s");
    char *text = file_read(f->capture_path, CAPTURE_FILE_MAX, &len);
    assert_non_null(text);
    write_file(f->capture_path, "{\"capture\":1,\"program\":\"x\",\"gateways\":[]}\nhello\n");
    play(f, "");
    world_run(f->gx.loop, 2 * SECOND);
    assert_int_equal(world_service_count(), 0);
    write_file(f->capture_path, text);
    free(text);
    world_run(f->gx.loop, 30 * SECOND);
    assert_int_equal(world_service_count(), INVERTERS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_day_at_1000_times_its_speed),
        TEST(test_what_was_pushed),
        TEST(test_a_file_that_is_full),
        TEST(test_a_damaged_file),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
