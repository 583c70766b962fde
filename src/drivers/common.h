/*
 * What the drivers share: what a quantity can physically be, the rules for an inverter that is not
 * heard, and fair turns among the inverters of one gateway.
 */
#ifndef DTU_DRIVERS_COMMON_H
#define DTU_DRIVERS_COMMON_H

#include <stdbool.h>
#include <stddef.h>

#include "core/driver.h"
#include "core/json.h"
#include "core/reading.h"

enum {
    INVERTERS_MAX = 64,              /* of one gateway; OpenDTU lists 10, custom builds 14 */
    EXTRAS_PERIOD_MS = 3600 * 1000,  /* firmware version, serials, maximum power */
    EXTRAS_RETRY_MS = 5 * 60 * 1000, /* the same after a failure */
    ESCAPED_SERIAL_MAX = 3 * SERIAL_MAX,
    SESSION_MAX = 13 * 1024 /* of a driver that `auto` chooses: it holds its session */
};

/*
 * Parses a reply. DECODE_OK with the root, to be freed by cJSON_Delete(); DECODE_BUSY for `null`,
 * which a gateway out of memory sends; DECODE_BAD_REPLY with why.
 */
enum decode_result common_parse(const char *body, size_t len, cJSON **root, char *why);

/* DECODE_BAD_REPLY, with why. */
enum decode_result common_refuse(char *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How many inverters of one gateway are asked. */
size_t common_inverter_limit(const struct gateway_conf *conf);

/* v, or MISSING when no device can have measured it. */
double common_in_range(enum field f, double v);

/* The same of a packet that came by radio, and what a damaged one may say: that is judged elsewhere. */
double common_in_packet(enum field f, double v);

/* Sets a quantity of the whole device, if it is in range; r->by_radio is set already. */
void common_put(struct reading *r, enum field f, double v);

/* The same of phase L1..L3, slot 1..3; slot 0 is the whole device. */
void common_put_phase(struct reading *r, enum field f, unsigned slot, double v);

/*
 * The serial of an entry, without surrounding space. False when there is none: missing, empty, all
 * zeros (an unused slot).
 */
bool common_serial(const cJSON *entry, char out[SERIAL_MAX]);

/* By the serial's prefix: three AC phases (HMT, MIT). */
bool common_three_phase(const char *serial);
bool common_mit(const char *serial); /* MIT-5000 */
bool common_mi(const char *serial);  /* MI-250 to MI-1500: what AhoyDTU alone hears */

/* Adds a DC input; out-of-range values of it become MISSING. More than STRINGS_MAX are dropped. */
void common_add_string(struct reading *r, const struct string_reading *s);

/*
 * Completes a reading: what only the DC inputs say is summed up, then reach is obeyed. False for a
 * device that is heard but tells neither power nor energy: nothing to emit.
 * - 0 V and 0 Hz and no power, or nothing at all above 0: the gateway has only just started,
 *   REACH_NO_DATA_YET, all MISSING;
 * - not producing: power and current are 0;
 * - REACH_LOST: power and current are 0, what else is momentary is MISSING, and a counter of 0
 *   (the gateway restarted at night) is MISSING.
 */
bool common_finish(struct reading *r, bool producing);

/* The last of these alone. */
void common_lost(struct reading *r);

/*
 * Turns: the inverters of one cycle are asked one after the other. When a cycle ends early because
 * one of them brings no good reply, the next cycle begins with the one behind it, so that one bad
 * inverter does not starve those after it.
 */
struct turns {
    size_t count, asked, first;
    bool waiting; /* for the reply to the last one asked */
};

void turns_begin(struct turns *t);               /* a new cycle: nobody is listed yet */
bool turns_next(struct turns *t, size_t *which); /* false: all were asked */
size_t turns_current(const struct turns *t);     /* the one asked last */
void turns_answered(struct turns *t);

#endif
