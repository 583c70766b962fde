/* The request of a template: its path. */
#include <stdio.h>
#include <string.h>

#include "unit/support/driver_run.h"
#include "unit/support/template_fixture.h"

static void assert_path(struct run *run, const char *api_path, const char *expected)
{
    struct message request = {.path = ""};

    (void)snprintf(run->conf->template.api_path[0], CONF_TEXT_MAX, "%s", api_path);
    run->driver->begin(run->session, 0);
    assert_true(run->driver->next(run->session, &request));
    assert_string_equal(request.path, expected);
    assert_false(run->driver->next(run->session, &request)); /* one request a poll */
}

static void test_request(void **state)
{
    struct run *run = *state;
    assert_path(run, "/rpc/Switch.GetStatus?id=0", "/rpc/Switch.GetStatus?id=0");
    assert_path(run, "/cm?cmnd=STATUS 8", "/cm?cmnd=STATUS%208");
    assert_path(run,
                "/d\xc3\xa4"
                "ch%20#1",
                "/d%C3%A4ch%20%231");

    (void)strcpy(run->conf->username, "admin");
    (void)strcpy(run->conf->password, "p&s=%+\xc3\xbc ~");
    assert_path(run, "/status", "/status"); /* only Tasmota wants them there */
    assert_path(run, "/cm1", "/cm1");
    assert_path(run, "/", "/");
    assert_path(run, "/cm?cmnd=STATUS+8",
                "/cm?cmnd=STATUS+8&user=admin&password=p%26s%3D%25%2B%C3%BC%20~");
    assert_path(run, "/cm?user=a&password=b&cmnd=STATUS+8", "/cm?user=a&password=b&cmnd=STATUS+8");
    assert_path(run, "/api?u=%7Busername%7D&p=%7Bpassword%7D&q=%7Busername%7D",
                "/api?u=admin&p=p%26s%3D%25%2B%C3%BC%20~&q=admin");
    assert_path(run, "/api?p={password}", "/api?p=p%26s%3D%25%2B%C3%BC%20~");
    assert_path(run, "/api?p=%7Bpass%7D", "/api?p=%7Bpass%7D");
    (void)strcpy(run->conf->username, "%7Busername%7D"); /* is not read again */
    assert_path(run, "/api?u=%7Busername%7D", "/api?u=%257Busername%257D");
    (void)strcpy(run->conf->username, "admin");

    /* What does not fit is left out as a whole. */
    memset(run->conf->password, '&', CONF_TEXT_MAX - 1);
    assert_path(run, "/cm?cmnd=STATUS+8", "/cm?cmnd=STATUS+8");
}

/* A path and credentials that fit each, but not both; and the last that do. */
static void test_long_request(void **state)
{
    enum {
        PATH_LEN = 255,
        ROOM = MESSAGE_PATH_MAX - 1 - PATH_LEN - (int)sizeof "&user=u&password=" + 1
    };
    struct run *run = *state;
    char path[CONF_TEXT_MAX], whole[2 * MESSAGE_PATH_MAX];

    memset(path, 'x', sizeof path);
    memcpy(path, "/cm?", 4);
    path[PATH_LEN] = '\0';
    (void)strcpy(run->conf->username, "u");
    for (int len = ROOM - 2; len <= ROOM + 2 && len < CONF_TEXT_MAX; len++) {
        memset(run->conf->password, 'p', (size_t)len);
        run->conf->password[len] = '\0';
        (void)snprintf(whole, sizeof whole, "%s&user=u&password=%s", path, run->conf->password);
        assert_path(run, path, len <= ROOM ? whole : path);
    }
}

/* In the place of a mark, as long as the whole fits; what does not fit leaves the mark. */
static void test_long_password(void **state)
{
    static const char begin[] = "/a?p=", end[] = "&q=1";
    enum { ROOM = MESSAGE_PATH_MAX - 1 - (int)(sizeof begin + sizeof end - 2) };
    struct run *run = *state;
    char whole[2 * MESSAGE_PATH_MAX], path[CONF_TEXT_MAX];
    int marks = 0;

    for (int len = 1; len < CONF_TEXT_MAX; len++) {
        memset(run->conf->password, 'p', (size_t)len);
        run->conf->password[len] = '\0';
        /* As many of them as fill the path to within one password. */
        size_t used = (size_t)snprintf(path, sizeof path, "%s", begin);
        for (marks = 0; (marks + 1) * len <= ROOM && used + 20 < sizeof path; marks++)
            used += (size_t)snprintf(path + used, sizeof path - used, "{password}");
        (void)snprintf(path + used, sizeof path - used, "%s", end);
        used = (size_t)snprintf(whole, sizeof whole, "%s", begin);
        for (int n = 0; n < marks * len; n++)
            whole[used++] = 'p';
        (void)snprintf(whole + used, sizeof whole - used, "%s", end);
        assert_true(strlen(whole) < MESSAGE_PATH_MAX);
        if (strlen(path) < MESSAGE_PATH_MAX / 2 && marks)
            assert_path(run, path, whole);
    }
}

/* To the last byte. */
static void test_password_that_just_fits(void **state)
{
    struct run *run = *state;
    char whole[2 * MESSAGE_PATH_MAX];

    memset(run->conf->password, '&', 168);
    strcpy(run->conf->password + 168, "pp");
    size_t n = (size_t)snprintf(whole, sizeof whole, "/a?p=");
    for (int i = 0; i < 168; i++)
        n += (size_t)snprintf(whole + n, sizeof whole - n, "%%26");
    strcpy(whole + n, "pp");
    assert_int_equal(strlen(whole), MESSAGE_PATH_MAX - 1);
    assert_path(run, "/a?p={password}", whole);
    strcat(run->conf->password, "p");
    assert_path(run, "/a?p={password}", "/a?p=%7Bpassword%7D");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, template_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_request),
        TEST(test_long_request),
        TEST(test_long_password),
        TEST(test_password_that_just_fits),
    };
    return cmocka_run_group_tests_name("template request", tests, NULL, NULL);
}
