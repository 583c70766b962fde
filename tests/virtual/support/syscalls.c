#include "edge/sys/syscalls.h"

#include <errno.h>

/* As on a kernel without seccomp: what is refused would be refused to the test as well, for good. */
int syscalls_refuse(void)
{
    return -ENOSYS;
}
