/*
 * Out of memory at every single allocation of a life on the D-Bus, libdbus' own included: it fails or it
 * works, and never ends the program. The linker sends malloc() and its like through here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dbus/dbus.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bus/bus.h"
#include "edge/bus/instances.h"
#include "edge/bus/monitor.h"
#include "edge/bus/service.h"
#include "edge/bus/settings.h"
#include "edge/bus/variant.h"
#include "edge/sys/loop.h"
#include "unit/support/allocations.h"
#include "unit/support/bus_now.h"
#include "unit/support/private_bus.h"
#include "unit/support/run_for.h"

/* ---- allocations that fail ---- */

static long before; /* so many succeed */
static long lack;   /* then so many fail */
static bool missed; /* one has failed */

bool allocation_fails(void)
{
    if (lack == 0 || before-- > 0)
        return false;
    lack--;
    missed = true;
    return true;
}

/*
 * ---- time ----
 *
 * Libdbus waits a second where memory lacks, and then for seconds for a reply that it has read and could not
 * keep. Its time passes at once where nothing comes; before memory has lacked, all that is waited for does
 * come, if slowly on a busy machine.
 */

enum { WAIT_MS = 50 };

static long skipped_s;

int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
void __wrap__dbus_sleep_milliseconds(int ms);
void __real__dbus_get_monotonic_time(long *s, long *us);
void __wrap__dbus_get_monotonic_time(long *s, long *us);

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    bool in_vain = missed && timeout_ms > WAIT_MS;
    int ready = __real_poll(fds, count, in_vain ? WAIT_MS : timeout_ms);

    if (ready == 0 && in_vain)
        skipped_s += timeout_ms / 1000 + 1;
    return ready;
}

void __wrap__dbus_sleep_milliseconds(int ms)
{
    skipped_s += ms / 1000;
}

void __wrap__dbus_get_monotonic_time(long *s, long *us)
{
    __real__dbus_get_monotonic_time(s, us);
    *s += skipped_s;
}

/* ---- lives ---- */

static struct loop *loop;
static char why[200];

static const struct service_item items[] = {
    {.path = "/Ac/Power", .text = TEXT_W, .value = {.type = VALUE_DOUBLE, .d = 5}},
    {.path = "/CustomName", .writable = true, .value = {.type = VALUE_STRING, .s = "Roof"}},
};

static int on_write(void *user, size_t item, const struct value *value)
{
    return SERVICE_ACCEPTED;
}

static const struct service_events service_events = {.write = on_write};

static void on_process(DBusPendingCall *call, void *user)
{
    assert_int_equal(bus_take_process(user), 0);
}

static bool live_bus(void)
{
    struct bus *b = bus_open_now(loop, NULL, why, sizeof why);
    DBusPendingCall *pending = NULL;

    if (b) {
        (void)bus_ask_process(b, "com.victronenergy.nobody", 1000, &pending, on_process, &pending);
        run_loop_for(loop, 1);
        bus_drop_call(&pending);
    }
    bus_close(b);
    return b != NULL;
}

/* Somebody else on the bus, who has all the memory that it takes: asks for what there is. */
static struct bus *client;

/* So long whatever is sent over the bus may take on a busy machine. */
enum { PATIENCE_MS = 10 * 1000 };

static dbus_uint32_t asked; /* the serial number of the last call */
static bool answered;

static DBusHandlerResult on_answer(DBusConnection *c, DBusMessage *m, void *user)
{
    answered = answered || dbus_message_get_reply_serial(m) == asked;
    return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static void ask(const char *path, const char *member)
{
    DBusMessage *m = dbus_message_new_method_call("com.victronenergy.pvinverter.http_20", path,
                                                  "com.victronenergy.BusItem", member);

    assert_non_null(m);
    answered = false;
    assert_true(dbus_connection_send(bus_connection(client), m, &asked));
    dbus_connection_flush(bus_connection(client));
    dbus_message_unref(m);
}

static bool live_service(void)
{
    struct value name = value_string("Barn"), power = value_double(6);
    struct service *s = service_create_now(loop, "com.victronenergy.pvinverter.http_20", items, 2,
                                           &service_events, NULL, why, sizeof why);

    if (s) {
        service_set(s, 0, &power);
        service_set(s, 1, &name);
        service_flush(s);
        run_loop_for(loop, 5);
        service_flush(s);
    }
    service_destroy(s);
    return s != NULL;
}

enum { HELD = 20 };

/* libdbus' own way of doing so ends the program. */
static bool live_rules(void)
{
    static const char rule[] = "type='signal',sender='com.victronenergy.settings'";

    DBusMessage *held[HELD];
    long lacking = lack;

    /* libdbus keeps a few messages for the next ones: none is left to take. */
    lack = 0;
    for (int i = 0; i < HELD; i++)
        held[i] = dbus_message_new(DBUS_MESSAGE_TYPE_SIGNAL);
    lack = lacking;
    bus_remove_match(bus_connection(client), rule); /* first: what is sent is kept again */
    for (int i = 0; i < 10; i++) {
        bus_add_match(bus_connection(client), rule);
        bus_remove_match(bus_connection(client), rule);
    }
    dbus_connection_flush(bus_connection(client));
    for (int i = 0; i < HELD; i++)
        dbus_message_unref(held[i]);
    return true;
}

static bool live_settings(void)
{
    const struct setting list[] = {
        {.path = "/Settings/Devices/x/CustomName", .fallback = value_string("Roof")}};
    struct bus *b = bus_open_now(loop, NULL, why, sizeof why);
    struct settings *s =
        b ? settings_create(loop, b, &(struct settings_events){0}, why, sizeof why) : NULL;
    struct settings_call call = {0};

    if (s) {
        settings_add(s, &call, list, 1, NULL, NULL);
        settings_cancel(&call);
        run_loop_for(loop, 1);
    }
    settings_destroy(s);
    bus_close(b);
    return s != NULL;
}

static void on_ready(void *user)
{
}

static void on_appeared(void *user, const char *service, int instance)
{
}

static bool live_instances(void)
{
    const struct instances_events events = {.ready = on_ready, .appeared = on_appeared};
    struct bus *b = bus_open_now(loop, NULL, why, sizeof why);
    struct instances *d = b ? instances_create(loop, b, &events, why, sizeof why) : NULL;

    if (d)
        run_loop_for(loop, 2);
    instances_destroy(d);
    bus_close(b);
    return d != NULL;
}

static void *on_came(void *user, const char *name)
{
    return user;
}

static void on_gone(void *user, void *service)
{
}

static void on_item(void *user, void *service, const char *path, const struct value *value)
{
}

static void on_news(void *user, void *service, enum monitor_news news)
{
}

static bool settled;

static void on_browser_settled(void *user)
{
    settled = true;
}

static void on_browser_failed(void *user, const char *text)
{
    snprintf(why, sizeof why, "%s", text);
}

/* After a lack of memory it may be that nothing comes any more. */
static bool live_monitor(void)
{
    const struct monitor_events events = {.came = on_came,
                                          .gone = on_gone,
                                          .item = on_item,
                                          .news = on_news,
                                          .settled = on_browser_settled,
                                          .failed = on_browser_failed,
                                          .user = loop};
    struct monitor *b = monitor_create(loop, &events);

    settled = false;
    if (!b)
        snprintf(why, sizeof why, "out of memory");
    for (int i = 0; b && i < PATIENCE_MS && !settled && !missed && !*why; i++)
        run_loop_for(loop, 1);
    run_loop_for(loop, 2);
    monitor_destroy(b);
    return !*why;
}

/* What does not fit is taken back, and what was there is a message all the same. */
static bool live_variant(void)
{
    static const char *const texts[] = {"Roof of the barn behind the house, southern side", "b",
                                        NULL};
    const struct value values[] = {value_string(texts[0]),
                                   value_invalid(),
                                   value_double(5),
                                   {.type = VALUE_STRINGS, .list = texts}};
    DBusMessage *m = dbus_message_new_signal("/", "test.Memory", "Values");
    bool ok = m != NULL;
    DBusMessageIter to;

    if (m)
        dbus_message_iter_init_append(m, &to);
    for (size_t i = 0; ok && i < sizeof values / sizeof values[0]; i++)
        ok = variant_append(&to, &values[i]);
    if (m)
        dbus_message_unref(m);
    if (!ok)
        snprintf(why, sizeof why, "out of memory");
    return ok;
}

/* ---- every allocation ---- */

static int set_up(void **state)
{
    lack = 0;
    missed = false;
    if (!private_bus_start())
        return -1;
    loop = loop_create();
    client = loop ? bus_open_now(loop, NULL, why, sizeof why) : NULL;
    return client ? 0 : -1;
}

static int tear_down(void **state)
{
    lack = 0;
    missed = false;
    bus_close(client);
    loop_destroy(loop);
    private_bus_stop();
    dbus_shutdown();
    return 0;
}

/* One life for each allocation of it, in which this one, or some from it on, fail; then one with all memory. */
static void fail_each(bool (*live)(void), long lacking)
{
    long n = 0;

    do {
        missed = false;
        before = n++;
        lack = lacking;
        why[0] = '\0';
        bool worked = live();
        lack = 0;
        if (!worked && !*why)
            fail_msg("allocation %ld: no reason", n);
    } while (missed);
    assert_true(n > 20); /* they came through here */
    if (!live())
        fail_msg("afterwards: %s", why);
}

#define LIFE_TEST(life)                         \
    static void life##_lacks_one(void **state)  \
    {                                           \
        fail_each(live_##life, 1);              \
    }                                           \
    static void life##_lacks_some(void **state) \
    {                                           \
        fail_each(live_##life, 5);              \
    }

LIFE_TEST(bus)
LIFE_TEST(service)
LIFE_TEST(rules)
LIFE_TEST(settings)
LIFE_TEST(instances)
LIFE_TEST(monitor)
LIFE_TEST(variant)

/* Until the call was answered, or has met with a lack of memory: then the answer may never come. */
static void wait_for_answer(void)
{
    for (int i = 0; i < PATIENCE_MS && !answered && !missed; i++)
        run_loop_for(loop, 1);
    assert_true(answered || missed);
}

/* Replies to others. */
static void calls_lack_memory(void **state)
{
    static const char *const calls[][2] = {{"/", "GetItems"},         {"/", "GetValue"},
                                           {"/Ac", "GetText"},        {"/CustomName", "GetText"},
                                           {"/Ac/Power", "GetValue"}, {"/nowhere", "GetValue"}};
    struct service *s = service_create_now(loop, "com.victronenergy.pvinverter.http_20", items, 2,
                                           &service_events, NULL, why, sizeof why);
    assert_non_null(s);
    assert_true(dbus_connection_add_filter(bus_connection(client), on_answer, NULL, NULL));
    for (size_t c = 0; c < sizeof calls / sizeof calls[0]; c++) {
        long n = 0;
        do {
            ask(calls[c][0], calls[c][1]);
            missed = false;
            before = n++;
            lack = 1;
            wait_for_answer();
            lack = 0;
        } while (missed);
        assert_true(n > 5);
    }
    dbus_connection_remove_filter(bus_connection(client), on_answer, NULL);
    service_destroy(s);
}

static char heard[200];

static DBusHandlerResult on_signal(DBusConnection *c, DBusMessage *m, void *user)
{
    if (dbus_message_is_signal(m, "com.victronenergy.BusItem", "ItemsChanged"))
        snprintf(heard, sizeof heard, "%s", message_text(m));
    return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

/* Whichever allocation it is that fails: nothing of it goes out, and all of it with the next. */
static void changes_wait_for_memory(void **state)
{
    DBusConnection *c = bus_connection(client);
    DBusError error = DBUS_ERROR_INIT;
    struct service *s = service_create_now(loop, "com.victronenergy.pvinverter.http_20", items, 2,
                                           &service_events, NULL, why, sizeof why);
    long n = 0;

    assert_non_null(s);
    dbus_bus_add_match(c, "type='signal',member='ItemsChanged'", &error); /* waits for the bus */
    assert_false(dbus_error_is_set(&error));
    assert_true(dbus_connection_add_filter(c, on_signal, NULL, NULL));
    do {
        char expected[100];
        struct value power = value_double((double)n);
        snprintf(expected, sizeof expected,
                 "{s:\"/Ac/Power\" {s:\"Value\" v<d:%ld>,s:\"Text\" v<s:\"%ldW\">,},}", n, n);
        heard[0] = '\0';
        service_set(s, 0, &power);
        missed = false;
        before = n++;
        lack = 1;
        service_flush(s);
        lack = 0;
        service_flush(s);
        for (int i = 0; i < PATIENCE_MS && !*heard; i++)
            run_loop_for(loop, 1);
        assert_string_equal(heard, expected);
    } while (missed);
    assert_true(n > 5);
    dbus_connection_remove_filter(c, on_signal, NULL);
    service_destroy(s);
}

#define MEMORY_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEMORY_TEST(bus_lacks_one),       MEMORY_TEST(bus_lacks_some),
        MEMORY_TEST(service_lacks_one),   MEMORY_TEST(service_lacks_some),
        MEMORY_TEST(rules_lacks_one),     MEMORY_TEST(rules_lacks_some),
        MEMORY_TEST(settings_lacks_one),  MEMORY_TEST(settings_lacks_some),
        MEMORY_TEST(instances_lacks_one), MEMORY_TEST(instances_lacks_some),
        MEMORY_TEST(monitor_lacks_one),   MEMORY_TEST(monitor_lacks_some),
        MEMORY_TEST(variant_lacks_one),   MEMORY_TEST(variant_lacks_some),
        MEMORY_TEST(calls_lack_memory),   MEMORY_TEST(changes_wait_for_memory),
    };

    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
