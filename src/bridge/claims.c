#include "bridge/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/claims_instance.h"
#include "bridge/claims_settings.h"
#include "core/text.h"

enum {
    BUS_RETRY_MS = 10 * 1000,
    /* At boot the settings service may start a little later than this program. */
    SETTINGS_WAIT_MS = 10 * 1000,
    REFUSED_MS = 50, /* however many names are taken, nothing spins */
    LEAVING_MS = 50  /* two services that exchange their names: one of them has to wait */
};

/* ---- What moves a claim on ------------------------------------------------------------------ */

/* How long a device that never had an instance still waits for the settings service to give it one. */
static int64_t patience(const struct claim *claim)
{
    const struct claims *c = claim->claims;

    if (settings_available(c->settings) || claim_own_wish(claim) >= 0)
        return 0;
    return c->answered_ms + SETTINGS_WAIT_MS - loop_now_ms(c->loop);
}

static void on_turn(void *user)
{
    struct claim *claim = user;
    struct claims *c = claim->claims;

    if (!c->round_over || !c->settings_known)
        return;
    if (claim_wonders_who(claim))
        loop_timer_arm(&claim->turn, REFUSED_MS);
    else if (claim_is_left(claim))
        return;
    else if (claim->settled && claim->asked && claim->later.class[0])
        claim_follow_later(claim);
    else if (patience(claim) > 0)
        loop_timer_arm(&claim->turn, patience(claim));
    else if (settings_available(c->settings) && !(claim->asked && claim->tried >= 0))
        claim_ask(claim);
    else
        claim_decide(claim, claim->settled ? claim->instance : claim_own_wish(claim));
}

static void turn_all(struct claims *c)
{
    for (struct claim *claim = c->first; claim; claim = claim->next) {
        if (claim->granted)
            loop_timer_arm(&claim->turn, 0);
    }
}

static void on_available(void *user, bool there)
{
    struct claims *c = user;

    if (!c->settings_known)
        c->answered_ms = loop_now_ms(c->loop);
    c->settings_known = true;
    for (struct claim *claim = c->first; claim && !there; claim = claim->next)
        claim->asked = false;
    turn_all(c);
}

static void on_round_over(void *user)
{
    struct claims *c = user;

    c->round_over = true;
    turn_all(c);
}

/* A service that came later has an instance of ours: it cannot know, and we can move. */
static void on_appeared(void *user, const char *service, int instance)
{
    struct claims *c = user;
    const char *class = service + sizeof CLAIMS_SERVICE_PREFIX - 1;
    size_t len = strcspn(class, ".");

    for (struct claim *claim = c->first; claim; claim = claim->next) {
        const char *twin = instances_find_serial(c->directory, claim->wish.serial);
        if (claim->granted && twin && strcmp(twin, service) == 0) {
            loop_timer_arm(&claim->turn, 0);
            return;
        }
    }
    for (struct claim *claim = c->first; claim; claim = claim->next) {
        if (claim->settled && claim->instance == instance && strlen(claim->class) == len &&
            strncmp(claim->class, class, len) == 0) {
            if (!claim_waits(claim))
                claim_decide(claim, instance);
            return;
        }
    }
}

static bool is_ours(void *user, const char *service)
{
    const struct claims *c = user;
    char name[CLAIM_NAME_MAX];

    for (const struct claim *claim = c->first; claim; claim = claim->next) {
        if (!claim->on_bus)
            continue;
        claim_name(claim, name);
        if (strcmp(name, service) == 0)
            return true;
    }
    return false;
}

/* ---- The bus -------------------------------------------------------------------------------- */

static void on_bus_lost(void *user)
{
    struct claims *c = user;
    c->bus_lost(c->user);
}

static void close_bus(struct claims *c)
{
    instances_destroy(c->directory);
    settings_destroy(c->settings);
    bus_close(c->bus);
    c->directory = NULL;
    c->settings = NULL;
    c->bus = NULL;
}

static void on_bus_failed(void *user, const char *why)
{
    struct claims *c = user;

    close_bus(c);
    log_fault(&c->bus_fault, loop_now_ms(c->loop), NOTICE_NOTHING_ON_BUS,
              "nothing is on the bus: %s", why);
    loop_timer_arm(&c->bus_retry, BUS_RETRY_MS);
}

static void on_bus_ready(void *user)
{
    struct claims *c = user;
    char why[160];
    const struct settings_events settings = {on_available, claims_setting_changed, c};
    const struct instances_events directory = {on_round_over, on_appeared, is_ours, c};

    c->settings = settings_create(c->loop, c->bus, &settings, why, sizeof why);
    if (c->settings)
        c->directory = instances_create(c->loop, c->bus, &directory, why, sizeof why);
    if (c->directory)
        log_recovered(&c->bus_fault, loop_now_ms(c->loop), "the D-Bus is there");
    else
        on_bus_failed(c, why);
}

static void open_bus(void *user)
{
    struct claims *c = user;
    const struct bus_events events = {on_bus_ready, on_bus_failed, on_bus_lost, c};

    c->bus = bus_open(c->loop, &events);
    if (!c->bus)
        on_bus_failed(c, "out of memory");
}

struct claims *claims_create(struct loop *l, const struct statefile *memory, loop_fn bus_lost,
                             void *user)
{
    struct claims *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->loop = l;
    c->memory = memory;
    c->bus_lost = bus_lost;
    c->user = user;
    loop_timer_init(&c->bus_retry, l, open_bus, c);
    open_bus(c);
    return c;
}

void claims_destroy(struct claims *c)
{
    if (!c)
        return;
    loop_timer_disarm(&c->bus_retry);
    close_bus(c);
    free(c);
}

/* ---- Claims --------------------------------------------------------------------------------- */

/* A service that is on the bus stays there under its name until another is granted. */
static void enter(struct claims *c, struct claim *claim, const struct claim_wish *wish)
{
    bool on_bus = claim->on_bus, same = strcmp(claim->wish.id, wish->id) == 0;
    int instance = on_bus ? claim->instance : -1;
    const struct owner_choice choice = claim->choice;
    struct pace moves = {0};
    bool chosen[LEAVES] = {false};
    char class[CLASS_MAX];

    text_copy(class, sizeof class, claim->class);
    if (same) {
        memcpy(chosen, claim->chosen, sizeof chosen);
        moves = claim->moves;
    }
    claim_end(claim);
    *claim = (struct claim){.claims = c,
                            .wish = *wish,
                            .tried = -1,
                            .on_bus = on_bus,
                            .instance = instance,
                            .moves = moves,
                            .choice = choice};
    memcpy(claim->chosen, chosen, sizeof chosen);
    text_copy(claim->class, sizeof claim->class, class);
    loop_timer_init(&claim->turn, c->loop, on_turn, claim);
    struct claim **end = &c->first; /* first come, first served */
    while (*end)
        end = &(*end)->next;
    *end = claim;
}

void claim_begin(struct claims *c, struct claim *claim, const struct claim_wish *wish,
                 claim_fn granted, void *user)
{
    enter(c, claim, wish);
    claim->granted = granted;
    claim->user = user;
    loop_timer_arm(&claim->turn, 0);
}

void claim_reserve(struct claims *c, struct claim *claim, const struct claim_wish *wish)
{
    enter(c, claim, wish);
}

void claim_end(struct claim *claim)
{
    struct claims *c = claim->claims;
    char path[SETTINGS_PATH_MAX];

    if (!c)
        return;
    for (struct claim **at = &c->first; *at; at = &(*at)->next) {
        if (*at == claim) {
            *at = claim->next;
            break;
        }
    }
    loop_timer_disarm(&claim->turn);
    settings_cancel(&claim->call);
    for (enum choice_leaf leaf = 0; leaf < LEAVES && claim->asked; leaf++) {
        claim_setting_path(claim, leaf, path);
        settings_forget(c->settings, path);
    }
    claim->claims = NULL;
}

void claim_name(const struct claim *claim, char out[CLAIM_NAME_MAX])
{
    (void)snprintf(out, CLAIM_NAME_MAX, "%s%s.http_%d", CLAIMS_SERVICE_PREFIX, claim->class,
                   claim->instance);
}

void claim_choose(struct claim *claim, const struct owner_choice *choice)
{
    struct owner_choice before = claim->choice;

    claim->choice = *choice;
    for (enum choice_leaf leaf = LEAF_NAME; leaf < LEAVES; leaf++) {
        struct value was = choice_value(&before, leaf), is = choice_value(choice, leaf);
        if (value_equal(&was, &is))
            continue;
        claim->chosen[leaf] = true;
        if (claim->asked)
            claim_write_leaf(claim, leaf);
    }
    if (claim->settled && strcmp(claim->class, claim_class(claim)) != 0)
        loop_timer_arm(&claim->turn, 0);
}

void claim_on_bus(struct claim *claim, bool there)
{
    claim->on_bus = there;
}

/* Whether a service of our own has the name, and will have another as soon as that is granted. */
static bool is_to_be_left(const struct claim *claim)
{
    for (const struct claim *o = claim->claims->first; o; o = o->next) {
        if (o != claim && o->on_bus && !o->settled && o->instance == claim->instance &&
            strcmp(o->class, claim->class) == 0)
            return true;
    }
    return false;
}

void claim_refused(struct claim *claim)
{
    if (is_to_be_left(claim)) {
        loop_timer_arm(&claim->turn, LEAVING_MS);
        return;
    }
    claim->tried = claim->instance;
    claim->refused_ms = loop_now_ms(claim->claims->loop);
    loop_timer_arm(&claim->turn, REFUSED_MS);
}
