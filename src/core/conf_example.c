/* config.example from the table. */
#include "core/conf_parse.h"

typedef void (*put_fn)(void *user, const char *text);

static void put_key(put_fn put, void *user, size_t k, const char *example)
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
    put(user, example ? "" : "#");
    put(user, key->name);
    put(user, *value ? " = " : " =");
    put(user, value);
    put(user, "\n");
}

static void put_section(put_fn put, void *user, unsigned scope, const char *head)
{
    put(user, head);
    for (size_t k = 0; k < conf_table_size; k++) {
        const struct conf_storing *s = &conf_storings[k];
        if (scope == CONF_IN_TEMPLATE && conf_table[k].scopes & scope &&
            (s->example_template || !(conf_table[k].scopes & CONF_IN_DEFAULT)))
            put_key(put, user, k, s->example_template);
        else if (scope == CONF_IN_INVERTER && conf_table[k].scopes & scope &&
                 !(conf_table[k].scopes & CONF_IN_DEFAULT))
            put_key(put, user, k, s->example);
        else if (scope == CONF_IN_DEFAULT && conf_table[k].scopes & scope)
            put_key(put, user, k, s->example);
    }
}

void conf_write_example(void (*put)(void *user, const char *text), void *user)
{
    put_section(
        put, user, CONF_IN_DEFAULT,
        "# Copy this file to config.ini, and set Host at least.\n"
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
        "\n"
        "[INVERTER0]\n");
    put_section(
        put, user, CONF_IN_TEMPLATE,
        "\n"
        "# ---- Devices with a JSON reply of their own (Shelly, Tasmota ...): [TEMPLATE0],\n"
        "# [TEMPLATE1] ... as many as NumberOfTemplates says.\n"
        "\n"
        "[TEMPLATE0]\n");
}
