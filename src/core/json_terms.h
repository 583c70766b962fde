/*
 * What the value of a key like CUST_Power means for the replies of a device: numbers of them, added up. Pure.
 *
 *   value  term { " + " term | " - " term }, or "- " and such
 *   term   [ "[n]" ] path [ "?" ] [ " * " number ], or "(" number ")" [ " * " number ]
 *   path   as json_path() follows it. At its end "/" and "*" add up a list, and mean the number itself where
 *          there is no list; "/0" is the number itself there as well.
 *
 * The signs have blanks on both sides. [n] is the n-th reply from 1, which is also the one without any. A path with
 * a "?" is left out where its reply has nothing there; a value of which all is left out is none. A number
 * in parentheses is a constant. The whole text, and a whole term, is one path where the first reply has such a
 * name, whatever characters it holds. A term that leads nowhere is parted by '+' without blanks as well ("p1+p2", as
 * older configurations have it), if one of the terms that this makes leads to a number or a null.
 */
#ifndef DTU_CORE_JSON_TERMS_H
#define DTU_CORE_JSON_TERMS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

enum {
    JSON_PATH_MAX = 256, /* bytes with the NUL: what a key of the configuration takes */
    JSON_REPLIES_MAX = 4
};

struct json_replies {
    const cJSON *root[JSON_REPLIES_MAX]; /* borrowed; NULL: there is none */
};

struct json_term {
    const char *path; /* without blanks around it, [n], "?" and factor; for the call only */
    unsigned reply;   /* from 0; JSON_REPLIES_MAX and above: there can be no such one */
    const cJSON
        *node; /* where it leads, in a list to what is no number; NULL: nowhere, and a constant's */
    double value;  /* with its sign and factor; MISSING: it is no number */
    bool left_out; /* it may be, and is: node is NULL, value MISSING */
};

typedef void (*json_term_fn)(void *user, const struct json_term *term);

/* Calls fn for each term, in their order. */
void json_terms(const struct json_replies *replies, const char *text, json_term_fn fn, void *user);

/* Why a path, which led to node, gives no number: "is not in the reply"; static text, to stand behind it. */
const char *json_no_number(const cJSON *node);

#endif
