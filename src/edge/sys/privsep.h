/*
 * Privilege separation, as OpenSSH has it: the service goes on in a process of another user, who has no right to anything
 * of root's; the process that was started stays root, keeps a few files for it, and ends with it.
 *
 * What is kept is known by name before, and does not change. The one that keeps it has no capability but to hand on the
 * signals that end or reload the service; it reads nothing from outside but the service's requests.
 */
#ifndef DTU_EDGE_PRIVSEP_H
#define DTU_EDGE_PRIVSEP_H

#include <stdbool.h>
#include <stddef.h>

#include "edge/sys/file_access.h"

enum { PRIVSEP_WHY_MAX = 160 };

struct privsep {
    const char *user;              /* a name of /etc/passwd, and not root's */
    const struct kept_file *files; /* last as long as the process; not for the user to write to */
    size_t file_count;
    const char *const
        *folders; /* that the user has to be able to list; those that are not there do not matter */
    size_t folder_count;
    unsigned capabilities; /* of enum privilege: what the one that keeps the files may do */
    bool confined; /* system calls that are not needed are refused to it, as to the service */
};

enum privsep_result {
    PRIVSEP_FAILED,  /* nothing has changed; why says so */
    PRIVSEP_SERVICE, /* in the new process: file_open() and its kind ask the other one */
    PRIVSEP_ENDED    /* in the one that was started, after the service has ended with *code */
};

/*
 * Needs root with PRIVILEGE_USER and PRIVILEGE_SIGNAL, which end here. A signal that ended the service makes *code 1.
 * When the process that was started is killed, the service gets SIGTERM.
 */
enum privsep_result privsep_begin(const struct privsep *how, int *code, char why[PRIVSEP_WHY_MAX]);

/*
 * Answers one request of the service. 0, or -errno when the other end has gone or is not to be trusted: then there
 * is nothing more to answer.
 */
int privsep_answer(int socket, const struct kept_file *files, size_t count);

#endif
