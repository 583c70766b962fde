/*
 * HTTPS: certificates that are right, wrong or not looked at, and handshakes that fail. Against the server of
 * support/server.py, over real sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <unistd.h>

#include "edge/net/http.h"
#include "unit/support/http_fixture.h"
#include "unit/support/http_server.h"

static struct http_peer_conf tls_conf(const char *host, const char *listener)
{
    struct http_peer_conf conf = conf_for("https", host, listener);

    conf.ca_cert = http_server_fact("ca");
    return conf;
}

static void expect_tls(const char *host, const char *listener, const char *words)
{
    struct answer a = ask_once(tls_conf(host, listener), "/ok");

    if (!words) {
        assert_answer(&a, REPLY_OK, 200);
        return;
    }
    assert_answer(&a, REPLY_TLS, 0);
    assert_why(&a, words);
    assert_why(&a, "CACert");
    assert_why(&a, "TlsVerify=0");
}

static void test_certificates(void **state)
{
    expect_tls("localhost", "https", NULL);
    expect_tls("127.0.0.1", "https-ip", NULL);
    expect_tls("127.0.0.1", "https-1.3", NULL);
    expect_tls("127.0.0.1", "https-1.2", NULL);
    expect_tls("127.0.0.1", "https", "for another name");
    expect_tls("127.0.0.1", "https-name", "for another name");
    expect_tls("127.0.0.1", "https-expired", "has expired");
    expect_tls("127.0.0.1", "https-future", "clock");
}

static void test_unknown_authority(void **state)
{
    struct http_peer_conf conf = tls_conf("127.0.0.1", "https-ip");

    conf.ca_cert = "";
    struct answer a = ask_once(conf, "/ok");
    assert_answer(&a, REPLY_TLS, 0);
    /* Where the system has no bundle, it says that instead. */
    if (access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0)
        assert_why(&a, "set CACert");
    assert_why(&a, "TlsVerify=0");
    conf.ca_cert = "/nonexistent.pem";
    a = ask_once(conf, "/ok");
    assert_answer(&a, REPLY_TLS, 0);
    assert_why(&a, "cannot use CACert /nonexistent.pem");
    assert_why(&a, "TlsVerify=0");
}

static void test_unverified(void **state)
{
    static const char *const listeners[] = {"https-name", "https-expired", "https-future",
                                            "https-1.3"};

    for (size_t i = 0; i < 4; i++) {
        struct http_peer_conf conf = tls_conf("127.0.0.1", listeners[i]);
        conf.ca_cert = NULL;
        conf.tls_verify = false;
        struct answer a = ask_once(conf, "/ok");
        assert_answer(&a, REPLY_OK, 200);
    }
}

static void test_tls_where_there_is_none(void **state)
{
    struct http_peer_conf conf = conf_for("https", "127.0.0.1", "http");

    conf.timeout_ms = 500; /* the other side waits for the end of a line */
    struct answer a = ask_once(conf, "/ok");
    assert_answer(&a, REPLY_TIMEOUT, 0);
    assert_why(&a, "does it speak https?");
    a = ask_once(conf_for("http", "127.0.0.1", "https"), "/ok");
    assert_int_equal(a.result.outcome, REPLY_UNREACHABLE);
}

/* Neither key would help. */
static void test_tls_handshake_fails(void **state)
{
    struct answer a = ask_once(tls_conf("127.0.0.1", "https-no-cipher"), "/ok");

    assert_answer(&a, REPLY_TLS, 0);
    assert_why(&a, "no TLS handshake with 127.0.0.1");
    assert_why(&a, "TlsVerify and CACert do not help");
}

static void test_tls_connection_is_kept(void **state)
{
    unsigned connections[2], requests[2];
    struct http_peer *p = peer_with(tls_conf("127.0.0.1", "https-1.3"));

    count(&connections[0], &requests[0]);
    for (int i = 0; i < 5; i++) {
        struct answer a = ask(p, "/ok");
        assert_answer(&a, REPLY_OK, 200);
    }
    struct answer cut = ask(p, "/cut");
    assert_answer(&cut, REPLY_CUT_OFF, 200);
    count(&connections[1], &requests[1]);
    assert_int_equal(connections[1] - connections[0], 1);
    http_peer_destroy(p);
}

static void test_tls_digest(void **state)
{
    struct http_peer_conf conf = tls_conf("127.0.0.1", "https-ip");

    conf.username = "admin";
    conf.password = "pa:ss%w\xc3\xb6rt";
    conf.digest = true;
    struct http_peer *p = peer_with(conf);
    for (int i = 0; i < 3; i++) {
        struct answer a = ask(p, "/digest/SHA-256/once");
        assert_answer(&a, REPLY_OK, 200);
    }
    http_peer_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(test_certificates),        HTTP_TEST(test_unknown_authority),
        HTTP_TEST(test_unverified),          HTTP_TEST(test_tls_where_there_is_none),
        HTTP_TEST(test_tls_handshake_fails), HTTP_TEST(test_tls_connection_is_kept),
        HTTP_TEST(test_tls_digest),
    };

    return cmocka_run_group_tests_name("http tls", tests, http_server_start, http_server_stop);
}
