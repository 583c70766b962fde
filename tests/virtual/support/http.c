#include "edge/net/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

struct http {
    struct loop *loop;
};

struct http_peer {
    struct http *http;
    char base_url[256];
    struct loop_timer timer;
    struct world_reply reply;
    char *body;
    size_t body_size;
    http_done_fn done;
    void *user;
};

static world_gateway_fn gateway;
static world_message_fn message_gateway; /* NULL: gateway is asked */
static void *gateway_user;

void world_set_gateway(world_gateway_fn fn, void *user)
{
    gateway = fn;
    message_gateway = NULL;
    gateway_user = user;
}

void world_set_message_gateway(world_message_fn fn, void *user)
{
    message_gateway = fn;
    gateway_user = user;
}

static void tell_gateway(const char *base_url, const struct message *m, struct world_reply *reply)
{
    if (message_gateway)
        message_gateway(gateway_user, base_url, m, reply);
    else
        gateway(gateway_user, base_url, m->path, reply);
}

void world_ask_gateway(const char *base_url, const char *path, struct world_reply *reply)
{
    struct message m = {.path = ""};

    snprintf(m.path, sizeof m.path, "%s", path);
    tell_gateway(base_url, &m, reply);
}

struct http *http_create(struct loop *l)
{
    struct http *h = calloc(1, sizeof *h);
    if (h)
        h->loop = l;
    return h;
}

void http_destroy(struct http *h)
{
    free(h);
}

static void on_reply(void *user)
{
    struct http_peer *p = user;
    struct gateway_reply result = {.outcome = p->reply.outcome,
                                   .latency_ms = (double)p->reply.delay_ms};
    http_done_fn done = p->done;

    if (result.outcome == REPLY_OK) {
        result.status = 200;
        result.body = p->body;
        result.len = strlen(p->body);
    } else {
        snprintf(result.why, sizeof result.why, "the virtual gateway is away");
    }
    p->done = NULL;
    done(p->user, &result);
}

struct http_peer *http_peer_create(struct http *h, const struct http_peer_conf *conf)
{
    struct http_peer *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->http = h;
    snprintf(p->base_url, sizeof p->base_url, "%s", conf->base_url);
    loop_timer_init(&p->timer, h->loop, on_reply, p);
    return p;
}

void http_peer_cancel(struct http_peer *p)
{
    loop_timer_disarm(&p->timer);
    p->done = NULL;
}

void http_peer_destroy(struct http_peer *p)
{
    if (!p)
        return;
    http_peer_cancel(p);
    free(p->body);
    free(p);
}

/* The buffer is kept and only grows, as the real one's: what grows then is the program's. */
static void keep_body(struct http_peer *p, const char *body)
{
    size_t size = strlen(body) + 1;
    if (size > p->body_size) {
        p->body_size = size < 16384 ? 16384 : size;
        p->body = realloc(p->body, p->body_size);
        if (!p->body)
            abort();
    }
    memcpy(p->body, body, size);
}

int http_peer_send(struct http_peer *p, const struct message *m, http_done_fn done, void *user)
{
    if (p->done)
        return -EBUSY;
    p->reply = (struct world_reply){.outcome = REPLY_OK, .body = ""};
    tell_gateway(p->base_url, m, &p->reply);
    keep_body(p, p->reply.body ? p->reply.body : "");
    p->done = done;
    p->user = user;
    loop_timer_arm(&p->timer, p->reply.delay_ms);
    return 0;
}

int http_peer_get(struct http_peer *p, const char *path, http_done_fn done, void *user)
{
    struct message m = {.path = ""};

    snprintf(m.path, sizeof m.path, "%s", path);
    return http_peer_send(p, &m, done, user);
}

bool http_peer_busy(const struct http_peer *p)
{
    return p->done != NULL;
}

const char *http_version(void)
{
    return "virtual";
}
