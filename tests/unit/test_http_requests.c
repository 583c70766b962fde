/*
 * Requests: what is sent, over which connection, several at once, and those that are cancelled or
 * begun within a callback. Against the server of support/server.py, over real sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edge/net/http.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "unit/support/http_fixture.h"
#include "unit/support/http_server.h"

static void test_what_is_sent(void **state)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    struct answer a = ask_once(plain_conf(), "/headers");
    unsetenv("http_proxy");
    assert_answer(&a, REPLY_OK, 200);
    assert_non_null(strstr(a.body, "user-agent: dbus-opendtu"));
    assert_null(strstr(a.body, "authorization"));
    assert_null(strstr(a.body, "cookie"));
}

static void test_connection_is_kept(void **state)
{
    unsigned connections[2], requests[2];

    count(&connections[0], &requests[0]);
    struct http_peer *p = peer_with(plain_conf());
    for (int i = 0; i < 10; i++) {
        struct answer a = ask(p, "/ok");
        assert_answer(&a, REPLY_OK, 200);
    }
    count(&connections[1], &requests[1]);
    assert_int_equal(connections[1] - connections[0], 0); /* all on the one that count() began */
    assert_int_equal(requests[1] - requests[0], 11);
    http_peer_destroy(p);
}

static void test_connection_is_closed_by_the_gateway(void **state)
{
    unsigned connections[2], requests[2];
    struct http_peer *p = peer_with(plain_conf());

    count(&connections[0], &requests[0]);
    for (int i = 0; i < 3; i++) {
        struct answer a = ask(p, "/close");
        assert_answer(&a, REPLY_OK, 200);
    }
    for (int i = 0; i < 3; i++) { /* the loss of an idle connection is nobody's failure */
        struct answer a = ask(p, "/keep-then-close");
        assert_answer(&a, REPLY_OK, 200);
        run_loop(50);
    }
    count(&connections[1], &requests[1]);
    assert_int_equal(connections[1] - connections[0], 6); /* the first was the one of count() */
    assert_int_equal(requests[1] - requests[0], 7);
    http_peer_destroy(p);
}

/* ---- messages with a body ---- */

static void test_posts(void **state)
{
    struct http_peer *p = peer_with(plain_conf());
    struct answer a = post(p, MESSAGE_FORM, "/posted", "data=%7B%22on%22%3A1%7D");

    assert_string_equal(a.body, "POST application/x-www-form-urlencoded data=%7B%22on%22%3A1%7D");
    a = post(p, MESSAGE_JSON, "/posted", "{\"on\":1}");
    assert_string_equal(a.body, "POST application/json {\"on\":1}");
    a = ask(p, "/posted"); /* nothing of it is left */
    assert_string_equal(a.body, "GET - ");
    a = post(p, MESSAGE_NO_BODY, "/posted", "");
    assert_string_equal(a.body, "GET - ");
    a = post(p, MESSAGE_FORM, "/posted", "");
    assert_string_equal(a.body, "POST application/x-www-form-urlencoded ");
    http_peer_destroy(p);
}

/* What is posted commands something: it is done where it was sent to, or not at all. */
static void test_posts_follow_no_redirect(void **state)
{
    struct http_peer *p = peer_with(plain_conf());
    struct answer a = post(p, MESSAGE_FORM, "/redirect/same", "data=1");

    assert_answer(&a, REPLY_NOT_FOUND, 302);
    a = ask(p, "/redirect/same");
    assert_answer(&a, REPLY_OK, 200);
    http_peer_destroy(p);
}

/* ---- cancelling ---- */

static void test_cancel(void **state)
{
    struct http_peer *p = peer_with(plain_conf());

    http_peer_cancel(p);
    assert_int_equal(http_peer_get(p, "/hang", never, NULL), 0);
    assert_int_equal(http_peer_get(p, "/ok", never, NULL), -EBUSY);
    run_loop(50);
    http_peer_cancel(p);
    assert_false(http_peer_busy(p));
    assert_int_equal(http_peer_get(p, "/ok", never, NULL), 0);
    http_peer_cancel(p); /* before the loop has seen it */
    struct answer a = ask(p, "/ok");
    assert_answer(&a, REPLY_OK, 200);
    assert_int_equal(http_peer_get(p, "/hang", never, NULL), 0);
    run_loop(50);
    http_peer_destroy(p);
    http_peer_destroy(NULL);
    run_loop(50);
}

static void test_cancel_of_what_could_not_begin(void **state)
{
    struct http_peer_conf conf = plain_conf();
    char path[2000];

    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    struct http_peer *p = peer_with(conf), *q = peer_with(conf), *r = peer_with(conf);
    struct answer a = {.calls = 0};
    http_peer_get(p, path, never, NULL);
    http_peer_get(q, path, on_done, &a);
    http_peer_get(r, path, never, NULL);
    http_peer_destroy(r);
    http_peer_cancel(p);
    run_loop(1000);
    assert_int_equal(a.calls, 1);
    http_peer_destroy(p);
    http_peer_destroy(q);
}

struct destroyer {
    struct http_peer *peers[3];
    int calls;
};

static void destroy_all(void *user, const struct gateway_reply *r)
{
    struct destroyer *d = user;

    d->calls++;
    for (int i = 0; i < 3; i++)
        http_peer_destroy(d->peers[i]);
}

static void test_destroy_within_the_callback(void **state)
{
    struct destroyer d = {.calls = 0};

    for (int i = 0; i < 3; i++) {
        d.peers[i] = peer_with(plain_conf());
        http_peer_get(d.peers[i], "/delay/50", destroy_all, &d);
    }
    run_loop(300);
    assert_int_equal(d.calls, 1);
}

/* ---- the next one ---- */

struct chain {
    struct http_peer *peer;
    int left;
};

static void ask_again(void *user, const struct gateway_reply *r)
{
    struct chain *c = user;

    assert_int_equal(r->outcome, REPLY_OK);
    if (--c->left == 0)
        loop_stop(loop, 0);
    else
        assert_int_equal(http_peer_get(c->peer, c->left % 2 ? "/ok" : "/size/300000", ask_again, c),
                         0);
    assert_int_equal(r->body[r->len], '\0'); /* still ours until we return */
}

static void test_next_request_from_the_callback(void **state)
{
    struct chain c = {.peer = peer_with(plain_conf()), .left = 20};

    http_peer_get(c.peer, "/ok", ask_again, &c);
    assert_int_equal(run_loop(5000), 0);
    assert_int_equal(c.left, 0);
    http_peer_destroy(c.peer);
}

/* The kernel refuses a broadcast address within connect(2), which is called from http_peer_get(). */
static void fail_again(void *user, const struct gateway_reply *r)
{
    static int deep;
    struct chain *c = user;

    assert_int_equal(deep, 0);
    assert_int_equal(r->outcome, REPLY_UNREACHABLE);
    deep++;
    if (--c->left == 0)
        loop_stop(loop, 0);
    else
        assert_int_equal(http_peer_get(c->peer, "/", fail_again, c), 0);
    deep--;
}

static void test_refused_at_once_is_told_later(void **state)
{
    struct http_peer_conf conf = plain_conf();

    conf.base_url = "http://255.255.255.255";
    struct chain c = {.peer = peer_with(conf), .left = 20};

    assert_int_equal(http_peer_get(c.peer, "/", fail_again, &c), 0);
    assert_int_equal(c.left, 20);
    assert_true(http_peer_busy(c.peer));
    assert_int_equal(run_loop(5000), 0);
    assert_int_equal(c.left, 0);
    http_peer_get(c.peer, "/", fail_again, &c);
    http_peer_cancel(c.peer); /* with its failure waiting to be told */
    run_loop(50);
    assert_int_equal(c.left, 0);
    http_peer_destroy(c.peer);
}

/* ---- many ---- */

static int parallel_left;

static void count_down(void *user, const struct gateway_reply *r)
{
    assert_int_equal(r->outcome, *(enum reply_outcome *)user);
    if (--parallel_left == 0)
        loop_stop(loop, 0);
}

static void test_many_peers_at_once(void **state)
{
    struct http_peer *peers[24];
    enum reply_outcome ok = REPLY_OK, timeout = REPLY_TIMEOUT;
    struct http_peer_conf conf = plain_conf();

    conf.timeout_ms = 1500;
    parallel_left = 24;
    int64_t began_ms = clock_now_ms();
    for (int i = 0; i < 24; i++) {
        peers[i] = peer_with(conf);
        http_peer_get(peers[i], i % 4 ? "/delay/200" : "/hang", count_down, i % 4 ? &ok : &timeout);
    }
    assert_int_equal(run_loop(5000), 0);
    assert_in_range(clock_now_ms() - began_ms, 1490, 4900);
    for (int i = 0; i < 24; i++)
        http_peer_destroy(peers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(test_what_is_sent),
        HTTP_TEST(test_connection_is_kept),
        HTTP_TEST(test_connection_is_closed_by_the_gateway),
        HTTP_TEST(test_posts),
        HTTP_TEST(test_posts_follow_no_redirect),
        HTTP_TEST(test_cancel),
        HTTP_TEST(test_cancel_of_what_could_not_begin),
        HTTP_TEST(test_destroy_within_the_callback),
        HTTP_TEST(test_next_request_from_the_callback),
        HTTP_TEST(test_refused_at_once_is_told_later),
        HTTP_TEST(test_many_peers_at_once),
    };

    return cmocka_run_group_tests_name("http requests", tests, http_server_start, http_server_stop);
}
