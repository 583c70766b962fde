#include "cli/show/number_list.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_paths.h"
#include "core/reading.h"
#include "core/text.h"

enum { WIDTH_MAX = 48, SHOWN_MAX = 2 * JSON_PATH_MAX, WRITTEN_MAX = 2 * SHOWN_MAX };

/* As it is written after CUST_Power=; what leads nowhere may hold anything. */
static void write_path(char out[WRITTEN_MAX], const char *path)
{
    char clean[SHOWN_MAX];
    size_t used = 0;

    text_copy(clean, sizeof clean, path);
    for (const char *s = clean; *s && used + 3 < WRITTEN_MAX; s++) {
        if (*s == '%')
            out[used++] = '%';
        out[used++] = *s;
    }
    out[used] = '\0';
}

/* Characters, not bytes. */
static size_t width_of(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* ---- For people ---- */

struct list {
    FILE *out;
    const char *indent;
    size_t width;
};

static void measure(void *user, const struct json_number_found *found)
{
    struct list *l = user;
    char path[WRITTEN_MAX];

    write_path(path, found->path);
    size_t width = width_of(path);
    if (width > l->width && width <= WIDTH_MAX)
        l->width = width;
}

static void print(void *user, const struct json_number_found *found)
{
    const struct list *l = user;
    char path[WRITTEN_MAX];

    write_path(path, found->path);
    size_t width = width_of(path);
    fprintf(l->out, "%s%s%*s  %.15g", l->indent, path,
            width < l->width ? (int)(l->width - width) : 0, "", found->value);
    if (found->unusable)
        fprintf(l->out, "  (no path leads there: %s)", found->unusable);
    fputc('\n', l->out);
}

size_t number_list_print(FILE *out, const char *indent, const cJSON *root, size_t max)
{
    struct list l = {.out = out, .indent = indent};

    json_paths(root, max, measure, &l);
    size_t count = json_paths(root, max, print, &l);
    if (count > max)
        fprintf(out, "%s... and %zu more\n", indent, count - max);
    return count;
}

/* ---- For programs ---- */

static void add(void *user, const struct json_number_found *found)
{
    char path[SHOWN_MAX];
    cJSON *entry = cJSON_CreateObject();

    text_copy(path, sizeof path, found->path);
    if (found->unusable) {
        cJSON_AddNullToObject(entry, "path");
        cJSON_AddStringToObject(entry, "at", path);
        cJSON_AddStringToObject(entry, "why", found->unusable);
    } else {
        cJSON_AddStringToObject(entry, "path", path);
    }
    cJSON_AddNumberToObject(entry, "value", found->value);
    if (!cJSON_AddItemToArray(user, entry))
        cJSON_Delete(entry);
}

cJSON *number_list_json(const cJSON *root, size_t max)
{
    cJSON *array = cJSON_CreateArray();

    if (array)
        json_paths(root, max, add, array);
    return array;
}
