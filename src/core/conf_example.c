/* config.example from the table. */
#include "core/conf_parse.h"

typedef void (*put_fn)(void *user, const char *text);

static void put_key(put_fn put, void *user, size_t k, const char *example, bool active)
{
    const struct conf_key *key = &conf_table[k];
    const char *value = example ? example : key->fallback ? key->fallback : "";

    put(user, "\n# ");
    put(user, key->help);
    put(user, "\n# (");
    put(user, key->type);
    if (key->fallback && *key->fallback) {
        put(user, "; default ");
        put(user, key->fallback);
    }
    put(user, ")\n");
    put(user, active && example ? "" : "#");
    put(user, key->name);
    put(user, *value ? " = " : " =");
    put(user, value);
    put(user, "\n");
}

static const char *example_of(size_t k, unsigned scope)
{
    const struct conf_storing *s = &conf_storings[k];

    if (scope == CONF_IN_TEMPLATE)
        return s->example_template;
    return scope == CONF_IN_DTU ? s->example_dtu : s->example;
}

/* What [DEFAULT] has shown is shown again only where it is mostly another. */
static bool is_shown(size_t k, unsigned scope)
{
    if (!(conf_table[k].scopes & scope) || conf_storings[k].as_before)
        return false;
    if (scope == CONF_IN_DEFAULT || !(conf_table[k].scopes & CONF_IN_DEFAULT))
        return true;
    return scope != CONF_IN_INVERTER && example_of(k, scope);
}

static void put_section(put_fn put, void *user, unsigned scope, const char *head)
{
    put(user, head);
    for (size_t k = 0; k < conf_table_size; k++) {
        if (is_shown(k, scope))
            put_key(put, user, k, example_of(k, scope),
                    scope & (CONF_IN_DEFAULT | CONF_IN_INVERTER));
    }
}

void conf_write_example(void (*put)(void *user, const char *text), void *user)
{
    put_section(
        put, user, CONF_IN_DEFAULT,
        "# Copy this file to config.ini, and set Host at least: the rest may go.\n"
        "#\n"
        "# A line that begins with # or ; is a comment; anywhere else they belong to the value.\n"
        "# A key that begins with # here shows its default.\n"
        "# What stands in [DEFAULT] holds for every section that does not say otherwise.\n"
        "\n"
        "[DEFAULT]\n");
    put_section(
        put, user, CONF_IN_INVERTER,
        "\n"
        "# ---- Inverters behind the DTU: [INVERTER0] is the first of its list, [INVERTER1] the\n"
        "# second ... Once seen, an inverter keeps its section whatever its place in the list.\n"
        "# One that needs no settings of its own needs no section.\n"
        "\n"
        "[INVERTER0]\n");
    put_section(
        put, user, CONF_IN_DTU,
        "\n"
        "# ---- More DTUs: [DTU1] to [DTU15], each with a Host of its own, and what else of [DEFAULT]\n"
        "# is different there. That of [DEFAULT] is DTU 0. Phase and the like hold for those of its\n"
        "# inverters that say nothing else. Take the # of the lines away that are needed.\n"
        "\n"
        "#[DTU1]\n");
    put_section(
        put, user, CONF_IN_TEMPLATE,
        "\n"
        "# ---- Devices with a JSON reply of their own (Shelly, Tasmota ...): [TEMPLATE0],\n"
        "# [TEMPLATE1] ... as many as NumberOfTemplates says. Take the # of the lines away that are\n"
        "# needed.\n"
        "\n"
        "#[TEMPLATE0]\n");
}
