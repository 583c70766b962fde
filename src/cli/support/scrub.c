#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/support/safe.h"
#include "cli/support/scrub_parts.h"
#include "core/percent.h"

enum {
    LEARNT_MAX = 256,          /* bytes of a text: what secrets.h knows one by, and more */
    FORM_MAX = 6 * LEARNT_MAX, /* of any form of it */
    TELLING_MIN = 4,
    TELLING_WITHOUT_DIGIT = 8,
};

const char scrub_removed[] = "(removed)";

static void free_texts(struct scrub_texts *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->list[i]);
    free(t->list);
}

struct scrub *scrub_create(void)
{
    struct scrub *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->secrets = secrets_create();
    if (s->secrets)
        return s;
    free(s);
    return NULL;
}

void scrub_destroy(struct scrub *s)
{
    if (!s)
        return;
    secrets_destroy(s->secrets);
    free_texts(&s->allowed);
    free_texts(&s->members);
    scrub_standins_free(s->standins);
    free(s);
}

/* ---- What is allowed ------------------------------------------------------------------------ */

static void keep(struct scrub *s, struct scrub_texts *t, const char *text, size_t len)
{
    if (!len)
        return;
    if (t->count == t->size) {
        size_t size = t->size ? 2 * t->size : 16;
        char **list = realloc(t->list, size * sizeof *list);
        if (!list) {
            s->failed = true;
            return;
        }
        t->list = list;
        t->size = size;
    }
    t->list[t->count] = strndup(text, len);
    if (t->list[t->count])
        t->count++;
    else
        s->failed = true;
}

static bool is_kept(const struct scrub_texts *t, const char *text, size_t len)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strncmp(t->list[i], text, len) == 0 && !t->list[i][len])
            return true;
    }
    return false;
}

void scrub_allow(struct scrub *s, const char *text)
{
    if (!is_kept(&s->allowed, text, strlen(text)))
        keep(s, &s->allowed, text, strlen(text));
}

bool scrub_is_allowed(const struct scrub *s, const char *text, size_t len)
{
    return s->standins ? scrub_is_standin(s, text, len) : is_kept(&s->allowed, text, len);
}

static void allow_member(struct scrub *s, const char *name, size_t len)
{
    while (len && *name == ' ') {
        name++;
        len--;
    }
    while (len && name[len - 1] == ' ')
        len--;
    if (!is_kept(&s->members, name, len))
        keep(s, &s->members, name, len);
}

/* Whatever a '/', and whatever a '+' or a '-' between blanks, may part; a '+' may also be of a name. */
void scrub_allow_path(struct scrub *s, const char *path)
{
    const char *piece = path, *name = path;

    for (;; path++) {
        bool sign =
            (*path == '+' || *path == '-') && path > name && path[-1] == ' ' && path[1] == ' ';
        bool end = !*path || *path == '/' || sign;
        if (end || *path == '+')
            allow_member(s, piece, (size_t)(path - piece));
        if (end)
            allow_member(s, name, (size_t)(path - name));
        if (!*path)
            return;
        if (end || *path == '+')
            piece = path + 1;
        if (end)
            name = path + 1;
    }
}

bool scrub_is_allowed_member(const struct scrub *s, const char *name, size_t len)
{
    return safe_member(name, len) || is_kept(&s->members, name, len);
}

/* ---- What is learnt ------------------------------------------------------------------------- */

static void put(char **to, const char *end, const char *text)
{
    while (*text && *to < end)
        *(*to)++ = *text++;
}

static void learn_one(struct scrub *s, const char *text)
{
    secrets_add(s->secrets, text, strlen(text));
}

/* As a URL has it: which signs are encoded is not the same everywhere. */
static void learn_percent_encoded(struct scrub *s, const char *text, enum percent_kept kept)
{
    char out[FORM_MAX];

    (void)percent_encode(out, sizeof out, text, kept);
    learn_one(s, out);
}

/* Takes one character of UTF-8; a byte that is none stands for itself. */
static uint32_t next_character(const unsigned char **text)
{
    const unsigned char *s = *text;
    unsigned more = s[0] >= 0xF0 ? 3 : s[0] >= 0xE0 ? 2 : s[0] >= 0xC0 ? 1 : 0;
    uint32_t c = more ? s[0] & (0x3Fu >> more) : s[0];

    for (unsigned i = 1; i <= more; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            *text = s + 1;
            return s[0];
        }
        c = c << 6 | (s[i] & 0x3Fu);
    }
    *text = s + more + 1;
    return c;
}

/* As JSON has it; ascii: with \u00e4 for what is not ASCII. */
static void learn_json(struct scrub *s, const char *text, bool ascii)
{
    const unsigned char *from = (const unsigned char *)text;
    char out[FORM_MAX], *to = out, piece[16];

    while (*from) {
        const unsigned char *begin = from;
        uint32_t c = next_character(&from);
        if (c == '"' || c == '\\')
            (void)snprintf(piece, sizeof piece, "\\%c", (char)c);
        else if (c >= 0x10000 && ascii)
            (void)snprintf(piece, sizeof piece, "\\u%04x\\u%04x", 0xD7C0 + (unsigned)(c >> 10),
                           0xDC00 + (unsigned)(c & 0x3FF));
        else if (c >= 0x80 && ascii)
            (void)snprintf(piece, sizeof piece, "\\u%04x", (unsigned)c);
        else
            (void)snprintf(piece, sizeof piece, "%.*s", (int)(from - begin), (const char *)begin);
        put(&to, out + sizeof out - 1, piece);
    }
    *to = '\0';
    learn_one(s, out);
}

void scrub_learn(struct scrub *s, const char *text, size_t len)
{
    char part[LEARNT_MAX];

    (void)snprintf(part, sizeof part, "%.*s", (int)(len < sizeof part ? len : sizeof part), text);
    learn_one(s, part);
    learn_percent_encoded(s, part, PERCENT_NOTHING);
    learn_percent_encoded(s, part, PERCENT_COMPONENT);
    learn_percent_encoded(s, part, PERCENT_SIGNS);
    learn_json(s, part, false);
    learn_json(s, part, true);
}

void scrub_learn_encoded(struct scrub *s, const char *text, size_t len)
{
    char out[LEARNT_MAX];
    size_t used = 0;

    scrub_learn(s, text, len);
    for (size_t i = 0; i < len && used + 1 < sizeof out; i++) {
        char hex[3] = {0};
        if (text[i] == '%' && i + 2 < len && isxdigit((unsigned char)text[i + 1]) &&
            isxdigit((unsigned char)text[i + 2])) {
            memcpy(hex, text + i + 1, 2);
            out[used++] = (char)strtol(hex, NULL, 16);
            i += 2;
        } else {
            out[used++] = text[i] == '+' ? ' ' : text[i];
        }
    }
    out[used] = '\0';
    scrub_learn(s, out, strlen(out));
}

void scrub_learn_if_telling(struct scrub *s, const char *text, size_t len)
{
    bool digit = false;

    for (size_t i = 0; i < len; i++)
        digit = digit || isdigit((unsigned char)text[i]);
    if (len >= TELLING_WITHOUT_DIGIT || (digit && len >= TELLING_MIN))
        scrub_learn(s, text, len);
}

void scrub_learn_login(struct scrub *s, const char *user, const char *password)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char from[2 * LEARNT_MAX + 4] = {0};
    char out[sizeof from * 2], *to = out;
    int len = snprintf((char *)from, sizeof from - 3, "%s:%s", user, password);

    if (len > (int)sizeof from - 4)
        len = sizeof from - 4;
    for (int i = 0; i < len; i += 3) {
        uint32_t bits = (uint32_t)from[i] << 16 | (uint32_t)from[i + 1] << 8 | from[i + 2];
        for (int k = 0; k < 4; k++)
            *to++ = i + k > len ? '=' : digits[bits >> (18 - 6 * k) & 63];
    }
    *to = '\0';
    learn_one(s, out);
}

/* ---- Paths ---------------------------------------------------------------------------------- */

static void write_part(FILE *out, bool shown, const char *text, size_t len)
{
    if (out && shown)
        (void)fprintf(out, "%.*s", (int)len, text);
    else if (out)
        fputs(scrub_removed, out);
}

static bool may_stand_in_path(const struct scrub *s, const char *text, size_t len)
{
    return !len || safe_name(text, len) || scrub_is_allowed(s, text, len);
}

/* Of a path that is written; what is only learnt of is not replaced. */
static void write_shown(const struct scrub *s, FILE *out, bool shown, const char *text, size_t len)
{
    const char *standin = out ? scrub_standin_known(s, shown, text, len) : NULL;

    if (standin)
        fputs(standin, out);
    else
        write_part(out, shown, text, len);
}

/* Returns what is behind the parameter, which has its '?' or '&' before it. */
static const char *write_parameter(const struct scrub *s, const char *at, FILE *out,
                                   scrub_hidden_fn hidden, void *user)
{
    size_t len = strcspn(at + 1, "&"), name = strcspn(at + 1, "=&");
    const char *value = at + 1 + name + 1;
    size_t value_len = name < len ? len - name - 1 : 0;
    bool known = may_stand_in_path(s, at + 1, name);

    write_part(out, true, at, 1);
    write_part(out, known, at + 1, name);
    if (!known && hidden)
        hidden(user, at + 1, name);
    if (name < len) {
        bool shown = safe_parameter(at + 1, name, value, value_len) ||
                     (value_len && scrub_is_allowed(s, value, value_len));
        write_part(out, true, "=", 1);
        write_shown(s, out, shown, value, value_len);
        if (!shown && hidden)
            hidden(user, value, value_len);
    }
    return at + 1 + len;
}

void scrub_write_path(const struct scrub *s, const char *path, FILE *out, scrub_hidden_fn hidden,
                      void *user)
{
    while (*path && *path != '?') { /* elements, each with the '/' before it */
        size_t begin = *path == '/', len = strcspn(path + begin, "/?");
        bool shown = may_stand_in_path(s, path + begin, len);
        write_part(out, true, path, begin);
        write_shown(s, out, shown, path + begin, len);
        if (!shown && hidden)
            hidden(user, path + begin, len);
        path += begin + len;
    }
    while (*path)
        path = write_parameter(s, path, out, hidden, user);
}

void scrub_path(const struct scrub *s, const char *path, FILE *out)
{
    scrub_write_path(s, path, out, NULL, NULL);
}
