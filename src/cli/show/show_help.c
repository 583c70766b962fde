#include "cli/show/show_help.h"

#include <stdio.h>

static const struct show_help_row statuses[] = {
    {"running", "it measures"},
    {"limited", "a power limit holds it below what it could make"},
    {"standby", "its gateway cannot hear it: night, or too far away"},
    {"starting", "no measurement has come yet"},
    {"error", "no values from its gateway; the reason is above the total"},
    {"offline", "its own program says that it is not connected"},
    {"no reply", "it is on the D-Bus, and does not answer"},
};

enum { STATUSES = sizeof statuses / sizeof statuses[0] };

static void term_cell(const void *row, const struct show_look *look, unsigned width,
                      struct show_cell *out)
{
    (void)look;
    (void)width;
    (void)snprintf(out->text, sizeof out->text, "%s", ((const struct show_help_row *)row)->term);
}

static void meaning_cell(const void *row, const struct show_look *look, unsigned width,
                         struct show_cell *out)
{
    (void)look;
    (void)width;
    (void)snprintf(out->text, sizeof out->text, "%s", ((const struct show_help_row *)row)->meaning);
}

static const struct show_column columns[] = {
    {"Column", NULL, 10, 10, 10, 0, false, false, term_cell},
    {"Meaning", NULL, 20, 100, 68, 0, false, false, meaning_cell},
};

static const void *row_at(const void *user, size_t i)
{
    return &((const struct show_help *)user)->rows[i];
}

struct show_table show_help_table(struct show_help *h, const struct show_table *of, bool gateways)
{
    size_t count = 0;

    for (size_t i = 0; i < of->column_count; i++)
        h->rows[count++] = (struct show_help_row){of->columns[i].title, of->columns[i].help};
    for (size_t i = 0; !gateways && i < STATUSES; i++)
        h->rows[count++] = statuses[i];
    return (struct show_table){.columns = columns,
                               .column_count = sizeof columns / sizeof columns[0],
                               .row = row_at,
                               .user = h,
                               .row_count = count};
}
