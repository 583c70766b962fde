/*
 * Which inverters that no section names are let onto the bus, and how many: a gateway that shows other
 * serials with every poll must not take the bus connections and device instances of the whole device.
 * Pure; time is an argument (monotonic milliseconds).
 *
 * Rules:
 * 1. at most CONF_SERVICES_MAX services in all, sections first; of one gateway at most
 *    ADMISSION_GATEWAY_MAX without a section. One that no gateway lists any more makes room;
 * 2. the first list of a gateway that nothing is remembered of, and the first after the owner changed the
 *    configuration, is taken at its word;
 * 3. later, an inverter that was never seen is added once ADMISSION_LISTS complete lists in a row, over
 *    ADMISSION_LISTED_MS or more, have it; at most ADMISSION_NEW_MAX an hour of one gateway;
 * 4. one that is remembered comes back at once, at most ADMISSION_BACK_MAX an hour;
 * 5. a section takes another inverter in place of its own within the same numbers an hour, without the
 *    wait: that one was replaced;
 * 6. nothing new while ADMISSION_STRAYS_MAX inverters are remembered that came and went: each keeps its
 *    entries in the settings of the device.
 */
#ifndef DTU_CORE_ADMISSION_H
#define DTU_CORE_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/conf.h"
#include "core/roster.h"

enum {
    ADMISSION_GATEWAY_MAX = 16,
    ADMISSION_LISTS = 3,
    ADMISSION_LISTED_MS = 60 * 1000,
    ADMISSION_NEW_MAX = 4,
    ADMISSION_BACK_MAX = 16,
    ADMISSION_HOUR_MS = 60 * 60 * 1000,
    ADMISSION_DAY_MS = 24 * ADMISSION_HOUR_MS,
    ADMISSION_STRAYS_MAX = 64
};

enum admission_word {
    ADMISSION_YES,
    ADMISSION_LATER,        /* rule 3: not listed for long enough */
    ADMISSION_HOUR,         /* rules 3 to 5: enough for this hour */
    ADMISSION_GATEWAY_FULL, /* rule 1 */
    ADMISSION_FULL,         /* rule 1 */
    ADMISSION_STRAYS,       /* rule 6 */
};

struct newcomer {
    char serial[SERIAL_MAX];
    bool at_once;     /* rule 2 */
    unsigned lists;   /* complete ones in a row that had it */
    int64_t since_ms; /* the first of them */
};

/* When the last few were let in. */
struct admission_times {
    unsigned total;
    int64_t at_ms[ADMISSION_BACK_MAX > ADMISSION_NEW_MAX ? ADMISSION_BACK_MAX : ADMISSION_NEW_MAX];
};

/* Of one gateway. Zero it to begin. Fields are the module's. */
struct admission {
    bool open; /* rule 2 holds until a complete list was told */
    size_t count;
    struct newcomer newcomers[CONF_INVERTERS_MAX];
    struct admission_times new, back;
    bool told[2]; /* that one has to wait; that one is refused */
    int64_t told_ms[2];
};

/* Rule 2 holds for the next complete list, and for what comes before that. */
void admission_open(struct admission *a);

/* Of a complete list, what no unit is: no more than CONF_INVERTERS_MAX count. */
void admission_list(struct admission *a, const struct roster_entry *entries, size_t count,
                    int64_t now_ms);

/* Whether another list is wanted soon: a newcomer has not been listed for long enough. */
bool admission_waits(const struct admission *a, int64_t now_ms);

/* What is remembered of an inverter, and of those that came and went. */
struct admission_memory {
    bool known;
    size_t strays;
};

/* Rules 2, 3, 4 and 6: whether this inverter may be added if there is room. */
enum admission_word admission_add(const struct admission *a, const char *serial,
                                  const struct admission_memory *memory, int64_t now_ms);

/* Rules 2, 5 and 6: whether a section may take this inverter in place of another. */
enum admission_word admission_replace(const struct admission *a,
                                      const struct admission_memory *memory, int64_t now_ms);

/* It was added, or taken by a section. */
void admission_done(struct admission *a, const char *serial, bool known, int64_t now_ms);

/* It came to nothing after all, in the same list: it does not count. */
void admission_undone(struct admission *a, const char *serial, bool known, int64_t now_ms);

/*
 * Rule 1: whether there is room for one more of this gateway's. services: how many of the slots have, or
 * will have, a service. *makes_room: -1, or the slot that has to go for it.
 */
enum admission_word admission_room(const struct roster_slot *slots, size_t count, size_t services,
                                   int gateway, int *makes_room);

/*
 * Whether the log is to say that this one was not let in: what does not last is not worth a line, and one
 * line stands for a day's refusals. If so, it was said.
 */
bool admission_to_tell(struct admission *a, const char *serial, enum admission_word word,
                       int64_t now_ms);

/* Why the answer was not yes: "of one gateway, 16 are published without a section". */
const char *admission_reason(enum admission_word word);

#endif
