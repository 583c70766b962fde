/* The items of other processes' services, as `show` and `support` follow them: replies, signals, and who comes and goes. */
#include "fuzz/bus_double.h"

#include "edge/bus/monitor.c"

enum { FOLLOWED_MAX = 8 };

static struct seen {
    char name[256]; /* "": none */
    bool told;
} seen[FOLLOWED_MAX];

static void check_mine(const void *service)
{
    const struct seen *s = service;

    if (s < seen || s >= seen + FOLLOWED_MAX || !s->name[0])
        double_fail("a service that is not followed");
}

static void *on_came(void *user, const char *name)
{
    (void)user;
    if (strncmp(name, "com.victronenergy.", 18) != 0 || strlen(name) > 255)
        double_fail("a name of nobody");
    for (size_t i = 0; i < FOLLOWED_MAX; i++)
        if (strcmp(seen[i].name, name) == 0)
            double_fail("a service that came twice");
    for (size_t i = 0; i < FOLLOWED_MAX; i++) {
        if (seen[i].name[0])
            continue;
        (void)snprintf(seen[i].name, sizeof seen[i].name, "%s", name);
        seen[i].told = false;
        return &seen[i];
    }
    return NULL;
}

static void on_gone(void *user, void *service)
{
    struct seen *s = service;

    (void)user;
    check_mine(s);
    s->name[0] = '\0';
}

static void on_item(void *user, void *service, const char *path, const struct value *v)
{
    (void)user;
    check_mine(service);
    if (strlen(path) > 512 || (v->type == VALUE_STRING && strlen(v->s) >= MONITOR_TEXT_MAX))
        double_fail("a text that is too long");
}

static void on_news(void *user, void *service, enum monitor_news news)
{
    struct seen *s = service;

    (void)user;
    check_mine(s);
    if (news == MONITOR_UPDATED && !s->told)
        double_fail("news of a service that has told nothing");
    s->told = s->told || news == MONITOR_TOLD;
}

static void on_all_settled(void *user)
{
    if (++*(unsigned *)user > 1)
        double_fail("settled twice");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned settled = 0;
    const struct monitor_events events = {.came = on_came,
                                          .gone = on_gone,
                                          .item = on_item,
                                          .news = on_news,
                                          .settled = on_all_settled,
                                          .user = &settled};

    memset(seen, 0, sizeof seen);
    double_begin();
    struct monitor *b = monitor_create(twin.loop, &events);
    if (!b)
        abort();
    double_turns();
    double_play(data, size, NULL);
    monitor_destroy(b);
    return 0;
}
