#include "cli/check/check_report.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "cli/json_out.h"
#include "cli/show/number_list.h"
#include "core/json.h"
#include "core/map.h"
#include "core/text.h"

enum { NUMBERS_MAX = 60 };

/* ---- What both say -------------------------------------------------------------------------- */

/* "http://host": without what may stand before an '@'. */
static const char *url_of(const struct gateway_conf *conf, char out[CONF_TEXT_MAX])
{
    const char *slashes = strstr(conf->base_url, "://");
    size_t scheme = slashes ? (size_t)(slashes + 3 - conf->base_url) : 0;
    const char *at = strrchr(conf->base_url, '@');

    memcpy(out, conf->base_url, scheme);
    text_copy(out + scheme, CONF_TEXT_MAX - scheme, at ? at + 1 : conf->base_url + scheme);
    return out;
}

static const char *phase_of(const struct device_view *view)
{
    static const char *const names[] = {[PHASE_AUTO] = "L1",
                                        [PHASE_L1] = "L1",
                                        [PHASE_L2] = "L2",
                                        [PHASE_L3] = "L3",
                                        [PHASE_3P] = "L1+L2+L3"};
    return names[view->phase];
}

static bool is_published(const struct plan_device *d)
{
    return d->view && d->kind != PLAN_LEFT_OUT && !d->conf->off;
}

/* The row that says where the device is connected; NULL where its class has none. */
static const struct map_row *position_row(const struct plan_device *d)
{
    const struct venus_class *class = venus_class_find(d->service, NULL);

    for (size_t i = 0; i < class->row_count; i++)
        if (strcmp(class->rows[i].path, "/Position") == 0)
            return &class->rows[i];
    return NULL;
}

static const char *position_name(const struct map_row *row, const struct device_view *view)
{
    static const char *const of_inverters[] = {"AC input 1", "AC output", "AC input 2"};
    static const char *const of_loads[] = {"AC output", "AC input"};

    return row->source == MAP_LOAD_POSITION ? of_loads[view->load_position]
                                            : of_inverters[view->position];
}

static const char *severity_name(enum conf_severity severity)
{
    if (severity == CONF_NOTE)
        return "note";
    return severity == CONF_WARNING ? "warning" : "error";
}

/* What the section is called; "" for an inverter that has none. */
static const char *section_of(const struct plan_device *d)
{
    return d->kind == PLAN_SECTION ? d->conf->section : "";
}

static cJSON *numbers_of_reply(const struct check *c, size_t gateway)
{
    const struct ask_reply *r = asked_template_reply(&c->asked[gateway]);

    return r && c->findings.show_numbers[gateway] ? json_parse(r->body, r->len, NULL, 0) : NULL;
}

/* ---- Text ----------------------------------------------------------------------------------- */

/* What is printed, and how. */
struct report {
    FILE *out;
    const struct check *c;
    bool color;
};

static const char bad[] = "\x1b[1;31m", doubtful[] = "\x1b[33m", good[] = "\x1b[32m",
                  faint[] = "\x1b[2m", bold[] = "\x1b[1m";

static void paint(const struct report *r, const char *color, const char *text)
{
    if (r->color)
        fprintf(r->out, "%s%s\x1b[0m", color, text);
    else
        fputs(text, r->out);
}

static const char *color_of(enum conf_severity severity)
{
    if (severity == CONF_NOTE)
        return faint;
    return severity == CONF_WARNING ? doubtful : bad;
}

static void print_messages(const struct report *r)
{
    const struct check *c = r->c;

    if (c->unreadable[0])
        fprintf(r->out, "%s: %s. Copy config.example there and set Host\n", c->path, c->unreadable);
    for (size_t i = 0; i < c->report.count; i++) {
        const struct conf_message *m = &c->report.messages[i];
        fprintf(r->out, "%s:", c->path);
        if (m->line)
            fprintf(r->out, "%u:", m->line);
        fputc(' ', r->out);
        paint(r, color_of(m->severity), severity_name(m->severity));
        fprintf(r->out, ": %s%s%s\n", m->text, *m->outcome ? "; " : "", m->outcome);
    }
}

static void print_findings(const struct report *r, size_t gateway, int device, const char *indent)
{
    for (size_t i = 0; i < r->c->findings.count; i++) {
        const struct finding *f = &r->c->findings.list[i];
        if (f->gateway != gateway || f->device != device)
            continue;
        fputs(indent, r->out);
        if (f->kind == FINDING_NOTE)
            paint(r, faint, "note");
        else
            paint(r, bad, "problem");
        fprintf(r->out, ": %s\n", f->text);
    }
}

static void print_number(FILE *out, double value, int decimals, const char *unit)
{
    fputs(", ", out);
    if (has_value(value))
        fprintf(out, "%.*f", decimals, value);
    else
        fputs("no", out);
    fprintf(out, " %s", unit);
}

/* The number that it has, or will get: that of the configuration, else the one in use, else its last one. */
static void print_name(FILE *out, const struct plan_device *d)
{
    int configured = d->conf->instance;

    fprintf(out, "    %s", d->service);
    if (d->in_use >= 0)
        fprintf(out, ".http_%d", d->in_use);
    else if (configured >= 0)
        fprintf(out, ".http_%d", configured);
    else if (d->memory && d->memory->instance >= 0)
        fprintf(out, ".http_%d (as the last time)", d->memory->instance);
    else
        fputs(" with a new number, from 34 up", out);
    if (d->in_use >= 0 && configured >= 0 && d->in_use != configured)
        fprintf(out, " (DeviceInstance is %d)", configured);
}

static void print_service(FILE *out, const struct plan_device *d)
{
    const struct map_row *position = position_row(d);
    const struct device_view *v = d->view;

    print_name(out, d);
    fprintf(out, ", %s", phase_of(v));
    if (position)
        fprintf(out, ", %s", position_name(position, v));
    print_number(out, v->value[FIELD_POWER][0], 1, "W");
    print_number(out, v->value[FIELD_VOLTAGE][0], 1, "V");
    print_number(out, v->value[FIELD_ENERGY_FORWARD][0], 3, "kWh");
    fputc('\n', out);
}

/* Of what is told once for several sections: whether the device is not the one it is told of. */
static bool is_told_already(const struct check *c, size_t device)
{
    for (size_t i = 0; i < c->findings.count; i++)
        if (c->findings.list[i].kind == FINDING_REPEATED &&
            c->findings.list[i].device == (int)device)
            return true;
    return false;
}

/* How many other sections a device's problem is told for. */
static size_t others_of(const struct check *c, const struct plan_device *d)
{
    size_t count = 0;

    for (size_t i = 0; i < c->findings.count; i++)
        count += c->findings.list[i].kind == FINDING_REPEATED &&
                 c->findings.list[i].gateway == d->gateway;
    return d->kind == PLAN_SECTION && !d->reading && !d->conf->serial[0] ? count : 0;
}

static void print_device(const struct report *r, size_t i)
{
    const struct plan_device *d = &r->c->plan->devices[i];
    size_t others = others_of(r->c, d);

    if (is_told_already(r->c, i))
        return;
    if (d->kind == PLAN_SECTION)
        fprintf(r->out, "  [%s]", d->conf->section);
    else
        fputs("  without a section:", r->out);
    if (others)
        fprintf(r->out, " and %zu other sections:", others);
    if (d->view)
        fprintf(r->out, " %s \"%s\"\n", d->view->serial, d->view->name);
    else
        fputs(" nothing to publish\n", r->out);
    if (is_published(d))
        print_service(r->out, d);
    print_findings(r, d->gateway, (int)i, "    ");
}

static void print_gateway_head(const struct report *r, size_t g)
{
    const struct asked *a = &r->c->asked[g];
    char url[CONF_TEXT_MAX], head[2 * CONF_TEXT_MAX];

    if (g > 0 || r->c->report.count > 0 || r->c->unreadable[0])
        fputc('\n', r->out);
    (void)snprintf(head, sizeof head, "[%s] %s at %s:", a->conf->section, asked_kind(a),
                   url_of(a->conf, url));
    paint(r, bold, head);
    if (a->failed)
        fputs(" no values", r->out);
    else
        fprintf(r->out, " inverters: %zu, slowest reply %.0f ms", a->reading_count, a->latency_ms);
    if (a->info.firmware[0])
        fprintf(r->out, ", firmware %s", a->info.firmware);
    fputc('\n', r->out);
}

static void print_gateway(const struct report *r, size_t g)
{
    print_gateway_head(r, g);
    print_findings(r, g, -1, "  ");
    cJSON *root = numbers_of_reply(r->c, g);
    if (root) {
        fputs("  the reply has:\n", r->out);
        number_list_print(r->out, "    ", root, NUMBERS_MAX);
        cJSON_Delete(root);
    }
    for (size_t i = 0; i < r->c->plan->count; i++)
        if (r->c->plan->devices[i].gateway == g)
            print_device(r, i);
}

static void print_unexplained(const struct report *r)
{
    bool first = true;

    for (size_t i = 0; first && i < r->c->findings.count; i++)
        first = r->c->findings.list[i].gateway != FINDING_OF_NO_GATEWAY;
    if (first)
        return;
    fputc('\n', r->out);
    paint(r, bold, "On the D-Bus already:");
    fputc('\n', r->out);
    print_findings(r, FINDING_OF_NO_GATEWAY, -1, "  ");
}

/* What the service does with such a file: in use, it is changed as a whole or not at all. */
static void print_consequence(FILE *out, const struct check *c)
{
    static const char kept[] = ", a running service keeps its previous configuration.";

    if (c->unreadable[0] || c->report.fatals)
        fprintf(out, "With this file%s One that starts now waits.\n", kept);
    else if (c->report.errors)
        fprintf(out, "With these errors%s One that starts now does what they say.\n", kept);
}

static size_t put_count(char *out, size_t size, size_t count, const char *what)
{
    if (!count)
        return (size_t)snprintf(out, size, " no %ss,", what);
    return (size_t)snprintf(out, size, " %zu %s%s,", count, what, count == 1 ? "" : "s");
}

/* "config.ini: no errors, 2 warnings, no problems: see the lines above, then check again" */
static void print_verdict(const struct report *r)
{
    const struct check *c = r->c;
    size_t errors = c->report.errors + c->report.fatals + (c->unreadable[0] != '\0'), used = 0;
    const char *what = "see the lines above, then check again";
    char counts[100];

    used += put_count(counts + used, sizeof counts - used, errors, "error");
    used += put_count(counts + used, sizeof counts - used, c->report.warnings, "warning");
    if (c->asked)
        used += put_count(counts + used, sizeof counts - used, c->findings.problems, "problem");
    counts[used - 1] = '\0'; /* the last comma */
    if (c->code == CHECK_WELL)
        what = "all is well";
    else if (errors)
        what = "correct the errors, then check again";
    fprintf(r->out, "%s:%s: ", c->path, counts);
    paint(r, c->code == CHECK_WELL ? good : errors ? bad : doubtful, what);
    fputc('\n', r->out);
}

void check_print_text(FILE *out, const struct check *c, bool color)
{
    const struct report r = {.out = out, .c = c, .color = color};

    print_messages(&r);
    for (size_t g = 0; c->asked && g < c->config->gateway_count; g++)
        print_gateway(&r, g);
    if (c->asked)
        print_unexplained(&r);
    if (c->asked || c->report.count || c->unreadable[0])
        fputc('\n', out);
    print_consequence(out, c);
    print_verdict(&r);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static cJSON *messages(const struct check *c)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < c->report.count; i++) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddNumberToObject(o, "line", c->report.messages[i].line);
        cJSON_AddStringToObject(o, "severity", severity_name(c->report.messages[i].severity));
        cJSON_AddStringToObject(o, "text", c->report.messages[i].text);
        json_out_text(o, "outcome", c->report.messages[i].outcome);
        cJSON_AddItemToArray(array, o);
    }
    return array;
}

static void add_findings(cJSON *to, const struct check *c, size_t gateway, int device)
{
    cJSON *problems = cJSON_AddArrayToObject(to, "problems");
    cJSON *notes = cJSON_AddArrayToObject(to, "notes");

    for (size_t i = 0; i < c->findings.count; i++) {
        const struct finding *f = &c->findings.list[i];
        if (f->gateway == gateway && f->device == device)
            cJSON_AddItemToArray(f->kind == FINDING_NOTE ? notes : problems,
                                 cJSON_CreateString(f->text));
    }
}

static void add_values(cJSON *o, const struct check *c, const struct plan_device *d)
{
    const struct map_row *position = position_row(d);
    const struct device_view *v = d->view;

    cJSON_AddStringToObject(o, "serial", v->serial);
    cJSON_AddStringToObject(o, "name", v->name);
    cJSON_AddBoolToObject(o, "published", is_published(d) && !c->config->dry_run);
    if (!is_published(d))
        return;
    cJSON_AddStringToObject(o, "service", d->service);
    if (d->conf->instance >= 0)
        cJSON_AddNumberToObject(o, "instance", d->conf->instance);
    else
        cJSON_AddStringToObject(o, "instance", "auto");
    json_out_number(o, "instance_in_use", d->in_use >= 0 ? d->in_use : MISSING);
    cJSON_AddStringToObject(o, "phase", phase_of(v));
    json_out_number(o, "position", position ? map_value(position, v).i : MISSING);
    json_out_number(o, "power_w", v->value[FIELD_POWER][0]);
    json_out_number(o, "voltage_v", v->value[FIELD_VOLTAGE][0]);
    json_out_number(o, "energy_kwh", v->value[FIELD_ENERGY_FORWARD][0]);
}

static cJSON *devices(const struct check *c)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < c->plan->count; i++) {
        const struct plan_device *d = &c->plan->devices[i];
        cJSON *o = cJSON_CreateObject();
        json_out_text(o, "section", section_of(d));
        cJSON_AddStringToObject(o, "gateway", c->asked[d->gateway].conf->section);
        if (d->view)
            add_values(o, c, d);
        else
            cJSON_AddBoolToObject(o, "published", false);
        add_findings(o, c, d->gateway, (int)i);
        cJSON_AddItemToArray(array, o);
    }
    return array;
}

static cJSON *gateways(const struct check *c)
{
    cJSON *array = cJSON_CreateArray();
    char url[CONF_TEXT_MAX];

    for (size_t g = 0; g < c->config->gateway_count; g++) {
        const struct asked *a = &c->asked[g];
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "section", a->conf->section);
        cJSON_AddStringToObject(o, "kind", asked_kind(a));
        cJSON_AddStringToObject(o, "url", url_of(a->conf, url));
        json_out_text(o, "failure", a->failed ? health_kind_name(a->kind) : "");
        json_out_text(o, "firmware", a->info.firmware);
        json_out_number(o, "latency_ms", a->latency_ms);
        cJSON_AddNumberToObject(o, "inverters", (double)a->reading_count);
        add_findings(o, c, g, -1);
        cJSON *root = numbers_of_reply(c, g);
        if (root)
            cJSON_AddItemToObject(o, "numbers", number_list_json(root, NUMBERS_MAX));
        cJSON_Delete(root);
        cJSON_AddItemToArray(array, o);
    }
    return array;
}

bool check_print_json(FILE *out, const struct check *c)
{
    cJSON *root = cJSON_CreateObject();

    cJSON_AddStringToObject(root, "config", c->path);
    json_out_text(root, "unreadable", c->unreadable);
    cJSON_AddNumberToObject(root, "errors", c->report.errors + c->report.fatals);
    cJSON_AddNumberToObject(root, "warnings", c->report.warnings);
    cJSON_AddItemToObject(root, "messages", messages(c));
    if (c->asked) {
        cJSON_AddNumberToObject(root, "problems", (double)c->findings.problems);
        cJSON_AddItemToObject(root, "gateways", gateways(c));
        cJSON_AddItemToObject(root, "devices", devices(c));
        cJSON *bus = cJSON_AddObjectToObject(root, "on_the_bus");
        add_findings(bus, c, FINDING_OF_NO_GATEWAY, -1);
    }
    cJSON_AddNumberToObject(root, "exit", c->code);
    char *text = cJSON_Print(root);
    if (text)
        fprintf(out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(root);
    return text != NULL;
}
