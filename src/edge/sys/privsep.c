#include "edge/sys/privsep.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/wipe.h"
#include "edge/sys/file.h"
#include "edge/sys/privileges.h"
#include "edge/sys/syscalls.h"

enum {
    PATIENCE_S = 5 /* for the rest of a request that has begun, and until an answer is taken */
};

/* ---- Who keeps the files ---- */

static int answer_with(int socket, int result, int fd)
{
    struct file_answer answer = {.result = result};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {&answer, sizeof answer};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)sizeof answer ? 0 : -EPIPE;
}

static int answer_open(int socket, enum file_right right, const char *path)
{
    int fd = file_open_here(right, path);
    int err = answer_with(socket, fd < 0 ? -errno : 0, fd);

    if (fd >= 0)
        close(fd);
    return err;
}

/* The text may be config.ini, with a password. */
static int answer_replace(int socket, const char *path, size_t len)
{
    char *data = malloc(len + 1);
    int err = data ? file_access_receive(socket, data, len) : -ENOMEM;

    if (!err)
        err = answer_with(socket, file_replace(path, data, len), -1);
    wipe_free(data, len);
    return err;
}

int privsep_answer(int socket, const struct kept_file *files, size_t count)
{
    struct file_request r;
    int err = file_access_receive(socket, &r, sizeof r);

    if (err)
        return err;
    if (r.number >= count || !(files[r.number].rights & r.right) || r.len > KEPT_FILE_MAX ||
        (r.len > 0 && r.right != FILE_REPLACE))
        return -EPROTO;
    const char *path = files[r.number].path;
    switch (r.right) {
    case FILE_READ:
    case FILE_LOCK:
        return answer_open(socket, (enum file_right)r.right, path);
    case FILE_REPLACE:
        return answer_replace(socket, path, r.len);
    case FILE_CREATE:
        return answer_with(socket, file_create_private(path), -1);
    case FILE_PRIVATE:
        return answer_with(socket, file_make_private(path), -1);
    default: /* several rights at once */
        return -EPROTO;
    }
}

/* The code of a child that has ended; -1 while it has not. */
static int end_of(pid_t child)
{
    int status;

    if (waitpid(child, &status, WNOHANG) != child)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int on_signal(int signals, pid_t child)
{
    struct signalfd_siginfo s;

    if (read(signals, &s, sizeof s) != (ssize_t)sizeof s)
        return -1;
    if (s.ssi_signo == SIGCHLD)
        return end_of(child);
    (void)kill(child, (int)s.ssi_signo);
    return -1;
}

static int keep_files(const struct privsep *how, pid_t child, int socket, int signals)
{
    struct pollfd fds[] = {{.fd = signals, .events = POLLIN}, {.fd = socket, .events = POLLIN}};
    const struct timeval patience = {.tv_sec = PATIENCE_S};

    (void)setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    for (;;) {
        if (poll(fds, 2, -1) < 0)
            continue;
        int code = fds[0].revents ? on_signal(signals, child) : -1;
        if (code >= 0)
            return code;
        if (fds[1].revents && privsep_answer(socket, how->files, how->file_count) < 0) {
            close(socket);
            fds[1].fd = -1;
            (void)kill(child, SIGTERM); /* without its files it would go on, and save nothing */
        }
    }
}

/* ---- Who serves ---- */

/* For good: there is no way back to root. */
static int become(const struct passwd *user)
{
    if (setgroups(0, NULL) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
        return -errno;
    return setresuid(0, 0, 0) == 0 ? -EPERM : 0;
}

static int list_folders(const struct privsep *how)
{
    for (size_t i = 0; i < how->folder_count; i++) {
        if (access(how->folders[i], R_OK | X_OK) < 0 && errno != ENOENT)
            return (int)i + 1;
    }
    return 0;
}

/* Tells the other process how it went: -errno, the number of a folder, or 0, after which it is the service. */
static bool serve(const struct privsep *how, const struct passwd *user, int socket, pid_t parent)
{
    int result = become(user);

    (void)setsid(); /* else it could type into the terminal that root has started it from */
    if (result == 0)
        result = list_folders(how);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() != parent || file_access_send(socket, &result, sizeof result) < 0 || result != 0)
        return false;
    file_access_ask(socket, how->files, how->file_count);
    return true;
}

/* ---- Both ---- */

/* Whether the service is there; why not, else. */
static bool is_there(const struct privsep *how, int socket, char why[PRIVSEP_WHY_MAX])
{
    int result;
    int err = file_access_receive(socket, &result, sizeof result);

    if (!err && result == 0)
        return true;
    if (!err && result > 0 && (size_t)result <= how->folder_count)
        (void)snprintf(why, PRIVSEP_WHY_MAX, "that user may not list %.80s; `chmod 755` lets it",
                       how->folders[result - 1]);
    else
        (void)snprintf(why, PRIVSEP_WHY_MAX, "the service cannot become that user: %s",
                       strerror(err ? -err : -result));
    return false;
}

static bool may_write(const struct passwd *user, const struct stat *st)
{
    return (st->st_mode & S_IWOTH) || (st->st_gid == user->pw_gid && (st->st_mode & S_IWGRP));
}

/* The path without links, or of what there is of it. */
static bool resolve(const char *path, char out[PATH_MAX])
{
    char given[PATH_MAX], copy[PATH_MAX];

    (void)snprintf(given, sizeof given, "%s", path);
    while (!realpath(given, out)) {
        if (errno != ENOENT || strcmp(given, ".") == 0)
            return false;
        (void)snprintf(copy, sizeof copy, "%s", given);
        (void)snprintf(given, sizeof given, "%s", dirname(copy));
    }
    return true;
}

/* It, and each folder above it; of those, where many may write only what is theirs (/tmp), none moves another's. */
static bool is_root_s_alone(const struct passwd *user, const char *path)
{
    char at[PATH_MAX];
    struct stat st;

    if (!resolve(path, at))
        return false;
    for (mode_t shared = 0;; shared = S_ISVTX) {
        if (stat(at, &st) < 0 || st.st_uid == user->pw_uid ||
            (!(st.st_mode & shared) && may_write(user, &st)))
            return false;
        if (strcmp(at, "/") == 0)
            return true;
        const char *above = dirname(at);
        memmove(at, above, strlen(above) + 1);
    }
}

/*
 * A link that the user puts in the place of a kept file would have another of root's files read or written. So nothing
 * that leads to one may be the user's, neither as it is named nor as it is found.
 */
static bool are_root_s_alone(const struct privsep *how, const struct passwd *user,
                             char why[PRIVSEP_WHY_MAX])
{
    for (size_t i = 0; i < how->file_count; i++) {
        char folder[PATH_MAX];
        (void)snprintf(folder, sizeof folder, "%s", how->files[i].path);
        if (is_root_s_alone(user, how->files[i].path) && is_root_s_alone(user, dirname(folder)))
            continue;
        (void)snprintf(why, PRIVSEP_WHY_MAX,
                       "that user may change %.80s or a folder above it, which has to be root's",
                       how->files[i].path);
        return false;
    }
    return true;
}

static const struct passwd *user_of(const char *name, char why[PRIVSEP_WHY_MAX])
{
    const struct passwd *user = geteuid() == 0 ? getpwnam(name) : NULL;

    if (geteuid() != 0)
        (void)snprintf(why, PRIVSEP_WHY_MAX, "only root can become another user");
    else if (!user)
        (void)snprintf(why, PRIVSEP_WHY_MAX, "/etc/passwd has no such user");
    else if (user->pw_uid == 0 || user->pw_gid == 0)
        (void)snprintf(why, PRIVSEP_WHY_MAX, "that is root, or of root's group");
    return user && user->pw_uid != 0 && user->pw_gid != 0 ? user : NULL;
}

/*
 * Blocked: they are read, by whoever keeps the files. Before a process is made, so that none is lost. Of a child's end
 * nothing is told where whoever started the program ignores SIGCHLD, which it inherits.
 */
static int take_signals(sigset_t *before)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &set, before);
    (void)signal(SIGCHLD, SIG_DFL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* In both processes, from the fork on. */
static enum privsep_result separate(const struct privsep *how, const struct passwd *user,
                                    const int sockets[2], int signals, int *code,
                                    char why[PRIVSEP_WHY_MAX])
{
    const pid_t parent = getpid(), child = fork();

    if (child == 0) {
        close(sockets[0]);
        if (!serve(how, user, sockets[1], parent))
            _exit(1);
        return PRIVSEP_SERVICE;
    }
    close(sockets[1]);
    bool there = child > 0 && is_there(how, sockets[0], why);
    if (there) {
        privileges_keep(how->capabilities);
        if (how->confined)
            (void)syscalls_refuse();
        *code = keep_files(how, child, sockets[0], signals);
        return PRIVSEP_ENDED;
    }
    close(sockets[0]);
    if (child > 0)
        (void)waitpid(child, NULL, 0);
    return PRIVSEP_FAILED;
}

enum privsep_result privsep_begin(const struct privsep *how, int *code, char why[PRIVSEP_WHY_MAX])
{
    const struct passwd *user = user_of(how->user, why);
    enum privsep_result result = PRIVSEP_FAILED;
    int sockets[2];
    sigset_t before;

    if (!user || !are_root_s_alone(how, user, why))
        return PRIVSEP_FAILED;
    (void)snprintf(why, PRIVSEP_WHY_MAX, "no process can be made for that user");
    int signals = take_signals(&before);
    if (signals >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0)
        result = separate(how, user, sockets, signals, code, why);
    if (signals >= 0)
        close(signals);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return result;
}
