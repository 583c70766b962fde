/*
 * Commands of OpenDTU (WebApi_limit.cpp, WebApi_power.cpp, WebApi_inverter.cpp, to v26.3.30): a form with one field, data, of JSON. All but a
 * wrong password is answered with 200. Type "success" says that the command is queued, or that it was dropped
 * since commands are switched off for the inverter. Limits: types 0 (W) and 1 (%) mean the same in all versions, and
 * are not persistent. More than 2250 W is refused.
 */
#include "drivers/opendtu_commands.h"

#include <stdio.h>
#include <string.h>

#include "core/percent.h"
#include "core/text.h"
#include "drivers/common.h"

static const double limit_max_w = 2250; /* MAX_INVERTER_LIMIT */

enum { LIMIT_ABSOLUTE = 0, LIMIT_RELATIVE = 1 };

enum {
    COMMAND_JSON_MAX = MESSAGE_BODY_MAX / 3 - 2, /* three bytes for each, behind "data=" */
    WORD_MAX = 16,                               /* "success", "Pending" */
};

/* What is all that it can is told as 100 %: nobody need know how much that is. */
static void write_limit(const struct command *c, char *json, size_t size)
{
    bool full = c->limit_w >= c->max_power_w, absolute = !full && c->limit_w <= limit_max_w;
    double value = full ? 100 : absolute ? c->limit_w : 100 * c->limit_w / c->max_power_w;

    (void)snprintf(json, size, "{\"serial\":\"%s\",\"limit_type\":%d,\"limit_value\":%.1f}",
                   c->serial, absolute ? LIMIT_ABSOLUTE : LIMIT_RELATIVE, value);
}

static bool encode(void *session, const struct command *c, struct message *out)
{
    static const char field[] = "data=";
    bool power = c->kind == COMMAND_POWER;
    char json[COMMAND_JSON_MAX], *rest = out->body + strlen(field);

    (void)session;
    if (power)
        (void)snprintf(json, sizeof json, "{\"serial\":\"%s\",\"power\":%s}", c->serial,
                       c->on ? "true" : "false");
    else
        write_limit(c, json, sizeof json);
    text_copy(out->path, sizeof out->path, power ? "/api/power/config" : "/api/limit/config");
    out->format = MESSAGE_FORM;
    text_copy(out->body, sizeof out->body, field);
    return percent_encode(rest, sizeof out->body - strlen(field), json, PERCENT_COMPONENT);
}

static enum decode_result answer(void *session, const char *body, size_t len,
                                 char why[DECODE_WHY_MAX])
{
    char type[WORD_MAX], message[DECODE_WHY_MAX];
    cJSON *root;
    enum decode_result result = common_parse(body, len, &root, why);

    (void)session;
    if (result != DECODE_OK)
        return result;
    json_text(root, "type", type, sizeof type);
    json_text(root, "message", message, sizeof message);
    cJSON_Delete(root);
    if (strcmp(type, "success") == 0)
        return DECODE_OK;
    return common_refuse(why, "OpenDTU refuses the command: %s",
                         message[0] ? message : "it does not say why");
}

static bool look(void *session, enum look what, struct message *out)
{
    static const char *const paths[LOOKS] = {[LOOK_RIGHTS] = "/api/inverter/list",
                                             [LOOK_LIMIT] = "/api/limit/status",
                                             [LOOK_POWER] = "/api/power/status"};

    (void)session;
    text_copy(out->path, sizeof out->path, paths[what]);
    return true;
}

static void report_rights(const cJSON *root, const struct decode_sink *sink)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, json_get(root, "inverter"))
    {
        struct command_report r = {.part = REPORT_RIGHT, .limit_pct = MISSING};
        if (!common_serial(entry, r.serial))
            continue;
        r.right = json_bool(entry, "command_enable", true) ? COMMAND_ALLOWED : COMMAND_DISABLED;
        sink->report(sink->user, &r);
    }
}

static enum command_status status_of(const cJSON *entry, const char *key)
{
    static const struct {
        const char *name;
        enum command_status status;
    } names[] = {{"Ok", COMMAND_OK}, {"Pending", COMMAND_PENDING}, {"Failure", COMMAND_FAILURE}};
    char status[WORD_MAX];

    json_text(entry, key, status, sizeof status);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(status, names[i].name) == 0)
            return names[i].status;
    }
    return COMMAND_NOT_TOLD;
}

static void report_status(const cJSON *root, enum look what, const struct decode_sink *sink)
{
    bool power = what == LOOK_POWER;
    const char *key = power ? "power_set_status" : "limit_set_status";
    const cJSON *entry;

    cJSON_ArrayForEach(entry, root)
    {
        struct command_report r = {.part = power ? REPORT_POWER : REPORT_LIMIT,
                                   .status = status_of(entry, key),
                                   .limit_pct = json_member(entry, "limit_relative")};
        if (!entry->string)
            continue;
        text_copy(r.serial, sizeof r.serial, entry->string);
        sink->report(sink->user, &r);
    }
}

static enum decode_result looked(void *session, enum look what, const char *body, size_t len,
                                 const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    cJSON *root;
    enum decode_result result = common_parse(body, len, &root, why);

    (void)session;
    if (result != DECODE_OK)
        return result;
    if (what == LOOK_RIGHTS)
        report_rights(root, sink);
    else
        report_status(root, what, sink);
    cJSON_Delete(root);
    return DECODE_OK;
}

const struct driver_commands opendtu_commands = {
    .encode = encode,
    .answer = answer,
    .look = look,
    .looked = looked,
};
