/*
 * `dbus-opendtu check [--config FILE]`: what is wrong with a configuration and with its gateways, and what would
 * be published. Exit codes: 0 all is well, 1 the file has errors (or cannot be read), 2 wrong usage, 3
 * the file can be used, but something would not be published, or not as the file says. argv[0] is
 * "check".
 */
#ifndef DTU_CLI_CHECK_H
#define DTU_CLI_CHECK_H

int cli_check(int argc, char **argv);

#endif
