/* libdbus' configuration, in place of the one its build system would find out: Linux with musl or glibc,
 * the client library alone. */
#ifndef DBUS_CONFIG_H
#define DBUS_CONFIG_H

#include <features.h>

#define DBUS_UNIX 1
#define DBUS_HAVE_LINUX_EPOLL 1
#define DBUS_USE_SYNC 1
#define DBUS_BUILT_R_DYNAMIC 0

/* The checks of arguments catch our mistakes. The Makefile's DBUS_DEFS say whether the library checks itself, too. */
#define DBUS_ENABLE_CHECKS 1

#define DBUS_SYSTEM_BUS_DEFAULT_ADDRESS "unix:path=/var/run/dbus/system_bus_socket"
#define DBUS_SESSION_BUS_CONNECT_ADDRESS "autolaunch:"
#define DBUS_MACHINE_UUID_FILE "/var/lib/dbus/machine-id"
#define DBUS_SYSTEM_CONFIG_FILE "/usr/share/dbus-1/system.conf"
#define DBUS_SESSION_CONFIG_FILE "/usr/share/dbus-1/session.conf"
#define DBUS_DATADIR "/usr/share"
#define DBUS_BINDIR "/usr/bin"
#define DBUS_PREFIX "/usr"
#define DBUS_RUNSTATEDIR "/var/run"

#define HAVE_ACCEPT4 1
#define HAVE_ALLOCA_H 1
#define HAVE_BYTESWAP_H 1
#define HAVE_CLEARENV 1
#ifdef __GLIBC__ /* 2.34, older than any host we build on; not in musl 1.2 */
#define HAVE_CLOSE_RANGE 1
#endif
#define HAVE_DECL_ENVIRON 1
#define HAVE_DECL_MSG_NOSIGNAL 1
#define HAVE_ERRNO_H 1
#define HAVE_FSTATFS 1
#define HAVE_GETGROUPLIST 1
#define HAVE_GETPWNAM_R 1
#define HAVE_GETRANDOM 1
#define HAVE_GETRESUID 1
#define HAVE_GETRLIMIT 1
#define HAVE_INTTYPES_H 1
#define HAVE_LOCALE_H 1
#define HAVE_MONOTONIC_CLOCK 1
#define HAVE_NANOSLEEP 1
#define HAVE_PIPE2 1
#define HAVE_POLL 1
#define HAVE_PRCTL 1
#define HAVE_SETENV 1
#define HAVE_SETRESUID 1
#define HAVE_SETRLIMIT 1
#define HAVE_SIGNAL_H 1
#define HAVE_SOCKETPAIR 1
#define HAVE_SOCKLEN_T 1
#define HAVE_STDATOMIC_H 1
#define HAVE_STDIO_H 1
#define HAVE_SYSLOG_H 1
#define HAVE_SYS_PRCTL_H 1
#define HAVE_SYS_RANDOM_H 1
#define HAVE_SYS_RESOURCE_H 1
#define HAVE_SYS_SYSCALL_H 1
#define HAVE_SYS_TIME_H 1
#define HAVE_SYS_VFS_H 1
#define HAVE_UNISTD_H 1
#define HAVE_UNIX_FD_PASSING 1
#define HAVE_UNSETENV 1
#define HAVE_WRITEV 1

#endif
