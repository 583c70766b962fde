/*
 * HTTP against a gateway with every bad habit (support/server.py), over real sockets. It also counts
 * how often the loop wakes up, through the clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/fetch.h"
#include "edge/net/http.h"
#include "edge/net/ws.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
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

/* ---- asking the server ---- */

static struct loop *loop;
static struct http *http;

static int set_up(void **state)
{
    loop = loop_create();
    http = loop ? http_create(loop) : NULL;
    return http ? 0 : -1;
}

static int tear_down(void **state)
{
    http_destroy(http);
    loop_destroy(loop);
    return 0;
}

static char base_url[128];

static struct http_peer_conf conf_for(const char *scheme, const char *host, const char *listener)
{
    snprintf(base_url, sizeof(base_url), "%s://%s:%s", scheme, host, http_server_fact(listener));
    return (struct http_peer_conf){.base_url = base_url, .tls_verify = true, .timeout_ms = 5000};
}

static struct http_peer_conf plain_conf(void)
{
    return conf_for("http", "127.0.0.1", "http");
}

static struct http_peer *peer_with(struct http_peer_conf conf)
{
    struct http_peer *p = http_peer_create(http, &conf);

    assert_non_null(p);
    return p;
}

struct answer {
    struct gateway_reply result;
    char body[2048]; /* its beginning */
    int calls;
};

static void on_done(void *user, const struct gateway_reply *r)
{
    struct answer *a = user;

    a->calls++;
    a->result = *r;
    a->result.body = a->body;
    assert_non_null(r->body);
    assert_int_equal(r->body[r->len], '\0');
    assert_int_equal(r->outcome == REPLY_OK, r->why[0] == '\0');
    snprintf(a->body, sizeof(a->body), "%s", r->body);
    loop_stop(loop, 0);
}

static void too_late(void *user)
{
    loop_stop(loop, -1);
}

static int run_loop(int64_t at_most_ms)
{
    struct loop_timer guard;

    loop_timer_init(&guard, loop, too_late, NULL);
    loop_timer_arm(&guard, at_most_ms);
    int code = loop_run(loop);
    loop_timer_disarm(&guard);
    return code;
}

static void wait_for(const struct http_peer *p, const struct answer *a)
{
    assert_int_equal(a->calls, 0);
    assert_true(http_peer_busy(p));
    assert_int_equal(run_loop(15000), 0);
    assert_int_equal(a->calls, 1);
    assert_false(http_peer_busy(p));
}

static struct answer ask(struct http_peer *p, const char *path)
{
    struct answer a = {.calls = 0};

    assert_int_equal(http_peer_get(p, path, on_done, &a), 0);
    wait_for(p, &a);
    return a;
}

static struct answer post(struct http_peer *p, enum message_body format, const char *path,
                          const char *body)
{
    struct answer a = {.calls = 0};
    struct message m = {.format = format};

    snprintf(m.path, sizeof(m.path), "%s", path);
    snprintf(m.body, sizeof(m.body), "%s", body);
    assert_int_equal(http_peer_send(p, &m, on_done, &a), 0);
    assert_int_equal(http_peer_send(p, &m, on_done, &a), -EBUSY);
    memset(&m, 0, sizeof(m)); /* it is copied */
    wait_for(p, &a);
    return a;
}

static struct answer ask_once(struct http_peer_conf conf, const char *path)
{
    struct http_peer *p = peer_with(conf);
    struct answer a = ask(p, path);

    http_peer_destroy(p);
    return a;
}

static void assert_answer(const struct answer *a, enum reply_outcome outcome, long status)
{
    if (a->result.outcome != outcome || a->result.status != status)
        fail_msg("outcome %d, status %ld: %s", (int)a->result.outcome, a->result.status,
                 a->result.why);
}

static void assert_why(const struct answer *a, const char *words)
{
    if (!strstr(a->result.why, words))
        fail_msg("\"%s\" does not say \"%s\"", a->result.why, words);
    assert_null(strstr(a->result.why, "pa:ss"));
    assert_null(strchr(a->result.why, '\n'));
}

static void expect_failure(const char *path, enum reply_outcome outcome, long status,
                           const char *words)
{
    struct http_peer_conf conf = plain_conf();

    conf.timeout_ms = 1000;
    struct answer a = ask_once(conf, path);
    assert_answer(&a, outcome, status);
    assert_why(&a, words);
}

static void count(unsigned *connections, unsigned *requests)
{
    struct answer a = ask_once(plain_conf(), "/counts");

    assert_int_equal(sscanf(a.body, "%u %u", connections, requests), 2);
}

/* ---- replies ---- */

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

static void test_status(void **state)
{
    expect_failure("/status/404", REPLY_NOT_FOUND, 404, "404");
    expect_failure("/status/500", REPLY_ERROR, 500, "error of its own (500)");
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

/* ---- authentication ---- */

static struct http_peer_conf login_conf(bool digest)
{
    struct http_peer_conf conf = plain_conf();

    conf.username = "admin";
    conf.password = "pa:ss%w\xc3\xb6rt";
    conf.digest = digest;
    return conf;
}

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

static void test_one_deadline_for_all_redirects(void **state)
{
    struct http_peer_conf conf = plain_conf();

    conf.timeout_ms = 400; /* each answer takes 250 ms */
    int64_t began_ms = clock_now_ms();
    struct answer a = ask_once(conf, "/redirect/slow");
    assert_answer(&a, REPLY_TIMEOUT, 0);
    assert_in_range(clock_now_ms() - began_ms, 380, 3000);
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

/* ---- faults ---- */

static void test_time_outs(void **state)
{
    static const struct {
        const char *path, *words;
        long status;
    } faults[] = {
        {"/hang", "gave no reply within 0.5 s", 0},
        {"/drip", "was not complete within 0.5 s", 200},
        {"/drip_headers", "within 0.5 s", 200},
    };
    struct http_peer_conf conf = plain_conf();

    conf.timeout_ms = 500;
    for (size_t i = 0; i < 3; i++) {
        int64_t began_ms = clock_now_ms();
        struct answer a = ask_once(conf, faults[i].path);
        assert_answer(&a, REPLY_TIMEOUT, faults[i].status);
        assert_why(&a, faults[i].words);
        assert_in_range(clock_now_ms() - began_ms, 490, 3000);
    }
}

static void test_broken_replies(void **state)
{
    expect_failure("/cut", REPLY_CUT_OFF, 200, "before it was complete");
    expect_failure("/cut_chunked", REPLY_CUT_OFF, 200, "before it was complete");
    expect_failure("/reset_body", REPLY_CUT_OFF, 200, "amid its reply");
    expect_failure("/nothing", REPLY_UNREACHABLE, 0, "without a reply");
    expect_failure("/reset", REPLY_UNREACHABLE, 0, "without a reply");
    expect_failure("/garbage", REPLY_FAILED, 0, "does not speak HTTP");
}

/* A port that nobody listens at, or whose connections nobody takes. */
static int closed_port(int listening, int *fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*fd, (struct sockaddr *)&address, sizeof(address)), 0);
    if (listening)
        assert_int_equal(listen(*fd, 0), 0);
    assert_int_equal(getsockname(*fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static void test_nobody_there(void **state)
{
    struct http_peer_conf conf = {.base_url = base_url, .timeout_ms = 1000};
    int fd;

    snprintf(base_url, sizeof(base_url), "http://127.0.0.1:%d", closed_port(0, &fd));
    struct answer a = ask_once(conf, "/");
    assert_answer(&a, REPLY_UNREACHABLE, 0);
    assert_why(&a, "refused the connection");
    close(fd);
    conf.base_url = "http://no-such-name.invalid";
    a = ask_once(conf, "/");
    assert_true(a.result.outcome == REPLY_UNREACHABLE || a.result.outcome == REPLY_TIMEOUT);
    assert_non_null(strstr(a.result.why, "no-such-name.invalid"));
}

static void test_connection_hangs(void **state)
{
    struct http_peer_conf conf = {.base_url = base_url, .timeout_ms = 400};
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd, fill[4];
    int port = closed_port(1, &fd);

    /* A full backlog: the kernel drops what else wants to connect. */
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    for (int i = 0; i < 4; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(fill[i], (struct sockaddr *)&address, sizeof(address));
    }
    snprintf(base_url, sizeof(base_url), "http://127.0.0.1:%d", port);
    struct answer a = ask_once(conf, "/");
    assert_answer(&a, REPLY_TIMEOUT, 0);
    assert_why(&a, "within 0.4 s: is the gateway on, is Host right?");
    for (int i = 0; i < 4; i++)
        close(fill[i]);
    close(fd);
}

static void test_addresses_that_are_none(void **state)
{
    static const char *const wrong[] = {
        "",           "http://",     "gopher://127.0.0.1",    "file:///etc/passwd",
        "http://a b", "http://[::1", "http://127.0.0.1:99999"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct http_peer_conf conf = {.base_url = wrong[i], .timeout_ms = 500};
        struct answer a = ask_once(conf, "/etc/passwd");
        assert_true(a.result.outcome == REPLY_FAILED || a.result.outcome == REPLY_UNREACHABLE);
        assert_int_equal(a.result.len, 0);
    }
    char path[2000];
    memset(path, 'x', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    expect_failure(path, REPLY_FAILED, 0, "no address");
}

/* ---- cancelling ---- */

static void never(void *user, const struct gateway_reply *r)
{
    fail_msg("called after it was cancelled");
}

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

/* ---- TLS ---- */

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

/* ---- a dead name server ---- */

static bool become_private(void)
{
    if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 &&
        unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) < 0)
        return false;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* A resolver at an address that swallows everything, on a network of our own. */
static bool kill_name_server(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
    char file[] = "/tmp/dtu-test-resolv-XXXXXX";
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return false; /* it stays open, and nobody reads it */
    int conf = mkstemp(file);
    bool ok = conf >= 0 &&
              dprintf(conf, "nameserver 127.0.0.1\noptions timeout:20 attempts:1\n") > 0 &&
              mount(file, "/etc/resolv.conf", NULL, MS_BIND, NULL) == 0;
    close(conf);
    unlink(file);
    return ok;
}

static int64_t last_tick_ms, longest_gap_ms;
static struct loop_timer tick;

static void on_tick(void *user)
{
    int64_t now_ms = clock_now_ms();

    if (now_ms - last_tick_ms > longest_gap_ms)
        longest_gap_ms = now_ms - last_tick_ms;
    last_tick_ms = now_ms;
    loop_timer_arm(&tick, 10);
}

static const char *dead_name_server(void)
{
    struct http_peer_conf conf = {.base_url = "http://gateway.example", .timeout_ms = 700};

    if (!become_private() || !kill_name_server())
        return "skip";
    loop_timer_init(&tick, loop, on_tick, NULL);
    last_tick_ms = clock_now_ms();
    loop_timer_arm(&tick, 0);
    int64_t began_ms = last_tick_ms;
    struct http_peer *p = http_peer_create(http, &conf);
    static struct answer a;
    http_peer_get(p, "/", on_done, &a);
    run_loop(10000);
    if (a.result.outcome != REPLY_TIMEOUT ||
        !strstr(a.result.why, "the name server gave no address"))
        return a.result.why;
    if (clock_now_ms() - began_ms > 5000)
        return "it took too long";
    http_peer_get(p, "/", never, NULL); /* cancelled amid the look-up */
    run_loop(100);
    http_peer_cancel(p);
    http_peer_get(p, "/", never, NULL);
    run_loop(100);
    http_peer_destroy(p);
    run_loop(100);
    if (longest_gap_ms > 1500) /* to wait for the resolver would be 20 s */
        return "the loop was blocked";
    began_ms = clock_now_ms();
    http_destroy(http);
    loop_destroy(loop);
    return clock_now_ms() - began_ms > 1500 ? "the end was blocked" : "ok";
}

static void test_dead_name_server(void **state)
{
    int ends[2];
    char said[256] = "";

    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        const char *verdict = dead_name_server();
        ssize_t written = write(ends[1], verdict, strlen(verdict));
        _exit(written < 0); /* the resolver's threads are still waiting, and that is the point */
    }
    close(ends[1]);
    ssize_t got = read(ends[0], said, sizeof(said) - 1);
    assert_true(got > 0);
    close(ends[0]);
    waitpid(pid, NULL, 0);
    if (strcmp(said, "skip") == 0)
        skip(); /* no namespaces for us here */
    assert_string_equal(said, "ok");
}

/* ---- WebSocket ---- */

static enum reply_outcome exchange(const char *path, const char *text, char **message, char *why,
                                   bool login)
{
    struct http_peer_conf conf = login ? login_conf(true) : plain_conf();
    char url[256];

    conf.timeout_ms = 800;
    snprintf(url, sizeof(url), "ws://127.0.0.1:%s%s", http_server_fact("http"), path);
    return ws_exchange(url, &conf, text, message, why, 200);
}

static void expect_message(const char *path, const char *text, const char *expected, bool login)
{
    char why[200] = "", *message;

    if (exchange(path, text, &message, why, login) != REPLY_OK)
        fail_msg("%s: %s", path, why);
    assert_string_equal(message, expected);
    free(message);
}

static void test_websocket(void **state)
{
    char *large = malloc(200001);

    memset(large, 'y', 200000);
    large[200000] = '\0';
    expect_message("/ws/echo", "hello", "hello", false);
    expect_message("/ws/echo", large, large, false);
    expect_message("/ws/fragments", "in two pieces", "in two pieces", false);
    expect_message("/ws/fragments", large, large, false);
    expect_message("/ws/push", NULL, "{\"pushed\": true}", false);
    expect_message("/ws/digest", "let in", "let in", true);
    free(large);
}

static void expect_no_message(const char *path, enum reply_outcome outcome, const char *words)
{
    char why[200] = "", *message;

    enum reply_outcome got = exchange(path, NULL, &message, why, false);
    assert_null(message);
    if (got != outcome || !strstr(why, words))
        fail_msg("%s: %d, \"%s\" does not say \"%s\"", path, (int)got, why, words);
}

static void test_websocket_faults(void **state)
{
    int64_t began_ms = clock_now_ms();

    expect_no_message("/ws/silent", REPLY_TIMEOUT, "no message within 0.8 s");
    assert_in_range(clock_now_ms() - began_ms, 780, 4000);
    expect_no_message("/ws/close", REPLY_CUT_OFF, "closed the WebSocket");
    expect_no_message("/ws/huge", REPLY_TOO_LARGE, "larger than 1 MiB");
    expect_no_message("/ws/digest", REPLY_UNAUTHORIZED, "DigestAuth=True");
    expect_no_message("/ok", REPLY_NOT_FOUND, "status 200");
    expect_no_message("/hang", REPLY_TIMEOUT, "no reply within");
    expect_no_message("/nothing", REPLY_UNREACHABLE, "without a reply");
}

/* ---- the command ---- */

static int run_fetch(const char *arguments, char *out, size_t size)
{
    char copy[512], *argv[16];
    int argc = 0, ends[2], status = 0;

    snprintf(copy, sizeof(copy), "fetch %s", arguments);
    for (char *word = strtok(copy, " "); word && argc < 15; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        int code = cli_fetch(argc, argv);
        fflush(stdout);
        _exit(code);
    }
    close(ends[1]);
    size_t have = 0;
    ssize_t got;
    while ((got = read(ends[0], out + have, size - 1 - have)) > 0)
        have += (size_t)got;
    out[have] = '\0';
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* Formats get the listener's port and the CA's file. */
static void expect_fetch(const char *format, const char *listener, int code, const char *words)
{
    char arguments[400], out[4096];

    snprintf(arguments, sizeof(arguments), format, listener ? http_server_fact(listener) : "",
             http_server_fact("ca"));
    int got = run_fetch(arguments, out, sizeof(out));
    if (got != code || !strstr(out, words))
        fail_msg("fetch %s: exit %d, \"%s\"", arguments, got, out);
}

static void test_fetch(void **state)
{
    expect_fetch("http://127.0.0.1:%s/ok?x=1", "http", 0, "{\"target\": \"/ok?x=1\"}");
    expect_fetch("--user admin --password pa:ss%%w\xc3\xb6rt http://127.0.0.1:%s/basic", "http", 0,
                 "let in");
    expect_fetch("http://admin:pa%%3Ass%%25w%%C3%%B6rt@127.0.0.1:%s/basic", "http", 0, "let in");
    setenv("DTU_PASSWORD", "pa:ss%w\xc3\xb6rt", 1);
    expect_fetch("--digest --user admin http://127.0.0.1:%s/digest/MD5/many", "http", 0, " ");
    unsetenv("DTU_PASSWORD");
    expect_fetch("https://127.0.0.1:%s/ok --cacert %s", "https-ip", 0, "target");
    expect_fetch("--insecure https://127.0.0.1:%s/ok", "https-name", 0, "target");
    expect_fetch("https://127.0.0.1:%s/ok --cacert %s", "https-name", 1, "for another name");
    expect_fetch("--timeout 0.3 http://127.0.0.1:%s/hang", "http", 1, "within 0.3 s");
    expect_fetch("--send hello ws://127.0.0.1:%s/ws/echo", "http", 0, "hello");
    expect_fetch("ws://127.0.0.1:%s/ws/push", "http", 0, "pushed");
    expect_fetch("--send secure wss://127.0.0.1:%s/ws/echo --cacert %s", "https-1.3", 0, "secure");
    expect_fetch("--help", NULL, 0, "DTU_PASSWORD");
    expect_fetch("", NULL, 2, "there is no URL");
    expect_fetch("http://a http://b", NULL, 2, "more than one URL");
    expect_fetch("ftp://a/", NULL, 2, "no URL with http");
    expect_fetch("not-a-url", NULL, 2, "no URL with http");
    expect_fetch("--timeout x http://a", NULL, 2, "--timeout wants");
    expect_fetch("--what http://a", NULL, 2, "what");
}

#pragma GCC diagnostic pop

static void test_version(void **state)
{
    assert_non_null(strstr(http_version(), "libcurl/"));
    assert_non_null(strstr(http_version(), "mbedTLS/"));
}

#define HTTP_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(test_ok),
        HTTP_TEST(test_what_is_sent),
        HTTP_TEST(test_connection_is_kept),
        HTTP_TEST(test_connection_is_closed_by_the_gateway),
        HTTP_TEST(test_status),
        HTTP_TEST(test_words_of_a_refusal),
        HTTP_TEST(test_packed),
        HTTP_TEST(test_switches_unasked),
        HTTP_TEST(test_retry_after),
        HTTP_TEST(test_basic_goes_out_unasked),
        HTTP_TEST(test_unauthorized),
        HTTP_TEST(test_digest_wrong_password),
        HTTP_TEST(test_posts),
        HTTP_TEST(test_posts_with_a_token),
        HTTP_TEST(test_posts_with_digest),
        HTTP_TEST(test_posts_follow_no_redirect),
        HTTP_TEST(test_digest_reuses_its_nonce),
        HTTP_TEST(test_digest_nonce_that_serves_once),
        HTTP_TEST(test_digest_gateway_restarts),
        HTTP_TEST(test_digest_without_end),
        HTTP_TEST(test_digest_where_none_is_wanted),
        HTTP_TEST(test_token),
        HTTP_TEST(test_redirects_within_the_host),
        HTTP_TEST(test_redirects_elsewhere),
        HTTP_TEST(test_one_deadline_for_all_redirects),
        HTTP_TEST(test_size_limit),
        HTTP_TEST(test_time_outs),
        HTTP_TEST(test_broken_replies),
        HTTP_TEST(test_nobody_there),
        HTTP_TEST(test_connection_hangs),
        HTTP_TEST(test_addresses_that_are_none),
        HTTP_TEST(test_cancel),
        HTTP_TEST(test_cancel_of_what_could_not_begin),
        HTTP_TEST(test_destroy_within_the_callback),
        HTTP_TEST(test_next_request_from_the_callback),
        HTTP_TEST(test_refused_at_once_is_told_later),
        HTTP_TEST(test_many_peers_at_once),
        HTTP_TEST(test_nothing_grows),
        HTTP_TEST(test_unknown_names_leave_nothing),
        HTTP_TEST(test_wake_ups),
        HTTP_TEST(test_certificates),
        HTTP_TEST(test_unknown_authority),
        HTTP_TEST(test_unverified),
        HTTP_TEST(test_tls_where_there_is_none),
        HTTP_TEST(test_tls_handshake_fails),
        HTTP_TEST(test_tls_connection_is_kept),
        HTTP_TEST(test_tls_digest),
        HTTP_TEST(test_dead_name_server),
        HTTP_TEST(test_websocket),
        HTTP_TEST(test_websocket_faults),
        HTTP_TEST(test_fetch),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests_name("http", tests, http_server_start, http_server_stop);
}
