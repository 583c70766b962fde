#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bus/settings_state.h"
#include "edge/bus/variant.h"

/* ---- the request ---- */

static bool is_usable(const struct setting *setting)
{
    const struct value *v = &setting->fallback;

    return strlen(setting->path) < SETTINGS_PATH_MAX && dbus_validate_path(setting->path, NULL) &&
           (v->type == VALUE_INT || v->type == VALUE_DOUBLE ||
            (v->type == VALUE_STRING && strlen(v->s) < SETTINGS_TEXT_MAX));
}

static struct settings_adding *new_adding(const struct setting *list, size_t count)
{
    struct settings_adding *a = calloc(1, sizeof(*a) + count * sizeof(a->asked[0]));

    if (!a)
        return NULL;
    a->count = count;
    a->values = calloc(count ? count : 1, sizeof(*a->values)); /* all invalid, so far */
    if (!a->values) {
        free(a);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        a->asked[i].type = list[i].fallback.type;
        a->asked[i].sent = is_usable(&list[i]);
        snprintf(a->asked[i].path, SETTINGS_PATH_MAX, "%s", list[i].path);
    }
    return a;
}

static bool append_setting(DBusMessageIter *array, const struct setting *setting)
{
    DBusMessageIter dict;
    const struct value path = value_string(setting->path), min = value_int(setting->min),
                       max = value_int(setting->max);

    if (!dbus_message_iter_open_container(array, DBUS_TYPE_ARRAY, "{sv}", &dict))
        return false;
    bool ok = variant_append_entry(&dict, "path", &path) &&
              variant_append_entry(&dict, "default", &setting->fallback);
    if (setting->min != 0 || setting->max != 0)
        ok = ok && variant_append_entry(&dict, "min", &min) &&
             variant_append_entry(&dict, "max", &max);
    if (ok)
        return dbus_message_iter_close_container(array, &dict);
    dbus_message_iter_abandon_container(array, &dict);
    return false;
}

static bool append_settings(DBusMessage *m, const struct setting *list, size_t count)
{
    DBusMessageIter args, array;

    dbus_message_iter_init_append(m, &args);
    if (!dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "a{sv}", &array))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (is_usable(&list[i]) && !append_setting(&array, &list[i])) {
            dbus_message_iter_abandon_container(&args, &array);
            return false;
        }
    }
    return dbus_message_iter_close_container(&args, &array);
}

/* ---- the answer ---- */

/* Beside the service's own errors, -1 to -9. */
enum { REFUSED_HERE = 1, NOT_ANSWERED, NO_USE };

static const char *refusal_text(int error)
{
    static const char *const texts[] = {
        [2] = "an element of its path begins with '_'",
        [3] = "its type is unknown",
        [4] = "its path is not valid",
        [5] = "it is there already with another type",
        [6] = "its default is of no use",
        [7] = "its default is out of its own range",
        [8] = "there are settings below its path",
        [9] = "its path is not below /Settings",
    };
    size_t number = error < 0 && error > -10 ? (size_t)-error : 0;

    if (error > 0)
        return error == REFUSED_HERE   ? "it cannot be asked for"
               : error == NOT_ANSWERED ? "it is missing in the answer"
                                       : "its value is of no use";
    return texts[number] ? texts[number] : "it is not said why";
}

static void refused(struct entry *e, int error)
{
    e->followed = false;
    if (e->refusal == error)
        return;
    e->refusal = error;
    log_notice(NOTICE_SETTING_NOT_KEPT, "%s is not kept in " SETTINGS_SERVICE ": %s (%d)", e->path,
               refusal_text(error), error);
}

static struct asked *find_asked(struct settings_adding *a, const char *path)
{
    for (size_t i = 0; i < a->count; i++) {
        if (!a->asked[i].answered && strcmp(a->asked[i].path, path) == 0)
            return &a->asked[i];
    }
    return NULL;
}

static void take_answer(struct settings *s, struct settings_adding *a, const DBusMessageIter *dict)
{
    struct value path, error = value_int(0), v = value_invalid();

    if (!settings_read_key(dict, "path", &path) || path.type != VALUE_STRING)
        return;
    struct asked *asked = find_asked(a, path.s);
    struct entry *e = asked ? settings_entry(s, asked->path) : NULL;
    if (!e)
        return;
    asked->answered = true;
    e->type = asked->type;
    e->changed = false;
    settings_read_key(dict, "error", &error);
    if (error.type != VALUE_INT || error.i != 0) {
        refused(e, error.type == VALUE_INT && error.i < 0 ? error.i : -1);
        return;
    }
    if (!settings_read_key(dict, "value", &v) || v.type == VALUE_INVALID ||
        !settings_fits(&v, asked->type)) {
        refused(e, NO_USE);
        return;
    }
    e->followed = true;
    e->refusal = 0;
    e->value = settings_keep(&v, e->text);
    a->values[asked - a->asked] = settings_keep(&v, asked->text);
}

static void take_answers(struct settings *s, struct settings_adding *a, DBusMessage *reply)
{
    DBusMessageIter array, dict;

    dbus_message_iter_init(reply, &array);
    dbus_message_iter_recurse(&array, &dict);
    for (; dbus_message_iter_get_arg_type(&dict) == DBUS_TYPE_ARRAY; dbus_message_iter_next(&dict))
        take_answer(s, a, &dict);
    for (size_t i = 0; i < a->count; i++) {
        struct entry *e = a->asked[i].answered ? NULL : settings_entry(s, a->asked[i].path);
        if (e)
            refused(e, a->asked[i].sent ? NOT_ANSWERED : REFUSED_HERE);
    }
    a->answered = true;
}

static void on_added(DBusPendingCall *pending, void *user)
{
    struct settings_call *call = user;
    DBusMessage *reply = bus_take_reply(&call->pending);
    char why[sizeof(call->why)] = "";

    (void)pending;
    if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR)
        settings_describe_error(why, sizeof(why), reply);
    else if (!dbus_message_has_signature(reply, "aa{sv}"))
        snprintf(why, sizeof(why), SETTINGS_SERVICE " gives an answer that makes no sense");
    else
        take_answers(call->settings, call->adding, reply);
    dbus_message_unref(reply);
    settings_end_call(call, why);
}

void settings_add(struct settings *s, struct settings_call *call, const struct setting *list,
                  size_t count, settings_added_fn done, void *user)
{
    struct settings_call **last = &s->calls;

    settings_cancel(call);
    *call = (struct settings_call){.settings = s, .done = done, .user = user};
    while (*last)
        last = &(*last)->next;
    *last = call;
    call->adding = new_adding(list, count);
    DBusMessage *m =
        dbus_message_new_method_call(SETTINGS_SERVICE, "/", SETTINGS_INTERFACE, "AddSettings");
    if (m && (!call->adding || !append_settings(m, list, count))) {
        dbus_message_unref(m);
        m = NULL;
    }
    if (!bus_call(s->connection, m, SETTINGS_ANSWER_MS, &call->pending, on_added, call))
        settings_end_call(call, "no answer: no memory, or no bus");
}
