/*
 * A day of each flood that another program, or a gateway, can make: what of it reaches the log, the state
 * file and the settings service is bounded, and the program does its work all the while.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "support/gx.h"
#include "support/world.h"

#define SERIAL  "114182940773"
#define SETTING "/Settings/Devices/dtu_" SERIAL "/"
#define OTHER   "com.victronenergy.pvinverter.other"
#define PAGE    "com.victronenergy.opendtu"

enum { SECOND_MS = 1000, DAY_S = 24 * 3600 };

/* What a day may bring: a burst, and what comes after it (app.c, claims.c, edge/log.c). */
enum {
    STATE_WRITES_MAX = 30 + 192 + 1,
    SETTING_WRITES_MAX = 100 + 150,
    MOVES_MAX = 130,
    LINES_MAX = 200 + 300,
    FLICKERS_MAX = 2 * 5 + 24 + 1
};

static struct gx gx;

static struct {
    bool flickers, odd;
    double yield_kwh;
    char body[512];
    ino_t state_inode;
    unsigned state_writes;
} t;

static void answer(void *user, const char *base_url, const char *path, struct world_reply *reply)
{
    (void)user;
    (void)base_url;
    reply->delay_ms = 20;
    t.odd = !t.odd;
    if (t.flickers && t.odd) {
        reply->outcome = REPLY_UNREACHABLE;
        return;
    }
    t.yield_kwh += 0.0001;
    snprintf(t.body, sizeof t.body,
             "{\"inverters\":[{\"serial\":\"" SERIAL "\",\"name\":\"Roof\",\"reachable\":true,"
             "\"producing\":true,\"AC\":{\"0\":{\"Power\":{\"v\":120},\"Voltage\":{\"v\":230},"
             "\"Frequency\":{\"v\":50},\"YieldTotal\":{\"v\":%.4f}}},\"DC\":{}}]}",
             t.yield_kwh);
    reply->body = strstr(path, "livedata") ? t.body : "{}";
}

static int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    gx_make(&gx);
    gx_log(&gx);
    gx_configure(&gx, "[DEFAULT]\nDTU=opendtu\nHost=dtu\nPush=0\nLogging=WARNING\n");
    t.yield_kwh = 100;
    world_set_gateway(answer, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return gx_remove(&gx);
}

static void begin(void)
{
    assert_true(gx_start(&gx));
    world_run(gx.loop, 60 * SECOND_MS);
    assert_int_equal(world_service_count(), 1);
}

/* Each time it is written it is another file, which takes the place of the one before. */
static void count_state_writes(void)
{
    struct stat st;

    if (stat(gx.state_path, &st) == 0 && st.st_ino != t.state_inode) {
        t.state_inode = st.st_ino;
        t.state_writes++;
    }
}

static void run(int64_t ms)
{
    world_run(gx.loop, ms);
    count_state_writes();
}

/* Lines of the log that hold these words. */
static unsigned lines(const char *words)
{
    return gx_lines(&gx, "", words);
}

static int our_instance(void)
{
    return world_value(world_service_at(0), "/DeviceInstance").i;
}

/* Another driver that takes our number whenever we have another one. */
static void a_number_that_is_taken_all_day(void **state)
{
    unsigned moves = 0;

    (void)state;
    begin();
    unsigned long writes = world_setting_writes;
    int before = our_instance();
    for (int s = 0; s < DAY_S; s += 2) {
        world_other(OTHER, our_instance());
        run(SECOND_MS);
        moves += our_instance() != before;
        before = our_instance();
        world_other(OTHER, 900);
        run(SECOND_MS);
    }
    assert_in_range(moves, 50, MOVES_MAX);
    assert_true(world_setting_writes - writes <= SETTING_WRITES_MAX);
    assert_in_range(t.state_writes, 1, STATE_WRITES_MAX);
    assert_in_range(lines(""), 1, LINES_MAX);
    assert_int_equal(world_service_count(), 1);
    assert_true(world_value(world_service_at(0), "/Ac/Power").d == 120);

    world_other_gone(OTHER); /* and when it has an end, so has that */
    run(2 * 3600 * SECOND_MS);
    world_other(OTHER, our_instance());
    run(60 * SECOND_MS);
    assert_true(our_instance() != 900);
    assert_int_equal(world_service_count(), 1);
}

/* Another program that sets the name once a second. */
static void a_day_of_set_value(void **state)
{
    char name[32];

    (void)state;
    begin();
    unsigned long writes = world_setting_writes;
    for (int s = 0; s < DAY_S; s++) {
        snprintf(name, sizeof name, "Name %d", s);
        const struct value v = value_string(name);
        assert_int_equal(world_write(world_service_at(0), "/CustomName", &v), 0);
        run(SECOND_MS);
    }
    assert_in_range(world_setting_writes - writes, 100, SETTING_WRITES_MAX);
    assert_in_range(t.state_writes, 100, STATE_WRITES_MAX);
    assert_in_range(lines(""), 0, LINES_MAX);
    assert_string_equal(world_value(world_service_at(0), "/CustomName").s, "Name 86399");
    run(3600 * SECOND_MS); /* the last one is kept, wherever it is kept */
    assert_string_equal(world_setting(SETTING "CustomName").s, "Name 86399");
    FILE *f = fopen(gx.state_path, "r");
    char text[4096] = "";
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    assert_non_null(strstr(text, "Name 86399"));
}

/* Another program that takes the device off the bus and puts it back once a second, as fast as that is taken. */
static void a_day_of_control_writes(void **state)
{
    const char *enabled = "/Devices/" SERIAL "/Enabled";
    unsigned taken = 0;

    (void)state;
    begin();
    unsigned long writes = world_setting_writes;
    for (int s = 0; s < DAY_S; s++) {
        const struct value v = value_int((int32_t)taken % 2);
        taken += world_write(PAGE, enabled, &v) == 0;
        run(SECOND_MS);
    }
    assert_in_range(taken, 8640, 60 + 8640);
    assert_in_range(world_setting_writes - writes, 100, SETTING_WRITES_MAX);
    assert_in_range(t.state_writes, 100, STATE_WRITES_MAX);
    assert_in_range(lines(""), 0, LINES_MAX);
    run(20 * SECOND_MS);
    const struct value no = value_int(0);
    assert_int_equal(world_write(PAGE, enabled, &no), 0); /* its owner has the last word */
    run(3600 * SECOND_MS);
    assert_int_equal(world_service_count(), 0);
    assert_int_equal(world_value(PAGE, enabled).i, 0);
    assert_int_equal(world_setting(SETTING "Enabled").i, 0);
}

/* What an owner sets is kept at once, also when it is set a few times. */
static void an_owner_does_not_wait(void **state)
{
    char name[32];

    (void)state;
    begin();
    run(3600 * SECOND_MS);
    for (int i = 0; i < 10; i++) {
        unsigned before = t.state_writes;
        snprintf(name, sizeof name, "Choice %d", i);
        const struct value v = value_string(name);
        assert_int_equal(world_write(world_service_at(0), "/CustomName", &v), 0);
        run(3 * SECOND_MS);
        assert_int_equal(t.state_writes, before + 1);
        assert_string_equal(world_setting(SETTING "CustomName").s, name);
    }
}

/* A gateway that answers every other time. */
static void a_gateway_that_flickers(void **state)
{
    (void)state;
    begin();
    t.flickers = true;
    for (int s = 0; s < DAY_S; s += 60)
        run(60 * SECOND_MS);
    assert_in_range(lines(""), 30, FLICKERS_MAX);
    assert_in_range(lines("times more in"), 20, 24);
    assert_in_range(t.state_writes, 90, STATE_WRITES_MAX);
}

/* What the settings service has is taken up to 1023, and told once beyond. */
static void numbers_of_the_settings_service(void **state)
{
    const struct value last = value_string("pvinverter:1023"),
                       beyond = value_string("pvinverter:1024");

    (void)state;
    assert_true(world_setting_change(SETTING "ClassAndVrmInstance", &last));
    begin();
    assert_int_equal(our_instance(), 1023);
    assert_true(world_setting_change(SETTING "ClassAndVrmInstance", &beyond));
    run(600 * SECOND_MS);
    assert_int_equal(our_instance(), 1023);
    assert_int_equal(lines("pvinverter:1024"), 1);

    gx_stop(&gx); /* and from the start */
    gx_forget(&gx);
    begin();
    run(600 * SECOND_MS);
    assert_int_equal(our_instance(), 34);
    assert_int_equal(lines("pvinverter:1024"), 2);
    assert_string_equal(world_setting(SETTING "ClassAndVrmInstance").s, "pvinverter:34");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_number_that_is_taken_all_day), TEST(a_day_of_set_value),
        TEST(a_day_of_control_writes),        TEST(an_owner_does_not_wait),
        TEST(a_gateway_that_flickers),        TEST(numbers_of_the_settings_service),
    };
    return cmocka_run_group_tests_name("floods", tests, NULL, NULL);
}
