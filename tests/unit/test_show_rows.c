/* What `show` makes of values: text of other processes, rows, totals, groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/show/show_model.h"
#include "cli/show/show_text.h"
#include "unit/support/show_fixture.h"

/* ---- text ---- */

static void assert_clean(const char *dirty, const char *expected)
{
    char clean[64];

    show_text_clean(clean, sizeof clean, dirty);
    assert_string_equal(clean, expected);
}

static void cleans_what_others_said(void **state)
{
    char small[4];

    assert_clean("Roof", "Roof");
    assert_clean(NULL, "");
    assert_clean("a\tb\r\nc", "a b  c");
    assert_clean("\x1b[31mred\x07\x7f", "?[31mred??");
    assert_clean("c1\xC2\x9B"
                 "x",
                 "c1?x");
    assert_clean("turn\xE2\x80\xAEround\xE2\x80\x8B", "turn?round");
    assert_clean("line\xE2\x80\xA8"
                 "end",
                 "line end");
    assert_clean("bad\xFF", "bad?");
    assert_clean("cut\xC3", "cut?");
    assert_clean("\xC3\xBC\xF0\x9F\x8F\xA0", "\xC3\xBC\xF0\x9F\x8F\xA0");
    show_text_clean(small, sizeof small, "ab\xC3\xBC");
    assert_string_equal(small, "ab");
    show_text_clean(small, 0, "x");
    assert_string_equal(small, "ab");
    char *flood = malloc(100000);
    memset(flood, 'x', 99999);
    flood[99999] = '\0';
    assert_clean(flood, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    free(flood);
}

static void assert_cell(const char *what, size_t width, bool right, bool utf8, const char *expected)
{
    show_text_reset(&out);
    show_text_cell(&out, what, width, right, utf8);
    show_text_puts(&out, "|");
    assert_string_equal(out.data, expected);
}

static void cuts_by_width(void **state)
{
    assert_cell("ab", 4, false, true, "ab  |");
    assert_cell("ab", 4, true, true, "  ab|");
    assert_cell("abcd", 4, false, true, "abcd|");
    assert_cell("abcde", 4, false, true, "abc\xE2\x80\xA6|");
    assert_cell("abcde", 4, false, false, "abc~|");
    assert_cell("abcde", 0, false, true, "|");
    assert_cell("\xC3\xBC\xC3\xBC", 3, false, true, "\xC3\xBC\xC3\xBC |");
    assert_cell("\xC3\xBC\xC3\xBC", 3, false, false, "?? |");
    assert_cell("\xF0\x9F\x8F\xA0", 3, false, true, "\xF0\x9F\x8F\xA0 |"); /* two columns */
    assert_cell("a\xCC\x88z", 2, false, true, "a\xCC\x88z|");              /* none of its own */
    assert_cell("\xE5\xB1\x8B\xE6\xA0\xB9", 3, false, true, "\xE5\xB1\x8B\xE2\x80\xA6|");
    assert_cell("\xE5\xB1\x8B\xE6\xA0\xB9", 2, false, true, "\xE2\x80\xA6 |"); /* half fits not */
}

/* ---- rows ---- */

static void orders_by_number(void **state)
{
    static const char *const names[] = {"com.victronenergy.pvinverter.http_10",
                                        "com.victronenergy.pvinverter.http_9",
                                        "com.victronenergy.grid.http_30",
                                        "com.victronenergy.pvinverter.http_9a"};

    for (size_t i = 0; i < 4; i++)
        assert_non_null(show_model_add(model, names[i]));
    assert_int_equal(show_model_count(model), 4);
    assert_string_equal(show_model_row(model, 0)->service, "grid.http_30");
    assert_string_equal(show_model_row(model, 1)->service, "pvinverter.http_9");
    assert_string_equal(show_model_row(model, 2)->service, "pvinverter.http_9a");
    assert_string_equal(show_model_row(model, 3)->service, "pvinverter.http_10");
    show_model_remove(model, show_model_row(model, 1));
    show_model_remove(model, NULL);
    assert_int_equal(show_model_count(model), 3);
    assert_string_equal(show_model_row(model, 1)->service, "pvinverter.http_9a");
}

static void takes_so_many_and_no_more(void **state)
{
    char name[64];

    for (unsigned i = 0; i < SHOW_SERVICES_MAX; i++) {
        snprintf(name, sizeof name, "com.victronenergy.pvinverter.http_%u", i);
        assert_non_null(show_model_add(model, name));
    }
    assert_null(show_model_add(model, "com.victronenergy.pvinverter.http_999"));
    show_model_remove(model, show_model_row(model, 0));
    assert_non_null(show_model_add(model, "com.victronenergy.pvinverter.http_999"));
}

static void reads_values_of_any_type(void **state)
{
    struct show_row *row = inverter(20, "Roof", 2, 500);
    struct value v = value_int(400);

    show_row_item(row, "/Ac/Power", &v);
    assert_float_equal(show_row_power(row), 400, 0);
    text(row, "/Ac/Power", "lots"); /* a text is no power; the phases' sum is */
    assert_float_equal(show_row_power(row), 500, 0);
    nothing(row, "/Ac/L2/Power");
    assert_false(has_value(show_row_power(row)));
    assert_string_equal(show_row_phases(row), "");
    show_row_item(row, "/CustomName", &v);
    assert_string_equal(show_row_title(row), "400");
    nothing(row, "/CustomName");
    assert_string_equal(show_row_title(row), "");
    text(row, "/ProductName", "OpenDTU\n");
    assert_string_equal(show_row_title(row), "OpenDTU ");
    number(row, "/Some/Other", 5);
}

static void adds_phases(void **state)
{
    struct show_row *row = inverter(20, "Barn", 1, 100);

    number(row, "/Ac/L2/Power", 200);
    number(row, "/Ac/L2/Voltage", 240);
    number(row, "/Ac/L2/Current", 1);
    assert_string_equal(show_row_phases(row), "L1+L2");
    assert_float_equal(show_row_voltage(row), 235, 1e-9);
    assert_float_equal(show_row_current(row), 1 + 100 / 230.0, 1e-9);
    number(row, "/Ac/L3/Power", 0);
    assert_string_equal(show_row_phases(row), "3P");
    nothing(row, "/Ac/Power");
    assert_float_equal(show_row_power(row), 300, 1e-9);
    nothing(row, "/Ac/Energy/Forward");
    number(row, "/Ac/L1/Energy/Forward", 7);
    number(row, "/Ac/L3/Energy/Forward", 8);
    assert_float_equal(show_row_energy(row), 15, 1e-9);
}

static void reads_an_inverters_output(void **state)
{
    struct show_row *row = show_model_add(model, "com.victronenergy.inverter.http_34");

    number(row, "/Ac/Out/L1/P", 300);
    number(row, "/Ac/Out/L1/V", 231);
    number(row, "/Ac/Out/L1/I", 1.3);
    assert_float_equal(show_row_power(row), 300, 0);
    assert_float_equal(show_row_voltage(row), 231, 0);
    assert_float_equal(show_row_current(row), 1.3, 0);
    assert_string_equal(show_row_phases(row), "L1");
}

static void assert_status(struct show_row *row, const char *expected, enum show_tone expected_tone)
{
    enum show_tone tone;
    char buffer[32];

    assert_string_equal(show_row_status(row, &tone, buffer, sizeof buffer), expected);
    assert_int_equal(tone, expected_tone);
}

static void tells_the_status(void **state)
{
    struct show_row *row = show_model_add(model, "com.victronenergy.pvinverter.http_20");

    assert_status(row, "asked", SHOW_FAINT);
    show_row_silent(row);
    assert_status(row, "no reply", SHOW_BAD);
    show_row_told(row, 0);
    assert_status(row, "no values", SHOW_FAINT);
    number(row, "/Ac/Power", 5);
    assert_status(row, "ok", SHOW_GOOD); /* a meter */
    number(row, "/State", 9);
    assert_status(row, "inverting", SHOW_GOOD);
    number(row, "/StatusCode", 7);
    assert_status(row, "running", SHOW_GOOD);
    number(row, "/StatusCode", 8);
    assert_status(row, "standby", SHOW_FAINT);
    number(row, "/StatusCode", 12);
    assert_status(row, "limited", SHOW_GOOD);
    number(row, "/StatusCode", 99);
    assert_status(row, "code 99", SHOW_WARNING);
    number(row, "/ErrorCode", 1);
    assert_status(row, "error", SHOW_BAD);
    number(row, "/ErrorCode", 1e9);
    assert_status(row, "error 1000000000", SHOW_BAD);
    number(row, "/Connected", 0);
    assert_status(row, "offline", SHOW_BAD);
}

/* Its 8 is not the 8 of an inverter. */
static void tells_the_status_of_a_genset(void **state)
{
    struct show_row *row = show_model_add(model, "com.victronenergy.genset.http_20");

    show_row_told(row, 0);
    number(row, "/StatusCode", 8);
    assert_status(row, "running", SHOW_GOOD);
    number(row, "/StatusCode", 0);
    assert_status(row, "standby", SHOW_FAINT);
    number(row, "/StatusCode", 10);
    assert_status(row, "error", SHOW_BAD);
}

static void assert_age(const struct show_row *row, int64_t now, int64_t expected,
                       bool expected_least)
{
    bool least;

    assert_int_equal(show_row_age(row, now, &least), expected);
    if (expected >= 0)
        assert_int_equal(least, expected_least);
}

static void ages_from_the_last_measurement(void **state)
{
    struct show_row *row = show_model_add(model, "com.victronenergy.pvinverter.http_20");

    assert_age(row, 500, -1, true);
    number(row, "/UpdateIndex", 5);
    number(row, "/Ac/Power", 100);
    show_row_told(row, 1000);
    assert_age(row, 4000, 3000, true); /* nobody knows how old it was */
    number(row, "/UpdateIndex", 6);
    show_row_updated(row, 5000);
    assert_age(row, 7000, 2000, false);
    number(row, "/Ac/Power", 0); /* the gateway died: no measurement */
    number(row, "/StatusCode", 10);
    show_row_updated(row, 9000);
    assert_age(row, 10000, 5000, false);
    nothing(row, "/UpdateIndex"); /* a service without one: its values are what tells */
    show_row_updated(row, 11000);
    number(row, "/StatusCode", 7);
    show_row_updated(row, 12000);
    assert_age(row, 13000, 8000, false);
    number(row, "/Ac/Power", 1);
    show_row_updated(row, 14000);
    assert_age(row, 14000, 0, false);
}

static void keeps_the_power_of_the_last_minutes(void **state)
{
    struct show_row *row = show_model_add(model, "com.victronenergy.pvinverter.http_20");
    const int64_t bucket = SHOW_BUCKET_MS;

    assert_false(has_value(show_row_history(row, 0, 0)));
    number(row, "/Ac/Power", 100);
    show_row_told(row, 100 * bucket);
    number(row, "/Ac/Power", 300);
    show_row_updated(row, 100 * bucket + 5000);
    assert_float_equal(show_row_history(row, 100 * bucket + 6000, 0), 200, 1e-9); /* the mean */
    assert_false(has_value(show_row_history(row, 100 * bucket + 6000, 1)));
    assert_float_equal(show_row_history(row, 101 * bucket, 0), 300, 1e-9); /* held */
    nothing(row, "/Ac/Power");
    show_row_updated(row, 103 * bucket);
    assert_false(has_value(show_row_history(row, 103 * bucket, 0)));
    assert_float_equal(show_row_history(row, 103 * bucket, 1), 300, 1e-9);
    assert_float_equal(show_row_history(row, 103 * bucket, 3), 200, 1e-9);
    assert_false(has_value(show_row_history(row, (103 + SHOW_BUCKETS) * bucket, 31)));
    number(row, "/Ac/Power", 50); /* after hours of nothing */
    show_row_updated(row, 5000 * bucket);
    assert_float_equal(show_row_history(row, 5000 * bucket, 0), 50, 1e-9);
    assert_false(has_value(show_row_history(row, 5000 * bucket, 1)));
    assert_float_equal(show_row_history(row, 9000 * bucket, 31), 50, 1e-9);
}

static void adds_up_inverters_only(void **state)
{
    struct show_total t;
    struct show_row *row = inverter(20, "A", 1, 100), *meter;

    inverter(21, "B", 2, 200);
    meter = show_model_add(model, "com.victronenergy.grid.http_30");
    number(meter, "/Ac/L1/Power", -5000);
    show_row_told(meter, 0);
    show_model_total(model, &t);
    assert_int_equal(t.services, 3);
    assert_int_equal(t.inverters, 2);
    assert_int_equal(t.running, 2);
    assert_float_equal(t.power, 300, 1e-9);
    assert_float_equal(t.phase[0], 100, 1e-9);
    assert_false(has_value(t.phase[2]));
    assert_false(has_value(t.today));
    number(row, "/Energy/Today", 1.5);
    show_model_total(model, &t);
    assert_false(has_value(t.today)); /* of one of two: it would be wrong */
    number(show_model_row(model, 2), "/Energy/Today", 2);
    show_model_total(model, &t);
    assert_float_equal(t.today, 3.5, 1e-9);
    number(row, "/StatusCode", 8);
    show_model_total(model, &t);
    assert_int_equal(t.running, 1);
}

static void groups_by_gateway(void **state)
{
    struct show_gateway gateways[SHOW_SERVICES_MAX];

    inverter(20, "A", 1, 100);
    struct show_row *second = inverter(21, "B", 2, 200), *other = inverter(22, "C", 3, 300);
    text(other, "/Mgmt/Connection", "TCP/IP (HTTP) 10.0.0.2");
    show_model_add(model, "com.victronenergy.grid.http_30");
    number(second, "/Debug/Requests", 17);
    assert_int_equal(show_model_gateways(model, gateways), 3);
    assert_string_equal(gateways[0].row->service, "grid.http_30");
    assert_ptr_equal(gateways[1].row, second); /* the one that knows */
    assert_int_equal(gateways[1].services, 2);
    assert_ptr_equal(gateways[2].row, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MODEL(cleans_what_others_said),
        WITH_MODEL(cuts_by_width),
        WITH_MODEL(orders_by_number),
        WITH_MODEL(takes_so_many_and_no_more),
        WITH_MODEL(reads_values_of_any_type),
        WITH_MODEL(adds_phases),
        WITH_MODEL(reads_an_inverters_output),
        WITH_MODEL(tells_the_status),
        WITH_MODEL(tells_the_status_of_a_genset),
        WITH_MODEL(ages_from_the_last_measurement),
        WITH_MODEL(keeps_the_power_of_the_last_minutes),
        WITH_MODEL(adds_up_inverters_only),
        WITH_MODEL(groups_by_gateway),
    };

    return cmocka_run_group_tests_name("show rows", tests, NULL, NULL);
}
