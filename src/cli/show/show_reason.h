/*
 * Why devices are in error, in the words of /Debug/LastError: once for each reason and gateway; then, which are not on
 * the bus. Pure.
 */
#ifndef DTU_CLI_SHOW_REASON_H
#define DTU_CLI_SHOW_REASON_H

#include "cli/show/show_model.h"

enum { SHOW_REASON_LINES = 6, SHOW_REASON_TEXT = 2 * SHOW_TEXT_MAX + 64 };

struct show_reasons {
    size_t count; /* of lines */
    char line[SHOW_REASON_LINES][SHOW_REASON_TEXT];
};

/*
 * "error: no answer from 192.168.1.74 within 2.5 s (Roof south and 1 more)", in lines of that width, of all devices
 * that are in error now. What there is no room for is left out. width: columns; 0: as many as it takes.
 */
void show_reasons(struct show_reasons *r, const struct show_model *m, unsigned width, bool utf8);

#endif
