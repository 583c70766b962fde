#include "unit/support/bus_now.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/support/run_for.h"

enum { TURN_MS = 1, TURNS = 20000 };

/* One at a time: a test has one thread, and waits for each. */
static struct {
    bool over;
    int err;
    char why[200];
    DBusPendingCall *naming;
    char name[256];
} now;

static void wait_until_over(struct loop *l)
{
    for (int i = 0; i < TURNS && !now.over; i++)
        run_loop_for(l, TURN_MS);
    if (!now.over)
        abort();
}

static void begin(void)
{
    now.over = false;
    now.err = 0;
    now.why[0] = '\0';
}

static void on_over(void *user)
{
    now.over = true;
}

static void on_error(int err, const char *why)
{
    now.over = true;
    now.err = err;
    snprintf(now.why, sizeof now.why, "%s", why);
}

static void on_bus_failed(void *user, const char *why)
{
    on_error(-ENOTCONN, why);
}

static void on_service_failed(void *user, int err, const char *why)
{
    on_error(err, why);
}

struct bus *bus_open_now(struct loop *l, const struct bus_events *events, char *why,
                         size_t why_size)
{
    struct bus_events all = {0};

    if (events)
        all = *events;
    all.ready = on_over;
    all.failed = on_bus_failed;
    begin();
    struct bus *b = bus_open(l, &all);
    if (b)
        wait_until_over(l);
    else
        on_error(-ENOMEM, "out of memory");
    if (!now.err)
        return b;
    snprintf(why, why_size, "%s", now.why);
    bus_close(b);
    return NULL;
}

static void on_named(DBusPendingCall *pending, void *user)
{
    now.err = bus_take_name(&now.naming, now.name, now.why, sizeof now.why);
    now.over = true;
}

int bus_request_name_now(struct loop *l, struct bus *b, const char *name, char *why,
                         size_t why_size)
{
    begin();
    snprintf(now.name, sizeof now.name, "%s", name);
    if (bus_request_name(b, name, &now.naming, on_named, NULL))
        wait_until_over(l);
    else
        on_error(-ENOMEM, "out of memory, or no bus");
    snprintf(why, why_size, "%s", now.why);
    return now.err;
}

struct service *service_create_now(struct loop *l, const char *name,
                                   const struct service_item *items, size_t count,
                                   const struct service_events *events, int *err, char *why,
                                   size_t why_size)
{
    struct service_events all = *events;

    all.there = on_over;
    all.failed = on_service_failed;
    begin();
    struct service *s = service_create(l, name, items, count, &all, why, why_size);
    if (s) {
        wait_until_over(l);
        snprintf(why, why_size, "%s", now.why);
    } else {
        now.err = -EINVAL;
    }
    if (err)
        *err = now.err;
    if (!now.err)
        return s;
    service_destroy(s);
    return NULL;
}
