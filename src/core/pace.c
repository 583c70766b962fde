#include "core/pace.h"

static int64_t pause(unsigned steps)
{
    int64_t ms = PACE_FIRST_MS;

    for (unsigned i = 1; i < steps && ms < PACE_LONGEST_MS; i++)
        ms *= 2;
    return ms < PACE_LONGEST_MS ? ms : PACE_LONGEST_MS;
}

int64_t pace_wait(const struct pace *p, int64_t now_ms)
{
    if (p->steps == 0)
        return 0;
    int64_t wait = p->last_ms + pause(p->steps) - now_ms;
    return wait > 0 ? wait : 0;
}

void pace_step(struct pace *p, int64_t now_ms)
{
    if (now_ms - p->last_ms >= PACE_FORGET_MS)
        p->steps = 0;
    p->steps++;
    p->last_ms = now_ms;
}
