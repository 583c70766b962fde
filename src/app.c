#include "app.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/conf.h"
#include "edge/file.h"
#include "edge/http.h"
#include "edge/log.h"
#include "gateway.h"
#include "memory.h"
#include "unit.h"
#include "version.h"

enum {
    PATH_LEN = 512,
    CONFIG_FILE_MAX = 1024 * 1024,
    LOOK_AGAIN_MS = 5 * 1000, /* at a configuration with faults */
    SETTLE_MS = 2 * 1000,    /* after something was learnt: several mostly are, one after another */
    SAVE_MS = 15 * 60 * 1000 /* flash wears out */
};

static const char default_config[] = "/data/dbus-opendtu/config.ini";

struct app {
    struct loop *loop;
    struct http *http;
    struct memory *memory;
    struct unit_env env;
    char config_given[PATH_LEN], state_given[PATH_LEN], config_path[PATH_LEN];
    struct file_stamp config_stamp; /* of the file as last read */
    struct config *config;          /* NULL: none that can be used */
    size_t unit_count, gateway_count;
    struct unit *units[CONF_DEVICES_MAX];
    struct gateway *gateways[CONF_GATEWAYS_MAX];
    struct loop_timer look_again, save, sign_of_life;
};

static void beside_binary(char *out, size_t size)
{
    char exe[PATH_LEN];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n <= 0) {
        snprintf(out, size, "%s", default_config);
        return;
    }
    exe[n] = '\0';
    snprintf(out, size, "%s/config.ini", dirname(exe));
}

static void find_config(struct app *a)
{
    if (a->config_given[0]) {
        memcpy(a->config_path, a->config_given, sizeof a->config_path);
        return;
    }
    beside_binary(a->config_path, sizeof a->config_path);
    if (access(a->config_path, F_OK) != 0 && access(default_config, F_OK) == 0)
        snprintf(a->config_path, sizeof a->config_path, "%s", default_config);
}

static void log_report(const char *path, const struct conf_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct conf_message *m = &report->messages[i];
        enum log_level level = m->severity == CONF_WARNING ? LOG_WARNING : LOG_ERROR;
        if (m->line)
            log_line(level, "%s:%u: %s", path, m->line, m->text);
        else
            log_line(level, "%s: %s", path, m->text);
    }
}

/* NULL when the file cannot be used at all; *clean: it held nothing worse than warnings. */
static struct config *read_config(struct app *a, bool *clean)
{
    struct conf_report report;
    size_t len;

    find_config(a);
    file_stamp(a->config_path, &a->config_stamp);
    char *text = file_read(a->config_path, CONFIG_FILE_MAX, &len);
    if (!text) {
        log_line(LOG_ERROR, "%s: %s. Copy config.example there and set Host", a->config_path,
                 strerror(errno));
        return NULL;
    }
    struct config *config = config_parse(text, &report);
    free(text);
    log_report(a->config_path, &report);
    *clean = report.errors == 0 && report.fatals == 0;
    conf_report_finish(&report);
    return config;
}

static void save_memory(struct app *a)
{
    struct device_memory entry;
    if (!a->memory)
        return;
    for (size_t i = 0; i < a->unit_count; i++) {
        unit_remember(a->units[i], &entry);
        memory_put(a->memory, &entry);
    }
    memory_save(a->memory);
}

static void on_save(void *user)
{
    struct app *a = user;
    save_memory(a);
    loop_timer_arm(&a->save, SAVE_MS);
}

static void on_settled(void *user)
{
    struct app *a = user;
    loop_timer_arm(&a->save, SETTLE_MS);
}

static void on_bus_lost(void *user)
{
    struct app *a = user;
    log_line(LOG_CRITICAL, "the D-Bus has gone; ending, so that the supervisor starts anew");
    loop_stop(a->loop, 1);
}

static void on_sign_of_life(void *user)
{
    struct app *a = user;
    for (size_t i = 0; i < a->unit_count; i++)
        unit_sign_of_life(a->units[i]);
    loop_timer_arm(&a->sign_of_life, (int64_t)a->config->sign_of_life_min * 60 * 1000);
}

static void stop(struct app *a)
{
    loop_timer_disarm(&a->save);
    loop_timer_disarm(&a->sign_of_life);
    for (size_t i = 0; i < a->gateway_count; i++)
        gateway_destroy(a->gateways[i]);
    save_memory(a);
    for (size_t i = 0; i < a->unit_count; i++)
        unit_destroy(a->units[i]);
    a->gateway_count = a->unit_count = 0;
    config_free(a->config);
    a->config = NULL;
}

static void open_memory(struct app *a)
{
    char path[PATH_LEN + 16], folder[PATH_LEN];

    if (a->memory)
        return;
    memcpy(folder, a->config_path, sizeof folder);
    if (a->state_given[0])
        snprintf(path, sizeof path, "%s", a->state_given);
    else
        snprintf(path, sizeof path, "%s/state.json", dirname(folder));
    a->memory = memory_open(path);
}

static bool wanted(const struct config *config, const struct device_conf *device, size_t gateway)
{
    unsigned max = config->gateways[gateway].max_inverters;
    return device->gateway == gateway && (max == 0 || device->index < max);
}

static bool start_gateway(struct app *a, size_t gateway)
{
    struct device_memory *memories = calloc(CONF_DEVICES_MAX, sizeof *memories);
    size_t first = a->unit_count, n = 0;
    bool ok = memories != NULL;

    for (size_t i = 0; ok && i < a->config->device_count; i++) {
        const struct device_conf *device = &a->config->devices[i];
        if (!wanted(a->config, device, gateway))
            continue;
        memories[n] = *memory_get(a->memory, device->section);
        if (strcmp(a->config->gateways[gateway].section, device->section) == 0)
            text_copy(memories[n].id, sizeof memories[n].id, device->section);
        struct unit *u = unit_create(&a->env, device, &memories[n++]);
        if (u)
            a->units[a->unit_count++] = u;
        ok = u != NULL;
    }
    struct gateway *g = ok ? gateway_create(a->loop, a->http, &a->config->gateways[gateway],
                                            &a->units[first], memories, n)
                           : NULL;
    if (g)
        a->gateways[a->gateway_count++] = g;
    free(memories);
    return g != NULL;
}

/* Until instances are claimed on the bus: the first ones that no section asks for. */
static void give_instances(struct config *c)
{
    enum { FIRST_AUTO = 34, INSTANCES = 256 };
    bool taken[INSTANCES] = {false};
    int next = FIRST_AUTO;

    for (size_t i = 0; i < c->device_count; i++)
        if (c->devices[i].instance >= 0)
            taken[c->devices[i].instance] = true;
    for (size_t i = 0; i < c->device_count; i++) {
        if (c->devices[i].instance != CONF_INSTANCE_AUTO)
            continue;
        while (next < INSTANCES - 1 && taken[next])
            next++;
        taken[next] = true;
        c->devices[i].instance = next;
    }
}

static void start(struct app *a, struct config *config)
{
    bool ok = true;

    give_instances(config);
    a->config = config;
    a->env.dry_run = config->dry_run;
    log_set_level(config->log_level);
    open_memory(a);
    for (size_t i = 0; ok && a->memory && i < config->gateway_count; i++)
        ok = start_gateway(a, i);
    if (!ok || !a->memory) {
        log_line(LOG_CRITICAL, "out of memory; ending, so that the supervisor starts anew");
        loop_stop(a->loop, 1);
        return;
    }
    log_line(LOG_INFO, "dbus-opendtu %s: gateways: %zu, devices: %zu, by %s", dtu_version,
             a->gateway_count, a->unit_count, a->config_path);
    loop_timer_arm(&a->save, SAVE_MS);
    if (config->sign_of_life_min > 0)
        loop_timer_arm(&a->sign_of_life, (int64_t)config->sign_of_life_min * 60 * 1000);
}

/* Only while the file has faults: one that changed may be better. */
static void on_look_again(void *user)
{
    struct app *a = user;
    struct file_stamp stamp;

    find_config(a);
    file_stamp(a->config_path, &stamp);
    if (file_stamp_equal(&stamp, &a->config_stamp))
        loop_timer_arm(&a->look_again, LOOK_AGAIN_MS);
    else
        app_reload(a);
}

void app_reload(struct app *a)
{
    bool clean = false;
    struct config *config = read_config(a, &clean);

    if (clean)
        loop_timer_disarm(&a->look_again);
    else
        loop_timer_arm(&a->look_again, LOOK_AGAIN_MS);
    if (a->config && (!config || !clean)) {
        log_line(LOG_ERROR, "%s: refused for these errors; the configuration of before runs on",
                 a->config_path);
        config_free(config);
        return;
    }
    if (!config) {
        log_line(LOG_ERROR, "waiting until %s can be used", a->config_path);
        return;
    }
    stop(a);
    start(a, config);
}

struct app *app_create(struct loop *l, const struct app_options *options)
{
    struct app *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->loop = l;
    a->env =
        (struct unit_env){.loop = l, .bus_lost = on_bus_lost, .settled = on_settled, .user = a};
    if (options->config_path)
        snprintf(a->config_given, sizeof a->config_given, "%s", options->config_path);
    if (options->state_path)
        snprintf(a->state_given, sizeof a->state_given, "%s", options->state_path);
    loop_timer_init(&a->look_again, l, on_look_again, a);
    loop_timer_init(&a->save, l, on_save, a);
    loop_timer_init(&a->sign_of_life, l, on_sign_of_life, a);
    a->http = http_create(l);
    if (!a->http) {
        free(a);
        return NULL;
    }
    app_reload(a);
    return a;
}

void app_destroy(struct app *a)
{
    if (!a)
        return;
    stop(a);
    loop_timer_disarm(&a->look_again);
    http_destroy(a->http);
    memory_close(a->memory);
    free(a);
}
