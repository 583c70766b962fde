#include "edge/bus/service.h"

#include <dbus/dbus.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bus/bus.h"
#include "edge/bus/introspect.h"
#include "edge/bus/items.h"
#include "edge/bus/variant.h"

enum {
    TEXT_MAX = 128, /* of what is no string: the list of all roles is the longest */
    /* While the bus takes nothing, changes wait in their items and not as messages in memory. */
    OUTGOING_MAX = 256 * 1024,
};

struct service {
    struct bus *bus;
    struct service_events events;
    char *name;
    struct items items;
    bool changed;  /* any of them */
    bool exported; /* the handler is registered */
    bool there;    /* the name is ours */
    DBusPendingCall *naming;
    struct loop_timer outcome; /* of the naming: told from the loop */
    int err;
    char why[160];
    DBusObjectPathVTable vtable;
};

/* ---- values into messages ---- */

static bool append_value(DBusMessageIter *to, const struct item *item)
{
    return variant_append(to, &item->conf.value);
}

static const char *item_text(const struct item *item, char *buffer, size_t size)
{
    const struct value *v = &item->conf.value;

    return v->type == VALUE_STRING ? v->s : value_text(v, item->conf.text, buffer, size);
}

static bool append_text(DBusMessageIter *to, const struct item *item)
{
    char buffer[TEXT_MAX];
    struct value text = value_string(item_text(item, buffer, sizeof(buffer)));

    return variant_append(to, &text);
}

typedef bool (*append_fn)(DBusMessageIter *to, const struct item *item);

/* {key: what append writes} */
static bool append_entry(DBusMessageIter *dict, const char *key, const struct item *item,
                         append_fn append)
{
    DBusMessageIter entry;

    if (!dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry))
        return false;
    if (!dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key) || !append(&entry, item)) {
        dbus_message_iter_abandon_container(dict, &entry);
        return false;
    }
    return dbus_message_iter_close_container(dict, &entry);
}

/* {"Value": v, "Text": s} */
static bool append_value_and_text(DBusMessageIter *to, const struct item *item)
{
    DBusMessageIter dict;

    if (!dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "{sv}", &dict))
        return false;
    if (!append_entry(&dict, "Value", item, append_value) ||
        !append_entry(&dict, "Text", item, append_text)) {
        dbus_message_iter_abandon_container(to, &dict);
        return false;
    }
    return dbus_message_iter_close_container(to, &dict);
}

/* a{sa{sv}} of all items, or of those that have changed. */
static bool append_items(const struct service *s, DBusMessageIter *to, bool changed_only)
{
    DBusMessageIter dict;

    if (!dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "{sa{sv}}", &dict))
        return false;
    for (size_t i = 0; i < s->items.count; i++) {
        const struct item *item = &s->items.list[i];
        if (changed_only && !item->changed)
            continue;
        if (!append_entry(&dict, item->conf.path, item, append_value_and_text)) {
            dbus_message_iter_abandon_container(to, &dict);
            return false;
        }
    }
    return dbus_message_iter_close_container(to, &dict);
}

/* a{sv} of what lies below a node, by the path from there. */
static bool append_below(const struct service *s, DBusMessageIter *to, const char *node,
                         append_fn append)
{
    DBusMessageIter dict;

    if (!dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "{sv}", &dict))
        return false;
    for (size_t i = 0; i < s->items.count; i++) {
        const struct item *item = &s->items.list[i];
        const char *path = item_below(item, node);
        if (path && !append_entry(&dict, path, item, append)) {
            dbus_message_iter_abandon_container(to, &dict);
            return false;
        }
    }
    return dbus_message_iter_close_container(to, &dict);
}

static bool append_below_variant(const struct service *s, DBusMessageIter *to, const char *node,
                                 append_fn append)
{
    DBusMessageIter variant;

    if (!dbus_message_iter_open_container(to, DBUS_TYPE_VARIANT, "a{sv}", &variant))
        return false;
    if (!append_below(s, &variant, node, append)) {
        dbus_message_iter_abandon_container(to, &variant);
        return false;
    }
    return dbus_message_iter_close_container(to, &variant);
}

/* ---- written values ---- */

static int write_item(struct service *s, struct item *item, DBusMessage *m)
{
    bool commands = item->conf.command != VALUE_INVALID;
    enum value_type type = commands ? item->conf.command : item->conf.value.type;
    DBusMessageIter from;
    struct value v;

    if (!item->conf.writable || !s->events.write)
        return SERVICE_NOT_WRITABLE;
    if (!dbus_message_iter_init(m, &from) || !variant_read(&from, &v) || v.type == VALUE_INVALID ||
        !variant_convert(&v, type))
        return commands ? SERVICE_REFUSED : SERVICE_NOT_WRITABLE;
    if (!commands && value_equal(&v, &item->conf.value))
        return SERVICE_ACCEPTED;
    int result = s->events.write(s->events.user, (size_t)(item - s->items.list), &v);
    service_flush(s);
    return result == SERVICE_ACCEPTED ? SERVICE_ACCEPTED : SERVICE_REFUSED;
}

/* ---- methods ---- */

static bool answer_get_value(struct service *s, const struct node *node, DBusMessage *call,
                             DBusMessageIter *reply)
{
    (void)call;
    return node->item ? append_value(reply, node->item)
                      : append_below_variant(s, reply, node->path, append_value);
}

static bool answer_get_text(struct service *s, const struct node *node, DBusMessage *call,
                            DBusMessageIter *reply)
{
    char buffer[TEXT_MAX];

    (void)call;
    if (!node->item)
        return append_below_variant(s, reply, node->path, append_text);
    return variant_append_text(reply, item_text(node->item, buffer, sizeof(buffer)));
}

static bool answer_set_value(struct service *s, const struct node *node, DBusMessage *call,
                             DBusMessageIter *reply)
{
    dbus_int32_t result = write_item(s, node->item, call);

    return dbus_message_iter_append_basic(reply, DBUS_TYPE_INT32, &result);
}

static bool answer_get_description(struct service *s, const struct node *node, DBusMessage *call,
                                   DBusMessageIter *reply)
{
    const char *text = node->item->conf.description;

    (void)s;
    (void)call;
    return variant_append_text(reply, text ? text : "");
}

static bool answer_get_items(struct service *s, const struct node *node, DBusMessage *call,
                             DBusMessageIter *reply)
{
    (void)node;
    (void)call;
    return append_items(s, reply, false);
}

static bool answer_introspect(struct service *s, const struct node *node, DBusMessage *call,
                              DBusMessageIter *reply);

static const struct method methods[] = {
    {BUS_ITEM, "GetValue", "", "v", NODE_LEAF | NODE_INNER | NODE_ROOT, answer_get_value},
    {BUS_ITEM, "GetText", "", "v", NODE_INNER | NODE_ROOT, answer_get_text},
    {BUS_ITEM, "GetText", "", "s", NODE_LEAF, answer_get_text},
    {BUS_ITEM, "SetValue", "v", "i", NODE_LEAF, answer_set_value},
    {BUS_ITEM, "GetDescription", "si", "s", NODE_LEAF, answer_get_description},
    {BUS_ITEM, "GetItems", "", "a{sa{sv}}", NODE_ROOT, answer_get_items},
    {DBUS_INTERFACE_INTROSPECTABLE, "Introspect", "", "s", NODE_LEAF | NODE_INNER | NODE_ROOT,
     answer_introspect},
};

enum { METHODS = sizeof(methods) / sizeof(methods[0]) };

static bool answer_introspect(struct service *s, const struct node *node, DBusMessage *call,
                              DBusMessageIter *reply)
{
    char *xml = introspect(node, &s->items, methods, METHODS);
    /* Of many lines, and all of it our own. */
    bool ok = xml && dbus_message_iter_append_basic(reply, DBUS_TYPE_STRING, &xml);

    (void)call;
    free(xml);
    return ok;
}

/* ---- calls ---- */

static DBusHandlerResult send_reply(DBusConnection *c, DBusMessage *reply)
{
    if (!reply)
        return DBUS_HANDLER_RESULT_NEED_MEMORY;
    bool sent = dbus_connection_send(c, reply, NULL);
    dbus_message_unref(reply);
    return sent ? DBUS_HANDLER_RESULT_HANDLED : DBUS_HANDLER_RESULT_NEED_MEMORY;
}

static DBusHandlerResult send_error(DBusConnection *c, DBusMessage *call, const char *name,
                                    const char *text)
{
    if (dbus_message_get_no_reply(call))
        return DBUS_HANDLER_RESULT_HANDLED;
    return send_reply(c, dbus_message_new_error(call, name, text));
}

static DBusHandlerResult run_method(struct service *s, DBusConnection *c, DBusMessage *call,
                                    const struct method *m, const struct node *node)
{
    DBusMessageIter iter;

    if (!dbus_message_has_signature(call, m->in))
        return send_error(c, call, DBUS_ERROR_INVALID_ARGS, "wrong arguments for this method");
    /* Only a write does something even when nobody wants the answer. */
    if (dbus_message_get_no_reply(call) && m->answer != answer_set_value)
        return DBUS_HANDLER_RESULT_HANDLED;
    DBusMessage *reply = dbus_message_new_method_return(call);
    if (!reply)
        return DBUS_HANDLER_RESULT_NEED_MEMORY;
    dbus_message_iter_init_append(reply, &iter);
    if (!m->answer(s, node, call, &iter)) {
        dbus_message_unref(reply);
        return send_error(c, call, DBUS_ERROR_NO_MEMORY, "out of memory");
    }
    if (!dbus_message_get_no_reply(call))
        return send_reply(c, reply);
    dbus_message_unref(reply);
    return DBUS_HANDLER_RESULT_HANDLED;
}

/* False when there is neither an item nor anything below. */
static bool find_node(const struct service *s, const char *path, struct node *node)
{
    *node = (struct node){.path = path, .item = items_find(&s->items, path)};
    node->kind = node->item ? NODE_LEAF : strcmp(path, "/") == 0 ? NODE_ROOT : NODE_INNER;
    return node->kind != NODE_INNER || items_below(&s->items, path);
}

static DBusHandlerResult on_message(DBusConnection *c, DBusMessage *call, void *user)
{
    struct service *s = user;
    struct node node;

    if (dbus_message_get_type(call) != DBUS_MESSAGE_TYPE_METHOD_CALL)
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    if (!find_node(s, dbus_message_get_path(call), &node))
        return send_error(c, call, DBUS_ERROR_UNKNOWN_OBJECT, "there is no such path");
    for (size_t i = 0; i < METHODS; i++) {
        if ((methods[i].kinds & (int)node.kind) &&
            dbus_message_is_method_call(call, methods[i].interface, methods[i].name))
            return run_method(s, c, call, &methods[i], &node);
    }
    return send_error(c, call, DBUS_ERROR_UNKNOWN_METHOD, "there is no such method at this path");
}

/* ---- changes ---- */

void service_set(struct service *s, size_t item, const struct value *value)
{
    if (item < s->items.count && item_set(&s->items.list[item], value))
        s->changed = true;
}

int service_add(struct service *s, const struct service_item *item)
{
    int err = items_add(&s->items, item);

    s->changed = s->changed || err == 0;
    return err;
}

/* NULL when out of memory. */
static DBusMessage *new_items_changed(const struct service *s)
{
    DBusMessage *m = dbus_message_new_signal("/", BUS_ITEM, "ItemsChanged");
    DBusMessageIter iter;

    if (!m)
        return NULL;
    dbus_message_set_no_reply(m, TRUE);
    dbus_message_iter_init_append(m, &iter);
    if (append_items(s, &iter, true))
        return m;
    dbus_message_unref(m);
    return NULL;
}

void service_flush(struct service *s)
{
    if (!s->changed || !s->there)
        return;
    DBusConnection *c = bus_connection(s->bus);
    if (dbus_connection_get_outgoing_size(c) > OUTGOING_MAX)
        return;
    DBusMessage *m = new_items_changed(s);
    bool sent = m && dbus_connection_send(c, m, NULL);
    if (m)
        dbus_message_unref(m);
    if (!sent)
        return; /* what has changed stays so, and goes out with the next */
    for (size_t i = 0; i < s->items.count; i++)
        s->items.list[i].changed = false;
    s->changed = false;
}

const char *service_name(const struct service *s)
{
    return s->name;
}

/* ---- creation ---- */

static void on_outcome(void *user)
{
    struct service *s = user;
    char why[sizeof(s->why)];

    if (s->err == 0) {
        s->there = true;
        if (s->events.there)
            s->events.there(s->events.user);
        return;
    }
    memcpy(why, s->why, sizeof(why));
    if (s->events.failed)
        s->events.failed(s->events.user, s->err, why);
}

/* Told once, and not from within libdbus. */
static void conclude(struct service *s, int err)
{
    s->err = err;
    loop_timer_arm(&s->outcome, 0);
}

static void on_named(DBusPendingCall *pending, void *user)
{
    struct service *s = user;

    (void)pending;
    conclude(s, bus_take_name(&s->naming, s->name, s->why, sizeof(s->why)));
}

static void on_bus_ready(void *user)
{
    struct service *s = user;

    s->vtable.message_function = on_message;
    /* One handler for the whole tree. Everything answers before the name is there. */
    s->exported = dbus_connection_register_fallback(bus_connection(s->bus), "/", &s->vtable, s);
    if (s->exported && bus_request_name(s->bus, s->name, &s->naming, on_named, s))
        return;
    snprintf(s->why, sizeof(s->why), "out of memory");
    conclude(s, -ENOMEM);
}

static void on_bus_failed(void *user, const char *why)
{
    struct service *s = user;

    snprintf(s->why, sizeof(s->why), "%s", why);
    conclude(s, -ENOTCONN);
}

/* Without its name, the answer to the request for it says so. */
static void on_bus_lost(void *user)
{
    const struct service *s = user;

    if (s->there && s->events.lost)
        s->events.lost(s->events.user);
}

static bool begin(struct service *s, struct loop *l, const struct service_item *items, size_t count,
                  char *why, size_t why_size)
{
    const struct bus_events events = {on_bus_ready, on_bus_failed, on_bus_lost, s};

    if (items_init(&s->items, items, count, why, why_size) != 0)
        return false;
    if (!dbus_validate_bus_name(s->name, NULL)) {
        snprintf(why, why_size, "\"%s\" is no valid name on the D-Bus", s->name);
        return false;
    }
    s->bus = bus_open(l, &events);
    if (!s->bus)
        snprintf(why, why_size, "out of memory");
    return s->bus != NULL;
}

struct service *service_create(struct loop *l, const char *name, const struct service_item *items,
                               size_t count, const struct service_events *events, char *why,
                               size_t why_size)
{
    struct service *s = calloc(1, sizeof(*s));

    if (s) {
        s->events = *events;
        loop_timer_init(&s->outcome, l, on_outcome, s);
        s->name = strdup(name);
    }
    if (!s || !s->name)
        snprintf(why, why_size, "out of memory");
    else if (begin(s, l, items, count, why, why_size))
        return s;
    service_destroy(s);
    return NULL;
}

void service_destroy(struct service *s)
{
    if (!s)
        return;
    loop_timer_disarm(&s->outcome);
    bus_drop_call(&s->naming);
    if (s->exported)
        dbus_connection_unregister_object_path(bus_connection(s->bus), "/");
    bus_close(s->bus); /* and with the connection, the bus takes the name back */
    items_finish(&s->items);
    free(s->name);
    free(s);
}
