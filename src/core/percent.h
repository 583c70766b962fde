/*
 * Percent-encoding, as a URL and a form have it (RFC 3986, section 2): a byte becomes % and two hexadecimal
 * digits. Pure.
 */
#ifndef DTU_CORE_PERCENT_H
#define DTU_CORE_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

/* What stays as it is beside the letters and digits of ASCII. */
enum percent_kept {
    PERCENT_NOTHING,
    PERCENT_COMPONENT, /* -._~: as one part of a URL, a name or a value */
    PERCENT_SIGNS,     /* and the signs that a value may have without being mistaken */
    PERCENT_PATH,      /* and what parts a path and a query; encoded is what a URL cannot have */
    PERCENT_TYPED_PATH /* the same, and a % that begins no encoded byte; as Python's requests does it */
};

/*
 * Encodes text into out, with a NUL. A byte is begun only where three characters and the NUL have room: false
 * when text does not fit, and out has its beginning then.
 */
bool percent_encode(char *out, size_t size, const char *text, enum percent_kept kept);

#endif
