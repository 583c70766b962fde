/*
 * An ItemsChanged written by hand, next to the one that libdbus writes of the same items: to the byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dbus/dbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/variant.h"
#include "edge/wire.h"

enum { ITEMS_MAX = 80, LONG_TEXT = 70 * 1024 * 1024 };

struct test_item {
    char path[80];
    struct value value;
    const char *text;
};

/* ---- as libdbus writes ---- */

static void append_item(DBusMessageIter *items, const struct test_item *item)
{
    struct value text = value_string(item->text);
    const char *path = item->path;
    DBusMessageIter entry, dict;

    assert_true(dbus_message_iter_open_container(items, DBUS_TYPE_DICT_ENTRY, NULL, &entry) &&
                dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &path) &&
                dbus_message_iter_open_container(&entry, DBUS_TYPE_ARRAY, "{sv}", &dict) &&
                variant_append_entry(&dict, "Value", &item->value) &&
                variant_append_entry(&dict, "Text", &text) &&
                dbus_message_iter_close_container(&entry, &dict) &&
                dbus_message_iter_close_container(items, &entry));
}

static DBusMessage *by_libdbus(const char *member, const struct test_item *items, size_t count)
{
    DBusMessage *m = dbus_message_new_signal("/", "com.victronenergy.BusItem", member);
    DBusMessageIter iter, dict;

    assert_non_null(m);
    dbus_message_iter_init_append(m, &iter);
    assert_true(dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sa{sv}}", &dict));
    for (size_t i = 0; i < count; i++)
        append_item(&dict, &items[i]);
    assert_true(dbus_message_iter_close_container(&iter, &dict));
    return m;
}

static void by_hand(struct wire *w, const struct test_item *items, size_t count)
{
    wire_begin(w);
    for (size_t i = 0; i < count; i++)
        wire_item(w, items[i].path, &items[i].value, items[i].text);
}

/* ---- the comparison ---- */

/* The whole message, of dbus_malloc(). */
static char *bytes_of(DBusMessage *m, int *len)
{
    char *bytes;

    dbus_message_set_serial(m, 1);
    assert_true(dbus_message_marshal(m, &bytes, len));
    return bytes;
}

static void assert_same_behind(const char *member, const struct test_item *items, size_t count)
{
    DBusMessage *expected = by_libdbus(member, items, count);
    DBusMessage *m = dbus_message_new_signal("/", "com.victronenergy.BusItem", member);
    int expected_len, len;
    struct wire w = {0};

    by_hand(&w, items, count);
    assert_true(wire_end(&w));
    assert_non_null(m);
    assert_true(dbus_message_set_body(m, WIRE_SIGNATURE, w.bytes, (int)w.len));
    char *expected_bytes = bytes_of(expected, &expected_len), *bytes = bytes_of(m, &len);
    assert_int_equal(len, expected_len);
    assert_memory_equal(bytes, expected_bytes, (size_t)len);
    dbus_free(bytes);
    dbus_free(expected_bytes);
    wire_free(&w);
    dbus_message_unref(m);
    dbus_message_unref(expected);
}

static void assert_same(const struct test_item *items, size_t count)
{
    assert_same_behind("ItemsChanged", items, count);
}

/* ---- values ---- */

static const char *const none[] = {NULL}, *const one[] = {"", NULL},
                         *const several[] = {"temperature", "", "pv", "Übergabe", NULL};

static const struct value *values(size_t *count)
{
    static struct value list[14];

    list[0] = value_invalid();
    list[1] = value_int(0);
    list[2] = value_int(INT32_MIN);
    list[3] = value_int(INT32_MAX);
    list[4] = value_double(0);
    list[5] = value_double(-230.4);
    list[6] = value_double(1e300);
    list[7] = value_string("");
    list[8] = value_string("Gartenhaus");
    list[9] = value_string("Süd \xe2\x82\xac \xf0\x9f\x8c\x9e");
    list[10] = value_strings(none);
    list[11] = value_strings(one);
    list[12] = value_strings(several);
    list[13] = value_string("x");
    *count = sizeof(list) / sizeof(list[0]);
    return list;
}

static void set_path(struct test_item *item, size_t len)
{
    memset(item->path, 'P', len);
    item->path[0] = '/';
    item->path[len] = '\0';
}

/* ---- tests ---- */

static void writes_no_items(void **state)
{
    assert_same(NULL, 0);
}

/* Each type behind a path of each length and with a text of each, and again behind an item like it. */
static void aligns_at_every_offset(void **state)
{
    static const char text[] = "0123456789abcdefg";
    struct test_item items[2];
    size_t count;
    const struct value *all = values(&count);

    for (size_t v = 0; v < count; v++) {
        for (size_t path = 1; path < sizeof(text); path++) {
            for (size_t length = 0; length < sizeof(text); length++) {
                set_path(&items[0], path);
                items[0].value = all[v];
                items[0].text = text + length;
                items[1] = items[0];
                assert_same(items, 2);
            }
        }
    }
}

static void follows_a_header_of_every_length(void **state)
{
    static const char longest[] = "ItemsChanged01234567";
    struct test_item item = {.path = "/Ac/Power", .value = value_double(1), .text = "1W"};

    for (size_t i = 0; i < 12; i++) {
        char name[sizeof(longest)];
        snprintf(name, sizeof(name), "%.*s", (int)(sizeof(longest) - 1 - i), longest);
        assert_same_behind(name, &item, 1);
    }
}

static void writes_long_texts(void **state)
{
    size_t len = 100000;
    char *text = malloc(len + 1);

    assert_non_null(text);
    memset(text, 'x', len);
    text[len] = '\0';
    struct test_item items[] = {
        {.path = "/Short", .value = value_int(1), .text = "1"},
        {.path = "/Long", .value = value_string(text), .text = text},
        {.path = "/LongText", .value = value_invalid(), .text = text},
        {.path = "/Last", .value = value_strings(several), .text = ""},
    };
    assert_same(items, sizeof(items) / sizeof(items[0]));
    for (size_t cut = 2040; cut < 2060; cut++) { /* about the first growing of the buffer */
        items[1].text = text + len - cut;
        assert_same(items, 2);
    }
    free(text);
}

static void writes_whatever_comes(void **state)
{
    static const char text[] = "Ein Text, der nicht allzu lang ist: \xe2\x82\xac";
    static struct test_item items[ITEMS_MAX];
    size_t count;
    const struct value *all = values(&count);

    srand(1);
    for (int round = 0; round < 3000; round++) {
        size_t n = (size_t)rand() % (round % 10 ? 15 : ITEMS_MAX);
        for (size_t i = 0; i < n; i++) {
            set_path(&items[i], 1 + (size_t)rand() % (sizeof(items[i].path) - 1));
            items[i].value = all[(size_t)rand() % count];
            if (items[i].value.type == VALUE_DOUBLE && rand() % 2)
                items[i].value = value_double(rand() / 1000.0);
            items[i].text = text + (size_t)rand() % (sizeof(text) - 4);
        }
        assert_same(items, n);
    }
}

/* What is written second has nothing of what was there first, which was longer. */
static void serves_again(void **state)
{
    struct test_item item = {.path = "/Ac/Power", .value = value_double(1), .text = "1W"};
    struct test_item longer[] = {{"/Name", value_string("Gartenhaus"), "Gartenhaus"}, item};
    struct wire once = {0}, twice = {0};

    by_hand(&once, &item, 1);
    by_hand(&twice, longer, 2);
    assert_true(wire_end(&twice));
    by_hand(&twice, &item, 1);
    assert_true(wire_end(&once));
    assert_true(wire_end(&twice));
    assert_int_equal(twice.len, once.len);
    assert_memory_equal(twice.bytes, once.bytes, once.len);
    wire_free(&once);
    wire_free(&twice);
}

/* An array has an end on D-Bus, far beyond what there is to say. */
static void refuses_what_dbus_does_not_carry(void **state)
{
    char *text = malloc(LONG_TEXT + 1);
    struct wire w = {0};

    assert_non_null(text);
    memset(text, 'x', LONG_TEXT);
    text[LONG_TEXT] = '\0';
    struct value small = value_int(1), large = value_string(text);
    wire_begin(&w);
    wire_item(&w, "/A", &small, text);
    assert_false(wire_end(&w));
    wire_free(&w);
    wire_begin(&w);
    wire_item(&w, "/A", &large, text);
    wire_item(&w, "/B", &small, "1"); /* comes too late */
    assert_false(wire_end(&w));
    wire_free(&w);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_no_items),
        cmocka_unit_test(aligns_at_every_offset),
        cmocka_unit_test(follows_a_header_of_every_length),
        cmocka_unit_test(writes_long_texts),
        cmocka_unit_test(writes_whatever_comes),
        cmocka_unit_test(serves_again),
        cmocka_unit_test(refuses_what_dbus_does_not_carry),
    };
    int failed = cmocka_run_group_tests_name("wire", tests, NULL, NULL);
    dbus_shutdown();
    return failed;
}
