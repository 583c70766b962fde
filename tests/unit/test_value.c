#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/value.h"

static void assert_text(struct value v, enum text_format format, const char *expected)
{
    char out[64];
    assert_string_equal(value_text(&v, format, out, sizeof out), expected);
}

static const char *const abc[] = {"a", "b", "c", NULL}, *const ab[] = {"a", "b", NULL},
                         *const nothing[] = {NULL};

static void makes_values(void **state)
{
    assert_int_equal(value_double(1.5).type, VALUE_DOUBLE);
    assert_int_equal(value_double((double)NAN).type, VALUE_INVALID);
    assert_int_equal(value_double((double)INFINITY).type, VALUE_INVALID);
    assert_int_equal(value_double(-(double)INFINITY).type, VALUE_INVALID);
    assert_int_equal(value_string(NULL).type, VALUE_INVALID);
    assert_int_equal(value_string("").type, VALUE_STRING);
    assert_int_equal(value_int(7).i, 7);
    assert_int_equal(value_strings(NULL).type, VALUE_INVALID);
    assert_int_equal(value_strings(nothing).type, VALUE_STRINGS);
}

static void compares(void **state)
{
    struct value invalid = value_invalid(), one = value_int(1), real = value_double(1);
    struct value a = value_string("a"), also_a = value_string((char[]){"a"}), b = value_string("b");
    struct value two = value_int(2), real2 = value_double(2);

    assert_true(value_equal(&invalid, &invalid));
    assert_true(value_equal(&one, &one));
    assert_true(value_equal(&real, &real));
    assert_true(value_equal(&a, &also_a));
    assert_false(value_equal(&a, &b));
    assert_false(value_equal(&one, &two));
    assert_false(value_equal(&real, &real2));
    assert_false(value_equal(&real2, &real));
    assert_false(value_equal(&one, &real)); /* another type is another value on the bus */
    assert_false(value_equal(&invalid, &one));
}

static void compares_lists(void **state)
{
    static const char *const copy[] = {"a", "b", "c", NULL}, *const other[] = {"a", "x", "c", NULL};
    struct value list = value_strings(abc), shorter = value_strings(ab), a = value_string("a");
    struct value same = value_strings(copy), differs = value_strings(other);
    struct value none = value_strings(nothing), invalid = value_invalid();

    assert_true(value_equal(&list, &same));
    assert_false(value_equal(&list, &differs));
    assert_false(value_equal(&list, &shorter));
    assert_false(value_equal(&shorter, &list));
    assert_false(value_equal(&none, &list));
    assert_true(value_equal(&none, &none));
    assert_false(value_equal(&none, &invalid));
    assert_false(value_equal(&list, &a));
}

static void writes_lists(void **state)
{
    struct value list = value_strings(abc);
    char out[32];

    assert_text(list, TEXT_PLAIN, "['a', 'b', 'c']");
    assert_text(value_strings(&abc[2]), TEXT_PLAIN, "['c']");
    assert_text(value_strings(nothing), TEXT_PLAIN, "[]");
    for (size_t size = 1; size <= 16; size++) {
        memset(out, 'x', sizeof out);
        value_text(&list, TEXT_PLAIN, out, size);
        assert_int_equal(strlen(out), size - 1);
        assert_memory_equal(out, "['a', 'b', 'c']", size - 1);
        assert_int_equal(out[size], 'x');
    }
}

static void writes_texts(void **state)
{
    assert_text(value_invalid(), TEXT_W, "---");
    assert_text(value_string("Garage"), TEXT_PLAIN, "Garage");
    assert_text(value_string(""), TEXT_PLAIN, "");
    assert_text(value_int(7), TEXT_PLAIN, "7");
    assert_text(value_int(-7), TEXT_PLAIN, "-7");
    assert_text(value_int(0xFFFF), TEXT_HEX, "0xFFFF");
    assert_text(value_int(800), TEXT_W, "800W");
    assert_text(value_double(0.986), TEXT_PLAIN, "0.99");
    assert_text(value_double(123.6), TEXT_W, "124W");
    assert_text(value_double(1.26), TEXT_A, "1.3A");
    assert_text(value_double(229.7), TEXT_V, "230V");
    assert_text(value_double(31.25), TEXT_DCV, "31.2V");
    assert_text(value_double(422.603), TEXT_KWH, "422.60kWh");
    assert_text(value_double(50.017), TEXT_HZ, "50.02Hz");
    assert_text(value_double(34.25), TEXT_C, "34.2C");
    assert_text(value_double(95.55), TEXT_PCT, "95.5%");
    assert_text(value_double(12.6), TEXT_MS, "13ms");
    assert_text(value_double(3.9), TEXT_HEX, "4");
}

static void never_writes_a_negative_zero(void **state)
{
    assert_text(value_double(-0.4), TEXT_W, "0W");
    assert_text(value_double(-0.0), TEXT_A, "0.0A");
    assert_text(value_double(-0.04), TEXT_A, "0.0A");
    assert_text(value_double(-0.6), TEXT_W, "-1W");
}

/* Two decimals, one, none: as printf() rounds, to the last digit. */
static void writes_like_printf(double d)
{
    static const struct {
        enum text_format format;
        int decimals;
        const char *unit;
    } formats[] = {{TEXT_KWH, 2, "kWh"}, {TEXT_A, 1, "A"}, {TEXT_W, 0, "W"}};
    struct value v = value_double(d);
    char expected[400], text[400];

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        (void)snprintf(expected, sizeof expected, "%.*f%s", formats[i].decimals, d,
                       formats[i].unit);
        bool zero = expected[0] == '-' && strtod(expected, NULL) == 0;
        value_text(&v, formats[i].format, text, sizeof text);
        assert_string_equal(text, expected + (zero ? 1 : 0));
    }
}

static void rounds_like_printf(void **state)
{
    static const double numbers[] = {
        0,
        -0.0,
        0.125,
        0.375,
        0.5,
        1.5,
        2.5,
        0.05,
        0.15,
        0.25,
        0.35,
        0.005,
        0.015,
        1.005,
        2.675,
        1.115,
        8.345,
        1e-300,
        5e-324,
        0.994,
        0.995,
        0.996,
        9.995,
        99.995,
        9.95,
        999.5,
        123456.785,
        1e13,
        1e15,
        1.1e15,
        1e17,
        1e300,
        4503599627370497.5,
        70368744177664.125,
        70368744177664.375,
        35184372088832.015625,
        281474976710656.5,
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        writes_like_printf(numbers[i]);
        writes_like_printf(-numbers[i]);
    }
    srand(1);
    for (int i = 0; i < 20000; i++) {
        double thousandths = rand() % 2000000 / 1000.0; /* half of them next to a tie */
        writes_like_printf(thousandths);
        writes_like_printf(nextafter(thousandths, 0));
        writes_like_printf(-nextafter(thousandths, 1e9));
        writes_like_printf(rand() % 100000 / 128.0); /* ties */
        writes_like_printf((double)rand() / (1 + rand()));
    }
}

static void writes_whole_numbers_like_printf(void **state)
{
    static const int32_t numbers[] = {0, 1, -1, 9, 10, -10, 99999, INT32_MAX, INT32_MIN};
    char expected[32], text[32];

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct value v = value_int(numbers[i]);
        snprintf(expected, sizeof expected, "%d", (int)numbers[i]);
        assert_string_equal(value_text(&v, TEXT_PLAIN, text, sizeof text), expected);
    }
}

static void stays_within_size(void **state)
{
    char out[8] = "xxxxxxx";
    struct value huge = value_double(1e300), power = value_double(123),
                 text = value_string("s\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC");

    value_text(&huge, TEXT_W, out, sizeof out);
    assert_int_equal(strlen(out), sizeof out - 1);
    value_text(&power, TEXT_W, out, 5);
    assert_string_equal(out, "123W");
    value_text(&power, TEXT_W, out, 4);
    assert_string_equal(out, "123");
    value_text(&power, TEXT_W, out, 1);
    assert_string_equal(out, "");
    value_text(&text, TEXT_PLAIN, out, 4);
    assert_string_equal(out, "s\xC3\xBC");
    out[0] = 'x';
    value_text(&text, TEXT_PLAIN, out, 1);
    assert_string_equal(out, "");
    out[0] = 'x';
    value_text(&text, TEXT_PLAIN, out, 0);
    assert_int_equal(out[0], 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_values),       cmocka_unit_test(compares),
        cmocka_unit_test(writes_texts),       cmocka_unit_test(never_writes_a_negative_zero),
        cmocka_unit_test(rounds_like_printf), cmocka_unit_test(writes_whole_numbers_like_printf),
        cmocka_unit_test(stays_within_size),  cmocka_unit_test(compares_lists),
        cmocka_unit_test(writes_lists),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
