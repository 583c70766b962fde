#include "edge/bus/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

enum { SERVICES_MAX = 256 };

/* The program's own, which the tests of devices do not count: they ask for it by its name. */
static const char own_name[] = "com.victronenergy.opendtu";

struct item {
    char *path, *text;
    struct value value;
};

struct service {
    char name[128];
    struct service_events events;
    bool taken; /* somebody has the name */
    struct loop_timer outcome;
    bool own;
    size_t count;
    struct item *items;
    bool changed;
};

static struct service *services[SERVICES_MAX];
unsigned long world_signals;

static world_watch_fn watcher;
static void *watcher_user;

void world_reset_clock(void);
void world_reset_settings(void);
void world_reset_directory(void);

void world_reset(void)
{
    world_reset_clock();
    world_reset_settings();
    world_reset_directory();
    world_signals = 0;
    watcher = NULL;
}

void world_watch(world_watch_fn fn, void *user)
{
    watcher = fn;
    watcher_user = user;
}

const char *world_service_at(size_t n)
{
    for (size_t i = 0; i < SERVICES_MAX; i++)
        if (services[i] && !services[i]->own && n-- == 0)
            return services[i]->name;
    return NULL;
}

struct service *world_service(const char *name)
{
    for (size_t i = 0; i < SERVICES_MAX; i++)
        if (services[i] && !strcmp(services[i]->name, name))
            return services[i];
    return NULL;
}

size_t world_service_count(void)
{
    size_t n = 0;
    for (size_t i = 0; i < SERVICES_MAX; i++)
        n += services[i] && !services[i]->own;
    return n;
}

/* Where it was last time comes first: services of one class have the same rows, and who watches asks for few of them. */
struct value world_value(const char *name, const char *path)
{
    static size_t places[64];
    const struct service *s = world_service(name);
    size_t *last = &places[((uintptr_t)path / 4) % (sizeof places / sizeof places[0])];

    if (s && *last < s->count && !strcmp(s->items[*last].path, path))
        return s->items[*last].value;
    for (*last = 0; s && *last < s->count; (*last)++)
        if (!strcmp(s->items[*last].path, path))
            return s->items[*last].value;
    return value_invalid();
}

int world_write(const char *name, const char *path, const struct value *value)
{
    const struct service *s = world_service(name);

    for (size_t i = 0; s && i < s->count; i++)
        if (!strcmp(s->items[i].path, path))
            return s->events.write(s->events.user, i, value);
    return SERVICE_REFUSED;
}

/* What the bus says of the name, a turn later. */
static void on_outcome(void *user)
{
    const struct service *s = user;

    if (s->taken)
        s->events.failed(s->events.user, -EEXIST, "taken");
    else if (s->events.there)
        s->events.there(s->events.user);
}

struct service *service_create(struct loop *l, const char *name, const struct service_item *items,
                               size_t count, const struct service_events *events, char *why,
                               size_t why_size)
{
    (void)why;
    (void)why_size;
    size_t place = 0;
    while (place < SERVICES_MAX && services[place])
        place++;
    struct service *s = calloc(1, sizeof *s);
    if (!s || place == SERVICES_MAX)
        abort();
    snprintf(s->name, sizeof s->name, "%s", name);
    s->events = *events;
    s->taken = world_service(name) != NULL;
    s->own = strcmp(name, own_name) == 0;
    for (size_t i = 0; i < count; i++)
        (void)service_add(s, &items[i]);
    s->changed = false;
    loop_timer_init(&s->outcome, l, on_outcome, s);
    loop_timer_arm(&s->outcome, 0);
    if (s->taken)
        return s;
    services[place] = s;
    if (watcher && !s->own)
        watcher(watcher_user, s->name);
    return s;
}

int service_add(struct service *s, const struct service_item *item)
{
    struct item *items = realloc(s->items, (s->count + 1) * sizeof *items);

    if (!items)
        abort();
    s->items = items;
    items[s->count++] = (struct item){.path = strdup(item->path)};
    service_set(s, s->count - 1, &item->value);
    return 0;
}

void service_destroy(struct service *s)
{
    for (size_t i = 0; s && i < SERVICES_MAX; i++)
        if (services[i] == s)
            services[i] = NULL;
    if (!s)
        return;
    loop_timer_disarm(&s->outcome);
    for (size_t i = 0; i < s->count; i++) {
        free(s->items[i].path);
        free(s->items[i].text);
    }
    free(s->items);
    free(s);
}

void service_set(struct service *s, size_t item, const struct value *value)
{
    struct item *i = &s->items[item];
    char *text = value->type == VALUE_STRING ? strdup(value->s) : NULL;

    if (value_equal(&i->value, value)) {
        free(text);
        return;
    }
    free(i->text);
    i->text = text;
    i->value = *value;
    if (text)
        i->value.s = text;
    s->changed = true;
}

void service_flush(struct service *s)
{
    if (s->changed && watcher && !s->own)
        watcher(watcher_user, s->name);
    world_signals += s->changed && !s->own;
    s->changed = false;
}

const char *service_name(const struct service *s)
{
    return s->name;
}
