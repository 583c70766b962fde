#include "edge/bus/items.h"

#include <dbus/dbus.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

struct item *items_find(const struct items *items, const char *path)
{
    for (size_t i = 0; i < items->count; i++) {
        if (strcmp(items->list[i].conf.path, path) == 0)
            return &items->list[i];
    }
    return NULL;
}

const char *item_below(const struct item *item, const char *node)
{
    size_t len = strcmp(node, "/") == 0 ? 0 : strlen(node);
    const char *path = item->conf.path;

    return strncmp(path, node, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

bool items_below(const struct items *items, const char *node)
{
    for (size_t i = 0; i < items->count; i++) {
        if (item_below(&items->list[i], node))
            return true;
    }
    return false;
}

bool item_set(struct item *item, const struct value *value)
{
    struct value kept = *value;
    char *text = NULL;

    if (value->type == VALUE_STRING) {
        text = strdup(value->s);
        if (text)
            text_clean(text);
        kept = value_string(text); /* without memory: no value */
    }
    bool changed = !item->conf.quiet && !value_equal(&kept, &item->conf.value);
    item->conf.value = kept;
    free(item->text);
    item->text = text;
    item->changed = item->changed || changed;
    return changed;
}

/* ---- creation ---- */

static bool is_path(const char *path)
{
    return dbus_validate_path(path, NULL) && strcmp(path, "/") != 0;
}

int items_init(struct items *items, const struct service_item *list, size_t count, char *why,
               size_t why_size)
{
    *items = (struct items){.list = calloc(count ? count : 1, sizeof(*items->list)), .room = count};
    if (!items->list) {
        snprintf(why, why_size, "out of memory");
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_path(list[i].path) || items_find(items, list[i].path)) {
            snprintf(why, why_size, "\"%s\" is no path for an item, or is there twice",
                     list[i].path);
            return -EINVAL;
        }
        struct item *item = &items->list[items->count++];
        item->conf = list[i];
        item->conf.value = value_invalid();
        item_set(item, &list[i].value);
        item->changed = false;
    }
    return 0;
}

/* Half as many again: a service that grows does so by a few items at a time. */
static bool make_room(struct items *items)
{
    size_t room = items->room + items->room / 2 + 16;
    struct item *list;

    if (items->count < items->room)
        return true;
    list = realloc(items->list, room * sizeof(*list));
    if (!list)
        return false;
    items->list = list;
    items->room = room;
    return true;
}

int items_add(struct items *items, const struct service_item *conf)
{
    if (!is_path(conf->path) || items_find(items, conf->path))
        return -EINVAL;
    char *path = strdup(conf->path);
    if (!path || !make_room(items)) {
        free(path);
        return -ENOMEM;
    }
    struct item *item = &items->list[items->count++];
    *item = (struct item){.conf = *conf, .path = path};
    item->conf.path = path;
    item->conf.value = value_invalid();
    item_set(item, &conf->value);
    item->changed = !conf->quiet;
    return 0;
}

void items_finish(struct items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        free(items->list[i].text);
        free(items->list[i].path);
    }
    free(items->list);
    *items = (struct items){0};
}
