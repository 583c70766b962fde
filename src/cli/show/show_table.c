#include "cli/show/show_table.h"

#include <string.h>

enum { GAP_MAX = 2, NAME_MIN = 3 };

/* ---- colour ---- */

static const char *const tones[] = {
    [SHOW_NORMAL] = "",          [SHOW_FAINT] = "\x1b[2m",  [SHOW_GOOD] = "\x1b[32m",
    [SHOW_WARNING] = "\x1b[33m", [SHOW_BAD] = "\x1b[1;31m",
};

void show_tone_begin(struct show_text *t, const struct show_look *look, enum show_tone tone)
{
    if (look->color)
        show_text_puts(t, tones[tone]);
}

void show_tone_end(struct show_text *t, const struct show_look *look, enum show_tone tone)
{
    if (look->color && tones[tone][0])
        show_text_puts(t, "\x1b[0m");
}

/* ---- widths ---- */

static bool is_filled(const char *text)
{
    return text[0] && strcmp(text, "-") != 0;
}

/* The widest text of a column, within its limits; 0 when it has nothing to show. */
static unsigned natural(const struct show_table *t, const struct show_column *c,
                        const struct show_look *look)
{
    size_t widest = strlen(c->title);
    bool filled = false;
    struct show_cell cell;

    for (size_t i = 0; i < t->row_count; i++) {
        cell = (struct show_cell){0};
        c->cell(t->row(t->user, i), look, c->max, &cell);
        size_t width = show_text_width(cell.text, look->utf8);
        widest = width > widest ? width : widest;
        filled = filled || is_filled(cell.text);
    }
    if (c->when_filled && !filled)
        return 0;
    if (widest < c->min)
        return c->min;
    return widest < c->max ? (unsigned)widest : c->max;
}

static unsigned total(const struct show_table *t, const struct show_layout *l)
{
    unsigned sum = 0, shown = 0;

    for (size_t i = 0; i < t->column_count; i++) {
        sum += l->width[i];
        shown += l->width[i] > 0;
    }
    return shown ? sum + (shown - 1) * l->gap : 0;
}

/* Takes away the least important column; false when only those are left that stay. */
static bool drop_one(const struct show_table *t, struct show_layout *l)
{
    size_t least = 0;

    for (size_t i = 1; i < t->column_count; i++) {
        if (l->width[i] && (!l->width[least] || t->columns[i].rank > t->columns[least].rank))
            least = i;
    }
    if (!l->width[least] || !t->columns[least].rank)
        return false;
    l->width[least] = 0;
    return true;
}

/* Each as wide as it would like, the first ones first, in what the others leave. */
static void grow(const struct show_table *t, const unsigned *wanted, unsigned width,
                 struct show_layout *l)
{
    for (size_t i = 0; i < t->column_count; i++) {
        unsigned used = total(t, l);
        if (!l->width[i] || used >= width || wanted[i] <= l->width[i])
            continue;
        unsigned more = wanted[i] - l->width[i];
        l->width[i] += more < width - used ? more : width - used;
    }
}

void show_layout(const struct show_table *t, const struct show_look *look, struct show_layout *out)
{
    unsigned wanted[SHOW_COLUMNS_MAX];

    *out = (struct show_layout){.gap = GAP_MAX};
    for (size_t i = 0; i < t->column_count; i++)
        out->width[i] = wanted[i] = natural(t, &t->columns[i], look);
    if (!look->width || total(t, out) <= look->width)
        return;
    out->gap = 1;
    for (size_t i = 0; i < t->column_count; i++) {
        if (wanted[i] > t->columns[i].min)
            out->width[i] = t->columns[i].min;
    }
    while (total(t, out) > look->width && drop_one(t, out))
        continue;
    /* A name can be cut, a number cannot: it would be another one. */
    while (total(t, out) > look->width && out->width[0] > NAME_MIN)
        out->width[0]--;
    grow(t, wanted, look->width, out);
}

void show_layout_fixed(const struct show_table *t, struct show_layout *out)
{
    *out = (struct show_layout){.gap = 1};
    for (size_t i = 0; i < t->column_count; i++)
        out->width[i] = t->columns[i].fixed;
}

/* ---- lines ---- */

/* The width that is left for a column: the terminal may be narrower than the columns that stay. */
static unsigned fitting(const struct show_look *look, unsigned at, unsigned width)
{
    if (!look->width || at + width <= look->width)
        return width;
    return at < look->width ? look->width - at : 0;
}

static void put_cell(struct show_text *out, const struct show_look *look, bool right,
                     unsigned width, const struct show_cell *cell)
{
    show_tone_begin(out, look, cell->tone);
    show_text_cell(out, cell->text, width, right, look->utf8);
    show_tone_end(out, look, cell->tone);
}

static void put_line(const struct show_table *t, const struct show_layout *l,
                     const struct show_look *look, const void *row, struct show_text *out)
{
    unsigned at = 0;

    for (size_t i = 0; i < t->column_count; i++) {
        const struct show_column *c = &t->columns[i];
        struct show_cell cell = {0};
        if (!l->width[i])
            continue;
        unsigned gap = fitting(look, at, at ? l->gap : 0);
        unsigned width = fitting(look, at + gap, l->width[i]);
        show_text_fill(out, ' ', gap);
        if (row)
            c->cell(row, look, width, &cell);
        else
            strcpy(cell.text, c->title);
        put_cell(out, look, c->right, width, &cell);
        at += gap + width;
    }
}

void show_table_head(const struct show_table *t, const struct show_layout *l,
                     const struct show_look *look, struct show_text *out)
{
    if (look->color)
        show_text_puts(out, "\x1b[1m");
    put_line(t, l, look, NULL, out);
    if (look->color)
        show_text_puts(out, "\x1b[0m");
}

void show_table_row(const struct show_table *t, const struct show_layout *l,
                    const struct show_look *look, const void *row, struct show_text *out)
{
    put_line(t, l, look, row, out);
}
