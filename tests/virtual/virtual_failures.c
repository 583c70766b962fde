/*
 * A life of the program in which the n-th allocation, or the n-th system call of a kind, fails, for each n: a start,
 * polls, what is pushed, a limit, an edited configuration, another role, the end. It never crashes or leaks, no file
 * is damaged, and once nothing fails any more, all is as if nothing had. One that ends by itself is started again,
 * as the supervisor does it.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "bridge/app.h"
#include "core/conf.h"
#include "core/json.h"
#include "core/value.h"
#include "edge/sys/file.h"
#include "edge/sys/loop.h"
#include "virtual/support/ess_house.h"
#include "virtual/support/failing.h"

enum {
    SECOND = 1000,
    LIFE_S = 40,
    RECOVERY_S = 420, /* a limit that got no answer is tried again after 5 min */
    RESTARTS_MAX = 50,
    RUNS_MAX = 90 /* of each kind, in a run of all tests: the numbers between are left out */
};

/* ---- A program that may end by itself ---- */

static void ensure_started(struct ess_house *f)
{
    for (int n = 0; !f->gx.app && !gx_start(&f->gx); n++)
        assert_in_range(n, 0, RESTARTS_MAX);
}

static void on_second(void *user)
{
    loop_stop(user, 0);
}

static void second(struct ess_house *f)
{
    struct loop_timer end;

    ensure_started(f);
    house_second(&f->house);
    loop_timer_init(&end, f->gx.loop, on_second, f->gx.loop);
    loop_timer_arm(&end, SECOND);
    int code = loop_run(f->gx.loop);
    loop_timer_disarm(&end);
    if (code != 0) /* it has ended */
        gx_stop(&f->gx);
}

static void run(struct ess_house *f, int seconds)
{
    for (int s = 0; s < seconds; s++)
        second(f);
}

/* ---- The life ---- */

static int write_double(unsigned i, const char *path, double number)
{
    const struct value v = value_double(number);
    return world_write(ess_house_service(i), path, &v);
}

static int add_address(const char *address)
{
    const struct value v = value_string(address);
    return world_write("com.victronenergy.opendtu", "/IpAddresses", &v);
}

static void edit(struct ess_house *f)
{
    FILE *file = fopen(f->gx.config_path, "a");

    assert_non_null(file);
    fprintf(file, "Phase=L2\n"); /* of the last inverter */
    fclose(file);
    if (f->gx.app)
        app_reload(f->gx.app);
}

/* What is written while its service is not there is answered by nobody. well: nothing fails. */
static void live(struct ess_house *f, bool well)
{
    const struct value name = value_string("Cellar"), role = value_string("genset");

    run(f, 6);
    int added = add_address("10.0.0.7");
    run(f, 2);
    int moved = add_address("10.0.0.8"); /* the same gateway, at another address */
    run(f, 2);
    int removed = add_address("");
    assert_true(!well || (added == 0 && moved == 0 && removed == 0));
    run(f, 2);
    int limited = write_double(0, "/Ac/PowerLimit", 300);
    run(f, 8);
    assert_true(!well || (limited == 0 && f->house.inverter[0].limit_w == 300));
    edit(f);
    run(f, 5);
    int named = world_write(ess_house_service(1), "/CustomName", &name);
    int changed = world_write(ess_house_service(1), "/Role", &role);
    assert_true(!well || (named == 0 && changed == 0));
    run(f, LIFE_S - 25);
}

/* ---- What must hold in the end ---- */

static void check_file(const char *path)
{
    char why[120];
    size_t len;
    char *text = file_read(path, 1024 * 1024, &len);

    if (!text)
        return; /* was never written, or is not there any more */
    cJSON *root = json_parse(text, len, why, sizeof why);
    if (!root)
        fail_msg("%s: %s: %s", path, why, text);
    cJSON_Delete(root);
    free(text);
}

static void check_state(const struct ess_house *f)
{
    char backup[160];

    snprintf(backup, sizeof backup, "%s.bak", f->gx.state_path);
    check_file(f->gx.state_path);
    check_file(backup);
}

/* The second one is a genset, unless nobody took that. */
static const char *service_of(unsigned i)
{
    static const char genset[] = "com.victronenergy.genset.http_101";
    return i == 1 && world_service(genset) ? genset : ess_house_service(i);
}

static void check_inverter(struct ess_house *f, unsigned i)
{
    const char *name = service_of(i);
    struct value power = world_value(name, "/Ac/Power"), status = world_value(name, "/StatusCode");

    if (power.type != VALUE_DOUBLE || power.d < f->house.inverter[i].power_w - 50 ||
        power.d > f->house.inverter[i].power_w + 50)
        fail_msg("%s has %g W and not %g W", name, power.type == VALUE_DOUBLE ? power.d : -1,
                 f->house.inverter[i].power_w);
    assert_int_equal(status.type, VALUE_INT);
}

/* With nothing that fails: the values are there, a limit is obeyed, what was edited is in force. */
static void check_recovered(struct ess_house *f)
{
    run(f, RECOVERY_S);
    check_state(f);
    for (unsigned i = 0; i < 2; i++)
        check_inverter(f, i);
    assert_true(world_value(service_of(1), "/Ac/L2/Power").type == VALUE_DOUBLE);
    assert_int_equal(write_double(0, "/Ac/PowerLimit", 400), 0);
    run(f, 30);
    assert_true(f->house.inverter[0].limit_w == 400);
}

/* ---- All of it ---- */

static long lives(struct ess_house *f, enum failing_kind kind, long succeed, long fails)
{
    world_settings_erase();
    f->pushes = true;
    ess_house_begin(f, 2, 1000, 7);
    gx_stop(&f->gx); /* it began with a start that cannot fail */
    gx_forget(&f->gx);
    f->house.now_s = 12 * 3600;
    f->house.loss = 0;
    f->house.inverter[0].delay_s = f->house.inverter[1].delay_s = 2;
    failing_arm(kind, succeed, fails);
    live(f, fails == 0);
    assert_true(fails > 0 || service_of(1) != ess_house_service(1));
    gx_stop(&f->gx);
    long calls = failing_calls();
    failing_disarm();
    check_state(f);
    check_recovered(f);
    gx_stop(&f->gx);
    return calls;
}

static void each(struct ess_house *f, enum failing_kind kind, long fails)
{
    long calls = lives(f, kind, 0, 0), step = calls / RUNS_MAX + 1, runs = 0;
    const char *all = getenv("FAILURES");

    if (all)
        step = 1;
    for (long n = 0; n < calls; n += step, runs++) {
        lives(f, kind, n, fails);
        if (n == 0)
            assert_true(calls > 0);
    }
    printf("  %s: each of %ld calls, %ld of them tried, %ld failing in a row\n",
           failing_names[kind], calls, runs, fails);
}

static void one_fails(void **state)
{
    for (enum failing_kind kind = 0; kind < FAILING_KINDS; kind++)
        each(*state, kind, 1);
}

static void many_fail(void **state)
{
    for (enum failing_kind kind = 0; kind < FAILING_KINDS; kind++)
        each(*state, kind, 20);
}

/* A flash that is full or read-only, or no descriptor, from the first moment to the last. */
static void all_fail(void **state)
{
    static const enum failing_kind kinds[] = {FAILING_OPEN, FAILING_WRITE, FAILING_READ,
                                              FAILING_SYNC, FAILING_RENAME};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        (void)lives(*state, kinds[i], 0, LONG_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_fails, ess_house_setup, ess_house_teardown),
        cmocka_unit_test_setup_teardown(many_fail, ess_house_setup, ess_house_teardown),
        cmocka_unit_test_setup_teardown(all_fail, ess_house_setup, ess_house_teardown),
    };

    failing_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
