/*
 * Values between D-Bus messages and struct value. What comes in is the word of some other process:
 * everything is checked, nothing aborts.
 */
#ifndef DTU_EDGE_VARIANT_H
#define DTU_EDGE_VARIANT_H

#include <dbus/dbus.h>
#include <stdbool.h>

#include "core/value.h"

#define BUS_ITEM "com.victronenergy.BusItem"

/*
 * A text cleaned (core/text.h): libdbus ends the program that gives it bad UTF-8. False when out of memory.
 * No text of others may go to libdbus in another way.
 */
bool variant_append_text(DBusMessageIter *to, const char *text);

/*
 * The value as a variant, its texts cleaned; "no value" as an empty array of int32. False when out of memory.
 */
bool variant_append(DBusMessageIter *to, const struct value *v);

/* {key: variant}, an entry of an a{sv}. False when out of memory. */
bool variant_append_entry(DBusMessageIter *dict, const char *key, const struct value *v);

/*
 * Reads a variant (within a few more, if need be) or a basic value where from stands. y, b, n, q, i,
 * u, x, t become VALUE_INT, or VALUE_DOUBLE where that is too small; d and s what they are; an empty
 * array is VALUE_INVALID. False for all else, and for numbers that a double does not hold. A text is
 * borrowed from the message.
 */
bool variant_read(const DBusMessageIter *from, struct value *out);

/* Into another type where that loses nothing: 5 and 5.0. Else false. wanted VALUE_INVALID: any. */
bool variant_convert(struct value *v, enum value_type wanted);

#endif
