/*
 * `dbus-opendtu run`: the service. Exit codes: 0 stopped by SIGTERM or SIGINT, 1 the bus was lost or
 * the system failed (the supervisor starts it again), 2 wrong usage.
 */
#ifndef DTU_CLI_RUN_H
#define DTU_CLI_RUN_H

int cli_run(int argc, char **argv);

#endif
