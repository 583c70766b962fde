#include "core/conf_like.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/conf_parse.h"
#include "core/text.h"

enum { LIKE_TEXT_MAX = DEVICE_TYPE_VALUE_MAX };

/* A section of a configuration beside a type. */
struct likeness {
    const struct inifile *file;
    const char *section;
    const struct device_type *type;
    unsigned channel;
    struct conf_like *found;
};

/* ---- Values ---- */

/* As it is read: the section's own, else that of [DEFAULT]. False, and out is "": there is none. */
static bool said(const struct inifile *file, const char *section, const char *key,
                 char out[LIKE_TEXT_MAX])
{
    const struct inifile_entry *e = inifile_find(file, section, key);

    out[0] = '\0';
    return e && inifile_expand(file, section, e, out, LIKE_TEXT_MAX) == INIFILE_EXPANDED && *out;
}

/* The type's, for one of its channels. */
static bool typed(const struct likeness *l, const char *key, char out[LIKE_TEXT_MAX])
{
    char value[DEVICE_TYPE_VALUE_MAX];
    bool there = device_type_get(l->type, key, value) && *value;

    device_type_channel(value, l->channel, out, LIKE_TEXT_MAX);
    return there;
}

/* A '/' at the beginning of a path means nothing, and "none" is no path. */
static const char *bare(const char *text)
{
    if (strcasecmp(text, "none") == 0)
        return "";
    return text + (*text == '/');
}

/* The same text, path or number. */
static bool is_same(const char *a, const char *b)
{
    char *a_end, *b_end;
    double a_number = strtod(a, &a_end), b_number = strtod(b, &b_end);

    if (*a && *b && !*a_end && !*b_end)
        return a_number == b_number;
    return strcmp(bare(a), bare(b)) == 0;
}

static bool says_the_same(const struct likeness *l, const char *key)
{
    char mine[LIKE_TEXT_MAX], its[LIKE_TEXT_MAX];

    (void)said(l->file, l->section, key, mine);
    (void)typed(l, key, its);
    return is_same(mine, its);
}

/* ---- Likeness ---- */

static bool asks_the_same(const struct likeness *l)
{
    char key[TEMPLATE_KEY_MAX] = "CUST_API_PATH", value[LIKE_TEXT_MAX];

    if (!said(l->file, l->section, key, value))
        return false;
    for (unsigned n = 2; n <= JSON_REPLIES_MAX + 1; n++) {
        if (!says_the_same(l, key))
            return false;
        (void)snprintf(key, sizeof key, "CUST_API_PATH_%u", n);
    }
    return true;
}

static bool has_the_same_power(const struct likeness *l)
{
    char key[TEMPLATE_KEY_MAX], value[LIKE_TEXT_MAX];
    bool any = false;

    for (unsigned slot = 0; slot < PHASE_SLOTS; slot++) {
        template_key(key, FIELD_POWER, slot);
        any = any || said(l->file, l->section, key, value);
        if (!says_the_same(l, key))
            return false;
    }
    return any;
}

/* A login that works does not become another one, and a port stays what it is. */
static bool is_reached_alike(const struct likeness *l)
{
    char mine[LIKE_TEXT_MAX], its[LIKE_TEXT_MAX], port[DEVICE_TYPE_VALUE_MAX];

    if (said(l->file, l->section, "Username", mine)) {
        bool digest = device_type_get(l->type, "DigestAuth", its) && strcmp(its, "1") == 0;
        (void)said(l->file, l->section, "DigestAuth", mine);
        bool own = inifile_own(l->file, l->section, "DigestAuth") != NULL;
        if (!own && digest != (strcmp(mine, "1") == 0 || strcasecmp(mine, "true") == 0))
            return false;
    }
    if (!device_type_get(l->type, "Port", port))
        return true;
    (void)said(l->file, l->section, "Host", mine);
    const char *colon = strrchr(mine, ':');
    return colon && strncmp(colon + 1, port, strlen(port)) == 0;
}

/* What a Type may take the place of: never where the device is, and whose serial number it has. */
static bool stands_in(const struct conf_key *key)
{
    return strncmp(key->name, "CUST_", 5) == 0;
}

static void keep(struct conf_like *found, const char *name)
{
    size_t used = strlen(found->kept);

    found->kept_count++;
    (void)snprintf(found->kept + used, sizeof found->kept - used, "%s%s", used ? ", " : "", name);
}

static void look_at_key(const struct likeness *l, const struct conf_key *key)
{
    char mine[LIKE_TEXT_MAX], its[LIKE_TEXT_MAX];

    if (!stands_in(key))
        return;
    if (!inifile_own(l->file, l->section, key->name)) {
        l->found->more += typed(l, key->name, its);
        return;
    }
    (void)said(l->file, l->section, key->name, mine);
    if (!typed(l, key->name, its))
        text_copy(its, sizeof its, key->fallback);
    /* Without a default of its own, [DEFAULT] may have another one. */
    if (!is_same(mine, its) || (!key->fallback && !*its))
        keep(l->found, key->name);
}

/* Whether it is like the type, and what the section has to keep then. */
static bool is_like(const struct likeness *l)
{
    size_t count;
    const struct conf_key *keys = conf_keys(&count);

    if (!asks_the_same(l) || !has_the_same_power(l) || !is_reached_alike(l))
        return false;
    for (size_t k = 0; k < count; k++)
        look_at_key(l, &keys[k]);
    return true;
}

static void on_fault(void *user, unsigned line, const char *text)
{
    (void)user;
    (void)line;
    (void)text;
}

/* What the section would lose counts first; then what the type says and the section did not. */
static bool is_nearer(const struct conf_like *a, const struct conf_like *b)
{
    if (!b->type || a->kept_count != b->kept_count)
        return !b->type || a->kept_count < b->kept_count;
    return a->more < b->more;
}

static void try_type(const struct inifile *file, const char *section,
                     const struct device_text *text, struct conf_like *best)
{
    struct device_type type;

    if (device_type_read(&type, text, on_fault, NULL)) {
        for (unsigned channel = 0; channel < type.channels; channel++) {
            struct conf_like found = {.type = text->name,
                                      .channel = type.channels > 1 ? (int)channel : -1};
            struct likeness l = {file, section, &type, channel, &found};
            if (is_like(&l) && is_nearer(&found, best))
                *best = found;
        }
    }
    device_type_finish(&type);
}

void conf_like(const struct inifile *file, const char *section, const struct device_text *texts,
               struct conf_like *out)
{
    const struct inifile_entry *type = inifile_own(file, section, "Type");

    *out = (struct conf_like){.channel = -1};
    if (type && *type->value)
        return;
    for (; texts->name; texts++)
        try_type(file, section, texts, out);
}
