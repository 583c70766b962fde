#include "bridge/secrecy.h"

#include <errno.h>
#include <string.h>

#include "edge/sys/file.h"
#include "edge/sys/log.h"

static bool has_secret(const struct config *c)
{
    for (size_t i = 0; i < c->gateway_count; i++)
        if (*c->gateways[i].password || *c->gateways[i].authorization)
            return true;
    return false;
}

bool secrecy_is_kept(const struct config *c, const char *path)
{
    return !has_secret(c) || file_is_private(path);
}

void secrecy_keep(const struct config *c, const char *path)
{
    int result = has_secret(c) ? file_make_private(path) : 0;

    if (result == 1)
        log_notice(NOTICE_CONFIG_OPEN,
                   "%s holds a password and was open to other users; now it is for its owner alone",
                   path);
    else if (result < 0 && result != -ENOENT)
        log_notice(NOTICE_CONFIG_OPEN,
                   "%s holds a password and is open to other users; that cannot be changed: %s",
                   path, strerror(-result));
}
