/*
 * Writes what follows the introduction of docs/dbus.md: every path of every class, by the tables of
 * venus/. Type, text and when there is no value stand nowhere: a device is led through its life, and what the
 * map makes of it is looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/overview_rows.h"
#include "core/device.h"
#include "core/map.h"
#include "core/text.h"

enum { CLASSES_MAX = 16, PATHS_MAX = 256 };

/* ---- A device in each state ------------------------------------------------------------------ */

enum scene { FULL, START, SILENT, NIGHT, AWAY, ELSEWHERE, THREE, SCENES };
enum kind { AN_INVERTER, A_METER, KINDS };

/* What the document calls those in which a path may have no value. */
static const char *const scene_names[SCENES] = {
    [START] = "start", [SILENT] = "unsaid",    [NIGHT] = "night",
    [AWAY] = "away",   [ELSEWHERE] = "unused", [THREE] = "3P",
};

static struct health idle, busy;

static void fill(struct reading *r)
{
    static const double sample[FIELD_COUNT] = {
        [FIELD_POWER] = 287.4,        [FIELD_VOLTAGE] = 230.4,
        [FIELD_CURRENT] = 1.25,       [FIELD_ENERGY_FORWARD] = 812.291,
        [FIELD_ENERGY_REVERSE] = 3.5, [FIELD_ENERGY_TODAY] = 1.2,
        [FIELD_FREQUENCY] = 50.01,    [FIELD_POWER_FACTOR] = 0.99,
        [FIELD_TEMPERATURE] = 31.6,   [FIELD_DC_VOLTAGE] = 52.1,
        [FIELD_MAX_POWER] = 800,      [FIELD_LIMIT] = 800,
    };

    for (size_t f = 0; f < FIELD_COUNT; f++) {
        for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
            r->value[f][slot] = sample[f];
    }
    r->strings = STRINGS_MAX;
    for (size_t s = 0; s < STRINGS_MAX; s++)
        r->string[s] = (struct string_reading){"East", 143.9, 33.1, 4.35, 0.6, 406.145};
}

static void feed(struct device *d, enum scene scene)
{
    struct reading r;

    reading_init(&r);
    text_copy(r.serial, sizeof r.serial, "114182940773");
    text_copy(r.name, sizeof r.name, "Roof");
    r.product = "OpenDTU";
    if (scene != SILENT)
        fill(&r);
    device_feed(d, &r, 38, 1000, MISSING);
    if (scene == NIGHT) {
        r.reach = REACH_LOST;
        device_feed(d, &r, 38, 6000, MISSING);
    }
    if (scene == AWAY)
        device_miss(d, 6000);
}

static struct device_conf configured(void)
{
    static const char text[] = "[DEFAULT]\nHost=192.168.1.74\nMinRetriesUntilFail=1\n[INVERTER0]\n";
    struct conf_report report;
    struct config *config = config_parse(text, sizeof text - 1, &report);

    if (!config)
        abort();
    struct device_conf conf = config->devices[0];
    config_free(config);
    conf_report_finish(&report);
    return conf;
}

/* A device whose strings are known from before, as after a restart. */
static struct device *make(enum kind kind, enum scene scene, unsigned phase)
{
    static struct device_conf confs[KINDS][SCENES][PHASE_SLOTS];
    static const struct gateway_info gateway = {.firmware = "v24.2.16"};
    struct device_conf *conf = &confs[kind][scene][phase];
    struct device_memory memory;

    *conf = configured();
    conf->phase = scene == THREE ? PHASE_3P : (enum phase_choice)phase;
    device_memory_init(&memory);
    memory.strings = STRINGS_MAX;
    if (scene == START) {
        memory.energy_kwh = 812.291;
        memory.max_power_w = 800;
    }
    text_copy(memory.serial, sizeof memory.serial, "114182940773");
    struct device *d = device_create(conf, &memory);
    if (!d)
        abort();
    device_set_class(d, kind == A_METER ? "grid" : "pvinverter", kind == A_METER);
    device_set_instance(d, 34);
    device_health(d, health_shown(scene == START ? &idle : &busy));
    if (scene != START && scene != SILENT)
        device_gateway(d, &gateway);
    if (scene != START)
        feed(d, scene);
    device_seen(d, 6000);
    return d;
}

static const struct device_view *view_of(enum kind kind, enum scene scene, unsigned phase)
{
    static struct device *devices[KINDS][SCENES][PHASE_SLOTS];
    struct device **d = &devices[kind][scene][phase];

    if (!*d)
        *d = make(kind, scene, phase);
    return device_view(*d);
}

/* ---- Paths ----------------------------------------------------------------------------------- */

struct path {
    const struct map_row *row;
    unsigned classes; /* a bit for each, in the order of venus_classes */
    char shown[64];   /* "/Ac/L{1,2,3}/Power" */
};

static struct path paths[PATHS_MAX];
static size_t path_count;

static bool same_source(const struct map_row *a, const struct map_row *b)
{
    if (a->source != b->source || a->slot != b->slot)
        return false;
    switch (a->source) {
    case MAP_FIELD:
        return a->arg.field == b->arg.field;
    case MAP_STRING:
        return a->arg.member == b->arg.member;
    case MAP_INT:
        return a->arg.constant == b->arg.constant;
    case MAP_TEXT:
        return strcmp(a->arg.text, b->arg.text) == 0;
    default:
        return true;
    }
}

static bool same_row(const struct map_row *a, const struct map_row *b)
{
    return strcmp(a->path, b->path) == 0 && same_source(a, b) && a->text == b->text &&
           a->writable == b->writable &&
           strcmp(a->help ? a->help : "", b->help ? b->help : "") == 0;
}

/* Of rows that differ in nothing but a number, the first tells for all. */
static bool is_repeated(const struct map_row *row)
{
    return (row->source == MAP_STRING && row->slot > 0) ||
           (row->source == MAP_FIELD && row->slot > 1);
}

static void write_shown(const struct map_row *row, char *out, size_t size)
{
    bool phase = row->source == MAP_FIELD && row->slot == 1, string = row->source == MAP_STRING;
    const char *digit = phase    ? strstr(row->path, "/L1/")
                        : string ? strstr(row->path, "/0/")
                                 : NULL;

    if (!digit) {
        text_copy(out, size, row->path);
        return;
    }
    digit += phase ? 2 : 1;
    (void)snprintf(out, size, "%.*s{%s}%s", (int)(digit - row->path), row->path,
                   phase ? "1,2,3" : "0...5", digit + 1);
}

static void add(const struct map_row *row, unsigned class)
{
    size_t i = 0;

    while (i < path_count && !same_row(paths[i].row, row))
        i++;
    if (i == PATHS_MAX)
        abort();
    if (i == path_count) {
        paths[path_count++].row = row;
        write_shown(row, paths[i].shown, sizeof paths[i].shown);
    }
    paths[i].classes |= 1U << class;
}

static void collect(void)
{
    for (unsigned c = 0; venus_classes[c]; c++) {
        for (size_t i = 0; i < venus_classes[c]->row_count; i++) {
            if (!is_repeated(&venus_classes[c]->rows[i]))
                add(&venus_classes[c]->rows[i], c);
        }
    }
}

/* ---- What is told of one --------------------------------------------------------------------- */

static const char *type_name(const struct value *v)
{
    switch (v->type) {
    case VALUE_INT:
        return "i";
    case VALUE_DOUBLE:
        return "d";
    case VALUE_STRING:
        return "s";
    case VALUE_STRINGS:
        return "as";
    case VALUE_INVALID:
        return "ai";
    }
    return "?";
}

static const char *unit_of(const struct map_row *row)
{
    static const char *const of_text[] = {
        [TEXT_W] = "W",   [TEXT_A] = "A", [TEXT_V] = "V",   [TEXT_DCV] = "V", [TEXT_KWH] = "kWh",
        [TEXT_HZ] = "Hz", [TEXT_C] = "C", [TEXT_PCT] = "%", [TEXT_MS] = "ms", [TEXT_HEX] = NULL,
    };
    const char *unit = row->source == MAP_FIELD ? field_unit(row->arg.field) : of_text[row->text];

    if (row->source == MAP_HEALTH_BYTES)
        unit = "byte";
    return !unit ? "" : strcmp(unit, "C") == 0 ? "°C" : unit;
}

static const char *field_meaning(enum field field)
{
    static const char *const meanings[FIELD_COUNT] = {
        [FIELD_POWER] = "active power",
        [FIELD_VOLTAGE] = "to neutral",
        [FIELD_CURRENT] = "AC",
        [FIELD_ENERGY_FORWARD] = "lifetime, or the day's with `useYieldDay`",
        [FIELD_ENERGY_REVERSE] = "lifetime, the other way",
        [FIELD_FREQUENCY] = "of the AC side",
        [FIELD_POWER_FACTOR] = "0...1",
        [FIELD_TEMPERATURE] = "of the inverter",
        [FIELD_DC_VOLTAGE] = "of the battery, or of the first string",
        [FIELD_MAX_POWER] = "what it can make when nothing limits it",
    };
    return meanings[field] ? meanings[field] : "";
}

static const char *meaning(const struct map_row *row)
{
    static const char *const of_member[] = {
        [MAP_STRING_NAME] = "what the gateway calls the DC input, or \"\"",
        [MAP_STRING_V] = "of the DC input",
        [MAP_STRING_I] = "of the DC input",
        [MAP_STRING_P] = "of the DC input",
        [MAP_STRING_YIELD] = "lifetime, of the DC input",
    };
    static const struct {
        enum map_source source;
        const char *text;
    } of_source[] = {
        {MAP_INSTANCE, "see above"},
        {MAP_ALLOWED_ROLES, "what may be written to `/Role`"},
        {MAP_SERIAL, "by which the device is known"},
        {MAP_VERSION, "of this program"},
        {MAP_CONNECTION, "how the gateway is reached"},
        {MAP_INT, "always that"},
        {MAP_TEXT, "always that"},
    };

    if (row->help)
        return row->help;
    if (row->source == MAP_FIELD)
        return field_meaning(row->arg.field);
    if (row->source == MAP_STRING)
        return of_member[row->arg.member];
    for (size_t i = 0; i < sizeof of_source / sizeof of_source[0]; i++) {
        if (of_source[i].source == row->source)
            return of_source[i].text;
    }
    return "";
}

static enum kind kind_of(const struct path *p)
{
    enum kind kind = A_METER;

    for (unsigned c = 0; venus_classes[c]; c++) {
        if (p->classes & 1U << c && !venus_classes[c]->meter)
            kind = AN_INVERTER;
    }
    return kind;
}

/* At its start a meter is not there. */
static bool has_none(const struct path *p, enum scene scene)
{
    const struct map_row *row = p->row;
    enum kind kind = kind_of(p);
    unsigned phase = row->source == MAP_FIELD && row->slot ? row->slot : 1;

    if (scene == ELSEWHERE)
        phase = phase % PHASES + 1;
    if (kind == A_METER && scene == START)
        return false;
    return map_value(row, view_of(kind, scene, phase)).type == VALUE_INVALID;
}

static void print_none(const struct path *p)
{
    const char *comma = "";

    if (has_none(p, FULL)) {
        printf("always");
        return;
    }
    for (enum scene scene = START; scene < SCENES; scene++) {
        if (!has_none(p, scene))
            continue;
        printf("%s%s", comma, scene_names[scene]);
        comma = ", ";
    }
}

/* The version is not printed: the document would be another with each. */
static void print_path(const struct path *p)
{
    const struct value v = map_value(p->row, view_of(kind_of(p), FULL, 1));
    char text[128];

    value_text(&v, p->row->text, text, sizeof text);
    if (p->row->source == MAP_VERSION)
        text_copy(text, sizeof text, "0.1.0");
    printf("| `%s` | %s | %s%s%s | %s | %s | ", p->shown, type_name(&v), *text ? "`" : "", text,
           *text ? "`" : "", unit_of(p->row), p->row->writable ? "yes" : "");
    print_none(p);
    printf(" | %s |\n", meaning(p->row));
}

/* ---- The document ---------------------------------------------------------------------------- */

static unsigned all_classes(void)
{
    unsigned all = 0;

    for (unsigned c = 0; venus_classes[c]; c++)
        all |= 1U << c;
    return all;
}

static void print_group(unsigned classes)
{
    const char *comma = "";

    printf("\n## ");
    for (unsigned c = 0; venus_classes[c] && classes != all_classes(); c++) {
        if (!(classes & 1U << c))
            continue;
        printf("%s%s", comma, venus_classes[c]->name);
        comma = ", ";
    }
    if (classes == all_classes())
        printf("Every class");
    printf("\n\n| path | type | text | unit | set | no value | meaning |\n"
           "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < path_count; i++) {
        if (paths[i].classes == classes)
            print_path(&paths[i]);
    }
}

static void print_groups(void)
{
    print_group(all_classes());
    for (size_t i = 0; i < path_count; i++) {
        size_t before = 0;
        while (paths[before].classes != paths[i].classes)
            before++;
        if (before == i && paths[i].classes != all_classes())
            print_group(paths[i].classes);
    }
}

/* ---- The page's own service ------------------------------------------------------------------ */

/* Rows without a word of their own go on with the one before. */
static void print_rows(const char *folder, const struct overview_row *rows, size_t count)
{
    printf("\n| path | set | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].help)
            continue;
        size_t last = i;
        while (last + 1 < count && !rows[last + 1].help)
            last++;
        printf("| `%s%s`", folder, rows[i].path);
        if (last > i)
            printf(" to `%s%s`", folder, rows[last].path);
        printf(" | %s | %s |\n",
               rows[i].command == VALUE_DOUBLE   ? "d"
               : rows[i].command == VALUE_INT    ? "i"
               : rows[i].command == VALUE_STRING ? "s"
                                                 : "",
               rows[i].help);
    }
}

static void print_overview(void)
{
    printf(
        "\n## The service of the page\n\n"
        "`" OVERVIEW_SERVICE "` is there once on a GX device, whatever is configured: "
        "[gx-screen.md](gx-screen.md) shows the page that reads it.\n"
        "Ids are serial numbers and names of sections; whatever is neither a letter nor a digit is `_`. "
        "What goes loses its values and leaves the list.\nAll paths together take at most 60 writes at once and one "
        "more every 10 s; what is over is refused.\n");
    print_rows("", overview_own, OWN_ROWS);
    print_rows("/Gateways/<id>/", overview_gateway_rows, overview_gateway_row_count);
    print_rows("/Devices/<id>/", overview_device_rows, overview_device_row_count);
}

int main(void)
{
    health_init(&idle);
    health_init(&busy);
    health_request(&busy, 2840, 38);
    health_failure(&busy, HEALTH_TIMEOUT, "no answer from 192.168.1.74 within 2.5 s", 0);
    collect();
    print_groups();
    print_overview();
    return 0;
}
