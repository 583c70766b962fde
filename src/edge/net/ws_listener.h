/*
 * A WebSocket on the loop, to which a gateway pushes: connects, hands over each text message, and
 * tells why it ended. It sends nothing but the answers to pings. To begin again is its owner's.
 *
 * The gateway is not trusted: a message is at most 1 MiB, and more than WS_PIECES_MAX or WS_BYTES_MAX
 * within a second end the connection, whatever they are: text, binary, pings, pongs, empty frames. So does
 * silence. TLS, credentials and names as in edge/net/http.h; the credentials go out as an answer to a Digest
 * challenge only, never in clear (OpenDTU v26.3.30 asks for Digest there, even though its pages want Basic).
 */
#ifndef DTU_EDGE_WS_LISTENER_H
#define DTU_EDGE_WS_LISTENER_H

#include <stddef.h>

#include "edge/net/feed.h"
#include "edge/net/http.h"
#include "edge/sys/loop.h"

enum {
    WS_PIECES_MAX = 500, /* frames, and parts in which they come */
    WS_BYTES_MAX = 2 * 1024 * 1024
};

struct ws_listener;

/*
 * conf is that of the gateway's pages ("http://host"), and copied. timeout_ms in it is for connecting.
 * silence_ms: at most from connecting, or a message, to the next. NULL when out of memory.
 */
struct ws_listener *ws_listener_create(struct loop *l, const struct http_peer_conf *conf,
                                       const char *path, unsigned silence_ms,
                                       const struct feed_events *events);
void ws_listener_destroy(struct ws_listener *w); /* NULL is fine */

#endif
