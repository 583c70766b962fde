/*
 * HTTP to gateways: libcurl's multi interface on the loop. A peer is one gateway; it has at most one
 * request under way. Nothing blocks: not a hanging gateway, not a dead name server.
 *
 * A gateway is not trusted: body limit 1 MiB, one deadline for the request as a whole, redirects
 * only within the same host (and scheme), at most 2, http and https only, no proxy from the environment,
 * no cookies, credentials never sent to another host. A host's name in ".local" is looked up through
 * Avahi (edge/bus/mdns.h). A body that comes packed with gzip, which is never asked for, is unpacked within the
 * same limit.
 */
#ifndef DTU_EDGE_HTTP_H
#define DTU_EDGE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/message.h"
#include "core/reply.h"
#include "edge/sys/loop.h"

struct http;
struct http_peer;

typedef void (*http_done_fn)(void *user, const struct gateway_reply *result);

struct http_peer_conf {              /* text is copied */
    const char *base_url;            /* "http://host[:port]" */
    const char *username, *password; /* "" or NULL: none */
    const char *authorization;       /* "Bearer ...", in place of these; "" or NULL: none */
    bool digest;                     /* Digest (MD5, SHA-256) instead of Basic */
    const char *ca_cert;             /* file; "" or NULL: the system's bundle */
    bool tls_verify;
    unsigned timeout_ms;
    bool stay;      /* no redirect is followed */
    bool nearby;    /* nothing is contacted but what is near: core/address.h */
    bool websocket; /* "ws://host[:port]": see http_peer_get() */
};

struct http *http_create(struct loop *l); /* NULL when out of memory */
void http_destroy(struct http *h);        /* after all of its peers */

struct http_peer *http_peer_create(struct http *h, const struct http_peer_conf *conf);
/* Cancels what is under way; done is not called. Allowed inside done. NULL is fine. */
void http_peer_destroy(struct http_peer *p);

/*
 * GETs base_url + path. done is called exactly once, later, never from inside this call, unless the
 * peer is cancelled or destroyed before. -EBUSY while a request is under way. Inside done a new
 * request may be started.
 *
 * Of a WebSocket one request is made in its life: once done was told REPLY_OK (status 101), the
 * connection stays open, and curl_handle_of_peer() reads it, until the peer is destroyed.
 */
int http_peer_get(struct http_peer *p, const char *path, http_done_fn done, void *user);

/*
 * The same for a message with or without a body; m is copied. What is posted is posted once: it is not repeated
 * at the target of a redirect.
 */
int http_peer_send(struct http_peer *p, const struct message *m, http_done_fn done, void *user);
void http_peer_cancel(struct http_peer *p);
bool http_peer_busy(const struct http_peer *p);

/* "libcurl/8.14.1 mbedTLS/3.6.6": for `version`. Static storage. */
const char *http_version(void);

#endif
