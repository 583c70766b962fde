/*
 * Helper processes of a test. Each ends when the test does: its standard input is a pipe from here.
 */
#ifndef DTU_TESTS_CHILD_H
#define DTU_TESTS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    int in, out; /* our ends of its standard input and output */
};

/* argv[0] is looked up in PATH. */
bool child_start(struct child *c, char *const argv[]);

/* The next line of its output, without its end; false when there is none within ten seconds. */
bool child_line(struct child *c, char *out, size_t size);

/* Closes its input, then ends it, and waits for that. */
void child_stop(struct child *c);

#endif
