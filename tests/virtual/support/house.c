#include "house.h"

#include <math.h>
#include <string.h>

#include "core/reading.h"

enum { POLL_S = 5, ON_AIR_S = 2, TRIES = 5, ESS_S = 3, KEEP_ALIVE_S = 30 };

static const double soft_start_share = 0.015;

static double random_of(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) / 16777216.0;
}

static double house_random(struct house *h)
{
    return random_of(&h->seed);
}

static double between(struct house *h, double low, double high)
{
    return low + house_random(h) * (high - low);
}

/* ---- The day ---- */

void house_init(struct house *h, unsigned inverters, double max_w, uint32_t seed)
{
    memset(h, 0, sizeof *h);
    h->inverters = inverters;
    h->seed = seed;
    h->radio_seed = ~seed;
    h->capacity_kwh = between(h, 2, 12);
    h->battery_kwh = h->capacity_kwh / 2;
    h->charge_max_w = 2500;
    h->setpoint_w = between(h, 67, 200);
    h->loss = between(h, 0.02, 0.25);
    for (unsigned i = 0; i < inverters; i++) {
        struct house_inverter *inv = &h->inverter[i];
        inv->max_w = max_w;
        inv->delay_s = between(h, 1, 18);
        inv->up_w_s = max_w * between(h, 0.005, 0.1);
        inv->down_w_s = max_w * between(h, 0.05, 0.3);
    }
}

void house_dawn(struct house *h)
{
    h->now_s = HOUSE_DAWN_S;
    h->sky = between(h, 0.3, 1);
    h->clouds = 1;
    h->cloud_until_s = h->kettle_until_s = h->radio_until_s = 0;
    h->radio_inverter = -1;
    h->battery_kwh = h->capacity_kwh * between(h, 0.1, 0.9);
    for (unsigned i = 0; i < h->inverters; i++) {
        struct house_inverter *inv = &h->inverter[i];
        inv->limit_w = inv->max_w;
        inv->power_w = inv->dc_w = 0;
        inv->coming_w = inv->queued_w = inv->on_air_w = MISSING;
        inv->status = COMMAND_NOT_TOLD;
        inv->relative_pct = 0;
        h->ess_w[i] = MISSING;
        h->ess_written_s[i] = 0;
    }
}

static void shine(struct house *h)
{
    double height = sin(M_PI * (h->now_s - 6 * 3600) / (14 * 3600));

    if (h->now_s >= h->cloud_until_s) {
        h->clouds = house_random(h) < 0.5 ? 1 : between(h, 0.15, 0.9);
        h->cloud_until_s = h->now_s + between(h, 20, 900);
    }
    for (unsigned i = 0; i < h->inverters; i++)
        h->inverter[i].dc_w =
            height > 0 ? h->inverter[i].max_w * fmin(1, 1.1 * height) * h->sky * h->clouds : 0;
}

static void consume(struct house *h)
{
    if (h->now_s >= h->kettle_until_s) {
        bool on = house_random(h) < 0.3;
        h->load_w =
            between(h, 250, 500) * (1 + 0.1 * h->inverters) + (on ? between(h, 500, 2500) : 0);
        h->kettle_until_s = h->now_s + (on ? between(h, 60, 600) : between(h, 120, 1800));
    }
}

/* ---- Inverters ---- */

static void obey(struct house *h, struct house_inverter *inv)
{
    if (has_value(inv->coming_w) && h->now_s >= inv->coming_s) {
        inv->limit_w = inv->coming_w;
        inv->coming_w = MISSING;
    }
    double aim = fmin(inv->dc_w, inv->limit_w);
    inv->power_w = fmin(inv->power_w, inv->dc_w); /* a cloud needs no ramp */
    if (aim > inv->power_w)
        inv->power_w = fmin(aim, inv->power_w + inv->up_w_s);
    else
        inv->power_w = fmax(aim, inv->power_w - inv->down_w_s);
}

/* ---- Battery and grid: a Multi holds the setpoint within what its battery takes and gives ---- */

static double charge_possible(const struct house *h)
{
    double full = h->battery_kwh / h->capacity_kwh;

    return full >= 1 ? 0 : full > 0.95 ? h->charge_max_w * (1 - full) / 0.05 : h->charge_max_w;
}

static void balance(struct house *h)
{
    double pv = 0, possible = charge_possible(h);

    for (unsigned i = 0; i < h->inverters; i++)
        pv += h->inverter[i].power_w;
    double charge = fmin(pv - h->load_w, possible);
    if (h->battery_kwh <= 0.05 * h->capacity_kwh)
        charge = fmax(charge, 0);
    h->battery_kwh = fmin(h->capacity_kwh, h->battery_kwh + charge / 3.6e6);
    h->grid_w = h->load_w + charge - pv;
}

/* ---- The DTU and its radio ---- */

void house_limit_arrives(struct house *h, unsigned i, double w)
{
    struct house_inverter *inv = &h->inverter[i];

    if (!has_value(inv->coming_w))
        inv->coming_s = h->now_s + inv->delay_s;
    inv->coming_w = fmin(w, inv->max_w);
}

static void command_ends(struct house *h)
{
    unsigned i = (unsigned)h->radio_inverter;
    struct house_inverter *inv = &h->inverter[i];

    if (random_of(&h->radio_seed) < h->loss && ++h->tries < TRIES) {
        h->radio_until_s = h->now_s + ON_AIR_S;
        return;
    }
    bool arrived = h->tries < TRIES && inv->dc_w > 0;
    if (arrived) {
        house_limit_arrives(h, i, inv->on_air_w);
        inv->relative_pct = 100 * inv->on_air_w / inv->max_w;
    }
    if (!has_value(inv->queued_w)) /* else it goes on being Pending */
        inv->status = arrived ? COMMAND_OK : COMMAND_FAILURE;
    inv->on_air_w = MISSING;
    h->radio_inverter = -1;
}

/* In turn, so that no inverter starves. */
static void radio(struct house *h)
{
    if (h->radio_inverter >= 0 && h->now_s >= h->radio_until_s)
        command_ends(h);
    for (unsigned n = 0; h->radio_inverter < 0 && n < h->inverters; n++) {
        unsigned i = (h->last_commanded + 1 + n) % h->inverters;
        struct house_inverter *inv = &h->inverter[i];
        if (has_value(inv->queued_w)) {
            inv->on_air_w = inv->queued_w;
            inv->queued_w = MISSING;
            h->radio_inverter = (int)i;
            h->last_commanded = i;
            h->radio_until_s = h->now_s + ON_AIR_S;
            h->tries = 0;
        }
    }
}

/* The newest one replaces what is queued; what is on air goes on. */
void house_dtu_post(struct house *h, unsigned i, double w)
{
    struct house_inverter *inv = &h->inverter[i];

    inv->queued_w = fmin(w, inv->max_w);
    inv->status = COMMAND_PENDING;
    inv->commands++;
}

bool house_dtu_sample(const struct house *h, unsigned i)
{
    bool turn = (unsigned)(h->now_s / POLL_S) % h->inverters == i;

    return turn && fmod(h->now_s, POLL_S) < 1 && h->radio_inverter < 0 && h->inverter[i].dc_w > 0;
}

void house_second(struct house *h)
{
    h->now_s++;
    shine(h);
    consume(h);
    radio(h);
    for (unsigned i = 0; i < h->inverters; i++)
        obey(h, &h->inverter[i]);
    balance(h);
}

/* ---- The ESS ---- */

static bool runs(int status_code)
{
    return status_code == 7 || status_code == 11 || status_code == 12;
}

static double share(const struct house *h, unsigned i, const int *status_code)
{
    double running_w = 0, allowed = h->load_w + charge_possible(h) - h->setpoint_w;

    for (unsigned k = 0; k < h->inverters; k++)
        running_w += runs(status_code[k]) ? h->inverter[k].max_w : 0;
    if (!runs(status_code[i]))
        return soft_start_share * h->inverter[i].max_w;
    return fmin(h->inverter[i].max_w, fmax(0, allowed) * h->inverter[i].max_w / running_w);
}

double house_ess_writes(struct house *h, unsigned i, const int *status_code)
{
    if (fmod(h->now_s, ESS_S) >= 1)
        return MISSING;
    double w = share(h, i, status_code);
    bool same = has_value(h->ess_w[i]) && fabs(w - h->ess_w[i]) < 1;
    if (same && h->now_s - h->ess_written_s[i] < KEEP_ALIVE_S)
        return MISSING;
    h->ess_w[i] = w;
    h->ess_written_s[i] = h->now_s;
    return w;
}
