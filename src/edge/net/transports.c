/* The rows of edge/net/transport.h, and how a gateway's configuration is said to each. */
#include "edge/net/transport.h"

#include <errno.h>

#include "edge/net/replay.h"
#include "edge/net/ws_listener.h"

static struct http_peer_conf peer_conf(const struct gateway_conf *conf)
{
    return (struct http_peer_conf){.base_url = conf->base_url,
                                   .username = conf->username,
                                   .password = conf->password,
                                   .authorization = conf->authorization,
                                   .digest = conf->digest,
                                   .ca_cert = conf->ca_cert,
                                   .tls_verify = conf->tls_verify,
                                   .timeout_ms = conf->timeout_ms,
                                   .nearby = conf->nearby};
}

static void *open_http(struct loop *l, struct http *http, const struct gateway_conf *conf)
{
    const struct http_peer_conf peer = peer_conf(conf);

    (void)l;
    return http_peer_create(http, &peer);
}

static void close_http(void *line)
{
    http_peer_destroy(line);
}

static int send_http(void *line, const struct message *m, http_done_fn done, void *user)
{
    return m->format == MESSAGE_BYTES ? -EINVAL : http_peer_send(line, m, done, user);
}

static void *listen_ws(struct loop *l, const struct gateway_conf *conf, const char *path,
                       unsigned silence_ms, const struct feed_events *events)
{
    const struct http_peer_conf peer = peer_conf(conf);

    return ws_listener_create(l, &peer, path, silence_ms, events);
}

static void close_ws(void *listener)
{
    ws_listener_destroy(listener);
}

static const struct transport http_transport = {"http", open_http, close_http, send_http};
static const struct feed_transport ws_transport = {"websocket", listen_ws, close_ws};

const struct transport *const transports[] = {&http_transport, &replay_transport, NULL};
const struct feed_transport *const feed_transports[] = {&ws_transport, &replay_feed_transport,
                                                        NULL};
