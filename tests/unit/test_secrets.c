#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/support/secrets.h"

static struct secrets *s;

static int setup(void **state)
{
    (void)state;
    s = secrets_create();
    return s ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    secrets_destroy(s);
    return 0;
}

static void add(const char *text)
{
    secrets_add(s, text, strlen(text));
}

static void finds_the_longest(void **state)
{
    (void)state;
    add("pass");
    add("password");
    add("passport");
    add("Zebra");
    add("");
    assert_true(secrets_complete(s));
    assert_int_equal(secrets_at(s, "password1", ' '), 8);
    assert_int_equal(secrets_at(s, "passwor", ' '), 4);
    assert_int_equal(secrets_at(s, "passporT", ' '), 8); /* in whatever case */
    assert_int_equal(secrets_at(s, "passzzzz", ' '), 4);
    assert_int_equal(secrets_at(s, "pasz", ' '), 0);
    assert_int_equal(secrets_at(s, "pas", ' '), 0);
    assert_int_equal(secrets_at(s, "zEBRAs", 'x'), 5);
    assert_int_equal(secrets_at(s, "", ' '), 0);
    assert_int_equal(secrets_at(s, "\xff", ' '), 0);
}

static void short_ones_are_whole_words(void **state)
{
    (void)state;
    add("ab1");
    add("a");
    add("abcd");
    assert_true(secrets_complete(s));
    assert_int_equal(secrets_at(s, "ab1 x", ' '), 3);
    assert_int_equal(secrets_at(s, "ab1", 'c'), 0);
    assert_int_equal(secrets_at(s, "ab12", ' '), 0);
    assert_int_equal(secrets_at(s, "a.", '"'), 1);
    assert_int_equal(secrets_at(s, "abcde", 'x'), 4);
}

/* Of a long one, its first bytes are enough: nothing of the line is shown then. */
static void long_ones_hide_the_line(void **state)
{
    char text[300];

    (void)state;
    memset(text, 'q', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    add(text);
    text[64] = '\0';
    add(text); /* and one that is just so long */
    assert_true(secrets_complete(s));
    (void)strcpy(text + 64, " rest of it\nnext");
    assert_int_equal(secrets_at(s, text, ' '), 64 + strlen(" rest of it"));
    text[63] = 'x';
    assert_int_equal(secrets_at(s, text, ' '), 0);
}

static void none_at_all(void **state)
{
    (void)state;
    assert_true(secrets_complete(s));
    assert_int_equal(secrets_at(s, "anything", ' '), 0);
}

/* Against the plain way, with texts of few letters that begin alike. */
static void as_if_one_by_one(void **state)
{
    char texts[200][8];
    char text[] = "................";
    uint32_t seed = 1;

    (void)state;
    for (size_t i = 0; i < 200; i++) {
        size_t len = 4 + (seed = seed * 1664525u + 1013904223u) / 65536 % 4;
        for (size_t k = 0; k < len; k++)
            texts[i][k] = (char)('a' + (seed = seed * 1664525u + 1013904223u) / 65536 % 2);
        texts[i][len] = '\0';
        add(texts[i]);
    }
    assert_true(secrets_complete(s));
    for (unsigned n = 0; n < 5000; n++) {
        size_t longest = 0;
        for (size_t k = 0; k + 1 < sizeof text; k++)
            text[k] = (char)('a' + (seed = seed * 1664525u + 1013904223u) / 65536 % 2);
        for (size_t i = 0; i < 200; i++) {
            size_t len = strlen(texts[i]);
            if (len > longest && strncmp(text, texts[i], len) == 0)
                longest = len;
        }
        assert_int_equal(secrets_at(s, text, ' '), longest);
    }
}

/* Six thousand that begin alike, in a megabyte that begins like them everywhere. */
static void thousands_in_a_megabyte(void **state)
{
    enum { COUNT = 6000, BYTES = 1024 * 1024 };
    char one[64], *text = malloc(BYTES + 1);
    size_t found = 0;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(one, sizeof one, "ssssssssssssssss%d-secret", i);
        add(one);
    }
    memset(text, 's', BYTES);
    text[BYTES] = '\0';
    (void)strcpy(text + BYTES - 64, "ssssssssssssssss5999-secret");
    assert_true(secrets_complete(s));
    clock_t begin = clock();
    for (size_t i = 64; i < BYTES; i++)
        found += secrets_at(s, text + i, 's') > 0;
    assert_true((clock() - begin) / CLOCKS_PER_SEC <
                20); /* with sanitizers; one by one takes hours */
    assert_true(found > 0);
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(finds_the_longest), TEST(short_ones_are_whole_words), TEST(long_ones_hide_the_line),
        TEST(none_at_all),       TEST(as_if_one_by_one),           TEST(thousands_in_a_megabyte),
    };
    return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
