/*
 * `dbus-opendtu paths HOST[:port]/path`: the numbers in a JSON reply, with the path that each has in
 * a template. Exit codes: 0 printed, 1 no reply, or one without numbers (the reason on stderr), 2
 * wrong usage. argv[0] is "paths".
 */
#ifndef DTU_CLI_PATHS_H
#define DTU_CLI_PATHS_H

int cli_paths(int argc, char **argv);

#endif
