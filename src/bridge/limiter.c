#include "bridge/limiter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/limiter_log.h"
#include "core/text.h"
#include "edge/sys/log.h"

enum {
    CONFIRM_EVERY_MS = 1000,
    END_EVERY_MS = 200,          /* the same when somebody waits for the end */
    STATUS_EVERY_MS = 30 * 1000, /* for a second controller, and a restart of the gateway */
    RIGHTS_EVERY_MS = 5 * 60 * 1000,
    RIGHTS_RETRY_MS = 60 * 1000,
    RIGHTS_LACKED_MS = 60 * 60 * 1000, /* OpenDTU of 2022-10 has no such page */
    MARK_AGAIN_MS = 60 * 1000,
    RADIO_MS = 12 * 1000, /* five tries of two seconds each, and some */
    TURN_MS = 1000,       /* what could not go when it was due is tried again */
};

struct limiter {
    struct loop *loop;
    struct statefile *memory;
    limiter_wake_fn wake;
    void *user;
    struct limited *first;
    struct loop_timer timer;
    struct log_fault unwritten;
    int64_t mark_again_ms; /* the state file could not be written: not before */
    bool released;
};

static int64_t now_of(const struct limiter *lm)
{
    return loop_now_ms(lm->loop);
}

/* ---- When ----------------------------------------------------------------------------------- */

static void set_timer(struct limiter *lm)
{
    int64_t now = now_of(lm), next = -1;

    for (const struct limited *d = lm->first; d; d = d->next) {
        int64_t due = limit_due_ms(&d->limit, now);
        int64_t switch_due = power_switch_due_ms(&d->power);
        if (switch_due >= 0 && (due < 0 || switch_due < due))
            due = switch_due;
        if (due >= 0 && due <= now)
            due = now + TURN_MS;
        if (due >= 0 && (next < 0 || due < next))
            next = due;
    }
    if (next < 0)
        loop_timer_disarm(&lm->timer);
    else
        loop_timer_arm(&lm->timer, next - now);
}

static bool mark(struct limited *d, bool on)
{
    struct limiter *lm = d->owner;

    if (now_of(lm) < lm->mark_again_ms)
        return false;
    if (!statefile_mark(lm->memory, d->serial, on)) {
        lm->mark_again_ms = now_of(lm) + MARK_AGAIN_MS;
        if (on)
            log_fault(&lm->unwritten, now_of(lm), NOTICE_LIMIT_NOT_NOTED,
                      "%s: not limited, since that cannot be noted in the state file", d->label);
        return false;
    }
    if (on)
        limit_marked(&d->limit, now_of(lm));
    else
        limit_unmarked(&d->limit, now_of(lm));
    return true;
}

/* What is due without a gateway; true when something is to be sent. */
static bool look_after(struct limited *d)
{
    double order_w;
    enum limit_task task = limit_next(&d->limit, now_of(d->owner), &order_w);

    power_switch_pass(&d->power, now_of(d->owner));
    if (task == LIMIT_UNMARK)
        (void)mark(d, false);
    return task == LIMIT_SEND || task == LIMIT_MARK || d->power.step == SWITCH_WAITING;
}

static bool is_done(const struct limited *d)
{
    return !d->changed && !limit_is_left(&d->limit) && !d->limit.marked;
}

/* Who has no unit and nothing to lift is forgotten. */
static void sweep(struct limiter *lm)
{
    for (struct limited **at = &lm->first; *at;) {
        struct limited *d = *at;
        if (is_done(d)) {
            *at = d->next;
            free(d);
        } else {
            at = &d->next;
        }
    }
}

/* Something has happened to it: it is logged, shown, sent. */
static void follow(struct limited *d)
{
    struct limiter *lm = d->owner;
    bool sends = look_after(d);

    limited_log_events(d, now_of(d->owner));
    if (d->changed)
        d->changed(d->user);
    if (d->gateway >= 0 && (sends || d->limit.step == LIMIT_IDLE))
        lm->wake(lm->user, d->gateway); /* its own command, or one that has waited for its end */
    set_timer(lm);
}

static void on_timer(void *user)
{
    struct limiter *lm = user;

    for (struct limited *d = lm->first; d; d = d->next)
        follow(d);
    sweep(lm);
    set_timer(lm);
}

/* ---- Whether it can be limited -------------------------------------------------------------- */

static void permit(struct limited *d)
{
    enum obstacle obstacle = limited_obstacle(d);
    bool wanted = d->changed && d->conf.limits && !d->owner->released;

    if (!wanted || obstacle != OBSTACLE_NONE) {
        if (d->limit.on)
            limit_forbid(&d->limit);
    } else {
        double floor_w = limit_floor(d->conf.max_power_w, d->conf.dc_inputs, d->conf.floor_w);
        const struct limit_rules rules = {.max_power_w = d->conf.max_power_w, .floor_w = floor_w};
        limit_allow(&d->limit, &rules);
    }
    if (wanted)
        limited_log_obstacle(d, obstacle);
    else if (d->changed && d->conf.switches && !d->owner->released)
        limited_log_obstacle(d, limited_obstacle_to_commands(d));
}

/* ---- Units ---------------------------------------------------------------------------------- */

static struct limited *find(const struct limiter *lm, const char *serial)
{
    for (struct limited *d = lm->first; d; d = d->next) {
        if (serial_equal(d->serial, serial))
            return d;
    }
    return NULL;
}

static struct limited *add(struct limiter *lm, const char *serial, bool off)
{
    struct limited *d = calloc(1, sizeof *d);

    if (!d)
        return NULL;
    d->owner = lm;
    d->next = lm->first;
    lm->first = d;
    d->gateway = -1;
    d->conf.max_power_w = d->conf.floor_w = d->conf.manual_w = MISSING;
    text_copy(d->serial, sizeof d->serial, serial);
    (void)snprintf(d->label, sizeof d->label, "inverter %s", serial);
    limit_init(&d->limit, statefile_is_marked(lm->memory, serial));
    power_switch_init(&d->power, off);
    return d;
}

struct limited *limiter_attach(struct limiter *lm, const char *serial, bool off, loop_fn changed,
                               void *user)
{
    struct limited *d = find(lm, serial);

    if (!d)
        d = add(lm, serial, off);
    if (!d)
        return NULL;
    d->changed = changed;
    d->user = user;
    if (d->gateway >= 0)
        lm->wake(lm->user, d->gateway); /* it may have to be asked for its rights */
    return d;
}

void limiter_detach(struct limited *d)
{
    if (!d)
        return;
    d->changed = NULL;
    d->told = OBSTACLE_UNKNOWN;
    power_switch_forget(&d->power);
    permit(d);
    follow(d);
    loop_timer_arm(&d->owner->timer, 0); /* which forgets it where there is nothing to lift */
}

void limited_configure(struct limited *d, const struct limited_conf *conf)
{
    double shown_w = limited_shown_w(d);
    bool another = conf->manual_w < d->conf.manual_w || conf->manual_w > d->conf.manual_w ||
                   has_value(conf->manual_w) != has_value(d->conf.manual_w);

    if (conf->limits != d->conf.limits)
        d->told = OBSTACLE_UNKNOWN;
    if (!conf->switches)
        power_switch_forget(&d->power);
    d->conf = *conf;
    text_copy(d->label, sizeof d->label, conf->label);
    d->conf.label = NULL;
    limit_manual(&d->limit, conf->manual_w);
    permit(d);
    double now_w = limited_shown_w(d);
    if (another || has_value(shown_w) != has_value(now_w) || shown_w < now_w || shown_w > now_w ||
        limit_is_left(&d->limit))
        follow(d);
    else
        set_timer(d->owner);
}

static bool followed(struct limited *d, bool taken)
{
    if (taken)
        follow(d);
    return taken;
}

bool limited_write(struct limited *d, double watts)
{
    return followed(d, limit_write(&d->limit, watts, now_of(d->owner)));
}

bool limited_try(struct limited *d, double watts)
{
    return followed(d, limit_try(&d->limit, watts, now_of(d->owner)));
}

double limited_trial_w(const struct limited *d)
{
    return d->limit.trial_w;
}

void limited_measured(struct limited *d, bool heard, double power_w)
{
    bool was_heard = d->limit.heard, producing = has_value(power_w) && power_w > 0;
    bool was_off = d->power.off;

    limit_heard(&d->limit, heard);
    if (heard) {
        limit_measured(&d->limit, power_w, producing, now_of(d->owner));
        power_switch_measured(&d->power, producing, now_of(d->owner));
    }
    if (was_off != d->power.off)
        permit(d);
    if (heard != was_heard || limit_is_left(&d->limit) || d->limit.again || d->power.events)
        follow(d);
}

double limited_shown_w(const struct limited *d)
{
    return limit_shown_w(&d->limit);
}

bool limited_throttles(const struct limited *d, double power_w)
{
    return limit_throttles(&d->limit, power_w);
}

const struct limit_rules *limited_rules(const struct limited *d)
{
    return &d->limit.rules;
}

/* Nothing waits for an inverter that is out of reach: what its owner wants now is not meant for the morning. */
bool limited_can_switch(const struct limited *d)
{
    return d->conf.switches && d->limit.heard && !d->owner->released &&
           limited_obstacle_to_commands(d) == OBSTACLE_NONE;
}

bool limited_switch(struct limited *d, bool on)
{
    if (!limited_can_switch(d))
        return false;
    power_switch_order(&d->power, on, now_of(d->owner));
    follow(d);
    return true;
}

bool limited_is_off(const struct limited *d)
{
    return d->conf.switches && d->power.off;
}

/* ---- Gateways ------------------------------------------------------------------------------- */

void limiter_heard(struct limiter *lm, int gateway, const char *serial)
{
    struct limited *d = find(lm, serial);

    if (!d || (d->gateway == gateway && d->changed))
        return;
    if (d->gateway != gateway) {
        d->gateway = gateway;
        d->right = COMMAND_UNKNOWN;
        d->login_refused = false;
        permit(d);
        lm->wake(lm->user, gateway); /* it may have to be asked for its rights */
    }
    if (!d->changed) /* no unit says so */
        limit_heard(&d->limit, true);
    follow(d);
}

/*
 * The radio of a gateway serves one command at a time: the next one waits for the end of the one before, but not for
 * an inverter that does not answer, and not at the end of the program.
 */
static bool radio_is_busy(const struct limiter *lm, int gateway)
{
    for (const struct limited *d = lm->first; d && !lm->released; d = d->next) {
        bool limiting = d->limit.step != LIMIT_IDLE && now_of(lm) - d->limit.sent_ms < RADIO_MS;
        bool switching =
            d->power.step >= SWITCH_SENDING && now_of(lm) - d->power.order_ms < RADIO_MS;
        if (d->gateway == gateway && (limiting || switching))
            return true;
    }
    return false;
}

/* The largest reduction goes first; NULL: nothing is to be sent. */
static struct limited *most_urgent(struct limiter *lm, int gateway, double *order_w, bool *marks)
{
    struct limited *best = NULL;

    for (struct limited *d = lm->first; d; d = d->next) {
        double w;
        if (d->gateway != gateway)
            continue;
        enum limit_task task = limit_next(&d->limit, now_of(lm), &w);
        if (task != LIMIT_SEND && task != LIMIT_MARK)
            continue;
        if (best && limit_reduction_w(&d->limit) <= limit_reduction_w(&best->limit))
            continue;
        best = d;
        *order_w = w;
        *marks = task == LIMIT_MARK;
    }
    return best;
}

/* A person waits for this one. */
static bool next_switched(struct limiter *lm, int gateway, struct command *out)
{
    for (struct limited *d = lm->first; d; d = d->next) {
        if (d->gateway != gateway || d->power.step != SWITCH_WAITING)
            continue;
        power_switch_sending(&d->power, now_of(lm));
        *out = (struct command){.kind = COMMAND_POWER, .on = d->power.order_on};
        text_copy(out->serial, sizeof out->serial, d->serial);
        set_timer(lm);
        return true;
    }
    return false;
}

static bool on_next(void *user, struct command *out)
{
    const struct limiter_port *port = user;
    struct limiter *lm = port->limiter;
    double order_w = 0;
    bool marks = false;
    struct limited *d;

    if (radio_is_busy(lm, port->gateway))
        return false;
    if (next_switched(lm, port->gateway, out))
        return true;
    d = most_urgent(lm, port->gateway, &order_w, &marks);
    if (!d || (marks && !mark(d, true)))
        return false;
    limit_sending(&d->limit, order_w, now_of(lm));
    *out = (struct command){.limit_w = order_w, .max_power_w = d->limit.rules.max_power_w};
    text_copy(out->serial, sizeof out->serial, d->serial);
    if (d->changed)
        d->changed(d->user);
    set_timer(lm);
    return true;
}

/* The gateway did not get it, as far as is known: its inverters are out of reach. */
static bool is_lost(enum reply_outcome outcome)
{
    return outcome == REPLY_UNREACHABLE || outcome == REPLY_TIMEOUT || outcome == REPLY_CUT_OFF;
}

static void on_commanded(void *user, const struct command *c, enum reply_outcome outcome,
                         const char *why)
{
    const struct limiter_port *port = user;
    struct limited *d = find(port->limiter, c->serial);

    if (!d || (c->kind == COMMAND_LIMIT && d->limit.step != LIMIT_SENDING))
        return;
    text_copy(d->why, sizeof d->why, why);
    if (c->kind == COMMAND_POWER)
        /* One without a reply may have been taken all the same: its status says. */
        power_switch_answer(&d->power, outcome == REPLY_OK || outcome == REPLY_TIMEOUT ||
                                           outcome == REPLY_CUT_OFF);
    else if (is_lost(outcome))
        limit_unsent(&d->limit);
    else
        limit_answer(&d->limit, outcome == REPLY_OK, now_of(port->limiter));
    if (outcome == REPLY_UNAUTHORIZED) {
        d->login_refused = true;
        permit(d);
    }
    follow(d);
}

static void take_status(struct limited *d, const struct command_report *r)
{
    bool restarted = r->status == COMMAND_NOT_TOLD && d->status != COMMAND_NOT_TOLD;

    d->status = r->status;
    if (restarted)
        limit_gateway_restarted(&d->limit);
    limit_status(&d->limit, r->status, r->limit_pct, now_of(d->owner));
}

static void on_report(void *user, const struct command_report *r)
{
    const struct limiter_port *port = user;
    struct limited *d = find(port->limiter, r->serial);

    if (!d || d->gateway != port->gateway)
        return;
    if (r->part == REPORT_RIGHT) {
        d->right = r->right;
        d->login_refused = false;
    } else if (r->part == REPORT_POWER) {
        power_switch_status(&d->power, r->status, now_of(d->owner));
    } else {
        take_status(d, r);
    }
    permit(d);
    follow(d);
}

static void on_looked(void *user, enum look what, enum reply_outcome outcome, const char *why)
{
    struct limiter_port *port = user;

    if (outcome != REPLY_OK)
        log_debug("%s: no word about commands: %s", port->section, why);
    if (what != LOOK_RIGHTS)
        return;
    port->lacks_rights = outcome == REPLY_NOT_FOUND;
    if (outcome != REPLY_UNAUTHORIZED)
        return;
    for (struct limited *d = port->limiter->first; d; d = d->next) {
        if (d->gateway != port->gateway)
            continue;
        d->login_refused = true;
        permit(d);
        follow(d);
    }
}

static int64_t look_every(void *user, enum look what)
{
    const struct limiter_port *port = user;
    bool wanted = false, known = true, left = false;

    for (const struct limited *d = port->limiter->first; d; d = d->next) {
        if (d->gateway != port->gateway)
            continue;
        bool switching = d->power.step == SWITCH_CONFIRMING;
        if (what == LOOK_LIMIT && (limit_confirming(&d->limit) || switching))
            return port->limiter->released ? END_EVERY_MS : CONFIRM_EVERY_MS;
        if (what == LOOK_POWER && switching)
            return CONFIRM_EVERY_MS;
        wanted = wanted || d->changed;
        known = known && (d->right != COMMAND_UNKNOWN || !d->changed);
        left = left || limit_is_left(&d->limit);
    }
    if (what != LOOK_RIGHTS)
        return what == LOOK_LIMIT && left ? STATUS_EVERY_MS : 0;
    if (!wanted)
        return 0;
    if (known)
        return RIGHTS_EVERY_MS;
    return port->lacks_rights ? RIGHTS_LACKED_MS : RIGHTS_RETRY_MS;
}

void limiter_began_anew(struct limiter_port *port)
{
    port->lacks_rights = false;
}

struct outbox_events limiter_outbox(struct limiter_port *port)
{
    return (struct outbox_events){.next = on_next,
                                  .commanded = on_commanded,
                                  .report = on_report,
                                  .looked = on_looked,
                                  .look_every = look_every,
                                  .user = port};
}

void limiter_cut_off(struct limiter *lm, int gateway)
{
    for (struct limited *d = lm->first; d; d = d->next) {
        if (d->gateway == gateway)
            limit_unsent(&d->limit); /* until it is heard by this one again, or by another */
    }
}

bool limiter_is_left(const struct limiter *lm, int gateway)
{
    for (const struct limited *d = lm->first; d; d = d->next) {
        if ((gateway < 0 || d->gateway == gateway) && limit_is_left(&d->limit))
            return true;
    }
    return false;
}

/* ---- Life ----------------------------------------------------------------------------------- */

void limiter_release(struct limiter *lm)
{
    lm->released = true;
    for (struct limited *d = lm->first; d; d = d->next) {
        power_switch_forget(&d->power);
        limit_release(&d->limit);
        follow(d);
    }
}

const char *limiter_left(const struct limiter *lm, size_t n)
{
    for (const struct limited *d = lm->first; d; d = d->next) {
        if (limit_is_left(&d->limit) && n-- == 0)
            return d->serial;
    }
    return NULL;
}

struct limiter *limiter_create(struct loop *l, struct statefile *memory, limiter_wake_fn wake,
                               void *user)
{
    struct limiter *lm = calloc(1, sizeof *lm);
    size_t count;

    if (!lm)
        return NULL;
    lm->loop = l;
    lm->memory = memory;
    lm->wake = wake;
    lm->user = user;
    loop_timer_init(&lm->timer, l, on_timer, lm);
    const struct device_memory *all = statefile_all(memory, &count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].limited && !add(lm, all[i].serial, all[i].orders.off)) {
            limiter_destroy(lm);
            return NULL;
        }
    }
    return lm;
}

void limiter_destroy(struct limiter *lm)
{
    if (!lm)
        return;
    loop_timer_disarm(&lm->timer);
    while (lm->first) {
        struct limited *d = lm->first;
        lm->first = d->next;
        free(d);
    }
    free(lm);
}
