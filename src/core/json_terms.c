#include "core/json_terms.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/reading.h"

struct terms {
    const struct json_replies *replies;
    json_term_fn fn;
    void *user;
};

const char *json_no_number(const cJSON *node)
{
    if (!node)
        return "is not in the reply";
    if (cJSON_IsNull(node))
        return "is null at present (is the device asleep?)";
    if (cJSON_IsArray(node))
        return "is a list: add the number of the element to the path (/0 is the first), or /* for all";
    if (cJSON_IsObject(node))
        return "is not a number but has some within: the path must go on";
    return "is no number in the reply";
}

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

/* ---- One term ---- */

/* A finite number that goes up to end; false, and value is as it was, when it is none. */
static bool read_number(const char *text, const char *end, double *value)
{
    char *stop;

    if (text == end || text + strspn(text, "+-.0123456789eE") != end)
        return false;
    double number = strtod(text, &stop);
    if (stop != end || !isfinite(number))
        return false;
    *value = number;
    return true;
}

static bool is_constant(const char *path, double *value)
{
    size_t len = strlen(path);

    return path[0] == '(' && path[len - 1] == ')' && read_number(path + 1, path + len - 1, value);
}

/* Takes " * 0.001" from the end of path. */
static void take_factor(char *path, double *factor)
{
    char *star = strrchr(path, '*');
    double value;

    if (!star || star == path || !is_blank(star[-1]) || !is_blank(star[1]))
        return;
    const char *number = star + 1 + strspn(star + 1, " \t");
    if (!read_number(number, number + strlen(number), &value))
        return;
    *factor *= value;
    while (star > path && is_blank(star[-1]))
        star--;
    *star = '\0';
}

/* Takes "[2]" from the beginning of path. */
static unsigned take_reply(char *path)
{
    if (path[0] != '[' || path[1] < '1' || path[1] > '9' || path[2] != ']')
        return 0;
    unsigned reply = (unsigned)(path[1] - '1');
    const char *rest = path + 3 + strspn(path + 3, " \t");
    memmove(path, rest, strlen(rest) + 1);
    return reply;
}

/* Takes "?" from the end of path. */
static bool take_mark(char *path)
{
    size_t len = strlen(path);

    if (len < 2 || path[len - 1] != '?')
        return false;
    for (len--; len && is_blank(path[len - 1]);)
        len--;
    path[len] = '\0';
    return true;
}

static void add_up(struct json_term *t, const cJSON *list)
{
    const cJSON *item;

    t->value = cJSON_GetArraySize(list) > 0 ? 0 : MISSING;
    t->node = list;
    cJSON_ArrayForEach(item, list)
    {
        double value = json_number(item);
        if (!has_value(value) && has_value(t->value))
            t->node = item;
        t->value += value;
    }
}

/* Where what stands before "/0" or "/" and "*" leads; NULL when the path ends in neither. */
static const cJSON *before_the_end(const cJSON *root, const char *path, const char *end)
{
    size_t len = strlen(path), end_len = strlen(end);
    char rest[JSON_PATH_MAX];

    if (len < end_len || strcmp(path + len - end_len, end) != 0)
        return NULL;
    (void)snprintf(rest, sizeof rest, "%.*s", (int)(len - end_len), path);
    return json_path(root, rest);
}

static void follow(struct json_term *t, const cJSON *root)
{
    const cJSON *list = NULL;

    t->node = json_path(root, t->path);
    if (!t->node)
        list = before_the_end(root, t->path, "/*");
    if (!t->node && !list) {
        const cJSON *single = before_the_end(root, t->path, "/0");
        t->node = cJSON_IsArray(single) || cJSON_IsObject(single) ? NULL : single;
    }
    if (cJSON_IsArray(list)) {
        add_up(t, list);
        return;
    }
    if (list)
        t->node = list;
    t->value = json_number(t->node);
}

/* text may be the name of a value, whatever is in it; path is for term to borrow. */
static void read_term(const struct terms *t, const char *text, bool minus, char path[JSON_PATH_MAX],
                      struct json_term *term)
{
    double factor = minus ? -1 : 1;
    bool optional = false;

    *term = (struct json_term){.path = path, .value = MISSING};
    (void)snprintf(path, JSON_PATH_MAX, "%s", text);
    bool name = json_path(t->replies->root[0], path);
    if (!name) {
        take_factor(path, &factor);
        term->reply = take_reply(path);
        optional = take_mark(path);
    }
    if ((name || !is_constant(path, &term->value)) && term->reply < JSON_REPLIES_MAX) {
        const cJSON *root = t->replies->root[term->reply];
        follow(term, root);
        term->left_out = optional && root && !term->node;
    }
    term->value *= factor;
}

/* ---- All of them ---- */

/* Reads each of the pieces between the '+', which may be empty. True when one leads to a number or a null. */
static bool part_by_plus(const struct terms *t, const char *text, bool minus, bool tell_them)
{
    char piece[JSON_PATH_MAX], path[JSON_PATH_MAX];
    struct json_term term;
    bool leads = false;

    for (;;) {
        size_t len = strcspn(text, "+");
        copy_trimmed(piece, text, len);
        read_term(t, piece, minus, path, &term);
        leads = leads || cJSON_IsNull(term.node) || (term.node && has_value(term.value));
        if (tell_them)
            t->fn(t->user, &term);
        if (!text[len])
            return leads;
        text += len + 1;
    }
}

static void tell(const struct terms *t, const char *text, bool minus)
{
    char path[JSON_PATH_MAX];
    struct json_term term;

    read_term(t, text, minus, path, &term);
    bool nowhere = !term.node && !has_value(term.value);
    if (nowhere && strchr(text, '+') && part_by_plus(t, text, minus, false))
        (void)part_by_plus(t, text, minus, true);
    else
        t->fn(t->user, &term);
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

void json_terms(const struct json_replies *replies, const char *text, json_term_fn fn, void *user)
{
    const struct terms t = {replies, fn, user};
    char trimmed[JSON_PATH_MAX], path[JSON_PATH_MAX];
    bool minus = false;

    copy_trimmed(trimmed, text, strlen(text));
    text = trimmed;
    if (json_path(replies->root[0], text)) {
        tell(&t, text, false);
        return;
    }
    if (text[0] == '-' && is_blank(text[1])) {
        minus = true;
        text += 2;
    }
    for (;;) {
        const char *sign = find_sign(text);
        copy_trimmed(path, text, (size_t)(sign - text));
        tell(&t, path, minus);
        if (!*sign)
            return;
        minus = *sign == '-';
        text = sign + 1;
    }
}
