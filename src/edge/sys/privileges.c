#include "edge/sys/privileges.h"

#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of capset(2), whose header (linux/capability.h) a static toolchain does not have. */
enum { CAPABILITY_VERSION = 0x20080522, CAPABILITY_LAST = 63 };

struct capability_header {
    uint32_t version;
    int pid; /* 0: this process */
};

struct capability_words {
    uint32_t effective, permitted, inheritable;
};

static bool belongs_to_another(const char *path)
{
    struct stat st;

    return path && stat(path, &st) == 0 && st.st_uid != geteuid();
}

/* First the bounding set, since that takes a capability; those that the kernel does not know it refuses. */
static void empty_bounding_set(void)
{
    for (unsigned long capability = 0; capability <= CAPABILITY_LAST; capability++)
        (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* Asked for more than there is, the kernel would take nothing away. */
void privileges_keep(unsigned privileges)
{
    struct capability_header header = {.version = CAPABILITY_VERSION};
    struct capability_words sets[2] = {{0}};

    if (syscall(SYS_capget, &header, sets) == 0)
        privileges &= sets[0].permitted;
    memset(sets, 0, sizeof sets);
    sets[0].permitted = sets[0].effective = privileges;
    (void)syscall(SYS_capset, &header, sets);
}

bool privileges_drop(const char *const *paths, size_t count, unsigned but)
{
    /* 1 byte: with 0 the kernel would still feed a program that collects dumps. */
    const struct rlimit no_core = {1, 1};
    bool foreign = false;

    for (size_t i = 0; i < count; i++)
        foreign = foreign || belongs_to_another(paths[i]);
    foreign = foreign && geteuid() == 0;
    (void)umask(077);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    empty_bounding_set();
    privileges_keep(but | (foreign ? PRIVILEGE_FILES : 0));
    return foreign;
}
