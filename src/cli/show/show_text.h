/*
 * Text of `show`: what grows while it is written, and how wide it is on a terminal. Pure.
 */
#ifndef DTU_CLI_SHOW_TEXT_H
#define DTU_CLI_SHOW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Zero it before the first use; data is NUL-terminated, NULL while nothing was put. */
struct show_text {
    char *data;
    size_t len, capacity;
    bool failed; /* out of memory: what did not fit is left out */
};

void show_text_put(struct show_text *t, const char *text, size_t len);
void show_text_puts(struct show_text *t, const char *text);
void show_text_printf(struct show_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void show_text_fill(struct show_text *t, char c, size_t count);
void show_text_reset(struct show_text *t); /* empty, the memory is kept */
void show_text_finish(struct show_text *t);

/*
 * Copies what another process said, cleaned (core/text.h) and without characters of no width, so that
 * the columns of a table hold. Cut to size at a whole character. src may be NULL (gives "").
 */
void show_text_clean(char *dst, size_t size, const char *src);

/* Columns of a terminal that a cleaned text takes; each character but ASCII is '?' without utf8. */
size_t show_text_width(const char *text, bool utf8);

/* As much of a cleaned text as fits, with an ellipsis where it was cut, filled up to width. */
void show_text_cell(struct show_text *t, const char *text, size_t width, bool right, bool utf8);

#endif
