/*
 * Time, in one place, so that a test can put its own time under the whole program.
 */
#ifndef DTU_EDGE_CLOCK_H
#define DTU_EDGE_CLOCK_H

#include <stdint.h>
#include <sys/epoll.h>

/* Monotonic milliseconds. GX devices have no RTC: the wall clock jumps at boot and is not used. */
int64_t clock_now_ms(void);

/* epoll_wait(2), by this clock. Same arguments, result and errno. */
int clock_wait(int epoll, struct epoll_event *ready, int max, int timeout_ms);

#endif
