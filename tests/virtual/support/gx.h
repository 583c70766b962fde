/*
 * The GX device that the program runs on: a folder of its own with the configuration, the state and the log, and the
 * program itself, one life after the other. It needs no cmocka: what cannot be done here ends the test by abort().
 */
#ifndef DTU_TESTS_GX_H
#define DTU_TESTS_GX_H

#include <stdbool.h>
#include <stdio.h>

struct app;
struct loop;

struct gx {
    char folder[64], config_path[96], state_path[96], log_path[96];
    struct loop *loop; /* of the program; NULL, as app, while it does not run */
    struct app *app;
    int stderr_before; /* -1: standard error does not go into the log */
};

/* The folder, in a world of its beginning; and all of it goes, with the program. gx_remove() is 0, as of a teardown. */
void gx_make(struct gx *gx);
int gx_remove(struct gx *gx);

/* From now on standard error goes into the log, until gx_remove(). */
void gx_log(struct gx *gx);
/* Lines of the log that begin with a level and hold these words; "": any. */
unsigned gx_lines(const struct gx *gx, const char *level, const char *words);

/* Writes the configuration anew, for its owner's eyes alone: it may hold a password. To be closed. */
FILE *gx_config(const struct gx *gx);
__attribute__((format(printf, 2, 3))) void gx_configure(const struct gx *gx, const char *format,
                                                        ...);

bool gx_start(struct gx *gx); /* false: it does not start */
/* Ends at once, and saves. Does nothing when it does not run. */
void gx_stop(struct gx *gx);
/* Likewise, but the state is what was saved before. */
void gx_power_cut(struct gx *gx);
/* Removes the state, with the one before it. */
void gx_forget(const struct gx *gx);

#endif
