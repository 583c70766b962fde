/*
 * The program itself, with memory that fails: linked with src/main.c in place of a test's main(). The program's own
 * objects call failing_*() (tests/virtual/support/failing.syms), the libraries __wrap_*().
 *
 *     FAILING=own:120:50:8   the 120th allocation of the program fails, from then on each 50th, 8 of them altogether
 *     FAILING=libs:0:7:3     likewise of the libraries'
 *     FAILING_COUNTS=FILE    how many there were of both, and how many have failed, is written there at the end
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "virtual/support/failing.h"

enum owner { OWN, LIBS, OWNERS };

static const char *const names[OWNERS] = {"own", "libs"};

static atomic_long calls[OWNERS], failed;
static enum owner armed = OWNERS;
static long first, every, most;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);

static void write_counts(void)
{
    const char *path = getenv("FAILING_COUNTS");
    FILE *f = path ? fopen(path, "w") : NULL;

    if (!f)
        return;
    fprintf(f, "%ld %ld %ld\n", atomic_load(&calls[OWN]), atomic_load(&calls[LIBS]),
            atomic_load(&failed));
    fclose(f);
}

__attribute__((constructor)) static void arm(void)
{
    const char *plan = getenv("FAILING");
    char name[8] = "";

    atexit(write_counts);
    if (!plan)
        return;
    if (sscanf(plan, "%7[a-z]:%ld:%ld:%ld", name, &first, &every, &most) != 4 || every < 1)
        abort();
    for (enum owner o = OWN; o < OWNERS; o++) {
        if (strcmp(name, names[o]) == 0)
            armed = o;
    }
}

static bool fails(enum owner owner)
{
    long n = atomic_fetch_add(&calls[owner], 1) - first;

    if (owner != armed || n < 0 || n % every != 0 || n / every >= most)
        return false;
    atomic_fetch_add(&failed, 1);
    return true;
}

/* ---- Of the libraries ---- */

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails(LIBS) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(LIBS) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails(LIBS) ? NULL : __real_realloc(p, size);
}

/* ---- Of the program ---- */

void *failing_malloc(size_t size);
void *failing_calloc(size_t count, size_t size);
void *failing_realloc(void *p, size_t size);

void *failing_malloc(size_t size)
{
    return fails(OWN) ? NULL : __real_malloc(size);
}

void *failing_calloc(size_t count, size_t size)
{
    return fails(OWN) ? NULL : __real_calloc(count, size);
}

void *failing_realloc(void *p, size_t size)
{
    return fails(OWN) ? NULL : __real_realloc(p, size);
}

/* Of the calls in failing_calls.c: no system call fails here. */
bool failing_now(enum failing_kind kind)
{
    return kind == FAILING_MEMORY && fails(OWN);
}
