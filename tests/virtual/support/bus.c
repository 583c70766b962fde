/* A bus on which nothing ever happens: what would use it has a stand-in of its own. */
#include "edge/bus.h"

#include <stdio.h>
#include <stdlib.h>

struct bus {
    struct loop *loop;
};

struct bus *bus_open(struct loop *l, loop_fn lost, void *user, char *why, size_t why_size)
{
    struct bus *b = calloc(1, sizeof *b);

    (void)lost;
    (void)user;
    if (!b)
        snprintf(why, why_size, "out of memory");
    else
        b->loop = l;
    return b;
}

struct bus *bus_open_system(struct loop *l, loop_fn lost, void *user, char *why, size_t why_size)
{
    return bus_open(l, lost, user, why, why_size);
}

void bus_close(struct bus *b)
{
    free(b);
}

/* Nobody who runs here may look at it. */
DBusConnection *bus_connection(struct bus *b)
{
    (void)b;
    abort();
}

int bus_request_name(struct bus *b, const char *name, char *why, size_t why_size)
{
    (void)b;
    (void)name;
    (void)why;
    (void)why_size;
    return 0;
}
