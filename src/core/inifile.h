/*
 * An ini text as Python's configparser reads it, with inih doing the lines. Pure.
 *
 * Rules of ConfigParser() with its defaults: option names without regard to case, sections exact,
 * '=' or ':', full-line comments with # or ;, values that go on in lines indented deeper than their
 * option, duplicates refused, universal newlines, and %-interpolation on access.
 * Where configparser would give up at the first fault, here every fault is told.
 */
#ifndef DTU_CORE_INIFILE_H
#define DTU_CORE_INIFILE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    INIFILE_TEXT_MAX = 1024 * 1024,
    INIFILE_ENTRIES_MAX = 4096, /* 128 devices with every key there is */
    INIFILE_SECTIONS_MAX = 512
};

struct inifile_section {
    char *name;
    unsigned line; /* of its header, the first one */
};

struct inifile_entry {
    size_t section; /* index into sections */
    char *name;     /* as written */
    char *value; /* continuation lines joined by '\n'; neither interpolated nor trimmed in front */
    unsigned line; /* where it begins */
};

struct inifile {
    size_t section_count, entry_count;
    struct inifile_section *sections;
    struct inifile_entry *entries; /* in the order of the text */
    bool out_of_memory;
};

/* A fault that puts the file's meaning in doubt. text never holds a value of the file. */
typedef void (*inifile_fault_fn)(void *user, unsigned line, const char *text);

/* Reads text. NULL only when out of memory. */
struct inifile *inifile_read(const char *text, inifile_fault_fn fault, void *user);
void inifile_free(struct inifile *f); /* NULL is fine */

/* The entry in this very section; NULL when there is none. section may be NULL. */
const struct inifile_entry *inifile_own(const struct inifile *f, const char *section,
                                        const char *name);

/* As configparser looks it up: the section's own entry, else that of [DEFAULT]. */
const struct inifile_entry *inifile_find(const struct inifile *f, const char *section,
                                         const char *name);

const struct inifile_section *inifile_section(const struct inifile *f, const char *name);

enum inifile_expansion {
    INIFILE_EXPANDED,
    INIFILE_UNKNOWN_NAME, /* a %(name)s that is nowhere; it stands in the result as it was written */
    INIFILE_TOO_DEEP,     /* values that refer to one another without end, or to too much */
};

/*
 * The entry's value as read through section: %% is %, %(name)s another value of the section or of
 * [DEFAULT], any other % stands for itself; then trimmed. At most size - 1 bytes; a longer one is
 * TOO_DEEP.
 */
enum inifile_expansion inifile_expand(const struct inifile *f, const char *section,
                                      const struct inifile_entry *entry, char *out, size_t size);

#endif
