/* A limit in force: who sets it, and what the inverter makes of it. And that the promises hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/limit.h"
#include "core/reading.h"
#include "unit/support/limit_fixture.h"

/* ---- Who limits ---- */

static void the_lowest_wins(void **state)
{
    limit_manual(&l, 400);
    assert_w(send_and_confirm(), 400);
    now += 10 * S;
    assert_true(limit_write(&l, 500, now));
    assert_w(due(), MISSING);
    assert_true(limit_write(&l, 300, now));
    assert_w(send_and_confirm(), 300);
    now += 60 * S; /* the ESS goes, the owner's stays */
    assert_w(send_and_confirm(), 400);
    now += 24 * 60 * MIN;
    assert_w(due(), 400); /* only refreshed */
    limit_manual(&l, MISSING);
    assert_w(due(), 600);
}

static void a_trial_gives_way_to_the_ess(void **state)
{
    assert_true(limit_try(&l, 200, now));
    assert_w(send_and_confirm(), 200);
    assert_true(limit_try(&l, MISSING, now));
    now += 10 * S;
    assert_w(send_and_confirm(), 600);
    /* Whoever tried it has gone without a word. */
    assert_true(limit_try(&l, 200, now));
    now += 10 * S;
    assert_w(send_and_confirm(), 200);
    assert_true(limit_try(&l, 200, now));
    now += LIMIT_TRIAL_MS - 1;
    assert_w(due(), MISSING);
    assert_true(limit_due_ms(&l, now) == now + 1);
    now++;
    assert_w(send_and_confirm(), 600);
    now += 10 * S;
    assert_true(limit_write(&l, 600, now));
    assert_false(limit_try(&l, 200, now));
    assert_true(limit_try(&l, MISSING, now));
}

static void what_a_trial_may_ask_for(void **state)
{
    assert_false(limit_try(&l, -1, now));
    assert_true(limit_try(&l, 0, now));
    assert_w(send_and_confirm(), 24);
    limit_forbid(&l);
    assert_false(limit_try(&l, 200, now));
    assert_true(limit_try(&l, MISSING, now));
}

/* What was sent, until another is: full power, where that is all that is wanted, once it is not heard. */
static void what_is_shown_between_two_orders(void **state)
{
    assert_true(limit_try(&l, 200, now));
    send_and_confirm();
    limit_heard(&l, false);
    assert_shown(200);
    limit_heard(&l, true);
    now += 10 * S;
    assert_w(send_and_confirm(), 200);
    assert_true(limit_try(&l, MISSING, now));
    assert_w(due(), MISSING); /* it must wait */
    assert_shown(200);
    limit_heard(&l, false);
    assert_shown(600);
}

/* ---- What the inverter does ---- */

/* Nobody has to renew that. */
static void limited_by_hand(double w)
{
    limit_manual(&l, w);
    send_and_confirm();
    (void)limit_events(&l);
}

/* At once, one after another. */
static void measure_times(unsigned times, double w)
{
    while (times-- > 0)
        limit_measured(&l, w, true, now);
}

static void measure(double w)
{
    now += 10 * S;
    assert_true(limit_write(&l, 300, now));
    limit_measured(&l, w, true, now);
}

static void a_lost_limit_is_noticed_and_sent_again(void **state)
{
    limited_to(300);
    now += 30 * S;
    measure(300);
    measure(500);
    measure(500);
    assert_w(due(), MISSING);
    measure(500);
    assert_int_equal(limit_events(&l), LIMIT_LOST);
    assert_w(send_and_confirm(), 300);
}

static void a_ramp_on_its_way_down_is_no_loss(void **state)
{
    limited_to(300);
    now += 30 * S;
    for (double w = 590; w > 300; w -= 20)
        measure(w);
    assert_w(due(), MISSING);
    assert_int_equal(limit_events(&l), 0);
}

/* 20 W or 5 % above the limit, the larger of them, is obeyed: meters and inverters differ by so much. */
static void how_much_above_is_too_much(void **state)
{
    static const struct limit_rules two_kw = {.max_power_w = 2000, .floor_w = 40};
    static const struct {
        double limit_w, measured_w;
        bool lost;
    } cases[] = {{300, 320, false}, {300, 320.5, true}, {600, 630, false}, {600, 630.5, true}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        limit_setup(NULL);
        limit_allow(&l, &two_kw);
        limited_to(cases[i].limit_w);
        now += 60 * S;
        for (int n = 0; n < 3; n++)
            limit_measured(&l, cases[i].measured_w, true, now);
        assert_int_equal(limit_events(&l), cases[i].lost ? LIMIT_LOST : 0);
    }
}

/* Falling is more than 5 W or 1 % from one measurement to the next. */
static void how_fast_a_ramp_must_fall(void **state)
{
    static const struct limit_rules two_kw = {.max_power_w = 2000, .floor_w = 40};
    static const struct {
        double from_w, to_w;
        bool lost;
    } cases[] = {{400, 395, true}, {400, 394.5, false}, {1000, 990, true}, {1000, 989.5, false}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        limit_setup(NULL);
        limit_allow(&l, &two_kw);
        limited_to(300);
        now += 60 * S;
        limit_measured(&l, cases[i].from_w, true, now);
        limit_measured(&l, cases[i].from_w, true, now);
        limit_measured(&l, cases[i].to_w, true, now);
        assert_int_equal(limit_events(&l), cases[i].lost ? LIMIT_LOST : 0);
    }
}

static void after_a_fall_it_is_counted_anew(void **state)
{
    limited_to(300);
    now += 30 * S;
    measure(500);
    measure(500);
    measure(480); /* the first of three */
    measure(480);
    assert_int_equal(limit_events(&l), 0);
    measure(480);
    assert_int_equal(limit_events(&l), LIMIT_LOST);
}

static void after_a_fall_at_once_too(void **state)
{
    limited_to(300);
    now += 30 * S;
    measure(500);
    measure(480); /* the first of three */
    measure(480);
    assert_int_equal(limit_events(&l), 0);
    measure(480);
    assert_int_equal(limit_events(&l), LIMIT_LOST);
}

/* An inverter takes half a minute to follow. */
static void what_is_measured_too_early_does_not_count(void **state)
{
    limited_to(300);
    now = l.sent_ms + 30 * S - 1;
    measure_times(3, 600);
    assert_int_equal(limit_events(&l), 0);
    now++;
    measure_times(2, 600);
    assert_int_equal(limit_events(&l), 0);
    limit_measured(&l, 600, true, now);
    assert_int_equal(limit_events(&l), LIMIT_LOST);
}

/* Neither one without a power, nor what is measured while an order is on its way. */
static void measurements_that_say_nothing(void **state)
{
    limited_by_hand(300);
    now += 60 * S;
    measure_times(2, 500);
    limit_measured(&l, MISSING, true, now);
    assert_int_equal(limit_events(&l), 0);
    limit_measured(&l, 500, true, now);
    assert_int_equal(limit_events(&l), LIMIT_LOST);
    send_due();
    limit_answer(&l, true, now);
    now += 40 * S;
    measure_times(3, 500);
    assert_int_equal(limit_events(&l), 0);
}

/* A refresh begins the count anew, also where nothing says that it arrived. */
static void a_refresh_begins_anew(void **state)
{
    limited_by_hand(300);
    now += 5 * MIN;
    measure_times(2, 500);
    send_due();
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_OK, MISSING, now);
    now += 30 * S;
    measure_times(2, 500);
    assert_int_equal(limit_events(&l), 0);
    limit_measured(&l, 500, true, now);
    assert_int_equal(limit_events(&l), LIMIT_LOST);
}

/* Each time it takes three, also where the order must wait: the inverter is not heard. */
static void a_loss_that_cannot_be_mended_yet(void **state)
{
    limited_by_hand(300);
    limit_heard(&l, false);
    now += 60 * S;
    for (int n = 1; n <= 6; n++) {
        limit_measured(&l, 500, true, now);
        assert_int_equal(limit_events(&l), n % 3 == 0 ? LIMIT_LOST : 0);
    }
}

/* Three measurements that say so; what it does about it. */
static unsigned ignore_it(void)
{
    now += 60 * S;
    measure_times(3, 500);
    unsigned events = limit_events(&l);
    if (events == LIMIT_LOST)
        send_and_confirm();
    return events;
}

static void it_is_sent_three_times_more(void **state)
{
    limited_by_hand(300);
    assert_int_equal(ignore_it(), LIMIT_LOST);
    assert_int_equal(ignore_it(), LIMIT_LOST);
    now += 60 * S;
    limit_measured(&l, 300, true, now); /* it obeys: that was the end of it */
    for (int n = 0; n < 3; n++)
        assert_int_equal(ignore_it(), LIMIT_LOST);
    assert_int_equal(ignore_it(), LIMIT_FAILED | LIMIT_GAVE_UP);
    assert_int_equal(l.failure, LIMIT_FAILED_IGNORED);
    now += 5 * MIN;
    assert_w(send_and_confirm(), 600);
    now += 10 * S;
    assert_w(send_and_confirm(), 300); /* the owner's limit, once more */
    (void)limit_events(&l);
    for (int n = 0; n < 3; n++)
        assert_int_equal(ignore_it(), LIMIT_LOST);
    assert_int_equal(ignore_it(), LIMIT_FAILED | LIMIT_GAVE_UP);
}

static void what_is_never_obeyed_is_given_up(void **state)
{
    unsigned events = 0;

    limited_to(300);
    for (int i = 0; i < 60 && !(events & LIMIT_GAVE_UP); i++) {
        now += 10 * S;
        (void)limit_write(&l, 300, now);
        limit_measured(&l, 600, true, now);
        if (has_value(due()))
            send_and_confirm();
        events |= limit_events(&l);
    }
    assert_true(events & LIMIT_GAVE_UP);
    assert_int_equal(l.failure, LIMIT_FAILED_IGNORED);
    assert_shown(MISSING);
}

static void an_inverter_that_returns_is_told_again(void **state)
{
    limited_to(300);
    now += 10 * S;
    limit_heard(&l, false);
    limit_heard(&l, true);
    assert_w(send_and_confirm(), 300);
    now += 10 * S;
    limit_measured(&l, 0, false, now);
    limit_measured(&l, 10, true, now);
    assert_w(send_and_confirm(), 300);
    now += 10 * S;
    limit_gateway_restarted(&l);
    assert_w(due(), 300);
}

static void without_a_limit_there_is_nothing_to_tell_again(void **state)
{
    limit_heard(&l, false);
    limit_heard(&l, true);
    limit_gateway_restarted(&l);
    limit_measured(&l, 0, false, now);
    limit_measured(&l, 10, true, now);
    assert_w(due(), MISSING);
    limited_to(300);
    now += 10 * S;
    limit_heard(&l, true); /* as before */
    limit_measured(&l, 300, true, now);
    assert_w(due(), MISSING);
}

static void another_controller_is_noticed_once(void **state)
{
    limited_to(300);
    limit_status(&l, COMMAND_OK, 50, now);
    limit_status(&l, COMMAND_OK, 100, now); /* as new HMS firmware reads back */
    limit_status(&l, COMMAND_PENDING, 20, now);
    assert_int_equal(limit_events(&l), 0);
    limit_status(&l, COMMAND_OK, 20, now);
    limit_status(&l, COMMAND_OK, 22, now);
    assert_int_equal(limit_events(&l), LIMIT_CONTESTED);
    assert_true(l.contested);
    limit_status(&l, COMMAND_OK, 22, now);
    assert_int_equal(limit_events(&l), 0);
    limit_status(&l, COMMAND_OK, 50, now);
    assert_false(l.contested);
}

/* Two percent off is nobody else's doing, neither from the limit nor from full power. */
static void how_far_off_is_another_controller(void **state)
{
    static const struct {
        double said_pct;
        bool contested;
    } cases[] = {{52, false}, {52.5, true}, {48, false},     {47.5, true},
                 {98, false}, {97.5, true}, {MISSING, false}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        limit_setup(NULL);
        limited_to(300);
        limit_status(&l, COMMAND_OK, cases[i].said_pct, now);
        assert_int_equal(l.contested, cases[i].contested);
    }
    limit_setup(NULL);
    limit_status(&l, COMMAND_OK, 20, now); /* where nothing of ours is in force */
    assert_false(l.contested);
}

static void throttled_is_near_the_limit(void **state)
{
    assert_false(limit_throttles(&l, 600));
    limited_to(300);
    assert_true(limit_throttles(&l, 292));
    assert_false(limit_throttles(&l, 290));
    assert_false(limit_throttles(&l, MISSING));
    now += 10 * S;
    limited_to(60);
    assert_true(limit_throttles(&l, 48));
    assert_false(limit_throttles(&l, 47));
    now += 10 * S;
    limited_to(96); /* 16 %: still by the looser measure */
    assert_true(limit_throttles(&l, 77));
    now += 20 * S;
    limited_to(110);
    assert_true(limit_throttles(&l, 107));
    assert_false(limit_throttles(&l, 106));
}

/* ---- Whatever comes ---- */

static uint32_t seed;

static unsigned dice(unsigned sides)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 16) % sides;
}

static void anything_happens(bool *ordered, double *order)
{
    switch (dice(12)) {
    case 0:
    case 1:
    case 2:
        (void)limit_write(&l, dice(5) ? dice(700) : 600, now);
        break;
    case 3:
        limit_answer(&l, dice(4) > 0, now);
        break;
    case 4:
    case 5:
        limit_status(&l, (enum command_status)dice(4), dice(3) ? dice(101) : MISSING, now);
        break;
    case 6:
        limit_measured(&l, dice(700), dice(5) > 0, now);
        break;
    case 7:
        limit_heard(&l, dice(4) > 0);
        break;
    case 8:
        limit_manual(&l, dice(2) ? dice(700) : MISSING);
        break;
    case 9:
        if (!dice(10))
            limit_forbid(&l);
        else
            limit_allow(&l, &hm600);
        break;
    default: {
        double w = MISSING;
        switch (limit_next(&l, now, &w)) {
        case LIMIT_MARK:
            limit_marked(&l, now);
            break;
        case LIMIT_UNMARK:
            limit_unmarked(&l, now);
            break;
        case LIMIT_SEND:
            *ordered = true;
            *order = w;
            break;
        case LIMIT_NOTHING:
            break;
        }
    }
    }
}

static void whatever_comes_the_promises_hold(void **state)
{
    seed = 1;
    for (int run = 0; run < 200; run++) {
        int64_t last_ms = -1, early_ms = -1;
        limit_setup(NULL);
        for (int step = 0; step < 2000; step++) {
            bool ordered = false;
            double order = MISSING;
            anything_happens(&ordered, &order);
            if (ordered) {
                int64_t apart = last_ms < 0 ? LIMIT_SPACING_MS : now - last_ms;
                assert_true(l.marked || order >= 600);
                assert_true(order >= 24 && order <= 600);
                assert_true(apart >= LIMIT_EARLY_MS);
                if (apart < LIMIT_SPACING_MS)
                    assert_true(early_ms != last_ms);
                if (apart < LIMIT_SPACING_MS)
                    early_ms = now;
                last_ms = now;
                limit_sending(&l, order, now);
            }
            double shown = limit_shown_w(&l);
            if (has_value(shown))
                assert_true(shown >= 24 && shown <= 600);
            if (!l.on)
                assert_false(has_value(shown));
            int64_t next = limit_due_ms(&l, now);
            assert_true(next < 0 || next >= now);
            now += dice(3) ? dice(2000) : dice(90) * S;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_lowest_wins, limit_setup),
        cmocka_unit_test_setup(a_trial_gives_way_to_the_ess, limit_setup),
        cmocka_unit_test_setup(a_lost_limit_is_noticed_and_sent_again, limit_setup),
        cmocka_unit_test_setup(a_ramp_on_its_way_down_is_no_loss, limit_setup),
        cmocka_unit_test_setup(what_is_never_obeyed_is_given_up, limit_setup),
        cmocka_unit_test_setup(an_inverter_that_returns_is_told_again, limit_setup),
        cmocka_unit_test_setup(another_controller_is_noticed_once, limit_setup),
        cmocka_unit_test_setup(throttled_is_near_the_limit, limit_setup),
        cmocka_unit_test_setup(whatever_comes_the_promises_hold, limit_setup),
        cmocka_unit_test_setup(how_much_above_is_too_much, limit_setup),
        cmocka_unit_test_setup(how_fast_a_ramp_must_fall, limit_setup),
        cmocka_unit_test_setup(after_a_fall_it_is_counted_anew, limit_setup),
        cmocka_unit_test_setup(what_is_measured_too_early_does_not_count, limit_setup),
        cmocka_unit_test_setup(a_refresh_begins_anew, limit_setup),
        cmocka_unit_test_setup(a_loss_that_cannot_be_mended_yet, limit_setup),
        cmocka_unit_test_setup(measurements_that_say_nothing, limit_setup),
        cmocka_unit_test_setup(what_is_shown_between_two_orders, limit_setup),
        cmocka_unit_test_setup(after_a_fall_at_once_too, limit_setup),
        cmocka_unit_test_setup(it_is_sent_three_times_more, limit_setup),
        cmocka_unit_test_setup(how_far_off_is_another_controller, limit_setup),
        cmocka_unit_test_setup(what_a_trial_may_ask_for, limit_setup),
        cmocka_unit_test_setup(without_a_limit_there_is_nothing_to_tell_again, limit_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
