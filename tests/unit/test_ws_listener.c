/* A WebSocket on the loop, against a server with bad habits (support/server.py), over real sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/driver.h"
#include "edge/net/transport.h"
#include "edge/net/ws_listener.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "unit/support/http_server.h"
#include "unit/support/run_for.h"

static struct loop *loop;
static struct ws_listener *listener;
static unsigned messages;
static int64_t longest_ms; /* from sending to taking, of messages that say when they were sent */
static bool closed, destroy_when_closed;
static enum reply_outcome outcome;
static char heard[16384], why[200];

static void on_message(void *user, const char *text, size_t len)
{
    size_t used = strlen(heard);

    assert_false(closed);
    assert_int_equal(strlen(text), len);
    messages++;
    if (clock_now_ms() - strtoll(text, NULL, 10) > longest_ms)
        longest_ms = clock_now_ms() - strtoll(text, NULL, 10);
    snprintf(heard + used, sizeof heard - used, "[%s]", text);
}

static void on_closed(void *user, enum reply_outcome how, const char *line)
{
    assert_false(closed);
    closed = true;
    outcome = how;
    snprintf(why, sizeof why, "%s", line);
    if (destroy_when_closed) {
        ws_listener_destroy(listener);
        listener = NULL;
    }
}

static int set_up(void **state)
{
    messages = 0;
    longest_ms = 0;
    closed = destroy_when_closed = false;
    heard[0] = why[0] = '\0';
    loop = loop_create();
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    ws_listener_destroy(listener);
    listener = NULL;
    loop_destroy(loop);
    return 0;
}

static void listen_with(struct http_peer_conf conf, const char *port, const char *path,
                        unsigned silence_ms)
{
    static const struct feed_events events = {on_message, on_closed, NULL};
    char base_url[64];

    snprintf(base_url, sizeof base_url, "%s://127.0.0.1:%s", conf.ca_cert ? "https" : "http", port);
    conf.base_url = base_url;
    conf.timeout_ms = 2000;
    listener = ws_listener_create(loop, &conf, path, silence_ms, &events);
    assert_non_null(listener);
    assert_false(closed);
}

static void listen_to(const char *path, unsigned silence_ms)
{
    listen_with((struct http_peer_conf){.base_url = ""}, http_server_fact("http"), path,
                silence_ms);
}

static void run_until(const bool *condition, int64_t ms)
{
    int64_t end_ms = clock_now_ms() + ms;

    while (!*condition && clock_now_ms() < end_ms)
        run_loop_for(loop, 5);
}

static void hear(const char *wanted)
{
    int64_t end_ms = clock_now_ms() + 5000;

    while (strcmp(heard, wanted) != 0 && !closed && clock_now_ms() < end_ms)
        run_loop_for(loop, 5);
    assert_string_equal(heard, wanted);
}

static void expect_closed(enum reply_outcome how, const char *words)
{
    run_until(&closed, 5000);
    assert_true(closed);
    assert_int_equal(outcome, how);
    if (!strstr(why, words))
        fail_msg("not \"%s\" in: %s", words, why);
}

/* ---- what comes ---- */

static void test_messages(void **state)
{
    char wanted[16384] = "[one][";
    size_t len = strlen(wanted);

    for (int i = 0; i < 3000; i++, len += 3)
        memcpy(wanted + len, "two", 4);
    snprintf(wanted + len, sizeof wanted - len, "][three][]");
    listen_to("/ws/stream", 60000);
    hear(wanted);
    assert_int_equal(messages, 4);
    assert_false(closed);
}

static void test_tls(void **state)
{
    listen_with((struct http_peer_conf){.ca_cert = http_server_fact("ca"), .tls_verify = true},
                http_server_fact("https-ip"), "/ws/push", 60000);
    hear("[{\"pushed\": true}]");
    expect_closed(REPLY_CUT_OFF, "closed");
}

static void test_certificate(void **state)
{
    listen_with((struct http_peer_conf){.ca_cert = http_server_fact("ca"), .tls_verify = true},
                http_server_fact("https-expired"), "/ws/push", 60000);
    expect_closed(REPLY_TLS, "certificate");
    assert_int_equal(messages, 0);
}

static void test_digest(void **state)
{
    listen_with((struct http_peer_conf){.username = "admin", .password = "pa:ss%w\u00f6rt"},
                http_server_fact("http"), "/ws/digest/push", 60000);
    hear("[for you alone]");
}

static void test_wrong_password(void **state)
{
    listen_with((struct http_peer_conf){.username = "admin", .password = "wrong"},
                http_server_fact("http"), "/ws/digest/push", 60000);
    expect_closed(REPLY_UNAUTHORIZED, "401");
}

/* ---- when it comes ---- */

static void test_at_once(void **state)
{
    listen_to("/ws/sent/0/20/40/60/61/62/500/1000", 60000);
    expect_closed(REPLY_CUT_OFF, "closed");
    assert_int_equal(messages, 8);
    assert_in_range(longest_ms, 0, 250);
}

static void test_burst(void **state)
{
    int64_t end_ms = clock_now_ms() + 5000;

    listen_to("/ws/burst", 60000);
    while (messages < 400 && !closed && clock_now_ms() < end_ms)
        run_loop_for(loop, 5);
    assert_int_equal(messages, 400);
    assert_false(closed);
}

/* ---- how it ends ---- */

/* What it needed is given back before the next. */
static void test_a_long_one(void **state)
{
    listen_to("/ws/long", 60000);
    for (int i = 0; i < 1000 && messages < 2 && !closed; i++)
        run_loop_for(loop, 5);
    assert_int_equal(messages, 2);
    assert_false(closed);
}

static void test_closed_by_the_server(void **state)
{
    destroy_when_closed = true;
    listen_to("/ws/push", 60000);
    expect_closed(REPLY_CUT_OFF, "closed");
    assert_string_equal(heard, "[{\"pushed\": true}]");
    run_loop_for(loop, 50);
}

static void test_close_frame(void **state)
{
    listen_to("/ws/close", 60000);
    expect_closed(REPLY_CUT_OFF, "closed");
}

static void test_not_offered(void **state)
{
    listen_to("/status/404", 60000);
    expect_closed(REPLY_NOT_FOUND, "404");
}

static void test_page_in_its_place(void **state)
{
    listen_to("/ok", 60000);
    expect_closed(REPLY_ERROR, "200");
}

static void test_no_answer(void **state)
{
    listen_to("/hang", 60000);
    expect_closed(REPLY_TIMEOUT, "within 2 s");
}

static void test_nobody_there(void **state)
{
    listen_with((struct http_peer_conf){.base_url = ""}, "9", "/", 60000);
    expect_closed(REPLY_UNREACHABLE, "refused");
}

static void test_silence(void **state)
{
    listen_to("/ws/silent", 300);
    expect_closed(REPLY_TIMEOUT, "nothing");
}

static void test_too_large(void **state)
{
    listen_to("/ws/huge", 60000);
    expect_closed(REPLY_TOO_LARGE, "more than");
    assert_int_equal(messages, 0);
}

/* Whatever it is that there is too much of. */
static void expect_flood(const char *path)
{
    listen_to(path, 60000);
    expect_closed(REPLY_TOO_LARGE, "KiB in a second");
    assert_in_range(messages, 0, WS_PIECES_MAX);
}

static void test_too_many_messages(void **state)
{
    expect_flood("/ws/flood/text");
    assert_in_range(messages, 1, WS_PIECES_MAX);
}

static void test_too_many_binary_frames(void **state)
{
    expect_flood("/ws/flood/binary");
}

static void test_too_many_pings(void **state)
{
    expect_flood("/ws/flood/pings");
}

static void test_too_many_pongs(void **state)
{
    expect_flood("/ws/flood/pongs");
}

static void test_too_many_empty_fragments(void **state)
{
    expect_flood("/ws/flood/fragments");
}

static void test_too_many_bytes(void **state)
{
    expect_flood("/ws/flood/bytes");
}

static void test_pings(void **state)
{
    listen_to("/ws/pings", 60000);
    hear("[after all of them]");
}

/* ---- whenever its owner likes ---- */

static void test_destroyed_at_any_time(void **state)
{
    for (int ms = 0; ms < 40; ms++) {
        listen_to(ms % 2 ? "/ws/stream" : "/ws/flood/text", 60000);
        run_loop_for(loop, ms / 2);
        ws_listener_destroy(listener);
        listener = NULL;
        closed = false;
    }
    run_loop_for(loop, 20);
}

static void test_two_at_once(void **state)
{
    static const struct feed_events events = {on_message, on_closed, NULL};
    char base_url[64];

    snprintf(base_url, sizeof base_url, "http://127.0.0.1:%s", http_server_fact("http"));
    const struct http_peer_conf conf = {.base_url = base_url, .timeout_ms = 2000};
    struct ws_listener *first = ws_listener_create(loop, &conf, "/ws/pings", 60000, &events);
    struct ws_listener *second = ws_listener_create(loop, &conf, "/ws/pings", 60000, &events);
    assert_non_null(first);
    assert_non_null(second);
    hear("[after all of them][after all of them]");
    ws_listener_destroy(first);
    run_loop_for(loop, 20);
    assert_false(closed);
    ws_listener_destroy(second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void drivers_name_transports_that_there_are(void **state)
{
    for (size_t i = 0; drivers[i]; i++) {
        if (!transport_find(drivers[i]->transport))
            fail_msg("%s names no transport", drivers[i]->name);
    }
    assert_non_null(feed_transport_find("websocket"));
    assert_null(feed_transport_find("http"));
    assert_null(transport_find("websocket"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_messages),
        TEST(drivers_name_transports_that_there_are),
        TEST(test_tls),
        TEST(test_certificate),
        TEST(test_digest),
        TEST(test_wrong_password),
        TEST(test_at_once),
        TEST(test_burst),
        TEST(test_a_long_one),
        TEST(test_closed_by_the_server),
        TEST(test_close_frame),
        TEST(test_not_offered),
        TEST(test_page_in_its_place),
        TEST(test_no_answer),
        TEST(test_nobody_there),
        TEST(test_silence),
        TEST(test_too_large),
        TEST(test_too_many_messages),
        TEST(test_too_many_binary_frames),
        TEST(test_too_many_pings),
        TEST(test_too_many_pongs),
        TEST(test_too_many_empty_fragments),
        TEST(test_too_many_bytes),
        TEST(test_pings),
        TEST(test_destroyed_at_any_time),
        TEST(test_two_at_once),
    };
    return cmocka_run_group_tests_name("ws_listener", tests, http_server_start, http_server_stop);
}
