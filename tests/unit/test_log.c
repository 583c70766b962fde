/* The log: what a line looks like, that it never blocks, how lasting faults are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edge/sys/clock.h"
#include "edge/sys/log.h"

static int64_t now_ms; /* by which the log bounds what it writes */

int64_t clock_now_ms(void)
{
    return now_ms;
}

double clock_unix_s(void)
{
    return 0;
}

int clock_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    return poll(fds, count, timeout_ms);
}

static int real_stderr;
static int ends[2];
static char captured[65536];

static int set_up(void **state)
{
    now_ms += 7 * 24 * 3600 * 1000LL; /* nothing is left out for what the test before has written */
    fflush(stderr);
    real_stderr = dup(STDERR_FILENO);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    dup2(ends[1], STDERR_FILENO);
    log_set_level(LOG_DEBUG);
    return 0;
}

static int tear_down(void **state)
{
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* What was logged since the last call. */
static const char *logged(void)
{
    size_t have = 0;

    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    for (;;) {
        ssize_t got = read(ends[0], captured + have, sizeof(captured) - 1 - have);
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    captured[have] = '\0';
    return captured;
}

static size_t lines(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void test_levels(void **state)
{
    log_notice(NOTICE_NO_MEMORY, "c");
    log_notice(NOTICE_CONFIG_ERROR, "e");
    log_notice(NOTICE_CONFIG_WARNING, "w");
    log_info("i %d", 5);
    log_debug("d");
    assert_string_equal(
        logged(), "CRITICAL DTU-507 c\nERROR DTU-001 e\nWARNING DTU-002 w\nINFO i 5\nDEBUG d\n");
    log_set_level(LOG_ERROR);
    assert_true(log_enabled(LOG_CRITICAL));
    assert_true(log_enabled(LOG_ERROR));
    assert_false(log_enabled(LOG_WARNING));
    log_notice(NOTICE_CONFIG_WARNING, "not this");
    log_notice(NOTICE_CONFIG_ERROR, "this");
    assert_string_equal(logged(), "ERROR DTU-001 this\n");
    log_set_level(LOG_NOTSET);
    assert_true(log_enabled(LOG_DEBUG));
}

static void test_control_characters(void **state)
{
    log_info("a\nERROR forged\r\t\033[2J\x7f"
             "b \xc2\x9b"
             "31m \xc3\xa4\xc2\xb0");
    assert_string_equal(logged(), "INFO a ERROR forged  ?[2J?b ?31m \xc3\xa4\xc2\xb0\n");
}

static void test_long_lines_are_cut(void **state)
{
    char text[3000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    log_info("%s", text);
    const char *got = logged();
    assert_int_equal(strlen(got), 1023);
    assert_int_equal(got[1022], '\n');
    assert_int_equal(lines(got), 1);

    /* A character of two bytes where the cut falls goes as a whole. */
    for (size_t i = 0; i + 2 < sizeof(text); i += 2) {
        text[i] = (char)0xc3;
        text[i + 1] = (char)0xa4;
    }
    for (int shift = 0; shift < 2; shift++) {
        log_info("%s%s", shift ? "y" : "", text);
        got = logged();
        size_t len = strlen(got);
        assert_int_equal(got[len - 1], '\n');
        assert_int_equal((unsigned char)got[len - 2], 0xa4);
    }
}

static void test_full_pipe_never_blocks(void **state)
{
    char block[4096];

    /* The flag would be shared with whoever else has this pipe: it must be as before. */
    memset(block, '.', sizeof(block));
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], block, sizeof(block)) > 0)
        ;
    fcntl(ends[1], F_SETFL, 0);
    alarm(10); /* ends the program where the log blocks */
    for (int i = 0; i < 1000; i++)
        log_info("line %d", i);
    alarm(0);
    assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    for (size_t got = 0; got < 32768;) {
        ssize_t n = read(ends[0], block, sizeof(block));
        assert_true(n > 0);
        got += (size_t)n;
    }
    logged();
    log_info("again");
    assert_string_equal(
        logged(), "WARNING DTU-506 1000 lines of this log were lost: nobody read it\nINFO again\n");
}

static void test_closed_stderr(void **state)
{
    close(STDERR_FILENO);
    log_notice(NOTICE_CONFIG_ERROR, "to nobody");
    dup2(ends[1], STDERR_FILENO);
    log_info("here");
    assert_non_null(strstr(logged(), "INFO here\n"));
}

static void test_reader_gone(void **state)
{
    close(ends[0]); /* without the poll, this would be SIGPIPE */
    log_notice(NOTICE_CONFIG_ERROR, "to nobody");
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    dup2(ends[1], STDERR_FILENO);
    log_info("here");
    assert_non_null(strstr(logged(), "INFO here\n"));
}

/* The formats are literals all the same. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void log_line_of(const char *format, int i)
{
    log_notice(NOTICE_CONFIG_ERROR, format, i);
}
#pragma GCC diagnostic pop

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static void test_fault_once_then_rarely_then_recovery(void **state)
{
    struct log_fault f = {0};
    int64_t now = 12345;

    log_recovered(&f, now, "never was");
    assert_string_equal(logged(), "");
    log_fault(&f, now, NOTICE_CONFIG_ERROR, "gateway %s is away", "a");
    assert_string_equal(logged(), "ERROR DTU-001 gateway a is away\n");
    for (int i = 0; i < 179; i++)
        log_fault(&f, now += 5 * SECOND, NOTICE_CONFIG_ERROR, "gateway %s is away", "a");
    assert_string_equal(logged(), "");
    log_fault(&f, now += 5 * SECOND, NOTICE_CONFIG_ERROR, "gateway %s is away", "a");
    assert_string_equal(logged(),
                        "ERROR DTU-001 gateway a is away (still; 181 failures in 15 min)\n");
    log_recovered(&f, now += 5 * SECOND, "gateway %s answers", "a");
    assert_string_equal(logged(), "INFO gateway a answers (after 15 min and 181 failures)\n");
    log_recovered(&f, now, "gateway answers");
    assert_string_equal(logged(), "");
    log_fault(&f, now, NOTICE_CONFIG_ERROR, "again");
    assert_string_equal(logged(), "ERROR DTU-001 again\n");
}

/* Where the fault was to be seen, its end is, too, and nowhere else; it is no warning for that. */
static void test_good_news(void **state)
{
    struct log_fault f = {0};

    log_set_level(LOG_ERROR);
    log_fault(&f, 0, NOTICE_CONFIG_WARNING, "away");
    log_recovered(&f, 1, "back");
    assert_string_equal(logged(), "");
    log_fault(&f, 2, NOTICE_CONFIG_ERROR, "away");
    log_recovered(&f, 3, "back");
    log_good_news(NOTICE_CONFIG_WARNING, "unheard");
    log_good_news(NOTICE_NO_MEMORY, "over");
    assert_string_equal(logged(),
                        "ERROR DTU-001 away\nINFO back (after 0 s and 1 failures)\nINFO over\n");
    log_set_level(LOG_DEBUG);
}

static void test_another_text_is_told(void **state)
{
    struct log_fault f = {0};
    int64_t now = 0;

    log_fault(&f, now, NOTICE_CONFIG_ERROR, "refused");
    log_fault(&f, now += 5 * SECOND, NOTICE_CONFIG_ERROR, "hangs");
    assert_string_equal(logged(), "ERROR DTU-001 refused\n"); /* not more than one line a minute */
    log_fault(&f, now += 55 * SECOND, NOTICE_CONFIG_ERROR, "hangs");
    assert_string_equal(logged(), "ERROR DTU-001 hangs (a change; 3 failures in 60 s)\n");
    log_fault(&f, now += 2 * MINUTE, NOTICE_CONFIG_ERROR, "hangs");
    assert_string_equal(logged(), "");
}

static size_t lines_a_day(int flicker)
{
    struct log_fault f = {0};
    size_t count = 0;

    now_ms += 7 * 24 * (int64_t)HOUR;
    for (int64_t now = 0; now < 24 * HOUR; now += 5 * SECOND, now_ms += 5 * SECOND) {
        log_fault(&f, now, NOTICE_CONFIG_ERROR, "fault %d",
                  flicker ? (int)(now / (5 * SECOND) % 3) : 0);
        count += lines(logged());
    }
    return count;
}

/* ---- Faults that come and go ---- */

/* An episode: it fails for so long, and comes back. */
static int64_t episode(struct log_fault *f, int64_t now, int64_t lasts_ms)
{
    for (int64_t t = 0; t < lasts_ms; t += 10 * SECOND)
        log_fault(f, now + t, NOTICE_CONFIG_ERROR, "away");
    log_recovered(f, now + lasts_ms, "back");
    return now + lasts_ms;
}

#define TOLD "ERROR DTU-001 away\nINFO back (after 10 s and 1 failures)\n"
#define TOLD_LAST                                                                          \
    "ERROR DTU-001 away\nINFO back (after 10 s and 1 failures; it comes and goes, and is " \
    "told once an hour now)\n"

/* Five are told as they come, then one line an hour says how many there were, also when no more come. */
static void test_a_flickering_fault_is_summed_up(void **state)
{
    struct log_fault f = {0};
    int64_t now = 0;

    for (int i = 0; i < 4; i++) {
        now = episode(&f, now + 20 * SECOND, 10 * SECOND);
        assert_string_equal(logged(), TOLD);
    }
    now = episode(&f, now + 20 * SECOND, 10 * SECOND);
    assert_string_equal(logged(), TOLD_LAST);
    for (int i = 0; i < 7; i++)
        now = episode(&f, now + 20 * SECOND, 10 * SECOND);
    assert_string_equal(logged(), "");
    log_recovered(&f, HOUR + 20 * SECOND - 1, "back");
    assert_string_equal(logged(), "");
    log_recovered(&f, HOUR + 20 * SECOND, "back");
    assert_string_equal(logged(), "INFO back (it failed 7 times more in 57 min)\n");
    log_recovered(&f, 7 * HOUR, "back");
    assert_string_equal(logged(), "");
    (void)episode(&f, 7 * HOUR, 10 * SECOND); /* a single one again */
    assert_string_equal(logged(), TOLD);
}

/* Among others as well: one that lasts is told when it has done so for 15 minutes, and its end at once. */
static void test_a_fault_that_flickered_and_lasts(void **state)
{
    struct log_fault f = {0};
    int64_t now = 0;

    for (int i = 0; i < 8; i++)
        now = episode(&f, now + 20 * SECOND, 10 * SECOND);
    logged();
    now = episode(&f, now + 20 * SECOND, 15 * MINUTE);
    assert_string_equal(logged(), "");
    now = episode(&f, now + 20 * SECOND, 20 * MINUTE);
    assert_string_equal(
        logged(), "ERROR DTU-001 away (still; 91 failures in 15 min)\n"
                  "INFO back (after 20 min and 120 failures; it comes and goes, and is told once "
                  "an hour now)\n");
    log_recovered(&f, HOUR + 20 * SECOND, "back");
    assert_string_equal(logged(), "INFO back (it failed 4 times more in 57 min)\n");
}

/* What its text is changes nothing of that. */
static void test_a_flickering_fault_of_many_kinds(void **state)
{
    struct log_fault f = {0};
    int64_t now = 0;

    for (int i = 0; i < 5; i++)
        now = episode(&f, now + 20 * SECOND, 10 * SECOND);
    logged();
    log_fault(&f, now += 20 * SECOND, NOTICE_CONFIG_ERROR, "refused");
    for (int i = 0; i < 14; i++)
        log_fault(&f, now += MINUTE, NOTICE_CONFIG_ERROR, "hangs %d", i);
    assert_string_equal(logged(), "");
    log_fault(&f, now += MINUTE, NOTICE_CONFIG_ERROR, "refused");
    assert_string_equal(logged(), "ERROR DTU-001 refused (still; 16 failures in 15 min)\n");
    log_fault(&f, now += MINUTE, NOTICE_CONFIG_ERROR, "hangs");
    assert_string_equal(logged(), "ERROR DTU-001 hangs (a change; 17 failures in 16 min)\n");
}

static size_t flickering_day(int64_t lasts_ms, int64_t pause_ms)
{
    struct log_fault f = {0};
    size_t count = 0;

    now_ms += 7 * 24 * (int64_t)HOUR;
    for (int64_t now = 0; now < 24 * (int64_t)HOUR; now_ms += lasts_ms + pause_ms) {
        now = episode(&f, now + pause_ms, lasts_ms);
        count += lines(logged());
    }
    return count;
}

static void test_a_flickering_gateway_writes_little(void **state)
{
    assert_in_range(flickering_day(10 * SECOND, 20 * SECOND), 30, 36);
    assert_in_range(flickering_day(MINUTE, MINUTE), 30, 36);
    assert_in_range(flickering_day(15 * MINUTE + 10 * SECOND, 10 * SECOND), 180, 220);
}

static void test_a_dead_gateway_writes_little(void **state)
{
    assert_in_range(lines_a_day(0), 90, 100);
    assert_in_range(lines_a_day(1), 90, 199);
}

/* Three places that write as fast as they can, for a day: how much of each is in the log. */
static void flood_for_a_day(size_t count[3])
{
    now_ms += 7 * 24 * (int64_t)HOUR;
    count[0] = count[1] = count[2] = 0;
    for (int i = 0; i < 24 * 60; i++, now_ms += MINUTE) {
        for (int k = 0; k < 20; k++) {
            log_notice(NOTICE_CONFIG_ERROR, "flood %d", k);
            count[0] += lines(logged());
            log_info("news %d", k);
            count[1] += lines(logged());
        }
        if (i % 60 == 0) {
            log_notice(NOTICE_CONFIG_WARNING, "something else");
            count[2] += lines(logged());
        }
    }
}

static void test_a_flood_is_bounded(void **state)
{
    size_t count[3];

    flood_for_a_day(count);
    assert_in_range(count[0], 400, 500);
    assert_in_range(count[1], 20000, 22000);
    assert_int_equal(count[2], 24); /* and nothing else is lost for it */
}

static void test_what_is_left_out_is_told(void **state)
{
    size_t written = 0, left_out = 0;

    for (int i = 0; i < 1000; i++) {
        log_notice(NOTICE_CONFIG_ERROR, "told %d", i);
        const char *got = logged();
        written += lines(got);
        left_out += !*got;
        if (written == 200 && *got)
            assert_string_equal(
                got, "ERROR DTU-001 told 199 (too many: more like it are left out for a while)\n");
    }
    assert_int_equal(written, 200);
    assert_int_equal(left_out, 800);
    now_ms += HOUR;
    log_notice(NOTICE_CONFIG_ERROR, "told again");
    assert_string_equal(logged(), "ERROR DTU-001 told again\n"); /* another place */
}

static void test_all_places_together(void **state)
{
    static const char *const formats[] = {"a %d", "b %d", "c %d", "d %d",
                                          "e %d", "f %d", "g %d", "h %d"};
    size_t count = 0;

    now_ms += 7 * 24 * (int64_t)HOUR;
    for (int i = 0; i < 24 * 60; i++, now_ms += MINUTE) {
        for (size_t k = 0; k < sizeof(formats) / sizeof(formats[0]); k++) {
            log_line_of(formats[k], i);
            count += lines(logged());
        }
    }
    assert_in_range(count, 1900, 2100);
}

static void test_a_long_line_has_its_note(void **state)
{
    char text[2000];
    const char *got = "";

    memset(text, 'n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < 200; i++) {
        log_notice(NOTICE_CONFIG_ERROR, "noted %s", text);
        got = logged();
    }
    assert_non_null(strstr(got, "nnn (too many: more like it are left out for a while)\n"));
}

static void test_a_long_fault_is_one_fault(void **state)
{
    struct log_fault f = {0};
    char text[400];

    memset(text, 'z', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    log_fault(&f, 0, NOTICE_CONFIG_ERROR, "%s", text);
    log_fault(&f, 2 * MINUTE, NOTICE_CONFIG_ERROR, "%s", text);
    assert_int_equal(lines(logged()), 1);
}

#define LOG_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(test_levels),
        LOG_TEST(test_control_characters),
        LOG_TEST(test_long_lines_are_cut),
        LOG_TEST(test_full_pipe_never_blocks),
        LOG_TEST(test_closed_stderr),
        LOG_TEST(test_reader_gone),
        LOG_TEST(test_fault_once_then_rarely_then_recovery),
        LOG_TEST(test_good_news),
        LOG_TEST(test_a_flood_is_bounded),
        LOG_TEST(test_what_is_left_out_is_told),
        LOG_TEST(test_all_places_together),
        LOG_TEST(test_a_long_line_has_its_note),
        LOG_TEST(test_another_text_is_told),
        LOG_TEST(test_a_dead_gateway_writes_little),
        LOG_TEST(test_a_long_fault_is_one_fault),
        LOG_TEST(test_a_flickering_fault_is_summed_up),
        LOG_TEST(test_a_fault_that_flickered_and_lasts),
        LOG_TEST(test_a_flickering_fault_of_many_kinds),
        LOG_TEST(test_a_flickering_gateway_writes_little),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
