/* The descriptors of the event loop: removal from within callbacks, and that it sleeps when idle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "unit/support/loop_fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };

    return cmocka_run_group_tests_name("loop descriptors", tests, NULL, NULL);
}
