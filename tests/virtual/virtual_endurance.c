/*
 * Days of polling in virtual time: nothing grows, nobody is asked too often, a gateway that comes
 * and goes is followed at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/sys/clock.h"
#include "support/gx.h"
#include "support/world.h"

/* AddressSanitizer's own account of the heap; not every gcc ships its header. */
size_t __sanitizer_get_current_allocated_bytes(void);

enum { INVERTERS = 4, INTERVAL_MS = 5000, LATENCY_MS = 20 };

static const char config[] =
    "[DEFAULT]\nDTU=opendtu\nHost=dtu.example\nLogging=CRITICAL\nNumberOfTemplates=1\n"
    "[INVERTER0]\nDeviceInstance=34\nPhase=L1\n"
    "[INVERTER1]\nDeviceInstance=35\nPhase=L2\n"
    "[INVERTER2]\nDeviceInstance=36\nPhase=L3\n"
    "[INVERTER3]\nDeviceInstance=37\nPhase=3P\n"
    "[TEMPLATE0]\nHost=meter.example\nDeviceInstance=40\nCUST_API_PATH=status\nCUST_POLLING=5000\n"
    "CUST_Power=power\nCUST_Total=total\nServicename=com.victronenergy.grid\n";

struct fixture {
    struct gx gx;
    bool away;            /* the DTU refuses connections */
    unsigned rotation;    /* its list begins with this inverter */
    bool pushes;          /* it has a WebSocket */
    unsigned long asked;  /* for measurements; firmware version and the like come now and then */
    unsigned long pushed; /* messages */
    char body[8192];
};

static double energy(unsigned inverter)
{
    return 100 * (inverter + 1) + (double)clock_now_ms() / 3.6e7;
}

static size_t full_inverter(char *out, size_t size, unsigned i)
{
    int n = snprintf(
        out, size,
        "{\"inverters\":[{\"serial\":\"11418%u000000\",\"name\":\"Roof %u\",\"order\":%u,"
        "\"data_age\":1,\"poll_enabled\":true,\"reachable\":true,\"producing\":true,"
        "\"limit_relative\":100,\"limit_absolute\":600,"
        "\"AC\":{\"0\":{\"Power\":{\"v\":%d},\"Voltage\":{\"v\":230.5},"
        "\"Current\":{\"v\":0.9},\"Frequency\":{\"v\":50.01},\"PowerFactor\":{\"v\":1}}},"
        "\"DC\":{\"0\":{\"name\":{\"u\":\"A\"},\"Power\":{\"v\":100},\"Voltage\":{\"v\":31},"
        "\"Current\":{\"v\":3.2},\"YieldDay\":{\"v\":100},\"YieldTotal\":{\"v\":%.3f}}},"
        "\"INV\":{\"0\":{\"YieldDay\":{\"v\":100},\"YieldTotal\":{\"v\":%.3f},"
        "\"Temperature\":{\"v\":30}}},\"events\":1}]}",
        i, i, i, 100 + (int)(clock_now_ms() / INTERVAL_MS % 50), energy(i), energy(i));
    return (size_t)n;
}

static void summary(struct fixture *f)
{
    size_t n = (size_t)snprintf(f->body, sizeof f->body, "{\"inverters\":[");
    for (unsigned i = 0; i < INVERTERS; i++)
        n += (size_t)snprintf(f->body + n, sizeof f->body - n,
                              "%s{\"serial\":\"11418%u000000\",\"name\":\"Roof\",\"order\":0,"
                              "\"data_age\":1,\"poll_enabled\":true,\"reachable\":true,"
                              "\"producing\":true,\"limit_relative\":100,\"limit_absolute\":600}",
                              i ? "," : "", (i + f->rotation) % INVERTERS);
    snprintf(f->body + n, sizeof f->body - n, "],\"total\":{},\"hints\":{}}");
}

static void answer(void *user, const char *base_url, const char *path, struct world_reply *reply)
{
    struct fixture *f = user;
    const char *serial = strstr(path, "inv=");
    bool push = strcmp(path, "/livedata") == 0;

    f->asked += strstr(base_url, "meter") || strstr(path, "/livedata/");
    f->pushed += push && f->pushes;
    reply->delay_ms = LATENCY_MS;
    reply->body = f->body;
    if (strstr(base_url, "meter"))
        snprintf(f->body, sizeof f->body, "{\"power\":%d,\"total\":%.3f}",
                 (int)(clock_now_ms() / INTERVAL_MS % 90), energy(9));
    else if (f->away)
        reply->outcome = REPLY_UNREACHABLE;
    else if (push && !f->pushes)
        reply->outcome = REPLY_ERROR;
    else if (push)
        full_inverter(f->body, sizeof f->body, (unsigned)(f->pushed % INVERTERS));
    else if (serial)
        full_inverter(f->body, sizeof f->body, (unsigned)(serial[9] - '0'));
    else if (strstr(path, "livedata"))
        summary(f);
    else
        snprintf(f->body, sizeof f->body, "{}");
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    gx_make(&f->gx);
    gx_configure(&f->gx, "%s", config);
    world_set_gateway(answer, f);
    *state = f;
    return gx_start(&f->gx) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    int rc = gx_remove(&f->gx);
    free(f);
    return rc;
}

static size_t open_files(void)
{
    size_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static const char *name(unsigned instance)
{
    static char text[64];
    snprintf(text, sizeof text, "com.victronenergy.%s.http_%u",
             instance == 40 ? "grid" : "pvinverter", instance);
    return text;
}

static void test_nothing_grows(void **state)
{
    struct fixture *f = *state;

    world_run(f->gx.loop, 1000L * INTERVAL_MS);
    size_t heap = __sanitizer_get_current_allocated_bytes();
    size_t files = open_files();
    world_run(f->gx.loop, 9000L * INTERVAL_MS);
    assert_int_equal(__sanitizer_get_current_allocated_bytes(), heap);
    assert_int_equal(open_files(), files);
    assert_int_equal(world_service_count(), INVERTERS + 1);
}

/* Per cycle one summary and one request per inverter, and a meter beside it. */
static void test_gateways_are_asked_once_per_interval(void **state)
{
    struct fixture *f = *state;

    world_run(f->gx.loop, 10L * INTERVAL_MS);
    unsigned long before = f->asked;
    world_run(f->gx.loop, 100L * INTERVAL_MS);
    assert_int_equal(f->asked - before, 100 * (1 + INVERTERS + 1));
}

/*
 * A message every 2.5 s tells of another inverter: each is heard of every 10 s, as with an OpenDTU. In an hour
 * it is asked four times.
 */
static void test_who_pushes_is_not_asked(void **state)
{
    struct fixture *f = *state;

    f->pushes = true;
    world_run(f->gx.loop, 10L * INTERVAL_MS);
    unsigned long asked = f->asked, pushed = f->pushed, signals = world_signals;
    world_run(f->gx.loop, 3600L * 1000);
    assert_in_range(f->asked - asked, 720 + 4 * (1 + INVERTERS) - 5, 720 + 5 * (1 + INVERTERS));
    assert_in_range(f->pushed - pushed, 1439, 1441);
    assert_in_range(world_signals - signals, 720 + 1439, 720 + 1441 + 5 * INVERTERS);
}

/* What was pushed last is not shown for longer than a gateway that is asked would be believed. */
static void test_push_ends(void **state)
{
    struct fixture *f = *state;

    f->pushes = true;
    world_run(f->gx.loop, 20L * INTERVAL_MS);
    f->away = true;
    world_run(f->gx.loop, 5L * INTERVAL_MS);
    for (unsigned i = 0; i < INVERTERS; i++)
        assert_int_equal(world_value(name(34 + i), "/StatusCode").i, 10);
    f->away = false;
    world_run(f->gx.loop, INTERVAL_MS + 1000);
    for (unsigned i = 0; i < INVERTERS; i++)
        assert_int_equal(world_value(name(34 + i), "/StatusCode").i, 7);
    unsigned long asked = f->asked;
    world_run(f->gx.loop, 100L * INTERVAL_MS);
    assert_in_range(f->asked - asked, 100, 100 + 4 * (1 + INVERTERS));
}

/* One wake-up to begin a cycle and one per reply; nothing else, and nothing while idle. */
static void test_wakes_only_for_work(void **state)
{
    struct fixture *f = *state;

    world_run(f->gx.loop, 10L * INTERVAL_MS);
    unsigned long before = world_wakeups;
    world_run(f->gx.loop, 100L * INTERVAL_MS);
    unsigned long replies = 100 * (1 + INVERTERS + 1), cycles = 2 * 100;
    assert_in_range(world_wakeups - before, 1, replies + cycles + 2);
}

/* One ItemsChanged for each device and cycle, however many of its values have changed. */
static void test_one_signal_per_reading(void **state)
{
    struct fixture *f = *state;

    world_run(f->gx.loop, 10L * INTERVAL_MS);
    unsigned long before = world_signals;
    world_run(f->gx.loop, 100L * INTERVAL_MS);
    assert_int_equal(world_signals - before, 100 * (INVERTERS + 1));
}

static void test_list_order_changes_nothing(void **state)
{
    struct fixture *f = *state;

    for (f->rotation = 0; f->rotation < 50; f->rotation++) {
        world_run(f->gx.loop, 2L * INTERVAL_MS);
        for (unsigned i = 0; i < INVERTERS; i++) {
            struct value v = world_value(name(34 + i), "/Ac/Energy/Forward");
            assert_int_equal(v.type, VALUE_DOUBLE);
            assert_int_equal((int)(v.d / 100), i + 1);
        }
    }
}

static void test_outage_and_return(void **state)
{
    struct fixture *f = *state;

    world_run(f->gx.loop, 3L * INTERVAL_MS);
    assert_true(world_value(name(36), "/Ac/Power").d > 0);
    f->away = true;
    world_run(f->gx.loop, 4L * INTERVAL_MS);
    for (unsigned i = 0; i < INVERTERS; i++) {
        assert_int_equal(world_value(name(34 + i), "/StatusCode").i, 10);
        assert_true(world_value(name(34 + i), "/Ac/Power").d == 0.0);
        assert_true(world_value(name(34 + i), "/Ac/Energy/Forward").d > 100);
    }
    assert_int_equal(world_value(name(40), "/Ac/Power").type, VALUE_DOUBLE);
    world_run(f->gx.loop, 1000L * INTERVAL_MS);
    f->away = false;
    world_run(f->gx.loop, INTERVAL_MS + 1000);
    for (unsigned i = 0; i < INVERTERS; i++) {
        assert_int_equal(world_value(name(34 + i), "/StatusCode").i, 7);
        assert_true(world_value(name(34 + i), "/Ac/Power").d > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gateways_are_asked_once_per_interval, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_pushes_is_not_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_push_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wakes_only_for_work, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_signal_per_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(test_list_order_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outage_and_return, setup, teardown),
    };
    return cmocka_run_group_tests_name("endurance", tests, NULL, NULL);
}
