/*
 * A terminal for a program that draws whole screens: raw keys, the alternate screen, its size, and
 * all of it put back. No curses: the sequences that every terminal since the VT220 understands.
 *
 * Ctrl-C, Ctrl-\ and Ctrl-Z stay signals. Whoever owns the terminal calls terminal_close() before
 * each way out, terminal_leave() before it lets itself be stopped, and terminal_enter() after it.
 */
#ifndef DTU_EDGE_TERMINAL_H
#define DTU_EDGE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "edge/sys/loop.h"

/* A printable key is its byte; a function key one of these. */
enum {
    TERMINAL_UP = 256,
    TERMINAL_DOWN,
    TERMINAL_PAGE_UP,
    TERMINAL_PAGE_DOWN,
    TERMINAL_HOME,
    TERMINAL_END,
};

/* Whether out is a terminal that knows colours, and whose owner wants them: NO_COLOR is not set, or empty. */
bool terminal_takes_color(int out);

typedef void (*terminal_key_fn)(void *user, int key);

struct terminal;

/*
 * out: a terminal. in: where keys come from; none do when it is no terminal. Not entered yet. Both
 * stay the caller's. NULL when out of memory.
 */
struct terminal *terminal_open(struct loop *l, int in, int out, terminal_key_fn key, void *user);
void terminal_close(struct terminal *t); /* leaves; NULL is fine */

void terminal_enter(struct terminal *t); /* again, too: what another program did to it is undone */
void terminal_leave(struct terminal *t);

/* At least 1 each; 80 by 24 where the terminal does not know. */
void terminal_size(const struct terminal *t, unsigned *width, unsigned *height);

/*
 * Shows lines, each at most the terminal's width, ended by '\n': one write of the lines that differ
 * from what is there. False when the terminal takes nothing at present (Ctrl-S); then draw again
 * later. The first frame after terminal_enter(), terminal_redraw() or another size is whole.
 */
bool terminal_draw(struct terminal *t, const char *lines, size_t len);
void terminal_redraw(struct terminal *t);

#endif
