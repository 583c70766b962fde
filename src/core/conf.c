#include "core/conf.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/conf_value.h"
#include "core/inifile.h"

enum {
    MESSAGES_MAX = 200,
    SHOWN_MAX = 48, /* bytes of a wrong value that are shown */
    VALUE_MAX = 4096
};

/* ---- The table ------------------------------------------------------------------------------ */

/* What is read from [DEFAULT] and steers the reading of the rest. */
struct counts {
    char dtu[CONF_DTU_MAX];
    unsigned templates;
};

enum owner { GLOBAL, COUNTS, GATEWAY, DEVICE };

struct storing {
    enum owner owner;
    size_t offset;
    set_fn set;
    struct set_limits limits;
    bool vital;
    const char *example, *example_template;
};

#define D CONF_IN_DEFAULT
#define I CONF_IN_INVERTER
#define T CONF_IN_TEMPLATE
#define G CONF_IN_DTU
#define KEY(...)    \
    {               \
        __VA_ARGS__ \
    }
#define INTO(owner_, struct_, member_, set_, ...)                                       \
    {                                                                                   \
        .owner = owner_, .offset = offsetof(struct_, member_), .set = set_, __VA_ARGS__ \
    }

static const struct conf_key keys[] = {
#define ROW(key, storing) key,
#include "core/conf.def"
#undef ROW
};

static const struct storing storings[] = {
#define ROW(key, storing) storing,
#include "core/conf.def"
#undef ROW
};

#undef D
#undef I
#undef T
#undef G

enum { KEYS = sizeof keys / sizeof keys[0] };

/* Names that other versions of this program have had. */
static const struct {
    const char *name, *key;
    const char *warning; /* NULL: as good as the key's own name */
} aliases[] = {
    {"ESP8266PollingInterval", "ESP8266PollingIntervall", NULL},
    {"OpenDTUPollingIntervall", "PollingInterval", NULL},
    {"OpenDTUPollingInterval", "PollingInterval", NULL},
    {"MagAgeTsLastSuccess", "MaxAgeTsLastSuccess", "read as MaxAgeTsLastSuccess: that is its name"},
    {"MaxFetchTries", NULL, "not needed any more: a failed request is repeated with the next poll"},
};

enum { ALIASES = sizeof aliases / sizeof aliases[0] };

const struct conf_key *conf_keys(size_t *count)
{
    *count = KEYS;
    return keys;
}

/* ---- The report ----------------------------------------------------------------------------- */

struct parse {
    struct conf_report *report;
    struct inifile *file;
    struct config *config;
    struct counts counts;
    bool told[INIFILE_ENTRIES_MAX]; /* per entry of the file: its value has been complained of */
    bool out_of_memory;
};

static void count_message(struct conf_report *report, enum conf_severity severity)
{
    if (severity == CONF_WARNING)
        report->warnings++;
    else if (severity == CONF_ERROR)
        report->errors++;
    else
        report->fatals++;
}

static void say(struct parse *p, enum conf_severity severity, unsigned line, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

static void say(struct parse *p, enum conf_severity severity, unsigned line, const char *format,
                ...)
{
    struct conf_report *report = p->report;
    struct conf_message *messages, *m;
    char text[sizeof m->text];
    size_t at = report->count;
    va_list args;

    count_message(report, severity);
    if (report->count == MESSAGES_MAX)
        return;
    messages = realloc(report->messages, (report->count + 1) * sizeof *messages);
    if (!messages) {
        p->out_of_memory = true;
        return;
    }
    report->messages = messages;
    /* In the order of the lines; what no line is to blame for comes last. */
    while (at > 0 && line && (messages[at - 1].line > line || !messages[at - 1].line))
        at--;
    memmove(&messages[at + 1], &messages[at], (report->count - at) * sizeof *messages);
    report->count++;
    m = &messages[at];
    m->severity = severity;
    m->line = line;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_copy(m->text, sizeof m->text, text);
}

static void on_fault(void *user, unsigned line, const char *text)
{
    say(user, CONF_FATAL, line, "%s", text);
}

/* ---- Sections ------------------------------------------------------------------------------- */

static const char default_section[] = "DEFAULT";
static const char inverter_prefix[] = "INVERTER", template_prefix[] = "TEMPLATE";
static const char template_driver[] = "template";

/* The n of "INVERTERn", -1 when it is no such name. */
static int section_number(const char *name, const char *prefix, int count)
{
    size_t len = strlen(prefix), digits;
    int n;

    if (strncmp(name, prefix, len) != 0)
        return -1;
    name += len;
    digits = strspn(name, "0123456789");
    if (!digits || digits > 3 || name[digits] || (*name == '0' && digits > 1))
        return -1;
    n = (int)strtol(name, NULL, 10);
    return n < count ? n : -1;
}

/* Which kind of section that is, 0 when it is none that is known. */
static unsigned scope_of(const char *section)
{
    if (strcmp(section, default_section) == 0)
        return CONF_IN_DEFAULT;
    if (section_number(section, inverter_prefix, CONF_INVERTERS_MAX) >= 0)
        return CONF_IN_INVERTER;
    if (section_number(section, template_prefix, CONF_TEMPLATES_MAX) >= 0)
        return CONF_IN_TEMPLATE;
    return 0;
}

static void section_name(char out[CONF_SECTION_MAX], const char *prefix, unsigned n)
{
    (void)snprintf(out, CONF_SECTION_MAX, "%s%u", prefix, n);
}

static unsigned section_line(const struct parse *p, const char *section)
{
    const struct inifile_section *s = inifile_section(p->file, section);
    return s ? s->line : 0;
}

/* ---- Names that are not known --------------------------------------------------------------- */

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein's distance without regard to case; names longer than any key are far from all. */
static unsigned distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    unsigned row[LONGEST + 1];
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len > LONGEST || b_len > LONGEST)
        return LONGEST;
    for (unsigned j = 0; j <= b_len; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b_len; j++) {
            unsigned above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1,
                              diagonal + (tolower((unsigned char)a[i - 1]) !=
                                          tolower((unsigned char)b[j - 1])));
            diagonal = above;
        }
    }
    return row[b_len];
}

static const struct conf_key *key_named(const char *name)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (strcasecmp(keys[i].name, name) == 0)
            return &keys[i];
    }
    return NULL;
}

static const struct conf_key *nearest_key(const char *name, unsigned scope)
{
    const struct conf_key *nearest = NULL;
    unsigned least = 2 + (unsigned)strlen(name) / 4;

    for (size_t i = 0; i < KEYS; i++) {
        unsigned d = distance(name, keys[i].name);
        if (d < least && (keys[i].scopes & scope || scope == CONF_IN_DEFAULT)) {
            least = d;
            nearest = &keys[i];
        }
    }
    return nearest;
}

static bool check_alias(struct parse *p, const struct inifile_entry *e, const char *section)
{
    for (size_t i = 0; i < ALIASES; i++) {
        if (strcasecmp(aliases[i].name, e->name) != 0)
            continue;
        if (aliases[i].key && inifile_own(p->file, section, aliases[i].key))
            say(p, CONF_WARNING, e->line, "[%s] %s is not used: %s stands there as well", section,
                aliases[i].name, aliases[i].key);
        else if (aliases[i].warning)
            say(p, CONF_WARNING, e->line, "[%s] %s is %s", section, aliases[i].name,
                aliases[i].warning);
        return true;
    }
    return false;
}

static void check_name(struct parse *p, const struct inifile_entry *e)
{
    const char *section = p->file->sections[e->section].name;
    unsigned scope = scope_of(section);
    const struct conf_key *key = key_named(e->name);

    if (!scope || check_alias(p, e, section))
        return;
    if (key) {
        /* [DEFAULT] may hold any: its values are those of every section. */
        if (!(key->scopes & scope) && scope != CONF_IN_DEFAULT)
            say(p, CONF_WARNING, e->line, "[%s] %s is not used here: it belongs into %s", section,
                key->name, key->scopes & CONF_IN_DEFAULT ? "[DEFAULT]" : "[TEMPLATEn]");
        return;
    }
    key = nearest_key(e->name, scope);
    if (key)
        say(p, CONF_WARNING, e->line, "[%s] %.48s is not known: did you mean %s?", section, e->name,
            key->name);
    else
        say(p, CONF_WARNING, e->line, "[%s] %.48s is not known and has no effect", section,
            e->name);
}

static void check_names(struct parse *p)
{
    for (size_t i = 0; i < p->file->section_count; i++) {
        const struct inifile_section *s = &p->file->sections[i];
        if (!scope_of(s->name))
            say(p, CONF_WARNING, s->line,
                "[%.32s] is not known and has no effect; there are [DEFAULT], [INVERTER0] to "
                "[INVERTER%d] and [TEMPLATE0] to [TEMPLATE%d], in capitals",
                s->name, CONF_INVERTERS_MAX - 1, CONF_TEMPLATES_MAX - 1);
    }
    for (size_t i = 0; i < p->file->entry_count; i++)
        check_name(p, &p->file->entries[i]);
}

/* ---- Values --------------------------------------------------------------------------------- */

static const struct inifile_entry *own_value(const struct parse *p, const char *section,
                                             const struct conf_key *key)
{
    const struct inifile_entry *e = inifile_own(p->file, section, key->name);

    for (size_t i = 0; i < ALIASES && !e; i++) {
        if (aliases[i].key && strcmp(aliases[i].key, key->name) == 0)
            e = inifile_own(p->file, section, aliases[i].name);
    }
    return e;
}

static const struct inifile_entry *find_value(const struct parse *p, const char *section,
                                              const struct conf_key *key)
{
    const struct inifile_entry *e = own_value(p, section, key);
    return e ? e : own_value(p, default_section, key);
}

/* What may be shown of a value: not a secret, and no address that holds one. */
static void show_value(char out[SHOWN_MAX], const struct conf_key *key, const char *value)
{
    char copy[SHOWN_MAX - 2];
    size_t len = strcspn(value, "\n"); /* the next line may be a password that was indented */

    if (key->secret || strchr(value, '@')) {
        text_copy(out, SHOWN_MAX, "(hidden)");
        return;
    }
    text_copy(copy, len < sizeof copy ? len + 1 : sizeof copy, value);
    (void)snprintf(out, SHOWN_MAX, "\"%s\"", copy);
}

/* Once per entry, though ten sections may inherit it. */
static void say_of_value(struct parse *p, enum conf_severity severity,
                         const struct inifile_entry *e, const struct conf_key *key,
                         const char *value, const char *what)
{
    const char *section = p->file->sections[e->section].name;
    bool *told = &p->told[e - p->file->entries];
    char shown[SHOWN_MAX];

    if (*told)
        return;
    *told = true;
    show_value(shown, key, value);
    say(p, severity, e->line, "[%s] %s = %s: %s", section, key->name, shown, what);
}

static void say_bad(struct parse *p, const struct inifile_entry *e, size_t k, const char *value,
                    const char *hint)
{
    const char *section = p->file->sections[e->section].name;
    const char *fallback = keys[k].fallback;
    char what[200], then[64] = "";

    if (storings[k].vital && storings[k].owner != COUNTS && strcmp(section, default_section) != 0)
        (void)snprintf(then, sizeof then, "; [%s] is left out", section);
    else if (storings[k].vital)
        text_copy(then, sizeof then, "; what depends on it is left out");
    else if (fallback)
        (void)snprintf(then, sizeof then, "; %s is used instead", *fallback ? fallback : "none");
    (void)snprintf(what, sizeof what, "allowed is %s%s%s%s", keys[k].type, hint ? "; " : "",
                   hint ? hint : "", then);
    say_of_value(p, CONF_ERROR, e, &keys[k], value, what);
}

/* What no key's value may hold; NULL when it is fine. */
static const char *unusable(const char *value)
{
    if (strchr(value, '\n'))
        return "it goes on in the next line: take that line's indentation away";
    for (; *value; value++) {
        if (((unsigned char)*value < 0x20 && *value != '\t') || *value == 0x7F)
            return "it holds a control character";
    }
    return NULL;
}

/* Reads the value of key k for section into out; false when it is not there, or cannot be used. */
static bool read_value(struct parse *p, const char *section, size_t k, char out[VALUE_MAX],
                       bool *bad)
{
    const struct inifile_entry *e = find_value(p, section, &keys[k]);
    const char *hint = NULL;

    if (!e)
        return false;
    switch (inifile_expand(p->file, section, e, out, VALUE_MAX)) {
    case INIFILE_EXPANDED:
        break;
    case INIFILE_UNKNOWN_NAME:
        say_of_value(p, CONF_WARNING, e, &keys[k], out,
                     "its %(name)s is no key, and was left as it is; write %% for %");
        break;
    case INIFILE_TOO_DEEP:
        hint = "it is too long, or its %(name)s refers to itself";
        break;
    }
    if (!hint)
        hint = unusable(out);
    if (!hint)
        return true;
    say_bad(p, e, k, out, hint);
    *bad = true;
    return false;
}

/* Empty where that says nothing: as if the key was not there. */
static void take_empty(struct parse *p, const struct inifile_entry *e, size_t k)
{
    char what[64];

    if (!keys[k].fallback) /* what must be there is asked for where it is missed */
        return;
    (void)snprintf(what, sizeof what, "it is empty; %s is used", keys[k].fallback);
    say_of_value(p, CONF_WARNING, e, &keys[k], "", what);
}

/* False when the key is vital and its value bad. */
static bool apply_key(struct parse *p, const char *section, size_t k, void *base)
{
    const struct storing *s = &storings[k];
    void *member = (char *)base + s->offset;
    const char *hint = NULL;
    char value[VALUE_MAX];
    bool bad = false;

    if (keys[k].fallback)
        (void)s->set(&s->limits, keys[k].fallback, member, &hint);
    hint = NULL;
    if (!read_value(p, section, k, value, &bad))
        return !(bad && s->vital);
    const struct inifile_entry *e = find_value(p, section, &keys[k]);
    switch (s->set(&s->limits, value, member, &hint)) {
    case SET_OK:
        break;
    case SET_ADAPTED:
        say_of_value(p, CONF_WARNING, e, &keys[k], value, hint);
        break;
    case SET_BAD:
        if (*value) {
            say_bad(p, e, k, value, hint);
            return !s->vital;
        }
        take_empty(p, e, k);
        break;
    }
    return true;
}

/* Sets every member of base that scope has a key for. False when a vital one is bad. */
static bool apply(struct parse *p, const char *section, unsigned scope, enum owner owner,
                  void *base)
{
    bool ok = true;

    for (size_t k = 0; k < KEYS; k++) {
        if (storings[k].owner == owner && keys[k].scopes & scope)
            ok = apply_key(p, section, k, base) && ok;
    }
    return ok;
}

/* ---- Gateways and devices ------------------------------------------------------------------- */

/* Where the text itself is broken, what seems to be missing may just not have been understood. */
static bool is_whole(const struct parse *p)
{
    return p->report->fatals == 0;
}

/* "TCP/IP (HTTP) 192.168.1.50", beginning as in the Python program. */
static void describe_connection(const struct gateway_conf *g, char *out, size_t size)
{
    bool tls = strncmp(g->base_url, "https:", 6) == 0;
    const char *address = strstr(g->base_url, "//");
    char text[sizeof g->base_url + 16];

    (void)snprintf(text, sizeof text, "TCP/IP (HTTP%s) %s", tls ? "S" : "",
                   address ? address + 2 : "");
    text_copy(out, size, text);
}

static bool has_host(struct parse *p, const struct gateway_conf *g, const char *section)
{
    if (g->base_url[0])
        return true;
    if (is_whole(p))
        say(p, CONF_ERROR, section_line(p, section),
            "[%s] Host is missing: write Host = and the address of the %s, such as 192.168.1.50",
            section, strcmp(g->driver, template_driver) == 0 ? "device" : "DTU");
    return false;
}

static bool lowest_inverter(const struct parse *p, char out[CONF_SECTION_MAX])
{
    for (unsigned n = 0; n < CONF_INVERTERS_MAX; n++) {
        section_name(out, inverter_prefix, n);
        if (inifile_section(p->file, out))
            return true;
    }
    return false;
}

/*
 * The DTU's own keys stand in [DEFAULT]; those that the Python program reads from the first inverter's
 * section (Host, Username, Password, DigestAuth) may stand there as well, and then count.
 */
static bool read_dtu(struct parse *p, struct gateway_conf *g)
{
    char first[CONF_SECTION_MAX];
    bool ok = true;

    text_copy(g->section, sizeof g->section, default_section);
    text_copy(g->driver, sizeof g->driver, p->counts.dtu);
    if (!lowest_inverter(p, first))
        text_copy(first, sizeof first, default_section);
    for (size_t k = 0; k < KEYS; k++) {
        if (storings[k].owner == GATEWAY && keys[k].scopes & CONF_IN_DEFAULT)
            ok = apply_key(p, keys[k].scopes & CONF_IN_INVERTER ? first : default_section, k, g) &&
                 ok;
    }
    return ok && has_host(p, g, default_section);
}

static void warn_of_second_dtu(struct parse *p, const char *section, const struct gateway_conf *dtu)
{
    const struct conf_key *host = key_named("Host");
    const struct inifile_entry *e = inifile_own(p->file, section, host->name);
    char value[VALUE_MAX], url[CONF_TEXT_MAX] = "";
    const char *hint = NULL;

    if (!e)
        return;
    (void)inifile_expand(p->file, section, e, value, sizeof value);
    if (set_host(NULL, value, url, &hint) != SET_OK || strcmp(url, dtu->base_url) != 0)
        say_of_value(p, CONF_WARNING, e, host, value,
                     "not used: there is one DTU, that of [DEFAULT]");
}

static struct device_conf *read_device(struct parse *p, const char *section, unsigned scope,
                                       size_t gateway)
{
    struct device_conf *d = &p->config->devices[p->config->device_count];

    memset(d, 0, sizeof *d);
    text_copy(d->section, sizeof d->section, section);
    d->gateway = (unsigned)gateway;
    describe_connection(&p->config->gateways[gateway], d->connection, sizeof d->connection);
    return apply(p, section, scope, DEVICE, d) ? d : NULL;
}

/* An instance of [DEFAULT] is no unnamed inverter's: there may be several. */
static void read_unnamed(struct parse *p, size_t gateway)
{
    struct device_conf *d = &p->config->unnamed[gateway];

    d->gateway = (unsigned)gateway;
    describe_connection(&p->config->gateways[gateway], d->connection, sizeof d->connection);
    if (!apply(p, default_section, CONF_IN_DTU, DEVICE, d))
        p->config->gateways[gateway].auto_add = false;
    d->instance = CONF_INSTANCE_AUTO;
}

static void read_inverters(struct parse *p)
{
    size_t gateway = p->config->gateway_count;
    struct gateway_conf *dtu = &p->config->gateways[gateway];
    char section[CONF_SECTION_MAX];

    if (strcmp(p->counts.dtu, template_driver) == 0 || !read_dtu(p, dtu))
        return;
    p->config->gateway_count++;
    p->config->dtu_count++;
    read_unnamed(p, gateway);
    for (unsigned n = 0; n < CONF_INVERTERS_MAX; n++) {
        section_name(section, inverter_prefix, n);
        if (!inifile_section(p->file, section) || (dtu->max_inverters && n >= dtu->max_inverters))
            continue;
        warn_of_second_dtu(p, section, dtu);
        struct device_conf *d = read_device(p, section, CONF_IN_INVERTER, gateway);
        if (d) {
            d->index = n;
            p->config->device_count++;
        }
    }
}

static bool has_template_keys(struct parse *p, const struct gateway_conf *g, const char *section)
{
    unsigned line = section_line(p, section);

    if (!g->template.api_path[0] && is_whole(p))
        say(p, CONF_ERROR, line,
            "[%s] CUST_API_PATH is missing: write what to ask for, such as rpc/Switch.GetStatus?id=0",
            section);
    if (!g->template.power.path[0] && is_whole(p))
        say(p, CONF_ERROR, line,
            "[%s] CUST_Power is missing: write where the power stands in the JSON reply, such as "
            "apower",
            section);
    return g->template.api_path[0] && g->template.power.path[0];
}

static void read_template(struct parse *p, const char *section)
{
    size_t gateway = p->config->gateway_count;
    struct gateway_conf *g = &p->config->gateways[gateway];
    bool ok;

    memset(g, 0, sizeof *g); /* a section that was left out may have begun to fill it */
    text_copy(g->section, sizeof g->section, section);
    text_copy(g->driver, sizeof g->driver, template_driver);
    ok = apply(p, section, CONF_IN_TEMPLATE, GATEWAY, g);
    /* A bad value has been told already: do not call it missing as well. */
    ok = ok && has_host(p, g, section);
    ok = ok && has_template_keys(p, g, section);
    /* Read in any case: its faults are to be told together with the others. */
    struct device_conf *d = read_device(p, section, CONF_IN_TEMPLATE, gateway);
    if (!ok || !d)
        return;
    if (!d->serial[0])
        text_copy(d->serial, sizeof d->serial, section);
    if (!d->name[0])
        text_copy(d->name, sizeof d->name, section);
    text_copy(g->template.serial, sizeof g->template.serial, d->serial);
    p->config->gateway_count++;
    p->config->device_count++;
}

static void read_templates(struct parse *p)
{
    const struct conf_key *key = key_named("NumberOfTemplates");
    const struct inifile_entry *number = find_value(p, default_section, key);
    char section[CONF_SECTION_MAX];

    for (unsigned n = 0; n < CONF_TEMPLATES_MAX; n++) {
        section_name(section, template_prefix, n);
        const struct inifile_section *s = inifile_section(p->file, section);
        if (n < p->counts.templates && s)
            read_template(p, section);
        else if (n < p->counts.templates && is_whole(p))
            say(p, CONF_ERROR, number ? number->line : 0,
                "[DEFAULT] NumberOfTemplates = %u, but there is no [%s]", p->counts.templates,
                section);
        else if (s && !number)
            say(p, CONF_WARNING, s->line,
                "[%s] is not used: NumberOfTemplates is missing in [DEFAULT]", section);
    }
}

/* ---- Instances ------------------------------------------------------------------------------ */

static bool is_template(const struct config *c, const struct device_conf *d)
{
    return strcmp(c->gateways[d->gateway].driver, template_driver) == 0;
}

/* A template's gateway goes with it. */
static void drop_device(struct config *c, size_t i)
{
    size_t gateway = c->devices[i].gateway;

    if (is_template(c, &c->devices[i])) {
        c->gateway_count--;
        memmove(&c->gateways[gateway], &c->gateways[gateway + 1],
                (c->gateway_count - gateway) * sizeof c->gateways[0]);
        for (size_t j = 0; j < c->device_count; j++)
            c->devices[j].gateway -= c->devices[j].gateway > gateway;
    }
    c->device_count--;
    memmove(&c->devices[i], &c->devices[i + 1], (c->device_count - i) * sizeof c->devices[0]);
}

/*
 * Whether the DTU has this inverter is not known: many files have a section for each of ten inverters,
 * whatever the DTU lists. The first one it has.
 */
static bool is_doubtful(const struct config *c, const struct device_conf *d)
{
    return !is_template(c, d) && d->index > 0 && !c->gateways[d->gateway].max_inverters;
}

static bool is_rival(const struct device_conf *a, const struct device_conf *b)
{
    return a->instance == b->instance && a->instance != CONF_INSTANCE_AUTO &&
           strcmp(a->service, b->service) == 0;
}

/* The device that keeps the instance which device i wants as well; NULL when there is none. */
static const struct device_conf *winner_over(const struct config *c, size_t i)
{
    const struct device_conf *d = &c->devices[i];

    /* Inverters come first in the list; one that may not exist yields to a template, which does. */
    for (size_t j = i + 1; is_doubtful(c, d) && j < c->device_count; j++) {
        if (is_template(c, &c->devices[j]) && is_rival(d, &c->devices[j]))
            return &c->devices[j];
    }
    for (size_t j = 0; j < i; j++) {
        bool yields = is_template(c, d) && is_doubtful(c, &c->devices[j]);
        if (!yields && is_rival(d, &c->devices[j]))
            return &c->devices[j];
    }
    return NULL;
}

/*
 * Of two devices with one instance, the later one is left out. That a doubtful inverter yields to a
 * template is no error, since such a file has always worked.
 */
static void settle_instances(struct parse *p)
{
    struct config *c = p->config;

    for (size_t i = c->device_count; i-- > 0;) {
        const struct device_conf *d = &c->devices[i], *winner = winner_over(c, i);
        if (!winner)
            continue;
        bool yields = is_template(c, winner) && !is_template(c, d);
        say(p, yields ? CONF_WARNING : CONF_ERROR, section_line(p, d->section),
            "[%s] DeviceInstance = %d is that of [%s] already; [%s] is left out%s", d->section,
            d->instance, winner->section, d->section,
            yields ? ". Give one of them another if the DTU has so many inverters" : "");
        drop_device(c, i);
    }
}

/* ---- The whole ------------------------------------------------------------------------------ */

static void read_config(struct parse *p)
{
    check_names(p);
    (void)apply(p, default_section, CONF_IN_DEFAULT, GLOBAL, p->config);
    /* With a DTU of an unknown kind there is nothing to ask but the templates. */
    if (!apply(p, default_section, CONF_IN_DEFAULT, COUNTS, &p->counts))
        text_copy(p->counts.dtu, sizeof p->counts.dtu, template_driver);
    read_inverters(p);
    read_templates(p);
    settle_instances(p);
}

struct config *config_parse(const char *text, struct conf_report *report)
{
    struct config *config = calloc(1, sizeof *config);
    struct parse p = {.report = report, .config = config};
    struct inifile *file;

    memset(report, 0, sizeof *report);
    file = config ? inifile_read(text, on_fault, &p) : NULL;
    p.file = file;
    if (file)
        read_config(&p);
    if (!file || p.out_of_memory)
        say(&p, CONF_FATAL, 0, "out of memory");
    inifile_free(file);
    if (report->fatals) {
        config_free(config);
        return NULL;
    }
    return config;
}

void config_free(struct config *c)
{
    free(c);
}

void conf_report_finish(struct conf_report *report)
{
    free(report->messages);
    memset(report, 0, sizeof *report);
}

/* ---- config.example ------------------------------------------------------------------------- */

typedef void (*put_fn)(void *user, const char *text);

static void put_key(put_fn put, void *user, size_t k, const char *example)
{
    const struct conf_key *key = &keys[k];
    const char *value = example ? example : key->fallback ? key->fallback : "";

    put(user, "\n# ");
    put(user, key->help);
    put(user, "\n# (");
    put(user, key->type);
    if (key->fallback && *key->fallback) {
        put(user, "; default ");
        put(user, key->fallback);
    }
    put(user, ")\n");
    put(user, example ? "" : "#");
    put(user, key->name);
    put(user, *value ? " = " : " =");
    put(user, value);
    put(user, "\n");
}

static void put_section(put_fn put, void *user, unsigned scope, const char *head)
{
    put(user, head);
    for (size_t k = 0; k < KEYS; k++) {
        const struct storing *s = &storings[k];
        if (scope == CONF_IN_TEMPLATE && keys[k].scopes & scope &&
            (s->example_template || !(keys[k].scopes & CONF_IN_DEFAULT)))
            put_key(put, user, k, s->example_template);
        else if (scope == CONF_IN_INVERTER && keys[k].scopes & scope &&
                 !(keys[k].scopes & CONF_IN_DEFAULT))
            put_key(put, user, k, s->example);
        else if (scope == CONF_IN_DEFAULT && keys[k].scopes & scope)
            put_key(put, user, k, s->example);
    }
}

void conf_write_example(void (*put)(void *user, const char *text), void *user)
{
    put_section(
        put, user, CONF_IN_DEFAULT,
        "# Copy this file to config.ini, and set Host at least.\n"
        "#\n"
        "# A line that begins with # or ; is a comment; anywhere else they belong to the value.\n"
        "# A key that begins with # here shows its default.\n"
        "# What stands in [DEFAULT] holds for every section that does not say otherwise.\n"
        "\n"
        "[DEFAULT]\n");
    put_section(
        put, user, CONF_IN_INVERTER,
        "\n"
        "# ---- Inverters behind the DTU: [INVERTER0] is the first of its list, [INVERTER1] the\n"
        "# second ... Once seen, an inverter keeps its section whatever its place in the list.\n"
        "\n"
        "[INVERTER0]\n");
    put_section(
        put, user, CONF_IN_TEMPLATE,
        "\n"
        "# ---- Devices with a JSON reply of their own (Shelly, Tasmota ...): [TEMPLATE0],\n"
        "# [TEMPLATE1] ... as many as NumberOfTemplates says.\n"
        "\n"
        "[TEMPLATE0]\n");
}
