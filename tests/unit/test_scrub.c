#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/support/scrub.h"

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

static void config_of(const char *text, FILE *out)
{
    scrub_config(s, text, out);
}

static void reply_of(const char *text, FILE *out)
{
    scrub_reply(s, text, out);
}

static void path_of(const char *text, FILE *out)
{
    scrub_path(s, text, out);
}

typedef void (*scrub_fn)(const char *text, FILE *out);

/* What fn writes; to be freed. */
static char *written(scrub_fn fn, const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);

    assert_non_null(f);
    fn(text, f);
    fclose(f);
    return out;
}

static void assert_written(scrub_fn fn, const char *text, const char *expected)
{
    char *out = written(fn, text);

    if (strcmp(out, expected) != 0)
        fail_msg("%s\n%s\ninstead of\n%s", text, out, expected);
    free(out);
}

static void learn(scrub_fn fn, const char *text)
{
    free(written(fn, text));
}

static void assert_clean(const char *text, const char *expected)
{
    char *out = scrub_text(s, text);

    if (!out || strcmp(out, expected) != 0)
        fail_msg("%s\n%s\ninstead of\n%s", text, out, expected);
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
    assert_written(config_of, config, config_shown);
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
    learn(config_of, config);
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
    learn(config_of, config);
    assert_clean("admin 114182940773 192.168.1.51 Meter StatusSNS 12345678",
                 "admin 114182940773 192.168.1.51 Meter StatusSNS 12345678");
    /* A short one only where it is a word: it is ab1. */
    assert_clean("ab1 cab1e \"ab1\"", "(removed) cab1e \"(removed)\"");
}

static void a_broken_configuration_is_shown_as_well(void **state)
{
    char *out;

    (void)state;
    out = written(config_of, "Password = l0ose\n[DEFAULT\nPassword = br0ken\n[DEFAULT]\n"
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
    assert_written(config_of, "[TEMPLATE0]\nAuthorization = Bearer t0k.3n\n",
                   "[TEMPLATE0]\nAuthorization = (removed)\n");
    assert_clean("401 t0k.3n is no good", "401 (removed) is no good");
    assert_clean("sent Bearer t0k.3n", "sent (removed)");
    learn(config_of, "[TEMPLATE0]\nAuthorisation = Bearer s3cr.et\n"); /* misspelt */
    assert_clean("s3cr.et, and Bearer s3cr.et", "(removed), and (removed)");
}

/* %(name)s makes a value secret that is written in another key. */
static void what_a_secret_refers_to_is_secret(void **state)
{
    (void)state;
    learn(config_of, "[DEFAULT]\nName = sh4red\nPassword = x%(Name)sy\n");
    assert_clean("it is xsh4redy", "it is (removed)");
}

/* What a known key would not take may be anything: a line that went wrong, a comment behind the value. */
static void a_value_that_does_not_fit_is_not_shown(void **state)
{
    (void)state;
    assert_written(
        config_of,
        "[DEFAULT]\nPollingInterval = 5000 ; the password is hunter2\nPhase = L7\n"
        "Username = jane@example.org\nUsername2 = x\nPassword =\nName = Roof\n"
        "CUST_Power = a/b:0/+P + c\nCUST_Total = 0123456789abcdef0123/x\n[My Home 0123456789abcdef]\n"
        "a token 0123456789abcdef=1\n",
        "[DEFAULT]\nPollingInterval = (removed)\nPhase = (removed)\nUsername = (removed)\n"
        "Username2 = (removed)\nPassword = \nName = Roof\nCUST_Power = a/b:0/+P + c\n"
        "CUST_Total = (removed)\n[(removed)]\n(removed) = (removed)\n");
    assert_clean("5000 ; the password is hunter2!", "(removed)!");
    assert_clean("mail jane@example.org", "mail (removed)");
}

/* 4096 keys, which is as many as a file may have. */
static void thousands_of_secrets(void **state)
{
    char *text = malloc(1024 * 1024), *to = text;

    (void)state;
    to += sprintf(to, "[DEFAULT]\n");
    for (int i = 0; i < 4096; i++)
        to += sprintf(to, "Secret%d = hunter%d-of-many\n", i, i);
    char *out = written(config_of, text);
    assert_null(strstr(out, "hunter"));
    free(out);
    assert_clean("hunter17-of-many, hunter4095-of-many; hunter", "(removed), (removed); hunter");
    free(text);
}

static void a_secret_of_a_megabyte(void **state)
{
    enum { LEN = 1000 * 1000 };
    char *text = malloc(LEN + 100);

    (void)state;
    (void)strcpy(text, "[DEFAULT]\nPassword = ");
    size_t head = strlen(text);
    for (size_t i = 0; i < LEN; i++)
        text[head + i] = "ab c1"[i % 5];
    text[head + LEN] = '\0';
    char *out = written(config_of, text);
    assert_string_equal(out, "[DEFAULT]\n"); /* no line may be so long */
    free(out);
    out = scrub_text(s, text + head); /* the secret itself, where it should not be */
    assert_string_equal(out, "(removed)");
    free(out);
    free(text);
}

/* ---- Replies ------------------------------------------------------------------------------------ */

/* Measurements by their names, on every step of the way. */
static void shows_measurements(void **state)
{
    (void)state;
    assert_written(
        reply_of,
        "{\"inverters\":[{\"serial\":\"114182940773\",\"reachable\":true,\"AC\":{\"0\":{\"Power\":{"
        "\"v\":-12.50e1,\"u\":\"W\",\"d\":1}}},\"data_age\":3}],\"total\":{\"Power\":{\"v\":5}}}",
        "{\"inverters\":[{\"serial\":\"114182940773\",\"reachable\":true,\"AC\":{\"0\":{\"Power\":{"
        "\"v\":-12.50e1,\"u\":\"W\",\"d\":1}}},\"data_age\":3}],\"total\":{\"Power\":{\"v\":5}}}");
    assert_written(
        reply_of,
        "{\"switch:0\":{\"apower\":5.5,\"aenergy\":{\"total\":7,\"by_minute\":[1,2]}},\"ch\":[[230,\"7.5\"]]}",
        "{\"switch:0\":{\"apower\":5.5,\"aenergy\":{\"total\":7,\"by_minute\":[1,2]}},\"ch\":[[230,\"7.5\"]]}");
    assert_written(
        reply_of,
        "{\"ip\":\"192.168.1.7\",\"ver\":\"v24.2.12\",\"at\":\"2024-05-01T12:00:00Z\",\"on\":\"ON\"}",
        "{\"ip\":\"192.168.1.7\",\"ver\":\"v24.2.12\",\"at\":\"2024-05-01T12:00:00Z\",\"on\":\"ON\"}");
}

/* Whatever it is called, and wherever it stands: what nobody vouches for is not shown. */
static void hides_everything_else(void **state)
{
    static const char *const values[] = {
        "{\"pwd\":@}",
        "{\"nobody_knows_this_name\":@}",
        "{\"password\":{\"value\":@}}",
        "{\"password\":{\"Power\":{\"v\":@}}}",
        "{\"wifi\":[{\"ssid\":@}]}",
        "{\"a\":[[1,[@]]]}",
        "[@]",
        "@",
        "{\"Power\":1,@}",
        "{@}",
        "{\"Power\":{@}}",
        "{\"pass\\u0077ord\":@}",
        "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaapassword\":@}",
        "{\"latitude\":@}",
        "{\"ts_sunrise\":@}",
        "{\"0\":@}",
        "{\"serial\":{\"x\":@}}",
        "{\"Power\":\"x\" @}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[{\"Power\":@}",
    };
    static const char *const secrets[] = {"\"hunter2\"",       "\"My Home\"", "48.137154",
                                          "\"48.137154\"",     "\"48.13\"",   "12345678",
                                          "\"correcthorse\"",  "hunter2",     "\"cut 0ff",
                                          "\"a\\\"b hunter2\""};
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (size_t k = 0; k < sizeof secrets / sizeof secrets[0]; k++) {
            const char *place = strchr(values[i], '@');
            (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(place - values[i]), values[i],
                           secrets[k], place + 1);
            char *out = written(reply_of, text);
            static const char *const gone[] = {"hunter2", "My Home",  "137154",
                                               "correct", "12345678", "0ff"};
            for (size_t g = 0; g < sizeof gone / sizeof gone[0]; g++) {
                if (strstr(out, gone[g]))
                    fail_msg("%s is shown as %s", text, out);
            }
            free(out);
        }
    }
}

static void names_stay_unless_they_look_like_secrets(void **state)
{
    (void)state;
    assert_written(
        reply_of,
        "{\"P_Haus+Garten\":1,\"A8032ABE54DC\":2,\"jane@example.org\":3,\"0123456789abcdef0123\":4}",
        "{\"P_Haus+Garten\":\"(removed)\",\"(removed)\":\"(removed)\",\"(removed)\":\"(removed)\","
        "\"(removed)\":\"(removed)\"}");
}

/* An unknown key with a value that is known to be safe. */
static void an_unknown_key_may_have_a_safe_value(void **state)
{
    scrub_allow(s, "Garage");
    assert_written(config_of, "[DEFAULT]\nNamme = Garage\n", "[DEFAULT]\nNamme = Garage\n");
}

/* What the program publishes anyway, and what its configuration leads to. */
static void what_is_allowed_stays(void **state)
{
    (void)state;
    learn(config_of, "[TEMPLATE0]\nCUST_Power=data/p_haus + data/+X\n");
    scrub_allow(s, "Roof");
    scrub_allow(s, "1141820000ab");
    assert_written(
        reply_of,
        "{\"name\":\"Roof\",\"other\":\"Roof 2\",\"data\":{\"p_haus\":5,\"+X\":\"6\",\"x\":7},\"1141820000ab\":{\"max_power\":600}}",
        "{\"name\":\"Roof\",\"other\":\"(removed)\",\"data\":{\"p_haus\":5,\"+X\":\"6\",\"x\":\"(removed)\"},"
        "\"1141820000ab\":{\"max_power\":600}}");
    assert_clean("1141820000ab 1141820000ac", "1141820000ab (removed)");
}

static void works_on_what_is_no_json(void **state)
{
    (void)state;
    assert_written(reply_of, "{\"password\":\"cut 0ff", "{\"password\":\"(removed)\"");
    assert_written(reply_of, "", "");
    assert_written(reply_of, "\"", "\"(removed)\"");
    assert_written(reply_of, "]]}}\"\\", "(no JSON, 6 bytes, removed)");
    assert_written(reply_of, "[]]}}\"\\", "[]]}}\"(removed)\"");
    assert_written(reply_of, "<html>1 \"two\"</html>", "(a web page, 20 bytes, removed)");
    assert_written(reply_of, "{\"a\":tru, null NaN false x}",
                   "{\"a\":\"(removed)\", null NaN false \"(removed)\"}");
}

/* Thousands of them, and one as long as a reply may be: nothing is kept of them. */
static void replies_full_of_secrets(void **state)
{
    enum { LEN = 1024 * 1024 };
    char *text = malloc(LEN + 64), *to = text;

    (void)state;
    *to++ = '{';
    for (int i = 0; i < 6000; i++)
        to += sprintf(to, "\"token%d\":\"hunter%d\",", i, i);
    (void)strcpy(to, "\"Power\":1}");
    char *out = written(reply_of, text);
    assert_null(strstr(out, "hunter"));
    assert_non_null(strstr(out, "\"Power\":1}"));
    char *clean = scrub_text(s, out);
    assert_non_null(clean);
    free(clean);
    free(out);
    (void)strcpy(text, "{\"password\":\"");
    memset(text + 13, 'x', LEN);
    (void)strcpy(text + LEN, "\"}");
    assert_written(reply_of, text, "{\"password\":\"(removed)\"}");
    free(text);
}

/* ---- The log, and the whole report --------------------------------------------------------------- */

static void others_lines_of_the_log(void **state)
{
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);

    (void)state;
    scrub_log(
        "INFO one\nmy password is hunter2\n\nTraceback\n@400000006479e1a50a1b2c3d WARNING two\n"
        "@400000006479e1a50a1b2c3d hunter2\nINFORMATION hunter2\ndbus[7]: arguments were incorrect\nhunter2",
        f);
    fclose(f);
    assert_string_equal(
        out, "INFO one\n(lines of other programs: 3, removed)\n"
             "@400000006479e1a50a1b2c3d WARNING two\n(lines of other programs: 2, removed)\n"
             "dbus[7]: arguments were incorrect\n(lines of other programs: 1, removed)\n");
    free(out);
    f = open_memstream(&out, &size);
    scrub_log("", f);
    fclose(f);
    assert_string_equal(out, "");
    free(out);
}

static void secrets_in_running_text(void **state)
{
    (void)state;
    assert_clean("token=abc in the query, a?key=x&id=0&pw=secret\"",
                 "token=(removed) in the query, "
                 "a?key=(removed)&id=0&pw=(removed)\"");
    assert_clean("pw=(removed)&x=(removed)", "pw=(removed)&x=(removed)"); /* once is enough */
    assert_clean("set DigestAuth=True, CUST_Total_Mult=0.001; Password=x",
                 "set DigestAuth=True, "
                 "CUST_Total_Mult=0.001; Password=(removed)");
    assert_clean(
        "Authorization: Bearer abc1, \"token\": \"x9y8\" password: hunter2 pin 1234",
        "Authorization: Bearer (removed), \"token\": \"(removed)\" password: (removed) pin (removed)");
    assert_clean(
        "wants Basic authentication: is the password right? the key word", /* words, no values */
        "wants Basic authentication: is the password right? the key word");
    assert_clean("eyJhbGciOiJIUzI1NiIsInR5cCI6 and 0123456789abcdef0123456789abcdef",
                 "(removed) and (removed)");
    assert_clean(
        "@400000006479e1a50a1b2c3d INFO /Settings/Devices/dtu_1141820000ab0 com.victronenergy.pvinverter.http_34",
        "@400000006479e1a50a1b2c3d INFO /Settings/Devices/dtu_1141820000ab0 com.victronenergy.pvinverter.http_34");
    assert_clean("shellyplus1pm-a8032abe54dc.local A8032ABE54DC 114182000001",
                 "(removed).local (removed) 114182000001");
}

/* Text of one character, of many names, of many labels: the time grows with its length alone. */
static void no_text_takes_long(void **state)
{
    static const char *const pieces[] = {"=",   "a=",        "id=",  "PollingInterval=",
                                         "://", "http://a@", "key ", "key:",
                                         "-a",  "_",         "0a",   "Bearer ",
                                         "aa:", "\"",        "a",    "?&"};
    enum { LEN = 300 * 1000 };
    char *text = malloc(LEN + 32);

    (void)state;
    learn(config_of, config);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        size_t n = strlen(pieces[i]);
        for (size_t at = 0; at < LEN; at += n)
            memcpy(text + at, pieces[i], n + 1);
        clock_t begin = clock();
        free(scrub_text(s, text));
        free(written(reply_of, text));
        if ((clock() - begin) / CLOCKS_PER_SEC >= 10) /* with sanitizers: much less than a second */
            fail_msg("\"%s\" again and again takes too long", pieces[i]);
    }
    free(text);
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
    scrub_allow(s, "1141820000ab");
    assert_written(path_of, "/api/livedata/status?inv=1141820000ab",
                   "/api/livedata/status?inv=1141820000ab");
    assert_written(path_of, "/api/0123456789abcdef0123/x", "/api/(removed)/x");
    assert_written(path_of, "/eyJhbGci1.eyJzdWIi0123456789/x?0123456789abcdef=1",
                   "/(removed)/x?(removed)=(removed)");
    assert_written(path_of, "/api/livedata/status?inv=114182940773",
                   "/api/livedata/status?inv=114182940773");
    assert_written(path_of, "/rpc/Switch.GetStatus?id=0", "/rpc/Switch.GetStatus?id=0");
    assert_written(path_of, "/solar_api/v1/GetInverterRealtimeData.cgi?Scope=Device&DeviceId=1",
                   "/solar_api/v1/GetInverterRealtimeData.cgi?Scope=Device&DeviceId=1");
    assert_written(path_of, "/cm?cmnd=Backlog%20Password1%20x1&user", "/cm?cmnd=(removed)&user");
    assert_written(path_of, "", "");
    assert_written(path_of, "?", "?");
    assert_written(path_of, "/?&=x&a=", "/?&=(removed)&a=(removed)");
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
        cmocka_unit_test_setup_teardown(a_value_that_does_not_fit_is_not_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(thousands_of_secrets, setup, teardown),
        cmocka_unit_test_setup_teardown(a_secret_of_a_megabyte, setup, teardown),
        cmocka_unit_test_setup_teardown(shows_measurements, setup, teardown),
        cmocka_unit_test_setup_teardown(hides_everything_else, setup, teardown),
        cmocka_unit_test_setup_teardown(names_stay_unless_they_look_like_secrets, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_allowed_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(works_on_what_is_no_json, setup, teardown),
        cmocka_unit_test_setup_teardown(replies_full_of_secrets, setup, teardown),
        cmocka_unit_test_setup_teardown(others_lines_of_the_log, setup, teardown),
        cmocka_unit_test_setup_teardown(secrets_in_running_text, setup, teardown),
        cmocka_unit_test_setup_teardown(no_text_takes_long, setup, teardown),
        cmocka_unit_test_setup_teardown(patterns, setup, teardown),
        cmocka_unit_test_setup_teardown(paths, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_key_may_have_a_safe_value, setup, teardown),
    };
    return cmocka_run_group_tests_name("scrub", tests, NULL, NULL);
}
