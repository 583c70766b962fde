/*
 * Power limiting in a closed loop: days in a house whose ESS throttles the inverters, through the pure
 * state machine. Beside it the same house on the same days with an ideal limiter: it has the same radio,
 * and posts each write of the ESS at once, for all inverters together, as often as it comes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "core/limit.h"
#include "core/reading.h"
#include "virtual/support/house.h"

enum { NO_DEADLOCK_S = 10 * 60, TRUE_AFTER_S = 60 };

enum { INPUTS = 2 };
static const double exporting_w = 25;
static double max_w;

struct outcome {
    double exported_wh;
    unsigned exporting_s, longest_s; /* in a row, with more than exporting_w */
};

static void count_export(struct outcome *o, const struct house *h)
{
    if (h->grid_w < 0)
        o->exported_wh -= h->grid_w / 3600;
    o->exporting_s = h->grid_w < -exporting_w ? o->exporting_s + 1 : 0;
    if (o->exporting_s > o->longest_s)
        o->longest_s = o->exporting_s;
}

/* ---- The ideal: posts each write at once, and knows that it arrives ---- */

struct ideal {
    struct house house;
    int status[HOUSE_INVERTERS_MAX];
    double posted_w[HOUSE_INVERTERS_MAX];
};

static void ideal_dawn(struct ideal *d)
{
    for (unsigned i = 0; i < d->house.inverters; i++)
        d->posted_w[i] = max_w;
}

static void ideal_second(struct ideal *d)
{
    struct house *h = &d->house;
    double floor_w = limit_floor(max_w, INPUTS, MISSING);

    house_second(h);
    for (unsigned i = 0; i < h->inverters; i++)
        d->status[i] = h->inverter[i].dc_w > 0 ? 7 : 8;
    for (unsigned i = 0; i < h->inverters; i++) {
        double w = house_ess_writes(h, i, d->status);
        if (has_value(w))
            w = fmax(floor_w, w);
        if (has_value(w) &&
            (fabs(w - d->posted_w[i]) >= 1 || h->inverter[i].status == COMMAND_FAILURE)) {
            d->posted_w[i] = w;
            house_dtu_post(h, i, w);
        }
    }
}

/* ---- Ours ---- */

struct limiter {
    struct house house;
    struct limit limit[HOUSE_INVERTERS_MAX];
    int status[HOUSE_INVERTERS_MAX];
    int sending; /* the inverter whose command the DTU has; -1: none */
    double last_sent_s[HOUSE_INVERTERS_MAX];
    unsigned early[HOUSE_INVERTERS_MAX];
    unsigned full_s[HOUSE_INVERTERS_MAX]; /* the ESS has allowed full power for so long */
    unsigned commands;
};

static void limiter_dawn(struct limiter *t)
{
    const struct limit_rules rules = {max_w, limit_floor(max_w, INPUTS, MISSING)};

    t->sending = -1;
    for (unsigned i = 0; i < t->house.inverters; i++) {
        limit_init(&t->limit[i], false);
        limit_allow(&t->limit[i], &rules);
        t->status[i] = 8;
        t->last_sent_s[i] = -1e9;
        t->full_s[i] = t->early[i] = 0;
    }
}

static void hear(struct limiter *t, unsigned i, int64_t now_ms)
{
    const struct house_inverter *inv = &t->house.inverter[i];
    struct limit *l = &t->limit[i];

    limit_heard(l, inv->dc_w > 0);
    if (house_dtu_sample(&t->house, i)) {
        limit_measured(l, inv->power_w, inv->power_w > 0, now_ms);
        t->status[i] = limit_throttles(l, inv->power_w) ? 12 : 7;
    }
    if (inv->dc_w <= 0)
        t->status[i] = 8;
    if (limit_confirming(l))
        limit_status(l, inv->status, inv->relative_pct, now_ms);
    if (t->sending == (int)i && !limit_confirming(l))
        t->sending = -1;
}

/* One command at a time for the DTU: the largest reduction first. */
static int choose(struct limiter *t, int64_t now_ms, double *order)
{
    int best = -1;

    for (unsigned i = 0; i < t->house.inverters; i++) {
        double w = MISSING;
        enum limit_task task = limit_next(&t->limit[i], now_ms, &w);
        if (task == LIMIT_MARK) {
            limit_marked(&t->limit[i], now_ms);
            task = limit_next(&t->limit[i], now_ms, &w);
        } else if (task == LIMIT_UNMARK) {
            limit_unmarked(&t->limit[i], now_ms);
        }
        if (task == LIMIT_SEND &&
            (best < 0 || limit_reduction_w(&t->limit[i]) > limit_reduction_w(&t->limit[best]))) {
            best = (int)i;
            *order = w;
        }
    }
    return best;
}

static void command(struct limiter *t, int64_t now_ms)
{
    double order = MISSING;
    int i = choose(t, now_ms, &order);

    if (i < 0 || (t->sending >= 0 && t->sending != i))
        return;
    double apart_s = t->house.now_s - t->last_sent_s[i];
    assert_true(apart_s >= 3);
    t->early[i] = apart_s < 10 ? t->early[i] + 1 : 0;
    assert_true(t->early[i] <= 1);
    t->last_sent_s[i] = t->house.now_s;
    t->commands++;
    t->sending = i;
    limit_sending(&t->limit[i], order, now_ms);
    house_dtu_post(&t->house, (unsigned)i, order);
    limit_answer(&t->limit[i], true, now_ms);
}

/* Full power is reached whenever the ESS has allowed it for long enough. */
static void no_deadlock(struct limiter *t, unsigned i)
{
    const struct house_inverter *inv = &t->house.inverter[i];
    bool full = t->house.ess_w[i] >= inv->max_w && inv->dc_w > 0;

    t->full_s[i] = full ? t->full_s[i] + 1 : 0;
    if (t->full_s[i] < NO_DEADLOCK_S || inv->limit_w >= inv->max_w)
        return;
    fail_msg("%02d:%02d: inverter %u at %.0f W of %.0f W for %u s", (int)t->house.now_s / 3600,
             (int)t->house.now_s / 60 % 60, i, inv->limit_w, inv->max_w, t->full_s[i]);
}

/* What the bus shows is within its bounds, and soon what the inverter obeys. */
static void shown_is_true(const struct limiter *t, unsigned i)
{
    const struct house_inverter *inv = &t->house.inverter[i];
    const struct limit *l = &t->limit[i];
    double shown = limit_shown_w(l);

    assert_true(has_value(shown)); /* five tries are enough on these days */
    assert_true(shown >= l->rules.floor_w && shown <= l->rules.max_power_w);
    if (inv->dc_w > 0 && t->house.now_s - t->last_sent_s[i] >= TRUE_AFTER_S)
        assert_true(fabs(shown - inv->limit_w) < 1);
}

static void limiter_second(struct limiter *t)
{
    struct house *h = &t->house;
    int64_t now_ms = (int64_t)h->now_s * 1000;

    house_second(h);
    for (unsigned i = 0; i < h->inverters; i++) {
        hear(t, i, now_ms);
        double w = house_ess_writes(h, i, t->status);
        if (has_value(w))
            (void)limit_write(&t->limit[i], w, now_ms);
        shown_is_true(t, i);
        no_deadlock(t, i);
    }
    command(t, now_ms);
}

/* ---- Days ---- */

static struct limiter ours;
static struct ideal ideal;

static void live_a_day(struct outcome *a, struct outcome *b)
{
    house_dawn(&ours.house);
    ideal.house = ours.house;
    ideal_dawn(&ideal);
    limiter_dawn(&ours);
    while (ours.house.now_s < HOUSE_DUSK_S) {
        limiter_second(&ours);
        ideal_second(&ideal);
        count_export(a, &ours.house);
        count_export(b, &ideal.house);
    }
}

/* slack_s: how much longer than the ideal it may export without a pause. */
static void live(unsigned inverters, double size_w, unsigned days, uint32_t seed, unsigned slack_s)
{
    double sum_ours = 0, sum_ideal = 0;
    unsigned most = 0;
    int gap_s = -1000;

    max_w = size_w;
    for (unsigned day = 0; day < days; day++) {
        struct outcome a = {0}, b = {0};
        ours.commands = 0;
        house_init(&ours.house, inverters, max_w, seed + day);
        live_a_day(&a, &b);
        if (a.exported_wh > 1.5 * b.exported_wh + 20)
            fail_msg("day %u: %.0f Wh exported, ideal %.0f", day, a.exported_wh, b.exported_wh);
        if (a.longest_s > b.longest_s + slack_s)
            fail_msg("day %u: %u s exporting, ideal %u", day, a.longest_s, b.longest_s);
        sum_ours += a.exported_wh;
        sum_ideal += b.exported_wh;
        gap_s = (int)(a.longest_s - b.longest_s) > gap_s ? (int)(a.longest_s - b.longest_s) : gap_s;
        most = ours.commands > most ? ours.commands : most;
    }
    printf("# %u inverters, %u days: %.1f Wh a day exported (ideal %.1f), at most %d s longer, "
           "at most %u commands a day\n",
           inverters, days, sum_ours / days, sum_ideal / days, gap_s, most);
}

static void one_inverter(void **state)
{
    live(1, 2000, 300, 1, 30);
}

static void three_inverters(void **state)
{
    live(3, 1500, 150, 1000, 30);
}

/* One command after the other: a round of ten takes 30 to 60 s on air, and may begin anew. */
static void ten_inverters(void **state)
{
    live(10, 800, 50, 2000, 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_inverter),
        cmocka_unit_test(three_inverters),
        cmocka_unit_test(ten_inverters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
