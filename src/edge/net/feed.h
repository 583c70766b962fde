/* What something that listens to a gateway tells its owner, whatever it listens by. */
#ifndef DTU_EDGE_FEED_H
#define DTU_EDGE_FEED_H

#include <stddef.h>

#include "core/reply.h"

/* From the loop, never from inside a call. */
struct feed_events {
    /* NUL-terminated; for the call only, in which the listener must not be destroyed. */
    void (*message)(void *user, const char *text, size_t len);
    /*
     * It has ended, or never began; why is one line for a person. Nothing more comes. The listener
     * is to be destroyed, here or later.
     */
    void (*closed)(void *user, enum reply_outcome outcome, const char *why);
    void *user;
};

#endif
