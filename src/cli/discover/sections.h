/*
 * What config.ini says of devices that were found: a whole file, or sections for one that is there. What comes from the
 * network is data: one line, a % doubled, and what was written has been read by the same code as a configuration.
 */
#ifndef DTU_CLI_DISCOVER_SECTIONS_H
#define DTU_CLI_DISCOVER_SECTIONS_H

#include "cli/discover/search.h"

enum { SECTIONS_AS_MAX = 32 };

/* Which class the owner has named for the device at an address: "grid" for "192.168.1.80". */
struct sections_as {
    size_t count;
    struct {
        char class[16], host[FOUND_HOST_MAX];
    } list[SECTIONS_AS_MAX];
};

/* "grid=192.168.1.80". False when it is not of that form, or one too many. */
bool sections_take_as(struct sections_as *as, const char *text);

/*
 * NULL when each named class fits a device that was found; else the fault, for a person, in a static buffer.
 */
const char *sections_check_as(const struct sections_as *as, const struct search_result *r);

/*
 * A whole file; owned by the caller, free(). NULL when out of memory. A meter of which as says nothing is in comments.
 */
char *sections_whole(const struct search_result *r, const struct sections_as *as);

struct sections_added {
    char *text;              /* the new file; owned by the caller, free() */
    unsigned added, present; /* devices */
    unsigned unnamed;        /* meters of which as says nothing: not added */
    unsigned no_room;        /* there is no number for a further section */
    char list
        [600]; /* "[TEMPLATE2] Shelly Pro 3EM at 192.168.1.80\n": of those added; may lack its end */
};

/*
 * Those that the file does not have, at its end. False when the file cannot be used or out of memory: why says so.
 * own: as for config_parse_with().
 */
bool sections_add(const char *file, size_t len, const struct device_text *own,
                  const struct search_result *r, const struct sections_as *as,
                  struct sections_added *out, char why[200]);

#endif
