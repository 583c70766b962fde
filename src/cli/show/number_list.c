#include "cli/show/number_list.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_paths.h"
#include "core/reading.h"
#include "core/text.h"

enum { WIDTH_MAX = 48, SHOWN_MAX = 2 * JSON_PATH_MAX, WRITTEN_MAX = 2 * SHOWN_MAX };
enum { DIGITS = 15, NOTE_COLUMN = 12 };

/* What leads nowhere may hold anything. */
void number_list_write_path(char *out, size_t size, const char *path)
{
    char clean[SHOWN_MAX];
    size_t used = 0;

    text_copy(clean, sizeof clean, path);
    for (const char *s = clean; *s && used + 3 < size; s++) {
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
    number_note_fn note; /* NULL: there are none */
    void *user;
    size_t width;
};

static void measure(void *user, const struct json_number_found *found)
{
    struct list *l = user;
    char path[WRITTEN_MAX];

    number_list_write_path(path, sizeof path, found->path);
    size_t width = width_of(path);
    if (width > l->width && width <= WIDTH_MAX)
        l->width = width;
}

static void print(void *user, const struct json_number_found *found)
{
    const struct list *l = user;
    char path[WRITTEN_MAX];

    number_list_write_path(path, sizeof path, found->path);
    size_t width = width_of(path);
    const char *note = l->note && !found->unusable ? l->note(l->user, found->path) : "";
    fprintf(l->out, "%s%s%*s  %.*g", l->indent, path,
            width < l->width ? (int)(l->width - width) : 0, "", DIGITS, found->value);
    if (found->unusable)
        fprintf(l->out, "  (no path leads there: %s)", found->unusable);
    else if (*note)
        fprintf(l->out, "%*s  %s", NOTE_COLUMN - snprintf(NULL, 0, "%.*g", DIGITS, found->value),
                "", note);
    fputc('\n', l->out);
}

static size_t print_all(struct list *l, const cJSON *root, size_t max)
{
    json_paths(root, max, measure, l);
    size_t count = json_paths(root, max, print, l);
    if (count > max)
        fprintf(l->out, "%s... and %zu more\n", l->indent, count - max);
    return count;
}

size_t number_list_print(FILE *out, const char *indent, const cJSON *root, size_t max)
{
    struct list l = {.out = out, .indent = indent};

    return print_all(&l, root, max);
}

size_t number_list_print_noted(FILE *out, const cJSON *root, size_t max, number_note_fn note,
                               void *user)
{
    struct list l = {.out = out, .indent = "", .note = note, .user = user};

    return print_all(&l, root, max);
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
