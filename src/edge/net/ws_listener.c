#include "edge/net/ws_listener.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/net/curl_handle.h"
#include "edge/net/ws_inbox.h"

enum { URL_MAX = 512, PIECES_MAX = 16 /* in one turn of the loop */ };

struct ws_listener {
    struct loop *loop;
    struct feed_events events;
    char url[URL_MAX]; /* "ws://host" */
    unsigned silence_ms;
    /* Of its own: a connection that curl does not use may be closed for the sake of another one. */
    struct http *http;
    struct http_peer *peer;
    struct loop_fd *watch;  /* NULL until connected */
    struct loop_timer turn; /* what is to be done in the next turn of the loop */
    struct loop_timer silence;
    struct ws_inbox inbox;
    int64_t count_ms; /* when the present counting began: of pieces, and of their bytes */
    unsigned pieces;
    size_t bytes;
    bool over; /* closed is due, or was told */
    enum reply_outcome outcome;
    char why[200];
};

static void end(struct ws_listener *w, enum reply_outcome outcome, const char *why)
{
    if (w->over)
        return;
    w->over = true;
    w->outcome = outcome;
    snprintf(w->why, sizeof(w->why), "%s", why);
    loop_fd_remove(w->watch);
    w->watch = NULL;
    loop_timer_disarm(&w->silence);
    loop_timer_arm(&w->turn, 0);
}

static void explain(struct ws_listener *w, CURLcode code)
{
    char host[CURL_HANDLE_HOST_MAX], why[200];

    curl_handle_host(w->url, host, sizeof(host));
    if (code == CURLE_FILESIZE_EXCEEDED) {
        snprintf(why, sizeof(why), "%s sent a message of more than %d bytes", host, WS_MESSAGE_MAX);
        end(w, REPLY_TOO_LARGE, why);
    } else if (code == CURLE_OUT_OF_MEMORY) {
        end(w, REPLY_FAILED, "out of memory");
    } else {
        snprintf(why, sizeof(why), "%s closed the WebSocket", host);
        end(w, REPLY_CUT_OFF, why);
    }
}

static bool is_flood(struct ws_listener *w)
{
    int64_t now_ms = loop_now_ms(w->loop);

    if (now_ms - w->count_ms >= 1000) {
        w->count_ms = now_ms;
        w->pieces = 0;
        w->bytes = 0;
    }
    w->pieces++;
    w->bytes += w->inbox.piece;
    return w->pieces > WS_PIECES_MAX || w->bytes > WS_BYTES_MAX;
}

static void end_flood(struct ws_listener *w)
{
    char host[CURL_HANDLE_HOST_MAX], why[200];

    curl_handle_host(w->url, host, sizeof(host));
    snprintf(why, sizeof(why), "%s sent more than %d frames or %d KiB in a second", host,
             WS_PIECES_MAX, WS_BYTES_MAX / 1024);
    end(w, REPLY_TOO_LARGE, why);
}

static void take_piece(struct ws_listener *w)
{
    if (is_flood(w)) {
        end_flood(w);
    } else if (w->inbox.complete) {
        loop_timer_arm(&w->silence, w->silence_ms);
        w->events.message(w->events.user, w->inbox.text, w->inbox.len);
    }
}

/* Until nothing more is there: what curl has in its buffer makes no socket readable. */
static void receive(struct ws_listener *w)
{
    for (int piece = 0; piece < PIECES_MAX && !w->over; piece++) {
        CURLcode code = ws_inbox_receive(&w->inbox, curl_handle_of_peer(w->peer));
        if (code == CURLE_AGAIN)
            return;
        if (code == CURLE_OK)
            take_piece(w);
        else
            explain(w, code);
    }
    loop_timer_arm(&w->turn, 0);
}

static void on_readable(void *user, int fd, short revents)
{
    (void)fd;
    (void)revents;
    receive(user);
}

static void on_turn(void *user)
{
    struct ws_listener *w = user;

    if (w->over)
        w->events.closed(w->events.user, w->outcome, w->why);
    else
        receive(w);
}

static void on_silence(void *user)
{
    struct ws_listener *w = user;
    char host[CURL_HANDLE_HOST_MAX], why[200];

    curl_handle_host(w->url, host, sizeof(host));
    snprintf(why, sizeof(why), "%s pushed nothing for %u s", host, w->silence_ms / 1000);
    end(w, REPLY_TIMEOUT, why);
}

/* Inside of edge/net/http: what was sent with the agreement waits for the next turn. */
static void on_connected(void *user, const struct gateway_reply *result)
{
    struct ws_listener *w = user;
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (result->outcome != REPLY_OK) {
        end(w, result->outcome, result->why);
        return;
    }
    curl_easy_getinfo(curl_handle_of_peer(w->peer), CURLINFO_ACTIVESOCKET, &fd);
    w->watch = fd == CURL_SOCKET_BAD ? NULL : loop_fd_add(w->loop, fd, POLLIN, on_readable, w);
    if (!w->watch) {
        end(w, REPLY_FAILED, "the WebSocket could not be watched: out of memory?");
        return;
    }
    loop_timer_arm(&w->silence, w->silence_ms);
    loop_timer_arm(&w->turn, 0);
}

static bool open_peer(struct ws_listener *w, const struct http_peer_conf *conf, const char *path)
{
    struct http_peer_conf own = *conf;
    int len = snprintf(w->url, sizeof(w->url), "ws%s", conf->base_url + strlen("http"));

    own.base_url = w->url;
    own.websocket = own.digest = true;
    w->http = len > 0 && len < URL_MAX ? http_create(w->loop) : NULL;
    w->peer = w->http ? http_peer_create(w->http, &own) : NULL;
    return w->peer && http_peer_get(w->peer, path, on_connected, w) == 0;
}

struct ws_listener *ws_listener_create(struct loop *l, const struct http_peer_conf *conf,
                                       const char *path, unsigned silence_ms,
                                       const struct feed_events *events)
{
    struct ws_listener *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->loop = l;
    w->events = *events;
    w->silence_ms = silence_ms;
    loop_timer_init(&w->turn, l, on_turn, w);
    loop_timer_init(&w->silence, l, on_silence, w);
    if (open_peer(w, conf, path))
        return w;
    ws_listener_destroy(w);
    return NULL;
}

void ws_listener_destroy(struct ws_listener *w)
{
    if (!w)
        return;
    loop_fd_remove(w->watch);
    loop_timer_disarm(&w->turn);
    loop_timer_disarm(&w->silence);
    http_peer_destroy(w->peer);
    if (w->http)
        http_destroy(w->http);
    ws_inbox_finish(&w->inbox);
    free(w);
}
