/*
 * Whether a device is of a type: by its reply to the type's Probe, as the keys Match and Where of its file say
 * (core/device_type.h). Pure.
 */
#ifndef DTU_CORE_DEVICE_MATCH_H
#define DTU_CORE_DEVICE_MATCH_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/device_type.h"

/* reply: to the Probe; NULL is fine. False for a type without Match. */
bool device_match(const struct device_type *t, const cJSON *reply);

/*
 * What the reply says of the device at the path that a key of the file gives ("ProbeName"), cleaned. Empty where the
 * file does not have the key, or the reply not the path.
 */
void device_match_text(const struct device_type *t, const char *key, const cJSON *reply, char *out,
                       size_t size);

#endif
