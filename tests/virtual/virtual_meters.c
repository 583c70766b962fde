/*
 * Ten days of meters whose devices come and go, with restarts of the program in between: what they do not
 * measure nobody publishes, neither as 0 W nor as what they measured last.
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

#define MIN (60 * 1000LL)
#define DAY (24 * 60 * MIN)

enum {
    INTERVAL_MS = 5000,
    PATIENCE_MS = 4 * INTERVAL_MS, /* three misses, and the poll that was under way */
    RETURN_MS = 2 * INTERVAL_MS + 100,
    LATENCY_MS = 20
};

/* What is on the bus: a meter that leaves, one that stays without values, an inverter that is a load. */
enum { GRID, GENSET, LOAD, METERS };

static const struct {
    const char *service, *host;
} meters[METERS] = {
    [GRID] = {"com.victronenergy.grid.http_40", "grid.example"},
    [GENSET] = {"com.victronenergy.genset.http_41", "genset.example"},
    [LOAD] = {"com.victronenergy.acload.http_42", "dtu.example"},
};

static const char config[] =
    "[DEFAULT]\nDTU=opendtu\nHost=dtu.example\nLogging=CRITICAL\nNumberOfTemplates=2\nPush=0\n"
    "[INVERTER0]\nDeviceInstance=42\nServicename=com.victronenergy.acload\n"
    "[TEMPLATE0]\nHost=grid.example\nDeviceInstance=40\nCUST_API_PATH=status\nCUST_Power=power\n"
    "CUST_Total=total\nServicename=com.victronenergy.grid\n"
    "[TEMPLATE1]\nHost=genset.example\nDeviceInstance=41\nCUST_API_PATH=status\nCUST_Power=power\n"
    "CUST_Total=total\nServicename=com.victronenergy.genset\nMeterAway=invalid\n";

struct device {
    bool away, night;
    int64_t turned_ms;   /* when away, or night, became another */
    int64_t answered_ms; /* last; -1 since the program started: not yet */
    unsigned long appeared, left;
};

struct fixture {
    struct gx gx;
    uint64_t bits;
    struct device devices[METERS];
    char body[1024];
};

static uint64_t chance(struct fixture *f, uint64_t n)
{
    f->bits = f->bits * 6364136223846793005 + 1442695040888963407;
    return (f->bits >> 33) % n;
}

/* ---- The devices ---- */

/* Never 0. */
static int power_w(void)
{
    return 1 + (int)(clock_now_ms() / INTERVAL_MS % 900);
}

static size_t which(const char *base_url)
{
    size_t m = 0;

    while (!strstr(base_url, meters[m].host))
        m++;
    return m;
}

static void write_inverter(struct fixture *f)
{
    (void)snprintf(
        f->body, sizeof f->body,
        "{\"inverters\":[{\"serial\":\"114180000000\",\"name\":\"Pump\",\"data_age\":1,"
        "\"reachable\":%s,\"producing\":true,\"AC\":{\"0\":{\"Power\":{\"v\":%d},\"Voltage\":"
        "{\"v\":230},\"Current\":{\"v\":%.2f},\"Frequency\":{\"v\":50}}},\"INV\":{\"0\":"
        "{\"YieldTotal\":{\"v\":100}}}}]}",
        f->devices[LOAD].night ? "false" : "true", power_w(), power_w() / 230.0);
}

static void answer(void *user, const char *base_url, const char *path, struct world_reply *reply)
{
    struct fixture *f = user;
    size_t m = which(base_url);
    struct device *d = &f->devices[m];

    reply->delay_ms = LATENCY_MS;
    reply->body = f->body;
    if (d->away) {
        reply->outcome = REPLY_UNREACHABLE;
        return;
    }
    d->answered_ms = clock_now_ms();
    if (m != LOAD)
        (void)snprintf(f->body, sizeof f->body, "{\"power\":%d,\"total\":100}", power_w());
    else if (strstr(path, "livedata"))
        write_inverter(f);
    else
        (void)snprintf(f->body, sizeof f->body, "{}");
}

/* ---- What must hold ---- */

static bool has_power(size_t m)
{
    return world_value(meters[m].service, "/Ac/Power").type != VALUE_INVALID;
}

/* At any time: what is there was measured, and lately. */
static void check(struct fixture *f, size_t m)
{
    const struct device *d = &f->devices[m];
    const struct value power = world_value(meters[m].service, "/Ac/Power");
    const char *service = meters[m].service;

    if (!world_service(service))
        return;
    if (d->answered_ms < 0)
        fail_msg("%s is there, from memory", service);
    if (power.type == VALUE_INVALID) {
        assert_int_equal(world_value(service, "/Ac/Energy/Forward").type, VALUE_INVALID);
        assert_int_equal(world_value(service, "/Ac/L1/Power").type, VALUE_INVALID);
        return;
    }
    if (!(power.d >= 1))
        fail_msg("%s says %g W", service, power.d);
    if (clock_now_ms() - d->answered_ms > PATIENCE_MS)
        fail_msg("%s is away, and says %g W", service, power.d);
}

static void on_signal(void *user, const char *service)
{
    struct fixture *f = user;

    for (size_t m = 0; m < METERS; m++) {
        if (strcmp(meters[m].service, service) == 0)
            check(f, m);
    }
}

/* Some time after the last change. */
static void check_settled(struct fixture *f, size_t m)
{
    struct device *d = &f->devices[m];
    bool there = world_service(meters[m].service) != NULL;
    int64_t since_ms = clock_now_ms() - d->turned_ms;

    check(f, m);
    if (d->away && since_ms > PATIENCE_MS) {
        assert_int_equal(there, m == GENSET && d->answered_ms >= 0);
        assert_false(has_power(m));
        d->left++;
    }
    if (!d->away && since_ms > RETURN_MS) {
        assert_true(there);
        assert_int_equal(has_power(m), !d->night);
        d->appeared++;
    }
}

/* ---- What happens ---- */

static void start(struct fixture *f)
{
    for (size_t m = 0; m < METERS; m++) {
        f->devices[m].answered_ms = -1;
        f->devices[m].turned_ms = clock_now_ms();
    }
    assert_true(gx_start(&f->gx));
}

static void happens(struct fixture *f)
{
    size_t m = chance(f, METERS);
    struct device *d = &f->devices[m];

    if (chance(f, 20) == 0) {
        gx_stop(&f->gx);
        start(f);
        return;
    }
    if (m == LOAD && chance(f, 2))
        d->night = !d->night;
    else
        d->away = !d->away;
    d->turned_ms = clock_now_ms();
}

static void ten_days_of_comings_and_goings(void **state)
{
    struct fixture *f = *state;

    while (clock_now_ms() < 10 * DAY) {
        happens(f);
        world_run(f->gx.loop,
                  chance(f, 4) ? (int64_t)chance(f, 2 * MIN) : (int64_t)chance(f, 60 * MIN));
        for (size_t m = 0; m < METERS; m++)
            check_settled(f, m);
    }
    for (size_t m = 0; m < METERS; m++)
        assert_true(f->devices[m].appeared > 100 && f->devices[m].left > 100);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (!f)
        return -1;
    gx_make(&f->gx);
    gx_configure(&f->gx, "%s", config);
    world_set_gateway(answer, f);
    world_watch(on_signal, f);
    f->bits = 1;
    start(f);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ten_days_of_comings_and_goings, setup, teardown),
    };
    return cmocka_run_group_tests_name("meters", tests, NULL, NULL);
}
