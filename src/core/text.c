#include "core/text.h"

#include <stdbool.h>
#include <string.h>

struct range {
    uint32_t first, last;
};

/* What ends a line or is a tab. NEL (U+0085) is a control character to a terminal. */
static const struct range blanks[] = {{0x0009, 0x000D}, {0x2028, 0x2029}};

static const struct range replaced[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F}, {0x202A, 0x202E}, {0x2066, 0x2069}, {0xFFFE, 0xFFFF},
};

static bool within(uint32_t c, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    }
    return false;
}

/* By the first byte; 0 where no character begins with it. */
static size_t length_of(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

size_t text_char(const char *s, size_t len, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length: less is overlong */
    unsigned char first = len ? (unsigned char)s[0] : 0xFF;
    size_t length = length_of(first);

    if (!length || length > len)
        return 0;
    uint32_t c = length == 1 ? first : first & (0x7FU >> length);
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char)s[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | ((unsigned char)s[i] & 0x3FU);
    }
    if (c < least[length] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    if (code)
        *code = c;
    return length;
}

/* What the bytes at s become. */
struct piece {
    size_t taken; /* bytes at s */
    const char *text;
    size_t len; /* never more than taken */
};

static struct piece clean_piece(const char *s, size_t len, bool lines)
{
    uint32_t c = 0;

    if (*s >= ' ' && *s <= '~') /* nearly all of it: no need to look it up */
        return (struct piece){1, s, 1};
    size_t taken = text_char(s, len, &c);
    if (!taken)
        return (struct piece){1, "?", 1};
    if (lines && (c == '\n' || c == '\t'))
        return (struct piece){taken, s, taken};
    if (within(c, blanks, sizeof blanks / sizeof blanks[0]))
        return (struct piece){taken, " ", 1};
    if (within(c, replaced, sizeof replaced / sizeof replaced[0]))
        return (struct piece){taken, "?", 1};
    return (struct piece){taken, s, taken};
}

void text_copy(char *dst, size_t size, const char *src)
{
    size_t used = 0, left = src ? strlen(src) : 0;

    if (!size)
        return;
    while (left > 0) {
        struct piece p = clean_piece(src, left, false);
        if (used + p.len >= size)
            break;
        memcpy(dst + used, p.text, p.len);
        used += p.len;
        src += p.taken;
        left -= p.taken;
    }
    dst[used] = '\0';
}

static size_t clean(char *text, size_t len, bool lines)
{
    size_t used = 0;

    for (size_t at = 0; at < len;) {
        struct piece p = clean_piece(text + at, len - at, lines);
        memmove(text + used, p.text, p.len);
        used += p.len;
        at += p.taken;
    }
    return used;
}

void text_clean(char *text)
{
    text[clean(text, strlen(text), false)] = '\0';
}

size_t text_clean_lines(char *text, size_t len)
{
    return clean(text, len, true);
}
