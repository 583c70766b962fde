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

#include "bridge/app.h"
#include "support/gx.h"
#include "support/world.h"
#include "unit/support/freed.h"

#define SECRET "h7Kq-not-to-be-found"

enum { WHILE_MS = 30000 };

static struct gx gx;

static struct {
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
    FILE *f = gx_config(&gx);

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
    world_set_message_gateway(answer, NULL);
    freed.needle = SECRET;
    assert_true(gx_start(&gx));
    world_run(gx.loop, WHILE_MS);
    assert_true(t.asked_with_it > 0);
    write_config(SECRET "-2", true);
    app_reload(gx.app);
    world_run(gx.loop, WHILE_MS);
    write_config(SECRET "-3", false);
    app_reload(gx.app);
    world_run(gx.loop, WHILE_MS);
    write_config(SECRET, true);
    app_reload(gx.app);
    world_run(gx.loop, WHILE_MS);
    t.hangs = true;
    world_run(gx.loop, WHILE_MS);
    gx_stop(&gx);
    assert_int_equal(freed.count, 0);
}

static int setup(void **state)
{
    (void)state;
    gx_make(&gx);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    freed.needle = NULL;
    return gx_remove(&gx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_password_is_given_back, setup, teardown)};

    return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
