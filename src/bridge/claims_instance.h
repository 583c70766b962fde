/* Which device instance a claim gets, and whether it gets any. For claims*.c only. */
#ifndef DTU_BRIDGE_CLAIMS_INSTANCE_H
#define DTU_BRIDGE_CLAIMS_INSTANCE_H

#include "bridge/claims_parts.h"

enum { CLAIM_NO_INSTANCE = -1 /* all are taken */ };

/* Nobody asked for a number: any will do. */
bool claim_is_auto(const struct claim *claim);

/* The class that it has, or is to have. */
const char *claim_class(const struct claim *claim);

/* The first free instance of a class, from this one on; CLAIM_NO_INSTANCE when none is. */
int claim_next_free(const struct claim *claim, const char *class, int from);

/* What it wants where the settings service has no say; -1 is any. */
int claim_own_wish(const struct claim *claim);

/* wanted: by the configuration, the settings service or the memory; -1 is any. */
void claim_decide(struct claim *claim, int wanted);

/* Whether it is left to another process: then nothing is claimed. */
bool claim_is_left(struct claim *claim);

/* Whether it is still to be heard whose name it was that the bus refused. */
bool claim_wonders_who(const struct claim *claim);

/* Whether a move that another process asks for has to wait for its turn, which is armed then. */
bool claim_waits(struct claim *claim);

#endif
