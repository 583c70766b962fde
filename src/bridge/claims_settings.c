#include "bridge/claims_settings.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "bridge/claims_instance.h"
#include "core/map.h"
#include "core/text.h"

/*
 * How much is written to the settings service, which keeps it on flash, whoever makes us do it. What is over
 * waits.
 */
static const struct budget_rate write_rate = {.burst = 100, .per_day = 150};

/* Elements of a path in the settings service are [A-Za-z0-9_]. A template has no identity but its section. */
void claim_uid(const struct device_memory *m, bool template, char out[CLAIM_UID_MAX])
{
    char text[CLAIM_UID_MAX];
    size_t n = 0;

    if (template && strcmp(m->id, m->serial) != 0)
        (void)snprintf(text, sizeof text, "dtu_%s_%s", m->id, m->serial);
    else
        (void)snprintf(text, sizeof text, "dtu_%s", m->id);
    for (const char *c = text; *c; c++)
        out[n++] = (char)(isalnum((unsigned char)*c) ? *c : '_');
    out[n] = '\0';
}

void claim_setting_path(const struct claim *claim, enum choice_leaf leaf,
                        char out[SETTINGS_PATH_MAX])
{
    (void)snprintf(out, SETTINGS_PATH_MAX, "/Settings/Devices/%s/%s", claim->wish.uid,
                   choice_leaf_name(leaf));
}

/* ---- Writing ---- */

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

void claim_store_instance(struct claim *claim)
{
    char path[SETTINGS_PATH_MAX], text[CLASS_MAX + 16];

    if (!may_write(claim))
        return;
    claim_setting_path(claim, LEAF_INSTANCE, path);
    (void)snprintf(text, sizeof text, "%s:%d", claim->class, claim->instance);
    struct value v = value_string(text);
    (void)settings_set(claim->claims->settings, path, &v);
}

void claim_write_leaf(struct claim *claim, enum choice_leaf leaf)
{
    char path[SETTINGS_PATH_MAX];
    struct value v = choice_value(&claim->choice, leaf);

    if (!may_write(claim))
        return;
    claim_setting_path(claim, leaf, path);
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
                claim_write_leaf(claim, leaf);
        } else if (!value_equal(&values[leaf], &none))
            choice_read(&claim->choice, leaf, &values[leaf]);
        else if (!value_equal(&known, &none))
            claim_write_leaf(claim, leaf);
    }
}

static void on_added(void *user, const struct value *values, size_t count, const char *why);

/*
 * Adds what a device has in the settings service, or asks for it again. The first time for a device,
 * the service makes its instance unique by itself.
 */
void claim_ask(struct claim *claim)
{
    struct claims *c = claim->claims;
    char paths[LEAVES][SETTINGS_PATH_MAX], instance[CLASS_MAX + 16];
    struct setting list[LEAVES];
    int first = claim->settled ? claim->instance : claim->wish.last_instance;

    if (first < 0)
        first = claim_next_free(claim, claim_class(claim), CLAIMS_FIRST_INSTANCE);
    if (first < 0) /* the service finds another */
        first = CLAIMS_FIRST_INSTANCE;
    (void)snprintf(instance, sizeof instance, "%s:%d", claim_class(claim), first);
    for (enum choice_leaf leaf = 0; leaf < LEAVES; leaf++) {
        claim_setting_path(claim, leaf, paths[leaf]);
        list[leaf] =
            (struct setting){.path = paths[leaf], .fallback = choice_value(&choice_unset, leaf)};
        choice_range(leaf, &list[leaf].min, &list[leaf].max);
    }
    list[LEAF_INSTANCE].fallback = value_string(instance);
    /* An instance of the configuration is nobody's business but the configuration's. */
    size_t skip = claim_is_auto(claim) ? 0 : 1;
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
                   " has %s for its instance, which is not within 0 to %d: it is "
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
    if (!claim_is_auto(claim) || !read_instance(claim, &values[LEAF_INSTANCE], class, &instance)) {
        claim_decide(claim, claim_own_wish(claim));
        return;
    }
    if (strcmp(class, claim_class(claim)) != 0 && !claim->moving) {
        /* The service finds a free one of the new class, if need be: its answer is asked for. */
        claim->moving = true;
        text_copy(claim->class, sizeof claim->class, claim_class(claim));
        claim->instance = instance;
        claim_store_instance(claim);
        claim_ask(claim);
        return;
    }
    claim->moving = false;
    claim_decide(claim, instance);
}

static void on_added(void *user, const struct value *values, size_t count, const char *why)
{
    struct claim *claim = user;
    struct claims *c = claim->claims;
    struct value all[LEAVES];

    if (!values) {
        log_fault(&c->settings_fault, loop_now_ms(c->loop), NOTICE_SETTINGS_AWAY,
                  SETTINGS_SERVICE ": %s: what is remembered here is used", why);
        loop_timer_arm(&claim->turn, CLAIMS_ASK_AGAIN_MS);
        claim_decide(claim, claim_own_wish(claim));
        return;
    }
    log_recovered(&c->settings_fault, loop_now_ms(c->loop), SETTINGS_SERVICE " answers");
    claim->asked = true;
    all[LEAF_INSTANCE] = value_invalid();
    memcpy(all + (LEAVES - count), values, count * sizeof *values);
    take_answer(claim, all);
}
/* ---- Changes ---- */

static struct claim *claim_at(const struct claims *c, const char *path, enum choice_leaf *leaf)
{
    char its[SETTINGS_PATH_MAX];

    for (struct claim *claim = c->first; claim; claim = claim->next) {
        for (*leaf = 0; *leaf < LEAVES; (*leaf)++) {
            claim_setting_path(claim, *leaf, its);
            if (claim->asked && strcmp(its, path) == 0)
                return claim;
        }
    }
    return NULL;
}

/* Somebody chose another instance, or with it another role, in the settings themselves. */
static void follow(struct claim *claim, const char *class, int instance)
{
    claim->later.class[0] = '\0';
    if (!claim_is_auto(claim) || (instance == claim->instance && strcmp(class, claim->class) == 0))
        return;
    if (claim_waits(claim)) {
        text_copy(claim->later.class, sizeof claim->later.class, class);
        claim->later.instance = instance;
        return;
    }
    if (strcmp(class, claim_class(claim)) != 0 && venus_role_find(class) &&
        venus_role_find(claim->wish.class)) {
        text_copy(claim->choice.role, sizeof claim->choice.role, class);
        claim_write_leaf(claim, LEAF_ROLE);
    }
    claim_decide(claim, instance);
}

void claim_follow_later(struct claim *claim)
{
    char class[CLASS_MAX];

    text_copy(class, sizeof class, claim->later.class);
    follow(claim, class, claim->later.instance);
}

void claims_setting_changed(void *user, const char *path, const struct value *v)
{
    enum choice_leaf leaf;
    struct claim *claim = claim_at(user, path, &leaf);

    /* While an answer is under way, it will say the same. */
    if (!claim || claim->call.settings || claim->twin.left)
        return;
    if (leaf == LEAF_INSTANCE) {
        char class[CLASS_MAX];
        int instance;
        if (claim_is_auto(claim) && read_instance(claim, v, class, &instance))
            follow(claim, class, instance);
        return;
    }
    claim->chosen[leaf] = false;
    struct value before = choice_value(&claim->choice, leaf);
    if (value_equal(&before, v))
        return;
    choice_read(&claim->choice, leaf, v);
    if (strcmp(claim->class, claim_class(claim)) != 0)
        loop_timer_arm(&claim->turn, 0);
    else
        claim->granted(claim->user);
}
