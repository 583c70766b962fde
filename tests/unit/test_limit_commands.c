/* A limit on its way: what may be asked for, when it is sent, and what confirms it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "core/limit.h"
#include "core/reading.h"
#include "unit/support/limit_fixture.h"

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

static const struct limit_rules two_kw = {.max_power_w = 2000, .floor_w = 40};

/* 10 W, or 1 % of what the inverter can make where that is more. */
static void how_large_a_change_must_be(void **state)
{
    static const struct {
        const struct limit_rules *rules;
        double wanted, sent; /* MISSING: it stays at 300 W */
    } cases[] = {
        {&hm600, 309.9, MISSING}, {&hm600, 310, 310},      {&hm600, 290.1, MISSING},
        {&hm600, 290, 290},       {&two_kw, 319, MISSING}, {&two_kw, 320, 320},
        {&two_kw, 281, MISSING},  {&two_kw, 280, 280},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        limit_setup(NULL);
        limit_allow(&l, cases[i].rules);
        limited_to(300);
        now += 20 * S;
        assert_true(limit_write(&l, cases[i].wanted, now));
        assert_w(due(), cases[i].sent);
    }
}

static void other_rules_move_full_power_and_leave_a_limit(void **state)
{
    limit_allow(&l, &two_kw);
    assert_shown(2000);
    assert_false(limit_is_left(&l));
    assert_w(due(), MISSING);
    limited_to(300);
    limit_allow(&l, &hm600);
    assert_shown(300);
    assert_w(l.confirmed_w, 300);
    assert_true(limit_is_left(&l));
    assert_w(due(), MISSING);
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
    send_due();
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_PENDING, MISSING, now);
    now += 3 * S;
    assert_true(limit_write(&l, 100, now));
    assert_w(send_due(), 100);
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

static void exactly_a_twentieth_waits(void **state)
{
    int64_t first = now;

    limited_to(300);
    assert_true(limit_write(&l, 270, now));
    now = first + 3 * S;
    assert_w(due(), MISSING);
    assert_true(limit_write(&l, 269.9, now));
    assert_w(due(), 269.9);
}

static void one_command_at_a_time(void **state)
{
    assert_true(limit_write(&l, 300, now));
    send_due();
    now += 20 * S;
    assert_true(limit_write(&l, 100, now));
    assert_w(due(), MISSING); /* the gateway has not answered */
    assert_int_equal(limit_due_ms(&l, now), l.sent_ms + 60 * S);
    limit_answer(&l, true, now);
    assert_int_equal(limit_due_ms(&l, now), now);
    assert_w(due(), 100);
}

/* A monotonic clock counts from 0: that is a time as any other. */
static void sent_at_the_beginning_of_time(void **state)
{
    now = 0;
    assert_true(limit_write(&l, 400, now));
    assert_int_equal(limit_due_ms(&l, now), 0);
    assert_w(send_and_confirm(), 400);
    assert_true(limit_write(&l, 300, now));
    assert_int_equal(limit_due_ms(&l, now), 3 * S);
    now = 3 * S;
    assert_w(send_and_confirm(), 300);
    assert_true(limit_write(&l, 200, now));
    assert_int_equal(limit_due_ms(&l, now), 13 * S); /* the one before was early */

    limit_setup(NULL);
    now = 0;
    limit_manual(&l, 400);
    assert_w(send_and_confirm(), 400);
    assert_int_equal(limit_due_ms(&l, now), 5 * MIN);
}

static void when_it_wants_to_be_asked_again(void **state)
{
    assert_int_equal(limit_due_ms(&l, now), -1);
    assert_true(limit_write(&l, 600, now)); /* which limits nothing */
    assert_int_equal(limit_due_ms(&l, now), now + 60 * S);
    assert_true(limit_write(&l, 300, now));
    assert_int_equal(limit_due_ms(&l, now), now);
    send_due();
    assert_int_equal(limit_due_ms(&l, now), now + 60 * S);
    now += 5 * S;
    assert_true(limit_write(&l, 300, now));
    assert_int_equal(limit_due_ms(&l, now), now + 55 * S); /* for the confirmation */
    assert_int_equal(limit_due_ms(&l, now + 90 * S), now + 90 * S);

    limit_setup(NULL);
    assert_true(limit_try(&l, 300, now));
    send_and_confirm();
    assert_int_equal(limit_due_ms(&l, now), l.trial_ms + 30 * S);
    limit_heard(&l, false);
    assert_true(limit_try(&l, 200, now));
    assert_int_equal(limit_due_ms(&l, now), now + 30 * S); /* not before it is heard */
}

/* ---- What confirms it ---- */

static void pending_then_ok_confirms(void **state)
{
    assert_true(limit_write(&l, 300, now));
    send_due();
    assert_shown(300);
    limit_answer(&l, true, now);
    assert_true(limit_confirming(&l));
    limit_status(&l, COMMAND_PENDING, 100, now);
    limit_status(&l, COMMAND_OK, 100, now + 2 * S); /* whatever it says of the value */
    assert_false(limit_confirming(&l));
    assert_int_equal(limit_events(&l), LIMIT_CONFIRMED);
    assert_w(l.confirmed_w, 300);
}

/* Raised or lowered, it is told. */
static void each_other_value_is_told(void **state)
{
    static const double values[] = {400, 200, 600};

    limited_to(300);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        now += 20 * S;
        assert_true(limit_write(&l, values[i], now));
        send_and_confirm();
        assert_int_equal(limit_events(&l),
                         values[i] < 600 ? LIMIT_CONFIRMED : LIMIT_CONFIRMED | LIMIT_LIFTED);
    }
}

static void a_changed_value_that_never_was_pending_was_dropped(void **state)
{
    assert_true(limit_write(&l, 300, now));
    send_due();
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_OK, 100, now);
    assert_int_equal(limit_events(&l), LIMIT_FAILED);
    assert_int_equal(l.failure, LIMIT_FAILED_DROPPED);
    assert_shown(600);
}

static void a_quick_acknowledgement_is_seen_by_its_value(void **state)
{
    assert_true(limit_write(&l, 300, now));
    send_due();
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_OK, 50, now);
    assert_int_equal(limit_events(&l), LIMIT_CONFIRMED);
}

/* Half a percent off is what the gateway makes of it by rounding. */
static void the_value_must_be_the_one_that_was_sent(void **state)
{
    static const struct {
        double said_pct;
        unsigned event;
    } cases[] = {{50.5, LIMIT_CONFIRMED},
                 {50.6, LIMIT_FAILED},
                 {49.5, LIMIT_CONFIRMED},
                 {49.4, LIMIT_FAILED},
                 {MISSING, LIMIT_FAILED}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        limit_setup(NULL);
        assert_true(limit_write(&l, 300, now));
        send_due();
        limit_answer(&l, true, now);
        limit_status(&l, COMMAND_OK, cases[i].said_pct, now);
        assert_int_equal(limit_events(&l), cases[i].event);
    }
}

/* Without "pending" before, neither says anything of the command under way. */
static void a_failure_that_never_was_pending_is_an_older_one(void **state)
{
    static const enum command_status said[] = {COMMAND_FAILURE, COMMAND_NOT_TOLD};

    for (size_t i = 0; i < 2; i++) {
        limit_setup(NULL);
        assert_true(limit_write(&l, 300, now));
        send_due();
        limit_answer(&l, true, now);
        limit_status(&l, said[i], 50, now);
        assert_int_equal(limit_events(&l), LIMIT_FAILED);
        assert_int_equal(l.failure, LIMIT_FAILED_DROPPED);

        limit_setup(NULL);
        limited_to(300);
        ess_keeps(300, 5 * MIN);
        send_due(); /* the same once more */
        limit_answer(&l, true, now);
        limit_status(&l, said[i], MISSING, now);
        assert_int_equal(limit_events(&l), 0);
        assert_int_equal(l.failure, LIMIT_FAILED_NONE);
        assert_false(limit_confirming(&l));
    }
}

static void an_answer_that_comes_late_is_no_answer(void **state)
{
    limited_to(300);
    limit_answer(&l, false, now);
    assert_int_equal(limit_events(&l), 0);
    now += 10 * S;
    assert_true(limit_write(&l, 200, now));
    send_due();
    limit_status(&l, COMMAND_PENDING, MISSING, now); /* of a command before */
    limit_status(&l, COMMAND_FAILURE, 20, now);
    limit_status(&l, COMMAND_OK, 20, now);
    assert_int_equal(limit_events(&l), 0);
    limit_answer(&l, true, now);
    limit_answer(&l, false, now);
    assert_true(limit_confirming(&l));
    assert_int_equal(limit_events(&l), 0);
}

static void what_was_lost_on_the_way_is_sent_again(void **state)
{
    limit_unsent(&l); /* when there was nothing under way */
    limit_heard(&l, true);
    assert_w(due(), MISSING);
    assert_true(limit_write(&l, 300, now));
    send_due();
    limit_unsent(&l);
    now += 10 * S;
    assert_w(due(), MISSING); /* the inverter is not heard */
    limit_heard(&l, true);
    assert_w(send_and_confirm(), 300);
    assert_int_equal(limit_events(&l), LIMIT_CONFIRMED);
}

static void an_unchanged_refresh_proves_nothing(void **state)
{
    limited_to(300);
    ess_keeps(300, 5 * MIN);
    send_due();
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_OK, 100, now); /* new HMS firmware says the persistent limit */
    assert_int_equal(limit_events(&l), 0);
    assert_w(l.confirmed_w, 300);
    assert_shown(300);
}

static void fail_once(void)
{
    send_due();
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

/* What the inverter confirms, and what the owner switches off and on, ends the row. */
static void only_failures_in_a_row_count(void **state)
{
    limit_manual(&l, 300);
    fail_once();
    fail_once();
    send_and_confirm();
    limit_manual(&l, 200);
    now += 10 * S;
    fail_once();
    fail_once();
    assert_false(limit_events(&l) & LIMIT_GAVE_UP);
    assert_int_equal(l.failures, 2);
    limit_forbid(&l);
    limit_allow(&l, &hm600);
    fail_once();
    fail_once();
    assert_false(limit_events(&l) & LIMIT_GAVE_UP);
    fail_once();
    assert_true(limit_events(&l) & LIMIT_GAVE_UP);
}

static void a_gateway_that_refuses_or_is_silent_is_a_failure(void **state)
{
    assert_true(limit_write(&l, 300, now));
    send_due();
    limit_answer(&l, false, now);
    assert_int_equal(l.failure, LIMIT_FAILED_SENDING);
    now += 10 * S;
    send_due();
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_floor_protects_the_inverter, limit_setup),
        cmocka_unit_test_setup(a_write_is_clamped, limit_setup),
        cmocka_unit_test_setup(what_is_no_power_is_refused, limit_setup),
        cmocka_unit_test_setup(nothing_is_taken_where_it_is_off, limit_setup),
        cmocka_unit_test_setup(small_changes_stay_where_they_are, limit_setup),
        cmocka_unit_test_setup(full_power_is_no_small_change, limit_setup),
        cmocka_unit_test_setup(commands_keep_their_distance, limit_setup),
        cmocka_unit_test_setup(a_large_reduction_may_be_early_once, limit_setup),
        cmocka_unit_test_setup(a_small_reduction_waits, limit_setup),
        cmocka_unit_test_setup(a_newer_one_replaces_what_is_not_confirmed, limit_setup),
        cmocka_unit_test_setup(a_limit_in_force_is_sent_again, limit_setup),
        cmocka_unit_test_setup(without_the_inverter_nothing_is_sent, limit_setup),
        cmocka_unit_test_setup(pending_then_ok_confirms, limit_setup),
        cmocka_unit_test_setup(each_other_value_is_told, limit_setup),
        cmocka_unit_test_setup(a_changed_value_that_never_was_pending_was_dropped, limit_setup),
        cmocka_unit_test_setup(a_quick_acknowledgement_is_seen_by_its_value, limit_setup),
        cmocka_unit_test_setup(an_unchanged_refresh_proves_nothing, limit_setup),
        cmocka_unit_test_setup(a_failure_shows_what_was_confirmed_before, limit_setup),
        cmocka_unit_test_setup(three_failures_make_it_impossible_for_a_while, limit_setup),
        cmocka_unit_test_setup(a_gateway_that_refuses_or_is_silent_is_a_failure, limit_setup),
        cmocka_unit_test_setup(how_large_a_change_must_be, limit_setup),
        cmocka_unit_test_setup(other_rules_move_full_power_and_leave_a_limit, limit_setup),
        cmocka_unit_test_setup(exactly_a_twentieth_waits, limit_setup),
        cmocka_unit_test_setup(one_command_at_a_time, limit_setup),
        cmocka_unit_test_setup(sent_at_the_beginning_of_time, limit_setup),
        cmocka_unit_test_setup(when_it_wants_to_be_asked_again, limit_setup),
        cmocka_unit_test_setup(the_value_must_be_the_one_that_was_sent, limit_setup),
        cmocka_unit_test_setup(a_failure_that_never_was_pending_is_an_older_one, limit_setup),
        cmocka_unit_test_setup(an_answer_that_comes_late_is_no_answer, limit_setup),
        cmocka_unit_test_setup(what_was_lost_on_the_way_is_sent_again, limit_setup),
        cmocka_unit_test_setup(only_failures_in_a_row_count, limit_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
