#include "bridge/limiter_log.h"

#include <stdio.h>

enum obstacle limited_obstacle_to_commands(const struct limited *d)
{
    if (d->login_refused)
        return OBSTACLE_LOGIN;
    if (d->right == COMMAND_UNKNOWN)
        return OBSTACLE_UNKNOWN;
    return d->right == COMMAND_DISABLED ? OBSTACLE_DISABLED : OBSTACLE_NONE;
}

enum obstacle limited_obstacle(const struct limited *d)
{
    enum obstacle obstacle = limited_obstacle_to_commands(d);

    if (obstacle != OBSTACLE_NONE)
        return obstacle;
    if (limited_is_off(d))
        return OBSTACLE_OFF;
    return d->conf.max_power_w > 0 ? OBSTACLE_NONE : OBSTACLE_POWER;
}

static const char *words_of(const struct limited *d)
{
    switch (d->limit.failure) {
    case LIMIT_FAILED_SENDING:
        return d->why;
    case LIMIT_FAILED_DROPPED:
        return "the gateway took the command and dropped it: are commands enabled for this inverter, there?";
    case LIMIT_FAILED_INVERTER:
        return "the inverter did not acknowledge it";
    case LIMIT_FAILED_NO_ANSWER:
        return "the gateway does not say what became of it";
    case LIMIT_FAILED_IGNORED:
        return "the inverter acknowledges it, and makes more power";
    case LIMIT_FAILED_NONE:
        break;
    }
    return "";
}

/* The ESS moves a limit every few seconds: what begins and what ends is worth a line. */
static void log_limit(struct limited *d, unsigned events, int64_t now_ms)
{
    if (events & LIMIT_LIFTED)
        log_info("%s: full power again", d->label);
    else if ((events & LIMIT_CONFIRMED) && d->limited_told)
        log_debug("%s: limited to %.0f W", d->label, d->limit.confirmed_w);
    else if (events & LIMIT_CONFIRMED)
        log_info("%s: limited to %.0f W", d->label, d->limit.confirmed_w);
    if (events & (LIMIT_LIFTED | LIMIT_CONFIRMED)) {
        d->limited_told = !(events & LIMIT_LIFTED);
        log_recovered(&d->failed, now_ms, "%s: obeys its power limit again", d->label);
    }
}

static const char *words_of_switch(const struct limited *d)
{
    switch (d->power.failure) {
    case SWITCH_FAILED_SENDING:
        return d->why[0] ? d->why : "its gateway could not be told";
    case SWITCH_FAILED_INVERTER:
        return "the inverter did not acknowledge it";
    case SWITCH_FAILED_NO_ANSWER:
        return "the gateway took the command and nothing came of it: are commands enabled for this inverter, there?";
    case SWITCH_FAILED_NONE:
        break;
    }
    return "";
}

static void log_switch(struct limited *d)
{
    unsigned events = power_switch_events(&d->power);

    if (events & SWITCH_DONE)
        log_info("%s: switched %s by hand", d->label, d->power.off ? "off" : "on");
    if (events & SWITCH_FAILED)
        log_notice(NOTICE_SWITCH_FAILED, "%s: could not be switched %s: %s", d->label,
                   d->power.order_on ? "on" : "off", words_of_switch(d));
    if (events & SWITCH_RETURNED)
        log_info("%s: was switched off by hand and runs again", d->label);
}

/* Whoever writes limits, or a gateway, could cause these without end. */
void limited_log_events(struct limited *d, int64_t now_ms)
{
    unsigned events = limit_events(&d->limit);

    log_limit(d, events, now_ms);
    log_switch(d);
    if (events & LIMIT_EXPIRED)
        log_fault(&d->expired, now_ms, NOTICE_LIMIT_EXPIRED,
                  "%s: nobody has renewed the power limit for %d s: lifting it", d->label,
                  LIMIT_WATCHDOG_MS / 1000);
    if (events & LIMIT_LOST)
        log_fault(&d->failed, now_ms, NOTICE_LIMIT_LOST,
                  "%s: produces more than its power limit: sending the limit again", d->label);
    if (events & LIMIT_CONTESTED)
        log_fault(
            &d->contested, now_ms, NOTICE_LIMIT_CONTESTED,
            "%s: something else sets power limits as well. Switch it off, or set PowerLimit=0",
            d->label);
    if (events & LIMIT_GAVE_UP)
        log_notice(NOTICE_LIMIT_GAVE_UP,
                   "%s: cannot be limited at present: %s. Full power is tried again every %d min",
                   d->label, words_of(d), LIMIT_BROKEN_MS / 60000);
    else if (events & LIMIT_FAILED)
        log_fault(&d->failed, now_ms, NOTICE_LIMIT_FAILED, "%s: a power limit failed: %s", d->label,
                  words_of(d));
    if (events & LIMIT_RECOVERED)
        log_good_news(NOTICE_LIMIT_GAVE_UP, "%s: can be limited again", d->label);
}

void limited_log_obstacle(struct limited *d, enum obstacle obstacle)
{
    if (obstacle == d->told)
        return;
    d->told = obstacle;
    if (obstacle == OBSTACLE_NONE && d->conf.limits)
        log_info("%s: can be limited, %.0f to %.0f W", d->label, d->limit.rules.floor_w,
                 d->limit.rules.max_power_w);
    else if (obstacle == OBSTACLE_NONE)
        log_info("%s: can be switched on and off", d->label);
    else if (*obstacle_cure(obstacle))
        log_notice(NOTICE_LIMIT_OBSTACLE, "%s: cannot be %s: %s. %s", d->label,
                   d->conf.limits ? "limited" : "switched on and off", obstacle_words(obstacle),
                   obstacle_cure(obstacle));
}

void limited_state(const struct limited *d, char *out, size_t size)
{
    const struct limit *l = &d->limit;
    enum obstacle obstacle = limited_obstacle(d);

    if (!d->conf.limits)
        out[0] = '\0';
    else if (obstacle != OBSTACLE_NONE)
        (void)snprintf(out, size, "cannot be limited: %s", obstacle_words(obstacle));
    else if (l->broken)
        (void)snprintf(out, size, "cannot be limited at present: %s", words_of(d));
    else if (l->failures > 0 && l->step == LIMIT_IDLE)
        (void)snprintf(out, size, "%.0f W failed: %s", l->sent_w, words_of(d));
    else if (l->step != LIMIT_IDLE)
        (void)snprintf(out, size, "%.0f W sent: the inverter has not acknowledged it yet",
                       l->sent_w);
    else if (l->confirmed_w < l->rules.max_power_w)
        (void)snprintf(out, size, "limited to %.0f W", l->confirmed_w);
    else
        (void)snprintf(out, size, "full power, %.0f W", l->rules.max_power_w);
}
