#include "core/name.h"

#include <string.h>

bool name_is_of_our_kind(const char *service)
{
    static const char prefix[] = ".http_";
    const char *last = strrchr(service, '.');

    if (!last || strncmp(last, prefix, sizeof prefix - 1) != 0)
        return false;
    const char *number = last + sizeof prefix - 1;
    return *number && number[strspn(number, "0123456789")] == '\0';
}
