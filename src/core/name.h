/* How services are called on the bus. Pure. */
#ifndef DTU_CORE_NAME_H
#define DTU_CORE_NAME_H

#include <stdbool.h>

/*
 * Whether it is a name of this program's kind, com.victronenergy.<class>.http_<number>. The Python driver's
 * services are called so, too.
 */
bool name_is_of_our_kind(const char *service);

#endif
