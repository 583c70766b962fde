#include "edge/sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "edge/sys/file_access.h"

/* The whole file, which is empty. */
static struct flock whole(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static long holder_of(int fd)
{
    struct flock l = whole();

    if (fcntl(fd, F_GETLK, &l) < 0 || l.l_type == F_UNLCK)
        return 0;
    return l.l_pid > 0 ? (long)l.l_pid : -1; /* 0: in a namespace that is not ours to see */
}

int lock_take(const char *path, int *fd, long *holder)
{
    struct flock l = whole();
    int f = file_open(FILE_LOCK, path);

    if (f < 0)
        return -errno;
    if (fcntl(f, F_SETLK, &l) == 0) {
        *fd = f;
        return 0;
    }
    int error = errno;
    long who = holder_of(f);
    close(f);
    if (error != EACCES && error != EAGAIN)
        return -error;
    *holder = who > 0 ? who : 0;
    return LOCK_TAKEN;
}

long lock_holder(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    long who = fd < 0 ? 0 : holder_of(fd);

    if (fd >= 0)
        close(fd);
    return who;
}
