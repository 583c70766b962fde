/*
 * `dbus-opendtu verify`: whether a file is what its maker has signed. update.sh asks it, of the program that is
 * installed, before it takes an archive.
 */
#ifndef DTU_CLI_VERIFY_H
#define DTU_CLI_VERIFY_H

int cli_verify(int argc, char **argv);

#endif
