/*
 * Asks gateways once, as the service does it, all side by side; and keeps what came.
 */
#ifndef DTU_CLI_ASK_H
#define DTU_CLI_ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/conf.h"
#include "core/driver.h"
#include "core/health.h"
#include "core/roster.h"
#include "edge/net/http.h"

enum {
    ASK_LIMIT_MS = 60 * 1000,         /* for everything */
    ASK_REPLIES_MAX = 80,             /* of one gateway: 64 inverters and some more */
    ASK_BODIES_MAX = 2 * 1024 * 1024, /* of one gateway; a body beyond is not kept */
};

struct ask_reply {
    char path[MESSAGE_PATH_MAX]; /* may hold credentials */
    bool optional;
    enum reply_outcome outcome;
    long status;
    double latency_ms;
    char why[REPLY_WHY_MAX];
    char *body; /* NUL-terminated behind len; NULL: none was kept */
    size_t len;
};

struct asked {
    const struct gateway_conf *conf; /* borrowed */
    bool ended;                      /* within the limit */
    bool complete;                   /* all of what it lists is in listed */
    bool failed;                     /* for kind and why */
    enum health_kind kind;
    char why[HEALTH_ERROR_MAX];
    double latency_ms; /* of its slowest reply; MISSING where there is none */
    struct gateway_info info;
    size_t listed_count, reading_count;
    struct roster_entry listed[CONF_INVERTERS_MAX];
    struct reading *readings;
    size_t reply_count;
    struct ask_reply *replies;
    /* Of a gateway that was asked which inverters it passes commands to. */
    bool takes_commands; /* its kind does */
    enum reply_outcome rights_outcome;
    char rights_why[DECODE_WHY_MAX];
    size_t right_count;
    struct command_report rights[CONF_INVERTERS_MAX];
};

/*
 * Asks count gateways, and returns when all have ended, at the latest after ASK_LIMIT_MS. confs[i]
 * is borrowed by what it returns. rights[i]: it is asked about commands, too; NULL: none is. NULL when out of memory;
 * free with asked_free().
 */
struct asked *ask_gateways(const struct gateway_conf *const *confs, const bool *rights,
                           size_t count);

/* The reply that a template's values are read from; NULL when there is none, and of a DTU. */
const struct ask_reply *asked_template_reply(const struct asked *a);

/*
 * The replies to all its requests, parsed; without those that did not come or are no JSON. False: none is there.
 * Free with json_replies_free().
 */
bool asked_template_replies(const struct asked *a, struct json_replies *out);
void json_replies_free(struct json_replies *replies);

void asked_free(struct asked *asked, size_t count); /* NULL is fine */

#endif
