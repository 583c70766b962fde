#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "edge/log.h"
#include "edge/service.h"

enum { BUS_RETRY_MS = 10 * 1000 };

struct unit {
    const struct unit_env *env;
    const struct device_conf *conf;
    const struct venus_class *class;
    struct device *device;
    struct service *service;     /* NULL until the device is known, and while the name is taken */
    const struct map_row **rows; /* one per item of the service, in its order */
    size_t row_count;
    struct loop_timer bus_retry, deadline;
    struct log_fault bus_fault, fall_fault, jump_fault;
    bool known; /* which inverter this is */
    bool fed;   /* in the present cycle */
};

static void show(struct unit *u)
{
    if (!u->service || u->env->dry_run)
        return;
    const struct device_view *view = device_view(u->device);
    for (size_t i = 0; i < u->row_count; i++) {
        struct value v = map_value(u->rows[i], view);
        service_set(u->service, i, &v);
    }
    service_flush(u->service);
}

/* Paths that the GX screen may set. Whatever else a row calls writable is a mistake of its table. */
static int on_write(void *user, size_t item, const struct value *value)
{
    struct unit *u = user;

    switch (u->rows[item]->source) {
    case MAP_NAME:
        if (value->type != VALUE_STRING || strlen(value->s) >= NAME_MAX_BYTES)
            return SERVICE_REFUSED;
        device_set_custom_name(u->device, value->s);
        break;
    case MAP_POSITION:
        if (value->type != VALUE_INT || value->i < 0 || value->i > 2)
            return SERVICE_REFUSED;
        device_set_position(u->device, value->i);
        break;
    case MAP_PHASE_SETTING:
        if (device_view(u->device)->phase == PHASE_3P || value->type != VALUE_INT || value->i < 1 ||
            value->i > PHASES)
            return SERVICE_REFUSED;
        device_set_phase(u->device, value->i);
        show(u);
        break;
    default:
        return SERVICE_REFUSED;
    }
    struct value accepted = map_value(u->rows[item], device_view(u->device));
    service_set(u->service, item, &accepted);
    u->env->settled(u->env->user);
    return SERVICE_ACCEPTED;
}

static void on_bus_lost(void *user)
{
    struct unit *u = user;
    u->env->bus_lost(u->env->user);
}

/* What a dry run keeps from the bus: all that was measured. */
static bool is_measured(const struct map_row *row)
{
    return row->source == MAP_FIELD || row->source == MAP_STRING;
}

static size_t collect_rows(struct unit *u, struct service_item *items)
{
    const struct device_view *view = device_view(u->device);
    size_t n = 0;

    for (size_t i = 0; i < u->class->row_count; i++) {
        const struct map_row *row = &u->class->rows[i];
        if (!map_applies(row, view))
            continue;
        u->rows[n] = row;
        items[n++] = (struct service_item){
            .path = row->path,
            .description = row->help,
            .text = row->text,
            .writable = row->writable,
            .value = u->env->dry_run && is_measured(row) ? value_invalid() : map_value(row, view),
        };
    }
    return n;
}

static void appear(void *user)
{
    struct unit *u = user;
    const struct service_events events = {.write = on_write, .lost = on_bus_lost, .user = u};
    char name[CONF_TEXT_MAX + 32];
    char why[160] = "out of memory";
    int err = 0;

    struct service_item *items = calloc(u->class->row_count, sizeof *items);
    if (items) {
        u->row_count = collect_rows(u, items);
        snprintf(name, sizeof name, "%s.http_%d", u->conf->service,
                 device_view(u->device)->instance);
        u->service =
            service_create(u->env->loop, name, items, u->row_count, &events, &err, why, sizeof why);
        free(items);
    }
    if (!u->service) {
        log_fault(&u->bus_fault, loop_now_ms(u->env->loop), LOG_ERROR, "%s: not on the bus: %s%s",
                  u->conf->section, why,
                  err == -EEXIST ? ": give it another DeviceInstance, or stop the other program"
                                 : "");
        loop_timer_arm(&u->bus_retry, BUS_RETRY_MS);
        return;
    }
    log_recovered(&u->bus_fault, loop_now_ms(u->env->loop), "%s: %s is on the bus",
                  u->conf->section, name);
    log_line(LOG_INFO, "%s: inverter %s (%s) is %s", u->conf->section,
             device_view(u->device)->serial, device_view(u->device)->name, name);
    show(u);
}

static void disappear(struct unit *u)
{
    service_destroy(u->service);
    u->service = NULL;
    loop_timer_disarm(&u->bus_retry);
}

/* ErrorMode=timeout runs out between two polls. */
static void on_deadline(void *user)
{
    struct unit *u = user;
    if (device_miss(u->device, loop_now_ms(u->env->loop)))
        show(u);
}

struct unit *unit_create(const struct unit_env *env, const struct device_conf *conf,
                         const struct device_memory *memory)
{
    bool class_known;
    struct unit *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->env = env;
    u->conf = conf;
    u->class = venus_class_find(conf->service, &class_known);
    if (!class_known)
        log_line(LOG_WARNING,
                 "%s: Servicename %s is not a class this program knows; it gets a meter's paths",
                 conf->section, conf->service);
    u->rows = calloc(u->class->row_count, sizeof(struct map_row *));
    u->device = device_create(conf, memory);
    loop_timer_init(&u->bus_retry, env->loop, appear, u);
    loop_timer_init(&u->deadline, env->loop, on_deadline, u);
    if (!u->rows || !u->device) {
        unit_destroy(u);
        return NULL;
    }
    device_set_class(u->device, class_known ? u->class->name : NULL);
    if (memory && memory->serial[0]) {
        u->known = true;
        appear(u);
    }
    return u;
}

void unit_destroy(struct unit *u)
{
    if (!u)
        return;
    disappear(u);
    loop_timer_disarm(&u->deadline);
    device_destroy(u->device);
    free(u->rows);
    free(u);
}

const struct device_conf *unit_conf(const struct unit *u)
{
    return u->conf;
}

void unit_replace(struct unit *u, const char *serial)
{
    struct device_memory memory;
    device_remember(u->device, &memory);
    log_line(LOG_WARNING, "%s: inverter %s has gone from its gateway; %s stands in its place now",
             u->conf->section, memory.serial, serial);
    text_copy(memory.serial, sizeof memory.serial, serial);
    memory.id[0] = memory.name[0] = '\0';
    memory.energy_kwh = MISSING;
    memory.offset_kwh = 0;
    memory.max_power_w = MISSING;
    memory.phases = memory.strings = 0;

    struct device *device = device_create(u->conf, &memory);
    if (!device)
        return;
    device_set_class(device, device_view(u->device)->class);
    device_health(device, device_view(u->device)->health);
    disappear(u);
    device_destroy(u->device);
    u->device = device;
    u->known = false;
}

static const char *state_name(enum device_state state)
{
    switch (state) {
    case DEVICE_START:
        return "waiting for its first values";
    case DEVICE_RUNNING:
        return "running";
    case DEVICE_NIGHT:
        return "out of the gateway's reach (night?): 0 W, energy kept";
    case DEVICE_ERROR:
        return "without values for too long: 0 W, energy kept";
    }
    return "";
}

static void log_events(struct unit *u, unsigned events)
{
    const struct device_view *view = device_view(u->device);
    int64_t now = loop_now_ms(u->env->loop);

    if (events & DEVICE_CHANGED_STATE)
        log_line(view->state == DEVICE_ERROR ? LOG_WARNING : LOG_INFO, "%s: inverter %s is %s",
                 u->conf->section, view->serial, state_name(view->state));
    if (events & DEVICE_ENERGY_HELD)
        log_fault(
            &u->fall_fault, now, LOG_INFO,
            "%s: its energy counter fell; the value of before is held until that is confirmed",
            u->conf->section);
    if (events & DEVICE_ENERGY_RESET)
        log_line(LOG_WARNING, "%s: its energy counter was reset; it goes on at %.3f kWh",
                 u->conf->section, view->value[FIELD_ENERGY_FORWARD][0]);
    if (events & DEVICE_ENERGY_JUMP)
        log_fault(&u->jump_fault, now, LOG_WARNING,
                  "%s: an impossible jump of its energy was dropped", u->conf->section);
}

static void log_dry_run(const struct unit *u)
{
    const struct device_view *view = device_view(u->device);
    log_line(LOG_INFO, "DryRun: %s (%s): %.1f W, %.1f V, %.2f A, %.3f kWh; nothing is published",
             u->conf->section, view->serial, view->value[FIELD_POWER][0],
             view->value[FIELD_VOLTAGE][0], view->value[FIELD_CURRENT][0],
             view->value[FIELD_ENERGY_FORWARD][0]);
}

void unit_feed(struct unit *u, const struct reading *r, double latency_ms)
{
    unsigned events = device_feed(u->device, r, latency_ms, loop_now_ms(u->env->loop));

    u->fed = true;
    loop_timer_disarm(&u->deadline);
    log_events(u, events);
    if (u->env->dry_run)
        log_dry_run(u);
    if (!u->known) {
        u->known = true;
        appear(u);
        u->env->settled(u->env->user);
    } else if ((events & DEVICE_SHAPE_CHANGED) && u->service) {
        disappear(u);
        appear(u);
        u->env->settled(u->env->user);
    } else {
        show(u);
    }
}

void unit_cycle(struct unit *u)
{
    if (u->fed || !u->known) {
        u->fed = false;
        return;
    }
    int64_t now = loop_now_ms(u->env->loop);
    unsigned events = device_miss(u->device, now);
    log_events(u, events);
    show(u); /* sends nothing but what changed: the state, or the gateway's health */
    int64_t due = device_deadline(u->device);
    if (due >= 0)
        loop_timer_arm(&u->deadline, due > now ? due - now : 0);
}

void unit_gateway(struct unit *u, const struct gateway_info *info)
{
    device_gateway(u->device, info);
}

void unit_health(struct unit *u, const struct health *health)
{
    device_health(u->device, health);
}

void unit_remember(const struct unit *u, struct device_memory *out)
{
    device_remember(u->device, out);
}

void unit_sign_of_life(const struct unit *u)
{
    const struct device_view *view = device_view(u->device);
    if (u->known)
        log_line(LOG_INFO, "%s: inverter %s: /Ac/Power %.0f W, %s", u->conf->section, view->serial,
                 view->value[FIELD_POWER][0], state_name(view->state));
    else
        log_line(LOG_INFO, "%s: its gateway has not shown it yet", u->conf->section);
}
