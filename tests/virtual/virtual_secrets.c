/*
 * A life with passwords: they are changed, a device with one comes and goes, the program ends. No password is in any
 * memory that the program gives back. What the stand-ins of this test free is looked at, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "bridge/app.h"
#include "edge/sys/loop.h"
#include "support/world.h"
#include "unit/support/freed.h"

#define SECRET "h7Kq-not-to-be-found"

enum { WHILE_MS = 30000 };

static struct {
    char folder[64], config_path[128], state_path[128];
    bool hangs;             /* the meter, with what it was asked */
    unsigned asked_with_it; /* requests that had it in their path or body */
} t;

static void answer(void *user, const char *base_url, const struct message *m,
                   struct world_reply *reply)
{
    (void)user;
    t.asked_with_it += strstr(m->path, SECRET) || strstr(m->body, SECRET);
    reply->delay_ms = t.hangs ? 60 * WHILE_MS : 20;
    reply->body = strstr(base_url, "meter") ? "{\"p\":200,\"e\":12.5}" : "{}";
}

static void write_config(const char *password, bool meter)
{
    FILE *f = fopen(t.config_path, "w");

    assert_non_null(f);
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    (void)fprintf(
        f,
        "[DEFAULT]\nDTU=opendtu\nHost=first\nLogging=CRITICAL\nUsername=me\nPassword=%s\nNumberOfTemplates=%d\n",
        password, meter);
    if (meter)
        (void)fprintf(
            f,
            "[TEMPLATE0]\nHost=meter\nUsername=me\nPassword=%s\nCUST_API_PATH=x?pw={password}\n"
            "CUST_Power=p\nCUST_Total=e\nDeviceInstance=40\n",
            password);
    /* A longer line behind it: inih keeps the one that it has read last. */
    (void)fprintf(f, "[INVERTER0]\nDeviceInstance=34\nServicename=com.victronenergy.pvinverter\n");
    assert_int_equal(fclose(f), 0);
}

static void no_password_is_given_back(void **state)
{
    (void)state;
    write_config(SECRET, true);
    world_reset();
    world_set_message_gateway(answer, NULL);
    freed.needle = SECRET;
    struct loop *loop = loop_create();
    struct app *app = app_create(loop, &(struct app_options){.config_path = t.config_path,
                                                             .state_path = t.state_path});
    assert_non_null(app);
    world_run(loop, WHILE_MS);
    assert_true(t.asked_with_it > 0);
    write_config(SECRET "-2", true);
    app_reload(app);
    world_run(loop, WHILE_MS);
    write_config(SECRET "-3", false);
    app_reload(app);
    world_run(loop, WHILE_MS);
    write_config(SECRET, true);
    app_reload(app);
    world_run(loop, WHILE_MS);
    t.hangs = true;
    world_run(loop, WHILE_MS);
    app_destroy(app);
    loop_destroy(loop);
    assert_int_equal(freed.count, 0);
}

static int setup(void **state)
{
    (void)state;
    (void)strcpy(t.folder, "/tmp/dtu-virtual-XXXXXX");
    if (!mkdtemp(t.folder))
        return -1;
    (void)snprintf(t.config_path, sizeof t.config_path, "%s/config.ini", t.folder);
    (void)snprintf(t.state_path, sizeof t.state_path, "%s/state.json", t.folder);
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    freed.needle = NULL;
    (void)snprintf(command, sizeof command, "rm -r %s", t.folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_password_is_given_back, setup, teardown)};

    return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
