#include "core/nearest.h"

#include <ctype.h>
#include <string.h>

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein's distance, row by row. */
unsigned nearest_distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    unsigned row[LONGEST + 1];
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len > LONGEST || b_len > LONGEST)
        return LONGEST;
    for (unsigned j = 0; j <= b_len; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b_len; j++) {
            unsigned above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1,
                              diagonal + (tolower((unsigned char)a[i - 1]) !=
                                          tolower((unsigned char)b[j - 1])));
            diagonal = above;
        }
    }
    return row[b_len];
}

unsigned nearest_limit(const char *word)
{
    return 2 + (unsigned)strlen(word) / 4;
}
