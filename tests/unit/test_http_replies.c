/*
 * What becomes of a gateway's reply: its status, its size and packing, where it redirects to. Against
 * the server of support/server.py, over real sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "edge/net/http.h"
#include "edge/sys/clock.h"
#include "unit/support/http_fixture.h"
#include "unit/support/http_server.h"

static void test_ok(void **state)
{
    struct http_peer *p = peer_with(plain_conf());
    struct answer a = ask(p, "/ok?inv=116180400144");

    assert_answer(&a, REPLY_OK, 200);
    assert_string_equal(a.body, "{\"target\": \"/ok?inv=116180400144\"}");
    assert_int_equal(a.result.len, strlen(a.body));
    assert_true(a.result.latency_ms > 0 && a.result.latency_ms < 3000);
    a = ask(p, "ok"); /* a forgotten slash */
    assert_string_equal(a.body, "{\"target\": \"/ok\"}");
    a = ask(p, "/empty");
    assert_answer(&a, REPLY_OK, 200);
    assert_int_equal(a.result.len, 0);
    a = ask(p, "/chunked");
    assert_string_equal(a.body, "{\"chunks\": 3}");
    a = ask(p, "/until_eof");
    assert_string_equal(a.body, "until the end");
    http_peer_destroy(p);
}

static void test_status(void **state)
{
    expect_failure("/status/404", REPLY_NOT_FOUND, 404, "404");
    expect_failure("/status/500", REPLY_ERROR, 500, "reports an error (500)");
    expect_failure("/status/503", REPLY_BUSY, 503, "overloaded (503)");
    expect_failure("/status/403", REPLY_NOT_FOUND, 403, "status 403");
    struct answer a = ask_once(plain_conf(), "/status/500");
    assert_string_equal(a.body, "some body");
}

/* What the device itself says of its refusal; never a password, which it may repeat. */
static void test_words_of_a_refusal(void **state)
{
    struct http_peer_conf conf = plain_conf();

    (void)state;
    expect_failure("/refuses/404/No-handler", REPLY_NOT_FOUND, 404,
                   "gateway?; it says \"No-handler\"");
    expect_failure("/refuses/403/API-off", REPLY_NOT_FOUND, 403, "it says \"API-off\"");
    expect_failure("/refuses/401/who?are=you", REPLY_UNAUTHORIZED, 401, "it says \"who\"");
    expect_failure("/status/500", REPLY_ERROR, 500, "it says \"some body\"");
    conf.username = "me";
    conf.password = "No-handler";
    struct answer a = ask_once(conf, "/refuses/404/No-handler");
    assert_answer(&a, REPLY_NOT_FOUND, 404);
    assert_null(strstr(a.result.why, "No-handler"));
}

/* Packed without being asked for: unpacked, within the limit of any other reply. */
static void test_packed(void **state)
{
    struct http_peer *p = peer_with(plain_conf());

    (void)state;
    struct answer a = ask(p, "/packed/100");
    assert_answer(&a, REPLY_OK, 200);
    assert_int_equal(a.result.len, 100);
    assert_memory_equal(a.body, "{\"padding\":\"xxx", 15);
    a = ask(p, "/packed/1048576");
    assert_answer(&a, REPLY_OK, 200);
    assert_int_equal(a.result.len, 1048576);
    a = ask(p, "/packed/1048577");
    assert_answer(&a, REPLY_FAILED, 200);
    assert_why(&a, "packed (gzip)");
    a = ask(p, "/packed/cut");
    assert_answer(&a, REPLY_FAILED, 200);
    a = ask(p, "/ok"); /* and what comes then is not in the way of it */
    assert_string_equal(a.body, "{\"target\": \"/ok\"}");
    http_peer_destroy(p);
}

/* A reply that only a request for a WebSocket may have ends the request, not the gateway. */
static void test_switches_unasked(void **state)
{
    static const char *const paths[] = {"/switches/1.0", "/switches/1.1"};
    struct http_peer *p = peer_with(plain_conf());

    for (int i = 0; i < 2; i++) {
        struct answer a = ask(p, paths[i]);
        assert_int_equal(a.result.status, 101);
        assert_int_not_equal(a.result.outcome, REPLY_OK);
        a = ask(p, "/ok");
        assert_answer(&a, REPLY_OK, 200);
    }
    http_peer_destroy(p);
}

static unsigned retry_after(const char *path)
{
    return ask_once(plain_conf(), path).result.retry_after_s;
}

static void test_retry_after(void **state)
{
    assert_int_equal(retry_after("/retry_after/429/seconds"), 120);
    assert_int_equal(retry_after("/retry_after/503/seconds"), 120);
    assert_int_equal(retry_after("/retry_after/500/seconds"), 0);
    assert_int_equal(retry_after("/retry_after/503/date"), 90);
    assert_int_equal(retry_after("/retry_after/503/huge"), 3600);
    assert_int_equal(retry_after("/retry_after/503/past"), 0);
    assert_int_equal(retry_after("/retry_after/503/absurd"), 0);
    assert_int_equal(retry_after("/retry_after/503/dateless"), 0);
    assert_int_equal(retry_after("/retry_after/503/negative"), 0);
    assert_int_equal(retry_after("/retry_after/503/words"), 0);
}

/* ---- size ---- */

static void test_size_limit(void **state)
{
    static const char *const kinds[] = {"", "/chunked", "/eof"};
    char path[64];

    for (size_t i = 0; i < 3; i++) {
        struct http_peer *p = peer_with(plain_conf());
        snprintf(path, sizeof(path), "/size/1048576%s", kinds[i]);
        struct answer a = ask(p, path);
        assert_answer(&a, REPLY_OK, 200);
        assert_int_equal(a.result.len, 1048576);
        snprintf(path, sizeof(path), "/size/1048577%s", kinds[i]);
        a = ask(p, path);
        assert_answer(&a, REPLY_TOO_LARGE, 200);
        assert_why(&a, "larger than 1 MiB");
        assert_true(a.result.len <= 1048576);
        snprintf(path, sizeof(path), "/size/30000000%s", kinds[i]);
        a = ask(p, path);
        assert_answer(&a, REPLY_TOO_LARGE, 200);
        a = ask(p, "/ok");
        assert_answer(&a, REPLY_OK, 200);
        http_peer_destroy(p);
    }
}

/* ---- redirects ---- */

static void test_redirects_within_the_host(void **state)
{
    struct answer a = ask_once(plain_conf(), "/redirect/same");

    assert_answer(&a, REPLY_OK, 200);
    assert_string_equal(a.body, "{\"target\": \"/ok?redirected=1\"}");
    a = ask_once(plain_conf(), "/redirect/absolute");
    assert_answer(&a, REPLY_OK, 200);
    a = ask_once(plain_conf(), "/redirect/twice");
    assert_answer(&a, REPLY_OK, 200);
    a = ask_once(login_conf(false), "/redirect/userinfo");
    assert_answer(&a, REPLY_OK, 200);
    assert_non_null(strstr(a.body, "authorization: Basic YWRtaW46cGE6c3Mld8O2cnQ=")); /* ours */
}

static void test_redirects_elsewhere(void **state)
{
    expect_failure("/redirect/host", REPLY_NOT_FOUND, 302, "redirects to http://localhost:");
    expect_failure("/redirect/port", REPLY_NOT_FOUND, 302, "redirects to http://127.0.0.1:");
    expect_failure("/redirect/scheme", REPLY_NOT_FOUND, 302, "redirects to https://127.0.0.1:");
    expect_failure("/redirect/file", REPLY_NOT_FOUND, 302, "redirects to file://");
    expect_failure("/redirect/loop", REPLY_FAILED, 302, "without end");
    expect_failure("/redirect/thrice", REPLY_FAILED, 302, "without end");
    struct answer a = ask_once(plain_conf(), "/redirect/scheme");
    assert_null(strstr(a.result.why, "secret"));
}

static void test_redirects_that_are_not_wanted(void **state)
{
    struct http_peer_conf conf = plain_conf();

    conf.stay = true;
    struct answer a = ask_once(conf, "/redirect/same");
    assert_int_equal(a.result.outcome, REPLY_NOT_FOUND);
    assert_int_equal(a.result.status, 302);
}

static void test_one_deadline_for_all_redirects(void **state)
{
    struct http_peer_conf conf = plain_conf();

    conf.timeout_ms = 400; /* each answer takes 250 ms */
    int64_t began_ms = clock_now_ms();
    struct answer a = ask_once(conf, "/redirect/slow");
    assert_answer(&a, REPLY_TIMEOUT, 0);
    assert_in_range(clock_now_ms() - began_ms, 380, 3000);
}

/* ---- the libraries ---- */

static void test_version(void **state)
{
    assert_non_null(strstr(http_version(), "libcurl/"));
    assert_non_null(strstr(http_version(), "mbedTLS/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(test_ok),
        HTTP_TEST(test_status),
        HTTP_TEST(test_words_of_a_refusal),
        HTTP_TEST(test_packed),
        HTTP_TEST(test_switches_unasked),
        HTTP_TEST(test_retry_after),
        HTTP_TEST(test_redirects_within_the_host),
        HTTP_TEST(test_redirects_that_are_not_wanted),
        HTTP_TEST(test_redirects_elsewhere),
        HTTP_TEST(test_one_deadline_for_all_redirects),
        HTTP_TEST(test_size_limit),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests_name("http replies", tests, http_server_start, http_server_stop);
}
