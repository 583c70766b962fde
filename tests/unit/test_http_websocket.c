/* A message over a WebSocket, and the faults of one, against the server of support/server.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/net/http.h"
#include "edge/net/ws.h"
#include "edge/sys/clock.h"
#include "unit/support/http_fixture.h"
#include "unit/support/http_server.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(test_websocket),
        HTTP_TEST(test_websocket_faults),
    };

    return cmocka_run_group_tests_name("http websocket", tests, http_server_start,
                                       http_server_stop);
}
