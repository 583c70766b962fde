/*
 * Addresses of DTUs that are added on the GX screen. Whoever may write to the D-Bus may add one, so these lead
 * nowhere but into the house: private and link-local addresses, and host names, which are held to the same
 * when they have become an address (see address_is_near_v4()). Pure.
 *
 * Ranges: RFC 1918 (10/8, 172.16/12, 192.168/16), RFC 3927 (169.254/16), RFC 4193 (fc00::/7), RFC 4291 (fe80::/10).
 */
#ifndef DTU_CORE_ADDRESS_H
#define DTU_CORE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ADDRESSES_MAX = 16,
    ADDRESS_MAX = 64, /* bytes of one, with the NUL */
    ADDRESSES_TEXT_MAX = ADDRESSES_MAX * ADDRESS_MAX
};

/* By number, which an address keeps as long as it is there; "": there is none of that number. */
struct addresses {
    char list[ADDRESSES_MAX][ADDRESS_MAX];
};

/*
 * Takes a whole list over: "192.168.1.50, opendtu.local". What is in it twice counts once. False, and nothing is
 * changed, when one is no address that may be added, or when there are too many.
 */
bool addresses_write(struct addresses *a, const char *text);

/* The list as it is written, in the order of the numbers: "192.168.1.50,opendtu.local". */
void addresses_text(const struct addresses *a, char out[ADDRESSES_TEXT_MAX]);

/*
 * The same as it is kept, where a number that nobody has is an empty one: ",opendtu.local". False, and nothing is
 * changed, for what has one that may not be added, or one twice, or too many.
 */
void addresses_by_number(const struct addresses *a, char out[ADDRESSES_TEXT_MAX]);
bool addresses_read(struct addresses *a, const char *text);

/* Whether an address lies in one of the ranges above; v4 in host's order, v6 as on the wire (mapped v4 counts as that). */
bool address_is_near_v4(uint32_t address);
bool address_is_near_v6(const uint8_t address[16]);

#endif
