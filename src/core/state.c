#include "core/state.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

enum { STATE_VERSION = 1 };

static const char payload_key[] = "\"devices\":";
static const double energy_limit_kwh = 1e9, power_limit_w = 1e7;

/* CRC-32 as zlib and Ethernet compute it (reflected, polynomial 0xEDB88320). */
static uint32_t crc32_of(const char *data, size_t len)
{
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned char)data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static bool add_text(cJSON *o, const char *key, const char *text)
{
    return !*text || cJSON_AddStringToObject(o, key, text);
}

/* cJSON's own way of writing a double does not always lead back to the same one. */
static bool add_number(cJSON *o, const char *key, double d)
{
    char text[32];

    if (!isfinite(d))
        return true;
    (void)snprintf(text, sizeof text, "%.17g", d);
    return cJSON_AddRawToObject(o, key, text) != NULL;
}

static char *print_device(const struct device_memory *m)
{
    char *text = NULL;
    cJSON *o = cJSON_CreateObject();

    if (o && add_text(o, "section", m->section) && add_text(o, "serial", m->serial) &&
        add_text(o, "name", m->name) && add_text(o, "custom_name", m->custom_name) &&
        add_number(o, "position", m->position >= 0 ? m->position : MISSING) &&
        add_number(o, "phases", m->phases) && add_number(o, "strings", m->strings) &&
        add_number(o, "max_power_w", m->max_power_w) && add_number(o, "energy_kwh", m->energy_kwh))
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

char *state_print(const struct device_memory *memories, size_t count)
{
    struct text payload = {0}, all = {0};
    char head[64];

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
    if (!payload.failed) {
        (void)snprintf(head, sizeof head, "{\"version\":%d,\"crc32\":\"%08x\",", STATE_VERSION,
                       (unsigned)crc32_of(payload.data, payload.len));
        append(&all, head);
        append(&all, payload_key);
        append(&all, payload.data);
        append(&all, "}\n");
    }
    free(payload.data);
    if (payload.failed || all.failed) {
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
    const char *payload = memmem(text, len, payload_key, sizeof payload_key - 1);
    const char *end = memrchr(text, '}', len);
    char said[16], is[16];

    if (!payload || !end)
        return false;
    payload += sizeof payload_key - 1;
    if (end < payload)
        return false;
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

static void read_device(const cJSON *o, struct device_memory *m)
{
    double position = member_in(o, "position", 0, 2);

    memset(m, 0, sizeof *m);
    json_text(o, "section", m->section, sizeof m->section);
    json_text(o, "serial", m->serial, sizeof m->serial);
    json_text(o, "name", m->name, sizeof m->name);
    json_text(o, "custom_name", m->custom_name, sizeof m->custom_name);
    m->position = has_value(position) ? (int)position : -1;
    m->phases = small_member(o, "phases", PHASES);
    m->strings = small_member(o, "strings", STRINGS_MAX);
    m->max_power_w = member_in(o, "max_power_w", 0, power_limit_w);
    m->energy_kwh = member_in(o, "energy_kwh", -energy_limit_kwh, energy_limit_kwh);
}

static int read_devices(const cJSON *devices, struct device_memory *out, size_t max)
{
    const cJSON *device;
    size_t count = 0;

    cJSON_ArrayForEach(device, devices)
    {
        if (count == max)
            break;
        read_device(device, &out[count]);
        if (out[count].section[0])
            count++;
    }
    return (int)count;
}

int state_parse(const char *text, size_t len, struct device_memory *out, size_t max, char *why,
                size_t why_size)
{
    const cJSON *devices;
    double version;
    int count = -1;
    cJSON *root = json_parse(text, len, NULL, 0);

    if (!root)
        return refuse(why, why_size, "the state is damaged: cut off, or not JSON");
    version = json_member(root, "version");
    devices = json_get(root, "devices");
    if (version > STATE_VERSION)
        refuse(why, why_size, "the state was written by a newer version of this program");
    else if (!has_value(version) || !checksum_fits(root, text, len) || !cJSON_IsArray(devices))
        refuse(why, why_size, "the state is damaged: its checksum does not fit");
    else
        count = read_devices(devices, out, max);
    cJSON_Delete(root);
    return count;
}
