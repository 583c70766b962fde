/* The keys of config.ini, and what other versions of this program call them. */
#include <strings.h>

#include "core/conf_parse.h"

#define D CONF_IN_DEFAULT
#define G CONF_IN_DTU
#define I CONF_IN_INVERTER
#define T CONF_IN_TEMPLATE
#define KEY(...)    \
    {               \
        __VA_ARGS__ \
    }
#define INTO(owner_, struct_, member_, set_, ...)                                       \
    {                                                                                   \
        .owner = owner_, .offset = offsetof(struct_, member_), .set = set_, __VA_ARGS__ \
    }

const struct conf_key conf_table[] = {
#define ROW(key, storing) key,
#include "core/conf.def"
#undef ROW
};

const struct conf_storing conf_storings[] = {
#define ROW(key, storing) storing,
#include "core/conf.def"
#undef ROW
};

const size_t conf_table_size = sizeof conf_table / sizeof conf_table[0];

const struct conf_alias conf_aliases[] = {
    {"ESP8266PollingInterval", "ESP8266PollingIntervall", NULL},
    {"OpenDTUPollingIntervall", "PollingInterval", NULL},
    {"OpenDTUPollingInterval", "PollingInterval", NULL},
    {"MagAgeTsLastSuccess", "MaxAgeTsLastSuccess", "read as MaxAgeTsLastSuccess: that is its name"},
    {"MaxFetchTries", NULL, "not needed any more: a failed request is repeated with the next poll"},
    {NULL, NULL, NULL},
};

const struct conf_key *conf_keys(size_t *count)
{
    *count = conf_table_size;
    return conf_table;
}

const struct conf_key *conf_key_named(const char *name, unsigned scope)
{
    const struct conf_key *found = NULL;

    for (size_t k = 0; k < conf_table_size; k++) {
        if (strcasecmp(conf_table[k].name, name) != 0)
            continue;
        if (conf_table[k].scopes & scope)
            return &conf_table[k];
        found = found ? found : &conf_table[k];
    }
    return found;
}
