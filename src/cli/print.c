#include "cli/print.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

enum { LINE_MAX_BYTES = 1024 };

void print_line(FILE *out, const char *format, ...)
{
    char raw[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    text_copy(line, sizeof line, len < 0 ? "" : raw);
    fprintf(out, "%s\n", line);
}

bool print_lines(FILE *out, const char *text, size_t len)
{
    char *clean = malloc(len + 1);

    if (!clean)
        return false;
    memcpy(clean, text, len);
    len = text_clean_lines(clean, len);
    bool ok = fwrite(clean, 1, len, out) == len && fflush(out) == 0;
    free(clean);
    return ok;
}
