/*
 * The program itself, with memory that fails: linked with src/main.c in place of a test's main(). The program's own
 * objects call failing_*() (tests/virtual/support/failing.syms), the libraries __wrap_*().
 *
 *     FAILING=own:120:50:8   the 120th allocation of the program fails, from then on each 50th, 8 of them altogether
 *     FAILING=libs:0:7:3     likewise of the libraries'
 *     FAILING_COUNTS=FILE    how many there were of both, and how many have failed, is written there at the end
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
char *failing_strdup(const char *s);
char *failing_strndup(const char *s, size_t len);
FILE *failing_open_memstream(char **text, size_t *size);

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

char *failing_strdup(const char *s)
{
    return fails(OWN) ? NULL : strdup(s);
}

char *failing_strndup(const char *s, size_t len)
{
    return fails(OWN) ? NULL : strndup(s, len);
}

FILE *failing_open_memstream(char **text, size_t *size)
{
    return fails(OWN) ? NULL : open_memstream(text, size);
}

/* ---- System calls: here, they work ---- */

int failing_open(const char *path, int flags, ...);
ssize_t failing_read(int fd, void *data, size_t len);
ssize_t failing_write(int fd, const void *data, size_t len);
int failing_fsync(int fd);
int failing_rename(const char *from, const char *to);
int failing_link(const char *from, const char *to);
int failing_unlink(const char *path);

int failing_open(const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    int mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    return open(path, flags, mode);
}

ssize_t failing_read(int fd, void *data, size_t len)
{
    return read(fd, data, len);
}

ssize_t failing_write(int fd, const void *data, size_t len)
{
    return write(fd, data, len);
}

int failing_fsync(int fd)
{
    return fsync(fd);
}

int failing_rename(const char *from, const char *to)
{
    return rename(from, to);
}

int failing_link(const char *from, const char *to)
{
    return link(from, to);
}

int failing_unlink(const char *path)
{
    return unlink(path);
}
