#include "bridge/unit_log.h"

#include <stdio.h>

#include "core/text.h"

enum { EPISODE_MS = 6 * 3600 * 1000 };

/* ---- What it does ---- */

struct title {
    char text[UNIT_LABEL_MAX + SERIAL_MAX + 16];
};

/* "INVERTER0: inverter 114182940773", and of one that no section names just the inverter. */
static struct title title(const struct unit_said *who)
{
    const struct device_view *view = device_view(who->device);
    struct title t = {""};

    if (who->has_section)
        (void)snprintf(t.text, sizeof t.text, "%s: %s %s", who->label,
                       view->meter ? "meter" : "inverter", view->serial);
    else
        text_copy(t.text, sizeof t.text, who->label);
    return t;
}

static const char *state_name(const struct device *device)
{
    const struct device_view *view = device_view(device);

    switch (view->state) {
    case DEVICE_START:
        return "waiting for its first values";
    case DEVICE_RUNNING:
        return "running";
    case DEVICE_NIGHT:
        return view->meter ? "out of the gateway's reach (night?): no values"
                           : "out of the gateway's reach (night?): 0 W, energy kept";
    case DEVICE_ERROR:
        if (!view->meter)
            return "without values for too long: 0 W, energy kept";
        return device_present(device)
                   ? "without values for too long: on the D-Bus without any (MeterAway=invalid)"
                   : "without values for too long: off the D-Bus until it answers";
    }
    return "";
}

static void log_state(const struct unit_said *who, const char *why)
{
    bool error = device_view(who->device)->state == DEVICE_ERROR;

    log_notice(error ? NOTICE_DEVICE_ERROR : NOTICE_NONE, "%s is %s%s%s", title(who).text,
               state_name(who->device), *why ? ": " : "", why);
}

void unit_log_on_bus(const struct unit_said *who, const char *name)
{
    log_info("%s (%s) is %s", title(who).text, device_view(who->device)->name, name);
}

void unit_log_dry_run(const struct unit_said *who)
{
    const struct device_view *view = device_view(who->device);

    log_info("DryRun: %s (%s): %.1f W, %.1f V, %.2f A, %.3f kWh; nothing is published", who->label,
             view->serial, view->value[FIELD_POWER][0], view->value[FIELD_VOLTAGE][0],
             view->value[FIELD_CURRENT][0], view->value[FIELD_ENERGY_FORWARD][0]);
}

void unit_log_sign_of_life(const struct unit_said *who)
{
    double power_w = device_view(who->device)->value[FIELD_POWER][0];

    if (!log_enabled(LOG_INFO)) /* as a rule: the text would be made for nothing */
        return;
    if (has_value(power_w))
        log_info("%s: /Ac/Power %.0f W, %s", title(who).text, power_w, state_name(who->device));
    else
        log_info("%s: %s", title(who).text, state_name(who->device));
}

/* ---- Its energy and its readings ---- */

static void forget_old_episode(struct log_fault *f, int64_t now_ms)
{
    if (f->total && now_ms - f->logged_ms > EPISODE_MS)
        *f = (struct log_fault){0};
}

static void log_energy(struct unit_log *l, const char *label, const struct device_view *v,
                       unsigned events, int64_t now_ms)
{
    forget_old_episode(&l->fall, now_ms);
    forget_old_episode(&l->jump, now_ms);
    if (events & DEVICE_ENERGY_HELD)
        log_fault(
            &l->fall, now_ms, NOTICE_NONE,
            "%s: its energy counter fell from %.3f to %.3f kWh; the higher value is kept until three "
            "measurements over a minute confirm the lower one",
            label, v->counter_before_kwh, v->counter_now_kwh);
    if (events & DEVICE_ENERGY_JUMP)
        log_fault(
            &l->jump, now_ms, NOTICE_COUNTER_JUMPED,
            "%s: its energy counter jumped from %.3f to %.3f kWh, more than it can have produced; "
            "the first is kept",
            label, v->counter_before_kwh, v->counter_now_kwh);
    if (events & (DEVICE_ENERGY_RESET | DEVICE_ENERGY_RAISED))
        log_notice(
            NOTICE_COUNTER_RESTARTED,
            "%s: its energy counter went from %.3f to %.3f kWh and goes on from there; %.3f kWh "
            "are published",
            label, v->counter_before_kwh, v->counter_now_kwh, v->value[FIELD_ENERGY_FORWARD][0]);
}

static void log_dropped(struct unit_log *l, const char *label, const struct device_view *v,
                        unsigned events, int64_t now_ms)
{
    forget_old_episode(&l->drop, now_ms);
    if (events & DEVICE_READING_DROPPED)
        log_fault(&l->drop, now_ms, NOTICE_NONE,
                  "%s: a reading was dropped because it cannot be a measurement: %s", label,
                  v->dropped_why);
    if (events & DEVICE_NOTHING_PLAUSIBLE)
        log_notice(NOTICE_IMPLAUSIBLE,
                   "%s: for %d minutes only impossible values came (%s); it counts as "
                   "away, by ErrorMode",
                   label, DEVICE_PATIENCE_MS / 60000, v->dropped_why);
}

void unit_log_events(struct unit_log *l, const struct unit_said *who, unsigned events,
                     const char *why, int64_t now_ms)
{
    const struct device_view *view = device_view(who->device);

    if (events & DEVICE_CHANGED_STATE)
        log_state(who, why);
    log_energy(l, who->label, view, events, now_ms);
    log_dropped(l, who->label, view, events, now_ms);
}
