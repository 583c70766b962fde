/*
 * `dbus-opendtu selftest`: whether this program can do its work on this machine, without touching
 * anything: an update keeps a new binary only when it says so. Exit codes: 0 sound, 1 not (each
 * reason on stderr), 2 wrong usage.
 */
#ifndef DTU_CLI_SELFTEST_H
#define DTU_CLI_SELFTEST_H

int cli_selftest(int argc, char **argv);

#endif
