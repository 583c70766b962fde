/*
 * The event loop: poll(2), timers that lie in their owners, signals as events.
 *
 * Callbacks are short and never block. A callback may add, change or remove anything, itself
 * included: a removed entry is a tombstone until the batch has ended, and is not called any more.
 * Never re-enter a library from its own callback: arm a 0 ms timer.
 *
 * One thread. Errors of the system (no memory, no descriptors) come back as negative errno.
 */
#ifndef DTU_EDGE_LOOP_H
#define DTU_EDGE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_fd;

/* revents: POLLIN, POLLOUT, POLLERR, POLLHUP as from poll(2). */
typedef void (*loop_fd_fn)(void *user, int fd, short revents);
typedef void (*loop_fn)(void *user);
typedef void (*loop_signal_fn)(void *user, int signal);

/* A timer lies in its owner's struct; zero it, or use loop_timer_init. Fields are the loop's. */
struct loop_timer {
    struct loop *loop;
    loop_fn fn;
    void *user;
    int64_t due_ms; /* monotonic; -1 while not armed */
    struct loop_timer *next, *prev;
};

/* NULL when out of memory or descriptors. Makes the process ignore SIGPIPE. */
struct loop *loop_create(void);
void loop_destroy(struct loop *l);

/* Runs until loop_stop(); returns its code, or negative errno when the wait itself fails. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l, int code);

/*
 * Watches a descriptor: one entry for each. It stays the caller's, who removes the entry before closing it. A
 * file is always ready. NULL when out of memory, or fd is none.
 */
struct loop_fd *loop_fd_add(struct loop *l, int fd, short events, loop_fd_fn fn, void *user);
void loop_fd_events(struct loop_fd *f, short events); /* 0 keeps the entry but does not watch */
void loop_fd_remove(struct loop_fd *f);               /* NULL is fine */

void loop_timer_init(struct loop_timer *t, struct loop *l, loop_fn fn, void *user);
/* Once, delay_ms from now (0: in the next turn, never in this one). Re-arming moves it. */
void loop_timer_arm(struct loop_timer *t, int64_t delay_ms);
void loop_timer_disarm(struct loop_timer *t); /* harmless when not armed */
bool loop_timer_armed(const struct loop_timer *t);

/* The loop's time: clock_now_ms() as of the beginning of this turn. */
int64_t loop_now_ms(const struct loop *l);

/* Delivers a signal as an event (signalfd or self-pipe). One handler per signal. 0 or -errno. */
int loop_signal(struct loop *l, int signal, loop_signal_fn fn, void *user);

#endif
