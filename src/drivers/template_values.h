/*
 * What the replies of a template device mean: the values that its section names, as one reading.
 */
#ifndef DTU_DRIVERS_TEMPLATE_VALUES_H
#define DTU_DRIVERS_TEMPLATE_VALUES_H

#include <stdbool.h>

#include "core/conf.h"
#include "core/driver.h"
#include "core/json_terms.h"

/* Per value that may be configured: it has led to a number, or its path has been complained of. */
struct template_settled {
    bool value[FIELD_COUNT][PHASE_SLOTS];
};

/*
 * Fills r from the replies, of the channel at this place among those of the section. DECODE_BAD_REPLY, with why: no value that is configured is in them; r
 * says just that then.
 */
enum decode_result template_read(const struct gateway_conf *conf,
                                 const struct json_replies *replies, unsigned place,
                                 struct template_settled *settled, struct reading *r,
                                 char why[DECODE_WHY_MAX]);

/* Whether the power needs reply n, from 0: then its request is not optional. */
bool template_needs(const struct template_conf *c, unsigned n);

/*
 * The requests of a cycle, each by its place in api_path: what the power does without comes first, since the last
 * reply makes the reading. Returns how many there are.
 */
unsigned template_order(const struct template_conf *c, unsigned order[JSON_REPLIES_MAX]);

#endif
