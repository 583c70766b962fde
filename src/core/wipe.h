/*
 * For memory that holds, or may hold, a password: zeros take its place before it is freed, so that what is allocated
 * there next, or reads where it must not, finds none.
 *
 * Out of reach: what libraries copy for themselves (libcurl: user name, password and the requests that it has written;
 * inih: the line that it reads; cJSON: a text that it has printed), and the stack.
 */
#ifndef DTU_CORE_WIPE_H
#define DTU_CORE_WIPE_H

#include <stddef.h>

void wipe_free(void *memory, size_t len); /* NULL is fine */
void wipe_text(char *text);               /* up to its NUL; NULL is fine */

#endif
