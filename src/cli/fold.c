#include "cli/fold.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    DEEPEST = 24, /* columns that a line is set in by, at most */
    USUAL = 80,   /* of a terminal that does not say how wide it is */
};

/* Of UTF-8; each character is one column here, and a colour ("\x1b[31m") is none. */
static unsigned columns(const char *text, size_t len)
{
    bool color = false;
    unsigned n = 0;

    for (size_t i = 0; i < len; i++) {
        color = color || text[i] == '\x1b';
        n += !color && ((unsigned char)text[i] & 0xc0) != 0x80;
        color = color && text[i] != 'm';
    }
    return n;
}

static size_t line_length(const char *text)
{
    return strcspn(text, "\n");
}

static const char *next_line(const char *text)
{
    text += line_length(text);
    return *text ? text + 1 : text;
}

static bool fits(const char *text, unsigned width)
{
    for (; *text; text = next_line(text))
        if (columns(text, line_length(text)) > width)
            return false;
    return true;
}

/* Where what follows the line begins: behind its blanks, or where the second column of a list does. */
static unsigned hang_of(const char *line, unsigned width, enum fold_kind kind)
{
    size_t len = line_length(line), indent = strspn(line, " ");

    for (size_t i = indent; indent > 0 && i + 2 < len; i++) {
        if (line[i] != ' ' || line[i + 1] != ' ')
            continue;
        while (line[i] == ' ')
            i++;
        unsigned column = columns(line, i);
        return column <= DEEPEST && column * 2 <= width ? column : (unsigned)indent + 2;
    }
    return (unsigned)indent + (kind == FOLD_LINES ? 2 : 0);
}

/* One paragraph while it is written. */
struct filling {
    FILE *out;
    unsigned width, hang, column;
    bool fresh; /* nothing but blanks is on the line */
};

static void put_blanks(struct filling *f, unsigned count)
{
    f->column += count;
    for (; count > 0; count--)
        fputc(' ', f->out);
}

static void put_word(struct filling *f, const char *word, size_t len, unsigned blanks)
{
    unsigned size = columns(word, len);

    if (!f->fresh && f->column + blanks + size > f->width) {
        fputc('\n', f->out);
        f->column = 0;
        blanks = f->hang;
    }
    put_blanks(f, blanks);
    fwrite(word, 1, len, f->out);
    f->column += size;
    f->fresh = false;
}

static void put_words(struct filling *f, const char *line, unsigned blanks)
{
    size_t len = line_length(line), at = strspn(line, " ");

    while (at < len) {
        size_t word = strcspn(line + at, " \n");
        put_word(f, line + at, word, blanks);
        at += word;
        blanks = (unsigned)strspn(line + at, " ");
        at += blanks;
    }
}

/* Whether a line goes on with the paragraph before it: it begins where that one's words do. */
static bool goes_on(const char *line, unsigned hang)
{
    size_t indent = strspn(line, " ");
    return indent == hang && line[indent] != '\n' && line[indent] != '\0';
}

void fold_text(FILE *out, const char *text, unsigned width, enum fold_kind kind)
{
    if (width == 0 || fits(text, width)) {
        fputs(text, out);
        return;
    }
    while (*text) {
        unsigned hang = hang_of(text, width, kind);
        struct filling f = {.out = out, .width = width, .hang = hang, .fresh = true};
        bool blank = line_length(text) == strspn(text, " ");

        put_words(&f, text, (unsigned)strspn(text, " "));
        text = next_line(text);
        while (kind == FOLD_PARAGRAPHS && !blank && goes_on(text, hang)) {
            put_words(&f, text, 1);
            text = next_line(text);
        }
        fputc('\n', out);
    }
}

void fold_print(FILE *out, const char *text, enum fold_kind kind)
{
    struct winsize size = {0};
    bool terminal = isatty(fileno(out));
    bool known = terminal && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col;

    fold_text(out, text, !terminal ? 0 : known ? size.ws_col : USUAL, kind);
}
