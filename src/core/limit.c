#include "core/limit.h"

#include <string.h>

#include "core/reading.h"

static const double floor_share = 0.02, floor_per_input_w = 12;
static const double dead_band_share = 0.01, dead_band_w = 10;
static const double early_share = 0.05; /* a reduction by more may go early */
static const double same_pct = 0.5;     /* what the gateway reports is what was sent */
static const double contested_pct = 2;  /* OpenDTU-OnBattery's own tolerance */
static const double over_share = 0.05,
                    over_w = 20; /* measured above the limit by more: not obeyed */
static const double falling_share = 0.01, falling_w = 5; /* a ramp that is on its way down */

enum {
    OBEY_MS = 30 * 1000, /* an HM-1500 begins to follow as late as 18 s after a command */
    OVER_SAMPLES = 3,
    LOST_MAX = 3, /* sent again so often without effect: it is ignored */
    DAY_MS = 24 * 60 * 60 * 1000,
};

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double bounded(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

double limit_floor(double max_power_w, unsigned dc_inputs, double override_w)
{
    double floor_w = larger(floor_share * max_power_w, floor_per_input_w * dc_inputs);

    return bounded(has_value(override_w) ? override_w : floor_w, 0, max_power_w);
}

/* ---- What is wanted ---- */

static double lower(const struct limit *l, double wanted, double w)
{
    if (!has_value(w))
        return wanted;
    w = bounded(w, l->rules.floor_w, l->rules.max_power_w);
    return w < wanted ? w : wanted;
}

static double wanted_w(const struct limit *l)
{
    double w = l->rules.max_power_w;

    if (!l->on || l->broken)
        return w;
    return lower(l, lower(l, lower(l, w, l->ess_w), l->manual_w), l->trial_w);
}

static bool is_full(const struct limit *l, double w)
{
    return w >= l->rules.max_power_w;
}

/* Something of ours is in force, or may be: what was sent last, or what was confirmed before it. */
static bool in_force(const struct limit *l)
{
    return !is_full(l, l->sent_w) || !is_full(l, l->confirmed_w);
}

static bool in_dead_band(const struct limit *l, double wanted)
{
    double band = larger(dead_band_w, dead_band_share * l->rules.max_power_w);
    double change = wanted - l->sent_w;

    if (is_full(l, wanted) || is_full(l, l->sent_w))
        return false;
    return change > -band && change < band;
}

/* What is to be sent: the value wanted, or the one sent last where that is near enough. */
static double target_w(const struct limit *l)
{
    double wanted = wanted_w(l);

    return in_dead_band(l, wanted) ? l->sent_w : wanted;
}

static bool is_change(const struct limit *l)
{
    double target = target_w(l);

    return target < l->sent_w || target > l->sent_w;
}

static bool wants_to_send(const struct limit *l)
{
    return l->heard && (l->again || is_change(l));
}

double limit_reduction_w(const struct limit *l)
{
    return l->sent_w - target_w(l);
}

/* ---- When ---- */

static bool may_be_early(const struct limit *l)
{
    return !l->early && limit_reduction_w(l) > early_share * l->rules.max_power_w;
}

/* The earliest time of the next command to this inverter. */
static int64_t send_ms(const struct limit *l)
{
    if (l->sent_ms < 0 || l->at_once)
        return 0;
    if (l->broken)
        return l->sent_ms + LIMIT_BROKEN_MS;
    return l->sent_ms + (may_be_early(l) ? LIMIT_EARLY_MS : LIMIT_SPACING_MS);
}

static bool may_send(const struct limit *l, int64_t now_ms)
{
    return l->step != LIMIT_SENDING && wants_to_send(l) && now_ms >= send_ms(l);
}

static int64_t refresh_ms(const struct limit *l)
{
    bool settled = l->step == LIMIT_IDLE && l->heard && in_force(l) && !l->broken;

    return settled && l->sent_ms >= 0 ? l->sent_ms + LIMIT_REFRESH_MS : -1;
}

/* A clear is followed by a new mark one day: both must fit. */
static bool may_unmark(const struct limit *l)
{
    return l->mark_writes + 2 <= LIMIT_MARK_WRITES_MAX;
}

static int64_t unmark_ms(const struct limit *l)
{
    int64_t at_ms;

    if (!l->marked || l->lifted_ms < 0 || in_force(l) || l->step != LIMIT_IDLE)
        return -1;
    at_ms = l->lifted_ms + LIMIT_UNMARK_MS;
    if (!may_unmark(l) && at_ms < l->mark_day_ms + DAY_MS)
        at_ms = l->mark_day_ms + DAY_MS;
    return at_ms;
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

int64_t limit_due_ms(const struct limit *l, int64_t now_ms)
{
    int64_t due_ms = earlier(unmark_ms(l), refresh_ms(l));

    if (has_value(l->ess_w))
        due_ms = earlier(due_ms, l->ess_ms + LIMIT_WATCHDOG_MS);
    if (has_value(l->trial_w))
        due_ms = earlier(due_ms, l->trial_ms + LIMIT_TRIAL_MS);
    if (l->step != LIMIT_IDLE)
        due_ms = earlier(due_ms, l->sent_ms + LIMIT_CONFIRM_MS);
    if (l->step != LIMIT_SENDING && wants_to_send(l))
        due_ms = earlier(due_ms, send_ms(l));
    return due_ms >= 0 && due_ms < now_ms ? now_ms : due_ms;
}

/* ---- What happens to a command ---- */

static void forget_wishes(struct limit *l)
{
    l->ess_w = l->trial_w = MISSING;
}

static void give_up(struct limit *l)
{
    if (!l->broken)
        l->events |= LIMIT_GAVE_UP;
    l->broken = true;
    forget_wishes(l);
}

static void fail(struct limit *l, enum limit_failure failure)
{
    l->step = LIMIT_IDLE;
    l->failure = failure;
    l->again = true;
    l->failures++;
    l->events |= LIMIT_FAILED;
    if (l->failures >= LIMIT_FAILURES_MAX)
        give_up(l);
}

/* The command under way has ended, and nothing is wrong. */
static void settle(struct limit *l)
{
    l->step = LIMIT_IDLE;
    l->failure = LIMIT_FAILED_NONE;
    l->failures = 0;
    if (l->broken)
        l->events |= LIMIT_RECOVERED;
    l->broken = false;
}

static void confirm(struct limit *l, int64_t now_ms)
{
    bool lifts = is_full(l, l->sent_w) && l->lifted_ms < 0;

    if (l->changed)
        l->events |= LIMIT_CONFIRMED;
    if (lifts && l->marked) /* there is no limit without the mark */
        l->events |= LIMIT_LIFTED;
    if (lifts)
        l->lifted_ms = now_ms;
    l->confirmed_w = l->sent_w;
    l->above = 0;
    settle(l);
}

static void lose(struct limit *l)
{
    l->above = 0;
    l->again = true;
    if (++l->ignored <= LOST_MAX) {
        l->events |= LIMIT_LOST;
        return;
    }
    l->ignored = 0;
    l->failures = LIMIT_FAILURES_MAX - 1;
    fail(l, LIMIT_FAILED_IGNORED);
}

static void let_time_pass(struct limit *l, int64_t now_ms)
{
    int64_t again_ms = refresh_ms(l);

    if (has_value(l->ess_w) && now_ms - l->ess_ms >= LIMIT_WATCHDOG_MS) {
        l->ess_w = MISSING;
        if (in_force(l))
            l->events |= LIMIT_EXPIRED;
    }
    if (has_value(l->trial_w) && now_ms - l->trial_ms >= LIMIT_TRIAL_MS)
        l->trial_w = MISSING;
    if (l->step != LIMIT_IDLE && now_ms - l->sent_ms >= LIMIT_CONFIRM_MS)
        fail(l, l->pending ? LIMIT_FAILED_INVERTER : LIMIT_FAILED_NO_ANSWER);
    else if (again_ms >= 0 && now_ms >= again_ms)
        l->again = true;
}

enum limit_task limit_next(struct limit *l, int64_t now_ms, double *order_w)
{
    int64_t clear_ms;

    let_time_pass(l, now_ms);
    if (may_send(l, now_ms)) {
        *order_w = target_w(l);
        return l->marked || is_full(l, *order_w) ? LIMIT_SEND : LIMIT_MARK;
    }
    clear_ms = unmark_ms(l);
    return clear_ms >= 0 && now_ms >= clear_ms ? LIMIT_UNMARK : LIMIT_NOTHING;
}

static void count_mark_write(struct limit *l, int64_t now_ms)
{
    if (l->mark_day_ms < 0 || now_ms - l->mark_day_ms >= DAY_MS) {
        l->mark_day_ms = now_ms;
        l->mark_writes = 0;
    }
    l->mark_writes++;
}

void limit_marked(struct limit *l, int64_t now_ms)
{
    count_mark_write(l, now_ms);
    l->marked = true;
    l->lifted_ms = -1;
}

void limit_unmarked(struct limit *l, int64_t now_ms)
{
    count_mark_write(l, now_ms);
    l->marked = false;
    l->lifted_ms = -1;
}

void limit_sending(struct limit *l, double order_w, int64_t now_ms)
{
    bool unknown = l->marked && l->lifted_ms < 0 && is_full(l, order_w);

    l->changed = unknown || order_w < l->confirmed_w || order_w > l->confirmed_w;
    l->early = l->sent_ms >= 0 && now_ms - l->sent_ms < LIMIT_SPACING_MS;
    l->sent_w = order_w;
    l->sent_ms = now_ms;
    l->again = l->pending = false;
    l->step = LIMIT_SENDING;
    l->above = 0;
    if (!is_full(l, order_w))
        l->lifted_ms = -1;
}

void limit_answer(struct limit *l, bool taken, int64_t now_ms)
{
    (void)now_ms;
    if (l->step != LIMIT_SENDING)
        return;
    if (taken)
        l->step = LIMIT_CONFIRMING;
    else
        fail(l, LIMIT_FAILED_SENDING);
}

void limit_unsent(struct limit *l)
{
    l->again = l->again || l->step != LIMIT_IDLE;
    l->step = LIMIT_IDLE;
    l->heard = false;
}

bool limit_confirming(const struct limit *l)
{
    return l->step == LIMIT_CONFIRMING;
}

static bool near_pct(const struct limit *l, double pct, double w, double tolerance_pct)
{
    double expected = l->rules.max_power_w > 0 ? 100 * w / l->rules.max_power_w : 100;
    double off = pct - expected;

    return has_value(pct) && off <= tolerance_pct && off >= -tolerance_pct;
}

/* The command under way never was pending. */
static void judge_unseen(struct limit *l, double relative_pct, int64_t now_ms)
{
    if (!l->changed)
        settle(l);
    else if (near_pct(l, relative_pct, l->sent_w, same_pct))
        confirm(l, now_ms);
    else
        fail(l, LIMIT_FAILED_DROPPED);
}

static void notice_others(struct limit *l, double relative_pct)
{
    bool ours = near_pct(l, relative_pct, l->confirmed_w, contested_pct);
    bool full = near_pct(l, relative_pct, l->rules.max_power_w, contested_pct);

    if (is_full(l, l->confirmed_w) || !has_value(relative_pct) || full)
        return;
    if (!ours && !l->contested)
        l->events |= LIMIT_CONTESTED;
    l->contested = !ours;
}

void limit_status(struct limit *l, enum command_status status, double relative_pct, int64_t now_ms)
{
    if (l->step != LIMIT_CONFIRMING) {
        if (l->step == LIMIT_IDLE && status == COMMAND_OK)
            notice_others(l, relative_pct);
        return;
    }
    switch (status) {
    case COMMAND_PENDING:
        l->pending = true;
        break;
    case COMMAND_OK:
        if (l->pending)
            confirm(l, now_ms);
        else
            judge_unseen(l, relative_pct, now_ms);
        break;
    case COMMAND_FAILURE:
        if (l->pending)
            fail(l, LIMIT_FAILED_INVERTER);
        else
            judge_unseen(l, MISSING, now_ms);
        break;
    case COMMAND_NOT_TOLD:
        judge_unseen(l, MISSING, now_ms);
        break;
    }
}

/* ---- What the inverter does ---- */

static bool obeys(struct limit *l, double power_w)
{
    double limit_w = l->confirmed_w;
    bool over = power_w > limit_w + larger(over_w, over_share * limit_w);
    bool falls =
        l->above > 0 && power_w < l->above_w - larger(falling_w, falling_share * l->above_w);

    l->above_w = power_w;
    l->above = !over ? 0 : falls ? 1 : l->above + 1;
    return !over;
}

void limit_measured(struct limit *l, double power_w, bool producing, int64_t now_ms)
{
    if (producing && !l->producing && in_force(l))
        l->again = true;
    l->producing = producing;
    if (!has_value(power_w) || l->step != LIMIT_IDLE || is_full(l, l->confirmed_w) ||
        now_ms - l->sent_ms < OBEY_MS)
        return;
    if (obeys(l, power_w))
        l->ignored = 0;
    else if (l->above >= OVER_SAMPLES)
        lose(l);
}

void limit_heard(struct limit *l, bool heard)
{
    if (heard && !l->heard && limit_is_left(l))
        l->again = true;
    l->heard = heard;
}

void limit_gateway_restarted(struct limit *l)
{
    if (limit_is_left(l))
        l->again = true;
}

/* ---- What is asked for ---- */

void limit_init(struct limit *l, bool marked)
{
    memset(l, 0, sizeof *l);
    l->manual_w = MISSING;
    forget_wishes(l);
    l->sent_ms = l->lifted_ms = l->mark_day_ms = -1;
    l->marked = l->again = marked;
}

void limit_allow(struct limit *l, const struct limit_rules *rules)
{
    bool sent_full = is_full(l, l->sent_w), confirmed_full = is_full(l, l->confirmed_w);

    l->rules = *rules;
    if (sent_full)
        l->sent_w = rules->max_power_w;
    if (confirmed_full)
        l->confirmed_w = rules->max_power_w;
    l->on = true;
    l->at_once = false;
}

void limit_forbid(struct limit *l)
{
    l->on = l->broken = false;
    l->failures = 0;
    forget_wishes(l);
}

void limit_release(struct limit *l)
{
    limit_forbid(l);
    l->at_once = true;
}

static bool is_possible(const struct limit *l)
{
    return l->on && !l->broken;
}

bool limit_write(struct limit *l, double watts, int64_t now_ms)
{
    if (!is_possible(l) || !has_value(watts) || watts < 0)
        return false;
    l->ess_w = watts;
    l->ess_ms = now_ms;
    return true;
}

void limit_manual(struct limit *l, double watts)
{
    l->manual_w = watts;
}

bool limit_try(struct limit *l, double watts, int64_t now_ms)
{
    if (has_value(watts) && (!is_possible(l) || has_value(l->ess_w) || watts < 0))
        return false;
    l->trial_w = watts;
    l->trial_ms = now_ms;
    return true;
}

/* ---- What is shown ---- */

double limit_shown_w(const struct limit *l)
{
    if (!is_possible(l))
        return MISSING;
    if (!l->heard && is_full(l, wanted_w(l)))
        return l->rules.max_power_w;
    return l->failures > 0 ? l->confirmed_w : l->sent_w;
}

bool limit_throttles(const struct limit *l, double power_w)
{
    double max_w = l->rules.max_power_w, share = l->confirmed_w > 0.16 * max_w ? 0.97 : 0.80;

    return !is_full(l, l->confirmed_w) && has_value(power_w) && power_w >= share * l->confirmed_w;
}

bool limit_is_left(const struct limit *l)
{
    return in_force(l) || (l->marked && l->lifted_ms < 0);
}

unsigned limit_events(struct limit *l)
{
    unsigned events = l->events;

    l->events = 0;
    return events;
}
