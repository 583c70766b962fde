#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf.h"
#include "core/json.h"
#include "core/json_paths.h"

/* ---- What is found ---------------------------------------------------------------------------- */

struct listing {
    char text[4096];
    size_t used;
};

static void list(void *user, const struct json_number_found *f)
{
    struct listing *l = user;
    l->used += (size_t)snprintf(l->text + l->used, sizeof l->text - l->used, "%s%s=%g\n",
                                f->unusable ? "!" : "", f->path, f->value);
}

static void assert_listed(const char *json, const char *expected)
{
    struct listing l = {.used = 0};
    cJSON *root = json_parse(json, strlen(json), NULL, 0);

    assert_non_null(root);
    json_paths(root, 100, list, &l);
    cJSON_Delete(root);
    assert_string_equal(l.text, expected);
}

static void lists_numbers_and_numeric_text(void **state)
{
    (void)state;
    assert_listed("{\"a\":1,\"b\":{\"c\":[2,{\"d\":\"3.5\"}]},\"e\":\"x\",\"f\":true,\"g\":null}",
                  "a=1\nb/c/0=2\nb/c/1/d=3.5\n");
    assert_listed("[{\"em:0\":{\"W\":7}}]", "0/em:0/W=7\n");
    assert_listed("{}", "");
    assert_listed("[]", "");
    assert_listed("null", "");
}

static void a_leading_slash_helps_where_it_must(void **state)
{
    (void)state;
    assert_listed("42", "/=42\n");
    assert_listed("{\"None\":1,\"none\":{\"x\":2}}", "/None=1\nnone/x=2\n");
    assert_listed("{\"\":{\"a\":1},\" b\":2}", "//a=1\n/ b=2\n");
    assert_listed("{\"a\":{\"\":{\"b\":3}}}", "a//b=3\n");
    assert_listed("{\"0\":1,\"1\":[5]}", "0=1\n1/0=5\n");
}

static void says_where_nothing_leads(void **state)
{
    (void)state;
    assert_listed("{\"a/b\":1,\"c+d\":2,\"e \":3,\"\":4,\"f\":{\"\":5}}",
                  "!a/b=1\nc+d=2\n!e =3\n!/=4\n!f/=5\n");
    assert_listed("{\"a\":{\"b\":1},\"a/b\":2}", "a/b=1\n!a/b=2\n");
    assert_listed("{\"a\":1,\"a\":2}", "a=1\n!a=2\n");
    assert_listed("{\"a\\nb\":1,\"a\\u0001\":2}", "!a\nb=1\n!a\x01=2\n");
}

static void nothing_is_too_long(void **state)
{
    char json[3000], name[1000];
    struct listing l = {.used = 0};

    (void)state;
    memset(name, 'x', sizeof name - 1);
    for (size_t len = JSON_PATH_MAX - 3; len < sizeof name; len += len < 300 ? 1 : 233) {
        l.used = 0;
        name[len] = '\0';
        (void)snprintf(json, sizeof json, "{\"%s\":{\"%s\":1},\"a\":2}", name, name);
        cJSON *root = json_parse(json, strlen(json), NULL, 0);
        assert_int_equal(json_paths(root, 10, list, &l), 2);
        assert_int_equal(l.text[0], '!');
        assert_non_null(strstr(l.text, "\na=2\n"));
        cJSON_Delete(root);
        (void)snprintf(json, sizeof json, "{\"%s\":1}", name);
        l.used = 0;
        root = json_parse(json, strlen(json), NULL, 0);
        json_paths(root, 10, list, &l);
        assert_int_equal(l.text[0] == '!', len >= JSON_PATH_MAX);
        cJSON_Delete(root);
        name[len] = 'x';
    }
}

/* Objects and lists whose own path ends about where the buffer does: what is within is told all the same. */
static void nothing_runs_over_the_end(void **state)
{
    char json[1200], name[600];

    (void)state;
    for (size_t len = 2 * JSON_PATH_MAX - 5; len < 2 * JSON_PATH_MAX + 5; len++) {
        struct listing l = {.used = 0};
        memset(name, 'x', len);
        name[len] = '\0';
        (void)snprintf(json, sizeof json, "{\"%s\":{\"b\":1,\"c\":[2,3]},\"a\":4}", name);
        cJSON *root = json_parse(json, strlen(json), NULL, 0);
        assert_non_null(root);
        assert_int_equal(json_paths(root, 10, list, &l), 4);
        assert_string_equal(l.text + strlen(l.text) - 5, "\na=4\n");
        cJSON_Delete(root);
    }
}

/* A number in a list of a list, where nothing stands before the index. */
static void lists_at_the_root(void **state)
{
    (void)state;
    assert_listed("[[1,{\"\":[2]}],3]", "0/0=1\n0/1//0=2\n1=3\n");
}

static void counts_what_it_does_not_tell(void **state)
{
    struct listing l = {.used = 0};
    cJSON *root = cJSON_CreateArray();

    (void)state;
    for (int i = 0; i < 1000; i++)
        cJSON_AddItemToArray(root, cJSON_CreateNumber(i));
    assert_int_equal(json_paths(root, 2, list, &l), 1000);
    assert_string_equal(l.text, "0=0\n1=1\n");
    cJSON_Delete(root);
}

/* ---- Any JSON ----------------------------------------------------------------------------------- */

static uint32_t seed = 1;

static uint32_t dice(uint32_t sides)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 16) % sides;
}

/* Names of what is awkward: separators, blanks, numbers, nothing, what the configuration escapes. */
static void make_name(char out[8])
{
    static const char letters[] = "ab/+ 01.%:#;=[]_N\xC3\xA4\"\\-";
    size_t len = dice(5), used = 0;

    for (size_t i = 0; i < len; i++)
        out[used++] = letters[dice(sizeof letters - 1)];
    out[used] = '\0';
    if (dice(20) == 0)
        strcpy(out, "none");
}

static cJSON *make(unsigned depth)
{
    char name[8], text[16];

    switch (dice(depth ? 6 : 4)) {
    case 0:
        (void)snprintf(text, sizeof text, " %u.5 ", (unsigned)dice(9));
        return cJSON_CreateString(text);
    case 1:
        return cJSON_CreateBool(1);
    case 2:
    case 3:
        return cJSON_CreateNumber(dice(100000) / 10.0);
    default:
        break;
    }
    bool array = dice(3) == 0;
    cJSON *node = array ? cJSON_CreateArray() : cJSON_CreateObject();
    for (uint32_t n = dice(6); n > 0; n--) {
        make_name(name);
        if (array)
            cJSON_AddItemToArray(node, make(depth - 1));
        else
            cJSON_AddItemToObject(node, name, make(depth - 1));
    }
    return node;
}

/* ---- What a key means --------------------------------------------------------------------------- */

static void write_term(void *user, const struct json_term *t)
{
    struct listing *l = user;
    double value = json_number(t->node);

    l->used += (size_t)snprintf(l->text + l->used, sizeof l->text - l->used, "%c%s=%g ",
                                t->minus ? '-' : '+', t->path, value);
}

static void assert_terms(const char *json, const char *key, const char *expected)
{
    struct listing l = {.text = ""};
    cJSON *root = json_parse(json, strlen(json), NULL, 0);
    char *exact = strdup(key); /* the sanitizer sees each byte read too many */

    assert_non_null(root);
    json_terms(root, exact, write_term, &l);
    cJSON_Delete(root);
    free(exact);
    if (strcmp(l.text, expected) != 0)
        fail_msg("%s of %s is %s, not %s", key, json, l.text, expected);
}

static void sums_and_differences(void **state)
{
    static const char json[] = "{\"i\":5,\"e\":2,\"d\":{\"a-b\":7,\"c\":[8,9]}}";

    (void)state;
    assert_terms(json, "i", "+i=5 ");
    assert_terms(json, " i ", "+i=5 ");
    assert_terms(json, "i + e", "+i=5 +e=2 ");
    assert_terms(json, "i - e", "+i=5 -e=2 ");
    assert_terms(json, "i\t-\te", "+i=5 -e=2 ");
    assert_terms(json, "i  -  e + d/c/1 - /d/c/0", "+i=5 -e=2 +d/c/1=9 -/d/c/0=8 ");
    assert_terms(json, "i - nothing", "+i=5 -nothing=nan ");
    assert_terms(json, "d/a-b + i", "+d/a-b=7 +i=5 "); /* without blanks it is part of a name */
    assert_terms(json, "i-e", "+i-e=nan ");
    assert_terms(json, "i -e", "+i -e=nan ");
    assert_terms(json, "- i", "+- i=nan ");            /* nothing stands before it */
    assert_terms(json, "i - - e", "+i=5 -=nan -e=2 "); /* nothing is no number */
    assert_terms(json, "i -", "+i -=nan ");
}

/* Older configurations part the paths by a '+' without blanks. */
static void a_plus_without_blanks(void **state)
{
    static const char json[] = "{\"p1\":5,\"p2\":2,\"n\":null,\"o\":{\"p1\":1}}";

    (void)state;
    assert_terms(json, "p1+p2", "+p1=5 +p2=2 ");
    assert_terms(json, "p1+ p2 +o/p1", "+p1=5 +p2=2 +o/p1=1 ");
    assert_terms(json, "p1 - p2+o/p1", "+p1=5 -p2=2 -o/p1=1 ");
    assert_terms(json, "p1+gone", "+p1=5 +gone=nan ");
    assert_terms(json, "gone+n", "+gone=nan +n=nan ");
    assert_terms(json, "gone+too", "+gone+too=nan "); /* nothing speaks for a sum */
    assert_terms(json, "o/+p1", "+o/=nan +p1=5 ");
}

static void a_plus_in_a_name(void **state)
{
    static const char json[] =
        "{\"W\":{\"+P\":316,\"+A\":7,\"-A\":3,\"P+Q\":1},\"a + b\":4,\"c - d\":6,"
        "\"a\":100,\"b\":200,\"P\":9}";

    (void)state;
    assert_terms(json, "W/+P", "+W/+P=316 ");
    assert_terms(json, "W/+P + W/+A", "+W/+P=316 +W/+A=7 ");
    assert_terms(json, "W/+A - W/-A", "+W/+A=7 -W/-A=3 ");
    assert_terms(json, "W/P+Q", "+W/P+Q=1 ");
    assert_terms(json, "a + b", "+a + b=4 "); /* the name before the sum */
    assert_terms(json, "c - d", "+c - d=6 ");
    assert_terms(json, "b + a", "+b=200 +a=100 ");
    assert_terms("{\"W\":{\"+A\":1}}", "W/+P", "+W/+P=nan "); /* gone, and not W/ and P */
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

/* ---- Every path leads back --------------------------------------------------------------------- */

static unsigned leading_back;

static void expect_node(void *user, const struct json_term *t)
{
    const cJSON **node = user;

    assert_non_null(*node); /* it is one term */
    assert_ptr_equal(t->node, *node);
    *node = NULL;
}

/* As written into a configuration, read by it, and followed by the driver. */
static void lead_back(void *user, const struct json_number_found *f)
{
    const cJSON *root = user;
    char text[1024], doubled[2 * JSON_PATH_MAX], *to = doubled;
    struct conf_report report;

    if (f->unusable)
        return;
    assert_ptr_equal(json_path(root, f->path), f->node);
    for (const char *s = f->path; *s; s++) {
        if (*s == '%')
            *to++ = '%';
        *to++ = *s;
    }
    *to = '\0';
    (void)snprintf(text, sizeof text,
                   "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=x\n"
                   "CUST_API_PATH=y\nCUST_SN=1\nPhase=L1\nDeviceInstance=40\nAcPosition=1\nName=z\n"
                   "CUST_Power=%s\n",
                   doubled);
    struct config *config = config_parse(text, strlen(text), &report);
    if (!config || report.errors)
        fail_msg("%s: %s", text, report.count ? report.messages[0].text : "");
    const struct gateway_conf *gateway = &config->gateways[config->gateway_count - 1];
    assert_string_equal(gateway->driver, "template");
    assert_string_equal(gateway->template.power.path, f->path);
    const cJSON *node = f->node;
    json_terms(root, gateway->template.power.path, expect_node, &node);
    assert_null(node);
    config_free(config);
    conf_report_finish(&report);
    leading_back++;
}

static void every_path_leads_back(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        cJSON *root = make(4);
        json_paths(root, 1000, lead_back, root);
        cJSON_Delete(root);
    }
    assert_in_range(leading_back, 300, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_numbers_and_numeric_text),
        cmocka_unit_test(a_leading_slash_helps_where_it_must),
        cmocka_unit_test(says_where_nothing_leads),
        cmocka_unit_test(lists_at_the_root),
        cmocka_unit_test(nothing_is_too_long),
        cmocka_unit_test(nothing_runs_over_the_end),
        cmocka_unit_test(counts_what_it_does_not_tell),
        cmocka_unit_test(sums_and_differences),
        cmocka_unit_test(a_plus_without_blanks),
        cmocka_unit_test(a_plus_in_a_name),
        cmocka_unit_test(why_there_is_no_number),
        cmocka_unit_test(every_path_leads_back),
    };
    return cmocka_run_group_tests_name("json_paths", tests, NULL, NULL);
}
