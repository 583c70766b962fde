#include "edge/net/http.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/wipe.h"
#include "edge/net/curl_handle.h"
#include "edge/net/http_peer.h"
#include "edge/sys/clock.h"

/* ---- curl's multi interface on the loop ---- */

static void deliver(struct http *h);

static void act(struct http *h, curl_socket_t fd, int events)
{
    int running;

    curl_multi_socket_action(h->multi, fd, events, &running);
    http_take_finished(h);
    deliver(h); /* outside of curl by now: no turn of the loop need be spent on it */
}

static void on_socket_ready(void *user, int fd, short revents)
{
    int events = ((revents & POLLIN) ? CURL_CSELECT_IN : 0) |
                 ((revents & POLLOUT) ? CURL_CSELECT_OUT : 0) |
                 ((revents & (POLLERR | POLLHUP)) ? CURL_CSELECT_ERR : 0);

    act(user, fd, events);
}

static void on_curl_timer(void *user)
{
    act(user, CURL_SOCKET_TIMEOUT, 0);
}

static void on_deliver_timer(void *user)
{
    deliver(user);
}

static int watch_socket(CURL *e, curl_socket_t fd, int what, void *user, void *watch)
{
    struct http *h = user;
    short events =
        (short)(((what & CURL_POLL_IN) ? POLLIN : 0) | ((what & CURL_POLL_OUT) ? POLLOUT : 0));

    (void)e;
    if (what == CURL_POLL_REMOVE) {
        loop_fd_remove(watch);
        return 0;
    }
    if (watch) {
        loop_fd_events(watch, events);
        return 0;
    }
    struct loop_fd *f = loop_fd_add(h->loop, fd, events, on_socket_ready, h);
    if (!f)
        return -1; /* curl then fails its transfers */
    curl_multi_assign(h->multi, fd, f);
    return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct http *h = user;

    (void)multi;
    if (timeout_ms < 0)
        loop_timer_disarm(&h->curl_timer);
    else /* one more: our milliseconds are cut off, and too early would mean to wake up twice */
        loop_timer_arm(&h->curl_timer, timeout_ms > 0 ? timeout_ms + 1 : 0);
    return 0;
}

static bool configure_multi(struct http *h)
{
    return curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
           curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h) == CURLM_OK &&
           curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, set_timer) == CURLM_OK &&
           curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h) == CURLM_OK;
}

struct http *http_create(struct loop *l)
{
    struct http *h = calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    h->loop = l;
    loop_timer_init(&h->curl_timer, l, on_curl_timer, h);
    loop_timer_init(&h->deliver_timer, l, on_deliver_timer, h);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(h);
        return NULL;
    }
    h->multi = curl_multi_init();
    if (!h->multi || !configure_multi(h)) {
        http_destroy(h);
        return NULL;
    }
    return h;
}

void http_destroy(struct http *h)
{
    if (!h)
        return;
    curl_multi_cleanup(h->multi);
    mdns_destroy(h->mdns);
    loop_timer_disarm(&h->curl_timer);
    loop_timer_disarm(&h->deliver_timer);
    curl_global_cleanup();
    free(h);
}

/* ---- names in .local ---- */

void http_forget_address(struct http_peer *p)
{
    curl_easy_setopt(p->easy, CURLOPT_RESOLVE, NULL);
    curl_slist_free_all(p->resolved);
    p->resolved = NULL;
}

static bool use_address(struct http_peer *p, const char *address)
{
    char line[MDNS_HOST_MAX + 64];

    http_forget_address(p);
    /* '+': it ages in curl's cache as any other, should it not be given again. */
    snprintf(line, sizeof(line), "+%s:%s:%s", p->origin.host, p->origin.port, address);
    p->resolved = curl_slist_append(NULL, line);
    p->resolved_until_ms = clock_now_ms() + MDNS_LIFE_MS;
    return p->resolved && curl_easy_setopt(p->easy, CURLOPT_RESOLVE, p->resolved) == CURLE_OK;
}

static void on_resolved(void *user, const char *address, bool no_avahi, const char *why)
{
    struct http_peer *p = user;

    if (!address)
        snprintf(p->unresolved, sizeof(p->unresolved), "%s", why);
    if (address ? use_address(p, address) : no_avahi) {
        http_begin(p, p->url); /* without Avahi: there are name servers that know such names */
        return;
    }
    http_finish_with(p, address ? CURLE_OUT_OF_MEMORY : CURLE_COULDNT_RESOLVE_HOST);
    loop_timer_arm(&p->http->deliver_timer, 0);
}

/* Begins the request, once there is an address where finding it is ours to do. */
static void begin_at_address(struct http_peer *p)
{
    struct http *h = p->http;

    p->unresolved[0] = '\0';
    if (p->resolved && clock_now_ms() >= p->resolved_until_ms)
        http_forget_address(p);
    if (!mdns_is_local(p->origin.host) || p->resolved) {
        http_begin(p, p->url);
        return;
    }
    if (!h->mdns)
        h->mdns = mdns_create(h->loop);
    if (!h->mdns) {
        http_begin(p, p->url);
        return;
    }
    p->state = PEER_RESOLVING;
    mdns_ask(h->mdns, &p->query, p->origin.host, p->conf.timeout_ms, on_resolved, p);
}

static void note_nonce(struct http_peer *p, const struct gateway_reply *r)
{
    if (!p->conf.digest)
        return;
    if (r->outcome == REPLY_UNAUTHORIZED) {
        http_forget_nonce(p);
    } else if (r->status != 0) {
        p->nonce_held = true;
        p->uses++;
    }
}

static void deliver(struct http *h)
{
    struct gateway_reply result;

    while (h->finished) {
        struct http_peer *p = h->finished;
        h->finished = p->next;
        p->state = PEER_IDLE;
        if (!http_judge(p, &result))
            continue;
        note_nonce(p, &result);
        h->delivering = p;
        h->delivering_gone = false;
        p->done(p->user, &result);
        h->delivering = NULL;
        if (!h->delivering_gone)
            http_shrink(p);
        if (h->begun)
            http_start(h);
    }
}

/* ---- peers ---- */

static char *copy_text(const char *text)
{
    return strdup(text ? text : "");
}

static bool copy_conf(struct http_peer_conf *to, const struct http_peer_conf *from)
{
    *to = *from;
    to->base_url = copy_text(from->base_url);
    to->username = copy_text(from->username);
    to->password = copy_text(from->password);
    to->authorization = copy_text(from->authorization);
    to->ca_cert = copy_text(from->ca_cert);
    return to->base_url && to->username && to->password && to->authorization && to->ca_cert;
}

static void free_text(const char *text)
{
    wipe_text((char *)(uintptr_t)text); /* const in the struct for the callers' sake only */
}

static void free_headers(struct curl_slist *list)
{
    for (struct curl_slist *l = list; l; l = l->next)
        explicit_bzero(l->data, strlen(l->data));
    curl_slist_free_all(list);
}

/* Sent to this peer only: a redirect is followed nowhere else. */
static bool make_headers(struct http_peer *p)
{
    static const char name[] = "Authorization: ";

    p->json_headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (!p->json_headers || !p->conf.authorization[0])
        return p->json_headers != NULL;
    size_t size = sizeof(name) + strlen(p->conf.authorization);
    char *line = malloc(size);
    if (!line)
        return false;
    snprintf(line, size, "%s%s", name, p->conf.authorization);
    p->headers = curl_slist_append(NULL, line);
    bool ok = p->headers && curl_slist_append(p->json_headers, line);
    wipe_text(line);
    return ok;
}

struct http_peer *http_peer_create(struct http *h, const struct http_peer_conf *conf)
{
    struct http_peer *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->http = h;
    h->peers++;
    p->easy = curl_easy_init();
    if (!copy_conf(&p->conf, conf) || !make_headers(p) || !p->easy || !http_configure_easy(p)) {
        http_peer_destroy(p);
        return NULL;
    }
    http_learn_origin(p);
    /* At most one kept connection for each: what a destroyed peer leaves behind goes first. */
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)h->peers);
    return p;
}

void http_peer_destroy(struct http_peer *p)
{
    if (!p)
        return;
    http_peer_cancel(p);
    if (p->http->delivering == p)
        p->http->delivering_gone = true;
    p->http->peers--;
    curl_easy_cleanup(p->easy);
    curl_slist_free_all(p->resolved);
    free_headers(p->headers);
    free_headers(p->json_headers);
    free_text(p->conf.base_url);
    free_text(p->conf.username);
    free_text(p->conf.password);
    free_text(p->conf.authorization);
    free_text(p->conf.ca_cert);
    free(p->body);
    wipe_free(p, sizeof *p); /* its last request */
}

static int ask(struct http_peer *p, const char *path, http_done_fn done, void *user)
{
    if (p->state != PEER_IDLE)
        return -EBUSY;
    p->done = done;
    p->user = user;
    p->redirects = 0;
    p->begun = p->retried = false;
    p->verdict = CURLE_OK;
    p->len = 0;
    p->spent_ms = 0;
    p->deadline_ms = clock_now_ms() + p->conf.timeout_ms;
    if (p->once_for > 0) {
        p->once_for--;
        if (p->nonce_held)
            http_forget_nonce(p);
    }
    int len =
        snprintf(p->url, sizeof(p->url), "%s%s%s", p->conf.base_url, *path == '/' ? "" : "/", path);
    if (len < 0 || (size_t)len >= sizeof(p->url)) {
        http_finish_with(p, CURLE_URL_MALFORMAT);
        loop_timer_arm(&p->http->deliver_timer, 0);
        return 0;
    }
    begin_at_address(p);
    return 0;
}

int http_peer_get(struct http_peer *p, const char *path, http_done_fn done, void *user)
{
    if (p->state == PEER_IDLE)
        p->format = MESSAGE_NO_BODY;
    return ask(p, path, done, user);
}

int http_peer_send(struct http_peer *p, const struct message *m, http_done_fn done, void *user)
{
    if (p->state != PEER_IDLE)
        return -EBUSY;
    p->format = m->format;
    memcpy(p->post, m->body, sizeof(p->post));
    return ask(p, m->path, done, user);
}

void http_peer_cancel(struct http_peer *p)
{
    struct http_peer **at = &p->http->finished;

    if (p->state == PEER_RESOLVING)
        mdns_cancel(&p->query);
    if (p->state == PEER_RUNNING)
        curl_multi_remove_handle(p->http->multi, p->easy);
    while (*at && *at != p)
        at = &(*at)->next;
    if (*at)
        *at = p->next;
    p->state = PEER_IDLE;
}

bool http_peer_busy(const struct http_peer *p)
{
    return p->state != PEER_IDLE;
}

CURL *curl_handle_of_peer(const struct http_peer *p)
{
    return p->easy;
}

const char *http_version(void)
{
    return curl_version();
}
