#include "cli/discover/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/device_match.h"
#include "core/json.h"
#include "core/text.h"
#include "edge/net/http.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"

enum { TIMEOUTS_MAX = 2 };

struct search;

/* One host while it is asked. */
struct slot {
    struct search *search;
    const struct target *target; /* NULL: idle */
    size_t place;                /* of target */
    struct http_peer *peer;
    unsigned peer_port;
    unsigned requests, timeouts;
    bool answered, login;
    struct kinds_turn turn;
    const struct kind *kind; /* that is asked for */

    /* A driver's session: to try it, or to read what was found. */
    const struct driver *driver; /* NULL: none is open */
    void *session;
    struct config *config;
    bool optional;
    bool known; /* it is one of this driver */
    size_t reading;
    struct found found[KINDS_FOUND_MAX]; /* as turn.found */
    struct found *told;                  /* whose values the session tells */
};

struct search {
    const struct targets *targets;
    const struct kinds *kinds;
    const struct device_text *own;
    void (*progress)(size_t done, size_t count);
    struct loop *loop;
    struct http *http;
    size_t next, done;
    bool failed;
    struct search_result *result; /* with room for all there can be */
    struct slot slots[SEARCH_HOSTS];
};

static void step(struct slot *s);

/* ---- What was found ---- */

static void init_found(const struct slot *s, const struct kind *kind, struct found *out)
{
    *out = (struct found){.kind = kind, .watts = MISSING, .login = s->login};
    if (s->target->port)
        (void)snprintf(out->host, sizeof out->host, "%s:%u", s->target->host, s->target->port);
    else
        (void)snprintf(out->host, sizeof out->host, "%s", s->target->host);
}

static void keep(struct slot *s, const struct found *f)
{
    struct search_result *r = s->search->result;

    r->list[r->count] = *f;
    r->list[r->count++].place = s->place;
}

static void on_listed(void *user, unsigned index, const char *serial)
{
    struct found *f = ((struct slot *)user)->told;

    (void)index;
    for (size_t i = 0; i < f->listed_count; i++) {
        if (serial_equal(f->listed[i], serial))
            return;
    }
    if (f->listed_count < CONF_INVERTERS_MAX)
        text_copy(f->listed[f->listed_count++], SERIAL_MAX, serial);
}

static void on_list_end(void *user)
{
    (void)user;
}

static void on_reading(void *user, const struct reading *r)
{
    struct slot *s = user;
    double watts = r->value[FIELD_POWER][0];

    if (s->told->kind->driver)
        on_listed(user, r->index, r->serial);
    if (!has_value(watts))
        return;
    s->told->watts = (s->told->reading_count++ ? s->told->watts : 0) + watts;
}

static void on_info(void *user, const struct gateway_info *info)
{
    struct found *f = ((struct slot *)user)->told;

    text_copy(f->firmware, sizeof f->firmware, info->firmware);
    text_copy(f->name, sizeof f->name, info->hostname);
}

/* ---- A driver's session ---- */

static void close_session(struct slot *s)
{
    if (s->driver && s->driver->close)
        s->driver->close(s->session);
    free(s->session);
    config_free(s->config);
    s->driver = NULL;
    s->session = NULL;
    s->config = NULL;
}

/* As config.ini would have it. */
static struct config *configure(const struct slot *s, const struct kind *kind, const char *host)
{
    struct conf_report report;
    char text[400];
    int len = kind->driver
                  ? snprintf(text, sizeof text, "[DEFAULT]\nDTU = %s\nHost = %s\n",
                             kind->driver->name, host)
                  : snprintf(text, sizeof text,
                             "[DEFAULT]\nDTU = template\n[TEMPLATE0]\nType = %s\nHost = %s\n",
                             kind->type.name, host);
    struct config *c = config_parse_with(text, (size_t)len, s->search->own, &report);

    conf_report_finish(&report);
    if (c && c->gateway_count == 0) {
        config_free(c);
        c = NULL;
    }
    return c;
}

/* False when there is no memory, or when the type wants what is not known, such as a token. */
static bool open_session(struct slot *s, const struct kind *kind, struct found *told)
{
    s->config = configure(s, kind, told->host);
    const struct driver *driver = s->config ? driver_find(s->config->gateways[0].driver) : NULL;
    s->session = driver ? calloc(1, driver->session_size) : NULL;
    if (!s->session) {
        close_session(s);
        return false;
    }
    s->driver = driver;
    s->told = told;
    driver->open(s->session, &s->config->gateways[0]);
    driver->begin(s->session, clock_now_ms());
    return true;
}

/* ---- Asking ---- */

static void end_host(struct slot *s)
{
    struct search *all = s->search;
    struct found unknown;

    close_session(s);
    for (size_t i = 0; i < s->turn.found_count; i++)
        keep(s, &s->found[i]);
    init_found(s, NULL, &unknown);
    if (s->turn.found_count == 0 && s->answered)
        keep(s, &unknown);
    http_peer_destroy(s->peer);
    *s = (struct slot){.search = all};
    all->done++;
    if (all->progress)
        all->progress(all->done, all->targets->count);
    step(s);
}

static bool aim(struct slot *s, unsigned port)
{
    char url[TARGET_HOST_MAX + 24];
    const struct http_peer_conf conf = {.base_url = url,
                                        .tls_verify = true,
                                        .timeout_ms = SEARCH_TIMEOUT_MS,
                                        .stay = true};

    if (s->peer && s->peer_port == port)
        return true;
    (void)snprintf(url, sizeof url, "http://%s:%u", s->target->host, port);
    http_peer_destroy(s->peer);
    s->peer = http_peer_create(s->search->http, &conf);
    s->peer_port = port;
    return s->peer != NULL;
}

/* What the session says of the last request; true when it is to be asked on. */
static bool judge(struct slot *s, const struct gateway_reply *r, char why[REPLY_WHY_MAX])
{
    static const char login[] = "it wants a login";
    const struct decode_sink sink = {.reading = on_reading,
                                     .gateway = on_info,
                                     .listed = on_listed,
                                     .list_end = on_list_end,
                                     .user = s};

    if (r->outcome == REPLY_OK) {
        enum decode_result result = s->driver->decode(s->session, r->body, r->len, &sink, why);
        s->told->login = s->told->login || result == DECODE_AUTH;
        return result == DECODE_OK || (s->known && (result == DECODE_ABSENT || s->optional));
    }
    if (s->optional && s->known) {
        s->driver->skip(s->session);
        return true;
    }
    text_copy(why, REPLY_WHY_MAX, r->outcome == REPLY_UNAUTHORIZED ? login : r->why);
    s->told->login = s->told->login || r->outcome == REPLY_UNAUTHORIZED;
    return s->known && reply_is_refusal(r->outcome) && s->driver->refused &&
           s->driver->refused(s->session, r->outcome, why);
}

static void take_session_reply(struct slot *s, const struct gateway_reply *r)
{
    char why[REPLY_WHY_MAX] = "";
    bool go_on = judge(s, r, why);

    if (go_on && !s->known) { /* it is one: its first reply is as only its kind has them */
        s->known = true;
        kinds_note_found(&s->turn, s->search->kinds, s->kind);
    } else if (!go_on) {
        if (s->known)
            text_copy(s->told->why, sizeof s->told->why, why);
        close_session(s);
    }
}

static void take_match(struct slot *s, const struct kind *kind, const cJSON *reply)
{
    if (s->turn.found_count == KINDS_FOUND_MAX || !device_match(&kind->type, reply))
        return;
    struct found *f = &s->found[s->turn.found_count];
    init_found(s, kind, f);
    device_match_text(&kind->type, "ProbeFirmware", reply, f->firmware, sizeof f->firmware);
    device_match_text(&kind->type, "ProbeSerial", reply, f->serial, sizeof f->serial);
    device_match_text(&kind->type, "ProbeName", reply, f->name, sizeof f->name);
    kinds_note_found(&s->turn, s->search->kinds, kind);
}

/* All kinds that are told by this request. */
static void take_probe_reply(struct slot *s, const struct gateway_reply *r)
{
    const struct kinds *k = s->search->kinds;
    cJSON *root = r->outcome == REPLY_OK ? json_parse(r->body, r->len, NULL, 0) : NULL;

    s->login = s->login || r->outcome == REPLY_UNAUTHORIZED;
    for (size_t i = 0; root && i < k->count; i++) {
        if (kinds_same_request(&k->list[i], s->kind, s->turn.port))
            take_match(s, &k->list[i], root);
    }
    cJSON_Delete(root);
}

static void on_done(void *user, const struct gateway_reply *r)
{
    struct slot *s = user;
    bool silent = r->outcome == REPLY_UNREACHABLE || r->outcome == REPLY_TIMEOUT;

    s->timeouts += r->outcome == REPLY_TIMEOUT;
    if ((silent && !s->answered) || s->timeouts == TIMEOUTS_MAX) {
        end_host(s);
        return;
    }
    s->answered = s->answered || !silent;
    if (s->driver)
        take_session_reply(s, r);
    else
        take_probe_reply(s, r);
    step(s);
}

static bool send(struct slot *s, const char *path, unsigned port)
{
    s->requests++;
    if (aim(s, s->turn.port ? s->turn.port
               : port       ? port
                            : 80) &&
        http_peer_get(s->peer, path, on_done, s) == 0)
        return true;
    s->search->failed = true;
    return false;
}

/* False when the session has nothing to ask, or no request is left for it. */
static bool go_on_with_session(struct slot *s)
{
    struct message m = {.path = ""};

    if (s->driver->next(s->session, &m)) {
        s->optional = m.optional;
        if (s->requests < KINDS_ASKED_MAX && send(s, m.path, s->told->kind->port))
            return true;
    }
    close_session(s);
    return false;
}

/* Each that was told by a probe is read in turn. */
static bool read_next(struct slot *s)
{
    while (s->reading < s->turn.found_count) {
        struct found *f = &s->found[s->reading++];
        if (f->kind->driver)
            continue;
        s->known = true;
        if (open_session(s, f->kind, f))
            return true;
        f->login = true;
    }
    return false;
}

static bool probe_next(struct slot *s)
{
    const struct kind *kind =
        s->requests < KINDS_ASKED_MAX ? kinds_next(s->search->kinds, &s->turn) : NULL;

    if (!kind)
        return false;
    s->kind = kind;
    if (!kind->driver)
        return send(s, kind->path, kind->port);
    s->known = false;
    init_found(s, kind, &s->found[s->turn.found_count]);
    return open_session(s, kind, &s->found[s->turn.found_count]);
}

static bool take_target(struct slot *s)
{
    struct search *all = s->search;

    if (all->failed || all->next == all->targets->count)
        return false;
    s->place = all->next;
    s->target = &all->targets->list[all->next++];
    s->turn = (struct kinds_turn){.name = s->target->host, .port = s->target->port};
    return true;
}

static void stop_when_done(const struct search *all)
{
    for (size_t i = 0; i < SEARCH_HOSTS; i++) {
        if (all->slots[i].target)
            return;
    }
    loop_stop(all->loop, 0);
}

/* The next thing that is to be asked; returns while a request is under way, or when there is nobody left. */
static void step(struct slot *s)
{
    if (!s->target && !take_target(s)) {
        stop_when_done(s->search);
        return;
    }
    for (;;) {
        if (s->driver) {
            if (go_on_with_session(s))
                return;
        } else if (s->reading == 0 && probe_next(s)) {
            if (!s->driver)
                return;
        } else if (!read_next(s)) {
            end_host(s);
            return;
        }
    }
}

/* ---- The whole ---- */

static void start(void *user)
{
    struct search *all = user;

    for (size_t i = 0; i < SEARCH_HOSTS; i++)
        step(&all->slots[i]);
}

static int by_place(const void *a, const void *b)
{
    const struct found *one = a, *other = b;

    return (one->place > other->place) - (one->place < other->place);
}

static bool run(struct search *all)
{
    struct loop_timer timer;

    for (size_t i = 0; i < SEARCH_HOSTS; i++)
        all->slots[i].search = all;
    all->loop = loop_create();
    all->http = all->loop ? http_create(all->loop) : NULL;
    if (!all->http)
        return false;
    loop_timer_init(&timer, all->loop, start, all);
    loop_timer_arm(&timer, 0);
    return loop_run(all->loop) == 0 && !all->failed;
}

static void clean_up(struct search *all)
{
    for (size_t i = 0; i < SEARCH_HOSTS; i++) {
        close_session(&all->slots[i]);
        http_peer_destroy(all->slots[i].peer);
    }
    http_destroy(all->http);
    loop_destroy(all->loop);
}

bool search_run(const struct targets *targets, const struct kinds *kinds,
                const struct device_text *own, void (*progress)(size_t done, size_t count),
                struct search_result *out)
{
    struct search *all = calloc(1, sizeof *all);

    *out = (struct search_result){
        .list = calloc(targets->count * KINDS_FOUND_MAX + 1, sizeof *out->list)};
    bool ok = all && out->list;
    if (ok) {
        *all = (struct search){
            .targets = targets, .kinds = kinds, .own = own, .progress = progress, .result = out};
        ok = run(all);
        clean_up(all);
        qsort(out->list, out->count, sizeof *out->list, by_place);
    }
    free(all);
    if (!ok)
        search_free(out);
    return ok;
}

void search_free(struct search_result *r)
{
    free(r->list);
    *r = (struct search_result){0};
}
