/*
 * The options of a command that works on the files of the service, as the service does: --config, --state, --help,
 * and one of its own.
 */
#ifndef DTU_CLI_SERVICE_OPTIONS_H
#define DTU_CLI_SERVICE_OPTIONS_H

enum { SERVICE_USAGE = 2 }; /* exit code */

struct service_command {
    const char *name, *help;
    const char *own;     /* its own option, which has a value, without the -- */
    const char *letters; /* short options, as getopt() has them: c, s, h; w is its own one */
    int (*take)(void *user, const char *value); /* of its own option; 0, or the exit code plus 1 */
    void *user;
    const char **config_path, **state_path; /* stay as they are without the option */
};

/* Returns 0 to go on, else the exit code plus 1: all is said then. */
int service_options(int argc, char **argv, const struct service_command *command);

#endif
