#include "virtual/support/gx.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/app.h"
#include "edge/sys/file.h"
#include "edge/sys/loop.h"
#include "virtual/support/world.h"

enum { STATE_MAX = 1024 * 1024 };

/* In memory where there is such a folder: the program syncs each state file, in one test ten years of them. */
void gx_make(struct gx *gx)
{
    memset(gx, 0, sizeof *gx);
    gx->stderr_before = -1;
    snprintf(gx->folder, sizeof gx->folder, "%s/dtu-virtual-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(gx->folder))
        abort();
    snprintf(gx->config_path, sizeof gx->config_path, "%s/config.ini", gx->folder);
    snprintf(gx->state_path, sizeof gx->state_path, "%s/state.json", gx->folder);
    snprintf(gx->log_path, sizeof gx->log_path, "%s/log", gx->folder);
    world_reset();
}

int gx_remove(struct gx *gx)
{
    char command[80];

    gx_stop(gx);
    if (gx->stderr_before >= 0) {
        dup2(gx->stderr_before, STDERR_FILENO);
        close(gx->stderr_before);
    }
    snprintf(command, sizeof command, "rm -r %s", gx->folder);
    return system(command);
}

/* ---- Its files ---- */

void gx_log(struct gx *gx)
{
    int log = open(gx->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    gx->stderr_before = dup(STDERR_FILENO);
    if (log < 0 || dup2(log, STDERR_FILENO) < 0)
        abort();
    close(log);
}

unsigned gx_lines(const struct gx *gx, const char *level, const char *words)
{
    char line[2048];
    unsigned n = 0;
    FILE *f = fopen(gx->log_path, "r");

    if (!f)
        abort();
    while (fgets(line, sizeof line, f))
        n += strncmp(line, level, strlen(level)) == 0 && strstr(line, words);
    fclose(f);
    return n;
}

FILE *gx_config(const struct gx *gx)
{
    FILE *f = fopen(gx->config_path, "w");

    if (!f || fchmod(fileno(f), 0600) < 0)
        abort();
    return f;
}

void gx_configure(const struct gx *gx, const char *format, ...)
{
    FILE *f = gx_config(gx);
    va_list args;

    va_start(args, format);
    if (vfprintf(f, format, args) < 0 || fclose(f) != 0)
        abort();
    va_end(args);
}

void gx_forget(const struct gx *gx)
{
    char backup[112];

    snprintf(backup, sizeof backup, "%s.bak", gx->state_path);
    unlink(gx->state_path);
    unlink(backup);
}

/* ---- The program ---- */

bool gx_start(struct gx *gx)
{
    const struct app_options options = {.config_path = gx->config_path,
                                        .state_path = gx->state_path};

    gx->loop = loop_create();
    gx->app = gx->loop ? app_create(gx->loop, &options) : NULL;
    if (!gx->app)
        gx_stop(gx);
    return gx->app != NULL;
}

void gx_stop(struct gx *gx)
{
    app_destroy(gx->app);
    loop_destroy(gx->loop);
    gx->app = NULL;
    gx->loop = NULL;
}

/* app_destroy() saves, which a power cut does not. */
void gx_power_cut(struct gx *gx)
{
    size_t len;
    char *state = file_read(gx->state_path, STATE_MAX, &len);

    gx_stop(gx);
    if (state && file_replace(gx->state_path, state, len) < 0)
        abort();
    free(state);
}
