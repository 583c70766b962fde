/*
 * Small files. The steps of a replacement are watched by standing between the program and the C
 * library: the functions below are found before those of libc. A power cut is a child that ends
 * before step n; since a child's death does not empty the page cache, that data is on flash before
 * its name is, is checked by the order of the steps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/sys/file.h"

static int step, cut_before = INT_MAX, fail_at = INT_MAX, fail_with;
static char steps[512];
static int watching;

static int next_step(const char *name, const char *detail)
{
    if (!watching)
        return 0;
    if (++step == cut_before)
        _exit(0);
    size_t used = strlen(steps);
    snprintf(steps + used, sizeof(steps) - used, "%s(%s) ", name, detail);
    if (step == fail_at) {
        errno = fail_with;
        return -1;
    }
    return 0;
}

static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static const char *fd_name(int fd)
{
    static char target[PATH_MAX];
    char link[64];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, target, sizeof(target) - 1);
    target[len < 0 ? 0 : len] = '\0';
    return base(target);
}

int fsync(int fd)
{
    struct stat st;
    int folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);

    return next_step("sync", folder ? "folder" : fd_name(fd)) < 0 ? -1
                                                                  : (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    return next_step("rename", base(to)) < 0 ? -1 : renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int link(const char *from, const char *to)
{
    return next_step("link", base(to)) < 0 ? -1 : linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
    return next_step("unlink", base(path)) < 0 ? -1 : unlinkat(AT_FDCWD, path, 0);
}

ssize_t write(int fd, const void *data, size_t len)
{
    if (next_step("write", fd_name(fd)) < 0)
        return -1;
    if (watching && len > 3)
        len = 3; /* in pieces, as a full disk or a signal makes them */
    return syscall(SYS_write, fd, data, len);
}

static char folder[64], path[128], bak[160], tmp[160];

static int set_up(void **state)
{
    strcpy(folder, "/tmp/dtu-test-file-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/state", folder);
    snprintf(bak, sizeof(bak), "%s.bak", path);
    snprintf(tmp, sizeof(tmp), "%s.tmp", path);
    step = watching = 0;
    cut_before = fail_at = INT_MAX;
    steps[0] = '\0';
    return 0;
}

static int tear_down(void **state)
{
    watching = 0;
    unlink(path);
    unlink(bak);
    unlink(tmp);
    return rmdir(folder);
}

static void write_plainly(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int holds(const char *name, const char *text)
{
    size_t len = 0;
    char *got = file_read(name, 4096, &len);
    int same = got && len == strlen(text) && memcmp(got, text, len + 1) == 0;

    free(got);
    return same;
}

static void test_read(void **state)
{
    size_t len = 99;

    assert_null(file_read(path, 100, &len));
    assert_int_equal(errno, ENOENT);
    assert_null(file_read(folder, 100, &len));
    assert_int_equal(errno, EISDIR);
    assert_null(file_read("/dev/null", 100, &len));
    assert_int_equal(errno, EINVAL);
    write_plainly(path, "0123456789");
    assert_null(file_read(path, 9, &len));
    assert_int_equal(errno, EFBIG);
    char *text = file_read(path, 10, &len);
    assert_non_null(text);
    assert_int_equal(len, 10);
    assert_string_equal(text, "0123456789");
    free(text);
    write_plainly(path, "");
    assert_true(holds(path, ""));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(file_read(path, 10, &len)); /* and does not wait for a writer */
    assert_int_equal(errno, EINVAL);
}

static void test_replace(void **state)
{
    assert_int_equal(file_replace(path, "one", 3), 0);
    assert_true(holds(path, "one"));
    assert_int_equal(access(bak, F_OK), -1);
    assert_int_equal(file_replace(path, "two", 3), 0);
    assert_true(holds(path, "two"));
    assert_true(holds(bak, "one"));
    assert_int_equal(file_replace(path, "three", 5), 0);
    assert_true(holds(path, "three"));
    assert_true(holds(bak, "two"));
    assert_int_equal(access(tmp, F_OK), -1);
    assert_int_equal(file_replace(path, "", 0), 0);
    assert_true(holds(path, ""));
}

static void test_permissions_stay(void **state)
{
    struct stat st;

    assert_int_equal(file_replace(path, "one", 3), 0);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(file_replace(path, "two", 3), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static mode_t mode_of(const char *file)
{
    struct stat st;

    assert_int_equal(stat(file, &st), 0);
    return st.st_mode & 0777;
}

static void test_made_private(void **state)
{
    static const struct {
        mode_t before, after;
    } rows[] = {{0644, 0600}, {0640, 0600}, {0606, 0600}, {0777, 0700}, {0444, 0400}, {0602, 0600}};

    assert_int_equal(file_make_private(path), -ENOENT);
    assert_true(file_is_private(path));
    assert_int_equal(file_replace(path, "one", 3), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(chmod(path, rows[i].before), 0);
        assert_false(file_is_private(path));
        assert_int_equal(file_make_private(path), 1);
        assert_true(file_is_private(path));
        assert_int_equal(mode_of(path), rows[i].after);
        assert_int_equal(file_make_private(path), 0); /* nothing is left to do */
        assert_int_equal(mode_of(path), rows[i].after);
    }
    assert_true(holds(path, "one"));
}

/* Whose group may be how it is read. */
static void test_made_private_of_another(void **state)
{
    if (geteuid() != 0)
        skip();
    assert_int_equal(file_replace(path, "one", 3), 0);
    assert_int_equal(chown(path, 12345, 12345), 0);
    assert_int_equal(chmod(path, 0640), 0);
    assert_true(file_is_private(path));
    assert_int_equal(file_make_private(path), 0);
    assert_int_equal(mode_of(path), 0640);
    assert_int_equal(chmod(path, 0644), 0);
    assert_false(file_is_private(path));
    assert_int_equal(file_make_private(path), 1);
    assert_int_equal(mode_of(path), 0640);
}

static void test_order_of_steps(void **state)
{
    assert_int_equal(file_replace(path, "one", 3), 0);
    watching = 1;
    assert_int_equal(file_replace(path, "second", 6), 0);
    watching = 0;
    assert_string_equal(steps,
                        "write(state.tmp) write(state.tmp) sync(state.tmp) unlink(state.bak) "
                        "link(state.bak) rename(state) sync(folder) ");
}

static void in_child(int cut, const char *text)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        watching = 1;
        cut_before = cut;
        int error = file_replace(path, text, strlen(text));
        _exit(error ? 3 : 4);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), 3);
}

static void test_power_cut_before_any_step(void **state)
{
    for (int cut = 1; cut <= 9; cut++) {
        assert_int_equal(file_replace(path, "old", 3), 0);
        in_child(cut, "newest");
        assert_true(holds(path, "old") || holds(path, "newest"));
        /* And the next start's writing works over what was left lying about. */
        assert_int_equal(file_replace(path, "after", 5), 0);
        assert_true(holds(path, "after"));
        assert_true(holds(bak, "old") || holds(bak, "newest"));
        assert_int_equal(access(tmp, F_OK), -1);
    }
}

static void test_power_cut_when_only_the_backup_is_left(void **state)
{
    write_plainly(bak, "backup");
    for (int cut = 1; cut <= 7; cut++) {
        in_child(cut, "newest");
        assert_true(holds(bak, "backup") || holds(path, "newest"));
        unlink(path);
    }
}

static void test_failures_leave_the_old_file(void **state)
{
    static const int errors[] = {ENOSPC, EIO, EROFS};

    for (int at = 1; at <= 7; at++) {
        assert_int_equal(file_replace(path, "old", 3), 0);
        step = 0;
        steps[0] = '\0';
        fail_at = at;
        fail_with = errors[at % 3];
        watching = 1;
        int error = file_replace(path, "newest", 6);
        watching = 0;
        if (at == 4 || at == 5 || at == 7) { /* no reason to lose the new file */
            assert_int_equal(error, 0);
            assert_true(holds(path, "newest"));
        } else {
            assert_int_equal(error, -fail_with);
            assert_true(holds(path, "old"));
        }
        assert_int_equal(access(tmp, F_OK), -1);
    }
}

static void test_folder_not_there(void **state)
{
    assert_int_equal(file_replace("/nonexistent/folder/state", "x", 1), -ENOENT);
}

static void test_stamp(void **state)
{
    struct file_stamp none, first, same, second;

    file_stamp(path, &none);
    assert_true(file_stamp_equal(&none, &(struct file_stamp){0}));
    write_plainly(path, "one");
    file_stamp(path, &first);
    file_stamp(path, &same);
    assert_true(file_stamp_equal(&first, &same));
    assert_false(file_stamp_equal(&first, &none));
    assert_int_equal(file_replace(path, "two", 3), 0); /* same size, perhaps within the same tick */
    file_stamp(path, &second);
    assert_false(file_stamp_equal(&first, &second));
}

#define FILE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(test_read),
        FILE_TEST(test_replace),
        FILE_TEST(test_permissions_stay),
        FILE_TEST(test_made_private),
        FILE_TEST(test_made_private_of_another),
        FILE_TEST(test_order_of_steps),
        FILE_TEST(test_power_cut_before_any_step),
        FILE_TEST(test_power_cut_when_only_the_backup_is_left),
        FILE_TEST(test_failures_leave_the_old_file),
        FILE_TEST(test_folder_not_there),
        FILE_TEST(test_stamp),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
