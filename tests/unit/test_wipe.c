/*
 * Where a password was, there are zeros when the memory is freed: each free() is looked at. That the looking finds one is
 * shown first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "cli/support/scrub.h"
#include "cli/support/secrets.h"
#include "core/conf.h"
#include "core/inifile.h"
#include "core/wipe.h"
#include "edge/net/http.h"
#include "edge/net/http_peer.h"
#include "edge/sys/loop.h"
#include "unit/support/freed.h"

#define SECRET "h7Kq-not-to-be-found"

/* inih keeps the line that it reads where nobody else can wipe it: here, a longer one comes behind. */
static const char text[] = "[DEFAULT]\n"
                           "Host=192.168.1.5\n"
                           "Username=me\n"
                           "NumberOfTemplates=1\n"
                           "Password=" SECRET "\n"
                           "[TEMPLATE0]\n"
                           "Host=192.168.1.6\n"
                           "Password=%(password)s\n"
                           "CUST_API_PATH=a?key=" SECRET "\n"
                           "CUST_Power=power\n"
                           "# xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
                           "CUST_Total=total/of/all/that/was/ever/counted/by/this/meter\n";

static int setup(void **state)
{
    (void)state;
    memset(&freed, 0, sizeof freed);
    freed.needle = SECRET;
    return 0;
}

static void what_is_left_is_found(void **state)
{
    char *left = strdup("before " SECRET), *moved = strdup(SECRET), *clean = strdup("nothing");

    (void)state;
    freed.blocks[0] = left;
    free(clean);
    assert_int_equal(freed.count, 0);
    free(left);
    assert_int_equal(freed.count, 1);
    assert_int_equal(freed.gone, 1);
    assert_int_equal(freed.leaks, 1);
    free(realloc(moved, 100000));
    assert_true(freed.count >= 2);
}

static void zeros_take_its_place(void **state)
{
    char *a = strdup(SECRET), *b = strdup(SECRET);

    (void)state;
    freed.blocks[0] = a;
    freed.blocks[1] = b;
    wipe_text(a);
    wipe_free(b, sizeof SECRET);
    wipe_text(NULL);
    wipe_free(NULL, 7);
    assert_int_equal(freed.gone, 2);
    assert_int_equal(freed.leaks, 0);
    assert_int_equal(freed.count, 0);
}

static void a_configuration(void **state)
{
    struct conf_report report;
    struct config *config = config_parse(text, sizeof text - 1, &report);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->gateway_count, 2);
    assert_string_equal(config->gateways[0].password, SECRET);
    assert_non_null(strstr(config->gateways[1].template.api_path[0], SECRET));
    config_free(config);
    conf_report_finish(&report);
    assert_int_equal(freed.count, 0);
}

/* A section without a value that is needed: it was read, with its password, and is not in the configuration. */
static void a_section_that_was_dropped(void **state)
{
    static const char dropped[] =
        "[DEFAULT]\n"
        "NumberOfTemplates=1\n"
        "[TEMPLATE0]\n"
        "Password=" SECRET "\n"
        "# xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
        "CUST_Total=total/of/all/that/was/ever/counted/by/this/meter\n";
    struct conf_report report;
    struct config *config = config_parse(dropped, sizeof dropped - 1, &report);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->gateway_count, 0);
    config_free(config);
    conf_report_finish(&report);
    assert_int_equal(freed.count, 0);
}

static void ignore(void *user, unsigned line, const char *what)
{
    (void)user;
    (void)line;
    (void)what;
}

/* A value that goes on is put together, longer each time. */
static void lines_of_a_file(void **state)
{
    struct inifile *f = inifile_read("[A]\nkey=" SECRET
                                     "\n  and more\n  and yet more of it, longer than all before "
                                     "it, so that nothing is left of the first\n",
                                     ignore, NULL);

    (void)state;
    assert_non_null(f);
    assert_non_null(strstr(inifile_own(f, "A", "key")->value, SECRET "\nand more"));
    inifile_free(f);
    assert_int_equal(freed.count, 0);
}

/* So many that the list grows; every second is a twin, which is dropped. */
static void what_support_looks_for(void **state)
{
    struct secrets *secrets = secrets_create();
    char one[80];

    (void)state;
    freed.needle = "h7kq-not-to-be-found"; /* they are known in lower case */
    for (unsigned i = 0; i < 300; i++) {
        (void)snprintf(one, sizeof one, SECRET "-%u", i / 2);
        secrets_add(secrets, one, strlen(one));
    }
    assert_true(secrets_complete(secrets));
    assert_int_equal(secrets_at(secrets, SECRET "-7", ' '), strlen(SECRET "-7"));
    secrets_destroy(secrets);
    assert_int_equal(freed.count, 0);
}

static void the_copy_that_support_reads(void **state)
{
    struct scrub *scrub = scrub_create();
    FILE *nowhere = fopen("/dev/null", "w");

    (void)state;
    scrub_config(scrub, text, nowhere);
    assert_int_equal(fclose(nowhere), 0);
    scrub_destroy(scrub);
    assert_int_equal(freed.count, 0);
}

/* Of libcurl's own copies nothing is known here: the peer's are looked at, one by one. */
static void a_gateways_connection(void **state)
{
    struct loop *loop = loop_create();
    struct http *http = http_create(loop);
    struct http_peer *peer =
        http_peer_create(http, &(struct http_peer_conf){.base_url = "http://127.0.0.1:9",
                                                        .username = "me",
                                                        .password = SECRET,
                                                        .authorization = "Bearer " SECRET,
                                                        .timeout_ms = 1000});

    (void)state;
    assert_non_null(peer);
    assert_non_null(strstr(peer->headers->data, SECRET));
    assert_non_null(strstr(peer->json_headers->next->data, SECRET));
    freed.blocks[0] = peer->conf.password;
    freed.blocks[1] = peer->conf.authorization;
    freed.blocks[2] = peer->headers->data;
    freed.blocks[3] = peer->json_headers->next->data;
    freed.blocks[4] = peer;
    http_peer_destroy(peer);
    assert_int_equal(freed.gone, 5);
    assert_int_equal(freed.leaks, 0);
    http_destroy(http);
    loop_destroy(loop);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(what_is_left_is_found),
        TEST(zeros_take_its_place),
        TEST(a_configuration),
        TEST(a_section_that_was_dropped),
        TEST(lines_of_a_file),
        TEST(what_support_looks_for),
        TEST(the_copy_that_support_reads),
        TEST(a_gateways_connection),
    };
    return cmocka_run_group_tests_name("wipe", tests, NULL, NULL);
}
