#include "cli/discover/targets.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PORT_MAX = 65535, PREFIX_MAX = 32, POINT_TO_POINT = 31 };

static bool fail(char why[TARGET_WHY_MAX], const char *text, const char *what)
{
    (void)snprintf(why, TARGET_WHY_MAX, "%.60s %s", text, what);
    return false;
}

static bool take_number(const char *text, unsigned min, unsigned max, unsigned *out)
{
    size_t len = strspn(text, "0123456789");

    if (len == 0 || len > 5 || text[len])
        return false;
    *out = (unsigned)strtoul(text, NULL, 10);
    return *out >= min && *out <= max;
}

static bool is_name(const char *host)
{
    bool letter = false;

    for (const char *p = host; *p; p++) {
        if (!isalnum((unsigned char)*p) && *p != '.' && *p != '-' && *p != '_')
            return false;
        letter = letter || isalpha((unsigned char)*p);
    }
    return letter && isalnum((unsigned char)*host);
}

static bool add(struct targets *t, const char *host, unsigned port)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcasecmp(t->list[i].host, host) == 0 && t->list[i].port == port)
            return true;
    }
    if (t->count == TARGETS_MAX)
        return false;
    struct target *one = &t->list[t->count++];
    (void)snprintf(one->host, sizeof one->host, "%s", host);
    one->port = port;
    return true;
}

/* Neither this network, nor all hosts, nor groups. */
static bool is_host(uint32_t address)
{
    return address >> 24 != 0 && address >> 28 < 14;
}

static bool add_subnet(struct targets *t, const char *text, uint32_t base, unsigned prefix,
                       unsigned port, char why[TARGET_WHY_MAX])
{
    uint32_t size = prefix == 0 ? UINT32_MAX : (uint32_t)1 << (PREFIX_MAX - prefix);
    uint32_t first = base & ~(size - 1), edge = prefix < POINT_TO_POINT ? 1 : 0;
    char host[INET_ADDRSTRLEN];

    if (size > TARGETS_MAX)
        return fail(why, text, "is too large: at most 1024 addresses, such as 192.168.0.0/22");
    for (uint32_t n = edge; n < size - edge; n++) {
        struct in_addr address = {htonl(first + n)};
        if (!is_host(first + n))
            return fail(why, text, "is no subnet of hosts");
        if (!add(t, inet_ntop(AF_INET, &address, host, sizeof host), port))
            return fail(why, text, "would make more than 1024 addresses");
    }
    return true;
}

bool targets_add(struct targets *t, const char *text, char why[TARGET_WHY_MAX])
{
    static const char none[] = "is no address (192.168.1.80), subnet (192.168.1.0/24) or name";
    char host[TARGET_HOST_MAX];
    unsigned port = 0, prefix = PREFIX_MAX;
    struct in_addr address;

    if (strlen(text) >= sizeof host)
        return fail(why, text, none);
    (void)snprintf(host, sizeof host, "%s", text);
    char *colon = strchr(host, ':'), *slash;
    if (colon)
        *colon = '\0';
    if (colon && !take_number(colon + 1, 1, PORT_MAX, &port))
        return fail(why, text, "has a port that is none: 1 to 65535");
    slash = strchr(host, '/');
    if (slash)
        *slash = '\0';
    if (slash && !take_number(slash + 1, 0, PREFIX_MAX, &prefix))
        return fail(why, text, none);
    if (inet_pton(AF_INET, host, &address) == 1)
        return add_subnet(t, text, ntohl(address.s_addr), prefix, port, why);
    if (slash || !is_name(host))
        return fail(why, text, none);
    return add(t, host, port) || fail(why, text, "would make more than 1024 addresses");
}
