/* AhoyDTU's pages, from the form with everything inline to today's. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "virtual/decade/plant.h"

static const char *const versions[SHAPES] = {
    [AHOY_0566] = "0.5.66", [AHOY_0593] = "0.5.93", [AHOY_0736] = "0.7.36", [AHOY_08] = "0.8.155"};

static const char names[] =
    "\"ch0_fld_names\":[\"U_AC\",\"I_AC\",\"P_AC\",\"F_AC\",\"PF_AC\",\"Temp\",\"YieldTotal\","
    "\"YieldDay\",\"P_DC\",\"Efficiency\",\"Q_AC\"],"
    "\"fld_names\":[\"U_DC\",\"I_DC\",\"P_DC\",\"YieldDay\",\"YieldTotal\",\"Irradiation\"]";

/* By its own clock, which the network sets a while after its start. */
static double clock_of(const struct dtu *d, double now_s)
{
    return now_s < d->no_time_until_s ? 0 : floor(PLANT_EPOCH_S + now_s);
}

static void put_generic(struct plant *p, struct dtu *d, double now_s, size_t *n)
{
    put(p->body, sizeof p->body, n, "\"generic\":{\"wifi_rssi\":-60,\"esp_type\":\"ESP32\"");
    if (d->shape != AHOY_0566)
        put(p->body, sizeof p->body, n, ",\"version\":\"%s\"", versions[d->shape]);
    if (d->shape >= AHOY_0736)
        put(p->body, sizeof p->body, n, ",\"ts_now\":%.0f", clock_of(d, now_s));
    put(p->body, sizeof p->body, n, "}");
}

/* The time of a packet: 0 while it has none, or had no clock when that came. */
static double stamp_of(const struct dtu *d, const struct packet *t)
{
    return t->at_s < d->no_time_until_s ? 0 : floor(PLANT_EPOCH_S + t->at_s);
}

/* Its owner has named the places: an inverter that is replaced leaves its name to the next one. */
static void put_values(struct plant *p, struct dtu *d, unsigned i, size_t *n)
{
    const struct packet *t = plant_tell(d, d->inverter[i]);

    put(p->body, sizeof p->body, n,
        "\"enabled\":true,\"name\":\"Barn %u\",\"power_limit_read\":65535,\"ts_last_success\":%.0f,"
        "\"ch\":[[%.1f,%.2f,%.1f,%.2f,1,20.5,%.3f,%.0f,%.1f,95.2,0]",
        i, stamp_of(d, t), t->at_s < 0 ? 0 : 231.5, t->power_w / 231.5, t->power_w,
        t->at_s < 0 ? 0 : 49.98, t->total_kwh, t->day_wh, t->power_w);
    for (unsigned s = 0; s < 2; s++)
        put(p->body, sizeof p->body, n, ",[33.1,%.2f,%.1f,%.0f,%.3f,50]", t->power_w / 66.2,
            t->power_w / 2, t->day_wh / 2, t->total_kwh / 2);
    put(p->body, sizeof p->body, n, "],\"%s\":[\"AC\",\"A\",\"B\"]",
        d->shape == AHOY_0566 ? "ch_names" : "ch_name");
}

static void put_live(struct plant *p, struct dtu *d, double now_s)
{
    size_t n = 0;

    put(p->body, sizeof p->body, &n, "{");
    put_generic(p, d, now_s, &n);
    put(p->body, sizeof p->body, &n, ",\"refresh\":15,%s,\"%s\":[", names,
        d->shape == AHOY_0566 ? "inverter" : "iv");
    for (unsigned i = 0; i < d->count; i++) {
        put(p->body, sizeof p->body, &n, "%s", i ? "," : "");
        if (d->shape == AHOY_0566) {
            put(p->body, sizeof p->body, &n, "{");
            put_values(p, d, i, &n);
            put(p->body, sizeof p->body, &n, "}");
        } else {
            put(p->body, sizeof p->body, &n, "true");
        }
    }
    put(p->body, sizeof p->body, &n, d->shape == AHOY_0566 ? "]}" : ",false,false]}");
}

static void put_inverter(struct plant *p, struct dtu *d, unsigned i, double now_s)
{
    size_t n = 0;

    if (i >= d->count) {
        put(p->body, sizeof p->body, &n, "{\"error\":\"ERR_INVALID_INVERTER_ID\"}");
        return;
    }
    const struct inverter *v = d->inverter[i];
    bool heard = v->packet.at_s >= d->off_until_s && now_s - v->packet.at_s < 300;
    put(p->body, sizeof p->body, &n, "{\"id\":%u,\"serial\":\"%s\",", i, v->serial);
    put_values(p, d, i, &n);
    if (d->shape == AHOY_08)
        put(p->body, sizeof p->body, &n, ",\"status\":%d,\"max_pwr\":%.0f,\"generation\":1",
            heard ? 2 : 0, v->rated_w);
    put(p->body, sizeof p->body, &n, "}");
}

static void put_list(struct plant *p, struct dtu *d)
{
    size_t n = 0;

    put(p->body, sizeof p->body, &n, "{\"inverter\":[");
    for (unsigned i = 0; i < d->count; i++)
        put(p->body, sizeof p->body, &n,
            "%s{\"enabled\":true,\"id\":%u,\"name\":\"Barn %u\",\"serial\":\"%s\",\"channels\":2}",
            i ? "," : "", i, i, d->inverter[i]->serial);
    put(p->body, sizeof p->body, &n, "],\"interval\":\"15\"}");
}

const char *ahoy_page(struct plant *p, struct dtu *d, const struct message *m, double now_s)
{
    static const char one[] = "/api/inverter/id/";
    size_t n = 0;

    plant_hear(p, d, now_s);
    if (strcmp(m->path, "/api/live") == 0) {
        put_live(p, d, now_s);
    } else if (strncmp(m->path, one, strlen(one)) == 0 && d->shape != AHOY_0566) {
        put_inverter(p, d, (unsigned)strtoul(m->path + strlen(one), NULL, 10), now_s);
    } else if (strcmp(m->path, "/api/inverter/list") == 0) {
        put_list(p, d);
    } else if (strcmp(m->path, "/api/index") == 0) {
        put(p->body, sizeof p->body, &n, "{");
        put_generic(p, d, now_s, &n);
        put(p->body, sizeof p->body, &n, ",\"ts_now\":%.0f,\"inverter\":[]}", clock_of(d, now_s));
    } else {
        return NULL;
    }
    return p->body;
}
