#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "unit/support/conf_text.h"

/* Another value than the file below has; of a key that is neither a switch nor a number it must stand here. */
static const struct {
    const char *key, *value;
} others[] = {
    {"DTU", "ahoy"},
    {"Type", "ahoy"},
    {"Host", "other"},
    {"Username", "x"},
    {"Password", "x"},
    {"Authorization", "Bearer x"},
    {"CACert", "/x"},
    {"ReplayFile", "/x"},
    {"ErrorMode", "timeout"},
    {"MeterAway", "invalid"},
    {"CUST_SN", "x"},
    {"CUST_API_PATH", "x"},
    {"Channel", NULL}, /* which one was asked for says first_channel */
    {"CUST_API_PATH_2", "x"},
    {"CUST_API_PATH_3", "x\nCUST_API_PATH_2=x"},
    {"CUST_API_PATH_4", "x\nCUST_API_PATH_2=x\nCUST_API_PATH_3=x"},
    {"Serial", "9"},
    {"Phase", "L3"},
    {"AcPosition", "2"},
    {"Name", "x"},
    {"Servicename", "com.victronenergy.grid"},
    /* Of the program as a whole. */
    {"NumberOfTemplates", NULL},
    {"Logging", NULL},
    {"SignOfLifeLog", NULL},
    {"DryRun", NULL},
    {"Seccomp", NULL},
    {"RunAs", NULL},
};

/* The file with one line more in one of its sections. */
static struct config *with(unsigned scope, const char *key, const char *value)
{
    static const struct {
        unsigned scope;
        const char *text;
    } parts[] = {
        {CONF_IN_DEFAULT, "[DEFAULT]\nNumberOfTemplates=1\n"},
        {CONF_IN_DTU, "[DTU1]\n"},
        {CONF_IN_INVERTER, "[INVERTER0]\nDTU=1\n"},
        {CONF_IN_TEMPLATE, "[TEMPLATE0]\n"},
    };
    char text[1000] = "";
    size_t len = 0;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        bool here = parts[i].scope == scope;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s", parts[i].text);
        if (parts[i].scope != CONF_IN_INVERTER && !(here && strcmp(key, "Host") == 0))
            len += (size_t)snprintf(text + len, sizeof text - len, "Host=h%zu\n", i);
        if (parts[i].scope == CONF_IN_TEMPLATE && !(here && strcmp(key, "CUST_Power") == 0))
            len += (size_t)snprintf(text + len, sizeof text - len, "CUST_Power=p\n");
        if (parts[i].scope == CONF_IN_TEMPLATE && !(here && strcmp(key, "CUST_API_PATH") == 0))
            len += (size_t)snprintf(text + len, sizeof text - len, "CUST_API_PATH=s\n");
        if (here)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s=%s\n", key, value);
    }
    config_free(c);
    conf_report_finish(&report);
    c = NULL;
    struct config *config = config_parse(text, strlen(text), &report);
    print_report();
    assert_int_equal(report.errors + report.fatals, 0);
    return config;
}

/* Whether anything is different between two configs of two DTUs, an inverter and a template. */
static bool differ(const struct config *a, const struct config *b)
{
    bool equal = true;

    assert_int_equal(a->gateway_count, 3);
    assert_int_equal(b->gateway_count, 3);
    for (size_t i = 0; i < 3; i++)
        equal = equal && gateway_conf_equal(&a->gateways[i], &b->gateways[i]);
    assert_int_equal(a->device_count, 2);
    assert_int_equal(b->device_count, 2);
    for (size_t i = 0; i < 2; i++) {
        equal = equal && device_conf_equal(&a->devices[i], &b->devices[i]);
        equal = equal && device_conf_equal(&a->unnamed[i], &b->unnamed[i]);
    }
    return !equal;
}

/* Of a switch, the value that is not its default; of a number, the end of its range, which no default is. */
static const char *other_number(const struct conf_key *key)
{
    static char text[32];
    const char *range = strstr(key->type, "..");

    if (strcmp(key->type, "0 | 1") == 0)
        return strcmp(key->fallback, "0") == 0 ? "1" : "0";
    if (!range || range[2] == '.')
        return NULL;
    (void)snprintf(text, sizeof text, "%.*s", (int)strspn(range + 2, "0123456789."), range + 2);
    return text;
}

static const char *other_value(const struct conf_key *key)
{
    const char *end = strrchr(key->name, '_');
    const char *number = other_number(key);

    if (strcmp(key->name, "Type") == 0 && key->scopes & CONF_IN_TEMPLATE)
        return "shelly-plus-1pm";
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i].key, key->name) == 0)
            return others[i].value;
    }
    if (number)
        return number;
    if (strncmp(key->name, "CUST_", 5) == 0)
        return strcmp(end, "_Mult") == 0 || strcmp(end, "_Default") == 0 ? "9" : "x";
    fail_msg("%s: give it another value in others[]", key->name);
    return NULL;
}

static void every_key_is_compared(void **state)
{
    static const unsigned scopes[] = {CONF_IN_DEFAULT, CONF_IN_DTU, CONF_IN_INVERTER,
                                      CONF_IN_TEMPLATE};
    struct config *before = with(0, "", ""), *same = with(0, "", "");
    size_t count;
    const struct conf_key *keys = conf_keys(&count);

    assert_false(differ(before, same));
    config_free(same);
    for (size_t k = 0; k < count; k++) {
        const char *value = other_value(&keys[k]);
        for (size_t i = 0; value && i < sizeof scopes / sizeof scopes[0]; i++) {
            bool credentials = scopes[i] == CONF_IN_INVERTER && keys[k].scopes & CONF_IN_DTU &&
                               keys[k].scopes & CONF_IN_DEFAULT && k < 6;
            bool number = scopes[i] == CONF_IN_INVERTER && strcmp(keys[k].name, "DTU") == 0;
            if (!(keys[k].scopes & scopes[i]) || credentials || number)
                continue; /* credentials: read for DTU 0 only */
            struct config *after = with(scopes[i], keys[k].name, value);
            if (!differ(before, after))
                fail_msg("%s is forgotten in gateway_conf_equal or device_conf_equal",
                         keys[k].name);
            config_free(after);
        }
    }
    config_free(before);
}

static void members_without_a_key_are_compared(void **state)
{
    parse(ONE);
    struct gateway_conf g = *gateway();
    struct device_conf d = *device();

    assert_true(gateway_conf_equal(&g, gateway()) && device_conf_equal(&d, device()));
    g.number++;
    assert_false(gateway_conf_equal(&g, gateway()));
    g = *gateway();
    g.section[0]++;
    assert_false(gateway_conf_equal(&g, gateway()));
    g = *gateway();
    g.in_doubt[0]++;
    assert_false(gateway_conf_equal(&g, gateway()));
    d.gateway++;
    assert_false(device_conf_equal(&d, device()));
    d = *device();
    d.off = !d.off;
    assert_false(device_conf_equal(&d, device()));
    d = *device();
    d.section[0]++;
    assert_false(device_conf_equal(&d, device()));
    d = *device();
    d.connection[0]++;
    assert_false(device_conf_equal(&d, device()));
    /* What lies behind a text's end is not its value. */
    d = *device();
    d.name[NAME_MAX_BYTES - 1] = 'x';
    assert_true(device_conf_equal(&d, device()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONF_TEST(every_key_is_compared),
        CONF_TEST(members_without_a_key_are_compared),
    };
    return cmocka_run_group_tests_name("conf_equal", tests, NULL, NULL);
}
