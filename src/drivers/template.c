/*
 * Any device that answers GETs with JSON: Shelly, Tasmota, Fronius, and what users bring. What its values are
 * called stands in the configuration.
 */
#include <stdio.h>
#include <string.h>

#include "core/conf.h"
#include "core/json.h"
#include "core/percent.h"
#include "drivers/common.h"
#include "drivers/template_values.h"

/* Of several replies each is kept until the last one is there: a hostile device may not fill the memory with them. */
enum { SEVERAL_BODY_MAX = 128 * 1024 };

struct session {
    const struct gateway_conf *conf;
    unsigned order[JSON_REPLIES_MAX]; /* of the requests */
    unsigned count, asked;            /* in the present cycle */
    cJSON *root[JSON_REPLIES_MAX];
    struct template_settled settled[DEVICE_CHANNELS_MAX];
};

/* ---- The request ---- */

/* Tasmota wants the credentials in the query. */
static void put_credentials(char *out, size_t size, const struct gateway_conf *conf,
                            const char *path)
{
    char user[MESSAGE_PATH_MAX], password[MESSAGE_PATH_MAX];

    if (strncmp(path, "/cm?", 4) != 0 || !conf->username[0] || strstr(path, "user="))
        return;
    if (percent_encode(user, sizeof user, conf->username, PERCENT_COMPONENT) &&
        percent_encode(password, sizeof password, conf->password, PERCENT_COMPONENT) &&
        strlen(user) + strlen(password) + sizeof "&user=&password=" <= size)
        (void)snprintf(out, size, "&user=%s&password=%s", user, password);
}

/* Where the owner has written {username} or {password}, which is encoded in a path. */
static void put_in_place(char *path, size_t size, const char *mark, const char *value)
{
    char encoded[MESSAGE_PATH_MAX];
    size_t mark_len = strlen(mark);

    if (!percent_encode(encoded, sizeof encoded, value, PERCENT_COMPONENT))
        return;
    size_t len = strlen(encoded);
    for (char *at = path; (at = strstr(at, mark)) != NULL; at += len) {
        if (strlen(path) - mark_len + len >= size)
            return;
        memmove(at + len, at + mark_len, strlen(at + mark_len) + 1);
        /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): the rest of the path, with its NUL, stands behind */
        memcpy(at, encoded, len);
    }
}

static void forget_replies(struct session *s)
{
    for (size_t n = 0; n < JSON_REPLIES_MAX; n++) {
        cJSON_Delete(s->root[n]);
        s->root[n] = NULL;
    }
}

/* ---- The driver ---- */

static void template_open(void *session, const struct gateway_conf *conf)
{
    struct session *s = session;
    s->conf = conf;
}

static void template_close(void *session)
{
    forget_replies(session);
}

static void template_begin(void *session, int64_t now_ms)
{
    struct session *s = session;

    (void)now_ms;
    s->asked = 0;
    forget_replies(s);
    s->count = template_order(&s->conf->template, s->order);
}

static bool template_next(void *session, struct message *out)
{
    struct session *s = session;
    const char *path;
    size_t used;

    if (s->asked >= s->count)
        return false;
    unsigned n = s->order[s->asked++];
    path = s->conf->template.api_path[n];
    *out = (struct message){.optional = !template_needs(&s->conf->template, n)};
    /* A user may have written a blank or an umlaut where a URL cannot have one. */
    (void)percent_encode(out->path, sizeof out->path, path, PERCENT_PATH);
    put_in_place(out->path, sizeof out->path, "%7Busername%7D", s->conf->username);
    put_in_place(out->path, sizeof out->path, "%7Bpassword%7D", s->conf->password);
    used = strlen(out->path);
    put_credentials(out->path + used, sizeof out->path - used, s->conf, path);
    return true;
}

/* Tasmota before 8.2.3 refuses with a 200. */
static bool wants_password(const struct session *s, const cJSON *root, char *why)
{
    if (!json_get(root, "WARNING"))
        return false;
    (void)snprintf(why, DECODE_WHY_MAX,
                   "the device wants a password: set Username and Password in [%.31s]",
                   s->conf->section);
    return true;
}

static unsigned channels_of(const struct session *s)
{
    unsigned count = s->conf->template.channels;

    return count ? count : 1;
}

/* A channel that is not there has no power; where none is, it is another device's reply. */
static enum decode_result emit(struct session *s, const struct decode_sink *sink, char *why)
{
    struct reading readings[DEVICE_CHANNELS_MAX];
    enum decode_result result = DECODE_BAD_REPLY;
    unsigned count = channels_of(s);
    struct json_replies replies;

    for (size_t n = 0; n < JSON_REPLIES_MAX; n++)
        replies.root[n] = s->root[n];
    for (unsigned i = 0; i < count; i++) {
        if (template_read(s->conf, &replies, i, &s->settled[i], &readings[i], why) == DECODE_OK)
            result = DECODE_OK;
    }
    for (unsigned i = 0; result == DECODE_OK && i < count; i++)
        sink->reading(sink->user, &readings[i]);
    forget_replies(s);
    return result;
}

static enum decode_result template_decode(void *session, const char *body, size_t len,
                                          const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    struct session *s = session;
    enum decode_result result;
    cJSON *root;

    if (s->count > 1 && len > SEVERAL_BODY_MAX)
        return common_refuse(
            why, "the reply has %zu bytes: of a device with several requests each may have %d", len,
            SEVERAL_BODY_MAX);
    result = common_parse(body, len, &root, why);
    if (result != DECODE_OK)
        return result;
    if (wants_password(s, root, why)) {
        cJSON_Delete(root);
        return DECODE_AUTH;
    }
    unsigned n = s->order[s->asked - 1];
    cJSON_Delete(s->root[n]);
    s->root[n] = root;
    return s->asked < s->count ? DECODE_OK : emit(s, sink, why);
}

/* The values that are in its reply are missing, then. */
static void template_skip(void *session)
{
    (void)session;
}

const struct driver driver_template = {
    .name = "template",
    .transport = "http",
    .session_size = sizeof(struct session),
    .open = template_open,
    .close = template_close,
    .begin = template_begin,
    .next = template_next,
    .decode = template_decode,
    .skip = template_skip,
};
