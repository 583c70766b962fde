#include "core/device_type.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/conf.h"
#include "core/text.h"

static const char section[] = "DEVICE";
static const char classes_known[] = "pvinverter inverter grid genset acload heatpump";

/* What describes the device, as opposed to what a [TEMPLATEn] would have. */
static const char *const descriptions[] = {"Title",       "Vendor",    "Covers", "Classes",
                                           "Channels",    "Auth",      "Port",   "Probe",
                                           "Match",       "Where",     "Source", "ProbeFirmware",
                                           "ProbeSerial", "ProbeName", "Note",   NULL};

/* Which of the words in list it is; words are parted by blanks. */
static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = list; len && (at = strstr(at, word)); at += len) {
        bool begins = at == list || at[-1] == ' ', ends = at[len] == '\0' || at[len] == ' ';
        if (begins && ends)
            return true;
    }
    return false;
}

/* ---- Values ---- */

bool device_type_get(const struct device_type *t, const char *key, char out[DEVICE_TYPE_VALUE_MAX])
{
    const struct inifile_entry *e = t->file ? inifile_own(t->file, section, key) : NULL;

    out[0] = '\0';
    return e && inifile_expand(t->file, section, e, out, DEVICE_TYPE_VALUE_MAX) == INIFILE_EXPANDED;
}

bool device_type_has_class(const struct device_type *t, const char *class)
{
    char classes[DEVICE_TYPE_VALUE_MAX];

    return device_type_get(t, "Classes", classes) && has_word(classes, class);
}

void device_type_number(char *text, size_t size, char mark, unsigned place)
{
    char number[16];

    if (place == 0)
        return;
    int end_len = snprintf(number, sizeof number, "%c%u", mark, place + 1);
    size_t room = size - 1 - (size_t)end_len, len = strlen(text);
    memcpy(text + (len < room ? len : room), number, (size_t)end_len + 1);
}

void device_type_channel(const char *path, unsigned channel, char *out, size_t size)
{
    size_t used = 0;

    while (*path && used + 1 < size) {
        bool here = strncmp(path, "{n}", 3) == 0;
        out[used++] = here ? (char)('0' + channel % 10) : *path;
        path += here ? 3 : 1;
    }
    out[used] = '\0';
}

/* ---- Checks ---- */

struct checking {
    struct device_type *type;
    device_fault_fn fault;
    void *user;
    bool ok;
};

static void say(struct checking *c, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct checking *c, unsigned line, const char *format, ...)
{
    char text[240];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->ok = false;
    text_clean(text); /* it may show what the file holds */
    c->fault(c->user, line, text);
}

static void on_fault(void *user, unsigned line, const char *text)
{
    say(user, line, "%s", text);
}

static bool is_description(const char *name)
{
    for (size_t i = 0; descriptions[i]; i++) {
        if (strcasecmp(descriptions[i], name) == 0)
            return true;
    }
    return false;
}

static const struct conf_key *template_key_named(const char *name)
{
    size_t count;
    const struct conf_key *keys = conf_keys(&count);

    for (size_t i = 0; i < count; i++) {
        if (keys[i].scopes & CONF_IN_TEMPLATE && strcasecmp(keys[i].name, name) == 0)
            return &keys[i];
    }
    return NULL;
}

/* What a file may set: how the device is asked, and what its values are called. Never where it is, nor whom to trust. */
static bool may_set(const char *name)
{
    if (strcasecmp(name, "DigestAuth") == 0)
        return true;
    return strncasecmp(name, "CUST_", 5) == 0 && strcasecmp(name, "CUST_SN") != 0;
}

static void check_entry(struct checking *c, const struct inifile_entry *e)
{
    const struct conf_key *key = template_key_named(e->name);
    char value[DEVICE_TYPE_VALUE_MAX];

    if (strcmp(c->type->file->sections[e->section].name, section) != 0)
        return; /* told of its section */
    if (is_description(e->name)) {
        if (!device_type_get(c->type, e->name, value))
            say(c, e->line, "%s: its value is too long, or has a single %%", e->name);
        return;
    }
    if (!key)
        say(c, e->line, "%.48s is not known", e->name);
    else if (!may_set(e->name))
        say(c, e->line, "%s belongs in config.ini, not into the file of a device", key->name);
    else if (!device_type_get(c->type, e->name, value) || !conf_takes(key, value))
        say(c, e->line, "%s: %.80s is not allowed; allowed: %s", key->name, value, key->type);
}

static void check_classes(struct checking *c)
{
    char classes[DEVICE_TYPE_VALUE_MAX];

    (void)device_type_get(c->type, "Classes", classes);
    for (char *rest = classes, *class; (class = strsep(&rest, " "));) {
        if (*class && !has_word(classes_known, class))
            say(c, 0, "Classes: %.32s is none of %s", class, classes_known);
    }
}

static void check_channels(struct checking *c)
{
    char value[DEVICE_TYPE_VALUE_MAX];

    c->type->channels = 1;
    if (!device_type_get(c->type, "Channels", value))
        return;
    if (strlen(value) == 1 && value[0] >= '1' && value[0] <= '0' + DEVICE_CHANNELS_MAX)
        c->type->channels = (unsigned)(value[0] - '0');
    else
        say(c, 0, "Channels = %.32s: 1 to %d are possible", value, DEVICE_CHANNELS_MAX);
}

static void check(struct checking *c)
{
    static const char *const needed[] = {"Title", "Classes"};
    const struct inifile *f = c->type->file;
    char value[DEVICE_TYPE_VALUE_MAX];

    for (size_t i = 0; i < f->section_count; i++) {
        if (strcmp(f->sections[i].name, section) != 0)
            say(c, f->sections[i].line, "[%.32s] is not known: the file has one section, [%s]",
                f->sections[i].name, section);
    }
    for (size_t i = 0; i < f->entry_count; i++)
        check_entry(c, &f->entries[i]);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!device_type_get(c->type, needed[i], value) || !*value)
            say(c, 0, "%s is missing in [%s]", needed[i], section);
    }
    check_classes(c);
    check_channels(c);
}

bool device_type_read(struct device_type *t, const struct device_text *text, device_fault_fn fault,
                      void *user)
{
    struct checking c = {.type = t, .fault = fault, .user = user, .ok = true};

    *t = (struct device_type){.name = text->name, .channels = 1};
    if (text->problem) {
        say(&c, 0, "%s", text->problem);
        return false;
    }
    t->file = inifile_read(text->text, on_fault, &c);
    if (!t->file) {
        t->out_of_memory = true;
        say(&c, 0, "out of memory");
        return false;
    }
    if (c.ok)
        check(&c);
    if (!c.ok)
        device_type_finish(t);
    return c.ok;
}

void device_type_finish(struct device_type *t)
{
    inifile_free(t->file);
    t->file = NULL;
}
