/* What ends a limit, and the mark that is there as long as one may be in force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/limit.h"
#include "core/reading.h"
#include "unit/support/limit_fixture.h"

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

/* Something was sent, and may be in force: that nobody writes any more is told. */
static void the_watchdog_bites_before_the_confirmation(void **state)
{
    assert_true(limit_write(&l, 300, now));
    now += 5 * S;
    send_due();
    now += 55 * S;
    (void)due();
    assert_int_equal(limit_events(&l), LIMIT_EXPIRED);

    limit_setup(NULL);
    limit_heard(&l, false);
    assert_true(limit_write(&l, 300, now)); /* which was never sent */
    now += 60 * S;
    (void)due();
    assert_int_equal(limit_events(&l), 0);
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
    limit_allow(
        &l, &hm600); /* it goes on after all: with spacing, and with the limit that is in force */
    assert_true(limit_write(&l, 200, now));
    assert_w(due(), MISSING);
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

/* Where it is not known what the inverter can make, 100 % is 100 %. */
static void a_mark_of_an_earlier_run_is_lifted_by_what_the_gateway_says(void **state)
{
    static const struct {
        double said_pct;
        unsigned events;
    } cases[] = {{100, LIMIT_CONFIRMED | LIMIT_LIFTED}, {50, LIMIT_FAILED}};

    for (size_t i = 0; i < 2; i++) {
        limit_init(&l, true);
        limit_heard(&l, true);
        send_due();
        limit_answer(&l, true, now);
        limit_status(&l, COMMAND_OK, cases[i].said_pct, now);
        assert_int_equal(limit_events(&l), cases[i].events);
    }
}

static void lifted_at_the_beginning_of_time(void **state)
{
    double w;

    now = 0;
    limit_init(&l, true);
    limit_heard(&l, true);
    send_due();
    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_OK, 100, now);
    assert_false(limit_is_left(&l));
    assert_int_equal(limit_due_ms(&l, now), 10 * MIN);
    assert_int_equal(limit_next(&l, 10 * MIN, &w), LIMIT_UNMARK);
}

/* ---- The mark ---- */

static void the_mark_comes_before_the_first_limit(void **state)
{
    double w;

    assert_true(limit_write(&l, 300, now));
    assert_int_equal(limit_next(&l, now, &w), LIMIT_MARK);
    assert_int_equal(limit_next(&l, now, &w), LIMIT_MARK); /* until it is written */
    limit_marked(&l, now);
    assert_true(limit_is_left(&l)); /* as whoever reads the mark after a crash must take it */
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
    (void)limit_events(&l);
    assert_true(limit_write(&l, 600, now));
    send_and_confirm(); /* the ten minutes begin anew */
    assert_int_equal(limit_events(&l), LIMIT_CONFIRMED | LIMIT_LIFTED);
    int64_t lifted = now;
    now += MIN;
    assert_w(due(), MISSING);
    assert_int_equal(limit_due_ms(&l, now), lifted + 10 * MIN);
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

/* A limit and its end; ten minutes later the mark goes, or limit_due_ms() says when. */
static int64_t episode(void)
{
    double w = 0;

    limit_manual(&l, 300);
    send_and_confirm();
    now += 10 * S;
    limit_manual(&l, MISSING);
    send_and_confirm();
    now += 10 * MIN;
    int64_t due_ms = limit_due_ms(&l, now);
    if (due_ms <= now) {
        assert_int_equal(limit_next(&l, now, &w), LIMIT_UNMARK);
        limit_unmarked(&l, now);
    }
    return due_ms;
}

/* Twenty writes a day: the mark of the tenth episode stays until a day after the first write. */
static void a_mark_too_many_stays_until_the_next_day(void **state)
{
    double w;

    now = 0;
    for (int day = 0; day < 3; day++) {
        int64_t day_ms = now;
        for (int i = 0; i < 9; i++)
            assert_true(episode() <= now);
        int64_t due_ms = episode();
        assert_int_equal(due_ms, day_ms + 24 * 60 * MIN);
        now = due_ms - 1;
        assert_int_equal(limit_next(&l, now, &w), LIMIT_NOTHING);
        now++;
        assert_int_equal(limit_next(&l, now, &w), LIMIT_UNMARK);
        limit_unmarked(&l, now);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_watchdog_lifts, limit_setup),
        cmocka_unit_test_setup(the_watchdog_is_shown_while_the_inverter_is_away, limit_setup),
        cmocka_unit_test_setup(switched_off_it_is_lifted, limit_setup),
        cmocka_unit_test_setup(at_the_end_it_does_not_wait, limit_setup),
        cmocka_unit_test_setup(a_mark_of_an_earlier_run_is_lifted_also_where_limiting_is_off,
                               limit_setup),
        cmocka_unit_test_setup(the_mark_comes_before_the_first_limit, limit_setup),
        cmocka_unit_test_setup(the_mark_goes_ten_minutes_after_the_end, limit_setup),
        cmocka_unit_test_setup(a_new_limit_keeps_the_mark, limit_setup),
        cmocka_unit_test_setup(a_day_of_episodes_writes_twenty_times_at_the_most, limit_setup),
        cmocka_unit_test_setup(the_watchdog_bites_before_the_confirmation, limit_setup),
        cmocka_unit_test_setup(a_mark_of_an_earlier_run_is_lifted_by_what_the_gateway_says,
                               limit_setup),
        cmocka_unit_test_setup(lifted_at_the_beginning_of_time, limit_setup),
        cmocka_unit_test_setup(a_mark_too_many_stays_until_the_next_day, limit_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
