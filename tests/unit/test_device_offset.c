/* What is added to a device's energy by its owner, and when its counter begins anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/support/device_fixture.h"

/* ---- EnergyOffset ---------------------------------------------------------------------------- */

static void reconfigure_offset(struct device_conf *other, double kwh)
{
    *other = conf;
    other->energy_offset_kwh = kwh;
    device_reconfigure(d, other);
}

static void an_offset_is_added(void **state)
{
    conf.energy_offset_kwh = 1200;
    create();
    feed_energy(5, 0);
    assert_field(FIELD_ENERGY_FORWARD, 1205, 1205, MISSING, MISSING);
    feed_energy(5.5, 5 * S);
    assert_energy(1205.5);
    device_destroy(d);
    conf.energy_offset_kwh = -1200; /* of a used one */
    create();
    feed_energy(1200.25, 0);
    assert_energy(0.25);
}

static void another_offset_shows_at_once(void **state)
{
    struct device_conf other;

    create();
    feed_energy(100, 0);
    reconfigure_offset(&other, 50);
    assert_energy(150);
    feed_energy(100.5, 5 * S);
    assert_energy(150.5);
    r.reach = REACH_LOST;
    feed(10 * S);
    conf.energy_offset_kwh = -100;
    device_reconfigure(d, &conf);
    assert_energy(0.5);
}

/* Whoever changes it has looked at the counter: what it says next is right. */
static void another_offset_believes_the_next_sample(void **state)
{
    struct device_conf other;

    create();
    feed_energy(553, 0);
    assert_true(feed_energy(2113405, 5 * S) & DEVICE_ENERGY_JUMP);
    reconfigure_offset(&other, 7);
    assert_energy(560);
    assert_int_equal(feed_energy(2113405, 10 * S), DEVICE_FRESH | DEVICE_ENERGY_RAISED);
    assert_energy(2113412);
    device_reconfigure(d, &conf);
    assert_int_equal(feed_energy(553, 15 * S), DEVICE_FRESH | DEVICE_ENERGY_RESET);
    assert_energy(553);
    assert_near(view()->counter_before_kwh, 2113405);
    assert_near(view()->counter_now_kwh, 553);
}

/* The configuration is changed where it lies, as a unit does it. */
static void a_change_is_seen_in_the_same_place(void **state)
{
    create();
    r.value[FIELD_ENERGY_TODAY][0] = 2.5;
    feed_energy(100, 0);
    conf.use_yield_day = true;
    device_reconfigure(d, &conf);
    assert_energy(2.5);
    conf.use_yield_day = false;
    conf.energy_offset_kwh = 50;
    device_reconfigure(d, &conf);
    assert_energy(150);
    conf.energy_offset_kwh = 60;
    device_reconfigure(d, &conf);
    assert_int_equal(feed_energy(900, 5 * S), DEVICE_FRESH | DEVICE_ENERGY_RAISED);
    assert_energy(960);
}

static void an_offset_that_changed_while_the_program_was_off(void **state)
{
    struct device_memory memory;

    create();
    feed_energy(553, 0);
    device_remember(d, &memory);
    device_destroy(d);
    conf.energy_offset_kwh = 1000;
    d = device_create(&conf, &memory);
    assert_energy(1553);
    assert_true(feed_energy(300, 0) & DEVICE_ENERGY_RESET);
    assert_energy(1300);
    restart(); /* the same offset: nothing is believed at once */
    assert_true(feed_energy(100, 0) & DEVICE_ENERGY_HELD);
    assert_energy(1300);
}

static void an_offset_goes_beside_what_is_kept(void **state)
{
    struct device_conf other;

    conf.keep_energy = true;
    create();
    feed_energy(100, 0);
    feed_energy(0, 5 * S);
    feed_energy(0, 35 * S);
    assert_true(feed_energy(0, 65 * S) & DEVICE_ENERGY_RESET);
    reconfigure_offset(&other, -30);
    assert_energy(70);
    feed_energy(0.5, 70 * S);
    assert_energy(70.5);
}

static void three_phases_share_an_offset(void **state)
{
    conf.phase = PHASE_3P;
    conf.energy_offset_kwh = 30;
    create();
    for (int slot = 1; slot <= 3; slot++)
        r.value[FIELD_ENERGY_FORWARD][slot] = 10 * slot;
    r.value[FIELD_ENERGY_REVERSE][0] = 9;
    feed_energy(60, 0);
    assert_field(FIELD_ENERGY_FORWARD, 90, 30, 30, 30);
    assert_field(FIELD_ENERGY_REVERSE, 9, 3, 3, 3); /* has none */
}

/* ---- Another serial --------------------------------------------------------------------------- */

static struct device_memory meter(const char *serial)
{
    struct device_memory m;

    device_memory_init(&m);
    strcpy(m.id, "TEMPLATE0");
    strcpy(m.serial, serial);
    m.energy_kwh = 800;
    return m;
}

/* A template's plug was replaced, and CUST_SN with it. */
static void a_new_serial_begins_anew(void **state)
{
    struct device_memory memory = meter("A1");

    strcpy(conf.serial, "B2");
    d = device_create(&conf, &memory);
    assert_energy(MISSING);
    strcpy(r.serial, "B2");
    feed_energy(3, 0);
    assert_energy(3);
    strcpy(r.serial, "C3"); /* with the program running */
    assert_int_equal(feed_energy(5000, 5 * S), DEVICE_FRESH);
    assert_energy(5000);
    strcpy(r.serial, "C3");
    assert_true(feed_energy(3, 10 * S) & DEVICE_ENERGY_HELD);
}

/* Without CUST_SN the section stands in for it. */
static void a_serial_that_is_only_named_changes_nothing(void **state)
{
    struct device_memory memory = meter("TEMPLATE0");

    strcpy(conf.serial, "A1");
    d = device_create(&conf, &memory);
    assert_energy(800);
    strcpy(r.serial, "A1");
    feed_energy(800.5, 0);
    strcpy(r.serial, "TEMPLATE0"); /* and is taken away again */
    assert_true(feed_energy(3, 5 * S) & DEVICE_ENERGY_HELD);
    assert_energy(800.5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, device_setup, device_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_offset_is_added),
        TEST(another_offset_shows_at_once),
        TEST(another_offset_believes_the_next_sample),
        TEST(a_change_is_seen_in_the_same_place),
        TEST(an_offset_that_changed_while_the_program_was_off),
        TEST(an_offset_goes_beside_what_is_kept),
        TEST(three_phases_share_an_offset),
        TEST(a_new_serial_begins_anew),
        TEST(a_serial_that_is_only_named_changes_nothing),
    };
    return cmocka_run_group_tests_name("device offset", tests, NULL, NULL);
}
