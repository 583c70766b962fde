/* The type that a [TEMPLATEn] names, and its file. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/conf_parse.h"
#include "core/nearest.h"

static const struct inifile_entry *type_entry(const struct conf_parse *p, const char *section)
{
    const struct inifile_entry *e =
        conf_own_value(p, section, conf_key_named("Type", CONF_IN_TEMPLATE));

    return e && *e->value ? e : NULL;
}

bool conf_has_type(const struct conf_parse *p, const char *section)
{
    return type_entry(p, section) != NULL;
}

static const struct device_text *find_text(const struct device_text *texts, const char *name)
{
    for (; texts->name; texts++) {
        if (strcasecmp(texts->name, name) == 0)
            return texts;
    }
    return NULL;
}

static void find_nearest(const struct device_text *texts, const char *name, unsigned *least,
                         const char **nearest)
{
    for (; texts->name; texts++) {
        unsigned distance = nearest_distance(name, texts->name);
        if (distance < *least) {
            *least = distance;
            *nearest = texts->name;
        }
    }
}

static void say_unknown(struct conf_parse *p, unsigned line, const char *section, const char *name)
{
    unsigned least = nearest_limit(name);
    const char *nearest = NULL;

    find_nearest(p->own_devices, name, &least, &nearest);
    find_nearest(device_texts, name, &least, &nearest);
    conf_say(p, CONF_ERROR, line, NULL,
             "[%s] Type = %.32s is not known%s%s%s; docs/devices.md lists the types", section, name,
             nearest ? ": did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

struct faults {
    struct conf_parse *p;
    unsigned line; /* of the section that names it */
    const char *section, *name;
};

static void on_fault(void *user, unsigned line, const char *text)
{
    const struct faults *f = user;

    if (line)
        conf_say(f->p, CONF_ERROR, f->line, NULL, "[%s] Type: devices/%s.ini: line %u: %s",
                 f->section, f->name, line, text);
    else
        conf_say(f->p, CONF_ERROR, f->line, NULL, "[%s] Type: devices/%s.ini: %s", f->section,
                 f->name, text);
}

bool conf_find_type(struct conf_parse *p, const char *section, struct device_type *type)
{
    const struct inifile_entry *e = type_entry(p, section);
    char name[CONF_VALUE_MAX];

    *type = (struct device_type){.channels = 1};
    if (!e)
        return true;
    (void)inifile_expand(p->file, section, e, name, sizeof name);
    const struct device_text *text = find_text(p->own_devices, name);
    if (!text)
        text = find_text(device_texts, name);
    if (!text) {
        say_unknown(p, e->line, section, name);
        return false;
    }
    struct faults faults = {p, e->line, section, text->name};
    bool ok = device_type_read(type, text, on_fault, &faults);
    /* As with the file itself: the configuration is not one without this device. */
    p->out_of_memory = p->out_of_memory || type->out_of_memory;
    return ok;
}
