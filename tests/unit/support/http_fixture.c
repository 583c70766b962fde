#include "unit/support/http_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "edge/net/http.h"
#include "edge/sys/loop.h"
#include "unit/support/http_server.h"

struct http *http;

int http_setup(void **state)
{
    if (loop_setup(state) != 0)
        return -1;
    http = http_create(loop);
    return http ? 0 : -1;
}

int http_teardown(void **state)
{
    http_destroy(http);
    return loop_teardown(state);
}

static char base_url[128];

struct http_peer_conf conf_for(const char *scheme, const char *host, const char *listener)
{
    snprintf(base_url, sizeof(base_url), "%s://%s:%s", scheme, host, http_server_fact(listener));
    return (struct http_peer_conf){.base_url = base_url, .tls_verify = true, .timeout_ms = 5000};
}

struct http_peer_conf plain_conf(void)
{
    return conf_for("http", "127.0.0.1", "http");
}

struct http_peer_conf login_conf(bool digest)
{
    struct http_peer_conf conf = plain_conf();

    conf.username = "admin";
    conf.password = "pa:ss%w\xc3\xb6rt";
    conf.digest = digest;
    return conf;
}

struct http_peer *peer_with(struct http_peer_conf conf)
{
    struct http_peer *p = http_peer_create(http, &conf);

    assert_non_null(p);
    return p;
}

void on_done(void *user, const struct gateway_reply *r)
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

void never(void *user, const struct gateway_reply *r)
{
    fail_msg("called after it was cancelled");
}

int run_loop(int64_t at_most_ms)
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

struct answer ask(struct http_peer *p, const char *path)
{
    struct answer a = {.calls = 0};

    assert_int_equal(http_peer_get(p, path, on_done, &a), 0);
    wait_for(p, &a);
    return a;
}

struct answer post(struct http_peer *p, enum message_body format, const char *path,
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

struct answer ask_once(struct http_peer_conf conf, const char *path)
{
    struct http_peer *p = peer_with(conf);
    struct answer a = ask(p, path);

    http_peer_destroy(p);
    return a;
}

void assert_answer(const struct answer *a, enum reply_outcome outcome, long status)
{
    if (a->result.outcome != outcome || a->result.status != status)
        fail_msg("outcome %d, status %ld: %s", (int)a->result.outcome, a->result.status,
                 a->result.why);
}

void assert_why(const struct answer *a, const char *words)
{
    if (!strstr(a->result.why, words))
        fail_msg("\"%s\" does not say \"%s\"", a->result.why, words);
    assert_null(strstr(a->result.why, "pa:ss"));
    assert_null(strchr(a->result.why, '\n'));
}

void expect_failure(const char *path, enum reply_outcome outcome, long status, const char *words)
{
    struct http_peer_conf conf = plain_conf();

    conf.timeout_ms = 1000;
    struct answer a = ask_once(conf, path);
    assert_answer(&a, outcome, status);
    assert_why(&a, words);
}

void count(unsigned *connections, unsigned *requests)
{
    struct answer a = ask_once(plain_conf(), "/counts");

    assert_int_equal(sscanf(a.body, "%u %u", connections, requests), 2);
}
