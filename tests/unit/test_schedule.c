/* When a gateway is asked, when its feed is opened, and what a silence comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "core/schedule.h"

/* Uptimes of half a year, so that nothing leans on small numbers. */
enum { MINUTE = 60 * 1000, INTERVAL = 5000, SILENCE = 12000 };
static const int64_t begin_ms = 15768000000;

static struct schedule s;
static struct schedule_feed feed;
static const struct schedule_conf conf = {.interval_ms = INTERVAL,
                                          .weak_interval_ms = 10000,
                                          .back_off_max_ms = 2 * MINUTE};

static int reset(void **state)
{
    (void)state;
    schedule_init(&s, &conf, 1, begin_ms);
    feed = (struct schedule_feed){.since_ms = -1, .silence_ms = SILENCE};
    return 0;
}

static int64_t due(void)
{
    int64_t due_ms = schedule_due(&s, &feed);
    return due_ms == SCHEDULE_NEVER ? due_ms : due_ms - begin_ms;
}

/* A cycle from when to when, counted from the beginning. */
static void completed(int64_t from, int64_t to)
{
    schedule_begun(&s, begin_ms + from);
    schedule_completed(&s, begin_ms + to);
}

static void failed(int64_t from, int64_t to, bool there, unsigned retry_after_s)
{
    schedule_begun(&s, begin_ms + from);
    schedule_failed(&s, there, retry_after_s, begin_ms + to);
}

static void hears(int64_t since)
{
    feed.heard = true;
    feed.since_ms = begin_ms + since;
}

/* ---- polled ---- */

static void from_beginning_to_beginning(void **state)
{
    (void)state;
    assert_int_equal(due(), 0);
    schedule_begun(&s, begin_ms);
    assert_int_equal(due(), SCHEDULE_NEVER);
    schedule_completed(&s, begin_ms + 300);
    assert_int_equal(due(), INTERVAL);
    completed(INTERVAL, 2 * INTERVAL + 700); /* it takes longer than the interval is */
    assert_int_equal(due(), 2 * INTERVAL + 700 + SCHEDULE_GAP_MS);
}

/* What was added on the screen and may be anybody: once in 15 minutes, until it has answered. */
static void until_the_first_answer(void **state)
{
    (void)state;
    s.conf.first_retry_ms = 15 * MINUTE;
    failed(0, 100, false, 0);
    assert_int_equal(due(), 15 * MINUTE);
    failed(15 * MINUTE, 15 * MINUTE + 100, true, 30);
    assert_int_equal(due(), 30 * MINUTE);
    completed(30 * MINUTE, 30 * MINUTE + 100);
    assert_int_equal(due(), 30 * MINUTE + INTERVAL);
    failed(31 * MINUTE, 31 * MINUTE + 100, false, 0);
    assert_int_equal(due(), 31 * MINUTE + INTERVAL);
}

/* A person asks: whatever the back-off says, but not twice in a second. */
static void at_once(void **state)
{
    (void)state;
    failed(0, 100, true, 600);
    assert_int_equal(due(), 600 * 1000);
    schedule_now(&s, begin_ms + 5000);
    assert_int_equal(due(), 5000);
    completed(5000, 5100);
    schedule_now(&s, begin_ms + 5200);
    assert_int_equal(due(), 5000 + SCHEDULE_GAP_MS);
    schedule_begun(&s, begin_ms + 6000);
    schedule_now(&s, begin_ms + 6100);
    assert_int_equal(due(), SCHEDULE_NEVER); /* it is being asked */
    schedule_completed(&s, begin_ms + 6200);
    hears(6150); /* listened to, it is asked all the same */
    schedule_now(&s, begin_ms + 8000);
    assert_int_equal(due(), 8000);
}

static void a_weak_controller(void **state)
{
    (void)state;
    schedule_weak(&s, true);
    completed(0, 300);
    assert_int_equal(due(), 10000);
    assert_int_equal(schedule_interval(&s), 10000);
    s.conf.weak_interval_ms = 1000; /* never to be asked more often for that */
    assert_int_equal(schedule_interval(&s), INTERVAL);
    schedule_weak(&s, false);
    assert_int_equal(schedule_interval(&s), INTERVAL);
}

/* ---- failing ---- */

static void nobody_there_is_asked_each_interval(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        failed(i * INTERVAL, i * INTERVAL + 1, false, 0);
        assert_int_equal(due(), (i + 1) * INTERVAL);
    }
}

static void one_that_misbehaves_is_asked_less(void **state)
{
    (void)state;
    failed(0, 100, true, 0);
    assert_int_equal(due(), INTERVAL);
    failed(0, 100, true, 0);
    assert_in_range(due(), 2 * INTERVAL * 9 / 10, 2 * INTERVAL * 11 / 10);
    for (int i = 0; i < 40; i++) {
        failed(0, 100, true, 0);
        assert_in_range(due(), 4 * INTERVAL * 9 / 10, 4 * INTERVAL * 11 / 10);
    }
    failed(0, 100, false, 0); /* one that has gone is another story */
    assert_int_equal(due(), INTERVAL);
    failed(0, 100, true, 0);
    assert_int_equal(due(), INTERVAL);
    completed(0, 100);
    failed(0, 100, true, 0);
    assert_int_equal(due(), INTERVAL);
}

static void the_pauses_have_a_bound(void **state)
{
    (void)state;
    s.conf.back_off_max_ms = 7000;
    for (int i = 0; i < 5; i++)
        failed(0, 100, true, 0);
    assert_in_range(due(), 6300, 7700);
    s.conf.back_off_max_ms = INTERVAL; /* no pause is longer than what is asked for anyway */
    failed(0, 100, true, 0);
    assert_int_equal(due(), INTERVAL);
    s.conf.back_off_max_ms = 0; /* RetryAfterSeconds=0: none */
    failed(0, 100, true, 0);
    assert_int_equal(due(), INTERVAL);
}

/* From -10 % to +10 %, by the generator of Numerical Recipes. */
static void jitter_by_the_seed(void **state)
{
    uint32_t random = 1; /* as reset() has it */

    (void)state;
    failed(0, 100, true, 0);
    for (int i = 0; i < 50; i++) {
        int64_t ms = (i ? 4 : 2) * INTERVAL;
        random = (uint32_t)(random * UINT64_C(1664525) + 1013904223);
        failed(0, 100, true, 0);
        assert_int_equal(due(), ms - ms / 10 + (int64_t)(random >> 16) * (ms / 5) / 65535);
    }
}

static void jitter_differs(void **state)
{
    int64_t least = INT64_MAX, most = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        failed(0, 100, true, 0);
        least = i > 2 && due() < least ? due() : least;
        most = i > 2 && due() > most ? due() : most;
    }
    assert_true(most - least > 4 * INTERVAL / 10);
}

static void retry_after(void **state)
{
    (void)state;
    failed(0, 100, true, 30);
    assert_int_equal(due(), 30000);
    failed(0, 100, true, 3);
    assert_true(due() >= 2 * INTERVAL * 9 / 10); /* the longer of both */
    failed(0, 100, true, 3600);
    assert_int_equal(due(), SCHEDULE_RETRY_AFTER_MAX_S * 1000);
    failed(0, 100, true, UINT32_MAX);
    assert_int_equal(due(), SCHEDULE_RETRY_AFTER_MAX_S * 1000);
}

/* It may have said when, and whoever wants its list sooner does not change that. */
static void nothing_hastens_one_that_fails(void **state)
{
    (void)state;
    failed(0, 100, true, 600);
    schedule_ask(&s, begin_ms + 200);
    assert_int_equal(due(), 600000);
    schedule_feed_ended(&s, begin_ms + 300);
    assert_int_equal(due(), 600000);
    hears(250);
    assert_int_equal(due(), 600000);
}

/* Nor does what the feed goes on bringing put it off. */
static void nothing_delays_one_that_fails(void **state)
{
    (void)state;
    completed(0, 300);
    hears(MINUTE);
    failed(MINUTE, MINUTE + 100, true, 0);
    hears(2 * MINUTE);
    assert_int_equal(due(), MINUTE + INTERVAL);
}

/* ---- listened to ---- */

static void what_is_heard_is_not_asked_for(void **state)
{
    (void)state;
    completed(0, 300);
    hears(4000);
    assert_int_equal(due(), 4000 + SILENCE);
    hears(13 * MINUTE);
    assert_int_equal(due(), 13 * MINUTE + SILENCE);
    hears(15 * MINUTE);
    assert_int_equal(due(), 300 + SCHEDULE_RESYNC_MS);
    feed.heard = false;
    assert_int_equal(due(), INTERVAL);
}

/* One of them is enough; it was never heard there at all, or not for long. */
static void one_that_is_silent_makes_a_list_due(void **state)
{
    (void)state;
    completed(0, 300);
    feed.heard = true;
    assert_int_equal(due(), INTERVAL);
    hears(4000);
    completed(4000 + SILENCE, 4000 + SILENCE + 300);
    assert_int_equal(due(), 4000 + SILENCE + INTERVAL); /* polled while it lasts */
}

/* Right at the beginning of the clock as well. */
static void heard_at_the_beginning(void **state)
{
    static const struct schedule_feed at_once = {.heard = true,
                                                 .since_ms = 0,
                                                 .silence_ms = SILENCE};
    struct silence heard_at_0;
    const struct cycle c = {.began_ms = 1, .complete = true, .interval_ms = INTERVAL};

    (void)state;
    schedule_init(&s, &conf, 1, 0);
    schedule_begun(&s, 0);
    schedule_completed(&s, 0);
    assert_int_equal(schedule_due(&s, &at_once), SILENCE);
    silence_init(&heard_at_0);
    silence_heard(&heard_at_0, 0);
    assert_int_equal(silence_cycle(&heard_at_0, &c, 100), 1);
    assert_int_equal(heard_at_0.heard_ms, 0);
}

static void a_list_that_is_wanted(void **state)
{
    (void)state;
    completed(0, 300);
    hears(MINUTE);
    schedule_ask(&s, begin_ms + MINUTE + 100);
    assert_int_equal(due(), MINUTE + 100);
    completed(MINUTE + 100, MINUTE + 400);
    assert_int_equal(due(), MINUTE + SILENCE);

    schedule_ask(&s, begin_ms + MINUTE + 500); /* no sooner than the interval allows */
    assert_int_equal(due(), MINUTE + 100 + INTERVAL);

    schedule_begun(&s, begin_ms + 2 * MINUTE);
    schedule_ask(&s, begin_ms + 2 * MINUTE + 100); /* this cycle may have told its list already */
    schedule_completed(&s, begin_ms + 2 * MINUTE + 300);
    hears(2 * MINUTE);
    assert_int_equal(due(), 2 * MINUTE + INTERVAL);
    completed(2 * MINUTE + INTERVAL, 2 * MINUTE + INTERVAL + 300);
    assert_int_equal(due(), 2 * MINUTE + SILENCE);
}

static void the_feed_ends(void **state)
{
    (void)state;
    completed(0, 300);
    hears(MINUTE);
    feed.heard = false;
    schedule_feed_ended(&s, begin_ms + MINUTE + 100);
    assert_int_equal(due(), MINUTE + 100 + SCHEDULE_GAP_MS);
    completed(2 * MINUTE, 2 * MINUTE + 300);
    schedule_feed_ended(&s, begin_ms + 2 * MINUTE + 400);
    assert_int_equal(due(), 2 * MINUTE + INTERVAL);
}

/* ---- opening the feed ---- */

static struct feed_schedule f;

static void opens(int64_t at)
{
    assert_true(feed_schedule_is_due(&f, begin_ms + at));
    feed_schedule_opened(&f, begin_ms + at);
    assert_false(feed_schedule_is_due(&f, begin_ms + at));
}

static void ends(enum feed_end end, bool heard, int64_t at)
{
    feed_schedule_ended(&f, end, heard, begin_ms + at);
}

static void assert_due_at(int64_t at)
{
    assert_false(feed_schedule_is_due(&f, begin_ms + at - 1));
    assert_true(feed_schedule_is_due(&f, begin_ms + at));
}

static int reset_feed(void **state)
{
    (void)state;
    f = (struct feed_schedule){0};
    return 0;
}

static void a_feed_that_lasted_is_opened_again(void **state)
{
    (void)state;
    opens(0);
    ends(FEED_LOST, true, 5 * MINUTE);
    assert_due_at(MINUTE);
    opens(5 * MINUTE);
    ends(FEED_LOST, true, 5 * MINUTE + 10);
    assert_due_at(6 * MINUTE);
    opens(6 * MINUTE);
    ends(FEED_LOST, true, 6 * MINUTE + 10);
    assert_due_at(8 * MINUTE);
}

static void one_that_does_not_last_is_opened_less(void **state)
{
    static const int minutes[] = {1, 2, 4, 8, 16, 32, 32, 32};
    int64_t at = 0;

    (void)state;
    for (size_t i = 0; i < sizeof minutes / sizeof minutes[0]; i++) {
        opens(at);
        ends(i % 2 ? FEED_FLOOD : FEED_LOST, i % 2, at + 10);
        at += (int64_t)minutes[i] * MINUTE;
        assert_due_at(at);
    }
    opens(at);
    ends(FEED_LOST, true, at + MINUTE);
    opens(at + MINUTE);
    ends(FEED_LOST, true, at + MINUTE + 10);
    assert_due_at(at + 2 * MINUTE);
}

/* One that brings nothing, or too much, does not last however long it lasts. */
static void nor_one_that_is_of_no_use(void **state)
{
    (void)state;
    opens(0);
    ends(FEED_LOST, false, MINUTE);
    opens(MINUTE);
    ends(FEED_FLOOD, true, 3 * MINUTE);
    assert_due_at(3 * MINUTE);
    opens(3 * MINUTE);
    ends(FEED_FLOOD, true, 60 * MINUTE);
    assert_due_at(7 * MINUTE);
}

static void one_that_is_refused(void **state)
{
    (void)state;
    opens(0);
    ends(FEED_REFUSED, false, 10);
    assert_due_at(60 * MINUTE);
    opens(60 * MINUTE);
    ends(FEED_REFUSED, false, 60 * MINUTE + 10);
    assert_due_at(120 * MINUTE);
}

/* ---- a device's silence ---- */

static struct silence silence;

static int reset_silence(void **state)
{
    (void)state;
    silence_init(&silence);
    return 0;
}

static unsigned polled(int64_t from, int64_t to, bool complete)
{
    const struct cycle c = {.began_ms = begin_ms + from,
                            .complete = complete,
                            .silence_ms = SILENCE,
                            .interval_ms = INTERVAL};
    return silence_cycle(&silence, &c, begin_ms + to);
}

static unsigned listened(int64_t from, int64_t to, bool complete)
{
    const struct cycle c = {.began_ms = begin_ms + from,
                            .complete = complete,
                            .listening = true,
                            .silence_ms = SILENCE,
                            .interval_ms = INTERVAL};
    return silence_cycle(&silence, &c, begin_ms + to);
}

static void heard(int64_t at)
{
    silence_heard(&silence, begin_ms + at);
}

static int64_t next(int64_t now)
{
    int64_t next_ms = silence_next(&silence, begin_ms + now);
    return next_ms == SCHEDULE_NEVER ? next_ms : next_ms - begin_ms;
}

static unsigned passed(int64_t at)
{
    return silence_passed(&silence, begin_ms + at);
}

static void polled_each_cycle_counts(void **state)
{
    (void)state;
    heard(200);
    assert_int_equal(polled(0, 300, true), 0);
    assert_false(silence_told(&silence));
    for (int i = 1; i < 5; i++) {
        assert_int_equal(polled(i * INTERVAL, i * INTERVAL + 300, i % 2 == 0), 1);
        assert_int_equal(next(i * INTERVAL + 300), SCHEDULE_NEVER);
        assert_int_equal(passed(i * INTERVAL + 4000), 0);
    }
    assert_true(silence_told(&silence));
    heard(5 * INTERVAL); /* at the very beginning of a cycle */
    assert_int_equal(polled(5 * INTERVAL, 5 * INTERVAL + 300, false), 0);
    assert_int_equal(polled(6 * INTERVAL, 6 * INTERVAL + 300, false), 1);
}

static void polled_one_that_was_never_heard(void **state)
{
    (void)state;
    assert_int_equal(polled(0, 300, true), 1);
    assert_int_equal(polled(INTERVAL, INTERVAL + 300, true), 1);
}

/* Three polls of 5 s after it was heard last, however few cycles there are. */
static void a_list_without_it_counts_by_the_time(void **state)
{
    (void)state;
    heard(0);
    assert_int_equal(listened(SILENCE, SILENCE + 100, true), 2);
    assert_int_equal(next(SILENCE + 100), 3 * INTERVAL);
    assert_int_equal(passed(3 * INTERVAL), 1);
    assert_int_equal(next(3 * INTERVAL), 4 * INTERVAL);
    assert_int_equal(listened(17000, 17100, true), 0);
    assert_int_equal(listened(22000, 22100, true), 1);
}

static void a_list_without_it_counts_at_once(void **state)
{
    (void)state;
    heard(0);
    assert_int_equal(listened(100, 200, true), 1);
    assert_int_equal(next(200), 2 * INTERVAL);
    heard(300); /* it is there after all */
    assert_int_equal(next(300), SCHEDULE_NEVER);
    assert_int_equal(passed(2 * INTERVAL), 0);
}

static void a_list_without_one_that_was_never_heard(void **state)
{
    (void)state;
    assert_int_equal(listened(0, 300, true), 1);
    assert_int_equal(next(300), 300 + INTERVAL);
    assert_int_equal(passed(300 + INTERVAL), 1);
    assert_int_equal(passed(300 + 2 * INTERVAL), 1);
}

/* The gateway has died: with two polls and the silence before, as soon as three polls would have told it. */
static void a_silent_gateway_counts_its_silence(void **state)
{
    (void)state;
    heard(0);
    assert_int_equal(listened(SILENCE, SILENCE + 2500, false), 2);
    assert_int_equal(next(SILENCE + 2500), SCHEDULE_NEVER);
    assert_int_equal(listened(17000, 19500, false), 1);
    assert_int_equal(listened(27000, 29500, false), 1);
}

/* Of one inverter the silence is younger than that of the one for which it was asked. */
static void each_device_has_its_own_silence(void **state)
{
    (void)state;
    heard(9000);
    assert_int_equal(listened(SILENCE, SILENCE + 2500, false), 0);
    assert_false(silence_told(&silence));
    assert_int_equal(next(SILENCE + 2500), 9000 + SILENCE);
    assert_int_equal(next(9000 + SILENCE - 1), 9000 + SILENCE);
    assert_int_equal(next(9000 + SILENCE), SCHEDULE_NEVER);
    assert_int_equal(listened(17000, 19500, false), 0);
    assert_int_equal(passed(9000 + SILENCE - 1), 0);
    assert_int_equal(passed(9000 + SILENCE), 3);
}

/* Its pages fail, and the feed goes on: nobody is silent. */
static void what_is_pushed_is_there(void **state)
{
    (void)state;
    for (int64_t at = 0; at < 60000; at += 10000) {
        heard(at);
        assert_int_equal(listened(at + 1000, at + 3500, false), 0);
        assert_int_equal(listened(at + 6000, at + 8500, false), 0);
        assert_int_equal(passed(at + 9999), 0);
    }
}

static void the_feed_ends_meanwhile(void **state)
{
    (void)state;
    heard(0);
    assert_int_equal(listened(SILENCE, SILENCE + 2500, false), 2);
    assert_int_equal(polled(17000, 19500, false), 0); /* the second that failed */
    assert_int_equal(polled(27000, 29500, false), 1);
}

static void years_pass(void **state)
{
    (void)state;
    heard(0);
    assert_int_equal(listened(1000, 15768000000, true), UINT16_MAX);
    assert_int_equal(passed(2 * 15768000000), 0);
    for (int i = 0; i < 70000; i++)
        (void)polled(15768000000, 15768000001, true);
    assert_true(silence_told(&silence));
}

#define TEST(name)         cmocka_unit_test_setup(name, reset)
#define FEED_TEST(name)    cmocka_unit_test_setup(name, reset_feed)
#define SILENCE_TEST(name) cmocka_unit_test_setup(name, reset_silence)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(from_beginning_to_beginning),
        TEST(a_weak_controller),
        TEST(until_the_first_answer),
        TEST(at_once),
        TEST(nobody_there_is_asked_each_interval),
        TEST(one_that_misbehaves_is_asked_less),
        TEST(the_pauses_have_a_bound),
        TEST(jitter_differs),
        TEST(jitter_by_the_seed),
        TEST(heard_at_the_beginning),
        TEST(retry_after),
        TEST(nothing_hastens_one_that_fails),
        TEST(nothing_delays_one_that_fails),
        TEST(what_is_heard_is_not_asked_for),
        TEST(one_that_is_silent_makes_a_list_due),
        TEST(a_list_that_is_wanted),
        TEST(the_feed_ends),
        FEED_TEST(a_feed_that_lasted_is_opened_again),
        FEED_TEST(one_that_does_not_last_is_opened_less),
        FEED_TEST(nor_one_that_is_of_no_use),
        FEED_TEST(one_that_is_refused),
        SILENCE_TEST(polled_each_cycle_counts),
        SILENCE_TEST(polled_one_that_was_never_heard),
        SILENCE_TEST(a_list_without_it_counts_by_the_time),
        SILENCE_TEST(a_list_without_it_counts_at_once),
        SILENCE_TEST(a_list_without_one_that_was_never_heard),
        SILENCE_TEST(a_silent_gateway_counts_its_silence),
        SILENCE_TEST(each_device_has_its_own_silence),
        SILENCE_TEST(what_is_pushed_is_there),
        SILENCE_TEST(the_feed_ends_meanwhile),
        SILENCE_TEST(years_pass),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
