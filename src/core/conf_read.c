/* Values: where a section has them from, and into which member they go. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/conf_parse.h"

const struct inifile_entry *conf_own_value(const struct conf_parse *p, const char *section,
                                           const struct conf_key *key)
{
    const struct inifile_entry *e = inifile_own(p->file, section, key->name);

    for (size_t i = 0; conf_aliases[i].name && !e; i++) {
        if (conf_aliases[i].key && strcmp(conf_aliases[i].key, key->name) == 0)
            e = inifile_own(p->file, section, conf_aliases[i].name);
    }
    return e;
}

const struct inifile_entry *conf_find_value(const struct conf_parse *p, struct conf_place place,
                                            size_t k)
{
    const struct conf_key *key = &conf_table[k];
    const struct inifile_entry *e = conf_own_value(p, place.section, key);

    if (e || conf_storings[k].own)
        return e;
    if (place.parent && key->scopes & conf_scope_of(place.parent))
        e = conf_own_value(p, place.parent, key);
    return e ? e : conf_own_value(p, conf_default_section, key);
}

/* The section whose values a %(name)s is one of. */
static const char *through(const struct conf_parse *p, struct conf_place place,
                           const struct inifile_entry *e)
{
    const char *section = p->file->sections[e->section].name;

    if (strcmp(section, conf_default_section) != 0)
        return section;
    if (inifile_section(p->file, place.section) || !place.parent)
        return place.section;
    return place.parent;
}

/* What no key's value may hold; NULL when it is fine. */
static const char *unusable(const char *value)
{
    if (strchr(value, '\n'))
        return "it continues on the next line: remove that line's indentation";
    for (; *value; value++) {
        if (((unsigned char)*value < 0x20 && *value != '\t') || *value == 0x7F)
            return "it holds a control character";
    }
    return NULL;
}

/* Reads the value of key k for section into out; false when it is not there, or cannot be used. */
static bool read_value(struct conf_parse *p, struct conf_place place, size_t k,
                       char out[CONF_VALUE_MAX], bool *bad)
{
    const struct inifile_entry *e = conf_find_value(p, place, k);
    const char *hint = NULL;

    if (!e)
        return false;
    switch (inifile_expand(p->file, through(p, place, e), e, out, CONF_VALUE_MAX)) {
    case INIFILE_EXPANDED:
        break;
    case INIFILE_UNKNOWN_NAME:
        conf_say_of_value(p, CONF_WARNING, e, &conf_table[k], out, NULL,
                          "its %(name)s is not a key and was left as it is; write %% for %");
        break;
    case INIFILE_TOO_DEEP:
        hint = "it is too long, or its %(name)s refers to itself";
        break;
    }
    if (!hint)
        hint = unusable(out);
    if (!hint)
        return true;
    conf_say_bad(p, e, k, out, hint);
    *bad = true;
    return false;
}

/* What a value may well be, but seldom is. */
static void note_slip(struct conf_parse *p, const struct inifile_entry *e, size_t k,
                      const char *value)
{
    set_fn set = conf_storings[k].set;
    bool text = set == set_text || set == set_json_path || set == set_api_path;

    if ((text || set == set_name) && set_is_quoted(value))
        conf_say_of_value(p, CONF_NOTE, e, &conf_table[k], value, NULL,
                          "the quotes are part of the value: remove them unless they are meant");
    else if (text && set_has_comment(value))
        conf_say_of_value(p, CONF_NOTE, e, &conf_table[k], value, NULL,
                          "all of it is the value: a comment needs its own line");
}

/* Empty where that says nothing: as if the key was not there. */
static void take_empty(struct conf_parse *p, const struct inifile_entry *e, size_t k)
{
    char outcome[CONF_OUTCOME_MAX];

    if (!conf_table[k].fallback) /* what must be there is asked for where it is missed */
        return;
    (void)snprintf(outcome, sizeof outcome, "%s is used", conf_table[k].fallback);
    conf_say_of_value(p, CONF_WARNING, e, &conf_table[k], "", outcome, "it is empty");
}

static const char *slip_of(const char *value)
{
    if (set_has_comment(value))
        return "a comment needs its own line";
    return set_is_quoted(value) ? "remove the quotes" : NULL;
}

/* What the device's file says, which was checked when it was read. */
static bool apply_type(struct conf_place place, size_t k, void *member)
{
    const struct conf_storing *s = &conf_storings[k];
    char value[DEVICE_TYPE_VALUE_MAX];
    const char *hint = NULL;

    if (!place.type || !device_type_get(place.type, conf_table[k].name, value))
        return false;
    return s->set(&s->limits, value, member, &hint) != SET_BAD;
}

/* Sets row k's member of base. False when the key is vital and its value bad. */
static bool apply_key(struct conf_parse *p, struct conf_place place, size_t k, void *base)
{
    const struct conf_storing *s = &conf_storings[k];
    void *member = (char *)base + s->offset;
    const char *hint = NULL;
    char value[CONF_VALUE_MAX];
    bool bad = false;

    if (conf_table[k].fallback)
        (void)s->set(&s->limits, conf_table[k].fallback, member, &hint);
    hint = NULL;
    if (apply_type(place, k, member) && !conf_own_value(p, place.section, &conf_table[k]))
        return true;
    bool there = read_value(p, place, k, value, &bad);
    if (s->says)
        *(bool *)((char *)base + s->says) = bad || (there && *value);
    if (!there)
        return !(bad && s->vital);
    const struct inifile_entry *e = conf_find_value(p, place, k);
    switch (s->set(&s->limits, value, member, &hint)) {
    case SET_OK:
        note_slip(p, e, k, value);
        break;
    case SET_ADAPTED:
        if (hint != set_not_utf8 || !p->told_encoding)
            conf_say_of_value(p, CONF_WARNING, e, &conf_table[k], value, NULL, hint);
        p->told_encoding = p->told_encoding || hint == set_not_utf8;
        break;
    case SET_RAISED:
        conf_say_clamped(p, e, k, value, s->limits.min);
        break;
    case SET_LOWERED:
        conf_say_clamped(p, e, k, value, s->limits.max);
        break;
    case SET_BAD:
        if (*value) {
            conf_say_bad(p, e, k, value, hint ? hint : slip_of(value));
            return !s->vital;
        }
        take_empty(p, e, k);
        break;
    }
    return true;
}

bool conf_apply(struct conf_parse *p, struct conf_place place, unsigned scope,
                enum conf_owner owner, void *base)
{
    bool ok = true;

    for (size_t k = 0; k < conf_table_size; k++) {
        if (conf_storings[k].owner == owner && conf_table[k].scopes & scope)
            ok = apply_key(p, place, k, base) && ok;
    }
    return ok;
}

bool conf_takes(const struct conf_key *key, const char *value)
{
    const struct conf_storing *s = &conf_storings[key - conf_table];
    _Alignas(max_align_t) char member[CONF_AUTHORIZATION_MAX]; /* the largest that there is */
    const char *hint = NULL;

    return !unusable(value) && s->set(&s->limits, value, member, &hint) != SET_BAD;
}
