#include "core/percent.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { ENCODED_MAX = 3 }; /* characters that a byte becomes */

static const char *const signs[] = {
    [PERCENT_NOTHING] = "",
    [PERCENT_COMPONENT] = "-._~",
    [PERCENT_SIGNS] = "-._~!$'()*,;:@/?",
    [PERCENT_PATH] = "-._~!$'()*,;:@/?&+=[]%",
    [PERCENT_TYPED_PATH] = "-._~!$'()*,;:@/?&+=[]%",
};

static bool is_encoded(const char *at)
{
    return *at == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]);
}

static bool stays(const char *at, enum percent_kept kept)
{
    unsigned char c = (unsigned char)*at;

    if (c == '%' && kept == PERCENT_TYPED_PATH)
        return is_encoded(at);
    return c < 0x80 && (isalnum(c) || strchr(signs[kept], c));
}

bool percent_encode(char *out, size_t size, const char *text, enum percent_kept kept)
{
    size_t used = 0;

    for (; *text && used + ENCODED_MAX + 1 <= size; text++) {
        if (stays(text, kept))
            out[used++] = *text;
        else
            used += (size_t)snprintf(out + used, size - used, "%%%02X", (unsigned char)*text);
    }
    out[used] = '\0';
    return !*text;
}
