/*
 * A gateway that pushes, in virtual time: what has gone is found out as quickly as of one that is asked, and what is
 * there is shown when it comes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/sys/clock.h"
#include "support/gx.h"
#include "support/world.h"

enum { MOST = 10, INTERVAL_MS = 5000, TIMEOUT_MS = 2500, SECOND = 1000, MINUTE = 60 * SECOND };

/* What the gateway has, and how it is. */
struct fixture {
    struct gx gx;
    unsigned inverters;
    bool gone[MOST], silent[MOST]; /* deleted in the gateway; nothing is pushed of it */
    bool pushes;                   /* it has a WebSocket */
    bool dead;                     /* neither answers nor closes anything */
    bool overloaded;               /* its pages say 503 */
    int64_t delay_ms;
    unsigned long lists, pushed;
    int64_t replied_ms[MOST], valued_ms[MOST]; /* first reply, first signal with its power; -1 */
    char body[16384];
};

static size_t put_summary(char *out, size_t size, unsigned i)
{
    return (size_t)snprintf(out, size,
                            "\"serial\":\"11418%u000000\",\"name\":\"Roof %u\",\"data_age\":1,"
                            "\"poll_enabled\":true,\"reachable\":true,\"producing\":true,"
                            "\"limit_relative\":100,\"limit_absolute\":600",
                            i, i);
}

static void put_full(struct fixture *f, unsigned i)
{
    size_t n = (size_t)snprintf(f->body, sizeof f->body, "{\"inverters\":[");

    if (!f->gone[i]) {
        n += (size_t)snprintf(f->body + n, sizeof f->body - n, "{");
        n += put_summary(f->body + n, sizeof f->body - n, i);
        n += (size_t)snprintf(
            f->body + n, sizeof f->body - n,
            ",\"AC\":{\"0\":{\"Power\":{\"v\":%d},\"Voltage\":{\"v\":230.5},\"Current\":{\"v\":0.9},"
            "\"Frequency\":{\"v\":50.01}}},\"DC\":{\"0\":{\"name\":{\"u\":\"A\"},\"Power\":{\"v\":100}}},"
            "\"INV\":{\"0\":{\"YieldDay\":{\"v\":100},\"YieldTotal\":{\"v\":%.3f}}}}",
            100 + (int)(clock_now_ms() / SECOND % 50),
            100 * (i + 1) + (double)clock_now_ms() / 3.6e7);
    }
    (void)snprintf(f->body + n, sizeof f->body - n, "]}");
}

static void put_list(struct fixture *f)
{
    size_t n = (size_t)snprintf(f->body, sizeof f->body, "{\"inverters\":[");
    const char *comma = "";

    for (unsigned i = 0; i < f->inverters; i++) {
        if (f->gone[i])
            continue;
        n += (size_t)snprintf(f->body + n, sizeof f->body - n, "%s{", comma);
        n += put_summary(f->body + n, sizeof f->body - n, i);
        n += (size_t)snprintf(f->body + n, sizeof f->body - n, "}");
        comma = ",";
    }
    (void)snprintf(f->body + n, sizeof f->body - n, "],\"total\":{},\"hints\":{}}");
}

/* Each inverter in its turn, so often that each is told of every 5 s where there are two. */
static void push(struct fixture *f, struct world_reply *reply)
{
    unsigned i = (unsigned)(f->pushed++ % f->inverters);

    reply->delay_ms = 0;
    reply->outcome = f->pushes ? REPLY_OK : REPLY_ERROR;
    put_full(f, i);
    if (f->dead || f->gone[i] || f->silent[i])
        reply->body = NULL;
}

static void answer(void *user, const char *base_url, const char *path, struct world_reply *reply)
{
    struct fixture *f = user;
    const char *serial = strstr(path, "inv=");

    (void)base_url;
    reply->delay_ms = f->delay_ms;
    reply->body = f->body;
    if (strcmp(path, "/livedata") == 0) {
        push(f, reply);
    } else if (f->dead) {
        reply->outcome = REPLY_TIMEOUT;
        reply->delay_ms = TIMEOUT_MS;
    } else if (f->overloaded) {
        reply->outcome = REPLY_ERROR;
    } else if (serial) {
        unsigned i = (unsigned)(serial[9] - '0');
        put_full(f, i);
        if (f->replied_ms[i] < 0)
            f->replied_ms[i] = clock_now_ms() + f->delay_ms;
    } else if (strstr(path, "livedata")) {
        f->lists++;
        put_list(f);
    } else {
        (void)snprintf(f->body, sizeof f->body, "{}");
    }
}

static struct value shown(unsigned i, const char *path)
{
    char name[64];

    (void)snprintf(name, sizeof name, "com.victronenergy.pvinverter.http_%u", 34 + i);
    return world_value(name, path);
}

static void on_signal(void *user, const char *service)
{
    struct fixture *f = user;

    (void)service;
    for (unsigned i = 0; i < f->inverters; i++) {
        struct value power = shown(i, "/Ac/Power");
        if (f->valued_ms[i] < 0 && power.type == VALUE_DOUBLE && power.d > 0)
            f->valued_ms[i] = clock_now_ms();
    }
}

static void write_config(struct fixture *f, const char *keys, bool sections)
{
    FILE *file = gx_config(&f->gx);

    fprintf(file, "[DEFAULT]\nDTU=opendtu\nHost=dtu.example\nLogging=CRITICAL\n%s\n", keys);
    for (unsigned i = 0; sections && i < f->inverters; i++)
        fprintf(file, "[INVERTER%u]\nDeviceInstance=%u\nPhase=L1\n", i, 34 + i);
    assert_int_equal(fclose(file), 0);
}

static void start(struct fixture *f, const char *keys, bool sections)
{
    write_config(f, keys, sections);
    assert_true(gx_start(&f->gx));
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (!f)
        return -1;
    gx_make(&f->gx);
    f->inverters = 2;
    f->pushes = true;
    f->delay_ms = 20;
    for (unsigned i = 0; i < MOST; i++)
        f->replied_ms[i] = f->valued_ms[i] = -1;
    world_set_gateway(answer, f);
    *state = f;
    return 0;
}

/* Ends the program as well, for a test that goes on with another. */
static void stop(struct fixture *f)
{
    gx_stop(&f->gx);
    gx_forget(&f->gx);
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    world_watch(NULL, NULL);
    int rc = gx_remove(&f->gx);
    free(f);
    return rc;
}

/* Until a path of an inverter is this; how long that took. */
static int64_t run_until(struct fixture *f, unsigned i, const char *path, int expected,
                         int64_t most)
{
    int64_t begin_ms = clock_now_ms();

    while (clock_now_ms() - begin_ms < most && shown(i, path).i != expected)
        world_run(f->gx.loop, 50);
    assert_int_equal(shown(i, path).i, expected);
    return clock_now_ms() - begin_ms;
}

/* ---- what has gone ---- */

/* A DTU that dies without closing anything, at whatever moment: no longer than polled, where that is 22.5 s. */
static void test_power_cut(void **state)
{
    struct fixture *f = *state;

    for (int64_t moment = 0; moment <= INTERVAL_MS; moment += 500) {
        start(f, "", true);
        world_run(f->gx.loop, 2L * MINUTE + moment);
        f->dead = true;
        int64_t first = run_until(f, 0, "/StatusCode", 10, MINUTE);
        int64_t second = run_until(f, 1, "/StatusCode", 10, MINUTE);
        assert_in_range(first + second, 0, 22500);
        assert_true(shown(0, "/Ac/Power").d == 0.0);
        f->dead = false;
        (void)run_until(f, 0, "/StatusCode", 7, 30L * SECOND);
        stop(f);
    }
}

/* Deleted in the DTU: as soon as the time of three polls has passed, with one list. */
static void test_not_listed_any_more(void **state)
{
    struct fixture *f = *state;

    for (int64_t moment = 0; moment <= INTERVAL_MS; moment += 500) {
        start(f, "", true);
        world_run(f->gx.loop, 2L * MINUTE + moment);
        unsigned long lists = f->lists;
        f->gone[1] = true;
        assert_in_range(run_until(f, 1, "/StatusCode", 10, MINUTE), 0, 3 * INTERVAL_MS);
        assert_true(shown(1, "/Ac/Power").d == 0.0);
        assert_int_equal(f->lists, lists + 1);
        world_run(f->gx.loop, 5L * MINUTE);
        assert_int_equal(shown(0, "/StatusCode").i, 7);
        assert_int_equal(f->lists, lists + 1); /* it is not waited for */
        f->gone[1] = false;
        (void)run_until(f, 1, "/StatusCode", 7, 2L * INTERVAL_MS); /* by its own message */
        stop(f);
    }
}

/* One that no section names goes from the bus after ten minutes, though no list is asked for then. */
static void test_removed(void **state)
{
    struct fixture *f = *state;

    start(f, "", false);
    world_run(f->gx.loop, 2L * MINUTE);
    assert_int_equal(world_service_count(), 2);
    f->gone[1] = true;
    world_run(f->gx.loop, 9L * MINUTE + 50L * SECOND);
    assert_int_equal(world_service_count(), 2);
    world_run(f->gx.loop, 30L * SECOND);
    assert_int_equal(world_service_count(), 1);
}

/* Its pages fail and the feed goes on: what it brings is believed. */
static void test_pages_fail(void **state)
{
    struct fixture *f = *state;

    start(f, "MinRetriesUntilFail=1", true);
    world_run(f->gx.loop, 2L * MINUTE);
    f->overloaded = true;
    for (int64_t at = 0; at < 40L * MINUTE; at += SECOND) {
        world_run(f->gx.loop, SECOND);
        assert_int_equal(shown(0, "/StatusCode").i, 7);
        assert_int_equal(shown(1, "/StatusCode").i, 7);
    }
}

/* Listed, and answered for when it is asked for, but nothing is pushed of it: it is polled. */
static void test_silent(void **state)
{
    struct fixture *f = *state;

    start(f, "", true);
    world_run(f->gx.loop, 2L * MINUTE);
    unsigned long lists = f->lists;
    f->silent[1] = true;
    world_run(f->gx.loop, MINUTE);
    assert_in_range(f->lists - lists, (60 - 12) / 5 - 1, (60 - 12) / 5 + 2);
    unsigned char index = (unsigned char)shown(1, "/UpdateIndex").i;
    world_run(f->gx.loop, INTERVAL_MS);
    assert_int_not_equal(shown(1, "/UpdateIndex").i, index);
    assert_int_equal(shown(1, "/StatusCode").i, 7);
}

/* ---- what is there ---- */

/* Ten behind a slow gateway: each with its own reply, on a first start too. */
static void check_first_start(struct fixture *f, const char *keys, bool sections)
{
    f->inverters = MOST;
    f->delay_ms = 500;
    world_watch(on_signal, f);
    start(f, keys, sections);
    world_run(f->gx.loop, 20L * SECOND);
    for (unsigned i = 0; i < MOST; i++) {
        assert_true(f->replied_ms[i] >= 0 && f->valued_ms[i] >= f->replied_ms[i]);
        assert_in_range(f->valued_ms[i] - f->replied_ms[i], 0, 200);
    }
}

static void test_first_start_with_sections(void **state)
{
    check_first_start(*state, "", true);
}

static void test_first_start_without_sections(void **state)
{
    check_first_start(*state, "Push=0", false);
}

static void test_each_message_is_shown(void **state)
{
    struct fixture *f = *state;

    start(f, "", true);
    world_run(f->gx.loop, 2L * MINUTE);
    unsigned long pushed = f->pushed, signals = world_signals;
    world_run(f->gx.loop, 50L * SECOND);
    assert_int_equal(f->pushed - pushed, 20);
    assert_int_equal(world_signals - signals, 20);
}

/* ---- how the gateway answers ---- */

static void check_debug(struct fixture *f, const char *keys, const char *path)
{
    start(f, keys, true);
    world_run(f->gx.loop, 3L * MINUTE);
    for (int minute = 0; minute < 5; minute++) {
        struct value before[2] = {shown(0, path), shown(1, path)};
        world_run(f->gx.loop, 75L * SECOND);
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(before[i].type, VALUE_INT);
            assert_true(shown(i, path).i > before[i].i);
        }
    }
    stop(f);
}

/* Renewed once a minute, of every inverter, whatever the gateway does. */
static void test_debug(void **state)
{
    struct fixture *f = *state;

    check_debug(f, "", "/Debug/Pushed");
    check_debug(f, "Push=0", "/Debug/Requests");
    check_debug(f, "Push=0\nPollingInterval=50000", "/Debug/Requests");
}

static void test_debug_of_what_has_gone(void **state)
{
    struct fixture *f = *state;

    start(f, "", true);
    world_run(f->gx.loop, 2L * MINUTE);
    f->gone[1] = true;
    world_run(f->gx.loop, MINUTE);
    int before = shown(1, "/Debug/Pushed").i;
    world_run(f->gx.loop, 75L * SECOND);
    assert_true(shown(1, "/Debug/Pushed").i > before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_power_cut),
        TEST(test_not_listed_any_more),
        TEST(test_removed),
        TEST(test_pages_fail),
        TEST(test_silent),
        TEST(test_first_start_with_sections),
        TEST(test_first_start_without_sections),
        TEST(test_each_message_is_shown),
        TEST(test_debug),
        TEST(test_debug_of_what_has_gone),
    };
    return cmocka_run_group_tests_name("push", tests, NULL, NULL);
}
