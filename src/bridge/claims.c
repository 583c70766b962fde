#include "bridge/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/budget.h"
#include "core/map.h"
#include "core/text.h"
#include "edge/bus/bus.h"
#include "edge/bus/instances.h"
#include "edge/sys/log.h"

enum {
    FIRST_INSTANCE = 34, /* where today's config.example begins */
    LAST_INSTANCE = 255,
    NO_INSTANCE = -1, /* all are taken */
    BUS_RETRY_MS = 10 * 1000,
    /* At boot the settings service may start a little later than this program. */
    SETTINGS_WAIT_MS = 10 * 1000,
    ASK_AGAIN_MS = 60 * 1000,
    REFUSED_MS = 50,  /* however many names are taken, nothing spins */
    LEAVING_MS = 50,  /* two services that exchange their names: one of them has to wait */
    WHO_MS = 6 * 1000 /* so long the answer of who has the name is waited for */
};

/*
 * How much is written to the settings service, which keeps it on flash, whoever makes us do it. What is over
 * waits.
 */
static const struct budget_rate write_rate = {.burst = 100, .per_day = 150};

static const char service_prefix[] = "com.victronenergy.";

struct claims {
    struct loop *loop;
    const struct statefile *memory;
    loop_fn bus_lost;
    void *user;
    struct bus *bus;
    struct settings *settings;
    struct instances *directory;
    struct loop_timer bus_retry;
    struct log_fault bus_fault, settings_fault;
    bool round_over;     /* the directory knows who is there */
    bool settings_known; /* whether there is a settings service has been answered */
    int64_t answered_ms; /* when that was */
    struct budget writes;
    struct claim *first;
};

static void leaf_path(const struct claim *claim, enum choice_leaf leaf, char out[SETTINGS_PATH_MAX])
{
    (void)snprintf(out, SETTINGS_PATH_MAX, "/Settings/Devices/%s/%s", claim->wish.uid,
                   choice_leaf_name(leaf));
}

/* ---- Who has which instance ----------------------------------------------------------------- */

static bool is_auto(const struct claim *claim)
{
    return claim->wish.explicit_instance == CONF_INSTANCE_AUTO;
}

/* The claim among ours that has, or will have, an instance of a class; NULL when there is none. */
static struct claim *holder(const struct claims *c, const struct claim *but, const char *class,
                            int instance)
{
    for (struct claim *o = c->first; o; o = o->next) {
        int its = o->settled ? o->instance : o->wish.explicit_instance;
        const char *its_class = o->settled ? o->class : o->wish.class;
        if (o != but && its == instance && strcmp(its_class, class) == 0)
            return o;
    }
    return NULL;
}

/* An instance that a device had last is not given to another while there are free ones. */
static bool is_remembered(const struct claims *c, const struct claim *but, int instance)
{
    size_t count;
    const struct device_memory *all = statefile_all(c->memory, &count);

    for (size_t i = 0; i < count; i++) {
        const struct device_memory *m = &all[i];
        if (m->instance == instance && strcmp(m->id, but->wish.id) != 0)
            return true;
    }
    return false;
}

static bool is_taken(const struct claims *c, const struct claim *claim, const char *class,
                     int instance)
{
    return holder(c, claim, class, instance) || instances_find(c->directory, class, instance) ||
           claim->tried == instance;
}

/* NO_INSTANCE when none is. */
static int next_free(const struct claims *c, const struct claim *claim, const char *class, int from)
{
    if (from < FIRST_INSTANCE)
        from = FIRST_INSTANCE;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i <= LAST_INSTANCE - FIRST_INSTANCE; i++) {
            int instance =
                FIRST_INSTANCE + (from - FIRST_INSTANCE + i) % (LAST_INSTANCE - FIRST_INSTANCE + 1);
            if (!is_taken(c, claim, class, instance) &&
                (pass > 0 || !is_remembered(c, claim, instance)))
                return instance;
        }
    }
    return NO_INSTANCE;
}

static void log_clash(const struct claims *c, const struct claim *claim, const char *class,
                      int wanted, int instance)
{
    const char *other = instances_find(c->directory, class, wanted);
    const struct claim *ours = holder(c, claim, class, wanted);

    const char *by = other  ? other
                     : ours ? ours->wish.label
                            : "another program that has its name on the bus";

    if (is_auto(claim)) /* nobody asked for this number, but VRM keeps its history by it */
        log_notice(
            NOTICE_INSTANCE_MOVED,
            "%s: DeviceInstance %d of class %s is taken by %s; this one is %s%s.http_%d now, a "
            "new device in VRM",
            claim->wish.label, wanted, class, by, service_prefix, class, instance);
    else
        log_notice(
            NOTICE_INSTANCE_TAKEN,
            "%s: DeviceInstance %d of class %s is taken by %s; %s%s.http_%d is used instead. "
            "Give one of them another",
            claim->wish.label, wanted, class, by, service_prefix, class, instance);
}

/* ---- Deciding ------------------------------------------------------------------------------- */

static const char *class_of(const struct claim *claim)
{
    return choice_class(claim->wish.class, claim->choice.role);
}

/* Whether something may be written there now. What is not is seen to with a later turn. */
static bool may_write(struct claim *claim)
{
    struct claims *c = claim->claims;
    int64_t now = loop_now_ms(c->loop);

    if (budget_take(&c->writes, &write_rate, now))
        return true;
    if (!loop_timer_armed(&claim->turn))
        loop_timer_arm(&claim->turn, budget_wait_ms(&c->writes, &write_rate, now));
    return false;
}

static void store_instance(struct claim *claim)
{
    char path[SETTINGS_PATH_MAX], text[CLASS_MAX + 16];

    if (!may_write(claim))
        return;
    leaf_path(claim, LEAF_INSTANCE, path);
    (void)snprintf(text, sizeof text, "%s:%d", claim->class, claim->instance);
    struct value v = value_string(text);
    (void)settings_set(claim->claims->settings, path, &v);
}

static void decide(struct claim *claim, int wanted);
static void follow_later(struct claim *claim);
static bool is_left(struct claim *claim);

/* An instance of the configuration is served first: whoever got it by itself makes room. */
static void make_room(struct claims *c, const struct claim *claim, const char *class)
{
    struct claim *other = holder(c, claim, class, claim->wish.explicit_instance);

    if (other && is_auto(other) && other->settled)
        decide(other, other->instance);
}

/* It is looked for again: somebody may leave the bus. */
static void go_without(struct claim *claim, const char *class)
{
    bool granted = claim->settled;

    if (!claim->told_none)
        log_notice(NOTICE_NO_INSTANCE,
                   "%s: is not published: every DeviceInstance of class %s from %d to %d is taken",
                   claim->wish.label, class, FIRST_INSTANCE, LAST_INSTANCE);
    claim->told_none = true;
    claim->settled = false;
    claim->tried = -1;
    loop_timer_arm(&claim->turn, ASK_AGAIN_MS);
    if (granted)
        claim->granted(claim->user);
}

/* wanted: by the configuration, the settings service or the memory; -1 is any. */
static void decide(struct claim *claim, int wanted)
{
    struct claims *c = claim->claims;
    const char *class = class_of(claim);
    int instance = wanted;

    if (is_left(claim)) /* its number is no clash, and no reason to move */
        return;
    if (!is_auto(claim))
        make_room(c, claim, class);
    if (wanted < 0) {
        instance = next_free(c, claim, class, FIRST_INSTANCE);
    } else if (is_taken(c, claim, class, wanted)) {
        instance = next_free(c, claim, class, wanted + 1);
        if (instance != NO_INSTANCE)
            log_clash(c, claim, class, wanted, instance);
    }
    if (instance == NO_INSTANCE) {
        go_without(claim, class);
        return;
    }
    claim->told_none = false;
    if (!claim->settled || claim->instance != instance || strcmp(claim->class, class) != 0)
        pace_step(&claim->moves, loop_now_ms(c->loop));
    text_copy(claim->class, sizeof claim->class, class);
    claim->instance = instance;
    claim->settled = true;
    claim->tried = -1;
    if (claim->asked && is_auto(claim) && instance != wanted)
        store_instance(claim);
    claim->granted(claim->user);
}

/* What a claim wants where the settings service has no say. */
static int own_wish(const struct claim *claim)
{
    if (!is_auto(claim))
        return claim->wish.explicit_instance;
    return claim->settled ? claim->instance : claim->wish.last_instance;
}

/* ---- The settings service ------------------------------------------------------------------- */

static void write_leaf(struct claim *claim, enum choice_leaf leaf)
{
    char path[SETTINGS_PATH_MAX];
    struct value v = choice_value(&claim->choice, leaf);

    if (!may_write(claim))
        return;
    leaf_path(claim, leaf, path);
    (void)settings_set(claim->claims->settings, path, &v);
}

/* What was set here while the settings service was away, or did not answer, goes there now. */
static void merge_choice(struct claim *claim, const struct value *values)
{
    for (enum choice_leaf leaf = LEAF_NAME; leaf < LEAVES; leaf++) {
        struct value none = choice_value(&choice_unset, leaf),
                     known = choice_value(&claim->choice, leaf);
        if (values[leaf].type == VALUE_INVALID)
            continue;
        if (claim->chosen[leaf]) {
            if (!value_equal(&values[leaf], &known))
                write_leaf(claim, leaf);
        } else if (!value_equal(&values[leaf], &none))
            choice_read(&claim->choice, leaf, &values[leaf]);
        else if (!value_equal(&known, &none))
            write_leaf(claim, leaf);
    }
}

static void on_added(void *user, const struct value *values, size_t count, const char *why);

/*
 * Adds what a device has in the settings service, or asks for it again. The first time for a device,
 * the service makes its instance unique by itself.
 */
static void ask(struct claim *claim)
{
    struct claims *c = claim->claims;
    char paths[LEAVES][SETTINGS_PATH_MAX], instance[CLASS_MAX + 16];
    struct setting list[LEAVES];
    int first = claim->settled ? claim->instance : claim->wish.last_instance;

    if (first < 0)
        first = next_free(c, claim, class_of(claim), FIRST_INSTANCE);
    if (first < 0) /* the service finds another */
        first = FIRST_INSTANCE;
    (void)snprintf(instance, sizeof instance, "%s:%d", class_of(claim), first);
    for (enum choice_leaf leaf = 0; leaf < LEAVES; leaf++) {
        leaf_path(claim, leaf, paths[leaf]);
        list[leaf] =
            (struct setting){.path = paths[leaf], .fallback = choice_value(&choice_unset, leaf)};
        choice_range(leaf, &list[leaf].min, &list[leaf].max);
    }
    list[LEAF_INSTANCE].fallback = value_string(instance);
    /* An instance of the configuration is nobody's business but the configuration's. */
    size_t skip = is_auto(claim) ? 0 : 1;
    settings_add(c->settings, &claim->call, list + skip, LEAVES - skip, on_added, claim);
}

/* What the settings service has for an instance; false, and told once, when that is none. */
static bool read_instance(struct claim *claim, const struct value *v, char class[CLASS_MAX],
                          int *instance)
{
    if (v->type != VALUE_STRING)
        return false;
    if (choice_parse_instance(v->s, class, instance)) {
        claim->refuses = false;
        return true;
    }
    if (!claim->refuses)
        log_notice(NOTICE_INSTANCE_UNUSABLE,
                   "%s: " SETTINGS_SERVICE
                   " has %s for its instance, which is none of 0 to %d: it is "
                   "not used",
                   claim->wish.label, v->s, CONF_INSTANCE_MAX);
    claim->refuses = true;
    return false;
}

static void take_answer(struct claim *claim, const struct value *values)
{
    char class[CLASS_MAX];
    int instance;

    claim->later.class[0] = '\0';
    merge_choice(claim, values);
    if (!is_auto(claim) || !read_instance(claim, &values[LEAF_INSTANCE], class, &instance)) {
        decide(claim, own_wish(claim));
        return;
    }
    if (strcmp(class, class_of(claim)) != 0 && !claim->moving) {
        /* The service finds a free one of the new class, if need be: its answer is asked for. */
        claim->moving = true;
        text_copy(claim->class, sizeof claim->class, class_of(claim));
        claim->instance = instance;
        store_instance(claim);
        ask(claim);
        return;
    }
    claim->moving = false;
    decide(claim, instance);
}

static void on_added(void *user, const struct value *values, size_t count, const char *why)
{
    struct claim *claim = user;
    struct claims *c = claim->claims;
    struct value all[LEAVES];

    if (!values) {
        log_fault(&c->settings_fault, loop_now_ms(c->loop), NOTICE_SETTINGS_AWAY,
                  SETTINGS_SERVICE ": %s: what is remembered here is used", why);
        loop_timer_arm(&claim->turn, ASK_AGAIN_MS);
        decide(claim, own_wish(claim));
        return;
    }
    log_recovered(&c->settings_fault, loop_now_ms(c->loop), SETTINGS_SERVICE " answers");
    claim->asked = true;
    all[LEAF_INSTANCE] = value_invalid();
    memcpy(all + (LEAVES - count), values, count * sizeof *values);
    take_answer(claim, all);
}

/* ---- A device that another process publishes ------------------------------------------------ */

/* Whether it is left to another process: then nothing is claimed. */
static bool is_left(struct claim *claim)
{
    const struct claims *c = claim->claims;
    const char *theirs = instances_find_serial(c->directory, claim->wish.serial);
    char name[CLAIM_NAME_MAX];

    claim_name(claim, name);
    enum twin_word word =
        twin_look(&claim->twin, claim->on_bus ? name : NULL, theirs, loop_now_ms(c->loop));
    if (word == TWIN_BACK)
        log_good_news(NOTICE_SERIAL_TWICE,
                      "%s: the other process has gone: this one publishes it now",
                      claim->wish.label);
    if (word == TWIN_LEAVE)
        log_notice(
            NOTICE_SERIAL_TWICE,
            "%s: another process publishes serial number %s already, as %s; it is left to that "
            "one. Stop one of the two, or give two devices two serial numbers (CUST_SN)",
            claim->wish.label, claim->wish.serial, theirs);
    if (word == TWIN_OURS || word == TWIN_BACK)
        return false;
    bool granted = claim->settled;
    claim->settled = claim->moving = false;
    settings_cancel(&claim->call); /* its answer would be taken up */
    loop_timer_arm(&claim->turn, TWIN_GONE_MS);
    if (granted)
        claim->granted(claim->user);
    return true;
}

/* Whether it is still to be heard whose name it was that the bus refused. */
static bool wonders_who(const struct claim *claim)
{
    char name[CLAIM_NAME_MAX];

    claim_name(claim, name);
    return claim->tried >= 0 && !instances_has_heard(claim->claims->directory, name) &&
           loop_now_ms(claim->claims->loop) - claim->refused_ms < WHO_MS;
}

/* ---- What moves a claim on ------------------------------------------------------------------ */

/* How long a device that never had an instance still waits for the settings service to give it one. */
static int64_t patience(const struct claim *claim)
{
    const struct claims *c = claim->claims;

    if (settings_available(c->settings) || own_wish(claim) >= 0)
        return 0;
    return c->answered_ms + SETTINGS_WAIT_MS - loop_now_ms(c->loop);
}

static void on_turn(void *user)
{
    struct claim *claim = user;
    struct claims *c = claim->claims;

    if (!c->round_over || !c->settings_known)
        return;
    if (wonders_who(claim))
        loop_timer_arm(&claim->turn, REFUSED_MS);
    else if (is_left(claim))
        return;
    else if (claim->settled && claim->asked && claim->later.class[0])
        follow_later(claim);
    else if (patience(claim) > 0)
        loop_timer_arm(&claim->turn, patience(claim));
    else if (settings_available(c->settings) && !(claim->asked && claim->tried >= 0))
        ask(claim);
    else
        decide(claim, claim->settled ? claim->instance : own_wish(claim));
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

static struct claim *claim_at(const struct claims *c, const char *path, enum choice_leaf *leaf)
{
    char its[SETTINGS_PATH_MAX];

    for (struct claim *claim = c->first; claim; claim = claim->next) {
        for (*leaf = 0; *leaf < LEAVES; (*leaf)++) {
            leaf_path(claim, *leaf, its);
            if (claim->asked && strcmp(its, path) == 0)
                return claim;
        }
    }
    return NULL;
}

/*
 * Whether a move that another process asks for has to wait for its turn. Without this two of them could chase
 * each other from number to number, faster than either learns who the other is.
 */
static bool waits(struct claim *claim)
{
    int64_t wait = pace_wait(&claim->moves, loop_now_ms(claim->claims->loop));

    if (wait > 0)
        loop_timer_arm(&claim->turn, wait);
    return wait > 0;
}

/* Somebody chose another instance, or with it another role, in the settings themselves. */
static void follow(struct claim *claim, const char *class, int instance)
{
    claim->later.class[0] = '\0';
    if (!is_auto(claim) || (instance == claim->instance && strcmp(class, claim->class) == 0))
        return;
    if (waits(claim)) {
        text_copy(claim->later.class, sizeof claim->later.class, class);
        claim->later.instance = instance;
        return;
    }
    if (strcmp(class, class_of(claim)) != 0 && venus_role_find(class) &&
        venus_role_find(claim->wish.class)) {
        text_copy(claim->choice.role, sizeof claim->choice.role, class);
        write_leaf(claim, LEAF_ROLE);
    }
    decide(claim, instance);
}

static void follow_later(struct claim *claim)
{
    char class[CLASS_MAX];

    text_copy(class, sizeof class, claim->later.class);
    follow(claim, class, claim->later.instance);
}

static void on_changed(void *user, const char *path, const struct value *v)
{
    enum choice_leaf leaf;
    struct claim *claim = claim_at(user, path, &leaf);

    /* While an answer is under way, it will say the same. */
    if (!claim || claim->call.settings || claim->twin.left)
        return;
    if (leaf == LEAF_INSTANCE) {
        char class[CLASS_MAX];
        int instance;
        if (is_auto(claim) && read_instance(claim, v, class, &instance))
            follow(claim, class, instance);
        return;
    }
    claim->chosen[leaf] = false;
    struct value before = choice_value(&claim->choice, leaf);
    if (value_equal(&before, v))
        return;
    choice_read(&claim->choice, leaf, v);
    if (strcmp(claim->class, class_of(claim)) != 0)
        loop_timer_arm(&claim->turn, 0);
    else
        claim->granted(claim->user);
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
    const char *class = service + sizeof service_prefix - 1;
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
            if (!waits(claim))
                decide(claim, instance);
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
    const struct settings_events settings = {on_available, on_changed, c};
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
        leaf_path(claim, leaf, path);
        settings_forget(c->settings, path);
    }
    claim->claims = NULL;
}

void claim_name(const struct claim *claim, char out[CLAIM_NAME_MAX])
{
    (void)snprintf(out, CLAIM_NAME_MAX, "%s%s.http_%d", service_prefix, claim->class,
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
            write_leaf(claim, leaf);
    }
    if (claim->settled && strcmp(claim->class, class_of(claim)) != 0)
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
