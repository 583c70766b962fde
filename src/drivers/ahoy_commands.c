/*
 * Commands of AhoyDTU (RestApi.h, 0.8.156). POST /api/ctrl of {"id", "cmd", "val"} and, from 0.8.80 on where a password is
 * set, a token: {"auth": password} gives one, which is good for 20 minutes. /api/inverter/pwrack/ID tells in "ack" whether the inverter
 * has acknowledged the last limit; it says of the one before until this one goes on air, and nothing of "power" (1 on, 0
 * off): Communication.h. The last command wins; there is no queue. generic.menu_prot of /api/live is true where
 * a password is set.
 */
#include "drivers/ahoy_commands.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

void ahoy_commands_learn(struct ahoy_commands *a, const char *serial, unsigned id)
{
    size_t i = 0;

    while (i < a->known_count && !serial_equal(a->known[i].serial, serial))
        i++;
    if (i == INVERTERS_MAX)
        return;
    if (i == a->known_count)
        text_copy(a->known[a->known_count++].serial, SERIAL_MAX, serial);
    a->known[i].id = id;
}

/* The body is JSON made by cJSON: a password may hold anything. False when it does not fit. */
static bool write_body(struct message *out, cJSON *root)
{
    bool ok = root && cJSON_PrintPreallocated(root, out->body, sizeof out->body, false);

    cJSON_Delete(root);
    text_copy(out->path, sizeof out->path, "/api/ctrl");
    out->format = MESSAGE_JSON;
    return ok;
}

static bool log_in(struct ahoy_commands *a, struct message *out)
{
    cJSON *root = cJSON_CreateObject();

    a->logs_in = true;
    cJSON_AddStringToObject(root, "auth", a->password);
    return write_body(out, root);
}

static bool find(struct ahoy_commands *a, const char *serial)
{
    for (size_t i = 0; i < a->known_count; i++) {
        if (serial_equal(a->known[i].serial, serial)) {
            a->place = i;
            return true;
        }
    }
    return false;
}

/* So many looks long an acknowledgement may be that of a limit before. */
enum { OLD_ACK_LOOKS = 5 };

/* All that it can is told as 100 %: nobody need know how much that is. */
static void add_limit(cJSON *root, const struct command *c)
{
    bool full = c->limit_w >= c->max_power_w;

    cJSON_AddStringToObject(root, "cmd",
                            full ? "limit_nonpersistent_relative" : "limit_nonpersistent_absolute");
    cJSON_AddNumberToObject(root, "val", full ? 100 : round(10 * c->limit_w) / 10);
}

static void add_power(cJSON *root, const struct command *c)
{
    cJSON_AddStringToObject(root, "cmd", "power");
    cJSON_AddNumberToObject(root, "val", c->on ? 1 : 0);
}

static bool encode(void *session, const struct command *c, struct message *out)
{
    struct ahoy_commands *a = session;

    if (!find(a, c->serial))
        return false;
    if (c->kind == COMMAND_LIMIT)
        a->known[a->place].pct =
            c->limit_w >= c->max_power_w ? 100 : 100 * c->limit_w / c->max_power_w;
    a->known[a->place].power = c->kind == COMMAND_POWER;
    a->known[a->place].waits = true;
    a->known[a->place].fresh = false;
    a->known[a->place].looks = 0;
    if (a->password[0] && !a->token[0])
        return log_in(a, out);
    a->logs_in = false;
    cJSON *root = cJSON_CreateObject();
    cJSON_AddNumberToObject(root, "id", a->known[a->place].id);
    if (c->kind == COMMAND_POWER)
        add_power(root, c);
    else
        add_limit(root, c);
    if (a->token[0])
        cJSON_AddStringToObject(root, "token", a->token);
    return write_body(out, root);
}

static enum decode_result take_token(struct ahoy_commands *a, const cJSON *root, char *why)
{
    json_text(root, "token", a->token, sizeof a->token);
    if (a->token[0])
        return DECODE_AGAIN;
    (void)snprintf(why, DECODE_WHY_MAX, "AhoyDTU refuses the password: is Password right?");
    return DECODE_AUTH;
}

static enum decode_result need_password(char *why)
{
    (void)snprintf(why, DECODE_WHY_MAX, "AhoyDTU is protected: set Password to that of its page");
    return DECODE_AUTH;
}

/* A token that has run out is replaced once. */
static enum decode_result judge_refusal(struct ahoy_commands *a, const cJSON *root, char *why)
{
    char error[64];
    bool renews = a->token[0] && !a->refused;

    json_text(root, "error", error, sizeof error);
    if (strcmp(error, "ERR_AUTH") != 0 && strcmp(error, "ERR_PROTECTED") != 0)
        return common_refuse(why, "AhoyDTU refuses the command: %s",
                             error[0] ? error : "it does not say why");
    a->token[0] = '\0';
    a->refused = renews;
    return renews ? DECODE_AGAIN : need_password(why);
}

static enum decode_result answer(void *session, const char *body, size_t len,
                                 char why[DECODE_WHY_MAX])
{
    struct ahoy_commands *a = session;
    cJSON *root;
    enum decode_result result = common_parse(body, len, &root, why);

    if (result != DECODE_OK)
        return result;
    if (a->logs_in)
        result = take_token(a, root, why);
    else if (!json_bool(root, "success", false))
        result = judge_refusal(a, root, why);
    else
        a->refused = false;
    cJSON_Delete(root);
    return result;
}

/* Who waits takes turns. Where nobody does, nothing has changed since. */
static bool next_waiting(struct ahoy_commands *a)
{
    for (size_t n = 0; n < a->known_count; n++) {
        a->place = (a->place + 1) % a->known_count;
        if (a->known[a->place].waits)
            return true;
    }
    return false;
}

/* Rights: whoever can log in may command any inverter. */
static bool look(void *session, enum look what, struct message *out)
{
    struct ahoy_commands *a = session;

    if (what == LOOK_RIGHTS && a->password[0])
        return log_in(a, out);
    if (what == LOOK_RIGHTS) {
        text_copy(out->path, sizeof out->path, "/api/live");
        return true;
    }
    if (what == LOOK_POWER || !next_waiting(a)) /* one acknowledgement for both */
        return false;
    (void)snprintf(out->path, sizeof out->path, "/api/inverter/pwrack/%u", a->known[a->place].id);
    return true;
}

static void report_rights(const struct ahoy_commands *a, const struct decode_sink *sink)
{
    for (size_t i = 0; i < a->known_count; i++) {
        struct command_report r = {.part = REPORT_RIGHT,
                                   .right = COMMAND_ALLOWED,
                                   .limit_pct = MISSING};
        text_copy(r.serial, sizeof r.serial, a->known[i].serial);
        sink->report(sink->user, &r);
    }
}

/* What the inverter has acknowledged is what its last limit said. */
static bool limit_acknowledged(struct ahoy_commands *a, bool acknowledged)
{
    if (!acknowledged)
        a->known[a->place].fresh = true;
    else if (!a->known[a->place].fresh)
        a->known[a->place].fresh = ++a->known[a->place].looks >= OLD_ACK_LOOKS;
    return acknowledged && a->known[a->place].fresh;
}

/* Of switching nothing is told but that the command was taken: what is measured has to show the rest. */
static void report_status(struct ahoy_commands *a, const cJSON *root,
                          const struct decode_sink *sink)
{
    bool power = a->known[a->place].power;
    bool done = power || limit_acknowledged(a, json_bool(root, "ack", false));
    struct command_report r = {.part = power ? REPORT_POWER : REPORT_LIMIT,
                               .status = done ? COMMAND_OK : COMMAND_PENDING,
                               .limit_pct = done && !power ? a->known[a->place].pct : MISSING};

    text_copy(r.serial, sizeof r.serial, a->known[a->place].serial);
    a->known[a->place].waits = !done;
    sink->report(sink->user, &r);
}

static enum decode_result looked(void *session, enum look what, const char *body, size_t len,
                                 const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    struct ahoy_commands *a = session;
    cJSON *root;
    enum decode_result result = common_parse(body, len, &root, why);

    if (result != DECODE_OK)
        return result;
    if (what == LOOK_RIGHTS && a->password[0])
        result = take_token(a, root, why) == DECODE_AGAIN ? DECODE_OK : DECODE_AUTH;
    else if (what == LOOK_RIGHTS && json_bool(json_get(root, "generic"), "menu_prot", false))
        result = need_password(why);
    if (what == LOOK_RIGHTS && result == DECODE_OK)
        report_rights(a, sink);
    else if (what == LOOK_LIMIT)
        report_status(a, root, sink);
    cJSON_Delete(root);
    return result;
}

const struct driver_commands ahoy_commands = {
    .encode = encode,
    .answer = answer,
    .look = look,
    .looked = looked,
};
