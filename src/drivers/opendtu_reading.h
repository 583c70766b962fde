/*
 * What an OpenDTU says of one inverter, in each shape of its API: see opendtu.c.
 */
#ifndef DTU_DRIVERS_OPENDTU_READING_H
#define DTU_DRIVERS_OPENDTU_READING_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/reading.h"

extern const char opendtu_title[]; /* also /ProductName */

/* Where an entry keeps its channels. */
struct opendtu_channels {
    const cJSON *ac, *inv; /* the same one in the flat shapes */
    const cJSON *dc;       /* object with the DC channels... */
    unsigned first_dc;     /* ...from this key on */
};

/* False when the entry has none: it only lists the inverter. */
bool opendtu_find_channels(const cJSON *entry, struct opendtu_channels *c);

/* Whether the DTU hears the inverter, and asks it. */
bool opendtu_hears(const cJSON *entry);

/* Begins a reading with what full and summary entries have alike. max_power_w: as it is known; 0: it is not. */
void opendtu_read_entry(struct reading *r, const cJSON *entry, const char *serial,
                        double max_power_w);

/* The values of the channels. */
void opendtu_read_channels(struct reading *r, const struct opendtu_channels *c);

#endif
