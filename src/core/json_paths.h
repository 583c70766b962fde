/*
 * The numbers of a JSON reply with the paths that lead to them, as a template's keys are written. Pure.
 */
#ifndef DTU_CORE_JSON_PATHS_H
#define DTU_CORE_JSON_PATHS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/json_terms.h"

struct json_number_found {
    const char *path;  /* for the call only */
    const cJSON *node; /* a number, or a text that is one */
    double value;
    /*
     * NULL: this very text, as the value of a key like CUST_Power, leads to this very number. Else why
     * nothing does (static text), and path only shows where the number stands.
     */
    const char *unusable;
};

typedef void (*json_paths_fn)(void *user, const struct json_number_found *found);

/*
 * Calls fn for the first max numbers of root, in their order (max 0: fn may be NULL). true and false are not called numbers
 * here. Returns how many there are altogether.
 */
size_t json_paths(const cJSON *root, size_t max, json_paths_fn fn, void *user);

#endif
