/* The rooms of claims, for claims*.c only: what all claims share. */
#ifndef DTU_BRIDGE_CLAIMS_PARTS_H
#define DTU_BRIDGE_CLAIMS_PARTS_H

#include "bridge/claims.h"
#include "core/budget.h"
#include "edge/bus/bus.h"
#include "edge/bus/instances.h"
#include "edge/bus/settings.h"
#include "edge/sys/log.h"

#define CLAIMS_SERVICE_PREFIX "com.victronenergy."

enum {
    CLAIMS_FIRST_INSTANCE = 34, /* where today's config.example begins */
    CLAIMS_LAST_INSTANCE = 255,
    CLAIMS_ASK_AGAIN_MS = 60 * 1000
};

struct claims {
    struct loop *loop;
    const struct statefile *memory;
    loop_fn bus_lost;
    void *user;
    struct bus *bus;
    struct settings *settings;
    struct instances *directory;
    struct loop_timer bus_retry;
    struct log_fault bus_fault, settings_fault;
    bool round_over;     /* the directory knows who is there */
    bool settings_known; /* whether there is a settings service has been answered */
    int64_t answered_ms; /* when that was */
    struct budget writes;
    struct claim *first;
};

#endif
