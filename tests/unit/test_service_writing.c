/* What is written to a service, over a real dbus-daemon: what it takes, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "edge/bus/bus.h"
#include "edge/bus/service.h"
#include "unit/support/run_for.h"
#include "unit/support/service_fixture.h"

static void test_accepted_write(void **state)
{
    assert_string_equal(write_double("/Ac/PowerLimit", 300), "i:0");
    assert_int_equal(writes, 1);
    assert_int_equal(written_item, LIMIT);
    assert_int_equal(written.type, VALUE_DOUBLE);
    assert_true(written.d > 299.9 && written.d < 300.1);
    wait_for_signals(1);
    assert_int_equal(signals, 1); /* flushed by itself */
    assert_string_equal(last_signal,
                        "{s:\"/Ac/PowerLimit\" {s:\"Value\" v<d:300>,s:\"Text\" v<s:\"300W\">,},}");
    assert_string_equal(write_double("/Ac/PowerLimit", 300), "i:0"); /* as it is */
    assert_int_equal(writes, 1);
    assert_string_equal(write_text("/CustomName", "Garage"), "i:0");
    assert_string_equal(written_text, "Garage");
    assert_string_equal(call("/CustomName", "GetValue"), "v<s:\"Garage\">");
}

static void test_refused_write(void **state)
{
    answer = SERVICE_REFUSED;
    assert_string_equal(write_double("/Ac/PowerLimit", 300), "i:2");
    assert_string_equal(call("/Ac/PowerLimit", "GetValue"), "v<d:2000>");
    assert_string_equal(write_double("/Ac/PowerLimit", 2000), "i:0");
    assert_int_equal(writes, 1);
    run_loop_for(loop, 20);
    assert_int_equal(signals, 0);
}

static void test_what_is_not_writable(void **state)
{
    assert_string_equal(write_double("/Ac/Power", 1), "i:1");
    assert_string_equal(write_double("/Ac/Power", 1234.5), "i:1"); /* though it is that already */
    assert_string_equal(write_int("/Connected", 0), "i:1");
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

    assert_string_equal(write_value("/Position", DBUS_TYPE_BYTE, "y", &y), "i:0");
    assert_string_equal(call("/Position", "GetValue"), "v<i:2>");
    assert_string_equal(write_value("/Position", DBUS_TYPE_INT16, "n", &n), "i:0");
    assert_string_equal(call("/Position", "GetValue"), "v<i:0>");
    assert_string_equal(write_value("/Position", DBUS_TYPE_UINT16, "q", &q), "i:0");
    assert_string_equal(write_value("/Position", DBUS_TYPE_UINT32, "u", &u), "i:0");
    assert_string_equal(write_value("/Position", DBUS_TYPE_INT64, "x", &x), "i:0");
    assert_string_equal(call("/Position", "GetValue"), "v<i:2>");
    assert_string_equal(write_value("/Position", DBUS_TYPE_UINT64, "t", &t), "i:0");
    assert_string_equal(write_value("/Position", DBUS_TYPE_BOOLEAN, "b", &b), "i:0");
    assert_string_equal(call("/Position", "GetValue"), "v<i:1>");
    assert_string_equal(write_double("/Position", 2), "i:0");
    assert_string_equal(call("/Position", "GetValue"), "v<i:2>");
    assert_string_equal(write_int("/Ac/PowerLimit", 750), "i:0");
    assert_string_equal(call("/Ac/PowerLimit", "GetValue"), "v<d:750>");
    assert_int_equal(writes, 9);
}

static void test_unusable_values(void **state)
{
    int64_t x = INT64_C(1) << 40, huge = INT64_MIN;
    uint64_t t = UINT64_MAX;
    uint32_t u = 0x80000000;
    const char *path = "/a/path";

    assert_string_equal(write_double("/Position", 1.5), "i:1");
    assert_string_equal(write_double("/Position", 1e10), "i:1");
    assert_string_equal(write_double("/Ac/PowerLimit", NAN), "i:1");
    assert_string_equal(write_double("/Ac/PowerLimit", INFINITY), "i:1");
    assert_string_equal(write_value("/Position", DBUS_TYPE_INT64, "x", &x), "i:1");
    assert_string_equal(write_value("/Position", DBUS_TYPE_UINT32, "u", &u), "i:1");
    assert_string_equal(write_value("/Ac/PowerLimit", DBUS_TYPE_UINT64, "t", &t), "i:1");
    assert_string_equal(write_value("/Ac/PowerLimit", DBUS_TYPE_INT64, "x", &huge), "i:1");
    assert_string_equal(write_text("/Position", "1"), "i:1");
    assert_string_equal(write_int("/CustomName", 1), "i:1");
    assert_string_equal(write_value("/CustomName", DBUS_TYPE_OBJECT_PATH, "o", &path), "i:1");
    assert_int_equal(writes, 0);
    assert_string_equal(write_value("/Ac/PowerLimit", DBUS_TYPE_INT64, "x", &x), "i:0");
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
    set_item(LIMIT, value_invalid());
    assert_string_equal(write_int("/Ac/PowerLimit", 500), "i:0"); /* the driver decides */
    assert_int_equal(written.type, VALUE_INT);
}

/* It may not be so any more where the command goes: a loop that limits says the same again and again. */
static void test_a_command_is_heard_each_time(void **state)
{
    for (int i = 1; i <= 3; i++) { /* the first while there is no value */
        assert_string_equal(write_int("/Ac/Command", 500), "i:0");
        assert_int_equal(writes, i);
        assert_int_equal(written_item, COMMAND);
        assert_int_equal(written.type, VALUE_DOUBLE);
        assert_string_equal(call("/Ac/Command", "GetValue"), "v<d:500>");
    }
    assert_string_equal(write_text("/Ac/Command", "500"), "i:2");
    assert_int_equal(writes, 3);
    answer = SERVICE_REFUSED;
    assert_string_equal(write_int("/Ac/Command", 500), "i:2");
    assert_int_equal(writes, 4);
    assert_string_equal(write_int("/Ac/PowerLimit", 2000),
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(test_accepted_write),
        SERVICE_TEST(test_refused_write),
        SERVICE_TEST(test_what_is_not_writable),
        SERVICE_TEST(test_a_command_is_heard_each_time),
        SERVICE_TEST(test_numbers_of_all_types),
        SERVICE_TEST(test_unusable_values),
        SERVICE_TEST(test_containers_in_the_variant),
        SERVICE_TEST(test_write_where_there_is_no_value),
        SERVICE_TEST(test_no_reply_wanted),
    };

    return cmocka_run_group_tests_name("service writing", tests, NULL, NULL);
}
