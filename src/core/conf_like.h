/*
 * Whether a [TEMPLATEn] says in CUST_ keys what a named type (core/device_type.h) says: then a Type can stand in
 * their place. Pure.
 */
#ifndef DTU_CORE_CONF_LIKE_H
#define DTU_CORE_CONF_LIKE_H

#include "core/device_type.h"
#include "core/inifile.h"

enum { CONF_LIKE_KEPT_MAX = 240 };

struct conf_like {
    const char *type; /* its name, borrowed from texts; NULL: no type asks what the section asks */
    int channel;      /* which the section means; -1: the type has but one */
    unsigned kept_count;
    unsigned more; /* keys of the type that the section does not have */
    /* "CUST_SN, CUST_Power_Mult": what the section says and the type does not, or not so; may lack its end. */
    char kept[CONF_LIKE_KEPT_MAX];
};

/*
 * Looks for the type that asks for the same and finds the power in the same place; of several, for the one that
 * leaves the fewest keys to the section. file: the configuration; texts: ends with a name of NULL. A section with a
 * Type is like none.
 */
void conf_like(const struct inifile *file, const char *section, const struct device_text *texts,
               struct conf_like *out);

#endif
