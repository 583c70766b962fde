#include "cli/show/show_reason.h"

#include <stdio.h>
#include <string.h>

#include "cli/show/show_text.h"

enum { REASONS_MAX = 3, INDENT = 2 };

struct reason {
    const struct show_row *first; /* of the devices that have it */
    size_t devices;
};

static bool same_reason(const struct show_row *a, const struct show_row *b)
{
    return strcmp(show_row_reason(a), show_row_reason(b)) == 0 &&
           strcmp(a->connection, b->connection) == 0;
}

static size_t collect(const struct show_model *m, struct reason out[REASONS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < show_model_count(m); i++) {
        const struct show_row *row = show_model_row(m, i);
        size_t at = 0;
        while (at < count && !same_reason(out[at].first, row))
            at++;
        if (at < count)
            out[at].devices++;
        else if (show_row_reason(row)[0] && count < REASONS_MAX)
            out[count++] = (struct reason){.first = row, .devices = 1};
    }
    return count;
}

/* How many bytes of a text go into a line: whole words, or all that fits where there is one word only. */
static size_t fitting(const char *text, unsigned width, bool utf8)
{
    char part[SHOW_REASON_TEXT];
    size_t best = 0, len = strlen(text);

    for (size_t i = 0; i <= len && i < sizeof part; i++) {
        if (text[i] != ' ' && text[i] != '\0')
            continue;
        memcpy(part, text, i);
        part[i] = '\0';
        if (best && show_text_width(part, utf8) > width)
            break;
        best = i;
    }
    return best;
}

static void put_lines(struct show_reasons *r, const char *text, unsigned width, bool utf8)
{
    unsigned indent = 0;

    while (*text && r->count < SHOW_REASON_LINES) {
        size_t len = width > indent ? fitting(text, width - indent, utf8) : strlen(text);
        (void)snprintf(r->line[r->count++], SHOW_REASON_TEXT, "%*s%.*s", (int)indent, "", (int)len,
                       text);
        text += len;
        text += strspn(text, " ");
        indent = INDENT;
    }
}

void show_reasons(struct show_reasons *r, const struct show_model *m, unsigned width, bool utf8)
{
    struct reason reasons[REASONS_MAX];
    size_t count = collect(m, reasons);
    char text[SHOW_REASON_TEXT], more[32];

    r->count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct show_row *row = reasons[i].first;
        const char *title = show_row_title(row);
        more[0] = '\0';
        if (reasons[i].devices > 1)
            (void)snprintf(more, sizeof more, " and %zu more", reasons[i].devices - 1);
        (void)snprintf(text, sizeof text, "error: %s (%s%s)", show_row_reason(row),
                       title[0] ? title : row->service, more);
        put_lines(r, text, width, utf8);
    }
    for (size_t i = 0; show_page_line(show_model_absent(m), i, text, sizeof text)[0]; i++)
        put_lines(r, text, width, utf8);
}
