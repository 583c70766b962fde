/* Names in ".local": a stand-in for Avahi on a private bus, and a gateway that it leads to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/bus/bus.h"
#include "edge/bus/mdns.h"
#include "edge/net/http.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "unit/support/bus_now.h"
#include "unit/support/private_bus.h"

static struct loop *loop;
static struct http *http;

/* ---- the gateway: answers whatever is asked, and hangs up ---- */

static int listener, port, gateway_requests;
static char gateway_request[2048];
static struct loop_fd *listening;

static void on_request(void *user, int fd, short revents)
{
    static const char reply[] = "HTTP/1.0 200 OK\r\n\r\nhello";
    struct loop_fd **self = user;
    ssize_t got = read(fd, gateway_request, sizeof(gateway_request) - 1);

    gateway_request[got < 0 ? 0 : got] = '\0';
    gateway_requests++;
    assert_int_equal(write(fd, reply, sizeof(reply) - 1), sizeof(reply) - 1);
    loop_fd_remove(*self);
    free(self);
    close(fd);
}

static void on_connection(void *user, int fd, short revents)
{
    struct loop_fd **self = calloc(1, sizeof(struct loop_fd *));

    *self = loop_fd_add(loop, accept(fd, NULL, NULL), POLLIN, on_request, self);
}

static void start_gateway(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof(address);
    int yes = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    port = ntohs(address.sin_port);
    listening = loop_fd_add(loop, listener, POLLIN, on_connection, NULL);
}

static void stop_gateway(void)
{
    loop_fd_remove(listening);
    close(listener);
}

/* ---- Avahi ---- */

static struct bus *avahi;
static int questions;
static const char *avahi_address; /* NULL: says that nobody answers; "": says nothing at all */

static DBusMessage *avahi_reply(DBusMessage *call)
{
    dbus_int32_t interface, protocol, wanted;
    dbus_uint32_t flags;
    const char *name;

    assert_true(dbus_message_get_args(call, NULL, DBUS_TYPE_INT32, &interface, DBUS_TYPE_INT32,
                                      &protocol, DBUS_TYPE_STRING, &name, DBUS_TYPE_INT32, &wanted,
                                      DBUS_TYPE_UINT32, &flags, DBUS_TYPE_INVALID));
    assert_int_equal(wanted, 0); /* IPv4 */
    if (!avahi_address)
        return dbus_message_new_error(call, "org.freedesktop.Avahi.TimeoutError",
                                      "Timeout reached");
    DBusMessage *reply = dbus_message_new_method_return(call);
    if (strcmp(avahi_address, "nonsense") == 0)
        dbus_message_append_args(reply, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
    else
        dbus_message_append_args(reply, DBUS_TYPE_INT32, &interface, DBUS_TYPE_INT32, &protocol,
                                 DBUS_TYPE_STRING, &name, DBUS_TYPE_INT32, &wanted,
                                 DBUS_TYPE_STRING, &avahi_address, DBUS_TYPE_UINT32, &flags,
                                 DBUS_TYPE_INVALID);
    return reply;
}

static DBusHandlerResult on_question(DBusConnection *c, DBusMessage *m, void *user)
{
    if (!dbus_message_is_method_call(m, "org.freedesktop.Avahi.Server", "ResolveHostName"))
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    questions++;
    if (avahi_address && !*avahi_address)
        return DBUS_HANDLER_RESULT_HANDLED;
    DBusMessage *reply = avahi_reply(m);
    dbus_connection_send(c, reply, NULL);
    dbus_message_unref(reply);
    return DBUS_HANDLER_RESULT_HANDLED;
}

static void start_avahi(void)
{
    char why[200];

    avahi = bus_open_now(loop, NULL, why, sizeof(why));
    assert_non_null(avahi);
    dbus_connection_add_filter(bus_connection(avahi), on_question, NULL, NULL);
    assert_int_equal(bus_request_name_now(loop, avahi, "org.freedesktop.Avahi", why, sizeof(why)),
                     0);
}

static void stop_avahi(void)
{
    if (!avahi)
        return;
    dbus_connection_remove_filter(bus_connection(avahi), on_question, NULL);
    bus_close(avahi);
    avahi = NULL;
}

static int set_up(void **state)
{
    questions = gateway_requests = 0;
    avahi_address = "127.0.0.1";
    if (!private_bus_start())
        return -1;
    setenv("DBUS_SYSTEM_BUS_ADDRESS", getenv("DBUS_SESSION_BUS_ADDRESS"), 1);
    loop = loop_create();
    http = http_create(loop);
    start_avahi();
    start_gateway();
    return 0;
}

static int tear_down(void **state)
{
    stop_gateway();
    stop_avahi();
    http_destroy(http);
    loop_destroy(loop);
    private_bus_stop();
    dbus_shutdown();
    return 0;
}

/* ---- asking ---- */

static struct gateway_reply last;

static void on_done(void *user, const struct gateway_reply *r)
{
    last = *r;
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

static struct http_peer *peer_at(const char *host, unsigned timeout_ms)
{
    char base_url[300];

    snprintf(base_url, sizeof(base_url), "http://%s:%d", host, port);
    struct http_peer *p =
        http_peer_create(http,
                         &(struct http_peer_conf){.base_url = base_url, .timeout_ms = timeout_ms});
    assert_non_null(p);
    return p;
}

static void ask(struct http_peer *p)
{
    assert_int_equal(http_peer_get(p, "/x", on_done, NULL), 0);
    assert_true(http_peer_busy(p));
    assert_int_equal(run_loop(10000), 0);
}

static void test_which_names(void **state)
{
    assert_true(mdns_is_local("gateway.local"));
    assert_true(mdns_is_local("Gateway.LOCAL."));
    assert_true(mdns_is_local("a.b.local"));
    assert_false(mdns_is_local(".local"));
    assert_false(mdns_is_local("local"));
    assert_false(mdns_is_local("gateway.localdomain"));
    assert_false(mdns_is_local("gatewaylocal"));
    assert_false(mdns_is_local("192.168.1.74"));
    assert_false(mdns_is_local(""));
}

static void test_found(void **state)
{
    struct http_peer *p = peer_at("gateway.local", 3000);
    char host[64];

    for (int i = 0; i < 3; i++) {
        ask(p);
        assert_int_equal(last.outcome, REPLY_OK);
    }
    assert_int_equal(gateway_requests, 3);
    assert_int_equal(questions, 1); /* the address is kept */
    snprintf(host, sizeof(host), "Host: gateway.local:%d\r\n", port);
    assert_non_null(strstr(gateway_request, host));
    http_peer_destroy(p);
}

static void test_asked_again_after_a_failure(void **state)
{
    struct http_peer *p = peer_at("gateway.local", 3000);

    ask(p);
    assert_int_equal(last.outcome, REPLY_OK);
    stop_gateway();
    ask(p);
    assert_int_equal(last.outcome, REPLY_UNREACHABLE);
    start_gateway();
    ask(p);
    assert_int_equal(last.outcome, REPLY_OK);
    assert_int_equal(questions, 2);
    http_peer_destroy(p);
}

static void test_address_changes(void **state)
{
    struct http_peer *p = peer_at("gateway.local", 3000);

    avahi_address = "127.0.0.2"; /* where nobody listens */
    ask(p);
    assert_int_equal(last.outcome, REPLY_UNREACHABLE);
    avahi_address = "127.0.0.1";
    ask(p);
    assert_int_equal(last.outcome, REPLY_OK);
    http_peer_destroy(p);
}

static void expect_unreachable(struct http_peer *p, const char *words)
{
    ask(p);
    assert_int_equal(last.outcome, REPLY_UNREACHABLE);
    assert_int_equal(last.status, 0);
    if (!strstr(last.why, words))
        fail_msg("\"%s\" does not say \"%s\"", last.why, words);
}

static void test_nobody_answers(void **state)
{
    struct http_peer *p = peer_at("gateway.local", 500);

    ask(p); /* so that there is an older result to be mixed up with */
    avahi_address = "127.0.0.2";
    stop_gateway();
    ask(p);
    start_gateway();
    avahi_address = NULL;
    expect_unreachable(p, "nobody in the network answers to gateway.local");
    avahi_address = "";
    int64_t began_ms = clock_now_ms();
    expect_unreachable(p, "nobody in the network answers to gateway.local");
    assert_in_range(clock_now_ms() - began_ms, 490, 3000);
    http_peer_destroy(p);
}

static void test_strange_answers(void **state)
{
    static const char *const strange[] = {"nonsense", "fe80::1", "127.0.0.1:1", "a,b"};
    struct http_peer *p = peer_at("gateway.local", 500);

    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
        avahi_address = strange[i];
        expect_unreachable(p, "no usable address for gateway.local");
    }
    http_peer_destroy(p);
}

static void never(void *user, const struct gateway_reply *r)
{
    fail_msg("called after it was cancelled");
}

static void test_cancel(void **state)
{
    struct http_peer *p = peer_at("gateway.local", 500), *q = peer_at("other.local", 500);

    avahi_address = "";
    http_peer_get(p, "/", never, NULL);
    http_peer_get(q, "/", never, NULL);
    run_loop(50);
    http_peer_cancel(p);
    http_peer_destroy(q);
    run_loop(600);
    avahi_address = "127.0.0.1";
    ask(p);
    assert_int_equal(last.outcome, REPLY_OK);
    http_peer_get(p, "/", never, NULL);
    http_peer_destroy(p);
}

/* ---- without Avahi: asked directly, since http would go on to the name server ---- */

static struct {
    int calls;
    bool no_avahi;
    char why[200];
} told;

static void on_told(void *user, const char *address, bool no_avahi, const char *why)
{
    told.calls++;
    told.no_avahi = no_avahi;
    snprintf(told.why, sizeof(told.why), "%s", why);
    assert_null(address);
    loop_stop(loop, 0);
}

static void ask_directly(struct mdns *m, const char *words)
{
    struct mdns_query q;

    told.calls = 0;
    mdns_ask(m, &q, "gateway.local", 1000, on_told, NULL);
    assert_int_equal(told.calls, 0);
    assert_int_equal(run_loop(3000), 0);
    assert_int_equal(told.calls, 1);
    assert_true(told.no_avahi);
    if (!strstr(told.why, words))
        fail_msg("\"%s\" does not say \"%s\"", told.why, words);
}

static void test_no_avahi(void **state)
{
    struct mdns *m = mdns_create(loop);

    stop_avahi();
    ask_directly(m, "needs Avahi, which does not run on this device");
    private_bus_stop();
    run_loop(50);
    ask_directly(m, "no system D-Bus");
    mdns_destroy(m);
    mdns_destroy(NULL);
}

static void test_bus_comes_back(void **state)
{
    struct http_peer *p = peer_at("gateway.local", 1000), *q = peer_at("other.local", 1000);

    ask(p);
    assert_int_equal(last.outcome, REPLY_OK);
    stop_avahi();
    private_bus_interrupt();
    run_loop(50);
    assert_true(private_bus_start());
    start_avahi();
    ask(q);
    assert_int_equal(last.outcome, REPLY_OK);
    assert_int_equal(questions, 2);
    http_peer_destroy(p);
    http_peer_destroy(q);
}

/* Without Avahi, the C library is asked: here with a file of hosts of our own. */
static int resolve_without_avahi(void)
{
    char file[] = "/tmp/dtu-test-hosts-XXXXXX";

    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return 2;
    int hosts = mkstemp(file);
    bool ok = hosts >= 0 && dprintf(hosts, "127.0.0.1 gateway.local\n") > 0 &&
              mount(file, "/etc/hosts", NULL, MS_BIND, NULL) == 0;
    unlink(file);
    if (!ok)
        return 2;
    struct http_peer *p = peer_at("gateway.local", 2000);
    ask(p);
    return last.outcome == REPLY_OK ? 0 : 1;
}

static void test_fallback(void **state)
{
    int status = 0;

    stop_avahi();
    pid_t pid = fork();
    if (pid == 0)
        _exit(resolve_without_avahi());
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
        skip(); /* no mount namespaces for us here */
    assert_int_equal(status, 0);
}

#define MDNS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_names),
        MDNS_TEST(test_found),
        MDNS_TEST(test_asked_again_after_a_failure),
        MDNS_TEST(test_address_changes),
        MDNS_TEST(test_nobody_answers),
        MDNS_TEST(test_strange_answers),
        MDNS_TEST(test_cancel),
        MDNS_TEST(test_no_avahi),
        MDNS_TEST(test_bus_comes_back),
        MDNS_TEST(test_fallback),
    };

    return cmocka_run_group_tests_name("mdns", tests, NULL, NULL);
}
