#include "virtual/support/ess_house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000, APART_S = 3 };

/* ---- The OpenDTU: every inverter with all that it knows in one reply, as to v24.1 ---- */

unsigned long ess_house_serial(unsigned i)
{
    return 114180000000 + i;
}

static size_t put_inverter(const struct ess_house *f, unsigned i, char *out, size_t size)
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
        i ? "," : "", ess_house_serial(i), i, sun ? "true" : "false",
        inv->power_w > 0 ? "true" : "false", inv->relative_pct,
        inv->relative_pct * inv->max_w / 100, inv->power_w, (unsigned)f->house.now_s / 5 % 10,
        inv->power_w / 230, inv->power_w / 2, inv->power_w / 2);
}

static void put_live(struct ess_house *f)
{
    size_t n = (size_t)snprintf(f->body, sizeof f->body, "{\"inverters\":[");

    for (unsigned i = 0; i < f->house.inverters; i++)
        n += put_inverter(f, i, f->body + n, sizeof f->body - n);
    (void)snprintf(f->body + n, sizeof f->body - n, "]}");
}

static void put_list(struct ess_house *f)
{
    size_t n = (size_t)snprintf(f->body, sizeof f->body, "{\"inverter\":[");

    for (unsigned i = 0; i < f->house.inverters; i++)
        n += (size_t)snprintf(f->body + n, sizeof f->body - n,
                              "%s{\"serial\":\"%lu\",\"command_enable\":true}", i ? "," : "",
                              ess_house_serial(i));
    (void)snprintf(f->body + n, sizeof f->body - n, "]}");
}

static void put_status(struct ess_house *f)
{
    static const char *const names[] = {"Unknown", "Pending", "Ok", "Failure"};
    size_t n = (size_t)snprintf(f->body, sizeof f->body, "{");

    for (unsigned i = 0; i < f->house.inverters; i++) {
        const struct house_inverter *inv = &f->house.inverter[i];
        n += (size_t)snprintf(f->body + n, sizeof f->body - n,
                              "%s\"%lu\":{\"limit_relative\":%.1f,\"max_power\":%.0f,"
                              "\"limit_set_status\":\"%s\"}",
                              i ? "," : "", ess_house_serial(i), inv->relative_pct, inv->max_w,
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

static void take_command(struct ess_house *f, const struct message *m)
{
    unsigned i = (unsigned)(form_number(m->body, "serial") - (double)ess_house_serial(0));
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

static void put_rights(struct ess_house *f, struct world_reply *reply)
{
    f->rights_asked++;
    if (f->old)
        reply->outcome = REPLY_NOT_FOUND;
    else
        put_list(f);
}

static void gateway(void *user, const char *base_url, const struct message *m,
                    struct world_reply *reply)
{
    struct ess_house *f = user;

    bool added = strncmp(base_url, "http://10.", strlen("http://10.")) == 0; /* nobody is there */

    reply->body = f->body;
    reply->delay_ms = 20;
    if (f->away || added)
        reply->outcome = REPLY_UNREACHABLE;
    else if (strcmp(m->path, "/api/livedata/status") == 0 ||
             (f->pushes && strcmp(m->path, "/livedata") == 0))
        put_live(f);
    else if (strcmp(m->path, "/api/inverter/list") == 0)
        put_rights(f, reply);
    else if (f->version && strcmp(m->path, "/api/system/status") == 0)
        (void)snprintf(f->body, sizeof f->body, "{\"git_hash\":\"%s\"}", f->version);
    else if (strcmp(m->path, "/api/limit/status") == 0)
        put_status(f);
    else if (strcmp(m->path, "/api/limit/config") == 0)
        take_command(f, m);
    else
        reply->outcome = REPLY_NOT_FOUND;
}

/* ---- The program ---- */

const char *ess_house_service(unsigned i)
{
    static char name[64];
    (void)snprintf(name, sizeof name, "com.victronenergy.pvinverter.http_%u", 100 + i);
    return name;
}

void ess_house_config(struct ess_house *f)
{
    FILE *file = gx_config(&f->gx);

    fprintf(file,
            "[DEFAULT]\nHost=dtu\nDTU=opendtu\nUsername=admin\nPassword=x\nPowerLimit=1\n"
            "Logging=CRITICAL\nSignOfLifeLog=0\nPush=%d\nAutoAdd=0\n",
            f->pushes);
    for (unsigned i = 0; i < f->house.inverters; i++)
        fprintf(file, "[INVERTER%u]\nSerial=%lu\nDeviceInstance=%u\nMaxPower=%.0f\n", i,
                ess_house_serial(i), 100 + i, f->size_w);
    fclose(file);
}

void ess_house_second(struct ess_house *f)
{
    house_second(&f->house);
    world_run(f->gx.loop, SECOND);
}

int ess_house_setup(void **state)
{
    struct ess_house *f = calloc(1, sizeof *f);

    assert_non_null(f);
    gx_make(&f->gx);
    *state = f;
    return 0;
}

int ess_house_teardown(void **state)
{
    struct ess_house *f = *state;
    int rc = gx_remove(&f->gx);

    free(f);
    return rc;
}

void ess_house_begin(struct ess_house *f, unsigned inverters, double size_w, uint32_t seed)
{
    world_reset();
    world_set_message_gateway(gateway, f);
    f->size_w = size_w;
    f->commands = 0;
    house_init(&f->house, inverters, size_w, seed);
    house_dawn(&f->house);
    f->house.now_s = ESS_HOUSE_STARTS_S;
    for (unsigned i = 0; i < inverters; i++) {
        f->last_sent_s[i] = f->shown_at_s[i] = -1e9;
        f->full_s[i] = f->early[i] = 0;
    }
    gx_forget(&f->gx);
    ess_house_config(f);
    assert_true(gx_start(&f->gx));
}

/* ---- The ESS ---- */

void ess_house_status(const struct ess_house *f, int status[HOUSE_INVERTERS_MAX])
{
    for (unsigned i = 0; i < f->house.inverters; i++) {
        struct value v = world_value(ess_house_service(i), "/StatusCode");
        status[i] = v.type == VALUE_INT ? v.i : 8;
    }
}

void ess_house_write(struct ess_house *f)
{
    int status[HOUSE_INVERTERS_MAX];

    ess_house_status(f, status);
    for (unsigned i = 0; i < f->house.inverters; i++) {
        double w = house_ess_writes(&f->house, i, status);
        struct value v = value_double(w);
        if (has_value(w))
            (void)world_write(ess_house_service(i), "/Ac/PowerLimit", &v);
    }
}

double ess_house_shown_w(unsigned i)
{
    struct value v = world_value(ess_house_service(i), "/Ac/PowerLimit");
    return v.type == VALUE_DOUBLE ? v.d : MISSING;
}
