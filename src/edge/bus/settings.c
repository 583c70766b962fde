#include "edge/bus/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bus/settings_state.h"
#include "edge/bus/variant.h"

#define FROM_SETTINGS "type='signal',sender='" SETTINGS_SERVICE "',interface='" BUS_ITEM "',"

enum { SETS_MAX = 64 };

static const char *const rules[] = {
    "type='signal',sender='" DBUS_SERVICE_DBUS "',interface='" DBUS_INTERFACE_DBUS
    "',member='NameOwnerChanged',arg0='" SETTINGS_SERVICE "'",
    FROM_SETTINGS "member='PropertiesChanged',path_namespace='/Settings/Devices'",
    FROM_SETTINGS "member='ItemsChanged',path='/'",
};

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

/* ---- the settings that are known ---- */

struct entry *settings_find(const struct settings *s, const char *path)
{
    struct entry *e = s->entries;

    while (e && strcmp(e->path, path) != 0)
        e = e->next;
    return e;
}

struct entry *settings_entry(struct settings *s, const char *path)
{
    struct entry *e = settings_find(s, path);

    if (e)
        return e;
    e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    snprintf(e->path, sizeof(e->path), "%s", path);
    e->next = s->entries;
    s->entries = e;
    return e;
}

void settings_forget(struct settings *s, const char *path)
{
    struct entry **at = &s->entries;

    while (*at && strcmp((*at)->path, path) != 0)
        at = &(*at)->next;
    struct entry *e = *at;
    if (e)
        *at = e->next;
    free(e);
}

struct value settings_keep(const struct value *v, char text[SETTINGS_TEXT_MAX])
{
    if (v->type != VALUE_STRING)
        return *v;
    if (strlen(v->s) >= SETTINGS_TEXT_MAX)
        return value_invalid();
    strcpy(text, v->s);
    return value_string(text);
}

bool settings_fits(struct value *v, enum value_type type)
{
    if (v->type == VALUE_INVALID)
        return true;
    return variant_convert(v, type) && (type != VALUE_STRING || strlen(v->s) < SETTINGS_TEXT_MAX);
}

/* ---- calls that end ---- */

static void deliver_soon(struct settings *s)
{
    loop_timer_arm(&s->deliver, 0);
}

void settings_free_adding(struct settings_adding *adding)
{
    if (adding)
        free(adding->values);
    free(adding);
}

void settings_end_call(struct settings_call *call, const char *why)
{
    bus_drop_call(&call->pending);
    snprintf(call->why, sizeof(call->why), "%s", why);
    call->over = true;
    deliver_soon(call->settings);
}

static void unlink_call(struct settings_call *call)
{
    struct settings_call **at = &call->settings->calls;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    call->settings = NULL;
}

void settings_cancel(struct settings_call *call)
{
    if (!call->settings)
        return;
    unlink_call(call);
    bus_drop_call(&call->pending);
    settings_free_adding(call->adding);
    call->adding = NULL;
}

static void drop_set(struct set *set)
{
    struct set **at = &set->settings->sets;

    while (*at != set)
        at = &(*at)->next;
    *at = set->next;
    bus_drop_call(&set->pending);
    deliver_soon(set->settings); /* what was held back for it */
    free(set);
}

static bool is_being_set(const struct settings *s, const struct entry *e)
{
    const struct set *set = s->sets;

    while (set && strcmp(set->path, e->path) != 0)
        set = set->next;
    return set != NULL;
}

/* ---- telling: one thing in each turn of the loop, since a callback may do anything ---- */

static bool tell_available(struct settings *s)
{
    bool there = *s->owner != '\0';

    if (!s->known)
        return false;
    if (s->told && s->told_there && s->replaced)
        there = false; /* the other one's turn comes next */
    s->replaced = false;
    if (s->told && s->told_there == there)
        return false;
    s->told = true;
    s->told_there = there;
    if (s->events.available)
        s->events.available(s->events.user, there);
    return true;
}

static bool tell_done(struct settings *s)
{
    struct settings_call *call = s->calls;
    char why[sizeof(call->why)];

    while (call && !call->over)
        call = call->next;
    if (!call)
        return false;
    struct settings_adding *adding = call->adding;
    bool answered = adding && adding->answered;
    unlink_call(call);
    call->adding = NULL;
    memcpy(why, call->why, sizeof(why));
    call->done(call->user, answered ? adding->values : NULL, answered ? adding->count : 0, why);
    settings_free_adding(adding);
    return true;
}

/* A change that comes while a value is on its way there may be the echo of the one before it. */
static bool tell_changed(struct settings *s)
{
    struct entry *e = s->entries;

    while (e && (!e->changed || is_being_set(s, e)))
        e = e->next;
    if (!e)
        return false;
    e->changed = false;
    if (s->events.changed) {
        const struct entry copy = *e; /* it may be forgotten meanwhile */
        char text[SETTINGS_TEXT_MAX];
        struct value v = settings_keep(&copy.value, text);
        s->events.changed(s->events.user, copy.path, &v);
    }
    return true;
}

static void deliver(void *user)
{
    struct settings *s = user;

    deliver_soon(s); /* perhaps for nothing; after a callback there may be no s to do it with */
    if (!tell_available(s) && !tell_done(s) && !tell_changed(s))
        loop_timer_disarm(&s->deliver);
}

/* ---- asking ---- */

void settings_describe_error(char *why, size_t why_size, DBusMessage *reply)
{
    const char *name = dbus_message_get_error_name(reply), *text = "";

    if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID))
        text = "";
    if (name && (strcmp(name, DBUS_ERROR_SERVICE_UNKNOWN) == 0 ||
                 strcmp(name, DBUS_ERROR_NAME_HAS_NO_OWNER) == 0))
        snprintf(why, why_size, "no answer: " SETTINGS_SERVICE " is not on the bus");
    else if (name && strcmp(name, DBUS_ERROR_NO_REPLY) == 0)
        snprintf(why, why_size, "no answer from " SETTINGS_SERVICE);
    else
        snprintf(why, why_size, SETTINGS_SERVICE " answers %.60s", *text ? text : name);
}

/* ---- who has the name ---- */

static void set_owner(struct settings *s, const char *owner)
{
    if (s->known && strcmp(s->owner, owner) == 0)
        return;
    if (*s->owner) {
        for (struct settings_call *c = s->calls; c; c = c->next) {
            if (!c->over)
                settings_end_call(c, "no answer: " SETTINGS_SERVICE " is gone");
        }
        while (s->sets)
            drop_set(s->sets);
        s->replaced = true;
    }
    s->known = true;
    snprintf(s->owner, sizeof(s->owner), "%s", owner);
    deliver_soon(s);
}

static void on_owner(DBusPendingCall *call, void *user)
{
    struct settings *s = user;
    DBusMessage *reply = bus_take_reply(&s->asking);
    const char *owner = "";

    (void)call;
    if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR ||
        !dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &owner, DBUS_TYPE_INVALID))
        owner = "";
    if (!s->known)
        set_owner(s, owner);
    dbus_message_unref(reply);
}

static void on_owner_changed(struct settings *s, DBusMessage *m)
{
    const char *name, *old, *now;

    if (dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &old,
                              DBUS_TYPE_STRING, &now, DBUS_TYPE_INVALID) &&
        strcmp(name, SETTINGS_SERVICE) == 0)
        set_owner(s, now);
}

/* ---- changes ---- */

bool settings_read_key(const DBusMessageIter *dict, const char *wanted, struct value *out)
{
    DBusMessageIter array = *dict, entries, entry;
    const char *key;

    dbus_message_iter_recurse(&array, &entries);
    for (; dbus_message_iter_get_arg_type(&entries) == DBUS_TYPE_DICT_ENTRY;
         dbus_message_iter_next(&entries)) {
        dbus_message_iter_recurse(&entries, &entry);
        dbus_message_iter_get_basic(&entry, &key);
        if (strcmp(key, wanted) == 0)
            return dbus_message_iter_next(&entry) && variant_read(&entry, out);
    }
    return false;
}

static void take_change(struct settings *s, const char *path, const DBusMessageIter *properties)
{
    struct entry *e = settings_find(s, path);
    struct value v;

    if (!e || !e->followed || !settings_read_key(properties, "Value", &v) ||
        !settings_fits(&v, e->type) || value_equal(&v, &e->value))
        return;
    e->value = settings_keep(&v, e->text);
    e->changed = true;
    deliver_soon(s);
}

static void on_properties_changed(struct settings *s, DBusMessage *m)
{
    DBusMessageIter properties;

    if (dbus_message_has_signature(m, "a{sv}") && dbus_message_iter_init(m, &properties))
        take_change(s, dbus_message_get_path(m), &properties);
}

static void on_items_changed(struct settings *s, DBusMessage *m)
{
    DBusMessageIter array, items, item;
    const char *path;

    if (!dbus_message_has_signature(m, "a{sa{sv}}") || !dbus_message_iter_init(m, &array))
        return;
    dbus_message_iter_recurse(&array, &items);
    for (; dbus_message_iter_get_arg_type(&items) == DBUS_TYPE_DICT_ENTRY;
         dbus_message_iter_next(&items)) {
        dbus_message_iter_recurse(&items, &item);
        dbus_message_iter_get_basic(&item, &path);
        if (dbus_message_iter_next(&item))
            take_change(s, path, &item);
    }
}

/* Others' match rules bring messages here too: what counts is who sent it. */
static DBusHandlerResult on_message(DBusConnection *c, DBusMessage *m, void *user)
{
    struct settings *s = user;

    (void)c;
    if (dbus_message_is_signal(m, DBUS_INTERFACE_DBUS, "NameOwnerChanged")) {
        if (dbus_message_has_sender(m, DBUS_SERVICE_DBUS))
            on_owner_changed(s, m);
    } else if (*s->owner && dbus_message_has_sender(m, s->owner)) {
        if (dbus_message_is_signal(m, BUS_ITEM, "PropertiesChanged"))
            on_properties_changed(s, m);
        else if (dbus_message_is_signal(m, BUS_ITEM, "ItemsChanged"))
            on_items_changed(s, m);
    }
    return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

/* ---- setting ---- */

static void on_set(DBusPendingCall *pending, void *user)
{
    struct set *set = user;
    struct settings *s = set->settings;
    DBusMessage *reply = bus_take_reply(&set->pending);
    dbus_int32_t result = -1;
    char why[160] = "it refuses the value";
    int64_t now_ms = loop_now_ms(s->loop);

    (void)pending;
    if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR)
        settings_describe_error(why, sizeof(why), reply);
    else if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_INT32, &result, DBUS_TYPE_INVALID))
        result = -1;
    if (result == 0)
        log_recovered(&s->set_fault, now_ms, SETTINGS_SERVICE " takes settings again");
    else
        log_fault(&s->set_fault, now_ms, NOTICE_SETTING_NOT_KEPT,
                  "%s is not kept in " SETTINGS_SERVICE ": %s", set->path, why);
    dbus_message_unref(reply);
    drop_set(set);
}

static bool is_busy(const struct settings *s)
{
    int count = 0;

    for (const struct set *set = s->sets; set; set = set->next)
        count++;
    return count >= SETS_MAX;
}

static DBusMessage *new_set_message(const char *path, const struct value *value)
{
    DBusMessageIter args;
    DBusMessage *m = dbus_message_new_method_call(SETTINGS_SERVICE, path, BUS_ITEM, "SetValue");

    if (!m)
        return NULL;
    dbus_message_iter_init_append(m, &args);
    if (variant_append(&args, value))
        return m;
    dbus_message_unref(m);
    return NULL;
}

int settings_set(struct settings *s, const char *path, const struct value *value)
{
    const struct entry *e = settings_find(s, path);

    if (!e || !e->followed)
        return -ENOENT;
    if (value->type != e->type ||
        (value->type == VALUE_STRING && strlen(value->s) >= SETTINGS_TEXT_MAX))
        return -EINVAL;
    if (!*s->owner)
        return -ENOTCONN;
    if (is_busy(s))
        return -EBUSY;
    struct set *set = calloc(1, sizeof(*set));
    if (!set)
        return -ENOMEM;
    set->settings = s;
    memcpy(set->path, e->path, sizeof(set->path));
    set->next = s->sets;
    s->sets = set;
    if (bus_call(s->connection, new_set_message(path, value), SETTINGS_ANSWER_MS, &set->pending,
                 on_set, set))
        return 0;
    drop_set(set);
    return -ENOMEM;
}

bool settings_available(const struct settings *s)
{
    return *s->owner != '\0';
}

/* ---- creation ---- */

static bool ask_for_owner(struct settings *s)
{
    const char *name = SETTINGS_SERVICE;
    DBusMessage *m = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
                                                  DBUS_INTERFACE_DBUS, "GetNameOwner");

    if (m && !dbus_message_append_args(m, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID)) {
        dbus_message_unref(m);
        return false;
    }
    return bus_call(s->connection, m, SETTINGS_ANSWER_MS, &s->asking, on_owner, s);
}

struct settings *settings_create(struct loop *l, struct bus *bus,
                                 const struct settings_events *events, char *why, size_t why_size)
{
    struct settings *s = calloc(1, sizeof(*s));

    if (s) {
        s->loop = l;
        s->connection = bus_connection(bus);
        s->events = *events;
        loop_timer_init(&s->deliver, l, deliver, s);
        for (size_t i = 0; i < RULES; i++)
            bus_add_match(s->connection, rules[i]);
        s->filters = dbus_connection_add_filter(s->connection, on_message, s, NULL);
        if (s->filters && ask_for_owner(s))
            return s;
    }
    snprintf(why, why_size, "no memory, or no bus, for the settings");
    settings_destroy(s);
    return NULL;
}

void settings_destroy(struct settings *s)
{
    if (!s)
        return;
    while (s->calls)
        settings_cancel(s->calls);
    while (s->sets)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): each is taken out of the list before it is freed */
        drop_set(s->sets);
    while (s->entries) {
        struct entry *e = s->entries;
        s->entries = e->next;
        free(e);
    }
    bus_drop_call(&s->asking);
    loop_timer_disarm(&s->deliver);
    if (s->filters)
        dbus_connection_remove_filter(s->connection, on_message, s);
    for (size_t i = 0; i < RULES && dbus_connection_get_is_connected(s->connection); i++)
        bus_remove_match(s->connection, rules[i]);
    free(s);
}
