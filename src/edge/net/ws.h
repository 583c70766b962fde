/*
 * A WebSocket client on libcurl (ws, wss), for looking at what a gateway pushes. Blocking within a
 * deadline: for command-line use only, never on the loop.
 */
#ifndef DTU_EDGE_WS_H
#define DTU_EDGE_WS_H

#include <stddef.h>

#include "edge/net/http.h"

/*
 * Connects to url, sends text (if not NULL) as one frame, waits for one complete text message and
 * puts it, NUL-terminated, into *message (to be freed by the caller). REPLY_OK, or what went wrong
 * with a line in why. conf.base_url is not used.
 */
enum reply_outcome ws_exchange(const char *url, const struct http_peer_conf *conf, const char *text,
                               char **message, char *why, size_t why_size);

#endif
