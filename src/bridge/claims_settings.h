/* What the settings service knows of a claim, and is told. For claims*.c only. */
#ifndef DTU_BRIDGE_CLAIMS_SETTINGS_H
#define DTU_BRIDGE_CLAIMS_SETTINGS_H

#include "bridge/claims_parts.h"

/* Where a setting of the device lies. */
void claim_setting_path(const struct claim *claim, enum choice_leaf leaf,
                        char out[SETTINGS_PATH_MAX]);

/*
 * Adds what a device has in the settings service, or asks for it again. The first time for a device, the service
 * makes its instance unique by itself.
 */
void claim_ask(struct claim *claim);

void claim_write_leaf(struct claim *claim, enum choice_leaf leaf);
void claim_store_instance(struct claim *claim);

/* Follows a change that had to wait. */
void claim_follow_later(struct claim *claim);

/* Of struct settings_events; user is the struct claims. */
void claims_setting_changed(void *user, const char *path, const struct value *v);

#endif
