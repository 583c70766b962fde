#include "edge/sys/file_access.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    int socket;
    const struct kept_file *files;
    size_t count;
} keeper = {.socket = -1};

int file_open_here(enum file_right right, const char *path)
{
    switch (right) {
    case FILE_READ: /* O_NONBLOCK: a FIFO in the file's place must not hold up anything */
        return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    case FILE_CREATE:
        return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    case FILE_LOCK:
        return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    case FILE_REPLACE:
    case FILE_PRIVATE:
        break;
    }
    errno = EINVAL;
    return -1;
}

void file_access_ask(int socket, const struct kept_file *files, size_t count)
{
    keeper.socket = socket;
    keeper.files = files;
    keeper.count = socket < 0 ? 0 : count;
}

/* The number of the kept file; count where it is not one, or there is no such right to it. */
static size_t number_of(enum file_right right, const char *path)
{
    size_t i = 0;

    while (i < keeper.count &&
           (!(keeper.files[i].rights & right) || strcmp(keeper.files[i].path, path) != 0))
        i++;
    return i;
}

bool file_access_is_asked(enum file_right right, const char *path)
{
    return number_of(right, path) < keeper.count;
}

int file_access_send(int socket, const void *data, size_t len)
{
    for (const char *at = data; len > 0;) {
        ssize_t put = send(socket, at, len, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -errno;
        at += put;
        len -= (size_t)put;
    }
    return 0;
}

int file_access_receive(int socket, void *out, size_t len)
{
    ssize_t got = 0;

    /* At once, so that a socket's limit of time is for all of it: who sends byte by byte holds up nobody. */
    if (len > 0) {
        do
            got = recv(socket, out, len, MSG_WAITALL);
        while (got < 0 && errno == EINTR);
    }
    if (got < 0)
        return -errno;
    return (size_t)got == len ? 0 : -EPIPE;
}

/* The answer, and the descriptor that came with it, or -1. */
static int receive_answer(struct file_answer *answer)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {answer, sizeof *answer};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got;
    int fd = -1;

    do
        got = recvmsg(keeper.socket, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof *answer)
        answer->result = got < 0 ? -errno : -EPIPE;
    const struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return fd;
}

/* *fd: as receive_answer(). */
static int ask(enum file_right right, const char *path, const char *data, size_t len, int *fd)
{
    const struct file_request request = {.right = right,
                                         .number = (unsigned)number_of(right, path),
                                         .len = len};
    struct file_answer answer = {0};

    *fd = -1;
    if (len > KEPT_FILE_MAX)
        return -EFBIG;
    int err = file_access_send(keeper.socket, &request, sizeof request);
    if (!err)
        err = file_access_send(keeper.socket, data, len);
    if (err)
        return err;
    *fd = receive_answer(&answer);
    return answer.result;
}

int file_access_do(enum file_right right, const char *path, const char *data, size_t len)
{
    int fd, result = ask(right, path, data, len, &fd);

    if (fd >= 0)
        close(fd);
    return result;
}

int file_open(enum file_right right, const char *path)
{
    int fd;

    if (!file_access_is_asked(right, path))
        return file_open_here(right, path);
    int result = ask(right, path, NULL, 0, &fd);
    if (fd < 0)
        errno = result < 0 ? -result : EPROTO;
    return fd;
}
