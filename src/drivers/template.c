/*
 * Any device that answers one GET with JSON: Shelly, Tasmota, Fronius, and what users bring. What its
 * values are called stands in the configuration.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/conf.h"
#include "core/json_paths.h"
#include "core/text.h"
#include "drivers/common.h"

enum { HINTS_MAX = 4 };

struct session {
    const struct gateway_conf *conf;
    bool asked; /* in the present cycle */
};

/* What the paths of one quantity led to; of several, the worst. */
enum found { FOUND_NOTHING, FOUND_OTHER, FOUND_NULL, FOUND_NUMBER };

/* Over all quantities: whether the reply is one that the configuration was made for. */
struct tally {
    unsigned configured, there, numbers, nulls;
    char missing[CONF_TEXT_MAX];  /* the first path that leads nowhere */
    char unusable[CONF_TEXT_MAX]; /* the first that leads to something without a number */
};

/* ---- The request ---- */

/* A user may have written a blank or an umlaut where a URL cannot have one. */
static size_t put_path(char *out, size_t size, const char *path)
{
    size_t used = 0;

    for (const unsigned char *s = (const unsigned char *)path; *s && used + 4 <= size; s++) {
        if (*s > ' ' && *s < 0x7F && !strchr("\"<>\\^`{|}#", *s))
            out[used++] = (char)*s;
        else
            used += (size_t)snprintf(out + used, size - used, "%%%02X", *s);
    }
    out[used] = '\0';
    return used;
}

/* Tasmota wants the credentials in the query. */
static void put_credentials(char *out, size_t size, const struct gateway_conf *conf)
{
    const char *path = conf->template.api_path;
    char user[REQUEST_PATH_MAX], password[REQUEST_PATH_MAX];

    if (strncmp(path, "/cm?", 4) != 0 || !conf->username[0] || strstr(path, "user="))
        return;
    if (common_escape(user, sizeof user, conf->username) &&
        common_escape(password, sizeof password, conf->password) &&
        strlen(user) + strlen(password) + sizeof "&user=&password=" <= size)
        (void)snprintf(out, size, "&user=%s&password=%s", user, password);
}

/* ---- What a person needs who mistyped a path ---- */

struct hints {
    char text[DECODE_WHY_MAX];
    size_t used;
    bool full;
};

static void add_hint(void *user, const struct json_number_found *found)
{
    struct hints *h = user;

    if (found->unusable || h->full)
        return;
    int n = snprintf(h->text + h->used, sizeof h->text - h->used, "%s%s", h->used ? ", " : "",
                     found->path);
    if (n < 0 || (size_t)n >= sizeof h->text - h->used) {
        h->text[h->used] = '\0';
        h->full = true;
        return;
    }
    h->used += (size_t)n;
}

static enum decode_result refuse_missing(const cJSON *root, const struct tally *t, char *why)
{
    struct hints hints = {0};
    char text[2 * DECODE_WHY_MAX];

    json_paths(root, HINTS_MAX, add_hint, &hints);
    (void)snprintf(text, sizeof text, "no %.60s in the reply, which has %s", t->missing,
                   hints.used ? hints.text : "no numbers that a path leads to");
    text_copy(why, DECODE_WHY_MAX, text);
    return DECODE_BAD_REPLY;
}

static enum decode_result refuse_unusable(const cJSON *root, const struct tally *t, char *why)
{
    bool list = cJSON_IsArray(json_path(root, t->unusable));
    char text[2 * DECODE_WHY_MAX];

    (void)snprintf(text, sizeof text, "%.60s is %s", t->unusable,
                   list ? "a list: add the number of the element to the path (/0 is the first)"
                        : "no number");
    text_copy(why, DECODE_WHY_MAX, text);
    return DECODE_BAD_REPLY;
}

/* ---- The values ---- */

static enum found look_up(const cJSON *root, const char *path, double *value)
{
    const cJSON *node = json_path(root, path);

    *value = json_number(node);
    if (!node)
        return FOUND_NOTHING;
    if (cJSON_IsNull(node))
        return FOUND_NULL;
    return has_value(*value) ? FOUND_NUMBER : FOUND_OTHER;
}

/* The sum; MISSING when any part is. */
static double add_up(const cJSON *root, const char *paths, enum found *worst, struct tally *t)
{
    char path[JSON_PATH_MAX];
    double sum = 0, value;

    *worst = FOUND_NUMBER;
    while (json_paths_next(&paths, path)) {
        enum found found = look_up(root, path, &value);
        sum += value;
        if (found < *worst)
            *worst = found;
        if (found == FOUND_NOTHING && !t->missing[0])
            text_copy(t->missing, sizeof t->missing, path);
        if (found == FOUND_OTHER && !t->unusable[0])
            text_copy(t->unusable, sizeof t->unusable, path);
    }
    return sum;
}

static bool is_configured(const struct template_value *v)
{
    return v->path[0] && strcasecmp(v->path, "none") != 0;
}

/* Puts one quantity; tells what was found. The fallback is taken as it is, not multiplied. */
static enum found put_value(struct reading *r, enum field f, const cJSON *root,
                            const struct template_value *v, struct tally *t)
{
    enum found found = FOUND_NOTHING;
    double value = MISSING;

    if (is_configured(v)) {
        value = add_up(root, v->path, &found, t) * v->mult;
        t->configured++;
        t->there += found != FOUND_NOTHING;
        t->nulls += found == FOUND_NULL;
        t->numbers += found == FOUND_NUMBER;
    }
    common_put(r, f, found == FOUND_NUMBER ? value : v->fallback);
    return found;
}

static enum decode_result decode_values(const struct gateway_conf *conf, const cJSON *root,
                                        const struct decode_sink *sink, char *why)
{
    const struct template_conf *c = &conf->template;
    struct tally tally = {0};
    struct reading r;

    reading_init(&r);
    text_copy(r.serial, sizeof r.serial, c->serial[0] ? c->serial : conf->section);
    /* A device that has a null where its power stands is asleep (Fronius at night). */
    if (put_value(&r, FIELD_POWER, root, &c->power, &tally) == FOUND_NULL &&
        !has_value(c->power.fallback))
        r.reach = REACH_LOST;
    (void)put_value(&r, FIELD_ENERGY_FORWARD, root, &c->total, &tally);
    (void)put_value(&r, FIELD_VOLTAGE, root, &c->voltage, &tally);
    (void)put_value(&r, FIELD_CURRENT, root, &c->current, &tally);
    (void)put_value(&r, FIELD_DC_VOLTAGE, root, &c->dc_voltage, &tally);
    if (tally.configured && !tally.there)
        return refuse_missing(root, &tally, why);
    if (tally.configured && !tally.numbers && !tally.nulls)
        return refuse_unusable(root, &tally, why);
    if (r.reach == REACH_LOST)
        common_lost(&r);
    sink->reading(sink->user, &r);
    return DECODE_OK;
}

/* ---- The driver ---- */

static void template_open(void *session, const struct gateway_conf *conf)
{
    struct session *s = session;
    s->conf = conf;
}

static void template_begin(void *session, int64_t now_ms)
{
    struct session *s = session;

    (void)now_ms;
    s->asked = false;
}

static bool template_next(void *session, struct request *out)
{
    struct session *s = session;
    size_t used;

    if (s->asked)
        return false;
    s->asked = true;
    out->optional = false;
    used = put_path(out->path, sizeof out->path, s->conf->template.api_path);
    put_credentials(out->path + used, sizeof out->path - used, s->conf);
    return true;
}

static enum decode_result template_decode(void *session, const char *body, size_t len,
                                          const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    struct session *s = session;
    enum decode_result result;
    cJSON *root;

    result = common_parse(body, len, &root, why);
    if (result != DECODE_OK)
        return result;
    if (json_get(root, "WARNING")) { /* Tasmota before 8.2.3 refuses with a 200 */
        (void)snprintf(why, DECODE_WHY_MAX,
                       "the device wants a password: set Username and Password in [%.31s]",
                       s->conf->section);
        result = DECODE_AUTH;
    } else {
        result = decode_values(s->conf, root, sink, why);
    }
    cJSON_Delete(root);
    return result;
}

/* Nothing is optional here. */
static void template_skip(void *session)
{
    (void)session;
}

const struct driver driver_template = {
    .name = "template",
    .session_size = sizeof(struct session),
    .open = template_open,
    .begin = template_begin,
    .next = template_next,
    .decode = template_decode,
    .skip = template_skip,
};
