#include "unit/support/driver_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "fuzz/sane.h"

enum { FLIPS = 300 }; /* of each reply: some thousands in all */

void run_open(struct run *run, const char *driver)
{
    run->reading_count = run->asked_count = run->info_count = 0;
    run->info = (struct gateway_info){0};
    run->complete = false;
    run->driver = driver_find(driver);
    assert_non_null(run->driver);
    run->conf = calloc(1, sizeof *run->conf);
    assert_non_null(run->conf);
    (void)snprintf(run->conf->section, sizeof run->conf->section, "TEMPLATE0");
    /* Exactly as large as the driver says, so that the sanitizer sees a step beyond it. */
    run->session = calloc(1, run->driver->session_size);
    assert_non_null(run->session);
    run->driver->open(run->session, run->conf);
}

void run_close(struct run *run)
{
    if (run->driver->close)
        run->driver->close(run->session);
    free(run->session);
    free(run->conf);
}

int run_setup(void **state, void (*open)(struct run *run))
{
    struct run *run = malloc(sizeof *run);

    assert_non_null(run);
    open(run);
    *state = run;
    return 0;
}

int run_teardown(void **state)
{
    run_close(*state);
    free(*state);
    return 0;
}

static void on_reading(void *user, const struct reading *r)
{
    struct run *run = user;
    const char *wrong = sane_reading(r);

    if (wrong)
        fail_msg("insane reading: %s", wrong);
    assert_true(run->reading_count < RUN_READINGS_MAX);
    run->readings[run->reading_count++] = *r;
}

static void on_gateway(void *user, const struct gateway_info *info)
{
    struct run *run = user;
    assert_true(sane_text(info->firmware, sizeof info->firmware));
    assert_true(sane_text(info->hostname, sizeof info->hostname));
    run->info = *info;
    run->info_count++;
}

static void on_listed(void *user, unsigned index, const char *serial)
{
    struct run *run = user;

    assert_true(serial[0] != '\0');
    assert_true(run->listed_count < RUN_READINGS_MAX);
    run->listed[run->listed_count].index = index;
    (void)snprintf(run->listed[run->listed_count++].serial, SERIAL_MAX, "%s", serial);
}

static void on_list_end(void *user)
{
    struct run *run = user;

    assert_false(run->list_ended);
    run->list_ended = true;
}

static const struct reply *find_reply(const struct reply *replies, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(replies[i].path, path) == 0)
            return &replies[i];
    }
    return NULL;
}

/* now_ms: of a message that comes by itself; -1: the reply to what was asked. */
static enum decode_result decode_copy(struct run *run, int64_t now_ms, const char *body,
                                      char why[DECODE_WHY_MAX])
{
    const struct decode_sink sink = {.reading = on_reading,
                                     .gateway = on_gateway,
                                     .listed = on_listed,
                                     .list_end = on_list_end,
                                     .user = run};
    size_t len = strlen(body);
    char *copy = malloc(len + 1); /* of its own, so that the sanitizer sees a read behind it */
    enum decode_result result;

    assert_non_null(copy);
    memcpy(copy, body, len + 1);
    memset(why, 'x', DECODE_WHY_MAX);
    why[0] = '\0';
    result = now_ms < 0 ? run->driver->decode(run->session, copy, len, &sink, why)
                        : run->driver->pushed(run->session, now_ms, copy, len, &sink, why);
    free(copy);
    assert_non_null(memchr(why, '\0', DECODE_WHY_MAX));
    if (result != DECODE_OK)
        assert_true(why[0] != '\0');
    return result;
}

enum decode_result run_push(struct run *run, int64_t now_ms, const char *body)
{
    char why[DECODE_WHY_MAX];

    run->reading_count = run->info_count = 0;
    return decode_copy(run, now_ms, body, why);
}

static enum reply_outcome outcome_of(const struct reply *reply)
{
    static const struct {
        const char *body;
        enum reply_outcome outcome;
    } refusals[] = {{"!not found", REPLY_NOT_FOUND},
                    {"!busy", REPLY_BUSY},
                    {"!error", REPLY_ERROR}};

    if (!reply || !reply->body)
        return REPLY_UNREACHABLE;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (strcmp(reply->body, refusals[i].body) == 0)
            return refusals[i].outcome;
    }
    fail_msg("no refusal: %s", reply->body);
    return REPLY_FAILED;
}

/* Whether the driver has the cycle go on after a failure; else what it says of it. */
static bool goes_on(struct run *run, const struct reply *reply, char why[DECODE_WHY_MAX])
{
    enum reply_outcome outcome = outcome_of(reply);

    return reply_is_refusal(outcome) && run->driver->refused &&
           (run->driver->refused)(run->session, outcome, why);
}

void run_cycle(struct run *run, int64_t now_ms, const struct reply *replies, size_t count)
{
    struct message request;

    run->reading_count = run->asked_count = run->info_count = run->listed_count = 0;
    run->complete = run->list_ended = false;
    run->driver->begin(run->session, now_ms);
    for (;;) {
        memset(&request, 0, sizeof request);
        if (!run->driver->next(run->session, &request)) {
            run->complete = true;
            return;
        }
        assert_true(run->asked_count < RUN_ASKED_MAX);
        assert_true(request.path[0] == '/');
        size_t at = run->asked_count++;
        const struct reply *reply = find_reply(replies, count, request.path);
        (void)snprintf(run->asked[at].path, MESSAGE_PATH_MAX, "%s", request.path);
        run->asked[at].optional = request.optional;
        bool failed = !reply || !reply->body || reply->body[0] == '!';
        run->asked[at].http_failed = failed;
        run->asked[at].why[0] = '\0';
        run->asked[at].result =
            failed ? DECODE_BAD_REPLY : decode_copy(run, -1, reply->body, run->asked[at].why);
        if (run->asked[at].result == DECODE_OK || run->asked[at].result == DECODE_ABSENT)
            continue;
        if (failed && !request.optional && goes_on(run, reply, run->asked[at].why))
            continue;
        if (!request.optional)
            return;
        (run->driver->skip)(run->session); /* skip() is a macro of cmocka as well */
    }
}

const struct reading *run_find(const struct run *run, const char *serial)
{
    for (size_t i = 0; i < run->reading_count; i++) {
        if (serial_equal(run->readings[i].serial, serial))
            return &run->readings[i];
    }
    return NULL;
}

const struct reading *reading_of(const struct run *run, const char *serial)
{
    const struct reading *r = run_find(run, serial);
    if (!r)
        fail_msg("no reading of %s", serial);
    return r;
}

size_t run_asked(const struct run *run, const char *path)
{
    size_t times = 0;

    for (size_t i = 0; i < run->asked_count; i++)
        times += strcmp(run->asked[i].path, path) == 0;
    return times;
}

static size_t last_asked(const struct run *run, const char *path)
{
    for (size_t i = run->asked_count; i > 0; i--) {
        if (strcmp(run->asked[i - 1].path, path) == 0)
            return i - 1;
    }
    fail_msg("%s was not asked", path);
    return 0;
}

enum decode_result run_result(const struct run *run, const char *path)
{
    return run->asked[last_asked(run, path)].result;
}

const char *run_why(const struct run *run, const char *path)
{
    return run->asked[last_asked(run, path)].why;
}

static char *read_file(const char *folder, const char *name)
{
    char path[256];
    char *text = calloc(1, 65536);
    size_t len;
    FILE *f;

    assert_non_null(text);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "rb");
    if (!f) {
        free(text);
        return NULL;
    }
    len = fread(text, 1, 65535, f);
    (void)fclose(f);
    while (len && strchr(" \r\n\t", text[len - 1]))
        text[--len] = '\0';
    return text;
}

char *run_fixture(const char *name)
{
    char *text = read_file("tests/fixtures", name);
    if (!text)
        fail_msg("no fixture %s: are tests run from the project's root?", name);
    return text;
}

char *run_sample(const char *name)
{
    return read_file("../shared/samples", name);
}

/* ---- Torture ---- */

struct torture {
    struct run *run; /* large: one for all */
    void (*setup)(struct run *run);
    const struct reply *replies;
    size_t count;
};

/*
 * With one reply replaced. Where there are several, a second cycle sees what the session remembers of
 * the first.
 */
static void play(const struct torture *t, size_t which, const char *body, bool must_be_bad)
{
    struct reply replies[16];
    struct run *run = t->run;
    int64_t cycles = must_be_bad || t->count == 1 ? 1 : 2;

    assert_true(t->count <= COUNT(replies));
    memcpy(replies, t->replies, t->count * sizeof replies[0]);
    replies[which].body = body;
    t->setup(run);
    for (int64_t cycle = 0; cycle < cycles; cycle++) {
        run_cycle(run, cycle * 5000, replies, t->count);
        for (size_t i = 0; must_be_bad && i < run->asked_count; i++) {
            if (strcmp(run->asked[i].path, replies[which].path) == 0)
                assert_int_equal(run->asked[i].result, DECODE_BAD_REPLY);
        }
    }
    run_close(run);
}

static void cut_everywhere(const struct torture *t, size_t which)
{
    size_t len = strlen(t->replies[which].body);
    char *body = malloc(len + 1);

    assert_non_null(body);
    for (size_t cut = 0; cut < len; cut++) {
        memcpy(body, t->replies[which].body, cut);
        body[cut] = '\0';
        play(t, which, body, true);
    }
    free(body);
}

static void flip_bits(const struct torture *t, size_t which)
{
    size_t len = strlen(t->replies[which].body);
    char *body = malloc(len + 1);
    uint32_t random = 12345;

    assert_non_null(body);
    for (unsigned n = 0; n < FLIPS; n++) {
        memcpy(body, t->replies[which].body, len + 1);
        for (unsigned flips = 0; flips <= n % 3; flips++) {
            random = random * 1664525u + 1013904223u;
            size_t at = (random >> 8) % len;
            body[at] = (char)(body[at] ^ (1 << (random >> 5 & 7)));
        }
        play(t, which, body, false); /* a NUL ends the body early: a cut as well */
    }
    free(body);
}

/* Replaces the nth value in preorder (0 is the root's first); false when there are fewer. */
static bool replace_nth(cJSON *node, size_t *n, const char *with)
{
    for (cJSON *child = node->child; child; child = child->next) {
        if ((*n)-- == 0 && child->string)
            return cJSON_ReplaceItemInObjectCaseSensitive(node, child->string, cJSON_Parse(with));
        if (*n == SIZE_MAX)
            return cJSON_ReplaceItemViaPointer(node, child, cJSON_Parse(with));
        if (replace_nth(child, n, with))
            return true;
    }
    return false;
}

static void replace_values(const struct torture *t, size_t which)
{
    static const char *const others[] = {"null", "\"text\"", "[]", "{}", "1e308", "-1"};

    for (size_t o = 0; o < COUNT(others); o++) {
        play(t, which, others[o], false);
        for (size_t n = 0;; n++) {
            cJSON *root = cJSON_Parse(t->replies[which].body);
            size_t left = n;
            assert_non_null(root);
            bool done = !replace_nth(root, &left, others[o]);
            char *body = done ? NULL : cJSON_PrintUnformatted(root);
            cJSON_Delete(root);
            if (done)
                break;
            play(t, which, body, false);
            free(body);
        }
    }
}

void run_torture(void (*setup)(struct run *run), const struct reply *replies, size_t count)
{
    const struct torture t = {.run = malloc(sizeof *t.run),
                              .setup = setup,
                              .replies = replies,
                              .count = count};

    assert_non_null(t.run);
    for (size_t which = 0; which < count; which++) {
        cut_everywhere(&t, which);
        flip_bits(&t, which);
        replace_values(&t, which);
    }
    free(t.run);
}

void run_assert_number(double actual, double expected, const char *file, int line)
{
    bool same =
        isnan(expected) ? isnan(actual) : fabs(actual - expected) <= 1e-6 * (1 + fabs(expected));

    if (!same) {
        print_error("%s:%d: %.9g, expected %.9g\n", file, line, actual, expected);
        _fail(file, line);
    }
}

void run_assert_value(const struct reading *r, enum field f, size_t slot, double expected,
                      const char *file, int line)
{
    if (!r) {
        print_error("no reading\n");
        _fail(file, line);
    }
    run_assert_number(r->value[f][slot], expected, file, line);
}
