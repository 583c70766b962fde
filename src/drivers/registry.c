#include <strings.h>

#include "core/driver.h"

/* Each is the last thing in the file of its name. */
extern const struct driver driver_opendtu, driver_ahoy, driver_auto, driver_template;

const struct driver *const drivers[] = {
    &driver_opendtu, &driver_ahoy, &driver_auto, &driver_template, NULL,
};

const struct driver *driver_find(const char *name)
{
    for (size_t i = 0; drivers[i]; i++) {
        if (strcasecmp(drivers[i]->name, name) == 0)
            return drivers[i];
    }
    return NULL;
}
