/* Names of sections and keys, and what to say of those that are not known. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/conf_parse.h"
#include "core/nearest.h"
#include "core/text.h"

enum { REFERENCES_MAX = 256 }; /* of a whole file */

const char conf_default_section[] = "DEFAULT";
const char conf_dtu_prefix[] = "DTU", conf_inverter_prefix[] = "INVERTER";
const char conf_template_prefix[] = "TEMPLATE";
const char conf_added_prefix[] = "ADDED";

/* The n of "INVERTERn", -1 when it is no such name. */
static int section_number(const char *name, const char *prefix, int count)
{
    size_t len = strlen(prefix), digits;
    long n;

    if (strncmp(name, prefix, len) != 0)
        return -1;
    name += len;
    digits = strspn(name, "0123456789");
    if (!digits || name[digits] || (*name == '0' && digits > 1))
        return -1;
    n = strtol(name, NULL, 10); /* LONG_MAX where it is too long */
    return n < count ? (int)n : -1;
}

unsigned conf_scope_of(const char *section)
{
    if (strcmp(section, conf_default_section) == 0)
        return CONF_IN_DEFAULT;
    if (section_number(section, conf_dtu_prefix, CONF_DTUS_MAX) >= 0)
        return CONF_IN_DTU;
    if (section_number(section, conf_inverter_prefix, CONF_INVERTERS_MAX) >= 0)
        return CONF_IN_INVERTER;
    if (section_number(section, conf_template_prefix, CONF_TEMPLATES_MAX) >= 0)
        return CONF_IN_TEMPLATE;
    return 0;
}

void conf_section_name(char out[CONF_SECTION_MAX], const char *prefix, unsigned n)
{
    (void)snprintf(out, CONF_SECTION_MAX, "%s%u", prefix, n);
}

unsigned conf_line(const struct inifile_entry *e)
{
    return e ? e->line : 0;
}

unsigned conf_section_line(const struct conf_parse *p, const char *section)
{
    const struct inifile_section *s = inifile_section(p->file, section);
    return s ? s->line : 0;
}

/* ---- Names that are not known --------------------------------------------------------------- */

static const struct conf_key *nearest_key(const char *name, unsigned scope)
{
    const struct conf_key *nearest = NULL;
    unsigned least = nearest_limit(name);

    for (size_t i = 0; i < conf_table_size; i++) {
        unsigned d = nearest_distance(name, conf_table[i].name);
        if (d < least && (conf_table[i].scopes & scope || scope == CONF_IN_DEFAULT)) {
            least = d;
            nearest = &conf_table[i];
        }
    }
    return nearest;
}

static bool check_alias(struct conf_parse *p, const struct inifile_entry *e, const char *section)
{
    for (size_t i = 0; conf_aliases[i].name; i++) {
        if (strcasecmp(conf_aliases[i].name, e->name) != 0)
            continue;
        if (conf_aliases[i].key && inifile_own(p->file, section, conf_aliases[i].key))
            conf_say(p, CONF_WARNING, e->line, NULL, "[%s] %s is not used: %s is set as well",
                     section, conf_aliases[i].name, conf_aliases[i].key);
        else if (conf_aliases[i].note)
            conf_say(p, CONF_NOTE, e->line, NULL, "[%s] %s is %s", section, conf_aliases[i].name,
                     conf_aliases[i].note);
        return true;
    }
    return false;
}

static const char *home_of(const struct conf_key *key)
{
    if (key->scopes & CONF_IN_DEFAULT)
        return "[DEFAULT]";
    if (key->scopes & CONF_IN_INVERTER)
        return "[INVERTERn]";
    return key->scopes & CONF_IN_DTU ? "[DTUn]" : "[TEMPLATEn]";
}

/* A key that is known: does it count where it stands? [DEFAULT] may hold what others inherit. */
static void check_place(struct conf_parse *p, const struct inifile_entry *e, const char *section,
                        const struct conf_key *key)
{
    unsigned scope = conf_scope_of(section);
    bool inherited = scope == CONF_IN_DEFAULT && !conf_storings[key - conf_table].own;

    if (key->scopes & scope || inherited)
        return;
    if (scope == CONF_IN_DTU && conf_storings[key - conf_table].owner == COUNTS)
        conf_say(p, CONF_WARNING, e->line, NULL, "[%s] %s is not used here: %s", section, key->name,
                 strcmp(key->name, "DTU") == 0 ? "in a [DTUn], the type of DTU is called Type"
                                               : "it belongs in [DEFAULT]");
    else
        conf_say(p, CONF_WARNING, e->line, NULL, "[%s] %s is not used here: it belongs in %s",
                 section, key->name, home_of(key));
}

/* The %(name)s of all values: what they name is a key of the owner's own. */
struct references {
    size_t count;
    const char *names[REFERENCES_MAX]; /* up to a ')' */
};

static void find_references(const struct conf_parse *p, struct references *r)
{
    r->count = 0;
    for (size_t i = 0; i < p->file->entry_count; i++) {
        for (const char *at = p->file->entries[i].value; (at = strstr(at, "%("));) {
            at += 2;
            if (r->count < REFERENCES_MAX)
                r->names[r->count++] = at;
        }
    }
}

static bool is_referred_to(const struct references *r, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < r->count; i++) {
        if (strncasecmp(r->names[i], name, len) == 0 && r->names[i][len] == ')')
            return true;
    }
    return false;
}

static void check_name(struct conf_parse *p, const struct references *r,
                       const struct inifile_entry *e)
{
    const char *section = p->file->sections[e->section].name;
    unsigned scope = conf_scope_of(section);
    const struct conf_key *key = conf_key_named(e->name, scope);

    if (!scope || check_alias(p, e, section))
        return;
    if (key) {
        check_place(p, e, section, key);
        return;
    }
    if (is_referred_to(r, e->name))
        return;
    key = nearest_key(e->name, scope);
    if (key)
        conf_say(p, CONF_WARNING, e->line, NULL, "[%s] %.48s is not known: did you mean %s?",
                 section, e->name, key->name);
    else
        conf_say(p, CONF_WARNING, e->line, NULL, "[%s] %.48s is not known and has no effect",
                 section, e->name);
}

/* ---- Sections that are not known ------------------------------------------------------------ */

/* "[inverter 0]", "[INVERTER00]", "[INVERTR0]", "[INVERTER]": which one that may be. */
static bool nearest_section(const char *name, char out[CONF_SECTION_MAX])
{
    static const struct {
        const char *prefix;
        unsigned count; /* 0: it is the whole name */
    } kinds[] = {{conf_default_section, 0},
                 {conf_dtu_prefix, CONF_DTUS_MAX},
                 {conf_inverter_prefix, CONF_INVERTERS_MAX},
                 {conf_template_prefix, CONF_TEMPLATES_MAX}};
    char letters[CONF_SECTION_MAX] = "";
    size_t len = 0;

    for (; *name && !isdigit((unsigned char)*name); name++) {
        if (isalpha((unsigned char)*name) && len + 1 < sizeof letters)
            letters[len++] = *name;
    }
    letters[len] = '\0';
    unsigned long number = strtoul(name, NULL, 10); /* ULONG_MAX where it is too long */
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        unsigned allowed = strlen(kinds[i].prefix) > 4 ? 2 : 0;
        if (nearest_distance(letters, kinds[i].prefix) > allowed ||
            number >= (kinds[i].count ? kinds[i].count : 1))
            continue;
        if (kinds[i].count)
            conf_section_name(out, kinds[i].prefix, (unsigned)number);
        else
            text_copy(out, CONF_SECTION_MAX, kinds[i].prefix);
        return true;
    }
    return false;
}

/*
 * A Host in such a section is probably the one that [DEFAULT] lacks: then it is an error, and what
 * follows from it need not be told as well.
 */
static bool has_the_host(const struct conf_parse *p, const char *section)
{
    return inifile_own(p->file, section, "Host") &&
           !inifile_own(p->file, conf_default_section, "Host") && !inifile_section(p->file, "DTU0");
}

static void say_section(struct conf_parse *p, const struct inifile_section *s)
{
    char meant[CONF_SECTION_MAX];
    bool premise = strcmp(s->name, "ONPREMISE") == 0; /* of the Python program's first versions */
    bool found = !premise && nearest_section(s->name, meant);
    bool instead = (premise || (found && strcmp(meant, conf_default_section) == 0)) &&
                   has_the_host(p, s->name);

    p->told_host = p->told_host || instead;
    if (premise)
        conf_say(p, instead ? CONF_ERROR : CONF_WARNING, s->line, NULL,
                 "[ONPREMISE] is no longer used: move its keys (Host, Username, Password) into "
                 "[DEFAULT]");
    else if (found)
        conf_say(p, instead ? CONF_ERROR : CONF_WARNING, s->line, NULL,
                 "[%.32s] is not known and has no effect: did you mean [%s]?", s->name, meant);
    else
        conf_say(p, CONF_WARNING, s->line, NULL,
                 "[%.32s] is not known and has no effect; there are [DEFAULT], [DTU0] to [DTU%d], "
                 "[INVERTER0] to [INVERTER%d] and [TEMPLATE0] to [TEMPLATE%d], in capitals",
                 s->name, CONF_DTUS_MAX - 1, CONF_INVERTERS_MAX - 1, CONF_TEMPLATES_MAX - 1);
}

void conf_check_names(struct conf_parse *p)
{
    struct references r;

    find_references(p, &r);
    for (size_t i = 0; i < p->file->section_count; i++) {
        if (!conf_scope_of(p->file->sections[i].name))
            say_section(p, &p->file->sections[i]);
    }
    for (size_t i = 0; i < p->file->entry_count; i++)
        check_name(p, &r, &p->file->entries[i]);
}
