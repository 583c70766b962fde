/*
 * Plays a driver against a table of replies, and tortures it with replies that went wrong.
 */
#ifndef DTU_TESTS_DRIVER_RUN_H
#define DTU_TESTS_DRIVER_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/conf.h"
#include "core/driver.h"

enum { RUN_READINGS_MAX = 160, RUN_ASKED_MAX = 160 };

struct reply {
    const char *path;
    const char *body; /* NULL: nobody answers; "!not found", "!busy", "!error": so refused */
};

struct run {
    const struct driver *driver;
    struct gateway_conf *conf;
    void *session;
    /* Of the last cycle: */
    size_t reading_count, asked_count, info_count;
    struct reading readings[RUN_READINGS_MAX];
    struct gateway_info info;
    struct {
        char path[MESSAGE_PATH_MAX];
        bool optional;
        enum decode_result result;
        bool http_failed;
        char why[DECODE_WHY_MAX];
    } asked[RUN_ASKED_MAX];
    /* The list, where it was told apart from the readings. */
    size_t listed_count;
    struct {
        unsigned index;
        char serial[SERIAL_MAX];
    } listed[RUN_READINGS_MAX];
    bool list_ended;
    bool complete; /* next() said that there is nothing more to ask */
};

void run_open(struct run *run, const char *driver);
void run_close(struct run *run);

/* A test's setup and teardown: its state is the run. */
int run_setup(void **state, void (*open)(struct run *run));
int run_teardown(void **state);

/* One cycle as the poller does it. A path that is not in the table fails like HTTP. Every reading is
 * checked for sanity. */
void run_cycle(struct run *run, int64_t now_ms, const struct reply *replies, size_t count);

/* A message that comes by itself; its readings are those that run_find() finds then. */
enum decode_result run_push(struct run *run, int64_t now_ms, const char *body);

/* The reading with this serial; NULL when there is none. */
const struct reading *run_find(const struct run *run, const char *serial);
const struct reading *reading_of(const struct run *run, const char *serial); /* fails the test */

/* How often a path was asked in the last cycle, and the result of the (last) time. */
size_t run_asked(const struct run *run, const char *path);
enum decode_result run_result(const struct run *run, const char *path);
const char *run_why(const struct run *run, const char *path);

/* A file of tests/fixtures without the white space behind it; fails the test when it is not there. */
char *run_fixture(const char *name);

/* A file of the shared samples, NULL when the folder is not there. */
char *run_sample(const char *name);

/*
 * The replies, each of them in turn cut at every byte, with bits flipped, and with each of its values
 * replaced by null, text, [], {}, 1e308 and -1. Nothing may crash or give an insane reading, and what
 * is cut must be a bad reply. setup opens a run as the test wants it.
 */
void run_torture(void (*setup)(struct run *run), const struct reply *replies, size_t count);

#define assert_value(r, field, expected) run_assert_value(r, field, 0, expected, __FILE__, __LINE__)
#define assert_phase(r, field, slot, expected) \
    run_assert_value(r, field, slot, expected, __FILE__, __LINE__)
#define assert_number(actual, expected) run_assert_number(actual, expected, __FILE__, __LINE__)
#define assert_missing(r, field)        run_assert_value(r, field, 0, MISSING, __FILE__, __LINE__)

void run_assert_value(const struct reading *r, enum field f, size_t slot, double expected,
                      const char *file, int line);
void run_assert_number(double actual, double expected, const char *file, int line);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#endif
