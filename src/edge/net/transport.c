#include "edge/net/transport.h"

#include <string.h>

const struct transport *transport_find(const char *name)
{
    for (size_t i = 0; transports[i]; i++) {
        if (strcmp(transports[i]->name, name) == 0)
            return transports[i];
    }
    return NULL;
}

const struct feed_transport *feed_transport_find(const char *name)
{
    for (size_t i = 0; feed_transports[i]; i++) {
        if (strcmp(feed_transports[i]->name, name) == 0)
            return feed_transports[i];
    }
    return NULL;
}
