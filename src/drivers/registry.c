/* All drivers. A new one is its file, with driver_<name> as the last thing in it, and its name here. */
#include <stddef.h>

#include "core/driver.h"

/* `auto` tries those that can be probed in this order. */
#define DRIVERS(X) X(opendtu) X(ahoy) X(auto) X(template) X(replay)

#define DECLARE(name) extern const struct driver driver_##name;
DRIVERS(DECLARE)

#define POINTER(name) &driver_##name,
const struct driver *const drivers[] = {DRIVERS(POINTER) NULL};
