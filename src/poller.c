#include "poller.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/driver.h"
#include "core/health.h"
#include "edge/log.h"
#include "live.h"

enum {
    GAP_MIN_MS = 1000, /* a gateway too slow for its interval still gets a pause between cycles */
    BACKOFF_STEPS = 2, /* doublings: at most four intervals */
    RETRY_AFTER_MAX_S = 15 * 60,
    PUSH_GAP_MS = 15 * 1000,          /* an OpenDTU pushes each inverter at least every 10 s */
    PUSH_INTERVAL_MAX_MS = 10 * 1000, /* who wants to be told less often is polled */
    RESYNC_MS = 15 * 60 * 1000
};

struct poller {
    struct loop *loop;
    const struct gateway_conf *conf;
    const struct driver *driver;
    struct poller_events events;
    struct http_peer *peer;
    struct loop_timer timer;
    struct log_fault fault;
    struct health health;
    struct live live;
    bool in_cycle;
    int64_t resync_ms;      /* to be asked by then, whatever is pushed */
    struct request request; /* the one under way */
    int64_t began_ms;       /* the present cycle */
    double latency_ms;      /* of the reply being decoded */
    unsigned misbehaved;    /* failures in a row in which the gateway was there */
    bool absent;            /* an inverter of this cycle was not there any more */
    bool esp8266;
    uint32_t jitter;
    max_align_t session[];
};

static void ask_next(struct poller *p);

/* -10 % .. +10 % of ms, so that several gateways, or several of us, do not fall into step. */
static int64_t with_jitter(struct poller *p, int64_t ms)
{
    p->jitter = p->jitter * 1664525u + 1013904223u;
    return ms - ms / 10 + (int64_t)(p->jitter >> 16) * (ms / 5) / 65535;
}

static int64_t interval(const struct poller *p)
{
    unsigned ms = p->conf->interval_ms;
    if (p->esp8266 && p->conf->esp8266_interval_ms > ms)
        ms = p->conf->esp8266_interval_ms;
    return ms;
}

static int64_t backed_off(struct poller *p)
{
    if (p->misbehaved < 2)
        return interval(p);
    unsigned steps = p->misbehaved - 1 < BACKOFF_STEPS ? p->misbehaved - 1 : BACKOFF_STEPS;
    int64_t ms = interval(p) << steps;
    if (ms > p->conf->retry_after_ms)
        ms = p->conf->retry_after_ms;
    return ms > interval(p) ? with_jitter(p, ms) : interval(p);
}

/* The next cycle begins period_ms after this one began. */
static void schedule(struct poller *p, int64_t period_ms)
{
    int64_t delay = p->began_ms + period_ms - loop_now_ms(p->loop);
    loop_timer_arm(&p->timer, delay > GAP_MIN_MS ? delay : GAP_MIN_MS);
}

/* Until when what was pushed will do; -1: it does not. */
static int64_t push_deadline(const struct poller *p)
{
    int64_t since_ms = live_heard(&p->live) ? p->driver->pushed_since(p->session) : -1;
    int64_t until_ms = since_ms < 0 ? -1 : since_ms + PUSH_GAP_MS;

    return until_ms < p->resync_ms ? until_ms : p->resync_ms;
}

/* True when what is pushed will do until the timer comes next. */
static bool is_pushed(struct poller *p)
{
    int64_t left_ms = push_deadline(p) - loop_now_ms(p->loop);

    if (left_ms <= 0)
        return false;
    loop_timer_arm(&p->timer, left_ms);
    return true;
}

static bool wants_push(const struct poller *p)
{
    return p->conf->push && p->driver->push_path && interval(p) <= PUSH_INTERVAL_MAX_MS;
}

static void cycle_failed(struct poller *p, enum health_kind kind, unsigned retry_after_s,
                         const char *why)
{
    bool there = kind != HEALTH_UNREACHABLE;

    p->in_cycle = false;
    p->misbehaved = there ? p->misbehaved + 1 : 0;
    health_failure(&p->health, kind, why, loop_now_ms(p->loop));
    log_fault(&p->fault, loop_now_ms(p->loop), LOG_WARNING, "%s: %s", p->conf->section, why);
    p->events.cycle(p->events.user, false);

    int64_t period = backed_off(p);
    if (retry_after_s > RETRY_AFTER_MAX_S)
        retry_after_s = RETRY_AFTER_MAX_S;
    if (period < (int64_t)retry_after_s * 1000)
        period = (int64_t)retry_after_s * 1000;
    schedule(p, period);
}

static void cycle_complete(struct poller *p)
{
    const char *path = wants_push(p) ? p->driver->push_path(p->session) : NULL;

    p->in_cycle = false;
    p->misbehaved = 0;
    p->resync_ms = loop_now_ms(p->loop) + RESYNC_MS;
    health_success(&p->health, loop_now_ms(p->loop));
    log_recovered(&p->fault, loop_now_ms(p->loop), "%s: %s answers again", p->conf->section,
                  p->conf->base_url);
    p->events.cycle(p->events.user, !p->absent);
    if (path)
        live_open(&p->live, path);
    if (!is_pushed(p))
        schedule(p, interval(p));
}

static void on_reading(void *user, const struct reading *r)
{
    struct poller *p = user;
    p->events.reading(p->events.user, r, p->latency_ms);
}

static void on_gateway(void *user, const struct gateway_info *info)
{
    struct poller *p = user;
    p->esp8266 = info->esp8266;
    p->events.gateway(p->events.user, info);
}

static void decode_reply(struct poller *p, const struct http_result *result)
{
    const struct decode_sink sink = {.reading = on_reading, .gateway = on_gateway, .user = p};
    char why[DECODE_WHY_MAX] = "";
    enum health_kind kind = HEALTH_BAD_REPLY;

    p->latency_ms = result->latency_ms;
    switch (p->driver->decode(p->session, result->body, result->len, &sink, why)) {
    case DECODE_OK:
        ask_next(p);
        return;
    case DECODE_ABSENT:
        log_line(LOG_DEBUG, "%s: %s", p->conf->section, why);
        p->absent = true;
        ask_next(p);
        return;
    case DECODE_BUSY:
        kind = HEALTH_BUSY;
        break;
    case DECODE_AUTH:
        kind = HEALTH_UNAUTHORIZED;
        break;
    case DECODE_BAD_REPLY:
        break;
    }
    if (p->request.optional) {
        p->driver->skip(p->session);
        ask_next(p);
        return;
    }
    cycle_failed(p, kind, 0, why);
}

static enum health_kind kind_of(const struct http_result *result)
{
    switch (result->outcome) {
    case HTTP_STATUS:
        return result->status == 429 || result->status == 503 ? HEALTH_BUSY : HEALTH_STATUS;
    case HTTP_UNAUTHORIZED:
        return HEALTH_UNAUTHORIZED;
    case HTTP_UNREACHABLE:
        return HEALTH_UNREACHABLE;
    case HTTP_TIMEOUT:
        return HEALTH_TIMEOUT;
    case HTTP_CUT_OFF:
    case HTTP_TOO_LARGE:
        return HEALTH_CUT_OFF;
    case HTTP_TLS:
        return HEALTH_TLS;
    case HTTP_OK:
    case HTTP_FAILED:
        break;
    }
    return HEALTH_OTHER;
}

/* Ends the cycle, unless the driver knows something else to ask. */
static void reply_failed(struct poller *p, const struct http_result *result)
{
    char why[DECODE_WHY_MAX] = "";

    if (result->outcome == HTTP_STATUS && p->driver->refused &&
        p->driver->refused(p->session, result->status, why))
        ask_next(p);
    else
        cycle_failed(p, kind_of(result), result->retry_after_s, why[0] ? why : result->why);
}

static void on_done(void *user, const struct http_result *result)
{
    struct poller *p = user;

    health_request(&p->health, (double)result->len,
                   result->outcome == HTTP_OK ? result->latency_ms : MISSING);
    if (p->events.reply)
        p->events.reply(p->events.user, &p->request, result);
    if (result->outcome == HTTP_OK) {
        decode_reply(p, result);
    } else if (p->request.optional) {
        log_line(LOG_DEBUG, "%s: did without an optional reply: %s", p->conf->section, result->why);
        p->driver->skip(p->session);
        ask_next(p);
    } else {
        reply_failed(p, result);
    }
}

static void ask_next(struct poller *p)
{
    memset(&p->request, 0, sizeof p->request);
    if (!p->driver->next(p->session, &p->request)) {
        cycle_complete(p);
        return;
    }
    if (http_peer_get(p->peer, p->request.path, on_done, p) < 0)
        cycle_failed(p, HEALTH_OTHER, 0, "the request could not be started: out of memory?");
}

static void on_timer(void *user)
{
    struct poller *p = user;

    if (is_pushed(p)) {
        health_success(&p->health, loop_now_ms(p->loop));
        return;
    }
    p->began_ms = loop_now_ms(p->loop);
    p->absent = false;
    p->in_cycle = true;
    p->driver->begin(p->session, p->began_ms);
    ask_next(p);
}

/* ---- What comes by itself ---- */

static void on_pushed(void *user, const struct reading *r)
{
    struct poller *p = user;
    p->events.pushed(p->events.user, r);
}

static void on_message(void *user, const char *text, size_t len)
{
    struct poller *p = user;
    const struct decode_sink sink = {.reading = on_pushed, .gateway = on_gateway, .user = p};
    char why[DECODE_WHY_MAX] = "";
    int64_t now_ms = loop_now_ms(p->loop);

    health_push(&p->health, (double)len);
    switch (p->driver->pushed(p->session, now_ms, text, len, &sink, why)) {
    case DECODE_ABSENT: /* a new inverter: the list tells of it */
        poller_ask(p);
        break;
    case DECODE_BAD_REPLY:
    case DECODE_AUTH:
        log_line(LOG_DEBUG, "%s: its live feed: %s", p->conf->section, why);
        break;
    case DECODE_OK:
    case DECODE_BUSY:
        break;
    }
    if (!p->in_cycle && !health_failing(&p->health))
        (void)is_pushed(p); /* puts the timer off, which so need not wake us to do it */
}

/* Not where a cycle is due soon anyway, nor while it fails: then the back-off says when. */
void poller_ask(struct poller *p)
{
    if (p->in_cycle || p->resync_ms == 0 || !live_heard(&p->live) || health_failing(&p->health))
        return;
    p->resync_ms = 0;
    schedule(p, interval(p));
}

/* A gateway that fails is not asked the sooner for it: it may have said when (Retry-After). */
static void on_live_ended(void *user)
{
    struct poller *p = user;

    if (!p->in_cycle && !health_failing(&p->health))
        schedule(p, interval(p));
}

static bool open_transport(struct poller *p, struct http *h)
{
    const struct gateway_conf *conf = p->conf;
    const struct http_peer_conf peer = {.base_url = conf->base_url,
                                        .username = conf->username,
                                        .password = conf->password,
                                        .authorization = conf->authorization,
                                        .digest = conf->digest,
                                        .ca_cert = conf->ca_cert,
                                        .tls_verify = conf->tls_verify,
                                        .timeout_ms = conf->timeout_ms};
    const struct live_events events = {on_message, on_live_ended, p};

    live_init(&p->live, p->loop, conf->section, &peer, &events);
    p->peer = http_peer_create(h, &peer);
    return p->peer != NULL;
}

struct poller *poller_create(struct loop *l, struct http *h, const struct gateway_conf *conf,
                             const struct poller_events *events)
{
    const struct driver *driver = driver_find(conf->driver);
    struct poller *p = driver ? calloc(1, sizeof *p + driver->session_size) : NULL;
    if (!p)
        return NULL;
    p->loop = l;
    p->conf = conf;
    p->driver = driver;
    p->events = *events;
    p->jitter = (uint32_t)(loop_now_ms(l) ^ (int64_t)(uintptr_t)p);
    if (!open_transport(p, h)) {
        free(p);
        return NULL;
    }
    health_init(&p->health);
    driver->open(p->session, conf);
    loop_timer_init(&p->timer, l, on_timer, p);
    loop_timer_arm(&p->timer, 0);
    return p;
}

void poller_destroy(struct poller *p)
{
    if (!p)
        return;
    loop_timer_disarm(&p->timer);
    live_close(&p->live);
    http_peer_destroy(p->peer);
    if (p->driver->close)
        p->driver->close(p->session);
    free(p);
}

const struct health *poller_health(const struct poller *p)
{
    return &p->health;
}
