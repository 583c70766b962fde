/*
 * `dbus-opendtu paths HOST[:port]/path`: the numbers in a JSON reply, with the path that each has in
 * a template; what they probably are, and the section or device file that they may make. Exit codes: 0 printed, 1 no
 * reply, or one without numbers, or no power for a device file (the reason on stderr), 2 wrong usage. argv[0] is "paths".
 */
#ifndef DTU_CLI_PATHS_H
#define DTU_CLI_PATHS_H

int cli_paths(int argc, char **argv);

#endif
