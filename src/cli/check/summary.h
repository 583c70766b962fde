/* What a person sees who types the program's name and nothing else. */
#ifndef DTU_CLI_SUMMARY_H
#define DTU_CLI_SUMMARY_H

#include <stdio.h>

/* Whether the service runs, by which configuration, and where its log is, or how to start it. */
void summary_print(FILE *out);

#endif
