/*
 * A service as its clients see it, over a real dbus-daemon: every method on every kind of node, what
 * goes out when something changes, what is written to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/bus/bus.h"
#include "edge/bus/service.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "unit/support/bus_now.h"
#include "unit/support/private_bus.h"
#include "unit/support/run_for.h"

#define NAME     "com.victronenergy.pvinverter.http_20"
#define BUS_ITEM "com.victronenergy.BusItem"

static struct loop *loop;
static struct service *service;
static struct bus *client;
static char why[200];

enum { POWER, VOLTAGE, ENERGY, NAME_ITEM, POSITION, LIMIT, COMMAND, PRODUCT, CONNECTED, ITEMS };

static struct service_item items[ITEMS] = {
    [POWER] = {.path = "/Ac/Power", .description = "power in all", .text = TEXT_W},
    [VOLTAGE] = {.path = "/Ac/L1/Voltage", .text = TEXT_V},
    [ENERGY] = {.path = "/Ac/Energy/Forward", .text = TEXT_KWH},
    [NAME_ITEM] = {.path = "/CustomName", .writable = true},
    [POSITION] = {.path = "/Position", .writable = true},
    [LIMIT] = {.path = "/Ac/PowerLimit", .text = TEXT_W, .writable = true},
    [COMMAND] = {.path = "/Ac/Command", .text = TEXT_W, .writable = true, .command = VALUE_DOUBLE},
    [PRODUCT] = {.path = "/ProductId", .text = TEXT_HEX},
    [CONNECTED] = {.path = "/Connected"},
};

/* ---- what is written ---- */

static int writes, answer;
static size_t written_item;
static struct value written;
static char written_text[300];

static int on_write(void *user, size_t item, const struct value *value)
{
    writes++;
    written_item = item;
    written = *value;
    if (value->type == VALUE_STRING)
        snprintf(written_text, sizeof(written_text), "%s", value->s);
    if (answer == SERVICE_ACCEPTED)
        service_set(service, item, value);
    return answer;
}

static int lost_calls;

static void on_lost(void *user)
{
    lost_calls++;
}

static const struct service_events events = {.write = on_write, .lost = on_lost};

static void fill_in(void)
{
    items[POWER].value = value_double(1234.5);
    items[VOLTAGE].value = value_double(230.4);
    items[ENERGY].value = value_invalid();
    items[NAME_ITEM].value = value_string("");
    items[POSITION].value = value_int(1);
    items[LIMIT].value = value_double(2000);
    items[COMMAND].value = value_invalid();
    items[PRODUCT].value = value_int(0xa144);
    items[CONNECTED].value = value_int(1);
}

/* ---- calls ---- */

static DBusMessage *last_reply;
static int signals;
static dbus_uint32_t last_serial;
static char last_signal[65536];
static double last_number; /* the first of the last signal */
static bool numbers_rise;

static void look_at_number(void)
{
    const char *at = strstr(last_signal, "d:");
    double number = at ? strtod(at + 2, NULL) : 0;

    numbers_rise = numbers_rise && number > last_number;
    last_number = number;
}

static DBusHandlerResult on_client_message(DBusConnection *c, DBusMessage *m, void *user)
{
    if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_SIGNAL ||
        !dbus_message_has_interface(m, BUS_ITEM))
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    signals++;
    assert_true(dbus_message_get_no_reply(m));
    assert_string_equal(dbus_message_get_path(m), "/");
    assert_string_equal(dbus_message_get_member(m), "ItemsChanged");
    assert_string_equal(dbus_message_get_signature(m), "a{sa{sv}}");
    assert_true(dbus_message_get_serial(m) > last_serial); /* one of the connection's own */
    last_serial = dbus_message_get_serial(m);
    snprintf(last_signal, sizeof(last_signal), "%s", message_text(m));
    look_at_number();
    return DBUS_HANDLER_RESULT_HANDLED;
}

static int set_up(void **state)
{
    DBusError error = DBUS_ERROR_INIT;
    int err = 99;

    fill_in();
    writes = lost_calls = signals = 0;
    last_serial = 1; /* Hello's */
    last_signal[0] = '\0';
    answer = SERVICE_ACCEPTED;
    if (!private_bus_start())
        return -1;
    loop = loop_create();
    client = bus_open_now(loop, NULL, why, sizeof(why));
    service = service_create_now(loop, NAME, items, ITEMS, &events, &err, why, sizeof(why));
    if (!client || !service || err)
        return -1;
    dbus_connection_add_filter(bus_connection(client), on_client_message, NULL, NULL);
    dbus_bus_add_match(bus_connection(client), "type='signal',interface='" BUS_ITEM "'", &error);
    return dbus_error_is_set(&error) ? -1 : 0;
}

static int tear_down(void **state)
{
    dbus_connection_remove_filter(bus_connection(client), on_client_message, NULL);
    service_destroy(service);
    bus_close(client);
    loop_destroy(loop);
    private_bus_stop();
    dbus_shutdown();
    return 0;
}

/* As many as are awaited, and a moment more for one too many. */
static void wait_for_signals(int count)
{
    for (int i = 0; i < 500 && signals < count; i++)
        run_loop_for(loop, 10);
    run_loop_for(loop, 20);
}

static void on_reply(DBusPendingCall *call, void *user)
{
    last_reply = dbus_pending_call_steal_reply(call);
    loop_stop(loop, 0);
}

/* Sends a call, takes it over, returns the reply's text until the next. */
static const char *send_call(DBusMessage *m)
{
    static char text[65536];
    DBusPendingCall *pending = NULL;

    last_reply = NULL;
    assert_true(dbus_connection_send_with_reply(bus_connection(client), m, &pending, 5000));
    dbus_message_unref(m);
    dbus_pending_call_set_notify(pending, on_reply, NULL, NULL);
    run_loop_for(loop, 6000);
    dbus_pending_call_unref(pending);
    assert_non_null(last_reply);
    snprintf(text, sizeof(text), "%s", message_text(last_reply));
    dbus_message_unref(last_reply);
    return text;
}

static DBusMessage *new_call(const char *path, const char *method)
{
    DBusMessage *m = dbus_message_new_method_call(NAME, path, BUS_ITEM, method);

    assert_non_null(m);
    return m;
}

static const char *call(const char *path, const char *method)
{
    return send_call(new_call(path, method));
}

static const char *set_value(const char *path, int type, const char *signature, const void *value)
{
    DBusMessage *m = new_call(path, "SetValue");
    DBusMessageIter i, variant;

    dbus_message_iter_init_append(m, &i);
    dbus_message_iter_open_container(&i, DBUS_TYPE_VARIANT, signature, &variant);
    dbus_message_iter_append_basic(&variant, type, value);
    dbus_message_iter_close_container(&i, &variant);
    return send_call(m);
}

static const char *set_double(const char *path, double d)
{
    return set_value(path, DBUS_TYPE_DOUBLE, "d", &d);
}

static const char *set_int(const char *path, int32_t i)
{
    return set_value(path, DBUS_TYPE_INT32, "i", &i);
}

static const char *set_text(const char *path, const char *s)
{
    return set_value(path, DBUS_TYPE_STRING, "s", &s);
}

static const char *unknown_object = DBUS_ERROR_UNKNOWN_OBJECT " ";
static const char *unknown_method = DBUS_ERROR_UNKNOWN_METHOD " ";
static const char *invalid_args = DBUS_ERROR_INVALID_ARGS " ";

/* ---- reading ---- */

static void test_leaves(void **state)
{
    assert_string_equal(call("/Ac/Power", "GetValue"), "v<d:1234.5>");
    assert_string_equal(call("/Ac/Power", "GetText"), "s:\"1234W\"");
    assert_string_equal(call("/Ac/L1/Voltage", "GetText"), "s:\"230V\"");
    assert_string_equal(call("/ProductId", "GetValue"), "v<i:41284>");
    assert_string_equal(call("/ProductId", "GetText"), "s:\"0xA144\"");
    assert_string_equal(call("/Connected", "GetText"), "s:\"1\"");
    assert_string_equal(call("/CustomName", "GetValue"), "v<s:\"\">");
    assert_string_equal(call("/CustomName", "GetText"), "s:\"\"");
    assert_string_equal(call("/Ac/Energy/Forward", "GetValue"), "v<[]ai>"); /* no value */
    assert_string_equal(call("/Ac/Energy/Forward", "GetText"), "s:\"---\"");
}

static const char *describe(const char *path)
{
    const char *language = "en";
    dbus_int32_t length = 80;
    DBusMessage *m = new_call(path, "GetDescription");

    dbus_message_append_args(m, DBUS_TYPE_STRING, &language, DBUS_TYPE_INT32, &length,
                             DBUS_TYPE_INVALID);
    return send_call(m);
}

static void test_descriptions(void **state)
{
    assert_string_equal(describe("/Ac/Power"), "s:\"power in all\"");
    assert_string_equal(describe("/Position"), "s:\"\"");
    assert_string_equal(describe("/Ac"), unknown_method);
    assert_string_equal(call("/Ac/Power", "GetDescription"), invalid_args);
}

static void test_inner_nodes(void **state)
{
    assert_string_equal(call("/Ac", "GetValue"),
                        "v<{s:\"Power\" v<d:1234.5>,s:\"L1/Voltage\" v<d:230.4>,"
                        "s:\"Energy/Forward\" v<[]ai>,s:\"PowerLimit\" v<d:2000>,"
                        "s:\"Command\" v<[]ai>,}>");
    assert_string_equal(call("/Ac", "GetText"),
                        "v<{s:\"Power\" v<s:\"1234W\">,s:\"L1/Voltage\" v<s:\"230V\">,"
                        "s:\"Energy/Forward\" v<s:\"---\">,s:\"PowerLimit\" v<s:\"2000W\">,"
                        "s:\"Command\" v<s:\"---\">,}>");
    assert_string_equal(call("/Ac/L1", "GetValue"), "v<{s:\"Voltage\" v<d:230.4>,}>");
    assert_string_equal(call("/Ac/Energy", "GetText"), "v<{s:\"Forward\" v<s:\"---\">,}>");
    assert_string_equal(call("/Ac", "GetItems"), unknown_method);
    assert_string_equal(set_double("/Ac", 1), unknown_method);
}

static void test_root(void **state)
{
    assert_string_equal(
        call("/", "GetValue"),
        "v<{s:\"Ac/Power\" v<d:1234.5>,s:\"Ac/L1/Voltage\" v<d:230.4>,"
        "s:\"Ac/Energy/Forward\" v<[]ai>,s:\"CustomName\" v<s:\"\">,s:\"Position\" v<i:1>,"
        "s:\"Ac/PowerLimit\" v<d:2000>,s:\"Ac/Command\" v<[]ai>,s:\"ProductId\" v<i:41284>,s:\"Connected\" v<i:1>,}>");
    assert_non_null(strstr(call("/", "GetText"), "s:\"ProductId\" v<s:\"0xA144\">"));
    assert_string_equal(call("/", "GetItems"),
                        "{s:\"/Ac/Power\" {s:\"Value\" v<d:1234.5>,s:\"Text\" v<s:\"1234W\">,},"
                        "s:\"/Ac/L1/Voltage\" {s:\"Value\" v<d:230.4>,s:\"Text\" v<s:\"230V\">,},"
                        "s:\"/Ac/Energy/Forward\" {s:\"Value\" v<[]ai>,s:\"Text\" v<s:\"---\">,},"
                        "s:\"/CustomName\" {s:\"Value\" v<s:\"\">,s:\"Text\" v<s:\"\">,},"
                        "s:\"/Position\" {s:\"Value\" v<i:1>,s:\"Text\" v<s:\"1\">,},"
                        "s:\"/Ac/PowerLimit\" {s:\"Value\" v<d:2000>,s:\"Text\" v<s:\"2000W\">,},"
                        "s:\"/Ac/Command\" {s:\"Value\" v<[]ai>,s:\"Text\" v<s:\"---\">,},"
                        "s:\"/ProductId\" {s:\"Value\" v<i:41284>,s:\"Text\" v<s:\"0xA144\">,},"
                        "s:\"/Connected\" {s:\"Value\" v<i:1>,s:\"Text\" v<s:\"1\">,},}");
    assert_string_equal(set_double("/", 1), unknown_method);
    assert_string_equal(describe("/"), unknown_method);
}

static void test_what_is_not_there(void **state)
{
    static const char *const paths[] = {"/A",         "/Acx", "/Ac/P", "/Ac/Power/x",
                                        "/Ac/Powers", "/Zzz", "/Ac/L", "/Ac/L1/Voltage/x"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_string_equal(call(paths[i], "GetValue"), unknown_object);
        assert_string_equal(set_int(paths[i], 1), unknown_object);
    }
    assert_string_equal(call("/Ac/Power", "GetItems"), unknown_method);
    assert_string_equal(call("/Ac/Power", "Explode"), unknown_method);
    assert_string_equal(call("/", "SetValues"), unknown_method);
    assert_string_equal(send_call(dbus_message_new_method_call(NAME, "/", DBUS_INTERFACE_PROPERTIES,
                                                               "Get")),
                        unknown_method);
}

static void test_wrong_arguments(void **state)
{
    static const char *const readers[] = {"GetValue", "GetText", "GetItems"};
    dbus_int32_t number = 1;

    for (size_t i = 0; i < 3; i++) {
        DBusMessage *m = new_call("/", readers[i]);
        dbus_message_append_args(m, DBUS_TYPE_INT32, &number, DBUS_TYPE_INVALID);
        assert_string_equal(send_call(m), invalid_args);
    }
    assert_string_equal(call("/Position", "SetValue"), invalid_args);
    DBusMessage *m = new_call("/Position", "SetValue"); /* an integer, and no variant */
    dbus_message_append_args(m, DBUS_TYPE_INT32, &number, DBUS_TYPE_INVALID);
    assert_string_equal(send_call(m), invalid_args);
    assert_int_equal(writes, 0);
}

static void test_without_an_interface(void **state)
{
    DBusMessage *m = dbus_message_new_method_call(NAME, "/Ac/Power", NULL, "GetValue");

    assert_string_equal(send_call(m), "v<d:1234.5>");
}

static void test_peer(void **state)
{
    assert_string_equal(send_call(dbus_message_new_method_call(NAME, "/Ac/Power",
                                                               DBUS_INTERFACE_PEER, "Ping")),
                        "");
    assert_string_equal(send_call(
                            dbus_message_new_method_call(NAME, "/", DBUS_INTERFACE_PEER, "Ping")),
                        "");
}

/* ---- introspection ---- */

static char *introspect(const char *path)
{
    const char *text = send_call(
        dbus_message_new_method_call(NAME, path, DBUS_INTERFACE_INTROSPECTABLE, "Introspect"));
    size_t len = strlen(text);

    assert_true(len > 4 && strncmp(text, "s:\"", 3) == 0);
    char *xml = strdup(text + 3);
    xml[len - 4] = '\0';
    FILE *python =
        popen("python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.stdin.buffer)'", "w");
    fputs(xml, python);
    assert_int_equal(pclose(python), 0);
    return xml;
}

static void test_introspection(void **state)
{
    char *xml = introspect("/");

    assert_non_null(strstr(xml, "<interface name=\"com.victronenergy.BusItem\">"));
    assert_non_null(
        strstr(xml,
               "<method name=\"GetItems\">\n      <arg type=\"a{sa{sv}}\" direction=\"out\"/>"));
    assert_non_null(strstr(xml, "<signal name=\"ItemsChanged\">"));
    assert_non_null(strstr(xml, "<node name=\"Ac\"/>"));
    assert_ptr_equal(strstr(strstr(xml, "<node name=\"Ac\"/>") + 1, "<node name=\"Ac\"/>"), NULL);
    assert_non_null(strstr(xml, "<node name=\"ProductId\"/>"));
    assert_null(strstr(xml, "SetValue"));
    free(xml);
    xml = introspect("/Ac");
    assert_non_null(strstr(xml, "<node name=\"L1\"/>"));
    assert_non_null(strstr(xml, "<node name=\"Power\"/>"));
    assert_null(strstr(xml, "GetItems"));
    free(xml);
    xml = introspect("/Position");
    assert_non_null(strstr(xml,
                           "<method name=\"SetValue\">\n      <arg type=\"v\" direction=\"in\"/>\n"
                           "      <arg type=\"i\" direction=\"out\"/>"));
    assert_non_null(strstr(xml, "<arg type=\"i\" direction=\"in\"/>"));
    assert_null(strstr(xml, "<node name"));
    free(xml);
    assert_string_equal(send_call(dbus_message_new_method_call(NAME, "/no",
                                                               DBUS_INTERFACE_INTROSPECTABLE,
                                                               "Introspect")),
                        unknown_object);
}

/* ---- changes ---- */

static void set(size_t item, struct value v)
{
    service_set(service, item, &v);
}

static void test_changes_go_out_in_one_signal(void **state)
{
    set(POWER, value_double(50));
    set(ENERGY, value_double(12.345));
    set(POWER, value_double(60));
    run_loop_for(loop, 30);
    assert_int_equal(signals, 0); /* nothing before the flush */
    assert_string_equal(call("/Ac/Power", "GetValue"), "v<d:60>");
    service_flush(service);
    wait_for_signals(1);
    assert_int_equal(signals, 1);
    assert_string_equal(
        last_signal,
        "{s:\"/Ac/Power\" {s:\"Value\" v<d:60>,s:\"Text\" v<s:\"60W\">,},"
        "s:\"/Ac/Energy/Forward\" {s:\"Value\" v<d:12.345>,s:\"Text\" v<s:\"12.35kWh\">,},}");
    service_flush(service);
    set(POWER, value_double(60)); /* as it is */
    set(ITEMS, value_double(1));  /* no such item */
    service_flush(service);
    run_loop_for(loop, 30);
    assert_int_equal(signals, 1);
    set(ENERGY, value_invalid());
    set(VOLTAGE, value_double(NAN));
    service_flush(service);
    wait_for_signals(2);
    assert_string_equal(
        last_signal, "{s:\"/Ac/L1/Voltage\" {s:\"Value\" v<[]ai>,s:\"Text\" v<s:\"---\">,},"
                     "s:\"/Ac/Energy/Forward\" {s:\"Value\" v<[]ai>,s:\"Text\" v<s:\"---\">,},}");
}

static void test_strings(void **state)
{
    char text[300], expected[400];

    strcpy(text, "roof");
    set(NAME_ITEM, value_string(text));
    strcpy(text, "changed afterwards");
    assert_string_equal(call("/CustomName", "GetValue"), "v<s:\"roof\">");
    memset(text, 'n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    set(NAME_ITEM, value_string(text));
    snprintf(expected, sizeof(expected), "s:\"%s\"", text);
    assert_string_equal(call("/CustomName", "GetText"), expected);
    set(NAME_ITEM, value_string("short"));
    assert_string_equal(call("/CustomName", "GetText"), "s:\"short\"");
    set(NAME_ITEM, value_string("D\xc3\xa4"
                                "ch"));
    assert_string_equal(call("/CustomName", "GetText"), "s:\"D\xc3\xa4"
                                                        "ch\"");
    set(NAME_ITEM, value_string("broken \xc3\x28 \xff")); /* libdbus would end the program */
    assert_string_equal(call("/CustomName", "GetText"), "s:\"broken ?( ?\"");
    set(NAME_ITEM, value_string("\xC3\xBC\x1b[2J\xE2\x80\xAE\xEF\xBF\xBE"));
    assert_string_equal(call("/CustomName", "GetText"), "s:\"\xC3\xBC?[2J??\"");
    set(NAME_ITEM, value_invalid());
    assert_string_equal(call("/CustomName", "GetText"), "s:\"---\"");
    set(NAME_ITEM, value_int(5));
    assert_string_equal(call("/CustomName", "GetValue"), "v<i:5>");
}

static const char *const roles[] = {"pvinverter", "grid", "genset", "acload", "heatpump", NULL};
static const char *const no_roles[] = {NULL};

static void test_lists_of_strings(void **state)
{
    static const char *const same[] = {"pvinverter", "grid", "genset", "acload", "heatpump", NULL};

    set(PRODUCT, value_strings(roles));
    assert_string_equal(
        call("/ProductId", "GetValue"),
        "v<[s:\"pvinverter\" s:\"grid\" s:\"genset\" s:\"acload\" s:\"heatpump\"]>");
    assert_string_equal(call("/ProductId", "GetText"),
                        "s:\"['pvinverter', 'grid', 'genset', 'acload', 'heatpump']\"");
    assert_non_null(strstr(call("/", "GetItems"), "s:\"/ProductId\" {s:\"Value\" v<[s:\"pvinv"));
    assert_non_null(strstr(call("/", "GetValue"), "s:\"heatpump\"]>"));
    service_flush(service);
    wait_for_signals(1);
    set(PRODUCT, value_strings(same));
    service_flush(service);
    run_loop_for(loop, 30);
    assert_int_equal(signals, 1);
    set(PRODUCT, value_strings(no_roles));
    service_flush(service);
    wait_for_signals(2);
    assert_string_equal(last_signal,
                        "{s:\"/ProductId\" {s:\"Value\" v<[]as>,s:\"Text\" v<s:\"[]\">,},}");
    set(POSITION, value_strings(roles)); /* a list is nothing that anyone can write to */
    assert_string_equal(set_double("/Position", 1), "i:1");
    assert_int_equal(writes, 0);
}

/* ---- SetValue ---- */

static void test_accepted_write(void **state)
{
    assert_string_equal(set_double("/Ac/PowerLimit", 300), "i:0");
    assert_int_equal(writes, 1);
    assert_int_equal(written_item, LIMIT);
    assert_int_equal(written.type, VALUE_DOUBLE);
    assert_true(written.d > 299.9 && written.d < 300.1);
    wait_for_signals(1);
    assert_int_equal(signals, 1); /* flushed by itself */
    assert_string_equal(last_signal,
                        "{s:\"/Ac/PowerLimit\" {s:\"Value\" v<d:300>,s:\"Text\" v<s:\"300W\">,},}");
    assert_string_equal(set_double("/Ac/PowerLimit", 300), "i:0"); /* as it is */
    assert_int_equal(writes, 1);
    assert_string_equal(set_text("/CustomName", "Garage"), "i:0");
    assert_string_equal(written_text, "Garage");
    assert_string_equal(call("/CustomName", "GetValue"), "v<s:\"Garage\">");
}

static void test_refused_write(void **state)
{
    answer = SERVICE_REFUSED;
    assert_string_equal(set_double("/Ac/PowerLimit", 300), "i:2");
    assert_string_equal(call("/Ac/PowerLimit", "GetValue"), "v<d:2000>");
    assert_string_equal(set_double("/Ac/PowerLimit", 2000), "i:0");
    assert_int_equal(writes, 1);
    run_loop_for(loop, 20);
    assert_int_equal(signals, 0);
}

static void test_what_is_not_writable(void **state)
{
    assert_string_equal(set_double("/Ac/Power", 1), "i:1");
    assert_string_equal(set_double("/Ac/Power", 1234.5), "i:1"); /* though it is that already */
    assert_string_equal(set_int("/Connected", 0), "i:1");
    assert_int_equal(writes, 0);
}

static void test_numbers_of_all_types(void **state)
{
    uint8_t y = 2;
    int16_t n = 0;
    uint16_t q = 2;
    uint32_t u = 0;
    int64_t x = 2;
    uint64_t t = 0;
    dbus_bool_t b = TRUE;

    assert_string_equal(set_value("/Position", DBUS_TYPE_BYTE, "y", &y), "i:0");
    assert_string_equal(call("/Position", "GetValue"), "v<i:2>");
    assert_string_equal(set_value("/Position", DBUS_TYPE_INT16, "n", &n), "i:0");
    assert_string_equal(call("/Position", "GetValue"), "v<i:0>");
    assert_string_equal(set_value("/Position", DBUS_TYPE_UINT16, "q", &q), "i:0");
    assert_string_equal(set_value("/Position", DBUS_TYPE_UINT32, "u", &u), "i:0");
    assert_string_equal(set_value("/Position", DBUS_TYPE_INT64, "x", &x), "i:0");
    assert_string_equal(call("/Position", "GetValue"), "v<i:2>");
    assert_string_equal(set_value("/Position", DBUS_TYPE_UINT64, "t", &t), "i:0");
    assert_string_equal(set_value("/Position", DBUS_TYPE_BOOLEAN, "b", &b), "i:0");
    assert_string_equal(call("/Position", "GetValue"), "v<i:1>");
    assert_string_equal(set_double("/Position", 2), "i:0");
    assert_string_equal(call("/Position", "GetValue"), "v<i:2>");
    assert_string_equal(set_int("/Ac/PowerLimit", 750), "i:0");
    assert_string_equal(call("/Ac/PowerLimit", "GetValue"), "v<d:750>");
    assert_int_equal(writes, 9);
}

static void test_unusable_values(void **state)
{
    int64_t x = INT64_C(1) << 40, huge = INT64_MIN;
    uint64_t t = UINT64_MAX;
    uint32_t u = 0x80000000;
    const char *path = "/a/path";

    assert_string_equal(set_double("/Position", 1.5), "i:1");
    assert_string_equal(set_double("/Position", 1e10), "i:1");
    assert_string_equal(set_double("/Ac/PowerLimit", NAN), "i:1");
    assert_string_equal(set_double("/Ac/PowerLimit", INFINITY), "i:1");
    assert_string_equal(set_value("/Position", DBUS_TYPE_INT64, "x", &x), "i:1");
    assert_string_equal(set_value("/Position", DBUS_TYPE_UINT32, "u", &u), "i:1");
    assert_string_equal(set_value("/Ac/PowerLimit", DBUS_TYPE_UINT64, "t", &t), "i:1");
    assert_string_equal(set_value("/Ac/PowerLimit", DBUS_TYPE_INT64, "x", &huge), "i:1");
    assert_string_equal(set_text("/Position", "1"), "i:1");
    assert_string_equal(set_int("/CustomName", 1), "i:1");
    assert_string_equal(set_value("/CustomName", DBUS_TYPE_OBJECT_PATH, "o", &path), "i:1");
    assert_int_equal(writes, 0);
    assert_string_equal(set_value("/Ac/PowerLimit", DBUS_TYPE_INT64, "x", &x), "i:0");
}

/* v<v<...i...>> */
static const char *set_wrapped(int depth)
{
    DBusMessage *m = new_call("/Position", "SetValue");
    DBusMessageIter i[12];
    dbus_int32_t number = 2;

    dbus_message_iter_init_append(m, &i[0]);
    for (int d = 0; d < depth; d++)
        dbus_message_iter_open_container(&i[d], DBUS_TYPE_VARIANT, d + 1 < depth ? "v" : "i",
                                         &i[d + 1]);
    dbus_message_iter_append_basic(&i[depth], DBUS_TYPE_INT32, &number);
    for (int d = depth; d > 0; d--)
        dbus_message_iter_close_container(&i[d - 1], &i[d]);
    return send_call(m);
}

static void test_containers_in_the_variant(void **state)
{
    DBusMessage *m = new_call("/Position", "SetValue");
    DBusMessageIter i, variant, array;

    dbus_message_iter_init_append(m, &i);
    dbus_message_iter_open_container(&i, DBUS_TYPE_VARIANT, "ai", &variant);
    dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "i", &array);
    dbus_message_iter_close_container(&variant, &array);
    dbus_message_iter_close_container(&i, &variant);
    assert_string_equal(send_call(m), "i:1"); /* "no value" */
    assert_string_equal(set_wrapped(10), "i:1");
    assert_int_equal(writes, 0);
    assert_string_equal(set_wrapped(2), "i:0");
    assert_string_equal(call("/Position", "GetValue"), "v<i:2>");
}

static void test_write_where_there_is_no_value(void **state)
{
    set(LIMIT, value_invalid());
    assert_string_equal(set_int("/Ac/PowerLimit", 500), "i:0"); /* the driver decides */
    assert_int_equal(written.type, VALUE_INT);
}

/* It may not be so any more where the command goes: a loop that limits says the same again and again. */
static void test_a_command_is_heard_each_time(void **state)
{
    for (int i = 1; i <= 3; i++) { /* the first while there is no value */
        assert_string_equal(set_int("/Ac/Command", 500), "i:0");
        assert_int_equal(writes, i);
        assert_int_equal(written_item, COMMAND);
        assert_int_equal(written.type, VALUE_DOUBLE);
        assert_string_equal(call("/Ac/Command", "GetValue"), "v<d:500>");
    }
    assert_string_equal(set_text("/Ac/Command", "500"), "i:2");
    assert_int_equal(writes, 3);
    answer = SERVICE_REFUSED;
    assert_string_equal(set_int("/Ac/Command", 500), "i:2");
    assert_int_equal(writes, 4);
    assert_string_equal(set_int("/Ac/PowerLimit", 2000),
                        "i:0"); /* what commands nothing, is so already */
    assert_int_equal(writes, 4);
}

static void test_no_reply_wanted(void **state)
{
    DBusMessage *m = new_call("/Ac/Power", "GetValue");

    dbus_message_set_no_reply(m, TRUE);
    dbus_connection_send(bus_connection(client), m, NULL);
    dbus_message_unref(m);
    m = new_call("/nowhere", "GetValue");
    dbus_message_set_no_reply(m, TRUE);
    dbus_connection_send(bus_connection(client), m, NULL);
    dbus_message_unref(m);
    assert_string_equal(call("/Ac/Power", "GetText"), "s:\"1234W\"");
}

/* ---- creation ---- */

static void expect_no_service(const struct service_item *some, size_t count, const char *name,
                              int error, const char *words)
{
    int err = 0;

    assert_null(service_create_now(loop, name, some, count, &events, &err, why, sizeof(why)));
    assert_int_equal(err, error);
    if (!strstr(why, words))
        fail_msg("\"%s\" does not say \"%s\"", why, words);
}

static void test_name_taken(void **state)
{
    expect_no_service(items, ITEMS, NAME, -EEXIST, "another process owns the name");
    service_destroy(service);
    service = NULL;
    const char *answered = "";
    for (int i = 0; i < 500 && strcmp(answered, DBUS_ERROR_SERVICE_UNKNOWN " ") != 0; i++)
        answered = call("/", "GetItems"); /* the bus may hear of us first, and then of the end */
    assert_string_equal(answered, DBUS_ERROR_SERVICE_UNKNOWN " ");
    service = service_create_now(loop, NAME, items, ITEMS, &events, NULL, why, sizeof(why));
    assert_non_null(service);
    assert_string_equal(service_name(service), NAME);
}

static void test_paths_that_are_none(void **state)
{
    static const char *const wrong[] = {"",     "/",         "Ac/Power", "/Ac//Power",
                                        "/Ac/", "/Ac Power", "/\xc3\xa4"};
    struct service_item some[2] = {{.path = "/A"}, {.path = "/A"}};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        some[1].path = wrong[i];
        expect_no_service(some, 2, "com.victronenergy.x", -EINVAL, "no path");
    }
    some[1].path = "/A";
    expect_no_service(some, 2, "com.victronenergy.x", -EINVAL, "twice");
    some[1].path = "/B";
    expect_no_service(some, 2, "no name", -EINVAL, "no valid name");
}

static void test_two_services(void **state)
{
    static const struct service_item one[] = {{.path = "/Connected"}};
    struct service *other = service_create_now(loop, "com.victronenergy.grid.http_40", one, 1,
                                               &events, NULL, why, sizeof(why));

    assert_non_null(other);
    DBusMessage *m =
        dbus_message_new_method_call("com.victronenergy.grid.http_40", "/", BUS_ITEM, "GetValue");
    assert_string_equal(send_call(m), "v<{s:\"Connected\" v<[]ai>,}>");
    service_destroy(other);
    assert_string_equal(call("/Connected", "GetValue"), "v<i:1>");
}

static void test_nothing_writable_without_a_callback(void **state)
{
    static const struct service_item one[] = {{.path = "/Position", .writable = true}};
    struct service_events none = {.write = NULL};
    struct service *other = service_create_now(loop, "com.victronenergy.grid.http_40", one, 1,
                                               &none, NULL, why, sizeof(why));
    DBusMessage *m = dbus_message_new_method_call("com.victronenergy.grid.http_40", "/Position",
                                                  BUS_ITEM, "SetValue");
    DBusMessageIter i, variant;
    dbus_int32_t number = 2;

    dbus_message_iter_init_append(m, &i);
    dbus_message_iter_open_container(&i, DBUS_TYPE_VARIANT, "i", &variant);
    dbus_message_iter_append_basic(&variant, DBUS_TYPE_INT32, &number);
    dbus_message_iter_close_container(&i, &variant);
    assert_string_equal(send_call(m), "i:1");
    service_destroy(other);
    service_destroy(NULL);
}

static void test_many_items(void **state)
{
    enum { MANY = 300 };
    static struct service_item many[MANY];
    static char paths[MANY][32];

    for (int i = 0; i < MANY; i++) {
        snprintf(paths[i], sizeof(paths[i]), "/Pv/%d/%c%d", i * 7 % 10, 'A' + i % 26, i);
        many[i] = (struct service_item){.path = paths[i], .value = value_int(i)};
    }
    struct service *s = service_create_now(loop, "com.victronenergy.x.http_1", many, MANY, &events,
                                           NULL, why, sizeof(why));
    assert_non_null(s);
    for (int i = 0; i < MANY; i += 17) {
        char expected[32];
        snprintf(expected, sizeof(expected), "v<i:%d>", i);
        DBusMessage *m = dbus_message_new_method_call("com.victronenergy.x.http_1", paths[i],
                                                      BUS_ITEM, "GetValue");
        assert_string_equal(send_call(m), expected);
    }
    char *xml = strdup(
        send_call(dbus_message_new_method_call("com.victronenergy.x.http_1", "/Pv",
                                               DBUS_INTERFACE_INTROSPECTABLE, "Introspect")));
    int nodes = 0;
    for (const char *at = xml; (at = strstr(at, "<node name=")) != NULL; at++)
        nodes++;
    assert_int_equal(nodes, 10);
    free(xml);
    service_destroy(s);
}

/* ---- hard times ---- */

static void test_lost(void **state)
{
    private_bus_stop();
    for (int i = 0; i < 500 && lost_calls == 0; i++)
        run_loop_for(loop, 10);
    assert_int_equal(lost_calls, 1);
    set(POWER, value_double(1));
    service_flush(service); /* to nobody */
    run_loop_for(loop, 50);
    assert_int_equal(lost_calls, 1);
}

static void test_bus_that_takes_nothing(void **state)
{
    DBusConnection *mine = bus_connection(client);

    last_number = -1;
    numbers_rise = true;
    kill(private_bus_pid(), SIGSTOP);
    for (int i = 0; i < 20000; i++) {
        set(POWER, value_double(i));
        service_flush(service);
    }
    kill(private_bus_pid(), SIGCONT);
    /* The last value was not forgotten: it goes with the first flush that finds room. */
    int64_t deadline_ms = clock_now_ms() + 10000;
    while (!strstr(last_signal, "d:19999") && clock_now_ms() < deadline_ms) {
        run_loop_for(loop, 50);
        service_flush(service);
    }
    print_message("# %d of 20000 signals were sent to a bus that took nothing\n", signals);
    assert_non_null(strstr(last_signal, "d:19999"));
    assert_true(signals < 5000);
    assert_true(numbers_rise); /* one that waited was not written over */
    assert_true(dbus_connection_get_is_connected(mine));
}

enum { FLOOD = 10000 };

static void flood(void)
{
    DBusConnection *c = dbus_bus_get_private(DBUS_BUS_SESSION, NULL);

    for (int i = 0; i < FLOOD && c; i++) {
        DBusMessage *m = dbus_message_new_method_call(NAME, i % 10 ? "/Ac/Power" : "/", BUS_ITEM,
                                                      i % 10 ? "GetValue" : "GetItems");
        dbus_message_set_no_reply(m, i % 3 != 0);
        dbus_connection_send(c, m, NULL);
        dbus_message_unref(m);
        if (i % 500 == 0)
            dbus_connection_flush(c);
    }
    dbus_connection_flush(c);
    _exit(0);
}

static int64_t last_tick_ms, longest_gap_ms;
static int ticks;
static struct loop_timer tick;

static void on_tick(void *user)
{
    int64_t now_ms = clock_now_ms();

    if (now_ms - last_tick_ms > longest_gap_ms)
        longest_gap_ms = now_ms - last_tick_ms;
    last_tick_ms = now_ms;
    ticks++;
    loop_timer_arm(&tick, 5);
}

static void test_flood_starves_nobody(void **state)
{
    longest_gap_ms = ticks = 0;
    pid_t pid = fork();
    if (pid == 0)
        flood();
    loop_timer_init(&tick, loop, on_tick, NULL);
    last_tick_ms = clock_now_ms();
    loop_timer_arm(&tick, 0);
    int64_t deadline_ms = clock_now_ms() + 20000;
    while (waitpid(pid, NULL, WNOHANG) == 0 && clock_now_ms() < deadline_ms)
        run_loop_for(loop, 50);
    run_loop_for(loop, 100);
    loop_timer_disarm(&tick);
    print_message("# %d calls: %d ticks of 5 ms meanwhile, the longest gap was %d ms\n", FLOOD,
                  ticks, (int)longest_gap_ms);
    assert_true(ticks > 20); /* starved, it would have been one or two */
    assert_string_equal(call("/Ac/Power", "GetValue"), "v<d:1234.5>");
}

#define SERVICE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(test_leaves),
        SERVICE_TEST(test_descriptions),
        SERVICE_TEST(test_inner_nodes),
        SERVICE_TEST(test_root),
        SERVICE_TEST(test_what_is_not_there),
        SERVICE_TEST(test_wrong_arguments),
        SERVICE_TEST(test_without_an_interface),
        SERVICE_TEST(test_peer),
        SERVICE_TEST(test_introspection),
        SERVICE_TEST(test_changes_go_out_in_one_signal),
        SERVICE_TEST(test_strings),
        SERVICE_TEST(test_lists_of_strings),
        SERVICE_TEST(test_accepted_write),
        SERVICE_TEST(test_refused_write),
        SERVICE_TEST(test_what_is_not_writable),
        SERVICE_TEST(test_a_command_is_heard_each_time),
        SERVICE_TEST(test_numbers_of_all_types),
        SERVICE_TEST(test_unusable_values),
        SERVICE_TEST(test_containers_in_the_variant),
        SERVICE_TEST(test_write_where_there_is_no_value),
        SERVICE_TEST(test_no_reply_wanted),
        SERVICE_TEST(test_name_taken),
        SERVICE_TEST(test_paths_that_are_none),
        SERVICE_TEST(test_two_services),
        SERVICE_TEST(test_nothing_writable_without_a_callback),
        SERVICE_TEST(test_many_items),
        SERVICE_TEST(test_lost),
        SERVICE_TEST(test_bus_that_takes_nothing),
        SERVICE_TEST(test_flood_starves_nobody),
    };

    return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
