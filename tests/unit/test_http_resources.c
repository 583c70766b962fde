/*
 * What requests cost: how often the loop wakes up, which is counted through the clock, and the heap,
 * which does not grow. Against the server of support/server.py, over real sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <time.h>

#include "edge/net/http.h"
#include "edge/sys/clock.h"
#include "unit/support/http_fixture.h"
#include "unit/support/http_server.h"

static unsigned wakeups_by_timer;

int64_t clock_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int clock_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    int ready = poll(fds, count, timeout_ms);

    wakeups_by_timer += ready == 0;
    return ready;
}

/* ---- sleeping ---- */

static void test_wake_ups(void **state)
{
    struct http_peer *p = peer_with(plain_conf());

    ask(p, "/ok");
    wakeups_by_timer = 0;
    for (int i = 0; i < 10; i++)
        ask(p, "/ok"); /* over the kept connection */
    unsigned kept = wakeups_by_timer;
    wakeups_by_timer = 0;
    for (int i = 0; i < 10; i++)
        ask(p, "/close");
    unsigned closed = wakeups_by_timer;
    wakeups_by_timer = 0;
    ask(p, "/delay/600");
    unsigned delayed = wakeups_by_timer;
    wakeups_by_timer = 0;
    run_loop(500); /* whose end is one */
    unsigned idle = wakeups_by_timer;
    print_message("# wake-ups by timers: %u for 10 requests on a kept connection, %u on new ones, "
                  "%u for one of 600 ms, %u while idle\n",
                  kept, closed, delayed, idle - 1);
    assert_in_range(kept, 0, 20);
    assert_in_range(closed, 0, 20);
    assert_in_range(delayed, 0, 2);
    assert_int_equal(idle, 1);
    http_peer_destroy(p);
}

/* ---- memory ---- */

/* AddressSanitizer's own account of the heap; not every gcc ships its header. */
size_t __sanitizer_get_current_allocated_bytes(void);

/*
 * What the gateways of a day do to it: mostly answer, sometimes fail. curl's part is counted too, and
 * its caches hold an entry more or less: far less than one lost byte in each request would come to.
 */
enum { CACHES_BYTES = 256 };

static void ask_many(struct http_peer *p, unsigned rounds)
{
    static const char *const paths[] = {"/ok", "/close", "/chunked", "/ok", "/status/500"};

    for (unsigned i = 0; i < rounds; i++) {
        for (size_t n = 0; n < sizeof(paths) / sizeof(paths[0]); n++)
            ask(p, paths[n]);
    }
}

static void test_nothing_grows(void **state)
{
    struct http_peer *p = peer_with(plain_conf());

    ask_many(p, 20);
    size_t heap = __sanitizer_get_current_allocated_bytes();
    ask_many(p, 180);
    assert_in_range(__sanitizer_get_current_allocated_bytes(), 0, heap + CACHES_BYTES);
    http_peer_destroy(p);
}

/* A name that no name server need be asked for: no part of one is longer than 63 characters. */
static void test_unknown_names_leave_nothing(void **state)
{
    char url[128];
    struct http_peer_conf conf = {.base_url = url, .timeout_ms = 5000};

    snprintf(url, sizeof(url), "http://%064d.example", 0);
    struct http_peer *p = peer_with(conf);
    struct answer a = ask(p, "/");
    assert_answer(&a, REPLY_UNREACHABLE, 0);
    assert_why(&a, "is unknown");
    size_t heap = __sanitizer_get_current_allocated_bytes();
    for (unsigned i = 0; i < 10000; i++)
        ask(p, "/");
    assert_in_range(__sanitizer_get_current_allocated_bytes(), 0, heap + CACHES_BYTES);
    http_peer_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(test_nothing_grows),
        HTTP_TEST(test_unknown_names_leave_nothing),
        HTTP_TEST(test_wake_ups),
    };

    return cmocka_run_group_tests_name("http resources", tests, http_server_start,
                                       http_server_stop);
}
