/*
 * Power limiting in a closed loop through the whole program: days in a house with an ESS. The same days with an ideal
 * limiter, which posts each write at once, are the measure.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limit.h"
#include "virtual/support/ess_house.h"

enum { NO_DEADLOCK_S = 10 * 60, TRUE_AFTER_S = 90 };

static const double exporting_w = 25;

/* ---- What must be so at every second ---- */

static void check_shown(struct ess_house *f, unsigned i)
{
    const struct house_inverter *inv = &f->house.inverter[i];
    double shown = ess_house_shown_w(i),
           floor_w = limit_floor(f->size_w, ESS_HOUSE_INPUTS, MISSING);

    if (!has_value(shown))
        return;
    assert_true(shown >= floor_w && shown <= f->size_w);
    if (inv->dc_w > 0 && f->house.now_s - f->last_sent_s[i] >= TRUE_AFTER_S &&
        f->house.now_s > HOUSE_DAWN_S + 600 && fabs(shown - inv->limit_w) >= 1)
        fail_msg("%02d:%02d: inverter %u shows %.1f W and obeys %.1f W", (int)f->house.now_s / 3600,
                 (int)f->house.now_s / 60 % 60, i, shown, inv->limit_w);
}

static void check_deadlock(struct ess_house *f, unsigned i)
{
    const struct house_inverter *inv = &f->house.inverter[i];
    bool full = f->house.ess_w[i] >= inv->max_w && inv->dc_w > 0;

    f->full_s[i] = full ? f->full_s[i] + 1 : 0;
    if (f->full_s[i] >= NO_DEADLOCK_S && inv->limit_w < inv->max_w)
        fail_msg("%02d:%02d: inverter %u at %.0f W of %.0f W for %u s", (int)f->house.now_s / 3600,
                 (int)f->house.now_s / 60 % 60, i, inv->limit_w, inv->max_w, f->full_s[i]);
}

/* ---- Days ---- */

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

static void ideal_day(unsigned inverters, double size_w, uint32_t seed, struct outcome *o)
{
    struct house h;
    double posted_w[HOUSE_INVERTERS_MAX], floor_w = limit_floor(size_w, ESS_HOUSE_INPUTS, MISSING);
    int status[HOUSE_INVERTERS_MAX];

    house_init(&h, inverters, size_w, seed);
    house_dawn(&h);
    h.now_s = ESS_HOUSE_STARTS_S;
    for (unsigned i = 0; i < inverters; i++)
        posted_w[i] = size_w;
    while (h.now_s < HOUSE_DUSK_S) {
        house_second(&h);
        for (unsigned i = 0; i < inverters; i++)
            status[i] = h.inverter[i].dc_w > 0 ? 7 : 8;
        for (unsigned i = 0; i < inverters; i++) {
            double w = house_ess_writes(&h, i, status);
            if (!has_value(w))
                continue;
            w = fmax(floor_w, w);
            if (fabs(w - posted_w[i]) < 1 && h.inverter[i].status != COMMAND_FAILURE)
                continue;
            posted_w[i] = w;
            house_dtu_post(&h, i, w);
        }
        count_export(o, &h);
    }
}

static void our_day(struct ess_house *f, struct outcome *o)
{
    while (f->house.now_s < HOUSE_DUSK_S) {
        ess_house_second(f);
        ess_house_write(f);
        for (unsigned i = 0; i < f->house.inverters; i++) {
            check_shown(f, i);
            check_deadlock(f, i);
        }
        count_export(o, &f->house);
    }
}

static void live(struct ess_house *f, unsigned inverters, double size_w, unsigned days,
                 uint32_t seed, unsigned slack_s)
{
    double sum_ours = 0, sum_ideal = 0;
    unsigned most = 0;

    for (unsigned day = 0; day < days; day++) {
        struct outcome a = {0}, b = {0};
        ess_house_begin(f, inverters, size_w, seed + day);
        our_day(f, &a);
        gx_stop(&f->gx);
        ideal_day(inverters, size_w, seed + day, &b);
        if (a.exported_wh > 1.5 * b.exported_wh + 20)
            fail_msg("day %u: %.0f Wh exported, ideal %.0f", day, a.exported_wh, b.exported_wh);
        if (a.longest_s > b.longest_s + slack_s)
            fail_msg("day %u: %u s exporting, ideal %u", day, a.longest_s, b.longest_s);
        sum_ours += a.exported_wh;
        sum_ideal += b.exported_wh;
        most = f->commands > most ? f->commands : most;
    }
    printf(
        "# %u inverters, %u days: %.1f Wh a day exported (ideal %.1f), at most %u commands a day\n",
        inverters, days, sum_ours / days, sum_ideal / days, most);
}

static void one_inverter(void **state)
{
    live(*state, 1, 2000, 5, 1, 30);
}

static void three_inverters(void **state)
{
    live(*state, 3, 1500, 5, 1000, 40);
}

static void ten_inverters(void **state)
{
    live(*state, 10, 800, 5, 2000, 120);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ess_house_setup, ess_house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_inverter),
        TEST(three_inverters),
        TEST(ten_inverters),
    };
    return cmocka_run_group_tests_name("power limit", tests, NULL, NULL);
}
