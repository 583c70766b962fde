/*
 * A look at a configuration and its gateways, for `check` and `support`.
 */
#ifndef DTU_CLI_CHECK_LOOK_H
#define DTU_CLI_CHECK_LOOK_H

#include <stdbool.h>

#include "cli/ask.h"
#include "cli/check/findings.h"
#include "cli/check/plan.h"
#include "core/conf.h"

/* What `check` exits with. */
enum check_code {
    CHECK_WELL = 0,
    CHECK_CONFIG = 1, /* the file has errors, or cannot be read */
    CHECK_OTHER = 3,  /* something is not published, or not as the file says */
};

struct check {
    const char *path;
    char unreadable[128]; /* why the file cannot be read; "" where it could */
    struct conf_report report;
    struct config *config; /* NULL: none that could be used */
    struct inifile *file;  /* that it was read from */
    /* NULL where nothing was asked; one for each gateway of config. */
    struct asked *asked;
    struct statefile *memory; /* what the service remembers */
    struct plan *plan;
    struct findings findings;
    enum check_code code;
};

/*
 * Reads the configuration at path; asks its gateways once, with what is remembered in the file state,
 * unless that is NULL. Always fills c, to be freed with check_finish(); false when out of memory. Logs nothing from
 * then on. path is borrowed.
 */
bool check_look(struct check *c, const char *path, const char *state);
void check_finish(struct check *c);

#endif
