#include "edge/sys/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edge/sys/clock.h"

enum { FIRST_CAPACITY = 16, SIGNALS_MAX = 32, SIGNALS_PER_TURN = 64 };

struct loop_fd {
    struct loop *loop;
    loop_fd_fn fn;
    void *user;
    int fd;
    short events;
    bool removed; /* a tombstone: freed when the batch has ended */
};

struct loop {
    int64_t now_ms;
    size_t count, capacity;
    struct loop_fd **fds; /* in order of adding */
    struct pollfd *polls; /* made of them in each turn: polls[i] is about fds[i] */
    bool in_batch;        /* between poll(2) and the end of its callbacks: nothing moves */
    bool stopped;
    int code;
    struct loop_timer
        timers;              /* list head: armed, sorted by due_ms, equal ones in order of arming */
    struct loop_timer batch; /* list head: due in this turn */
    struct loop_fd *signal_fd;
    int signal_pipe;
    struct {
        loop_signal_fn fn;
        void *user;
        struct sigaction before;
    } signals[SIGNALS_MAX];
};

/*
 * Where the signal handler writes to. A pipe and not a signalfd: the handler also sees signals that
 * the kernel delivers to a helper thread, and emulators of user programs support it fully.
 */
static volatile sig_atomic_t signal_pipe_in = -1;

static void list_init(struct loop_timer *head)
{
    head->next = head->prev = head;
}

static bool list_empty(const struct loop_timer *head)
{
    return head->next == head;
}

static void list_insert_before(struct loop_timer *place, struct loop_timer *t)
{
    t->next = place;
    t->prev = place->prev;
    place->prev->next = t;
    place->prev = t;
}

static void list_remove(struct loop_timer *t)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what is in a list has both neighbours */
    t->prev->next = t->next;
    t->next->prev = t->prev;
    t->next = t->prev = NULL;
}

static void insert_sorted(struct loop *l, struct loop_timer *t)
{
    struct loop_timer *place = &l->timers;

    /* From the end: what is armed last is mostly due last. */
    while (place->prev != &l->timers && place->prev->due_ms > t->due_ms)
        place = place->prev;
    list_insert_before(place, t);
}

struct loop *loop_create(void)
{
    struct loop *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    signal(SIGPIPE, SIG_IGN); /* a peer that has gone is an error of write(2), no reason to die */
    list_init(&l->timers);
    list_init(&l->batch);
    l->signal_pipe = -1;
    l->now_ms = clock_now_ms();
    return l;
}

static void disarm_all(struct loop_timer *head)
{
    while (!list_empty(head))
        loop_timer_disarm(head->next);
}

static void release_signals(struct loop *l)
{
    if (l->signal_pipe < 0)
        return;
    for (int s = 1; s < SIGNALS_MAX; s++) {
        if (l->signals[s].fn)
            sigaction(s, &l->signals[s].before, NULL);
    }
    loop_fd_remove(l->signal_fd);
    close(signal_pipe_in);
    signal_pipe_in = -1;
    close(l->signal_pipe);
}

void loop_destroy(struct loop *l)
{
    if (!l)
        return;
    release_signals(l);
    disarm_all(&l->timers);
    disarm_all(&l->batch);
    for (size_t i = 0; i < l->count; i++)
        free(l->fds[i]);
    free(l->fds);
    free(l->polls);
    free(l);
}

int64_t loop_now_ms(const struct loop *l)
{
    return l->now_ms;
}

/* ---- descriptors ---- */

static bool make_room(struct loop *l)
{
    size_t capacity = l->capacity ? l->capacity * 2 : FIRST_CAPACITY;

    if (l->count < l->capacity)
        return true;
    struct loop_fd **fds = realloc(l->fds, capacity * sizeof(struct loop_fd *));
    if (!fds)
        return false;
    l->fds = fds;
    struct pollfd *polls = realloc(l->polls, capacity * sizeof(struct pollfd));
    if (!polls)
        return false;
    l->polls = polls;
    l->capacity = capacity;
    return true;
}

struct loop_fd *loop_fd_add(struct loop *l, int fd, short events, loop_fd_fn fn, void *user)
{
    if (fcntl(fd, F_GETFD) < 0 || !make_room(l))
        return NULL;
    struct loop_fd *f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    *f = (struct loop_fd){.loop = l, .fn = fn, .user = user, .fd = fd, .events = events};
    l->fds[l->count++] = f;
    return f;
}

void loop_fd_events(struct loop_fd *f, short events)
{
    f->events = events;
}

static void bury(struct loop *l)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->count; i++) {
        if (l->fds[i]->removed)
            free(l->fds[i]);
        else
            l->fds[kept++] = l->fds[i];
    }
    l->count = kept;
}

void loop_fd_remove(struct loop_fd *f)
{
    if (!f)
        return;
    f->removed = true;
    if (!f->loop->in_batch)
        bury(f->loop);
}

/* What watches nothing shows poll(2) no descriptor, since POLLHUP cannot be masked. */
static void describe(const struct loop *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct loop_fd *f = l->fds[i];
        l->polls[i] = (struct pollfd){.fd = f->events ? f->fd : -1, .events = f->events};
    }
}

/* The first so many: what is added meanwhile was not waited for. */
static void run_fds(const struct loop *l, size_t polled)
{
    for (size_t i = 0; i < polled && !l->stopped; i++) {
        struct loop_fd *f = l->fds[i];
        short happened = (short)(l->polls[i].revents & (f->events | POLLERR | POLLHUP));

        if (l->polls[i].revents & POLLNVAL)
            f->events = 0; /* closed, against the rule: it would never let the loop sleep again */
        /* An earlier callback of this batch may not want it any more. */
        if (!f->removed && f->events && happened)
            f->fn(f->user, f->fd, happened);
    }
}

/* ---- timers ---- */

void loop_timer_init(struct loop_timer *t, struct loop *l, loop_fn fn, void *user)
{
    *t = (struct loop_timer){.loop = l, .fn = fn, .user = user, .due_ms = -1};
}

bool loop_timer_armed(const struct loop_timer *t)
{
    return t->next != NULL;
}

void loop_timer_arm(struct loop_timer *t, int64_t delay_ms)
{
    if (loop_timer_armed(t))
        list_remove(t);
    /* From the true present and not from the turn's beginning: a slow callback shortens no delay. */
    t->due_ms = clock_now_ms() + (delay_ms > 0 ? delay_ms : 0);
    insert_sorted(t->loop, t);
}

void loop_timer_disarm(struct loop_timer *t)
{
    if (loop_timer_armed(t))
        list_remove(t);
    t->due_ms = -1;
}

static void run_timers(struct loop *l)
{
    /* What a callback arms goes to l->timers, and so waits for the next turn. */
    while (!list_empty(&l->timers) && l->timers.next->due_ms <= l->now_ms) {
        struct loop_timer *t = l->timers.next;
        list_remove(t);
        list_insert_before(&l->batch, t);
    }
    while (!list_empty(&l->batch) && !l->stopped) {
        struct loop_timer *t = l->batch.next;
        loop_timer_disarm(t);
        t->fn(t->user);
    }
    while (!list_empty(&l->batch)) { /* stopped amid the batch: the rest stays armed */
        struct loop_timer *t = l->batch.next;
        list_remove(t);
        insert_sorted(l, t);
    }
}

static int next_timeout(const struct loop *l)
{
    if (list_empty(&l->timers))
        return -1;
    int64_t left = l->timers.next->due_ms - clock_now_ms();
    if (left <= 0)
        return 0;
    return left < INT_MAX ? (int)left : INT_MAX;
}

/* ---- running ---- */

static int turn(struct loop *l)
{
    size_t polled = l->count;

    describe(l);
    int ready = clock_poll(l->polls, polled, next_timeout(l));
    if (ready < 0 && errno != EINTR && errno != EAGAIN)
        return -errno;
    l->now_ms = clock_now_ms();
    l->in_batch = true;
    run_timers(l);
    if (ready > 0)
        run_fds(l, polled);
    l->in_batch = false;
    bury(l);
    return 0;
}

int loop_run(struct loop *l)
{
    while (!l->stopped) {
        int error = turn(l);
        if (error < 0)
            return error;
    }
    l->stopped = false;
    return l->code;
}

void loop_stop(struct loop *l, int code)
{
    l->stopped = true;
    l->code = code;
}

/* ---- signals ---- */

static void on_signal(int signal)
{
    int before = errno;
    unsigned char byte = (unsigned char)signal;

    /* A full pipe holds thousands of undelivered signals already: losing one more is harmless. */
    if (write(signal_pipe_in, &byte, 1) < 0)
        errno = before;
    errno = before;
}

static void deliver_signals(void *user, int fd, short revents)
{
    struct loop *l = user;
    unsigned char bytes[SIGNALS_PER_TURN];
    ssize_t got = read(fd, bytes, sizeof(bytes));

    (void)revents;
    for (ssize_t i = 0; i < got && !l->stopped; i++) {
        if (bytes[i] < SIGNALS_MAX && l->signals[bytes[i]].fn)
            l->signals[bytes[i]].fn(l->signals[bytes[i]].user, bytes[i]);
    }
}

static int open_signal_pipe(struct loop *l)
{
    int ends[2];

    if (signal_pipe_in >= 0)
        return -EBUSY; /* another loop of this process has them */
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    l->signal_fd = loop_fd_add(l, ends[0], POLLIN, deliver_signals, l);
    if (!l->signal_fd) {
        close(ends[0]);
        close(ends[1]);
        return -ENOMEM;
    }
    l->signal_pipe = ends[0];
    signal_pipe_in = ends[1];
    return 0;
}

int loop_signal(struct loop *l, int signal, loop_signal_fn fn, void *user)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;

    if (signal <= 0 || signal >= SIGNALS_MAX)
        return -EINVAL;
    if (l->signal_pipe < 0) {
        int error = open_signal_pipe(l);
        if (error < 0)
            return error;
    }
    sigemptyset(&action.sa_mask);
    if (sigaction(signal, &action, &before) < 0)
        return -errno;
    if (!l->signals[signal].fn)
        l->signals[signal].before = before;
    l->signals[signal].fn = fn;
    l->signals[signal].user = user;
    return 0;
}
