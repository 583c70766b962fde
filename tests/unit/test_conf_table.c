#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "unit/support/conf_text.h"

static void the_table_is_sound(void **state)
{
    size_t count;
    const struct conf_key *keys = conf_keys(&count);
    char text[400];

    assert_true(count > 40);
    for (size_t i = 0; i < count; i++) {
        const struct conf_key *k = &keys[i];
        assert_true(*k->name && *k->type && *k->help);
        assert_true(k->scopes && !(k->scopes & ~15u));
        for (size_t j = 0; j < i; j++)
            assert_true(strcmp(k->name, keys[j].name) != 0 || !(k->scopes & keys[j].scopes));
        /* Each default is a value that the key allows. */
        if (!k->fallback || !strcmp(k->name, "DTU") || !strcmp(k->name, "NumberOfTemplates") ||
            !strcmp(k->name, "CUST_Power")) /* one of its keys must be there */
            continue;
        if (k->scopes & CONF_IN_DEFAULT)
            snprintf(text, sizeof text, DTU "%s=%s\n[INVERTER0]\n", k->name, k->fallback);
        else if (k->scopes & (CONF_IN_DTU | CONF_IN_INVERTER))
            snprintf(text, sizeof text, DTU "[INVERTER0]\n[DTU1]\nHost=x\n%s%s=%s\n",
                     k->scopes & CONF_IN_DTU ? "" : "[INVERTER1]\n", k->name, k->fallback);
        else
            snprintf(
                text, sizeof text,
                "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=h\nCUST_API_PATH=s\n%s%s=%s\n",
                "CUST_Power=p\n", k->name, k->fallback);
        parse_clean(text);
    }
}

struct text {
    char data[32768];
    size_t len;
};

static void put(void *user, const char *piece)
{
    struct text *t = user;

    assert_true(t->len + strlen(piece) < sizeof t->data);
    strcpy(t->data + t->len, piece);
    t->len += strlen(piece);
}

/* What the help of a phase's or PV input's first key stands for. */
static bool is_as_before(const char *name)
{
    size_t len = strlen(name);
    const char *end = name + (len > 3 ? len - 3 : 0);

    return strcmp(end, "_L2") == 0 || strcmp(end, "_L3") == 0 ||
           (strncmp(name, "CUST_String", 11) == 0 && name[11] != '1');
}

static void the_example_is_a_good_file(void **state)
{
    static struct text t;
    size_t count;
    const struct conf_key *keys = conf_keys(&count);

    t.len = 0;
    conf_write_example(put, &t);
    parse_clean(t.data);
    assert_int_equal(c->gateway_count, 1);
    assert_int_equal(c->device_count, 1);
    for (size_t i = 0; i < count; i++) {
        bool shown = strstr(t.data, keys[i].name) && strstr(t.data, keys[i].help);
        if (!shown && !is_as_before(keys[i].name))
            fail_msg("%s is not in the example", keys[i].name);
    }
    for (char *rest = t.data, *line; (line = strsep(&rest, "\n"));)
        assert_in_range(strlen(line), 0, 110);
    /* With the template and the other DTU switched on it is a good file as well. */
    t.len = 0;
    conf_write_example(put, &t);
    char *number = strstr(t.data, "NumberOfTemplates = 0");
    assert_non_null(number);
    number[strlen("NumberOfTemplates = ")] = '1';
    char *dtu = strstr(t.data, "#[DTU1]");
    assert_non_null(dtu);
    for (char *line = dtu; *line; line = strchr(line, '\n') + 1) {
        if (line[0] == '#' && line[1] != ' ')
            line[0] = '\n';
    }
    parse_clean(t.data);
    assert_int_equal(c->device_count, 2);
    assert_int_equal(c->dtu_count, 2);
    assert_string_equal(c->gateways[1].section, "DTU1");
    assert_string_equal(c->gateways[1].base_url, "http://192.168.1.52");
}

static void the_shipped_example_is_up_to_date(void **state)
{
    static struct text t;
    static char shipped[sizeof t.data];
    FILE *f = fopen("packaging/config.example", "r");

    assert_non_null(f); /* tests run from the project's folder */
    size_t len = fread(shipped, 1, sizeof shipped - 1, f);
    fclose(f);
    shipped[len] = '\0';
    t.len = 0;
    conf_write_example(put, &t);
    if (strcmp(shipped, t.data) != 0)
        fail_msg("write it anew: dbus-opendtu example >packaging/config.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONF_TEST(the_table_is_sound),
        CONF_TEST(the_example_is_a_good_file),
        CONF_TEST(the_shipped_example_is_up_to_date),
    };
    return cmocka_run_group_tests_name("conf_table", tests, NULL, NULL);
}
