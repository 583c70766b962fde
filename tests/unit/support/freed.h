/*
 * Looks at memory as it is freed, for secrets that are still in it. For programs that are linked with --wrap=free and
 * --wrap=realloc (Makefile); one file of a program includes it. What libraries free comes by here, too: the copies that
 * they have made are not what is asked for, so a test says which texts, or which blocks, it looks for.
 */
#ifndef DTU_TESTS_FREED_H
#define DTU_TESTS_FREED_H

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void __real_free(void *p);
void *__real_realloc(void *p, size_t size);
void __wrap_free(void *p);
void *__wrap_realloc(void *p, size_t size);

enum { FREED_BLOCKS = 8 };

static struct {
    const char *needle;               /* NULL: nothing is looked for */
    const void *blocks[FREED_BLOCKS]; /* that have to be zero when they go */
    unsigned count,
        leaks;     /* blocks seen with the needle in them; blocks of these that were not zero */
    unsigned gone; /* of the blocks */
} freed;

static void freed_look(const void *p)
{
    size_t size = p ? malloc_usable_size((void *)p) : 0;

    if (!size)
        return;
    if (freed.needle && memmem(p, size, freed.needle, strlen(freed.needle)))
        freed.count++;
    for (unsigned i = 0; i < FREED_BLOCKS; i++) {
        if (freed.blocks[i] != p)
            continue;
        const char *byte = p;
        freed.leaks += *byte != 0 || memcmp(byte, byte + 1, size - 1) != 0;
        freed.gone++;
        freed.blocks[i] = NULL;
    }
}

void __wrap_free(void *p)
{
    freed_look(p);
    __real_free(p);
}

/* It may move what is there, and frees the old place: looked at as if it did. */
void *__wrap_realloc(void *p, size_t size)
{
    freed_look(p);
    return __real_realloc(p, size);
}

#endif
