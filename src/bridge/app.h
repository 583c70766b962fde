/*
 * The service as a whole: wires configuration → gateways → units, keeps the state file, reloads.
 */
#ifndef DTU_BRIDGE_APP_H
#define DTU_BRIDGE_APP_H

#include "edge/sys/loop.h"

struct app;

struct app_options {
    const char *config_path; /* NULL: config.ini beside the binary, else in /data/dbus-opendtu */
    const char *state_path;  /* NULL: state.json beside the configuration */
    /*
     * Where a copy of the configuration is kept, renewed whenever that changes, good or not; NULL: none.
     * For whoever replaces the folder that it lies in.
     */
    const char *copy_path;
    const char *run_as; /* what the configuration said of RunAs at the start; NULL: nothing */
};

/*
 * Begins at once with what the configuration says. One that is missing or broken is reported once;
 * the program stays, and looks again when the file changes. options are copied. NULL when out of
 * memory. The loop is stopped with code 1 when the D-Bus goes away.
 */
struct app *app_create(struct loop *l, const struct app_options *options);

/*
 * Reads the configuration again. One with errors is refused as a whole, with the reasons, and what
 * runs goes on.
 */
void app_reload(struct app *a);

/* Ends: power limits are lifted, for at most 5 s, then the loop stops with this code. */
void app_end(struct app *a, int code);

/* Takes every service off the bus and saves the state. NULL is fine. */
void app_destroy(struct app *a);

#endif
