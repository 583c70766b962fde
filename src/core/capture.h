/*
 * A capture: what gateways sent over a while, in one file that `support --capture` writes and DTU = replay plays.
 * docs/dev/captures.md describes it for people. Lines of JSON:
 *
 *   {"capture":1,"program":"0.1.0","gateways":[{"gateway":"DEFAULT","driver":"opendtu","interval":5000}]}
 *   {"t":52,"gateway":"DEFAULT","driver":"opendtu","path":"/api/livedata/status","outcome":"ok","status":200,
 *    "ms":31,"body":"{...}"}
 *   {"t":2540,"gateway":"DEFAULT","driver":"opendtu","pushed":"{...}"}
 *   {"t":600000,"end":"time"}
 *
 * The first line says what it is, the last one why it ends; a file without one is cut off. Pure: text in memory.
 */
#ifndef DTU_CORE_CAPTURE_H
#define DTU_CORE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/conf.h"
#include "core/message.h"
#include "core/reply.h"

enum {
    CAPTURE_VERSION = 1,
    CAPTURE_FILE_MAX = 16 * 1024 * 1024,
    CAPTURE_BODY_MAX = 256 * 1024, /* a longer one is recorded as too large */
    CAPTURE_LINE_MAX = 1024 * 1024,
    CAPTURE_RECORDS_MAX = 250 * 1000,
    CAPTURE_HOURS_MAX = 24,
    CAPTURE_LATENCY_MAX_MS = 60 * 1000, /* no request takes longer */
    CAPTURE_DRIVER_MAX = 16,
    CAPTURE_PROGRAM_MAX = 48,
    CAPTURE_WHY_MAX = 256
};

struct capture_gateway {
    char section[CONF_SECTION_MAX];
    char driver[CAPTURE_DRIVER_MAX]; /* as configured: "auto" */
    unsigned interval_ms;            /* at which it was asked */
};

/* One reply, or one message that was pushed. */
struct capture_record {
    int64_t t_ms;     /* from the beginning until all of it had come */
    unsigned gateway; /* its place in capture.gateways */
    bool pushed;
    const char *path; /* of the request; NULL for what was pushed */
    enum reply_outcome outcome;
    long status; /* see struct gateway_reply; 0 for none */
    unsigned retry_after_s;
    double latency_ms; /* 0..CAPTURE_LATENCY_MAX_MS */
    const char *body;  /* NUL-terminated, and without any other NUL; "" where there is none */
    size_t len;
    bool played; /* for whoever plays it: false at first */
};

struct capture {
    char program[CAPTURE_PROGRAM_MAX]; /* the version that wrote it */
    size_t gateway_count;
    struct capture_gateway gateways[CONF_GATEWAYS_MAX];
    size_t count;
    struct capture_record *records; /* in the order of their times */
    int64_t end_ms;                 /* when the capture ended */
};

/*
 * Reads a whole file, len bytes with a NUL behind them. NULL when it is none, or damaged, cut off, too long; then
 * why says so in one line, with the line of the file where there is one. Free with capture_free().
 */
struct capture *capture_read(const char *text, size_t len, char why[CAPTURE_WHY_MAX]);
void capture_free(struct capture *c); /* NULL is fine */

/*
 * The lines of such a file, each with its '\n', to be freed by the caller; NULL when out of memory. Of c only what
 * the line tells is looked at: program and gateways; the gateway of the record.
 */
char *capture_write_header(const struct capture *c);
char *capture_write_record(const struct capture *c, const struct capture_record *r);
char *capture_write_end(int64_t t_ms, const char *why);

/* "ok", "timeout": as the file writes it; static text. */
const char *capture_outcome(enum reply_outcome outcome);

/*
 * What the driver of captures asks their transport; no gateway has these pages. Which driver the recorded gateway had:
 * the body is its name. Whether more has come in the capture's time than the last cycle has asked for: "1" or "0".
 */
extern const char capture_driver_path[], capture_more_path[];

#endif
