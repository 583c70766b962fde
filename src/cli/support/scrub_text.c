/* The whole report, and the log in it: text that people read. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/support/safe.h"
#include "cli/support/scrub_parts.h"
#include "core/conf.h"

enum {
    TELLING_MIN = 4,
    TELLING_ANYHOW = 20,
    LABEL_LEN = 24,
    VALUE_LEN = 512,
    TOKEN_LEN = 20,
    HEX_LEN = 12
};

/* What is being read, and how far. */
struct reader {
    const struct scrub *scrub;
    const char *text, *at;
    const char *word; /* where the word begins in which at is; at itself: in none */
    bool json;        /* a reply that is to be decoded again: what is left is to be JSON */
    bool quoted;      /* at is in a text of it */
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static char before(const struct reader *r)
{
    return r->at > r->text ? r->at[-1] : ' ';
}

/* ---- By their form ---------------------------------------------------------------------------- */

/* aa:bb:cc:dd:ee:ff, or with '-' */
static size_t mac_at(const struct reader *r)
{
    const char *at = r->at;

    if (isxdigit((unsigned char)before(r)) || before(r) == ':' || before(r) == '-')
        return 0;
    for (size_t i = 0; i < 17; i++) {
        bool right = i % 3 == 2 ? at[i] == at[2] && (at[i] == ':' || at[i] == '-')
                                : isxdigit((unsigned char)at[i]) != 0;
        if (!right)
            return 0;
    }
    bool goes_on = isalnum((unsigned char)at[17]) || at[17] == '_' ||
                   (at[17] == at[2] && isxdigit((unsigned char)at[18]));
    return goes_on ? 0 : 17;
}

/* user:password@ behind "://": what of it is to go. */
static size_t login_at(const struct reader *r)
{
    if (r->at - r->text < 3 || strncmp(r->at - 3, "://", 3) != 0)
        return 0;
    size_t len = strcspn(r->at, "/?# \t\r\n\"'<>"), end = 0;
    for (size_t i = 0; i < len; i++)
        if (r->at[i] == '@')
            end = i;
    return end;
}

static bool is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789abcdefABCDEF") >= len;
}

/* Twelve hexadecimal digits with letters are a MAC address; long ones with letters and digits a token. */
static size_t token_at(const struct reader *r)
{
    size_t len = 0, alnum = 0;

    if (is_word(before(r)) && before(r) != '-' && before(r) != '_')
        return 0;
    while (isalnum((unsigned char)r->at[alnum]))
        alnum++;
    if (alnum == HEX_LEN && is_hex(r->at, alnum) && safe_is_token(r->at, alnum) &&
        !scrub_is_allowed(r->scrub, r->at, alnum))
        return alnum;
    if (r->at != r->word)
        return 0;
    while (is_word(r->at[len]))
        len++;
    /* A time stamp of multilog, a device in the settings service. */
    bool known = before(r) == '@' || strncmp(r->at, "dtu_", 4) == 0 ||
                 scrub_is_allowed(r->scrub, r->at, len);
    return len >= TOKEN_LEN && !known && safe_is_token(r->at, len) ? len : 0;
}

/* ---- By what stands before them --------------------------------------------------------------- */

/* Up to what ends a value in a query or in a sentence; no more than is looked at. */
static size_t value_length(const char *at)
{
    size_t len = 0;

    while (len < VALUE_LEN && at[len] && !strchr(" \t\r\n&\"'<>;,)", at[len]))
        len++;
    return len;
}

static bool is_harmless_name(const char *name, size_t len, const char *value, size_t value_len)
{
    size_t count;
    const struct conf_key *keys = conf_keys(&count);

    for (size_t i = 0; i < count; i++) {
        if (strlen(keys[i].name) == len && strncasecmp(keys[i].name, name, len) == 0)
            return !keys[i].secret;
    }
    return safe_parameter(name, len, value, value_len);
}

/* At the value of a name=value, of a query or in a sentence. */
static size_t value_at(const struct reader *r)
{
    const char *name_end = r->at - 1, *name = name_end;

    if (before(r) != '=')
        return 0;
    while (name > r->text && name_end - name < LABEL_LEN && (is_word(name[-1]) || name[-1] == '.'))
        name--;
    size_t len = name < name_end ? value_length(r->at) : 0;
    if (!len || scrub_is_allowed(r->scrub, r->at, len) ||
        strncmp(r->at, scrub_removed, strlen(scrub_removed)) == 0)
        return 0;
    return is_harmless_name(name, (size_t)(name_end - name), r->at, len) ? 0 : len;
}

static bool is_telling(const char *text, size_t len)
{
    bool digit = false;

    for (size_t i = 0; i < len; i++)
        digit = digit || isdigit((unsigned char)text[i]) || text[i] == '=';
    return len >= TELLING_ANYHOW || (digit && len >= TELLING_MIN);
}

/* At a word behind "Bearer ", "password: ", "token " and the like. */
static size_t labelled_at(const struct reader *r)
{
    static const char *const labels[] = {"bearer",   "basic",  "digest",   "authorization",
                                         "password", "passwd", "passwort", "token",
                                         "secret",   "key",    "apikey",   "pin",
                                         "psk",      "cookie", "session"};
    const char *end = r->at;

    while (end > r->text && r->at - end < 4 && strchr(" :\"", end[-1]))
        end--;
    if (end == r->at)
        return 0;
    size_t len = value_length(r->at);
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        size_t label = strlen(labels[i]);
        if ((size_t)(end - r->text) >= label && strncasecmp(end - label, labels[i], label) == 0)
            return is_telling(r->at, len) && !scrub_is_allowed(r->scrub, r->at, len) ? len : 0;
    }
    return 0;
}

static size_t hidden_at(const struct reader *r)
{
    size_t len = secrets_at(r->scrub->secrets, r->at, before(r));

    len = len ? len : mac_at(r);
    len = len ? len : login_at(r);
    len = len ? len : value_at(r);
    len = len ? len : labelled_at(r);
    return len ? len : token_at(r);
}

/*
 * How much of what is to be decoded again is left as it is: all but the texts, and whatever stands in for something. A
 * number, or a stand-in, that a short password is part of tells nobody the password.
 */
static size_t kept_at(const struct reader *r)
{
    size_t len = 0;

    if (r->json && (!r->quoted || *r->at == '"'))
        return 1;
    while (r->scrub->standins && r->at == r->word && is_word(r->at[len]))
        len++;
    return scrub_is_standin(r->scrub, r->at, len) ? len : 0;
}

/* In a text of JSON no more is hidden than that text. */
static size_t removed_at(const struct reader *r)
{
    size_t len = hidden_at(r), rest = r->json ? strcspn(r->at, "\"") : len;

    return len < rest ? len : rest;
}

/* ---- All of it -------------------------------------------------------------------------------- */

/* How much of the text it was. */
static size_t take(struct reader *r, FILE *out)
{
    size_t kept = kept_at(r), removed = kept ? 0 : removed_at(r);

    if (r->json && *r->at == '"')
        r->quoted = !r->quoted;
    if (removed) {
        (void)fputs(scrub_removed, out);
        return removed;
    }
    kept = kept ? kept : 1;
    (void)fwrite(r->at, 1, kept, out);
    return kept;
}

char *scrub_text(struct scrub *s, const char *text)
{
    struct reader r = {.scrub = s,
                       .text = text,
                       .at = text,
                       .word = text,
                       .json = s->standins && strchr("{[", *text)};
    bool complete = secrets_complete(s->secrets) && !s->failed;
    char *out = NULL;
    size_t size = 0;
    FILE *f = complete ? open_memstream(&out, &size) : NULL;

    if (!f)
        return NULL;
    while (*r.at) {
        if (!is_word(before(&r)))
            r.word = r.at;
        r.at += take(&r, f);
    }
    bool ok = !ferror(f);
    ok = fclose(f) == 0 && ok;
    if (ok)
        return out;
    free(out);
    return NULL;
}

/* "@4000000065c3... INFO ...", as multilog and this program write it; and what libdbus says before it aborts. */
static bool is_ours(const char *line, size_t len)
{
    static const char *const beginnings[] = {"DEBUG ",    "INFO ", "WARNING ", "ERROR ",
                                             "CRITICAL ", "dbus[", "process "};

    if (len > 26 && *line == '@' && line[25] == ' ' && is_hex(line + 1, 24)) {
        line += 26;
        len -= 26;
    }
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        size_t n = strlen(beginnings[i]);
        if (len >= n && strncmp(line, beginnings[i], n) == 0)
            return true;
    }
    return false;
}

void scrub_log(const char *text, FILE *out)
{
    size_t others = 0, len;

    for (; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        bool ours = is_ours(text, len);
        others += !ours;
        bool last = !text[len] || !text[len + 1];
        if (others && (ours || last)) {
            (void)fprintf(out, "(lines of other programs: %zu, removed)\n", others);
            others = 0;
        }
        if (ours)
            (void)fprintf(out, "%.*s\n", (int)len, text);
    }
}
