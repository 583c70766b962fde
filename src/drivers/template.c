/*
 * Any device that answers one GET with JSON: Shelly, Tasmota, Fronius, and what users bring. What its
 * values are called stands in the configuration.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/conf.h"
#include "core/json_paths.h"
#include "core/text.h"
#include "drivers/common.h"

enum { HINTS_MAX = 4, QUANTITIES = 5 };

static const struct quantity {
    const char *key;
    enum field field;
    size_t offset; /* of its struct template_value */
} quantities[QUANTITIES] = {
    {"CUST_Power", FIELD_POWER, offsetof(struct template_conf, power)},
    {"CUST_Total", FIELD_ENERGY_FORWARD, offsetof(struct template_conf, total)},
    {"CUST_Voltage", FIELD_VOLTAGE, offsetof(struct template_conf, voltage)},
    {"CUST_Current", FIELD_CURRENT, offsetof(struct template_conf, current)},
    {"CUST_DCVoltage", FIELD_DC_VOLTAGE, offsetof(struct template_conf, dc_voltage)},
};

struct session {
    const struct gateway_conf *conf;
    bool asked;               /* in the present cycle */
    bool settled[QUANTITIES]; /* its path has led to a value, or has been complained of */
};

/* What the terms of one quantity led to. */
struct sum {
    double value; /* MISSING when a term is */
    unsigned terms, numbers, nulls, nowhere;
    char path[JSON_PATH_MAX]; /* of the first that is no number */
    const cJSON *node;        /* where that one leads */
};

/* ---- The request ---- */

/* A user may have written a blank or an umlaut where a URL cannot have one. out is zeroed. */
static size_t put_path(char *out, size_t size, const char *path)
{
    size_t used = 0;

    for (const unsigned char *s = (const unsigned char *)path; *s && used + 4 <= size; s++) {
        if (*s > ' ' && *s < 0x7F && !strchr("\"<>\\^`{|}#", *s))
            out[used++] = (char)*s;
        else
            used += (size_t)snprintf(out + used, size - used, "%%%02X", *s);
    }
    return used;
}

/* Tasmota wants the credentials in the query. */
static void put_credentials(char *out, size_t size, const struct gateway_conf *conf)
{
    const char *path = conf->template.api_path;
    char user[MESSAGE_PATH_MAX], password[MESSAGE_PATH_MAX];

    if (strncmp(path, "/cm?", 4) != 0 || !conf->username[0] || strstr(path, "user="))
        return;
    if (common_escape(user, sizeof user, conf->username) &&
        common_escape(password, sizeof password, conf->password) &&
        strlen(user) + strlen(password) + sizeof "&user=&password=" <= size)
        (void)snprintf(out, size, "&user=%s&password=%s", user, password);
}

/* ---- What a person needs who mistyped a path ---- */

enum { HINTS_TEXT_MAX = DECODE_WHY_MAX - 112 }; /* less what stands before them */

struct hints {
    char text[HINTS_TEXT_MAX];
    size_t used;
    bool left_out; /* one that is too long */
};

static void add_hint(void *user, const struct json_number_found *found)
{
    struct hints *h = user;
    size_t comma = h->used ? 2 : 0, len = strlen(found->path);

    if (found->unusable)
        return;
    if (comma + len >= sizeof h->text - h->used) {
        h->left_out = true;
        return;
    }
    memcpy(h->text + h->used, ", ", comma);
    memcpy(h->text + h->used + comma, found->path, len + 1);
    h->used += comma + len;
}

static const char *hints_of(const cJSON *root, struct hints *h)
{
    *h = (struct hints){.used = 0};
    json_paths(root, HINTS_MAX, add_hint, h);
    if (h->used)
        return h->text;
    return h->left_out ? "numbers that only long paths lead to" : "no numbers that a path leads to";
}

/*
 * "CUST_Power: a/b is not in the reply, which has c, d". A sum of numbers that no device can have
 * measured is explained as well.
 */
static void explain(const cJSON *root, const struct quantity *q, const struct sum *sum, char *why,
                    size_t size)
{
    struct hints hints;
    char text[2 * DECODE_WHY_MAX];

    if (sum->numbers == sum->terms) {
        (void)snprintf(text, sizeof text,
                       "%s is %g in the reply: is %s_Mult right, to make %s of it?", q->key,
                       sum->value, q->key, field_unit(q->field));
    } else if (sum->node) {
        (void)snprintf(text, sizeof text, "%s: %.60s %s", q->key, sum->path,
                       json_no_number(sum->node));
    } else {
        (void)snprintf(text, sizeof text, "%s: %.60s %s, which has %s", q->key, sum->path,
                       json_no_number(NULL), hints_of(root, &hints));
    }
    text_copy(why, size, text);
}

/* ---- What it is ---- */

/* By the API that is asked: how that begins, and how the path of the power in the reply does. */
static const struct {
    const char *api_path, *power, *product;
} products[] = {
    {"/rpc/", "", "Shelly"}, /* Gen2 and later */
    {"/status", "meters/", "Shelly"}, {"/status", "emeters/", "Shelly"},
    {"/meter/", "", "Shelly"},        {"/emeter/", "", "Shelly"},
    {"/cm?", "", "Tasmota"},          {"/solar_api/", "", "Fronius"},
};

static bool begins_with(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

static const char *product_of(const struct template_conf *c)
{
    const char *power = c->power.path + (c->power.path[0] == '/');

    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        if (begins_with(c->api_path, products[i].api_path) && begins_with(power, products[i].power))
            return products[i].product;
    }
    return "JSON device";
}

/* ---- The values ---- */

static void add_term(void *user, const struct json_term *term)
{
    struct sum *sum = user;
    double value = json_number(term->node);

    sum->value += term->minus ? -value : value;
    sum->terms++;
    sum->numbers += has_value(value);
    sum->nulls += cJSON_IsNull(term->node) != 0;
    sum->nowhere += !term->node;
    if (has_value(value) || sum->path[0])
        return;
    text_copy(sum->path, sizeof sum->path, term->path);
    sum->node = term->node;
}

static const struct template_value *value_of(const struct gateway_conf *conf, size_t q)
{
    const void *at = (const char *)&conf->template + quantities[q].offset;
    return at;
}

static bool is_configured(const struct template_value *v)
{
    return v->path[0] && strcasecmp(v->path, "none") != 0;
}

static bool is_number(const struct sum *sum)
{
    return sum->terms && sum->numbers == sum->terms;
}

static bool is_null(const struct sum *sum)
{
    return sum->nulls && sum->numbers + sum->nulls == sum->terms;
}

static void put_values(const struct gateway_conf *conf, const struct sum *sums, struct reading *r)
{
    for (size_t i = 0; i < QUANTITIES; i++) {
        const struct template_value *v = value_of(conf, i);
        /* A fallback is taken as it is, not multiplied. */
        double value = is_number(&sums[i]) ? sums[i].value * v->mult : v->fallback;
        common_put(r, quantities[i].field, value);
    }
}

/*
 * The first quantity that the configuration has wrong, as far as can be told, and that was not complained
 * of yet; QUANTITIES: none.
 */
static size_t find_mistake(struct session *s, const struct sum *sums, const struct reading *r)
{
    size_t mistake = QUANTITIES;

    for (size_t i = QUANTITIES; i-- > 0;) {
        bool there = has_value(r->value[quantities[i].field][0]);
        if (there && is_number(&sums[i]))
            s->settled[i] = true;
        else if (sums[i].terms && !there && !is_null(&sums[i]) && !s->settled[i])
            mistake = i;
    }
    if (mistake < QUANTITIES)
        s->settled[mistake] = true;
    return mistake;
}

/* A device whose power is null is asleep only if it tells something else (Fronius at night). */
static enum reach judge_power(const struct sum *sums, const struct reading *r)
{
    const struct sum *power = &sums[0];
    bool others = false;

    for (size_t i = 1; i < QUANTITIES; i++)
        others = others || is_number(&sums[i]);
    if (!power->terms || has_value(r->value[FIELD_POWER][0]))
        return REACH_OK;
    return others && power->nulls + power->nowhere == power->terms ? REACH_ASLEEP : REACH_NO_POWER;
}

static void fill(struct session *s, const cJSON *root, const struct sum *sums, struct reading *r)
{
    const struct template_conf *c = &s->conf->template;
    size_t mistake;

    reading_init(r);
    r->product = product_of(c);
    text_copy(r->serial, sizeof r->serial, c->serial[0] ? c->serial : s->conf->section);
    put_values(s->conf, sums, r);
    r->reach = judge_power(sums, r);
    mistake = find_mistake(s, sums, r);
    r->at_once = mistake < QUANTITIES;
    if (r->at_once || r->reach != REACH_OK) {
        size_t i = r->at_once ? mistake : 0;
        explain(root, &quantities[i], &sums[i], r->why, sizeof r->why);
    }
}

static enum decode_result decode_values(struct session *s, const cJSON *root,
                                        const struct decode_sink *sink, char *why)
{
    struct sum sums[QUANTITIES] = {{0}};
    bool found = false;
    struct reading r;

    for (size_t i = 0; i < QUANTITIES; i++) {
        const struct template_value *v = value_of(s->conf, i);
        if (is_configured(v))
            json_terms(root, v->path, add_term, &sums[i]);
        found = found || sums[i].numbers + sums[i].nulls > 0;
    }
    if (sums[0].terms && !found) { /* it is another device's reply, or all paths are wrong */
        explain(root, &quantities[0], &sums[0], why, DECODE_WHY_MAX);
        return DECODE_BAD_REPLY;
    }
    fill(s, root, sums, &r);
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

static bool template_next(void *session, struct message *out)
{
    struct session *s = session;
    size_t used;

    if (s->asked)
        return false;
    s->asked = true;
    *out = (struct message){.optional = false};
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
        result = decode_values(s, root, sink, why);
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
    .transport = "http",
    .session_size = sizeof(struct session),
    .open = template_open,
    .begin = template_begin,
    .next = template_next,
    .decode = template_decode,
    .skip = template_skip,
};
