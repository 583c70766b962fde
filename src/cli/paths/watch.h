/*
 * The numbers of a device's reply, watched over several replies: which of them only rise. Pure.
 */
#ifndef DTU_CLI_PATHS_WATCH_H
#define DTU_CLI_PATHS_WATCH_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/guess.h"

enum { WATCHED_MAX = 500 };

struct watched {
    char *path;
    double first, last;
    bool rose, fell;
};

struct watch {
    size_t count;
    struct watched of[WATCHED_MAX];
    struct guess_number numbers[WATCHED_MAX]; /* alike in order */
    int64_t first_ms, last_ms;
};

/* The first reply; watch_finish() in any case. False when out of memory. */
bool watch_begin(struct watch *w, const cJSON *root, int64_t now_ms);
void watch_finish(struct watch *w);

/* A later one. */
void watch_again(struct watch *w, const cJSON *root, int64_t now_ms);

/* Guesses what the numbers are. */
void watch_guess(struct watch *w, struct guess *out);

/* What there is to say of a number: "power of L1, W", "energy, Wh; only rises"; "" is nothing. */
enum { WATCH_NOTE_MAX = 120 };
void watch_note(const struct watch *w, const char *path, char out[WATCH_NOTE_MAX]);

#endif
