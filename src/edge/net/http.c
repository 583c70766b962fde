#include "edge/net/http.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/gzip.h"
#include "core/refusal.h"
#include "edge/bus/mdns.h"
#include "edge/net/curl_handle.h"
#include "edge/net/ws_inbox.h"
#include "edge/sys/clock.h"

enum {
    BODY_MAX = 1024 * 1024,
    BODY_FIRST = 4096,
    BODY_KEPT = 64 * 1024, /* what a peer's buffer may keep between two requests */
    URL_MAX = 1024,
    REDIRECTS_MAX = 2,
    STATUS_LINES_MAX = 8, /* in one transfer: 100 Continue, challenges */
    RETRY_AFTER_MAX_S = 3600,
    NONCE_ONCE_FOR = 256, /* requests until it is tried again whether a nonce serves twice */
};

struct http {
    struct loop *loop;
    CURLM *multi;
    struct loop_timer curl_timer;    /* when curl wants to be called */
    struct loop_timer deliver_timer; /* for what failed within http_peer_get */
    struct http_peer *finished;      /* to be delivered, first in first out */
    struct http_peer *delivering;    /* whose callback runs */
    bool delivering_gone;            /* it has destroyed its peer */
    bool begun;                      /* it has begun a request, of whichever peer */
    struct mdns *mdns;               /* NULL until a name in .local is asked for */
    unsigned peers;
};

enum peer_state { PEER_IDLE, PEER_RESOLVING, PEER_RUNNING, PEER_FINISHED };

struct origin {
    char scheme[8], host[256], port[8];
};

struct http_peer {
    struct http *http;
    struct http_peer *next; /* in http->finished */
    struct http_peer_conf conf;
    struct origin origin;
    CURL *easy;
    struct curl_slist *headers;      /* Authorization, if any */
    struct curl_slist *json_headers; /* the same for a body of JSON */
    enum peer_state state;
    http_done_fn done;
    void *user;

    /* the request as a whole */
    char url[URL_MAX];
    int64_t deadline_ms;
    double spent_ms;
    enum message_body format;
    char post[MESSAGE_BODY_MAX];
    unsigned redirects;
    bool retried; /* a refused nonce was replaced once */

    /* the transfer under way: one step of the request */
    bool begun; /* there is a transfer that curl can tell about */
    CURLcode code;
    CURLcode verdict; /* of our own callbacks, which curl knows as "write error" only */
    unsigned status_lines;
    char retry_after[40], date[40];
    char error[CURL_ERROR_SIZE];
    char *body;
    size_t len, capacity;

    /* a name in .local */
    struct mdns_query query;
    struct curl_slist *resolved; /* the address found, as CURLOPT_RESOLVE wants it */
    int64_t resolved_until_ms;
    char unresolved[160]; /* why there is no address */

    /* Digest */
    bool nonce_held;   /* curl has a challenge from an earlier request */
    unsigned uses;     /* requests that were answered on it */
    unsigned once_for; /* so many requests still are taken to need a challenge each */
};

/* ---- curl's multi interface on the loop ---- */

static void take_finished(struct http *h);
static void deliver(struct http *h);

static void act(struct http *h, curl_socket_t fd, int events)
{
    int running;

    curl_multi_socket_action(h->multi, fd, events, &running);
    take_finished(h);
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

/* ---- one transfer ---- */

static bool make_room(struct http_peer *p, size_t more)
{
    size_t need = p->len + more + 1, capacity = p->capacity ? p->capacity : BODY_FIRST;

    while (capacity < need)
        capacity *= 2;
    if (capacity == p->capacity)
        return true;
    char *body = realloc(p->body, capacity);
    if (!body)
        return false;
    p->body = body;
    p->capacity = capacity;
    return true;
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    struct http_peer *p = user;
    size_t bytes = size * count; /* size is always 1 */

    if (bytes > BODY_MAX - p->len)
        p->verdict = CURLE_FILESIZE_EXCEEDED;
    else if (!make_room(p, bytes))
        p->verdict = CURLE_OUT_OF_MEMORY;
    if (p->verdict != CURLE_OK)
        return CURL_WRITEFUNC_ERROR;
    memcpy(p->body + p->len, data, bytes);
    p->len += bytes;
    return bytes;
}

/* Copies the value of a header line if it is the one called name ("date:"). */
static void take_header(const char *line, size_t len, const char *name, char *out, size_t size)
{
    size_t skip = strlen(name);

    if (len < skip || strncasecmp(line, name, skip) != 0)
        return;
    while (skip < len && (line[skip] == ' ' || line[skip] == '\t'))
        skip++;
    while (len > skip && (unsigned char)line[len - 1] <= ' ')
        len--;
    snprintf(out, size, "%.*s", (int)(len - skip), line + skip);
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    struct http_peer *p = user;
    size_t len = size * count;

    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        p->retry_after[0] = p->date[0] = '\0';
        /* A peer that calls every nonce stale would be asked again until the deadline. */
        if (++p->status_lines > STATUS_LINES_MAX) {
            p->verdict = CURLE_TOO_MANY_REDIRECTS;
            return CURL_WRITEFUNC_ERROR;
        }
    }
    take_header(line, len, "retry-after:", p->retry_after, sizeof(p->retry_after));
    take_header(line, len, "date:", p->date, sizeof(p->date));
    return len;
}

static bool configure_easy(struct http_peer *p)
{
    CURL *e = p->easy;

    return curl_handle_configure(e, &p->conf, p->conf.websocket ? "ws,wss" : "http,https") &&
           (!p->conf.websocket || ws_inbox_configure(e)) &&
           curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)BODY_MAX) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEDATA, p) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HEADERDATA, p) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_ERRORBUFFER, p->error) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_RESOLVE, p->resolved) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PRIVATE, p) == CURLE_OK;
}

static void finish_with(struct http_peer *p, CURLcode code)
{
    struct http_peer **end = &p->http->finished;

    while (*end)
        end = &(*end)->next;
    *end = p;
    p->next = NULL;
    p->state = PEER_FINISHED;
    p->code = p->verdict != CURLE_OK ? p->verdict : code;
}

/* Curl's state of authentication goes with everything else that was set. */
static void forget_nonce(struct http_peer *p)
{
    curl_easy_reset(p->easy);
    configure_easy(p);
    p->nonce_held = false;
    p->uses = 0;
}

/*
 * Lets curl connect at once: by itself it would ask for a turn of the loop that does only this. Not while
 * somebody reads a reply, which the next one could overwrite.
 */
static void start(struct http *h)
{
    int running;

    h->begun = h->delivering != NULL;
    if (h->begun)
        return;
    curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_finished(h);
    if (h->finished) /* not from here, which may be inside http_peer_get() */
        loop_timer_arm(&h->deliver_timer, 0);
}

/* For each transfer anew: what is known of authentication is forgotten with everything else. */
static CURLcode set_body(struct http_peer *p)
{
    struct curl_slist *headers = p->format == MESSAGE_JSON ? p->json_headers : p->headers;
    CURLcode code = curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, headers);

    if (code != CURLE_OK || p->conf.websocket)
        return code;
    if (p->format == MESSAGE_NO_BODY)
        return curl_easy_setopt(p->easy, CURLOPT_HTTPGET, 1L);
    code = curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(p->post));
    return code == CURLE_OK ? curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, p->post) : code;
}

/*
 * Begins a transfer of url, never from inside curl. What cannot even begin is finished, and delivered
 * like any other.
 */
static void begin(struct http_peer *p, const char *url)
{
    int64_t left_ms = p->deadline_ms - clock_now_ms();
    CURLcode code = CURLE_OPERATION_TIMEDOUT;

    p->state = PEER_RUNNING;
    p->begun = false;
    p->verdict = CURLE_OK;
    p->len = 0;
    p->status_lines = 0;
    p->error[0] = p->retry_after[0] = p->date[0] = '\0';
    if (left_ms > 0) {
        curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
        curl_easy_setopt(p->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)left_ms);
        code = curl_easy_setopt(p->easy, CURLOPT_URL, url);
        if (code == CURLE_OK)
            code = set_body(p);
        p->begun = code == CURLE_OK && curl_multi_add_handle(p->http->multi, p->easy) == CURLM_OK;
        if (p->begun) {
            start(p->http);
            return;
        }
        code = code == CURLE_OK ? CURLE_FAILED_INIT : code;
    }
    finish_with(p, code);
    loop_timer_arm(&p->http->deliver_timer, 0);
}

/* Anybody may answer 101: only what was asked for as a WebSocket has become one. */
static bool is_open_websocket(const struct http_peer *p, CURLcode code)
{
    long status = 0;

    return p->conf.websocket && code == CURLE_OK &&
           curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status == 101;
}

static void take_finished(struct http *h)
{
    const CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(h->multi, &left)) != NULL) {
        char *user = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result; /* message is gone with the handle */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
        struct http_peer *p = (struct http_peer *)(void *)user;
        if (!is_open_websocket(p, code)) /* whose connection would go with it */
            curl_multi_remove_handle(h->multi, p->easy);
        finish_with(p, code);
    }
}

/* ---- names in .local ---- */

static void forget_address(struct http_peer *p)
{
    curl_easy_setopt(p->easy, CURLOPT_RESOLVE, NULL);
    curl_slist_free_all(p->resolved);
    p->resolved = NULL;
}

static bool use_address(struct http_peer *p, const char *address)
{
    char line[MDNS_HOST_MAX + 64];

    forget_address(p);
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
        begin(p, p->url); /* without Avahi: there are name servers that know such names */
        return;
    }
    finish_with(p, address ? CURLE_OUT_OF_MEMORY : CURLE_COULDNT_RESOLVE_HOST);
    loop_timer_arm(&p->http->deliver_timer, 0);
}

/* Begins the request, once there is an address where finding it is ours to do. */
static void begin_at_address(struct http_peer *p)
{
    struct http *h = p->http;

    p->unresolved[0] = '\0';
    if (p->resolved && clock_now_ms() >= p->resolved_until_ms)
        forget_address(p);
    if (!mdns_is_local(p->origin.host) || p->resolved) {
        begin(p, p->url);
        return;
    }
    if (!h->mdns)
        h->mdns = mdns_create(h->loop);
    if (!h->mdns) {
        begin(p, p->url);
        return;
    }
    p->state = PEER_RESOLVING;
    mdns_ask(h->mdns, &p->query, p->origin.host, p->conf.timeout_ms, on_resolved, p);
}

/* ---- redirects ---- */

static bool get_part(CURLU *u, CURLUPart part, char *out, size_t size)
{
    char *text = NULL;

    if (curl_url_get(u, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return false;
    int len = snprintf(out, size, "%s", text);
    curl_free(text);
    return len >= 0 && (size_t)len < size;
}

static bool get_origin(CURLU *u, struct origin *out)
{
    return get_part(u, CURLUPART_SCHEME, out->scheme, sizeof(out->scheme)) &&
           get_part(u, CURLUPART_HOST, out->host, sizeof(out->host)) &&
           get_part(u, CURLUPART_PORT, out->port, sizeof(out->port));
}

static bool same_origin(const struct origin *a, const struct origin *b)
{
    return strcasecmp(a->scheme, b->scheme) == 0 && strcasecmp(a->host, b->host) == 0 &&
           strcmp(a->port, b->port) == 0;
}

/* An origin that cannot be told stays empty, and is the same as none. */
static void learn_origin(struct http_peer *p)
{
    CURLU *u = curl_url();

    if (!u || curl_url_set(u, CURLUPART_URL, p->conf.base_url, 0) != CURLUE_OK ||
        !get_origin(u, &p->origin))
        p->origin = (struct origin){.scheme = ""};
    curl_url_cleanup(u);
}

/*
 * Follows a redirect if it stays at the same host; curl by itself would follow anywhere. User name
 * and password in the new address are dropped: those of the configuration count. Returns whether
 * another transfer has begun.
 */
static bool follow(struct http_peer *p, const char *target)
{
    struct origin there = {.scheme = ""};
    char url[URL_MAX];
    CURLU *u = curl_url();
    bool ok = u && curl_url_set(u, CURLUPART_URL, target, 0) == CURLUE_OK &&
              get_origin(u, &there) && same_origin(&there, &p->origin) &&
              curl_url_set(u, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
              curl_url_set(u, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK &&
              curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
              get_part(u, CURLUPART_URL, url, sizeof(url));

    curl_url_cleanup(u);
    if (!ok)
        return false;
    if (++p->redirects > REDIRECTS_MAX) {
        p->code = CURLE_TOO_MANY_REDIRECTS;
        return false;
    }
    begin(p, url);
    return true;
}

static void explain_redirect(const struct http_peer *p, const char *target, struct gateway_reply *r)
{
    char from[CURL_HANDLE_HOST_MAX], to[CURL_HANDLE_HOST_MAX];

    curl_handle_host(p->conf.base_url, from, sizeof(from));
    curl_handle_host(target, to, sizeof(to));
    /* Neither user information nor a query: they may hold a secret. */
    const char *host = strrchr(to, '@');
    snprintf(r->why, sizeof(r->why),
             "%s redirects to %.*s://%s, which is not followed: write that as Host?", from,
             (int)strcspn(target, ":"), target, host ? host + 1 : to);
}

/* ---- results ---- */

static bool http_date(const char *text, time_t *out)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S", &tm);

    if (!end || strcmp(end, " GMT") != 0)
        return false;
    *out = timegm(&tm);
    return true;
}

/* A date counts from the gateway's own clock, since ours may be wrong by decades. */
static unsigned retry_after(const struct http_peer *p)
{
    time_t then, now;
    char *end;
    long long s;

    if (p->retry_after[0] >= '0' && p->retry_after[0] <= '9') {
        errno = 0;
        s = strtoll(p->retry_after, &end, 10);
        if (*end)
            return 0;
    } else if (http_date(p->retry_after, &then) && http_date(p->date, &now)) {
        s = (long long)then - (long long)now;
        if (s > 24 * RETRY_AFTER_MAX_S)
            return 0; /* absurd: a clock that was set in between */
    } else {
        return 0;
    }
    if (s < 0)
        return 0;
    return s > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : (unsigned)s;
}

/* 407 and 408 are a proxy's, or a server's that saw no request: they say nothing of the page. */
static enum reply_outcome outcome_of(long status)
{
    if (status == 401)
        return REPLY_UNAUTHORIZED;
    if (status == 429 || status == 503)
        return REPLY_BUSY;
    return status >= 300 && status < 500 && status != 407 && status != 408 ? REPLY_NOT_FOUND
                                                                           : REPLY_ERROR;
}

static void explain_status(const struct http_peer *p, struct gateway_reply *r)
{
    char host[CURL_HANDLE_HOST_MAX];

    curl_handle_host(p->conf.base_url, host, sizeof(host));
    if (r->status == 404)
        snprintf(
            r->why, sizeof(r->why),
            "%s does not know what it was asked for (404): is it the configured kind of gateway?",
            host);
    else if (r->outcome == REPLY_BUSY)
        snprintf(r->why, sizeof(r->why), "%s is overloaded (%ld): it is asked again later", host,
                 r->status);
    else if (r->status >= 500)
        snprintf(r->why, sizeof(r->why), "%s reports an error of its own (%ld)", host, r->status);
    else
        snprintf(r->why, sizeof(r->why), "%s does not answer the question (status %ld)", host,
                 r->status);
}

/* The answer to the wish for a WebSocket; false when it is asked for once more. */
static bool judge_upgrade(struct http_peer *p, struct gateway_reply *r)
{
    char host[CURL_HANDLE_HOST_MAX];

    if (r->status == 101) {
        r->outcome = REPLY_OK;
        return true;
    }
    /* For an upgrade, curl takes the challenge of a 401 but leaves it to us to ask again. */
    if (r->status == 401 && p->conf.digest && !p->retried) {
        p->retried = true;
        begin(p, p->url);
        return false;
    }
    curl_handle_host(p->conf.base_url, host, sizeof(host));
    r->outcome = outcome_of(r->status);
    snprintf(r->why, sizeof(r->why), "%s offers no WebSocket (status %ld)", host, r->status);
    return true;
}

/* A body that is packed although that was not asked for is unpacked; false when it cannot be. */
static bool unpack(struct http_peer *p)
{
    size_t len = 0;

    if (!gzip_is(p->body, p->len))
        return true;
    char *body = gzip_unpack(p->body, p->len, BODY_MAX, &len);
    free(p->body);
    p->body = body;
    p->len = len;
    p->capacity = body ? len + 1 : 0;
    return body != NULL;
}

/* The device's own words, where it has any. */
static void add_words(const struct http_peer *p, struct gateway_reply *r)
{
    const char *blank = strchr(p->conf.authorization, ' ');
    const char *const secrets[] = {p->conf.password, blank ? blank + 1 : p->conf.authorization};
    size_t used = strlen(r->why);
    char words[REFUSAL_WORDS_MAX];

    refusal_words(p->body, p->len, secrets, sizeof secrets / sizeof secrets[0], words);
    if (words[0])
        snprintf(r->why + used, sizeof(r->why) - used, "; it says \"%s\"", words);
}

static void judge_success(struct http_peer *p, bool readable, struct gateway_reply *r)
{
    char host[CURL_HANDLE_HOST_MAX];

    if (readable) {
        r->outcome = REPLY_OK;
        return;
    }
    snprintf(r->why, sizeof(r->why),
             "the reply of %s is packed (gzip) and damaged, or larger than 1 MiB",
             curl_handle_host(p->conf.base_url, host, sizeof(host)));
}

/* The reply is complete; false when another transfer has begun in its place. */
static bool judge_reply(struct http_peer *p, struct gateway_reply *r)
{
    bool readable = unpack(p);
    char *target = NULL;

    if (r->status >= 200 && r->status <= 299) {
        judge_success(p, readable, r);
        return true;
    }
    if (r->status == 401) {
        /*
         * A nonce from an earlier request has run out, or serves once only (Shelly's firmware before
         * 2.0). Unless the peer says stale=true, curl takes this for wrong credentials.
         */
        if (p->nonce_held && !p->retried) {
            p->retried = true;
            if (p->uses == 1)
                p->once_for = NONCE_ONCE_FOR;
            forget_nonce(p);
            begin(p, p->url);
            return false;
        }
        r->outcome = REPLY_UNAUTHORIZED;
        curl_handle_explain_unauthorized(p->easy, p->conf.base_url, &p->conf, r->why,
                                         sizeof(r->why));
        add_words(p, r);
        return true;
    }
    r->outcome = outcome_of(r->status);
    curl_easy_getinfo(p->easy, CURLINFO_REDIRECT_URL, &target);
    if (target) {
        if (p->format == MESSAGE_NO_BODY && follow(p, target))
            return false;
        if (p->code == CURLE_OK) {
            explain_redirect(p, target, r);
            return true;
        }
        r->outcome = curl_handle_explain(p->easy, p->code, p->error, p->conf.base_url, &p->conf,
                                         r->why, sizeof(r->why));
        return true;
    }
    if (r->outcome == REPLY_BUSY)
        r->retry_after_s = retry_after(p);
    explain_status(p, r);
    add_words(p, r);
    return true;
}

static void explain_failure(struct http_peer *p, struct gateway_reply *r)
{
    r->outcome = curl_handle_explain(p->easy, p->code, p->error, p->conf.base_url, &p->conf, r->why,
                                     sizeof(r->why));
    if (p->code == CURLE_COULDNT_RESOLVE_HOST && *p->unresolved)
        snprintf(r->why, sizeof(r->why), "%s", p->unresolved);
    if (r->outcome == REPLY_UNREACHABLE || r->outcome == REPLY_TIMEOUT)
        forget_address(p); /* it may have another by now */
}

static bool judge(struct http_peer *p, struct gateway_reply *r)
{
    curl_off_t us = 0;

    *r = (struct gateway_reply){.outcome = REPLY_FAILED};
    if (p->begun) {
        curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &r->status);
        curl_easy_getinfo(p->easy, CURLINFO_TOTAL_TIME_T, &us);
    }
    p->spent_ms += (double)us / 1000.0;
    if (p->conf.websocket && (p->code == CURLE_OK || p->code == CURLE_HTTP_RETURNED_ERROR)) {
        if (!judge_upgrade(p, r))
            return false;
    } else if (p->code != CURLE_OK) {
        explain_failure(p, r);
    } else if (!judge_reply(p, r)) {
        return false;
    }
    r->latency_ms = p->spent_ms;
    if (!make_room(p, 0)) { /* an empty body needs its NUL as well */
        r->outcome = REPLY_FAILED;
        snprintf(r->why, sizeof(r->why), "out of memory");
        return true;
    }
    p->body[p->len] = '\0';
    r->body = p->body;
    r->len = p->len;
    return true;
}

/* What curl knows of authentication serves the next request too, unless it was refused. */
static void note_nonce(struct http_peer *p, const struct gateway_reply *r)
{
    if (!p->conf.digest)
        return;
    if (r->outcome == REPLY_UNAUTHORIZED) {
        forget_nonce(p);
    } else if (r->status != 0) {
        p->nonce_held = true;
        p->uses++;
    }
}

static void shrink(struct http_peer *p)
{
    if (p->capacity <= BODY_KEPT)
        return;
    char *body = realloc(p->body, BODY_KEPT);
    if (!body)
        return;
    p->body = body;
    p->capacity = BODY_KEPT;
}

static void deliver(struct http *h)
{
    struct gateway_reply result;

    while (h->finished) {
        struct http_peer *p = h->finished;
        h->finished = p->next;
        p->state = PEER_IDLE;
        if (!judge(p, &result))
            continue;
        note_nonce(p, &result);
        h->delivering = p;
        h->delivering_gone = false;
        p->done(p->user, &result);
        h->delivering = NULL;
        if (!h->delivering_gone)
            shrink(p);
        if (h->begun)
            start(h);
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
    free((void *)(uintptr_t)text); /* const in the struct for the callers' sake only */
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
    free(line);
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
    if (!copy_conf(&p->conf, conf) || !make_headers(p) || !p->easy || !configure_easy(p)) {
        http_peer_destroy(p);
        return NULL;
    }
    learn_origin(p);
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
    curl_slist_free_all(p->headers);
    curl_slist_free_all(p->json_headers);
    free_text(p->conf.base_url);
    free_text(p->conf.username);
    free_text(p->conf.password);
    free_text(p->conf.authorization);
    free_text(p->conf.ca_cert);
    free(p->body);
    free(p);
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
            forget_nonce(p);
    }
    int len =
        snprintf(p->url, sizeof(p->url), "%s%s%s", p->conf.base_url, *path == '/' ? "" : "/", path);
    if (len < 0 || (size_t)len >= sizeof(p->url)) {
        finish_with(p, CURLE_URL_MALFORMAT);
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
