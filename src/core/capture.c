#include "core/capture.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/text.h"

enum { INTERVAL_MAX_MS = 24 * 3600 * 1000 };

const char capture_driver_path[] = "/.capture/driver", capture_more_path[] = "/.capture/more";

static const char *const outcomes[] = {
    [REPLY_OK] = "ok",
    [REPLY_NOT_FOUND] = "not found",
    [REPLY_BUSY] = "busy",
    [REPLY_ERROR] = "error",
    [REPLY_UNAUTHORIZED] = "unauthorized",
    [REPLY_UNREACHABLE] = "unreachable",
    [REPLY_TIMEOUT] = "timeout",
    [REPLY_CUT_OFF] = "cut off",
    [REPLY_TOO_LARGE] = "too large",
    [REPLY_TLS] = "tls",
    [REPLY_FAILED] = "failed",
};
enum { OUTCOMES = sizeof outcomes / sizeof outcomes[0] };

const char *capture_outcome(enum reply_outcome outcome)
{
    return outcomes[outcome];
}

/* ---- Writing -------------------------------------------------------------------------------- */

/* The line of an object, which is freed; NULL when there is no memory. */
static char *line_of(cJSON *o, bool complete)
{
    char *text = complete ? cJSON_PrintUnformatted(o) : NULL;
    size_t len = text ? strlen(text) : 0;
    char *line = text ? malloc(len + 2) : NULL;

    if (line) {
        /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): the NUL comes with the end of the line */
        memcpy(line, text, len);
        memcpy(line + len, "\n", 2);
    }
    cJSON_free(text);
    cJSON_Delete(o);
    return line;
}

static bool add_gateway(cJSON *o, const struct capture_gateway *g)
{
    return cJSON_AddStringToObject(o, "gateway", g->section) &&
           cJSON_AddStringToObject(o, "driver", g->driver);
}

char *capture_write_header(const struct capture *c)
{
    cJSON *o = cJSON_CreateObject();
    bool ok = cJSON_AddNumberToObject(o, "capture", CAPTURE_VERSION) &&
              cJSON_AddStringToObject(o, "program", c->program);
    cJSON *list = ok ? cJSON_AddArrayToObject(o, "gateways") : NULL;

    ok = list != NULL;
    for (size_t g = 0; ok && g < c->gateway_count; g++) {
        cJSON *one = cJSON_CreateObject();
        ok = cJSON_AddItemToArray(list, one) && add_gateway(one, &c->gateways[g]) &&
             cJSON_AddNumberToObject(one, "interval", c->gateways[g].interval_ms);
    }
    return line_of(o, ok);
}

static bool add_reply(cJSON *o, const struct capture_record *r)
{
    bool ok = cJSON_AddStringToObject(o, "path", r->path) &&
              cJSON_AddStringToObject(o, "outcome", outcomes[r->outcome]);

    if (r->status)
        ok = ok && cJSON_AddNumberToObject(o, "status", (double)r->status);
    if (r->retry_after_s)
        ok = ok && cJSON_AddNumberToObject(o, "retry_after", r->retry_after_s);
    ok = ok && cJSON_AddNumberToObject(o, "ms", r->latency_ms);
    return ok && (!r->len || cJSON_AddStringToObject(o, "body", r->body));
}

char *capture_write_record(const struct capture *c, const struct capture_record *r)
{
    cJSON *o = cJSON_CreateObject();
    bool ok = cJSON_AddNumberToObject(o, "t", (double)r->t_ms) &&
              add_gateway(o, &c->gateways[r->gateway]);

    ok =
        ok && (r->pushed ? cJSON_AddStringToObject(o, "pushed", r->body) != NULL : add_reply(o, r));
    return line_of(o, ok);
}

char *capture_write_end(int64_t t_ms, const char *why)
{
    cJSON *o = cJSON_CreateObject();
    bool ok =
        cJSON_AddNumberToObject(o, "t", (double)t_ms) && cJSON_AddStringToObject(o, "end", why);

    return line_of(o, ok);
}

/* ---- Reading -------------------------------------------------------------------------------- */

struct reader {
    struct capture *c;
    size_t size; /* of c->records */
    unsigned line;
    bool ended;
    char *why;
};

static bool refuse(const struct reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* False, and why says it. */
static bool refuse(const struct reader *r, const char *format, ...)
{
    char text[CAPTURE_WHY_MAX - 32];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_clean(text);
    (void)snprintf(r->why, CAPTURE_WHY_MAX, "line %u: %s", r->line, text);
    return false;
}

/* A text of fewer than size bytes that is not empty. */
static bool take_text(const cJSON *o, const char *name, char *out, size_t size)
{
    const cJSON *v = json_get(o, name);

    if (!cJSON_IsString(v) || !*v->valuestring || strlen(v->valuestring) >= size)
        return false;
    text_copy(out, size, v->valuestring);
    return true;
}

/* A whole number from 0 to max; one that is not there is 0. */
static bool take_number(const cJSON *o, const char *name, double max, double *out)
{
    const cJSON *v = json_get(o, name);

    *out = v && cJSON_IsNumber(v) ? v->valuedouble : 0;
    return (!v || cJSON_IsNumber(v)) && *out >= 0 && *out <= max;
}

static int find_gateway(const struct capture *c, const char *section)
{
    for (size_t g = 0; g < c->gateway_count; g++) {
        if (strcmp(c->gateways[g].section, section) == 0)
            return (int)g;
    }
    return -1;
}

static bool read_header(struct reader *r, const cJSON *o)
{
    struct capture *c = r->c;
    const cJSON *list = json_get(o, "gateways"), *one;
    double version = json_member(o, "capture");

    if (!has_value(version))
        return refuse(r, "this is no capture of `dbus-opendtu support --capture`");
    if (version != CAPTURE_VERSION)
        return refuse(r, "a capture of version %g; this program reads version %d", version,
                      CAPTURE_VERSION);
    if (!take_text(o, "program", c->program, sizeof c->program) || !cJSON_IsArray(list))
        return refuse(r, "\"program\" and \"gateways\" are not as they should be");
    cJSON_ArrayForEach(one, list)
    {
        struct capture_gateway g = {.section = ""};
        double interval;
        if (c->gateway_count == CONF_GATEWAYS_MAX ||
            !take_text(one, "gateway", g.section, sizeof g.section) ||
            !take_text(one, "driver", g.driver, sizeof g.driver) ||
            !take_number(one, "interval", INTERVAL_MAX_MS, &interval) ||
            find_gateway(c, g.section) >= 0)
            return refuse(r, "one of \"gateways\" is not as it should be");
        g.interval_ms = (unsigned)interval;
        c->gateways[c->gateway_count++] = g;
    }
    return true;
}

static bool take_outcome(const cJSON *o, enum reply_outcome *out)
{
    const cJSON *v = json_get(o, "outcome");

    for (size_t i = 0; cJSON_IsString(v) && i < OUTCOMES; i++) {
        if (strcmp(outcomes[i], v->valuestring) == 0) {
            *out = (enum reply_outcome)i;
            return true;
        }
    }
    return false;
}

static bool take_reply(struct reader *r, const cJSON *o, struct capture_record *out,
                       const char **body)
{
    const cJSON *path = json_get(o, "path"), *text = json_get(o, "body");
    double status, retry_after;

    if (!cJSON_IsString(path) || *path->valuestring != '/' ||
        strlen(path->valuestring) >= MESSAGE_PATH_MAX)
        return refuse(r, "\"path\" is missing, or none");
    if (!take_outcome(o, &out->outcome))
        return refuse(r, "\"outcome\" is missing, or not known");
    if (!take_number(o, "status", 999, &status) ||
        !take_number(o, "retry_after", 86400, &retry_after) ||
        !take_number(o, "ms", CAPTURE_LATENCY_MAX_MS, &out->latency_ms))
        return refuse(r, "\"status\", \"retry_after\" or \"ms\" is out of range");
    if (text && !cJSON_IsString(text))
        return refuse(r, "\"body\" is no text");
    out->status = (long)status;
    out->retry_after_s = (unsigned)retry_after;
    out->path = path->valuestring;
    *body = text ? text->valuestring : "";
    return true;
}

/* What a line says, as long as o lives. */
static bool take_record(struct reader *r, const cJSON *o, struct capture_record *out)
{
    const cJSON *section = json_get(o, "gateway"), *pushed = json_get(o, "pushed");
    int gateway = cJSON_IsString(section) ? find_gateway(r->c, section->valuestring) : -1;
    const char *body = NULL;

    if (gateway < 0)
        return refuse(r, "\"gateway\" is missing, or none of those of line 1");
    out->gateway = (unsigned)gateway;
    out->pushed = cJSON_IsString(pushed);
    if (out->pushed)
        body = pushed->valuestring;
    else if (!take_reply(r, o, out, &body))
        return false;
    out->body = body;
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): what cJSON calls a text has one */
    out->len = strlen(body);
    return out->len <= CAPTURE_BODY_MAX ||
           refuse(r, "its body is longer than %d KiB", CAPTURE_BODY_MAX / 1024);
}

static struct capture_record *new_record(struct reader *r)
{
    struct capture *c = r->c;

    if (c->count == r->size) {
        size_t size = r->size ? 2 * r->size : 64;
        struct capture_record *more = realloc(c->records, size * sizeof *more);
        if (!more)
            return NULL;
        c->records = more;
        r->size = size;
    }
    return &c->records[c->count];
}

/* A copy that belongs to the capture. */
static bool keep(struct reader *r, const struct capture_record *record)
{
    struct capture_record *kept = new_record(r);

    if (!kept)
        return refuse(r, "out of memory");
    *kept = *record;
    kept->path = record->path ? strdup(record->path) : NULL;
    kept->body = strdup(record->body);
    r->c->count++;
    return (kept->body && (kept->path || !record->path)) || refuse(r, "out of memory");
}

static bool read_record(struct reader *r, const cJSON *o)
{
    struct capture_record record = {.outcome = REPLY_OK};
    const cJSON *end = json_get(o, "end");
    double t_ms;

    if (!json_get(o, "t") || !take_number(o, "t", CAPTURE_HOURS_MAX * 3600e3 * 2, &t_ms))
        return refuse(r, "\"t\" is missing, or out of range");
    record.t_ms = (int64_t)t_ms;
    if (record.t_ms < r->c->end_ms)
        return refuse(r, "\"t\" is before that of the line above");
    r->c->end_ms = record.t_ms;
    r->ended = end != NULL;
    if (r->ended)
        return true;
    if (r->c->count == CAPTURE_RECORDS_MAX)
        return refuse(r, "more than %d records", CAPTURE_RECORDS_MAX);
    return take_record(r, o, &record) && keep(r, &record);
}

static bool read_line(struct reader *r, const char *line, size_t len)
{
    if (r->ended)
        return refuse(r, "there is more behind the last line");
    if (len > CAPTURE_LINE_MAX)
        return refuse(r, "longer than %d KiB", CAPTURE_LINE_MAX / 1024);
    cJSON *o = json_parse(line, len, NULL, 0);
    bool ok = cJSON_IsObject(o) || refuse(r, "this is no object of JSON, or nested too deeply");
    if (ok)
        ok = r->line == 1 ? read_header(r, o) : read_record(r, o);
    cJSON_Delete(o);
    return ok;
}

static bool read_lines(struct reader *r, const char *text, size_t len)
{
    const char *end = text + len;

    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        r->line++;
        if (!stop)
            return refuse(r, "the file is cut off here");
        if (!read_line(r, text, (size_t)(stop - text)))
            return false;
        text = stop + 1;
    }
    if (r->line == 0)
        r->line = 1;
    return r->ended || refuse(r, "the file is cut off behind this line");
}

struct capture *capture_read(const char *text, size_t len, char why[CAPTURE_WHY_MAX])
{
    struct reader r = {.c = calloc(1, sizeof *r.c), .why = why};

    if (r.c && len <= CAPTURE_FILE_MAX && read_lines(&r, text, len))
        return r.c;
    if (!r.c)
        (void)snprintf(why, CAPTURE_WHY_MAX, "out of memory");
    else if (len > CAPTURE_FILE_MAX)
        (void)snprintf(why, CAPTURE_WHY_MAX, "longer than %d MiB", CAPTURE_FILE_MAX / 1024 / 1024);
    capture_free(r.c);
    return NULL;
}

void capture_free(struct capture *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++) {
        free((char *)c->records[i].path);
        free((char *)c->records[i].body);
    }
    free(c->records);
    free(c);
}
