#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/health.h"
#include "core/map.h"
#include "core/reading.h"

static struct health h;

static int setup(void **state)
{
    (void)state;
    health_init(&h);
    return 0;
}

/* A poll of one request that was answered in time. */
static void good_poll(double ms, int64_t now_ms)
{
    health_request(&h, 100, ms);
    health_success(&h, now_ms);
}

static void bad_poll(enum health_kind kind, const char *why, int64_t now_ms)
{
    health_request(&h, 0, MISSING);
    health_failure(&h, kind, why, now_ms);
}

static void nothing_is_known_at_first(void **state)
{
    const struct health_view *v = health_shown(&h);

    (void)state;
    assert_int_equal(v->requests, 0);
    assert_int_equal(v->failures, 0);
    assert_string_equal(v->by_kind, "");
    assert_string_equal(v->last_error, "");
    assert_int_equal(v->last_error_ms, -1);
    assert_false(has_value(v->round_trip_p50_ms));
    assert_false(has_value(v->round_trip_p99_ms));
}

static void the_first_poll_is_shown_at_once(void **state)
{
    const struct health_view *v = health_shown(&h);

    (void)state;
    good_poll(12, 5000);
    assert_int_equal(v->requests, 1);
    assert_true(v->bytes == 100);
    assert_true(v->round_trip_p50_ms == 12);
    assert_true(v->round_trip_p99_ms == 12);
}

/* What moves with each poll is shown once a minute. */
static void it_is_renewed_once_a_minute(void **state)
{
    const struct health_view *v = health_shown(&h);

    (void)state;
    for (int64_t now = 0; now < HEALTH_RENEW_MS; now += 5000) {
        good_poll(10, now);
        assert_int_equal(v->requests, 1);
    }
    good_poll(10, HEALTH_RENEW_MS - 1);
    assert_int_equal(v->requests, 1);
    good_poll(10, HEALTH_RENEW_MS);
    assert_int_equal(v->requests, HEALTH_RENEW_MS / 5000 + 2);
    assert_true(v->bytes == 100 * (HEALTH_RENEW_MS / 5000 + 2));
    good_poll(10, HEALTH_RENEW_MS + 5000);
    assert_int_equal(v->requests, HEALTH_RENEW_MS / 5000 + 2);
}

/* Counted as they come, shown with the next renewal. */
static void what_is_pushed_counts(void **state)
{
    const struct health_view *v = health_shown(&h);

    (void)state;
    health_success(&h, 0);
    for (int i = 1; i <= 5; i++)
        health_push(&h, 200);
    assert_int_equal(v->pushed, 0);
    health_success(&h, HEALTH_RENEW_MS);
    assert_int_equal(v->pushed, 5);
    assert_true(v->bytes == 1000);
    assert_int_equal(v->requests, 0);
    good_poll(10, 2 * HEALTH_RENEW_MS);
    assert_true(v->bytes == 1100);
    assert_int_equal(v->pushed, 5);
}

static void a_fault_is_shown_at_once(void **state)
{
    const struct health_view *v = health_shown(&h);

    (void)state;
    good_poll(10, 0);
    bad_poll(HEALTH_TIMEOUT, "no reply within 2.5 s", 1000);
    assert_int_equal(v->failures, 1);
    assert_string_equal(v->by_kind, "timeout 1");
    assert_string_equal(v->last_error, "no reply within 2.5 s");
    assert_int_equal(v->last_error_ms, 1000);

    bad_poll(HEALTH_TIMEOUT, "no reply within 2.5 s", 2000); /* it lasts */
    assert_int_equal(v->failures, 1);
    bad_poll(HEALTH_UNREACHABLE, "nobody listens", 3000); /* another one */
    assert_int_equal(v->failures, 3);
    assert_string_equal(v->by_kind, "timeout 2, unreachable 1");
    assert_string_equal(v->last_error, "nobody listens");
}

static void a_fault_that_lasts_is_shown_once_a_minute(void **state)
{
    const struct health_view *v = health_shown(&h);

    (void)state;
    for (int64_t now = 0; now < HEALTH_RENEW_MS; now += 5000) {
        bad_poll(HEALTH_BUSY, "busy", now);
        assert_int_equal(v->failures, 1);
    }
    bad_poll(HEALTH_BUSY, "busy", HEALTH_RENEW_MS - 1);
    assert_int_equal(v->failures, 1);
    bad_poll(HEALTH_BUSY, "busy", HEALTH_RENEW_MS);
    assert_int_equal(v->failures, HEALTH_RENEW_MS / 5000 + 2);
}

static void its_end_is_shown_at_once(void **state)
{
    const struct health_view *v = health_shown(&h);

    (void)state;
    bad_poll(HEALTH_TLS, "a", 0);
    bad_poll(HEALTH_TLS, "b", 1000);
    good_poll(10, 2000);
    assert_int_equal(v->failures, 2);
    assert_int_equal(v->requests, 3);
    assert_string_equal(v->last_error, "b"); /* and stays */
    good_poll(10, 3000);
    assert_int_equal(v->requests, 3);
    bad_poll(HEALTH_TLS, "c", 4000); /* of the same kind, but a fault of its own */
    assert_string_equal(v->last_error, "c");
}

static void percentiles_are_of_the_window(void **state)
{
    const struct health_view *v = health_shown(&h);

    (void)state;
    for (int i = 100; i >= 1; i--)
        health_request(&h, 0, i);
    health_success(&h, 0);
    assert_true(v->round_trip_p50_ms == 50);
    assert_true(v->round_trip_p99_ms == 99);

    health_request(&h, 0, MISSING); /* no round trip at all */
    for (int i = 0; i < 10 * HEALTH_WINDOW + 7; i++)
        health_request(&h, 0, 7);
    health_success(&h, HEALTH_RENEW_MS);
    assert_true(v->round_trip_p50_ms == 7);
    assert_true(v->round_trip_p99_ms == 7);

    for (int i = 0; i < 2; i++) /* only the slowest of 128 is beyond the 99th */
        health_request(&h, 0, 900);
    health_success(&h, 2L * HEALTH_RENEW_MS);
    assert_true(v->round_trip_p50_ms == 7);
    assert_true(v->round_trip_p99_ms == 900);
}

/* Against a sort of all that is in the window, for more round trips than it holds three times. */
static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void percentiles_are_those_of_a_sort(void **state)
{
    static float all[3 * HEALTH_WINDOW + 50];
    uint32_t random = 1;

    (void)state;
    for (int n = 0; n < (int)(sizeof all / sizeof all[0]); n++) {
        float window[HEALTH_WINDOW];
        int count = n + 1 < HEALTH_WINDOW ? n + 1 : HEALTH_WINDOW;
        random = random * 1664525u + 1013904223u;
        all[n] = (float)(random >> 16) / 100;
        health_request(&h, 0, (double)all[n]);
        health_success(&h, (int64_t)n * HEALTH_RENEW_MS);
        memcpy(window, all + n + 1 - count, (size_t)count * sizeof window[0]);
        qsort(window, (size_t)count, sizeof window[0], by_size);
        assert_true(health_shown(&h)->round_trip_p50_ms == (double)window[(count + 1) / 2 - 1]);
        assert_true(health_shown(&h)->round_trip_p99_ms ==
                    (double)window[(99 * count + 99) / 100 - 1]);
    }
}

/* What comes less often than once a minute is shown as often as it comes. */
static void it_is_renewed_for_what_is_about_to_be_shown(void **state)
{
    const struct health_view *v = health_shown(&h);

    (void)state;
    assert_true(health_renew(&h, 5000, 0));
    health_push(&h, 100);
    assert_false(health_renew(&h, 5000, HEALTH_RENEW_MS - 5001));
    assert_int_equal(v->pushed, 0);
    assert_true(health_renew(&h, 5000, HEALTH_RENEW_MS - 5000));
    assert_int_equal(v->pushed, 1);
    assert_true(v->bytes == 100);
    health_push(&h, 100);
    assert_false(health_renew(&h, 5000, HEALTH_RENEW_MS - 4000));
    assert_true(health_renew(&h, HEALTH_RENEW_MS - 1, HEALTH_RENEW_MS));
    assert_int_equal(v->pushed, 2);
}

/* Years of polling: counts stay, texts fit. */
static void nothing_overflows(void **state)
{
    const struct health_view *v = health_shown(&h);
    char text[1000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    h.requests = INT32_MAX;
    for (unsigned kind = 0; kind < HEALTH_KINDS; kind++)
        h.failures[kind] = INT32_MAX;
    bad_poll(HEALTH_OTHER, text, 0);
    assert_int_equal(v->requests, INT32_MAX);
    assert_int_equal(v->failures, INT32_MAX);
    assert_int_equal(strlen(v->last_error), HEALTH_ERROR_MAX - 1);
    assert_non_null(strstr(v->by_kind, "other 2147483647"));
    assert_non_null(strstr(v->by_kind, "bad reply 2147483647, "));
}

static void every_kind_has_a_name(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < HEALTH_KINDS; kind++)
        for (unsigned other = 0; other < kind; other++)
            assert_string_not_equal(health_kind_name(kind), health_kind_name(other));
}

/* ---- On the bus ------------------------------------------------------------------------------ */

static struct value value_at(const struct venus_class *class, const char *path,
                             const struct device_view *view)
{
    for (size_t i = 0; i < class->row_count; i++)
        if (strcmp(class->rows[i].path, path) == 0)
            return map_value(&class->rows[i], view);
    fail_msg("%s has no %s", class->name, path);
    return value_invalid();
}

static void every_class_shows_it(void **state)
{
    static const char *const paths[] = {"/Debug/Requests",       "/Debug/Failures",
                                        "/Debug/FailuresByKind", "/Debug/RoundTripP50",
                                        "/Debug/RoundTripP99",   "/Debug/Bytes",
                                        "/Debug/LastError"};
    struct device_view view = {.health_known = false};

    (void)state;
    for (size_t c = 0; venus_classes[c]; c++)
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
            assert_int_equal(value_at(venus_classes[c], paths[i], &view).type, VALUE_INVALID);

    good_poll(8, 0);
    bad_poll(HEALTH_CUT_OFF, "cut off", 1000);
    view.health_known = true;
    view.health = *health_shown(&h);
    for (size_t c = 0; venus_classes[c]; c++) {
        const struct venus_class *class = venus_classes[c];
        assert_int_equal(value_at(class, "/Debug/Requests", &view).i, 2);
        assert_int_equal(value_at(class, "/Debug/Failures", &view).i, 1);
        assert_string_equal(value_at(class, "/Debug/FailuresByKind", &view).s, "cut off 1");
        assert_true(value_at(class, "/Debug/RoundTripP50", &view).d == 8);
        assert_true(value_at(class, "/Debug/RoundTripP99", &view).d == 8);
        assert_true(value_at(class, "/Debug/Bytes", &view).d == 100);
        assert_string_equal(value_at(class, "/Debug/LastError", &view).s, "cut off");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_known_at_first, setup),
        cmocka_unit_test_setup(the_first_poll_is_shown_at_once, setup),
        cmocka_unit_test_setup(it_is_renewed_once_a_minute, setup),
        cmocka_unit_test_setup(what_is_pushed_counts, setup),
        cmocka_unit_test_setup(a_fault_is_shown_at_once, setup),
        cmocka_unit_test_setup(a_fault_that_lasts_is_shown_once_a_minute, setup),
        cmocka_unit_test_setup(its_end_is_shown_at_once, setup),
        cmocka_unit_test_setup(percentiles_are_of_the_window, setup),
        cmocka_unit_test_setup(percentiles_are_those_of_a_sort, setup),
        cmocka_unit_test_setup(it_is_renewed_for_what_is_about_to_be_shown, setup),
        cmocka_unit_test_setup(nothing_overflows, setup),
        cmocka_unit_test(every_kind_has_a_name),
        cmocka_unit_test_setup(every_class_shows_it, setup),
    };
    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
