#include "place.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char installed[] = "/data/dbus-opendtu/config.ini";

/* name in the folder of path. */
static void put_beside(const char *path, const char *name, char out[PLACE_MAX])
{
    char folder[PLACE_MAX];

    snprintf(folder, sizeof folder, "%s", path);
    int len = snprintf(out, PLACE_MAX, "%s/%s", dirname(folder), name);
    if (len < 0 || len >= PLACE_MAX)
        out[0] = '\0';
}

void place_config(const char *given, char out[PLACE_MAX])
{
    char exe[PLACE_MAX];

    if (given && *given) {
        snprintf(out, PLACE_MAX, "%s", given);
        return;
    }
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n > 0) {
        exe[n] = '\0';
        put_beside(exe, "config.ini", out);
        if (access(out, F_OK) == 0 || access(installed, F_OK) != 0)
            return;
    }
    snprintf(out, PLACE_MAX, "%s", installed);
}

void place_state(const char *given, const char *config_path, char out[PLACE_MAX])
{
    if (given && *given)
        snprintf(out, PLACE_MAX, "%s", given);
    else
        put_beside(config_path, "state.json", out);
}

void place_lock(const char *state_path, char out[PLACE_LOCK_MAX])
{
    (void)snprintf(out, PLACE_LOCK_MAX, "%s.lock", state_path);
}
