#include "edge/net/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/capture.h"
#include "core/text.h"
#include "edge/sys/file.h"

/* What the line and the listener of one gateway share. */
struct player {
    struct player *next;
    unsigned users;
    struct loop *loop;
    const struct gateway_conf *conf; /* by which it is found */
    struct capture *capture;         /* NULL until it is read */
    unsigned gateway;                /* which one is played */
    size_t left;                     /* all records before it are played, or none of its own */
    char first[MESSAGE_PATH_MAX];    /* what the present cycle has asked for first */
    bool pushes;
    int64_t began_ms;
};

struct line {
    struct player *player;
    struct loop_timer timer;
    http_done_fn done; /* NULL: nothing is under way */
    void *user;
    struct gateway_reply reply;
};

struct listener {
    struct player *player;
    struct loop_timer timer;
    struct feed_events events;
    size_t at; /* the next record that may be its own */
};

static struct player *players;

/* ---- The capture ---------------------------------------------------------------------------- */

static struct player *take_player(struct loop *l, const struct gateway_conf *conf)
{
    struct player *p = players;

    while (p && p->conf != conf)
        p = p->next;
    if (!p && (p = calloc(1, sizeof *p)) != NULL) {
        *p = (struct player){.next = players, .loop = l, .conf = conf};
        players = p;
    }
    if (p)
        p->users++;
    return p;
}

static void drop_player(struct player *p)
{
    struct player **at = &players;

    if (--p->users)
        return;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    capture_free(p->capture);
    free(p);
}

/* A DTU plays a DTU, and a template device a template device. False where there is none in the capture. */
static bool choose_gateway(struct player *p, const struct capture *c)
{
    size_t first = c->gateway_count;
    bool wanted = conf_is_template(p->conf);

    for (size_t g = c->gateway_count; g-- > 0;) {
        if ((strcmp(c->gateways[g].driver, conf_template_driver) == 0) != wanted)
            continue;
        if (first == c->gateway_count || strcmp(c->gateways[first].section, p->conf->section) != 0)
            first = g;
    }
    p->gateway = (unsigned)first;
    for (size_t i = 0; i < c->count; i++)
        p->pushes = p->pushes || (c->records[i].pushed && c->records[i].gateway == p->gateway);
    return first < c->gateway_count;
}

static struct capture *read_capture(const char *path, char fault[CAPTURE_WHY_MAX])
{
    size_t len;
    char *text = file_read(path, CAPTURE_FILE_MAX, &len);
    struct capture *c = text ? capture_read(text, len, fault) : NULL;

    if (!text)
        (void)snprintf(fault, CAPTURE_WHY_MAX, "%s", strerror(errno));
    free(text);
    return c;
}

/* A file that is not there yet, or was damaged, is tried again with each message. */
static bool load(struct player *p, char why[REPLY_WHY_MAX])
{
    char fault[CAPTURE_WHY_MAX] = "";

    if (p->capture)
        return true;
    struct capture *c = read_capture(p->conf->replay_file, fault);
    if (c && choose_gateway(p, c)) {
        p->capture = c;
        p->began_ms = loop_now_ms(p->loop);
        return true;
    }
    if (c)
        (void)snprintf(fault, sizeof fault, "there is no %s in it",
                       conf_is_template(p->conf) ? "template device" : "DTU");
    capture_free(c);
    (void)snprintf(why, REPLY_WHY_MAX, "%.100s: %.150s", p->conf->replay_file, fault);
    text_clean(why);
    return false;
}

/* ---- Its time ------------------------------------------------------------------------------- */

static double position_ms(const struct player *p)
{
    return (double)(loop_now_ms(p->loop) - p->began_ms) * p->conf->replay_speed;
}

static double interval_ms(const struct player *p)
{
    return p->conf->interval_ms * p->conf->replay_speed;
}

/* From here on nobody answers. */
static double silent_ms(const struct player *p)
{
    return (double)p->capture->end_ms + 2 * interval_ms(p);
}

/* Until that place, in the loop's time. */
static int64_t wait_ms(const struct player *p, double place_ms)
{
    double wait = (place_ms - position_ms(p)) / p->conf->replay_speed;

    return wait > 0 ? (int64_t)wait + 1 : 0;
}

/* ---- Replies -------------------------------------------------------------------------------- */

/* Without the login that Tasmota has at its end: it is not in the capture. */
static size_t path_len(const char *path)
{
    const char *login = strstr(path, "&user=");
    return login ? (size_t)(login - path) : strlen(path);
}

static bool is_reply_to(const struct player *p, const struct capture_record *r, const char *path)
{
    if (r->gateway != p->gateway || r->pushed)
        return false;
    size_t len = path_len(path);
    return path_len(r->path) == len && strncmp(r->path, path, len) == 0;
}

/* Where nobody need look any more: all before it is played, or was pushed. */
static size_t first_left(struct player *p)
{
    const struct capture *c = p->capture;

    while (p->left < c->count && (c->records[p->left].played || c->records[p->left].pushed ||
                                  c->records[p->left].gateway != p->gateway))
        p->left++;
    return p->left;
}

/* The oldest reply that was not played and has come, but for old failures; NULL: there is none. */
static const struct capture_record *find_next(struct player *p, const char *path)
{
    const struct capture *c = p->capture;
    double now = position_ms(p), to = now + interval_ms(p) / 2, old = now - interval_ms(p);
    const struct capture_record *failure = NULL;

    for (size_t i = first_left(p); i < c->count && (double)c->records[i].t_ms <= to; i++) {
        const struct capture_record *r = &c->records[i];
        if (c->records[i].played || !is_reply_to(p, r, path))
            continue;
        c->records[i].played = true;
        if (r->outcome == REPLY_OK || (double)r->t_ms >= old)
            return r;
        failure = r;
    }
    return failure;
}

/* The newest that has come; before there was one, the first. NULL: there is none. */
static const struct capture_record *find_newest(const struct player *p, const char *path)
{
    const struct capture *c = p->capture;
    const struct capture_record *newest = NULL;

    for (size_t i = 0; i < c->count; i++) {
        const struct capture_record *r = &c->records[i];
        if (newest && (double)r->t_ms > position_ms(p))
            break;
        if (is_reply_to(p, r, path))
            newest = r;
    }
    return newest;
}

static const struct capture_record *find_reply(struct player *p, const char *path)
{
    const struct capture_record *next = find_next(p, path);

    return next ? next : find_newest(p, path);
}

/* Whether another cycle has something to ask for: what its first request is, has been answered again. */
static bool has_more(struct player *p)
{
    const struct capture *c = p->capture;
    double due = position_ms(p) - interval_ms(p) / 2;
    bool more = false;

    for (size_t i = first_left(p); !more && i < c->count && (double)c->records[i].t_ms <= due; i++)
        more = !c->records[i].played && is_reply_to(p, &c->records[i], p->first);
    p->first[0] = '\0';
    return more;
}

static void fill(struct gateway_reply *out, enum reply_outcome outcome, const char *body)
{
    *out = (struct gateway_reply){.outcome = outcome, .body = body, .len = strlen(body)};
}

static void play(struct line *line, const char *path)
{
    struct player *p = line->player;
    const struct capture_record *r = find_reply(p, path);
    struct gateway_reply *out = &line->reply;

    if (!p->first[0])
        text_copy(p->first, sizeof p->first, path);
    if (!r) {
        fill(out, REPLY_NOT_FOUND, "");
        text_copy(out->why, sizeof out->why, "the capture has no reply to this request");
        return;
    }
    fill(out, r->outcome, r->body);
    out->status = r->status;
    out->retry_after_s = r->retry_after_s;
    out->latency_ms = r->latency_ms / p->conf->replay_speed;
    if (r->outcome != REPLY_OK)
        (void)snprintf(out->why, sizeof out->why, "as captured: %s", capture_outcome(r->outcome));
}

static void on_timer(void *user)
{
    struct line *line = user;
    http_done_fn done = line->done;

    line->done = NULL;
    done(line->user, &line->reply);
}

static int send_message(void *user, const struct message *m, http_done_fn done, void *done_user)
{
    struct line *line = user;
    struct player *p = line->player;
    struct gateway_reply *out = &line->reply;

    if (line->done)
        return -EBUSY;
    fill(out, REPLY_FAILED, "");
    if (load(p, out->why)) {
        if (position_ms(p) >= silent_ms(p)) {
            fill(out, REPLY_UNREACHABLE, "");
            text_copy(out->why, sizeof out->why, "the capture has ended");
        } else if (strcmp(m->path, capture_driver_path) == 0) {
            fill(out, REPLY_OK, p->capture->gateways[p->gateway].driver);
        } else if (strcmp(m->path, capture_more_path) == 0) {
            fill(out, REPLY_OK, has_more(p) ? "1" : "0");
        } else {
            play(line, m->path);
        }
    }
    line->done = done;
    line->user = done_user;
    loop_timer_arm(&line->timer, (int64_t)out->latency_ms);
    return 0;
}

static void *open_line(struct loop *l, struct http *http, const struct gateway_conf *conf)
{
    struct line *line = calloc(1, sizeof *line);

    (void)http;
    if (line)
        line->player = take_player(l, conf);
    if (!line || !line->player) {
        free(line);
        return NULL;
    }
    loop_timer_init(&line->timer, l, on_timer, line);
    return line;
}

static void close_line(void *user)
{
    struct line *line = user;

    if (!line)
        return;
    loop_timer_disarm(&line->timer);
    drop_player(line->player);
    free(line);
}

/* ---- What was pushed ------------------------------------------------------------------------- */

static const struct capture_record *next_push(struct listener *w)
{
    const struct capture *c = w->player->capture;

    while (w->at < c->count &&
           !(c->records[w->at].pushed && c->records[w->at].gateway == w->player->gateway))
        w->at++;
    return w->at < c->count ? &c->records[w->at] : NULL;
}

static void set_timer(struct listener *w)
{
    const struct capture_record *r = next_push(w);

    loop_timer_arm(&w->timer, wait_ms(w->player, r ? (double)r->t_ms : silent_ms(w->player)));
}

static void on_push(void *user)
{
    struct listener *w = user;
    const struct player *p = w->player;

    if (!p->capture || !p->pushes) {
        w->events.closed(w->events.user, REPLY_NOT_FOUND, "the capture has no messages");
        return;
    }
    if (position_ms(p) >= silent_ms(p)) {
        w->events.closed(w->events.user, REPLY_UNREACHABLE, "the capture has ended");
        return;
    }
    const struct capture_record *r = next_push(w);
    bool due = r && (double)r->t_ms <= position_ms(p);
    w->at += due;
    set_timer(w);
    if (due)
        w->events.message(w->events.user, r->body, r->len);
}

static void *listen_to(struct loop *l, const struct gateway_conf *conf, const char *path,
                       unsigned silence_ms, const struct feed_events *events)
{
    struct listener *w = calloc(1, sizeof *w);

    (void)path;
    (void)silence_ms;
    if (w)
        w->player = take_player(l, conf);
    if (!w || !w->player) {
        free(w);
        return NULL;
    }
    w->events = *events;
    loop_timer_init(&w->timer, l, on_push, w);
    loop_timer_arm(&w->timer, 0);
    /* What came before it was listened to has gone. */
    const struct capture *c = w->player->capture;
    while (c && w->at < c->count && (double)c->records[w->at].t_ms < position_ms(w->player))
        w->at++;
    return w;
}

static void close_listener(void *user)
{
    struct listener *w = user;

    if (!w)
        return;
    loop_timer_disarm(&w->timer);
    drop_player(w->player);
    free(w);
}

const struct transport replay_transport = {"replay", open_line, close_line, send_message};
const struct feed_transport replay_feed_transport = {"replay", listen_to, close_listener};
