/*
 * Time, in one place, so that a test can put its own time under the whole program.
 */
#ifndef DTU_EDGE_CLOCK_H
#define DTU_EDGE_CLOCK_H

#include <poll.h>
#include <stdint.h>

/* Monotonic milliseconds. GX devices have no RTC: the wall clock jumps at boot and is not used. */
int64_t clock_now_ms(void);

/* poll(2), by this clock. Same arguments, result and errno. */
int clock_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

#endif
