#include "virtual/support/failing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(int error)
{
    errno = error;
    return -1;
}

/* ---- Memory ---- */

char *failing_strdup(const char *s);
char *failing_strndup(const char *s, size_t len);
FILE *failing_open_memstream(char **text, size_t *size);

char *failing_strdup(const char *s)
{
    return failing_now(FAILING_MEMORY) ? NULL : strdup(s);
}

char *failing_strndup(const char *s, size_t len)
{
    return failing_now(FAILING_MEMORY) ? NULL : strndup(s, len);
}

FILE *failing_open_memstream(char **text, size_t *size)
{
    return failing_now(FAILING_MEMORY) ? NULL : open_memstream(text, size);
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
    return failing_now(FAILING_OPEN) ? fail(EMFILE) : open(path, flags, mode);
}

ssize_t failing_read(int fd, void *data, size_t len)
{
    if (failing_now(FAILING_READ))
        return fail(EIO);
    if (failing_now(FAILING_AGAIN))
        return fail(EINTR);
    return read(fd, data, len > 1 && failing_now(FAILING_SHORT) ? 1 : len);
}

ssize_t failing_write(int fd, const void *data, size_t len)
{
    if (failing_now(FAILING_WRITE))
        return fail(ENOSPC);
    if (failing_now(FAILING_AGAIN))
        return fail(EINTR);
    return write(fd, data, len > 1 && failing_now(FAILING_SHORT) ? 1 : len);
}

int failing_fsync(int fd)
{
    return failing_now(FAILING_SYNC) ? fail(EIO) : fsync(fd);
}

int failing_rename(const char *from, const char *to)
{
    return failing_now(FAILING_RENAME) ? fail(EROFS) : rename(from, to);
}

int failing_link(const char *from, const char *to)
{
    return failing_now(FAILING_RENAME) ? fail(EROFS) : link(from, to);
}

int failing_unlink(const char *path)
{
    return failing_now(FAILING_RENAME) ? fail(EROFS) : unlink(path);
}
