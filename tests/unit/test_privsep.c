/* What the process of root's does for the service, and what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/sys/file.h"
#include "edge/sys/file_access.h"
#include "edge/sys/lock.h"
#include "edge/sys/privileges.h"
#include "edge/sys/privsep.h"

enum { CONFIG, STATE, LOCK, COPY, FILES };

static char folder[64], paths[FILES][128];
static struct kept_file kept[FILES];
static int ends[2]; /* the service's, the keeper's */

static const char *const names[FILES] = {"config.ini", "state.json", "state.json.lock", "copy.ini"};
static const unsigned rights[FILES] = {FILE_READ | FILE_PRIVATE, FILE_READ | FILE_REPLACE,
                                       FILE_LOCK, FILE_READ | FILE_CREATE | FILE_REPLACE};

static int set_up(void **state)
{
    strcpy(folder, "/tmp/dtu-test-privsep-XXXXXX");
    if (!mkdtemp(folder) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    for (size_t i = 0; i < FILES; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
        kept[i] = (struct kept_file){paths[i], rights[i]};
    }
    return file_replace(paths[CONFIG], "[DEFAULT]\n", 10);
}

static int tear_down(void **state)
{
    char path[128];

    file_access_ask(-1, NULL, 0);
    for (size_t i = 0; i < FILES; i++) {
        unlink(paths[i]);
        snprintf(path, sizeof path, "%s/%s.bak", folder, names[i]);
        unlink(path);
    }
    close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    return rmdir(folder);
}

/* A process that answers until the service's end of the socket is closed. */
static pid_t keep(void)
{
    pid_t keeper = fork();

    if (keeper == 0) {
        close(ends[0]);
        while (privsep_answer(ends[1], kept, FILES) == 0)
            ;
        _exit(0);
    }
    assert_true(keeper > 0);
    close(ends[1]);
    ends[1] = -1;
    file_access_ask(ends[0], kept, FILES);
    return keeper;
}

static void stop(pid_t keeper)
{
    int status;

    shutdown(ends[0], SHUT_RDWR);
    assert_int_equal(waitpid(keeper, &status, 0), keeper);
    assert_int_equal(status, 0);
}

static void does_what_is_asked(void **state)
{
    struct stat st;
    size_t len;
    pid_t keeper = keep();

    char *text = file_read(paths[CONFIG], 100, &len);
    assert_string_equal(text, "[DEFAULT]\n");
    assert_int_equal(len, 10);
    free(text);
    assert_int_equal(chmod(paths[CONFIG], 0644), 0);
    assert_int_equal(file_make_private(paths[CONFIG]), 1);
    assert_int_equal(file_make_private(paths[CONFIG]), 0);
    assert_int_equal(file_replace(paths[STATE], "{}", 2), 0);
    text = file_read(paths[STATE], 100, &len);
    assert_string_equal(text, "{}");
    free(text);
    assert_int_equal(file_create_private(paths[COPY]), 0);
    assert_int_equal(stat(paths[COPY], &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    stop(keeper);
}

/* An error is that of the file, and not of the socket. */
static void tells_what_is_wrong(void **state)
{
    size_t len;
    pid_t keeper = keep();

    assert_null(file_read(paths[STATE], 100, &len));
    assert_int_equal(errno, ENOENT);
    assert_null(file_read(paths[CONFIG], 9, &len));
    assert_int_equal(errno, EFBIG);
    assert_int_equal(file_create_private(paths[COPY]), 0);
    assert_int_equal(file_create_private(paths[COPY]), -EEXIST);
    static char much[KEPT_FILE_MAX + 1];
    assert_int_equal(file_replace(paths[STATE], much, sizeof much), -EFBIG);
    assert_int_equal(file_replace(paths[STATE], much, sizeof much - 1), 0);
    stop(keeper);
}

/* The lock is the service's, and not that of the process that opened it. */
static void locks_for_the_service(void **state)
{
    int fd = -1;
    long holder = -1;
    pid_t keeper = keep();

    assert_int_equal(lock_take(paths[LOCK], &fd, &holder), 0);
    pid_t other = fork();
    if (other == 0)
        _exit(lock_holder(paths[LOCK]) == getppid() ? 0 : 1);
    int status;
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(status, 0);
    close(fd);
    stop(keeper);
}

/* What is not kept is looked for by the process itself. */
static void other_files_are_not_asked_for(void **state)
{
    char path[128];
    size_t len;
    pid_t keeper = keep();

    snprintf(path, sizeof path, "%s/other", folder);
    assert_false(file_access_is_asked(FILE_READ, path));
    assert_false(file_access_is_asked(FILE_REPLACE, paths[CONFIG]));
    assert_true(file_access_is_asked(FILE_READ, paths[CONFIG]));
    stop(keeper);
    assert_int_equal(file_replace(path, "x", 1), 0);
    char *text = file_read(path, 100, &len);
    assert_string_equal(text, "x");
    free(text);
    unlink(path);
}

static void the_other_end_has_gone(void **state)
{
    size_t len;
    pid_t keeper = keep();

    assert_int_equal(kill(keeper, SIGKILL), 0);
    assert_int_equal(waitpid(keeper, NULL, 0), keeper);
    assert_null(file_read(paths[CONFIG], 100, &len));
    assert_int_equal(errno, EPIPE);
    assert_int_equal(file_replace(paths[STATE], "{}", 2), -EPIPE);
    assert_int_equal(file_make_private(paths[CONFIG]), -EPIPE);
}

static void refuses_what_it_is_not_there_for(void **state)
{
    static const struct file_request bad[] = {
        {.right = FILE_READ, .number = FILES},
        {.right = FILE_READ, .number = UINT_MAX},
        {.right = FILE_REPLACE, .number = CONFIG},
        {.right = FILE_CREATE, .number = STATE},
        {.right = FILE_READ, .number = LOCK},
        {.right = FILE_READ | FILE_PRIVATE, .number = CONFIG},
        {.right = 0, .number = CONFIG},
        {.right = FILE_READ, .number = CONFIG, .len = 1},
        {.right = FILE_REPLACE, .number = STATE, .len = KEPT_FILE_MAX + 1},
        {.right = FILE_REPLACE, .number = STATE, .len = SIZE_MAX},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(file_access_send(ends[0], &bad[i], sizeof bad[i]), 0);
        assert_int_equal(privsep_answer(ends[1], kept, FILES), -EPROTO);
    }
    assert_int_not_equal(access(paths[STATE], F_OK), 0);
}

/* Half a request, or half of what is to be written, changes nothing. */
static void half_a_request(void **state)
{
    const struct file_request r = {.right = FILE_REPLACE, .number = STATE, .len = 100};

    assert_int_equal(file_access_send(ends[0], &r, sizeof r), 0);
    assert_int_equal(file_access_send(ends[0], "half", 4), 0);
    shutdown(ends[0], SHUT_WR);
    assert_int_equal(privsep_answer(ends[1], kept, FILES), -EPIPE);
    assert_int_equal(privsep_answer(ends[1], kept, FILES), -EPIPE);
    assert_int_not_equal(access(paths[STATE], F_OK), 0);
}

/* The limit of time is that of a request, and not of each of its bytes: meanwhile no signal is handed on. */
static void byte_by_byte(void **state)
{
    const struct file_request r = {.right = FILE_REPLACE, .number = STATE, .len = 100};
    const struct timeval patience = {.tv_usec = 200 * 1000};

    assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(file_access_send(ends[0], &r, sizeof r), 0);
    pid_t slow = fork();
    if (slow == 0) {
        for (size_t i = 0; i < r.len; i++) {
            (void)send(ends[0], "x", 1, MSG_NOSIGNAL);
            usleep(50 * 1000);
        }
        _exit(0);
    }
    assert_int_equal(privsep_answer(ends[1], kept, FILES), -EPIPE);
    assert_int_not_equal(access(paths[STATE], F_OK), 0);
    assert_int_equal(kill(slow, SIGKILL), 0);
    assert_int_equal(waitpid(slow, NULL, 0), slow);
}

/* ---- As another user ---- */

static int begin(enum privsep_result *result)
{
    const char *const folders[] = {folder, "/nothing/there"};
    const struct privsep how = {.user = "nobody",
                                .files = kept,
                                .file_count = FILES,
                                .folders = folders,
                                .folder_count = 2,
                                .capabilities = PRIVILEGE_SIGNAL};
    char why[PRIVSEP_WHY_MAX];
    int code = -1;

    (void)privileges_drop(NULL, 0, PRIVILEGE_USER | PRIVILEGE_SIGNAL);
    *result = privsep_begin(&how, &code, why);
    return code;
}

/* 0, or which way out there is. */
static int try_ways_out(void)
{
    char path[128];
    size_t len;

    if (setuid(0) == 0 || setgid(0) == 0 || seteuid(0) == 0)
        return 2;
    if (kill(getppid(), SIGKILL) == 0)
        return 3;
    if (open(paths[CONFIG], O_RDONLY) >= 0 || open(paths[STATE], O_WRONLY) >= 0)
        return 4;
    if (unlink(paths[CONFIG]) == 0 || rename(paths[CONFIG], paths[COPY]) == 0)
        return 5;
    snprintf(path, sizeof path, "%s/new", folder);
    if (open(path, O_WRONLY | O_CREAT, 0600) >= 0)
        return 6;
    snprintf(path, sizeof path, "/proc/%d/mem", getppid());
    if (open(path, O_RDWR) >= 0)
        return 7;
    if (getsid(0) == getsid(getppid()))
        return 9;
    char *text = file_read(paths[CONFIG], 100, &len);
    bool read = text != NULL;
    free(text);
    return read && file_replace(paths[STATE], "{}", 2) == 0 ? 0 : 8;
}

/* The exit code of a process that begins. In its service it is 40 and what serve() says; without one it is 1. */
static int code_of(int (*serve)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        enum privsep_result result;
        (void)signal(SIGCHLD, SIG_IGN); /* as some supervisors do: a program inherits it */
        (void)alarm(10);
        int code = begin(&result);
        _exit(result == PRIVSEP_SERVICE ? 40 + serve() : result == PRIVSEP_ENDED ? code : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void no_way_out(void **state)
{
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(paths[CONFIG], 0600), 0);
    assert_int_equal(file_replace(paths[STATE], "[]", 2), 0);
    assert_int_equal(code_of(try_ways_out), 40); /* which the other process has handed on */
}

static int do_nothing(void)
{
    return 0;
}

static void on_term(int signal)
{
    _exit(40 + (signal == SIGTERM ? 7 : 8));
}

/* All sockets that there are: one is the one that it asks by. */
static int ask_what_is_refused(void)
{
    const struct file_request r = {.right = FILE_REPLACE, .number = CONFIG};

    (void)signal(SIGTERM, on_term);
    for (int fd = 3; fd < 64; fd++)
        (void)send(fd, &r, sizeof r, MSG_NOSIGNAL);
    sleep(5);
    return 0;
}

static void ends_when_it_is_not_answered_any_more(void **state)
{
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(code_of(ask_what_is_refused), 47);
}

/* Who may put a link in the place of a kept file has root's process read or write what it leads to. */
static void not_where_the_user_may_put_a_link(void **state)
{
    char folder_of_target[96], target[112];

    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(code_of(do_nothing), 40);
    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(code_of(do_nothing), 1);
    assert_int_equal(chmod(folder, 01777), 0); /* a file that is not there yet */
    assert_int_equal(code_of(do_nothing), 1);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(chown(folder, 65534, 0), 0); /* its owner can change that */
    assert_int_equal(code_of(do_nothing), 1);
    assert_int_equal(chown(folder, 0, 0), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(paths[CONFIG], 0666), 0);
    assert_int_equal(code_of(do_nothing), 1);

    snprintf(folder_of_target, sizeof folder_of_target, "%s/target", folder);
    snprintf(target, sizeof target, "%s/config.ini", folder_of_target);
    assert_int_equal(mkdir(folder_of_target, 0755), 0);
    assert_int_equal(chmod(paths[CONFIG], 0600), 0);
    assert_int_equal(rename(paths[CONFIG], target), 0);
    assert_int_equal(symlink(target, paths[CONFIG]), 0);
    assert_int_equal(code_of(do_nothing), 40);
    assert_int_equal(chmod(folder_of_target, 0777), 0);
    assert_int_equal(code_of(do_nothing), 1);
    unlink(target);
    rmdir(folder_of_target);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(does_what_is_asked),
        TEST(tells_what_is_wrong),
        TEST(locks_for_the_service),
        TEST(other_files_are_not_asked_for),
        TEST(the_other_end_has_gone),
        TEST(refuses_what_it_is_not_there_for),
        TEST(byte_by_byte),
        TEST(ends_when_it_is_not_answered_any_more),
        TEST(half_a_request),
        TEST(no_way_out),
        TEST(not_where_the_user_may_put_a_link),
    };
    return cmocka_run_group_tests_name("privsep", tests, NULL, NULL);
}
