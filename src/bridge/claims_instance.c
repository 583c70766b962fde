#include "bridge/claims_instance.h"

#include <stdio.h>
#include <string.h>

#include "bridge/claims_settings.h"
#include "core/map.h"
#include "core/text.h"

enum { WHO_MS = 6 * 1000 /* so long the answer of who has the name is waited for */ };

/* ---- Who has which instance ----------------------------------------------------------------- */

bool claim_is_auto(const struct claim *claim)
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

/* CLAIM_NO_INSTANCE when none is. */
int claim_next_free(const struct claim *claim, const char *class, int from)
{
    const struct claims *c = claim->claims;

    if (from < CLAIMS_FIRST_INSTANCE)
        from = CLAIMS_FIRST_INSTANCE;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i <= CLAIMS_LAST_INSTANCE - CLAIMS_FIRST_INSTANCE; i++) {
            int instance =
                CLAIMS_FIRST_INSTANCE + (from - CLAIMS_FIRST_INSTANCE + i) %
                                            (CLAIMS_LAST_INSTANCE - CLAIMS_FIRST_INSTANCE + 1);
            if (!is_taken(c, claim, class, instance) &&
                (pass > 0 || !is_remembered(c, claim, instance)))
                return instance;
        }
    }
    return CLAIM_NO_INSTANCE;
}

static void log_clash(const struct claims *c, const struct claim *claim, const char *class,
                      int wanted, int instance)
{
    const char *other = instances_find(c->directory, class, wanted);
    const struct claim *ours = holder(c, claim, class, wanted);

    const char *by = other  ? other
                     : ours ? ours->wish.label
                            : "another program that has its name on the bus";

    if (claim_is_auto(claim)) /* nobody asked for this number, but VRM keeps its history by it */
        log_notice(
            NOTICE_INSTANCE_MOVED,
            "%s: DeviceInstance %d of class %s is taken by %s; this one is %s%s.http_%d now, a "
            "new device in VRM",
            claim->wish.label, wanted, class, by, CLAIMS_SERVICE_PREFIX, class, instance);
    else
        log_notice(
            NOTICE_INSTANCE_TAKEN,
            "%s: DeviceInstance %d of class %s is taken by %s; %s%s.http_%d is used instead. "
            "Give one of them another",
            claim->wish.label, wanted, class, by, CLAIMS_SERVICE_PREFIX, class, instance);
}

/* ---- Deciding ------------------------------------------------------------------------------- */

const char *claim_class(const struct claim *claim)
{
    return choice_class(claim->wish.class, claim->choice.role);
}

/* An instance of the configuration is served first: whoever got it by itself makes room. */
static void make_room(struct claims *c, const struct claim *claim, const char *class)
{
    struct claim *other = holder(c, claim, class, claim->wish.explicit_instance);

    if (other && claim_is_auto(other) && other->settled)
        claim_decide(other, other->instance);
}

/* It is looked for again: somebody may leave the bus. */
static void go_without(struct claim *claim, const char *class)
{
    bool granted = claim->settled;

    if (!claim->told_none)
        log_notice(NOTICE_NO_INSTANCE,
                   "%s: is not published: every DeviceInstance of class %s from %d to %d is taken",
                   claim->wish.label, class, CLAIMS_FIRST_INSTANCE, CLAIMS_LAST_INSTANCE);
    claim->told_none = true;
    claim->settled = false;
    claim->tried = -1;
    loop_timer_arm(&claim->turn, CLAIMS_ASK_AGAIN_MS);
    if (granted)
        claim->granted(claim->user);
}

/* wanted: by the configuration, the settings service or the memory; -1 is any. */
void claim_decide(struct claim *claim, int wanted)
{
    struct claims *c = claim->claims;
    const char *class = claim_class(claim);
    int instance = wanted;

    if (claim_is_left(claim)) /* its number is no clash, and no reason to move */
        return;
    if (!claim_is_auto(claim))
        make_room(c, claim, class);
    if (wanted < 0) {
        instance = claim_next_free(claim, class, CLAIMS_FIRST_INSTANCE);
    } else if (is_taken(c, claim, class, wanted)) {
        instance = claim_next_free(claim, class, wanted + 1);
        if (instance != CLAIM_NO_INSTANCE)
            log_clash(c, claim, class, wanted, instance);
    }
    if (instance == CLAIM_NO_INSTANCE) {
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
    if (claim->asked && claim_is_auto(claim) && instance != wanted)
        claim_store_instance(claim);
    claim->granted(claim->user);
}

/* What a claim wants where the settings service has no say. */
int claim_own_wish(const struct claim *claim)
{
    if (!claim_is_auto(claim))
        return claim->wish.explicit_instance;
    return claim->settled ? claim->instance : claim->wish.last_instance;
}
/* ---- A device that another process publishes ------------------------------------------------ */

/* Whether it is left to another process: then nothing is claimed. */
bool claim_is_left(struct claim *claim)
{
    const struct claims *c = claim->claims;
    const char *theirs = instances_find_serial(c->directory, claim->wish.serial);
    char name[CLAIM_NAME_MAX];

    claim_name(claim, name);
    enum twin_word word =
        twin_look(&claim->twin, claim->on_bus ? name : NULL, theirs, loop_now_ms(c->loop));
    if (word == TWIN_BACK)
        log_good_news(NOTICE_SERIAL_TWICE,
                      "%s: the other process is gone: this one publishes it now",
                      claim->wish.label);
    if (word == TWIN_LEAVE)
        log_notice(
            NOTICE_SERIAL_TWICE,
            "%s: another process publishes serial number %s already, as %s; it is left to that "
            "process. Stop one of the two, or give two devices two serial numbers (CUST_SN)",
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
bool claim_wonders_who(const struct claim *claim)
{
    char name[CLAIM_NAME_MAX];

    claim_name(claim, name);
    return claim->tried >= 0 && !instances_has_heard(claim->claims->directory, name) &&
           loop_now_ms(claim->claims->loop) - claim->refused_ms < WHO_MS;
}
/*
 * Whether a move that another process asks for has to wait for its turn. Without this two of them could chase
 * each other from number to number, faster than either learns who the other is.
 */
bool claim_waits(struct claim *claim)
{
    int64_t wait = pace_wait(&claim->moves, loop_now_ms(claim->claims->loop));

    if (wait > 0)
        loop_timer_arm(&claim->turn, wait);
    return wait > 0;
}
