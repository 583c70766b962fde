#include "core/json.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/reading.h"
#include "core/text.h"

#define NUMBER_LIMIT 1e15

static void say(char *why, size_t why_size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(char *why, size_t why_size, const char *format, ...)
{
    va_list args;

    if (!why || !why_size)
        return;
    va_start(args, format);
    (void)vsnprintf(why, why_size, format, args);
    va_end(args);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_spaces(const char *at, const char *end)
{
    while (at < end && is_space(*at))
        at++;
    return at;
}

struct brackets {
    unsigned deepest;
    bool open_at_end; /* in a string, an array or an object: cut off */
};

/* cJSON parses and frees by recursion, and sees to the limit itself. */
_Static_assert(CJSON_NESTING_LIMIT == JSON_DEPTH_MAX, "CJSON_DEFS in the Makefile");

/* Of what cJSON refused; it does not say why. Brackets in strings do not count. */
static struct brackets count_brackets(const char *body, size_t len)
{
    struct brackets b = {0};
    unsigned depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < len; i++) {
        char c = body[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > b.deepest)
                b.deepest = depth;
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
    }
    b.open_at_end = in_string || depth;
    return b;
}

/* What the body is instead of JSON, for the log line. */
static void say_no_json(const char *body, size_t len, const char *end, char *why, size_t why_size)
{
    struct brackets b = count_brackets(body, len);
    const char *first = skip_spaces(body, body + len);

    if (b.deepest > JSON_DEPTH_MAX)
        say(why, why_size, "the JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
    else if (first == body + len)
        say(why, why_size, "the reply is empty");
    else if (*first == '<')
        say(why, why_size, "the reply is a web page (HTML), not JSON");
    else if (b.open_at_end)
        say(why, why_size, "the JSON is cut off (%zu bytes)", len);
    else
        say(why, why_size, "the reply is not JSON (byte %zu of %zu)", (size_t)(end - body), len);
}

/* ---- Numbers that JSON does not have ---- */

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* Length of a bare NaN, inf or Infinity with or without a sign, in any case; 0: there is none. */
static size_t no_number_at(const char *at, const char *end)
{
    static const char *const words[] = {"nan", "infinity", "inf"};
    size_t sign = is_one_of(*at, "+-") ? 1 : 0;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = sign + strlen(words[i]);
        if ((size_t)(end - at) < len || strncasecmp(at + sign, words[i], len - sign) != 0)
            continue;
        if (at + len == end || is_space(at[len]) || is_one_of(at[len], ",]}"))
            return len;
    }
    return 0;
}

/* With its quotes; of one without an end, what there is. */
static size_t string_length(const char *text, size_t len)
{
    size_t at = 1;

    while (at < len && text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return at < len ? at + 1 : len;
}

/* A copy with null in the place of each of them, since they are no value; NULL: there is none. */
static char *without_no_numbers(const char *body, size_t len, size_t *out_len)
{
    char *copy = malloc(len + len / 3), *to = copy; /* of three bytes at least, four are made */
    const char *end = body + len;
    char before = ':'; /* what stands before, blanks aside */
    bool found = false;

    for (const char *at = body; copy && at < end;) {
        size_t word = is_one_of(before, ":,[") ? no_number_at(at, end) : 0;
        size_t piece = *at == '"' ? string_length(at, (size_t)(end - at)) : 1;
        memcpy(to, word ? "null" : at, word ? 4 : piece);
        to += word ? 4 : piece;
        before = is_space(*at) ? before : *at;
        at += word ? word : piece;
        found = found || word;
    }
    *out_len = (size_t)(to - copy);
    if (found)
        return copy;
    free(copy);
    return NULL;
}

/* end: where it stopped, behind the blanks that follow. */
static cJSON *parse(const char *body, size_t len, const char **end)
{
    cJSON *root = cJSON_ParseWithLengthOpts(body, len, end, 0);

    if (root)
        *end = skip_spaces(*end, body + len);
    return root;
}

/* As if there were a null where a NaN is; NULL: even then it is no JSON. */
static cJSON *parse_again(const char *body, size_t len)
{
    size_t mended_len;
    char *mended = without_no_numbers(body, len, &mended_len);
    const char *end;
    cJSON *root = mended ? parse(mended, mended_len, &end) : NULL;

    if (root && end != mended + mended_len) {
        cJSON_Delete(root);
        root = NULL;
    }
    free(mended);
    return root;
}

cJSON *json_parse(const char *body, size_t len, char *why, size_t why_size)
{
    const char *end = body;
    cJSON *root;

    if (why && why_size)
        *why = '\0';
    if (len > JSON_BODY_MAX) {
        say(why, why_size, "the reply is longer than %d KiB", JSON_BODY_MAX / 1024);
        return NULL;
    }
    root = parse(body, len, &end);
    if (!root) {
        root = parse_again(body, len);
        if (root)
            return root;
        say_no_json(body, len, end, why, why_size);
        return NULL;
    }
    if (end != body + len) {
        say(why, why_size, "something follows the JSON at byte %zu of %zu", (size_t)(end - body),
            len);
        cJSON_Delete(root);
        return NULL;
    }
    return root;
}

const cJSON *json_get(const cJSON *o, const char *key)
{
    const cJSON *member;

    if (!cJSON_IsObject(o))
        return NULL;
    cJSON_ArrayForEach(member, o)
    {
        if (member->string && strcmp(member->string, key) == 0)
            return member;
    }
    return NULL;
}

const cJSON *json_at(const cJSON *a, size_t index)
{
    const cJSON *element;

    if (!cJSON_IsArray(a))
        return NULL;
    cJSON_ArrayForEach(element, a)
    {
        if (index-- == 0)
            return element;
    }
    return NULL;
}

static double in_range(double d)
{
    return isfinite(d) && fabs(d) <= NUMBER_LIMIT ? d : MISSING;
}

static double number_of_text(const char *text)
{
    size_t len;
    char *end;
    double d;

    while (is_space(*text))
        text++;
    /* Decimal only: strtod() alone would also read "0x1F", "inf" and "nan". */
    len = strspn(text, "+-.0123456789eE");
    d = strtod(text, &end);
    if (end == text || end != text + len)
        return MISSING;
    while (is_space(*end))
        end++;
    return *end ? MISSING : in_range(d);
}

double json_number(const cJSON *v)
{
    if (!v)
        return MISSING;
    if (cJSON_IsNumber(v))
        return in_range(v->valuedouble);
    if (cJSON_IsBool(v))
        return cJSON_IsTrue(v) ? 1 : 0;
    if (cJSON_IsString(v))
        return number_of_text(v->valuestring);
    return MISSING;
}

double json_member(const cJSON *o, const char *key)
{
    return json_number(json_get(o, key));
}

void json_text(const cJSON *o, const char *key, char *out, size_t size)
{
    const cJSON *v = json_get(o, key);
    char number[32];

    /* NOLINTNEXTLINE(bugprone-branch-clone): gcc's analyzer does not know that to cJSON, NULL is no text */
    if (!v) {
        text_copy(out, size, NULL);
    } else if (cJSON_IsString(v)) {
        text_copy(out, size, v->valuestring);
    } else if (cJSON_IsNumber(v) && has_value(in_range(v->valuedouble))) {
        (void)snprintf(number, sizeof number, "%.15g", v->valuedouble);
        text_copy(out, size, number);
    } else {
        text_copy(out, size, NULL);
    }
}

bool json_bool(const cJSON *o, const char *key, bool fallback)
{
    const cJSON *v = json_get(o, key);

    if (!v)
        return fallback;
    if (cJSON_IsBool(v))
        return cJSON_IsTrue(v);
    if (cJSON_IsNumber(v))
        return v->valuedouble == 1;
    if (cJSON_IsString(v))
        return strcasecmp(v->valuestring, "true") == 0 || strcmp(v->valuestring, "1") == 0;
    return fallback;
}

/* The whole element as a decimal number: bounded by what an array can hold within JSON_BODY_MAX. */
static bool array_index(const char *text, size_t len, size_t *index)
{
    if (!len || len > 7)
        return false;
    *index = 0;
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        *index = *index * 10 + (size_t)(text[i] - '0');
    }
    return true;
}

static const cJSON *path_step(const cJSON *node, const char *name, size_t len)
{
    const cJSON *member;
    size_t index;

    if (cJSON_IsArray(node))
        return array_index(name, len, &index) ? json_at(node, index) : NULL;
    if (!cJSON_IsObject(node))
        return NULL;
    cJSON_ArrayForEach(member, node)
    {
        if (member->string && strncmp(member->string, name, len) == 0 && !member->string[len])
            return member;
    }
    return NULL;
}

const cJSON *json_path(const cJSON *root, const char *path)
{
    const cJSON *node = root;

    if (*path == '/')
        path++;
    while (node && *path) {
        size_t len = strcspn(path, "/");
        node = path_step(node, path, len);
        path += len;
        if (*path)
            path++;
    }
    return node;
}
