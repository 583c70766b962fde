/* What the owner of a device has set on the GX screen, and whether it counts: for `check`. */
#ifndef DTU_CLI_CHOSEN_H
#define DTU_CLI_CHOSEN_H

#include "core/conf.h"
#include "core/device.h"

enum { CHOSEN_MAX = 360 };

/* "CustomName=Roof, PowerLimit=1 (config.ini says PowerLimit, which counts)"; "" where nothing is set. */
const char *chosen_text(const struct owner_choice *choice, const struct device_conf *conf,
                        char out[CHOSEN_MAX]);

#endif
