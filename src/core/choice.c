#include "core/choice.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

const struct owner_choice choice_unset = {
    .position = -1, .load_position = -1, .enabled = -1, .power_limit = -1, .power_switch = -1};

const char *choice_leaf_name(enum choice_leaf leaf)
{
    static const char *const names[LEAVES] = {
        "ClassAndVrmInstance",
        "CustomName",
        "Position",
        "LoadPosition",
        "PhaseSetting",
        "Role",
        "Enabled",
        "PowerLimit",
        "Switch",
    };
    return names[leaf];
}

void choice_range(enum choice_leaf leaf, int *min, int *max)
{
    static const struct {
        int min, max;
    } ranges[LEAVES] = {
        [LEAF_POSITION] = {-1, 2}, [LEAF_LOAD_POSITION] = {-1, 1}, [LEAF_PHASE] = {0, PHASES},
        [LEAF_ENABLED] = {-1, 1},  [LEAF_POWER_LIMIT] = {-1, 1},   [LEAF_POWER_SWITCH] = {-1, 1},
    };

    *min = ranges[leaf].min;
    *max = ranges[leaf].max;
}

bool choice_parse_instance(const char *text, char class[CLASS_MAX], int *instance)
{
    const char *colon = strchr(text, ':');
    char *end;

    if (!colon || colon == text || (size_t)(colon - text) >= CLASS_MAX)
        return false;
    long n = strtol(colon + 1, &end, 10);
    if (end == colon + 1 || *end || n < 0 || n > CONF_INSTANCE_MAX)
        return false;
    memcpy(class, text, (size_t)(colon - text));
    class[colon - text] = '\0';
    *instance = (int)n;
    return true;
}

static bool leaf_text(const struct value *v, char *out, size_t size)
{
    if (v->type != VALUE_STRING || strlen(v->s) >= size)
        return false;
    text_copy(out, size, v->s);
    return true;
}

static int yes_or_no(int i)
{
    return i == 0 || i == 1 ? i : -1;
}

void choice_read(struct owner_choice *choice, enum choice_leaf leaf, const struct value *v)
{
    int i = v->type == VALUE_INT ? v->i : -1;

    switch (leaf) {
    case LEAF_NAME:
        if (!leaf_text(v, choice->custom_name, sizeof choice->custom_name))
            choice->custom_name[0] = '\0';
        break;
    case LEAF_POSITION:
        choice->position = i >= 0 && i <= 2 ? i : -1;
        break;
    case LEAF_LOAD_POSITION:
        choice->load_position = i >= 0 && i <= 1 ? i : -1;
        break;
    case LEAF_PHASE:
        choice->phase = i >= 1 && i <= PHASES ? i : 0;
        break;
    case LEAF_ROLE:
        if (!leaf_text(v, choice->role, sizeof choice->role) || !venus_role_find(choice->role))
            choice->role[0] = '\0';
        break;
    case LEAF_ENABLED:
        choice->enabled = yes_or_no(i);
        break;
    case LEAF_POWER_LIMIT:
        choice->power_limit = yes_or_no(i);
        break;
    case LEAF_POWER_SWITCH:
        choice->power_switch = yes_or_no(i);
        break;
    case LEAF_INSTANCE:
    case LEAVES:
        break;
    }
}

bool choice_write(struct owner_choice *choice, enum map_source source, const struct value *v,
                  unsigned phases)
{
    int i = v->type == VALUE_INT ? v->i : -1;

    switch (source) {
    case MAP_NAME:
        return leaf_text(v, choice->custom_name, sizeof choice->custom_name);
    case MAP_POSITION:
        choice->position = i;
        return i >= 0 && i <= 2;
    case MAP_LOAD_POSITION:
        choice->load_position = i;
        return i >= 0 && i <= 1;
    case MAP_PHASE_SETTING:
        choice->phase = i;
        return i >= 1 && i <= PHASES && phases == 1;
    case MAP_ROLE:
        return leaf_text(v, choice->role, sizeof choice->role) && venus_role_find(choice->role);
    default:
        return false; /* whatever else a row calls writable is a mistake of its table */
    }
}

const char *choice_class(const char *configured, const char *role)
{
    return role[0] && venus_role_find(configured) ? role : configured;
}

struct value choice_value(const struct owner_choice *choice, enum choice_leaf leaf)
{
    switch (leaf) {
    case LEAF_NAME:
        return value_string(choice->custom_name);
    case LEAF_POSITION:
        return value_int(choice->position);
    case LEAF_LOAD_POSITION:
        return value_int(choice->load_position);
    case LEAF_PHASE:
        return value_int(choice->phase);
    case LEAF_ROLE:
        return value_string(choice->role);
    case LEAF_ENABLED:
        return value_int(choice->enabled);
    case LEAF_POWER_LIMIT:
        return value_int(choice->power_limit);
    case LEAF_POWER_SWITCH:
        return value_int(choice->power_switch);
    case LEAF_INSTANCE:
    case LEAVES:
        break;
    }
    return value_invalid();
}

bool choice_enabled(const struct owner_choice *choice)
{
    return choice->enabled != 0;
}

bool choice_limits(const struct owner_choice *choice, const struct device_conf *conf)
{
    return conf->says_power_limit || choice->power_limit < 0 ? conf->power_limit
                                                             : choice->power_limit == 1;
}

bool choice_switches(const struct owner_choice *choice, const struct device_conf *conf)
{
    return conf->says_power_switch || choice->power_switch < 0 ? conf->power_switch
                                                               : choice->power_switch == 1;
}

void choice_inherit(struct owner_choice *choice, const struct owner_choice *from)
{
    for (enum choice_leaf leaf = LEAF_NAME; leaf < LEAVES; leaf++) {
        struct value none = choice_value(&choice_unset, leaf), own = choice_value(choice, leaf),
                     theirs = choice_value(from, leaf);
        if (leaf != LEAF_ENABLED && value_equal(&own, &none))
            choice_read(choice, leaf, &theirs);
    }
}
