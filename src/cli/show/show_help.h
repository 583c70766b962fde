/*
 * What the columns of `show` mean, as a table that can be scrolled like the others. Pure.
 */
#ifndef DTU_CLI_SHOW_HELP_H
#define DTU_CLI_SHOW_HELP_H

#include "cli/show/show_table.h"

enum { SHOW_HELP_MAX = SHOW_COLUMNS_MAX + 12 };

struct show_help {
    struct show_help_row {
        const char *term, *meaning;
    } rows[SHOW_HELP_MAX];
};

/* About the columns of a table; of the services', about the words of Status as well. h is borrowed. */
struct show_table show_help_table(struct show_help *h, const struct show_table *of, bool gateways);

#endif
