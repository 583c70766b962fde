#include "edge/sys/clock.h"

#include <stdlib.h>

#include "edge/sys/loop.h"
#include "world.h"

enum { START_MS = 1000000 };

static int64_t now_ms = START_MS;
static double unix_s;
unsigned long world_wakeups;

void world_reset_clock(void);
void world_reset_clock(void)
{
    now_ms = START_MS;
    unix_s = 0;
    world_wakeups = 0;
}

int64_t clock_now_ms(void)
{
    return now_ms;
}

/* As on a GX device without a network: 1970 and on. */
double clock_unix_s(void)
{
    return unix_s + (double)(now_ms - START_MS) / 1000;
}

void world_set_unix(double s)
{
    unix_s = s - (double)(now_ms - START_MS) / 1000;
}

/* Nothing ever becomes readable here: time just passes. Waiting for ever would be a hung test. */
int clock_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    (void)fds;
    (void)count;
    if (timeout_ms < 0)
        abort();
    now_ms += timeout_ms;
    world_wakeups++;
    return 0;
}

static void on_end(void *user)
{
    loop_stop(user, 0);
}

void world_run(struct loop *l, int64_t ms)
{
    static struct loop_timer end; /* a failed assertion leaves it armed */
    loop_timer_init(&end, l, on_end, l);
    loop_timer_arm(&end, ms);
    if (loop_run(l) != 0)
        abort();
}
