/*
 * The body of an ItemsChanged in D-Bus' wire format, in the machine's byte order, an a{sa{sv}}: path ->
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

#define WIRE_SIGNATURE "a{sa{sv}}"

struct wire {
    char *bytes; /* what is there so far; of malloc(). NULL: out of memory */
    size_t len, capacity;
};

/* No items yet. Takes the memory that w has from an earlier time; at first, all of w is 0. */
void wire_begin(struct wire *w);

/* Appends an item. Path, text and all strings of the value must be UTF-8. */
void wire_item(struct wire *w, const char *path, const struct value *value, const char *text);

/*
 * Puts in the length. False when the memory did not suffice, or when the items take more than D-Bus
 * allows an array.
 */
bool wire_end(struct wire *w);

/* Frees the bytes, whatever wire_end() said; without it they serve the next wire_begin(). */
void wire_free(struct wire *w);

#endif
