/*
 * What a service says of itself, over a real dbus-daemon: every method that reads, on every kind of
 * node, and its introspection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/support/service_fixture.h"

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
    assert_string_equal(write_double("/Ac", 1), unknown_method);
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
    assert_string_equal(write_double("/", 1), unknown_method);
    assert_string_equal(describe("/"), unknown_method);
}

static void test_what_is_not_there(void **state)
{
    static const char *const paths[] = {"/A",         "/Acx", "/Ac/P", "/Ac/Power/x",
                                        "/Ac/Powers", "/Zzz", "/Ac/L", "/Ac/L1/Voltage/x"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_string_equal(call(paths[i], "GetValue"), unknown_object);
        assert_string_equal(write_int(paths[i], 1), unknown_object);
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
    };

    return cmocka_run_group_tests_name("service reading", tests, NULL, NULL);
}
