/*
 * Opens the service's own files: by itself, or, where the service runs as another user than root, through the process of
 * root's that keeps them (edge/sys/privsep.h). That one knows the files by name and number, and does nothing else.
 */
#ifndef DTU_EDGE_FILE_ACCESS_H
#define DTU_EDGE_FILE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

enum file_right {
    FILE_READ = 1,     /* its text */
    FILE_CREATE = 2,   /* it, empty and for its owner alone, where there is none */
    FILE_LOCK = 4,     /* it, made where there is none, to be locked */
    FILE_REPLACE = 8,  /* file_replace() */
    FILE_PRIVATE = 16, /* file_make_private() */
};

/* A file that is kept, and what may be done to it: a sum of rights. */
struct kept_file {
    const char *path;
    unsigned rights;
};

/* A descriptor, or -1 with errno set. right: FILE_READ or FILE_LOCK. */
int file_open(enum file_right right, const char *path);

/* By this process, whoever keeps the file; FILE_CREATE as well. */
int file_open_here(enum file_right right, const char *path);

/*
 * From now on the process at the other end of the socket keeps these files; both have to last. -1: none does, as at the
 * beginning.
 */
void file_access_ask(int socket, const struct kept_file *files, size_t count);

/* Whether another process has this right to the file, so that this one has to ask. */
bool file_access_is_asked(enum file_right right, const char *path);

/* Asks for what the right says: 0 or more, or -errno. data: of FILE_REPLACE. */
int file_access_do(enum file_right right, const char *path, const char *data, size_t len);

/* ---- Both ends ---- */

enum { KEPT_FILE_MAX = 2 * 1024 * 1024 /* bytes that are replaced at once */ };

/* Followed by so many bytes of data. */
struct file_request {
    unsigned right, number; /* of the kept file */
    size_t len;
};

/* With a descriptor, where one was asked for and result is 0. */
struct file_answer {
    int result;
};

/* Whole. 0, or -errno: -EPIPE when the other end has gone, or was too slow for the socket. */
int file_access_send(int socket, const void *data, size_t len);
int file_access_receive(int socket, void *out, size_t len);

#endif
