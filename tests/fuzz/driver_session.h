/*
 * Plays a driver with a fuzzer's input: the first byte chooses, the rest is bodies, one after the other,
 * separated by 0x1E (record separator). A body "!" is a request that failed, "!4" one that failed with
 * an HTTP status: 404, or 500 with any other digit. A body that begins with 0x1D is a message that comes by
 * itself. When the bodies are used up, the session ends.
 */
#ifndef DTU_TESTS_FUZZ_DRIVER_SESSION_H
#define DTU_TESTS_FUZZ_DRIVER_SESSION_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf.h"
#include "core/driver.h"
#include "fuzz/sane.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CYCLES_MAX = 16, REQUESTS_MAX = 80 };

static inline void fuzz_fail(const char *what)
{
    (void)fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

static inline void fuzz_reading(void *user, const struct reading *r)
{
    const char *wrong = sane_reading(r);
    (void)user;
    if (wrong)
        fuzz_fail(wrong);
}

static inline void fuzz_gateway(void *user, const struct gateway_info *info)
{
    (void)user;
    if (!sane_text(info->firmware, sizeof info->firmware) ||
        !sane_text(info->hostname, sizeof info->hostname))
        fuzz_fail("text of the gateway");
}

static inline void fuzz_listed(void *user, unsigned index, const char *serial)
{
    (void)user;
    (void)index;
    if (!serial[0] || !sane_text(serial, SERIAL_MAX))
        fuzz_fail("serial in the list");
}

static inline void fuzz_list_end(void *user)
{
    (void)user;
}

/* A body with a NUL behind it and nothing more, so that the sanitizer sees a read too far. */
static inline enum decode_result fuzz_decode(const struct driver *driver, void *session,
                                             bool pushed, const uint8_t *body, size_t len)
{
    const struct decode_sink sink = {.reading = fuzz_reading,
                                     .gateway = fuzz_gateway,
                                     .listed = fuzz_listed,
                                     .list_end = fuzz_list_end};
    char why[DECODE_WHY_MAX] = "";
    char *copy = malloc(len + 1);
    enum decode_result result;

    if (!copy)
        abort();
    memcpy(copy, body, len);
    copy[len] = '\0';
    result = pushed ? driver->pushed(session, 1000, copy, len, &sink, why)
                    : driver->decode(session, copy, len, &sink, why);
    free(copy);
    if (!memchr(why, '\0', sizeof why) || (result != DECODE_OK && !why[0]))
        fuzz_fail("why");
    return result;
}

/* A request that failed: whether the cycle goes on all the same. */
static inline bool fuzz_failed(const struct driver *driver, void *session, bool optional,
                               const uint8_t *body, size_t len)
{
    char why[DECODE_WHY_MAX] = "";
    bool on = !optional && len == 2 && driver->refused &&
              driver->refused(session, body[1] == '4' ? REPLY_NOT_FOUND : REPLY_ERROR, why);

    if (!memchr(why, '\0', sizeof why))
        fuzz_fail("why of a refusal");
    return on;
}

/* The next piece of the input, without its end. */
static inline const uint8_t *fuzz_piece(const uint8_t **at, const uint8_t *end, size_t *len)
{
    const uint8_t *body = *at, *stop = memchr(body, 0x1E, (size_t)(end - body));

    *len = (size_t)((stop ? stop : end) - body);
    *at = stop ? stop + 1 : end;
    return body;
}

static inline void fuzz_report(void *user, const struct command_report *r)
{
    (void)user;
    if (!memchr(r->serial, '\0', sizeof r->serial) || r->right > COMMAND_DISABLED ||
        r->status > COMMAND_FAILURE)
        fuzz_fail("a report");
}

/* The message of a command or a look is written, then the reply to it read: the first byte says of which. */
static inline void fuzz_command(const struct driver *driver, void *session, const uint8_t *data,
                                size_t len)
{
    const struct driver_commands *commands = driver->commands ? driver->commands(session) : NULL;
    const struct decode_sink sink = {.report = fuzz_report};
    const struct command off = {.kind = COMMAND_POWER, .serial = "114180000001"};
    const struct command c = {.serial = "114180000001", .limit_w = 300, .max_power_w = 800};
    struct message m = {.path = ""};
    char why[DECODE_WHY_MAX] = "";
    enum look what = len > 0 && data[0] == 'r'   ? LOOK_RIGHTS
                     : len > 0 && data[0] == 'p' ? LOOK_POWER
                                                 : LOOK_LIMIT;

    if (!commands || len == 0)
        return;
    char *body = malloc(len);
    if (!body)
        abort();
    memcpy(body, data + 1, len - 1);
    body[len - 1] = '\0';
    if (data[0] == 'c' || data[0] == 'o') {
        (void)commands->encode(session, data[0] == 'o' ? &off : &c, &m);
        (void)commands->answer(session, body, len - 1, why);
    } else if (commands->look(session, what, &m)) {
        (void)commands->looked(session, what, body, len - 1, &sink, why);
    }
    if (!memchr(m.path, '\0', sizeof m.path) || !memchr(m.body, '\0', sizeof m.body) ||
        !memchr(why, '\0', sizeof why))
        fuzz_fail("a message");
    free(body);
}

/* What comes before the next reply: messages by themselves, 0x1D, and replies to commands, 0x1C. */
static inline void fuzz_pushes(const struct driver *driver, void *session, const uint8_t **at,
                               const uint8_t *end)
{
    while (*at < end && (**at == 0x1D || **at == 0x1C)) {
        size_t len;
        const uint8_t *body = fuzz_piece(at, end, &len);
        if (*body == 0x1C) {
            fuzz_command(driver, session, body + 1, len - 1);
            continue;
        }
        if (driver->pushed)
            (void)fuzz_decode(driver, session, true, body + 1, len - 1);
        if (driver->pushed && driver->pushed_since(session) > 1000)
            fuzz_fail("pushed_since");
    }
}

/* One cycle; false when the input is used up. */
static inline bool fuzz_cycle(const struct driver *driver, void *session, const uint8_t **at,
                              const uint8_t *end)
{
    for (unsigned n = 0;; n++) {
        struct message request = {.path = ""};
        if (!driver->next(session, &request))
            return true;
        if (n == REQUESTS_MAX)
            fuzz_fail("a cycle without end");
        if (request.path[0] != '/' || !memchr(request.path, '\0', sizeof request.path))
            fuzz_fail("path");
        fuzz_pushes(driver, session, at, end);
        if (*at >= end)
            return false;
        size_t len;
        const uint8_t *body = fuzz_piece(at, end, &len);
        bool failed = len >= 1 && len <= 2 && *body == '!';
        enum decode_result result =
            failed ? DECODE_BAD_REPLY : fuzz_decode(driver, session, false, body, len);
        if (result == DECODE_OK || result == DECODE_ABSENT)
            continue;
        if (failed && fuzz_failed(driver, session, request.optional, body, len))
            continue;
        if (!request.optional)
            return true;
        driver->skip(session);
    }
}

static inline void fuzz_session(const char *name, struct gateway_conf *conf, const uint8_t *data,
                                size_t size)
{
    const struct driver *driver = driver_find(name);
    const uint8_t *at = data + 1, *end = data + size;
    void *session;

    if (!driver)
        abort();
    if (size < 2)
        return;
    session = calloc(1, driver->session_size);
    if (!session)
        abort();
    conf->max_inverters = data[0] & 3;
    driver->open(session, conf);
    for (int64_t cycle = 0; cycle < CYCLES_MAX; cycle++) {
        driver->begin(session, cycle * (data[0] & 4 ? 3600 * 1000 : 5000));
        if (!fuzz_cycle(driver, session, &at, end))
            break;
    }
    if (driver->close)
        driver->close(session);
    free(session);
}

#endif
