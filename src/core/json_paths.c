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
        char index[24];
        const char *parted = node == w->root ? "" : "/";
        (void)snprintf(index, sizeof index, "%zu", at++);
        int n = snprintf(w->path + used, sizeof w->path - used, "%s%s", parted,
                         cJSON_IsArray(node) ? index : (child->string ? child->string : ""));
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

/* ---- What a key means ----------------------------------------------------------------------- */

const char *json_no_number(const cJSON *node)
{
    if (!node)
        return "is not in the reply";
    if (cJSON_IsNull(node))
        return "is null at present (is the device asleep?)";
    if (cJSON_IsArray(node))
        return "is a list: add the number of the element to the path (/0 is the first)";
    if (cJSON_IsObject(node))
        return "is not a number but has some within: the path must go on";
    return "is no number in the reply";
}

struct terms {
    const cJSON *root;
    json_term_fn fn;
    void *user;
};

static bool is_blank(char c)
{
    return isspace((unsigned char)c) != 0;
}

static void copy_trimmed(char out[JSON_PATH_MAX], const char *text, size_t len)
{
    while (len && is_blank(*text)) {
        text++;
        len--;
    }
    while (len && is_blank(text[len - 1]))
        len--;
    (void)snprintf(out, JSON_PATH_MAX, "%.*s", (int)len, text);
}

static void tell_term(const struct terms *t, const char *path, bool minus)
{
    const struct json_term term = {path, json_path(t->root, path), minus};
    t->fn(t->user, &term);
}

/* Calls each for the pieces between the '+'; each may be NULL. True when one is a number or a null. */
static bool part_by_plus(const struct terms *t, const char *text, bool minus, bool tell)
{
    char piece[JSON_PATH_MAX];
    bool leads = false;

    for (;;) {
        size_t len = strcspn(text, "+");
        copy_trimmed(piece, text, len);
        const cJSON *node = json_path(t->root, piece);
        leads = leads || cJSON_IsNull(node) || has_value(json_number(node));
        if (tell)
            tell_term(t, piece, minus);
        if (!text[len])
            return leads;
        text += len + 1;
    }
}

static void tell_parts(const struct terms *t, const char *path, bool minus)
{
    bool parted = !json_path(t->root, path) && strchr(path, '+');

    if (parted && part_by_plus(t, path, minus, false))
        (void)part_by_plus(t, path, minus, true);
    else
        tell_term(t, path, minus);
}

/* Where the first " + " or " - " stands: at its sign, or at the end. */
static const char *find_sign(const char *text)
{
    for (const char *s = text; *s; s++) {
        if ((*s == '+' || *s == '-') && s > text && is_blank(s[-1]) && is_blank(s[1]))
            return s;
    }
    return text + strlen(text);
}

void json_terms(const cJSON *root, const char *text, json_term_fn fn, void *user)
{
    const struct terms t = {root, fn, user};
    char path[JSON_PATH_MAX];
    bool minus = false;

    copy_trimmed(path, text, strlen(text));
    if (json_path(root, path)) {
        tell_term(&t, path, false);
        return;
    }
    for (;;) {
        const char *sign = find_sign(text);
        copy_trimmed(path, text, (size_t)(sign - text));
        tell_parts(&t, path, minus);
        if (!*sign)
            return;
        minus = *sign == '-';
        text = sign + 1;
    }
}
