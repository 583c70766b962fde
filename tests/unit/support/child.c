#include "unit/support/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void run(char *const argv[], const int in[2], const int out[2])
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], argv);
    _exit(127);
}

bool child_start(struct child *c, char *const argv[])
{
    int in[2], out[2];

    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        return false;
    c->pid = fork();
    if (c->pid == 0)
        run(argv, in, out);
    close(in[0]);
    close(out[1]);
    c->in = in[1];
    c->out = out[0];
    return c->pid > 0;
}

bool child_line(struct child *c, char *out, size_t size)
{
    size_t len = 0;

    while (len + 1 < size) {
        struct pollfd p = {.fd = c->out, .events = POLLIN};
        if (poll(&p, 1, 10000) != 1 || read(c->out, out + len, 1) != 1)
            return false;
        if (out[len] == '\n')
            break;
        len++;
    }
    out[len] = '\0';
    return true;
}

void child_stop(struct child *c)
{
    if (c->pid <= 0)
        return;
    close(c->in);
    kill(c->pid, SIGTERM);
    waitpid(c->pid, NULL, 0);
    close(c->out);
    c->pid = 0;
}
