/* OpenDTU's pages: each shape that /api/livedata/status has had, and the limits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "virtual/decade/plant.h"

static const char *const versions[] = {"b4c1b3e", "88ad68b", "v24.1.26", "v24.2.12", "v26.3.30"};

static bool has_summary(const struct dtu *d)
{
    return d->shape >= OPENDTU_2024;
}

/* What the list has of an inverter in every shape. */
static void put_common(struct plant *p, struct dtu *d, unsigned i, double now_s, size_t *n)
{
    const struct inverter *v = d->inverter[i];
    bool heard = v->packet.at_s >= d->off_until_s, reachable = heard && plant_reachable(v, now_s);
    /* Before the first packet it counts from its own start. */
    double age_s = now_s - (heard ? v->packet.at_s : d->off_until_s);

    if (d->lies)
        age_s = 0;
    put(p->body, sizeof p->body, n, "{\"serial\":\"%s\",\"name\":\"Roof %u\",\"data_age\":%d",
        v->serial, i, (int)age_s);
    if (d->shape == OPENDTU_2026)
        put(p->body, sizeof p->body, n, ",\"data_age_ms\":%.0f,\"radio_stats\":{\"rssi\":-64}",
            age_s * 1000);
    if (has_summary(d))
        put(p->body, sizeof p->body, n, ",\"order\":%u,\"poll_enabled\":true", i);
    put(p->body, sizeof p->body, n, ",\"reachable\":%s,\"producing\":%s",
        reachable ? "true" : "false", reachable && v->packet.power_w > 0 ? "true" : "false");
    if (d->shape != OPENDTU_2022_10)
        put(p->body, sizeof p->body, n, ",\"limit_relative\":%.1f,\"limit_absolute\":%.1f",
            heard ? v->limit_w * 100 / v->rated_w : 0, heard ? v->limit_w : 0);
}

static void put_yields(struct plant *p, const struct packet *t, size_t *n)
{
    put(p->body, sizeof p->body, n,
        "\"YieldDay\":{\"v\":%.0f,\"u\":\"Wh\",\"d\":0},\"YieldTotal\":{\"v\":%.3f,\"u\":\"kWh\",\"d\":3}",
        t->day_wh, t->total_kwh);
}

static void put_ac(struct plant *p, struct dtu *d, const struct packet *t, size_t *n)
{
    put(p->body, sizeof p->body, n,
        "{\"Power\":{\"v\":%.1f,\"u\":\"W\"},\"Voltage\":{\"v\":%.1f,\"u\":\"V\"},"
        "\"Current\":{\"v\":%.2f,\"u\":\"A\"},\"Frequency\":{\"v\":%.2f,\"u\":\"Hz\"}",
        t->power_w, t->at_s < 0 ? 0 : 231.5, t->power_w / 231.5, t->at_s < 0 ? 0 : 49.98);
    if (!has_summary(d)) {
        put(p->body, sizeof p->body, n, ",");
        put_yields(p, t, n);
    }
    put(p->body, sizeof p->body, n, "}");
}

/* Each string brings half of it. */
static void put_strings(struct plant *p, const struct packet *t, unsigned first, size_t *n)
{
    for (unsigned s = 0; s < 2; s++)
        put(p->body, sizeof p->body, n,
            "%s\"%u\":{\"Power\":{\"v\":%.1f},\"Voltage\":{\"v\":33.1},\"Current\":{\"v\":%.2f},"
            "\"YieldDay\":{\"v\":%.0f},\"YieldTotal\":{\"v\":%.3f}}",
            s ? "," : "", first + s, t->power_w / 2, t->power_w / 66.2, t->day_wh / 2,
            t->total_kwh / 2);
}

static void put_full(struct plant *p, struct dtu *d, unsigned i, double now_s, size_t *n)
{
    unsigned whose = d->swaps && i < 2 ? 1 - i : i;
    const struct packet *t = plant_tell(d, d->inverter[whose]);

    put_common(p, d, i, now_s, n);
    if (d->shape <= OPENDTU_2022_11) {
        put(p->body, sizeof p->body, n, ",\"0\":");
        put_ac(p, d, t, n);
        put(p->body, sizeof p->body, n, ",");
        put_strings(p, t, 1, n);
    } else {
        put(p->body, sizeof p->body, n, ",\"AC\":{\"0\":");
        put_ac(p, d, t, n);
        put(p->body, sizeof p->body, n, "},\"DC\":{");
        put_strings(p, t, 0, n);
        put(p->body, sizeof p->body, n, "},\"INV\":{\"0\":{\"Temperature\":{\"v\":21}");
        if (has_summary(d)) {
            put(p->body, sizeof p->body, n, ",");
            put_yields(p, t, n);
        }
        put(p->body, sizeof p->body, n, "}}");
    }
    put(p->body, sizeof p->body, n, ",\"events\":3}");
}

/* only: the serial that is asked for; NULL: all. */
static void put_live(struct plant *p, struct dtu *d, const char *only, bool full, double now_s)
{
    size_t n = 0;
    const char *comma = "";

    put(p->body, sizeof p->body, &n, d->shape == OPENDTU_2022_10 ? "[" : "{\"inverters\":[");
    for (unsigned i = 0; i < d->count; i++) {
        if (only && strcmp(only, d->inverter[i]->serial) != 0)
            continue;
        put(p->body, sizeof p->body, &n, "%s", comma);
        comma = ",";
        if (full) {
            put_full(p, d, i, now_s, &n);
        } else {
            put_common(p, d, i, now_s, &n);
            put(p->body, sizeof p->body, &n, "}");
        }
    }
    put(p->body, sizeof p->body, &n, "]");
    if (d->shape != OPENDTU_2022_10)
        put(p->body, sizeof p->body, &n,
            ",\"total\":{},\"hints\":{\"time_sync\":%s,\"radio_problem\":false,"
            "\"default_password\":false}}",
            now_s < d->no_time_until_s ? "true" : "false");
}

static void put_list(struct plant *p, struct dtu *d)
{
    size_t n = 0;

    put(p->body, sizeof p->body, &n, "{\"inverter\":[");
    for (unsigned i = 0; i < d->count; i++)
        put(p->body, sizeof p->body, &n, "%s{\"serial\":\"%s\",\"command_enable\":true}",
            i ? "," : "", d->inverter[i]->serial);
    put(p->body, sizeof p->body, &n, "]}");
}

static void put_limits(struct plant *p, struct dtu *d)
{
    size_t n = 0;

    put(p->body, sizeof p->body, &n, "{");
    for (unsigned i = 0; i < d->count; i++) {
        const struct inverter *v = d->inverter[i];
        bool heard = v->packet.at_s >= d->off_until_s;
        put(p->body, sizeof p->body, &n,
            "%s\"%s\":{\"limit_relative\":%.1f,\"max_power\":%.0f,\"limit_set_status\":\"%s\"}",
            i ? "," : "", v->serial, heard ? v->limit_w * 100 / v->rated_w : 0,
            heard ? v->rated_w : 0,
            v->coming_w >= 0                  ? "Pending"
            : v->commanded_s > d->off_until_s ? "Ok"
                                              : "Unknown");
    }
    put(p->body, sizeof p->body, &n, "}");
}

/* The value behind a key of the form, which is JSON with its marks percent-encoded. */
static const char *form_value(const char *body, const char *key)
{
    const char *at = strstr(body, key);

    if (!at)
        abort();
    at += strlen(key) + strlen("%22%3A");
    return strncmp(at, "%22", 3) == 0 ? at + 3 : at;
}

static void take_limit(struct plant *p, struct dtu *d, const struct message *m, double now_s)
{
    const char *serial = form_value(m->body, "serial");
    double type = strtod(form_value(m->body, "limit_type"), NULL);
    double value = strtod(form_value(m->body, "limit_value"), NULL);

    for (unsigned i = 0; i < d->count; i++) {
        struct inverter *v = d->inverter[i];
        if (strncmp(serial, v->serial, strlen(v->serial)) == 0)
            plant_command(d, v, type == 0 ? value : value * v->rated_w / 100, now_s);
    }
    snprintf(p->body, sizeof p->body, "{\"type\":\"success\",\"code\":1001}");
}

const char *opendtu_page(struct plant *p, struct dtu *d, const struct message *m, double now_s)
{
    static const char live[] = "/api/livedata/status", one[] = "/api/livedata/status?inv=";

    plant_hear(p, d, now_s);
    if (strncmp(m->path, one, strlen(one)) == 0)
        put_live(p, d, has_summary(d) ? m->path + strlen(one) : NULL, true, now_s);
    else if (strcmp(m->path, live) == 0)
        put_live(p, d, NULL, !has_summary(d), now_s);
    else if (strcmp(m->path, "/livedata") == 0 && d->pushes)
        put_live(p, d, has_summary(d) ? d->inverter[d->turn++ % d->count]->serial : NULL, true,
                 now_s);
    else if (strcmp(m->path, "/api/system/status") == 0)
        snprintf(p->body, sizeof p->body, "{\"hostname\":\"OpenDTU-1\",\"git_hash\":\"%s\"}",
                 versions[d->shape]);
    else if (d->shape == OPENDTU_2022_10)
        return NULL;
    else if (strcmp(m->path, "/api/inverter/list") == 0)
        put_list(p, d);
    else if (strcmp(m->path, "/api/limit/status") == 0)
        put_limits(p, d);
    else if (strcmp(m->path, "/api/limit/config") == 0)
        take_limit(p, d, m, now_s);
    else
        return NULL;
    return p->body;
}
