#include "core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc32.h"
#include "core/json.h"
#include "core/text.h"

enum {
    STATE_VERSION = 2,
    STATE_BY_SECTION = 1, /* the version before */
    WORD_MAX = 64,        /* a number, a checksum, what the file begins with */
};

static const char payload_key[] = "\"devices\":";
static const double energy_limit_kwh = 1e9, power_limit_w = 1e7;
static const char template_prefix[] = "TEMPLATE";

/* By enum energy_counter, from ENERGY_UNKNOWN on. */
static const char *const counter_names[] = {"", "lifetime", "day"};

/* ---- Writing -------------------------------------------------------------------------------- */

static bool add_text(cJSON *o, const char *key, const char *text)
{
    return !*text || cJSON_AddStringToObject(o, key, text);
}

/* cJSON's own way of writing a double does not always lead back to the same one. */
static bool add_number(cJSON *o, const char *key, double d)
{
    char text[WORD_MAX];

    if (!isfinite(d))
        return true;
    (void)snprintf(text, sizeof text, "%.17g", d);
    return cJSON_AddRawToObject(o, key, text) != NULL;
}

static bool add_identity(cJSON *o, const struct device_memory *m)
{
    return add_text(o, "id", m->id) && add_text(o, "section", m->section) &&
           add_text(o, "gateway", m->gateway) && add_text(o, "serial", m->serial) &&
           add_text(o, "name", m->name) && add_text(o, "product", m->product);
}

static bool add_settings(cJSON *o, const struct device_memory *m)
{
    return add_text(o, "custom_name", m->choice.custom_name) &&
           add_number(o, "position", m->choice.position >= 0 ? m->choice.position : MISSING) &&
           add_number(o, "load_position",
                      m->choice.load_position >= 0 ? m->choice.load_position : MISSING) &&
           add_number(o, "phase", m->choice.phase > 0 ? m->choice.phase : MISSING) &&
           add_text(o, "role", m->choice.role) &&
           add_number(o, "enabled", m->choice.enabled >= 0 ? m->choice.enabled : MISSING) &&
           add_number(o, "power_limit",
                      m->choice.power_limit >= 0 ? m->choice.power_limit : MISSING) &&
           add_number(o, "power_switch",
                      m->choice.power_switch >= 0 ? m->choice.power_switch : MISSING) &&
           add_number(o, "instance", m->instance >= 0 ? m->instance : MISSING);
}

static bool add_orders(cJSON *o, const struct owner_orders *orders)
{
    return add_number(o, "limit_w", orders->limit_w) &&
           add_number(o, "off", orders->off ? 1 : MISSING) &&
           add_number(o, "limit_pane",
                      orders->pane[CONTROL_LIMIT] ? orders->pane[CONTROL_LIMIT] : MISSING) &&
           add_number(o, "switch_pane",
                      orders->pane[CONTROL_SWITCH] ? orders->pane[CONTROL_SWITCH] : MISSING);
}

static bool add_energy(cJSON *o, const struct device_memory *m)
{
    if (!has_value(m->energy_kwh))
        return true;
    return add_number(o, "energy_kwh", m->energy_kwh) &&
           add_number(o, "offset_kwh", m->offset_kwh > 0 ? m->offset_kwh : MISSING) &&
           add_number(o, "energy_offset_kwh",
                      m->energy_offset_kwh != 0 ? m->energy_offset_kwh : MISSING) &&
           add_text(o, "counter", counter_names[m->counter + 1]);
}

static char *print_device(const struct device_memory *m)
{
    char *text = NULL;
    cJSON *o = cJSON_CreateObject();

    if (o && add_identity(o, m) && add_settings(o, m) && add_orders(o, &m->orders) &&
        add_number(o, "phases", m->phases) && add_number(o, "strings", m->strings) &&
        add_number(o, "max_power_w", m->max_power_w) && add_energy(o, m) &&
        add_number(o, "limited", m->limited ? 1 : MISSING))
        text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    return text;
}

struct text {
    char *data;
    size_t len;
    bool failed;
};

static void append(struct text *t, const char *piece)
{
    size_t len = strlen(piece);
    char *data = t->failed ? NULL : realloc(t->data, t->len + len + 1);

    if (!data) {
        t->failed = true;
        return;
    }
    memcpy(data + t->len, piece, len + 1);
    t->data = data;
    t->len += len;
}

/* Within what the checksum covers. Host names and addresses need no escapes in JSON. */
static void append_added(struct text *payload, const struct addresses *added)
{
    char list[ADDRESSES_TEXT_MAX] = "";

    if (added)
        addresses_by_number(added, list);
    if (!*list)
        return;
    append(payload, ",\"added\":\"");
    append(payload, list);
    append(payload, "\"");
}

char *state_print(const struct device_memory *memories, size_t count, const struct addresses *added)
{
    struct text payload = {0}, all = {0};
    char head[WORD_MAX];

    append(&payload, "[");
    for (size_t i = 0; i < count; i++) {
        char *device = print_device(&memories[i]);
        append(&payload, i ? ",\n" : "\n");
        if (device)
            append(&payload, device);
        else
            payload.failed = true;
        cJSON_free(device);
    }
    append(&payload, "\n]");
    append_added(&payload, added);
    if (!payload.failed) {
        (void)snprintf(head, sizeof head, "{\"version\":%d,\"crc32\":\"%08x\",", STATE_VERSION,
                       (unsigned)crc32_of(payload.data, payload.len));
        append(&all, head);
        append(&all, payload_key);
        append(&all, payload.data);
        append(&all, "}\n");
    }
    free(payload.data);
    if (all.failed) {
        free(all.data);
        return NULL;
    }
    return all.data;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static int refuse(char *why, size_t why_size, const char *reason)
{
    if (why)
        text_copy(why, why_size, reason);
    return -1;
}

/* The checksum covers the bytes between "devices": and the last brace. */
static bool checksum_fits(const cJSON *root, const char *text, size_t len)
{
    const char *payload = memmem(text, len, payload_key, strlen(payload_key));
    const char *end = payload ? memrchr(payload, '}', (size_t)(text + len - payload)) : NULL;
    char said[WORD_MAX], is[WORD_MAX];

    if (!end)
        return false;
    payload += strlen(payload_key);
    json_text(root, "crc32", said, sizeof said);
    (void)snprintf(is, sizeof is, "%08x", (unsigned)crc32_of(payload, (size_t)(end - payload)));
    return strcmp(said, is) == 0;
}

static double member_in(const cJSON *o, const char *key, double min, double max)
{
    double d = json_member(o, key);
    return d >= min && d <= max ? d : MISSING;
}

static unsigned small_member(const cJSON *o, const char *key, unsigned max)
{
    double d = member_in(o, key, 0, max);
    return has_value(d) ? (unsigned)d : 0;
}

static int int_member(const cJSON *o, const char *key, int max)
{
    double d = member_in(o, key, 0, max);
    return has_value(d) ? (int)d : -1;
}

static void read_energy(const cJSON *o, struct device_memory *m)
{
    char counter[WORD_MAX];

    m->energy_kwh = member_in(o, "energy_kwh", -energy_limit_kwh, energy_limit_kwh);
    if (!has_value(m->energy_kwh))
        return;
    m->offset_kwh = member_in(o, "offset_kwh", 0, energy_limit_kwh);
    if (!has_value(m->offset_kwh))
        m->offset_kwh = 0;
    m->energy_offset_kwh = member_in(o, "energy_offset_kwh", -energy_limit_kwh, energy_limit_kwh);
    if (!has_value(m->energy_offset_kwh))
        m->energy_offset_kwh = 0;
    json_text(o, "counter", counter, sizeof counter);
    for (int c = ENERGY_LIFETIME; c <= ENERGY_OF_THE_DAY; c++) {
        if (strcmp(counter, counter_names[c + 1]) == 0)
            m->counter = (enum energy_counter)c;
    }
}

static void read_orders(const cJSON *o, struct owner_orders *orders)
{
    orders->limit_w = member_in(o, "limit_w", 0, power_limit_w);
    orders->off = json_bool(o, "off", false);
    orders->pane[CONTROL_LIMIT] = (int)small_member(o, "limit_pane", CONTROL_PANE_MAX);
    orders->pane[CONTROL_SWITCH] = (int)small_member(o, "switch_pane", CONTROL_PANE_MAX);
}

static void read_device(const cJSON *o, struct device_memory *m)
{
    device_memory_init(m);
    json_text(o, "id", m->id, sizeof m->id);
    json_text(o, "section", m->section, sizeof m->section);
    json_text(o, "gateway", m->gateway, sizeof m->gateway);
    json_text(o, "serial", m->serial, sizeof m->serial);
    json_text(o, "name", m->name, sizeof m->name);
    json_text(o, "product", m->product, sizeof m->product);
    json_text(o, "custom_name", m->choice.custom_name, sizeof m->choice.custom_name);
    json_text(o, "role", m->choice.role, sizeof m->choice.role);
    m->choice.position = int_member(o, "position", 2);
    m->choice.load_position = int_member(o, "load_position", 1);
    m->choice.phase = (int)small_member(o, "phase", PHASES);
    m->choice.enabled = int_member(o, "enabled", 1);
    m->choice.power_limit = int_member(o, "power_limit", 1);
    m->choice.power_switch = int_member(o, "power_switch", 1);
    m->instance = int_member(o, "instance", CONF_INSTANCE_MAX);
    m->phases = small_member(o, "phases", PHASES);
    m->strings = small_member(o, "strings", STRINGS_MAX);
    m->max_power_w = member_in(o, "max_power_w", 0, power_limit_w);
    m->limited = json_bool(o, "limited", false);
    read_orders(o, &m->orders);
    read_energy(o, m);
}

/* Of version 1, which knew devices by their section and one gateway beside the templates. */
static void identify(struct device_memory *m)
{
    if (strncmp(m->section, template_prefix, sizeof template_prefix - 1) == 0) {
        text_copy(m->id, sizeof m->id, m->section);
        text_copy(m->gateway, sizeof m->gateway, m->section);
    } else {
        serial_key(m->id, m->serial);
        text_copy(m->gateway, sizeof m->gateway, "DEFAULT");
    }
}

static bool is_there(const struct device_memory *memories, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(memories[i].id, id) == 0)
            return true;
    }
    return false;
}

static int read_devices(const cJSON *devices, bool by_section, struct device_memory *out,
                        size_t max)
{
    const cJSON *device;
    size_t count = 0;

    cJSON_ArrayForEach(device, devices)
    {
        if (count == max)
            break;
        read_device(device, &out[count]);
        if (by_section)
            identify(&out[count]);
        if (out[count].id[0] && !is_there(out, count, out[count].id))
            count++;
    }
    return (int)count;
}

static void read_added(const cJSON *root, struct addresses *added)
{
    char list[ADDRESSES_TEXT_MAX];

    json_text(root, "added", list, sizeof list);
    (void)addresses_read(added, list);
}

int state_parse(const char *text, size_t len, struct device_memory *out, size_t max,
                struct addresses *added, char *why, size_t why_size)
{
    const cJSON *devices;
    double version;
    int count = -1;
    cJSON *root = json_parse(text, len, NULL, 0);

    if (added)
        *added = (struct addresses){0};
    if (!root)
        return refuse(why, why_size, "the state is damaged: cut off, or not JSON");
    version = json_member(root, "version");
    devices = json_get(root, "devices");
    if (version > STATE_VERSION)
        refuse(why, why_size, "the state was written by a newer version of this program");
    else if (!(version >= STATE_BY_SECTION) || !checksum_fits(root, text, len) ||
             !cJSON_IsArray(devices))
        refuse(why, why_size, "the state is damaged: its checksum does not fit");
    else
        count = read_devices(devices, version < STATE_VERSION, out, max);
    if (count >= 0 && added)
        read_added(root, added);
    cJSON_Delete(root);
    return count;
}
