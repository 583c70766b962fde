#include "cli/check/chosen.h"

#include <stdio.h>
#include <string.h>

#include "core/choice.h"

/* Whether the file has the last word of it, and another one. */
static bool is_overruled(enum choice_leaf leaf, const struct owner_choice *choice,
                         const struct device_conf *conf)
{
    return (leaf == LEAF_POWER_LIMIT && conf->says_power_limit &&
            conf->power_limit != (choice->power_limit == 1)) ||
           (leaf == LEAF_POWER_SWITCH && conf->says_power_switch &&
            conf->power_switch != (choice->power_switch == 1));
}

const char *chosen_text(const struct owner_choice *choice, const struct device_conf *conf,
                        char out[CHOSEN_MAX])
{
    size_t used = 0;
    char text[NAME_MAX_BYTES];

    out[0] = '\0';
    for (enum choice_leaf leaf = LEAF_NAME; leaf < LEAVES && used < CHOSEN_MAX; leaf++) {
        struct value none = choice_value(&choice_unset, leaf), v = choice_value(choice, leaf);
        const char *name = choice_leaf_name(leaf);
        if (value_equal(&v, &none))
            continue;
        used += (size_t)snprintf(out + used, CHOSEN_MAX - used, "%s%s=%s", used ? ", " : "", name,
                                 v.type == VALUE_STRING
                                     ? v.s
                                     : value_text(&v, TEXT_PLAIN, text, sizeof text));
        if (used < CHOSEN_MAX && is_overruled(leaf, choice, conf))
            used += (size_t)snprintf(out + used, CHOSEN_MAX - used,
                                     " (config.ini says %s, which counts)", name);
    }
    return out;
}
