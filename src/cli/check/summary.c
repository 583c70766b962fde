#include "cli/check/summary.h"

#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

#include "bridge/locations.h"
#include "cli/fold.h"
#include "edge/sys/lock.h"

/* An installed copy lies in a folder that is called like its service. */
static void print_log(FILE *out, const char *folder)
{
    char log[LOCATION_MAX + 32], copy[LOCATION_MAX];

    (void)snprintf(copy, sizeof copy, "%s", folder);
    (void)snprintf(log, sizeof log, "/var/log/%s/current", basename(copy));
    if (access(log, F_OK) == 0)
        fprintf(out, "Its log is %s\n", log);
}

static void print_start(FILE *out, const char *folder, const char *config)
{
    char script[LOCATION_MAX + 16];

    if (access(config, F_OK) != 0)
        fprintf(out, "There is no configuration yet: %s\n", config);
    (void)snprintf(script, sizeof script, "%s/install.sh", folder);
    if (access(script, X_OK) == 0)
        fprintf(out, "To start it, now and at every boot: %s\n", script);
}

static void put_summary(FILE *out)
{
    char config[LOCATION_MAX], state[LOCATION_MAX], lock[LOCATION_LOCK_MAX], copy[LOCATION_MAX];

    location_config(NULL, config);
    location_state(NULL, config, state);
    location_lock(state, lock);
    (void)snprintf(copy, sizeof copy, "%s", config);
    const char *folder = dirname(copy);
    long holder = lock_holder(lock);

    if (holder > 0)
        fprintf(out, "The service runs (process %ld), by %s\n", holder, config);
    else if (holder < 0)
        fprintf(out, "The service runs, by %s\n", config);
    else
        fprintf(out, "The service does not run.\n");
    if (holder)
        print_log(out, folder);
    else
        print_start(out, folder, config);
}

void summary_print(FILE *out)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (!f)
        return;
    put_summary(f);
    if (fclose(f) == 0)
        fold_print(out, text, FOLD_LINES);
    free(text);
}
