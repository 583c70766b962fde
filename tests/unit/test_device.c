#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/device.h"
#include "core/state.h"

#define S   1000LL
#define MIN (60 * S)
#define H   (60 * MIN)

static struct device_conf conf;
static struct device *d;
static struct reading r; /* what is fed next */

static int setup(void **state)
{
    memset(&conf, 0, sizeof conf);
    strcpy(conf.section, "INVERTER0");
    strcpy(conf.service, "com.victronenergy.pvinverter");
    strcpy(conf.connection, "TCP/IP (HTTP) dtu");
    conf.phase = PHASE_L1;
    conf.instance = 34;
    conf.position = 1;
    conf.max_age_s = 600;
    conf.error_mode = ERROR_MODE_RETRYCOUNT;
    conf.min_retries = 3;
    conf.error_after_s = 600;
    reading_init(&r);
    strcpy(r.serial, "114181234567");
    strcpy(r.name, "Garage");
    r.value[FIELD_POWER][0] = 300;
    r.value[FIELD_VOLTAGE][0] = 230;
    r.value[FIELD_CURRENT][0] = 1.3;
    r.value[FIELD_ENERGY_FORWARD][0] = 100;
    r.value[FIELD_FREQUENCY][0] = 50;
    r.value[FIELD_TEMPERATURE][0] = 31;
    r.value[FIELD_POWER_FACTOR][0] = 0.99;
    d = NULL;
    return 0;
}

static int teardown(void **state)
{
    device_destroy(d);
    return 0;
}

static void create(void)
{
    d = device_create(&conf, NULL);
    assert_non_null(d);
}

static const struct device_view *view(void)
{
    return device_view(d);
}

static unsigned feed(int64_t now_ms)
{
    return device_feed(d, &r, 12.5, now_ms);
}

static unsigned feed_energy(double kwh, int64_t now_ms)
{
    r.value[FIELD_ENERGY_FORWARD][0] = kwh;
    return feed(now_ms);
}

static void assert_near(double value, double expected)
{
    if (!has_value(expected) ? has_value(value) : !(fabs(value - expected) < 1e-6))
        fail_msg("%g instead of %g", value, expected);
}

static void assert_field(enum field f, double total, double l1, double l2, double l3)
{
    assert_near(view()->value[f][0], total);
    assert_near(view()->value[f][1], l1);
    assert_near(view()->value[f][2], l2);
    assert_near(view()->value[f][3], l3);
}

static void assert_energy(double kwh)
{
    assert_near(view()->value[FIELD_ENERGY_FORWARD][0], kwh);
}

static void assert_state(enum device_state state)
{
    assert_int_equal(view()->state, state);
}

/* ---- Start ---------------------------------------------------------------------------------- */

static void starts_empty(void **state)
{
    create();
    assert_state(DEVICE_START);
    assert_string_equal(view()->section, "INVERTER0");
    assert_string_equal(view()->connection, "TCP/IP (HTTP) dtu");
    assert_string_equal(view()->serial, "");
    assert_string_equal(view()->name, "");
    assert_string_equal(view()->firmware, "");
    assert_int_equal(view()->instance, 34);
    assert_int_equal(view()->position, 1);
    assert_int_equal(view()->update_index, 0);
    assert_int_equal(view()->phases, 1);
    assert_int_equal(view()->strings, 0);
    assert_near(view()->latency_ms, MISSING);
    for (int f = 0; f < FIELD_COUNT; f++)
        assert_field((enum field)f, MISSING, MISSING, MISSING, MISSING);
    device_destroy(NULL);
}

static void starts_from_memory(void **state)
{
    const struct device_memory memory = {.section = "INVERTER0",
                                         .serial = "114181234567",
                                         .name = "Garage",
                                         .position = -1,
                                         .phases = 1,
                                         .strings = 2,
                                         .max_power_w = 800,
                                         .energy_kwh = 422.6};
    d = device_create(&conf, &memory);
    assert_state(DEVICE_START);
    assert_string_equal(view()->serial, "114181234567");
    assert_string_equal(view()->name, "Garage");
    assert_int_equal(view()->position, 1);
    assert_int_equal(view()->strings, 2);
    assert_near(view()->value[FIELD_MAX_POWER][0], 800);
    assert_field(FIELD_ENERGY_FORWARD, 422.6, 422.6, MISSING, MISSING);
    assert_field(FIELD_POWER, MISSING, MISSING, MISSING, MISSING);
}

static void remembers_three_phases(void **state)
{
    const struct device_memory memory = {
        .serial = "1", .position = -1, .phases = 3, .max_power_w = MISSING, .energy_kwh = 300};
    conf.phase = PHASE_AUTO;
    d = device_create(&conf, &memory);
    assert_int_equal(view()->phase, PHASE_3P);
    assert_int_equal(view()->phases, 3);
    /* What the phases count is not known: a third of it might be more than a phase's own counter. */
    assert_field(FIELD_ENERGY_FORWARD, 300, MISSING, MISSING, MISSING);
}

static void survives_a_nonsensical_memory(void **state)
{
    struct device_memory memory = {.position = 77,
                                   .load_position = 77,
                                   .phases = 99,
                                   .strings = 99,
                                   .max_power_w = MISSING,
                                   .energy_kwh = MISSING};
    d = device_create(&conf, &memory);
    assert_int_equal(view()->position, 1);
    assert_int_equal(view()->load_position, 0);
    assert_int_equal(view()->strings, STRINGS_MAX);
    assert_int_equal(view()->phases, 1);
    assert_energy(MISSING);
}

static void the_configs_serial_wins(void **state)
{
    const struct device_memory memory = {.serial = "old",
                                         .position = -1,
                                         .max_power_w = MISSING,
                                         .energy_kwh = MISSING};
    strcpy(conf.serial, "T1");
    d = device_create(&conf, &memory);
    assert_string_equal(view()->serial, "T1");
}

static void remembers_what_it_learnt(void **state)
{
    struct device_memory memory;

    create();
    r.value[FIELD_MAX_POWER][0] = 800;
    r.strings = 2;
    r.phases = 1;
    r.product = "OpenDTU";
    feed(0);
    device_set_custom_name(d, "Shed");
    device_set_position(d, 2);
    device_set_load_position(d, 1);
    device_set_phase(d, 3);
    device_set_role(d, "genset");
    memset(&memory, 0x55, sizeof memory);
    device_remember(d, &memory);
    assert_string_equal(memory.id, "114181234567");
    assert_string_equal(memory.section, "INVERTER0");
    assert_string_equal(memory.serial, "114181234567");
    assert_int_equal(memory.phase, 3);
    assert_string_equal(memory.role, "genset");
    assert_int_equal(memory.instance, -1);
    assert_int_equal(memory.counter, ENERGY_LIFETIME);
    assert_near(memory.offset_kwh, 0);
    assert_string_equal(memory.name, "Garage");
    assert_string_equal(memory.custom_name, "Shed");
    assert_string_equal(memory.product, "OpenDTU");
    assert_int_equal(memory.position, 2);
    assert_int_equal(memory.load_position, 1);
    assert_int_equal(memory.phases, 1);
    assert_int_equal(memory.strings, 2);
    assert_near(memory.max_power_w, 800);
    assert_near(memory.energy_kwh, 100);

    device_destroy(d);
    d = device_create(&conf, &memory);
    assert_string_equal(view()->name, "Shed");
    assert_string_equal(view()->product, "OpenDTU");
    assert_int_equal(view()->position, 2);
    assert_int_equal(view()->load_position, 1);
    assert_field(FIELD_ENERGY_FORWARD, 100, MISSING, MISSING, 100);
    device_remember(d, &memory);
    assert_string_equal(memory.role, "genset");
    assert_string_equal(memory.gateway, "");
    assert_int_equal(memory.phase, 3);
    assert_int_equal(memory.phases, 1);
}

static void its_identity_is_the_serial_or_what_was_given(void **state)
{
    struct device_memory memory;

    create();
    device_remember(d, &memory);
    assert_string_equal(memory.id, "");
    strcpy(r.serial, "00114A81");
    feed(0);
    device_remember(d, &memory);
    assert_string_equal(memory.id, "114a81");
    assert_string_equal(memory.serial, "00114A81");
    device_destroy(d);

    device_memory_init(&memory);
    strcpy(memory.id, "TEMPLATE0");
    d = device_create(&conf, &memory);
    feed(0);
    device_remember(d, &memory);
    assert_string_equal(memory.id, "TEMPLATE0");
}

static void knows_its_instance_when_told(void **state)
{
    struct device_memory memory;

    device_memory_init(&memory);
    memory.instance = 40;
    d = device_create(&conf, &memory); /* an explicit one in the config */
    assert_int_equal(view()->instance, 34);
    device_set_instance(d, 35); /* taken by another service: but not the device's own */
    assert_int_equal(view()->instance, 35);
    device_remember(d, &memory);
    assert_int_equal(memory.instance, 40);
    device_destroy(d);

    conf.instance = CONF_INSTANCE_AUTO;
    d = device_create(&conf, &memory);
    assert_int_equal(view()->instance, -1);
    device_remember(d, &memory);
    assert_int_equal(memory.instance, 40);
    device_set_instance(d, 41);
    assert_int_equal(view()->instance, 41);
    device_remember(d, &memory);
    assert_int_equal(memory.instance, 41);
}

static void shows_the_class_it_is_told(void **state)
{
    create();
    assert_null(view()->class);
    assert_false(view()->meter);
    device_set_class(d, "grid", true);
    assert_string_equal(view()->class, "grid");
    assert_true(view()->meter);
}

static void remembers_nothing_where_nothing_is_known(void **state)
{
    struct device_memory memory;

    create();
    device_remember(d, &memory);
    assert_string_equal(memory.id, "");
    assert_string_equal(memory.serial, "");
    assert_string_equal(memory.role, "");
    assert_string_equal(memory.custom_name, "");
    assert_int_equal(memory.phase, 0);
    assert_int_equal(memory.instance, -1);
    assert_int_equal(memory.position, -1);
    assert_int_equal(memory.load_position, -1);
    assert_near(memory.energy_kwh, MISSING);
    assert_near(memory.max_power_w, MISSING);
}

/* ---- Names, position, gateway ----------------------------------------------------------------- */

static void names_by_precedence(void **state)
{
    create();
    feed(0);
    assert_string_equal(view()->name, "Garage");
    r.name[0] = '\0';
    feed(S);
    assert_string_equal(view()->name, "Garage");
    device_set_custom_name(d, "Shed");
    assert_string_equal(view()->name, "Shed");
    strcpy(r.name, "Barn");
    feed(2 * S);
    assert_string_equal(view()->name, "Shed");
    device_set_custom_name(d, "");
    assert_string_equal(view()->name, "Barn");
    device_destroy(d);
    strcpy(conf.name, "Config");
    create();
    feed(0);
    assert_string_equal(view()->name, "Config");
    device_set_custom_name(d, "Shed");
    assert_string_equal(view()->name, "Shed");
}

/* AcPosition has the numbers of a pvinverter: 0 and 2 are inputs. A load's are 0 output, 1 input. */
static void a_load_has_other_numbers_for_its_place(void **state)
{
    static const struct {
        int configured, pv, load;
    } cases[] = {{CONF_POSITION_AUTO, 1, 1}, {0, 0, 1}, {1, 1, 0}, {2, 2, 1}};

    struct device_conf other = conf;

    create();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        other.position = cases[i].configured;
        device_reconfigure(d, &other);
        assert_int_equal(view()->position, cases[i].pv);
        assert_int_equal(view()->load_position, cases[i].load);
    }
    device_reconfigure(d, &conf);
}

static void takes_position_and_firmware(void **state)
{
    struct gateway_info info = {.firmware = "v26.3.30"};

    create();
    device_set_position(d, 0);
    assert_int_equal(view()->position, 0);
    device_set_position(d, -1);
    assert_int_equal(view()->position, 1);
    device_set_position(d, 0);
    assert_int_equal(view()->load_position, 0);
    device_set_load_position(d, 1);
    assert_int_equal(view()->load_position, 1);
    assert_int_equal(view()->position, 0);
    device_set_load_position(d, -1);
    assert_int_equal(view()->load_position, 0);
    device_gateway(d, &info);
    assert_string_equal(view()->firmware, "v26.3.30");
    info.firmware[0] = '\0';
    device_gateway(d, &info);
    assert_string_equal(view()->firmware, "v26.3.30");
}

/* ---- States --------------------------------------------------------------------------------- */

static void runs_with_the_first_reading(void **state)
{
    create();
    assert_int_equal(feed(0), DEVICE_FRESH | DEVICE_CHANGED_STATE);
    assert_state(DEVICE_RUNNING);
    assert_string_equal(view()->serial, "114181234567");
    assert_field(FIELD_POWER, 300, 300, MISSING, MISSING);
    assert_field(FIELD_VOLTAGE, 230, 230, MISSING, MISSING);
    assert_field(FIELD_CURRENT, 1.3, 1.3, MISSING, MISSING);
    assert_field(FIELD_ENERGY_FORWARD, 100, 100, MISSING, MISSING);
    assert_field(FIELD_POWER_FACTOR, 0.99, 0.99, MISSING, MISSING);
    assert_field(FIELD_FREQUENCY, 50, MISSING, MISSING, MISSING);
    assert_near(view()->latency_ms, 12.5);
    assert_int_equal(view()->update_index, 1);
    assert_int_equal(feed(S), DEVICE_FRESH);
    assert_int_equal(view()->update_index, 2);
}

static void the_update_index_wraps(void **state)
{
    create();
    for (int i = 0; i < 255; i++)
        feed(i * S);
    assert_int_equal(view()->update_index, 255);
    feed(255 * S);
    assert_int_equal(view()->update_index, 0);
}

static void a_value_that_vanishes_becomes_missing(void **state)
{
    create();
    r.value[FIELD_MAX_POWER][0] = 800;
    feed(0);
    r.value[FIELD_CURRENT][0] = r.value[FIELD_TEMPERATURE][0] = MISSING;
    r.value[FIELD_ENERGY_FORWARD][0] = r.value[FIELD_MAX_POWER][0] = MISSING;
    feed(S);
    assert_field(FIELD_CURRENT, MISSING, MISSING, MISSING, MISSING);
    assert_near(view()->value[FIELD_TEMPERATURE][0], MISSING);
    assert_energy(100); /* a counter that was not read is where it was */
    assert_near(view()->value[FIELD_MAX_POWER][0], 800);
}

static void assert_nothing_flows(void)
{
    assert_field(FIELD_POWER, 0, 0, MISSING, MISSING);
    assert_field(FIELD_CURRENT, 0, 0, MISSING, MISSING);
    assert_field(FIELD_VOLTAGE, MISSING, MISSING, MISSING, MISSING);
    assert_field(FIELD_POWER_FACTOR, MISSING, MISSING, MISSING, MISSING);
    assert_near(view()->value[FIELD_FREQUENCY][0], MISSING);
    assert_near(view()->value[FIELD_TEMPERATURE][0], MISSING);
    assert_field(FIELD_ENERGY_FORWARD, 100, 100, MISSING, MISSING);
}

static void night(void **state)
{
    create();
    feed(0);
    unsigned char index = view()->update_index;
    r.reach = REACH_LOST; /* with the last watts still in the reply */
    assert_int_equal(feed(S), DEVICE_CHANGED_STATE);
    assert_state(DEVICE_NIGHT);
    assert_nothing_flows();
    assert_int_equal(view()->update_index, index);
    assert_int_equal(feed(2 * S), 0);
    assert_nothing_flows();
    r.reach = REACH_OK;
    assert_int_equal(feed(3 * S), DEVICE_FRESH | DEVICE_CHANGED_STATE);
    assert_field(FIELD_POWER, 300, 300, MISSING, MISSING);
}

static void too_old_is_night(void **state)
{
    create();
    r.age_s = 600;
    feed(0);
    assert_state(DEVICE_RUNNING);
    r.age_s = 600.5;
    feed(S);
    assert_state(DEVICE_NIGHT);
    r.age_s = 3;
    feed(2 * S);
    assert_state(DEVICE_RUNNING);
    conf.max_age_s = -1;
    r.age_s = 1e9;
    feed(3 * S);
    assert_state(DEVICE_RUNNING);
    conf.max_age_s = 0;
    r.age_s = 0;
    feed(4 * S);
    assert_state(DEVICE_RUNNING);
}

static void night_at_the_start(void **state)
{
    create();
    r.reach = REACH_LOST;
    assert_int_equal(feed(0), DEVICE_CHANGED_STATE);
    assert_nothing_flows(); /* with the gateway's last counter, which is better than none */
    device_destroy(d);
    create();
    r.value[FIELD_ENERGY_FORWARD][0] = 0; /* a gateway that was restarted at night */
    feed(0);
    assert_energy(MISSING);
    assert_near(view()->value[FIELD_POWER][0], 0);
}

static void a_gateway_restarted_at_night_does_not_reset_the_counter(void **state)
{
    create();
    feed(0);
    r.reach = REACH_LOST;
    for (int i = 1; i < 1000; i++)
        assert_int_equal(feed_energy(0, i * 5 * S) & ~(unsigned)DEVICE_CHANGED_STATE, 0);
    assert_energy(100);
}

static void no_data_yet_changes_nothing(void **state)
{
    create();
    r.reach = REACH_NO_DATA_YET;
    assert_int_equal(device_feed(d, &r, 99, 0), 0);
    assert_state(DEVICE_START);
    assert_string_equal(view()->serial, "114181234567"); /* but who it is, is known */
    assert_near(view()->latency_ms, 99);
    assert_near(view()->value[FIELD_POWER][0], MISSING);
    r.reach = REACH_OK;
    feed(S);
    r.reach = REACH_NO_DATA_YET;
    r.value[FIELD_POWER][0] = r.value[FIELD_ENERGY_FORWARD][0] = 0;
    assert_int_equal(feed(2 * S), 0);
    assert_state(DEVICE_RUNNING);
    assert_near(view()->value[FIELD_POWER][0], 300);
    assert_int_equal(view()->update_index, 1);
}

static void no_data_yet_all_evening_is_night(void **state)
{
    create();
    feed(0);
    r.reach = REACH_NO_DATA_YET;
    feed(600 * S);
    assert_state(DEVICE_RUNNING);
    assert_int_equal(feed(601 * S), DEVICE_CHANGED_STATE);
    assert_state(DEVICE_NIGHT);
    assert_nothing_flows();
}

static void error_by_count(void **state)
{
    create();
    feed(0);
    assert_int_equal(device_miss(d, 5 * S), 0);
    assert_int_equal(device_miss(d, 10 * S), 0);
    assert_state(DEVICE_RUNNING);
    assert_near(view()->value[FIELD_POWER][0], 300); /* until then, the last values */
    assert_int_equal(device_miss(d, 15 * S), DEVICE_CHANGED_STATE);
    assert_state(DEVICE_ERROR);
    assert_nothing_flows();
    assert_int_equal(device_miss(d, 20 * S), 0);
    assert_int_equal(device_deadline(d), -1);
    assert_int_equal(feed(25 * S), DEVICE_FRESH | DEVICE_CHANGED_STATE);
    assert_state(DEVICE_RUNNING);
    device_miss(d, 30 * S);
    device_miss(d, 35 * S);
    feed(40 * S); /* only misses in a row count */
    device_miss(d, 45 * S);
    device_miss(d, 50 * S);
    assert_state(DEVICE_RUNNING);
}

static void error_by_count_of_none(void **state)
{
    conf.min_retries = 0;
    create();
    feed(0);
    device_miss(d, 5 * S);
    assert_state(DEVICE_ERROR);
}

static void error_by_time(void **state)
{
    conf.error_mode = ERROR_MODE_TIMEOUT;
    create();
    assert_int_equal(device_deadline(d), -1);
    feed(100 * S);
    assert_int_equal(device_deadline(d), 700 * S);
    for (int t = 105; t < 700; t += 5)
        assert_int_equal(device_miss(d, t * S), 0);
    assert_int_equal(device_deadline(d), 700 * S);
    assert_int_equal(device_miss(d, device_deadline(d)), DEVICE_CHANGED_STATE);
    assert_state(DEVICE_ERROR);
    assert_int_equal(device_deadline(d), -1);
    r.reach = REACH_LOST;
    feed(800 * S);
    assert_state(DEVICE_NIGHT);
    assert_int_equal(device_deadline(d), 1400 * S);
}

static void error_from_the_start(void **state)
{
    const struct device_memory memory = {.serial = "1",
                                         .position = -1,
                                         .phases = 1,
                                         .strings = 1,
                                         .max_power_w = MISSING,
                                         .energy_kwh = 100};
    d = device_create(&conf, &memory);
    device_miss(d, 0);
    device_miss(d, 5 * S);
    assert_state(DEVICE_START);
    assert_near(view()->value[FIELD_POWER][0], MISSING);
    device_miss(d, 10 * S);
    assert_state(DEVICE_ERROR);
    assert_nothing_flows();
    device_destroy(d);

    conf.error_mode = ERROR_MODE_TIMEOUT;
    create();
    device_miss(d, 50 * S); /* the waiting begins here */
    assert_state(DEVICE_START);
    assert_int_equal(device_deadline(d), 650 * S);
    device_miss(d, 650 * S);
    assert_state(DEVICE_ERROR);
}

static void a_gateway_away_at_night_is_an_error(void **state)
{
    create();
    r.reach = REACH_LOST;
    feed(0);
    for (int i = 1; i <= 3; i++)
        device_miss(d, i * 5 * S);
    assert_state(DEVICE_ERROR);
    feed(20 * S);
    assert_state(DEVICE_NIGHT);
}

/* ---- Energy --------------------------------------------------------------------------------- */

static void energy_goes_up(void **state)
{
    create();
    feed_energy(100, 0);
    feed_energy(100.5, 10 * S);
    assert_energy(100.5);
    feed_energy(100.5 - 1e-9, 20 * S); /* noise of a factor */
    assert_energy(100.5);
}

static void a_fall_is_held(void **state)
{
    create();
    feed_energy(100, 0);
    assert_int_equal(feed_energy(5, 5 * S), DEVICE_FRESH | DEVICE_ENERGY_HELD);
    assert_energy(100);
    assert_int_equal(feed_energy(5, 10 * S), DEVICE_FRESH); /* told once */
    assert_int_equal(feed_energy(100.1, 15 * S), DEVICE_FRESH);
    assert_energy(100.1);
    assert_int_equal(feed_energy(5, 20 * S), DEVICE_FRESH | DEVICE_ENERGY_HELD);
}

static void a_fall_that_lasts_is_followed(void **state)
{
    create();
    feed_energy(100, 0);
    for (int t = 5; t < 65; t += 5) {
        feed_energy(0.001 * t, t * S);
        assert_energy(100);
    }
    assert_int_equal(feed_energy(0.065, 65 * S), DEVICE_FRESH | DEVICE_ENERGY_RESET);
    assert_energy(0.065);
    feed_energy(0.07, 70 * S);
    assert_energy(0.07);
}

static void two_readings_do_not_confirm(void **state)
{
    create();
    feed_energy(100, 0);
    feed_energy(5, 5 * S);
    feed_energy(5, 300 * S);
    assert_energy(100);
    assert_int_equal(feed_energy(5, 301 * S) & DEVICE_ENERGY_RESET, DEVICE_ENERGY_RESET);
    assert_energy(5);
}

static void readings_that_disagree_do_not_confirm(void **state)
{
    create();
    feed_energy(100, 0);
    for (int i = 1; i <= 100; i++)
        feed_energy(i % 2 ? 5 : 4, i * 10 * S);
    assert_energy(100);
    feed_energy(5, 2000 * S);
    feed_energy(90, 2030 * S); /* lower as well, but no continuation of 5 */
    feed_energy(90, 2060 * S);
    assert_energy(100);
    feed_energy(90, 2095 * S);
    assert_energy(90);
}

static void an_impossible_jump_is_dropped(void **state)
{
    create();
    r.value[FIELD_MAX_POWER][0] = 1000;
    feed_energy(400, 0);
    assert_int_equal(feed_energy(2113405, 5 * S), DEVICE_FRESH | DEVICE_ENERGY_JUMP);
    assert_energy(400);
    assert_int_equal(feed_energy(400.01, 10 * S), DEVICE_FRESH);
    assert_energy(400.01);
    assert_int_equal(feed_energy(401.005, 15 * S), DEVICE_FRESH); /* within the slack of 1 kWh */
    assert_energy(401.005);
}

static void a_jump_is_measured_by_time_and_power(void **state)
{
    create();
    r.value[FIELD_MAX_POWER][0] = 1000;
    feed_energy(400, 0);
    feed_energy(410.9, 10 * H); /* 10 kWh could be made, and 1 is slack */
    assert_energy(410.9);
    feed_energy(422, 20 * H);
    assert_energy(410.9);
    device_destroy(d);
    create();
    r.value[FIELD_MAX_POWER][0] = MISSING;
    feed_energy(400, 0);
    feed_energy(450.9, 10 * H); /* 5 kW where nothing is known */
    assert_energy(450.9);
    feed_energy(502, 20 * H);
    assert_energy(450.9);
}

static void a_jump_that_lasts_is_followed(void **state)
{
    create();
    feed_energy(400, 0);
    feed_energy(900, 5 * S);
    feed_energy(900, 35 * S);
    assert_energy(400);
    assert_int_equal(feed_energy(900.01, 65 * S), DEVICE_FRESH);
    assert_energy(900.01);
}

static void a_jump_after_a_restart(void **state)
{
    struct device_memory memory = {
        .serial = "1", .position = -1, .phases = 1, .max_power_w = 1000, .energy_kwh = 400};

    d = device_create(&conf, &memory);
    feed_energy(424.9, 0); /* a day may have passed */
    assert_energy(424.9);
    device_destroy(d);
    d = device_create(&conf, &memory);
    assert_int_equal(feed_energy(2113405, 0) & DEVICE_ENERGY_JUMP, DEVICE_ENERGY_JUMP);
    assert_energy(400);
    device_destroy(d);
    d = device_create(&conf, &memory);
    assert_int_equal(feed_energy(0, 0) & DEVICE_ENERGY_HELD, DEVICE_ENERGY_HELD);
    assert_energy(400);
}

static void no_energy_until_a_true_one(void **state)
{
    create();
    r.value[FIELD_ENERGY_FORWARD][0] = MISSING;
    feed(0);
    assert_field(FIELD_ENERGY_FORWARD, MISSING, MISSING, MISSING, MISSING);
    feed_energy(0, S); /* a new inverter does begin at 0 */
    assert_energy(0);
}

static void energy_of_the_day(void **state)
{
    conf.use_yield_day = true;
    create();
    r.value[FIELD_ENERGY_TODAY][0] = 2.5;
    feed(0);
    assert_field(FIELD_ENERGY_FORWARD, 2.5, 2.5, MISSING, MISSING);
    r.reach = REACH_LOST;
    feed(10 * H);
    assert_energy(2.5);
    r.reach = REACH_OK;
    r.value[FIELD_ENERGY_TODAY][0] = 0;
    feed(20 * H);
    assert_energy(2.5);
    feed(20 * H + 30 * S);
    r.value[FIELD_ENERGY_TODAY][0] = 0.001;
    assert_int_equal(feed(20 * H + MIN) & DEVICE_ENERGY_RESET, DEVICE_ENERGY_RESET);
    assert_energy(0.001);
}

static void counts_what_it_does_not_believe(void **state)
{
    create();
    feed_energy(100, 0);
    feed_energy(50, 5 * S);
    feed_energy(51, 10 * S);
    feed_energy(1000, 15 * S);
    feed_energy(1000, 20 * S);
    feed_energy(100, 25 * S);
    feed_energy(1000, 30 * S);
    assert_int_equal(view()->falls_held, 1);
    assert_int_equal(view()->jumps_dropped, 2);
}

/* Three readings over a minute. */
static void reset_to(double kwh, int64_t now_ms)
{
    feed_energy(kwh, now_ms);
    feed_energy(kwh, now_ms + 30 * S);
    assert_true(feed_energy(kwh, now_ms + MIN) & DEVICE_ENERGY_RESET);
}

static void restart(void)
{
    struct device_memory memory;

    device_remember(d, &memory);
    device_destroy(d);
    d = device_create(&conf, &memory);
}

static void keeps_its_energy_over_a_reset(void **state)
{
    conf.keep_energy = true;
    create();
    feed_energy(100, 0);
    reset_to(0.5, 5 * S);
    assert_field(FIELD_ENERGY_FORWARD, 100, 100, MISSING, MISSING);
    feed_energy(0.75, 100 * S);
    assert_energy(100.25);
    restart();
    assert_energy(100.25);
    feed_energy(1, 0);
    assert_energy(100.5);
    restart();
    feed_energy(0, 0); /* and was reset while nobody looked */
    assert_energy(100.5);
    feed_energy(0, 30 * S);
    restart();
    reset_to(0, 0);
    assert_energy(100.5);
    feed_energy(0.5, 100 * S);
    assert_energy(101);
}

static void keeping_can_be_switched_off(void **state)
{
    struct device_conf follow;

    conf.keep_energy = true;
    create();
    feed_energy(100, 0);
    reset_to(0, 5 * S);
    follow = conf;
    follow.keep_energy = false;
    device_reconfigure(d, &follow);
    assert_energy(100);
    feed_energy(0.5, 100 * S);
    assert_energy(100.5);
    reset_to(0, 200 * S); /* what it once added goes with the next reset */
    assert_energy(0);
}

static void days_add_up_with_keep_energy(void **state)
{
    conf.keep_energy = conf.use_yield_day = true;
    create();
    r.value[FIELD_ENERGY_TODAY][0] = 2.5;
    feed(0);
    r.value[FIELD_ENERGY_TODAY][0] = 0.5;
    feed(12 * H);
    feed(12 * H + 30 * S);
    assert_energy(2.5);
    assert_true(feed(12 * H + MIN) & DEVICE_ENERGY_RESET);
    assert_energy(3);
    restart();
    r.value[FIELD_ENERGY_TODAY][0] = 0.75;
    feed(0);
    assert_energy(3.25);
}

static void three_phases_share_what_is_kept(void **state)
{
    conf.phase = PHASE_3P;
    conf.keep_energy = true;
    create();
    for (int slot = 1; slot <= 3; slot++)
        r.value[FIELD_ENERGY_FORWARD][slot] = 10 * slot; /* which would be lost with a restart */
    feed_energy(60, 0);
    assert_field(FIELD_ENERGY_FORWARD, 60, 20, 20, 20);
    reset_to(0, 5 * S);
    assert_field(FIELD_ENERGY_FORWARD, 60, 20, 20, 20);
    restart();
    assert_field(FIELD_ENERGY_FORWARD, 60, 20, 20, 20);
}

static void day_and_lifetime_are_never_mixed(void **state)
{
    struct device_conf by_day = conf;

    by_day.use_yield_day = true;
    create();
    r.value[FIELD_ENERGY_TODAY][0] = 2.5;
    feed(0);
    device_reconfigure(d, &by_day);
    assert_field(FIELD_ENERGY_FORWARD, 2.5, 2.5, MISSING, MISSING);
    r.value[FIELD_ENERGY_TODAY][0] = 3;
    assert_int_equal(feed(5 * S), DEVICE_FRESH);
    assert_energy(3);
    r.reach = REACH_LOST;
    feed(10 * S);
    device_reconfigure(d, &conf);
    assert_field(FIELD_ENERGY_FORWARD, MISSING, MISSING, MISSING, MISSING);
    feed(15 * S); /* its last counter is better than none */
    assert_energy(100);

    struct device_memory memory;
    device_remember(d, &memory);
    device_destroy(d);
    conf.use_yield_day = true; /* changed while the program did not run */
    d = device_create(&conf, &memory);
    assert_energy(MISSING);
    r.reach = REACH_OK;
    feed(0);
    assert_energy(3);
    restart();
    assert_energy(3);
}

static void a_memory_of_long_ago_may_be_of_either_counter(void **state)
{
    struct device_memory memory;

    device_memory_init(&memory);
    memory.energy_kwh = 2.5;
    conf.use_yield_day = true;
    d = device_create(&conf, &memory);
    assert_energy(2.5);
}

static void reverse_energy_is_a_counter_too(void **state)
{
    create();
    r.value[FIELD_ENERGY_REVERSE][0] = 50;
    feed(0);
    assert_field(FIELD_ENERGY_REVERSE, 50, 50, MISSING, MISSING);
    r.value[FIELD_ENERGY_REVERSE][0] = 0;
    feed(5 * S);
    assert_field(FIELD_ENERGY_REVERSE, 50, 50, MISSING, MISSING);
}

/* ---- Phases --------------------------------------------------------------------------------- */

static void one_phase_of_choice(void **state)
{
    conf.phase = PHASE_L3;
    create();
    feed(0);
    assert_int_equal(view()->phase, PHASE_L3);
    assert_field(FIELD_POWER, 300, MISSING, MISSING, 300);
    assert_field(FIELD_ENERGY_FORWARD, 100, MISSING, MISSING, 100);
    r.reach = REACH_LOST;
    feed(S);
    assert_field(FIELD_POWER, 0, MISSING, MISSING, 0);
    assert_field(FIELD_CURRENT, 0, MISSING, MISSING, 0);
}

static void three_phases_without_their_own_values(void **state)
{
    conf.phase = PHASE_3P;
    create();
    r.value[FIELD_CURRENT][0] = 99; /* not reliable on an HMT */
    feed(0);
    assert_int_equal(view()->phases, 3);
    assert_field(FIELD_POWER, 300, 100, 100, 100);
    assert_field(FIELD_VOLTAGE, 230, 230, 230, 230);
    assert_field(FIELD_CURRENT, 99, 100.0 / 230, 100.0 / 230, 100.0 / 230);
    assert_field(FIELD_POWER_FACTOR, 0.99, MISSING, MISSING, MISSING); /* measured of all in one */
    assert_field(FIELD_ENERGY_FORWARD, 100, 100 / 3.0, 100 / 3.0, 100 / 3.0);
    r.reach = REACH_LOST;
    feed(S);
    assert_field(FIELD_POWER, 0, 0, 0, 0);
    assert_field(FIELD_CURRENT, 0, 0, 0, 0);
    assert_field(FIELD_ENERGY_FORWARD, 100, 100 / 3.0, 100 / 3.0, 100 / 3.0);
}

static void three_phases_with_their_own_values(void **state)
{
    conf.phase = PHASE_3P;
    create();
    for (int slot = 1; slot <= 3; slot++) {
        r.value[FIELD_POWER][slot] = 50 * slot;
        r.value[FIELD_CURRENT][slot] = slot;
        r.value[FIELD_VOLTAGE][slot] = 229 + slot;
        r.value[FIELD_ENERGY_FORWARD][slot] = 10 * slot;
        r.value[FIELD_POWER_FACTOR][slot] = 0.9 + slot / 100.0;
    }
    feed(0);
    assert_field(FIELD_POWER, 300, 50, 100, 150);
    assert_field(FIELD_CURRENT, 1.3, 1, 2, 3);
    assert_field(FIELD_VOLTAGE, 230, 230, 231, 232);
    assert_field(FIELD_ENERGY_FORWARD, 100, 10, 20, 30);
    assert_field(FIELD_POWER_FACTOR, 0.99, 0.91, 0.92, 0.93);
    r.value[FIELD_ENERGY_FORWARD][2] = 0; /* each phase's counter holds for itself */
    feed(5 * S);
    assert_field(FIELD_ENERGY_FORWARD, 100, 10, 20, 30);
}

static void a_total_from_the_phases(void **state)
{
    conf.phase = PHASE_3P;
    create();
    r.value[FIELD_POWER][0] = r.value[FIELD_ENERGY_FORWARD][0] = MISSING;
    for (int slot = 1; slot <= 3; slot++) {
        r.value[FIELD_POWER][slot] = 50 * slot;
        r.value[FIELD_ENERGY_FORWARD][slot] = 10 * slot;
    }
    feed(0);
    assert_field(FIELD_POWER, 300, 50, 100, 150);
    assert_field(FIELD_ENERGY_FORWARD, 60, 10, 20, 30);
}

static void zero_volts_never_divide(void **state)
{
    static const double voltages[] = {0, 1e-9, -230, MISSING};

    conf.phase = PHASE_3P;
    create();
    for (size_t i = 0; i < sizeof voltages / sizeof voltages[0]; i++) {
        r.value[FIELD_VOLTAGE][0] = voltages[i];
        feed((int64_t)i * S);
        assert_field(FIELD_CURRENT, 1.3, MISSING, MISSING, MISSING);
    }
    r.value[FIELD_VOLTAGE][0] = 230;
    r.value[FIELD_POWER][0] = MISSING;
    feed(10 * S);
    assert_field(FIELD_POWER, MISSING, MISSING, MISSING, MISSING);
    assert_field(FIELD_CURRENT, 1.3, MISSING, MISSING, MISSING);
}

static void phases_by_themselves(void **state)
{
    conf.phase = PHASE_AUTO;
    create();
    assert_int_equal(view()->phase, PHASE_L1);
    feed(0);
    assert_field(FIELD_POWER, 300, 300, MISSING, MISSING);
    r.phases = 1;
    assert_int_equal(feed(S), DEVICE_FRESH);
    r.phases = 3;
    assert_int_equal(feed(2 * S), DEVICE_FRESH | DEVICE_SHAPE_CHANGED);
    assert_int_equal(view()->phases, 3);
    assert_field(FIELD_POWER, 300, 100, 100, 100);
    assert_field(FIELD_ENERGY_FORWARD, 100, 100 / 3.0, 100 / 3.0, 100 / 3.0);
    r.phases = 0;
    assert_int_equal(feed(3 * S), DEVICE_FRESH);
    assert_int_equal(view()->phases, 3);
}

static void a_choice_is_not_overruled(void **state)
{
    create();
    r.phases = 3;
    assert_int_equal(feed(0), DEVICE_FRESH | DEVICE_CHANGED_STATE);
    assert_field(FIELD_POWER, 300, 300, MISSING, MISSING);
}

static void the_screens_phase_wins(void **state)
{
    create();
    feed(0);
    device_set_phase(d, 2);
    assert_int_equal(view()->phase, PHASE_L2);
    assert_int_equal(view()->phases, 1);
    assert_field(FIELD_POWER, 300, MISSING, 300, MISSING);
    assert_field(FIELD_CURRENT, 1.3, MISSING, 1.3, MISSING);
    assert_field(FIELD_VOLTAGE, 230, MISSING, 230, MISSING);
    assert_field(FIELD_POWER_FACTOR, 0.99, MISSING, 0.99, MISSING);
    assert_field(FIELD_ENERGY_FORWARD, 100, MISSING, 100, MISSING);
    assert_field(FIELD_FREQUENCY, 50, MISSING, MISSING, MISSING);
    assert_int_equal(feed(5 * S), DEVICE_FRESH);
    assert_field(FIELD_POWER, 300, MISSING, 300, MISSING);
    r.reach = REACH_LOST;
    feed(10 * S);
    device_set_phase(d, 3);
    assert_field(FIELD_POWER, 0, MISSING, MISSING, 0);
    assert_field(FIELD_VOLTAGE, MISSING, MISSING, MISSING, MISSING);
    assert_field(FIELD_ENERGY_FORWARD, 100, MISSING, MISSING, 100);
    device_set_phase(d, 0);
    assert_field(FIELD_POWER, 0, 0, MISSING, MISSING);
    device_set_phase(d, 4);
    assert_int_equal(view()->phase, PHASE_L1);
}

static void three_phases_ignore_the_screens(void **state)
{
    conf.phase = PHASE_3P;
    create();
    device_set_phase(d, 2);
    feed(0);
    assert_int_equal(view()->phase, PHASE_3P);
    assert_field(FIELD_POWER, 300, 100, 100, 100);
    device_destroy(d);

    conf.phase = PHASE_AUTO;
    create();
    device_set_phase(d, 2);
    assert_int_equal(view()->phase, PHASE_L2);
    r.phases = 3;
    assert_true(feed(0) & DEVICE_SHAPE_CHANGED);
    assert_int_equal(view()->phase, PHASE_3P);
}

/* ---- A new configuration --------------------------------------------------------------------- */

static void a_new_configuration_shows_at_once(void **state)
{
    struct device_conf other = conf;

    strcpy(conf.name, "Old");
    create();
    feed(0);
    strcpy(other.section, "INVERTER7");
    strcpy(other.connection, "TCP/IP (HTTP) other");
    strcpy(other.name, "New");
    strcpy(other.serial, "999");
    other.position = 2;
    other.instance = 50;
    other.phase = PHASE_L2;
    device_reconfigure(d, &other);
    memset(&conf, 0x55, sizeof conf); /* nobody looks at the old one any more */
    assert_string_equal(view()->section, "INVERTER7");
    assert_string_equal(view()->connection, "TCP/IP (HTTP) other");
    assert_string_equal(view()->name, "New");
    assert_string_equal(view()->serial, "114181234567");
    assert_int_equal(view()->position, 2);
    assert_int_equal(view()->instance, 34); /* with the name of the service, by its owner */
    assert_state(DEVICE_RUNNING);
    assert_field(FIELD_POWER, 300, MISSING, 300, MISSING);
    assert_field(FIELD_ENERGY_FORWARD, 100, MISSING, 100, MISSING);
    assert_int_equal(view()->update_index, 1);
    other.name[0] = '\0';
    other.phase = PHASE_3P;
    device_reconfigure(d, &other);
    assert_string_equal(view()->name, "Garage");
    assert_int_equal(view()->phases, 3);
    assert_field(FIELD_POWER, 300, 100, 100, 100);
    assert_field(FIELD_CURRENT, 1.3, 100.0 / 230, 100.0 / 230, 100.0 / 230);
    assert_field(FIELD_ENERGY_FORWARD, 100, 100 / 3.0, 100 / 3.0, 100 / 3.0);
}

static void what_the_screen_set_wins_over_a_new_configuration(void **state)
{
    struct device_conf other = conf;

    create();
    device_set_custom_name(d, "Shed");
    device_set_position(d, 0);
    device_set_phase(d, 3);
    strcpy(other.name, "New");
    other.position = 2;
    other.phase = PHASE_L2;
    device_reconfigure(d, &other);
    assert_string_equal(view()->name, "Shed");
    assert_int_equal(view()->position, 0);
    assert_int_equal(view()->phase, PHASE_L3);
    device_set_custom_name(d, "");
    device_set_position(d, -1);
    device_set_phase(d, 0);
    assert_string_equal(view()->name, "New");
    assert_int_equal(view()->position, 2);
    assert_int_equal(view()->phase, PHASE_L2);
}

static void a_new_error_mode_counts_from_where_it_was(void **state)
{
    struct device_conf other = conf;

    create();
    feed(0);
    device_miss(d, 5 * S);
    other.min_retries = 2;
    device_reconfigure(d, &other);
    assert_int_equal(device_miss(d, 10 * S), DEVICE_CHANGED_STATE);
    other.error_mode = ERROR_MODE_TIMEOUT;
    feed(20 * S);
    device_reconfigure(d, &other);
    assert_int_equal(device_deadline(d), 620 * S);
    other.max_age_s = 5;
    r.age_s = 6;
    feed(25 * S);
    assert_state(DEVICE_NIGHT);
}

/* ---- Strings -------------------------------------------------------------------------------- */

static void fill_strings(unsigned count)
{
    r.strings = count;
    for (unsigned s = 0; s < count; s++) {
        strcpy(r.string[s].name, s ? "East" : "West");
        r.string[s].power_w = 150 + s;
        r.string[s].voltage_v = 31;
        r.string[s].current_a = 5;
        r.string[s].yield_total_kwh = 50;
        r.string[s].yield_today_kwh = 1;
    }
}

static void shows_strings(void **state)
{
    create();
    fill_strings(2);
    assert_int_equal(feed(0) & DEVICE_SHAPE_CHANGED, DEVICE_SHAPE_CHANGED);
    assert_int_equal(view()->strings, 2);
    assert_string_equal(view()->string[1].name, "East");
    assert_near(view()->string[1].power_w, 151);
    assert_near(view()->string[1].yield_total_kwh, 50);
    assert_int_equal(feed(S) & DEVICE_SHAPE_CHANGED, 0);
    r.string[1].yield_total_kwh = 0;
    feed(2 * S);
    assert_near(view()->string[1].yield_total_kwh, 50);

    r.reach = REACH_LOST;
    feed(3 * S);
    assert_near(view()->string[1].power_w, 0);
    assert_near(view()->string[1].current_a, 0);
    assert_near(view()->string[1].voltage_v, MISSING);
    assert_near(view()->string[1].yield_total_kwh, 50);
    assert_string_equal(view()->string[1].name, "East");
}

static void strings_never_get_fewer(void **state)
{
    create();
    fill_strings(2);
    feed(0);
    r.strings = 1;
    assert_int_equal(feed(S), DEVICE_FRESH);
    assert_int_equal(view()->strings, 2);
    assert_near(view()->string[0].power_w, 150);
    assert_near(view()->string[1].power_w, MISSING);
    assert_near(view()->string[1].yield_total_kwh, 50);
    r.strings = 99;
    feed(2 * S);
    assert_int_equal(view()->strings, STRINGS_MAX);
}

static void a_dc_voltage_only_where_there_is_one(void **state)
{
    struct device_conf other = conf;

    create();
    feed(0);
    assert_false(view()->has_dc);
    other.has_dc = true; /* by CUST_DCVoltage */
    device_reconfigure(d, &other);
    assert_true(view()->has_dc);
    device_reconfigure(d, &conf);
    assert_false(view()->has_dc);
    r.strings = 1;
    r.value[FIELD_DC_VOLTAGE][0] = 31;
    assert_true(feed(S) & DEVICE_SHAPE_CHANGED);
    assert_true(view()->has_dc);
    assert_near(view()->value[FIELD_DC_VOLTAGE][0], 31);
    r.reach = REACH_LOST;
    feed(2 * S);
    assert_true(view()->has_dc); /* the row stays, without a value */
    assert_near(view()->value[FIELD_DC_VOLTAGE][0], MISSING);
}

/* ---- Whatever happens ----------------------------------------------------------------------- */

/* A world in which anything may happen to a counter, and what was published of it before. */
struct world {
    uint64_t bits;
    int64_t now_ms;
    double raw, published;
    unsigned resets, falls, restarts;
};

static unsigned dice(struct world *w, unsigned sides)
{
    w->bits ^= w->bits << 13;
    w->bits ^= w->bits >> 7;
    w->bits ^= w->bits << 17;
    return (unsigned)(w->bits >> 33) % sides;
}

/* The memory of a restart goes over flash; the clock of the new process begins anywhere. */
static void restart_over_flash(struct world *w)
{
    struct device_memory memory;

    device_remember(d, &memory);
    char *text = state_print(&memory, 1);
    assert_int_equal(state_parse(text, strlen(text), &memory, 1, NULL, 0), 1);
    free(text);
    device_destroy(d);
    d = device_create(&conf, &memory);
    w->now_ms = dice(w, 1000) * S;
    w->restarts++;
}

static unsigned feed_world(struct world *w, double raw)
{
    enum field field = conf.use_yield_day ? FIELD_ENERGY_TODAY : FIELD_ENERGY_FORWARD;

    r.value[field][0] = raw;
    r.reach = dice(w, 20) ? REACH_OK : dice(w, 2) ? REACH_LOST : REACH_NO_DATA_YET;
    return feed(w->now_ms);
}

/* One event; returns what device_feed said. */
static unsigned happens(struct world *w)
{
    double hours = (dice(w, 30) ? 1 + dice(w, 100) : dice(w, 50000)) / 3600.0;

    w->now_ms += (int64_t)(hours * 3600e3);
    switch (dice(w, 40)) {
    case 0:
        w->raw = 0; /* a reset */
        return feed_world(w, w->raw);
    case 1:
        w->raw = dice(w, 2) ? w->raw * dice(w, 100) / 100 : w->raw + dice(w, 1000000) / 1e3;
        return feed_world(w, w->raw);
    case 2:
    case 3:
        return feed_world(w, dice(w, 1000000) / 1e3); /* a reply that is not to be believed */
    case 4:
        return feed_world(w, dice(w, 2) ? 0 : MISSING);
    case 5:
        device_miss(d, w->now_ms);
        return 0;
    case 6:
        restart_over_flash(w);
        return 0;
    case 7:
        device_set_phase(d, (int)dice(w, 4));
        return 0;
    default:
        w->raw += hours * dice(w, 800) / 1000;
        return feed_world(w, w->raw);
    }
}

static void check_world(struct world *w, unsigned events)
{
    const double *energy = view()->value[FIELD_ENERGY_FORWARD];
    bool followed = (events & DEVICE_ENERGY_RESET) && !conf.keep_energy;

    w->resets += events & DEVICE_ENERGY_RESET ? 1 : 0;
    if (has_value(w->published) && !has_value(energy[0]))
        fail_msg("%g kWh has vanished", w->published);
    if (energy[0] < w->published) {
        w->falls++;
        if (!followed)
            fail_msg("%.17g kWh fell to %.17g", w->published, energy[0]);
    }
    w->published = energy[0];
    for (unsigned slot = 1; slot <= 3; slot++) {
        if (view()->phase == PHASE_3P && has_value(energy[slot]))
            assert_near(energy[slot], energy[0] / 3);
        else if (view()->phase != PHASE_3P)
            assert_near(energy[slot], slot == (unsigned)view()->phase ? energy[0] : MISSING);
    }
}

static void live_through(bool keeps)
{
    struct world w = {.bits = 88172645463325252u};
    struct device_memory memory;

    device_memory_init(&memory);
    strcpy(memory.id, "TEMPLATE0");
    for (int life = 0; life < 4000; life++) {
        setup(NULL);
        conf.keep_energy = keeps;
        conf.use_yield_day = dice(&w, 3) == 0;
        conf.phase = dice(&w, 2) ? PHASE_L1 : PHASE_3P;
        r.value[FIELD_MAX_POWER][0] = dice(&w, 2) ? 800 : MISSING;
        w.published = MISSING;
        w.raw = dice(&w, 500000) / 1e3;
        w.now_ms = 0;
        d = device_create(&conf, &memory);
        for (int i = 0; i < 60; i++)
            check_world(&w, happens(&w));
        device_destroy(d);
    }
    d = NULL;
    /* All that the property is about has happened. */
    assert_true(w.resets > 1000 && w.restarts > 1000);
    assert_int_equal(w.falls > 1000, !keeps);
}

static void energy_never_falls_but_for_a_reset(void **state)
{
    live_through(false);
}

static void energy_that_is_kept_never_falls(void **state)
{
    live_through(true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(starts_empty),
        TEST(starts_from_memory),
        TEST(remembers_three_phases),
        TEST(survives_a_nonsensical_memory),
        TEST(the_configs_serial_wins),
        TEST(remembers_what_it_learnt),
        TEST(remembers_nothing_where_nothing_is_known),
        TEST(its_identity_is_the_serial_or_what_was_given),
        TEST(knows_its_instance_when_told),
        TEST(shows_the_class_it_is_told),
        TEST(names_by_precedence),
        TEST(a_load_has_other_numbers_for_its_place),
        TEST(takes_position_and_firmware),
        TEST(runs_with_the_first_reading),
        TEST(the_update_index_wraps),
        TEST(a_value_that_vanishes_becomes_missing),
        TEST(night),
        TEST(too_old_is_night),
        TEST(night_at_the_start),
        TEST(a_gateway_restarted_at_night_does_not_reset_the_counter),
        TEST(no_data_yet_changes_nothing),
        TEST(no_data_yet_all_evening_is_night),
        TEST(error_by_count),
        TEST(error_by_count_of_none),
        TEST(error_by_time),
        TEST(error_from_the_start),
        TEST(a_gateway_away_at_night_is_an_error),
        TEST(energy_goes_up),
        TEST(a_fall_is_held),
        TEST(a_fall_that_lasts_is_followed),
        TEST(two_readings_do_not_confirm),
        TEST(readings_that_disagree_do_not_confirm),
        TEST(an_impossible_jump_is_dropped),
        TEST(a_jump_is_measured_by_time_and_power),
        TEST(a_jump_that_lasts_is_followed),
        TEST(a_jump_after_a_restart),
        TEST(no_energy_until_a_true_one),
        TEST(energy_of_the_day),
        TEST(counts_what_it_does_not_believe),
        TEST(keeps_its_energy_over_a_reset),
        TEST(keeping_can_be_switched_off),
        TEST(days_add_up_with_keep_energy),
        TEST(three_phases_share_what_is_kept),
        TEST(day_and_lifetime_are_never_mixed),
        TEST(a_memory_of_long_ago_may_be_of_either_counter),
        TEST(reverse_energy_is_a_counter_too),
        TEST(one_phase_of_choice),
        TEST(three_phases_without_their_own_values),
        TEST(three_phases_with_their_own_values),
        TEST(a_total_from_the_phases),
        TEST(zero_volts_never_divide),
        TEST(phases_by_themselves),
        TEST(a_choice_is_not_overruled),
        TEST(the_screens_phase_wins),
        TEST(three_phases_ignore_the_screens),
        TEST(a_new_configuration_shows_at_once),
        TEST(what_the_screen_set_wins_over_a_new_configuration),
        TEST(a_new_error_mode_counts_from_where_it_was),
        TEST(shows_strings),
        TEST(strings_never_get_fewer),
        TEST(a_dc_voltage_only_where_there_is_one),
        TEST(energy_never_falls_but_for_a_reset),
        TEST(energy_that_is_kept_never_falls),
    };
    return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
