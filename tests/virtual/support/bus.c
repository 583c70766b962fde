/* A bus on which nothing ever happens: what would use it has a stand-in of its own. */
#include "edge/bus/bus.h"

#include <stdlib.h>

struct bus {
    struct bus_events events;
    struct loop_timer ready;
};

static void on_ready(void *user)
{
    const struct bus *b = user;

    if (b->events.ready)
        b->events.ready(b->events.user);
}

struct bus *bus_open(struct loop *l, const struct bus_events *events)
{
    struct bus *b = calloc(1, sizeof *b);

    if (!b)
        return NULL;
    b->events = *events;
    loop_timer_init(&b->ready, l, on_ready, b);
    loop_timer_arm(&b->ready, 0);
    return b;
}

struct bus *bus_open_system(struct loop *l, const struct bus_events *events)
{
    return bus_open(l, events);
}

void bus_close(struct bus *b)
{
    if (b)
        loop_timer_disarm(&b->ready);
    free(b);
}

/* Nobody who runs here may look at it. */
DBusConnection *bus_connection(struct bus *b)
{
    (void)b;
    abort();
}
