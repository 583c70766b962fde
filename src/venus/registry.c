/* All classes. A new one is its file, with venus_<name> as the last thing in it, and its name here. */
#include <string.h>

#include "core/map.h"

#define CLASSES(X) X(pvinverter) X(inverter) X(grid) X(genset) X(acload) X(heatpump)

#define DECLARE(name) extern const struct venus_class venus_##name;
CLASSES(DECLARE)

#define POINTER(name) &venus_##name,
const struct venus_class *const venus_classes[] = {CLASSES(POINTER) NULL};

static const char prefix[] = "com.victronenergy.";

/*
 * What may be made of an inverter or of the meter behind a template. dbus-shelly offers grid,
 * pvinverter, genset and acload (meter.py), dbus-modbus-client's meters the first three of them.
 */
const char *const venus_roles[] = {"pvinverter", "grid", "genset", "acload", "heatpump", NULL};

const struct venus_class *venus_role_find(const char *role)
{
    for (size_t i = 0; venus_roles[i]; i++) {
        if (strcmp(venus_roles[i], role) == 0)
            return venus_class_find(role, NULL);
    }
    return NULL;
}

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
