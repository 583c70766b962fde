#include "virtual/support/failing.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const failing_names[FAILING_KINDS] = {"memory", "JSON", "open", "write", "short",
                                                  "again",  "read", "sync", "rename"};

static enum failing_kind armed = FAILING_KINDS;
static long before, lack, calls;
static bool missed;

void failing_arm(enum failing_kind kind, long succeed, long fail)
{
    armed = kind;
    before = succeed;
    lack = fail;
    calls = 0;
    missed = false;
}

void failing_disarm(void)
{
    armed = FAILING_KINDS;
}

long failing_calls(void)
{
    return calls;
}

bool failing_missed(void)
{
    return missed;
}

static bool fails(enum failing_kind kind)
{
    if (armed != kind)
        return false;
    calls++;
    if (lack == 0 || before-- > 0)
        return false;
    lack--;
    missed = true;
    return true;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

/* ---- Memory ---- */

void *failing_malloc(size_t size);
void *failing_calloc(size_t count, size_t size);
void *failing_realloc(void *p, size_t size);
char *failing_strdup(const char *s);
char *failing_strndup(const char *s, size_t len);
FILE *failing_open_memstream(char **text, size_t *size);

void *failing_malloc(size_t size)
{
    return fails(FAILING_MEMORY) ? NULL : malloc(size);
}

void *failing_calloc(size_t count, size_t size)
{
    return fails(FAILING_MEMORY) ? NULL : calloc(count, size);
}

void *failing_realloc(void *p, size_t size)
{
    return fails(FAILING_MEMORY) ? NULL : realloc(p, size);
}

char *failing_strdup(const char *s)
{
    return fails(FAILING_MEMORY) ? NULL : strdup(s);
}

char *failing_strndup(const char *s, size_t len)
{
    return fails(FAILING_MEMORY) ? NULL : strndup(s, len);
}

FILE *failing_open_memstream(char **text, size_t *size)
{
    return fails(FAILING_MEMORY) ? NULL : open_memstream(text, size);
}

static void *json_malloc(size_t size)
{
    return fails(FAILING_JSON) ? NULL : malloc(size);
}

void failing_setup(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){json_malloc, free});
}

/* ---- System calls ---- */

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
    return fails(FAILING_OPEN) ? fail(EMFILE) : open(path, flags, mode);
}

ssize_t failing_read(int fd, void *data, size_t len)
{
    if (fails(FAILING_READ))
        return fail(EIO);
    if (fails(FAILING_AGAIN))
        return fail(EINTR);
    return read(fd, data, len > 1 && fails(FAILING_SHORT) ? 1 : len);
}

ssize_t failing_write(int fd, const void *data, size_t len)
{
    if (fails(FAILING_WRITE))
        return fail(ENOSPC);
    if (fails(FAILING_AGAIN))
        return fail(EINTR);
    return write(fd, data, len > 1 && fails(FAILING_SHORT) ? 1 : len);
}

int failing_fsync(int fd)
{
    return fails(FAILING_SYNC) ? fail(EIO) : fsync(fd);
}

int failing_rename(const char *from, const char *to)
{
    return fails(FAILING_RENAME) ? fail(EROFS) : rename(from, to);
}

int failing_link(const char *from, const char *to)
{
    return fails(FAILING_RENAME) ? fail(EROFS) : link(from, to);
}

int failing_unlink(const char *path)
{
    return fails(FAILING_RENAME) ? fail(EROFS) : unlink(path);
}
