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
#include "core/json_terms.h"

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
    assert_string_equal(gateway->template.value[FIELD_POWER].path[0], f->path);
    const cJSON *node = f->node;
    const struct json_replies replies = {{root}};
    json_terms(&replies, gateway->template.value[FIELD_POWER].path[0], expect_node, &node);
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
        cmocka_unit_test(every_path_leads_back),
    };
    return cmocka_run_group_tests_name("json_paths", tests, NULL, NULL);
}
