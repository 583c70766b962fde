/*
 * The model of `show` as tables of text: for a screen of a given size, for a file, as lines. Pure.
 */
#ifndef DTU_CLI_SHOW_VIEW_H
#define DTU_CLI_SHOW_VIEW_H

#include "cli/show/show_model.h"
#include "cli/show/show_text.h"

struct show_look {
    unsigned width;  /* columns; 0: as many as it takes */
    unsigned height; /* lines of a screen */
    bool color, utf8;
    bool history;     /* with the power's history, which takes time to come about */
    bool gateways;    /* the gateways' health in place of the services */
    bool help;        /* what the columns mean, in place of the table */
    const char *note; /* lines above the table, where there is room; NULL: none */
    int64_t now_ms;
};

/*
 * A whole screen: note, head, rows, reasons of errors, totals, keys; each line ends with '\n' but the last, none is
 * longer than width, and there are height of them. *scroll is the first row that is wanted, and is
 * put right. Returns how many rows fit.
 */
size_t show_view_screen(const struct show_model *m, const struct show_look *look, size_t *scroll,
                        struct show_text *out);

/* The table by itself: head, all rows, reasons of errors, totals. */
void show_view_table(const struct show_model *m, const struct show_look *look,
                     struct show_text *out);

/* For a stream of lines: columns of the same width in each, whatever is in them. */
void show_view_head(const struct show_look *look, struct show_text *out);
void show_view_line(const struct show_row *row, const struct show_look *look,
                    struct show_text *out);

/*
 * JSON: a row as an object in one line; {"services": [...], "total": {...}}, or with
 * look->gateways {"gateways": [...]}, in one line too. null is "not known".
 */
void show_view_json_row(const struct show_row *row, int64_t now_ms, struct show_text *out);
void show_view_json_gone(const char *service, struct show_text *out);
void show_view_json(const struct show_model *m, const struct show_look *look,
                    struct show_text *out);

#endif
