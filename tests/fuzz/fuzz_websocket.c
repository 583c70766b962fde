/* A WebSocket from the handshake on: frames of every kind, and what becomes of the messages in them. */
#include "fuzz/http_double.h"

static struct http_peer *serving_peer(struct http *h, const struct http_peer_conf *conf)
{
    struct http_peer *p = http_peer_create(h, conf);

    if (p)
        serving_for(p->easy);
    return p;
}

#define http_peer_create serving_peer
#include "edge/net/ws_listener.c"

static bool over;

static void on_message(void *user, const char *text, size_t len)
{
    (void)user;
    if (over)
        serving_fail("a message after the end");
    if (len > WS_MESSAGE_MAX || text[len] != '\0')
        serving_fail("a message");
}

static void on_closed(void *user, enum reply_outcome outcome, const char *why)
{
    (void)user;
    if (over)
        serving_fail("it ends twice");
    over = true;
    if (outcome == REPLY_OK || !why || !*why)
        serving_fail("no word why");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct http_peer_conf conf = {.base_url = "http://192.168.1.50",
                                        .username = "admin",
                                        .password = "secret",
                                        .tls_verify = true,
                                        .timeout_ms = 5000};
    const struct feed_events events = {on_message, on_closed, NULL};

    over = false;
    serving_begin(data, size);
    struct ws_listener *w = ws_listener_create(serving.loop, &conf, "/livedata", 60000, &events);
    if (!w)
        abort();
    serving_run(&over);
    ws_listener_destroy(w);
    serving_end();
    return 0;
}
