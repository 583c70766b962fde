/*
 * `dbus-opendtu fetch URL`: asks one URL as the daemon would and prints what came. Exit codes: 0
 * printed, 1 failed (the reason on stderr), 2 wrong usage. argv[0] is "fetch".
 */
#ifndef DTU_CLI_FETCH_H
#define DTU_CLI_FETCH_H

int cli_fetch(int argc, char **argv);

#endif
