/*
 * Time, in one place, so that a test can put its own time under the whole program.
 */
#ifndef DTU_EDGE_CLOCK_H
#define DTU_EDGE_CLOCK_H

#include <poll.h>
#include <stdint.h>

/* Monotonic milliseconds: what everything goes by. */
int64_t clock_now_ms(void);

/*
 * The wall clock, Unix time in seconds. GX devices have no RTC: it is wrong after a boot, and jumps when the time
 * comes from the network. Whoever takes it judges whether it can be right (sample_age_s()).
 */
double clock_unix_s(void);

/* poll(2), by this clock. Same arguments, result and errno. */
int clock_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

#endif
