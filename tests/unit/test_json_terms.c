/* What the value of a key like CUST_Power means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/json_terms.h"
#include "core/reading.h"

struct listing {
    char text[1024];
    size_t used;
};

static void write_term(void *user, const struct json_term *t)
{
    struct listing *l = user;
    char value[32];

    (void)snprintf(value, sizeof value, t->left_out ? " left out" : "=%g", t->value);
    l->used +=
        (size_t)snprintf(l->text + l->used, sizeof l->text - l->used, "%s%s ", t->path, value);
}

static void assert_terms(const char *json, const char *key, const char *expected)
{
    struct listing l = {.text = ""};
    cJSON *root = json_parse(json, strlen(json), NULL, 0);
    char *exact = strdup(key); /* the sanitizer sees each byte read too many */

    assert_non_null(root);
    const struct json_replies replies = {{root}};
    json_terms(&replies, exact, write_term, &l);
    cJSON_Delete(root);
    free(exact);
    if (strcmp(l.text, expected) != 0)
        fail_msg("%s of %s is %s, not %s", key, json, l.text, expected);
}

static void sums_and_differences(void **state)
{
    static const char json[] = "{\"i\":5,\"e\":2,\"d\":{\"a-b\":7,\"c\":[8,9]}}";

    (void)state;
    assert_terms(json, "i", "i=5 ");
    assert_terms(json, " i ", "i=5 ");
    assert_terms(json, "i + e", "i=5 e=2 ");
    assert_terms(json, "i - e", "i=5 e=-2 ");
    assert_terms(json, "i\t-\te", "i=5 e=-2 ");
    assert_terms(json, "i  -  e + d/c/1 - /d/c/0", "i=5 e=-2 d/c/1=9 /d/c/0=-8 ");
    assert_terms(json, "i - nothing", "i=5 nothing=nan ");
    assert_terms(json, "d/a-b + i", "d/a-b=7 i=5 "); /* without blanks it is part of a name */
    assert_terms(json, "i-e", "i-e=nan ");
    assert_terms(json, "i -e", "i -e=nan ");
    assert_terms(json, "- i", "i=-5 ");
    assert_terms(json, " - i - e", "i=-5 e=-2 ");
    assert_terms(json, "i - - e", "i=5 =nan e=-2 "); /* nothing is no number */
    assert_terms(json, "i -", "i -=nan ");
    assert_terms(json, "i - ", "i -=nan ");
}

/* Older configurations part the paths by a '+' without blanks. */
static void a_plus_without_blanks(void **state)
{
    static const char json[] = "{\"p1\":5,\"p2\":2,\"n\":null,\"o\":{\"p1\":1}}";

    (void)state;
    assert_terms(json, "p1+p2", "p1=5 p2=2 ");
    assert_terms(json, "p1+ p2 +o/p1", "p1=5 p2=2 o/p1=1 ");
    assert_terms(json, "p1 - p2+o/p1", "p1=5 p2=-2 o/p1=-1 ");
    assert_terms(json, "p1+gone", "p1=5 gone=nan ");
    assert_terms(json, "gone+n", "gone=nan n=nan ");
    assert_terms(json, "gone+too", "gone+too=nan "); /* nothing speaks for a sum */
    assert_terms(json, "o/+p1", "o/=nan p1=5 ");
    assert_terms(json, "[1]p1+[1]p2", "p1=5 p2=2 ");
    assert_terms(json, "o/p1 * 2+p2", "o/p1=2 p2=2 ");
    assert_terms(json, "p1+p2 * 2", "p1=5 p2=4 ");
    assert_terms(json, "gone+(5)", "gone+(5)=nan "); /* what is in no reply speaks for nothing */
}

/* What leads somewhere is one term, whatever its pieces lead to. */
static void a_plus_that_parts_nothing(void **state)
{
    (void)state;
    assert_terms("[7,8]", "0 * 1e+1", "0=70 ");
    assert_terms("[7,8]", "(1e+1)", "(1e+1)=10 ");
    assert_terms("{\"a\":1,\"b\":2,\"a+b\":5}", "a+b * 2", "a+b=10 ");
    assert_terms("{\"a\":1,\"b\":2,\"a+b\":5}", "[1]a+b", "a+b=5 ");
    assert_terms("{\"a\":1,\"a+b\":[1,2]}", "a+b/*", "a+b/*=3 ");
}

static void a_plus_in_a_name(void **state)
{
    static const char json[] =
        "{\"W\":{\"+P\":316,\"+A\":7,\"-A\":3,\"P+Q\":1},\"a + b\":4,\"c - d\":6,"
        "\"a\":100,\"b\":200,\"P\":9}";

    (void)state;
    assert_terms(json, "W/+P", "W/+P=316 ");
    assert_terms(json, "W/+P + W/+A", "W/+P=316 W/+A=7 ");
    assert_terms(json, "W/+A - W/-A", "W/+A=7 W/-A=-3 ");
    assert_terms(json, "W/P+Q", "W/P+Q=1 ");
    assert_terms(json, "a + b", "a + b=4 "); /* the name before the sum */
    assert_terms(json, "c - d", "c - d=6 ");
    assert_terms(json, "b + a", "b=200 a=100 ");
    assert_terms("{\"W\":{\"+A\":1}}", "W/+P", "W/+P=nan "); /* gone, and not W/ and P */
}

static void why_there_is_no_number(void **state)
{
    static const struct {
        const char *json, *why;
    } cases[] = {{"null", "null at present"},
                 {"[1]", "/0 is the first"},
                 {"{}", "must go on"},
                 {"\"on\"", "no number"}};

    (void)state;
    assert_string_equal(json_no_number(NULL), "is not in the reply");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *root = json_parse(cases[i].json, strlen(cases[i].json), NULL, 0);
        assert_non_null(strstr(json_no_number(root), cases[i].why));
        cJSON_Delete(root);
    }
}

static void factors(void **state)
{
    static const char json[] = "{\"a\":5,\"b\":2,\"c * 2\":9,\"s\":\"7\"}";

    (void)state;
    assert_terms(json, "a * 2", "a=10 ");
    assert_terms(json, "a * 0.001 - b * 3", "a=0.005 b=-6 ");
    assert_terms(json, "a *  2", "a=10 ");
    assert_terms(json, "a  * 2", "a=10 ");
    assert_terms(json, "a\t*\t \t2", "a=10 ");
    assert_terms(json, "* 2", "* 2=nan ");
    assert_terms(json, "- a * -1", "a=5 ");
    assert_terms(json, "s * 2", "s=14 ");
    assert_terms(json, "c * 2", "c * 2=9 "); /* the name before the product */
    assert_terms(json, "a*2", "a*2=nan ");
    assert_terms(json, "a *2", "a *2=nan ");
    assert_terms(json, "a* 2", "a* 2=nan ");
    assert_terms("{\"a+b\":null,\"a\":1,\"b\":2}", "a+b", "a+b=nan "); /* a name, and null */
    assert_terms(json, "a * b", "a * b=nan ");
    assert_terms(json, "a * 2 * 3", "a * 2=nan ");
    assert_terms(json, "a * nan", "a * nan=nan ");
    assert_terms(json, "a * 1e999", "a * 1e999=nan ");
    assert_terms(json, "gone * 0", "gone=nan "); /* missing is not 0 */
}

static void constants(void **state)
{
    static const char json[] = "{\"a\":5,\"(3)\":1}";

    (void)state;
    assert_terms(json, "(230)", "(230)=230 ");
    assert_terms(json, "a - (2.5)", "a=5 (2.5)=-2.5 ");
    assert_terms(json, "(3)", "(3)=1 ");
    assert_terms(json, "230", "230=nan "); /* what a list has lost is no constant */
    assert_terms(json, "()", "()=nan ");
    assert_terms(json, "(a)", "(a)=nan ");
    assert_terms(json, "(1) * 2", "(1)=2 ");
    assert_terms(json, "[9](3) - ()", "(3)=3 ()=nan ");
    assert_terms(json, "[9](3) -()", "(3) -()=nan ");
}

static void what_may_be_left_out(void **state)
{
    static const char json[] = "{\"a\":5,\"b\":2,\"z\":null,\"s\":\"x\",\"q?\":9,\"l\":[1,2]}";

    (void)state;
    assert_terms(json, "a - b?", "a=5 b=-2 ");
    assert_terms(json, "a? + l/*?", "a=5 l/*=3 ");
    assert_terms(json, "b? * 3", "b=6 ");
    assert_terms(json, "b ? * 3", "b=6 ");
    assert_terms(json, "q?", "q?=9 "); /* the name before the mark */
    assert_terms(json, "?", "?=nan ");
    assert_terms(json, "a? * b", "a? * b=nan ");
    assert_terms(json, "(3)?", "(3)=3 ");
    assert_terms(json, "a - gone?", "a=5 gone left out ");
    assert_terms(json, "gone? * 2 + too?", "gone left out too left out ");
    assert_terms(json, "a + gone/*?", "a=5 gone/* left out ");
    assert_terms(json, "z?", "z=nan "); /* a null is there, and so is what is no number */
    assert_terms(json, "s?", "s=nan ");
    assert_terms(json, "[2]a?", "a=nan "); /* of a reply that is not there nothing is known */
}

static void lists(void **state)
{
    static const char json[] =
        "{\"l\":[1,2,3],\"n\":[1,null],\"e\":[],\"v\":7,\"o\":{\"x\":4},\"t\":\"8\",\"z\":null}";

    (void)state;
    assert_terms(json, "l/*", "l/*=6 ");
    assert_terms(json, "v/*", "v/*=7 ");
    assert_terms(json, "t/*", "t/*=8 ");
    assert_terms(json, "l/0", "l/0=1 ");
    assert_terms(json, "v/0", "v/0=7 ");
    assert_terms(json, "v/1", "v/1=nan ");
    assert_terms(json, "l/* * 2 - v/*", "l/*=12 v/*=-7 ");
    assert_terms(json, "n/*", "n/*=nan ");
    assert_terms(json, "e/*", "e/*=nan ");
    assert_terms(json, "o/*", "o/*=nan ");
    assert_terms(json, "o/0", "o/0=nan ");
    assert_terms(json, "z/0", "z/0=nan ");
    assert_terms(json, "gone/*", "gone/*=nan ");
    assert_terms("[4,5]", "/*", "/*=9 ");
}

static void write_reply(void *user, const struct json_term *t)
{
    struct listing *l = user;

    l->used += (size_t)snprintf(l->text + l->used, sizeof l->text - l->used, "%u:%s=%g ", t->reply,
                                t->path, t->value);
}

static void several_replies(void **state)
{
    cJSON *first = json_parse("{\"a\":1,\"[2]c\":4}", 16, NULL, 0);
    cJSON *second = json_parse("{\"a\":10}", 8, NULL, 0);
    const struct json_replies replies = {{first, second}};
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"a + [2]a", "0:a=1 1:a=10 "}, {"[1]a", "0:a=1 "},    {"[2] a * 3", "1:a=30 "},
        {"[3]a", "2:a=nan "},          {"[9]a", "8:a=nan "},  {"[0]a", "0:[0]a=nan "},
        {"[12]a", "0:[12]a=nan "},     {"[2]c", "0:[2]c=4 "}, {"[2]", "1:=nan "},
    };

    (void)state;
    assert_non_null(first);
    assert_non_null(second);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct listing l = {.text = ""};
        json_terms(&replies, cases[i].text, write_reply, &l);
        assert_string_equal(l.text, cases[i].expected);
    }
    cJSON_Delete(first);
    cJSON_Delete(second);
}

/* What a null in a list leads to is that null: the device sleeps, and the path is right. */
static void find_null(void *user, const struct json_term *t)
{
    *(bool *)user = cJSON_IsNull(t->node);
}

static void a_null_in_a_list(void **state)
{
    cJSON *root = json_parse("[1,null,\"x\"]", 12, NULL, 0);
    const struct json_replies replies = {{root}};
    bool null = false;

    (void)state;
    json_terms(&replies, "/*", find_null, &null);
    assert_true(null);
    cJSON_Delete(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_differences),
        cmocka_unit_test(a_plus_without_blanks),
        cmocka_unit_test(a_plus_that_parts_nothing),
        cmocka_unit_test(a_plus_in_a_name),
        cmocka_unit_test(factors),
        cmocka_unit_test(constants),
        cmocka_unit_test(what_may_be_left_out),
        cmocka_unit_test(lists),
        cmocka_unit_test(several_replies),
        cmocka_unit_test(a_null_in_a_list),
        cmocka_unit_test(why_there_is_no_number),
    };
    return cmocka_run_group_tests_name("json_terms", tests, NULL, NULL);
}
