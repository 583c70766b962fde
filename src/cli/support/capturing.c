#include "cli/support/capturing.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/device_files.h"
#include "bridge/locations.h"
#include "bridge/poller.h"
#include "cli/print.h"
#include "cli/support/scrub.h"
#include "core/capture.h"
#include "core/text.h"
#include "core/wipe.h"
#include "edge/sys/file.h"
#include "edge/sys/log.h"
#include "version.h"

enum { END_RESERVE = 256 /* for the last line, and a NUL */ };

const char capturing_default_output[] = "dbus-opendtu-capture.jsonl";

struct capturing;

struct source {
    struct capturing *all;
    unsigned number; /* of the gateway */
    struct poller *poller;
};

struct capturing {
    struct loop *loop;
    struct http *http;
    struct scrub *scrub;
    struct config *config;
    struct capture head;
    const char *path;
    FILE *out;
    const char *end; /* why it ended; NULL: it has not */
    const char *fault;
    int64_t began_ms;
    size_t bytes, records;
    struct loop_timer limit;
    struct source sources[CONF_GATEWAYS_MAX];
};

bool capturing_duration(const char *text, int64_t *ms)
{
    char *unit;
    long number = strtol(text, &unit, 10);
    int64_t seconds = strcmp(unit, "s") == 0   ? 1
                      : strcmp(unit, "m") == 0 ? 60
                      : strcmp(unit, "h") == 0 ? 3600
                                               : 0;
    const long max = CAPTURE_HOURS_MAX * 3600L;

    *ms = number > 0 && number <= max ? number * seconds * 1000 : 0;
    return *ms > 0 && *ms <= max * 1000;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static void stop(struct capturing *c, const char *end, const char *fault)
{
    if (c->end)
        return;
    c->end = end;
    c->fault = fault;
    loop_stop(c->loop, 0);
}

static int64_t now_ms(const struct capturing *c)
{
    return loop_now_ms(c->loop) - c->began_ms;
}

/* Takes the line. Nothing is written behind the one that was too much. */
static void put(struct capturing *c, char *line)
{
    size_t len = line ? strlen(line) : 0;

    if (!line)
        stop(c, "failed", "out of memory");
    else if (c->bytes + len + END_RESERVE > CAPTURE_FILE_MAX || c->records == CAPTURE_RECORDS_MAX)
        stop(c, "size", NULL);
    else if (!c->end && fwrite(line, 1, len, c->out) != len)
        stop(c, "failed", strerror(errno));
    if (!c->end)
        c->bytes += len;
    free(line);
}

typedef void (*mask_fn)(const struct scrub *s, const char *text, FILE *out);

/* The text as it may be shown, to be freed; NULL when out of memory. */
static char *mask(struct capturing *c, mask_fn fn, const char *text)
{
    char *shown = NULL, *clean = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&shown, &size);

    if (!f)
        return NULL;
    fn(c->scrub, text, f);
    if (fclose(f) == 0)
        clean = scrub_text(c->scrub, shown);
    free(shown);
    if (clean)
        text_clean(clean);
    return clean;
}

/* Takes body, which may be NULL: there is no memory. */
static void put_record(struct capturing *c, struct capture_record *r, char *body)
{
    if (body) {
        r->body = body;
        r->len = strlen(body);
        r->t_ms = now_ms(c);
        put(c, capture_write_record(&c->head, r));
        c->records += !c->end;
    } else {
        put(c, NULL);
    }
    free(body);
}

static double in_tenths(double ms)
{
    return ms >= 0 ? round(fmin(ms, CAPTURE_LATENCY_MAX_MS) * 10) / 10 : 0;
}

/* Of a failure drivers get no body. */
static void on_reply(void *user, const struct message *request, const struct gateway_reply *result)
{
    const struct source *s = user;
    char *path = mask(s->all, scrub_path, request->path);
    struct capture_record r = {.gateway = s->number,
                               .path = path,
                               .outcome = result->outcome,
                               .status = result->status,
                               .retry_after_s = result->retry_after_s,
                               .latency_ms = in_tenths(result->latency_ms)};
    bool ok = r.outcome == REPLY_OK;

    if (ok && result->len > CAPTURE_BODY_MAX / 2) { /* what replaces may be longer */
        ok = false;
        r.outcome = REPLY_TOO_LARGE;
    }
    put_record(s->all, &r,
               !path ? NULL
               : ok  ? mask(s->all, scrub_reply, result->body)
                     : strdup(""));
    free(path);
}

static void on_message(void *user, const char *text, size_t len)
{
    const struct source *s = user;
    struct capture_record r = {.gateway = s->number, .pushed = true};

    if (len <= CAPTURE_BODY_MAX / 2)
        put_record(s->all, &r, mask(s->all, scrub_reply, text));
}

/* ---- Asking: of what comes, only what it was is kept ------------------------------------------ */

static void no_reading(void *user, const struct reading *r, double latency_ms)
{
    (void)user;
    (void)r;
    (void)latency_ms;
}

static void no_pushed(void *user, const struct reading *r)
{
    (void)user;
    (void)r;
}

static void no_info(void *user, const struct gateway_info *info)
{
    (void)user;
    (void)info;
}

static void no_listed(void *user, unsigned index, const char *serial)
{
    (void)user;
    (void)index;
    (void)serial;
}

static void no_cycle(void *user, const struct cycle *cycle)
{
    (void)user;
    (void)cycle;
}

static void nothing(void *user)
{
    (void)user;
}

static bool begin(struct capturing *c, unsigned g)
{
    struct source *s = &c->sources[g];
    const struct poller_events events = {.reading = no_reading,
                                         .pushed = no_pushed,
                                         .gateway = no_info,
                                         .listed = no_listed,
                                         .list_end = nothing,
                                         .cycle = no_cycle,
                                         .health = nothing,
                                         .reply = on_reply,
                                         .message = on_message,
                                         .user = s};

    s->all = c;
    s->number = g;
    s->poller = poller_create(c->loop, c->http, &c->config->gateways[g], &events);
    return s->poller != NULL;
}

static void on_limit(void *user)
{
    stop(user, "time", NULL);
}

static void on_signal(void *user, int signal)
{
    (void)signal;
    stop(user, "stopped", NULL);
}

static bool ask(struct capturing *c, int64_t duration_ms)
{
    bool ok = loop_signal(c->loop, SIGINT, on_signal, c) == 0 &&
              loop_signal(c->loop, SIGTERM, on_signal, c) == 0;

    c->began_ms = loop_now_ms(c->loop);
    for (unsigned g = 0; ok && g < c->config->gateway_count; g++)
        ok = begin(c, g);
    loop_timer_init(&c->limit, c->loop, on_limit, c);
    loop_timer_arm(&c->limit, duration_ms);
    ok = ok && (c->end || loop_run(c->loop) == 0);
    loop_timer_disarm(&c->limit);
    for (unsigned g = 0; g < c->config->gateway_count; g++)
        poller_destroy(c->sources[g].poller);
    return ok;
}

/* ---- What is asked, and where it goes ---------------------------------------------------------- */

/* Its secrets are learnt with it. */
static bool read_config(struct capturing *c, const char *path)
{
    size_t len = 0;
    char *text = file_read(path, LOCATION_CONFIG_MAX, &len);
    FILE *nowhere = text ? fopen("/dev/null", "w") : NULL;
    struct conf_report report = {0};

    if (!text)
        fprintf(stderr, "support: %s: %s\n", path, strerror(errno));
    if (nowhere) {
        scrub_config(c->scrub, text, nowhere);
        fclose(nowhere);
        c->config = device_files_parse(path, text, len, &report);
        conf_report_finish(&report);
        if (!c->config || c->config->gateway_count == 0)
            fprintf(
                stderr,
                "support: %s names no gateway that could be asked: `dbus-opendtu check` says why\n",
                path);
    }
    wipe_free(text, len);
    return c->config && c->config->gateway_count > 0;
}

static void fill_head(struct capturing *c)
{
    struct capture *head = &c->head;

    text_copy(head->program, sizeof head->program, dtu_version);
    for (; head->gateway_count < c->config->gateway_count; head->gateway_count++) {
        const struct gateway_conf *conf = &c->config->gateways[head->gateway_count];
        struct capture_gateway *g = &head->gateways[head->gateway_count];
        text_copy(g->section, sizeof g->section, conf->section);
        text_copy(g->driver, sizeof g->driver, conf->driver);
        g->interval_ms = conf->interval_ms;
    }
}

/* A file that is there may be readable by others until now. */
static bool open_output(struct capturing *c)
{
    int fd = open(c->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd >= 0 && fchmod(fd, 0600) == 0)
        c->out = fdopen(fd, "w");
    if (!c->out) {
        fprintf(stderr, "support: %s: %s\n", c->path, strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    return c->out != NULL;
}

static bool close_output(struct capturing *c)
{
    char *last = capture_write_end(now_ms(c), c->end ? c->end : "failed");
    bool ok = last && fputs(last, c->out) >= 0;

    free(last);
    ok = fclose(c->out) == 0 && ok;
    if (c->fault || !ok)
        fprintf(stderr, "support: %s: %s\n", c->path, c->fault ? c->fault : strerror(errno));
    return ok && !c->fault;
}

static void print_result(const struct capturing *c)
{
    char whole[PATH_MAX];
    const char *path = realpath(c->path, whole);
    bool several = c->config->gateway_count > 1;

    print_line(
        stdout,
        "%s: %zu replies and messages of %zu gateway%s in %lld s, %zu KiB. Read it before you "
        "show it to others.",
        path ? path : c->path, c->records, c->config->gateway_count, several ? "s" : "",
        (long long)(now_ms(c) / 1000), (c->bytes + 1023) / 1024);
    if (c->end && strcmp(c->end, "size") == 0)
        print_line(
            stdout,
            "It ended before its time: the file had reached its limit of %d MiB. It is valid as "
            "it is.",
            CAPTURE_FILE_MAX / 1024 / 1024);
}

static bool run(struct capturing *c, int64_t duration_ms)
{
    fill_head(c);
    c->loop = loop_create();
    c->http = c->loop ? http_create(c->loop) : NULL;
    if (!c->http) {
        fputs("support: out of memory\n", stderr);
        return false;
    }
    if (!open_output(c))
        return false;
    put(c, capture_write_header(&c->head));
    if (!ask(c, duration_ms))
        stop(c, "failed", "the system failed");
    if (!close_output(c))
        return false;
    print_result(c);
    return true;
}

bool capturing_run(const char *config_path, const char *output, int64_t duration_ms)
{
    struct capturing *c = calloc(1, sizeof *c);
    bool ok = false;

    if (c)
        c->scrub = scrub_create();
    if (c && c->scrub) {
        log_set_level((enum log_level)(LOG_CRITICAL + 1));
        c->path = output;
        scrub_replace(c->scrub);
        ok = read_config(c, config_path) && run(c, duration_ms);
        http_destroy(c->http);
        loop_destroy(c->loop);
        config_free(c->config);
        scrub_destroy(c->scrub);
    } else {
        fputs("support: out of memory\n", stderr);
    }
    free(c);
    return ok;
}
