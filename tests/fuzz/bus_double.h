/*
 * A D-Bus without a bus, for a target that has a source of edge/bus compiled in behind this file: what that sends is
 * looked at and dropped, and what it is told comes from the fuzzer's input.
 *
 * An input is lines; each is a message, in letters, so that a fuzzer gets beyond libdbus' own checks:
 *
 *   R args                                        the reply to the oldest call that is open, by :1.9
 *   E name|args                                   an error in its place
 *   S sender|path|interface|member|args           a signal
 *   M sender|path|interface|member|args           a method call; m: one that wants no answer
 *   L                                             the bus is lost
 *
 *   args   s text| o path| g signature|  i u n q x t y b d number;  v arg  (args)  struct
 *          l text|text|) array of strings     e empty array of int32
 *          { text|arg ... }  a{sv}, its values wrapped      [ {..} {..} ]  aa{sv}      < text|{..} ... >  a{sa{sv}}
 *
 * What is no valid text, path, name or signature for libdbus ends the line: it never lets one of these through.
 */
#ifndef DTU_TESTS_FUZZ_BUS_DOUBLE_H
#define DTU_TESTS_FUZZ_BUS_DOUBLE_H

#include <dbus/dbus.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bus/bus.h"
#include "edge/sys/loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    DOUBLE_CALLS_MAX = 128,
    DOUBLE_TEXT_MAX = 300,
    DOUBLE_DEPTH_MAX = 12,
    DOUBLE_LINES_MAX = 64,
    DOUBLE_ARGS_MAX =
        24 /* of a message, or a variant: a signature has 255 letters at most, one of them up to 9 */
};

struct bus {
    struct bus_events events;
    struct loop_timer ready;
};

static struct {
    struct loop *loop;
    struct bus bus;     /* for a source that is given one */
    struct bus *opened; /* by the source itself, the last; NULL: none */
    bool fails;         /* there is no bus for it */
    DBusHandleMessageFunction filter;
    void *filter_user;
    DBusMessage *reply; /* that is to be taken */
    unsigned calls;
    struct double_call {
        DBusPendingCall **pending;
        DBusPendingCallNotifyFunction done;
        void *user;
    } call[DOUBLE_CALLS_MAX];
} twin;

static inline void double_fail(const char *what)
{
    (void)fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

/* ---- What the source calls in place of edge/bus/bus and libdbus ---- */

static inline void double_on_ready(void *user)
{
    const struct bus *b = user;

    if (twin.fails && b->events.failed)
        b->events.failed(b->events.user, "there is none");
    else if (b->events.ready)
        b->events.ready(b->events.user);
}

static inline struct bus *double_open(struct loop *l, const struct bus_events *events)
{
    struct bus *b = calloc(1, sizeof *b);

    if (!b)
        abort();
    b->events = *events;
    loop_timer_init(&b->ready, l, double_on_ready, b);
    loop_timer_arm(&b->ready, 0);
    twin.opened = b;
    return b;
}

static inline void double_close(struct bus *b)
{
    if (b)
        loop_timer_disarm(&b->ready);
    if (b == twin.opened)
        twin.opened = NULL;
    free(b);
}

static inline bool double_call(DBusConnection *c, DBusMessage *m, int timeout_ms,
                               DBusPendingCall **pending, DBusPendingCallNotifyFunction done,
                               void *user)
{
    (void)c;
    (void)timeout_ms;
    if (m)
        dbus_message_unref(m);
    if (!m || twin.calls == DOUBLE_CALLS_MAX) {
        *pending = NULL;
        return false;
    }
    twin.call[twin.calls++] = (struct double_call){pending, done, user};
    *pending = (DBusPendingCall *)(void *)&twin;
    return true;
}

static inline void double_drop(DBusPendingCall **pending)
{
    for (unsigned i = 0; i < twin.calls; i++)
        if (twin.call[i].pending == pending)
            twin.call[i].done = NULL;
    *pending = NULL;
}

static inline DBusMessage *double_take(DBusPendingCall **pending)
{
    if (!*pending || !twin.reply)
        double_fail("a reply that nobody sent");
    *pending = NULL;
    return dbus_message_ref(twin.reply);
}

static inline dbus_bool_t double_filter(DBusConnection *c, DBusHandleMessageFunction fn, void *user,
                                        DBusFreeFunction done)
{
    (void)c;
    (void)done;
    twin.filter = fn;
    twin.filter_user = user;
    return TRUE;
}

#define bus_open(l, events)                        double_open(l, events)
#define bus_open_system(l, events)                 double_open(l, events)
#define bus_close(b)                               double_close(b)
#define bus_connection(b)                          ((DBusConnection *)(void *)(b)) /* nobody looks into it */
#define bus_call                                   double_call
#define bus_drop_call(pending)                     double_drop(pending)
#define bus_take_reply(pending)                    double_take(pending)
#define bus_add_match(c, rule)                     ((void)(c), (void)(rule))
#define bus_remove_match(c, rule)                  ((void)(c), (void)(rule))
#define dbus_connection_add_filter                 double_filter
#define dbus_connection_remove_filter(c, fn, user) ((void)(c), twin.filter = NULL)
#define dbus_connection_get_is_connected(c)        ((void)(c), TRUE)

/* ---- Reading the input ---- */

struct double_input {
    const char *at, *end;
    bool bad;             /* the line is none */
    unsigned depth, args; /* args: in the present signature */
};

static inline bool double_text(struct double_input *in, char out[DOUBLE_TEXT_MAX])
{
    size_t len = 0;

    while (in->at < in->end && *in->at != '|' && *in->at && len + 1 < DOUBLE_TEXT_MAX)
        out[len++] = *in->at++;
    out[len] = '\0';
    if (in->at >= in->end || *in->at != '|' || !dbus_validate_utf8(out, NULL))
        in->bad = true;
    else
        in->at++;
    return !in->bad;
}

static inline double double_number(struct double_input *in)
{
    char text[40];
    size_t len = 0;

    while (in->at < in->end && *in->at != ';' && len + 1 < sizeof text)
        text[len++] = *in->at++;
    text[len] = '\0';
    in->bad = in->bad || in->at >= in->end || *in->at != ';';
    in->at += !in->bad;
    return strtod(text, NULL);
}

/* A double of any size as an integer of so many bits. */
static inline int64_t double_whole(double v)
{
    return v >= 9.2e18 ? INT64_MAX : v <= -9.2e18 ? INT64_MIN : v != v ? 0 : (int64_t)v;
}

static inline void double_basic(struct double_input *in, DBusMessageIter *to, char type)
{
    double v = double_number(in);
    int64_t n = double_whole(v);
    DBusBasicValue b = {.i64 = n};

    if (in->bad)
        return;
    if (type == DBUS_TYPE_DOUBLE)
        b.dbl = v;
    else if (type == DBUS_TYPE_BOOLEAN)
        b.bool_val = n != 0;
    in->bad = !dbus_message_iter_append_basic(to, type, &b);
}

static inline void double_string(struct double_input *in, DBusMessageIter *to, char type)
{
    char text[DOUBLE_TEXT_MAX];
    const char *p = text;

    if (double_text(in, text))
        in->bad = (type == 'o' && !dbus_validate_path(text, NULL)) ||
                  (type == 'g' && !dbus_signature_validate(text, NULL)) ||
                  !dbus_message_iter_append_basic(to, type, &p);
}

static inline void double_arg(struct double_input *in, DBusMessageIter *to);

/* One value within a container of this signature; closed or given up. */
static inline void double_within(struct double_input *in, DBusMessageIter *to, int type,
                                 const char *signature,
                                 void (*fill)(struct double_input *in, DBusMessageIter *inner))
{
    DBusMessageIter inner;

    if (in->bad || in->depth == DOUBLE_DEPTH_MAX ||
        !dbus_message_iter_open_container(to, type, signature, &inner)) {
        in->bad = true;
        return;
    }
    unsigned args = in->args;
    in->depth++;
    if (type == DBUS_TYPE_VARIANT)
        in->args = 0;
    fill(in, &inner);
    if (type == DBUS_TYPE_VARIANT)
        in->args = args;
    in->depth--;
    if (in->bad)
        dbus_message_iter_abandon_container(to, &inner);
    else
        (void)dbus_message_iter_close_container(to, &inner);
}

static inline bool double_ends(struct double_input *in, char mark)
{
    if (in->at >= in->end)
        in->bad = true;
    if (in->bad)
        return true;
    if (*in->at != mark)
        return false;
    in->at++;
    return true;
}

/* What a variant holds: its signature is told by its first letter. */
static inline void double_variant(struct double_input *in, DBusMessageIter *to)
{
    static const char letters[] = "soiunqxtybdgvle{[<";
    static const char *const signatures[] = {"s", "o",  "i",  "u",     "n",      "q",
                                             "x", "t",  "y",  "b",     "d",      "g",
                                             "v", "as", "ai", "a{sv}", "aa{sv}", "a{sa{sv}}"};
    const char *known = in->at < in->end && *in->at ? strchr(letters, *in->at) : NULL;

    if (known)
        double_within(in, to, DBUS_TYPE_VARIANT, signatures[known - letters], double_arg);
    else
        in->bad = true;
}

static inline void double_strings(struct double_input *in, DBusMessageIter *to)
{
    while (!double_ends(in, ')'))
        double_string(in, to, 's');
}

static inline void double_nothing(struct double_input *in, DBusMessageIter *to)
{
    (void)in;
    (void)to;
}

static inline void double_pair(struct double_input *in, DBusMessageIter *to)
{
    double_string(in, to, 's');
    if (!in->bad)
        double_variant(in, to);
}

static inline void double_pairs(struct double_input *in, DBusMessageIter *to)
{
    while (!double_ends(in, '}'))
        double_within(in, to, DBUS_TYPE_DICT_ENTRY, NULL, double_pair);
}

static inline void double_dict(struct double_input *in, DBusMessageIter *to)
{
    in->bad = in->bad || in->at >= in->end || *in->at != '{';
    in->at += !in->bad;
    double_within(in, to, DBUS_TYPE_ARRAY, "{sv}", double_pairs);
}

static inline void double_dicts(struct double_input *in, DBusMessageIter *to)
{
    while (!double_ends(in, ']'))
        double_dict(in, to);
}

static inline void double_item(struct double_input *in, DBusMessageIter *to)
{
    double_string(in, to, 's');
    if (!in->bad)
        double_dict(in, to);
}

static inline void double_items(struct double_input *in, DBusMessageIter *to)
{
    while (!double_ends(in, '>'))
        double_within(in, to, DBUS_TYPE_DICT_ENTRY, NULL, double_item);
}

static inline void double_struct(struct double_input *in, DBusMessageIter *to)
{
    double_arg(in, to);
    while (!double_ends(in, ')'))
        double_arg(in, to);
}

static inline void double_arg(struct double_input *in, DBusMessageIter *to)
{
    char type = in->at < in->end && in->args++ < DOUBLE_ARGS_MAX ? *in->at++ : '\0';

    if (type && strchr("iunqxtybd", type))
        double_basic(in, to, type);
    else if (type && strchr("sog", type))
        double_string(in, to, type);
    else if (type == 'v')
        double_variant(in, to);
    else if (type == 'l')
        double_within(in, to, DBUS_TYPE_ARRAY, "s", double_strings);
    else if (type == 'e')
        double_within(in, to, DBUS_TYPE_ARRAY, "i", double_nothing);
    else if (type == '{')
        double_within(in, to, DBUS_TYPE_ARRAY, "{sv}", double_pairs);
    else if (type == '[')
        double_within(in, to, DBUS_TYPE_ARRAY, "a{sv}", double_dicts);
    else if (type == '<')
        double_within(in, to, DBUS_TYPE_ARRAY, "{sa{sv}}", double_items);
    else if (type == '(')
        double_within(in, to, DBUS_TYPE_STRUCT, NULL, double_struct);
    else
        in->bad = true;
}

/* ---- Messages ---- */

/* The four texts of a signal or a call, where libdbus takes them. */
static inline DBusMessage *double_addressed(struct double_input *in, int type)
{
    char sender[DOUBLE_TEXT_MAX], path[DOUBLE_TEXT_MAX], interface[DOUBLE_TEXT_MAX],
        member[DOUBLE_TEXT_MAX];

    if (!double_text(in, sender) || !double_text(in, path) || !double_text(in, interface) ||
        !double_text(in, member) || !dbus_validate_bus_name(sender, NULL) ||
        !dbus_validate_path(path, NULL) || !dbus_validate_interface(interface, NULL) ||
        !dbus_validate_member(member, NULL))
        return NULL;
    DBusMessage *m = type == DBUS_MESSAGE_TYPE_SIGNAL
                         ? dbus_message_new_signal(path, interface, member)
                         : dbus_message_new_method_call(NULL, path, interface, member);
    if (!m || !dbus_message_set_sender(m, sender))
        abort();
    return m;
}

static inline DBusMessage *double_answer(struct double_input *in, char kind)
{
    char name[DOUBLE_TEXT_MAX];

    if (kind == 'E' && (!double_text(in, name) || !dbus_validate_error_name(name, NULL)))
        return NULL;
    DBusMessage *m =
        dbus_message_new(kind == 'E' ? DBUS_MESSAGE_TYPE_ERROR : DBUS_MESSAGE_TYPE_METHOD_RETURN);
    if (!m || !dbus_message_set_reply_serial(m, 1) || !dbus_message_set_sender(m, ":1.9") ||
        (kind == 'E' && !dbus_message_set_error_name(m, name)))
        abort();
    return m;
}

/* The message of a line; NULL: it is none. */
static inline DBusMessage *double_message(const char *line, size_t len)
{
    struct double_input in = {.at = line + 1, .end = line + len};
    DBusMessageIter args;
    DBusMessage *m = *line == 'S' ? double_addressed(&in, DBUS_MESSAGE_TYPE_SIGNAL)
                     : *line == 'M' || *line == 'm'
                         ? double_addressed(&in, DBUS_MESSAGE_TYPE_METHOD_CALL)
                     : *line == 'R' || *line == 'E' ? double_answer(&in, *line)
                                                    : NULL;

    if (!m)
        return NULL;
    dbus_message_set_no_reply(m, *line == 'm');
    dbus_message_set_serial(m, 7);
    dbus_message_iter_init_append(m, &args);
    while (in.at < in.end && !in.bad)
        double_arg(&in, &args);
    if (!in.bad)
        return m;
    dbus_message_unref(m);
    return NULL;
}

/* ---- The loop ---- */

static inline void double_stop(void *user)
{
    loop_stop(user, 0);
}

/* A few turns: what is due at once happens. */
static inline void double_turns(void)
{
    static struct loop_timer end;

    for (int n = 0; n < 4; n++) {
        loop_timer_init(&end, twin.loop, double_stop, twin.loop);
        loop_timer_arm(&end, 0);
        (void)loop_run(twin.loop);
    }
}

static inline void double_begin(void)
{
    static struct loop *loop;

    if (!loop)
        loop = loop_create();
    memset(&twin, 0, sizeof twin);
    twin.loop = loop;
    if (!loop)
        abort();
}

/* The oldest call that is open gets its answer. */
static inline void double_reply(DBusMessage *m)
{
    for (unsigned i = 0; i < twin.calls; i++) {
        struct double_call call = twin.call[i];
        if (!call.done)
            continue;
        twin.call[i].done = NULL;
        twin.reply = m;
        call.done(*call.pending, call.user);
        twin.reply = NULL;
        return;
    }
}

static inline void double_lose(void)
{
    const struct bus *b = twin.opened;

    twin.opened = NULL; /* once */
    if (b && b->events.lost)
        b->events.lost(b->events.user);
}

/* Each line of an input reaches the source; between two of them the loop turns. */
static inline void double_play(const uint8_t *data, size_t size, void (*call)(DBusMessage *m))
{
    const char *at = (const char *)data, *end = at + size;

    for (int n = 0; at < end && n < DOUBLE_LINES_MAX; n++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);
        DBusMessage *m = len > 0 ? double_message(at, len) : NULL;
        int type = m ? dbus_message_get_type(m) : 0;
        if (type == DBUS_MESSAGE_TYPE_METHOD_RETURN || type == DBUS_MESSAGE_TYPE_ERROR)
            double_reply(m);
        else if (type == DBUS_MESSAGE_TYPE_METHOD_CALL && call)
            call(m);
        else if (type == DBUS_MESSAGE_TYPE_SIGNAL && twin.filter)
            (void)twin.filter(NULL, m, twin.filter_user);
        if (m)
            dbus_message_unref(m);
        if (len > 0 && *at == 'L')
            double_lose();
        double_turns();
        at = stop ? stop + 1 : end;
    }
}

#endif
