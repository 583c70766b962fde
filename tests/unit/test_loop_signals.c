/* The signals of the event loop, and that it may be stopped before it runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "edge/sys/loop.h"
#include "unit/support/loop_fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(test_signals),
        LOOP_TEST(test_signal_interrupts_poll),
        LOOP_TEST(test_signals_are_given_back),
        LOOP_TEST(test_stop_before_run),
    };

    return cmocka_run_group_tests_name("loop signals", tests, NULL, NULL);
}
