#include "cli/scrub.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/conf.h"
#include "core/inifile.h"

enum {
    SECRETS_MAX = 4096,
    LEAST_ANYWHERE = 4, /* a shorter secret is removed only where it is a whole word */
    NAME_LEN = 64,
    TOKEN_MIN = 16, /* of a path's element that looks like a key */
};

static const char removed[] = "(removed)";

struct scrub {
    size_t count;
    char **secrets;
    bool failed;
};

struct scrub *scrub_create(void)
{
    return calloc(1, sizeof(struct scrub));
}

void scrub_destroy(struct scrub *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        free(s->secrets[i]);
    free(s->secrets);
    free(s);
}

/* ---- What is learnt ------------------------------------------------------------------------- */

static bool is_known(const struct scrub *s, const char *text)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->secrets[i], text) == 0)
            return true;
    return false;
}

static void learn_one(struct scrub *s, const char *text)
{
    if (!*text || is_known(s, text))
        return;
    char **more =
        s->count < SECRETS_MAX ? realloc(s->secrets, (s->count + 1) * sizeof *more) : NULL;
    if (more)
        s->secrets = more;
    char *copy = more ? strdup(text) : NULL;
    if (copy)
        s->secrets[s->count++] = copy;
    else
        s->failed = true;
}

static void put(char **to, const char *end, const char *text)
{
    while (*text && *to < end)
        *(*to)++ = *text++;
}

/* As a URL has it: all but letters and digits, or all but what need not be encoded. */
static void percent_encode(const char *text, const char *kept, char *out, size_t size)
{
    char *to = out, hex[4];

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c < 0x80 && isalnum(c)) || (c < 0x80 && strchr(kept, c)))
            (void)snprintf(hex, sizeof hex, "%c", c);
        else
            (void)snprintf(hex, sizeof hex, "%%%02X", c);
        put(&to, out + size - 1, hex);
    }
    *to = '\0';
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
static void json_escape(const char *text, bool ascii, char *out, size_t size)
{
    const unsigned char *from = (const unsigned char *)text;
    char *to = out, piece[16];

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
        put(&to, out + size - 1, piece);
    }
    *to = '\0';
}

static void learn(struct scrub *s, const char *text)
{
    char other[6 * CONF_TEXT_MAX];

    learn_one(s, text);
    percent_encode(text, "", other, sizeof other);
    learn_one(s, other);
    percent_encode(text, "-._~", other, sizeof other);
    learn_one(s, other);
    percent_encode(text, "-._~!$'()*,;:@/?", other, sizeof other);
    learn_one(s, other);
    json_escape(text, false, other, sizeof other);
    learn_one(s, other);
    json_escape(text, true, other, sizeof other);
    learn_one(s, other);
}

static void learn_part(struct scrub *s, const char *text, size_t len)
{
    char part[CONF_TEXT_MAX];

    while (len >= sizeof part) { /* of one so long, every piece */
        (void)snprintf(part, sizeof part, "%s", text);
        learn(s, part);
        text += sizeof part - 1;
        len -= sizeof part - 1;
    }
    (void)snprintf(part, sizeof part, "%.*s", (int)len, text);
    learn(s, part);
}

/* What a Basic authorization makes of user and password. */
static void learn_basic(struct scrub *s, const char *user, const char *password)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char from[2 * CONF_TEXT_MAX + 4] = {0};
    char out[sizeof from * 2], *to = out;
    int len = snprintf((char *)from, sizeof from - 3, "%s:%s", user, password);

    for (int i = 0; i < len; i += 3) {
        uint32_t bits = (uint32_t)from[i] << 16 | (uint32_t)from[i + 1] << 8 | from[i + 2];
        for (int k = 0; k < 4; k++)
            *to++ = i + k > len ? '=' : digits[bits >> (18 - 6 * k) & 63];
    }
    *to = '\0';
    learn_one(s, out);
}

/* ---- Names of secrets ----------------------------------------------------------------------- */

static bool has(const char *name, const char *word)
{
    size_t len = strlen(word);

    for (; *name; name++)
        if (strncasecmp(name, word, len) == 0)
            return true;
    return false;
}

/* A member of a reply, a parameter of a query or an unknown key that holds a secret by its name. */
static bool is_secret_name(const char *name)
{
    static const char *const words[] = {"pass",   "pwd",     "psk",   "secret", "token",
                                        "apikey", "api_key", "auth",  "cookie", "session",
                                        "ssid",   "mail",    "user",  "login",  "latit",
                                        "longit", "credent", "geheim"};
    static const char *const names[] = {"key", "pw",  "pin",     "mac",    "lat",    "lon",
                                        "lng", "sid", "sta_mac", "ap_mac", "hw_mac", "device_mac"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (has(name, words[i]))
            return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return has(name, "macaddr") || has(name, "mac_addr") || has(name, "wifikey") ||
           has(name, "wpakey") || has(name, "private_key");
}

/* ---- Paths ---------------------------------------------------------------------------------- */

static bool is_harmless(const char *name, size_t len, const char *value)
{
    static const char *const names[] = {"id",       "inv",   "scope", "datacollection",
                                        "deviceid", "dt",    "index", "channel",
                                        "ch",       "format"};

    if (len == 4 && strncasecmp(name, "cmnd", 4) == 0)
        return strncasecmp(value, "status", 6) == 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == len && strncasecmp(name, names[i], len) == 0)
            return true;
    return false;
}

static bool looks_like_a_key(const char *element, size_t len)
{
    bool digit = false, letter = false;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)element[i];
        if (!isalnum(c) && c != '-' && c != '_')
            return false;
        digit = digit || isdigit(c);
        letter = letter || isalpha(c);
    }
    return len >= TOKEN_MIN && digit && letter;
}

/* What percent-encoding there is: the value is looked for as it was meant, too. */
static void learn_encoded(struct scrub *s, const char *value, size_t len)
{
    char out[CONF_TEXT_MAX * 2];
    size_t used = 0;

    learn_part(s, value, len);
    for (size_t i = 0; i < len && used + 1 < sizeof out; i++) {
        char hex[3] = {0};
        if (value[i] == '%' && i + 2 < len && isxdigit((unsigned char)value[i + 1]) &&
            isxdigit((unsigned char)value[i + 2])) {
            memcpy(hex, value + i + 1, 2);
            out[used++] = (char)strtol(hex, NULL, 16);
            i += 2;
        } else {
            out[used++] = value[i] == '+' ? ' ' : value[i];
        }
    }
    out[used] = '\0';
    learn(s, out);
}

/* out may be NULL: only to learn. */
static void write_path(struct scrub *s, const char *path, FILE *out)
{
    size_t end = strcspn(path, "?");

    while (end) { /* elements, each with the '/' before it */
        size_t begin = *path == '/', len = strcspn(path + begin, "/?");
        bool secret = looks_like_a_key(path + begin, len);
        if (secret)
            learn_part(s, path + begin, len);
        if (out)
            fprintf(out, "%s%.*s", begin ? "/" : "", secret ? (int)sizeof removed : (int)len,
                    secret ? removed : path + begin);
        path += begin + len;
        end -= begin + len;
    }
    while (*path) { /* parameters, each with the '?' or '&' before it */
        size_t len = strcspn(path + 1, "&"), name = strcspn(path + 1, "=&");
        const char *value = path + 1 + name + (name < len);
        size_t value_len = name < len ? len - name - 1 : 0;
        bool secret = name < len && !is_harmless(path + 1, name, value);
        if (secret)
            learn_encoded(s, value, value_len);
        if (out)
            fprintf(out, "%.*s%s%.*s", (int)name + 1, path, name < len ? "=" : "",
                    secret ? (int)sizeof removed : (int)value_len, secret ? removed : value);
        path += 1 + len;
    }
}

void scrub_path(struct scrub *s, const char *path, FILE *out)
{
    write_path(s, path, out);
}

/* ---- The configuration ---------------------------------------------------------------------- */

static const struct conf_key *find_key(const char *name)
{
    size_t count;
    const struct conf_key *keys = conf_keys(&count);

    for (size_t i = 0; i < count; i++)
        if (strcasecmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

/* "http://user:password@host", or "user:password@host" */
static void learn_address(struct scrub *s, const char *value)
{
    const char *at = strrchr(value, '@'), *slashes = strstr(value, "://");
    const char *begin = slashes && slashes < at ? slashes + 3 : value;

    if (!at)
        return;
    size_t user = strcspn(begin, ":@");
    if (begin[user] == ':')
        learn_encoded(s, begin + user + 1, (size_t)(at - begin) - user - 1);
    else
        learn_encoded(s, begin, (size_t)(at - begin));
}

/* The lines behind the first: what belongs there belongs to no key that we have. */
static void learn_lines(struct scrub *s, const char *value)
{
    const char *line = strchr(value, '\n');

    while (line) {
        line += 1 + strspn(line + 1, " \t");
        size_t len = strcspn(line, "\n");
        if (len >= LEAST_ANYWHERE)
            learn_part(s, line, len);
        line = strchr(line, '\n');
    }
}

static void write_value(struct scrub *s, const struct conf_key *key, const char *value, FILE *out)
{
    size_t first = strcspn(value, "\n");
    bool is_path = key && strcasecmp(key->name, "CUST_API_PATH") == 0;
    bool hidden = !key || (key->secret && !is_path) || strchr(value, '@');

    if (!*value)
        return;
    if (hidden) {
        fputs(removed, out);
    } else if (is_path) {
        char path[2 * CONF_TEXT_MAX];
        (void)snprintf(path, sizeof path, "%.*s", (int)first, value);
        write_path(s, path, out);
    } else {
        fprintf(out, "%.*s", (int)first, value);
    }
    if (value[first] && !hidden)
        fputs(" (and more lines, removed)", out);
}

static void learn_value(struct scrub *s, const struct conf_key *key, const char *name,
                        const char *value)
{
    bool is_path = key && strcasecmp(key->name, "CUST_API_PATH") == 0;

    learn_lines(s, value);
    learn_address(s, value);
    if (is_path)
        write_path(s, value, NULL);
    else if (key ? key->secret : is_secret_name(name))
        learn_part(s, value, strcspn(value, "\n"));
    if (key && strcasecmp(key->name, "Authorization") == 0) { /* its token, without "Bearer" */
        const char *token = value + strcspn(value, " \n");
        token += strspn(token, " ");
        learn_part(s, token, strcspn(token, "\n"));
    }
}

/* As written and as meant: a log may hold either. */
static void learn_entry(struct scrub *s, const struct inifile *f, const char *section,
                        const struct inifile_entry *e)
{
    const struct conf_key *key = find_key(e->name);
    char value[2 * CONF_AUTHORIZATION_MAX];

    learn_value(s, key, e->name, e->value + strspn(e->value, " \t"));
    if (inifile_expand(f, section, e, value, sizeof value) == INIFILE_EXPANDED)
        learn_value(s, key, e->name, value);
}

/* With the user name that the section reads, whoever wrote it. */
static void learn_login(struct scrub *s, const struct inifile *f, const char *section)
{
    const struct inifile_entry *user = inifile_find(f, section, "Username");
    const struct inifile_entry *password = inifile_find(f, section, "Password");
    char name[CONF_TEXT_MAX] = "", secret[CONF_TEXT_MAX] = "";

    if (!password ||
        inifile_expand(f, section, password, secret, sizeof secret) != INIFILE_EXPANDED)
        return;
    if (user)
        (void)inifile_expand(f, section, user, name, sizeof name);
    learn_part(s, secret, strlen(secret));
    learn_basic(s, name, secret);
}

static void ignore_fault(void *user, unsigned line, const char *text)
{
    (void)user;
    (void)line;
    (void)text;
}

void scrub_config(struct scrub *s, const char *text, FILE *out)
{
    struct inifile *f = inifile_read(text, ignore_fault, NULL);

    if (!f || f->out_of_memory) {
        s->failed = true;
        inifile_free(f);
        return;
    }
    for (size_t i = 0; i < f->section_count; i++) {
        const char *section = f->sections[i].name;
        fprintf(out, "[%s]\n", section);
        for (size_t n = 0; n < f->entry_count; n++) {
            const struct inifile_entry *e = &f->entries[n];
            if (e->section != i)
                continue;
            learn_entry(s, f, section, e);
            fprintf(out, "%s = ", e->name);
            write_value(s, find_key(e->name), e->value + strspn(e->value, " \t"), out);
            fputc('\n', out);
        }
        learn_login(s, f, section);
    }
    inifile_free(f);
}

/* ---- Replies -------------------------------------------------------------------------------- */

/* Behind the text that begins at begin (behind its first quote): at its last quote, or the end. */
static const char *end_of_text(const char *begin)
{
    while (*begin && *begin != '"')
        begin += begin[0] == '\\' && begin[1] ? 2 : 1;
    return begin;
}

static void name_of(const char *begin, const char *end, char out[NAME_LEN])
{
    (void)snprintf(out, NAME_LEN, "%.*s", (int)(end - begin), begin);
}

/*
 * Works on JSON as text, since a reply that is cut off or wrong is what a report is about. hidden_depth
 * is the depth of the outermost list of secrets; 0: in none.
 */
struct json_text {
    struct scrub *scrub;
    FILE *out;
    unsigned depth, hidden_depth;
    bool secret; /* what follows is the value of a member that holds a secret */
};

/* Long or odd enough to be nobody's but its owner's: "admin" and "basic" may well stand elsewhere. */
static bool is_telling(const char *text, size_t len)
{
    bool digit = false;

    for (size_t i = 0; i < len; i++)
        digit = digit || isdigit((unsigned char)text[i]);
    return len >= LEAST_ANYWHERE && (digit || len >= 2 * LEAST_ANYWHERE);
}

static const char *write_text(struct json_text *j, const char *at)
{
    const char *end = end_of_text(at + 1), *next = *end ? end + 1 : end;
    const char *colon = next + strspn(next, " \t\r\n");
    char name[NAME_LEN];

    if (*colon == ':') {
        name_of(at + 1, end, name);
        j->secret = is_secret_name(name) || strchr(name, '\\') != NULL;
        fprintf(j->out, "%.*s", (int)(next - at), at);
    } else if (j->secret || j->hidden_depth) {
        if (is_telling(at + 1, (size_t)(end - at) - 1))
            learn_part(j->scrub, at + 1, (size_t)(end - at) - 1);
        fprintf(j->out, "\"%s\"", removed);
        j->secret = false;
    } else {
        fprintf(j->out, "%.*s", (int)(next - at), at);
    }
    return next;
}

static const char *write_number(struct json_text *j, const char *at)
{
    size_t len = strspn(at, "+-.0123456789eE");

    if (j->secret || j->hidden_depth)
        fprintf(j->out, "\"%s\"", removed);
    else
        fprintf(j->out, "%.*s", (int)len, at);
    j->secret = false;
    return at + len;
}

static void note_bracket(struct json_text *j, char c)
{
    if (c == '[' || c == '{') {
        j->depth++;
        if (c == '[' && j->secret && !j->hidden_depth)
            j->hidden_depth = j->depth;
        j->secret = false;
    } else if ((c == ']' || c == '}') && j->depth) {
        if (j->hidden_depth == j->depth)
            j->hidden_depth = 0;
        j->depth--;
    } else if (c == ',') {
        j->secret = false;
    }
}

void scrub_reply(struct scrub *s, const char *body, FILE *out)
{
    struct json_text j = {.scrub = s, .out = out};

    while (*body) {
        if (*body == '"') {
            body = write_text(&j, body);
        } else if (*body == '-' || isdigit((unsigned char)*body)) {
            body = write_number(&j, body);
        } else {
            note_bracket(&j, *body);
            fputc(*body++, out);
        }
    }
}

/* ---- The whole text ------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Length of the longest secret that stands at at; 0: none does. before: what stands before it. */
static size_t secret_at(const struct scrub *s, const char *at, char before)
{
    size_t longest = 0;

    for (size_t i = 0; i < s->count; i++) {
        if (tolower((unsigned char)*at) != tolower((unsigned char)s->secrets[i][0]))
            continue; /* most of them, and quickly: a report may be long */
        size_t len = strlen(s->secrets[i]);
        if (len <= longest || strncasecmp(at, s->secrets[i], len) != 0)
            continue;
        if (len < LEAST_ANYWHERE && (is_word(before) || is_word(at[len])))
            continue;
        longest = len;
    }
    return longest;
}

/* aa:bb:cc:dd:ee:ff, or with '-' */
static size_t mac_at(const char *at, char before)
{
    if (isxdigit((unsigned char)before) || before == ':' || before == '-')
        return 0;
    for (size_t i = 0; i < 17; i++) {
        bool right = i % 3 == 2 ? at[i] == at[2] && (at[i] == ':' || at[i] == '-')
                                : isxdigit((unsigned char)at[i]) != 0;
        if (!right)
            return 0;
    }
    return is_word(at[17]) || (at[17] == at[2] && isxdigit((unsigned char)at[18])) ? 0 : 17;
}

/* user:password@ behind "://": what of it is to go. */
static size_t login_at(const char *text, const char *at)
{
    if (at - text < 3 || strncmp(at - 3, "://", 3) != 0)
        return 0;
    size_t len = strcspn(at, "/?# \t\r\n\"'<>"), end = 0;
    for (size_t i = 0; i < len; i++)
        if (at[i] == '@')
            end = i;
    return end;
}

char *scrub_text(const struct scrub *s, const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *f = s->failed ? NULL : open_memstream(&out, &size);
    const char *at = text;

    if (!f)
        return NULL;
    while (*at) {
        char before = at > text ? at[-1] : ' ';
        size_t len = secret_at(s, at, before);
        if (!len)
            len = mac_at(at, before);
        if (!len)
            len = login_at(text, at);
        if (len)
            fputs(removed, f);
        else
            fputc(*at++, f);
        at += len;
    }
    bool ok = !ferror(f);
    ok = fclose(f) == 0 && ok;
    if (ok)
        return out;
    free(out);
    return NULL;
}
