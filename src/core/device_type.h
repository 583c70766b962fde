/*
 * Named device types: what a [TEMPLATEn] with Type = need not say itself. One file of src/devices/ each, or of the
 * folder devices beside config.ini, in the language of config.ini: one section [DEVICE] with keys of a [TEMPLATEn]
 * and these:
 *
 *   Title     what people call it; also /ProductName
 *   Vendor    who makes it
 *   Covers    which models it is right for, for people
 *   Classes   what may be made of it, the most likely first: pvinverter grid ...
 *   Channels  how many measurements it has, each a device of its own; {n} in a path is 0, 1 ...
 *   Auth      none, basic, digest, query, token: which login it has; token: it must have one
 *   Port      where it listens, if not on 80
 *   Probe     the path that tells what it is, without a login
 *   Match     "path: text text": what that reply holds there, one of these, a number as JSON writes it; a * at the end of
 *             a text stands for the rest of it, also of what is no text; - is nothing there
 *   Where     the same: both must be so; tells two apart that Match does not
 *   ProbeFirmware, ProbeSerial, ProbeName   the paths in that reply of what the device says of itself
 *   Source    what the paths were read from: a device and its firmware, or documentation
 *   Note      for its owner
 *
 * Pure.
 */
#ifndef DTU_CORE_DEVICE_TYPE_H
#define DTU_CORE_DEVICE_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/inifile.h"

enum { DEVICE_TYPE_MAX = 32, DEVICE_TYPE_VALUE_MAX = 512, DEVICE_CHANNELS_MAX = 4 };

/* A file: its name without ".ini", and its text; or why there is none. */
struct device_text {
    const char *name, *text;
    const char *problem; /* NULL where text is there */
};

/* Those of src/devices, by name; ends with a name of NULL. Made from the files when the program is built. */
extern const struct device_text device_texts[];

struct device_type {
    const char *name; /* borrowed from the text's */
    struct inifile *file;
    unsigned channels;  /* 1..DEVICE_CHANNELS_MAX */
    bool out_of_memory; /* why it could not be read: not the file's fault */
};

/* line: of the device's file. */
typedef void (*device_fault_fn)(void *user, unsigned line, const char *text);

/*
 * Reads and checks a file. False, and then t is empty, when it cannot be used: fault was called for each reason.
 * device_type_finish() in any case.
 */
bool device_type_read(struct device_type *t, const struct device_text *text, device_fault_fn fault,
                      void *user);
void device_type_finish(struct device_type *t);

/* The value of a key; false, and out is "", where the file does not have it. */
bool device_type_get(const struct device_type *t, const char *key, char out[DEVICE_TYPE_VALUE_MAX]);

/*
 * Tells the devices of several channels apart: appends mark and the place from 1, except to the first one's, which is
 * as if it were the only one. What is too long loses its end before that.
 */
void device_type_number(char *text, size_t size, char mark, unsigned place);

/* A path of the type for one of its channels, 0 to 9: {n} is that number. At most size - 1 bytes. */
void device_type_channel(const char *path, unsigned channel, char *out, size_t size);

/* Whether the file names this class ("grid") among those that make sense. */
bool device_type_has_class(const struct device_type *t, const char *class);

#endif
