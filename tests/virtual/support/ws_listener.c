/* Nothing at connecting, as with the real ones. */
#include "edge/net/ws_listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

struct ws_listener {
    struct feed_events events;
    struct loop_timer timer;
    char base_url[256], path[64];
};

static void on_timer(void *user)
{
    struct ws_listener *w = user;
    struct world_reply reply = {.outcome = REPLY_OK, .body = ""};

    world_ask_gateway(w->base_url, w->path, &reply);
    if (reply.outcome != REPLY_OK) {
        w->events.closed(w->events.user, reply.outcome, "the virtual gateway is away");
        return;
    }
    loop_timer_arm(&w->timer, WORLD_PUSH_MS);
    if (reply.body)
        w->events.message(w->events.user, reply.body, strlen(reply.body));
}

struct ws_listener *ws_listener_create(struct loop *l, const struct http_peer_conf *conf,
                                       const char *path, unsigned silence_ms,
                                       const struct feed_events *events)
{
    struct ws_listener *w = calloc(1, sizeof *w);

    (void)silence_ms;
    if (!w)
        return NULL;
    w->events = *events;
    snprintf(w->base_url, sizeof w->base_url, "%s", conf->base_url);
    snprintf(w->path, sizeof w->path, "%s", path);
    loop_timer_init(&w->timer, l, on_timer, w);
    loop_timer_arm(&w->timer, WORLD_PUSH_MS);
    return w;
}

void ws_listener_destroy(struct ws_listener *w)
{
    if (!w)
        return;
    loop_timer_disarm(&w->timer);
    free(w);
}
