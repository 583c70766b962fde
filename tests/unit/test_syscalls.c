/* The filter of system calls: as a small machine runs it for each architecture, then as the kernel does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "edge/sys/privileges.h"
#include "edge/sys/syscalls.h"

enum { X86_64, ARMV7, AARCH64, ARCHES };

/* As in linux/audit.h and each architecture's table of calls. */
static const struct {
    uint32_t arch, read, socket, clone, execve, ptrace, mount, bpf;
} known[ARCHES] = {
    [X86_64] = {0xC000003E, 0, 41, 56, 59, 101, 165, 321},
    [ARMV7] = {0x40000028, 3, 281, 120, 11, 26, 21, 386},
    [AARCH64] = {0xC00000B7, 63, 198, 220, 221, 117, 40, 280},
};

struct call {
    uint32_t arch, number;
    uint64_t argument[2];
};

enum { ALLOWED = 0, ENDLESS = -1, FAULTY = -2 };

static uint32_t word_of(const struct call *c, uint32_t place)
{
    switch (place) {
    case 0:
        return c->number;
    case 4:
        return c->arch;
    case 16:
        return (uint32_t)c->argument[0];
    case 24:
        return (uint32_t)c->argument[1];
    default:
        fail_msg("the filter reads at %u", place);
        return 0;
    }
}

/* What the kernel would do: 0 lets the call through, else its errno. */
static int judge(const struct syscall_step *steps, size_t count, const struct call *c)
{
    uint32_t a = 0;

    for (size_t at = 0; at < count; at++) {
        const struct syscall_step *s = &steps[at];
        switch (s->code) {
        case 0x20: /* ld [k] */
            a = word_of(c, s->value);
            break;
        case 0x54: /* and #k */
            a &= s->value;
            break;
        case 0x15: /* jeq */
            at += a == s->value ? s->if_true : s->if_false;
            break;
        case 0x35: /* jge */
            at += a >= s->value ? s->if_true : s->if_false;
            break;
        case 0x45: /* jset */
            at += a & s->value ? s->if_true : s->if_false;
            break;
        case 0x06: /* ret #k */
            if (s->value == 0x7FFF0000)
                return ALLOWED;
            return s->value >> 16 == 5 ? (int)(s->value & 0xFFFF) : FAULTY;
        default:
            return FAULTY;
        }
    }
    return ENDLESS;
}

static struct syscall_step steps[SYSCALLS_STEPS_MAX];
static size_t count;

static int judged(uint32_t arch, uint32_t number, uint64_t first, uint64_t second)
{
    const struct call c = {arch, number, {first, second}};
    return judge(steps, count, &c);
}

static void build(unsigned arch)
{
    const uint32_t refused[] = {known[arch].execve, known[arch].mount, known[arch].bpf,
                                known[arch].ptrace};
    const struct syscall_numbers n = {.arch = known[arch].arch,
                                      .socket = known[arch].socket,
                                      .clone = known[arch].clone,
                                      .refused = refused,
                                      .count = 4};
    count = syscalls_filter(&n, steps);
}

static void what_is_refused_on_each_architecture(void **state)
{
    (void)state;
    for (unsigned a = 0; a < ARCHES; a++) {
        const uint32_t arch = known[a].arch;
        build(a);
        assert_int_equal(judged(arch, known[a].execve, 0, 0), ENOSYS);
        assert_int_equal(judged(arch, known[a].ptrace, 0, 0), ENOSYS);
        assert_int_equal(judged(arch, known[a].mount, 0, 0), ENOSYS);
        assert_int_equal(judged(arch, known[a].bpf, 0, 0), ENOSYS);
        assert_int_equal(judged(arch, known[a].read, 0, 0), ALLOWED);
        assert_int_equal(judged(arch, 0xF0002, 0, 0), ALLOWED); /* cacheflush of ARM */
        assert_int_equal(judged(arch, 1000, 0, 0), ALLOWED);    /* of a later kernel */
        /* Another architecture's calls, which have other numbers, and x32's. */
        assert_int_equal(judged(known[(a + 1) % ARCHES].arch, known[a].read, 0, 0), ENOSYS);
        assert_int_equal(judged(arch, 0x40000000 | known[a].read, 0, 0), ENOSYS);
    }
}

static void which_sockets(void **state)
{
    static const struct {
        int family, type, result;
    } rows[] = {
        {AF_UNIX, SOCK_STREAM, ALLOWED},
        {AF_UNIX, SOCK_SEQPACKET, ALLOWED},
        {AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, ALLOWED},
        {AF_INET6, SOCK_STREAM, ALLOWED},
        {AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, ALLOWED},
        {AF_INET6, SOCK_DGRAM, ALLOWED},
        {AF_INET, SOCK_RAW, ENOSYS},
        {AF_INET6, SOCK_RAW | SOCK_NONBLOCK, ENOSYS},
        {AF_INET, SOCK_SEQPACKET, ENOSYS},
        {AF_PACKET, SOCK_DGRAM, EAFNOSUPPORT},
        {AF_NETLINK, SOCK_DGRAM, EAFNOSUPPORT},
        {AF_ALG, SOCK_SEQPACKET, EAFNOSUPPORT},
        {0, SOCK_STREAM, EAFNOSUPPORT},
    };

    (void)state;
    for (unsigned a = 0; a < ARCHES; a++) {
        build(a);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            /* The upper half is what a 32-bit number leaves there. */
            int result = judged(known[a].arch, known[a].socket,
                                0xABCD00000000 | (uint64_t)rows[i].family, (uint64_t)rows[i].type);
            if (result != rows[i].result)
                fail_msg("row %zu of architecture %u: %d", i, a, result);
        }
    }
}

static void threads_but_no_namespaces(void **state)
{
    const uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                            CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
                            CLONE_CHILD_CLEARTID | CLONE_DETACHED;
    static const uint64_t spaces[] = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                      CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};

    (void)state;
    for (unsigned a = 0; a < ARCHES; a++) {
        build(a);
        assert_int_equal(judged(known[a].arch, known[a].clone, thread, 0), ALLOWED);
        assert_int_equal(judged(known[a].arch, known[a].clone, SIGCHLD, 0), ALLOWED);
        for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++)
            assert_int_equal(judged(known[a].arch, known[a].clone, spaces[i] | SIGCHLD, 0), ENOSYS);
    }
}

/* Of the architecture that this test is built for, call for call. */
static void the_list_of_the_program(void **state)
{
    const struct syscall_numbers *n = &syscalls_here;
    unsigned refused = 0;

    (void)state;
    if (n->arch == 0)
        skip();
    count = syscalls_filter(n, steps);
    for (uint32_t number = 0; number < 1000; number++) {
        bool listed = false;
        for (size_t i = 0; i < n->count; i++)
            listed = listed || n->refused[i] == number;
        refused += listed;
        if (number != n->socket)
            assert_int_equal(judged(n->arch, number, 0, 0), listed ? ENOSYS : ALLOWED);
    }
    assert_int_equal(refused, n->count); /* and none twice */
    assert_int_equal(n->refused[n->count - 1], SYS_ptrace);
    assert_int_equal(n->socket, SYS_socket);
}

static void a_full_list(void **state)
{
    uint32_t refused[SYSCALLS_REFUSED_MAX];
    struct syscall_numbers n = {.arch = 1, .socket = 900, .clone = 901, .refused = refused};

    (void)state;
    for (n.count = 0; n.count < SYSCALLS_REFUSED_MAX; n.count++)
        refused[n.count] = (uint32_t)n.count;
    count = syscalls_filter(&n, steps);
    assert_true(count <= SYSCALLS_STEPS_MAX);
    for (uint32_t number = 0; number < 300; number++)
        assert_int_equal(judged(1, number, 0, 0), number < n.count ? ENOSYS : ALLOWED);
    assert_int_equal(judged(1, 900, AF_INET, SOCK_STREAM), ALLOWED);
    assert_int_equal(judged(1, 901, CLONE_NEWUSER, 0), ENOSYS);
}

static void an_unknown_architecture_has_no_filter(void **state)
{
    const struct syscall_numbers n = {.arch = 0};

    (void)state;
    assert_int_equal(syscalls_filter(&n, steps), 0);
}

/* --- the kernel -------------------------------------------------------------------------------- */

/* The list as it is, ptrace included, which syscalls_refuse() leaves out under a sanitizer. 0, or why not. */
static int confine(void)
{
    (void)privileges_drop(NULL, 0, 0);
    count = syscalls_filter(&syscalls_here, steps);
    return syscalls_install(steps, count);
}

/* Runs test in a process of its own, which has to end with 0; 77: the kernel has no filter. */
static void in_child(int (*test)(void))
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(confine() < 0 ? 77 : test());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("ended with %#x", status);
}

#define FAILS(call, error) (errno = 0, (call) == -1 && errno == (error))

static int ways_out(void)
{
    char *const arguments[] = {"true", NULL};

    if (!FAILS(execv("/bin/true", arguments), ENOSYS) ||
        !FAILS(fexecve(0, arguments, arguments), ENOSYS))
        return 1;
    if (!FAILS(ptrace(PTRACE_TRACEME, 0, NULL, NULL), ENOSYS))
        return 2;
    if (!FAILS(syscall(SYS_setuid, 0), ENOSYS) || !FAILS(syscall(SYS_setresgid, 0, 0, 0), ENOSYS))
        return 3;
    if (!FAILS(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), ENOSYS) ||
        !FAILS(socket(AF_PACKET, SOCK_RAW, 0), EAFNOSUPPORT) ||
        !FAILS(socket(AF_NETLINK, SOCK_RAW, 0), EAFNOSUPPORT))
        return 4;
    if (!FAILS(mount("none", "/", "tmpfs", 0, ""), ENOSYS) || !FAILS(chroot("/"), ENOSYS))
        return 5;
    if (!FAILS(unshare(CLONE_NEWUSER), ENOSYS) ||
        !FAILS(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), ENOSYS))
        return 6;
    return 0;
}

static void no_way_out(void **state)
{
    (void)state;
    in_child(ways_out);
}

/* With arguments that none of them takes, should one get through. */
static int each_listed_call(void)
{
    for (size_t i = 0; i < syscalls_here.count; i++) {
        if (!FAILS(syscall((long)syscalls_here.refused[i], -1L, -1L, -1L, -1L, -1L, -1L), ENOSYS))
            return 1 + (int)i;
    }
    return 0;
}

static void each_is_refused_by_the_kernel(void **state)
{
    (void)state;
    in_child(each_listed_call);
}

static void *open_socket(void *result)
{
    *(bool *)result = FAILS(socket(AF_NETLINK, SOCK_RAW, 0), EAFNOSUPPORT);
    return NULL;
}

static int what_it_needs(void)
{
    struct addrinfo *found = NULL;
    struct timespec now;
    pthread_t thread;
    bool refused_there = false;
    int status, in = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int in6 = socket(AF_INET6, SOCK_DGRAM, 0);

    if (in < 0 || (in6 < 0 && errno != EAFNOSUPPORT))
        return 1;
    if (getaddrinfo("localhost", "80", NULL, &found) != 0)
        return 2;
    freeaddrinfo(found);
    if (pthread_create(&thread, NULL, open_socket, &refused_there) != 0 ||
        pthread_join(thread, NULL) != 0 || !refused_there)
        return 3;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0 || clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 4;
    pid_t pid = fork();
    if (pid == 0)
        _exit(raise(SIGTERM));
    if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
        return 5;
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2 ? 0 : 6;
}

static void what_it_needs_goes_on(void **state)
{
    (void)state;
    in_child(what_it_needs);
}

/* Twice is no harm. */
static int refuse(void)
{
    char *const arguments[] = {"true", NULL};

    if (syscalls_refuse() != 0 || !FAILS(execv("/bin/true", arguments), ENOSYS))
        return 1;
    return 0;
}

static void as_the_program_does_it(void **state)
{
    (void)state;
    in_child(refuse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused_on_each_architecture),
        cmocka_unit_test(which_sockets),
        cmocka_unit_test(threads_but_no_namespaces),
        cmocka_unit_test(the_list_of_the_program),
        cmocka_unit_test(a_full_list),
        cmocka_unit_test(an_unknown_architecture_has_no_filter),
        cmocka_unit_test(no_way_out),
        cmocka_unit_test(each_is_refused_by_the_kernel),
        cmocka_unit_test(what_it_needs_goes_on),
        cmocka_unit_test(as_the_program_does_it),
    };
    return cmocka_run_group_tests_name("syscalls", tests, NULL, NULL);
}
