#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/check/identify.h"

enum { SHELLY, TASMOTA };

static void assert_is(size_t page, const char *body, const char *what)
{
    struct identity i = {""};

    identify_read(page, body, strlen(body), &i);
    assert_string_equal(i.what, what);
}

static void what_a_device_says_of_itself(void **state)
{
    (void)state;
    assert_is(SHELLY, "{\"type\":\"SHSW-PM\",\"mac\":\"84CCA8\",\"auth\":true}",
              "a Shelly (SHSW-PM)");
    assert_is(SHELLY, "{\"name\":null,\"mac\":\"84\",\"model\":\"SNSW-001P16EU\",\"gen\":2}",
              "a Shelly (SNSW-001P16EU)");
    assert_is(TASMOTA, "{\"StatusFWR\":{\"Version\":\"12.5.0(tasmota)\"}}",
              "a Tasmota (12.5.0(tasmota))");
}

static void what_is_none_of_these(void **state)
{
    (void)state;
    assert_is(SHELLY, "{\"type\":\"SHSW-PM\"}", "");
    assert_is(SHELLY, "{\"mac\":\"84\",\"type\":7}", "a Shelly (7)");
    assert_is(SHELLY, "{\"mac\":\"84\",\"model\":{}}", "");
    assert_is(SHELLY, "[]", "");
    assert_is(SHELLY, "<html>", "");
    assert_is(SHELLY, "", "");
    assert_is(TASMOTA, "{\"Command\":\"Unknown\"}", "");
    assert_is(TASMOTA, "{\"StatusFWR\":\"12\"}", "");
    /* Neither too long a text nor what a terminal obeys gets out of it. */
    assert_is(SHELLY, "{\"mac\":\"84\",\"model\":\"\\u001b[31m\"}", "a Shelly (?[31m)");
    struct identity i = {""};
    char body[400] = "{\"mac\":\"84\",\"model\":\"";
    memset(body + strlen(body), 'x', 300);
    strcat(body, "\"}");
    identify_read(SHELLY, body, strlen(body), &i);
    assert_in_range(strlen(i.what), 10, sizeof i.what - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_device_says_of_itself),
        cmocka_unit_test(what_is_none_of_these),
    };
    return cmocka_run_group_tests_name("identify", tests, NULL, NULL);
}
