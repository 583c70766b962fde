/*
 * What a device type is: how its gateway is asked, and what its replies mean. Pure: bytes in,
 * readings out; no I/O, no clock, no log, no globals. A driver is one file in drivers/ and one row
 * in drivers/registry.c.
 *
 * A poll is a *cycle*: begin(), then next() / decode() in turn until next() says there is nothing
 * more to ask. The caller owns the transport, which the driver only names: one request at a time, deadlines, back-off,
 * authentication. Failures never reach decode(); for an optional request skip() is called
 * instead; for any other refused() may have the cycle go on, else it ends there.
 *
 * A session is the driver's memory for one gateway (which shape it speaks, which inverters it
 * listed). It is session_size bytes, zeroed by the caller before open(), and holds no pointers to
 * anything that needs freeing, except what close() frees.
 */
#ifndef DTU_CORE_DRIVER_H
#define DTU_CORE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/command.h"
#include "core/message.h"
#include "core/reading.h"
#include "core/reply.h"

struct gateway_conf;

enum decode_result {
    DECODE_OK = 0,
    DECODE_BAD_REPLY = 1, /* cut-off JSON, HTML, a shape that no known firmware has: see why */
    DECODE_BUSY = 2,      /* the gateway cannot just now (OpenDTU out of memory: `null`) */
    DECODE_AUTH = 3,      /* a 200 that asks for credentials (Tasmota before 8.2.3) */
    DECODE_AGAIN =
        5, /* of the answer to a command alone: it was a log-in; the command is to be encoded now */
    DECODE_ABSENT = 4, /* the inverter asked for is not there (any more); the cycle goes on */
};

enum { DECODE_WHY_MAX = 256 };

/* Where decoded things go. Called from inside decode(); the pointers live only for the call. */
struct decode_sink {
    void (*reading)(void *user, const struct reading *r);
    void (*gateway)(void *user, const struct gateway_info *info);
    /*
     * An inverter that the gateway lists, by its place there from 0; before, after or without a reading of it.
     * Only of a driver that learns them sooner than by their readings; it calls list_end with the last one.
     */
    void (*listed)(void *user, unsigned index, const char *serial);
    void (*list_end)(void *user);
    void (*report)(void *user,
                   const struct command_report *r); /* of struct driver_commands alone */
    void *user;
};

/* What is asked about commands, outside of cycles. */
enum look {
    LOOK_RIGHTS, /* to which inverters commands are passed on; it needs the credentials that they need */
    LOOK_LIMIT, /* what has become of limits, and the limits themselves */
    LOOK_POWER, /* what has become of switching on and off */
    LOOKS
};

/*
 * How a gateway is told something. Messages of these come between those of a cycle, so session must keep them
 * apart from the requests of next().
 */
struct driver_commands {
    /* False when the gateway cannot be told so: out is not to be sent. */
    bool (*encode)(void *session, const struct command *c, struct message *out);
    /*
     * The reply to it. DECODE_OK: the gateway has taken it, which does not mean that the inverter has. DECODE_AUTH: it
     * wants other credentials. DECODE_AGAIN: encode() the same once more.
     */
    enum decode_result (*answer)(void *session, const char *body, size_t len,
                                 char why[DECODE_WHY_MAX]);
    /* False when there is nothing of that kind to ask. */
    bool (*look)(void *session, enum look what, struct message *out);
    /* The reply to it: sink->report() tells, and nothing else of the sink. */
    enum decode_result (*looked)(void *session, enum look what, const char *body, size_t len,
                                 const struct decode_sink *sink, char why[DECODE_WHY_MAX]);
};

/* What a gateway tells by itself: what it learns, an inverter at a time. */
struct feed {
    const char *transport; /* a row of edge/net/transports.c: "websocket" */
    const char *path;
    int64_t repeat_ms;  /* what stays the same is told again after so long */
    int64_t silence_ms; /* with what it may be late, an inverter is silent for so long at most */
};

struct driver {
    const char *name;      /* the value of the config key DTU */
    const char *transport; /* a row of edge/net/transports.c: "http" */
    const char *title; /* what people call the gateway; NULL: that differs from one to another */
    /*
     * DTU=auto may try it: its first request is one that decode() accepts the reply of from its own kind of
     * gateway only. It has a title then.
     */
    bool probe;
    bool plays_file; /* it is given conf->replay_file, and no address */
    size_t session_size;
    /* conf outlives the session. */
    void (*open)(void *session, const struct gateway_conf *conf);
    void (*close)(void *session); /* may be NULL */
    /*
     * A new cycle. now_ms: any monotonic milliseconds, for what is asked only now and then
     * (firmware version, maximum power).
     */
    void (*begin)(void *session, int64_t now_ms);
    /* Fills out with the next request of the cycle; false when it is complete. */
    bool (*next)(void *session, struct message *out);
    /*
     * The body of the 2xx reply to the last request that next() gave; body is NUL-terminated behind
     * len bytes. On anything but DECODE_OK, why says in one line what was wrong (for the log).
     * DECODE_BAD_REPLY, BUSY and AUTH end the cycle unless the request was optional.
     */
    enum decode_result (*decode)(void *session, const char *body, size_t len,
                                 const struct decode_sink *sink, char why[DECODE_WHY_MAX]);
    /* The last request, an optional one, brought nothing: go on without it. */
    void (*skip)(void *session);
    /*
     * May be NULL. The last request, one that is not optional, was refused: see reply_is_refusal(). True: the
     * cycle goes on with next(). False: it ends; why, empty on entry, may say more than the reply does.
     */
    bool (*refused)(void *session, enum reply_outcome outcome, char why[DECODE_WHY_MAX]);
    /* May be NULL, then pushed() and pushed_since() are. NULL when it is not known to have one. */
    const struct feed *(*feed)(const void *session);
    /*
     * A message that came there, whether a cycle is under way or not. DECODE_ABSENT: it is about an inverter that no
     * cycle has listed yet. On DECODE_BAD_REPLY and BUSY nothing came of it.
     */
    enum decode_result (*pushed)(void *session, int64_t now_ms, const char *body, size_t len,
                                 const struct decode_sink *sink, char why[DECODE_WHY_MAX]);
    /*
     * When the inverter of the last cycle that has waited longest was pushed; -1 when one of them
     * never was, or when that cycle listed none.
     */
    int64_t (*pushed_since)(const void *session);
    /* May be NULL: it takes no commands. NULL as well while it is not known to. */
    const struct driver_commands *(*commands)(const void *session);
};

/* All drivers, NULL-terminated; drivers/registry.c. */
extern const struct driver *const drivers[];

/* By the value of the key DTU ("opendtu", "ahoy", "auto", "template", "replay"), case-insensitively; NULL if unknown. */
const struct driver *driver_find(const char *name);

#endif
