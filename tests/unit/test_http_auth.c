/*
 * How a request gets in: Basic, Digest and a token, and what a refusal says. Against the server of
 * support/server.py, over real sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "edge/net/http.h"
#include "unit/support/http_fixture.h"
#include "unit/support/http_server.h"

static void test_basic_goes_out_unasked(void **state)
{
    unsigned connections, requests[2];

    count(&connections, &requests[0]);
    struct answer a = ask_once(login_conf(false), "/basic");
    assert_answer(&a, REPLY_OK, 200);
    count(&connections, &requests[1]);
    assert_int_equal(requests[1] - requests[0], 2);
}

static void test_unauthorized(void **state)
{
    struct http_peer_conf wrong = login_conf(false);

    wrong.password = "pa:ss but wrong";
    struct answer a = ask_once(wrong, "/basic");
    assert_answer(&a, REPLY_UNAUTHORIZED, 401);
    assert_why(&a, "are Username and Password right?");
    a = ask_once(plain_conf(), "/basic");
    assert_answer(&a, REPLY_UNAUTHORIZED, 401);
    assert_why(&a, "set Username and Password");
    a = ask_once(plain_conf(), "/digest/MD5/many");
    assert_why(&a, "set Username and Password, and DigestAuth=True");
    a = ask_once(login_conf(false), "/digest/MD5/many");
    assert_answer(&a, REPLY_UNAUTHORIZED, 401);
    assert_why(&a, "set DigestAuth=True");
    a = ask_once(login_conf(true), "/basic");
    assert_answer(&a, REPLY_UNAUTHORIZED, 401);
    assert_why(&a, "set DigestAuth=False");
    a = ask_once(login_conf(false), "/both");
    assert_why(&a, "are Username and Password right?");
}

static void test_digest_wrong_password(void **state)
{
    struct http_peer_conf wrong = login_conf(true);
    unsigned connections, requests[2];

    wrong.password = "pa:ss but wrong";
    struct http_peer *p = peer_with(wrong);
    count(&connections, &requests[0]);
    for (int i = 0; i < 3; i++) {
        struct answer a = ask(p, "/digest/SHA-256/many");
        assert_answer(&a, REPLY_UNAUTHORIZED, 401);
        assert_why(&a, "are Username and Password right?");
    }
    count(&connections, &requests[1]);
    assert_int_equal(requests[1] - requests[0], 7); /* challenge and answer, each time */
    http_peer_destroy(p);
}

/* ---- Digest ---- */

/* Asks ten times; the reply tells how many challenges were given. */
static void check_digest(const char *path, unsigned expected_requests)
{
    unsigned connections, requests[2];
    struct http_peer *p = peer_with(login_conf(true));

    count(&connections, &requests[0]);
    for (int i = 0; i < 10; i++) {
        struct answer a = ask(p, path);
        assert_answer(&a, REPLY_OK, 200);
    }
    count(&connections, &requests[1]);
    assert_int_equal(requests[1] - requests[0], expected_requests + 1);
    http_peer_destroy(p);
}

static void test_digest_reuses_its_nonce(void **state)
{
    check_digest("/digest/MD5/many?id=0&x=%20", 11);
    check_digest("/digest/SHA-256/many?id=0", 11);
    check_digest("/digest/SHA-256/many/close", 11); /* also when each connection is closed */
}

static void test_digest_nonce_that_serves_once(void **state)
{
    /* A refusal and an answer each time, and one more for having tried. */
    check_digest("/digest/MD5/once", 21);
    check_digest("/digest/SHA-256/once?id=0", 21);
    check_digest("/digest/SHA-256/once/close", 21);
}

static void test_digest_gateway_restarts(void **state)
{
    struct http_peer *p = peer_with(login_conf(true));

    for (int i = 0; i < 3; i++) {
        struct answer a = ask(p, "/digest/SHA-256/many");
        assert_answer(&a, REPLY_OK, 200);
        ask_once(plain_conf(), "/forget");
    }
    http_peer_destroy(p);
}

static void test_digest_without_end(void **state)
{
    struct answer a = ask_once(login_conf(true), "/digest/MD5/stale");

    assert_answer(&a, REPLY_FAILED, 401);
    assert_why(&a, "without end");
}

static void test_digest_where_none_is_wanted(void **state)
{
    struct http_peer *p = peer_with(login_conf(true));

    for (int i = 0; i < 2; i++) {
        struct answer a = ask(p, "/ok");
        assert_answer(&a, REPLY_OK, 200);
    }
    struct answer a = ask(p, "/digest/MD5/many");
    assert_answer(&a, REPLY_OK, 200);
    http_peer_destroy(p);
}

/* ---- a token ---- */

static const char token[] = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiI1NmY4.Xw";

static void test_token(void **state)
{
    struct http_peer_conf conf = login_conf(true);

    conf.authorization = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiI1NmY4.Xw";
    struct http_peer *p = peer_with(conf);
    struct answer a = ask(p, "/headers");
    assert_non_null(strstr(a.body, "authorization: Bearer "));
    assert_non_null(strstr(a.body, token));
    assert_null(strstr(a.body, "Basic")); /* in place of the user's name and password */
    /* The device may say it again: nobody else is to read it. */
    a = ask(p, "/token");
    assert_answer(&a, REPLY_UNAUTHORIZED, 401);
    assert_why(&a, "is Authorization right");
    assert_null(strstr(a.result.why, token));
    a = ask(p, "/redirect/host");
    assert_answer(&a, REPLY_NOT_FOUND, 302);
    http_peer_destroy(p);
    a = ask_once(plain_conf(), "/token");
    assert_why(&a, "Username and Password, or Authorization if it is a token");
}

/* ---- messages with a body ---- */

/* A token goes along with JSON, too. */
static void test_posts_with_a_token(void **state)
{
    struct http_peer_conf conf = plain_conf();

    conf.authorization = "Bearer abc.def";
    struct http_peer *p = peer_with(conf);
    for (int format = MESSAGE_NO_BODY; format <= MESSAGE_JSON; format++) {
        struct answer a = post(p, (enum message_body)format, "/headers", "");
        assert_answer(&a, REPLY_OK, 200);
        assert_non_null(strstr(a.body, "authorization: Bearer abc.def"));
    }
    http_peer_destroy(p);
}

/* The body has to come again with the answer to the challenge, also where a nonce has run out. */
static void test_posts_with_digest(void **state)
{
    struct http_peer *p = peer_with(login_conf(true));

    for (int i = 0; i < 4; i++) {
        struct answer a = post(p, MESSAGE_FORM, "/digest/SHA-256/many", "data=1");
        assert_answer(&a, REPLY_OK, 200);
        assert_non_null(strstr(a.body, " data=1"));
        a = post(p, MESSAGE_JSON, "/digest/MD5/once", "{}");
        assert_answer(&a, REPLY_OK, 200);
        assert_non_null(strstr(a.body, " {}"));
    }
    ask_once(plain_conf(), "/forget");
    struct answer a = post(p, MESSAGE_FORM, "/digest/SHA-256/many", "data=2");
    assert_non_null(strstr(a.body, " data=2"));
    http_peer_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(test_basic_goes_out_unasked),
        HTTP_TEST(test_unauthorized),
        HTTP_TEST(test_digest_wrong_password),
        HTTP_TEST(test_posts_with_a_token),
        HTTP_TEST(test_posts_with_digest),
        HTTP_TEST(test_digest_reuses_its_nonce),
        HTTP_TEST(test_digest_nonce_that_serves_once),
        HTTP_TEST(test_digest_gateway_restarts),
        HTTP_TEST(test_digest_without_end),
        HTTP_TEST(test_digest_where_none_is_wanted),
        HTTP_TEST(test_token),
    };

    return cmocka_run_group_tests_name("http auth", tests, http_server_start, http_server_stop);
}
