/* The format of captures: what is written is read again, and what is damaged is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/capture.h"

#define HEADER                              \
    "{\"capture\":1,\"program\":\"0.1.0\"," \
    "\"gateways\":[{\"gateway\":\"DEFAULT\",\"driver\":\"opendtu\",\"interval\":5000}]}\n"
#define REPLY                                                                   \
    "{\"t\":10,\"gateway\":\"DEFAULT\",\"driver\":\"opendtu\",\"path\":\"/a\"," \
    "\"outcome\":\"ok\",\"status\":200,\"ms\":5,\"body\":\"{}\"}\n"
#define END "{\"t\":20,\"end\":\"time\"}\n"

static struct capture *read_text(const char *text, char why[CAPTURE_WHY_MAX])
{
    why[0] = '\0';
    return capture_read(text, strlen(text), why);
}

static void assert_refused(const char *text, const char *expected)
{
    char why[CAPTURE_WHY_MAX];
    struct capture *c = read_text(text, why);

    if (c || strcmp(why, expected) != 0)
        fail_msg("%s\n%s\ninstead of\n%s", text, why, expected);
}

static void append(char *text, size_t size, char *line)
{
    assert_non_null(line);
    assert_true(strlen(text) + strlen(line) < size);
    strcat(text, line);
    free(line);
}

static void test_round_trip(void **state)
{
    static const char odd[] = "{\"name\":\"\xC3\xA4 \\\" \n\x01\"} <html>";
    struct capture c = {.program = "1.2.3",
                        .gateway_count = 2,
                        .gateways = {{"DEFAULT", "auto", 5000}, {"TEMPLATE0", "template", 1000}}};
    const struct capture_record records[] = {
        {.t_ms = 3,
         .path = "/x?a=b",
         .status = 200,
         .latency_ms = 2.5,
         .body = odd,
         .len = sizeof odd - 1},
        {.t_ms = 3,
         .gateway = 1,
         .path = "/y",
         .outcome = REPLY_BUSY,
         .status = 503,
         .retry_after_s = 7,
         .body = ""},
        {.t_ms = 900, .pushed = true, .body = "{}", .len = 2},
    };
    char text[4096] = "", why[CAPTURE_WHY_MAX] = "";

    (void)state;
    append(text, sizeof text, capture_write_header(&c));
    for (size_t i = 0; i < 3; i++)
        append(text, sizeof text, capture_write_record(&c, &records[i]));
    append(text, sizeof text, capture_write_end(1000, "time"));
    struct capture *read = read_text(text, why);
    assert_string_equal(why, "");
    assert_non_null(read);
    assert_string_equal(read->program, "1.2.3");
    assert_int_equal(read->gateway_count, 2);
    assert_string_equal(read->gateways[1].driver, "template");
    assert_int_equal(read->gateways[1].interval_ms, 1000);
    assert_int_equal(read->count, 3);
    assert_int_equal(read->end_ms, 1000);
    for (size_t i = 0; i < 3; i++) {
        const struct capture_record *a = &records[i], *b = &read->records[i];
        assert_int_equal(a->t_ms, b->t_ms);
        assert_int_equal(a->gateway, b->gateway);
        assert_int_equal(a->pushed, b->pushed);
        assert_int_equal(a->outcome, b->outcome);
        assert_int_equal(a->status, b->status);
        assert_int_equal(a->retry_after_s, b->retry_after_s);
        assert_true(a->latency_ms == b->latency_ms);
        assert_string_equal(a->body, b->body);
        assert_int_equal(a->len, b->len);
        assert_string_equal(a->path ? a->path : "", b->path ? b->path : "");
    }
    capture_free(read);
}

static void test_every_outcome(void **state)
{
    const struct capture c = {.program = "1",
                              .gateway_count = 1,
                              .gateways = {{"DEFAULT", "ahoy", 5000}}};
    char why[CAPTURE_WHY_MAX];

    (void)state;
    for (int o = REPLY_OK; o <= REPLY_FAILED; o++) {
        const struct capture_record r = {.path = "/", .outcome = (enum reply_outcome)o, .body = ""};
        char text[1024] = HEADER;
        append(text, sizeof text, capture_write_record(&c, &r));
        append(text, sizeof text, capture_write_end(1, "time"));
        struct capture *read = read_text(text, why);
        assert_non_null(read);
        assert_int_equal(read->records[0].outcome, o);
        capture_free(read);
    }
}

static void test_faults(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "line 1: the file is cut off behind this line"},
        {HEADER, "line 1: the file is cut off behind this line"},
        {HEADER REPLY, "line 2: the file is cut off behind this line"},
        {HEADER REPLY "{\"t\":20,\"end\":\"time\"}", "line 3: the file is cut off here"},
        {HEADER END END, "line 3: there is more behind the last line"},
        {"{}\n", "line 1: this is no capture of `dbus-opendtu support --capture`"},
        {"hello\n", "line 1: this is no object of JSON, or nested too deeply"},
        {"[1]\n", "line 1: this is no object of JSON, or nested too deeply"},
        {"{\"capture\":2}\n", "line 1: a capture of version 2; this program reads version 1"},
        {"{\"capture\":1,\"program\":\"x\"}\n",
         "line 1: \"program\" and \"gateways\" are not as they should be"},
        {"{\"capture\":1,\"program\":\"x\",\"gateways\":[{\"gateway\":\"A\"}]}\n",
         "line 1: one of \"gateways\" is not as it should be"},
        {HEADER "\n" END, "line 2: this is no object of JSON, or nested too deeply"},
        {HEADER "{\"t\":1}\n", "line 2: \"gateway\" is missing, or none of those of line 1"},
        {HEADER "{\"t\":1,\"gateway\":\"DTU9\",\"pushed\":\"\"}\n",
         "line 2: \"gateway\" is missing, or none of those of line 1"},
        {HEADER "{\"gateway\":\"DEFAULT\",\"pushed\":\"\"}\n",
         "line 2: \"t\" is missing, or out of range"},
        {HEADER "{\"t\":-1,\"end\":\"\"}\n", "line 2: \"t\" is missing, or out of range"},
        {HEADER "{\"t\":1e300,\"end\":\"\"}\n", "line 2: \"t\" is missing, or out of range"},
        {HEADER REPLY "{\"t\":9,\"end\":\"time\"}\n",
         "line 3: \"t\" is before that of the line above"},
        {HEADER "{\"t\":1,\"gateway\":\"DEFAULT\",\"path\":\"a\"}\n",
         "line 2: \"path\" is missing, or none"},
        {HEADER "{\"t\":1,\"gateway\":\"DEFAULT\",\"path\":\"/\",\"outcome\":\"fine\"}\n",
         "line 2: \"outcome\" is missing, or not known"},
        {HEADER "{\"t\":1,\"gateway\":\"DEFAULT\",\"path\":\"/\",\"outcome\":\"ok\",\"ms\":1e9}\n",
         "line 2: \"status\", \"retry_after\" or \"ms\" is out of range"},
        {HEADER "{\"t\":1,\"gateway\":\"DEFAULT\",\"path\":\"/\",\"outcome\":\"ok\",\"body\":{}}\n",
         "line 2: \"body\" is no text"},
        {HEADER "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
         "line 2: this is no object of JSON, or nested too deeply"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(cases[i].text, cases[i].why);
}

#define PUSHED_BEFORE_BODY "{\"t\":1,\"gateway\":\"DEFAULT\",\"pushed\":\""

/* A file of one line after the header, of that many bytes of body. */
static char *with_body(size_t body)
{
    static const char before[] = HEADER PUSHED_BEFORE_BODY, after[] = "\"}\n" END;
    char *text = malloc(sizeof before + body + sizeof after);

    assert_non_null(text);
    memcpy(text, before, sizeof before - 1);
    memset(text + sizeof before - 1, 'x', body);
    memcpy(text + sizeof before - 1 + body, after, sizeof after);
    return text;
}

static void test_limits(void **state)
{
    char why[CAPTURE_WHY_MAX];
    char *text = with_body(CAPTURE_BODY_MAX);
    struct capture *c = read_text(text, why);

    (void)state;
    assert_non_null(c);
    capture_free(c);
    free(text);
    text = with_body(CAPTURE_BODY_MAX + 1);
    assert_refused(text, "line 2: its body is longer than 256 KiB");
    free(text);
    text = with_body(CAPTURE_LINE_MAX);
    assert_refused(text, "line 2: longer than 1024 KiB");
    free(text);
    text = with_body(CAPTURE_LINE_MAX - (strlen(PUSHED_BEFORE_BODY) + strlen("\"}")));
    assert_refused(text, "line 2: its body is longer than 256 KiB"); /* the line just may be so */
    free(text);
    text = with_body(CAPTURE_LINE_MAX + 1 - (strlen(PUSHED_BEFORE_BODY) + strlen("\"}")));
    assert_refused(text, "line 2: longer than 1024 KiB");
    free(text);
    text = calloc(1, CAPTURE_FILE_MAX + 2);
    assert_non_null(text);
    assert_null(capture_read(text, CAPTURE_FILE_MAX, why)); /* it is looked into */
    assert_string_equal(why, "line 1: the file is cut off here");
    assert_null(capture_read(text, CAPTURE_FILE_MAX + 1, why));
    assert_string_equal(why, "longer than 16 MiB");
    free(text);
}

/* A header with one gateway of that section, driver and interval. */
static bool takes_header(const char *program, const char *section, const char *driver,
                         const char *interval)
{
    char text[500], why[CAPTURE_WHY_MAX];

    (void)snprintf(text, sizeof text,
                   "{\"capture\":1,\"program\":\"%s\",\"gateways\":[{\"gateway\":\"%s\",\"driver\":"
                   "\"%s\",\"interval\":%s}]}\n" END,
                   program, section, driver, interval);
    struct capture *c = read_text(text, why);
    capture_free(c);
    return c != NULL;
}

static const char *x_times(size_t n)
{
    static char text[100];

    assert_true(n < sizeof text);
    memset(text, 'x', n);
    text[n] = '\0';
    return text;
}

/* Each text as long as there is room for, and no longer; a day between two polls at most. */
static void test_a_header_just_fits(void **state)
{
    (void)state;
    assert_true(takes_header(x_times(CAPTURE_PROGRAM_MAX - 1), "A", "ahoy", "1"));
    assert_false(takes_header(x_times(CAPTURE_PROGRAM_MAX), "A", "ahoy", "1"));
    assert_false(takes_header("", "A", "ahoy", "1"));
    assert_true(takes_header("1", x_times(CONF_SECTION_MAX - 1), "ahoy", "1"));
    assert_false(takes_header("1", x_times(CONF_SECTION_MAX), "ahoy", "1"));
    assert_false(takes_header("1", "", "ahoy", "1"));
    assert_true(takes_header("1", "A", x_times(CAPTURE_DRIVER_MAX - 1), "1"));
    assert_false(takes_header("1", "A", x_times(CAPTURE_DRIVER_MAX), "1"));
    assert_false(takes_header("1", "A", "", "1"));
    assert_true(takes_header("1", "A", "ahoy", "0"));
    assert_true(takes_header("1", "A", "ahoy", "86400000"));
    assert_false(takes_header("1", "A", "ahoy", "86400001"));
    assert_false(takes_header("1", "A", "ahoy", "-1"));
    assert_false(takes_header("1", "A", "ahoy", "\"1\""));
    assert_true(takes_header("1", "A\",\"driver\":\"ahoy\"},{\"gateway\":\"B", "ahoy", "1"));
    /* No gateway is there twice. */
    assert_false(takes_header("1", "A\",\"driver\":\"ahoy\"},{\"gateway\":\"A", "ahoy", "1"));
}

static void test_as_many_gateways_as_there_may_be(void **state)
{
    static char text[CONF_GATEWAYS_MAX * 60 + 200];
    char why[CAPTURE_WHY_MAX];

    (void)state;
    for (size_t count = CONF_GATEWAYS_MAX; count <= CONF_GATEWAYS_MAX + 1; count++) {
        size_t len = (size_t)sprintf(text, "{\"capture\":1,\"program\":\"1\",\"gateways\":[");
        for (size_t g = 0; g < count; g++)
            len += (size_t)sprintf(text + len, "%s{\"gateway\":\"G%zu\",\"driver\":\"ahoy\"}",
                                   g ? "," : "", g);
        (void)sprintf(text + len, "]}\n" END);
        struct capture *c = read_text(text, why);
        if (count <= CONF_GATEWAYS_MAX) {
            assert_non_null(c);
            assert_int_equal(c->gateway_count, count);
        } else {
            assert_null(c);
        }
        capture_free(c);
    }
}

/* What a reply says in numbers: to the bounds, and not beyond. */
static void test_numbers_of_a_reply(void **state)
{
    static const struct {
        const char *members;
        bool good;
    } cases[] = {
        {"\"status\":999", true},
        {"\"status\":1000", false},
        {"\"status\":-1", false},
        {"\"status\":\"200\"", false},
        {"\"retry_after\":86400", true},
        {"\"retry_after\":86401", false},
        {"\"ms\":60000", true},
        {"\"ms\":60001", false},
        {"\"ms\":0", true},
        {"\"ms\":-0.5", false},
    };
    char text[700], why[CAPTURE_WHY_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(
            text, sizeof text,
            HEADER "{\"t\":1,\"gateway\":\"DEFAULT\",\"path\":\"/\",\"outcome\":\"ok\",%s}\n" END,
            cases[i].members);
        struct capture *c = read_text(text, why);
        if ((c != NULL) != cases[i].good)
            fail_msg("%s", cases[i].members);
        capture_free(c);
    }
}

static void test_paths(void **state)
{
    char text[MESSAGE_PATH_MAX + 500], path[MESSAGE_PATH_MAX + 1], why[CAPTURE_WHY_MAX];

    (void)state;
    memset(path, 'x', sizeof path);
    path[0] = '/';
    for (int len = MESSAGE_PATH_MAX - 1; len <= MESSAGE_PATH_MAX; len++) {
        (void)snprintf(
            text, sizeof text,
            HEADER "{\"t\":1,\"gateway\":\"DEFAULT\",\"path\":\"%.*s\",\"outcome\":\"ok\"}\n" END,
            len, path);
        struct capture *c = read_text(text, why);
        assert_int_equal(c != NULL, len < MESSAGE_PATH_MAX);
        if (c)
            assert_int_equal(strlen(c->records[0].path), len);
        capture_free(c);
    }
}

/* A capture takes a day at most; a time is believed up to twice that. */
static void test_times(void **state)
{
    static const struct {
        const char *t;
        bool good;
    } cases[] = {{"0", true}, {"172800000", true}, {"172800001", false}, {"\"1\"", false}};
    char text[500], why[CAPTURE_WHY_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(text, sizeof text, HEADER "{\"t\":%s,\"end\":\"time\"}\n", cases[i].t);
        struct capture *c = read_text(text, why);
        if ((c != NULL) != cases[i].good)
            fail_msg("t = %s", cases[i].t);
        capture_free(c);
    }
}

/* More than there was room for at first, and more again. */
static void test_many_records(void **state)
{
    enum { RECORDS = 300 };
    static char text[RECORDS * 60 + 400] = HEADER;
    char why[CAPTURE_WHY_MAX];
    size_t len = strlen(text);

    (void)state;
    for (unsigned n = 0; n < RECORDS; n++)
        len += (size_t)sprintf(text + len, "{\"t\":%u,\"gateway\":\"DEFAULT\",\"pushed\":\"%u\"}\n",
                               n, n);
    (void)sprintf(text + len, "{\"t\":%u,\"end\":\"time\"}\n", RECORDS);
    struct capture *c = read_text(text, why);
    assert_non_null(c);
    assert_int_equal(c->count, RECORDS);
    for (unsigned n = 0; n < RECORDS; n++)
        assert_int_equal(c->records[n].t_ms, atoi(c->records[n].body));
    capture_free(c);
}

/* Cut anywhere: refused, always with a line. */
static void test_cut_anywhere(void **state)
{
    static const char whole[] = HEADER REPLY END;

    (void)state;
    for (size_t len = 0; len + 1 < sizeof whole - 1; len++) {
        char why[CAPTURE_WHY_MAX] = "";
        char *text = strndup(whole, len);
        assert_null(capture_read(text, len, why));
        assert_int_equal(strncmp(why, "line ", 5), 0);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_outcome),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_a_header_just_fits),
        cmocka_unit_test(test_as_many_gateways_as_there_may_be),
        cmocka_unit_test(test_numbers_of_a_reply),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_many_records),
    };

    return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
