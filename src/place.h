/* Where the files of this program lie. */
#ifndef DTU_PLACE_H
#define DTU_PLACE_H

#include <stddef.h>

enum {
    PLACE_MAX = 512,
    PLACE_LOCK_MAX = PLACE_MAX + 8,
    PLACE_CONFIG_MAX = 1024 * 1024 /* bytes of a configuration that is read */
};

/*
 * The configuration: given (of the command line; NULL or "" where none was), else config.ini beside
 * the program, else, where that is not there, /data/dbus-opendtu/config.ini if that is.
 */
void place_config(const char *given, char out[PLACE_MAX]);

/* The state file: given, else state.json beside the configuration. */
void place_state(const char *given, const char *config_path, char out[PLACE_MAX]);

/* The lock of a state file: see edge/lock.h. */
void place_lock(const char *state_path, char out[PLACE_LOCK_MAX]);

#endif
