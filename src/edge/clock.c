#include "edge/clock.h"

#include <time.h>

int64_t clock_now_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int clock_wait(int epoll, struct epoll_event *ready, int max, int timeout_ms)
{
    return epoll_wait(epoll, ready, max, timeout_ms);
}
