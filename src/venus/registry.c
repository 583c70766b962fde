/* All classes. A new one is its file and a row here. */
#include <string.h>

#include "venus/rows.h"

static const char prefix[] = "com.victronenergy.";

const struct venus_class *const venus_classes[] = {
    &venus_pvinverter, &venus_inverter, &venus_grid, &venus_genset,
    &venus_acload,     &venus_heatpump, NULL,
};

const struct venus_class *venus_class_find(const char *service, bool *known)
{
    const char *name = service;

    if (strncmp(service, prefix, sizeof prefix - 1) == 0)
        name += sizeof prefix - 1;
    if (known)
        *known = true;
    for (size_t i = 0; venus_classes[i]; i++) {
        if (strcmp(venus_classes[i]->name, name) == 0)
            return venus_classes[i];
    }
    if (known)
        *known = false;
    return &venus_acload;
}
