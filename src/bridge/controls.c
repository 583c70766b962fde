#include "bridge/controls.h"

#include <string.h>

/* ---- What is shown -------------------------------------------------------------------------- */

/* The slider stands at the top where its owner set no limit. */
static struct control_view slider(const struct controls *c)
{
    const struct limit_rules *rules = limited_rules(c->limited);
    double manual_w = c->orders.limit_w;

    return (struct control_view){
        .there = c->conf.limits,
        .possible = has_value(limited_shown_w(c->limited)),
        .value = !(manual_w < rules->max_power_w) ? rules->max_power_w
                 : manual_w < rules->floor_w      ? rules->floor_w
                                                  : manual_w,
        .min = rules->floor_w,
        .max = rules->max_power_w,
        .pane = c->orders.pane[CONTROL_LIMIT],
    };
}

static struct control_view toggle(const struct controls *c)
{
    return (struct control_view){.there = c->conf.switches,
                                 .possible = limited_can_switch(c->limited),
                                 .value = !limited_is_off(c->limited),
                                 .pane = c->orders.pane[CONTROL_SWITCH]};
}

void controls_show(const struct controls *c, double power_w, char state[LIMIT_STATE_MAX],
                   struct device_limit *out)
{
    state[0] = '\0';
    *out = (struct device_limit){.power_limit_w = MISSING, .trial_w = MISSING, .state = state};
    if (!c->limited)
        return;
    limited_state(c->limited, state, LIMIT_STATE_MAX);
    out->power_limit_w = limited_shown_w(c->limited);
    out->throttled = limited_throttles(c->limited, power_w);
    out->trial_w = limited_trial_w(c->limited);
    out->off = limited_is_off(c->limited);
    out->control[CONTROL_LIMIT] = slider(c);
    out->control[CONTROL_SWITCH] = toggle(c);
}

/* ---- Which device it is --------------------------------------------------------------------- */

static void on_changed(void *user)
{
    struct controls *c = user;
    bool was_off = c->orders.off;

    if (c->limited && c->conf.switches)
        c->orders.off = limited_is_off(c->limited);
    c->events.changed(c->events.user);
    if (c->orders.off != was_off)
        c->events.ordered(c->events.user);
}

void controls_init(struct controls *c, struct limiter *limiter,
                   const struct controls_events *events)
{
    memset(c, 0, sizeof *c);
    c->limiter = limiter;
    c->events = *events;
    c->orders = orders_none;
}

static void configure(struct controls *c)
{
    c->conf.manual_w = c->orders.limit_w;
    if (c->limited)
        limited_configure(c->limited, &c->conf);
}

void controls_configure(struct controls *c, const char *serial, const struct limited_conf *conf)
{
    c->conf = *conf;
    if (!serial) {
        limiter_detach(c->limited);
        c->limited = NULL;
    } else if (!c->limited) {
        c->limited = limiter_attach(c->limiter, serial, c->orders.off, on_changed, c);
    }
    configure(c);
}

void controls_measured(struct controls *c, bool heard, double power_w)
{
    if (c->limited)
        limited_measured(c->limited, heard, power_w);
}

/* ---- What is written ------------------------------------------------------------------------ */

static bool keep(struct controls *c)
{
    c->events.changed(c->events.user);
    c->events.ordered(c->events.user);
    return true;
}

/* At the top of the slider, or above, there is no limit. */
bool controls_limit(struct controls *c, double watts)
{
    if (!c->limited || !has_value(limited_shown_w(c->limited)) || !has_value(watts) || watts < 0)
        return false;
    c->orders.limit_w = watts < limited_rules(c->limited)->max_power_w ? watts : MISSING;
    configure(c);
    return keep(c);
}

static bool choose_pane(struct controls *c, enum control control, int pane)
{
    if (pane < 0 || pane > CONTROL_PANE_MAX)
        return false;
    c->orders.pane[control] = pane;
    return keep(c);
}

static bool move_control(struct controls *c, enum control control, const struct value *value)
{
    if (control == CONTROL_LIMIT)
        return controls_limit(c, value->d);
    return value->i >= 0 && value->i <= 1 && limited_switch(c->limited, value->i == 1);
}

bool controls_write(struct controls *c, const struct map_row *row, const struct value *value)
{
    if (!c->limited || value->type != row->command)
        return false;
    switch (row->source) {
    case MAP_LIMIT_TRIAL: /* less than 0 W ends it: there is no other way to say that it is over */
        return limited_try(c->limited, value->d < 0 ? MISSING : value->d);
    case MAP_CONTROL_PANE:
        return choose_pane(c, (enum control)row->slot, value->i);
    case MAP_CONTROL_VALUE:
        return move_control(c, (enum control)row->slot, value);
    default:
        return limited_write(c->limited, value->d);
    }
}
