/* The event loop: order, removal from within callbacks, signals, and that it sleeps when idle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "edge/sys/clock.h"
#include "edge/sys/loop.h"

static struct loop *loop;

static int set_up(void **state)
{
    loop = loop_create();
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    loop_destroy(loop);
    return 0;
}

static void make_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
}

static void close_pipe(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static void stop_zero(void *user)
{
    loop_stop(loop, 0);
}

/* ---- timers ---- */

static char order[64];

static void note(void *user)
{
    strncat(order, user, sizeof(order) - strlen(order) - 1);
}

static void test_timers_run_in_order(void **state)
{
    struct loop_timer a, b, c, d, end;

    order[0] = '\0';
    loop_timer_init(&a, loop, note, (void *)"a");
    loop_timer_init(&b, loop, note, (void *)"b");
    loop_timer_init(&c, loop, note, (void *)"c");
    loop_timer_init(&d, loop, note, (void *)"d");
    loop_timer_init(&end, loop, stop_zero, NULL);
    loop_timer_arm(&c, 20);
    loop_timer_arm(&a, 5);
    loop_timer_arm(&d, 20); /* as c, but later */
    loop_timer_arm(&b, 10);
    loop_timer_arm(&end, 40);
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(order, "abcd");
    assert_false(loop_timer_armed(&a));
}

static void test_rearming_moves(void **state)
{
    struct loop_timer a, b, end;

    order[0] = '\0';
    loop_timer_init(&a, loop, note, (void *)"a");
    loop_timer_init(&b, loop, note, (void *)"b");
    loop_timer_init(&end, loop, stop_zero, NULL);
    loop_timer_arm(&a, 5);
    loop_timer_arm(&b, 10);
    loop_timer_arm(&a, 20);
    loop_timer_arm(&end, 30);
    loop_run(loop);
    assert_string_equal(order, "ba");
}

static void test_disarmed_never_runs(void **state)
{
    struct loop_timer a, end;
    struct loop_timer zero = {0};

    order[0] = '\0';
    loop_timer_init(&a, loop, note, (void *)"a");
    loop_timer_init(&end, loop, stop_zero, NULL);
    loop_timer_arm(&a, 1);
    assert_true(loop_timer_armed(&a));
    loop_timer_disarm(&a);
    loop_timer_disarm(&a);
    loop_timer_disarm(&zero);
    assert_false(loop_timer_armed(&a));
    assert_false(loop_timer_armed(&zero));
    loop_timer_arm(&end, 10);
    loop_run(loop);
    assert_string_equal(order, "");
}

/* Two are due in the same turn; the first to run takes the other away. */
static struct loop_timer rivals[2];
static int rival_runs;

static void disarm_rivals(void *user)
{
    rival_runs++;
    loop_timer_disarm(&rivals[0]);
    loop_timer_disarm(&rivals[1]);
}

static void test_timer_disarms_another_of_its_turn(void **state)
{
    struct loop_timer end;

    rival_runs = 0;
    loop_timer_init(&rivals[0], loop, disarm_rivals, NULL);
    loop_timer_init(&rivals[1], loop, disarm_rivals, NULL);
    loop_timer_init(&end, loop, stop_zero, NULL);
    loop_timer_arm(&rivals[0], 0);
    loop_timer_arm(&rivals[1], 0);
    loop_timer_arm(&end, 10);
    loop_run(loop);
    assert_int_equal(rival_runs, 1);
}

/* A 0 ms timer that arms itself must let a ready descriptor through between any two of its runs. */
struct zero {
    struct loop_timer timer;
    int runs, reads, runs_at_first_read;
    int fd;
};

static void on_zero(void *user)
{
    struct zero *z = user;

    if (++z->runs == 5)
        loop_stop(loop, 0);
    else
        loop_timer_arm(&z->timer, 0);
}

static void count_read(void *user, int fd, short revents)
{
    struct zero *z = user;

    if (z->reads++ == 0)
        z->runs_at_first_read = z->runs;
}

static void test_zero_timer_waits_for_next_turn(void **state)
{
    struct zero z = {0};
    int ends[2];

    make_pipe(ends);
    assert_int_equal(write(ends[1], "x", 1), 1);
    struct loop_fd *f = loop_fd_add(loop, ends[0], POLLIN, count_read, &z);
    loop_timer_init(&z.timer, loop, on_zero, &z);
    loop_timer_arm(&z.timer, 0);
    loop_run(loop);
    assert_int_equal(z.runs, 5);
    assert_int_equal(z.runs_at_first_read, 1);
    assert_int_equal(z.reads, 4); /* the fifth run stopped the loop within its turn */
    loop_fd_remove(f);
    close_pipe(ends);
}

static struct loop_timer freed_timer_owner;

static void free_self(void *user)
{
    free(user);
}

static void test_timer_may_free_itself(void **state)
{
    struct loop_timer *t = calloc(1, sizeof(*t));

    loop_timer_init(t, loop, free_self, t);
    loop_timer_arm(t, 0);
    loop_timer_init(&freed_timer_owner, loop, stop_zero, NULL);
    loop_timer_arm(&freed_timer_owner, 5);
    assert_int_equal(loop_run(loop), 0);
}

static void stop_seven(void *user)
{
    loop_stop(loop, 7);
}

static void test_stop_keeps_the_rest_of_the_batch(void **state)
{
    struct loop_timer first, second, end;

    order[0] = '\0';
    loop_timer_init(&first, loop, stop_seven, NULL);
    loop_timer_init(&second, loop, note, (void *)"s");
    loop_timer_init(&end, loop, stop_zero, NULL);
    loop_timer_arm(&first, 0);
    loop_timer_arm(&second, 0);
    assert_int_equal(loop_run(loop), 7);
    assert_string_equal(order, "");
    assert_true(loop_timer_armed(&second));
    loop_timer_arm(&end, 5);
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(order, "s");
}

static void sleep_and_arm(void *user)
{
    struct timespec pause = {.tv_nsec = 30 * 1000000};

    nanosleep(&pause, NULL);
    loop_timer_arm(user, 20);
}

static int64_t fired_ms;

static void note_time(void *user)
{
    fired_ms = clock_now_ms();
    loop_stop(loop, 0);
}

static void test_delay_counts_from_the_call(void **state)
{
    struct loop_timer slow, t;

    loop_timer_init(&t, loop, note_time, NULL);
    loop_timer_init(&slow, loop, sleep_and_arm, &t);
    loop_timer_arm(&slow, 0);
    int64_t began_ms = clock_now_ms();
    loop_run(loop);
    assert_in_range(fired_ms - began_ms, 49, 2000);
}

static int64_t seen_now_ms[2];

static void note_now_twice(void *user)
{
    struct timespec pause = {.tv_nsec = 5 * 1000000};

    seen_now_ms[0] = loop_now_ms(loop);
    nanosleep(&pause, NULL);
    seen_now_ms[1] = loop_now_ms(loop);
    loop_stop(loop, 0);
}

static void test_now_stands_still_within_a_turn(void **state)
{
    struct loop_timer t;

    loop_timer_init(&t, loop, note_now_twice, NULL);
    loop_timer_arm(&t, 0);
    loop_run(loop);
    assert_int_equal(seen_now_ms[0], seen_now_ms[1]);
}

static void test_many_timers(void **state)
{
    static struct loop_timer many[64];
    struct loop_timer end;

    order[0] = '\0';
    for (size_t i = 0; i < 64; i++) {
        loop_timer_init(&many[i], loop, note, (void *)"x");
        loop_timer_arm(&many[i], (int64_t)(i * 37 % 20));
    }
    for (size_t i = 0; i < 64; i += 2)
        loop_timer_disarm(&many[i]);
    loop_timer_init(&end, loop, stop_zero, NULL);
    loop_timer_arm(&end, 30);
    loop_run(loop);
    assert_int_equal(strlen(order), 32);
}

/* ---- descriptors ---- */

enum { WATCHED = 4 };

struct watched {
    int ends[2], fds[WATCHED]; /* all of them copies of the first end */
    struct loop_fd *watch[WATCHED];
    int runs;
    size_t remove; /* how many of them the first callback takes away */
};

static void remove_some(void *user, int fd, short revents)
{
    struct watched *w = user;

    w->runs++;
    for (size_t i = 0; i < w->remove; i++) {
        loop_fd_remove(w->watch[i]);
        w->watch[i] = NULL;
    }
    w->remove = 0;
}

static void run_for(int64_t ms)
{
    struct loop_timer end;

    loop_timer_init(&end, loop, stop_zero, NULL);
    loop_timer_arm(&end, ms);
    assert_int_equal(loop_run(loop), 0);
}

static void watch_all(struct watched *w)
{
    make_pipe(w->ends);
    assert_int_equal(write(w->ends[1], "x", 1), 1);
    for (size_t i = 0; i < WATCHED; i++) {
        w->fds[i] = dup(w->ends[0]);
        w->watch[i] = loop_fd_add(loop, w->fds[i], POLLIN, remove_some, w);
    }
}

static void unwatch_all(struct watched *w)
{
    for (size_t i = 0; i < WATCHED; i++) {
        loop_fd_remove(w->watch[i]);
        close(w->fds[i]);
    }
    close_pipe(w->ends);
}

static void check_removal(size_t remove, int expected)
{
    struct watched w = {.remove = remove};

    watch_all(&w);
    run_for(3);
    assert_true(w.runs >= expected);
    for (size_t i = 0; i < WATCHED; i++) {
        loop_fd_remove(w.watch[i]);
        w.watch[i] = NULL;
    }
    int after = w.runs;
    run_for(3);
    assert_int_equal(w.runs, after);
    unwatch_all(&w);
}

static void test_removing_itself(void **state)
{
    check_removal(1, 4);
}

static void test_removing_others(void **state)
{
    check_removal(3, 2);
}

static void test_removing_all(void **state)
{
    struct watched w = {.remove = WATCHED};

    watch_all(&w);
    run_for(5);
    assert_int_equal(w.runs, 1); /* the other three were ready as well, and were not called */
    unwatch_all(&w);
}

struct replacement {
    struct loop_fd *old, *new;
    int old_runs, new_runs;
};

static void on_new(void *user, int fd, short revents)
{
    struct replacement *r = user;

    r->new_runs++;
    loop_fd_remove(r->new);
    r->new = NULL;
    loop_stop(loop, 0);
}

static void replace(void *user, int fd, short revents)
{
    struct replacement *r = user;

    r->old_runs++;
    loop_fd_remove(r->old);
    r->old = NULL;
    for (int i = 0; i < 100; i++) /* the table moves while it is walked */
        loop_fd_remove(loop_fd_add(loop, fd, POLLIN, on_new, r));
    r->new = loop_fd_add(loop, fd, POLLIN, on_new, r);
}

static void test_adding_in_a_callback(void **state)
{
    struct replacement r = {0};
    int ends[2];

    make_pipe(ends);
    assert_int_equal(write(ends[1], "x", 1), 1);
    r.old = loop_fd_add(loop, ends[0], POLLIN, replace, &r);
    loop_run(loop);
    assert_int_equal(r.old_runs, 1);
    assert_int_equal(r.new_runs, 1);
    close_pipe(ends);
}

struct both {
    int in, out;
};

static void on_both(void *user, int fd, short revents)
{
    struct both *b = user;

    b->in += (revents & POLLIN) != 0;
    b->out += (revents & POLLOUT) != 0;
    loop_stop(loop, 0);
}

static void test_reading_and_writing(void **state)
{
    struct both b = {0};
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC); /* always readable and writable */
    struct loop_fd *f = loop_fd_add(loop, fd, POLLIN | POLLOUT, on_both, &b);

    loop_run(loop);
    assert_int_equal(b.in, 1);
    assert_int_equal(b.out, 1);
    loop_fd_events(f, POLLOUT);
    loop_run(loop);
    assert_int_equal(b.in, 1);
    assert_int_equal(b.out, 2);
    loop_fd_events(f, POLLIN);
    loop_run(loop);
    assert_int_equal(b.in, 2);
    assert_int_equal(b.out, 2);
    loop_fd_remove(f);
    close(fd);
}

static int hang_ups;

static void on_hang_up(void *user, int fd, short revents)
{
    if (revents & POLLHUP)
        hang_ups++;
}

static void test_nothing_watched_means_not_even_hang_up(void **state)
{
    int ends[2];

    make_pipe(ends);
    close(ends[1]);
    struct loop_fd *f = loop_fd_add(loop, ends[0], 0, on_hang_up, NULL);
    hang_ups = 0;
    run_for(5);
    assert_int_equal(hang_ups, 0);
    loop_fd_events(f, POLLIN);
    run_for(2);
    assert_true(hang_ups > 0);
    loop_fd_remove(f);
    close(ends[0]);
}

static void assert_sleeps(void)
{
    struct timespec before, after;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    run_for(300);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    int64_t cpu_us =
        (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;
    assert_in_range(cpu_us, 0, 150 * 1000); /* awake, it would have been all of it */
}

/* A hang-up that nobody wants to know of must not keep the loop awake: poll(2) cannot mask it. */
static void test_a_muted_hang_up_lets_it_sleep(void **state)
{
    int ends[2];

    make_pipe(ends);
    struct loop_fd *f = loop_fd_add(loop, ends[0], POLLIN, on_hang_up, NULL);
    loop_fd_events(f, 0);
    close(ends[1]);
    assert_sleeps();
    loop_fd_remove(f);
    close(ends[0]);
}

/* Against the rule, and still. */
static void test_what_is_closed_lets_it_sleep(void **state)
{
    int ends[2];

    make_pipe(ends);
    struct loop_fd *f = loop_fd_add(loop, ends[0], POLLIN, on_hang_up, NULL);
    close_pipe(ends);
    hang_ups = 0;
    assert_sleeps();
    assert_int_equal(hang_ups, 0);
    loop_fd_remove(f);
}

enum { CROWD = 100 };

static void count_one(void *user, int fd, short revents)
{
    char byte;

    assert_int_equal(read(fd, &byte, 1), 1);
    ++*(int *)user;
}

static void test_many_are_ready(void **state)
{
    int ends[CROWD][2], runs[CROWD] = {0};
    struct loop_fd *watch[CROWD];

    for (int i = 0; i < CROWD; i++) {
        make_pipe(ends[i]);
        assert_int_equal(write(ends[i][1], "x", 1), 1);
        watch[i] = loop_fd_add(loop, ends[i][0], POLLIN, count_one, &runs[i]);
    }
    run_for(200);
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(runs[i], 1);
        loop_fd_remove(watch[i]);
        close_pipe(ends[i]);
    }
}

static void test_no_descriptor(void **state)
{
    int ends[2];

    assert_null(loop_fd_add(loop, -1, POLLIN, on_new, NULL));
    make_pipe(ends);
    close_pipe(ends);
    assert_null(loop_fd_add(loop, ends[0], POLLIN, on_new, NULL));
    run_for(1);
}

struct toggled {
    struct loop_fd *other;
    int other_runs;
};

static void mute_other(void *user, int fd, short revents)
{
    struct toggled *t = user;

    loop_fd_events(t->other, 0);
}

static void count_other(void *user, int fd, short revents)
{
    ((struct toggled *)user)->other_runs++;
}

/* Against the rule, and still: who watches the number next gets its events. */
static void test_closed_before_it_was_removed(void **state)
{
    struct toggled old = {0}, in = {0}, out = {0};
    int first[2], second[2];

    make_pipe(first);
    struct loop_fd *forgotten = loop_fd_add(loop, first[0], POLLIN, count_other, &old);
    close_pipe(first);
    make_pipe(second);
    assert_int_equal(second[0], first[0]);
    struct loop_fd *writer = loop_fd_add(loop, second[1], POLLOUT, count_other, &out);
    struct loop_fd *reader = loop_fd_add(loop, second[0], POLLIN, count_other, &in);
    loop_fd_remove(forgotten);
    assert_int_equal(write(second[1], "x", 1), 1);
    run_for(5);
    assert_true(in.other_runs > 0);
    assert_true(out.other_runs > 0);
    loop_fd_remove(writer);
    loop_fd_remove(reader);
    close_pipe(second);
}

static void test_muted_in_the_same_turn_is_not_called(void **state)
{
    struct toggled t = {0};
    int ends[2], copy;

    make_pipe(ends);
    copy = dup(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), 1);
    struct loop_fd *first = loop_fd_add(loop, ends[0], POLLIN, mute_other, &t);
    t.other = loop_fd_add(loop, copy, POLLIN, count_other, &t);
    run_for(3);
    assert_int_equal(t.other_runs, 0);
    loop_fd_remove(first);
    loop_fd_remove(t.other);
    loop_fd_remove(NULL);
    close(copy);
    close_pipe(ends);
}

/* ---- signals ---- */

static int signals_seen[32];

static void on_signal(void *user, int signal)
{
    signals_seen[signal]++;
    loop_stop(loop, 0);
}

static void test_signals(void **state)
{
    memset(signals_seen, 0, sizeof(signals_seen));
    assert_int_equal(loop_signal(loop, SIGUSR1, on_signal, NULL), 0);
    assert_int_equal(loop_signal(loop, SIGHUP, on_signal, NULL), 0);
    assert_int_equal(loop_signal(loop, 0, on_signal, NULL), -EINVAL);
    assert_int_equal(loop_signal(loop, SIGKILL, on_signal, NULL), -EINVAL);
    raise(SIGUSR1);
    loop_run(loop);
    raise(SIGHUP);
    loop_run(loop);
    assert_int_equal(signals_seen[SIGUSR1], 1);
    assert_int_equal(signals_seen[SIGHUP], 1);

    struct loop *other = loop_create();
    assert_int_equal(loop_signal(other, SIGUSR2, on_signal, NULL), -EBUSY);
    loop_destroy(other);
}

static void *send_signal(void *thread)
{
    struct timespec pause = {.tv_nsec = 20 * 1000000};

    nanosleep(&pause, NULL);
    pthread_kill(*(pthread_t *)thread, SIGUSR1);
    return NULL;
}

static void test_signal_interrupts_poll(void **state)
{
    pthread_t self = pthread_self(), thread;

    memset(signals_seen, 0, sizeof(signals_seen));
    assert_int_equal(loop_signal(loop, SIGUSR1, on_signal, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, send_signal, &self), 0);
    assert_int_equal(loop_run(loop), 0); /* nothing else would end it */
    pthread_join(thread, NULL);
    assert_int_equal(signals_seen[SIGUSR1], 1);
}

static void test_signals_are_given_back(void **state)
{
    struct sigaction before, after;

    sigaction(SIGUSR2, NULL, &before);
    struct loop *l = loop_create();
    assert_int_equal(loop_signal(l, SIGUSR2, on_signal, NULL), 0);
    loop_destroy(l);
    sigaction(SIGUSR2, NULL, &after);
    assert_true(before.sa_handler == after.sa_handler);
}

static void test_stop_before_run(void **state)
{
    loop_stop(loop, 3);
    assert_int_equal(loop_run(loop), 3);
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(test_timers_run_in_order),
        LOOP_TEST(test_rearming_moves),
        LOOP_TEST(test_disarmed_never_runs),
        LOOP_TEST(test_timer_disarms_another_of_its_turn),
        LOOP_TEST(test_zero_timer_waits_for_next_turn),
        LOOP_TEST(test_timer_may_free_itself),
        LOOP_TEST(test_stop_keeps_the_rest_of_the_batch),
        LOOP_TEST(test_delay_counts_from_the_call),
        LOOP_TEST(test_now_stands_still_within_a_turn),
        LOOP_TEST(test_many_timers),
        LOOP_TEST(test_removing_itself),
        LOOP_TEST(test_removing_others),
        LOOP_TEST(test_removing_all),
        LOOP_TEST(test_adding_in_a_callback),
        LOOP_TEST(test_reading_and_writing),
        LOOP_TEST(test_nothing_watched_means_not_even_hang_up),
        LOOP_TEST(test_muted_in_the_same_turn_is_not_called),
        LOOP_TEST(test_a_muted_hang_up_lets_it_sleep),
        LOOP_TEST(test_what_is_closed_lets_it_sleep),
        LOOP_TEST(test_closed_before_it_was_removed),
        LOOP_TEST(test_many_are_ready),
        LOOP_TEST(test_no_descriptor),
        LOOP_TEST(test_signals),
        LOOP_TEST(test_signal_interrupts_poll),
        LOOP_TEST(test_signals_are_given_back),
        LOOP_TEST(test_stop_before_run),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
