#include "core/wipe.h"

#include <stdlib.h>
#include <string.h>

void wipe_free(void *memory, size_t len)
{
    if (!memory)
        return;
    /* A memset() before free() is one that a compiler may leave out. */
    explicit_bzero(memory, len);
    free(memory);
}

void wipe_text(char *text)
{
    wipe_free(text, text ? strlen(text) : 0);
}
