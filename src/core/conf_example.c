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
        "# Copy this file to config.ini and set Host. All other keys are optional.\n"
        "#\n"
        "# A line that begins with # or ; is a comment. Elsewhere, # and ; belong to the value.\n"
        "# A key behind a # shows its default.\n"
        "# [DEFAULT] applies to every section that does not set the key itself.\n"
        "\n"
        "[DEFAULT]\n");
    put_section(
        put, user, CONF_IN_INVERTER,
        "\n"
        "# ---- Inverters behind the DTU: [INVERTER0] is the first in its list, [INVERTER1] the\n"
        "# second ... An inverter that was seen once keeps its section, whatever its place in the list.\n"
        "# An inverter without special settings needs no section.\n"
        "\n"
        "[INVERTER0]\n");
    put_section(
        put, user, CONF_IN_DTU,
        "\n"
        "# ---- More DTUs: [DTU1] to [DTU15], each with its own Host, and any other key of [DEFAULT]\n"
        "# that differs there. The DTU of [DEFAULT] is DTU 0. Phase and similar keys apply to those of\n"
        "# its inverters that do not set them. Remove the # from the lines that you need.\n"
        "\n"
        "#[DTU1]\n");
    put_section(
        put, user, CONF_IN_TEMPLATE,
        "\n"
        "# ---- Devices that answer with JSON (Shelly, Tasmota ...): [TEMPLATE0],\n"
        "# [TEMPLATE1] ... Set a Type, or CUST_ keys and NumberOfTemplates. Remove the # from the lines that\n"
        "# you need.\n"
        "\n"
        "#[TEMPLATE0]\n");
}
