/*
 * What a gateway is told, and asked about that: commands to its inverters, each as soon as the gateway is free,
 * and looks at what became of them. Nothing waits in here: which command is next is asked for when it can go,
 * so that the newest always does.
 */
#ifndef DTU_BRIDGE_OUTBOX_H
#define DTU_BRIDGE_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/driver.h"

/* How the owner of a gateway's inverters deals with commands. All are set, or none is wanted: next is NULL. */
struct outbox_events {
    /* The command that is to go now; false: none. commanded() tells the end of each. */
    bool (*next)(void *user, struct command *out);
    /* REPLY_OK: the gateway has taken it. why: "" then, else a line for people. */
    void (*commanded)(void *user, const struct command *c, enum reply_outcome outcome,
                      const char *why);
    void (*report)(void *user, const struct command_report *r);
    /* A look has ended, and its reports have come. why: "" where outcome is REPLY_OK, else a line for people. */
    void (*looked)(void *user, enum look what, enum reply_outcome outcome, const char *why);
    /* How often to look, in ms; 0: never. */
    int64_t (*look_every)(void *user, enum look what);
    void *user;
};

enum outbox_message { OUTBOX_NOTHING, OUTBOX_COMMAND, OUTBOX_LOOK };

/* Lies in its owner's struct. Fields are the module's. */
struct outbox {
    const struct driver *driver;
    void *session;
    struct outbox_events events;
    enum outbox_message sent; /* under way */
    struct command command;
    unsigned again; /* so often it was encoded again; it waits for its turn while waits is true */
    bool waits;
    enum look look;
    int64_t looked_ms[LOOKS]; /* by enum look; -1: not yet */
};

/* driver and session are borrowed. */
void outbox_init(struct outbox *o, const struct driver *driver, void *session,
                 const struct outbox_events *events);

/*
 * The next message; false when there is none. outbox_done() ends it. A command goes before anything else, a
 * look (looks) when no value waits.
 */
bool outbox_next(struct outbox *o, bool looks, int64_t now_ms, struct message *out);

void outbox_done(struct outbox *o, const struct gateway_reply *reply);

/* When outbox_next() is to be called again if nothing happens before; -1: never. */
int64_t outbox_due_ms(const struct outbox *o, int64_t now_ms);

#endif
