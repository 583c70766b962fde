/* Which device answers: the keys Probe, Match and Where of device files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/device_match.h"
#include "core/json.h"

enum { FILE_MAX = 64 * 1024 };

static void fail_of_file(void *user, unsigned line, const char *text)
{
    fail_msg("line %u: %s", line, text);
}

static void read_type(struct device_type *t, const char *lines)
{
    static char text[1000];
    const struct device_text file = {"mine", text, NULL};

    (void)snprintf(text, sizeof text, "[DEVICE]\nTitle = Mine\nClasses = grid\n%s", lines);
    assert_true(device_type_read(t, &file, fail_of_file, NULL));
}

static bool matches(const char *lines, const char *reply)
{
    struct device_type t;
    cJSON *root = json_parse(reply, strlen(reply), NULL, 0);

    read_type(&t, lines);
    bool result = device_match(&t, root);
    cJSON_Delete(root);
    device_type_finish(&t);
    return result;
}

static void what_matches(void **state)
{
    static const struct {
        const char *lines, *reply;
        bool is;
    } rows[] = {
        {"Match = a: x", "{\"a\": \"x\"}", true},
        {"Match = a: x", "{\"a\": \"xy\"}", false},
        {"Match = a: x", "{\"a\": \"X\"}", false},
        {"Match = a: x*", "{\"a\": \"xy\"}", true},
        {"Match = a: x*", "{\"a\": \"yx\"}", false},
        {"Match = a: x y z*", "{\"a\": \"zz\"}", true},
        {"Match = a: x y", "{\"a\": \"z\"}", false},
        {"Match = a/b: *", "{\"a\": {\"b\": {}}}", true}, /* what is no text */
        {"Match = a/b: *", "{\"a\": {\"b\": null}}", false},
        {"Match = a/b: *", "{\"a\": 1}", false},
        {"Match = a: 2", "{\"a\": 2}", true},
        {"Match = a: 2", "{\"a\": \"2\"}", true},
        {"Match = a: 2.5", "{\"a\": 2.5}", true},
        {"Match = a: 2", "{\"a\": 20}", false},
        {"Match = a: 2*", "{\"a\": 20}", true},
        {"Match = a: true", "{\"a\": true}", true},
        {"Match = a: false", "{\"a\": false}", true},
        {"Match = a: x*", "{\"a\": {\"x\": 1}}", false},
        {"Match = a: -", "{\"b\": 1}", true},
        {"Match = a: - x", "{\"a\": \"x\"}", true},
        {"Match = a: - x", "{\"a\": \"y\"}", false},
        {"Match = a: -", "{\"a\": null}", true},
        {"Match = em:0/a: x", "{\"em:0\": {\"a\": \"x\"}}", true},
        {"Match = a: x\nWhere = b: y", "{\"a\": \"x\", \"b\": \"y\"}", true},
        {"Match = a: x\nWhere = b: y", "{\"a\": \"x\", \"b\": \"z\"}", false},
        {"Match = a: x\nWhere = b: y", "{\"a\": \"z\", \"b\": \"y\"}", false},
        {"Match = a: x\nWhere = b: y -", "{\"a\": \"x\"}", true},
        {"Where = b: y", "{\"b\": \"y\"}", false}, /* without a Match it is not looked for */
        {"Match = a", "{\"a\": \"x\"}", false},
        {"Match = a:", "{\"a\": \"\"}", false},
        {"Match = 0: x", "[\"x\"]", true},
        {"Match = a: x", "\"x\"", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (matches(rows[i].lines, rows[i].reply) != rows[i].is)
            fail_msg("%s of %s", rows[i].lines, rows[i].reply);
    }
    assert_false(matches("Match = a: x", "no JSON"));
}

static void what_it_says_of_itself(void **state)
{
    static const char reply[] = "{\"n\": \"a\\u001bb\\nc\", \"v\": 1.5, \"o\": {}, \"e\": null}";
    cJSON *root = json_parse(reply, sizeof reply - 1, NULL, 0);
    struct device_type t;
    char out[8];

    read_type(&t, "ProbeName = n\nProbeFirmware = v\nProbeSerial = o");
    device_match_text(&t, "ProbeName", root, out, sizeof out);
    assert_string_equal(out, "a?b c");
    device_match_text(&t, "ProbeFirmware", root, out, sizeof out);
    assert_string_equal(out, "1.5");
    device_match_text(&t, "ProbeSerial", root, out, sizeof out);
    assert_string_equal(out, "");
    device_match_text(&t, "Vendor", root, out, sizeof out);
    assert_string_equal(out, "");
    device_type_finish(&t);
    cJSON_Delete(root);
}

/* ---- The types that come with the program ---- */

/* The reply of the type's fixture to that path. */
static cJSON *fixture_reply(const char *type, const char *path)
{
    static char text[FILE_MAX];
    char name[200];

    (void)snprintf(name, sizeof name, "tests/fixtures/devices/%s.json", type);
    FILE *f = fopen(name, "r");
    if (!f)
        return NULL;
    size_t len = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[len] = '\0';
    cJSON *root = json_parse(text, len, NULL, 0);
    cJSON *reply = cJSON_DetachItemFromObjectCaseSensitive(root, path);
    cJSON_Delete(root);
    return reply;
}

static bool is_asked_like(const struct device_type *a, const struct device_type *b)
{
    char one[DEVICE_TYPE_VALUE_MAX], other[DEVICE_TYPE_VALUE_MAX];

    return device_type_get(a, "Probe", one) && device_type_get(b, "Probe", other) &&
           strcmp(one, other) == 0;
}

static void check_others(const struct device_type *type, const cJSON *reply)
{
    for (const struct device_text *text = device_texts; text->name; text++) {
        struct device_type other;
        assert_true(device_type_read(&other, text, fail_of_file, NULL));
        bool same = strcmp(text->name, type->name) == 0;
        if (is_asked_like(type, &other) && device_match(&other, reply) != same)
            fail_msg("the reply of %s: is it %s?", type->name, text->name);
        device_type_finish(&other);
    }
}

/* A type that can be looked for has a reply to its Probe in its fixture, and no other type claims that. */
static void each_type_is_told_by_its_reply(void **state)
{
    unsigned told = 0;

    for (const struct device_text *text = device_texts; text->name; text++) {
        struct device_type t;
        char probe[DEVICE_TYPE_VALUE_MAX], path[DEVICE_TYPE_VALUE_MAX + 2];
        assert_true(device_type_read(&t, text, fail_of_file, NULL));
        if (device_type_get(&t, "Probe", probe)) {
            (void)snprintf(path, sizeof path, "/%s", probe);
            cJSON *reply = fixture_reply(t.name, path);
            if (!reply)
                fail_msg("tests/fixtures/devices/%s.json has no reply to %s", t.name, path);
            check_others(&t, reply);
            cJSON_Delete(reply);
            told++;
        }
        device_type_finish(&t);
    }
    assert_true(told >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_matches),
        cmocka_unit_test(what_it_says_of_itself),
        cmocka_unit_test(each_type_is_told_by_its_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
