#include "edge/sys/terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ENTER "\x1b[?1049h\x1b[?25l\x1b[?7l" /* alternate screen, no cursor, no wrapping */
#define LEAVE "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"

enum { KEY_MAX = 16, WRITE_TRIES = 100, WRITE_WAIT_MS = 20 };

struct terminal {
    struct loop *loop;
    int in, out;
    terminal_key_fn key;
    void *user;
    struct loop_fd *fd;
    bool entered, has_before;
    struct termios before;
    char pending[KEY_MAX]; /* of a sequence that has not ended */
    size_t pending_len;
    char *shown; /* the lines that are on the screen; NULL: not known */
    size_t shown_len;
    unsigned width, height; /* when they were drawn */
};

/* ---- keys ---- */

static const struct {
    const char *sequence;
    int key;
} sequences[] = {
    {"[A", TERMINAL_UP},    {"OA", TERMINAL_UP},       {"[B", TERMINAL_DOWN},
    {"OB", TERMINAL_DOWN},  {"[5~", TERMINAL_PAGE_UP}, {"[6~", TERMINAL_PAGE_DOWN},
    {"[H", TERMINAL_HOME},  {"OH", TERMINAL_HOME},     {"[1~", TERMINAL_HOME},
    {"[7~", TERMINAL_HOME}, {"[F", TERMINAL_END},      {"OF", TERMINAL_END},
    {"[4~", TERMINAL_END},  {"[8~", TERMINAL_END},
};

/* Whether a sequence (behind its ESC) has ended: CSI by a letter or '~', SS3 by anything. */
static bool has_ended(const char *s, size_t len)
{
    if (len < 2)
        return len == 1 && s[0] != '[' && s[0] != 'O';
    return s[0] == 'O' || (s[len - 1] >= 0x40 && s[len - 1] <= 0x7e);
}

static void end_sequence(struct terminal *t)
{
    const char *s = t->pending + 1;
    size_t len = t->pending_len - 1;

    t->pending_len = 0;
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        if (strlen(sequences[i].sequence) == len && memcmp(sequences[i].sequence, s, len) == 0) {
            t->key(t->user, sequences[i].key);
            return;
        }
    }
}

static void take_byte(struct terminal *t, char c)
{
    if (c == '\x1b') {
        t->pending[0] = c;
        t->pending_len = 1;
    } else if (t->pending_len) {
        t->pending[t->pending_len++] = c;
        if (has_ended(t->pending + 1, t->pending_len - 1) || t->pending_len == KEY_MAX)
            end_sequence(t);
    } else {
        t->key(t->user, (unsigned char)c);
    }
}

static void on_input(void *user, int fd, short revents)
{
    struct terminal *t = user;
    char bytes[64];
    ssize_t got = revents & POLLIN ? read(fd, bytes, sizeof(bytes)) : 0;

    if (got <= 0) { /* hung up; the signal that goes with it ends the program */
        if (got == 0 || (errno != EINTR && errno != EAGAIN))
            loop_fd_events(t->fd, 0);
        return;
    }
    for (ssize_t i = 0; i < got; i++)
        take_byte(t, bytes[i]);
}

/* ---- entering and leaving ---- */

static void set_modes(struct terminal *t)
{
    struct termios raw;

    if (!isatty(t->in))
        return;
    if (!t->has_before && tcgetattr(t->in, &t->before) < 0)
        return;
    t->has_before = true;
    raw = t->before;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN); /* ISIG stays: Ctrl-C is a signal */
    raw.c_lflag |= ISIG;
    /* No more than is needed, and not 0: should the program be killed, a shell has to live with it. */
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(t->in, TCSANOW, &raw);
}

/* All of it, for as long as the terminal takes something now and then. */
static bool put(const struct terminal *t, const char *text, size_t len)
{
    for (int tries = 0; len > 0 && tries < WRITE_TRIES;) {
        struct pollfd p = {.fd = t->out, .events = POLLOUT};
        if (poll(&p, 1, WRITE_WAIT_MS) != 1 || !(p.revents & POLLOUT)) {
            tries++;
            continue;
        }
        ssize_t done = write(t->out, text, len);
        if (done < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (done > 0) {
            text += done;
            len -= (size_t)done;
        }
    }
    return len == 0;
}

void terminal_enter(struct terminal *t)
{
    set_modes(t);
    t->entered = true;
    put(t, ENTER, strlen(ENTER));
    terminal_redraw(t);
}

void terminal_leave(struct terminal *t)
{
    if (!t->entered)
        return;
    t->entered = false;
    put(t, LEAVE, strlen(LEAVE));
    if (t->has_before)
        tcsetattr(t->in, TCSANOW, &t->before);
    t->has_before = false; /* what the shell sets meanwhile is what is to be put back */
}

struct terminal *terminal_open(struct loop *l, int in, int out, terminal_key_fn key, void *user)
{
    struct terminal *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    *t = (struct terminal){.loop = l, .in = in, .out = out, .key = key, .user = user};
    if (!isatty(in))
        return t;
    t->fd = loop_fd_add(l, in, POLLIN, on_input, t);
    if (t->fd)
        return t;
    free(t);
    return NULL;
}

void terminal_close(struct terminal *t)
{
    if (!t)
        return;
    terminal_leave(t);
    loop_fd_remove(t->fd);
    free(t->shown);
    free(t);
}

/* ---- drawing ---- */

bool terminal_takes_color(int out)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

    return (!none || !*none) && isatty(out) && term && *term && strcmp(term, "dumb") != 0;
}

void terminal_size(const struct terminal *t, unsigned *width, unsigned *height)
{
    struct winsize size = {0};

    if (ioctl(t->out, TIOCGWINSZ, &size) < 0)
        size.ws_col = size.ws_row = 0;
    *width = size.ws_col ? size.ws_col : 80;
    *height = size.ws_row ? size.ws_row : 24;
}

void terminal_redraw(struct terminal *t)
{
    free(t->shown);
    t->shown = NULL;
}

struct line {
    const char *text;
    size_t len;
};

static bool next_line(const char **at, const char *end, struct line *out)
{
    if (*at >= end)
        return false;
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));
    out->text = *at;
    out->len = (size_t)((newline ? newline : end) - *at);
    *at = newline ? newline + 1 : end;
    return true;
}

enum { LINE_OVERHEAD = 24 }; /* where it goes, and the erasing of what was there */

/* The cursor to the beginning of a row, and what is to be done there. */
static char *put_row(char *to, unsigned row, const char *then)
{
    return to + sprintf(to, "\x1b[%u;1H%s", row, then);
}

/* What makes one screen of the other; old NULL: of an unknown one. Returns the bytes. */
static size_t difference(const char *old, size_t old_len, const char *new, size_t new_len,
                         char *out)
{
    const char *old_at = old, *new_at = new;
    char *to = out;
    struct line was, is;

    if (!old)
        to = stpcpy(to, "\x1b[0m\x1b[H\x1b[2J");
    for (unsigned row = 1;; row++) {
        bool had = old && next_line(&old_at, old + old_len, &was);
        if (!next_line(&new_at, new + new_len, &is)) {
            if (had) /* it had more lines */
                to = put_row(to, row, "\x1b[J");
            return (size_t)(to - out);
        }
        if (had && was.len == is.len && memcmp(was.text, is.text, is.len) == 0)
            continue;
        to = put_row(to, row, "\x1b[K"); /* first: behind a full line it would take its end */
        memcpy(to, is.text, is.len);
        to += is.len;
    }
}

static size_t count_lines(const char *lines, size_t len)
{
    size_t count = 1;

    for (size_t i = 0; i < len; i++)
        count += lines[i] == '\n';
    return count;
}

static bool takes_something(const struct terminal *t)
{
    struct pollfd p = {.fd = t->out, .events = POLLOUT};

    return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT);
}

bool terminal_draw(struct terminal *t, const char *lines, size_t len)
{
    unsigned width, height;

    terminal_size(t, &width, &height);
    if (width != t->width || height != t->height)
        terminal_redraw(t);
    t->width = width;
    t->height = height;
    if (!takes_something(t))
        return false;
    char *frame = malloc(len + (count_lines(lines, len) + 2) * LINE_OVERHEAD);
    char *copy = malloc(len + 1);
    if (!frame || !copy) {
        free(frame);
        free(copy);
        return false;
    }
    memcpy(copy, lines, len);
    size_t size = difference(t->shown, t->shown_len, lines, len, frame);
    bool whole = put(t, frame, size);
    free(frame);
    free(t->shown);
    t->shown = whole ? copy : NULL;
    t->shown_len = len;
    if (!whole)
        free(copy);
    return whole;
}
