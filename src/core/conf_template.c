/* The [TEMPLATEn] sections: a gateway and its device each. */
#include <stdio.h>
#include <string.h>

#include "core/conf_parse.h"
#include "core/text.h"

static bool has_power(const struct template_conf *c)
{
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
        if (c->value[FIELD_POWER].path[slot][0])
            return true;
    }
    return false;
}

static bool has_template_keys(struct conf_parse *p, const struct gateway_conf *g,
                              const char *section)
{
    unsigned line = conf_section_line(p, section);
    bool asks = g->template.api_path[0][0] != '\0', power = has_power(&g->template);

    if (!asks && conf_is_whole(p))
        conf_say(
            p, CONF_ERROR, line, NULL,
            "[%s] CUST_API_PATH is missing: write what to ask for, such as rpc/Switch.GetStatus?id=0",
            section);
    if (!power && conf_is_whole(p))
        conf_say(
            p, CONF_ERROR, line, NULL,
            "[%s] CUST_Power is missing: write where the power stands in the JSON reply, such as "
            "apower",
            section);
    return asks && power;
}

/* ---- Several requests ---- */

static unsigned request_count(const struct template_conf *c)
{
    unsigned n = 0;

    while (n < JSON_REPLIES_MAX && c->api_path[n][0])
        n++;
    return n;
}

/* Those behind a gap are not asked: an empty one ends the list. */
static bool has_no_gap(struct conf_parse *p, const struct gateway_conf *g, const char *section)
{
    unsigned count = request_count(&g->template);

    for (unsigned n = count; n < JSON_REPLIES_MAX; n++) {
        if (!g->template.api_path[n][0])
            continue;
        conf_say(
            p, CONF_ERROR, conf_section_line(p, section), NULL,
            "[%s] CUST_API_PATH_%u is set, but CUST_API_PATH_%u is not: number them without a gap",
            section, n + 1, count + 1);
        return false;
    }
    return true;
}

struct looking_for_replies {
    unsigned count, missing; /* missing: from 1; 0 is none */
};

static void look_for_reply(void *user, const struct json_term *term)
{
    struct looking_for_replies *l = user;

    if (term->reply >= l->count && !l->missing)
        l->missing = term->reply + 1;
}

/* False, with a message, where a path names a reply that nothing asks for. */
static bool check_replies(struct conf_parse *p, const struct gateway_conf *g, const char *section,
                          const char *key, const char *path)
{
    static const struct json_replies none = {{NULL}};
    struct looking_for_replies l = {request_count(&g->template), 0};

    json_terms(&none, path, look_for_reply, &l);
    if (!l.missing)
        return true;
    if (l.missing > JSON_REPLIES_MAX)
        conf_say(p, CONF_ERROR, conf_section_line(p, section), NULL,
                 "[%s] %s = %.60s: there are [1] to [%d] at most", section, key, path,
                 JSON_REPLIES_MAX);
    else
        conf_say(p, CONF_ERROR, conf_section_line(p, section), NULL,
                 "[%s] %s = %.60s: CUST_API_PATH_%u, whose reply is [%u], is missing", section, key,
                 path, l.missing, l.missing);
    return false;
}

/* The member of each key that is a path, by the table. */
static bool check_paths(struct conf_parse *p, const struct gateway_conf *g, const char *section)
{
    bool ok = has_no_gap(p, g, section);

    for (size_t k = 0; k < conf_table_size && ok; k++) {
        const struct conf_storing *s = &conf_storings[k];
        const char *path = (const char *)g + s->offset;
        if (s->owner == GATEWAY && s->set == set_json_path && *path)
            ok = check_replies(p, g, section, conf_table[k].name, path);
    }
    return ok;
}

/* ---- A section ---- */

/* What has the power of one phase is on that phase. */
static void settle_phase(const struct template_conf *c, struct device_conf *d)
{
    unsigned configured = 0, last = 0;

    for (unsigned slot = 1; slot < PHASE_SLOTS; slot++) {
        if (c->value[FIELD_POWER].path[slot][0]) {
            configured++;
            last = slot;
        }
    }
    if (d->phase == PHASE_AUTO && configured == 1 && !c->value[FIELD_POWER].path[0][0])
        d->phase = (enum phase_choice)last;
}

static bool has_own(const struct conf_parse *p, const char *section, const char *name)
{
    const struct inifile_entry *e =
        conf_own_value(p, section, conf_key_named(name, CONF_IN_TEMPLATE));

    return e && e->value[0];
}

/* A token is the device's own; a user name is often that of the DTU, which [DEFAULT] has for all. */
static void settle_credentials(struct conf_parse *p, struct gateway_conf *g, const char *section)
{
    if (!g->authorization[0])
        return;
    if (has_own(p, section, "Username") || has_own(p, section, "Password"))
        conf_say(p, CONF_WARNING, conf_section_line(p, section), NULL,
                 "[%s] Username and Password are not used: Authorization replaces them", section);
    g->username[0] = g->password[0] = '\0';
    g->digest = false;
}

/* A device that listens on another port than 80, where Host does not name one. */
static void settle_port(struct gateway_conf *g, const struct device_type *type)
{
    const char *host = strstr(g->base_url, "//");
    char port[DEVICE_TYPE_VALUE_MAX], url[sizeof g->base_url];

    if (!host || !device_type_get(type, "Port", port))
        return;
    const char *end = strrchr(host, ']'); /* of an IPv6 address */
    if (strchr(end ? end : host + 2, ':'))
        return;
    (void)snprintf(url, sizeof url, "%.240s:%.8s", g->base_url, port);
    text_copy(g->base_url, sizeof g->base_url, url);
}

static bool has_token(struct conf_parse *p, const struct gateway_conf *g,
                      const struct device_type *type, const char *section)
{
    char auth[DEVICE_TYPE_VALUE_MAX];

    if (g->authorization[0] || !device_type_get(type, "Auth", auth) || strcmp(auth, "token") != 0)
        return true;
    conf_say(p, CONF_ERROR, conf_section_line(p, section), NULL,
             "[%s] Authorization is missing: this device (%s) answers only to a token", section,
             g->template.title);
    return false;
}

static void note_class(struct conf_parse *p, const struct device_type *type,
                       const struct device_conf *d)
{
    const char *class = strrchr(d->service, '.');
    char classes[DEVICE_TYPE_VALUE_MAX];

    if (!type->file || !class || device_type_has_class(type, class + 1))
        return;
    (void)device_type_get(type, "Classes", classes);
    conf_say(p, CONF_NOTE, conf_section_line(p, d->section), NULL,
             "[%s] Servicename = %.60s is unusual for this type: %.80s", d->section, d->service,
             classes);
}

/* False, with a message, when it has no such channel. */
static bool choose_channels(struct conf_parse *p, struct template_conf *c,
                            const struct device_type *type, const char *section)
{
    int wanted = c->channel;

    c->first_channel = wanted == CONF_CHANNELS_ALL ? 0 : (unsigned)wanted;
    c->channels = wanted == CONF_CHANNELS_ALL ? type->channels : 1;
    if (c->first_channel < type->channels)
        return true;
    conf_say(p, CONF_ERROR, conf_section_line(p, section), NULL,
             type->channels > 1 ? "[%s] Channel = %d: its channels are 0 to %u"
                                : "[%s] Channel = %d: it has one channel, %u",
             section, wanted, type->channels - 1);
    return false;
}

static void describe(struct template_conf *c, const struct device_type *type)
{
    char title[DEVICE_TYPE_VALUE_MAX];

    if (!type->file)
        return;
    (void)device_type_get(type, "Title", title);
    text_copy(c->title, sizeof c->title, title);
    text_copy(c->type, sizeof c->type, type->name);
}

static bool read_gateway(struct conf_parse *p, struct conf_place place, struct gateway_conf *g)
{
    const char *section = place.section;
    bool ok;

    /* A section that was left out may have begun to fill them. */
    memset(g, 0, sizeof *g);
    text_copy(g->section, sizeof g->section, section);
    text_copy(g->driver, sizeof g->driver, conf_template_driver);
    ok = conf_apply(p, place, CONF_IN_TEMPLATE, GATEWAY, g);
    if (g->replay_file[0])
        text_copy(g->driver, sizeof g->driver, "replay");
    conf_take_file(g);
    settle_credentials(p, g, section);
    settle_port(g, place.type);
    describe(&g->template, place.type);
    /* A bad value has been told already: do not call it missing as well. */
    ok = ok && conf_has_host(p, g, section);
    ok = ok && has_template_keys(p, g, section) && check_paths(p, g, section);
    return ok && choose_channels(p, &g->template, place.type, section) &&
           has_token(p, g, place.type, section);
}

static void name_after(struct device_conf *d, const struct gateway_conf *g)
{
    if (!d->serial[0])
        text_copy(d->serial, sizeof d->serial, g->section);
    if (!d->name[0])
        text_copy(d->name, sizeof d->name, g->template.title[0] ? g->template.title : g->section);
}

static void number(struct device_conf *d, unsigned channel)
{
    device_type_number(d->serial, sizeof d->serial, '_', channel);
    device_type_number(d->section, sizeof d->section, '_', channel);
    device_type_number(d->name, sizeof d->name, ' ', channel);
    d->index = channel;
    if (channel > 0)
        d->instance = CONF_INSTANCE_AUTO;
}

static bool add_devices(struct conf_parse *p, const struct gateway_conf *g,
                        const struct device_conf *first)
{
    struct config *c = p->config;

    for (unsigned channel = 0; channel < g->template.channels; channel++) {
        if (p->template_devices == CONF_TEMPLATES_MAX) {
            conf_say(
                p, CONF_ERROR, conf_section_line(p, g->section), NULL,
                "[%s] is one device too many: at most %d of [TEMPLATEn] are published, each channel is one",
                g->section, CONF_TEMPLATES_MAX);
            return channel > 0;
        }
        struct device_conf *d = &c->devices[c->device_count++];
        *d = *first;
        p->template_devices++;
        number(d, channel);
    }
    return true;
}

static void read_template(struct conf_parse *p, const char *section)
{
    struct gateway_conf *g = &p->config->gateways[p->config->gateway_count];
    struct device_conf d = {.gateway = (unsigned)p->config->gateway_count};
    struct device_type type;
    bool ok = conf_find_type(p, section, &type);
    struct conf_place place = {.section = section, .type = &type};

    ok = ok && read_gateway(p, place, g);
    /* Read in any case: its faults are to be told together with the others. */
    text_copy(d.section, sizeof d.section, section);
    conf_describe_connection(g, d.connection, sizeof d.connection);
    ok = conf_apply(p, place, CONF_IN_TEMPLATE, DEVICE, &d) && ok;
    if (ok) {
        name_after(&d, g);
        d.has_dc = g->template.value[FIELD_DC_VOLTAGE].path[0][0] ||
                   has_value(g->template.value[FIELD_DC_VOLTAGE].fallback);
        settle_phase(&g->template, &d);
        note_class(p, &type, &d);
        text_copy(g->template.serial, sizeof g->template.serial, d.serial);
        if (add_devices(p, g, &d))
            p->config->gateway_count++;
    }
    device_type_finish(&type);
}

/* Sections that NumberOfTemplates does not count; number may be NULL. */
static void say_unused(struct conf_parse *p, const unsigned *unused, size_t count,
                       const struct inifile_entry *number)
{
    bool nothing = p->config->gateway_count == 0 && p->report->errors == 0;
    char list[CONF_LIST_MAX], section[CONF_SECTION_MAX];

    conf_list(list, conf_template_prefix, unused, count);
    conf_section_name(section, conf_template_prefix, unused[0]);
    conf_say(p, nothing ? CONF_ERROR : CONF_WARNING, conf_section_line(p, section), NULL,
             "%s not used: NumberOfTemplates %s %u; write NumberOfTemplates = %u into [DEFAULT]%s",
             list, number ? "is" : "is missing, which means", p->counts.templates,
             unused[count - 1] + 1,
             nothing ? ": otherwise there is nothing to publish" : ", or take them out");
}

static void say_missing(struct conf_parse *p, const unsigned *missing, size_t count,
                        const struct inifile_entry *number)
{
    char list[CONF_LIST_MAX];

    if (!conf_is_whole(p))
        return;
    conf_list(list, conf_template_prefix, missing, count);
    conf_say(p, CONF_ERROR, conf_line(number), NULL,
             "[DEFAULT] NumberOfTemplates = %u, but %s missing", p->counts.templates, list);
}

/* Without a DTU and without a template. */
static void say_nothing(struct conf_parse *p)
{
    const struct inifile_entry *e =
        conf_own_value(p, conf_default_section, conf_key_named("DTU", CONF_IN_DEFAULT));

    conf_say(
        p, CONF_ERROR, conf_line(e), NULL,
        "[DEFAULT] DTU = template, but there is no [TEMPLATEn], and so nothing to publish: "
        "describe a device in [TEMPLATE0] and write NumberOfTemplates = 1, or take DTU out and "
        "write Host");
}

void conf_read_templates(struct conf_parse *p)
{
    const struct conf_key *key = conf_key_named("NumberOfTemplates", CONF_IN_DEFAULT);
    const struct inifile_entry *number = conf_own_value(p, conf_default_section, key);
    unsigned missing[CONF_TEMPLATES_MAX], unused[CONF_TEMPLATES_MAX];
    size_t missing_count = 0, unused_count = 0;
    char section[CONF_SECTION_MAX];

    for (unsigned n = 0; n < CONF_TEMPLATES_MAX; n++) {
        conf_section_name(section, conf_template_prefix, n);
        bool there = inifile_section(p->file, section), counted = n < p->counts.templates;
        if (there && (counted || conf_has_type(p, section)))
            read_template(p, section);
        else if (there)
            unused[unused_count++] = n;
        else if (counted)
            missing[missing_count++] = n;
    }
    if (missing_count > 0)
        say_missing(p, missing, missing_count, number);
    if (unused_count > 0)
        say_unused(p, unused, unused_count, number);
    else if (p->config->gateway_count == 0 && p->report->errors == 0 && conf_is_whole(p))
        say_nothing(p);
}
