/* Services as they come and go, over a real dbus-daemon: their names and their paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bus/service.h"
#include "unit/support/bus_now.h"
#include "unit/support/service_fixture.h"

static char why[200];

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(test_name_taken),   SERVICE_TEST(test_paths_that_are_none),
        SERVICE_TEST(test_two_services), SERVICE_TEST(test_nothing_writable_without_a_callback),
        SERVICE_TEST(test_many_items),
    };

    return cmocka_run_group_tests_name("service creation", tests, NULL, NULL);
}
