#include "cli/limit.h"

#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fold.h"
#include "core/name.h"
#include "core/reading.h"
#include "core/text.h"
#include "core/value.h"
#include "edge/bus/bus.h"
#include "edge/bus/monitor.h"
#include "edge/bus/variant.h"
#include "edge/sys/loop.h"

enum { CALL_MS = 5000, LOOK_MS = 500, RENEW_MS = 10 * 1000, NAME_MAX_LEN = 256, STATE_MAX = 256 };

enum { LIMIT_WELL = 0, LIMIT_NOT = 1, LIMIT_USAGE = 2 };

static const char help[] =
    "Usage: dbus-opendtu limit SERIAL WATTS|PERCENT%\n"
    "\n"
    "Limits one inverter for as long as this command runs, and tells what becomes of it: to try whether "
    "limiting works. The running service does it; PowerLimit must be on for the inverter, and it is refused "
    "while the ESS limits it. Ctrl-C ends it, and gives the inverter its full power back.\n"
    "\n"
    "  SERIAL    of the inverter: `dbus-opendtu show` has them\n"
    "  WATTS     300, or 12.5\n"
    "  PERCENT%  of what it can make: 50%\n"
    "\n"
    "Exit code: 0 ended by Ctrl-C, 1 it could not be limited, 2 wrong usage.\n";

/* A service on the bus; kept until the end. */
struct place {
    char name[NAME_MAX_LEN];
    bool has_serial;
    double max_power_w;
    struct place *next;
};

struct trial {
    const char *serial;
    double amount;
    bool percent;
    struct loop *loop;
    struct monitor *monitor;
    struct place *places;
    struct bus *bus;
    DBusPendingCall *call;
    struct loop_timer look, renew;
    char service[NAME_MAX_LEN]; /* that has the serial; "": none yet */
    double max_power_w;
    char state[STATE_MAX]; /* as last printed */
    bool begun, ending;
    int code;
};

/* ---- Which service it is ---- */

static void *on_came(void *user, const char *name)
{
    struct trial *t = user;
    struct place *p = name_is_of_our_kind(name) ? calloc(1, sizeof *p) : NULL;

    if (!p)
        return NULL;
    p->next = t->places;
    t->places = p;
    text_copy(p->name, sizeof p->name, name);
    p->max_power_w = MISSING;
    return p;
}

static void on_gone(void *user, void *service)
{
    (void)user;
    (void)service;
}

static void on_item(void *user, void *service, const char *path, const struct value *value)
{
    const struct trial *t = user;
    struct place *p = service;

    if (strcmp(path, "/Serial") == 0 && value->type == VALUE_STRING)
        p->has_serial = serial_equal(value->s, t->serial);
    else if (strcmp(path, "/Ac/MaxPower") == 0)
        p->max_power_w = value->type == VALUE_DOUBLE ? value->d : MISSING;
}

static void on_news(void *user, void *service, enum monitor_news news)
{
    struct trial *t = user;
    const struct place *p = service;

    (void)news;
    if (!p->has_serial || strncmp(p->name, "com.victronenergy.pvinverter.", 29) != 0)
        return;
    text_copy(t->service, sizeof t->service, p->name);
    t->max_power_w = p->max_power_w;
}

static void fail(struct trial *t, const char *why)
{
    if (t->code == LIMIT_WELL && why[0])
        fprintf(stderr, "limit: %s\n", why);
    t->code = LIMIT_NOT;
    loop_stop(t->loop, 0);
}

static void on_no_bus(void *user, const char *why)
{
    fail(user, why);
}

static void on_lost(void *user)
{
    fail(user, "the D-Bus is gone");
}

/* ---- What is written and read ---- */

static DBusMessage *new_call(const struct trial *t, const char *path, const char *member)
{
    return dbus_message_new_method_call(t->service, path, BUS_ITEM, member);
}

static void on_written(DBusPendingCall *call, void *user);

/* watts: less than 0 ends it. */
static void write_trial(struct trial *t, double watts)
{
    struct value v = value_double(watts);
    DBusMessageIter to;
    DBusMessage *m = new_call(t, "/Debug/PowerLimitTrial", "SetValue");

    if (m) {
        dbus_message_iter_init_append(m, &to);
        if (!variant_append(&to, &v)) {
            dbus_message_unref(m);
            m = NULL;
        }
    }
    bus_drop_call(&t->call);
    if (!bus_call(bus_connection(t->bus), m, CALL_MS, &t->call, on_written, t))
        fail(t, "out of memory");
}

static double trial_w(const struct trial *t)
{
    return t->percent ? t->amount * t->max_power_w / 100 : t->amount;
}

static void refused(struct trial *t)
{
    if (!t->state[0])
        fail(t, "the service refuses it: PowerLimit is off for this inverter");
    else if (strncmp(t->state, "cannot", 6) == 0)
        fail(t, t->state);
    else
        fail(t, "the service refuses it: the ESS limits the inverter at present");
}

static void on_state(DBusPendingCall *call, void *user);

static void read_state(struct trial *t)
{
    bus_drop_call(&t->call);
    if (!bus_call(bus_connection(t->bus), new_call(t, "/Debug/PowerLimitState", "GetValue"),
                  CALL_MS, &t->call, on_state, t))
        fail(t, "out of memory");
}

static void on_written(DBusPendingCall *call, void *user)
{
    struct trial *t = user;
    DBusMessage *reply = bus_take_reply(&t->call);
    dbus_int32_t result = -1;
    bool taken = reply && dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN &&
                 dbus_message_get_args(reply, NULL, DBUS_TYPE_INT32, &result, DBUS_TYPE_INVALID) &&
                 result == 0;

    (void)call;
    if (reply)
        dbus_message_unref(reply);
    if (t->ending)
        loop_stop(t->loop, 0);
    else if (!taken)
        refused(t);
    else
        loop_timer_arm(&t->look, LOOK_MS);
    t->begun = t->begun || taken;
}

static void take_state(struct trial *t, const struct value *v)
{
    char text[STATE_MAX] = "";

    if (v->type == VALUE_STRING)
        text_copy(text, sizeof text, v->s);
    if (strcmp(text, t->state) != 0 && text[0] && t->begun)
        printf("%s\n", text);
    fflush(stdout);
    text_copy(t->state, sizeof t->state, text);
}

static void on_state(DBusPendingCall *call, void *user)
{
    struct trial *t = user;
    DBusMessage *reply = bus_take_reply(&t->call);
    DBusMessageIter from;
    struct value v;
    bool told = reply && dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN &&
                dbus_message_iter_init(reply, &from) && variant_read(&from, &v);

    (void)call;
    if (told)
        take_state(t, &v);
    if (reply)
        dbus_message_unref(reply);
    if (!told) {
        fail(t, "the service is gone, or does not know limits: is it of this version?");
        return;
    }
    if (t->begun)
        loop_timer_arm(&t->look, LOOK_MS);
    else
        write_trial(t, trial_w(t));
}

static void on_look(void *user)
{
    read_state(user);
}

/* The service lets go of a trial that nobody renews. */
static void on_renew(void *user)
{
    struct trial *t = user;

    loop_timer_disarm(&t->look);
    write_trial(t, trial_w(t));
    loop_timer_arm(&t->renew, RENEW_MS);
}

/* ---- From beginning to end ---- */

static void begin(void *user)
{
    struct trial *t = user;

    loop_timer_arm(&t->renew, RENEW_MS);
    read_state(t);
}

static void on_settled(void *user)
{
    struct trial *t = user;
    const struct bus_events events = {.ready = begin,
                                      .failed = on_no_bus,
                                      .lost = on_lost,
                                      .user = t};
    char text[160];

    if (!t->service[0]) {
        (void)snprintf(
            text, sizeof text,
            "no service on the D-Bus publishes inverter %.40s: does `dbus-opendtu show` have it?",
            t->serial);
        fail(t, text);
        return;
    }
    if (t->percent && !(t->max_power_w > 0)) {
        fail(t, "what it can make is not known: give the limit in watts");
        return;
    }
    t->bus = bus_open(t->loop, &events);
    if (!t->bus)
        fail(t, "out of memory");
}

static void on_signal(void *user, int number)
{
    struct trial *t = user;

    (void)number;
    if (!t->begun || t->ending) {
        loop_stop(t->loop, 0);
        return;
    }
    t->ending = true;
    loop_timer_disarm(&t->look);
    loop_timer_disarm(&t->renew);
    puts("full power again");
    write_trial(t, -1);
}

static int run(struct trial *t)
{
    const struct monitor_events events = {.came = on_came,
                                          .gone = on_gone,
                                          .item = on_item,
                                          .news = on_news,
                                          .settled = on_settled,
                                          .failed = on_no_bus,
                                          .lost = on_lost,
                                          .user = t};
    t->loop = loop_create();
    if (!t->loop || loop_signal(t->loop, SIGINT, on_signal, t) ||
        loop_signal(t->loop, SIGTERM, on_signal, t) ||
        !(t->monitor = monitor_create(t->loop, &events))) {
        fputs("limit: out of memory\n", stderr);
        return LIMIT_NOT;
    }
    loop_timer_init(&t->look, t->loop, on_look, t);
    loop_timer_init(&t->renew, t->loop, on_renew, t);
    if (loop_run(t->loop) != 0)
        t->code = LIMIT_NOT;
    loop_timer_disarm(&t->look);
    loop_timer_disarm(&t->renew);
    return t->code;
}

static bool parse_amount(const char *text, struct trial *t)
{
    char *end;

    t->amount = strtod(text, &end);
    t->percent = *end == '%';
    return *text >= '0' && *text <= '9' && (*end == '\0' || (t->percent && end[1] == '\0')) &&
           isfinite(t->amount) && t->amount <= (t->percent ? 100 : 100000);
}

int cli_limit(int argc, char **argv)
{
    static const struct option long_options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    struct trial t = {.max_power_w = MISSING};
    int c = getopt_long(argc, argv, "h", long_options, NULL);

    if (c == 'h') {
        fold_print(stdout, help, FOLD_PARAGRAPHS);
        return LIMIT_WELL;
    }
    if (c != -1 || argc - optind != 2 || !parse_amount(argv[optind + 1], &t)) {
        fold_print(stderr, help, FOLD_PARAGRAPHS);
        return LIMIT_USAGE;
    }
    t.serial = argv[optind];
    int code = run(&t);
    while (t.places) {
        struct place *p = t.places;
        t.places = p->next;
        free(p);
    }
    bus_drop_call(&t.call);
    bus_close(t.bus);
    monitor_destroy(t.monitor);
    loop_destroy(t.loop);
    return code;
}
