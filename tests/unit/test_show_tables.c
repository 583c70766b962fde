/* The tables of `show`, of a given width and height, its lines and its JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cli/show/show_model.h"
#include "cli/show/show_text.h"
#include "cli/show/show_view.h"
#include "unit/support/show_fixture.h"

static struct show_look look(unsigned width, unsigned height)
{
    return (struct show_look){
        .width = width, .height = height, .utf8 = true, .history = true, .now_ms = 3000};
}

/* Columns of each line, escape sequences left out; returns the lines. */
static size_t check_lines(size_t width)
{
    char line[4096];
    size_t lines = 0;

    for (const char *at = out.data; at; lines++) {
        size_t used = 0;
        for (; *at && *at != '\n'; at++) {
            if (*at == '\x1b')
                at = strchr(at, 'm');
            else
                line[used++] = *at;
        }
        line[used] = '\0';
        if (show_text_width(line, true) > width)
            fail_msg("wider than %zu: \"%s\"", width, line);
        at = *at ? at + 1 : NULL;
    }
    return lines;
}

static void fits_every_size(void **state)
{
    char name[64];

    for (unsigned i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "%s %u",
                 i % 3 ? "\xE5\xB1\x8B\xE6\xA0\xB9 long enough" : "Roof", i);
        inverter(20 + i, name, i % 3 + 1, 1e7 * i);
    }
    for (unsigned width = 1; width < 220; width += width < 90 ? 1 : 13) {
        for (unsigned height = 1; height < 45; height += 7) {
            for (int kind = 0; kind < 8; kind++) {
                struct show_look l = look(width, height);
                size_t scroll = 25;
                l.color = kind & 1;
                l.gateways = kind & 2;
                l.help = kind & 4;
                l.note = kind & 1 ? "a note that is wider than many a terminal\nand its \x1b[2Jend"
                                  : NULL;
                show_text_reset(&out);
                show_view_screen(model, &l, &scroll, &out);
                assert_int_equal(check_lines(width), height);
            }
        }
    }
}

static void drops_columns_by_rank(void **state)
{
    static const struct {
        unsigned width;
        const char *there, *not_there;
    } rows[] = {
        {200, "Service", NULL},  {120, "Service", NULL},  {80, "Power", "Service"},
        {80, "Status", "Today"}, {50, "Status", "Power"}, {40, "Age", "ms"},
        {20, "W", "Age"},
    };

    inverter(20, "Roof", 1, 812);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct show_look l = look(rows[i].width, 10);
        size_t scroll = 0;
        show_text_reset(&out);
        show_view_screen(model, &l, &scroll, &out);
        *strchr(out.data, '\n') = '\0';
        if (!strstr(out.data, rows[i].there))
            fail_msg("%u: no %s in \"%s\"", rows[i].width, rows[i].there, out.data);
        if (rows[i].not_there && strstr(out.data, rows[i].not_there))
            fail_msg("%u: %s in \"%s\"", rows[i].width, rows[i].not_there, out.data);
    }
}

static void scrolls_to_every_row(void **state)
{
    struct show_look l = look(80, 12);
    bool seen[40] = {false};
    char name[16];

    for (unsigned i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "Unit<%u>", i);
        inverter(20 + i, name, 1, 10);
    }
    for (size_t from = 0, room = 1; from < 60; from += room) {
        size_t scroll = from;
        show_text_reset(&out);
        room = show_view_screen(model, &l, &scroll, &out);
        assert_int_equal(room, 9);
        assert_non_null(strstr(out.data, "Total 400 W"));
        assert_int_equal(strncmp(out.data, "Name", 4), 0);
        for (unsigned i = 0; i < 40; i++) {
            snprintf(name, sizeof name, "Unit<%u>", i);
            seen[i] = seen[i] || strstr(out.data, name);
        }
        assert_true(scroll <= 31);
    }
    for (unsigned i = 0; i < 40; i++)
        assert_true(seen[i]);
    assert_non_null(strstr(out.data, "32-40 of 40"));
}

static void draws_the_history(void **state)
{
    struct show_row *row = inverter(20, "Roof", 1, 0);
    struct show_look l = look(80, 10);
    size_t scroll = 0;

    number(row, "/Ac/Power", 700);
    show_row_updated(row, 2 * SHOW_BUCKET_MS);
    show_row_updated(row, 400 * (int64_t)SHOW_BUCKET_MS);
    l.now_ms = 400 * (int64_t)SHOW_BUCKET_MS;
    show_view_screen(model, &l, &scroll, &out);
    assert_non_null(strstr(out.data, "████████"));
    l.utf8 = false;
    show_text_reset(&out);
    show_view_screen(model, &l, &scroll, &out);
    assert_non_null(strstr(out.data, "########"));
    for (const char *c = out.data; *c; c++)
        assert_true((unsigned char)*c < 0x80);
    number(row, "/Ac/Power", 0);
    show_row_updated(row, 404 * (int64_t)SHOW_BUCKET_MS);
    l.now_ms = 404 * (int64_t)SHOW_BUCKET_MS;
    show_text_reset(&out);
    show_view_screen(model, &l, &scroll, &out);
    assert_non_null(strstr(out.data, "#######_"));
}

/* In error, for a reason; the gateway's last failure as such is none. */
static struct show_row *failed(unsigned instance, const char *name, const char *why)
{
    struct show_row *row = inverter(instance, name, 1, 0);

    number(row, "/StatusCode", 10);
    number(row, "/ErrorCode", 1);
    text(row, "/Debug/LastError", why);
    return row;
}

static size_t count_of(const char *what)
{
    size_t count = 0;

    for (const char *at = out.data; (at = strstr(at, what)); at++)
        count++;
    return count;
}

static void says_why_there_is_an_error(void **state)
{
    struct show_look l = look(80, 24);
    size_t scroll = 0;

    text(inverter(20, "Well", 1, 5), "/Debug/LastError", "over");
    failed(21, "Roof", "no answer from 10.0.0.1 within 2.5 s");
    failed(22, "Barn", "no answer from 10.0.0.1 within 2.5 s");
    text(failed(23, "Shed", "wrong password"), "/Mgmt/Connection", "TCP/IP (HTTP) 10.0.0.2");
    for (int gateways = 0; gateways < 2; gateways++) {
        l.gateways = gateways;
        show_text_reset(&out);
        show_view_screen(model, &l, &scroll, &out);
        assert_non_null(strstr(
            out.data,
            "\nerror: no answer from 10.0.0.1 within 2.5 s (Roof and 1 more)\nerror: wrong password (Shed)\nTotal "));
        assert_int_equal(count_of("error: "), 2);
        assert_int_equal(check_lines(80), 24);
    }
    l.gateways = false;
    show_text_reset(&out);
    show_view_table(model, &l, &out);
    assert_int_equal(count_of("error: "), 2);
    show_text_reset(&out);
    show_view_json(model, &l, &out);
    assert_int_equal(count_of("\"reason\":null"), 1);
    assert_int_equal(count_of("\"reason\":\"wrong password\""), 1);
}

static void says_at_most_three_reasons(void **state)
{
    struct show_look l = look(80, 24);
    char why[16];

    for (unsigned i = 0; i < 6; i++) {
        snprintf(why, sizeof why, "reason %u", i);
        failed(20 + i, "Roof", why);
    }
    show_view_table(model, &l, &out);
    assert_int_equal(count_of("error: "), 3);
}

static void page_says(const char *path, const struct value value)
{
    show_page_item(show_model_page(model), path, &value);
}

/* What has no service has no row: the page's own service tells of it. */
static void says_what_is_not_on_the_bus(void **state)
{
    struct show_look l = look(80, 24);
    size_t scroll = 0;

    inverter(20, "Roof", 1, 5);
    page_says("/Devices/1/State", value_int(1));
    page_says("/Devices/1/Name", value_string("Roof"));
    page_says("/Devices/2/Name", value_string("Barn"));
    page_says("/Devices/2/State", value_int(4));
    page_says("/Devices/3/State", value_int(4));
    page_says("/Devices/INVERTER7/State", value_int(5));
    page_says("/Devices/2/PowerLimit/State", value_string("x"));
    page_says("/Gateways/DEFAULT/State", value_int(4));
    show_view_screen(model, &l, &scroll, &out);
    assert_non_null(strstr(out.data, "\ndisabled on the GX screen: Barn, 3\n"
                                     "off for a fault in config.ini: INVERTER7\nTotal "));
    assert_int_equal(check_lines(80), 24);
    page_says("/Devices/2/State", value_int(1));
    page_says("/Devices/3/State", value_invalid());
    page_says("/Devices/INVERTER7/State", value_int(6));
    show_text_reset(&out);
    show_view_table(model, &l, &out);
    assert_null(strstr(out.data, "disabled"));
    assert_non_null(strstr(out.data, "\npublished by another program: INVERTER7\n"));
    for (int i = 0; i < 200; i++) { /* more than there is room for */
        char path[40];
        snprintf(path, sizeof path, "/Devices/x%d/State", i);
        page_says(path, value_int(4));
    }
    assert_int_equal(show_model_page(model)->count, SHOW_PAGE_DEVICES);
}

static void folds_a_long_reason(void **state)
{
    struct show_look l = look(40, 24);
    size_t scroll = 0;

    failed(20, "Roof", "10.0.0.1 refused the connection: is Host (with its port) right?");
    show_view_screen(model, &l, &scroll, &out);
    assert_non_null(strstr(out.data, "\nerror: 10.0.0.1 refused the connection:\n"
                                     "  is Host (with its port) right? (Roof)\nTotal "));
    assert_int_equal(check_lines(40), 24);
}

static void explains_every_column(void **state)
{
    size_t scroll = 0;

    inverter(20, "Roof", 1, 5);
    for (int gateways = 0; gateways < 2; gateways++) {
        struct show_look l = look(80, 24);
        l.gateways = gateways;
        l.help = true;
        show_text_reset(&out);
        show_view_screen(model, &l, &scroll, &out);
        assert_int_equal(strncmp(out.data, "Column      Meaning", 19), 0);
        assert_int_equal(count_of("\xE2\x80\xA6"),
                         0); /* none is cut in 80 columns, none left out in 24 lines */
        assert_non_null(
            strstr(out.data, gateways ? "\np99 ms      99 of 100" : "\nms          how long"));
        assert_non_null(
            strstr(out.data, gateways ? "\nLast error  why" : "\nAge         time since"));
        assert_non_null(strstr(out.data, "\nq quit  h back"));
    }
}

static void has_a_note(void **state)
{
    struct show_look l = look(80, 24);
    size_t scroll = 0;

    inverter(20, "Roof", 1, 5);
    l.note = "one\ntwo";
    assert_int_equal(show_view_screen(model, &l, &scroll, &out), 19);
    assert_int_equal(strncmp(out.data, "one\ntwo\nName ", 13), 0);
    l.height = 11;
    show_text_reset(&out);
    show_view_screen(model, &l, &scroll, &out);
    assert_int_equal(strncmp(out.data, "Name ", 5), 0);
}

static void shows_no_control_characters(void **state)
{
    struct show_look l = look(0, 0);
    struct show_row *row = inverter(20, "evil\x1b]0;x\x07\x1b[2J\n", 1, 5);

    text(row, "/Debug/LastError", "\x1b[31mred\nline");
    number(row, "/Debug/Requests", 3);
    show_view_table(model, &l, &out);
    assert_null(strchr(out.data, '\x1b'));
    assert_null(strchr(out.data, '\x07'));
    assert_int_equal(check_lines(500), 4); /* head, row, total, and the end of its line */
    l.gateways = true;
    show_text_reset(&out);
    show_view_table(model, &l, &out);
    assert_null(strchr(out.data, '\x1b'));
    assert_int_equal(check_lines(500), 3);
    assert_non_null(strstr(out.data, "10.0.0.1"));
    assert_non_null(strstr(out.data, "[31mred line"));
}

static void bears_absurd_numbers(void **state)
{
    static const char *const paths[] = {"/Ac/Power",    "/Ac/L1/Power", "/Ac/L2/Power",
                                        "/Ac/L3/Power", "/Latency",     "/Energy/Today",
                                        "/StatusCode",  "/ErrorCode",   "/Debug/Bytes"};
    struct show_look l = look(80, 10);
    size_t scroll = 0;

    for (int sign = -1; sign <= 1; sign += 2) {
        struct show_row *row = inverter(20, "Roof", 1, 5);
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
            number(row, paths[i], sign * 1e308);
        show_row_updated(row, 2000);
        for (int gateways = 0; gateways < 2; gateways++) {
            l.gateways = gateways;
            show_text_reset(&out);
            show_view_screen(model, &l, &scroll, &out);
            assert_int_equal(check_lines(80), 10);
            show_text_reset(&out);
            show_view_json(model, &l, &out);
        }
    }
}

static void writes_lines_of_one_shape(void **state)
{
    struct show_look l = look(0, 0);
    struct show_row *row = inverter(20, "Roof", 1, 812);

    l.history = false;
    show_view_head(&l, &out);
    size_t head = out.len;
    show_text_reset(&out);
    show_view_line(row, &l, &out);
    assert_int_equal(out.len, head);
    text(row, "/CustomName", "a name that is longer than its column has room for");
    show_text_reset(&out);
    show_view_line(row, &l, &out);
    assert_int_equal(show_text_width(out.data, true), head);
}

static void writes_json(void **state)
{
    struct show_row *row = inverter(20, "Ro\"of", 1, 812.00000001);
    struct show_look l = look(0, 0);

    show_view_json_row(row, 3000, &out);
    assert_non_null(strstr(out.data, "\"name\":\"Ro\\\"of\""));
    assert_non_null(strstr(out.data, "\"power_w\":812,"));
    assert_non_null(strstr(out.data, "\"age_s\":null"));
    assert_non_null(strstr(out.data, "\"energy_today_kwh\":null"));
    assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 1);
    number(row, "/UpdateIndex", 2);
    show_row_updated(row, 2500);
    show_text_reset(&out);
    show_view_json(model, &l, &out);
    assert_non_null(strstr(out.data, "{\"services\":[{\"service\":\"pvinverter.http_20\""));
    assert_non_null(strstr(out.data, "\"age_s\":0.5"));
    assert_non_null(strstr(out.data, "\"total\":{\"services\":1,\"inverters\":1,\"running\":1"));
    number(row, "/Debug/Requests", 100);
    number(row, "/Debug/Bytes", 5e12);
    l.gateways = true;
    show_text_reset(&out);
    show_view_json(model, &l, &out);
    assert_non_null(strstr(out.data, "\"requests\":100,\"failures\":null"));
    assert_non_null(strstr(out.data, "\"bytes\":5000000000000"));
    show_text_reset(&out);
    show_view_json_gone("pvinverter.http_20", &out);
    assert_string_equal(out.data, "{\"service\":\"pvinverter.http_20\",\"status\":\"gone\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MODEL(fits_every_size),
        WITH_MODEL(drops_columns_by_rank),
        WITH_MODEL(scrolls_to_every_row),
        WITH_MODEL(draws_the_history),
        WITH_MODEL(says_why_there_is_an_error),
        WITH_MODEL(says_at_most_three_reasons),
        WITH_MODEL(folds_a_long_reason),
        WITH_MODEL(says_what_is_not_on_the_bus),
        WITH_MODEL(explains_every_column),
        WITH_MODEL(has_a_note),
        WITH_MODEL(shows_no_control_characters),
        WITH_MODEL(bears_absurd_numbers),
        WITH_MODEL(writes_lines_of_one_shape),
        WITH_MODEL(writes_json),
    };

    return cmocka_run_group_tests_name("show tables", tests, NULL, NULL);
}
