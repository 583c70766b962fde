/*
 * Whatever others write: once cleaned, it is UTF-8 without what drives a terminal, turns the direction or is
 * no XML. What is looked for is written down here a second time, as bytes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

static bool begins(const char *s, size_t len, const char *with, unsigned char low,
                   unsigned char high)
{
    size_t n = strlen(with);

    return len > n && memcmp(s, with, n) == 0 && (unsigned char)s[n] >= low &&
           (unsigned char)s[n] <= high;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static void check(const char *s, size_t len, bool lines)
{
    for (size_t at = 0; at < len;) {
        const char *c = s + at;
        size_t left = len - at, bytes = text_char(c, left, NULL);
        if (!bytes || bytes > left)
            abort();
        for (size_t i = 1; i < bytes; i++)
            if (!is_continuation(c[i]))
                abort();
        if (begins(c, left, "", 0, 0x1F) && !(lines && (*c == '\n' || *c == '\t')))
            abort();
        if (*c == 0x7F || begins(c, left, "\xC2", 0x80, 0x9F) ||
            begins(c, left, "\xE2\x80", 0xA8, 0xAE) || begins(c, left, "\xE2\x81", 0xA6, 0xA9) ||
            begins(c, left, "\xEF\xBF", 0xBE, 0xBF) || begins(c, left, "\xED", 0xA0, 0xBF))
            abort();
        at += bytes;
    }
}

static void check_same(const char *a, const char *b, size_t len)
{
    if (memcmp(a, b, len) != 0)
        abort();
}

static void clean_lines(const uint8_t *data, size_t size)
{
    char *text = malloc(size ? size : 1), *again = malloc(size ? size : 1);

    if (text && again && size) {
        memcpy(text, data, size);
        size_t len = text_clean_lines(text, size);
        if (len > size)
            abort();
        check(text, len, true);
        memcpy(again, text, len);
        if (text_clean_lines(again, len) != len)
            abort();
        check_same(text, again, len);
    }
    free(text);
    free(again);
}

static void clean_line(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *copy = malloc(size + 1), small[16];

    if (text && copy) {
        if (size)
            memcpy(text, data, size);
        text[size] = '\0';
        text_copy(copy, size + 1, text);
        text_copy(small, sizeof small, text);
        text_clean(text);
        check(text, strlen(text), false);
        check_same(text, copy, strlen(text) + 1); /* no text grows, so all of it fits */
        if (strlen(small) >= sizeof small || strncmp(text, small, strlen(small)) != 0)
            abort();
        check(small, strlen(small), false);
    }
    free(text);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    clean_lines(data, size);
    clean_line(data, size);
    return 0;
}
