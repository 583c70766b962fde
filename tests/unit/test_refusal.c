#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/refusal.h"

static const char *words_of(const char *body, const char *secret)
{
    static char out[REFUSAL_WORDS_MAX];
    const char *const secrets[] = {secret, NULL, "", "zw0elf"};
    size_t len = strlen(body);
    char *exact = malloc(len ? len : 1); /* the sanitizer sees each byte read too many */

    memcpy(exact, body, len);
    memset(out, 'x', sizeof out);
    refusal_words(exact, len, secrets, 4, out);
    free(exact);
    return out;
}

static void what_devices_say(void **state)
{
    static const char *const cases[][2] = {
        {"{\"code\":404,\"message\":\"No handler for Switch.GetStatus\"}",
         "No handler for Switch.GetStatus"},
        {"{\"error\":{\"code\":1,\"message\":\"API not enabled\"}}", "API not enabled"},
        {"{\"error\":\"ERR_AUTH\"}", "ERR_AUTH"},
        {"{\"error\":{\"detail\":\"too many\"}}", "too many"},
        {"{\"error\":{\"message\":5,\"detail\":\"too many\"}}", "too many"},
        {"{\"message\":\"\",\"reason\":\"later\"}", "later"},
        {"{\"message\":\"x\"}", "x"},
        {"{\"error\":{\"id\":7},\"reason\":\"later\"}", "later"},
        {"{\"status\":\"error\",\"Reason\":\"busy\"}", "busy"}, /* the most telling */
        {"{\"WARNING\":\"Need user and password\"}", "Need user and password"},
        {"\"not now\"", "not now"},
        {"API not enabled", "API not enabled"},
        {"\r\n  Not found\r\nURI: /x\r\n", "Not found"},
        {"{\"message\":5}", ""},
        {"{\"data\":\"Roof\"}", ""}, /* what is not known to be meant for people */
        {"{\"message\":\"cut", ""},
        {"[1,2]", ""},
        {"[1,2", ""},
        {"\"cut", ""},
        {"<html><title>403 Forbidden</title></html>", ""},
        {"null", ""},
        {"", ""},
        {" \n", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(words_of(cases[i][0], "pa55"), cases[i][1]);
}

static void bounded_and_clean(void **state)
{
    char body[5000];

    (void)state;
    assert_string_equal(words_of("{\"message\":\"a\\u001b[2Jb\\nc \\u202e\"}", ""), "a?[2Jb c ?");
    assert_string_equal(words_of("Caf\xE9 \x9B", ""), "Caf? ?");
    memset(body, 'w', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    assert_int_equal(strlen(words_of(body, "")), REFUSAL_WORDS_MAX - 1);
}

/* A device that repeats the request. */
static void no_secret(void **state)
{
    (void)state;
    assert_string_equal(words_of("not found: /cm?user=a&password=b", ""), "not found: /cm");
    assert_string_equal(words_of("not found: /cm?u", ""), "not found: /cm");
    assert_string_equal(words_of("what? no", ""), "what? no");
    assert_string_equal(words_of("what?", ""), "what?");
    assert_string_equal(words_of("user admin, password pa55", "pa55"), "");
    assert_string_equal(words_of("user admin, password zw0elf", "pa55"), ""); /* another one */
    assert_string_equal(words_of("{\"message\":\"pa55 is wrong\"}", "pa55"), "");
    assert_string_equal(words_of("bad token eyJhbGciOiJIUz...", "eyJhbGciOiJIUzI1NiIsInR5cCI6"),
                        "");
    /* Twelve letters of it are too many. */
    assert_string_equal(words_of("bad token eyJhbGciOiJI", "eyJhbGciOiJIUzI1NiIsInR5cCI6"), "");
    assert_string_equal(words_of("bad token eyJhbGciOiJ", "eyJhbGciOiJIUzI1NiIsInR5cCI6"),
                        "bad token eyJhbGciOiJ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_devices_say),
        cmocka_unit_test(bounded_and_clean),
        cmocka_unit_test(no_secret),
    };
    return cmocka_run_group_tests_name("refusal", tests, NULL, NULL);
}
