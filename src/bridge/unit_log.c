#include "bridge/unit_log.h"

enum { EPISODE_MS = 6 * 3600 * 1000 };

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
        log_fault(&l->jump, now_ms, NOTICE_COUNTER_JUMPED,
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
        log_fault(&l->drop, now_ms, NOTICE_NONE, "%s: a reading was dropped because it cannot be a measurement: %s",
                  label, v->dropped_why);
    if (events & DEVICE_NOTHING_PLAUSIBLE)
        log_notice(
            NOTICE_IMPLAUSIBLE,
            "%s: for %d minutes only impossible values came (%s); it counts as "
            "away, by ErrorMode",
            label, DEVICE_PATIENCE_MS / 60000, v->dropped_why);
}

void unit_log_events(struct unit_log *l, const char *label, const struct device_view *view,
                     unsigned events, int64_t now_ms)
{
    log_energy(l, label, view, events, now_ms);
    log_dropped(l, label, view, events, now_ms);
}
