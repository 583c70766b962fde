/*
 * Texts that must not be shown, and where they stand in another text: thousands of them, in time that is
 * proportional to that text. Works on text in memory; no I/O.
 */
#ifndef DTU_CLI_SECRETS_H
#define DTU_CLI_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

struct secrets;

struct secrets *secrets_create(void);    /* NULL when out of memory */
void secrets_destroy(struct secrets *s); /* NULL is fine */

/* One more; an empty one is none. */
void secrets_add(struct secrets *s, const char *text, size_t len);

/* False when one could not be kept: then nothing may be shown. Call it when all are added. */
bool secrets_complete(struct secrets *s);

/*
 * How much of at is to be hidden because a secret begins there, in whatever case; 0: nothing. before: the
 * character that stands before it, for what is hidden as a whole word only (up to three characters). A
 * secret of more than 64 bytes is known by its first ones, and hides the rest of the line.
 */
size_t secrets_at(const struct secrets *s, const char *at, char before);

#endif
