/*
 * What came of one message to a gateway, whatever carries it: a transport (edge/net) fills it in, and
 * only the transport knows its protocol's own codes.
 */
#ifndef DTU_CORE_REPLY_H
#define DTU_CORE_REPLY_H

#include <stdbool.h>
#include <stddef.h>

enum reply_outcome {
    REPLY_OK = 0,       /* whole: body is what was asked for */
    REPLY_NOT_FOUND,    /* the gateway does not have or do what it was asked for */
    REPLY_BUSY,         /* it cannot just now, and says so */
    REPLY_ERROR,        /* any other refusal, or a fault of its own */
    REPLY_UNAUTHORIZED, /* after what credentials there are were tried */
    REPLY_UNREACHABLE,  /* no name, no route, refused, connection lost before the reply */
    REPLY_TIMEOUT,      /* the deadline passed */
    REPLY_CUT_OFF,      /* the reply ended early */
    REPLY_TOO_LARGE,    /* over the limit */
    REPLY_TLS,          /* certificate refused, handshake failed */
    REPLY_FAILED,       /* anything else */
};

enum { REPLY_WHY_MAX = 256 };

struct gateway_reply {
    enum reply_outcome outcome;
    long status; /* the protocol's own code, for people and logs only; 0 where there was none */
    const char *body; /* NUL-terminated behind len; valid during the callback only */
    size_t len;
    double latency_ms;      /* from the message to the end of the reply */
    unsigned retry_after_s; /* what a busy gateway asks for; 0 where it asks for nothing */
    /* One line for a person when outcome is not REPLY_OK: what, what to do, and what the device says. */
    char why[REPLY_WHY_MAX];
};

/* It answered, and it was a no: what is asked again is answered the same, but for credentials. */
static inline bool reply_is_refusal(enum reply_outcome outcome)
{
    return outcome == REPLY_NOT_FOUND || outcome == REPLY_BUSY || outcome == REPLY_ERROR;
}

#endif
