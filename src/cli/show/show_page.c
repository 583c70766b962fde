#include "cli/show/show_page.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/show/show_text.h"

static const char folder[] = "/Devices/";

/* States of docs/dbus.md. */
static const struct {
    int state;
    const char *says;
} absences[] = {
    {4, "disabled on the GX screen"},
    {5, "off for a fault in config.ini"},
    {6, "published by another program"},
};

/* The place of the device with this id, old or new; -1 when there is no room. */
static int find(struct show_page *p, const char *id, size_t len)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strncmp(p->device[i].id, id, len) == 0 && !p->device[i].id[len])
            return (int)i;
    }
    if (p->count == SHOW_PAGE_DEVICES)
        return -1;
    (void)snprintf(p->device[p->count].id, SHOW_PAGE_TEXT, "%.*s", (int)len, id);
    p->device[p->count].name[0] = '\0';
    p->device[p->count].state = -1;
    return (int)p->count++;
}

void show_page_item(struct show_page *p, const char *path, const struct value *value)
{
    const char *id = path + sizeof folder - 1, *leaf;

    if (strncmp(path, folder, sizeof folder - 1) != 0 || !(leaf = strchr(id, '/')) ||
        leaf - id >= SHOW_PAGE_TEXT)
        return;
    bool state = strcmp(leaf, "/State") == 0;
    int at = state || strcmp(leaf, "/Name") == 0 ? find(p, id, (size_t)(leaf - id)) : -1;
    if (at < 0)
        return;
    if (state)
        p->device[at].state = value->type == VALUE_INT ? value->i : -1;
    else
        show_text_clean(p->device[at].name, SHOW_PAGE_TEXT,
                        value->type == VALUE_STRING ? value->s : "");
}

/* False when no device is in that state. */
static bool list(const struct show_page *p, size_t absence, char *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < p->count && used < size; i++) {
        if (p->device[i].state != absences[absence].state)
            continue;
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 used ? ", " : absences[absence].says, used ? "" : ": ");
        if (used < size)
            used += (size_t)snprintf(out + used, size - used, "%s",
                                     p->device[i].name[0] ? p->device[i].name : p->device[i].id);
    }
    return used > 0;
}

const char *show_page_line(const struct show_page *p, size_t n, char *out, size_t size)
{
    for (size_t i = 0; i < sizeof absences / sizeof absences[0]; i++) {
        if (list(p, i, out, size) && n-- == 0)
            return out;
    }
    out[0] = '\0';
    return out;
}
