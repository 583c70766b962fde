/*
 * Total getters over cJSON: whatever a gateway sends, each gives a value in range or "not there",
 * and nothing crashes, recurses without bound or reads past the body.
 */
#ifndef DTU_CORE_JSON_H
#define DTU_CORE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    JSON_DEPTH_MAX = 24,        /* OpenDTU nests 6 deep, Shelly.GetStatus 5 */
    JSON_BODY_MAX = 1024 * 1024 /* the transport's limit as well */
};

/*
 * Parses len bytes. A bare NaN or Infinity, which JSON does not have but some devices write, reads as null.
 * NULL when they are no complete JSON text (trailing white space is fine, anything
 * else is not), too long or nested too deeply; then why, if not NULL, says which, in at most
 * why_size - 1 bytes. The caller frees with cJSON_Delete().
 */
cJSON *json_parse(const char *body, size_t len, char *why, size_t why_size);

/* Member of an object by exact, case-sensitive name; NULL when o is NULL or no object. */
const cJSON *json_get(const cJSON *o, const char *key);

/* Element of an array; NULL when there is none. */
const cJSON *json_at(const cJSON *a, size_t index);

/*
 * A finite number: a JSON number or a text that is one ("12.5", " 12.5 "), within +-1e15; else
 * MISSING. true/false give 1/0.
 */
double json_number(const cJSON *v);

/* json_number(json_get(o, key)) */
double json_member(const cJSON *o, const char *key);

/* Text of a string member, or of a number member written as %.15g; "" when there is none. */
void json_text(const cJSON *o, const char *key, char *out, size_t size);

/* true, 1, "true", "1" (any case) are true; missing gives fallback. */
bool json_bool(const cJSON *o, const char *key, bool fallback);

/*
 * Follows a path as template sections write it: names and array indices separated by '/', one more
 * '/' at either end is tolerated, a name may hold a colon ("em:0/act_power"). An element that is a number indexes
 * an array, and names a member of an object. NULL when any element is not there.
 */
const cJSON *json_path(const cJSON *root, const char *path);

#endif
