/*
 * The numbers of a JSON reply with the paths that lead to them, as a template's keys are written; and what
 * such a key means for a reply. Pure.
 */
#ifndef DTU_CORE_JSON_PATHS_H
#define DTU_CORE_JSON_PATHS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum { JSON_PATH_MAX = 256 }; /* bytes with the NUL: what a key of the configuration takes */

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

/* Why a path, which led to node, gives no number: "is not in the reply"; static text, to stand behind it. */
const char *json_no_number(const cJSON *node);

/* One part of a sum. */
struct json_term {
    const char *path;  /* without blanks around it; for the call only */
    const cJSON *node; /* where it leads; NULL: nowhere */
    bool minus;        /* it is subtracted */
};

typedef void (*json_term_fn)(void *user, const struct json_term *term);

/*
 * What the value of a key like CUST_Power means for this reply: calls fn for each term, in their order.
 *
 * The whole text is one path where there is such a name in the reply, whatever characters it holds. Else
 * " + " and " - " part it into terms. A term that leads nowhere is parted by '+' without blanks as well
 * ("p1+p2", as older configurations have it), if that leads to a number or a null at all.
 */
void json_terms(const cJSON *root, const char *text, json_term_fn fn, void *user);

#endif
