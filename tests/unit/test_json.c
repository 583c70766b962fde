#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/reading.h"

static cJSON *parse(const char *text)
{
    return json_parse(text, strlen(text), NULL, 0);
}

static void assert_refused(const char *text, size_t len, const char *why_has)
{
    char why[80];
    /* Exactly as many bytes as there are: the sanitizer sees each one read too many. */
    char *body = malloc(len ? len : 1);

    memcpy(body, text, len);
    assert_null(json_parse(body, len, why, sizeof why));
    if (!strstr(why, why_has))
        fail_msg("\"%s\" says \"%s\"", text, why);
    assert_null(json_parse(body, len, NULL, 0));
    assert_null(json_parse(body, len, NULL, sizeof why));
    why[0] = 'x';
    assert_null(json_parse(body, len, why, 0)); /* no room for a word */
    assert_int_equal(why[0], 'x');
    free(body);
}

/* Without a NUL behind them, and not one byte more. */
static void assert_blanks_are_empty(void)
{
    char why[80], *body = malloc(3);

    memset(body, ' ', 3);
    assert_null(json_parse(body, 3, why, sizeof why));
    assert_non_null(strstr(why, "empty"));
    free(body);
}

static void parses(void **state)
{
    static const char *const texts[] = {"{}",   "[]", " [1, 2]\r\n", "\t{\"a\": null}\n\n",
                                        "null", "1",  "\"x\"",       "\xEF\xBB\xBF{}"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cJSON *root = parse(texts[i]);
        assert_non_null(root);
        cJSON_Delete(root);
    }
}

static void refuses_what_is_no_json(void **state)
{
    assert_refused("", 0, "empty");
    assert_refused(" \r\n", 3, "empty");
    assert_blanks_are_empty();
    assert_refused("<html><body>", 12, "HTML");
    assert_refused("  <!DOCTYPE html>", 17, "HTML");
    assert_refused("{\"a\": 1", 7, "cut off");
    assert_refused("{\"a\": \"b", 8, "cut off");
    assert_refused("[1,", 3, "cut off");
    assert_refused("{\"a\": \"\\", 8, "cut off");
    assert_refused("nope", 4, "not JSON");
    assert_refused("{} {}", 5, "follows");
    assert_refused("{}x", 3, "follows");
    assert_refused("{}\0", 3, "follows");
    assert_refused("{a: 1}", 6, "not JSON");
    assert_refused("{\"a\":\"x[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 37,
                   "cut off"); /* no depth in a text */
}

/* What JSON does not have, and devices write, is null; everything else reads as it is. */
static void reads_bare_nan_as_null(void **state)
{
    static const char *const words[] = {"NaN",       "nan", "-nan", "Infinity",
                                        "-Infinity", "inf", "+INF"};
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        (void)snprintf(
            text, sizeof text,
            "{\"a\": %s, \"p\":5.5,\"l\":[%s,%s , 2],\"t\":\"x: \\\"%s, NaN\",\"z\":\t%s}\n",
            words[i], words[i], words[i], words[i], words[i]);
        cJSON *root = parse(text);
        if (!root)
            fail_msg("%s", text);
        assert_true(cJSON_IsNull(json_get(root, "a")) && cJSON_IsNull(json_get(root, "z")));
        assert_true(json_member(root, "p") == 5.5);
        assert_true(cJSON_IsNull(json_at(json_get(root, "l"), 1)));
        assert_true(json_number(json_at(json_get(root, "l"), 2)) == 2);
        (void)snprintf(text, sizeof text, "x: \"%s, NaN", words[i]);
        assert_string_equal(json_get(root, "t")->valuestring, text);
        cJSON_Delete(root);
    }
    cJSON *root = parse("NaN");
    assert_true(cJSON_IsNull(root));
    cJSON_Delete(root);
    /* Whatever a text holds, and however it ends. */
    root = parse("[\"\",NaN,\"\\\"\",NaN,\"a: NaN , NaN ]\",\"b\\\\\",NaN,\"x\"]");
    assert_int_equal(cJSON_GetArraySize(root), 8);
    assert_string_equal(json_at(root, 2)->valuestring, "\"");
    assert_string_equal(json_at(root, 4)->valuestring, "a: NaN , NaN ]");
    assert_string_equal(json_at(root, 5)->valuestring, "b\\");
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(cJSON_IsNull(json_at(root, i)) != 0, i == 1 || i == 3 || i == 6);
    cJSON_Delete(root);
    assert_refused("{\"a\": NaNs}", 11, "not JSON");
    assert_refused("{\"a\": nano}", 11, "not JSON");
    assert_refused("{NaN: 1}", 8, "not JSON");
    assert_refused("{\"a\" NaN}", 9, "not JSON");
    assert_refused("{\"a\": NaN", 9, "cut off");
    assert_refused("{\"a\": NaN} x", 12, "not JSON");
    assert_refused("{\"a\": NaN, \"b", 13, "cut off");
    assert_refused("{\"a\": Na", 8, "cut off");
    assert_refused("[NaN\0]", 6, "not JSON");
}

/* As many as fit: the copy has room for each of them. */
static void reads_many_bare_nan(void **state)
{
    size_t count = (JSON_BODY_MAX - 4) / 4;
    char *text = malloc(JSON_BODY_MAX + 1);

    (void)state;
    text[0] = '[';
    for (size_t i = 0; i < count; i++)
        memcpy(text + 1 + 4 * i, "nan,", 4);
    memcpy(text + 1 + 4 * count, "1]", 3);
    cJSON *root = parse(text);
    assert_non_null(root);
    assert_int_equal(cJSON_GetArraySize(root), count + 1);
    cJSON_Delete(root);
    free(text);
}

static void says_why_in_little_space(void **state)
{
    char why[8] = "xxxxxxx";

    assert_null(json_parse("", 0, why, sizeof why));
    assert_int_equal(strlen(why), 7);
    assert_null(json_parse("", 0, why, 1));
    assert_string_equal(why, "");
    cJSON_Delete(json_parse("{}", 2, why, sizeof why));
    assert_string_equal(why, "");
}

static cJSON *nested(unsigned depth, char open, char close)
{
    char *text = calloc(2 * depth + 1, 1);
    cJSON *root;

    memset(text, open, depth);
    memset(text + depth, close, depth);
    root = parse(text);
    free(text);
    return root;
}

static void bounds_the_depth(void **state)
{
    cJSON *root = nested(JSON_DEPTH_MAX, '[', ']');
    char *text = malloc(JSON_BODY_MAX);

    assert_non_null(root);
    cJSON_Delete(root);
    assert_null(nested(JSON_DEPTH_MAX + 1, '[', ']'));
    memset(text, '[', JSON_BODY_MAX);
    assert_refused(text, JSON_BODY_MAX, "deeper");
    for (size_t i = 0; i + 5 <= JSON_BODY_MAX; i += 5)
        memcpy(text + i, "{\"a\":", 5);
    assert_refused(text, JSON_BODY_MAX - JSON_BODY_MAX % 5, "deeper");
    free(text);
}

static void brackets_in_strings_are_no_depth(void **state)
{
    cJSON *root = parse("{\"a\": \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\", \"b\\\"{{\": \"\\\\\"}");

    assert_non_null(root);
    assert_non_null(json_get(root, "b\"{{"));
    cJSON_Delete(root);
}

static void bounds_the_length(void **state)
{
    char *text = malloc(JSON_BODY_MAX + 2);
    cJSON *root;

    memset(text, ' ', JSON_BODY_MAX + 1);
    memcpy(text, "{}", 2);
    root = json_parse(text, JSON_BODY_MAX, NULL, 0);
    assert_non_null(root);
    cJSON_Delete(root);
    assert_refused(text, JSON_BODY_MAX + 1, "longer than 1024 KiB");
    free(text);
}

static void gets_members_and_elements(void **state)
{
    cJSON *root = parse("{\"a\": [10, 20], \"A\": 1, \"\": 2}");

    assert_true(json_number(json_get(root, "A")) == 1);
    assert_true(json_number(json_get(root, "")) == 2);
    assert_null(json_get(root, "b"));
    assert_null(json_get(NULL, "a"));
    assert_null(json_get(json_get(root, "a"), "a"));
    assert_true(json_number(json_at(json_get(root, "a"), 1)) == 20);
    assert_null(json_at(json_get(root, "a"), 2));
    assert_null(json_at(json_get(root, "a"), (size_t)-1));
    assert_null(json_at(root, 0));
    assert_null(json_at(NULL, 0));
    cJSON_Delete(root);
}

static void reads_numbers(void **state)
{
    static const struct {
        const char *json;
        double expected;
    } cases[] = {
        {"12.5", 12.5},       {"-3", -3},         {"1e3", 1000},         {"\"12.5\"", 12.5},
        {"\" 12.5 \"", 12.5}, {"\"-1e2\"", -100}, {"\"+7\"", 7},         {"true", 1},
        {"false", 0},         {"1e15", 1e15},     {"-1e15", -1e15},      {"0", 0},
        {"\".5\"", 0.5},      {"1.1e15", NAN},    {"1e999", NAN},        {"\"1e999\"", NAN},
        {"\"\"", NAN},        {"\" \"", NAN},     {"\"12 W\"", NAN},     {"\"0x1F\"", NAN},
        {"\"nan\"", NAN},     {"\"inf\"", NAN},   {"\"infinity\"", NAN}, {"\"1,5\"", NAN},
        {"\"12.5.6\"", NAN},  {"\"e5\"", NAN},    {"\"1 2\"", NAN},      {"null", NAN},
        {"[1]", NAN},         {"{}", NAN},        {"\"--1\"", NAN},      {"\"1e\"", NAN},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *v = parse(cases[i].json);
        double d = json_number(v);
        assert_non_null(v);
        if (has_value(d) != has_value(cases[i].expected) ||
            (has_value(d) && d != cases[i].expected))
            fail_msg("%s reads as %g", cases[i].json, d);
        cJSON_Delete(v);
    }
    assert_false(has_value(json_number(NULL)));
    assert_false(has_value(json_member(NULL, "a")));
}

static void assert_member_text(const cJSON *o, const char *key, const char *expected)
{
    char out[16];
    json_text(o, key, out, sizeof out);
    assert_string_equal(out, expected);
}

static void reads_texts(void **state)
{
    cJSON *root =
        parse("{\"s\": \"Garage\", \"n\": 114181234567890, \"f\": 0.5, \"b\": true, \"u\":"
              " \"\\u00fc\\u0007\", \"l\": \"0123456789abcdefgh\", \"o\": {}, \"h\": 1e300,"
              " \"x\": null}");

    assert_member_text(root, "s", "Garage");
    assert_member_text(root, "n", "114181234567890");
    assert_member_text(root, "f", "0.5");
    assert_member_text(root, "b", "");
    assert_member_text(root, "u", "\xC3\xBC?");
    assert_member_text(root, "l", "0123456789abcde");
    assert_member_text(root, "o", "");
    assert_member_text(root, "h", "");
    assert_member_text(root, "x", "");
    assert_member_text(root, "missing", "");
    assert_member_text(NULL, "s", "");
    cJSON_Delete(root);
}

static void reads_booleans(void **state)
{
    cJSON *root = parse("{\"t\": true, \"f\": false, \"1\": 1, \"0\": 0, \"2\": 2, \"T\": \"True\","
                        " \"one\": \"1\", \"no\": \"false\", \"part\": \"tru\", \"n\": null}");

    assert_true(json_bool(root, "t", false));
    assert_false(json_bool(root, "f", true));
    assert_true(json_bool(root, "1", false));
    assert_false(json_bool(root, "0", true));
    assert_false(json_bool(root, "2", true));
    assert_true(json_bool(root, "T", false));
    assert_true(json_bool(root, "one", false));
    assert_false(json_bool(root, "no", true));
    assert_false(json_bool(root, "part", true));
    assert_true(json_bool(root, "missing", true));
    assert_false(json_bool(root, "missing", false));
    assert_true(json_bool(root, "n", true));
    assert_true(json_bool(NULL, "t", true));
    cJSON_Delete(root);
}

static void follows_paths(void **state)
{
    cJSON *root =
        parse("{\"em:0\": {\"act_power\": 7}, \"meters\": [{\"power\": 1}, {\"power\": 2}],"
              " \"0\": {\"1\": 3}, \"p\": [4, [5, 6]], \"a b\": 8,"
              " \"long\": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]}");

    assert_true(json_number(json_path(root, "em:0/act_power")) == 7);
    assert_true(json_number(json_path(root, "/em:0/act_power")) == 7);
    assert_true(json_number(json_path(root, "meters/1/power")) == 2);
    assert_true(json_number(json_path(root, "0/1")) == 3);
    assert_true(json_number(json_path(root, "p/0")) == 4);
    assert_true(json_number(json_path(root, "p/1/1")) == 6);
    assert_true(json_number(json_path(root, "a b")) == 8);
    assert_true(json_number(json_path(root, "meters/1/power/")) == 2);
    assert_true(json_number(json_path(root, "long/10")) == 10);
    assert_true(json_number(json_path(root, "long/12")) == 12);
    assert_true(json_number(json_path(root, "long/002")) == 2);
    assert_true(json_number(json_path(root, "long/0000012")) == 12);
    assert_null(json_path(root, "long/00000012"));
    assert_null(json_path(root, "long/13"));
    assert_ptr_equal(json_path(root, ""), root);
    assert_null(json_path(root, "meters/2/power"));
    assert_null(json_path(root, "meters/one/power"));
    assert_null(json_path(root, "meters/-1/power"));
    assert_null(json_path(root, "meters//power"));
    assert_null(json_path(root, "meters/99999999999999999999/power"));
    assert_null(json_path(root, "em/act_power"));
    assert_null(json_path(root, "em:0/act_power/deeper"));
    assert_null(json_path(root, "em:0/act"));
    assert_null(json_path(NULL, "a"));
    cJSON_Delete(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses),
        cmocka_unit_test(refuses_what_is_no_json),
        cmocka_unit_test(reads_bare_nan_as_null),
        cmocka_unit_test(reads_many_bare_nan),
        cmocka_unit_test(says_why_in_little_space),
        cmocka_unit_test(bounds_the_depth),
        cmocka_unit_test(brackets_in_strings_are_no_depth),
        cmocka_unit_test(bounds_the_length),
        cmocka_unit_test(gets_members_and_elements),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(reads_texts),
        cmocka_unit_test(reads_booleans),
        cmocka_unit_test(follows_paths),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
