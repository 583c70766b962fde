#include "cli/discover/announced.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print.h"
#include "edge/bus/mdns_browse.h"

enum { TIME_MS = 4000 };

/* _http._tcp: all that have a web page, among them Tasmota, AhoyDTU and printers. */
static const char *const types[] = {"_opendtu._tcp", "_shelly._tcp", "_hwenergy._tcp",
                                    "_http._tcp"};
enum { TYPES = sizeof types / sizeof types[0] };

struct host {
    struct mdns_service service; /* the first one of its address */
    bool types[TYPES];
};

struct list {
    struct loop *loop;
    size_t count;
    struct host hosts[MDNS_SERVICES_MAX];
    const char *why;
};

static struct host *host_at(struct list *l, const struct mdns_service *s)
{
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->hosts[i].service.address, s->address) == 0)
            return &l->hosts[i];
    }
    if (l->count == MDNS_SERVICES_MAX)
        return NULL;
    l->hosts[l->count] = (struct host){.service = *s};
    return &l->hosts[l->count++];
}

static void on_found(void *user, const struct mdns_service *s)
{
    struct host *host = host_at(user, s);

    for (size_t i = 0; host && i < TYPES; i++) {
        if (strcmp(types[i], s->type) == 0)
            host->types[i] = true;
    }
}

static void on_ended(void *user, const char *why)
{
    struct list *l = user;

    l->why = why;
    loop_stop(l->loop, 0);
}

static int by_address(const void *a, const void *b)
{
    const struct host *one = a, *other = b;
    return strcmp(one->service.address, other->service.address);
}

/* The maker's own service says more than _http._tcp, which nearly all have. */
static void print(struct list *l)
{
    qsort(l->hosts, l->count, sizeof l->hosts[0], by_address);
    print_line(stdout, "%-15s  %-16s  %s", "ADDRESS", "SERVICE", "NAME");
    for (size_t i = 0; i < l->count; i++) {
        const struct host *host = &l->hosts[i];
        size_t n = 0;
        while (n < TYPES - 1 && !host->types[n])
            n++;
        print_line(stdout, "%-15s  %-16s  %s", host->service.address, types[n], host->service.name);
    }
    print_line(stdout, "%s", "");
    print_line(stdout, "Nothing was asked. To ask some what they are, name them:");
    print_line(stdout, "  dbus-opendtu discover %s ...", l->hosts[0].service.address);
}

static int tell(struct list *l)
{
    if (l->count) {
        print(l);
        return 0;
    }
    print_line(stderr, "discover: %s",
               l->why ? l->why : "nothing announces itself in this network");
    print_line(stderr, "discover: name addresses or the subnet to ask: dbus-opendtu discover "
                       "192.168.1.0/24");
    return 1;
}

int announced_print(void)
{
    struct list *l = calloc(1, sizeof *l);
    const struct mdns_browse_events events = {on_found, on_ended, l};
    int code = 1;

    if (l)
        l->loop = loop_create();
    struct mdns_browse *browse =
        l && l->loop ? mdns_browse_create(l->loop, types, TYPES, TIME_MS, &events) : NULL;
    if (browse && loop_run(l->loop) == 0)
        code = tell(l);
    else
        print_line(stderr, "discover: the system failed");
    mdns_browse_destroy(browse);
    if (l)
        loop_destroy(l->loop);
    free(l);
    return code;
}
