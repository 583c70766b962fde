/* The services of other processes, as a test has them come and go. */
#include "edge/bus/instances.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/name.h"
#include "core/reading.h"
#include "world.h"

#define PREFIX "com.victronenergy."

struct other {
    char name[128]; /* "": free */
    char serial[SERIAL_MAX];
    int instance;
    bool news;
};

struct instances {
    struct instances_events events;
    struct loop_timer deliver;
    bool told_ready;
};

static struct other others[INSTANCES_MAX];
static struct instances *directory;

void world_reset_directory(void);
void world_reset_directory(void)
{
    memset(others, 0, sizeof others);
}

static struct other *find(const char *name)
{
    for (size_t i = 0; i < INSTANCES_MAX; i++)
        if (!strcmp(others[i].name, name))
            return &others[i];
    return NULL;
}

void world_other(const char *service, int instance)
{
    world_other_with(service, instance, "");
}

void world_other_with(const char *service, int instance, const char *serial)
{
    struct other *o = find(service);

    if (!o)
        o = find("");
    if (!o)
        abort();
    snprintf(o->name, sizeof o->name, "%s", service);
    snprintf(o->serial, sizeof o->serial, "%s", serial);
    o->instance = instance;
    o->news = directory && directory->told_ready;
    if (o->news)
        loop_timer_arm(&directory->deliver, 0);
}

void world_other_gone(const char *service)
{
    struct other *o = find(service);
    if (o)
        *o = (struct other){0};
}

static void deliver(void *user)
{
    struct instances *d = user;

    loop_timer_arm(&d->deliver, 0);
    if (!d->told_ready) {
        d->told_ready = true;
        if (d->events.ready)
            d->events.ready(d->events.user);
        return;
    }
    for (size_t i = 0; i < INSTANCES_MAX; i++) {
        if (!others[i].news)
            continue;
        const struct other copy = others[i];
        others[i].news = false;
        if (d->events.appeared)
            d->events.appeared(d->events.user, copy.name, copy.instance);
        return;
    }
    loop_timer_disarm(&d->deliver);
}

struct instances *instances_create(struct loop *l, struct bus *bus,
                                   const struct instances_events *events, char *why,
                                   size_t why_size)
{
    struct instances *d = calloc(1, sizeof *d);

    (void)bus;
    if (directory || !d) {
        snprintf(why, why_size, "there is a directory already, or no memory");
        free(d);
        return NULL;
    }
    d->events = *events;
    loop_timer_init(&d->deliver, l, deliver, d);
    loop_timer_arm(&d->deliver, 0);
    directory = d;
    return d;
}

void instances_destroy(struct instances *d)
{
    if (!d)
        return;
    loop_timer_disarm(&d->deliver);
    directory = NULL;
    free(d);
}

const char *instances_find(const struct instances *d, const char *class, int instance)
{
    size_t len = strlen(class);

    for (size_t i = 0; i < INSTANCES_MAX; i++) {
        const char *theirs = others[i].name + strlen(PREFIX);
        if (*others[i].name && others[i].instance == instance && !strncmp(theirs, class, len) &&
            theirs[len] == '.' &&
            !(d->events.ours && d->events.ours(d->events.user, others[i].name)))
            return others[i].name;
    }
    return NULL;
}

const char *instances_find_serial(const struct instances *d, const char *serial)
{
    for (size_t i = 0; i < INSTANCES_MAX; i++)
        if (*others[i].name && name_is_of_our_kind(others[i].name) &&
            serial_equal(others[i].serial, serial) &&
            !(d->events.ours && d->events.ours(d->events.user, others[i].name)))
            return others[i].name;
    return NULL;
}

/* They answer at once. */
bool instances_has_heard(const struct instances *d, const char *name)
{
    (void)d;
    (void)name;
    return true;
}
