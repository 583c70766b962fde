/*
 * What `check` has to say of gateways and devices: what is wrong and what to do about it.
 */
#ifndef DTU_CLI_FINDINGS_H
#define DTU_CLI_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/ask.h"
#include "cli/check/elsewhere.h"
#include "cli/check/identify.h"
#include "cli/check/plan.h"
#include "core/conf.h"
#include "core/inifile.h"

enum finding_kind {
    FINDING_NOTE, /* worth knowing; the service works */
    FINDING_PROBLEM, /* something is not published that should be, or not as it should; or is at risk */
    FINDING_REPEATED, /* a problem that is told of another section already, and counted there */
};

enum { FINDING_TEXT_MAX = 512, FINDING_OF_NO_GATEWAY = CONF_GATEWAYS_MAX };

struct finding {
    enum finding_kind kind;
    size_t gateway; /* index in config.gateways, or FINDING_OF_NO_GATEWAY */
    int device;     /* index in the plan's devices; -1: of the gateway itself */
    char text[FINDING_TEXT_MAX];
};

struct findings {
    size_t count, problems;
    struct finding *list;
    bool out_of_memory;
    bool show_numbers[CONF_GATEWAYS_MAX]; /* of a template's reply: a path of its is not there */
};

/*
 * file: what config was read from. others[i]: the same gateway asked as one of any kind, where asked[i] is not the kind that the
 * configuration says; conf is NULL where it was not asked again. identities[i]: what it is if no DTU.
 * Free with findings_finish().
 */
void findings_make(struct findings *f, const struct config *config, const struct inifile *file,
                   const struct asked *asked, const struct asked *others,
                   const struct identity *identities, const struct plan *plan);

/* What others have already, which is so left to them. */
void findings_elsewhere(struct findings *f, const struct plan *plan, const struct elsewhere *e);

/* What our own service has on the bus, of gateways that are in the configuration no more. */
void findings_unexplained(struct findings *f, const struct config *config, const struct plan *plan,
                          const struct elsewhere *e);

void findings_finish(struct findings *f);

/* The kind of DTU that answered: the configured one, or with "auto" what was found. Static text. */
const char *asked_kind(const struct asked *a);

/* Whether it may be another kind of DTU than the configuration says. */
bool asked_may_be_another(const struct asked *a);

#endif
