/* The timers of the event loop: their order, and what a callback may do to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "unit/support/loop_fixture.h"

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
    };

    return cmocka_run_group_tests_name("loop timers", tests, NULL, NULL);
}
