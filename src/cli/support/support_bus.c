#include "cli/support/support_bus.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/name.h"
#include "core/value.h"
#include "edge/bus/monitor.h"
#include "edge/sys/loop.h"

enum { WAIT_MS = 5000, ITEM_TEXT_MAX = MONITOR_TEXT_MAX + 16 };

struct service_text {
    char *name, *items;
    size_t size;
    FILE *out; /* into items */
    struct service_text *next;
};

struct looking {
    struct loop *loop;
    struct service_text *services;
    char why[160]; /* "": the bus is there */
};

static void *on_came(void *user, const char *name)
{
    struct looking *l = user;
    struct service_text *s = name_is_of_our_kind(name) ? calloc(1, sizeof *s) : NULL;

    if (!s)
        return NULL;
    s->name = strdup(name);
    s->out = open_memstream(&s->items, &s->size);
    s->next = l->services;
    l->services = s;
    return s;
}

/* What has gone is shown all the same. */
static void on_gone(void *user, void *service)
{
    (void)user;
    (void)service;
}

/* Whether the program itself publishes such a path, of whatever class. */
static bool is_row(const char *path)
{
    for (size_t c = 0; venus_classes[c]; c++) {
        for (size_t i = 0; i < venus_classes[c]->row_count; i++) {
            if (strcmp(venus_classes[c]->rows[i].path, path) == 0)
                return true;
        }
    }
    return false;
}

/* Texts on paths of another program's services are nobody's business. */
static void on_item(void *user, void *service, const char *path, const struct value *value)
{
    const struct service_text *s = service;
    char text[ITEM_TEXT_MAX];

    (void)user;
    if (s->out)
        fprintf(s->out, "  %-26s %s\n", path,
                !is_row(path) && (value->type == VALUE_STRING || value->type == VALUE_STRINGS)
                    ? "(removed)"
                    : value_text(value, TEXT_PLAIN, text, sizeof text));
}

static void on_news(void *user, void *service, enum monitor_news news)
{
    const struct service_text *s = service;

    (void)user;
    if (s->out && news == MONITOR_SILENT)
        fputs("  (it does not reply)\n", s->out);
    else if (s->out && news == MONITOR_UPDATED)
        fputs("  (above: announced meanwhile)\n", s->out);
}

static void on_end(void *user)
{
    const struct looking *l = user;
    loop_stop(l->loop, 0);
}

static int by_name(const void *a, const void *b)
{
    const struct service_text *x = *(struct service_text *const *)a,
                              *y = *(struct service_text *const *)b;
    return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

static void print(FILE *out, const struct looking *l)
{
    struct service_text *list[MONITOR_SERVICES_MAX] = {NULL};
    size_t n = 0;

    for (struct service_text *s = l->services; s && n < MONITOR_SERVICES_MAX; s = s->next)
        list[n++] = s;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): it is pointers that are sorted */
    qsort(list, n, sizeof list[0], by_name);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s\n%s", list[i]->name ? list[i]->name : "",
                list[i]->items ? list[i]->items : "");
    if (n == 0)
        fputs("no service of dbus-opendtu is on the bus\n", out);
}

static void on_failed(void *user, const char *why)
{
    struct looking *l = user;

    snprintf(l->why, sizeof l->why, "%s", why);
    loop_stop(l->loop, 0);
}

static void look(struct looking *l, FILE *out)
{
    const struct monitor_events events = {.came = on_came,
                                          .gone = on_gone,
                                          .item = on_item,
                                          .news = on_news,
                                          .settled = on_end,
                                          .failed = on_failed,
                                          .lost = on_end,
                                          .user = l};
    struct loop_timer limit = {0};
    struct monitor *b = monitor_create(l->loop, &events);

    if (b) {
        loop_timer_init(&limit, l->loop, on_end, l);
        loop_timer_arm(&limit, WAIT_MS);
        (void)loop_run(l->loop);
        loop_timer_disarm(&limit);
        monitor_destroy(b);
    } else {
        on_failed(l, "out of memory");
    }
    if (*l->why) {
        fprintf(out, "the D-Bus cannot be reached: %s\n", l->why);
        return;
    }
    for (struct service_text *s = l->services; s; s = s->next)
        if (s->out)
            fclose(s->out);
    print(out, l);
}

void support_bus(FILE *out)
{
    struct looking l = {.loop = loop_create()};

    if (l.loop)
        look(&l, out);
    while (l.services) {
        struct service_text *s = l.services;
        l.services = s->next;
        free(s->name);
        free(s->items);
        free(s);
    }
    loop_destroy(l.loop);
}
