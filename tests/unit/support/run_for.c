#include "run_for.h"

static void stop(void *user)
{
    loop_stop(user, 0);
}

void run_loop_for(struct loop *l, int64_t ms)
{
    struct loop_timer end;

    loop_timer_init(&end, l, stop, l);
    loop_timer_arm(&end, ms);
    loop_run(l);
    loop_timer_disarm(&end);
}
