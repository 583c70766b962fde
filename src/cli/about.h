/* `dbus-opendtu version` and `dbus-opendtu example`: what the program knows about itself. */
#ifndef DTU_CLI_ABOUT_H
#define DTU_CLI_ABOUT_H

#include <stdio.h>

/* What `version` prints. */
void about_print(FILE *out);

int cli_version(int argc, char **argv);
int cli_example(int argc, char **argv);

#endif
