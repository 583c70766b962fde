#include "bridge/locations.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char installed[] = "/data/dbus-opendtu/config.ini";

/* name in the folder of path. */
static void put_beside(const char *path, const char *name, char out[LOCATION_MAX])
{
    char folder[LOCATION_MAX];

    snprintf(folder, sizeof folder, "%s", path);
    int len = snprintf(out, LOCATION_MAX, "%s/%s", dirname(folder), name);
    if (len < 0 || len >= LOCATION_MAX)
        out[0] = '\0';
}

void location_config(const char *given, char out[LOCATION_MAX])
{
    char exe[LOCATION_MAX];

    if (given && *given) {
        snprintf(out, LOCATION_MAX, "%s", given);
        return;
    }
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n > 0) {
        exe[n] = '\0';
        put_beside(exe, "config.ini", out);
        if (access(out, F_OK) == 0 || access(installed, F_OK) != 0)
            return;
    }
    snprintf(out, LOCATION_MAX, "%s", installed);
}

void location_state(const char *given, const char *config_path, char out[LOCATION_MAX])
{
    if (given && *given)
        snprintf(out, LOCATION_MAX, "%s", given);
    else
        put_beside(config_path, "state.json", out);
}

void location_devices(const char *config_path, char out[LOCATION_MAX])
{
    put_beside(config_path, "devices", out);
}

void location_lock(const char *state_path, char out[LOCATION_LOCK_MAX])
{
    (void)snprintf(out, LOCATION_LOCK_MAX, "%s.lock", state_path);
}
