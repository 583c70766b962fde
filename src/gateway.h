/*
 * One gateway and the units behind it: brings each reading to the unit that is bound to its serial,
 * and binds those that are not yet.
 */
#ifndef DTU_GATEWAY_H
#define DTU_GATEWAY_H

#include <stddef.h>

#include "core/conf.h"
#include "edge/http.h"
#include "edge/loop.h"
#include "unit.h"

struct gateway;

/*
 * The units are borrowed (they must outlive the gateway); memories[i] is what is remembered of
 * units[i], with an empty serial where nothing is. NULL when out of memory.
 */
struct gateway *gateway_create(struct loop *l, struct http *h, const struct gateway_conf *conf,
                               struct unit *const *units, const struct device_memory *memories,
                               size_t count);
void gateway_destroy(struct gateway *g); /* NULL is fine */

#endif
