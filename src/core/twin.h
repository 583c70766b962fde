/*
 * One device, two processes that want to publish it: who does, and who waits. Each process comes to its
 * answer by itself, and both to the same. Pure; time is an argument (monotonic milliseconds).
 *
 * Whoever is on the bus first stays. Of two that came at the same time and see each other there, the one
 * whose service's name sorts first stays. The other waits until the first has been gone for TWIN_GONE_MS,
 * so that a restart does not make them change places.
 */
#ifndef DTU_CORE_TWIN_H
#define DTU_CORE_TWIN_H

#include <stdbool.h>
#include <stdint.h>

enum { TWIN_GONE_MS = 10 * 1000 };

/* Zero it to begin. */
struct twin {
    bool left;       /* the device is left to the other one */
    bool gone;       /* ... which is not to be seen any more */
    int64_t gone_ms; /* ... since then */
};

enum twin_word {
    TWIN_OURS,  /* nobody else has it: publish it, or go on */
    TWIN_LEAVE, /* it is the other one's from now on */
    TWIN_WAIT,  /* it still is, or was until just now */
    TWIN_BACK,  /* the other one has gone: it is ours from now on */
};

/*
 * ours: the name of our service for the device, NULL while it is not on the bus; theirs: the other
 * process', NULL where there is none. To be asked again after TWIN_GONE_MS as long as it says LEAVE or
 * WAIT, and whenever theirs changes.
 */
enum twin_word twin_look(struct twin *t, const char *ours, const char *theirs, int64_t now_ms);

#endif
