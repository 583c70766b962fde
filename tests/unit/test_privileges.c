/* What the service has given up, tried from within. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/sys/privileges.h"

/* Runs test in a process of its own, which has to end with 0. */
static void in_child(int (*test)(void))
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(test());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("ended with %#x", status);
}

/* The value of a line of /proc/self/status, as a hexadecimal number. */
static unsigned long long status_of(const char *name)
{
    char line[200];
    unsigned long long value = ~0ULL;
    FILE *f = fopen("/proc/self/status", "r");

    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            value = strtoull(line + strlen(name) + 1, NULL, 16);
    }
    if (f)
        (void)fclose(f);
    return value;
}

static int nothing_is_left(void)
{
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapAmb"};
    struct rlimit core;

    if (privileges_drop(NULL, 0, 0))
        return 1;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        if (status_of(sets[i]) != 0)
            return 2;
    }
    if (geteuid() == 0 && status_of("CapBnd") != 0)
        return 3;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 4;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max > 1)
        return 5;
    return umask(0) == 077 ? 0 : 6;
}

static void everything_is_given_up(void **state)
{
    (void)state;
    in_child(nothing_is_left);
}

static int ways_out(void)
{
    (void)privileges_drop(NULL, 0, 0);
    if (socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0)
        return 1;
    if (setuid(12345) == 0 || setgid(12345) == 0)
        return 2;
    if (chroot("/") == 0 || mount("none", "/", "tmpfs", MS_REMOUNT, "") == 0)
        return 3;
    if (chown("/proc/self/status", 12345, 12345) == 0)
        return 4;
    return setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) - 1) == 0 ? 5 : 0;
}

static void no_way_out(void **state)
{
    (void)state;
    in_child(ways_out);
}

static char foreign[] = "/tmp/dtu-foreign-XXXXXX";

static int files_of_another(void)
{
    const char *const paths[] = {NULL, "/nothing/there", foreign};
    char path[64];

    if (!privileges_drop(paths, 3, 0))
        return 1;
    (void)snprintf(path, sizeof path, "%s/x", foreign);
    FILE *f = fopen(path, "w");
    if (!f)
        return 2;
    (void)fclose(f);
    (void)unlink(path);
    return status_of("CapEff") == 2 && status_of("CapBnd") == 0 ? 0 : 3;
}

static void another_s_files_stay_in_reach(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_non_null(mkdtemp(foreign));
    assert_int_equal(chown(foreign, 12345, 12345), 0);
    assert_int_equal(chmod(foreign, 0700), 0);
    in_child(files_of_another);
    (void)rmdir(foreign);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_given_up),
        cmocka_unit_test(no_way_out),
        cmocka_unit_test(another_s_files_stay_in_reach),
    };
    return cmocka_run_group_tests_name("privileges", tests, NULL, NULL);
}
