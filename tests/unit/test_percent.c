/* Text as a URL has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/percent.h"

static void assert_encoded(const char *text, enum percent_kept kept, const char *expected)
{
    char out[256];

    assert_true(percent_encode(out, sizeof out, text, kept));
    assert_string_equal(out, expected);
}

/* Each byte that there is, for each of the sets: encoded, or named here. */
static void what_stays(void **state)
{
    static const struct {
        enum percent_kept kept;
        const char *signs;
    } rows[] = {
        {PERCENT_NOTHING, ""},
        {PERCENT_COMPONENT, "-._~"},
        {PERCENT_SIGNS, "-._~!$'()*,;:@/?"},
        {PERCENT_PATH, "!$%&'()*+,-./:;=?@[]_~"},
        {PERCENT_TYPED_PATH, "!$&'()*+,-./:;=?@[]_~"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned c = 1; c < 256; c++) {
            const char text[] = {(char)c, '\0'};
            char encoded[4];
            (void)snprintf(encoded, sizeof encoded, "%%%02X", c);
            bool kept = c < 0x80 && (isalnum((int)c) || strchr(rows[i].signs, (int)c));
            assert_encoded(text, rows[i].kept, kept ? text : encoded);
        }
    }
}

static void whole_texts(void **state)
{
    (void)state;
    assert_encoded("", PERCENT_COMPONENT, "");
    assert_encoded("a b/\xC3\xBC", PERCENT_COMPONENT, "a%20b%2F%C3%BC");
    assert_encoded("/cm?cmnd=STATUS 8#", PERCENT_PATH, "/cm?cmnd=STATUS%208%23");
    assert_encoded("-", PERCENT_NOTHING, "%2D");
}

/* What somebody encoded already is not encoded again. */
static void a_percent_sign(void **state)
{
    (void)state;
    assert_encoded("/a%20b%2fc", PERCENT_TYPED_PATH, "/a%20b%2fc");
    assert_encoded("/50%", PERCENT_TYPED_PATH, "/50%25");
    assert_encoded("/%2", PERCENT_TYPED_PATH, "/%252");
    assert_encoded("/%g0%0g", PERCENT_TYPED_PATH, "/%25g0%250g");
    assert_encoded("/50%", PERCENT_PATH, "/50%");
    assert_encoded("%20", PERCENT_COMPONENT, "%2520");
}

static void what_does_not_fit(void **state)
{
    char out[8];

    (void)state;
    memset(out, 'x', sizeof out);
    assert_true(percent_encode(out, sizeof out, "abcd ", PERCENT_COMPONENT));
    assert_string_equal(out, "abcd%20");
    assert_false(percent_encode(out, sizeof out, "abcde ", PERCENT_COMPONENT));
    assert_string_equal(out, "abcde");
    assert_false(percent_encode(out, sizeof out, "abcdef", PERCENT_COMPONENT));
    assert_string_equal(out, "abcde");
    assert_false(percent_encode(out, 1, "a", PERCENT_COMPONENT));
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stays),
        cmocka_unit_test(whole_texts),
        cmocka_unit_test(a_percent_sign),
        cmocka_unit_test(what_does_not_fit),
    };

    return cmocka_run_group_tests_name("percent", tests, NULL, NULL);
}
