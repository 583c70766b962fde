#include "core/refusal.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/json.h"
#include "core/text.h"

enum { LINE_READ_MAX = 400, BEGINNING_MAX = 13 };

/* What devices call it, the most telling first. */
static const char *const names[] = {"message",     "error_message", "error", "msg",     "reason",
                                    "description", "detail",        "cause", "warning", "status"};

static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *m;

    cJSON_ArrayForEach(m, object)
    {
        if (m->string && strcasecmp(m->string, name) == 0)
            return m;
    }
    return NULL;
}

/* {"message": "..."}, {"error": {"message": "..."}} */
static const char *text_in(const cJSON *object)
{
    for (size_t i = 0; cJSON_IsObject(object) && i < sizeof names / sizeof names[0]; i++) {
        const cJSON *m = member(object, names[i]);
        if (!m)
            continue;
        for (size_t k = 0; cJSON_IsObject(m) && k < sizeof names / sizeof names[0]; k++) {
            const cJSON *within = member(m, names[k]);
            if (within && cJSON_IsString(within))
                return within->valuestring;
        }
        if (cJSON_IsString(m) && m->valuestring[0])
            return m->valuestring;
    }
    return cJSON_IsString(object) ? object->valuestring : "";
}

static bool is_json(char first)
{
    return first == '{' || first == '[' || first == '"';
}

/* The first line that is not empty; of a web page, and of JSON that cannot be read, nothing. */
static void take_line(const char *body, size_t len, char out[LINE_READ_MAX])
{
    size_t begin = 0, end;

    while (begin < len && (unsigned char)body[begin] <= ' ')
        begin++;
    for (end = begin; end < len && body[end] && !strchr("\r\n", body[end]);)
        end++;
    if (begin == len || body[begin] == '<' || is_json(body[begin]))
        end = begin;
    (void)snprintf(out, LINE_READ_MAX, "%.*s", (int)(end - begin), body + begin);
}

/* The beginning of a long one is enough: a device may not repeat it all. */
static bool holds(const char *text, const char *secret)
{
    char beginning[BEGINNING_MAX];

    (void)snprintf(beginning, sizeof beginning, "%s", secret ? secret : "");
    return beginning[0] && strstr(text, beginning);
}

static void cut_query(char *text)
{
    for (char *s = text; *s; s++) {
        if (*s == '?' && s[1] && s[1] != ' ') {
            *s = '\0';
            return;
        }
    }
}

void refusal_words(const char *body, size_t len, const char *const *secrets, size_t secret_count,
                   char out[REFUSAL_WORDS_MAX])
{
    char line[LINE_READ_MAX];
    cJSON *root = json_parse(body, len, NULL, 0);

    if (root)
        (void)snprintf(line, sizeof line, "%s", text_in(root));
    else
        take_line(body, len, line);
    cJSON_Delete(root);
    for (size_t i = 0; i < secret_count; i++) {
        if (holds(line, secrets[i]))
            line[0] = '\0';
    }
    cut_query(line);
    text_copy(out, REFUSAL_WORDS_MAX, line);
}
