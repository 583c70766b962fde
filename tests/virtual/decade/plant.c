#include "virtual/decade/plant.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RADIO_S = 5, LOST_AFTER_S = 60, STEP_S = 60, AIR_S = 2, DAMAGED_ONE_IN = 20011 };

static const double awake = 0.01; /* with less light an inverter sleeps */

/* ---- Text ---- */

/*
 * What printf does with %s, %u, %d and %.Nf, and nothing more: most of the time of a decade would be printf's. Its numbers
 * stay below 1e15.
 */
static void put_bytes(char *out, size_t size, size_t *len, const char *bytes, size_t count)
{
    if (*len + count >= size)
        abort();
    memcpy(out + *len, bytes, count);
    *len += count;
}

static void put_text(char *out, size_t size, size_t *len, const char *text)
{
    put_bytes(out, size, len, text, strlen(text));
}

static void put_whole(char *out, size_t size, size_t *len, unsigned long whole, int digits)
{
    char text[24] = "", *at = text + sizeof text - 1;

    for (; whole > 0 || digits > 0; whole /= 10, digits--)
        *--at = (char)('0' + whole % 10);
    put_text(out, size, len, at);
}

static void put_fixed(char *out, size_t size, size_t *len, double v, int digits)
{
    unsigned long unit = 1;

    for (int n = 0; n < digits; n++)
        unit *= 10;
    if (v < 0)
        put_text(out, size, len, "-");
    unsigned long all = (unsigned long)(fabs(v) * (double)unit + 0.5);
    put_whole(out, size, len, all / unit, 1);
    if (digits > 0) {
        put_text(out, size, len, ".");
        put_whole(out, size, len, all % unit, digits);
    }
}

void put(char *out, size_t size, size_t *len, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    for (const char *at = format; *at; at++) {
        if (*at != '%') {
            size_t plain = strcspn(at, "%");
            put_bytes(out, size, len, at, plain);
            at += plain - 1;
        } else if (*++at == 's') {
            put_text(out, size, len, va_arg(args, const char *));
        } else if (*at == 'u' || *at == 'd') {
            put_fixed(out, size, len, *at == 'u' ? va_arg(args, unsigned) : va_arg(args, int), 0);
        } else if (*at == '.' && at[2] == 'f') {
            put_fixed(out, size, len, va_arg(args, double), at[1] - '0');
            at += 2;
        } else {
            abort();
        }
    }
    va_end(args);
    out[*len] = '\0';
}

/* ---- Chance ---- */

/* splitmix64 of Vigna: a good mixer is all that is wanted. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

unsigned plant_dice(const struct plant *p, unsigned day, const char *what, unsigned below)
{
    uint64_t x = mix(p->seed ^ day);

    for (; *what; what++)
        x = mix(x ^ (unsigned char)*what);
    return (unsigned)(x % below);
}

/* ---- The sun ---- */

/* Another cloud every ten minutes, some days darker than others. */
static double clouds(const struct plant *p, double now_s)
{
    uint64_t ten = (uint64_t)(now_s / 600), day = (uint64_t)(now_s / DAY_S);
    double of_day = (double)(mix(p->seed ^ (day << 20)) % 1000) / 1000;
    double of_ten = (double)(mix(p->seed ^ ten) % 1000) / 1000;

    return (0.25 + 0.75 * of_day) * (0.4 + 0.6 * of_ten);
}

static const double tau = 6.283185307179586, noon_h = 12.5;

/* 1 at midsummer, -1 at midwinter. */
static double summer(double day)
{
    return cos(tau * (day - 171) / 365.25);
}

static double half_day_h(double day)
{
    return 6 + 2 * summer(day);
}

unsigned plant_dawn_s(unsigned day)
{
    return (unsigned)((noon_h - half_day_h(day)) * 3600);
}

unsigned plant_dusk_s(unsigned day)
{
    return (unsigned)((noon_h + half_day_h(day)) * 3600);
}

double plant_sun(const struct plant *p, double now_s)
{
    double day = floor(now_s / DAY_S), hour = (now_s - day * DAY_S) / 3600;
    double half_h = half_day_h(day), x = (hour - noon_h + half_h) / (2 * half_h);

    if (x <= 0 || x >= 1)
        return 0;
    return sin(tau / 2 * x) * (0.6 + 0.4 * summer(day)) * clouds(p, now_s);
}

/* ---- Inverters ---- */

struct inverter *plant_add(struct plant *p, const char *serial, double rated_w, double kwh,
                           double now_s)
{
    struct inverter *v = &p->inverter[p->inverters++];

    if (p->inverters > PLANT_INVERTERS_MAX)
        abort();
    *v = (struct inverter){.rated_w = rated_w,
                           .first_kwh = kwh,
                           .made_s = now_s,
                           .total_wh = kwh * 1000,
                           .limit_w = rated_w,
                           .coming_w = -1,
                           .day = (int)(now_s / DAY_S),
                           .packet.at_s = -1,
                           .told = {{.at_s = -1}, {.at_s = -1}},
                           .told_s = -1,
                           .early_s = -1e9,
                           .commanded_s = -1e9};
    snprintf(v->serial, sizeof v->serial, "%s", serial);
    return v;
}

struct inverter *plant_find(struct plant *p, const char *serial)
{
    for (unsigned i = 0; i < p->inverters; i++)
        if (strcmp(p->inverter[i].serial, serial) == 0)
            return &p->inverter[i];
    return NULL;
}

static double power(const struct plant *p, const struct inverter *v, double now_s)
{
    double w = v->rated_w * plant_sun(p, now_s);
    return w < v->limit_w ? w : v->limit_w;
}

static void take_packet(struct inverter *v, double w)
{
    v->packet = (struct packet){
        .at_s = v->made_s,
        .power_w = round(w * 10) / 10,
        .total_kwh = floor(v->total_wh) / 1000,
        .day_wh = floor(v->day_wh),
        .damaged = mix((uint64_t)v->made_s ^ (uint64_t)(v->rated_w * 4096)) % DAMAGED_ONE_IN == 0,
    };
    if (v->packet.damaged)
        v->packet.total_kwh = 2113405;
}

/* In steps of a minute: the last packet before dusk is heard, whenever somebody looks. */
void plant_make(const struct plant *p, struct inverter *v, double now_s)
{
    while (v->made_s < now_s) {
        double step_s = fmin(STEP_S, now_s - v->made_s), w = power(p, v, v->made_s);
        bool light = plant_sun(p, v->made_s) > awake;
        int day = (int)(v->made_s / DAY_S);

        if (v->coming_w >= 0 && v->made_s >= v->coming_s) {
            v->limit_w = v->coming_w;
            v->coming_w = -1;
        }
        if (light && day != v->day) { /* it wakes up */
            v->day = day;
            v->day_wh = 0;
        }
        if (light) {
            v->total_wh += w * step_s / 3600;
            v->day_wh += w * step_s / 3600;
        } else {
            v->limit_w = v->rated_w; /* what is not persistent is gone without DC */
        }
        v->made_s += step_s;
        if (light)
            take_packet(v, w);
    }
}

double plant_meter_kwh(const struct plant *p, double now_s)
{
    return (p->meter_reset_s > 0 ? 0 : 4000) + 0.25 * (now_s - p->meter_reset_s) / 3600;
}

/* ---- What a DTU knows ---- */

/* Its radio has a turn for each: packets come at whole multiples of five seconds. */
void plant_hear(struct plant *p, struct dtu *d, double now_s)
{
    for (unsigned i = 0; i < d->count; i++)
        plant_make(p, d->inverter[i], floor((now_s - i) / RADIO_S) * RADIO_S + i);
}

bool plant_reachable(const struct inverter *v, double now_s)
{
    return v->packet.at_s >= 0 && now_s - v->packet.at_s < LOST_AFTER_S;
}

const struct packet *plant_tell(struct dtu *d, struct inverter *v)
{
    static const struct packet none = {.at_s = -1};

    if (v->packet.at_s < d->off_until_s)
        return &none;
    if (v->packet.at_s > v->told_s) {
        v->told_s = v->packet.at_s;
        v->told_packets++;
        v->told[1] = v->told[0];
        v->told[0] = v->packet;
    }
    return &v->packet;
}

/* Commands to one inverter are 10 s apart; a single one may follow another one sooner, by 3 s. */
void plant_command(struct dtu *d, struct inverter *v, double w, double now_s)
{
    double apart_s = now_s - v->commanded_s;

    d->commands++;
    if (apart_s < 2.9 || (apart_s < 9.9 && now_s - v->early_s < 9.9))
        d->hasty++;
    if (apart_s < 9.9)
        v->early_s = now_s;
    v->commanded_s = now_s;
    if (!plant_reachable(v, now_s))
        return;
    v->coming_w = fmin(w, v->rated_w);
    v->coming_s = now_s + AIR_S;
}
