#include "edge/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "edge/clock.h"

enum { READY_MAX = 32, SIGNALS_MAX = 32, SIGNALS_PER_TURN = 64 };

_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
                   EPOLLHUP == POLLHUP,
               "what is looked for and what has happened goes through as it is");

struct loop_fd {
    struct loop *loop;
    struct source *source;
    struct loop_fd *next; /* of the same source, in order of adding */
    loop_fd_fn fn;
    void *user;
    short events;
    bool removed; /* a tombstone: freed when the batch has ended */
};

/* A descriptor, and who watches it. */
struct source {
    struct source *next;
    struct loop_fd *first, *last;
    int fd;            /* -1: nobody does any more */
    bool always_ready; /* a file or the like: epoll(7) refuses what poll(2) calls always ready */
};

struct loop {
    int64_t now_ms;
    int epoll;
    struct source *sources;
    size_t always_ready; /* how many sources are so */
    bool in_batch;       /* between epoll_wait(2) and the end of its callbacks: nothing is freed */
    bool tombstones;
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
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0) {
        free(l);
        return NULL;
    }
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

static void free_sources(struct loop *l)
{
    for (struct source *s = l->sources, *next; s; s = next) {
        next = s->next;
        for (struct loop_fd *f = s->first, *after; f; f = after) {
            after = f->next;
            free(f);
        }
        free(s);
    }
}

void loop_destroy(struct loop *l)
{
    if (!l)
        return;
    release_signals(l);
    disarm_all(&l->timers);
    disarm_all(&l->batch);
    free_sources(l);
    close(l->epoll);
    free(l);
}

int64_t loop_now_ms(const struct loop *l)
{
    return l->now_ms;
}

/* ---- descriptors ---- */

static short wanted(const struct source *s)
{
    int events = 0;

    for (const struct loop_fd *f = s->first; f; f = f->next)
        events |= f->removed ? 0 : f->events;
    return (short)events;
}

/*
 * What nobody wants anything of stays known, so that to want it again cannot fail. It would still say POLLHUP,
 * each time: once, with EPOLLONESHOT. 0 or -errno.
 */
static int tell(const struct loop *l, struct source *s)
{
    short events = wanted(s);
    struct epoll_event e = {.events = events ? (uint32_t)events : (uint32_t)EPOLLONESHOT,
                            .data.ptr = s};

    if (s->always_ready || epoll_ctl(l->epoll, EPOLL_CTL_MOD, s->fd, &e) == 0)
        return 0;
    /* Not known yet, or closed by its owner since, and the number is that of another one. */
    if (errno == ENOENT && epoll_ctl(l->epoll, EPOLL_CTL_ADD, s->fd, &e) == 0)
        return 0;
    return -errno;
}

static struct source *find_source(const struct loop *l, int fd)
{
    for (struct source *s = l->sources; s; s = s->next) {
        if (s->fd == fd)
            return s;
    }
    return NULL;
}

static struct source *add_source(struct loop *l, int fd)
{
    struct source *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->fd = fd;
    s->next = l->sources;
    l->sources = s;
    return s;
}

static void append(struct source *s, struct loop_fd *f)
{
    if (s->last)
        s->last->next = f;
    else
        s->first = f;
    s->last = f;
}

/* Frees the tombstones of a source; whether no entry is left. */
static bool bury_entries(struct source *s)
{
    struct loop_fd **link = &s->first, *f;

    s->last = NULL;
    while ((f = *link)) {
        if (f->removed) {
            *link = f->next;
            free(f);
        } else {
            s->last = f;
            link = &f->next;
        }
    }
    return !s->first;
}

static void bury(struct loop *l)
{
    struct source **link = &l->sources, *s;

    if (!l->tombstones || l->in_batch)
        return;
    l->tombstones = false;
    while ((s = *link)) {
        if (bury_entries(s)) {
            *link = s->next;
            l->always_ready -= s->always_ready;
            free(s);
        } else {
            link = &s->next;
        }
    }
}

static bool has_entries(const struct source *s)
{
    for (const struct loop_fd *f = s->first; f; f = f->next) {
        if (!f->removed)
            return true;
    }
    return false;
}

struct loop_fd *loop_fd_add(struct loop *l, int fd, short events, loop_fd_fn fn, void *user)
{
    struct loop_fd *f = fd < 0 ? NULL : calloc(1, sizeof(*f));
    struct source *s = f ? find_source(l, fd) : NULL;

    if (f && !s)
        s = add_source(l, fd);
    if (!s) {
        free(f);
        return NULL;
    }
    *f = (struct loop_fd){.loop = l, .source = s, .fn = fn, .user = user, .events = events};
    append(s, f);
    int error = tell(l, s);
    if (error == -EPERM) {
        s->always_ready = true;
        l->always_ready++;
    } else if (error) {
        loop_fd_remove(f);
        return NULL;
    }
    return f;
}

void loop_fd_events(struct loop_fd *f, short events)
{
    if (f->events == events)
        return;
    f->events = events;
    (void)tell(f->loop, f->source); /* it is known: nothing that can fail */
}

void loop_fd_remove(struct loop_fd *f)
{
    if (!f)
        return;
    struct loop *l = f->loop;
    struct source *s = f->source;
    f->removed = true;
    l->tombstones = true;
    if (has_entries(s)) {
        (void)tell(l, s);
    } else {
        epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->fd, NULL);
        s->fd = -1;
    }
    bury(l);
}

/* What is added meanwhile was not waited for. */
static void run_source(const struct loop *l, const struct source *s, short happened)
{
    const struct loop_fd *last = s->last;

    for (const struct loop_fd *f = s->first; f && !l->stopped; f = f == last ? NULL : f->next) {
        short now = (short)(happened & (f->events | POLLERR | POLLHUP));

        /* An earlier callback of this batch may not want it any more. */
        if (!f->removed && f->events && now)
            f->fn(f->user, s->fd, now);
    }
}

static bool any_always_ready(const struct loop *l)
{
    for (const struct source *s = l->always_ready ? l->sources : NULL; s; s = s->next) {
        if (s->always_ready && wanted(s))
            return true;
    }
    return false;
}

static void run_always_ready(const struct loop *l)
{
    for (const struct source *s = l->always_ready ? l->sources : NULL; s; s = s->next) {
        if (s->always_ready)
            run_source(l, s, POLLIN | POLLOUT);
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
    if (any_always_ready(l))
        return 0;
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
    struct epoll_event ready[READY_MAX];
    int count = clock_wait(l->epoll, ready, READY_MAX, next_timeout(l));

    if (count < 0 && errno != EINTR)
        return -errno;
    l->now_ms = clock_now_ms();
    l->in_batch = true;
    run_timers(l);
    for (int i = 0; i < count && !l->stopped; i++)
        run_source(l, ready[i].data.ptr, (short)ready[i].events);
    run_always_ready(l);
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
