#include "cli/ask.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/poller.h"
#include "core/json.h"
#include "core/text.h"
#include "drivers/template_values.h"
#include "edge/sys/loop.h"

enum { ONCE_MS = 24 * 3600 * 1000 }; /* no second cycle within the limit */

struct asking;

/* One gateway while it is asked. */
struct turn {
    struct asking *all;
    struct asked *asked;
    struct gateway_conf conf; /* that it is asked by */
    struct poller *poller;
    size_t bodies;
    bool rights; /* to be asked for as well */
};

struct asking {
    struct loop *loop;
    struct http *http;
    struct loop_timer limit;
    size_t count, running;
    struct turn *turns;
};

/* ---- What comes ---- */

/* The array with room for one more element behind count; NULL when there is none. */
static void *grow(void *array, size_t count, size_t size)
{
    if (count & (count - 1))
        return array;
    return realloc(array, (count ? 2 * count : 1) * size);
}

static void on_listed(void *user, unsigned index, const char *serial)
{
    struct asked *a = ((struct turn *)user)->asked;

    for (size_t i = 0; i < a->listed_count; i++) {
        if (serial_equal(a->listed[i].serial, serial))
            return;
    }
    if (a->listed_count == CONF_INVERTERS_MAX)
        return;
    struct roster_entry *entry = &a->listed[a->listed_count++];
    entry->index = index;
    text_copy(entry->serial, sizeof entry->serial, serial);
}

static void on_list_end(void *user)
{
    ((struct turn *)user)->asked->complete = true;
}

static void on_reading(void *user, const struct reading *r, double latency_ms)
{
    const struct turn *t = user;
    struct asked *a = t->asked;

    (void)latency_ms;
    on_listed(user, r->index, r->serial);
    if (a->reading_count >= CONF_INVERTERS_MAX)
        return;
    struct reading *more = grow(a->readings, a->reading_count, sizeof *more);
    if (!more)
        return;
    a->readings = more;
    struct reading *kept = &a->readings[a->reading_count++];
    *kept = *r;
    /* The title of its type is in the configuration: in the one that is kept as well. */
    if (r->product == t->conf.template.title)
        kept->product = a->conf->template.title;
}

static void on_info(void *user, const struct gateway_info *info)
{
    ((struct turn *)user)->asked->info = *info;
}

static void on_reply(void *user, const struct message *request, const struct gateway_reply *result)
{
    struct turn *t = user;
    struct asked *a = t->asked;

    if (result->outcome == REPLY_OK && !(result->latency_ms <= a->latency_ms))
        a->latency_ms = result->latency_ms;
    if (a->reply_count >= ASK_REPLIES_MAX)
        return;
    struct ask_reply *more = grow(a->replies, a->reply_count, sizeof *more);
    if (!more)
        return;
    a->replies = more;
    struct ask_reply *r = &a->replies[a->reply_count++];
    *r = (struct ask_reply){.optional = request->optional,
                            .outcome = result->outcome,
                            .status = result->status,
                            .latency_ms = result->latency_ms,
                            .len = result->len};
    memcpy(r->path, request->path, sizeof r->path);
    memcpy(r->why, result->why, sizeof r->why);
    if (!result->body || t->bodies + result->len > ASK_BODIES_MAX)
        return;
    r->body = malloc(result->len + 1);
    if (r->body) {
        memcpy(r->body, result->body, result->len + 1);
        t->bodies += result->len;
    }
}

static void end(struct turn *t)
{
    if (--t->all->running == 0)
        loop_stop(t->all->loop, 0);
}

static void on_cycle(void *user, const struct cycle *c)
{
    struct turn *t = user;
    const struct health *health = poller_health(t->poller);
    struct asked *a = t->asked;

    if (a->ended)
        return;
    a->ended = true;
    a->complete = a->complete || c->complete;
    a->failed = health->failing;
    a->kind = health->kind;
    text_copy(a->why, sizeof a->why, health->last_error);
    a->takes_commands = poller_takes_commands(t->poller);
    if (!t->rights || !a->takes_commands)
        end(t);
}

/* ---- Commands ---- */

static bool no_command(void *user, struct command *out)
{
    (void)user;
    (void)out;
    return false;
}

static void on_commanded(void *user, const struct command *c, enum reply_outcome outcome,
                         const char *why)
{
    (void)user;
    (void)c;
    (void)outcome;
    (void)why;
}

static void on_report(void *user, const struct command_report *r)
{
    struct asked *a = ((struct turn *)user)->asked;

    if (a->right_count < CONF_INVERTERS_MAX)
        a->rights[a->right_count++] = *r;
}

static void on_looked(void *user, enum look what, enum reply_outcome outcome, const char *why)
{
    struct turn *t = user;

    (void)what;
    t->asked->rights_outcome = outcome;
    text_copy(t->asked->rights_why, sizeof t->asked->rights_why, why);
    end(t);
}

/* Once, when its list is known. */
static int64_t look_every(void *user, enum look what)
{
    const struct turn *t = user;
    return t->rights && t->asked->ended && what == LOOK_RIGHTS ? ONCE_MS : 0;
}

static void on_health(void *user)
{
    (void)user;
}

static void on_limit(void *user)
{
    struct asking *all = user;

    for (size_t i = 0; i < all->count; i++) {
        struct asked *a = all->turns[i].asked;
        if (a->ended)
            continue;
        a->failed = true;
        a->kind = HEALTH_TIMEOUT;
        text_copy(
            a->why, sizeof a->why,
            "asking it took longer than 60 s: does it have many inverters, or a long HTTPTimeout?");
    }
    loop_stop(all->loop, 0);
}

/* ---- Asking ---- */

static bool begin(struct asking *all, size_t i, const struct gateway_conf *conf)
{
    struct turn *t = &all->turns[i];
    const struct poller_events events = {.reading = on_reading,
                                         .gateway = on_info,
                                         .listed = on_listed,
                                         .list_end = on_list_end,
                                         .cycle = on_cycle,
                                         .health = on_health,
                                         .reply = on_reply,
                                         .outbox = {.next = no_command,
                                                    .commanded = on_commanded,
                                                    .report = on_report,
                                                    .looked = on_looked,
                                                    .look_every = look_every,
                                                    .user = t},
                                         .user = t};
    t->all = all;
    t->conf = *conf;
    t->conf.interval_ms = ONCE_MS;
    t->asked->conf = conf;
    t->asked->latency_ms = MISSING;
    t->poller = poller_create(all->loop, all->http, &t->conf, &events);
    return t->poller != NULL;
}

static bool run(struct asking *all, const struct gateway_conf *const *confs, const bool *rights,
                struct asked *asked)
{
    bool ok = all->turns && all->loop && all->http;

    if (!ok)
        return false;
    for (size_t i = 0; i < all->count; i++) {
        all->turns[i].asked = &asked[i];
        all->turns[i].rights = rights && rights[i];
    }
    for (size_t i = 0; ok && i < all->count; i++)
        ok = begin(all, i, confs[i]);
    if (!ok || all->count == 0)
        return ok;
    loop_timer_init(&all->limit, all->loop, on_limit, all);
    loop_timer_arm(&all->limit, ASK_LIMIT_MS);
    ok = loop_run(all->loop) == 0;
    loop_timer_disarm(&all->limit);
    return ok;
}

struct asked *ask_gateways(const struct gateway_conf *const *confs, const bool *rights,
                           size_t count)
{
    struct asked *asked = calloc(count + 1, sizeof *asked);
    struct asking all = {.count = count, .running = count};

    if (!asked)
        return NULL;
    all.turns = calloc(count + 1, sizeof *all.turns);
    all.loop = loop_create();
    all.http = all.loop ? http_create(all.loop) : NULL;
    bool ok = run(&all, confs, rights, asked);
    for (size_t i = 0; all.turns && i < count; i++)
        poller_destroy(all.turns[i].poller);
    free(all.turns);
    http_destroy(all.http);
    loop_destroy(all.loop);
    if (ok)
        return asked;
    asked_free(asked, count);
    return NULL;
}

const struct ask_reply *asked_template_reply(const struct asked *a)
{
    if (!conf_is_template(a->conf) || a->reply_count == 0)
        return NULL;
    const struct ask_reply *r = &a->replies[a->reply_count - 1];
    return r->outcome == REPLY_OK && r->body ? r : NULL;
}

bool asked_template_replies(const struct asked *a, struct json_replies *out)
{
    unsigned order[JSON_REPLIES_MAX];
    unsigned count = template_order(&a->conf->template, order);
    bool any = false;

    *out = (struct json_replies){{NULL}};
    for (unsigned i = 0; i < count && i < a->reply_count; i++) {
        const struct ask_reply *r = &a->replies[i];
        if (r->outcome == REPLY_OK && r->body)
            out->root[order[i]] = json_parse(r->body, r->len, NULL, 0);
        any = any || out->root[order[i]];
    }
    return any;
}

void json_replies_free(struct json_replies *replies)
{
    for (size_t n = 0; n < JSON_REPLIES_MAX; n++)
        cJSON_Delete((cJSON *)replies->root[n]);
}

void asked_free(struct asked *asked, size_t count)
{
    for (size_t i = 0; asked && i < count; i++) {
        for (size_t r = 0; r < asked[i].reply_count; r++)
            free(asked[i].replies[r].body);
        free(asked[i].replies);
        free(asked[i].readings);
    }
    free(asked);
}
