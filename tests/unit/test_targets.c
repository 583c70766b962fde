/* Whom `discover` may ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/discover/targets.h"

static struct targets *targets;
static char why[TARGET_WHY_MAX];

static int set_up(void **state)
{
    targets = calloc(1, sizeof *targets);
    return targets ? 0 : -1;
}

static int tear_down(void **state)
{
    free(targets);
    return 0;
}

static void check(size_t i, const char *host, unsigned port)
{
    assert_true(i < targets->count);
    assert_string_equal(targets->list[i].host, host);
    assert_int_equal(targets->list[i].port, port);
}

static void single_ones(void **state)
{
    assert_true(targets_add(targets, "192.168.1.80", why));
    assert_true(targets_add(targets, "192.168.1.80:8080", why));
    assert_true(targets_add(targets, "opendtu.local", why));
    assert_true(targets_add(targets, "my_plug-2:81", why));
    assert_true(targets_add(targets, "192.168.1.80/32", why)); /* is there already */
    assert_int_equal(targets->count, 4);
    check(0, "192.168.1.80", 0);
    check(1, "192.168.1.80", 8080);
    check(2, "opendtu.local", 0);
    check(3, "my_plug-2", 81);
}

/* Neither the network itself nor its broadcast address. */
static void subnets(void **state)
{
    assert_true(targets_add(targets, "10.0.0.9/30:82", why));
    assert_int_equal(targets->count, 2);
    check(0, "10.0.0.9", 82);
    check(1, "10.0.0.10", 82);
    targets->count = 0;
    assert_true(targets_add(targets, "10.0.0.8/31", why));
    assert_int_equal(targets->count, 2);
    check(0, "10.0.0.8", 0);
    targets->count = 0;
    assert_true(targets_add(targets, "192.168.1.77/24", why));
    assert_int_equal(targets->count, 254);
    check(0, "192.168.1.1", 0);
    check(253, "192.168.1.254", 0);
    targets->count = 0;
    assert_true(targets_add(targets, "192.168.4.0/22", why));
    assert_int_equal(targets->count, 1022);
    check(1021, "192.168.7.254", 0);
    assert_true(targets_add(targets, "10.0.0.0/31", why));
    assert_false(targets_add(targets, "10.0.0.4", why)); /* the 1025th */
    assert_non_null(strstr(why, "1024"));
}

static void what_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "192.168.1",
        "192.168.1.256",
        "192.168.0.0/21",
        "0.0.0.0/0",
        "192.168.1.0/33",
        "192.168.1.0/",
        "192.168.1.0/2x",
        "192.168.1.80:0",
        "192.168.1.80:65536",
        "192.168.1.80:",
        "192.168.1.80:80:80",
        "0.0.0.0",
        "0.1.2.3",
        "224.0.0.251",
        "255.255.255.255",
        "http://192.168.1.80",
        "user@192.168.1.80",
        "a b",
        "-x",
        "opendtu.local/24",
        "a-name-that-is-longer-than-any-host-in-a-house-has-one-for-itself.local",
        "::1",
        "1234",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        why[0] = '\0';
        if (targets_add(targets, rows[i], why) || !*why)
            fail_msg("%s", rows[i]);
    }
    assert_int_equal(targets->count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(single_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(subnets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
