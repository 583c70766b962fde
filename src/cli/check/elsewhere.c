#include "cli/check/elsewhere.h"

#include <string.h>

#include "core/name.h"
#include "core/text.h"
#include "edge/bus/bus.h"
#include "edge/bus/monitor.h"
#include "edge/sys/loop.h"

enum { WAIT_MS = 3000 };

struct looking {
    struct loop *loop;
    struct elsewhere *found;
    struct bus *bus;
    size_t asked; /* which of them the question under way is about */
    DBusPendingCall *pending;
};

static void *on_came(void *user, const char *name)
{
    struct elsewhere *e = ((struct looking *)user)->found;

    if (!name_is_of_our_kind(name) || e->count == ELSEWHERE_MAX)
        return NULL;
    struct elsewhere_service *s = &e->services[e->count++];
    *s = (struct elsewhere_service){.instance = -1};
    text_copy(s->name, sizeof s->name, name);
    return s;
}

/* What goes meanwhile is nobody's. */
static void on_gone(void *user, void *service)
{
    (void)user;
    ((struct elsewhere_service *)service)->serial[0] = '\0';
}

static void on_item(void *user, void *service, const char *path, const struct value *value)
{
    struct elsewhere_service *s = service;

    (void)user;
    if (strcmp(path, "/Serial") == 0 && value->type == VALUE_STRING)
        text_copy(s->serial, sizeof s->serial, value->s);
    else if (strcmp(path, "/Mgmt/Connection") == 0 && value->type == VALUE_STRING)
        text_copy(s->connection, sizeof s->connection, value->s);
    else if (strcmp(path, "/DeviceInstance") == 0 && value->type == VALUE_INT)
        s->instance = value->i;
}

static void on_news(void *user, void *service, enum monitor_news news)
{
    (void)user;
    (void)service;
    (void)news;
}

static void on_end(void *user)
{
    loop_stop(((struct looking *)user)->loop, 0);
}

static void on_failed(void *user, const char *why)
{
    (void)why;
    on_end(user);
}

/* Until everything is there, the bus has gone, or it takes too long. */
static void run(struct looking *l)
{
    struct loop_timer limit = {0};

    loop_timer_init(&limit, l->loop, on_end, l);
    loop_timer_arm(&limit, WAIT_MS);
    (void)loop_run(l->loop);
    loop_timer_disarm(&limit);
}

static void read_services(struct looking *l)
{
    const struct monitor_events events = {.came = on_came,
                                          .gone = on_gone,
                                          .item = on_item,
                                          .news = on_news,
                                          .settled = on_end,
                                          .failed = on_failed,
                                          .lost = on_end,
                                          .user = l};
    struct monitor *m = monitor_create(l->loop, &events);

    if (m)
        run(l);
    monitor_destroy(m);
}

/* ---- Whose they are ---- */

static void ask_next(struct looking *l);

static void on_process(DBusPendingCall *pending, void *user)
{
    struct looking *l = user;

    (void)pending;
    l->found->services[l->asked++].process = bus_take_process(&l->pending);
    ask_next(l);
}

static void ask_next(struct looking *l)
{
    if (l->asked == l->found->count || !bus_ask_process(l->bus, l->found->services[l->asked].name,
                                                        WAIT_MS, &l->pending, on_process, l))
        loop_stop(l->loop, 0);
}

static void on_ready(void *user)
{
    ask_next(user);
}

/* What could not be told, and what has gone meanwhile, is nobody's. */
static void sort_out(struct elsewhere *e, size_t known, long own)
{
    size_t kept = 0;

    for (size_t i = 0; i < known; i++) {
        e->services[i].own = own > 0 && e->services[i].process == own;
        if (e->services[i].process)
            e->services[kept++] = e->services[i];
    }
    e->count = kept;
}

static void ask_for_processes(struct looking *l)
{
    const struct bus_events events = {.ready = on_ready,
                                      .failed = on_failed,
                                      .lost = on_end,
                                      .user = l};

    l->bus = bus_open(l->loop, &events);
    if (l->bus)
        run(l);
    bus_drop_call(&l->pending);
    bus_close(l->bus);
}

void elsewhere_look(struct elsewhere *e, long own)
{
    struct looking l = {.loop = loop_create(), .found = e};

    e->count = 0;
    if (l.loop) {
        read_services(&l);
        if (e->count > 0)
            ask_for_processes(&l);
        sort_out(e, l.asked, own);
    }
    loop_destroy(l.loop);
}

const struct elsewhere_service *elsewhere_find(const struct elsewhere *e, const char *serial,
                                               bool own)
{
    for (size_t i = 0; i < e->count; i++)
        if (e->services[i].own == own && serial_equal(e->services[i].serial, serial))
            return &e->services[i];
    return NULL;
}
