#include "virtual/decade/life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/app.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "virtual/support/world.h"

enum {
    CLOCK_BEGINS_MS = 1000000,
    LATENCY_MS = 20,
    /* In a day: what is asked for now and then, each page of it every five minutes where it is not there. */
    EXTRAS_PER_DAY = 2 * 288 + 50,
    /* With PowerLimit=1: whether commands are allowed, every five minutes, and an hour of limits. */
    LOOKS_PER_DAY = 288 + 400
};

static struct life *living; /* the clock is one for all */

double judge_now_s(void)
{
    return living->begins_s + (double)(clock_now_ms() - CLOCK_BEGINS_MS) / 1000;
}

/* ---- The network ---- */

static struct dtu *dtu_at(struct plant *p, const char *host)
{
    for (unsigned i = 0; i < PLANT_DTUS; i++)
        if (strcmp(p->dtu[i].host, host) == 0)
            return &p->dtu[i];
    return NULL;
}

static const char *meter_page(struct life *l, double now_s)
{
    l->plant.meter_requests++;
    l->judge.meter_told_s = now_s;
    snprintf(l->plant.body, sizeof l->plant.body, "{\"power\":250,\"total\":%.4f}",
             plant_meter_kwh(&l->plant, now_s));
    return l->plant.body;
}

static const char *dtu_page(struct life *l, struct dtu *d, const struct message *m, double now_s)
{
    bool pushed = strcmp(m->path, "/livedata") == 0;

    d->requests += !pushed;
    d->pushed += pushed;
    return d->shape < AHOY_0566 ? opendtu_page(&l->plant, d, m, now_s)
                                : ahoy_page(&l->plant, d, m, now_s);
}

static void answer(void *user, const char *base_url, const struct message *m,
                   struct world_reply *reply)
{
    struct life *l = user;
    const char *host = base_url + strlen("http://");
    struct dtu *d = dtu_at(&l->plant, host);
    double now_s = judge_now_s();
    bool meter = strcmp(host, "meter") == 0 && !l->plant.meter_away;

    reply->delay_ms = LATENCY_MS;
    if (!meter && (!d || d->away || now_s < d->off_until_s)) {
        if (d)
            d->requests++;
        reply->outcome = REPLY_UNREACHABLE;
        return;
    }
    reply->body = meter ? meter_page(l, now_s) : dtu_page(l, d, m, now_s);
    if (!reply->body)
        reply->outcome = REPLY_NOT_FOUND;
}

/* ---- The configuration ---- */

/* Six times as long as the DTUs': it has nothing new to tell. */
static unsigned meter_ms(const struct life *l)
{
    return 6 * l->interval_ms;
}

static void write_config(const struct life *l)
{
    FILE *f = gx_config(&l->gx);

    fprintf(f,
            "[DEFAULT]\nDTU=opendtu\nHost=%s\nUsername=admin\nPassword=x\nPollingInterval=%u\n"
            "Push=%d\nNumberOfTemplates=1\nSignOfLifeLog=%u\n%s\n[DTU1]\nType=auto\nHost=%s\n",
            l->host[0], l->interval_ms, l->push, l->sign_of_life_min, l->more, l->host[1]);
    fprintf(f,
            "[INVERTER0]\nSerial=%s\nDeviceInstance=34\nPowerLimit=%d\n"
            "[INVERTER1]\nDeviceInstance=35\nPhase=L2\n"
            "[INVERTER2]\nDTU=1\nDeviceInstance=36\nPhase=3P\nuseYieldDay=1\nKeepEnergy=%d\n",
            l->serial0, l->power_limit, l->keep_energy);
    fprintf(f,
            "[TEMPLATE0]\nHost=meter\nCUST_API_PATH=status\nCUST_POLLING=%u\nCUST_Power=power\n"
            "CUST_Total=total\nServicename=com.victronenergy.acload\nKeepEnergy=1\n"
            "CUST_SN=METER1\nDeviceInstance=40\n",
            meter_ms(l));
    fclose(f);
}

void life_edit(struct life *l)
{
    write_config(l);
    app_reload(l->gx.app);
}

/* ---- The program ---- */

void life_start(struct life *l)
{
    write_config(l);
    if (!gx_start(&l->gx))
        abort();
}

void life_stop(struct life *l)
{
    app_end(l->gx.app, 0);
    (void)loop_run(l->gx.loop);
    gx_stop(&l->gx);
    judge_restarts(&l->judge, false);
}

void life_power_cut(struct life *l)
{
    gx_power_cut(&l->gx);
    judge_restarts(&l->judge, true);
}

/* ---- The beginning and the end ---- */

static void watch_folder(struct life *l)
{
    l->moves = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (l->moves < 0 || inotify_add_watch(l->moves, l->gx.folder, IN_MOVED_FROM | IN_MOVED_TO) < 0)
        abort();
}

static void fill_plant(struct life *l)
{
    struct plant *p = &l->plant;
    static const double kwh[SECTIONS] = {0, 812.5, 1500.25};

    snprintf(p->dtu[0].host, sizeof p->dtu[0].host, "dtu-0");
    snprintf(p->dtu[1].host, sizeof p->dtu[1].host, "dtu-1");
    p->dtu[0].shape = OPENDTU_2022_10;
    p->dtu[1].shape = AHOY_0566;
    for (unsigned i = 0; i < SECTIONS; i++) {
        struct dtu *d = &p->dtu[i < 2 ? 0 : 1];
        char serial[16];
        snprintf(serial, sizeof serial, "1141829400%02u", i);
        d->inverter[d->count++] = plant_add(p, serial, 400 + 200 * i, kwh[i], l->begins_s);
    }
    for (unsigned i = 0; i < PLANT_DTUS; i++)
        snprintf(l->host[i], sizeof l->host[i], "%s", p->dtu[i].host);
    snprintf(l->serial0, sizeof l->serial0, "%s", p->inverter[0].serial);
    l->judge.of_day = p->inverter[2].serial;
}

void life_begin(struct life *l, uint64_t seed, double begins_s)
{
    memset(l, 0, sizeof *l);
    living = l;
    l->begins_s = begins_s;
    l->plant.seed = seed;
    l->judge.plant = &l->plant;
    l->judge.log_path = l->gx.log_path;
    l->judge.max_age_s = 600;
    l->more = "";
    l->keep_energy = true;
    l->interval_ms = 600 * 1000;
    l->shortest_ms = l->interval_ms;
    l->judge.interval_s = 600;
    l->judge.meter_interval_s = 3600;
    l->well = true;
    gx_make(&l->gx);
    gx_log(&l->gx);
    watch_folder(l);
    fill_plant(l);
    world_set_message_gateway(answer, l);
    world_watch(judge_signal, &l->judge);
}

void life_finish(struct life *l)
{
    (void)gx_remove(&l->gx);
    world_watch(NULL, NULL);
    close(l->moves);
}

/* ---- Time ---- */

void life_until(struct life *l, double then_s)
{
    int64_t ms = (int64_t)((then_s - judge_now_s()) * 1000);

    if (l->interval_ms < l->shortest_ms)
        l->shortest_ms = l->interval_ms;
    if (ms > 0)
        world_run(l->gx.loop, ms);
    judge_step(&l->judge);
}

void life_clock(double off_s)
{
    world_set_unix(PLANT_EPOCH_S + judge_now_s() + off_s);
}

void life_roll_call(struct life *l)
{
    static const char *const sections[] = {"INVERTER0", "INVERTER1", "INVERTER2"};
    unsigned n = 0;

    for (unsigned d = 0; d < PLANT_DTUS; d++)
        for (unsigned i = 0; i < l->plant.dtu[d].count; i++, n++)
            judge_expect(&l->judge, l->plant.dtu[d].inverter[i]->serial, sections[n]);
    judge_expect(&l->judge, "METER1", "TEMPLATE0");
}

/*
 * Files that took the place of the state file since the last call. Where each came from is watched as well: of two events
 * that are the same, one after the other, inotify tells only one.
 */
static unsigned long state_writes(struct life *l)
{
    _Alignas(struct inotify_event) char events[8192];
    unsigned long writes = 0;
    ssize_t len;

    while ((len = read(l->moves, events, sizeof events)) > 0) {
        for (char *at = events; at < events + len;) {
            const struct inotify_event *e = (const struct inotify_event *)at;
            writes += (e->mask & IN_MOVED_TO) && strcmp(e->name, "state.json") == 0;
            at += sizeof *e + e->len;
        }
    }
    return writes;
}

static unsigned long log_size(const struct life *l)
{
    struct stat st;
    return stat(l->gx.log_path, &st) == 0 ? (unsigned long)st.st_size : 0;
}

/* Whose clock is a page of its own. */
static bool tells_time_apart(enum shape shape)
{
    return shape == AHOY_0566 || shape == AHOY_0593;
}

/* A cycle asks for the list and each inverter, an Ahoy's of old for the time as well; it may have become newer today. */
static unsigned long most_requests(const struct life *l, unsigned i)
{
    const struct dtu *d = &l->plant.dtu[i];
    unsigned long cycles = DAY_S * 1000ul / l->shortest_ms;
    bool apart = tells_time_apart(d->shape) || tells_time_apart(l->shape_before[i]);

    return cycles * (1 + d->count + apart) + EXTRAS_PER_DAY + (i == 0 ? LOOKS_PER_DAY : 0);
}

void life_day_ends(struct life *l, bool flapped)
{
    unsigned long log = log_size(l);

    life_roll_call(l);
    judge_flash(&l->judge, state_writes(l) + world_setting_writes - l->settings_before);
    l->settings_before = world_setting_writes;
    judge_log(&l->judge, log - l->log_before, flapped);
    l->log_before = log;
    for (unsigned i = 0; i < PLANT_DTUS; i++) {
        struct dtu *d = &l->plant.dtu[i];
        judge_requests(&l->judge, d->host, d->requests - l->requests_before[i],
                       most_requests(l, i));
        l->requests_before[i] = d->requests;
        l->shape_before[i] = d->shape;
        judge_hasty(&l->judge, d->hasty);
    }
    l->shortest_ms = l->interval_ms;
}
