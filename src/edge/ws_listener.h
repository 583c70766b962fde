/*
 * A WebSocket on the loop, to which a gateway pushes: connects, hands over each text message, and
 * tells why it ended. It sends nothing but the answers to pings. To begin again is its owner's.
 *
 * After messages it does not look again before the pause is over, and takes what came by then together:
 * a wake-up and cold caches cost more than a message. One that comes after a pause is taken at once.
 *
 * The gateway is not trusted: a message is at most 1 MiB, more than WS_MESSAGES_MAX for each second
 * end the connection, and so does silence. TLS, credentials and names as in edge/http.h; the
 * credentials go out as an answer to a Digest challenge only, never in clear (OpenDTU v26.3.30 asks
 * for Digest there, even though its pages want Basic).
 */
#ifndef DTU_EDGE_WS_LISTENER_H
#define DTU_EDGE_WS_LISTENER_H

#include <stddef.h>

#include "edge/http.h"
#include "edge/loop.h"

enum { WS_MESSAGES_MAX = 200 };

struct ws_listener;

/* From the loop, never from inside a call. */
struct ws_listener_events {
    /* NUL-terminated; for the call only, in which the listener must not be destroyed. */
    void (*message)(void *user, const char *text, size_t len);
    /*
     * It has ended, or never began; why is one line for a person. Nothing more comes. The listener
     * is to be destroyed, here or later.
     */
    void (*closed)(void *user, enum http_outcome outcome, const char *why);
    void *user;
};

struct ws_listener_times {
    unsigned silence_ms; /* at most from connecting, or a message, to the next */
    unsigned pause_ms;   /* at least from looking to looking again; 0: none */
};

/*
 * conf is that of the gateway's pages ("http://host"), and copied. timeout_ms in it is for connecting.
 * NULL when out of memory.
 */
struct ws_listener *ws_listener_create(struct loop *l, const struct http_peer_conf *conf,
                                       const char *path, const struct ws_listener_times *times,
                                       const struct ws_listener_events *events);
void ws_listener_destroy(struct ws_listener *w); /* NULL is fine */

#endif
