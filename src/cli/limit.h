/* The command `limit`: a person tries a power limit, through the running service. */
#ifndef DTU_CLI_LIMIT_H
#define DTU_CLI_LIMIT_H

int cli_limit(int argc, char **argv);

#endif
