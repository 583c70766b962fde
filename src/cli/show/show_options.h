/* What `show` is told on the command line, and by its terminal. */
#ifndef DTU_CLI_SHOW_OPTIONS_H
#define DTU_CLI_SHOW_OPTIONS_H

#include <stdbool.h>

struct show_options {
    bool once, json, stats, all, no_color;
    const char *note; /* NULL: none */
    long interval_s;
};

/* Returns 0 to go on, else the exit code plus 1. */
int show_options_parse(int argc, char **argv, struct show_options *o);

/* Whether there is a terminal to draw on, whether in colours, and whether it knows UTF-8. */
bool show_options_draw(const struct show_options *o);
bool show_options_color(const struct show_options *o);
bool show_options_utf8(void);

#endif
