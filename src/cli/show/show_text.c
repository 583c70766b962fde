#include "cli/show/show_text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/reading.h"
#include "core/text.h"

enum { FIRST_CAPACITY = 1024, CLEAN_MAX = 1024 };

/* ---- growing ---- */

static bool reserve(struct show_text *t, size_t len)
{
    size_t capacity = t->capacity ? t->capacity : FIRST_CAPACITY;

    if (t->failed)
        return false;
    while (capacity - t->len <= len)
        capacity *= 2;
    if (capacity == t->capacity)
        return true;
    char *data = realloc(t->data, capacity);
    if (!data) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->capacity = capacity;
    return true;
}

void show_text_put(struct show_text *t, const char *text, size_t len)
{
    if (!reserve(t, len))
        return;
    memcpy(t->data + t->len, text, len);
    t->len += len;
    t->data[t->len] = '\0';
}

void show_text_puts(struct show_text *t, const char *text)
{
    show_text_put(t, text, strlen(text));
}

void show_text_printf(struct show_text *t, const char *format, ...)
{
    char line[1024];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len > 0)
        show_text_put(t, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
}

void show_text_fill(struct show_text *t, char c, size_t count)
{
    if (!reserve(t, count))
        return;
    memset(t->data + t->len, c, count);
    t->len += count;
    t->data[t->len] = '\0';
}

void show_text_reset(struct show_text *t)
{
    t->len = 0;
    t->failed = false;
    if (t->data)
        t->data[0] = '\0';
}

void show_text_finish(struct show_text *t)
{
    free(t->data);
    *t = (struct show_text){0};
}

/* ---- characters ---- */

struct range {
    uint32_t first, last;
};

/* No width of their own: accents that combine, joiners, variation selectors. */
static const struct range combining[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},   {0x064B, 0x065F},
    {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},   {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x20D0, 0x20F0},   {0xFE00, 0xFE0F},
    {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0x1F3FB, 0x1F3FF}, {0xE0000, 0xE01EF},
};

/* Two columns: East Asian scripts and pictures. */
static const struct range wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
    {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x2728, 0x2728},   {0x2B50, 0x2B50},
    {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F19A}, {0x1F200, 0x1F320},
    {0x1F32D, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F7E0, 0x1F7EB}, {0x1F90C, 0x1FAFF},
    {0x20000, 0x3FFFD},
};

/*
 * Left out: of no width, and terminals disagree about it. What is dangerous is gone already.
 */
static const struct range left_out[] = {
    {0x061C, 0x061C}, {0x200B, 0x200F}, {0x2060, 0x206F},    {0xFEFF, 0xFEFF},
    {0xFFF9, 0xFFFB}, {0xE000, 0xF8FF}, {0xE0000, 0x10FFFF},
};

static bool within(uint32_t c, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    }
    return false;
}

#define WITHIN(c, ranges) within(c, ranges, sizeof(ranges) / sizeof((ranges)[0]))

/* The character at s of a cleaned text, with its bytes. */
static uint32_t decode(const char *s, size_t *bytes)
{
    uint32_t c = 0;

    *bytes = text_char(s, strnlen(s, 4), &c);
    if (!*bytes)
        *bytes = 1;
    return c;
}

static size_t char_width(uint32_t c, bool utf8)
{
    if (WITHIN(c, combining))
        return 0;
    return utf8 && WITHIN(c, wide) ? 2 : 1;
}

void show_text_clean(char *dst, size_t size, const char *src)
{
    char clean[CLEAN_MAX];
    size_t used = 0, bytes;

    if (!size)
        return;
    text_copy(clean, sizeof clean, src);
    for (const char *s = clean; *s; s += bytes) {
        if (WITHIN(decode(s, &bytes), left_out))
            continue;
        if (used + bytes >= size)
            break;
        memcpy(dst + used, s, bytes);
        used += bytes;
    }
    dst[used] = '\0';
}

size_t show_text_width(const char *text, bool utf8)
{
    size_t width = 0, bytes;

    for (; *text; text += bytes)
        width += char_width(decode(text, &bytes), utf8);
    return width;
}

/* Puts characters while they fit into width; returns the columns that they took. */
static size_t put_fitting(struct show_text *t, const char *text, size_t width, bool utf8)
{
    size_t used = 0, bytes;

    for (; *text; text += bytes) {
        uint32_t c = decode(text, &bytes);
        size_t columns = char_width(c, utf8);
        if (used + columns > width)
            break;
        if (utf8 || c < 0x80)
            show_text_put(t, text, bytes);
        else if (columns)
            show_text_puts(t, "?");
        used += columns;
    }
    return used;
}

void show_text_cell(struct show_text *t, const char *text, size_t width, bool right, bool utf8)
{
    size_t wanted = show_text_width(text, utf8);

    if (wanted <= width) {
        if (right)
            show_text_fill(t, ' ', width - wanted);
        put_fitting(t, text, width, utf8);
        if (!right)
            show_text_fill(t, ' ', width - wanted);
        return;
    }
    if (!width)
        return;
    size_t used = put_fitting(t, text, width - 1, utf8);
    show_text_puts(t, utf8 ? "\xE2\x80\xA6" : "~");
    show_text_fill(t, ' ', width - 1 - used);
}
