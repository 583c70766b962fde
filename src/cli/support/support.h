/*
 * `dbus-opendtu support [-o FILE]`: one text with everything that a bug report needs and nothing that
 * is secret (see cli/support/scrub.h); with --capture TIME, what the gateways send. Exit codes: 0 written, 1 it could not be, 2 wrong usage. argv[0] is
 * "support".
 */
#ifndef DTU_CLI_SUPPORT_H
#define DTU_CLI_SUPPORT_H

int cli_support(int argc, char **argv);

#endif
