/*
 * `dbus-opendtu discover`: which devices there are. Exit codes: 0 some were found, 1 none, or the system or a file
 * failed (the reason on stderr), 2 wrong usage. argv[0] is "discover".
 */
#ifndef DTU_CLI_DISCOVER_H
#define DTU_CLI_DISCOVER_H

int cli_discover(int argc, char **argv);

#endif
