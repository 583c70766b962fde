/*
 * The gateways behind fuzz_overview.c: an OpenDTU that is configured, and what answers at addresses that were added. Each
 * address that is asked is judged a second time.
 */
#ifndef DTU_TESTS_FUZZ_OVERVIEW_HOUSE_H
#define DTU_TESTS_FUZZ_OVERVIEW_HOUSE_H

#include <arpa/inet.h>
#include <netdb.h>

#include "core/address.h"
#include "fuzz/bus_double.h"
#include "virtual/support/world.h"

enum { FIRST_SERIAL = 70, ADDED_SERIAL = 90 };

static struct {
    char body[4096], power[40], percent[40];
    unsigned count, first; /* inverters of the one that is configured; 0: it is away */
} house;

/* ---- What is near: a second opinion ---- */

static bool is_near_v4(const uint8_t a[4])
{
    return a[0] == 10 || (a[0] == 172 && a[1] >= 16 && a[1] <= 31) ||
           (a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254);
}

static bool is_near_v6(const uint8_t a[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    return a[0] == 0xfc || a[0] == 0xfd || (a[0] == 0xfe && a[1] >= 0x80 && a[1] <= 0xbf) ||
           (memcmp(a, mapped, 12) == 0 && is_near_v4(a + 12));
}

/* Asked of those who would look it up: a name is none of the odd ways to write an address. */
static void check_near(const char *host)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    bool near = true;

    if (!*host || strlen(host) >= ADDRESS_MAX || strpbrk(host, " ,/@?#%[]\\|"))
        double_fail("an address that is none");
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return;
    if (found->ai_family == AF_INET)
        near = is_near_v4((const uint8_t *)&((struct sockaddr_in *)found->ai_addr)->sin_addr);
    else if (found->ai_family == AF_INET6)
        near = is_near_v6(((struct sockaddr_in6 *)found->ai_addr)->sin6_addr.s6_addr);
    freeaddrinfo(found);
    if (!near)
        double_fail("an address that is not near");
}

/* ---- What they answer ---- */

static void put_inverters(unsigned first)
{
    size_t len = (size_t)snprintf(house.body, sizeof house.body, "{\"inverters\":[");

    for (unsigned i = 0; i < house.count; i++)
        len += (size_t)snprintf(
            house.body + len, sizeof house.body - len,
            "%s{\"serial\":\"1141829407%02u\",\"name\":\"Roof %u\",\"data_age\":1,\"reachable\":true,"
            "\"producing\":true,\"limit_relative\":%s,\"AC\":{\"0\":{\"Power\":{\"v\":%s},"
            "\"Voltage\":{\"v\":230},\"YieldTotal\":{\"v\":100},\"YieldDay\":{\"v\":500}}},"
            "\"DC\":{},\"INV\":{\"0\":{}}}",
            i ? "," : "", first + i, i, house.percent, house.power);
    (void)snprintf(house.body + len, sizeof house.body - len, "]}");
}

/* As the inverters' list has them, or as the state of their limits has. */
static void put_list(bool limits, unsigned first)
{
    size_t len = (size_t)snprintf(house.body, sizeof house.body, limits ? "{" : "{\"inverter\":[");

    for (unsigned i = 0; i < house.count; i++) {
        const char *comma = i ? "," : "";
        char *to = house.body + len;
        size_t room = sizeof house.body - len;
        if (limits)
            len += (size_t)snprintf(to, room,
                                    "%s\"1141829407%02u\":{\"limit_relative\":%s,\"max_power\":800,"
                                    "\"limit_set_status\":\"Ok\"}",
                                    comma, first + i, house.percent);
        else
            len += (size_t)snprintf(to, room,
                                    "%s{\"serial\":\"1141829407%02u\",\"command_enable\":true}",
                                    comma, first + i);
    }
    (void)snprintf(house.body + len, sizeof house.body - len, limits ? "}" : "]}");
}

static void answer_dtu(const char *path, unsigned first)
{
    if (strcmp(path, "/api/livedata/status") == 0 || strcmp(path, "/livedata") == 0)
        put_inverters(first);
    else if (strcmp(path, "/api/inverter/list") == 0)
        put_list(false, first);
    else if (strcmp(path, "/api/limit/status") == 0)
        put_list(true, first);
    else if (strcmp(path, "/api/system/status") == 0)
        (void)snprintf(house.body, sizeof house.body, "{\"git_hash\":\"v24.2.16\"}");
    else
        (void)snprintf(house.body, sizeof house.body, "{\"type\":\"success\",\"code\":1001}");
}

/* What the configuration has is "dtu", "near" and "meter"; all else has been added. */
static void on_gateway(void *user, const char *base_url, const struct message *m,
                       struct world_reply *reply)
{
    char host[ADDRESS_MAX + 8];
    const char *at = base_url + strlen("http://");

    (void)user;
    reply->delay_ms = 20;
    reply->body = house.body;
    bool own = strcmp(at, "dtu") == 0 || strcmp(at, "near") == 0;
    if (!own && strcmp(at, "meter") != 0) {
        bool v6 = *at == '[';
        (void)snprintf(host, sizeof host, "%s", at + v6);
        if (v6)
            host[strcspn(host, "]")] = '\0';
        check_near(host);
    }
    if (own ? house.count == 0 : strchr(at, '7') == NULL)
        reply->outcome = REPLY_UNREACHABLE;
    else
        answer_dtu(m->path, own ? FIRST_SERIAL + house.first : ADDED_SERIAL);
}

#endif
