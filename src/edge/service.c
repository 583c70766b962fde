#include "edge/service.h"

#include <dbus/dbus.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "edge/bus.h"
#include "edge/variant.h"

enum {
    TEXT_MAX = 128,     /* of what is no string: the list of all roles is the longest */
    COMPONENT_MAX = 64, /* one element of a path */
    /* While the bus takes nothing, changes wait in their items and not as messages in memory. */
    OUTGOING_MAX = 256 * 1024,
};

struct item {
    struct service_item conf; /* conf.value is the present one */
    char *text;               /* where a string value lies */
    bool changed;             /* since the last flush */
};

struct service {
    struct bus *bus;
    struct service_events events;
    char *name;
    size_t count;
    struct item *items;
    size_t *sorted; /* places in items by path: what lies below a node is one run of it */
    bool changed;   /* any of them */
    bool exported; /* the handler is registered: libdbus aborts at the removal of one that is not */
    DBusObjectPathVTable vtable;
};

/* ---- the tree ---- */

static const char *sorted_path(const struct service *s, size_t i)
{
    return s->items[s->sorted[i]].conf.path;
}

/* A node's path with its '/', so that "/Ac" is no prefix of "/AcX". The root has none but that. */
static size_t node_prefix(const char *path)
{
    size_t len = strlen(path);

    return len == 1 ? 1 : len + 1;
}

/*
 * Compares an item's path with the beginning of everything below node: len bytes, of which the last
 * is a '/' that node itself may lack.
 */
static int compare_prefix(const char *item, const char *node, size_t len)
{
    int order = strncmp(item, node, len - 1);

    return order ? order : (int)(unsigned char)item[len - 1] - '/';
}

/* The first place in sorted whose path is not below what test says (-1 is below). */
static size_t lower_bound(const struct service *s, const char *path, size_t prefix)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *there = sorted_path(s, middle);
        int order = prefix ? compare_prefix(there, path, prefix) : strcmp(there, path);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct item *find_leaf(const struct service *s, const char *path)
{
    size_t i = lower_bound(s, path, 0);

    return i < s->count && strcmp(sorted_path(s, i), path) == 0 ? &s->items[s->sorted[i]] : NULL;
}

struct run {
    size_t begin, end; /* in sorted */
    size_t prefix;     /* bytes of the node's path in each of their paths, with its '/' */
};

static struct run below(const struct service *s, const char *path)
{
    struct run r = {.prefix = node_prefix(path)};

    r.begin = r.end = lower_bound(s, path, r.prefix);
    while (r.end < s->count && compare_prefix(sorted_path(s, r.end), path, r.prefix) == 0)
        r.end++;
    return r;
}

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
    for (size_t i = 0; i < s->count; i++) {
        const struct item *item = &s->items[i];
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
static bool append_run(const struct service *s, DBusMessageIter *to, const struct run *r,
                       append_fn append)
{
    DBusMessageIter dict;

    if (!dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "{sv}", &dict))
        return false;
    for (size_t i = r->begin; i < r->end; i++) {
        const struct item *item = &s->items[s->sorted[i]];
        if (!append_entry(&dict, item->conf.path + r->prefix, item, append)) {
            dbus_message_iter_abandon_container(to, &dict);
            return false;
        }
    }
    return dbus_message_iter_close_container(to, &dict);
}

static bool append_run_variant(const struct service *s, DBusMessageIter *to, const struct run *r,
                               append_fn append)
{
    DBusMessageIter variant;

    if (!dbus_message_iter_open_container(to, DBUS_TYPE_VARIANT, "a{sv}", &variant))
        return false;
    if (!append_run(s, &variant, r, append)) {
        dbus_message_iter_abandon_container(to, &variant);
        return false;
    }
    return dbus_message_iter_close_container(to, &variant);
}

/* ---- written values ---- */

static int write_item(struct service *s, struct item *item, DBusMessage *m)
{
    DBusMessageIter from;
    struct value v;

    if (!item->conf.writable || !s->events.write)
        return SERVICE_NOT_WRITABLE;
    if (!dbus_message_iter_init(m, &from) || !variant_read(&from, &v) || v.type == VALUE_INVALID ||
        !variant_convert(&v, item->conf.value.type))
        return SERVICE_NOT_WRITABLE;
    if (value_equal(&v, &item->conf.value))
        return SERVICE_ACCEPTED;
    int result = s->events.write(s->events.user, (size_t)(item - s->items), &v);
    service_flush(s);
    return result == SERVICE_ACCEPTED ? SERVICE_ACCEPTED : SERVICE_REFUSED;
}

/* ---- methods ---- */

enum node_kind { NODE_LEAF = 1, NODE_INNER = 2, NODE_ROOT = 4 };

/* What a method is called on. */
struct target {
    struct service *service;
    const char *path;
    enum node_kind kind;
    struct item *item; /* of a leaf; else NULL */
    struct run run;    /* of the others */
};

typedef bool (*answer_fn)(const struct target *t, DBusMessage *call, DBusMessageIter *reply);

static bool answer_get_value(const struct target *t, DBusMessage *call, DBusMessageIter *reply)
{
    (void)call;
    return t->item ? append_value(reply, t->item)
                   : append_run_variant(t->service, reply, &t->run, append_value);
}

static bool answer_get_text(const struct target *t, DBusMessage *call, DBusMessageIter *reply)
{
    char buffer[TEXT_MAX];

    (void)call;
    if (!t->item)
        return append_run_variant(t->service, reply, &t->run, append_text);
    return variant_append_text(reply, item_text(t->item, buffer, sizeof(buffer)));
}

static bool answer_set_value(const struct target *t, DBusMessage *call, DBusMessageIter *reply)
{
    dbus_int32_t result = write_item(t->service, t->item, call);

    return dbus_message_iter_append_basic(reply, DBUS_TYPE_INT32, &result);
}

static bool answer_get_description(const struct target *t, DBusMessage *call,
                                   DBusMessageIter *reply)
{
    const char *text = t->item->conf.description ? t->item->conf.description : "";

    (void)call;
    return dbus_message_iter_append_basic(reply, DBUS_TYPE_STRING, &text);
}

static bool answer_get_items(const struct target *t, DBusMessage *call, DBusMessageIter *reply)
{
    (void)call;
    return append_items(t->service, reply, false);
}

static bool answer_introspect(const struct target *t, DBusMessage *call, DBusMessageIter *reply);

static const struct method {
    const char *interface, *name, *in, *out;
    int kinds;
    answer_fn answer;
} methods[] = {
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

/* ---- introspection ---- */

struct xml {
    char *text;
    size_t len, capacity;
    bool failed;
};

static __attribute__((format(printf, 2, 3))) void put(struct xml *x, const char *format, ...)
{
    va_list args;

    if (x->failed)
        return;
    va_start(args, format);
    int len = vsnprintf(x->text + x->len, x->capacity - x->len, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= x->capacity - x->len)
        x->failed = true;
    else
        x->len += (size_t)len;
}

static void put_args(struct xml *x, const char *signature, const char *direction)
{
    DBusSignatureIter i;

    if (!*signature)
        return;
    dbus_signature_iter_init(&i, signature);
    do {
        char *type = dbus_signature_iter_get_signature(&i);
        put(x, "      <arg type=\"%s\" direction=\"%s\"/>\n", type ? type : "", direction);
        dbus_free(type);
    } while (dbus_signature_iter_next(&i));
}

/* The methods table is in the order of its interfaces. */
static void put_methods(struct xml *x, enum node_kind kind)
{
    const char *interface = NULL;

    for (size_t i = 0; i < METHODS; i++) {
        const struct method *m = &methods[i];
        if (!(m->kinds & (int)kind))
            continue;
        if (!interface || strcmp(interface, m->interface) != 0) {
            put(x, "%s  <interface name=\"%s\">\n", interface ? "  </interface>\n" : "",
                m->interface);
            interface = m->interface;
            if (kind == NODE_ROOT && strcmp(interface, BUS_ITEM) == 0)
                put(x, "    <signal name=\"ItemsChanged\">\n"
                       "      <arg type=\"a{sa{sv}}\" name=\"items\"/>\n"
                       "    </signal>\n");
        }
        put(x, "    <method name=\"%s\">\n", m->name);
        put_args(x, m->in, "in");
        put_args(x, m->out, "out");
        put(x, "    </method>\n");
    }
    put(x, "  </interface>\n"
           "  <interface name=\"" DBUS_INTERFACE_PEER "\">\n"
           "    <method name=\"Ping\"/>\n"
           "    <method name=\"GetMachineId\">\n"
           "      <arg type=\"s\" direction=\"out\"/>\n"
           "    </method>\n"
           "  </interface>\n");
}

/* The run is sorted, so equal first elements are neighbours. */
static void put_children(struct xml *x, const struct service *s, const struct run *r)
{
    const char *last = "";
    size_t last_len = 0;

    for (size_t i = r->begin; i < r->end; i++) {
        const char *child = sorted_path(s, i) + r->prefix;
        size_t len = strcspn(child, "/");
        if (len == last_len && memcmp(child, last, len) == 0)
            continue;
        put(x, "  <node name=\"%.*s\"/>\n", (int)len, child);
        last = child;
        last_len = len;
    }
}

static bool answer_introspect(const struct target *t, DBusMessage *call, DBusMessageIter *reply)
{
    size_t children = t->run.end - t->run.begin;
    struct xml x = {.capacity =
                        4096 + children * (COMPONENT_MAX + sizeof("  <node name=\"\"/>\n"))};

    (void)call;
    x.text = malloc(x.capacity);
    if (!x.text)
        return false;
    put(&x, "%s<node>\n", DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE);
    put_methods(&x, t->kind);
    put_children(&x, t->service, &t->run);
    put(&x, "</node>\n");
    bool ok = !x.failed && dbus_message_iter_append_basic(reply, DBUS_TYPE_STRING, &x.text);
    free(x.text);
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

static DBusHandlerResult run_method(DBusConnection *c, DBusMessage *call, const struct method *m,
                                    const struct target *t)
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
    if (!m->answer(t, call, &iter)) {
        dbus_message_unref(reply);
        return send_error(c, call, DBUS_ERROR_NO_MEMORY, "out of memory");
    }
    if (!dbus_message_get_no_reply(call))
        return send_reply(c, reply);
    dbus_message_unref(reply);
    return DBUS_HANDLER_RESULT_HANDLED;
}

static bool find_target(struct service *s, const char *path, struct target *t)
{
    *t = (struct target){.service = s, .path = path, .run = below(s, path)};
    t->item = find_leaf(s, path);
    t->kind = t->item ? NODE_LEAF : strcmp(path, "/") == 0 ? NODE_ROOT : NODE_INNER;
    return t->kind != NODE_INNER || t->run.begin < t->run.end;
}

static DBusHandlerResult on_message(DBusConnection *c, DBusMessage *call, void *user)
{
    struct service *s = user;
    struct target t;

    if (dbus_message_get_type(call) != DBUS_MESSAGE_TYPE_METHOD_CALL)
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    if (!find_target(s, dbus_message_get_path(call), &t))
        return send_error(c, call, DBUS_ERROR_UNKNOWN_OBJECT, "there is no such path");
    for (size_t i = 0; i < METHODS; i++) {
        if ((methods[i].kinds & (int)t.kind) &&
            dbus_message_is_method_call(call, methods[i].interface, methods[i].name))
            return run_method(c, call, &methods[i], &t);
    }
    return send_error(c, call, DBUS_ERROR_UNKNOWN_METHOD, "there is no such method at this path");
}

/* ---- items ---- */

/* Whether the item has another value now. Without memory for a text it has none. */
static bool store(struct item *item, const struct value *v)
{
    struct value kept = *v;
    char *text = NULL;

    if (v->type == VALUE_STRING) {
        text = strdup(v->s);
        if (text)
            text_clean(text);
        kept = value_string(text);
    }
    bool changed = !value_equal(&kept, &item->conf.value);
    item->conf.value = kept;
    free(item->text);
    item->text = text;
    return changed;
}

void service_set(struct service *s, size_t item, const struct value *value)
{
    if (item < s->count && store(&s->items[item], value))
        s->items[item].changed = s->changed = true;
}

/* ---- changes ---- */

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
    DBusConnection *c = bus_connection(s->bus);

    if (!s->changed || dbus_connection_get_outgoing_size(c) > OUTGOING_MAX)
        return;
    DBusMessage *m = new_items_changed(s);
    bool sent = m && dbus_connection_send(c, m, NULL);
    if (m)
        dbus_message_unref(m);
    if (!sent)
        return; /* what has changed stays so, and goes out with the next */
    for (size_t i = 0; i < s->count; i++)
        s->items[i].changed = false;
    s->changed = false;
}

const char *service_name(const struct service *s)
{
    return s->name;
}

/* ---- creation ---- */

static bool valid_path(const char *path)
{
    if (!dbus_validate_path(path, NULL) || path[1] == '\0')
        return false;
    for (const char *c = path; *c; c += strcspn(c, "/")) {
        c++;
        if (strcspn(c, "/") > COMPONENT_MAX)
            return false;
    }
    return true;
}

/* Insertion sort: the tables are nearly in order, and short. False when a path is there twice. */
static bool sort_items(struct service *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const char *path = s->items[i].conf.path;
        size_t at = i;
        while (at > 0 && strcmp(sorted_path(s, at - 1), path) > 0) {
            s->sorted[at] = s->sorted[at - 1];
            at--;
        }
        if (at > 0 && strcmp(sorted_path(s, at - 1), path) == 0)
            return false;
        s->sorted[at] = i;
    }
    return true;
}

static int take_items(struct service *s, const struct service_item *items, size_t count, char *why,
                      size_t why_size)
{
    s->items = calloc(count ? count : 1, sizeof(*s->items));
    s->sorted = calloc(count ? count : 1, sizeof(*s->sorted));
    if (!s->items || !s->sorted) {
        snprintf(why, why_size, "out of memory");
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        if (!valid_path(items[i].path)) {
            snprintf(why, why_size, "\"%s\" is no path for an item", items[i].path);
            return -EINVAL;
        }
        s->items[i].conf = items[i];
        store(&s->items[i], &items[i].value);
        s->count++;
    }
    if (!sort_items(s)) {
        snprintf(why, why_size, "a path is there twice");
        return -EINVAL;
    }
    return 0;
}

static void on_bus_lost(void *user)
{
    const struct service *s = user;

    if (s->events.lost)
        s->events.lost(s->events.user);
}

static int go_on_bus(struct service *s, struct loop *l, char *why, size_t why_size)
{
    s->bus = bus_open(l, on_bus_lost, s, why, why_size);
    if (!s->bus)
        return -ENOTCONN;
    s->vtable.message_function = on_message;
    /* One handler for the whole tree. Everything answers before the name is there. */
    s->exported = dbus_connection_register_fallback(bus_connection(s->bus), "/", &s->vtable, s);
    if (!s->exported) {
        snprintf(why, why_size, "out of memory");
        return -ENOMEM;
    }
    return bus_request_name(s->bus, s->name, why, why_size);
}

struct service *service_create(struct loop *l, const char *name, const struct service_item *items,
                               size_t count, const struct service_events *events, int *err,
                               char *why, size_t why_size)
{
    struct service *s = calloc(1, sizeof(*s));
    int error = -ENOMEM;

    if (s)
        s->name = strdup(name);
    if (!s || !s->name) {
        snprintf(why, why_size, "out of memory");
    } else {
        s->events = *events;
        error = take_items(s, items, count, why, why_size);
        if (!error)
            error = go_on_bus(s, l, why, why_size);
    }
    if (err)
        *err = error;
    if (!error)
        return s;
    service_destroy(s);
    return NULL;
}

void service_destroy(struct service *s)
{
    if (!s)
        return;
    if (s->exported)
        dbus_connection_unregister_object_path(bus_connection(s->bus), "/");
    bus_close(s->bus); /* and with the connection, the bus takes the name back */
    for (size_t i = 0; i < s->count; i++)
        free(s->items[i].text);
    free(s->sorted);
    free(s->items);
    free(s->name);
    free(s);
}
