/* Where the files of this program lie. */
#ifndef DTU_BRIDGE_LOCATIONS_H
#define DTU_BRIDGE_LOCATIONS_H

#include <stddef.h>

enum {
    LOCATION_MAX = 512,
    LOCATION_LOCK_MAX = LOCATION_MAX + 8,
    LOCATION_CONFIG_MAX = 1024 * 1024 /* bytes of a configuration that is read */
};

/*
 * The configuration: given (of the command line; NULL or "" where none was), else config.ini beside
 * the program, else, where that is not there, /data/dbus-opendtu/config.ini if that is.
 */
void location_config(const char *given, char out[LOCATION_MAX]);

/* The state file: given, else state.json beside the configuration. */
void location_state(const char *given, const char *config_path, char out[LOCATION_MAX]);

/* The folder of the owner's device files; "" where the path would be too long. */
void location_devices(const char *config_path, char out[LOCATION_MAX]);

/* The lock of a state file: see edge/sys/lock.h. */
void location_lock(const char *state_path, char out[LOCATION_LOCK_MAX]);

#endif
