/*
 * What the program makes of the device language, for the second implementation of it (second.py) to compare with. One
 * JSON object a line on standard input, one a line on standard output:
 *
 *   {"text": "a + b", "replies": [BODY, ...]}             the terms of a path, by core/json_terms.h
 *   {"config": TEXT, "device": TEXT, "replies": [...]}    the readings of [TEMPLATE0], as the driver makes them
 *
 * A body is text, or null where the request fails. The requests are /r1 to /r4. "device" is the file of the type
 * "mine", or null.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf.h"
#include "core/driver.h"
#include "core/json.h"

/* A number that is none is null. */
static cJSON *number(double v)
{
    return isfinite(v) ? cJSON_CreateNumber(v) : cJSON_CreateNull();
}

static const char *body_of(const cJSON *asked, size_t n)
{
    return cJSON_GetStringValue(json_at(json_get(asked, "replies"), n));
}

/* ---- The terms of a path ---- */

static void add_term(void *user, const struct json_term *term)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "path", term->path);
    cJSON_AddNumberToObject(o, "reply", term->reply);
    cJSON_AddItemToObject(o, "value", number(term->value));
    cJSON_AddBoolToObject(o, "null", cJSON_IsNull(term->node));
    cJSON_AddItemToArray(user, o);
}

static cJSON *answer_terms(const cJSON *asked, const char *text)
{
    struct json_replies replies = {{NULL}};
    cJSON *terms = cJSON_CreateArray(), *answer = cJSON_CreateObject();

    for (size_t n = 0; n < JSON_REPLIES_MAX; n++) {
        const char *body = body_of(asked, n);
        replies.root[n] = body ? json_parse(body, strlen(body), NULL, 0) : NULL;
    }
    json_terms(&replies, text, add_term, terms);
    for (size_t n = 0; n < JSON_REPLIES_MAX; n++)
        cJSON_Delete((cJSON *)replies.root[n]);
    cJSON_AddItemToObject(answer, "terms", terms);
    return answer;
}

/* ---- The readings of a section ---- */

static const char *reach_name(enum reach reach)
{
    static const char *const names[] = {[REACH_OK] = "ok",
                                        [REACH_LOST] = "lost",
                                        [REACH_NO_DATA_YET] = "no data yet",
                                        [REACH_ASLEEP] = "asleep",
                                        [REACH_NO_POWER] = "no power"};
    return names[reach];
}

static cJSON *values_of(const struct reading *r)
{
    cJSON *values = cJSON_CreateObject();

    for (size_t f = 0; f < FIELD_COUNT; f++) {
        cJSON *slots = cJSON_CreateArray();
        for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
            cJSON_AddItemToArray(slots, number(r->value[f][slot]));
        if (field_key((enum field)f)[0])
            cJSON_AddItemToObject(values, field_key((enum field)f), slots);
        else
            cJSON_Delete(slots);
    }
    return values;
}

static cJSON *strings_of(const struct reading *r)
{
    cJSON *strings = cJSON_CreateArray();

    for (unsigned i = 0; i < r->strings; i++) {
        const struct string_reading *s = &r->string[i];
        const double all[] = {s->power_w, s->voltage_v, s->current_a, s->yield_today_kwh};
        cJSON *one = cJSON_CreateArray();
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
            cJSON_AddItemToArray(one, number(all[k]));
        cJSON_AddItemToArray(strings, one);
    }
    return strings;
}

static void add_reading(void *user, const struct reading *r)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "serial", r->serial);
    cJSON_AddStringToObject(o, "reach", reach_name(r->reach));
    cJSON_AddNumberToObject(o, "phases", r->phases);
    cJSON_AddItemToObject(o, "values", values_of(r));
    cJSON_AddItemToObject(o, "strings", strings_of(r));
    cJSON_AddItemToArray(user, o);
}

static const char *reply_to(const cJSON *asked, const char *path)
{
    return path[0] == '/' && path[1] == 'r' ? body_of(asked, (size_t)(path[2] - '1')) : NULL;
}

/* One cycle, as the poller does it. */
static void run_cycle(const cJSON *asked, const struct gateway_conf *conf, cJSON *answer)
{
    const struct driver *driver = driver_find(conf->driver);
    cJSON *requests = cJSON_AddArrayToObject(answer, "requests");
    const struct decode_sink sink = {.reading = add_reading,
                                     .user = cJSON_AddArrayToObject(answer, "readings")};
    void *session = calloc(1, driver->session_size);
    struct message m = {.path = ""};
    char why[DECODE_WHY_MAX];

    driver->open(session, conf);
    driver->begin(session, 0);
    while (driver->next(session, &m)) {
        const char *body = reply_to(asked, m.path);
        cJSON_AddItemToArray(requests, cJSON_CreateString(m.path));
        bool ok = body && driver->decode(session, body, strlen(body), &sink, why) == DECODE_OK;
        if (!ok && !m.optional)
            break;
        if (!ok)
            driver->skip(session);
    }
    driver->close(session);
    free(session);
}

static cJSON *answer_section(const cJSON *asked, const char *config)
{
    const char *device = cJSON_GetStringValue(json_get(asked, "device"));
    const struct device_text own[] = {{device ? "mine" : NULL, device, NULL}, {NULL, NULL, NULL}};
    cJSON *answer = cJSON_CreateObject();
    struct conf_report report;
    struct config *c = config_parse_with(config, strlen(config), own, &report);

    if (c && !report.errors)
        run_cycle(asked, &c->gateways[0], answer);
    else
        cJSON_AddStringToObject(answer, "fault", report.count ? report.messages[0].text : "");
    config_free(c);
    conf_report_finish(&report);
    return answer;
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    while ((len = getline(&line, &size, stdin)) > 0) {
        cJSON *asked = json_parse(line, (size_t)len, NULL, 0);
        const char *config = cJSON_GetStringValue(json_get(asked, "config"));
        const char *text = cJSON_GetStringValue(json_get(asked, "text"));
        cJSON *answer = config ? answer_section(asked, config) : NULL;
        if (text && !answer)
            answer = answer_terms(asked, text);
        char *out = cJSON_PrintUnformatted(answer);
        puts(out ? out : "null");
        free(out);
        cJSON_Delete(answer);
        cJSON_Delete(asked);
    }
    free(line);
    return 0;
}
