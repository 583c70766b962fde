/*
 * What Avahi says, or somebody in its place: to the questions for two addresses, and of what announces itself. An input that
 * begins with F meets no bus.
 */
#include "fuzz/bus_double.h"

#include <arpa/inet.h>

/* Two sources in one: each has names of its own for these. */
#define on_ready  mdns_on_ready
#define on_failed mdns_on_failed
#define on_lost   mdns_on_lost
#include "edge/bus/mdns.c"
#undef on_ready
#undef on_failed
#undef on_lost
#undef AVAHI
#define ANY_INTERFACE BROWSE_ANY_INTERFACE
#define IPV4          BROWSE_IPV4
#include "edge/bus/mdns_browse.c"

static unsigned found, answers;

static void check_address(const char *address)
{
    struct in_addr parsed;

    if (inet_pton(AF_INET, address, &parsed) != 1)
        double_fail("an address that is none");
}

static void on_answer(void *user, const char *address, bool no_avahi, const char *why)
{
    (void)user;
    (void)no_avahi;
    answers++;
    if (address)
        check_address(address);
    else if (!why || !*why)
        double_fail("no address, and no word why");
}

static void on_found(void *user, const struct mdns_service *s)
{
    (void)user;
    found++;
    check_address(s->address);
    if (!memchr(s->type, '\0', sizeof s->type) || !memchr(s->name, '\0', sizeof s->name) ||
        !memchr(s->host, '\0', sizeof s->host) || s->port > 65535)
        double_fail("a service");
}

static void on_ended(void *user, const char *why)
{
    (void)user;
    (void)why;
}

static void ask(const uint8_t *data, size_t size)
{
    struct mdns *m = mdns_create(twin.loop);
    struct mdns_query query = {.mdns = NULL}, other = query, third = query;

    mdns_ask(m, &query, "opendtu.local", 60000, on_answer, NULL);
    mdns_ask(m, &other, "shelly.local", 60000, on_answer, NULL);
    mdns_ask(m, &third, "nobody.local", 60000, on_answer, NULL);
    mdns_cancel(&third); /* before there is a bus */
    double_turns();
    double_play(data, size, NULL);
    mdns_cancel(&query);
    mdns_cancel(&other);
    mdns_destroy(m);
}

static void browse(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"_http._tcp", "_shelly._tcp"};
    const struct mdns_browse_events events = {on_found, on_ended, NULL};
    struct mdns_browse *b = mdns_browse_create(twin.loop, types, 2, 60000, &events);

    double_turns();
    double_play(data, size, NULL);
    mdns_browse_destroy(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    found = answers = 0;
    double_begin();
    twin.fails = size > 0 && *data == 'F';
    ask(data, size);
    if (answers > 2)
        double_fail("two answers to one question");
    double_begin();
    twin.fails = size > 0 && *data == 'F';
    browse(data, size);
    if (found > MDNS_SERVICES_MAX)
        double_fail("too many services");
    return 0;
}
