#include <string.h>
#include <strings.h>

#include "cli/check/findings_parts.h"
#include "core/json.h"
#include "core/json_paths.h"

struct looking {
    struct findings *f;
    size_t gateway;
    const char *key;
    bool has_default;
};

static void look_at_term(void *user, const struct json_term *term)
{
    const struct looking *l = user;
    bool null = cJSON_IsNull(term->node);

    if (has_value(term->value) || term->left_out)
        return;
    findings_say(l->f, null || l->has_default ? FINDING_NOTE : FINDING_PROBLEM, l->gateway, -1,
                 "%s: %s %s%s", l->key, term->path, json_no_number(term->node),
                 l->has_default ? "; its _Default is published instead" : "");
    l->f->show_numbers[l->gateway] = l->f->show_numbers[l->gateway] || !null;
}

/* One value, in each channel that is a device. */
static void look_at_value(struct looking *l, const struct json_replies *replies,
                          const struct template_conf *t, const char *path)
{
    char expanded[JSON_PATH_MAX];

    if (!path[0] || strcasecmp(path, "none") == 0)
        return;
    for (unsigned n = 0; n < t->channels; n++) {
        device_type_channel(path, t->first_channel + n, expanded, sizeof expanded);
        if (n == 0 || strcmp(expanded, path) != 0)
            json_terms(replies, expanded, look_at_term, l);
    }
}

/*
 * failed: the driver makes nothing of the reply, not even with defaults. A type names all that a device of its kind
 * may have: what one lacks is no mistake, but the power as a whole, or of its phases where only these are named.
 */
static void look_at_values(struct findings *f, size_t g, const struct json_replies *replies,
                           const struct template_conf *t, bool failed)
{
    size_t judged = t->type[0] ? FIELD_POWER + 1 : FIELD_COUNT;
    unsigned slots = t->type[0] && t->value[FIELD_POWER].path[0][0] ? 1 : PHASE_SLOTS;

    for (size_t field = 0; field < judged; field++) {
        const struct template_value *v = &t->value[field];
        for (unsigned slot = 0; slot < slots; slot++) {
            char key[TEMPLATE_KEY_MAX];
            struct looking l = {f, g, key, slot == 0 && has_value(v->fallback) && !failed};
            template_key(key, (enum field)field, slot);
            look_at_value(&l, replies, t, v->path[slot]);
        }
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Shelly counts Wh, or Wmin. NULL, too, where somebody has thought of it. */
const char *findings_forgotten_unit(const struct template_value *total)
{
    if (total->mult != 1)
        return NULL;
    if (ends_with(total->path[0], "aenergy/total") || ends_with(total->path[0], "total_act"))
        return "Wh: CUST_Total_Mult=0.001";
    if (strncmp(total->path[0], "meters/", 7) == 0 && ends_with(total->path[0], "/total"))
        return "Wmin: CUST_Total_Mult=0.0000166667";
    return NULL;
}

static void look_at_unit(struct findings *f, size_t g, const struct template_value *total)
{
    const char *mult = findings_forgotten_unit(total);

    if (mult)
        findings_say(f, FINDING_PROBLEM, g, -1,
                     "CUST_Total: %s of a Shelly is in %s converts it to kWh", total->path[0],
                     mult);
}

void findings_template(struct findings *f, size_t g, const struct asked *a)
{
    const struct template_conf *t = &a->conf->template;
    bool readable = !(a->failed && a->kind != HEALTH_BAD_REPLY);
    struct json_replies replies;

    if (!readable || !asked_template_replies(a, &replies))
        return;
    look_at_values(f, g, &replies, t, a->failed);
    look_at_unit(f, g, &t->value[FIELD_ENERGY_FORWARD]);
    json_replies_free(&replies);
}
