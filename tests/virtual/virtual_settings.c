/* The stand-ins of the settings service and of the directory keep the contract of the real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "edge/bus/instances.h"
#include "edge/bus/settings.h"
#include "edge/sys/loop.h"
#include "support/world.h"

#define A    "/Settings/Devices/a/ClassAndVrmInstance"
#define B    "/Settings/Devices/b/ClassAndVrmInstance"
#define NAME "/Settings/Devices/a/CustomName"

static struct loop *loop;
static struct settings *settings;
static struct instances *directory;
static struct settings_call call;
static char heard[2000], why[160];

static void note(const char *what, const struct value *v)
{
    char text[64];
    size_t len = strlen(heard);
    snprintf(heard + len, sizeof heard - len, "%s=%s ", what,
             v ? value_text(v, TEXT_PLAIN, text, sizeof text) : "none");
}

static void on_added(void *user, const struct value *values, size_t count, const char *text)
{
    if (!values)
        note("no answer", NULL);
    for (size_t i = 0; i < count; i++)
        note("added", &values[i]);
}

static void on_available(void *user, bool there)
{
    struct value v = value_int(there);
    note("there", &v);
}

static void on_changed(void *user, const char *path, const struct value *value)
{
    note(strrchr(path, '/') + 1, value);
}

static void on_ready(void *user)
{
    note("ready", NULL);
}

static void on_appeared(void *user, const char *service, int instance)
{
    struct value v = value_int(instance);
    note(service, &v);
}

static const char *run(int64_t ms)
{
    static char text[sizeof heard];
    world_run(loop, ms);
    strcpy(text, heard);
    heard[0] = '\0';
    return text;
}

static int set_up(void **state)
{
    const struct settings_events events = {on_available, on_changed, NULL};
    world_reset();
    loop = loop_create();
    settings = settings_create(loop, NULL, &events, why, sizeof why);
    assert_string_equal(run(10), "there=1 ");
    return 0;
}

static int tear_down(void **state)
{
    settings_destroy(settings);
    instances_destroy(directory);
    directory = NULL;
    loop_destroy(loop);
    return 0;
}

static const char *add(const char *path, const char *fallback, int64_t ms)
{
    const struct setting list[] = {{.path = path, .fallback = value_string(fallback)}};
    settings_add(settings, &call, list, 1, on_added, NULL);
    return run(ms);
}

static void test_instances(void **state)
{
    struct value v = value_string("pvinverter:34");
    assert_string_equal(add(A, "pvinverter:34", 100), "added=pvinverter:34 ");
    assert_string_equal(add(B, "pvinverter:34", 100), "added=pvinverter:35 ");
    assert_string_equal(add(B, "pvinverter:99", 100), "added=pvinverter:35 ");
    assert_int_equal(settings_set(settings, B, &v), 0);
    assert_string_equal(run(100), "");
    v = value_string("grid:34");
    assert_true(world_setting_change(B, &v));
    assert_string_equal(run(100), "ClassAndVrmInstance=grid:34 ");
    v = value_string("nothing");
    assert_false(world_setting_change(B, &v));
    settings_forget(settings, B);
    v = value_string("grid:36");
    assert_true(world_setting_change(B, &v));
    assert_string_equal(run(100), "");
}

static void test_faults(void **state)
{
    const struct value v = value_string("Barn");
    assert_string_equal(add(NAME, "", 100), "added= ");
    world_settings_hang(true);
    assert_string_equal(add(NAME, "", 4900), "");
    assert_string_equal(run(200), "no answer=none ");
    world_settings_hang(false);
    world_settings(false);
    assert_string_equal(run(10), "there=0 ");
    assert_string_equal(add(NAME, "", 100), "no answer=none ");
    assert_int_equal(settings_set(settings, NAME, &v), -ENOTCONN);
    world_settings(true);
    assert_string_equal(run(10), "there=1 ");
    assert_int_equal(settings_set(settings, NAME, &v), 0);
    assert_string_equal(run(10), "CustomName=Barn ");
    settings_destroy(settings); /* a restart of the program */
    const struct settings_events events = {on_available, on_changed, NULL};
    settings = settings_create(loop, NULL, &events, why, sizeof why);
    assert_string_equal(add(NAME, "", 100), "there=1 added=Barn ");
    assert_string_equal(world_setting(NAME).s, "Barn");
    assert_int_equal(world_setting_writes, 2);
}

static bool on_ours(void *user, const char *service)
{
    return strstr(service, ".mine") != NULL;
}

static void test_directory(void **state)
{
    const struct instances_events events = {on_ready, on_appeared, on_ours, NULL};
    world_other("com.victronenergy.pvinverter.fronius", 20);
    world_other("com.victronenergy.pvinverter.mine", 21);
    directory = instances_create(loop, NULL, &events, why, sizeof why);
    assert_string_equal(run(10), "ready=none ");
    assert_string_equal(instances_find(directory, "pvinverter", 20),
                        "com.victronenergy.pvinverter.fronius");
    assert_null(instances_find(directory, "pvinverter", 21));
    assert_null(instances_find(directory, "grid", 20));
    world_other("com.victronenergy.grid.x", 30);
    assert_string_equal(run(10), "com.victronenergy.grid.x=30 ");
    world_other_gone("com.victronenergy.grid.x");
    assert_null(instances_find(directory, "grid", 30));
    world_other_with("com.victronenergy.pvinverter.http_36", 36, "0114A");
    world_other_with("com.victronenergy.pvinverter.another", 37, "115");
    world_other_with("com.victronenergy.pvinverter.mine.http_38", 38, "116");
    assert_string_equal(instances_find_serial(directory, "114a"),
                        "com.victronenergy.pvinverter.http_36");
    assert_null(instances_find_serial(directory, "115"));
    assert_null(instances_find_serial(directory, "116"));
    assert_null(instances_find_serial(directory, ""));
    assert_true(instances_has_heard(directory, "com.victronenergy.pvinverter.http_36"));
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_instances),
        WORLD_TEST(test_faults),
        WORLD_TEST(test_directory),
    };
    return cmocka_run_group_tests_name("virtual settings", tests, NULL, NULL);
}
