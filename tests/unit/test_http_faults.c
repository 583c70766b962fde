/*
 * A gateway with every bad habit (support/server.py), one that is not there, and a name server that
 * is dead: each ends in time and is called by its name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
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
#include <unistd.h>

#include "edge/net/curl_handle.h"
#include "edge/net/http.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "unit/support/http_fixture.h"
#include "unit/support/http_server.h"

static char base_url[128];

/* ---- replies ---- */

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

/* ---- nobody there ---- */

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

/* What was added on the screen: neither this machine nor the world, whoever answers there. */
static void test_not_near(void **state)
{
    struct http_peer_conf conf = plain_conf();

    conf.nearby = true;
    struct answer a = ask_once(conf, "/ok");
    assert_answer(&a, REPLY_UNREACHABLE, 0);
    assert_why(&a, "lies outside the house");
    conf.base_url = "http://[2001:db8::1]";
    a = ask_once(conf, "/ok");
    assert_answer(&a, REPLY_UNREACHABLE, 0);
    assert_why(&a, "lies outside the house");
}

/* A near address may be tried, with or without a network in which it lies. */
static void test_near(void **state)
{
    struct http_peer_conf conf = {.base_url = "http://[fd00::1]:9",
                                  .timeout_ms = 300,
                                  .nearby = true};
    struct answer a = ask_once(conf, "/");

    assert_true(a.result.outcome == REPLY_UNREACHABLE || a.result.outcome == REPLY_TIMEOUT);
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

/* ---- what curl says besides ---- */

static void test_words_for_what_is_rare(void **state)
{
    static const struct {
        CURLcode code;
        const char *detail, *ca_cert, *words;
        enum reply_outcome outcome;
    } rows[] = {
        {CURLE_READ_ERROR, "", "", "asking dtu failed: ", REPLY_FAILED},
        {CURLE_READ_ERROR, "two\nlines", "", "asking dtu failed: two lines", REPLY_FAILED},
        {CURLE_SSL_CACERT_BADFILE, "", "/no/such.pem", "cannot use CACert /no/such.pem", REPLY_TLS},
        {CURLE_SSL_CACERT_BADFILE, "", "", "no list of CA certificates", REPLY_TLS},
        {CURLE_COULDNT_CONNECT, "", "", "no connection to dtu (no reason given)",
         REPLY_UNREACHABLE},
    };
    CURL *e = curl_easy_init();

    assert_non_null(e);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct http_peer_conf conf = {.ca_cert = rows[i].ca_cert};
        char why[REPLY_WHY_MAX];
        assert_int_equal(curl_handle_explain(e, rows[i].code, rows[i].detail, "http://dtu", &conf,
                                             why, sizeof why),
                         rows[i].outcome);
        if (!strstr(why, rows[i].words))
            fail_msg("not \"%s\" in: %s", rows[i].words, why);
    }
    curl_easy_cleanup(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(test_time_outs),
        HTTP_TEST(test_broken_replies),
        HTTP_TEST(test_nobody_there),
        HTTP_TEST(test_not_near),
        HTTP_TEST(test_near),
        HTTP_TEST(test_connection_hangs),
        HTTP_TEST(test_addresses_that_are_none),
        HTTP_TEST(test_dead_name_server),
        HTTP_TEST(test_words_for_what_is_rare),
    };

    return cmocka_run_group_tests_name("http faults", tests, http_server_start, http_server_stop);
}
