#include "virtual/decade/judge.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/value.h"
#include "virtual/support/world.h"

enum { MISSES = 4, STATUS_RUNNING = 7, STATUS_THROTTLED = 12 };

static const double same_kwh = 1e-6, coarse_kwh = 0.0015, same_w = 0.06;

const char *const rule_names[RULES] = {
    [ENERGY_FALLS] = "energy that falls",
    [ENERGY_UNTRUE] = "energy that nobody made",
    [COUNTED_TWICE] = "a sample that counts twice",
    [SHOWN_TOO_LONG] = "a value that is shown too long",
    [NOT_ITS_VALUE] = "the value of another packet",
    [NOT_EXPLAINED] = "an absence that no line explains",
    [TOO_MANY_ASKED] = "too many requests",
    [TOO_HASTY] = "commands too close together",
    [FLASH_WORN] = "too many writes to flash",
    [LOG_TOO_LONG] = "too much in the log",
    [LIMIT_IS_WRONG] = "a wrong power limit",
    [MEMORY_GROWS] = "memory that grows",
};

/* A fault: recorded where a test asks for it, else the end. */
__attribute__((format(printf, 3, 4))) static void fault(struct judge *j, enum rule rule,
                                                        const char *format, ...)
{
    double now_s = judge_now_s();
    char text[256];
    va_list args;

    j->seen[rule]++;
    if (j->records)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    printf("not ok 2 - ten_years\n# %s: %s\n# on day %d at %02d:%02d:%02d, seed %llu\n",
           rule_names[rule], text, (int)(now_s / DAY_S), (int)(now_s / 3600) % 24,
           (int)(now_s / 60) % 60, (int)now_s % 60, (unsigned long long)j->plant->seed);
    exit(1);
}

static double number(const char *service, const char *path)
{
    struct value v = world_value(service, path);
    return v.type == VALUE_DOUBLE ? v.d : v.type == VALUE_INT ? v.i : NAN;
}

static struct witness *witness_of(struct judge *j, const char *service)
{
    struct value serial = world_value(service, "/Serial");

    if (serial.type != VALUE_STRING)
        return NULL;
    for (unsigned i = 0; i < j->witnesses; i++)
        if (strcmp(j->witness[i].serial, serial.s) == 0)
            return &j->witness[i];
    if (j->witnesses == WITNESSES_MAX)
        abort();
    struct witness *w = &j->witness[j->witnesses++];
    *w = (struct witness){.index = -1};
    snprintf(w->serial, sizeof w->serial, "%s", serial.s);
    return w;
}

/* ---- At each signal ---- */

static void judge_energy(struct judge *j, struct witness *w, const char *service)
{
    double kwh = number(service, "/Ac/Energy/Forward");
    struct inverter *v = plant_find(j->plant, w->serial);

    if (isnan(kwh))
        return;
    if (kwh < w->high_kwh - same_kwh)
        fault(j, ENERGY_FALLS, "%s: %.4f kWh after %.4f", w->serial, kwh, w->high_kwh);
    w->high_kwh = kwh;
    if (v && (!j->of_day || strcmp(j->of_day, w->serial) != 0) &&
        kwh > v->total_wh / 1000 + coarse_kwh)
        fault(j, ENERGY_UNTRUE, "%s: %.4f kWh of %.4f", w->serial, kwh, v->total_wh / 1000);
}

static void judge_count(struct judge *j, struct witness *w, const char *service)
{
    struct inverter *v = plant_find(j->plant, w->serial);
    double index = number(service, "/UpdateIndex");

    if (!v || isnan(index))
        return;
    if (w->index >= 0)
        w->counted += (unsigned)((int)index - w->index) & 255;
    w->index = (int)index;
    if (w->counted > v->told_packets + w->allowed)
        fault(j, COUNTED_TWICE, "%s: %lu measurements of %lu packets", w->serial, w->counted,
              v->told_packets);
}

void judge_signal(void *user, const char *service)
{
    struct judge *j = user;
    struct witness *w = witness_of(j, service);

    if (!w)
        return;
    j->checks++;
    judge_energy(j, w, service);
    judge_count(j, w, service);
}

/* ---- At each step ---- */

static bool is_live(const char *service)
{
    double status = number(service, "/StatusCode");
    return status == STATUS_RUNNING || status == STATUS_THROTTLED;
}

/* What was told last, or just before: the last one may still be on its way. */
static void judge_power(struct judge *j, const char *service, const struct inverter *v)
{
    double w = number(service, "/Ac/Power");

    if (!isnan(w) && fabs(w - v->told[0].power_w) > same_w && fabs(w - v->told[1].power_w) > same_w)
        fault(j, NOT_ITS_VALUE, "%s: %.1f W, and %.1f W was told", v->serial, w,
              v->told[0].power_w);
}

/*
 * As old as its limit, and then as long as it takes until the polls have failed often enough. A meter has
 * no age: what it says is of the moment.
 */
static void judge_age(struct judge *j, const char *serial, double told_s, double most_s)
{
    double age_s = judge_now_s() - told_s;

    if (age_s > most_s + 10)
        fault(j, SHOWN_TOO_LONG, "%s: of %.0f s ago", serial, age_s);
}

void judge_step(struct judge *j)
{
    const char *service;

    for (size_t n = 0; (service = world_service_at(n)); n++) {
        struct value serial = world_value(service, "/Serial");
        const struct inverter *v =
            serial.type == VALUE_STRING ? plant_find(j->plant, serial.s) : NULL;
        if (v && is_live(service)) {
            judge_power(j, service, v);
            judge_age(j, v->serial, v->told[0].at_s, j->max_age_s + MISSES * j->interval_s);
        } else if (!v && !isnan(number(service, "/Ac/Power"))) {
            judge_age(j, "the meter", j->meter_told_s, MISSES * j->meter_interval_s);
        }
    }
}

/* ---- Now and then ---- */

/*
 * A new process begins to count anew, and may take the last packet once more. After a power cut it knows what was saved
 * last: at most a quarter of an hour ago, and a minute.
 */
void judge_restarts(struct judge *j, bool power_cut)
{
    for (unsigned i = 0; i < j->witnesses; i++) {
        struct witness *w = &j->witness[i];
        const struct inverter *v = plant_find(j->plant, w->serial);
        w->index = -1;
        w->allowed++;
        if (power_cut)
            w->high_kwh -= (v ? v->rated_w : 1000) / 1000 * 16 / 60;
    }
}

static bool is_said(const struct judge *j, const char *serial, const char *section)
{
    char line[1100];
    bool said = false;
    FILE *f = fopen(j->log_path, "r");

    while (f && !said && fgets(line, sizeof line, f))
        said = strstr(line, serial) || strstr(line, section);
    if (f)
        fclose(f);
    return said;
}

void judge_expect(struct judge *j, const char *serial, const char *section)
{
    const char *service;

    for (size_t n = 0; (service = world_service_at(n)); n++) {
        struct value v = world_value(service, "/Serial");
        if (v.type == VALUE_STRING && strcmp(v.s, serial) == 0)
            return;
    }
    if (!is_said(j, serial, section))
        fault(j, NOT_EXPLAINED, "%s [%s]", serial, section);
}

void judge_requests(struct judge *j, const char *whom, unsigned long requests, unsigned long most)
{
    if (requests > j->most_requests)
        j->most_requests = requests;
    if (requests > most)
        fault(j, TOO_MANY_ASKED, "%s: %lu of at most %lu", whom, requests, most);
}

void judge_hasty(struct judge *j, unsigned long hasty)
{
    if (hasty)
        fault(j, TOO_HASTY, "%lu of them", hasty);
}

void judge_flash(struct judge *j, unsigned long writes)
{
    if (writes > j->most_flash)
        j->most_flash = writes;
    if (writes > FLASH_PER_DAY)
        fault(j, FLASH_WORN, "%lu", writes);
}

void judge_log(struct judge *j, unsigned long bytes, bool bad_day)
{
    unsigned long *so_far = bad_day ? &j->most_bad_log : &j->most_log;

    if (bytes > *so_far)
        *so_far = bytes;
    if (bytes > LOG_PER_DAY)
        fault(j, LOG_TOO_LONG, "%lu bytes", bytes);
}

void judge_limit(struct judge *j, const struct inverter *v, double w)
{
    if (fabs(v->limit_w - w) > 1)
        fault(j, LIMIT_IS_WRONG, "%s obeys %.1f W and not %.1f", v->serial, v->limit_w, w);
}

/* The first call tells where it begins: by then everything has been used once. */
void judge_memory(struct judge *j)
{
    unsigned long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%lu %lu", &pages, &resident) != 2)
        abort();
    fclose(f);
    double bytes = (double)resident * (double)sysconf(_SC_PAGESIZE);
    if (j->resident_bytes == 0)
        j->resident_bytes = bytes;
    if (bytes > j->resident_bytes + MEMORY_GROWTH)
        fault(j, MEMORY_GROWS, "%.0f bytes after %.0f", bytes, j->resident_bytes);
}
