#include "edge/scratch.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    BLOCK = 32 *
            1024, /* the reply of one inverter takes 20 KiB; what is never used is never resident */
    ALIGNMENT = _Alignof(max_align_t)
};

static union {
    max_align_t aligned;
    unsigned char bytes[BLOCK];
} block;
static size_t used; /* of the block; a multiple of ALIGNMENT */
static size_t last; /* where the piece taken last begins */
static size_t live; /* pieces of it that were not given back */

void *scratch_take(size_t size)
{
    size_t left = BLOCK - used;

    if (size == 0)
        size = 1; /* a piece of its own */
    if (size > left || (size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT) > left)
        return malloc(size);
    last = used;
    used += size;
    live++;
    return block.bytes + last;
}

void scratch_give(void *p)
{
    /* As numbers: the pointer may be to something else, and then the difference is no distance. */
    if ((uintptr_t)p - (uintptr_t)block.bytes >= BLOCK)
        free(p);
    else if (--live == 0)
        used = 0;
    else if (p == block.bytes + last) /* as cJSON's copy of each number */
        used = last;
}

size_t scratch_used(void)
{
    return used;
}

size_t scratch_size(void)
{
    return BLOCK;
}

void scratch_for_json(void)
{
    cJSON_Hooks hooks = {.malloc_fn = scratch_take, .free_fn = scratch_give};
    cJSON_InitHooks(&hooks);
}
