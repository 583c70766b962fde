/*
 * Runs of the driver of OpenDTU: its paths, and a gateway of three inverters that are asked one by one.
 */
#ifndef DTU_TESTS_OPENDTU_FIXTURE_H
#define DTU_TESTS_OPENDTU_FIXTURE_H

#include "unit/support/driver_run.h"

#define LIST        "/api/livedata/status"
#define SYSTEM      "/api/system/status"
#define LIMITS      "/api/limit/status"
#define INV(serial) LIST "?inv=" serial

#define BALCONY "114182000001"
#define FENCE   "114182000002"
#define BARN    "1141820000ab"
#define HALL    "138212000001"

enum { HOUR_MS = 3600 * 1000 };

void opendtu_open(struct run *run);
int opendtu_setup(void **state); /* run_teardown() ends it */

/* One cycle in which the list is all there is. */
void cycle_with(struct run *run, const char *list);
void cycle_fixture(struct run *run, const char *fixture);

struct gateway {
    char *summary, *balcony, *fence, *barn, *system, *limits;
    struct reply replies[6];
};

void gateway_open(struct gateway *g);
void gateway_close(struct gateway *g);
void gateway_cycle(struct run *run, struct gateway *g, int64_t now_ms);

#endif
