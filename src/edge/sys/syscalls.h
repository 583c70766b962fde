/*
 * System calls that the service never makes are refused by the kernel (seccomp), whoever makes them in it: what
 * takes the program over can start no other program, look into no other process, and open no other kind of socket.
 *
 * It is a list of what is refused, not of what is allowed: a call that a library makes on some path that no test
 * has seen is never in the way. What is refused fails with ENOSYS, as on a kernel that does not know the call; a
 * kind of socket with EAFNOSUPPORT. Nothing is ended by it. The kernel writes a line to its own log where it was built
 * to (Linux 4.14 and later, CONFIG_AUDIT); the program cannot see that it happened, and says nothing.
 */
#ifndef DTU_EDGE_SYSCALLS_H
#define DTU_EDGE_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

enum {
    SYSCALLS_REFUSED_MAX = 200,
    SYSCALLS_STEPS_MAX = SYSCALLS_REFUSED_MAX + 24, /* a step jumps over 255 at most */
};

/* The numbers of one processor architecture. */
struct syscall_numbers {
    uint32_t arch; /* AUDIT_ARCH_* of linux/audit.h; 0: not known, nothing is refused */
    uint32_t socket, clone;
    const uint32_t *refused;
    size_t count; /* of refused, <= SYSCALLS_REFUSED_MAX */
};

/* Of the architecture that the program is built for. The last one that is refused is ptrace. */
extern const struct syscall_numbers syscalls_here;

/* The kernel's struct sock_filter, whose header (linux/filter.h) a static toolchain does not have. */
struct syscall_step {
    uint16_t code;
    uint8_t if_true, if_false; /* so many steps are left out */
    uint32_t value;
};

/* Pure: the filter as the kernel runs it. Returns its length. */
size_t syscalls_filter(const struct syscall_numbers *n,
                       struct syscall_step out[SYSCALLS_STEPS_MAX]);

/*
 * From now on, for all threads, and for good. Needs privileges_drop() before. 0, or -errno where the kernel cannot:
 * then nothing has changed.
 */
int syscalls_install(const struct syscall_step *steps, size_t count);

/* Both, for the program itself. */
int syscalls_refuse(void);

#endif
