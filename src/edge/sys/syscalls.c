#include "edge/sys/syscalls.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/audit.h, linux/seccomp.h, linux/bpf_common.h and linux/sched.h, which a static toolchain does not have. */
enum {
    ARCH_ARM = 0x40000028,
    SET_MODE_FILTER = 1, /* of seccomp(2) */
    FLAG_ALL_THREADS = 1,
    FLAG_LOG = 2,
    MODE_FILTER = 2, /* of prctl(2) */
};

#define ARCH_X86_64  0xC000003EU
#define ARCH_AARCH64 0xC00000B7U

enum { /* where struct seccomp_data has what; of an argument the lower half */
       DATA_NUMBER = 0,
       DATA_ARCH = 4,
       DATA_ARGUMENT_0 = 16,
       DATA_ARGUMENT_1 = 24,
};

enum {
    LOAD = 0x20, /* a word of struct seccomp_data */
    AND = 0x54,
    IF_EQUAL = 0x15,
    IF_AT_LEAST = 0x35,
    IF_ANY_BIT = 0x45,
    RETURN = 0x06,
};

#define ALLOW        0x7FFF0000U
#define FAIL_WITH(e) (0x00050000U | (uint32_t)(e))

/* Calls from here on are those of another ABI of the same processor (x32). */
#define OTHER_ABI 0x40000000U

enum {
    TYPE_BITS = 0xF, /* of a socket's type; the others are SOCK_CLOEXEC and SOCK_NONBLOCK */
    NEW_NAMESPACE =
        0x7E020000, /* CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
};

/* What all three architectures have, then what some have. */
static const uint32_t refused[] = {
    /* other programs, and what is in other processes */
    SYS_execve, SYS_execveat, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise,
    SYS_kcmp, SYS_pidfd_getfd,
    /* other users and rights; namespaces, in which there would be all rights again */
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups,
    SYS_setfsuid, SYS_setfsgid, SYS_capset, SYS_personality, SYS_unshare, SYS_setns, SYS_clone3,
    /* file systems */
    SYS_chroot, SYS_pivot_root, SYS_mount, SYS_umount2, SYS_swapon, SYS_swapoff, SYS_open_tree,
    SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr,
    SYS_quotactl, SYS_mknodat, SYS_open_by_handle_at, SYS_fanotify_init,
    /* the kernel and the machine */
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_kexec_file_load,
    SYS_reboot, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_syslog, SYS_acct, SYS_keyctl,
    SYS_add_key, SYS_request_key, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    SYS_sethostname, SYS_setdomainname, SYS_adjtimex, SYS_clock_adjtime, SYS_vhangup,
#ifdef SYS_mknod
    SYS_mknod, SYS_uselib,
#endif
#ifdef SYS_settimeofday /* musl calls it settimeofday_time32 where that has 32 bits */
    SYS_settimeofday, SYS_clock_settime,
#endif
#ifdef SYS_settimeofday_time32
    SYS_settimeofday_time32, SYS_clock_settime32,
#endif
#ifdef SYS_clock_settime64
    SYS_clock_settime64, SYS_clock_adjtime64,
#endif
#ifdef SYS_setuid32
    SYS_setuid32, SYS_setgid32, SYS_setreuid32, SYS_setregid32, SYS_setresuid32, SYS_setresgid32,
    SYS_setgroups32, SYS_setfsuid32, SYS_setfsgid32,
#endif
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm, SYS_modify_ldt,
#endif
    SYS_ptrace};

#if defined __x86_64__ && !defined __ILP32__
#define ARCH_HERE ARCH_X86_64
#elif defined __aarch64__ && defined __LP64__ && defined __AARCH64EL__
#define ARCH_HERE ARCH_AARCH64
#elif defined __arm__ && defined __ARM_EABI__ && defined __ARMEL__
#define ARCH_HERE ARCH_ARM
#else
#define ARCH_HERE 0
#endif

const struct syscall_numbers syscalls_here = {.arch = ARCH_HERE,
                                              .socket = SYS_socket,
                                              .clone = SYS_clone,
                                              .refused = refused,
                                              .count = sizeof refused / sizeof refused[0]};

static const struct syscall_step ends[] = {
    {.code = RETURN, .value = ALLOW},
    /* clone: a thread, or a process like this one, but not in a namespace of its own */
    {.code = LOAD, .value = DATA_ARGUMENT_0},
    {.code = IF_ANY_BIT, .if_true = 10, .value = NEW_NAMESPACE},
    {.code = RETURN, .value = ALLOW},
    /* socket: of this machine, or TCP and UDP */
    {.code = LOAD, .value = DATA_ARGUMENT_0},
    {.code = IF_EQUAL, .if_true = 6, .value = AF_UNIX},
    {.code = IF_EQUAL, .if_true = 1, .value = AF_INET},
    {.code = IF_EQUAL, .if_false = 6, .value = AF_INET6},
    {.code = LOAD, .value = DATA_ARGUMENT_1},
    {.code = AND, .value = TYPE_BITS},
    {.code = IF_EQUAL, .if_true = 1, .value = SOCK_STREAM},
    {.code = IF_EQUAL, .if_false = 1, .value = SOCK_DGRAM},
    {.code = RETURN, .value = ALLOW},
    {.code = RETURN, .value = FAIL_WITH(ENOSYS)},
    {.code = RETURN, .value = FAIL_WITH(EAFNOSUPPORT)},
};

/* Places among them. */
enum { END_CLONE = 1, END_SOCKET = 4, END_REFUSE = 13, END_COUNT = 15 };

static const struct syscall_step head[] = {
    {.code = LOAD, .value = DATA_ARCH},
    {.code = IF_EQUAL, .if_true = 1}, /* its value is filled in */
    {.code = RETURN, .value = FAIL_WITH(ENOSYS)},
    {.code = LOAD, .value = DATA_NUMBER},
};

enum { HEAD_ARCH = 1, HEAD_COUNT = 4, OTHERS = 3 /* that are asked for besides those refused */ };

_Static_assert(sizeof head / sizeof head[0] == HEAD_COUNT, "the places of head[]");
_Static_assert(sizeof ends / sizeof ends[0] == END_COUNT, "the places of ends[]");
_Static_assert(sizeof refused / sizeof refused[0] <= SYSCALLS_REFUSED_MAX, "room for refused[]");
_Static_assert(HEAD_COUNT + OTHERS + SYSCALLS_REFUSED_MAX + END_COUNT <= SYSCALLS_STEPS_MAX,
               "room for the steps");
_Static_assert(SYSCALLS_STEPS_MAX <= 256, "a jump has one byte");

size_t syscalls_filter(const struct syscall_numbers *n, struct syscall_step out[SYSCALLS_STEPS_MAX])
{
    const size_t end = HEAD_COUNT + OTHERS + n->count;
    size_t at = HEAD_COUNT;

    if (n->arch == 0)
        return 0;
    memcpy(out, head, sizeof head);
    out[HEAD_ARCH].value = n->arch;
    out[at++] = (struct syscall_step){.code = IF_AT_LEAST, .value = OTHER_ABI};
    for (size_t i = 0; i < n->count; i++)
        out[at++] = (struct syscall_step){.code = IF_EQUAL, .value = n->refused[i]};
    for (size_t i = HEAD_COUNT; i < at; i++)
        out[i].if_true = (uint8_t)(end + END_REFUSE - i - 1);
    out[at] = (struct syscall_step){IF_EQUAL, (uint8_t)(end + END_CLONE - at - 1), 0, n->clone};
    at++;
    out[at] = (struct syscall_step){IF_EQUAL, (uint8_t)(end + END_SOCKET - at - 1), 0, n->socket};
    memcpy(out + end, ends, sizeof ends);
    return end + END_COUNT;
}

/* With a line in the kernel's log, if it can do that; an older kernel has only the third way, for one thread. */
int syscalls_install(const struct syscall_step *steps, size_t count)
{
    const struct {
        unsigned short count;
        const struct syscall_step *steps;
    } program = {(unsigned short)count, steps};

    if (syscall(SYS_seccomp, SET_MODE_FILTER, FLAG_ALL_THREADS | FLAG_LOG, &program) == 0 ||
        syscall(SYS_seccomp, SET_MODE_FILTER, FLAG_ALL_THREADS, &program) == 0 ||
        prctl(PR_SET_SECCOMP, MODE_FILTER, &program, 0, 0) == 0)
        return 0;
    return -errno;
}

int syscalls_refuse(void)
{
    struct syscall_step steps[SYSCALLS_STEPS_MAX];
    struct syscall_numbers numbers = syscalls_here;

#ifdef __SANITIZE_ADDRESS__ /* its search for leaks at the end needs ptrace */
    numbers.count--;
#endif
    size_t count = syscalls_filter(&numbers, steps);
    return count ? syscalls_install(steps, count) : -ENOSYS;
}
