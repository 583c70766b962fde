#include "core/device_match.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/text.h"

enum { NUMBER_TEXT_MAX = 32 };

/* A text, or a number as JSON writes it; NULL for what is neither. */
static const char *text_of(const cJSON *node, char number[NUMBER_TEXT_MAX])
{
    if (cJSON_IsString(node))
        return node->valuestring;
    if (cJSON_IsBool(node))
        return cJSON_IsTrue(node) ? "true" : "false";
    if (!cJSON_IsNumber(node))
        return NULL;
    (void)snprintf(number, NUMBER_TEXT_MAX, "%.15g", node->valuedouble);
    return number;
}

static bool is_there(const cJSON *node)
{
    return node && !cJSON_IsNull(node);
}

static bool is_like(const cJSON *node, const char *pattern)
{
    size_t len = strlen(pattern);
    char number[NUMBER_TEXT_MAX];

    if (strcmp(pattern, "-") == 0)
        return !is_there(node);
    if (!is_there(node) || strcmp(pattern, "*") == 0)
        return is_there(node);
    const char *text = text_of(node, number);
    if (!text)
        return false;
    return pattern[len - 1] == '*' ? strncmp(text, pattern, len - 1) == 0
                                   : strcmp(text, pattern) == 0;
}

/* "path: pattern pattern": one of them. */
static bool holds(char *rule, const cJSON *reply)
{
    char *patterns = strstr(rule, ": ");

    if (!patterns)
        return false;
    *patterns = '\0';
    patterns += 2;
    const cJSON *node = json_path(reply, rule);
    for (char *pattern; (pattern = strsep(&patterns, " "));) {
        if (*pattern && is_like(node, pattern))
            return true;
    }
    return false;
}

bool device_match(const struct device_type *t, const cJSON *reply)
{
    char match[DEVICE_TYPE_VALUE_MAX], where[DEVICE_TYPE_VALUE_MAX];

    if (!reply || !device_type_get(t, "Match", match) || !holds(match, reply))
        return false;
    return !device_type_get(t, "Where", where) || holds(where, reply);
}

void device_match_text(const struct device_type *t, const char *key, const cJSON *reply, char *out,
                       size_t size)
{
    char path[DEVICE_TYPE_VALUE_MAX], number[NUMBER_TEXT_MAX];
    const char *text =
        device_type_get(t, key, path) ? text_of(json_path(reply, path), number) : NULL;

    text_copy(out, size, text);
}
