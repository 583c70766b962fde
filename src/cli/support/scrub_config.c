/* The configuration: what is shown of each key's value; the rest is learnt, to be found elsewhere. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/support/safe.h"
#include "cli/support/scrub_parts.h"
#include "core/conf.h"
#include "core/inifile.h"
#include "core/wipe.h"

enum { LINE_MIN = 4, LINE_MAX_BYTES = 4096 };

static const struct conf_key *find_key(const char *name)
{
    size_t count;
    const struct conf_key *keys = conf_keys(&count);

    for (size_t i = 0; i < count; i++)
        if (strcasecmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static bool is_key(const struct conf_key *key, const char *name)
{
    return key && strcasecmp(key->name, name) == 0;
}

/* ---- What is learnt of a value --------------------------------------------------------------- */

/* "http://user:password@host", or "user:password@host" */
static void learn_address(struct scrub *s, const char *value)
{
    const char *at = strrchr(value, '@'), *slashes = strstr(value, "://");
    const char *begin = slashes && slashes < at ? slashes + 3 : value;

    if (!at)
        return;
    size_t user = strcspn(begin, ":@");
    if (begin[user] == ':')
        scrub_learn_encoded(s, begin + user + 1, (size_t)(at - begin) - user - 1);
    else
        scrub_learn_encoded(s, begin, (size_t)(at - begin));
}

/* The lines behind the first: what belongs there belongs to no key that we have. */
static void learn_lines(struct scrub *s, const char *value)
{
    const char *line = strchr(value, '\n');

    while (line) {
        line += 1 + strspn(line + 1, " \t");
        size_t len = strcspn(line, "\n");
        if (len >= LINE_MIN)
            scrub_learn(s, line, len);
        line = strchr(line, '\n');
    }
}

static void learn_hidden(void *user, const char *text, size_t len)
{
    scrub_learn_encoded(user, text, len);
}

/* "Bearer abc" is not to be seen with, nor without, its first word. */
static void learn_hidden_value(struct scrub *s, const struct conf_key *key, const char *value,
                               size_t len)
{
    size_t word = strcspn(value, " \n"), next = word + strspn(value + word, " ");

    if (key && key->secret)
        scrub_learn(s, value, len);
    else
        scrub_learn_if_telling(s, value, len);
    if (next < len && is_key(key, "Authorization"))
        scrub_learn(s, value + next, len - next);
    else if (next < len)
        scrub_learn_if_telling(s, value + next, len - next);
}

/* ---- What is shown of a value ---------------------------------------------------------------- */

static bool shown_path(const char *path)
{
    size_t len;

    for (; *path; path += len + (path[len] != '\0')) {
        len = strcspn(path, "/");
        if (len && !safe_name(path, len))
            return false;
    }
    return true;
}

/* Of a value on one line. */
static bool may_be_shown(const struct scrub *s, const struct conf_key *key, const char *value)
{
    if (scrub_is_allowed(s, value, strlen(value)))
        return true;
    if (!key || key->secret || strchr(value, '@') || !conf_takes(key, value))
        return false;
    if (is_key(key, "Username"))
        return safe_user(value);
    return strncasecmp(key->type, "JSON path", 9) != 0 || shown_path(value);
}

static void write_value(struct scrub *s, const struct conf_key *key, const char *value, FILE *out)
{
    size_t first = strcspn(value, "\n");
    char line[1024];
    bool whole = first < sizeof line;

    (void)snprintf(line, sizeof line, "%.*s", (int)(whole ? first : 0), value);
    if (!*value)
        return;
    if (whole && is_key(key, "CUST_API_PATH"))
        scrub_write_path(s, line, out, NULL, NULL);
    else if (whole && may_be_shown(s, key, line))
        fputs(line, out);
    else
        fputs(scrub_removed, out);
}

/* As it is written, or as it is meant. */
static void learn_value(struct scrub *s, const struct conf_key *key, const char *value)
{
    size_t first = strcspn(value, "\n");
    char line[1024];

    (void)snprintf(line, sizeof line, "%.*s", (int)(first < sizeof line ? first : sizeof line),
                   value);
    learn_lines(s, value);
    learn_address(s, value);
    if (is_key(key, "CUST_API_PATH"))
        scrub_write_path(s, line, NULL, learn_hidden, s);
    else if (!may_be_shown(s, key, line))
        learn_hidden_value(s, key, value, first);
    else if (key && strncasecmp(key->type, "JSON path", 9) == 0)
        scrub_allow_path(s, line);
}

static void learn_entry(struct scrub *s, const struct inifile *f, const char *section,
                        const struct inifile_entry *e)
{
    const struct conf_key *key = find_key(e->name);
    char value[2 * CONF_AUTHORIZATION_MAX];

    learn_value(s, key, e->value + strspn(e->value, " \t"));
    if (inifile_expand(f, section, e, value, sizeof value) != INIFILE_EXPANDED)
        return;
    learn_value(s, key, value);
    scrub_own(s, e->name, value);
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
    scrub_learn(s, secret, strlen(secret));
    scrub_learn_login(s, name, secret);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void ignore_fault(void *user, unsigned line, const char *text)
{
    (void)user;
    (void)line;
    (void)text;
}

static void write_name(const char *name, FILE *out)
{
    fputs(safe_name(name, strlen(name)) ? name : scrub_removed, out);
}

static void write_section(struct scrub *s, const struct inifile *f, size_t i, FILE *out)
{
    const char *section = f->sections[i].name;

    fputc('[', out);
    write_name(section, out);
    fputs("]\n", out);
    for (size_t n = 0; n < f->entry_count; n++) {
        const struct inifile_entry *e = &f->entries[n];
        if (e->section != i)
            continue;
        learn_entry(s, f, section, e);
        write_name(e->name, out);
        fputs(" = ", out);
        write_value(s, find_key(e->name), e->value + strspn(e->value, " \t"), out);
        fputc('\n', out);
    }
    learn_login(s, f, section);
}

/* No key takes so much; and the reader of the file would take the rest of the line for another. */
static void take_long_lines(struct scrub *s, char *text)
{
    for (size_t len; *text; text += len + (text[len] != '\0')) {
        len = strcspn(text, "\r\n");
        if (len <= LINE_MAX_BYTES)
            continue;
        size_t name = strcspn(text, "=:");
        const char *value = text + (name < len ? name + 1 : 0);
        value += strspn(value, " \t");
        scrub_learn(s, value, value < text + len ? (size_t)(text + len - value) : 0);
        memset(text, ' ', len);
    }
}

void scrub_config(struct scrub *s, const char *text, FILE *out)
{
    char *copy = strdup(text);
    struct inifile *f = NULL;

    if (copy) {
        take_long_lines(s, copy);
        f = inifile_read(copy, ignore_fault, NULL);
    }
    wipe_text(copy);
    if (!f || f->out_of_memory)
        s->failed = true;
    for (size_t i = 0; f && !s->failed && i < f->section_count; i++)
        write_section(s, f, i, out);
    inifile_free(f);
}
