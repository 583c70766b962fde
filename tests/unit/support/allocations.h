/* Allocations that fail when the test says so: for one file of a program that is linked with --wrap of each (Makefile). */
#ifndef DTU_TESTS_UNIT_ALLOCATIONS_H
#define DTU_TESTS_UNIT_ALLOCATIONS_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Whether the next one fails: the test's. */
bool allocation_fails(void);

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t size)
{
    return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return allocation_fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
    return allocation_fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
    return allocation_fails() ? NULL : __real_strndup(s, n);
}

#endif
