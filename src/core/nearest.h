/* A misspelt word, and the one of a list that was probably meant. Pure. */
#ifndef DTU_CORE_NEAREST_H
#define DTU_CORE_NEAREST_H

#include <stddef.h>

/*
 * How many letters have to be changed, added or left out to make one of the other, without regard to
 * case. Words of more than 40 letters are 40 away from everything.
 */
unsigned nearest_distance(const char *a, const char *b);

/* A word that is this far away, or farther, was not meant. */
unsigned nearest_limit(const char *word);

#endif
