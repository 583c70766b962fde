/* What `discover` looks for, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/discover/kinds.h"

static struct kinds kinds;
static struct kinds_turn turn;

static void read(const struct device_text *own, const char *const *only)
{
    const char *unknown;

    turn = (struct kinds_turn){0};
    assert_true(kinds_read(&kinds, own, only, &unknown));
    assert_null(unknown);
}

static int tear_down(void **state)
{
    kinds_finish(&kinds);
    return 0;
}

static const struct kind *named(const char *name)
{
    for (size_t i = 0; i < kinds.count; i++) {
        const struct kind *k = &kinds.list[i];
        if (strcmp(k->driver ? k->driver->name : k->type.name, name) == 0)
            return k;
    }
    fail_msg("%s is not there", name);
    return NULL;
}

static void check_next(const char *path)
{
    const struct kind *k = kinds_next(&kinds, &turn);

    if (!path) {
        assert_null(k);
        return;
    }
    assert_non_null(k);
    assert_string_equal(k->driver ? k->driver->name : k->path, path);
}

/* What people have most is asked for first, and no more than six times. */
static void the_order(void **state)
{
    read(NULL, NULL);
    check_next("opendtu");
    check_next("ahoy");
    check_next("/shelly");
    check_next("/api");
    check_next("/cm?cmnd=STATUS+8");
    check_next("/solar_api/GetAPIVersion.cgi");
    check_next(NULL);
    assert_int_equal(turn.asked_count, KINDS_ASKED_MAX);
}

static void nothing_more_than_of_the_same_maker(void **state)
{
    read(NULL, NULL);
    check_next("opendtu");
    kinds_note_found(&turn, &kinds, named("opendtu"));
    check_next(NULL);

    turn = (struct kinds_turn){0};
    check_next("opendtu");
    check_next("ahoy");
    check_next("/shelly");
    kinds_note_found(&turn, &kinds, named("shelly-1pm"));
    check_next(NULL);

    turn = (struct kinds_turn){.name = "fronius-symo"};
    check_next("/solar_api/GetAPIVersion.cgi");
    kinds_note_found(&turn, &kinds, named("fronius-inverter"));
    check_next("/solar_api/v1/GetMeterRealtimeData.cgi?Scope=System");
    check_next(NULL);
}

static void the_name_of_the_host_hints(void **state)
{
    read(NULL, NULL);
    turn.name = "Zendure-A1B2C3.local";
    check_next("/properties/report");
    check_next("opendtu");
    turn = (struct kinds_turn){.name = "my-ecotracker"};
    check_next("/v1/json");
    turn = (struct kinds_turn){.name = "everhome-1"};
    check_next("/v1/json");
    turn = (struct kinds_turn){.name = "192.168.1.80"};
    check_next("opendtu");
}

static const struct device_text own[] = {
    {"mine", "[DEVICE]\nTitle = Mine\nVendor = Me\nClasses = grid\nProbe = mine\nMatch = a: x\n",
     NULL},
    {"shelly-1pm",
     "[DEVICE]\nTitle = Better\nVendor = Me\nClasses = grid\nProbe = /own\nMatch = a: x\n", NULL},
    {"without", "[DEVICE]\nTitle = Mine\nClasses = grid\n", NULL},
    {"broken", "[DEVICE]\nTitle = Mine\nProbe = b\nMatch = a: x\n", NULL},
    {"unreadable", NULL, "Permission denied"},
    {NULL, NULL, NULL}};

/* Who writes a file has such a device. */
static void the_owner_s_files_come_first(void **state)
{
    char title[32];

    read(own, NULL);
    check_next("/mine");
    check_next("/own");
    check_next("opendtu");
    kind_title(named("shelly-1pm"), title, sizeof title);
    assert_string_equal(title, "Better");
    for (size_t i = 0; i < kinds.count; i++) {
        if (kinds.list[i].driver)
            continue;
        assert_string_not_equal(kinds.list[i].type.name, "without");
        assert_string_not_equal(kinds.list[i].type.name, "broken");
        assert_string_not_equal(kinds.list[i].type.name, "unreadable");
    }
}

static void some_alone(void **state)
{
    read(NULL, (const char *const[]){"Go-e-Charger", "ahoy", NULL});
    assert_int_equal(kinds.count, 2);
    check_next("ahoy");
    check_next("/api/status?filter=nrg,eto");
    check_next(NULL);
}

static void what_cannot_be_looked_for(void **state)
{
    static const char *const rows[][2] = {{"nonsense"}, {"enphase-envoy"}, {"template"}, {"auto"}};
    const char *unknown;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_false(kinds_read(&kinds, NULL, rows[i], &unknown));
        assert_string_equal(unknown, rows[i][0]);
        kinds_finish(&kinds);
    }
}

/* On one port all are asked there; else each where it listens. */
static void ports(void **state)
{
    const struct device_text two[] = {
        {"a", "[DEVICE]\nTitle = A\nClasses = grid\nProbe = p\nMatch = a: x\n", NULL},
        {"b", "[DEVICE]\nTitle = B\nClasses = grid\nPort = 81\nProbe = p\nMatch = a: x\n", NULL},
        {NULL, NULL, NULL}};

    read(two, (const char *const[]){"a", "b", NULL});
    check_next("/p");
    check_next("/p");
    check_next(NULL);
    turn = (struct kinds_turn){.port = 8080};
    check_next("/p");
    check_next(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_order, tear_down),
        cmocka_unit_test_teardown(nothing_more_than_of_the_same_maker, tear_down),
        cmocka_unit_test_teardown(the_name_of_the_host_hints, tear_down),
        cmocka_unit_test_teardown(the_owner_s_files_come_first, tear_down),
        cmocka_unit_test_teardown(some_alone, tear_down),
        cmocka_unit_test_teardown(what_cannot_be_looked_for, tear_down),
        cmocka_unit_test_teardown(ports, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
