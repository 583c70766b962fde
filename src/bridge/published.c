#include "bridge/published.h"

#include <stdlib.h>

/* What a dry run keeps from the bus: all that was measured. */
static bool is_measured(const struct map_row *row)
{
    return row->source == MAP_FIELD || row->source == MAP_STRING;
}

static struct value shown(const struct published *p, const struct map_row *row,
                          const struct device *device)
{
    if (p->dry_run && is_measured(row))
        return value_invalid();
    return map_value(row, device_view(device));
}

/* False when there is no memory for them. */
static bool collect_rows(struct published *p, const struct venus_class *class,
                         const struct device *device, struct service_item **items)
{
    p->count = 0;
    p->rows = calloc(class->row_count, sizeof(struct map_row *));
    *items = calloc(class->row_count, sizeof **items);
    if (!p->rows || !*items)
        return false;
    for (size_t i = 0; i < class->row_count; i++) {
        const struct map_row *row = &class->rows[i];
        if (!map_applies(row, device_view(device)))
            continue;
        p->rows[p->count] = row;
        (*items)[p->count++] = (struct service_item){
            .path = row->path,
            .description = row->help,
            .text = row->text,
            .writable = row->writable,
            .command = row->command,
            .quiet = row->quiet,
            .value = shown(p, row, device),
        };
    }
    return true;
}

bool published_open(struct published *p, struct loop *loop, const char *name,
                    const struct venus_class *class, const struct device *device,
                    const struct service_events *events, char *why, size_t why_size)
{
    struct service_item *items = NULL;

    if (collect_rows(p, class, device, &items))
        p->service = service_create(loop, name, items, p->count, events, why, why_size);
    free(items);
    return p->service != NULL;
}

void published_close(struct published *p)
{
    service_destroy(p->service);
    p->service = NULL;
    free(p->rows);
    p->rows = NULL;
    p->count = 0;
}

void published_show(struct published *p, const struct device *device)
{
    if (!p->service)
        return;
    for (size_t i = 0; i < p->count; i++) {
        struct value v = shown(p, p->rows[i], device);
        service_set(p->service, i, &v);
    }
    service_flush(p->service);
}

const char *published_name(const struct published *p)
{
    return p->service ? service_name(p->service) : "";
}
