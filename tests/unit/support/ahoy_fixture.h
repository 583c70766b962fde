/*
 * Runs of the driver of AhoyDTU: its paths, and tables of replies from fixtures.
 */
#ifndef DTU_TESTS_AHOY_FIXTURE_H
#define DTU_TESTS_AHOY_FIXTURE_H

#include "unit/support/driver_run.h"

#define LIVE  "/api/live"
#define LIST  "/api/inverter/list"
#define INDEX "/api/index"
#define ID(n) "/api/inverter/id/" #n

enum { HOUR_MS = 3600 * 1000 };

#define LIVE_REPLY(now)                                                \
    "{\"generic\":{\"ts_now\":" now                                    \
    "},\"ch0_fld_names\":[\"U_AC\",\"P_AC\",\"YieldTotal\",\"F_AC\"]," \
    "\"fld_names\":[\"P_DC\"],\"iv\":[true,true]}"
#define ID_REPLY(rest) "{\"serial\":\"a1\",\"ch\":[[230,5,7,50],[6]]" rest "}"

void ahoy_open(struct run *run);
int ahoy_setup(void **state); /* run_teardown() ends it */

/* Replies from fixtures: a file name where the body would be. */
struct table {
    size_t count;
    struct reply replies[8];
    char *bodies[8];
};

void table_add(struct table *t, const char *path, const char *fixture);
void table_close(struct table *t);
struct reply *table_at(struct table *t, const char *path); /* fails the test when it is not there */

struct table inline_table(void); /* of 0.5.66 */
struct table gap_table(void);    /* of 0.7, with numbers that no inverter has */

void assert_asked(const struct run *run, const char *const *paths, size_t count);

#define assert_asked_are(run, ...)                        \
    assert_asked(run, (const char *const[]){__VA_ARGS__}, \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

#endif
