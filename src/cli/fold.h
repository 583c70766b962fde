/*
 * Text for a terminal that is narrower than its lines: broken between words, with what follows set in.
 * A word that is longer than a line stays whole, since an address or a path is to be copied.
 */
#ifndef DTU_CLI_FOLD_H
#define DTU_CLI_FOLD_H

#include <stdbool.h>
#include <stdio.h>

enum fold_kind {
    FOLD_LINES,      /* a report: each line by itself */
    FOLD_PARAGRAPHS, /* a help text: lines that belong together are wrapped again */
};

/*
 * Writes text (UTF-8) with no line longer than width columns; as it is where none is, and where width
 * is 0. What follows a line that was broken begins under its words, in a list ("  --all   the rest")
 * under those of the second column.
 */
void fold_text(FILE *out, const char *text, unsigned width, enum fold_kind kind);

/* The same for the width of out, if that is a terminal; 80 where it does not say how wide it is. */
void fold_print(FILE *out, const char *text, enum fold_kind kind);

#endif
