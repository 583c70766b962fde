/*
 * Small files, kindly to flash.
 */
#ifndef DTU_EDGE_FILE_H
#define DTU_EDGE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads a whole file, NUL-terminated behind *len bytes, to be freed by the caller. NULL with errno
 * set: EFBIG when larger than max, EISDIR, ENOENT, ...
 */
char *file_read(const char *path, size_t max, size_t *len);

/*
 * Replaces path with data: writes <path>.tmp, fsyncs it, keeps the present file as <path>.bak,
 * renames, fsyncs the folder. After a power cut at any moment either path or path.bak holds a
 * complete old or new file. 0 or -errno; on failure the old file is untouched.
 */
int file_replace(const char *path, const char *data, size_t len);

/* Makes an empty file for its owner alone. 0 or -errno: -EEXIST where there is one. */
int file_create_private(const char *path);

/*
 * Takes a file from others' eyes: 0600, or what is stricter. Of a file that belongs to another user only what
 * everybody may is looked at: that user's group may be how this process reads it.
 * 0: it was so already; 1: it is so now; -errno: others can still read or write it (or it cannot be looked at).
 */
int file_make_private(const char *path);

/* Whether that would have nothing to do; a file that cannot be looked at is nobody's. */
bool file_is_private(const char *path);

/* What tells whether a file changed: all zero when it is not there. */
struct file_stamp {
    int64_t mtime_ns, size;
    uint64_t inode;
};

void file_stamp(const char *path, struct file_stamp *out);
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

#endif
