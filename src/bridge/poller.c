#include "bridge/poller.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/live_feed.h"
#include "core/driver.h"
#include "core/health.h"
#include "core/wipe.h"
#include "edge/sys/log.h"

struct poller {
    struct loop *loop;
    const struct gateway_conf *conf;
    const struct driver *driver;
    struct poller_events events;
    const struct transport *transport;
    void *line; /* of the transport */
    struct schedule schedule;
    struct loop_timer timer; /* the next cycle */
    struct log_fault fault;
    struct health health;
    struct live_feed live;
    struct outbox outbox;
    struct loop_timer outbox_timer; /* the next look */
    struct message request;         /* the present cycle's last */
    bool cycling;                   /* a cycle is under way */
    bool busy;                      /* a message is */
    double latency_ms;              /* of the reply being decoded */
    bool absent;                    /* an inverter of this cycle was not there any more */
    int64_t began_ms;               /* the present or last cycle */
    max_align_t session[];
};

static void send_next(struct poller *p);

/* ---- When ----------------------------------------------------------------------------------- */

/* Who wants to be told less often than a feed tells the same again is polled. */
static const struct feed *wanted_feed(const struct poller *p)
{
    const struct feed *feed = p->conf->push && p->driver->feed ? p->driver->feed(p->session) : NULL;

    return feed && schedule_interval(&p->schedule) <= feed->repeat_ms ? feed : NULL;
}

/* Sets the timer to when the next cycle is due. */
static void set_timer(struct poller *p)
{
    const struct feed *feed = wanted_feed(p);
    const struct schedule_feed heard = {
        .heard = feed && live_feed_heard(&p->live),
        .since_ms = feed ? p->driver->pushed_since(p->session) : -1,
        .silence_ms = feed ? feed->silence_ms : 0,
    };
    int64_t due_ms = schedule_due(&p->schedule, &heard), now_ms = loop_now_ms(p->loop);

    if (due_ms == SCHEDULE_NEVER)
        loop_timer_disarm(&p->timer);
    else
        loop_timer_arm(&p->timer, due_ms > now_ms ? due_ms - now_ms : 0);
}

static void tell_cycle(struct poller *p, bool complete)
{
    const struct feed *feed = wanted_feed(p);
    const struct cycle cycle = {
        .began_ms = p->began_ms,
        .complete = complete,
        .listening = feed && live_feed_heard(&p->live),
        .silence_ms = feed ? feed->silence_ms : 0,
        .interval_ms = schedule_interval(&p->schedule),
    };

    p->events.cycle(p->events.user, &cycle);
}

static const enum notice notices[HEALTH_KINDS] = {
    [HEALTH_TIMEOUT] = NOTICE_GATEWAY_TIMEOUT,
    [HEALTH_UNREACHABLE] = NOTICE_GATEWAY_UNREACHABLE,
    [HEALTH_STATUS] = NOTICE_GATEWAY_STATUS,
    [HEALTH_UNAUTHORIZED] = NOTICE_GATEWAY_LOGIN,
    [HEALTH_TLS] = NOTICE_GATEWAY_TLS,
    [HEALTH_CUT_OFF] = NOTICE_GATEWAY_CUT_OFF,
    [HEALTH_BAD_REPLY] = NOTICE_GATEWAY_BAD_REPLY,
    [HEALTH_BUSY] = NOTICE_GATEWAY_BUSY,
    [HEALTH_OTHER] = NOTICE_GATEWAY_OTHER,
};

static void cycle_failed(struct poller *p, enum health_kind kind, unsigned retry_after_s,
                         const char *why)
{
    int64_t now_ms = loop_now_ms(p->loop);

    p->cycling = false;
    schedule_failed(&p->schedule, kind != HEALTH_UNREACHABLE, retry_after_s, now_ms);
    health_failure(&p->health, kind, why, now_ms);
    log_fault(&p->fault, now_ms, notices[kind], "%s: %s", p->conf->section, why);
    tell_cycle(p, false);
    set_timer(p);
}

static void cycle_complete(struct poller *p)
{
    const struct feed *feed = wanted_feed(p);
    int64_t now_ms = loop_now_ms(p->loop);

    p->cycling = false;
    schedule_completed(&p->schedule, now_ms);
    health_success(&p->health, now_ms);
    log_recovered(&p->fault, now_ms, "%s: %s answers again", p->conf->section, p->conf->base_url);
    tell_cycle(p, !p->absent);
    if (feed)
        live_feed_open(&p->live, feed);
    set_timer(p);
}

/* ---- What is asked -------------------------------------------------------------------------- */

/* A snapshot goes out with what is about to be decoded. */
static void renew_health(struct poller *p)
{
    if (health_renew(&p->health, schedule_interval(&p->schedule), loop_now_ms(p->loop)))
        p->events.health(p->events.user);
}

static void on_reading(void *user, const struct reading *r)
{
    struct poller *p = user;
    p->events.reading(p->events.user, r, p->latency_ms);
}

static void on_gateway(void *user, const struct gateway_info *info)
{
    struct poller *p = user;
    schedule_weak(&p->schedule, info->esp8266);
    p->events.gateway(p->events.user, info);
}

static void on_listed(void *user, unsigned index, const char *serial)
{
    struct poller *p = user;
    p->events.listed(p->events.user, index, serial);
}

static void on_list_end(void *user)
{
    struct poller *p = user;
    p->events.list_end(p->events.user);
}

static void decode_reply(struct poller *p, const struct gateway_reply *result)
{
    const struct decode_sink sink = {.reading = on_reading,
                                     .gateway = on_gateway,
                                     .listed = on_listed,
                                     .list_end = on_list_end,
                                     .user = p};
    char why[DECODE_WHY_MAX] = "";
    enum health_kind kind = HEALTH_BAD_REPLY;

    p->latency_ms = result->latency_ms;
    switch (p->driver->decode(p->session, result->body, result->len, &sink, why)) {
    case DECODE_OK:
        return;
    case DECODE_ABSENT:
        log_debug("%s: %s", p->conf->section, why);
        p->absent = true;
        return;
    case DECODE_BUSY:
        kind = HEALTH_BUSY;
        break;
    case DECODE_AUTH:
        kind = HEALTH_UNAUTHORIZED;
        break;
    case DECODE_AGAIN:
    case DECODE_BAD_REPLY:
        break;
    }
    if (p->request.optional)
        p->driver->skip(p->session);
    else
        cycle_failed(p, kind, 0, why);
}

static enum health_kind kind_of(const struct gateway_reply *result)
{
    switch (result->outcome) {
    case REPLY_NOT_FOUND:
    case REPLY_ERROR:
        return HEALTH_STATUS;
    case REPLY_BUSY:
        return HEALTH_BUSY;
    case REPLY_UNAUTHORIZED:
        return HEALTH_UNAUTHORIZED;
    case REPLY_UNREACHABLE:
        return HEALTH_UNREACHABLE;
    case REPLY_TIMEOUT:
        return HEALTH_TIMEOUT;
    case REPLY_CUT_OFF:
    case REPLY_TOO_LARGE:
        return HEALTH_CUT_OFF;
    case REPLY_TLS:
        return HEALTH_TLS;
    case REPLY_OK:
    case REPLY_FAILED:
        break;
    }
    return HEALTH_OTHER;
}

/* Ends the cycle, unless the driver knows something else to ask. */
static void reply_failed(struct poller *p, const struct gateway_reply *result)
{
    char why[DECODE_WHY_MAX] = "";

    if (!reply_is_refusal(result->outcome) || !p->driver->refused ||
        !p->driver->refused(p->session, result->outcome, why))
        cycle_failed(p, kind_of(result), result->retry_after_s, why[0] ? why : result->why);
}

static void request_done(struct poller *p, const struct gateway_reply *result)
{
    if (p->events.reply)
        p->events.reply(p->events.user, &p->request, result);
    if (result->outcome == REPLY_OK) {
        decode_reply(p, result);
    } else if (p->request.optional) {
        log_debug("%s: did without an optional reply: %s", p->conf->section, result->why);
        p->driver->skip(p->session);
    } else {
        reply_failed(p, result);
    }
}

static void on_done(void *user, const struct gateway_reply *result)
{
    struct poller *p = user;

    p->busy = false;
    health_request(&p->health, (double)result->len,
                   result->outcome == REPLY_OK ? result->latency_ms : MISSING);
    renew_health(p);
    if (p->outbox.sent != OUTBOX_NOTHING)
        outbox_done(&p->outbox, result);
    else
        request_done(p, result);
    send_next(p);
}

/* ---- What is sent --------------------------------------------------------------------------- */

static bool send_request(struct poller *p)
{
    memset(&p->request, 0, sizeof p->request);
    if (!p->driver->next(p->session, &p->request)) {
        cycle_complete(p);
        return false;
    }
    if (p->transport->send(p->line, &p->request, on_done, p) == 0)
        return true;
    cycle_failed(p, HEALTH_OTHER, 0, "the request could not be started: out of memory?");
    return false;
}

static bool send_outbox(struct poller *p)
{
    static const struct gateway_reply failed = {.outcome = REPLY_FAILED,
                                                .body = "",
                                                .why = "it could not be sent: out of memory?"};
    struct message message;

    if (!outbox_next(&p->outbox, !p->cycling, loop_now_ms(p->loop), &message))
        return false;
    if (p->transport->send(p->line, &message, on_done, p) == 0)
        return true;
    outbox_done(&p->outbox, &failed);
    return false;
}

static void set_outbox_timer(struct poller *p)
{
    int64_t now_ms = loop_now_ms(p->loop), due_ms = outbox_due_ms(&p->outbox, now_ms);

    if (due_ms < 0)
        loop_timer_disarm(&p->outbox_timer);
    else
        loop_timer_arm(&p->outbox_timer, due_ms - now_ms);
}

static void send_next(struct poller *p)
{
    if (!p->busy)
        p->busy = send_outbox(p) || (p->cycling && send_request(p));
    if (!p->busy)
        set_outbox_timer(p);
}

static void on_outbox_timer(void *user)
{
    send_next(user);
}

void poller_wake(struct poller *p)
{
    loop_timer_arm(&p->outbox_timer, 0);
}

static void on_timer(void *user)
{
    struct poller *p = user;

    p->began_ms = loop_now_ms(p->loop);
    p->absent = false;
    schedule_begun(&p->schedule, p->began_ms);
    p->driver->begin(p->session, p->began_ms);
    p->cycling = true;
    send_next(p);
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
    const struct decode_sink sink = {.reading = on_pushed,
                                     .gateway = on_gateway,
                                     .listed = on_listed,
                                     .list_end = on_list_end,
                                     .user = p};
    char why[DECODE_WHY_MAX] = "";
    int64_t now_ms = loop_now_ms(p->loop);

    if (p->events.message)
        p->events.message(p->events.user, text, len);
    health_push(&p->health, (double)len);
    renew_health(p);
    switch (p->driver->pushed(p->session, now_ms, text, len, &sink, why)) {
    case DECODE_ABSENT: /* a new inverter: the list tells of it */
        poller_ask(p);
        break;
    case DECODE_BAD_REPLY:
    case DECODE_AGAIN:
    case DECODE_AUTH:
        log_debug("%s: its live feed: %s", p->conf->section, why);
        break;
    case DECODE_OK:
    case DECODE_BUSY:
        break;
    }
    set_timer(p); /* later, which so need not wake us to find out */
}

void poller_ask(struct poller *p)
{
    schedule_ask(&p->schedule, loop_now_ms(p->loop));
    set_timer(p);
}

void poller_ask_now(struct poller *p)
{
    schedule_now(&p->schedule, loop_now_ms(p->loop));
    set_timer(p);
}

static void on_live_ended(void *user)
{
    struct poller *p = user;

    schedule_feed_ended(&p->schedule, loop_now_ms(p->loop));
    set_timer(p);
}

/* ---- Life ----------------------------------------------------------------------------------- */

static bool open_transport(struct poller *p, struct http *h)
{
    const struct live_feed_events events = {on_message, on_live_ended, p};

    live_feed_init(&p->live, p->loop, p->conf, &events);
    p->transport = transport_find(p->driver->transport);
    p->line = p->transport ? p->transport->open(p->loop, h, p->conf) : NULL;
    return p->line != NULL;
}

static void init_schedule(struct poller *p)
{
    const struct schedule_conf conf = {.interval_ms = p->conf->interval_ms,
                                       .weak_interval_ms = p->conf->esp8266_interval_ms,
                                       .back_off_max_ms = p->conf->retry_after_ms,
                                       .first_retry_ms = p->conf->first_retry_ms};
    int64_t now_ms = loop_now_ms(p->loop);

    schedule_init(&p->schedule, &conf, (uint32_t)(now_ms ^ (int64_t)(uintptr_t)p), now_ms);
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
    if (!open_transport(p, h)) {
        free(p);
        return NULL;
    }
    init_schedule(p);
    health_init(&p->health);
    driver->open(p->session, conf);
    outbox_init(&p->outbox, driver, p->session, &events->outbox);
    loop_timer_init(&p->outbox_timer, l, on_outbox_timer, p);
    loop_timer_init(&p->timer, l, on_timer, p);
    set_timer(p);
    return p;
}

void poller_destroy(struct poller *p)
{
    if (!p)
        return;
    loop_timer_disarm(&p->timer);
    loop_timer_disarm(&p->outbox_timer);
    live_feed_close(&p->live);
    p->transport->close(p->line);
    if (p->driver->close)
        p->driver->close(p->session);
    /* Requests and tokens of logins are in it. */
    wipe_free(p, sizeof *p + p->driver->session_size);
}

bool poller_takes_commands(const struct poller *p)
{
    return p->driver->commands && p->driver->commands(p->session);
}

bool poller_listens(const struct poller *p)
{
    return wanted_feed(p) && live_feed_heard(&p->live);
}

const struct health *poller_health(const struct poller *p)
{
    return &p->health;
}
