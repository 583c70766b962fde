/*
 * A device is its serial, whatever is done to gateways, lists, configuration and power: thousands of
 * random changes, and no counter is ever shown under another serial, and none falls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/app.h"
#include "edge/sys/clock.h"
#include "support/gx.h"
#include "support/world.h"

enum {
    GATEWAYS = 3,
    INVERTERS = 9,
    PLACES = 6,
    INTERVAL_MS = 5000,
    STEPS = 1500,
    RUNS = 3,
    SIZE = 16384
};

/* What each inverter's counter lies in: told from any other's at a glance. */
static const double span_kwh = 1000;

struct gateway {
    size_t count;
    unsigned list[PLACES]; /* inverters */
    bool away, deaf;       /* does not answer; hears none of them */
    unsigned fails;        /* this many of the next requests are refused */
};

static struct gx gx;

static struct {
    struct gateway gateways[GATEWAYS];
    unsigned house[GATEWAYS]; /* which gateway answers at an address */
    unsigned replaced;        /* serials given away to new inverters */
    double shown[INVERTERS];  /* the highest counter that was ever on the bus */
    unsigned long seen;
    char body[SIZE];
} t;

static uint32_t seed;

static uint32_t chance(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* ---- The world ------------------------------------------------------------------------------ */

static double energy_of(unsigned inverter)
{
    return span_kwh * (inverter + 1) + (double)clock_now_ms() / 3.6e7;
}

static size_t put_inverter(char *out, size_t size, unsigned inverter, bool heard)
{
    double e = energy_of(inverter);
    return (size_t)snprintf(
        out, size,
        "{\"serial\":\"1141%08u\",\"name\":\"No %u\",\"data_age\":1,\"poll_enabled\":true,"
        "\"reachable\":%s,\"producing\":true,\"limit_relative\":100,\"limit_absolute\":600,"
        "\"AC\":{\"0\":{\"Power\":{\"v\":%u},\"Voltage\":{\"v\":230},\"Current\":{\"v\":1},"
        "\"Frequency\":{\"v\":50},\"YieldTotal\":{\"v\":%.3f},\"YieldDay\":{\"v\":100}}},"
        "\"DC\":{},\"INV\":{}}",
        inverter, inverter, heard ? "true" : "false", 100 + inverter, e);
}

static void answer(void *user, const char *base_url, const char *path, struct world_reply *reply)
{
    (void)user;
    struct gateway *g = &t.gateways[t.house[(unsigned)(strstr(base_url, "gate")[4] - '0')]];
    size_t n = (size_t)snprintf(t.body, SIZE, "{\"inverters\":[");

    reply->delay_ms = 20;
    reply->body = t.body;
    if (g->away || g->fails) {
        g->fails -= g->fails > 0;
        reply->outcome = REPLY_UNREACHABLE;
        return;
    }
    if (!strstr(path, "livedata")) {
        snprintf(t.body, SIZE, "{}");
        return;
    }
    for (size_t i = 0; i < g->count; i++) {
        if (i)
            t.body[n++] = ',';
        n += put_inverter(t.body + n, SIZE - n, g->list[i], !g->deaf);
    }
    snprintf(t.body + n, SIZE - n, "]}");
}

/* ---- What must hold ------------------------------------------------------------------------- */

/* The inverter that a service says it is; INVERTERS when it is none yet. */
static unsigned inverter_of(const char *service)
{
    struct value serial = world_value(service, "/Serial");
    if (serial.type != VALUE_STRING)
        return INVERTERS;
    return (unsigned)strtoul(serial.s + 4, NULL, 10);
}

static void check_energy(const char *service, unsigned inverter, const char *path)
{
    struct value v = world_value(service, path);
    double base = span_kwh * (inverter + 1);

    if (v.type == VALUE_INVALID)
        return;
    if (!(v.d >= base && v.d < base + span_kwh))
        fail_msg("%s is %u, and shows %.3f kWh at %s", service, inverter, v.d, path);
    if (strcmp(path, "/Ac/Energy/Forward") != 0)
        return;
    if (v.d < t.shown[inverter] - 1e-6)
        fail_msg("%s: %.3f kWh after %.3f", service, v.d, t.shown[inverter]);
    if (v.d > t.shown[inverter])
        t.shown[inverter] = v.d;
}

/* At every signal, and as each service comes. */
static void on_signal(void *user, const char *service)
{
    (void)user;
    unsigned inverter = inverter_of(service);

    t.seen++;
    if (inverter == INVERTERS)
        return;
    assert_true(inverter < INVERTERS);
    check_energy(service, inverter, "/Ac/Energy/Forward");
    check_energy(service, inverter, "/Ac/L1/Energy/Forward");
    struct value power = world_value(service, "/Ac/Power");
    if (power.type != VALUE_INVALID && power.d != 0.0 && power.d != 100 + inverter)
        fail_msg("%s is %u, and shows %.0f W", service, inverter, power.d);
}

/* No inverter is there twice, and no two services of a class have one number. */
static void check_all(void)
{
    bool there[INVERTERS] = {0};
    const char *service;

    for (size_t n = 0; (service = world_service_at(n)); n++) {
        unsigned inverter = inverter_of(service);
        char name[80];
        if (inverter == INVERTERS)
            continue;
        if (there[inverter])
            fail_msg("inverter %u is there twice", inverter);
        there[inverter] = true;
        snprintf(name, sizeof name, "http_%d", (int)world_value(service, "/DeviceInstance").i);
        assert_string_equal(strrchr(service, '.') + 1, name);
    }
}

/* ---- What is done --------------------------------------------------------------------------- */

static bool lists(const struct gateway *g, unsigned inverter)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->list[i] == inverter)
            return true;
    return false;
}

static void add_somewhere(void)
{
    struct gateway *g = &t.gateways[chance(GATEWAYS)];
    unsigned inverter = chance(INVERTERS);
    if (g->count < PLACES && !lists(g, inverter))
        g->list[g->count++] = inverter;
}

static void remove_somewhere(void)
{
    struct gateway *g = &t.gateways[chance(GATEWAYS)];
    if (g->count == 0)
        return;
    size_t at = chance((uint32_t)g->count);
    memmove(&g->list[at], &g->list[at + 1], (--g->count - at) * sizeof g->list[0]);
}

static void reorder(void)
{
    struct gateway *g = &t.gateways[chance(GATEWAYS)];
    for (size_t i = g->count; i > 1; i--) {
        size_t j = chance((uint32_t)i);
        unsigned swap = g->list[i - 1];
        g->list[i - 1] = g->list[j];
        g->list[j] = swap;
    }
}

static void replace(void)
{
    struct gateway *g = &t.gateways[chance(GATEWAYS)];
    unsigned inverter = chance(INVERTERS);
    if (g->count && !lists(g, inverter))
        g->list[chance((uint32_t)g->count)] = inverter;
}

static void swap_houses(void)
{
    unsigned a = chance(GATEWAYS), b = chance(GATEWAYS), swap = t.house[a];
    t.house[a] = t.house[b];
    t.house[b] = swap;
}

static void switch_gateway(void)
{
    struct gateway *g = &t.gateways[chance(GATEWAYS)];
    switch (chance(3)) {
    case 0:
        g->away = !g->away;
        break;
    case 1:
        g->deaf = !g->deaf;
        break;
    default:
        g->fails = chance(3);
    }
}

/* An instance and a way to be bound for some of nine sections, and three gateways. */
static void write_config(void)
{
    FILE *f = gx_config(&gx);
    fprintf(f, "[DEFAULT]\nDTU=opendtu\nHost=gate0\nLogging=CRITICAL\nPollingInterval=%d\n",
            INTERVAL_MS);
    fprintf(f, "AutoAdd=%u\n", chance(4) > 0);
    for (unsigned n = 1; n < GATEWAYS; n++)
        fprintf(f, "[DTU%u]\nType=opendtu\nHost=gate%u\nAutoAdd=%u\n", n, n, chance(4) > 0);
    for (unsigned n = 0; n < 9; n++) {
        if (chance(2))
            continue;
        fprintf(f, "[INVERTER%u]\nDTU=%u\nIndex=%u\n", n, n % GATEWAYS, n / GATEWAYS);
        if (chance(2))
            fprintf(f, "DeviceInstance=%u\n", 20 + (chance(3) ? n : 20 + n));
        if (chance(3) == 0)
            fprintf(f, "Serial=1141%08u\n", n);
        if (chance(3) == 0)
            fprintf(f, "AcPosition=%u\n", chance(3));
        if (chance(5) == 0)
            fprintf(f, "Servicename=com.victronenergy.grid\n");
    }
    assert_int_equal(fclose(f), 0);
}

/* In a power cut the end is not written: the state is that of some time ago, and so is what is shown. */
static void restart(bool power_cut)
{
    if (power_cut) {
        gx_power_cut(&gx);
        memset(t.shown, 0, sizeof t.shown);
    } else {
        gx_stop(&gx);
    }
    assert_int_equal(world_service_count(), 0);
    assert_true(gx_start(&gx));
}

static void reload(void)
{
    write_config();
    app_reload(gx.app);
}

static void do_something(void)
{
    switch (chance(12)) {
    case 0:
    case 1:
        add_somewhere();
        break;
    case 2:
        remove_somewhere();
        break;
    case 3:
    case 4:
        reorder();
        break;
    case 5:
        replace();
        break;
    case 6:
        swap_houses();
        break;
    case 7:
    case 8:
        switch_gateway();
        break;
    case 9:
        reload();
        break;
    case 10:
        world_settings(chance(2));
        break;
    default:
        restart(chance(2));
    }
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    gx_make(&gx);
    for (unsigned i = 0; i < GATEWAYS; i++)
        t.house[i] = i;
    world_set_gateway(answer, NULL);
    world_watch(on_signal, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return gx_remove(&gx);
}

static void no_counter_under_another_serial(void **state)
{
    (void)state;
    seed = 1;
    for (int run = 0; run < RUNS; run++) {
        for (unsigned i = 0; i < INVERTERS; i++)
            add_somewhere();
        if (!gx.app) {
            write_config();
            assert_true(gx_start(&gx));
        }
        for (int step = 0; step < STEPS; step++) {
            do_something();
            world_run(gx.loop, INTERVAL_MS * (1 + (int64_t)chance(6)) + chance(1000));
            check_all();
            if (chance(60) == 0)
                world_run(gx.loop, 20L * 60 * 1000);
        }
    }
    assert_true(t.seen > RUNS * STEPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_counter_under_another_serial, setup, teardown),
    };
    return cmocka_run_group_tests_name("topology", tests, NULL, NULL);
}
