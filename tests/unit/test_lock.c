/* A lock between processes; the other process is a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/sys/lock.h"

static char folder[64], path[128];

static int set_up(void **state)
{
    strcpy(folder, "/tmp/dtu-test-lock-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/state.json.lock", folder);
    return 0;
}

static int tear_down(void **state)
{
    unlink(path);
    return rmdir(folder);
}

/* A process that has the lock until it is killed. */
static pid_t holder(void)
{
    int told[2], fd;
    long who;
    char c;

    assert_int_equal(pipe(told), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (lock_take(path, &fd, &who) == 0 && write(told[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(told[1]);
    assert_int_equal(read(told[0], &c, 1), 1);
    close(told[0]);
    return pid;
}

static void one_has_it(void **state)
{
    int fd = -1, again = -1;
    long who = -1;

    assert_int_equal(lock_holder(path), 0); /* there is not even a file */
    pid_t pid = holder();
    assert_int_equal(lock_holder(path), pid);
    assert_int_equal(lock_take(path, &fd, &who), LOCK_TAKEN);
    assert_int_equal(who, pid);
    assert_int_equal(fd, -1);
    kill(pid, SIGKILL); /* however it ends */
    waitpid(pid, NULL, 0);
    assert_int_equal(lock_holder(path), 0);
    assert_int_equal(lock_take(path, &fd, &who), 0);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(lock_take(path, &again, &who), 0);
    close(again);
}

/* Nothing is written, at no start. */
static void it_costs_no_flash(void **state)
{
    struct stat before, after;
    long who;
    int fd;

    assert_int_equal(lock_take(path, &fd, &who), 0);
    close(fd);
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(before.st_size, 0);
    assert_int_equal(lock_take(path, &fd, &who), 0);
    close(fd);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_int_equal(before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);
}

static void where_it_cannot_be(void **state)
{
    char nowhere[160];
    long who = -1;
    int fd = -1;

    snprintf(nowhere, sizeof nowhere, "%s/no/lock", folder);
    assert_int_equal(lock_take(nowhere, &fd, &who), -ENOENT);
    assert_int_equal(lock_take(folder, &fd, &who), -EISDIR);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(lock_take(path, &fd, &who), -ELOOP);
    assert_int_equal(lock_holder(path), 0);
    assert_int_equal(fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_has_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_costs_no_flash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(where_it_cannot_be, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
