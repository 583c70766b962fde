/*
 * A configuration that is edited a thousand times while everything runs: only what an edit is about is
 * touched, nothing is lost, nothing grows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bridge/app.h"
#include "edge/sys/clock.h"
#include "support/gx.h"
#include "support/world.h"

/* AddressSanitizer's own account of the heap; not every gcc ships its header. */
size_t __sanitizer_get_current_allocated_bytes(void);

enum { INTERVAL_MS = 5000, AT_ONCE_MS = 500, RELOADS = 1000, SECTIONS = 4, TEMPLATES = 3 };

/* What the text below is made of; an edit changes one thing. */
struct edit {
    bool section[SECTIONS], template[TEMPLATES];
    unsigned position[SECTIONS], phase[SECTIONS], instance[SECTIONS], name[TEMPLATES];
    unsigned second_timeout; /* of the second DTU: its poller has to be made anew */
    bool broken;
};

static struct gx gx;

static struct {
    struct edit now;
    int64_t polled_ms, worst_gap_ms; /* of the first DTU, which no edit touches */
    char body[4096];
} t;

static uint32_t seed;

static uint32_t chance(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static void answer(void *user, const char *base_url, const char *path, struct world_reply *reply)
{
    (void)user;
    reply->delay_ms = 20;
    reply->body = t.body;
    if (strstr(base_url, "meter")) {
        snprintf(t.body, sizeof t.body, "{\"p\":%d,\"e\":12.5}", (int)(clock_now_ms() / 1000 % 90));
        return;
    }
    if (!strstr(path, "livedata")) {
        snprintf(t.body, sizeof t.body, "{}");
        return;
    }
    bool first = strstr(base_url, "first") != NULL;
    if (first && t.polled_ms && clock_now_ms() - t.polled_ms > t.worst_gap_ms)
        t.worst_gap_ms = clock_now_ms() - t.polled_ms;
    if (first)
        t.polled_ms = clock_now_ms();
    size_t n = (size_t)snprintf(t.body, sizeof t.body, "{\"inverters\":[");
    for (unsigned i = 0; i < 3; i++)
        n += (size_t)snprintf(t.body + n, sizeof t.body - n,
                              "%s{\"serial\":\"11418%u%u\",\"name\":\"Roof\",\"reachable\":true,"
                              "\"producing\":true,\"AC\":{\"0\":{\"Power\":{\"v\":%d},"
                              "\"Voltage\":{\"v\":230},\"YieldTotal\":{\"v\":100}}},\"DC\":{}}",
                              i ? "," : "", first, i, 100 + (int)(clock_now_ms() / 5000 % 50));
    snprintf(t.body + n, sizeof t.body - n, "]}");
}

/* INVERTER0 and TEMPLATE0 and the first DTU never change. */
static void write_config(const struct edit *e)
{
    FILE *f = gx_config(&gx);
    fprintf(f, "[DEFAULT]\nDTU=opendtu\nHost=first\nLogging=CRITICAL\nNumberOfTemplates=%d\n",
            TEMPLATES);
    fprintf(f, "AutoAdd=0\n[DTU1]\nType=opendtu\nHost=second\nAutoAdd=1\nHTTPTimeout=%u\n",
            2 + e->second_timeout);
    for (unsigned n = 0; n < SECTIONS; n++)
        if (e->section[n])
            fprintf(f, "[INVERTER%u]\nDTU=%u\nIndex=%u\nAcPosition=%u\nPhase=L%u\n%s%u\n", n, n % 2,
                    n / 2, e->position[n], 1 + e->phase[n],
                    e->instance[n] ? "DeviceInstance=" : "#", 60 + 10 * n + e->instance[n]);
    for (unsigned n = 0; n < TEMPLATES; n++)
        fprintf(f,
                "[TEMPLATE%u]\nHost=meter%u\nCUST_API_PATH=x\nCUST_Power=%s\nCUST_Total=e\n"
                "DeviceInstance=%u\nName=Meter %u\n",
                n, n, e->template[n] ? "p" : "q", 40 + n, e->name[n]);
    if (e->broken)
        fprintf(f, "[INVERTER9]\nDeviceInstance=many\n");
    assert_int_equal(fclose(f), 0);
}

static void edit(struct edit *e)
{
    unsigned n = 1 + chance(SECTIONS - 1), m = 1 + chance(TEMPLATES - 1);

    switch (chance(7)) {
    case 0:
        e->section[n] = !e->section[n];
        break;
    case 1:
        e->position[n] = chance(3);
        break;
    case 2:
        e->phase[n] = chance(3);
        break;
    case 3:
        e->instance[n] = chance(4);
        break;
    case 4:
        e->name[m] = chance(100);
        break;
    case 5:
        e->template[m] = !e->template[m];
        break;
    default:
        e->second_timeout = chance(3);
    }
}

static int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    gx_make(&gx);
    for (unsigned n = 0; n < SECTIONS; n++)
        t.now.section[n] = true;
    for (unsigned n = 0; n < TEMPLATES; n++)
        t.now.template[n] = true;
    write_config(&t.now);
    world_set_gateway(answer, NULL);
    return gx_start(&gx) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return gx_remove(&gx);
}

/* The service of a section, by its instance of the beginning. */
static const struct service *service_of(const char *name)
{
    const struct service *s = world_service(name);
    assert_non_null(s);
    return s;
}

static void reload(const struct edit *e)
{
    write_config(e);
    app_reload(gx.app);
}

/* Serials that are on the bus, each once; the unchanged two at the same service as ever. */
static void check_services(void)
{
    bool seen[2][3] = {0};
    const char *name;

    for (size_t i = 0; (name = world_service_at(i)); i++) {
        struct value v = world_value(name, "/Serial");
        if (v.type != VALUE_STRING || strncmp(v.s, "11418", 5) != 0)
            continue;
        bool *there = &seen[v.s[5] - '0'][v.s[6] - '0'];
        assert_false(*there);
        *there = true;
    }
    assert_true(seen[1][0]); /* INVERTER0 */
    for (unsigned i = 0; i < 3; i++)
        assert_true(seen[0][i]); /* of the second DTU: by a section, or added */
}

static void a_thousand_edits(void **state)
{
    (void)state;
    struct edit first = t.now;
    size_t heap = 0;

    seed = 7;
    world_run(gx.loop, 30000);
    const struct service *roof = service_of(world_service_at(0)),
                         *meter = service_of("com.victronenergy.pvinverter.http_40");
    unsigned long moved = world_signals;
    for (int n = 0; n < RELOADS; n++) {
        if (n % 100 == 99) {
            t.now = first;
        } else {
            edit(&t.now);
            t.now.broken = chance(10) == 0;
        }
        reload(&t.now);
        world_run(gx.loop, AT_ONCE_MS); /* nobody waits for the next poll */
        check_services();
        world_run(gx.loop, 2 * INTERVAL_MS + (int64_t)chance(2000));
        check_services();
        assert_ptr_equal(service_of("com.victronenergy.pvinverter.http_40"), meter);
        if (n % 100 != 99)
            continue;
        world_run(gx.loop, 20 * 60000); /* the state is written: so often may not be */
        if (heap)
            assert_int_equal(__sanitizer_get_current_allocated_bytes(), heap);
        heap = n >= 199 ? __sanitizer_get_current_allocated_bytes() : 0;
    }
    assert_true(world_signals > moved + RELOADS);
    assert_ptr_equal(service_of(world_service_at(0)), roof);
    assert_in_range(t.worst_gap_ms, WORLD_PUSH_MS, WORLD_PUSH_MS + 100); /* heard all the time */
}

/* All of it, with its reasons, and what runs goes on. */
static void a_broken_edit_is_refused(void **state)
{
    (void)state;
    struct edit broken = t.now;

    world_run(gx.loop, 30000);
    size_t services = world_service_count();
    broken.broken = true;
    broken.name[1] = 77;
    broken.section[1] = false;
    reload(&broken);
    world_run(gx.loop, 30000);
    assert_int_equal(world_service_count(), services);
    assert_string_equal(world_value("com.victronenergy.pvinverter.http_41", "/CustomName").s,
                        "Meter 0");
}

/* A name and a position move in place: one signal, and the service stays. */
static void a_small_edit_is_one_signal(void **state)
{
    (void)state;
    const char *name = "com.victronenergy.pvinverter.http_41";

    world_run(gx.loop, 30000);
    const struct service *before = service_of(name);
    unsigned long signals = world_signals;
    t.now.name[1] = 5;
    reload(&t.now);
    assert_int_equal(world_signals - signals, 1);
    assert_ptr_equal(service_of(name), before);
    assert_string_equal(world_value(name, "/CustomName").s, "Meter 5");
    reload(&t.now);
    assert_int_equal(world_signals - signals, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_thousand_edits, setup, teardown),
        cmocka_unit_test_setup_teardown(a_broken_edit_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_small_edit_is_one_signal, setup, teardown),
    };
    return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
