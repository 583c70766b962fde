#include "unit/support/show_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

struct show_model *model;
struct show_text out;

int show_setup(void **state)
{
    model = show_model_create();
    out = (struct show_text){0};
    return model ? 0 : -1;
}

int show_teardown(void **state)
{
    show_model_destroy(model);
    show_text_finish(&out);
    return 0;
}

void number(struct show_row *row, const char *path, double d)
{
    struct value v = value_double(d);

    show_row_item(row, path, &v);
}

void text(struct show_row *row, const char *path, const char *s)
{
    struct value v = value_string(s);

    show_row_item(row, path, &v);
}

void nothing(struct show_row *row, const char *path)
{
    struct value v = value_invalid();

    show_row_item(row, path, &v);
}

struct show_row *inverter(unsigned instance, const char *name, unsigned phase, double watts)
{
    char service[64], path[32];

    snprintf(service, sizeof service, "com.victronenergy.pvinverter.http_%u", instance);
    struct show_row *row = show_model_add(model, service);
    assert_non_null(row);
    text(row, "/CustomName", name);
    text(row, "/Mgmt/Connection", "TCP/IP (HTTP) 10.0.0.1");
    number(row, "/Ac/Power", watts);
    snprintf(path, sizeof path, "/Ac/L%u/Power", phase);
    number(row, path, watts);
    snprintf(path, sizeof path, "/Ac/L%u/Voltage", phase);
    number(row, path, 230);
    snprintf(path, sizeof path, "/Ac/L%u/Current", phase);
    number(row, path, watts / 230);
    number(row, "/Ac/Energy/Forward", 1234.56);
    number(row, "/StatusCode", 7);
    number(row, "/ErrorCode", 0);
    number(row, "/UpdateIndex", 1);
    number(row, "/Latency", 41.6);
    show_row_told(row, 1000);
    return row;
}
