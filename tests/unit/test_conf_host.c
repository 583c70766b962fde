/* Where a gateway is, and that nothing secret of it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "unit/support/conf_text.h"

static void hosts(void **state)
{
    static const char *const good[][2] = {
        {"dtu", "http://dtu"},
        {"172.16.1.1", "http://172.16.1.1"},
        {"dtu:8080", "http://dtu:8080"},
        {"HTTP://dtu/", "http://dtu"},
        {"https://dtu.example:443//", "https://dtu.example:443"},
        {"[fe80::1]", "http://[fe80::1]"},
        {"https://[::ffff:1.2.3.4]:8443/", "https://[::ffff:1.2.3.4]:8443"},
        {"my_dtu-1.local", "http://my_dtu-1.local"},
        {"dtu:1", "http://dtu:1"},
        {"dtu:65535", "http://dtu:65535"},
        {"[::]", "http://[::]"},
    };
    static const char *const bad[][2] = {
        {"fe80::1", "brackets"},    {"dtu:0", "allowed"},
        {"dtu:65536", "allowed"},   {"dtu:", "allowed"},
        {"dtu:http", "allowed"},    {"ftp://dtu", "http:// and https://"},
        {"http://dtu/api", "path"}, {"dtu/api", "path"},
        {"dtu?x=1", "path"},        {"two words", "allowed"},
        {"http://", "allowed"},     {"[fe80::1", "allowed"},
        {"[]", "allowed"},          {"dtu:80:80", "brackets"},
        {"[::1]80", "allowed"},     {"d\xC3\xBCtu", "allowed"},
        {"dtu:-1", "allowed"},      {"dtu: 80", "allowed"},
        {"dtu:000080", "allowed"},  {"[:]", "allowed"},
        {"/dtu", "path"},           {":80", "allowed"},
        {"http:/dtu", "path"},      {"https:/dtu", "path"},
    };
    char text[200];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(text, sizeof text, "[DEFAULT]\nHost=%s\n", good[i][0]);
        parse_clean(text);
        assert_string_equal(gateway()->base_url, good[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "[DEFAULT]\nHost=%s\n[INVERTER0]\n", bad[i][0]);
        assert_error(text, 2, bad[i][1]);
        assert_int_equal(c->gateway_count, 0);
        assert_int_equal(c->device_count, 0);
    }
}

/* As long as the longest address with the longer of both schemes; what is longer is not cut, but refused. */
static void long_hosts(void **state)
{
    enum { LONGEST = CONF_TEXT_MAX - 1 - 8 };
    char host[LONGEST + 2], text[CONF_TEXT_MAX + 100], url[CONF_TEXT_MAX];

    memset(host, 'h', sizeof host);
    for (int len = LONGEST; len <= LONGEST + 1; len++) {
        snprintf(text, sizeof text, "[DEFAULT]\nHost=https://%.*s\n", len, host);
        if (len > LONGEST) {
            assert_error(text, 2, "Host");
            continue;
        }
        parse_clean(text);
        snprintf(url, sizeof url, "https://%.*s", len, host);
        assert_string_equal(gateway()->base_url, url);
        /* As people read it, cut where there is no more room. */
        snprintf(text, sizeof text, "TCP/IP (HTTPS) %.*s", len, host);
        text[sizeof c->unnamed[0].connection - 1] = '\0';
        assert_string_equal(c->unnamed[0].connection, text);
    }
}

static void credentials_in_a_host_are_refused_and_hidden(void **state)
{
    assert_error("[DEFAULT]\nHost=http://admin:geheim@dtu\n", 2, "Host|Username");
    assert_null(strstr(report.messages[0].text, "geheim"));
    assert_null(strstr(report.messages[0].text, "admin:"));
}

static void secrets_are_hidden(void **state)
{
    char text[600] = "[DEFAULT]\nHost=dtu\nPassword=geheim";

    memset(text + strlen(text), 'x', 300);
    assert_error(text, 3, "Password|(hidden)|too long");
    assert_null(strstr(report.messages[0].text, "geheim"));
    parse("[DEFAULT]\nHost=dtu\nPasword=geheim\nPassword\x01=geheim\ngeheim\n");
    for (size_t i = 0; i < report.count; i++)
        assert_null(strstr(report.messages[i].text, "geheim"));
    assert_int_equal(report.fatals, 1);
    parse("[DEFAULT]\nHost=dtu\nPassword=%(geheim)s\n");
    assert_message(CONF_WARNING, 3, "Password|%%");
    assert_null(strstr(report.messages[0].text, "geheim"));
    assert_string_equal(gateway()->password, "%(geheim)s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONF_TEST(hosts),
        CONF_TEST(long_hosts),
        CONF_TEST(credentials_in_a_host_are_refused_and_hidden),
        CONF_TEST(secrets_are_hidden),
    };
    return cmocka_run_group_tests_name("conf_host", tests, NULL, NULL);
}
