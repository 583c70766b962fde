/*
 * How the subcommands print what gateways and other services wrote: cleaned (core/text.h), so that no reply
 * steers the terminal of the person who looks at it.
 */
#ifndef DTU_CLI_PRINT_H
#define DTU_CLI_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One line, with its end; cut at 1 KiB. */
void print_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* len bytes of lines as they are otherwise. False when out of memory, or when out does not take it. */
bool print_lines(FILE *out, const char *text, size_t len);

#endif
