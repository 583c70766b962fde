/*
 * `dbus-opendtu show`: what is on the D-Bus, live. Exit codes: 0 ended as asked, 1 no D-Bus or it was
 * lost, 2 wrong usage, 3 --once found no service. argv[0] is "show".
 */
#ifndef DTU_CLI_SHOW_H
#define DTU_CLI_SHOW_H

int cli_show(int argc, char **argv);

#endif
