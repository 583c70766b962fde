/* The command `lift`: for an uninstallation, after the service has ended. */
#ifndef DTU_CLI_LIFT_H
#define DTU_CLI_LIFT_H

int cli_lift(int argc, char **argv);

#endif
