#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scrub.h"

static struct scrub *s;

static int setup(void **state)
{
    (void)state;
    s = scrub_create();
    return s ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    scrub_destroy(s);
    return 0;
}

typedef void (*scrub_fn)(struct scrub *s, const char *text, FILE *out);

/* What fn writes; to be freed. */
static char *written(scrub_fn fn, const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);

    assert_non_null(f);
    fn(s, text, f);
    fclose(f);
    return out;
}

static void assert_written(scrub_fn fn, const char *text, const char *expected)
{
    char *out = written(fn, text);

    assert_string_equal(out, expected);
    free(out);
}

static void learn(scrub_fn fn, const char *text)
{
    free(written(fn, text));
}

static void assert_clean(const char *text, const char *expected)
{
    char *out = scrub_text(s, text);

    assert_string_equal(out, expected);
    free(out);
}

/* ---- The configuration ------------------------------------------------------------------------ */

static const char config[] = "# my password is c0mment\n"
                             "[DEFAULT]\n"
                             "DTU = opendtu\n"
                             "Host = http://me:h0st%%pw@192.168.1.50\n"
                             "Username = admin\n"
                             "Password = d%%fault \"\\secr\xC3\xA4t\n"
                             "   c0ntinued\n"
                             "Passwort = m1styped\n"
                             "; also c0mment\n"
                             "Colour = unkn0wn\n"
                             "[INVERTER0]\n"
                             "Phase = L1\n"
                             "Serial = 114182940773\n"
                             "Password: 1nverter\n"
                             "[TEMPLATE0]\n"
                             "Host = 192.168.1.51\n"
                             "Password = ab1\n"
                             "Name = Meter\n"
                             "CUST_SN = 12345678\n"
                             "CUST_API_PATH = cm?user=us3r&password=p%%20th+pw&cmnd=STATUS+8\n"
                             "CUST_Power = StatusSNS/ENERGY/Power\n"
                             "[TEMPLATE1]\n"
                             "CUST_API_PATH = api/0123456789abcdef0123/state?id=0&t=t0ken\n"
                             "[WLAN]\n"
                             "psk = wlankey1\n";

static const char config_shown[] =
    "[DEFAULT]\n"
    "DTU = opendtu\n"
    "Host = (removed)\n"
    "Username = admin\n"
    "Password = (removed)\n"
    "Passwort = (removed)\n"
    "Colour = (removed)\n"
    "[INVERTER0]\n"
    "Phase = L1\n"
    "Serial = 114182940773\n"
    "Password = (removed)\n"
    "[TEMPLATE0]\n"
    "Host = 192.168.1.51\n"
    "Password = (removed)\n"
    "Name = Meter\n"
    "CUST_SN = 12345678\n"
    "CUST_API_PATH = cm?user=(removed)&password=(removed)&cmnd=STATUS+8\n"
    "CUST_Power = StatusSNS/ENERGY/Power\n"
    "[TEMPLATE1]\n"
    "CUST_API_PATH = api/(removed)/state?id=0&t=(removed)\n"
    "[WLAN]\n"
    "psk = (removed)\n";

static void shows_the_configuration(void **state)
{
    (void)state;
    assert_written(scrub_config, config, config_shown);
}

/* Wherever, and in whatever form, it comes again. */
static void no_secret_comes_again(void **state)
{
    static const char *const secrets[] = {
        "h0st%%pw",
        "h0st%pw",
        "d%%fault \"\\secr\xC3\xA4t",
        "d%fault \"\\secr\xC3\xA4t",
        "d%fault \\\"\\\\secr\xC3\xA4t",
        "d%fault \\\"\\\\secr\\u00e4t",
        "d%fault \\\"\\\\secr\\u00E4t",
        "d%25fault%20%22%5Csecr%C3%A4t",
        "d%25fault%20%22%5csecr%c3%a4t",
        "c0ntinued",
        "m1styped",
        "1nverter",
        "us3r",
        "p%20th+pw",
        "p th pw",
        "t0ken",
        "0123456789abcdef0123",
        "wlankey1",
        "YWRtaW46MW52ZXJ0ZXI=",                         /* admin:1nverter */
        "YWRtaW46ZCVmYXVsdCAiXHNlY3LDpHQKYzBudGludWVk", /* with the line that goes on */
    };
    static const char *const places[][2] = {{"", ""},
                                            {"x", "y"},
                                            {"{\"note\": \"", "\"}"},
                                            {"GET /?a=", "&b=2"},
                                            {"Authorization: Basic ", "\r\n"}};
    char text[512];

    (void)state;
    learn(scrub_config, config);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
            (void)snprintf(text, sizeof text, "%s%s%s", places[k][0], secrets[i], places[k][1]);
            char *out = scrub_text(s, text);
            if (strstr(out, secrets[i]) || !strstr(out, "(removed)"))
                fail_msg("\"%s\" is shown: %s", secrets[i], out);
            free(out);
        }
    }
}

static void what_is_no_secret_stays(void **state)
{
    (void)state;
    learn(scrub_config, config);
    assert_clean("admin 114182940773 192.168.1.51 Meter StatusSNS 12345678",
                 "admin 114182940773 192.168.1.51 Meter StatusSNS 12345678");
    /* A short one only where it is a word: it is ab1. */
    assert_clean("ab1 cab1e \"ab1\"", "(removed) cab1e \"(removed)\"");
}

static void a_broken_configuration_is_shown_as_well(void **state)
{
    char *out;

    (void)state;
    out = written(scrub_config, "Password = l0ose\n[DEFAULT\nPassword = br0ken\n[DEFAULT]\n"
                                "what is this\nPassword = %(nowhere)s\nHost = x\n");
    assert_null(strstr(out, "l0ose"));
    assert_null(strstr(out, "br0ken"));
    assert_null(strstr(out, "nowhere"));
    assert_non_null(strstr(out, "Host = x\n"));
    free(out);
}

/* The header as it is sent, and the token in it, wherever it stands. */
static void a_token_is_a_secret(void **state)
{
    (void)state;
    assert_written(scrub_config, "[TEMPLATE0]\nAuthorization = Bearer t0k.3n\n",
                   "[TEMPLATE0]\nAuthorization = (removed)\n");
    assert_clean("401 t0k.3n is no good", "401 (removed) is no good");
    assert_clean("sent Bearer t0k.3n", "sent (removed)");
}

/* %(name)s makes a value secret that is written in another key. */
static void what_a_secret_refers_to_is_secret(void **state)
{
    (void)state;
    learn(scrub_config, "[DEFAULT]\nName = sh4red\nPassword = x%(Name)sy\n");
    assert_clean("it is xsh4redy", "it is (removed)");
}

/* ---- Replies ------------------------------------------------------------------------------------ */

static void hides_members_by_their_names(void **state)
{
    (void)state;
    assert_written(
        scrub_reply,
        "{\"wifi\" : {\"ssid\":\"My Home 5\", \"PSK\": \"12345678\"}, \"mac\":\"A8032ABE54DC\","
        "\"auth_en\":true,\"Latitude\" : 48.1,\"tokens\":[\"a\",2,{\"b\":3}],\"serial\":\"1141\","
        "\"ip\":\"192.168.1.7\",\"password\":null,\"power\":-12.50e1}",
        "{\"wifi\" : {\"ssid\":\"(removed)\", \"PSK\": \"(removed)\"}, \"mac\":\"(removed)\","
        "\"auth_en\":true,\"Latitude\" : \"(removed)\",\"tokens\":[\"(removed)\",\"(removed)\","
        "{\"b\":\"(removed)\"}],\"serial\":\"1141\","
        "\"ip\":\"192.168.1.7\",\"password\":null,\"power\":-12.50e1}");
    /* And where else it stands: a Shelly's id ends in its MAC address. */
    assert_clean("\"id\":\"shellyplus1pm-a8032abe54dc\" at My Home 5",
                 "\"id\":\"shellyplus1pm-(removed)\" at (removed)");
}

static void works_on_what_is_no_json(void **state)
{
    (void)state;
    assert_written(scrub_reply, "{\"password\":\"cut 0ff", "{\"password\":\"(removed)\"");
    assert_written(scrub_reply, "{\"pass\\u0077ord\":\"x1\",\"a\":1",
                   "{\"pass\\u0077ord\":"
                   "\"(removed)\",\"a\":1");
    assert_written(scrub_reply, "", "");
    assert_written(scrub_reply, "\"", "\"");
    assert_written(scrub_reply, "]]}}\"\\", "]]}}\"\\");
    assert_written(scrub_reply, "<html>1 \"two\"</html>", "<html>1 \"two\"</html>");
}

static void patterns(void **state)
{
    (void)state;
    assert_clean("at 01:23:45:67:89:aB, 01-23-45-67-89-AB.", "at (removed), (removed).");
    assert_clean("12:34:56 01:23:45:67:89 a01:23:45:67:89:ab:cd", /* times, and longer things */
                 "12:34:56 01:23:45:67:89 a01:23:45:67:89:ab:cd");
    assert_clean("http://u:p@h/x https://h/a@b", "http://(removed)@h/x https://h/a@b");
}

static void paths(void **state)
{
    (void)state;
    assert_written(scrub_path, "/api/livedata/status?inv=114182940773",
                   "/api/livedata/status?inv=114182940773");
    assert_written(scrub_path, "/rpc/Switch.GetStatus?id=0", "/rpc/Switch.GetStatus?id=0");
    assert_written(scrub_path, "/solar_api/v1/GetInverterRealtimeData.cgi?Scope=Device&DeviceId=1",
                   "/solar_api/v1/GetInverterRealtimeData.cgi?Scope=Device&DeviceId=1");
    assert_written(scrub_path, "/cm?cmnd=Backlog%20Password1%20x1&user", "/cm?cmnd=(removed)&user");
    assert_written(scrub_path, "", "");
    assert_written(scrub_path, "?", "?");
    assert_written(scrub_path, "/?&=x&a=", "/?&=(removed)&a=(removed)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shows_the_configuration, setup, teardown),
        cmocka_unit_test_setup_teardown(no_secret_comes_again, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_secret_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(a_broken_configuration_is_shown_as_well, setup, teardown),
        cmocka_unit_test_setup_teardown(a_token_is_a_secret, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_secret_refers_to_is_secret, setup, teardown),
        cmocka_unit_test_setup_teardown(hides_members_by_their_names, setup, teardown),
        cmocka_unit_test_setup_teardown(works_on_what_is_no_json, setup, teardown),
        cmocka_unit_test_setup_teardown(patterns, setup, teardown),
        cmocka_unit_test_setup_teardown(paths, setup, teardown),
    };
    return cmocka_run_group_tests_name("scrub", tests, NULL, NULL);
}
