#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

/* The characters that are replaced, written down a second time. */
static bool is_bad(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFFFE ||
           c == 0xFFFF;
}

static bool is_blank(uint32_t c)
{
    return (c >= 9 && c <= 13) || c == 0x2028 || c == 0x2029;
}

static size_t encode(uint32_t c, char *out)
{
    if (c < 0x80)
        return out[0] = (char)c, 1;
    if (c < 0x800)
        return out[0] = (char)(0xC0 | c >> 6), out[1] = (char)(0x80 | (c & 0x3F)), 2;
    if (c < 0x10000)
        return out[0] = (char)(0xE0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 0x3F)),
               out[2] = (char)(0x80 | (c & 0x3F)), 3;
    return out[0] = (char)(0xF0 | c >> 18), out[1] = (char)(0x80 | (c >> 12 & 0x3F)),
           out[2] = (char)(0x80 | (c >> 6 & 0x3F)), out[3] = (char)(0x80 | (c & 0x3F)), 4;
}

/* ---- characters ---- */

static void reads_every_character(void **state)
{
    char bytes[4];
    uint32_t code;

    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        size_t len = encode(c, bytes);
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        code = 0xFFFFFFFF;
        assert_int_equal(text_char(bytes, len, &code), surrogate ? 0 : len);
        if (!surrogate)
            assert_int_equal(code, c);
        assert_int_equal(text_char(bytes, len - 1, NULL), 0);
    }
}

static void assert_no_character(const char *bytes)
{
    assert_int_equal(text_char(bytes, strlen(bytes), NULL), 0);
}

static void knows_what_is_no_character(void **state)
{
    assert_no_character("");
    assert_no_character("\x80");
    assert_no_character("\x9B");             /* CSI as one byte */
    assert_no_character("\xC0\xAF");         /* overlong */
    assert_no_character("\xE0\x80\xAF");     /* overlong */
    assert_no_character("\xF0\x80\x80\xAF"); /* overlong */
    assert_no_character("\xED\xA0\x80");     /* surrogate */
    assert_no_character("\xF4\x90\x80\x80"); /* beyond U+10FFFF */
    assert_no_character("\xF8\x88\x80\x80\x80");
    assert_no_character("\xFF");
    assert_no_character("\xE2\x98"); /* cut off */
    assert_no_character("\xE2\x98X");
}

/* ---- copies ---- */

static void assert_copies(size_t size, const char *src, const char *expected)
{
    char out[64];

    memset(out, 'x', sizeof out);
    text_copy(out, size, src);
    assert_string_equal(out, expected);
    assert_int_equal(out[size], 'x');
}

static void copies_text(void **state)
{
    assert_copies(32, "Garage", "Garage");
    assert_copies(32, "", "");
    assert_copies(32, NULL, "");
    assert_copies(4, "Garage", "Gar");
    assert_copies(1, "Garage", "");
    text_copy(NULL, 0, "Garage"); /* a size of 0 touches nothing */
}

static void cuts_at_whole_characters(void **state)
{
    assert_copies(32, "S\u00FCdost \u2600 \U0001F600", "S\u00FCdost \u2600 \U0001F600");
    assert_copies(3, "S\u00FCd", "S");
    assert_copies(4, "S\u00FCd", "S\u00FC");
    assert_copies(4, "\U0001F600", "");
    assert_copies(5, "\U0001F600", "\U0001F600");
}

static void replaces_what_breaks_a_bus_or_a_log(void **state)
{
    assert_copies(32, "a\nb\tc\x1B[0m\x7F", "a b c?[0m?");
    assert_copies(32,
                  "a\xC2\x9B"
                  "31m",
                  "a?31m"); /* C1 */
    assert_copies(32,
                  "a\x9B"
                  "31m",
                  "a?31m");                   /* C1 as one byte */
    assert_copies(32, "\xFCmlaut", "?mlaut"); /* Latin-1 */
    assert_copies(32, "\xC0\xAF", "??");
    assert_copies(32, "\xE2\x98X", "??X");
    assert_copies(32, "www\u202Egro\u2066.\u2069", "www?gro?.?");
    assert_copies(32, "line\u2028end\u2029", "line end ");
    assert_copies(32, "\xEF\xBF\xBE|\xEF\xBF\xBF", "?|?");
    assert_copies(32, "\u200F\u0627 \uFEFF\uFFFD", "\u200F\u0627 \uFEFF\uFFFD"); /* harmless */
}

static void replaces_every_bad_character_and_no_other(void **state)
{
    char bytes[5], expected[5], out[5];

    for (uint32_t c = 1; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        size_t len = encode(c, bytes);
        bytes[len] = '\0';
        strcpy(expected, is_blank(c) ? " " : is_bad(c) ? "?" : bytes);
        text_copy(out, sizeof out, bytes);
        if (strcmp(out, expected) != 0)
            fail_msg("U+%04X becomes \"%s\"", (unsigned)c, out);
    }
}

/* Every sequence of up to three bytes: the copy is always what libdbus carries. */
static void copies_are_always_valid(void **state)
{
    char src[4], out[8];

    for (unsigned n = 1; n < 1u << 24; n += n < 1u << 16 ? 1 : 37) {
        src[0] = (char)(n & 0xFF);
        src[1] = (char)(n >> 8 & 0xFF);
        src[2] = (char)(n >> 16);
        src[3] = '\0';
        text_copy(out, sizeof out, src);
        if (!dbus_validate_utf8(out, NULL))
            fail_msg("%06x", n);
    }
}

/* ---- in place ---- */

static void cleans_in_place(void **state)
{
    char text[] = "\x1B[2J\xEF\xBF\xBF \u202Eabc\xFF \u00FC\n";

    text_clean(text);
    assert_string_equal(text, "?[2J? ?abc? \u00FC ");
    text_clean(text);
    assert_string_equal(text, "?[2J? ?abc? \u00FC ");
    text[0] = '\0';
    text_clean(text);
    assert_string_equal(text, "");
}

static void keeps_lines(void **state)
{
    static const char dirty[] = "{\r\n\t\"a\": \"\x1B\x9B\0\u202E\"\n}\n\xC3";
    static const char expected[] = "{ \n\t\"a\": \"????\"\n}\n?";
    char *text = malloc(sizeof dirty - 1); /* of its own size, so that the sanitizer sees its end */

    memcpy(text, dirty, sizeof dirty - 1);
    size_t len = text_clean_lines(text, sizeof dirty - 1);
    assert_int_equal(len, sizeof expected - 1);
    assert_memory_equal(text, expected, len);
    assert_int_equal(text_clean_lines(text, len), len);
    assert_memory_equal(text, expected, len);
    assert_int_equal(text_clean_lines(text, 0), 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_character),
        cmocka_unit_test(knows_what_is_no_character),
        cmocka_unit_test(copies_text),
        cmocka_unit_test(cuts_at_whole_characters),
        cmocka_unit_test(replaces_what_breaks_a_bus_or_a_log),
        cmocka_unit_test(replaces_every_bad_character_and_no_other),
        cmocka_unit_test(copies_are_always_valid),
        cmocka_unit_test(cleans_in_place),
        cmocka_unit_test(keeps_lines),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
