/*
 * Settings that are added over a real dbus-daemon, against a stand-in that answers what the test says:
 * also nothing, and nonsense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "edge/bus/bus.h"
#include "edge/bus/settings.h"
#include "unit/support/private_bus.h"
#include "unit/support/run_for.h"
#include "unit/support/settings_fixture.h"

static void test_add(void **state)
{
    const struct setting list[] = {
        {.path = INSTANCE, .fallback = value_string("pvinverter:34")},
        {.path = NAME, .fallback = value_string("")},
        {.path = POSITION, .fallback = value_int(1), .max = 2},
        {.path = DEVICES "x/Share", .fallback = value_double(0.5)},
    };

    stand_in.path = INSTANCE;
    stand_in.value = value_string("pvinverter:36");
    stand_in.with_value = true;
    add(list, 4);
    expect("[added s:pvinverter:36 s: i:1 d:0.50]");
    assert_string_equal(stand_in.asked,
                        "[{s:\"path\" v<s:\"" INSTANCE "\">,s:\"default\" v<s:\"pvinverter:34\">,} "
                        "{s:\"path\" v<s:\"" NAME "\">,s:\"default\" v<s:\"\">,} "
                        "{s:\"path\" v<s:\"" POSITION
                        "\">,s:\"default\" v<i:1>,s:\"min\" v<i:0>,s:\"max\" v<i:2>,}"
                        " {s:\"path\" v<s:\"" DEVICES "x/Share\">,s:\"default\" v<d:0.5>,}]");
    add(list, 0);
    expect("[added]");
}

static void test_refused(void **state)
{
    const struct setting list[] = {
        {.path = NAME, .fallback = value_string("")},
        {.path = POSITION, .fallback = value_int(1)},
    };

    stand_in.path = NAME;
    stand_in.error = -5;
    add(list, 2);
    expect("[added --- i:1]");
    /* Nothing is heard of it, and nothing can be set. */
    send_change(service_bus, NAME, &(struct value){.type = VALUE_STRING, .s = "x"});
    assert_int_equal(settings_set(settings, NAME, &list[0].fallback), -ENOENT);
    expect("");
    stand_in.error = 0;
    add(list, 2);
    expect("[added s: i:1]");
}

static void test_unusable_requests(void **state)
{
    char long_path[300] = DEVICES, long_text[400] = "";

    memset(long_path + strlen(DEVICES), 'a', 200);
    memset(long_text, 'a', 399);
    const struct setting list[] = {
        {.path = "no path", .fallback = value_int(1)},
        {.path = long_path, .fallback = value_int(1)},
        {.path = POSITION, .fallback = value_int(1)},
        {.path = DEVICES "x/Long", .fallback = value_string(long_text)},
        {.path = DEVICES "x/None", .fallback = value_invalid()},
    };
    add(list, 5);
    expect("[added --- --- i:1 --- ---]");
}

static void test_values_that_do_not_fit(void **state)
{
    char text[SETTINGS_TEXT_MAX + 1];

    memset(text, 'a', SETTINGS_TEXT_MAX);
    text[SETTINGS_TEXT_MAX] = '\0';
    stand_in.path = NAME;
    stand_in.with_value = true;
    stand_in.value = value_string(text);
    add_name();
    expect("[added ---]");
    text[SETTINGS_TEXT_MAX - 1] = '\0';
    add_name();
    run_loop_for(loop, 100);
    assert_non_null(strstr(heard, "[added s:aaaaaaaa"));
    assert_int_equal(strlen(heard), strlen("[added s:]") + SETTINGS_TEXT_MAX - 1);
    heard[0] = '\0';
    stand_in.value = value_int(5);
    add_name();
    expect("[added ---]");
    stand_in.path = POSITION;
    stand_in.value = value_double(2);
    add_position();
    expect("[added i:2]");
    stand_in.value = value_double(2.5);
    add_position();
    expect("[added ---]");
}

static void test_no_answer(void **state)
{
    stand_in.mode = FAILURE;
    add_name();
    expect("[added: com.victronenergy.settings answers no settings today]");
    stand_in.mode = NONSENSE;
    add_name();
    expect("[added: com.victronenergy.settings gives an answer that makes no sense]");
    stand_in.mode = NOTHING;
    add_name();
    expect("[added ---]");
    service_goes();
    expect("[gone]");
    assert_false(settings_available(settings));
    add_name();
    expect("[added: no answer: com.victronenergy.settings is not on the bus]");
}

static void test_deadline(void **state)
{
    stand_in.mode = SILENCE;
    add_name();
    run_loop_for(loop, 500);
    assert_int_equal(stand_in.calls, 1);
    assert_string_equal(heard, "");
    expect_within("[added: no answer from com.victronenergy.settings]", 20000);
}

static void test_goes_meanwhile(void **state)
{
    stand_in.mode = SILENCE;
    add_name();
    run_loop_for(loop, 50);
    /* The connection stays, the name goes: the bus itself says nothing about the call. */
    dbus_bus_release_name(bus_connection(service_bus), SETTINGS_SERVICE, NULL);
    expect("[gone][added: no answer: com.victronenergy.settings is gone]");
}

static void test_cancel(void **state)
{
    add_name();
    settings_cancel(&adding);
    settings_cancel(&adding);
    expect("");
    assert_int_equal(stand_in.calls, 1);
    add_name();
    add_position(); /* instead */
    expect("[added i:1]");
    stand_in.mode = SILENCE;
    add_name();
    settings_destroy(settings);
    settings = NULL;
    settings_cancel(&adding);
    expect("");
    settings_destroy(NULL);
}

static void on_added_destroy(void *user, const struct value *values, size_t count, const char *text)
{
    on_added(user, values, count, text);
    settings_destroy(settings);
    settings = NULL;
    assert_string_equal(values[0].s, "x"); /* is still good */
}

static void test_destroyed_from_a_callback(void **state)
{
    const struct setting list[] = {{.path = NAME, .fallback = value_string("x")}};
    struct settings_call other = {0};

    settings_add(settings, &adding, list, 1, on_added_destroy, NULL);
    settings_add(settings, &other, list, 1, on_added, NULL);
    expect("[added s:x]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SETTINGS_TEST(test_add),
        SETTINGS_TEST(test_refused),
        SETTINGS_TEST(test_unusable_requests),
        SETTINGS_TEST(test_values_that_do_not_fit),
        SETTINGS_TEST(test_no_answer),
        SETTINGS_TEST(test_deadline),
        SETTINGS_TEST(test_goes_meanwhile),
        SETTINGS_TEST(test_cancel),
        SETTINGS_TEST(test_destroyed_from_a_callback),
    };

    return cmocka_run_group_tests_name("settings adding", tests, NULL, NULL);
}
