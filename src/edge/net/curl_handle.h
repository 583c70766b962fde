/*
 * What every curl "easy" handle of this program is told, and what curl's errors mean to a person.
 * For edge/net/http.c and edge/net/ws.c.
 */
#ifndef DTU_EDGE_CURL_HANDLE_H
#define DTU_EDGE_CURL_HANDLE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "edge/net/http.h"

/* How much of an address a message shows. */
enum { CURL_HANDLE_HOST_MAX = 64 };

/* Sets all that follows from conf and from the rules in edge/net/http.h. protocols: "http,https". */
bool curl_handle_configure(CURL *e, const struct http_peer_conf *conf, const char *protocols);

/* The "host[:port]" of a URL, cut to size. Returns out. */
const char *curl_handle_host(const char *url, char *out, size_t size);

/*
 * What a transfer that curl gave up with code means. detail is what CURLOPT_ERRORBUFFER holds. Fills
 * why with one line.
 */
enum reply_outcome curl_handle_explain(CURL *e, CURLcode code, const char *detail, const char *url,
                                       const struct http_peer_conf *conf, char *why,
                                       size_t why_size);

/* The connection of a peer of edge/net/http.h, for one that is a WebSocket. */
CURL *curl_handle_of_peer(const struct http_peer *p);

/* The line for a 401. */
void curl_handle_explain_unauthorized(CURL *e, const char *url, const struct http_peer_conf *conf,
                                      char *why, size_t why_size);

#endif
