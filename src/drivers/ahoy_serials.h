/*
 * AhoyDTU to 0.5.66: /api/live has no serials. They come from /api/inverter/list, which runs over the
 * same inverters in the same order. Names tell when the two do not fit together; and a counter that leaps does, of
 * an inverter that has taken the place and the name of another.
 */
#ifndef DTU_DRIVERS_AHOY_SERIALS_H
#define DTU_DRIVERS_AHOY_SERIALS_H

#include "drivers/common.h"

struct ahoy_serials {                /* zeroed to begin with */
    double total_kwh[INVERTERS_MAX]; /* by the places of /api/live; 0: not known */
    struct ahoy_listed {
        char serial[SERIAL_MAX], name[NAME_MAX_BYTES];
        unsigned id;
    } listed[INVERTERS_MAX];
    size_t count;      /* 0: no list was had */
    unsigned failures; /* of the list, before the first that was had */
};

/* Takes a list; a bad one leaves what is known as it is. */
enum decode_result ahoy_serials_decode(struct ahoy_serials *l, const cJSON *root, char *why);

/* Whether ids have to stand in for serials, since the list cannot be had. */
bool ahoy_serials_given_up(const struct ahoy_serials *l);

/* Whether each entry of /api/live is the one at the same place of the list. */
bool ahoy_serials_match(const struct ahoy_serials *l, const cJSON *inverters);

/* Serial and id of an entry; false when there is no telling. */
bool ahoy_serials_identify(const struct ahoy_serials *l, const cJSON *entry, size_t at,
                           size_t count, char serial[SERIAL_MAX], unsigned *id);

/* The counter at this place is about to be counted for its serial. */
void ahoy_serials_note(struct ahoy_serials *l, size_t at, double total_kwh);

/*
 * Whether it may be another inverter's than the one that was noted last: it fell, or rose by more than half a kWh, which
 * takes a large inverter a quarter of an hour. 0 says nothing: so does the gateway of each when it has just started.
 */
bool ahoy_serials_leaps(const struct ahoy_serials *l, size_t at, double total_kwh);

#endif
