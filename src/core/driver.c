#include "core/driver.h"

#include <stddef.h>
#include <strings.h>

const struct driver *driver_find(const char *name)
{
    for (size_t i = 0; drivers[i]; i++) {
        if (strcasecmp(drivers[i]->name, name) == 0)
            return drivers[i];
    }
    return NULL;
}
