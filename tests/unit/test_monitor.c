/* Services that come, go, change and keep silent, as the monitor tells of them; a real dbus-daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bus/bus.h"
#include "edge/bus/monitor.h"
#include "edge/bus/service.h"
#include "edge/bus/variant.h"
#include "edge/sys/loop.h"
#include "unit/support/bus_now.h"
#include "unit/support/private_bus.h"
#include "unit/support/run_for.h"

#define NAME  "com.victronenergy.pvinverter.http_20"
#define OTHER "com.victronenergy.grid.http_30"

static struct loop *loop;
static struct monitor *monitor;
static char why[200];

/* ---- what the monitor tells, one line each ---- */

static char story[65536];
static char refused[64]; /* a name that is not wanted */
static int items_told, lost_calls;

static __attribute__((format(printf, 1, 2))) void note(const char *format, ...)
{
    size_t used = strlen(story);
    va_list args;

    va_start(args, format);
    vsnprintf(story + used, sizeof(story) - used, format, args);
    va_end(args);
}

static void *on_came(void *user, const char *name)
{
    if (strcmp(name, refused) == 0)
        return NULL;
    note("came %s\n", name);
    return strdup(name);
}

static void on_gone(void *user, void *service)
{
    note("gone %s\n", (const char *)service);
    free(service);
}

static void on_item(void *user, void *service, const char *path, const struct value *v)
{
    char text[2000];

    items_told++;
    note("%s=%s\n", path, value_text(v, TEXT_PLAIN, text, sizeof(text)));
}

static void on_news(void *user, void *service, enum monitor_news news)
{
    static const char *const words[] = {"told", "updated", "silent"};

    note("%s %s\n", words[news], (const char *)service);
}

static void on_settled(void *user)
{
    note("settled\n");
}

static void on_failed(void *user, const char *text)
{
    note("failed: %s\n", text);
}

static void on_lost(void *user)
{
    lost_calls++;
}

static const struct monitor_events events = {.came = on_came,
                                             .gone = on_gone,
                                             .item = on_item,
                                             .news = on_news,
                                             .settled = on_settled,
                                             .failed = on_failed,
                                             .lost = on_lost};

static int set_up(void **state)
{
    *story = *refused = '\0';
    items_told = lost_calls = 0;
    if (!private_bus_start())
        return -1;
    loop = loop_create();
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    monitor_destroy(monitor);
    monitor = NULL;
    loop_destroy(loop);
    private_bus_stop();
    dbus_shutdown();
    return 0;
}

/* Runs until the story holds the text; its services leak in a test that fails. */
static void wait_for(const char *text)
{
    for (int i = 0; i < 1000 && !strstr(story, text); i++)
        run_loop_for(loop, 10);
    if (!strstr(story, text))
        fail_msg("no \"%s\" in:\n%s", text, story);
}

static void start_monitor(void)
{
    monitor = monitor_create(loop, &events);
    assert_non_null(monitor);
}

/* Puts away what on_came() gave out for a service that is still there. */
static void let_go(struct service *s)
{
    char gone[128];

    snprintf(gone, sizeof(gone), "gone %s\n", service_name(s));
    service_destroy(s);
    wait_for(gone);
}

/* ---- services ---- */

enum { POWER, CUSTOM_NAME, ITEMS };

static struct service *publish(const char *name)
{
    static const struct service_events none;
    struct service_item items[ITEMS] = {
        [POWER] = {.path = "/Ac/Power", .text = TEXT_W, .value = value_double(100)},
        [CUSTOM_NAME] = {.path = "/CustomName", .value = value_string("Roof")},
    };
    int err;
    struct service *s = service_create_now(loop, name, items, ITEMS, &none, &err, why, sizeof(why));

    if (!s)
        fail_msg("%s", why);
    return s;
}

static void test_finds_what_is_there(void **state)
{
    struct service *a = publish(NAME), *b = publish(OTHER);

    strcpy(refused, OTHER);
    start_monitor();
    wait_for("settled\n");
    assert_string_equal(story, "came " NAME "\n/Ac/Power=100.00\n/CustomName=Roof\ntold " NAME
                               "\nsettled\n");
    service_destroy(b); /* which was refused */
    run_loop_for(loop, 50);
    let_go(a);
    assert_null(strstr(story, OTHER));
}

static void test_nothing_there(void **state)
{
    start_monitor();
    wait_for("settled\n");
    run_loop_for(loop, 50);
    assert_string_equal(story, "settled\n");
    monitor_destroy(NULL);
}

static void test_follows(void **state)
{
    struct service *s;
    struct value v = value_double(250);

    start_monitor();
    wait_for("settled\n");
    s = publish(NAME);
    wait_for("told " NAME);
    *story = '\0';
    service_set(s, POWER, &v);
    service_flush(s);
    wait_for("updated");
    assert_string_equal(story, "/Ac/Power=250.00\nupdated " NAME "\n");
    *story = '\0';
    v = value_invalid();
    service_set(s, POWER, &v);
    service_flush(s);
    wait_for("updated");
    assert_string_equal(story, "/Ac/Power=---\nupdated " NAME "\n");
    let_go(s);
    s = publish(NAME); /* and again: another connection owns the name now */
    wait_for("told " NAME);
    *story = '\0';
    v = value_double(7);
    service_set(s, POWER, &v);
    service_flush(s);
    wait_for("/Ac/Power=7.00\nupdated");
    let_go(s);
}

/* ---- a peer that says what it likes ---- */

static struct bus *peer;
static bool answers_items, answers_at_all;
static int asked;

static DBusMessage *tree_reply(DBusMessage *m)
{
    DBusMessage *reply = dbus_message_new_method_return(m);
    DBusMessageIter body, variant, dict;
    struct value watts = value_double(5), text = value_string("old");

    dbus_message_iter_init_append(reply, &body);
    dbus_message_iter_open_container(&body, DBUS_TYPE_VARIANT, "a{sv}", &variant);
    dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "{sv}", &dict);
    assert_true(variant_append_entry(&dict, "Ac/Power", &watts));
    assert_true(variant_append_entry(&dict, "/CustomName", &text));
    dbus_message_iter_close_container(&variant, &dict);
    dbus_message_iter_close_container(&body, &variant);
    return reply;
}

static DBusHandlerResult on_peer_call(DBusConnection *c, DBusMessage *m, void *user)
{
    DBusMessage *reply = NULL;

    if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_METHOD_CALL)
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    asked++;
    if (!answers_at_all)
        reply = dbus_message_new_error(m, DBUS_ERROR_FAILED, "not now");
    else if (dbus_message_is_method_call(m, BUS_ITEM, "GetValue"))
        reply = tree_reply(m);
    else if (answers_items) /* of a type that it should not have */
        reply = dbus_message_new_method_return(m);
    else
        reply = dbus_message_new_error(m, DBUS_ERROR_UNKNOWN_METHOD, "what?");
    dbus_connection_send(c, reply, NULL);
    dbus_message_unref(reply);
    return DBUS_HANDLER_RESULT_HANDLED;
}

static void start_peer(const char *name)
{
    peer = bus_open_now(loop, NULL, why, sizeof(why));
    assert_non_null(peer);
    dbus_connection_add_filter(bus_connection(peer), on_peer_call, NULL, NULL);
    assert_int_equal(bus_request_name_now(loop, peer, name, why, sizeof(why)), 0);
    asked = 0;
}

static void end_peer(const char *name)
{
    char gone[128];

    dbus_connection_remove_filter(bus_connection(peer), on_peer_call, NULL);
    bus_close(peer);
    snprintf(gone, sizeof(gone), "gone %s\n", name);
    wait_for(gone);
}

static void test_older_library(void **state)
{
    DBusMessage *m;
    DBusMessageIter body, dict;
    struct value v = value_int(9);

    answers_items = false;
    answers_at_all = true;
    start_peer(OTHER);
    start_monitor();
    wait_for("settled\n");
    assert_string_equal(story, "came " OTHER "\n/Ac/Power=5.00\n/CustomName=old\ntold " OTHER
                               "\nsettled\n");
    m = dbus_message_new_signal("/Ac/Power", BUS_ITEM, "PropertiesChanged");
    dbus_message_iter_init_append(m, &body);
    dbus_message_iter_open_container(&body, DBUS_TYPE_ARRAY, "{sv}", &dict);
    assert_true(variant_append_entry(&dict, "Value", &v));
    dbus_message_iter_close_container(&body, &dict);
    dbus_connection_send(bus_connection(peer), m, NULL);
    dbus_message_unref(m);
    wait_for("/Ac/Power=9\nupdated " OTHER);
    end_peer(OTHER);
}

static void test_silent_service(void **state)
{
    answers_at_all = false;
    start_peer(OTHER);
    start_monitor();
    wait_for("settled\n"); /* it is not waited for for ever */
    assert_string_equal(story, "came " OTHER "\nsilent " OTHER "\nsettled\n");
    answers_at_all = true;
    answers_items = false;
    wait_for("told " OTHER); /* it is asked again */
    end_peer(OTHER);
}

static void send_text_signal(const char *path, const char *member, const char *argument)
{
    DBusMessage *m = dbus_message_new_signal(path, BUS_ITEM, member);

    dbus_message_append_args(m, DBUS_TYPE_STRING, &argument, DBUS_TYPE_INVALID);
    dbus_connection_send(bus_connection(peer), m, NULL);
    dbus_message_unref(m);
}

static void send_flood(const char *text)
{
    DBusMessage *m = dbus_message_new_signal("/", BUS_ITEM, "ItemsChanged");
    DBusMessageIter body, items, item, dict;
    struct value v = value_string(text);
    char path[32];
    const char *p = path;

    dbus_message_iter_init_append(m, &body);
    dbus_message_iter_open_container(&body, DBUS_TYPE_ARRAY, "{sa{sv}}", &items);
    for (int i = 0; i < 2 * MONITOR_ITEMS_MAX; i++) {
        snprintf(path, sizeof(path), "/Item/%d", i);
        dbus_message_iter_open_container(&items, DBUS_TYPE_DICT_ENTRY, NULL, &item);
        dbus_message_iter_append_basic(&item, DBUS_TYPE_STRING, &p);
        dbus_message_iter_open_container(&item, DBUS_TYPE_ARRAY, "{sv}", &dict);
        assert_true(variant_append_entry(&dict, "Value", &v));
        dbus_message_iter_close_container(&item, &dict);
        dbus_message_iter_close_container(&items, &item);
    }
    dbus_message_iter_close_container(&body, &items);
    dbus_connection_send(bus_connection(peer), m, NULL);
    dbus_message_unref(m);
}

static void test_bounds(void **state)
{
    char *longer = malloc(MONITOR_TEXT_MAX + 1);

    memset(longer, 'x', MONITOR_TEXT_MAX);
    longer[MONITOR_TEXT_MAX] = '\0';
    answers_items = answers_at_all = true;
    start_peer(OTHER);
    start_monitor();
    wait_for("settled\n"); /* its reply was nonsense, of which nothing is told */
    assert_int_equal(items_told, 0);
    send_text_signal("/", "ItemsChanged", "nonsense");
    send_text_signal("/Ac/Power", "PropertiesChanged", "nonsense");
    send_flood(longer);
    for (int i = 0; i < 500 && items_told < MONITOR_ITEMS_MAX; i++)
        run_loop_for(loop, 10);
    run_loop_for(loop, 50);
    assert_int_equal(items_told, MONITOR_ITEMS_MAX);
    assert_null(strstr(story, "x\n"));
    assert_non_null(strstr(story, "/Item/0=---"));
    *story = '\0';
    end_peer(OTHER);
    free(longer);
}

/* Whoever says that a name changed hands: only the bus is believed. */
static void test_false_alarm(void **state)
{
    struct service *s = publish(NAME);
    const char *name = NAME, *before = ":1.1", *now = "";

    start_monitor();
    wait_for("settled\n");
    answers_at_all = true;
    start_peer(OTHER);
    wait_for("told " OTHER);
    for (int i = 0; i < 10; i++) { /* straight to it, whoever it is: no rule keeps that away */
        char to[16];
        DBusMessage *m =
            dbus_message_new_signal(DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "NameOwnerChanged");
        snprintf(to, sizeof(to), ":1.%d", i);
        dbus_message_set_destination(m, to);
        dbus_message_append_args(m, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &before,
                                 DBUS_TYPE_STRING, &now, DBUS_TYPE_INVALID);
        dbus_connection_send(bus_connection(peer), m, NULL);
        dbus_message_unref(m);
    }
    send_text_signal("/", "ItemsChanged", "it came before this");
    run_loop_for(loop, 100);
    assert_null(strstr(story, "gone"));
    end_peer(OTHER);
    let_go(s);
}

static void test_lost(void **state)
{
    start_monitor();
    wait_for("settled\n");
    private_bus_stop();
    for (int i = 0; i < 500 && lost_calls == 0; i++)
        run_loop_for(loop, 10);
    run_loop_for(loop, 20);
    assert_int_equal(lost_calls, 1);
}

/* Whoever looks does not look at nothing for ever. */
static void test_bus_that_does_not_answer(void **state)
{
    kill(private_bus_pid(), SIGSTOP);
    start_monitor();
    wait_for("failed: no connection to the D-Bus: it does not answer");
    kill(private_bus_pid(), SIGCONT);
}

static void test_no_bus(void **state)
{
    private_bus_stop();
    start_monitor();
    wait_for("failed: no connection to the D-Bus: ");
}

#define ON_BUS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BUS(test_bus_that_does_not_answer),
        ON_BUS(test_finds_what_is_there),
        ON_BUS(test_nothing_there),
        ON_BUS(test_follows),
        ON_BUS(test_older_library),
        ON_BUS(test_silent_service),
        ON_BUS(test_bounds),
        ON_BUS(test_false_alarm),
        ON_BUS(test_lost),
        ON_BUS(test_no_bus),
    };
    return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
