#include "edge/bus/instances.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/name.h"
#include "core/reading.h"
#include "edge/bus/variant.h"

#define PREFIX "com.victronenergy."

enum { ANSWER_MS = 5000, READY_MS = 1000, TRIES = 3, RETRY_MS = 2000 };

static const char *const rules[] = {
    "type='signal',sender='" DBUS_SERVICE_DBUS "',interface='" DBUS_INTERFACE_DBUS
    "',member='NameOwnerChanged',arg0namespace='com.victronenergy'",
    "type='signal',interface='" BUS_ITEM "',member='PropertiesChanged',path='/DeviceInstance'",
};

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

/* A service of another process. */
struct entry {
    struct instances *directory;
    DBusPendingCall *pending; /* GetValue, of the instance and then of the serial number */
    bool first;               /* it was there before ready, and has not answered once */
    bool known;               /* instance is */
    bool news;                /* is to be reported */
    int instance;
    int tries;
    int64_t again_ms;                         /* when to ask again; 0: not */
    char serial[SERIAL_MAX];                  /* "": not asked for, or not known */
    char owner[DBUS_MAXIMUM_NAME_LENGTH + 1]; /* unique name; "" until it has answered */
    char name[DBUS_MAXIMUM_NAME_LENGTH + 1];
};

struct instances {
    struct loop *loop;
    DBusConnection *connection;
    bool filters; /* on_message is on the connection */
    struct instances_events events;
    DBusPendingCall *listing;
    struct loop_timer ready_timer, again_timer, deliver;
    bool ready, told_ready;
    struct entry *entries[INSTANCES_MAX]; /* NULL where none is */
};

/* ---- names ---- */

/* com.victronenergy.<class>.<anything>; class and its length, or NULL. */
static const char *class_of(const char *name, size_t *len)
{
    if (strncmp(name, PREFIX, sizeof(PREFIX) - 1) != 0)
        return NULL;
    const char *class = name + sizeof(PREFIX) - 1;
    *len = strcspn(class, ".");
    return class[*len] == '.' && *len > 0 ? class : NULL;
}

static bool is_ours(const struct instances *d, const char *name)
{
    return d->events.ours && d->events.ours(d->events.user, name);
}

static struct entry **find_place(struct instances *d, const char *name)
{
    for (size_t i = 0; i < INSTANCES_MAX; i++) {
        if (d->entries[i] && strcmp(d->entries[i]->name, name) == 0)
            return &d->entries[i];
    }
    return NULL;
}

static void drop_entry(struct entry **place)
{
    if (!place || !*place)
        return;
    bus_drop_call(&(*place)->pending);
    free(*place);
    *place = NULL;
}

/* ---- telling: one thing in each turn of the loop, since a callback may do anything ---- */

static void tell_ready(struct instances *d)
{
    d->told_ready = true;
    if (d->events.ready)
        d->events.ready(d->events.user);
}

static void deliver(void *user)
{
    struct instances *d = user;
    char name[DBUS_MAXIMUM_NAME_LENGTH + 1];

    if (!d->ready)
        return;
    loop_timer_arm(&d->deliver, 0); /* perhaps for nothing; after a callback there may be no d */
    if (!d->told_ready) {
        tell_ready(d);
        return;
    }
    for (size_t i = 0; i < INSTANCES_MAX; i++) {
        struct entry *e = d->entries[i];
        if (!e || !e->news || e->pending)
            continue;
        e->news = false;
        memcpy(name, e->name, sizeof(name)); /* the entry may go meanwhile */
        if (d->events.appeared)
            d->events.appeared(d->events.user, name, e->instance);
        return;
    }
    loop_timer_disarm(&d->deliver);
}

static void get_ready(struct instances *d)
{
    d->ready = true;
    loop_timer_disarm(&d->ready_timer);
    loop_timer_arm(&d->deliver, 0);
}

static void on_ready_timer(void *user)
{
    get_ready(user);
}

/* Ready when there is a list, and everybody in it has answered something. */
static void look_whether_ready(struct instances *d)
{
    if (d->ready || d->listing)
        return;
    for (size_t i = 0; i < INSTANCES_MAX; i++) {
        if (d->entries[i] && d->entries[i]->first)
            return;
    }
    get_ready(d);
}

/* ---- instances ---- */

static void take_instance(struct entry *e, const DBusMessageIter *from)
{
    struct instances *d = e->directory;
    struct value v;

    if (!variant_read(from, &v) || v.type == VALUE_INVALID || !variant_convert(&v, VALUE_INT)) {
        e->known = e->news = false; /* nor is a number told that it has taken back */
        return;
    }
    e->news = e->news || (d->ready && (!e->known || e->instance != v.i));
    e->known = true;
    e->instance = v.i;
    if (e->news)
        loop_timer_arm(&d->deliver, 0);
}

static void plan_again(struct instances *d)
{
    int64_t now_ms = loop_now_ms(d->loop), next_ms = 0;

    for (size_t i = 0; i < INSTANCES_MAX; i++) {
        const struct entry *e = d->entries[i];
        if (e && e->again_ms && (!next_ms || e->again_ms < next_ms))
            next_ms = e->again_ms;
    }
    if (next_ms)
        loop_timer_arm(&d->again_timer, next_ms > now_ms ? next_ms - now_ms : 0);
    else
        loop_timer_disarm(&d->again_timer);
}

static bool ask_value(struct entry *e, const char *path, DBusPendingCallNotifyFunction done)
{
    DBusMessage *m = dbus_message_new_method_call(e->name, path, BUS_ITEM, "GetValue");

    return bus_call(e->directory->connection, m, ANSWER_MS, &e->pending, done, e);
}

/* All that was asked of it is answered, or will not be. */
static void is_told(struct entry *e)
{
    struct instances *d = e->directory;

    e->first = false;
    if (e->news)
        loop_timer_arm(&d->deliver, 0);
    look_whether_ready(d);
}

static void on_serial(DBusPendingCall *pending, void *user)
{
    struct entry *e = user;
    DBusMessage *reply = bus_take_reply(&e->pending);
    DBusMessageIter from;
    struct value v;

    (void)pending;
    if (dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_ERROR &&
        dbus_message_iter_init(reply, &from) && variant_read(&from, &v) && v.type == VALUE_STRING &&
        strlen(v.s) < sizeof(e->serial))
        strcpy(e->serial, v.s);
    dbus_message_unref(reply);
    is_told(e);
}

static void on_instance(DBusPendingCall *pending, void *user)
{
    struct entry *e = user;
    struct instances *d = e->directory;
    DBusMessage *reply = bus_take_reply(&e->pending);
    const char *sender = dbus_message_get_sender(reply);
    DBusMessageIter from;

    (void)pending;
    if (is_ours(d, e->name)) { /* it was heard of before it was known to be */
        dbus_message_unref(reply);
        drop_entry(find_place(d, e->name));
        look_whether_ready(d);
        return;
    }
    if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR) {
        if (e->tries < TRIES)
            e->again_ms = loop_now_ms(d->loop) + (int64_t)RETRY_MS * e->tries;
        plan_again(d);
    } else if (dbus_message_iter_init(reply, &from)) {
        snprintf(e->owner, sizeof(e->owner), "%s", sender ? sender : "");
        take_instance(e, &from);
    }
    dbus_message_unref(reply);
    if (!e->known || !name_is_of_our_kind(e->name) || !ask_value(e, "/Serial", on_serial))
        is_told(e);
}

static void ask_for_instance(struct entry *e)
{
    e->again_ms = 0;
    e->tries++;
    if (!ask_value(e, "/DeviceInstance", on_instance))
        e->first = false;
}

static void on_again_timer(void *user)
{
    struct instances *d = user;
    int64_t now_ms = loop_now_ms(d->loop);

    for (size_t i = 0; i < INSTANCES_MAX; i++) {
        struct entry *e = d->entries[i];
        if (e && e->again_ms && e->again_ms <= now_ms)
            ask_for_instance(e);
    }
    plan_again(d);
}

/* ---- coming and going ---- */

static void add(struct instances *d, const char *name)
{
    size_t len, i = 0;

    /* libdbus ends the program that calls what is no name. */
    if (!class_of(name, &len) || !dbus_validate_bus_name(name, NULL) || find_place(d, name) ||
        is_ours(d, name))
        return;
    while (i < INSTANCES_MAX && d->entries[i])
        i++;
    struct entry *e = i < INSTANCES_MAX ? calloc(1, sizeof(*e)) : NULL;
    if (!e)
        return;
    d->entries[i] = e;
    e->directory = d;
    e->first = !d->ready;
    snprintf(e->name, sizeof(e->name), "%s", name);
    ask_for_instance(e);
}

static void on_owner_changed(struct instances *d, DBusMessage *m)
{
    const char *name, *old, *now;

    if (!dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &old,
                               DBUS_TYPE_STRING, &now, DBUS_TYPE_INVALID))
        return;
    struct entry **place = find_place(d, name);
    if (place)
        drop_entry(place);
    if (*now)
        add(d, name);
    plan_again(d);
    look_whether_ready(d);
}

static void on_properties_changed(struct instances *d, DBusMessage *m)
{
    DBusMessageIter array, entries, entry;
    const char *sender = dbus_message_get_sender(m), *key;

    if (!sender || !dbus_message_has_signature(m, "a{sv}") || !dbus_message_iter_init(m, &array))
        return;
    dbus_message_iter_recurse(&array, &entries);
    for (; dbus_message_iter_get_arg_type(&entries) == DBUS_TYPE_DICT_ENTRY;
         dbus_message_iter_next(&entries)) {
        dbus_message_iter_recurse(&entries, &entry);
        dbus_message_iter_get_basic(&entry, &key);
        if (strcmp(key, "Value") != 0 || !dbus_message_iter_next(&entry))
            continue;
        for (size_t i = 0; i < INSTANCES_MAX; i++) {
            if (d->entries[i] && strcmp(d->entries[i]->owner, sender) == 0)
                take_instance(d->entries[i], &entry);
        }
    }
}

static DBusHandlerResult on_message(DBusConnection *c, DBusMessage *m, void *user)
{
    struct instances *d = user;

    (void)c;
    if (dbus_message_is_signal(m, DBUS_INTERFACE_DBUS, "NameOwnerChanged")) {
        if (dbus_message_has_sender(m, DBUS_SERVICE_DBUS))
            on_owner_changed(d, m);
    } else if (dbus_message_is_signal(m, BUS_ITEM, "PropertiesChanged") &&
               dbus_message_has_path(m, "/DeviceInstance")) {
        on_properties_changed(d, m);
    }
    return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static void on_list(DBusPendingCall *pending, void *user)
{
    struct instances *d = user;
    DBusMessage *reply = bus_take_reply(&d->listing);
    char **names;
    int count;

    (void)pending;
    if (dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_ERROR &&
        dbus_message_get_args(reply, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &names, &count,
                              DBUS_TYPE_INVALID)) {
        for (int i = 0; i < count; i++)
            add(d, names[i]);
        dbus_free_string_array(names);
    }
    dbus_message_unref(reply);
    look_whether_ready(d);
}

/* ---- the directory ---- */

const char *instances_find(const struct instances *d, const char *class, int instance)
{
    size_t len;

    for (size_t i = 0; i < INSTANCES_MAX; i++) {
        const struct entry *e = d->entries[i];
        if (!e || e->pending || !e->known || e->instance != instance)
            continue;
        const char *theirs = class_of(e->name, &len);
        /* A name may have become ours, and the word of it still be on its way. */
        if (theirs && strlen(class) == len && memcmp(theirs, class, len) == 0 &&
            !is_ours(d, e->name))
            return e->name;
    }
    return NULL;
}

const char *instances_find_serial(const struct instances *d, const char *serial)
{
    for (size_t i = 0; *serial && i < INSTANCES_MAX; i++) {
        const struct entry *e = d->entries[i];
        if (e && *e->serial && serial_equal(e->serial, serial) && !is_ours(d, e->name))
            return e->name;
    }
    return NULL;
}

bool instances_has_heard(const struct instances *d, const char *name)
{
    for (size_t i = 0; i < INSTANCES_MAX; i++) {
        const struct entry *e = d->entries[i];
        if (e && !e->pending && strcmp(e->name, name) == 0)
            return true;
    }
    return false;
}

struct instances *instances_create(struct loop *l, struct bus *bus,
                                   const struct instances_events *events, char *why,
                                   size_t why_size)
{
    struct instances *d = calloc(1, sizeof(*d));

    if (d) {
        d->loop = l;
        d->connection = bus_connection(bus);
        d->events = *events;
        loop_timer_init(&d->ready_timer, l, on_ready_timer, d);
        loop_timer_init(&d->again_timer, l, on_again_timer, d);
        loop_timer_init(&d->deliver, l, deliver, d);
        loop_timer_arm(&d->ready_timer, READY_MS);
        for (size_t i = 0; i < RULES; i++)
            bus_add_match(d->connection, rules[i]);
        d->filters = dbus_connection_add_filter(d->connection, on_message, d, NULL);
        DBusMessage *m = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
                                                      DBUS_INTERFACE_DBUS, "ListNames");
        if (bus_call(d->connection, m, ANSWER_MS, &d->listing, on_list, d) && d->filters)
            return d;
    }
    snprintf(why, why_size, "no memory, or no bus, for the directory of services");
    instances_destroy(d);
    return NULL;
}

void instances_destroy(struct instances *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < INSTANCES_MAX; i++)
        drop_entry(&d->entries[i]);
    bus_drop_call(&d->listing);
    loop_timer_disarm(&d->ready_timer);
    loop_timer_disarm(&d->again_timer);
    loop_timer_disarm(&d->deliver);
    if (d->filters)
        dbus_connection_remove_filter(d->connection, on_message, d);
    for (size_t i = 0; i < RULES && dbus_connection_get_is_connected(d->connection); i++)
        bus_remove_match(d->connection, rules[i]);
    free(d);
}
