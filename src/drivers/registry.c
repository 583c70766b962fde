#include <stddef.h>

#include "core/driver.h"

/* Each is the last thing in the file of its name. */
extern const struct driver driver_opendtu, driver_ahoy, driver_auto, driver_template;

const struct driver *const drivers[] = {
    &driver_opendtu, &driver_ahoy, &driver_auto, &driver_template, NULL,
};
