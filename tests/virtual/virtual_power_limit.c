/*
 * Power limiting in a closed loop through the whole program: days in a house whose ESS writes /Ac/PowerLimit and
 * reads /StatusCode, with an OpenDTU between the program and the inverters. The same days with an ideal
 * limiter, which posts each write at once, are the measure.
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
#include <unistd.h>

#include "bridge/app.h"
#include "core/reading.h"
#include "edge/sys/loop.h"
#include "support/house.h"
#include "support/world.h"

enum {
    SECOND = 1000,
    STARTS_S = HOUSE_DAWN_S - 600,
    NO_DEADLOCK_S = 10 * 60,
    APART_S = 3,
    TRUE_AFTER_S = 90,
};

enum { INPUTS = 2 };
static const double exporting_w = 25;

struct fixture {
    char folder[64], config_path[128], state_path[128];
    struct loop *loop;
    struct app *app;
    struct house house;
    double size_w;
    double shown_at_s[HOUSE_INVERTERS_MAX], last_sent_s[HOUSE_INVERTERS_MAX];
    unsigned full_s[HOUSE_INVERTERS_MAX], early[HOUSE_INVERTERS_MAX];
    unsigned commands;
    bool away;   /* the DTU */
    bool pushes; /* it has a WebSocket */
    bool deaf;   /* it hears no inverter */
    char body[16384];
};

/* ---- The OpenDTU: every inverter with all that it knows in one reply, as to v24.1 ---- */

static unsigned long serial_of(unsigned i)
{
    return 114180000000 + i;
}

static size_t put_inverter(const struct fixture *f, unsigned i, char *out, size_t size)
{
    const struct house_inverter *inv = &f->house.inverter[i];
    bool sun = inv->dc_w > 0 && !f->deaf;

    return (size_t)snprintf(
        out, size,
        "%s{\"serial\":\"%lu\",\"name\":\"Roof %u\",\"data_age\":1,\"reachable\":%s,\"producing\":%s,"
        "\"limit_relative\":%.1f,\"limit_absolute\":%.1f,"
        "\"AC\":{\"0\":{\"Power\":{\"v\":%.1f},\"Voltage\":{\"v\":230.%u},\"Current\":{\"v\":%.2f},"
        "\"Frequency\":{\"v\":50},\"YieldTotal\":{\"v\":100}}},"
        "\"DC\":{\"0\":{\"Power\":{\"v\":%.1f}},\"1\":{\"Power\":{\"v\":%.1f}}},\"INV\":{\"0\":{}}}",
        i ? "," : "", serial_of(i), i, sun ? "true" : "false", inv->power_w > 0 ? "true" : "false",
        inv->relative_pct, inv->relative_pct * inv->max_w / 100, inv->power_w,
        (unsigned)f->house.now_s / 5 % 10, inv->power_w / 230, inv->power_w / 2, inv->power_w / 2);
}

static void put_live(struct fixture *f)
{
    size_t n = (size_t)snprintf(f->body, sizeof f->body, "{\"inverters\":[");

    for (unsigned i = 0; i < f->house.inverters; i++)
        n += put_inverter(f, i, f->body + n, sizeof f->body - n);
    (void)snprintf(f->body + n, sizeof f->body - n, "]}");
}

static void put_list(struct fixture *f)
{
    size_t n = (size_t)snprintf(f->body, sizeof f->body, "{\"inverter\":[");

    for (unsigned i = 0; i < f->house.inverters; i++)
        n += (size_t)snprintf(f->body + n, sizeof f->body - n,
                              "%s{\"serial\":\"%lu\",\"command_enable\":true}", i ? "," : "",
                              serial_of(i));
    (void)snprintf(f->body + n, sizeof f->body - n, "]}");
}

static void put_status(struct fixture *f)
{
    static const char *const names[] = {"Unknown", "Pending", "Ok", "Failure"};
    size_t n = (size_t)snprintf(f->body, sizeof f->body, "{");

    for (unsigned i = 0; i < f->house.inverters; i++) {
        const struct house_inverter *inv = &f->house.inverter[i];
        n += (size_t)snprintf(f->body + n, sizeof f->body - n,
                              "%s\"%lu\":{\"limit_relative\":%.1f,\"max_power\":%.0f,"
                              "\"limit_set_status\":\"%s\"}",
                              i ? "," : "", serial_of(i), inv->relative_pct, inv->max_w,
                              names[inv->status]);
    }
    (void)snprintf(f->body + n, sizeof f->body - n, "}");
}

/* The value behind a key of the form, which is JSON with its marks percent-encoded. */
static double form_number(const char *body, const char *key)
{
    const char *at = strstr(body, key);

    assert_non_null(at);
    at += strlen(key) + strlen("%22%3A");
    return strtod(strncmp(at, "%22", 3) == 0 ? at + 3 : at, NULL);
}

static void take_command(struct fixture *f, const struct message *m)
{
    unsigned i = (unsigned)(form_number(m->body, "serial") - (double)serial_of(0));
    double type = form_number(m->body, "limit_type"), value = form_number(m->body, "limit_value");

    assert_int_equal(m->format, MESSAGE_FORM);
    assert_in_range(i, 0, f->house.inverters - 1);
    assert_true(type == 0 || type == 1);
    double apart_s = f->house.now_s - f->last_sent_s[i];
    assert_true(apart_s >= APART_S - 1); /* the house moves in whole seconds */
    f->early[i] = apart_s < 9 ? f->early[i] + 1 : 0;
    assert_true(f->early[i] <= 1);
    f->last_sent_s[i] = f->house.now_s;
    f->commands++;
    house_dtu_post(&f->house, i, type == 0 ? value : value * f->size_w / 100);
    (void)snprintf(f->body, sizeof f->body, "{\"type\":\"success\",\"code\":1001}");
}

static void gateway(void *user, const char *base_url, const struct message *m,
                    struct world_reply *reply)
{
    struct fixture *f = user;

    (void)base_url;
    reply->body = f->body;
    reply->delay_ms = 20;
    if (f->away)
        reply->outcome = REPLY_UNREACHABLE;
    else if (strcmp(m->path, "/api/livedata/status") == 0 ||
             (f->pushes && strcmp(m->path, "/livedata") == 0))
        put_live(f);
    else if (strcmp(m->path, "/api/inverter/list") == 0)
        put_list(f);
    else if (strcmp(m->path, "/api/limit/status") == 0)
        put_status(f);
    else if (strcmp(m->path, "/api/limit/config") == 0)
        take_command(f, m);
    else
        reply->outcome = REPLY_NOT_FOUND;
}

/* ---- The program ---- */

static const char *service_of(unsigned i)
{
    static char name[64];
    (void)snprintf(name, sizeof name, "com.victronenergy.pvinverter.http_%u", 100 + i);
    return name;
}

static void write_config(struct fixture *f)
{
    FILE *file = fopen(f->config_path, "w");

    assert_non_null(file);
    fprintf(file,
            "[DEFAULT]\nHost=dtu\nDTU=opendtu\nUsername=admin\nPassword=x\nPowerLimit=1\n"
            "Logging=CRITICAL\nSignOfLifeLog=0\nPush=%d\nAutoAdd=0\n",
            f->pushes);
    for (unsigned i = 0; i < f->house.inverters; i++)
        fprintf(file, "[INVERTER%u]\nSerial=%lu\nDeviceInstance=%u\nMaxPower=%.0f\n", i,
                serial_of(i), 100 + i, f->size_w);
    fclose(file);
}

static void start(struct fixture *f)
{
    const struct app_options options = {.config_path = f->config_path, .state_path = f->state_path};

    f->loop = loop_create();
    assert_non_null(f->loop);
    f->app = app_create(f->loop, &options);
    assert_non_null(f->app);
}

static void end(struct fixture *f)
{
    app_destroy(f->app);
    loop_destroy(f->loop);
    f->app = NULL;
}

static void one_second(struct fixture *f)
{
    house_second(&f->house);
    world_run(f->loop, SECOND);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/power_limitXXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->config_path, sizeof f->config_path, "%s/config.ini", f->folder);
    snprintf(f->state_path, sizeof f->state_path, "%s/state.json", f->folder);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[160];
    static const char *const files[] = {"config.ini", "state.json", "state.json.bak",
                                        "state.json.lock"};

    if (f->app)
        end(f);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", f->folder, files[i]);
        unlink(path);
    }
    rmdir(f->folder);
    free(f);
    return 0;
}

static void begin_day(struct fixture *f, unsigned inverters, double size_w, uint32_t seed)
{
    world_reset();
    world_set_message_gateway(gateway, f);
    f->size_w = size_w;
    f->commands = 0;
    house_init(&f->house, inverters, size_w, seed);
    house_dawn(&f->house);
    f->house.now_s = STARTS_S;
    for (unsigned i = 0; i < inverters; i++) {
        f->last_sent_s[i] = f->shown_at_s[i] = -1e9;
        f->full_s[i] = f->early[i] = 0;
    }
    unlink(f->state_path);
    write_config(f);
    start(f);
}

/* ---- The ESS ---- */

static void read_status(const struct fixture *f, int status[HOUSE_INVERTERS_MAX])
{
    for (unsigned i = 0; i < f->house.inverters; i++) {
        struct value v = world_value(service_of(i), "/StatusCode");
        status[i] = v.type == VALUE_INT ? v.i : 8;
    }
}

static void write_limits(struct fixture *f)
{
    int status[HOUSE_INVERTERS_MAX];

    read_status(f, status);
    for (unsigned i = 0; i < f->house.inverters; i++) {
        double w = house_ess_writes(&f->house, i, status);
        struct value v = value_double(w);
        if (has_value(w))
            (void)world_write(service_of(i), "/Ac/PowerLimit", &v);
    }
}

/* ---- What must be so at every second ---- */

static double shown_w(unsigned i)
{
    struct value v = world_value(service_of(i), "/Ac/PowerLimit");
    return v.type == VALUE_DOUBLE ? v.d : MISSING;
}

static void check_shown(struct fixture *f, unsigned i)
{
    const struct house_inverter *inv = &f->house.inverter[i];
    double shown = shown_w(i), floor_w = limit_floor(f->size_w, INPUTS, MISSING);

    if (!has_value(shown))
        return;
    assert_true(shown >= floor_w && shown <= f->size_w);
    if (inv->dc_w > 0 && f->house.now_s - f->last_sent_s[i] >= TRUE_AFTER_S &&
        f->house.now_s > HOUSE_DAWN_S + 600 && fabs(shown - inv->limit_w) >= 1)
        fail_msg("%02d:%02d: inverter %u shows %.1f W and obeys %.1f W", (int)f->house.now_s / 3600,
                 (int)f->house.now_s / 60 % 60, i, shown, inv->limit_w);
}

static void check_deadlock(struct fixture *f, unsigned i)
{
    const struct house_inverter *inv = &f->house.inverter[i];
    bool full = f->house.ess_w[i] >= inv->max_w && inv->dc_w > 0;

    f->full_s[i] = full ? f->full_s[i] + 1 : 0;
    if (f->full_s[i] >= NO_DEADLOCK_S && inv->limit_w < inv->max_w)
        fail_msg("%02d:%02d: inverter %u at %.0f W of %.0f W for %u s", (int)f->house.now_s / 3600,
                 (int)f->house.now_s / 60 % 60, i, inv->limit_w, inv->max_w, f->full_s[i]);
}

/* ---- Days ---- */

struct outcome {
    double exported_wh;
    unsigned exporting_s, longest_s; /* in a row, with more than exporting_w */
};

static void count_export(struct outcome *o, const struct house *h)
{
    if (h->grid_w < 0)
        o->exported_wh -= h->grid_w / 3600;
    o->exporting_s = h->grid_w < -exporting_w ? o->exporting_s + 1 : 0;
    if (o->exporting_s > o->longest_s)
        o->longest_s = o->exporting_s;
}

static void ideal_day(unsigned inverters, double size_w, uint32_t seed, struct outcome *o)
{
    struct house h;
    double posted_w[HOUSE_INVERTERS_MAX], floor_w = limit_floor(size_w, INPUTS, MISSING);
    int status[HOUSE_INVERTERS_MAX];

    house_init(&h, inverters, size_w, seed);
    house_dawn(&h);
    h.now_s = STARTS_S;
    for (unsigned i = 0; i < inverters; i++)
        posted_w[i] = size_w;
    while (h.now_s < HOUSE_DUSK_S) {
        house_second(&h);
        for (unsigned i = 0; i < inverters; i++)
            status[i] = h.inverter[i].dc_w > 0 ? 7 : 8;
        for (unsigned i = 0; i < inverters; i++) {
            double w = house_ess_writes(&h, i, status);
            if (!has_value(w))
                continue;
            w = fmax(floor_w, w);
            if (fabs(w - posted_w[i]) < 1 && h.inverter[i].status != COMMAND_FAILURE)
                continue;
            posted_w[i] = w;
            house_dtu_post(&h, i, w);
        }
        count_export(o, &h);
    }
}

static void our_day(struct fixture *f, struct outcome *o)
{
    while (f->house.now_s < HOUSE_DUSK_S) {
        one_second(f);
        write_limits(f);
        for (unsigned i = 0; i < f->house.inverters; i++) {
            check_shown(f, i);
            check_deadlock(f, i);
        }
        count_export(o, &f->house);
    }
}

static void live(struct fixture *f, unsigned inverters, double size_w, unsigned days, uint32_t seed,
                 unsigned slack_s)
{
    double sum_ours = 0, sum_ideal = 0;
    unsigned most = 0;

    for (unsigned day = 0; day < days; day++) {
        struct outcome a = {0}, b = {0};
        begin_day(f, inverters, size_w, seed + day);
        our_day(f, &a);
        end(f);
        ideal_day(inverters, size_w, seed + day, &b);
        if (a.exported_wh > 1.5 * b.exported_wh + 20)
            fail_msg("day %u: %.0f Wh exported, ideal %.0f", day, a.exported_wh, b.exported_wh);
        if (a.longest_s > b.longest_s + slack_s)
            fail_msg("day %u: %u s exporting, ideal %u", day, a.longest_s, b.longest_s);
        sum_ours += a.exported_wh;
        sum_ideal += b.exported_wh;
        most = f->commands > most ? f->commands : most;
    }
    printf(
        "# %u inverters, %u days: %.1f Wh a day exported (ideal %.1f), at most %u commands a day\n",
        inverters, days, sum_ours / days, sum_ideal / days, most);
}

static void one_inverter(void **state)
{
    live(*state, 1, 2000, 5, 1, 30);
}

static void three_inverters(void **state)
{
    live(*state, 3, 1500, 5, 1000, 40);
}

static void ten_inverters(void **state)
{
    live(*state, 10, 800, 5, 2000, 120);
}

/* ---- Single events, at noon ---- */

static void run(struct fixture *f, int seconds)
{
    for (int s = 0; s < seconds; s++)
        one_second(f);
}

static int limit_to(unsigned i, double w)
{
    struct value v = value_double(w);
    return world_write(service_of(i), "/Ac/PowerLimit", &v);
}

/* One inverter of 1000 W at noon, which has been limited to 300 W. */
static void begin_limited(struct fixture *f)
{
    begin_day(f, 1, 1000, 7);
    f->house.now_s = 12 * 3600;
    f->house.loss = 0;
    f->house.inverter[0].delay_s = 2;
    run(f, 60);
    assert_true(shown_w(0) == 1000);
    assert_int_equal(f->commands, 0);
    assert_int_equal(limit_to(0, 300), 0);
    run(f, 20);
    assert_true(f->house.inverter[0].limit_w == 300);
    assert_true(shown_w(0) == 300);
}

/* One inverter at noon, whose gateway pushes: nothing but a command is a reason to call it. */
static void begin_pushed(struct fixture *f)
{
    f->pushes = true;
    begin_day(f, 1, 1000, 7);
    f->house.now_s = 12 * 3600;
    f->house.loss = 0;
    f->house.inverter[0].delay_s = 2;
    house_second(&f->house);
}

/* What is asked for while it is out of reach goes as soon as it is heard again. */
static void written_while_it_is_out_of_reach(void **state)
{
    struct fixture *f = *state;

    begin_pushed(f);
    run(f, 60);
    f->deaf = true;
    run(f, 10);
    assert_int_equal(limit_to(0, 300), 0);
    run(f, 10);
    assert_int_equal(f->commands, 0);
    f->deaf = false;
    run(f, 8);
    assert_true(f->house.inverter[0].limit_w == 300);
}

/* Each write restarts the watchdog, one of the value that is there too. */
static void nobody_renews_it(void **state)
{
    struct fixture *f = *state;

    begin_limited(f);
    for (int n = 0; n < 20; n++) {
        run(f, 50);
        assert_int_equal(limit_to(0, 300), 0);
    }
    assert_true(f->house.inverter[0].limit_w == 300);
    run(f, 55);
    assert_true(f->house.inverter[0].limit_w == 300);
    run(f, 30);
    assert_true(f->house.inverter[0].limit_w == 1000);
    assert_true(shown_w(0) == 1000);
}

/* It is sent again every five minutes while it is renewed, and no more often. */
static void renewed_for_an_hour(void **state)
{
    struct fixture *f = *state;

    begin_limited(f);
    unsigned before = f->commands;
    for (int n = 0; n < 120; n++) {
        run(f, 30);
        assert_int_equal(limit_to(0, 300), 0);
    }
    assert_in_range(f->commands - before, 11, 12);
    assert_true(f->house.inverter[0].limit_w == 300);
}

/* A cloud, or a loose plug: it comes back without its limit. */
static void it_restarts_at_noon(void **state)
{
    struct fixture *f = *state;

    begin_limited(f);
    f->house.inverter[0].limit_w = 1000;
    f->house.inverter[0].coming_w = MISSING;
    for (int n = 0; n < 6; n++) {
        run(f, 20);
        assert_int_equal(limit_to(0, 300), 0);
    }
    assert_true(f->house.inverter[0].limit_w == 300);
}

/* The mark is cleared ten minutes after the lift was confirmed, and not before. */
static bool is_marked(const struct fixture *f)
{
    char text[8192] = "";
    FILE *file = fopen(f->state_path, "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return strstr(text, "\"limited\":1") != NULL;
}

static void the_mark(void **state)
{
    struct fixture *f = *state;

    begin_limited(f);
    assert_true(is_marked(f));
    run(f, 60 + 30); /* watchdog */
    assert_true(shown_w(0) == 1000);
    run(f, 9 * 60);
    assert_true(is_marked(f));
    run(f, 2 * 60);
    assert_false(is_marked(f));
}

/* Nothing is left throttled, whenever the program ends without a word. */
static void killed_at_any_second(void **state)
{
    struct fixture *f = *state;

    unsigned limited = 0;

    for (int second = 0; second < 12; second++) {
        begin_day(f, 1, 1000, 7);
        f->house.now_s = 12 * 3600;
        run(f, 60);
        assert_int_equal(limit_to(0, 300), 0);
        run(f, second);
        end(f); /* app_destroy() alone lifts nothing */
        for (int s = 0; s < 30; s++)
            house_second(&f->house);
        limited += f->house.inverter[0].limit_w == 300;
        start(f);
        run(f, 60);
        if (f->house.inverter[0].limit_w != 1000)
            fail_msg("killed after %d s: left at %.0f W", second, f->house.inverter[0].limit_w);
        end(f);
    }
    assert_true(limited >= 10);
}

/* Another program sets limits by the same DTU: noticed, and no fight. */
static void a_second_controller(void **state)
{
    struct fixture *f = *state;

    begin_limited(f);
    unsigned before = f->commands;
    for (int n = 0; n < 4; n++) {
        house_dtu_post(&f->house, 0, 150);
        run(f, 30);
        assert_int_equal(limit_to(0, 300), 0);
    }
    assert_true(f->commands - before <= 1);
    assert_true(shown_w(0) == 300);
}

/* The DTU is away for ten minutes; the limit runs out meanwhile. */
static void the_gateway_is_away(void **state)
{
    struct fixture *f = *state;

    begin_limited(f);
    f->away = true;
    run(f, 600);
    assert_int_equal(limit_to(0, 300), 0); /* the ESS goes on */
    f->away = false;
    f->house.inverter[0].limit_w = 1000; /* it had been without DC, too */
    run(f, 150);
    assert_true(f->house.inverter[0].limit_w == shown_w(0));
}

/* ---- Whatever comes ---- */

enum { CHAOS_ROUNDS = 60, CHAOS_S = 60, CALM_S = 8 * 60 };

static bool happens(uint32_t *seed, unsigned in_a_thousand)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % 1000 < in_a_thousand;
}

static double some_watts(uint32_t *seed)
{
    (void)happens(seed, 0);
    return (double)(*seed >> 8) / (1 << 24) * 1200 - 50;
}

static void one_event(struct fixture *f, uint32_t *seed)
{
    struct house_inverter *inv = &f->house.inverter[0];
    struct value by_hand = value_double(some_watts(seed));

    if (happens(seed, 200))
        (void)limit_to(0, some_watts(seed));
    if (happens(seed, 50))
        (void)world_write(service_of(0), "/SwitchableOutput/limit/Dimming", &by_hand);
    if (happens(seed, 30))
        f->away = !f->away;
    if (happens(seed, 30))
        f->deaf = !f->deaf;
    if (happens(seed, 20)) /* the inverter was without DC */
        inv->limit_w = inv->max_w;
    if (happens(seed, 20)) { /* the DTU has restarted */
        inv->queued_w = inv->on_air_w = MISSING;
        inv->status = COMMAND_NOT_TOLD;
        inv->relative_pct = 0;
    }
}

/*
 * What is shown is never above MaxPower nor below the floor, and once the faults have ended it is what the inverter
 * obeys: after the pauses of a gateway that was away (2 min), and of an inverter that counted as broken (5 min).
 */
static void whatever_comes(void **state)
{
    struct fixture *f = *state;
    double floor_w = limit_floor(1000, INPUTS, MISSING);
    uint32_t seed = 20;

    begin_day(f, 1, 1000, 7);
    f->house.now_s = 12 * 3600;
    f->house.loss = 0.1;
    for (unsigned n = 0; n < CHAOS_ROUNDS; n++) {
        f->house.now_s = 12 * 3600; /* it stays noon */
        f->last_sent_s[0] -= n > 0 ? CHAOS_S + CALM_S : 0;
        for (unsigned s = 0; s < CHAOS_S + CALM_S; s++) {
            if (s < CHAOS_S)
                one_event(f, &seed);
            else
                f->away = f->deaf = false;
            one_second(f);
            double shown = shown_w(0);
            if (has_value(shown) && (shown < floor_w || shown > 1000))
                fail_msg("round %u, second %u: %.1f W", n, s, shown);
        }
        if (!(fabs(shown_w(0) - f->house.inverter[0].limit_w) < 1))
            fail_msg("round %u: %.1f W is shown, and %.1f W obeyed", n, shown_w(0),
                     f->house.inverter[0].limit_w);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_inverter),
        TEST(three_inverters),
        TEST(ten_inverters),
        TEST(nobody_renews_it),
        TEST(renewed_for_an_hour),
        TEST(it_restarts_at_noon),
        TEST(the_mark),
        TEST(killed_at_any_second),
        TEST(the_gateway_is_away),
        TEST(a_second_controller),
        TEST(written_while_it_is_out_of_reach),
        TEST(whatever_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
