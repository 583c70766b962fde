/*
 * Replies. Works on JSON as text, since a reply that is cut off or wrong is what a report is about.
 *
 * A number, or a text that is one, is shown if every name on the way to it is a safe one, and there is one;
 * indices do not matter. A text is shown by its form, or where it is known.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "cli/support/safe.h"
#include "cli/support/scrub_parts.h"

enum { DEPTH_MAX = 32, SERIAL_LEN_MAX = 16 };

enum trust { NO_NAME_YET, SAFE, UNSAFE };

struct reply {
    const struct scrub *scrub;
    FILE *out;
    unsigned depth;
    struct level {
        bool object;
        enum trust trust; /* in a value here: of an object, by its member's name */
    } level[DEPTH_MAX];
    bool serial, id; /* the member is called so */
};

/* Beyond the deepest level nothing is trusted. */
static enum trust trust_at(const struct reply *r, unsigned depth)
{
    return depth < DEPTH_MAX ? r->level[depth].trust : UNSAFE;
}

static void set_trust(struct reply *r, enum trust trust)
{
    if (r->depth < DEPTH_MAX)
        r->level[r->depth].trust = trust;
}

/* In an object, what has no name of its own is not trusted. */
static void end_value(struct reply *r)
{
    if (r->depth < DEPTH_MAX && r->level[r->depth].object)
        set_trust(r, UNSAFE);
}

static void hide(const struct reply *r)
{
    (void)fprintf(r->out, "\"%s\"", scrub_removed);
}

static void show(const struct reply *r, const char *at, size_t len)
{
    (void)fwrite(at, 1, len, r->out);
}

static bool is_index(const char *text, size_t len)
{
    return len && len <= 2 && strspn(text, "0123456789") >= len;
}

/* ---- Names and texts ------------------------------------------------------------------------- */

static void take_name(struct reply *r, const char *name, size_t len)
{
    enum trust outer = r->depth ? trust_at(r, r->depth - 1) : NO_NAME_YET;
    const char *standin = scrub_standin_known(r->scrub, safe_name(name, len), name, len);
    bool neutral = is_index(name, len) || standin || scrub_is_allowed(r->scrub, name, len);

    if (outer != UNSAFE && neutral)
        set_trust(r, outer);
    else
        set_trust(r,
                  outer != UNSAFE && scrub_is_allowed_member(r->scrub, name, len) ? SAFE : UNSAFE);
    r->serial = len == 6 && strncasecmp(name, "serial", len) == 0;
    r->id = len == 2 && strncasecmp(name, "id", len) == 0;
    if (standin)
        (void)fprintf(r->out, "\"%s\"", standin);
    else if (neutral || safe_name(name, len))
        (void)fprintf(r->out, "\"%.*s\"", (int)len, name);
    else
        hide(r);
}

static bool is_serial(const char *text, size_t len)
{
    return len && len <= SERIAL_LEN_MAX && strspn(text, "0123456789abcdefABCDEF") >= len;
}

/* A number that is shown; a serial number is none, whatever its place is called. */
static bool number_is_shown(const struct reply *r, const char *text, size_t len)
{
    return trust_at(r, r->depth) == SAFE && safe_is_number(text, len) &&
           !scrub_standin_serial(r->scrub, text, len);
}

static bool text_is_shown(const struct reply *r, const char *text, size_t len)
{
    if (number_is_shown(r, text, len))
        return true;
    if (r->scrub->standins) /* a serial number of zeros is none */
        return (safe_value(text, len) && !scrub_is_address(text, len)) ||
               (r->serial && strspn(text, "0") >= len);
    return safe_value(text, len) || scrub_is_allowed(r->scrub, text, len) ||
           (r->serial && is_serial(text, len));
}

/* Without its quotes. */
static const char *standin_of(const struct reply *r, const char *text, size_t len)
{
    return scrub_standin(r->scrub, r->serial && is_serial(text, len), text, len);
}

/* Behind the text that begins at begin (behind its first quote): at its last quote, or the end. */
static const char *end_of_text(const char *begin)
{
    while (*begin && *begin != '"')
        begin += begin[0] == '\\' && begin[1] ? 2 : 1;
    return begin;
}

/* A text with its quotes. One that is cut off is no name, and not known. */
static const char *take_text(struct reply *r, const char *at)
{
    const char *end = end_of_text(at + 1), *next = *end ? end + 1 : end;
    size_t len = (size_t)(end - at) - 1;

    if (next[strspn(next, " \t\r\n")] == ':') {
        take_name(r, at + 1, len);
        return next;
    }
    const char *standin = NULL;
    if (*end && text_is_shown(r, at + 1, len))
        show(r, at, len + 2);
    else if (*end && (standin = standin_of(r, at + 1, len)) != NULL)
        (void)fprintf(r->out, "\"%s\"", standin);
    else
        hide(r);
    end_value(r);
    return next;
}

/* ---- Everything else -------------------------------------------------------------------------- */

/* A run of what is no JSON, or a number, or one of its words. */
static const char *take_word(struct reply *r, const char *at)
{
    static const char *const words[] = {"true", "false", "null", "NaN"};
    size_t len = strcspn(at, "{}[]:,\" \t\r\n");
    bool shown = number_is_shown(r, at, len) ||
                 (r->scrub->standins && r->id && is_index(at, len)); /* a place in a list */

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        shown = shown || (strlen(words[i]) == len && strncasecmp(words[i], at, len) == 0);
    const char *standin = scrub_standin_serial(r->scrub, at, len);
    if (!standin && r->serial && is_serial(at, len))
        standin = standin_of(r, at, len);
    if (shown)
        show(r, at, len);
    else if (standin)
        (void)fputs(standin, r->out);
    else
        hide(r);
    end_value(r);
    return at + len;
}

static void enter(struct reply *r, bool object)
{
    enum trust outer = trust_at(r, r->depth++);

    if (r->depth < DEPTH_MAX)
        r->level[r->depth] = (struct level){object, object ? UNSAFE : outer};
}

static void take_mark(struct reply *r, char c)
{
    if (c == '{' || c == '[') {
        enter(r, c == '{');
    } else if ((c == '}' || c == ']') && r->depth) {
        r->depth--;
        end_value(r);
    }
    if (strchr("{}[],", c))
        r->serial = r->id = false;
    (void)fputc(c, r->out);
}

static bool is_json(const char *body)
{
    return strchr("{[\"-0123456789tfn", body[strspn(body, " \t\r\n")]) != NULL;
}

void scrub_reply(const struct scrub *s, const char *body, FILE *out)
{
    struct reply r = {.scrub = s, .out = out};

    if (!is_json(body)) {
        (void)fprintf(out, "(%s, %zu bytes, removed)",
                      body[strspn(body, " \t\r\n")] == '<' ? "a web page" : "no JSON",
                      strlen(body));
        return;
    }
    while (*body) {
        if (*body == '"')
            body = take_text(&r, body);
        else if (strchr("{}[]:, \t\r\n", *body))
            take_mark(&r, *body++);
        else
            body = take_word(&r, body);
    }
}
