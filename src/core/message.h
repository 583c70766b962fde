/*
 * One message to a gateway, as a driver writes it and a transport (edge/net) sends it. What came of it:
 * core/reply.h.
 */
#ifndef DTU_CORE_MESSAGE_H
#define DTU_CORE_MESSAGE_H

#include <stdbool.h>

enum { MESSAGE_PATH_MAX = 512, MESSAGE_BODY_MAX = 512 };

enum message_body {
    MESSAGE_NO_BODY = 0, /* it only asks: over HTTP a GET */
    MESSAGE_FORM,        /* over HTTP a POST of fields, percent-encoded by the driver */
    MESSAGE_JSON,        /* over HTTP a POST of JSON */
    MESSAGE_BYTES,       /* len of them, for a transport without paths; not over HTTP */
};

/* path and body may carry credentials (Tasmota wants them in the query): neither may be logged. */
struct message {
    char path[MESSAGE_PATH_MAX]; /* begins with '/', query included, already percent-encoded */
    bool optional;               /* the cycle goes on without it when it fails or is refused */
    enum message_body format;
    unsigned len;                /* of MESSAGE_BYTES */
    char body[MESSAGE_BODY_MAX]; /* NUL-terminated but for MESSAGE_BYTES; "" with MESSAGE_NO_BODY */
};

#endif
