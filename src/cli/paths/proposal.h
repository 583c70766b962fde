/*
 * What config.ini, or a file of the folder devices, would say of a device whose numbers have been guessed. Pure but
 * for the memory: what is proposed has been read by the same code as a configuration.
 */
#ifndef DTU_CLI_PATHS_PROPOSAL_H
#define DTU_CLI_PATHS_PROPOSAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/guess.h"
#include "edge/net/http.h"

/* How the device was asked. */
struct proposal_request {
    const struct http_peer_conf *peer;
    const char *path; /* as it was typed, with its query */
};

/*
 * A section [TEMPLATE0], or with device a whole file; owned by the caller, free(). Values that the program would not
 * take from this reply are left out, and from guess. NULL: there is no power, or out of memory.
 */
char *proposal_make(const struct proposal_request *request, struct guess *guess, const cJSON *reply,
                    bool device);

/* The named type whose request and power this reply has: the three lines that it needs. NULL: there is none. */
char *proposal_of_type(const struct proposal_request *request, const cJSON *reply);

/* Text that is to be printed, as it is: indented by four blanks. */
void proposal_print(FILE *out, const char *text);

#endif
