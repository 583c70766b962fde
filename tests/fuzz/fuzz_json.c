/* Whatever a gateway sends: every getter on every node gives a value in range or "not there". */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/json_paths.h"
#include "core/json_terms.h"
#include "fuzz/sane.h"

static const char *const paths[] = {"a/0/b",
                                    "/a",
                                    "0",
                                    "em:0/act_power",
                                    "a//b",
                                    "/",
                                    "inverters/1/AC/0/Power/v",
                                    "",
                                    "a/b/",
                                    "99999999999999999999"};

static void check_getters(const cJSON *o, const char *key)
{
    char text[16];
    double d = json_number(json_get(o, key));

    if (!sane_value(d, -1e15, 1e15) || !sane_value(json_member(o, key), -1e15, 1e15))
        abort();
    memset(text, 'x', sizeof text);
    json_text(o, key, text, sizeof text);
    if (!sane_text(text, sizeof text))
        abort();
    (void)json_bool(o, key, true);
}

static void walk(const cJSON *node, unsigned depth)
{
    const cJSON *child;
    size_t index = 0;

    if (depth > JSON_DEPTH_MAX + 1)
        abort();
    cJSON_ArrayForEach(child, node)
    {
        /* Elements far behind are found by walking the list: a bound keeps this quick. */
        if (index++ < 64)
            check_getters(node, child->string ? child->string : "");
        if (!sane_value(json_number(child), -1e15, 1e15))
            abort();
        walk(child, depth + 1);
    }
    check_getters(node, "missing");
    if (json_at(node, index) || (index && cJSON_IsArray(node) && !json_at(node, index - 1)))
        abort();
}

/* What is said to lead to a number does. */
static void follow(void *user, const struct json_number_found *found)
{
    const cJSON *root = user;

    if (strlen(found->path) >= 2 * JSON_PATH_MAX)
        abort();
    if (!found->unusable &&
        (strlen(found->path) >= JSON_PATH_MAX || json_path(root, found->path) != found->node))
        abort();
}

static void count_term(void *user, const struct json_term *term)
{
    size_t *count = user;

    if (strlen(term->path) >= JSON_PATH_MAX || json_path(term->node, "") != term->node)
        abort();
    (*count)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[64] = "", *body = malloc(size + 1), path[64];
    size_t terms = 0;

    if (!body)
        return 0;
    if (size)
        memcpy(body, data, size);
    body[size] = '\0'; /* as the transport hands it over */
    cJSON *root = json_parse(body, size, why, sizeof why);
    if (!root && !*why)
        abort();
    if (root) {
        walk(root, 0);
        (void)json_paths(root, 64, follow, root);
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
            (void)json_number(json_path(root, paths[i]));
        /* The text itself as a path into itself. */
        strncpy(path, body, sizeof path - 1);
        path[sizeof path - 1] = '\0';
        (void)json_path(root, path);
        const struct json_replies replies = {{root, NULL, root}};
        json_terms(&replies, path, count_term, &terms);
        if (!terms || terms > strlen(path) + 1)
            abort();
    }
    cJSON_Delete(root);
    free(body);
    return 0;
}
