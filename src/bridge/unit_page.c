#include "bridge/unit_page.h"

#include "bridge/unit_parts.h"

static enum unit_state state_of(const struct unit *u)
{
    static const enum unit_state states[] = {[DEVICE_START] = UNIT_STARTS,
                                             [DEVICE_RUNNING] = UNIT_RUNS,
                                             [DEVICE_NIGHT] = UNIT_STANDBY,
                                             [DEVICE_ERROR] = UNIT_ERROR};

    if (u->conf.off)
        return UNIT_OFF;
    if (!unit_is_enabled(u))
        return UNIT_DISABLED;
    return u->claim.twin.left ? UNIT_ELSEWHERE : states[device_view(u->device)->state];
}

static const char *why(const struct device_view *view, enum unit_state state)
{
    switch (state) {
    case UNIT_OFF:
        return "a fault in its section of config.ini";
    case UNIT_ELSEWHERE:
        return "another program on this device publishes it";
    case UNIT_ERROR:
        if (view->health_known && view->health.last_error[0])
            return view->health.last_error;
        return view->dropped_why[0] ? view->dropped_why : "its gateway brings nothing of it";
    default:
        return "";
    }
}

void unit_overview(const struct unit *u, struct unit_overview *out)
{
    const struct device_view *view = device_view(u->device);

    *out = (struct unit_overview){
        .section = u->conf.section,
        .service = u->there ? published_name(&u->published) : "",
        .class = u->claim.settled ? u->claim.class : unit_class_of(&u->conf),
        .view = view,
        .state = state_of(u),
        .enabled = unit_is_enabled(u),
        .commandable = unit_is_commandable(u),
        .limits = unit_limits(u),
        .limits_final = u->conf.says_power_limit,
        .switches = unit_switches(u),
        .switches_final = u->conf.says_power_switch,
    };
    out->why = why(view, out->state);
}

/* What the file says is final. */
static bool may_be_chosen(const struct unit *u, enum unit_order what)
{
    switch (what) {
    case UNIT_ORDER_ENABLED:
        return true;
    case UNIT_ORDER_LIMITS:
        return unit_is_commandable(u) && !u->conf.says_power_limit;
    case UNIT_ORDER_SWITCHES:
        return unit_is_commandable(u) && !u->conf.says_power_switch;
    default:
        return false;
    }
}

bool unit_order(struct unit *u, enum unit_order what, double value)
{
    static const enum choice_leaf leaves[] = {[UNIT_ORDER_ENABLED] = LEAF_ENABLED,
                                              [UNIT_ORDER_LIMITS] = LEAF_POWER_LIMIT,
                                              [UNIT_ORDER_SWITCHES] = LEAF_POWER_SWITCH};

    if (!u->known || u->conf.off)
        return false;
    if (what == UNIT_ORDER_LIMIT_W)
        return unit_limits(u) && controls_limit(&u->controls, value);
    if ((value != 0 && value != 1) || !may_be_chosen(u, what))
        return false;
    unit_choose(u, leaves[what], value);
    return true;
}
