#include "core/power_switch.h"

#include <string.h>

void power_switch_init(struct power_switch *s, bool off)
{
    memset(s, 0, sizeof *s);
    s->off = off;
}

void power_switch_order(struct power_switch *s, bool on, int64_t now_ms)
{
    s->order_on = on;
    s->step = SWITCH_WAITING;
    s->order_ms = now_ms;
    s->pending = s->ok = false;
}

void power_switch_forget(struct power_switch *s)
{
    s->step = SWITCH_IDLE;
}

void power_switch_sending(struct power_switch *s, int64_t now_ms)
{
    s->step = SWITCH_SENDING;
    s->order_ms = now_ms;
}

static void fail(struct power_switch *s, enum switch_failure failure)
{
    s->step = SWITCH_IDLE;
    s->failure = failure;
    s->events |= SWITCH_FAILED;
}

static void confirm(struct power_switch *s, int64_t now_ms)
{
    s->step = SWITCH_IDLE;
    s->failure = SWITCH_FAILED_NONE;
    s->off = !s->order_on;
    s->order_ms = now_ms;
    s->events |= SWITCH_DONE;
}

void power_switch_answer(struct power_switch *s, bool taken)
{
    if (s->step != SWITCH_SENDING)
        return;
    if (taken)
        s->step = SWITCH_CONFIRMING;
    else
        fail(s, SWITCH_FAILED_SENDING);
}

/* What was never pending may be the status of an order before: then the power has to show it as well. */
void power_switch_status(struct power_switch *s, enum command_status status, int64_t now_ms)
{
    if (s->step != SWITCH_CONFIRMING)
        return;
    s->pending = s->pending || status == COMMAND_PENDING;
    s->ok = status == COMMAND_OK;
    if (s->pending && status == COMMAND_OK)
        confirm(s, now_ms);
    else if (s->pending && status == COMMAND_FAILURE)
        fail(s, SWITCH_FAILED_INVERTER);
}

void power_switch_measured(struct power_switch *s, bool producing, int64_t now_ms)
{
    if (s->step == SWITCH_CONFIRMING && s->ok && producing == s->order_on) {
        confirm(s, now_ms);
    } else if (s->step == SWITCH_IDLE && s->off && producing &&
               now_ms - s->order_ms >= SWITCH_OBEY_MS) {
        s->off = false;
        s->events |= SWITCH_RETURNED;
    }
}

void power_switch_pass(struct power_switch *s, int64_t now_ms)
{
    if (s->step == SWITCH_IDLE || now_ms - s->order_ms < SWITCH_CONFIRM_MS)
        return;
    fail(s, s->step == SWITCH_WAITING ? SWITCH_FAILED_SENDING
            : s->pending              ? SWITCH_FAILED_INVERTER
                                      : SWITCH_FAILED_NO_ANSWER);
}

int64_t power_switch_due_ms(const struct power_switch *s)
{
    return s->step == SWITCH_IDLE ? -1 : s->order_ms + SWITCH_CONFIRM_MS;
}

unsigned power_switch_events(struct power_switch *s)
{
    unsigned events = s->events;

    s->events = 0;
    return events;
}
