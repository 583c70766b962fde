#include "edge/sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/wipe.h"
#include "edge/sys/file_access.h"

static char *fail(int error)
{
    errno = error;
    return NULL;
}

/* Reads up to room bytes; -1 with errno set. */
static ssize_t read_all(int fd, char *out, size_t room)
{
    size_t have = 0;

    while (have < room) {
        ssize_t got = read(fd, out + have, room - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static char *read_regular(int fd, size_t max, size_t *len)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return NULL;
    if (S_ISDIR(st.st_mode))
        return fail(EISDIR);
    if (!S_ISREG(st.st_mode))
        return fail(EINVAL);
    if ((uint64_t)st.st_size > max)
        return fail(EFBIG);
    size_t size = (size_t)st.st_size;
    char *data = malloc(size + 2);
    if (!data)
        return NULL;
    /* One byte more than there was: whoever writes to it at this moment is noticed. */
    ssize_t got = read_all(fd, data, size + 1);
    if (got < 0 || (size_t)got > size) {
        int error = got < 0 ? errno : size == max ? EFBIG : EAGAIN;
        wipe_free(data,
                  size + 2); /* it may be config.ini, of which another version is being written */
        return fail(error);
    }
    data[got] = '\0';
    *len = (size_t)got;
    return data;
}

char *file_read(const char *path, size_t max, size_t *len)
{
    int fd = file_open(FILE_READ, path);

    if (fd < 0)
        return NULL;
    char *data = read_regular(fd, max, len);
    int error = errno;
    close(fd);
    errno = error;
    return data;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -errno;
        data += put;
        len -= (size_t)put;
    }
    return 0;
}

/* The permissions of what is replaced: somebody may have set them with care. */
static mode_t mode_like(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_mode & 0777 : 0644;
}

static int write_durably(const char *path, mode_t mode, const char *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

    if (fd < 0)
        return -errno;
    int error = fchmod(fd, mode) < 0 ? -errno : write_all(fd, data, len);
    if (!error && fsync(fd) < 0)
        error = -errno;
    if (close(fd) < 0 && !error)
        error = -errno;
    return error;
}

/* Without this, a new name is on flash some seconds later: that it fails undoes nothing. */
static void sync_folder_of(const char *path)
{
    char copy[PATH_MAX];

    snprintf(copy, sizeof(copy), "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

int file_replace(const char *path, const char *data, size_t len)
{
    char tmp[PATH_MAX], bak[PATH_MAX];

    if (file_access_is_asked(FILE_REPLACE, path))
        return file_access_do(FILE_REPLACE, path, data, len);
    if (snprintf(tmp, sizeof(tmp), "%s.tmp", path) >= (int)sizeof(tmp) ||
        snprintf(bak, sizeof(bak), "%s.bak", path) >= (int)sizeof(bak))
        return -ENAMETOOLONG;
    int error = write_durably(tmp, mode_like(path), data, len);
    if (error < 0) {
        unlink(tmp);
        return error;
    }
    /*
     * The present file gets a second name, and never leaves its own before the new one takes it.
     * That there is none yet, or that the file system knows no links, is no reason to keep the new
     * one off: rename(2) alone is safe; the .bak is for a file that is damaged later.
     */
    if (access(path, F_OK) == 0) {
        unlink(bak);
        (void)link(path, bak);
    }
    if (rename(tmp, path) < 0) {
        error = -errno;
        unlink(tmp);
        return error;
    }
    sync_folder_of(path);
    return 0;
}

int file_create_private(const char *path)
{
    if (file_access_is_asked(FILE_CREATE, path))
        return file_access_do(FILE_CREATE, path, NULL, 0);
    int fd = file_open_here(FILE_CREATE, path);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

/* Of another user's file its group may be how this process reads it. */
static mode_t others_of(const struct stat *st)
{
    return st->st_mode & (st->st_uid == geteuid() ? 077 : 07);
}

bool file_is_private(const char *path)
{
    struct stat st;

    return stat(path, &st) < 0 || !others_of(&st);
}

int file_make_private(const char *path)
{
    struct stat st;

    if (file_access_is_asked(FILE_PRIVATE, path))
        return file_access_do(FILE_PRIVATE, path, NULL, 0);
    int fd = file_open_here(FILE_READ, path), result = 0;
    if (fd < 0 || fstat(fd, &st) < 0) {
        result = -errno;
        if (fd >= 0)
            close(fd);
        return result;
    }
    mode_t others = others_of(&st);
    if (others) {
        result = fchmod(fd, st.st_mode & 0777 & ~others) < 0 ? -errno : 1;
        /* A file system without permissions may say yes, and keeps what it has. */
        if (result == 1 && (fstat(fd, &st) < 0 || others_of(&st)))
            result = -ENOTSUP;
    }
    close(fd);
    return result;
}

void file_stamp(const char *path, struct file_stamp *out)
{
    struct stat st;

    *out = (struct file_stamp){0};
    if (stat(path, &st) < 0)
        return;
    out->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    out->size = st.st_size;
    out->inode = st.st_ino;
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->mtime_ns == b->mtime_ns && a->size == b->size && a->inode == b->inode;
}
