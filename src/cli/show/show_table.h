/*
 * Tables of text: which columns there is room for, and how wide they are. Pure.
 */
#ifndef DTU_CLI_SHOW_TABLE_H
#define DTU_CLI_SHOW_TABLE_H

#include "cli/show/show_model.h"
#include "cli/show/show_text.h"
#include "cli/show/show_view.h"

enum { SHOW_COLUMNS_MAX = 16 };

struct show_cell {
    char text[SHOW_TEXT_MAX + 32];
    enum show_tone tone;
};

struct show_column {
    const char *title;
    const char *help;  /* what it means, in a line */
    unsigned min, max; /* columns of a terminal; as wide as its widest text between these */
    unsigned fixed;    /* in a stream of lines; 0: not there */
    unsigned rank;     /* 0 stays; else the highest goes first when there is too little room */
    bool right;
    bool when_filled; /* left out while no row has anything in it */
    void (*cell)(const void *row, const struct show_look *look, unsigned width,
                 struct show_cell *out);
};

struct show_table {
    const struct show_column *columns;
    size_t column_count;
    const void *(*row)(const void *user, size_t i);
    const void *user;
    size_t row_count;
};

struct show_layout {
    unsigned width[SHOW_COLUMNS_MAX]; /* 0: not shown */
    unsigned gap;
};

void show_layout(const struct show_table *t, const struct show_look *look, struct show_layout *out);
void show_layout_fixed(const struct show_table *t, struct show_layout *out);

/* A line each, without its end. Never wider than look->width. */
void show_table_head(const struct show_table *t, const struct show_layout *l,
                     const struct show_look *look, struct show_text *out);
void show_table_row(const struct show_table *t, const struct show_layout *l,
                    const struct show_look *look, const void *row, struct show_text *out);

/* SGR sequences around what is put between; nothing without colour. */
void show_tone_begin(struct show_text *t, const struct show_look *look, enum show_tone tone);
void show_tone_end(struct show_text *t, const struct show_look *look, enum show_tone tone);

#endif
