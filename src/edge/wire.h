/*
 * An ItemsChanged in D-Bus' wire format, in the machine's byte order. Its body is an a{sa{sv}}: path ->
 * {"Value": variant, "Text": variant of a string}. libdbus would write the same bytes, but looks each
 * time at the whole signature, moves bytes aside and takes locks: more than ten times the work.
 *
 * Pure: no libdbus in here.
 */
#ifndef DTU_EDGE_WIRE_H
#define DTU_EDGE_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/value.h"

struct wire {
    char *bytes; /* what is there so far; of malloc(). NULL: out of memory */
    size_t len, capacity;
    size_t items; /* where they begin, behind the header and the length of the array */
};

/*
 * Begins with a copy of empty: a whole message with such a body of no items. Not checked: it is our own,
 * written by libdbus.
 */
void wire_begin(struct wire *w, const char *empty, size_t len);

/* Appends an item. Path, text and all strings of the value must be UTF-8. */
void wire_item(struct wire *w, const char *path, const struct value *value, const char *text);

/*
 * Puts in the lengths. False when the memory did not suffice, or when the items take more than D-Bus
 * allows an array.
 */
bool wire_end(struct wire *w);

/* Frees the bytes, whatever wire_end() said. */
void wire_free(struct wire *w);

#endif
