/*
 * What a device says in the body of a refusal: "No handler for Switch.GetStatus". Pure.
 */
#ifndef DTU_CORE_REFUSAL_H
#define DTU_CORE_REFUSAL_H

#include <stddef.h>

enum { REFUSAL_WORDS_MAX = 100 }; /* bytes with the NUL */

/*
 * The device's own words out of len bytes of body, cleaned and on one line, or "": the text of a JSON
 * object's message, error, reason or the like; else the first line, unless it is a web page. A query
 * ("?user=...") is cut off, since a device may repeat the request, which can hold a secret; and there are
 * none when one of the secrets (NULL, "" are none) is in them.
 */
void refusal_words(const char *body, size_t len, const char *const *secrets, size_t secret_count,
                   char out[REFUSAL_WORDS_MAX]);

#endif
