/* What `check` found, as text and as JSON. */
#ifndef DTU_CLI_CHECK_REPORT_H
#define DTU_CLI_CHECK_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/check/check_look.h"

void check_print_text(FILE *out, const struct check *c, bool color);
bool check_print_json(FILE *out, const struct check *c); /* false: out of memory */

#endif
