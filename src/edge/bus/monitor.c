#include "edge/bus/monitor.h"

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bus/bus.h"
#include "edge/bus/variant.h"

#define PREFIX "com.victronenergy."

enum {
    REPLY_MS = 4000,
    OPEN_MS = 4000,
    ASK_AGAIN_MS = 5000,
    RULE_MAX = 512,
    NAME_MAX_LEN = 255, /* of the specification */
};

struct followed {
    struct monitor *monitor;
    char *name;
    char *owner; /* its unique name, once it has replied */
    void *user;
    DBusPendingCall *call;
    struct loop_timer again;
    bool told, older;
    bool first; /* it was there when the monitor came, and settled() waits for it */
};

struct monitor {
    struct bus *bus;
    struct loop *loop;
    struct monitor_events events;
    size_t count;
    struct followed *services[MONITOR_SERVICES_MAX];
    DBusPendingCall *list_call;
    size_t waiting; /* for so many of the beginning */
    bool listed, settled;
    bool filters; /* on_message is on the connection */
    struct loop_timer settle_timer, open_timer;
};

static void ask(struct followed *f, bool older);

/* ---- messages out ---- */

static void rule_of(const struct followed *f, char rule[RULE_MAX])
{
    snprintf(rule, RULE_MAX, "type='signal',sender='%s',interface='" BUS_ITEM "'", f->name);
}

/* ---- the beginning ---- */

static void on_settled(void *user)
{
    struct monitor *b = user;

    b->settled = true;
    if (b->events.settled)
        b->events.settled(b->events.user);
}

static void look_if_settled(struct monitor *b)
{
    if (b->listed && !b->waiting && !b->settled)
        loop_timer_arm(&b->settle_timer, 0); /* not from within libdbus */
}

static void no_longer_first(struct followed *f)
{
    if (f->first)
        f->monitor->waiting--;
    f->first = false;
    look_if_settled(f->monitor);
}

/* ---- items ---- */

static void tell(struct followed *f, const char *path, const struct value *v)
{
    const struct monitor_events *e = &f->monitor->events;
    struct value none = value_invalid();
    bool too_long = v->type == VALUE_STRING && strlen(v->s) >= MONITOR_TEXT_MAX;

    e->item(e->user, f->user, path, too_long ? &none : v);
}

/* The variant of key in a{sv}. */
static bool find_variant(const DBusMessageIter *dict, const char *key, struct value *out)
{
    DBusMessageIter entries, entry;

    dbus_message_iter_recurse((DBusMessageIter *)dict, &entries);
    for (; dbus_message_iter_get_arg_type(&entries) == DBUS_TYPE_DICT_ENTRY;
         dbus_message_iter_next(&entries)) {
        const char *name;
        dbus_message_iter_recurse(&entries, &entry);
        dbus_message_iter_get_basic(&entry, &name);
        dbus_message_iter_next(&entry);
        if (strcmp(name, key) == 0)
            return variant_read(&entry, out);
    }
    return false;
}

/* a{sa{sv}}: path -> {"Value": v, ...} */
static void tell_items(struct followed *f, DBusMessage *m)
{
    DBusMessageIter body, items, item;

    if (!dbus_message_has_signature(m, "a{sa{sv}}") || !dbus_message_iter_init(m, &body))
        return;
    dbus_message_iter_recurse(&body, &items);
    for (int n = 0;
         n < MONITOR_ITEMS_MAX && dbus_message_iter_get_arg_type(&items) == DBUS_TYPE_DICT_ENTRY;
         n++, dbus_message_iter_next(&items)) {
        const char *path;
        struct value v;
        dbus_message_iter_recurse(&items, &item);
        dbus_message_iter_get_basic(&item, &path);
        dbus_message_iter_next(&item);
        if (find_variant(&item, "Value", &v))
            tell(f, path, &v);
    }
}

/* The reply to GetValue of "/", v holding a{sv}: path without its first '/' -> value */
static void tell_tree(struct followed *f, DBusMessage *m)
{
    DBusMessageIter body, dict, items, item;

    if (!dbus_message_has_signature(m, "v") || !dbus_message_iter_init(m, &body))
        return;
    dbus_message_iter_recurse(&body, &dict);
    if (dbus_message_iter_get_arg_type(&dict) != DBUS_TYPE_ARRAY ||
        dbus_message_iter_get_element_type(&dict) != DBUS_TYPE_DICT_ENTRY)
        return;
    dbus_message_iter_recurse(&dict, &items);
    for (int n = 0;
         n < MONITOR_ITEMS_MAX && dbus_message_iter_get_arg_type(&items) == DBUS_TYPE_DICT_ENTRY;
         n++, dbus_message_iter_next(&items)) {
        const char *name;
        char path[NAME_MAX_LEN + 2];
        struct value v;
        dbus_message_iter_recurse(&items, &item);
        if (dbus_message_iter_get_arg_type(&item) != DBUS_TYPE_STRING)
            return;
        dbus_message_iter_get_basic(&item, &name);
        dbus_message_iter_next(&item);
        snprintf(path, sizeof(path), "%s%s", *name == '/' ? "" : "/", name);
        if (variant_read(&item, &v))
            tell(f, path, &v);
    }
}

static void news(struct followed *f, enum monitor_news what)
{
    const struct monitor_events *e = &f->monitor->events;

    e->news(e->user, f->user, what);
}

/* ---- replies ---- */

static void on_ask_again(void *user)
{
    ask(user, false);
}

static void was_silent(struct followed *f)
{
    news(f, MONITOR_SILENT);
    loop_timer_arm(&f->again, ASK_AGAIN_MS);
    no_longer_first(f);
}

static bool is_unknown(DBusMessage *m)
{
    return dbus_message_is_error(m, DBUS_ERROR_UNKNOWN_METHOD) ||
           dbus_message_is_error(m, DBUS_ERROR_UNKNOWN_OBJECT) ||
           dbus_message_is_error(m, DBUS_ERROR_UNKNOWN_INTERFACE);
}

static void take_items(struct followed *f, DBusMessage *reply)
{
    free(f->owner);
    f->owner = strdup(dbus_message_get_sender(reply)); /* its signals come from there */
    f->told = f->owner != NULL;
    if (f->older)
        tell_tree(f, reply);
    else
        tell_items(f, reply);
    news(f, MONITOR_TOLD);
    no_longer_first(f);
}

static void on_items(DBusPendingCall *pending, void *user)
{
    struct followed *f = user;
    DBusMessage *reply = bus_take_reply(&f->call);

    (void)pending;
    if (dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_ERROR && dbus_message_get_sender(reply))
        take_items(f, reply);
    else if (is_unknown(reply) && !f->older)
        ask(f, true);
    else
        was_silent(f);
    dbus_message_unref(reply);
}

/* older: the way of libraries that have no GetItems. */
static void ask(struct followed *f, bool older)
{
    DBusMessage *m =
        dbus_message_new_method_call(f->name, "/", BUS_ITEM, older ? "GetValue" : "GetItems");

    f->older = older;
    if (!bus_call(bus_connection(f->monitor->bus), m, REPLY_MS, &f->call, on_items, f))
        loop_timer_arm(&f->again, ASK_AGAIN_MS);
}

/* ---- names ---- */

static struct followed *find(const struct monitor *b, const char *name)
{
    for (size_t i = 0; i < b->count; i++) {
        if (strcmp(b->services[i]->name, name) == 0)
            return b->services[i];
    }
    return NULL;
}

static void release(struct followed *f)
{
    bus_drop_call(&f->call);
    loop_timer_disarm(&f->again);
    free(f->owner);
    free(f->name);
    free(f);
}

static void service_came(struct monitor *b, const char *name, bool first)
{
    char rule[RULE_MAX];

    if (b->count == MONITOR_SERVICES_MAX || strlen(name) > NAME_MAX_LEN || find(b, name))
        return;
    struct followed *f = calloc(1, sizeof(*f));
    if (f)
        f->name = strdup(name);
    if (!f || !f->name) {
        free(f);
        return;
    }
    f->monitor = b;
    loop_timer_init(&f->again, b->loop, on_ask_again, f);
    f->user = b->events.came(b->events.user, name);
    if (!f->user) {
        release(f);
        return;
    }
    b->services[b->count++] = f;
    f->first = first;
    b->waiting += first;
    rule_of(f, rule);
    bus_add_match(bus_connection(f->monitor->bus), rule);
    ask(f, false);
}

static void service_gone(struct monitor *b, const char *name)
{
    struct followed *f = find(b, name);
    char rule[RULE_MAX];

    if (!f)
        return;
    for (size_t i = 0; i < b->count; i++) {
        if (b->services[i] == f) {
            b->services[i] = b->services[--b->count];
            break;
        }
    }
    rule_of(f, rule);
    bus_remove_match(bus_connection(b->bus), rule);
    b->events.gone(b->events.user, f->user);
    no_longer_first(f);
    release(f);
}

/* libdbus ends the program that calls what is no name. */
static bool is_venus_name(const char *name)
{
    return strncmp(name, PREFIX, sizeof(PREFIX) - 1) == 0 && dbus_validate_bus_name(name, NULL);
}

static void on_names(DBusPendingCall *pending, void *user)
{
    struct monitor *b = user;
    DBusMessage *reply = bus_take_reply(&b->list_call);
    char **names = NULL;
    int count = 0;

    (void)pending;
    if (dbus_message_get_args(reply, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &names, &count,
                              DBUS_TYPE_INVALID)) {
        for (int i = 0; i < count; i++) {
            if (is_venus_name(names[i]))
                service_came(b, names[i], true);
        }
    }
    dbus_free_string_array(names);
    dbus_message_unref(reply);
    b->listed = true;
    look_if_settled(b);
}

/* ---- signals ---- */

static void on_owner_changed(struct monitor *b, DBusMessage *m)
{
    const char *name, *before, *now;

    /* Anybody may send a signal of this name; only the bus is believed. */
    if (!dbus_message_has_sender(m, DBUS_SERVICE_DBUS) ||
        !dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &before,
                               DBUS_TYPE_STRING, &now, DBUS_TYPE_INVALID) ||
        !is_venus_name(name))
        return;
    if (*before)
        service_gone(b, name);
    if (*now)
        service_came(b, name, false);
}

/* {"Value": v, "Text": s} of the leaf that it came from */
static void tell_properties(struct followed *f, DBusMessage *m)
{
    DBusMessageIter body;
    struct value v;

    if (dbus_message_has_signature(m, "a{sv}") && dbus_message_iter_init(m, &body) &&
        find_variant(&body, "Value", &v))
        tell(f, dbus_message_get_path(m), &v);
}

static void on_item_signal(struct monitor *b, DBusMessage *m, bool one)
{
    const char *sender = dbus_message_get_sender(m);

    for (size_t i = 0; sender && i < b->count; i++) {
        struct followed *f = b->services[i];
        if (!f->told || strcmp(f->owner, sender) != 0)
            continue; /* before its reply: that has it all */
        if (one)
            tell_properties(f, m);
        else
            tell_items(f, m);
        news(f, MONITOR_UPDATED);
    }
}

static DBusHandlerResult on_message(DBusConnection *c, DBusMessage *m, void *user)
{
    struct monitor *b = user;

    (void)c;
    if (dbus_message_is_signal(m, DBUS_INTERFACE_DBUS, "NameOwnerChanged"))
        on_owner_changed(b, m);
    else if (dbus_message_is_signal(m, BUS_ITEM, "ItemsChanged"))
        on_item_signal(b, m, false);
    else if (dbus_message_is_signal(m, BUS_ITEM, "PropertiesChanged"))
        on_item_signal(b, m, true);
    return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

/* ---- creation ---- */

static void on_lost(void *user)
{
    struct monitor *b = user;

    if (b->events.lost)
        b->events.lost(b->events.user);
}

static void on_failed(void *user, const char *why)
{
    struct monitor *b = user;

    loop_timer_disarm(&b->open_timer);
    if (b->events.failed)
        b->events.failed(b->events.user, why);
}

static void on_open_timer(void *user)
{
    on_failed(user, "no connection to the D-Bus: it does not answer");
}

static void on_ready(void *user)
{
    struct monitor *b = user;
    DBusConnection *c = bus_connection(b->bus);

    loop_timer_disarm(&b->open_timer);
    b->filters = dbus_connection_add_filter(c, on_message, b, NULL);
    bus_add_match(c, "type='signal',sender='" DBUS_SERVICE_DBUS "',interface='" DBUS_INTERFACE_DBUS
                     "',member='NameOwnerChanged',arg0namespace='com.victronenergy'");
    DBusMessage *m = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
                                                  DBUS_INTERFACE_DBUS, "ListNames");
    if (!bus_call(c, m, REPLY_MS, &b->list_call, on_names, b) || !b->filters)
        on_failed(b, "out of memory");
}

struct monitor *monitor_create(struct loop *l, const struct monitor_events *events)
{
    struct monitor *b = calloc(1, sizeof(*b));
    const struct bus_events bus = {on_ready, on_failed, on_lost, b};

    if (!b)
        return NULL;
    b->loop = l;
    b->events = *events;
    loop_timer_init(&b->settle_timer, l, on_settled, b);
    loop_timer_init(&b->open_timer, l, on_open_timer, b);
    loop_timer_arm(&b->open_timer, OPEN_MS);
    b->bus = bus_open(l, &bus);
    if (b->bus)
        return b;
    monitor_destroy(b);
    return NULL;
}

void monitor_destroy(struct monitor *b)
{
    if (!b)
        return;
    bus_drop_call(&b->list_call);
    for (size_t i = 0; i < b->count; i++)
        release(b->services[i]);
    loop_timer_disarm(&b->settle_timer);
    loop_timer_disarm(&b->open_timer);
    if (b->filters)
        dbus_connection_remove_filter(bus_connection(b->bus), on_message, b);
    bus_close(b->bus);
    free(b);
}
