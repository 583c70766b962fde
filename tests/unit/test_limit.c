#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/limit.h"
#include "core/reading.h"

#define S   1000LL
#define MIN (60 * S)

static const struct limit_rules hm600 = {.max_power_w = 600, .floor_w = 24};

static struct limit l;
static int64_t now;

static int setup(void **state)
{
    now = 1000 * S;
    limit_init(&l, false);
    limit_heard(&l, true);
    limit_measured(&l, 600, true, now);
    limit_allow(&l, &hm600);
    return 0;
}

static void assert_w(double got, double expected)
{
    if (!has_value(expected) ? has_value(got) : !(fabs(got - expected) < 1e-9))
        fail_msg("%.12g instead of %.12g", got, expected);
}

static void assert_shown(double w)
{
    assert_w(limit_shown_w(&l), w);
}

/* Writes the mark where that comes first; the order that is due now, or MISSING. */
static double due(void)
{
    double w = MISSING;
    enum limit_task task = limit_next(&l, now, &w);

    if (task == LIMIT_MARK) {
        limit_marked(&l, now);
        task = limit_next(&l, now, &w);
    }
    return task == LIMIT_SEND ? w : MISSING;
}

static double send(void)
{
    double w = due();

    if (!has_value(w))
        fail_msg("nothing is due");
    limit_sending(&l, w, now);
    return w;
}

/* Sends what is due; the gateway takes it and says Pending, then Ok two seconds later. */
static double send_and_confirm(void)
{
    double w = send();

    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_PENDING, MISSING, now);
    now += 2 * S;
    limit_status(&l, COMMAND_OK, 100 * w / l.rules.max_power_w, now);
    return w;
}

/* An ESS that has just written, and whose limit is confirmed. */
static void limited_to(double w)
{
    assert_true(limit_write(&l, w, now));
    assert_w(send_and_confirm(), w);
    assert_shown(w);
    (void)limit_events(&l);
}

/* Writes on every 30 s, as the ESS does to keep its limit. */
static void ess_keeps(double w, int64_t ms)
{
    for (int64_t end = now + ms; now < end; now += 30 * S)
        assert_true(limit_write(&l, w, now));
}

/* ---- What may be asked for ---- */

static void the_floor_protects_the_inverter(void **state)
{
    assert_w(limit_floor(600, 2, MISSING), 24);
    assert_w(limit_floor(2000, 1, MISSING), 40);
    assert_w(limit_floor(2000, 4, MISSING), 48);
    assert_w(limit_floor(600, 2, 100), 100);
    assert_w(limit_floor(600, 2, 0), 0);
    assert_w(limit_floor(600, 2, 700), 600);
    assert_w(limit_floor(10, 2, MISSING), 10);
}

static void a_write_is_clamped(void **state)
{
    assert_true(limit_write(&l, 0, now));
    assert_w(send_and_confirm(), 24);
    assert_shown(24);
    now += 10 * S;
    assert_true(limit_write(&l, 1e9, now));
    assert_w(send_and_confirm(), 600);
    assert_shown(600);
}

static void what_is_no_power_is_refused(void **state)
{
    assert_false(limit_write(&l, MISSING, now));
    assert_false(limit_write(&l, -1, now));
    assert_false(limit_write(&l, -INFINITY, now));
    assert_true(limit_write(&l, INFINITY, now));
    assert_w(due(), MISSING);
    assert_shown(600);
}

static void nothing_is_taken_where_it_is_off(void **state)
{
    limit_init(&l, false);
    limit_heard(&l, true);
    assert_shown(MISSING);
    assert_false(limit_write(&l, 100, now));
    assert_false(limit_try(&l, 100, now));
    assert_w(due(), MISSING);
    limit_allow(&l, &hm600);
    assert_shown(600);
    assert_w(due(), MISSING);
}

static void small_changes_stay_where_they_are(void **state)
{
    limited_to(300);
    now += 20 * S;
    assert_true(limit_write(&l, 309, now));
    assert_w(due(), MISSING);
    assert_shown(300);
    assert_true(limit_write(&l, 291, now));
    assert_w(due(), MISSING);
    assert_true(limit_write(&l, 311, now));
    assert_w(due(), 311);
    assert_shown(300); /* not sent yet */
}

static void full_power_is_no_small_change(void **state)
{
    limited_to(595);
    now += 20 * S;
    assert_true(limit_write(&l, 600, now));
    assert_w(send_and_confirm(), 600);
}

/* ---- When it is sent ---- */

static void commands_keep_their_distance(void **state)
{
    int64_t first = now;

    limited_to(300);
    assert_true(limit_write(&l, 320, now));
    assert_int_equal(limit_due_ms(&l, now), first + 10 * S);
    now = first + 10 * S - 1;
    assert_w(due(), MISSING);
    now++;
    assert_true(limit_write(&l, 340, now)); /* the newest wins */
    assert_w(due(), 340);
}

static void a_large_reduction_may_be_early_once(void **state)
{
    int64_t first = now;

    limited_to(300);
    assert_true(limit_write(&l, 269, now));
    now = first + 3 * S;
    assert_w(send_and_confirm(), 269);
    assert_true(limit_write(&l, 200, now));
    now = first + 9 * S;
    assert_w(due(), MISSING);
    now = first + 13 * S;
    assert_w(send_and_confirm(), 200);
    assert_true(limit_write(&l, 100, now));
    now = first + 16 * S;
    assert_w(due(), 100); /* early again, after one that was not */
}

static void a_small_reduction_waits(void **state)
{
    int64_t first = now;

    limited_to(300);
    assert_true(limit_write(&l, 271, now));
    now = first + 9 * S;
    assert_w(due(), MISSING);
    assert_w(limit_reduction_w(&l), 29);
}

static void a_newer_one_replaces_what_is_not_confirmed(void **state)
{
    assert_true(limit_write(&l, 300, now));
    send();
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_PENDING, MISSING, now);
    now += 3 * S;
    assert_true(limit_write(&l, 100, now));
    assert_w(send(), 100);
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_PENDING, MISSING, now);
    now += 2 * S;
    limit_status(&l, COMMAND_OK, 100.0 / 6, now);
    assert_w(l.confirmed_w, 100);
}

static void a_limit_in_force_is_sent_again(void **state)
{
    int64_t first = now;

    limited_to(300);
    ess_keeps(300, 5 * MIN - 30 * S);
    now = first + 5 * MIN - 1;
    assert_w(due(), MISSING);
    now++;
    assert_w(send_and_confirm(), 300);
    assert_int_equal(limit_events(&l), 0); /* no news */
}

static void without_the_inverter_nothing_is_sent(void **state)
{
    limit_heard(&l, false);
    assert_true(limit_write(&l, 300, now));
    assert_w(due(), MISSING);
    assert_shown(600);
    now += 5 * S;
    limit_heard(&l, true);
    assert_w(send_and_confirm(), 300);
}

/* ---- What confirms it ---- */

static void pending_then_ok_confirms(void **state)
{
    assert_true(limit_write(&l, 300, now));
    send();
    assert_shown(300);
    limit_answer(&l, true, now);
    assert_true(limit_confirming(&l));
    limit_status(&l, COMMAND_PENDING, 100, now);
    limit_status(&l, COMMAND_OK, 100, now + 2 * S); /* whatever it says of the value */
    assert_false(limit_confirming(&l));
    assert_int_equal(limit_events(&l), LIMIT_CONFIRMED);
    assert_w(l.confirmed_w, 300);
}

static void a_changed_value_that_never_was_pending_was_dropped(void **state)
{
    assert_true(limit_write(&l, 300, now));
    send();
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_OK, 100, now);
    assert_int_equal(limit_events(&l), LIMIT_FAILED);
    assert_int_equal(l.failure, LIMIT_FAILED_DROPPED);
    assert_shown(600);
}

static void a_quick_acknowledgement_is_seen_by_its_value(void **state)
{
    assert_true(limit_write(&l, 300, now));
    send();
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_OK, 50, now);
    assert_int_equal(limit_events(&l), LIMIT_CONFIRMED);
}

static void an_unchanged_refresh_proves_nothing(void **state)
{
    limited_to(300);
    ess_keeps(300, 5 * MIN);
    send();
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_OK, 100, now); /* new HMS firmware says the persistent limit */
    assert_int_equal(limit_events(&l), 0);
    assert_w(l.confirmed_w, 300);
    assert_shown(300);
}

static void fail_once(void)
{
    send();
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_PENDING, MISSING, now);
    now += 10 * S;
    limit_status(&l, COMMAND_FAILURE, MISSING, now);
}

static void a_failure_shows_what_was_confirmed_before(void **state)
{
    limited_to(300);
    now += 10 * S;
    assert_true(limit_write(&l, 100, now));
    fail_once();
    assert_int_equal(limit_events(&l), LIMIT_FAILED);
    assert_int_equal(l.failure, LIMIT_FAILED_INVERTER);
    assert_shown(300);
    assert_true(limit_write(&l, 100, now));
    assert_w(send_and_confirm(), 100); /* it is tried again */
    assert_int_equal(limit_events(&l), LIMIT_CONFIRMED);
    assert_shown(100);
}

static void three_failures_make_it_impossible_for_a_while(void **state)
{
    limited_to(300);
    now += 10 * S;
    assert_true(limit_write(&l, 100, now));
    fail_once();
    fail_once();
    assert_int_equal(limit_events(&l), LIMIT_FAILED);
    fail_once();
    assert_int_equal(limit_events(&l), LIMIT_FAILED | LIMIT_GAVE_UP);
    assert_shown(MISSING);
    assert_false(limit_write(&l, 100, now));
    now = l.sent_ms + 5 * MIN - 1;
    assert_w(due(), MISSING);
    now++;
    assert_w(send_and_confirm(), 600); /* the limit of before is lifted */
    assert_int_equal(limit_events(&l), LIMIT_CONFIRMED | LIMIT_LIFTED | LIMIT_RECOVERED);
    assert_shown(600);
    assert_true(limit_write(&l, 100, now));
}

static void a_gateway_that_refuses_or_is_silent_is_a_failure(void **state)
{
    assert_true(limit_write(&l, 300, now));
    send();
    limit_answer(&l, false, now);
    assert_int_equal(l.failure, LIMIT_FAILED_SENDING);
    now += 10 * S;
    send();
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_PENDING, MISSING, now);
    now += 59 * S;
    assert_true(limit_write(&l, 300, now));
    (void)due();
    assert_int_equal(l.failures, 1);
    now += 1 * S;
    (void)due();
    assert_int_equal(l.failures, 2);
    assert_int_equal(l.failure, LIMIT_FAILED_INVERTER);
}

/* ---- What ends it ---- */

static void the_watchdog_lifts(void **state)
{
    limited_to(300);
    now += 57 * S;
    assert_true(limit_write(&l, 300, now)); /* unchanged, and yet a sign of life */
    now += 60 * S - 1;
    assert_w(due(), MISSING);
    now++;
    assert_w(send_and_confirm(), 600);
    assert_int_equal(limit_events(&l), LIMIT_EXPIRED | LIMIT_CONFIRMED | LIMIT_LIFTED);
    assert_shown(600);
    assert_false(limit_is_left(&l));
}

static void the_watchdog_is_shown_while_the_inverter_is_away(void **state)
{
    limited_to(300);
    limit_heard(&l, false);
    now += 60 * S;
    assert_w(due(), MISSING);
    assert_shown(600);
    assert_true(limit_is_left(&l));
    limit_heard(&l, true);
    assert_w(send_and_confirm(), 600);
}

static void switched_off_it_is_lifted(void **state)
{
    limited_to(300);
    limit_forbid(&l);
    assert_shown(MISSING);
    assert_w(due(), MISSING);
    now += 8 * S;
    assert_w(send_and_confirm(), 600);
    assert_false(limit_is_left(&l));
}

static void at_the_end_it_does_not_wait(void **state)
{
    limited_to(300);
    limit_release(&l);
    assert_w(due(), 600);
}

static void a_mark_of_an_earlier_run_is_lifted_also_where_limiting_is_off(void **state)
{
    double w = -1;

    limit_init(&l, true);
    assert_true(limit_is_left(&l));
    assert_int_equal(limit_next(&l, now, &w), LIMIT_NOTHING);
    limit_heard(&l, true);
    assert_int_equal(limit_next(&l, now, &w), LIMIT_SEND);
    assert_true(w >= l.rules.max_power_w);
    limit_sending(&l, w, now);
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_PENDING, MISSING, now);
    limit_status(&l, COMMAND_OK, 100, now + 2 * S);
    assert_int_equal(limit_events(&l), LIMIT_CONFIRMED | LIMIT_LIFTED);
    assert_false(limit_is_left(&l));
}

/* ---- The mark ---- */

static void the_mark_comes_before_the_first_limit(void **state)
{
    double w;

    assert_true(limit_write(&l, 300, now));
    assert_int_equal(limit_next(&l, now, &w), LIMIT_MARK);
    assert_int_equal(limit_next(&l, now, &w), LIMIT_MARK); /* until it is written */
    limit_marked(&l, now);
    assert_int_equal(limit_next(&l, now, &w), LIMIT_SEND);
}

static void the_mark_goes_ten_minutes_after_the_end(void **state)
{
    double w;

    limited_to(300);
    now += 10 * S;
    assert_true(limit_write(&l, 600, now));
    send_and_confirm();
    int64_t lifted = now;
    now += 10 * MIN - 1;
    assert_int_equal(limit_next(&l, now, &w), LIMIT_NOTHING);
    assert_int_equal(limit_due_ms(&l, now), lifted + 10 * MIN);
    now++;
    assert_int_equal(limit_next(&l, now, &w), LIMIT_UNMARK);
    limit_unmarked(&l, now);
    assert_int_equal(limit_next(&l, now, &w), LIMIT_NOTHING);
    assert_int_equal(limit_due_ms(&l, now), -1);
}

static void a_new_limit_keeps_the_mark(void **state)
{
    double w;

    limited_to(300);
    now += 10 * S;
    assert_true(limit_write(&l, 600, now));
    send_and_confirm();
    now += 9 * MIN;
    limited_to(200);
    now += 2 * MIN;
    assert_true(limit_write(&l, 200, now));
    (void)limit_next(&l, now, &w);
    assert_true(l.marked);
}

/* One episode after the other, for a day: what is written to flash has a bound. */
static void a_day_of_episodes_writes_twenty_times_at_the_most(void **state)
{
    unsigned writes = 0;

    for (int64_t end = now + 24 * 60 * MIN; now < end; now += 5 * S) {
        double w = MISSING;
        bool limiting = now / (6 * MIN) % 2 == 0;
        if (now % (30 * S) == 0)
            assert_true(limit_write(&l, limiting ? 100 : 600, now));
        enum limit_task task = limit_next(&l, now, &w);
        if (task == LIMIT_MARK) {
            limit_marked(&l, now);
            writes++;
        } else if (task == LIMIT_UNMARK) {
            limit_unmarked(&l, now);
            writes++;
        } else if (task == LIMIT_SEND) {
            assert_true(l.marked || w >= 600);
            limit_sending(&l, w, now);
            limit_answer(&l, true, now);
            limit_status(&l, COMMAND_PENDING, MISSING, now);
            limit_status(&l, COMMAND_OK, MISSING, now);
        }
    }
    assert_in_range(writes, 1, LIMIT_MARK_WRITES_MAX);
}

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

/* ---- What the inverter does ---- */

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
        setup(NULL);
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
        cmocka_unit_test_setup(the_floor_protects_the_inverter, setup),
        cmocka_unit_test_setup(a_write_is_clamped, setup),
        cmocka_unit_test_setup(what_is_no_power_is_refused, setup),
        cmocka_unit_test_setup(nothing_is_taken_where_it_is_off, setup),
        cmocka_unit_test_setup(small_changes_stay_where_they_are, setup),
        cmocka_unit_test_setup(full_power_is_no_small_change, setup),
        cmocka_unit_test_setup(commands_keep_their_distance, setup),
        cmocka_unit_test_setup(a_large_reduction_may_be_early_once, setup),
        cmocka_unit_test_setup(a_small_reduction_waits, setup),
        cmocka_unit_test_setup(a_newer_one_replaces_what_is_not_confirmed, setup),
        cmocka_unit_test_setup(a_limit_in_force_is_sent_again, setup),
        cmocka_unit_test_setup(without_the_inverter_nothing_is_sent, setup),
        cmocka_unit_test_setup(pending_then_ok_confirms, setup),
        cmocka_unit_test_setup(a_changed_value_that_never_was_pending_was_dropped, setup),
        cmocka_unit_test_setup(a_quick_acknowledgement_is_seen_by_its_value, setup),
        cmocka_unit_test_setup(an_unchanged_refresh_proves_nothing, setup),
        cmocka_unit_test_setup(a_failure_shows_what_was_confirmed_before, setup),
        cmocka_unit_test_setup(three_failures_make_it_impossible_for_a_while, setup),
        cmocka_unit_test_setup(a_gateway_that_refuses_or_is_silent_is_a_failure, setup),
        cmocka_unit_test_setup(the_watchdog_lifts, setup),
        cmocka_unit_test_setup(the_watchdog_is_shown_while_the_inverter_is_away, setup),
        cmocka_unit_test_setup(switched_off_it_is_lifted, setup),
        cmocka_unit_test_setup(at_the_end_it_does_not_wait, setup),
        cmocka_unit_test_setup(a_mark_of_an_earlier_run_is_lifted_also_where_limiting_is_off,
                               setup),
        cmocka_unit_test_setup(the_mark_comes_before_the_first_limit, setup),
        cmocka_unit_test_setup(the_mark_goes_ten_minutes_after_the_end, setup),
        cmocka_unit_test_setup(a_new_limit_keeps_the_mark, setup),
        cmocka_unit_test_setup(a_day_of_episodes_writes_twenty_times_at_the_most, setup),
        cmocka_unit_test_setup(the_lowest_wins, setup),
        cmocka_unit_test_setup(a_trial_gives_way_to_the_ess, setup),
        cmocka_unit_test_setup(a_lost_limit_is_noticed_and_sent_again, setup),
        cmocka_unit_test_setup(a_ramp_on_its_way_down_is_no_loss, setup),
        cmocka_unit_test_setup(what_is_never_obeyed_is_given_up, setup),
        cmocka_unit_test_setup(an_inverter_that_returns_is_told_again, setup),
        cmocka_unit_test_setup(another_controller_is_noticed_once, setup),
        cmocka_unit_test_setup(throttled_is_near_the_limit, setup),
        cmocka_unit_test_setup(whatever_comes_the_promises_hold, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
