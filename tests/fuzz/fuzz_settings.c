/* What com.victronenergy.settings answers and announces, or somebody in its place. */
#include "fuzz/bus_double.h"

#include "edge/bus/settings.c"
#include "edge/bus/settings_add.c"

enum { SETTINGS_ASKED = 3 };

static const struct setting asked_for[SETTINGS_ASKED] = {
    {"/Settings/Devices/x/ClassAndVrmInstance", {.type = VALUE_STRING, .s = "pvinverter:20"}, 0, 0},
    {"/Settings/Devices/x/Position", {.type = VALUE_INT, .i = 1}, 0, 2},
    {"/Settings/Devices/x/Offset", {.type = VALUE_DOUBLE, .d = 0.5}, 0, 0},
};

static void check_value(const struct value *v, enum value_type type)
{
    if (v->type != VALUE_INVALID && v->type != type)
        double_fail("a value of another type");
    if (v->type == VALUE_STRING && strlen(v->s) >= SETTINGS_TEXT_MAX)
        double_fail("a text that is too long");
}

static void on_done(void *user, const struct value *values, size_t count, const char *why)
{
    unsigned *done = user;

    if (++*done > 1)
        double_fail("told twice");
    if (!values && !*why)
        double_fail("no answer, and no word why");
    if (values && count != SETTINGS_ASKED)
        double_fail("another number of values");
    for (size_t i = 0; values && i < count; i++)
        check_value(&values[i], asked_for[i].fallback.type);
}

static void on_changed(void *user, const char *path, const struct value *value)
{
    (void)user;
    for (size_t i = 0; i < SETTINGS_ASKED; i++) {
        if (strcmp(asked_for[i].path, path) == 0) {
            check_value(value, asked_for[i].fallback.type);
            return;
        }
    }
    double_fail("a change of what nobody asked for");
}

static struct settings *settings;

/* Where the input has a call, one of the settings is set. */
static void on_call(DBusMessage *m)
{
    const struct value text = value_string(dbus_message_get_member(m));

    (void)settings_set(settings, asked_for[0].path, &text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct settings_events events = {.changed = on_changed};
    struct settings_call call = {.settings = NULL};
    unsigned done = 0;
    char why[160] = "";

    log_set_level(LOG_CRITICAL);
    double_begin();
    settings = settings_create(twin.loop, &twin.bus, &events, why, sizeof why);
    if (!settings)
        abort();
    settings_add(settings, &call, asked_for, SETTINGS_ASKED, on_done, &done);
    double_play(data, size, on_call);
    settings_destroy(settings);
    return 0;
}
