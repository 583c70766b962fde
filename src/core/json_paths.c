#include "core/json_paths.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/json.h"
#include "core/reading.h"
#include "core/text.h"

enum { SHOWN_MAX = 2 * JSON_PATH_MAX };

struct walk {
    const cJSON *root;
    size_t max, count;
    json_paths_fn fn;
    void *user;
    char path
        [SHOWN_MAX]; /* path[0] is '/', of use where a path must begin with one; may lack its end */
};

/* What a key's value goes through before it is followed: see set_json_path() and the template driver. */
static const char *unusable(const struct walk *w, const char *path, const cJSON *node)
{
    char text[SHOWN_MAX];
    size_t len = strlen(path);

    text_copy(text, sizeof text, path);
    if (len >= JSON_PATH_MAX)
        return "longer than a key may be";
    if (strcmp(text, path) != 0)
        return "a name in it holds characters that a configuration cannot";
    if (isspace((unsigned char)path[len - 1]))
        return "its last name ends in a blank";
    if (json_path(w->root, path) != node)
        return "a name in it holds a '/', is empty, or stands there twice";
    return NULL;
}

/* A path that is empty, begins with a blank or a '/', or is "none" needs the '/' before it. */
static const char *written(const struct walk *w)
{
    const char *path = w->path + 1;
    bool needs_slash =
        !*path || *path == '/' || isspace((unsigned char)*path) || strcasecmp(path, "none") == 0;
    return needs_slash ? w->path : path;
}

static void tell(struct walk *w, const cJSON *node, double value)
{
    if (w->count++ >= w->max)
        return;
    struct json_number_found found = {.path = written(w), .node = node, .value = value};
    found.unusable = unusable(w, found.path, node);
    w->fn(w->user, &found);
}

/* The depth is bounded by json_parse(). */
static void visit(struct walk *w, const cJSON *node, size_t used)
{
    const cJSON *child;
    size_t at = 0;

    if (!cJSON_IsObject(node) && !cJSON_IsArray(node)) {
        double value = cJSON_IsBool(node) ? MISSING : json_number(node);
        if (has_value(value))
            tell(w, node, value);
        return;
    }
    cJSON_ArrayForEach(child, node)
    {
        const char *parted = node == w->root ? "" : "/";
        char *to = w->path + used;
        size_t room = sizeof w->path - used;
        int n = child->string ? snprintf(to, room, "%s%s", parted, child->string)
                              : snprintf(to, room, "%s%zu", parted, at++);
        size_t end = used + (size_t)n;
        visit(w, child, end < sizeof w->path ? end : sizeof w->path - 1);
    }
}

size_t json_paths(const cJSON *root, size_t max, json_paths_fn fn, void *user)
{
    struct walk w = {.root = root, .max = max, .fn = fn, .user = user, .path = "/"};

    visit(&w, root, 1);
    return w.count;
}
