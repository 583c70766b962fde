#include "cli/discover/sections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/inifile.h"
#include "core/text.h"

enum { CLASS_MAX = 16 };

static const char pvinverter[] = "pvinverter";

/* ---- Classes ---- */

bool sections_take_as(struct sections_as *as, const char *text)
{
    const char *host = strchr(text, '=');
    size_t len = host ? (size_t)(host - text) : 0;

    if (len == 0 || len >= CLASS_MAX || !host[1] || as->count == SECTIONS_AS_MAX ||
        strlen(host + 1) >= sizeof as->list[0].host)
        return false;
    memcpy(as->list[as->count].class, text, len);
    as->list[as->count].class[len] = '\0';
    (void)snprintf(as->list[as->count].host, sizeof as->list[0].host, "%s", host + 1);
    as->count++;
    return true;
}

const char *sections_check_as(const struct sections_as *as, const struct search_result *r)
{
    static char fault[200];

    for (size_t n = 0; n < as->count; n++) {
        bool there = false, fits = false;
        for (size_t i = 0; i < r->count; i++) {
            const struct found *f = &r->list[i];
            if (strcasecmp(f->host, as->list[n].host) != 0 || !f->kind || f->kind->driver)
                continue;
            there = true;
            fits = fits || device_type_has_class(&f->kind->type, as->list[n].class);
        }
        if (fits)
            continue;
        (void)snprintf(
            fault, sizeof fault,
            there ? "what is at %2$.70s cannot be a %1$.15s: docs/devices.md says what it can be"
                  : "--as %1$.15s=%2$.70s: no device of a known type was found there",
            as->list[n].class, as->list[n].host);
        return fault;
    }
    return NULL;
}

/* "" of a meter of which the owner has said nothing. */
static void class_of(const struct found *f, const struct sections_as *as, char out[CLASS_MAX])
{
    char classes[DEVICE_TYPE_VALUE_MAX];

    for (size_t n = 0; n < as->count; n++) {
        if (strcasecmp(f->host, as->list[n].host) == 0 &&
            device_type_has_class(&f->kind->type, as->list[n].class)) {
            (void)snprintf(out, CLASS_MAX, "%s", as->list[n].class);
            return;
        }
    }
    (void)device_type_get(&f->kind->type, "Classes", classes);
    (void)snprintf(out, CLASS_MAX, "%s",
                   strncmp(classes, pvinverter, strlen(pvinverter)) == 0 ? pvinverter : "");
}

/* ---- Lines ---- */

/* A value of a file: one line, each % doubled. */
static void put(FILE *out, const char *mark, const char *key, const char *value)
{
    fprintf(out, "%s%s =%s", mark, key, *value ? " " : "");
    for (; *value; value++) {
        fputs(*value == '%' ? "%" : "", out);
        fputc((unsigned char)*value < ' ' ? ' ' : *value, out);
    }
    fputc('\n', out);
}

static void put_title(FILE *out, const struct found *f)
{
    char title[PRODUCT_MAX];

    kind_title(f->kind, title, sizeof title);
    fprintf(out, "\n# %s", title);
    if (*f->firmware)
        fprintf(out, ", firmware %s", f->firmware);
    fputc('\n', out);
}

/* What the section would else inherit from [DEFAULT] is another device's. */
static void put_access(FILE *out, const char *mark, const struct found *f, bool inherits)
{
    if (f->login)
        fputs("# It wants the login of its web page:\n", out);
    if (f->login || inherits) {
        put(out, mark, "Username", "");
        put(out, mark, "Password", "");
    }
}

static void put_dtu_keys(FILE *out, const struct found *f, const char *type_key, bool inherits)
{
    put(out, "", type_key, f->kind->driver->name);
    put(out, "", "Host", f->host);
    put_access(out, "", f, inherits);
}

static void put_dtu(FILE *out, const struct found *f, unsigned number, bool inherits)
{
    put_title(out, f);
    if (number)
        fprintf(out, "[DTU%u]\n", number);
    else
        fputs("[DEFAULT]\n", out);
    put_dtu_keys(out, f, number ? "Type" : "DTU", inherits);
}

static void put_question(FILE *out, const struct found *f)
{
    char classes[DEVICE_TYPE_VALUE_MAX], *rest = classes;

    (void)device_type_get(&f->kind->type, "Classes", classes);
    fputs(
        "# A meter: only you know what it measures. Remove the # of these lines and keep one Servicename,\n"
        "# or let `dbus-opendtu discover` write them: ",
        out);
    fprintf(out, "--as %s=%s\n", strsep(&rest, " "), f->host);
}

static void put_template(FILE *out, const struct found *f, const struct sections_as *as,
                         unsigned number, bool inherits)
{
    char class[CLASS_MAX], classes[DEVICE_TYPE_VALUE_MAX], *rest = classes, service[64];

    class_of(f, as, class);
    const char *mark = *class ? "" : "#";
    put_title(out, f);
    if (!*class)
        put_question(out, f);
    fprintf(out, "%s[TEMPLATE%u]\n", mark, number);
    put(out, mark, "Type", f->kind->type.name);
    put(out, mark, "Host", f->host);
    put_access(out, mark, f, inherits);
    if (*f->name)
        put(out, mark, "Name", f->name);
    if (*f->serial)
        put(out, mark, "CUST_SN", f->serial);
    (void)device_type_get(&f->kind->type, "Classes", classes);
    for (const char *one = *class ? class : strsep(&rest, " "); one;
         one = *class ? NULL : strsep(&rest, " ")) {
        (void)snprintf(service, sizeof service, "com.victronenergy.%s", one);
        put(out, mark, "Servicename", service);
    }
}

/* ---- A whole file ---- */

char *sections_whole(const struct search_result *r, const struct sections_as *as)
{
    unsigned dtus = 0, templates = 0;
    bool inherits = false; /* the login of the first DTU */
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fputs("# Written by `dbus-opendtu discover`. Every key: docs/config.md\n", out);
    for (size_t i = 0; i < r->count; i++) {
        const struct found *f = &r->list[i];
        if (f->kind && f->kind->driver && dtus < CONF_DTUS_MAX) {
            put_dtu(out, f, dtus, inherits);
            inherits = inherits || (dtus == 0 && f->login);
            dtus++;
        }
    }
    if (!dtus)
        fputs("\n[DEFAULT]\nDTU = template\n", out);
    for (size_t i = 0; i < r->count; i++) {
        const struct found *f = &r->list[i];
        if (f->kind && !f->kind->driver && templates < CONF_TEMPLATES_MAX)
            put_template(out, f, as, templates++, inherits);
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* ---- Into a file that is there ---- */

struct adding {
    const struct config *config;
    struct inifile *file;
    const struct sections_as *as;
    struct sections_added *out;
    FILE *text;
    const struct found *first; /* goes into [DEFAULT] */
    bool inherits;
};

static bool is_present(const struct config *c, const struct found *f)
{
    char url[CONF_TEXT_MAX];

    for (size_t i = 0; i < c->gateway_count; i++) {
        const struct gateway_conf *g = &c->gateways[i];
        bool is_dtu = !conf_is_template(g);
        bool same_kind = f->kind->driver
                             ? is_dtu
                             : !is_dtu && (!*g->template.type ||
                                           strcmp(g->template.type, f->kind->type.name) == 0);
        (void)snprintf(url, sizeof url, "http://%s", f->host);
        if (same_kind && strcasecmp(g->base_url, url) == 0)
            return true;
        (void)snprintf(url, sizeof url, "http://%s:%u", f->host, f->kind->port);
        if (same_kind && f->kind->port && strcasecmp(g->base_url, url) == 0)
            return true;
    }
    return false;
}

/* Neither counted by NumberOfTemplates nor written. */
static bool is_free(const struct adding *a, const char *prefix, unsigned number)
{
    char section[CONF_SECTION_MAX];

    (void)snprintf(section, sizeof section, "%s%u", prefix, number);
    const struct inifile_entry *e = inifile_own(a->file, "DEFAULT", "NumberOfTemplates");
    if (e && *prefix == 'T' && strtoul(e->value, NULL, 10) > number)
        return false;
    return !inifile_section(a->file, section);
}

static void note_added(struct sections_added *out, const char *section, const struct found *f)
{
    size_t used = strlen(out->list);
    char title[PRODUCT_MAX];

    kind_title(f->kind, title, sizeof title);
    (void)snprintf(out->list + used, sizeof out->list - used, "[%s] %s at %s\n", section, title,
                   f->host);
    out->added++;
}

/* The section for the next one, of DTU1 and on or TEMPLATE0 and on; false when there is no number left. */
static bool next_section(const struct adding *a, bool dtu, unsigned *next,
                         char out[CONF_SECTION_MAX])
{
    const char *prefix = dtu ? "DTU" : "TEMPLATE";
    unsigned max = dtu ? CONF_DTUS_MAX : CONF_TEMPLATES_MAX;

    while (*next < max && !is_free(a, prefix, *next))
        ++*next;
    (void)snprintf(out, CONF_SECTION_MAX, "%s%u", prefix, *next);
    return *next < max;
}

static void add_one(struct adding *a, const struct found *f, unsigned *dtu, unsigned *template)
{
    char class[CLASS_MAX] = "dtu", section[CONF_SECTION_MAX];
    unsigned *number = f->kind->driver ? dtu : template;

    if (f == a->first || is_present(a->config, f)) {
        a->out->present += f != a->first;
        return;
    }
    if (!f->kind->driver)
        class_of(f, a->as, class);
    if (!*class) {
        a->out->unnamed++;
        return;
    }
    if (!next_section(a, f->kind->driver, number, section)) {
        a->out->no_room++;
        return;
    }
    note_added(a->out, section, f);
    if (f->kind->driver)
        put_dtu(a->text, f, (*number)++, a->inherits);
    else
        put_template(a->text, f, a->as, (*number)++, a->inherits);
}

/* ---- A file in which nothing is configured yet ---- */

/* How much of the file goes before what [DEFAULT] is to have. */
static size_t head_len(const struct adding *a, const char *file, size_t len)
{
    const struct inifile_section *section = inifile_section(a->file, "DEFAULT");
    const char *at = file, *end = file + len;

    for (unsigned line = 0; section && line < section->line && at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    return section ? (size_t)(at - file) : 0;
}

/* The first DTU, or that there is none: [DEFAULT] cannot go without. */
static void put_head(struct adding *a, const struct search_result *r)
{
    for (size_t i = 0; !a->first && i < r->count; i++) {
        if (r->list[i].kind && r->list[i].kind->driver)
            a->first = &r->list[i];
    }
    if (!inifile_section(a->file, "DEFAULT"))
        fputs("[DEFAULT]\n", a->text);
    if (!a->first) {
        put(a->text, "", "DTU", "template");
        return;
    }
    put_dtu_keys(a->text, a->first, "DTU", false);
    note_added(a->out, "DEFAULT", a->first);
    a->inherits = a->inherits || a->first->login;
}

static bool has_login(const struct inifile *f)
{
    static const char *const keys[] = {"Username", "Password", "Authorization"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct inifile_entry *e = inifile_own(f, "DEFAULT", keys[i]);
        if (e && *e->value)
            return true;
    }
    return false;
}

static void ignore_fault(void *user, unsigned line, const char *text)
{
    (void)user;
    (void)line;
    (void)text;
}

/* Neither a fault more than before nor a gateway less than meant. */
static bool is_sound(const struct adding *a, const struct device_text *own, size_t len)
{
    struct conf_report report;
    struct config *c = config_parse_with(a->out->text, len, own, &report);
    bool sound = c && report.errors + report.fatals == 0 &&
                 c->gateway_count == a->config->gateway_count + a->out->added;

    conf_report_finish(&report);
    config_free(c);
    return sound;
}

static void write_text(struct adding *a, const char *file, size_t len,
                       const struct search_result *r)
{
    unsigned dtu = 1, template = 0;
    bool empty = a->config->gateway_count == 0 && !inifile_own(a->file, "DEFAULT", "Host") &&
                 !inifile_own(a->file, "DEFAULT", "DTU");
    size_t head = empty ? head_len(a, file, len) : 0;

    fwrite(file, 1, head, a->text);
    if (head && file[head - 1] != '\n')
        fputc('\n', a->text);
    if (empty)
        put_head(a, r);
    fwrite(file + head, 1, len - head, a->text);
    if (len > head && file[len - 1] != '\n')
        fputc('\n', a->text);
    for (size_t i = 0; i < r->count; i++) {
        if (r->list[i].kind)
            add_one(a, &r->list[i], &dtu, &template);
    }
}

/* NULL when it is done, else why it is not. */
static const char *add_all(struct adding *a, const char *file, size_t len,
                           const struct device_text *own, const struct search_result *r,
                           bool faulty)
{
    static const char errors[] = "it has errors: mend them first, `dbus-opendtu check` tells them";
    size_t size = 0;

    if (!a->config)
        return errors;
    a->file = inifile_read(file, ignore_fault, NULL);
    a->text = a->file ? open_memstream(&a->out->text, &size) : NULL;
    if (!a->text)
        return "out of memory";
    a->inherits = has_login(a->file);
    write_text(a, file, len, r);
    if (fclose(a->text) != 0)
        return "out of memory";
    if (a->out->added == 0 || is_sound(a, own, size))
        return NULL;
    return faulty ? errors
                  : "the new sections do not fit into it: print them with --ini, and write them in "
                    "yourself";
}

bool sections_add(const char *file, size_t len, const struct device_text *own,
                  const struct search_result *r, const struct sections_as *as,
                  struct sections_added *out, char why[200])
{
    struct conf_report report;
    struct config *c = config_parse_with(file, len, own, &report);
    struct adding a = {.config = c, .as = as, .out = out};

    *out = (struct sections_added){0};
    const char *fault = add_all(&a, file, len, own, r, report.errors + report.fatals > 0);
    conf_report_finish(&report);
    inifile_free(a.file);
    config_free(c);
    (void)snprintf(why, 200, "%s", fault ? fault : "");
    if (fault) {
        free(out->text);
        out->text = NULL;
    }
    return !fault;
}
