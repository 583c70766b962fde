#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/support/device_fixture.h"

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
    assert_int_equal(view()->measured_ms, -1);
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
                                         .choice = {.position = -1, .load_position = -1},
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
    const struct device_memory memory = {.serial = "1",
                                         .choice = {.position = -1, .load_position = -1},
                                         .phases = 3,
                                         .max_power_w = MISSING,
                                         .energy_kwh = 300};
    conf.phase = PHASE_AUTO;
    d = device_create(&conf, &memory);
    assert_int_equal(view()->phase, PHASE_3P);
    assert_int_equal(view()->phases, 3);
    /* What the phases count is not known: a third of it might be more than a phase's own counter. */
    assert_field(FIELD_ENERGY_FORWARD, 300, MISSING, MISSING, MISSING);
}

static void survives_a_nonsensical_memory(void **state)
{
    struct device_memory memory = {
        .choice = {.position = 77, .load_position = 77, .phase = 77, .role = "fridge"},
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
    device_remember(d, &memory);
    assert_int_equal(memory.phases, 0); /* not known */
}

static void the_configs_rating_is_shown_from_the_start(void **state)
{
    conf.max_power_w = 900;
    create();
    assert_near(view()->value[FIELD_MAX_POWER][0], 900);
    assert_int_equal(view()->age_s, -1);
    r.value[FIELD_MAX_POWER][0] = 800; /* as the gateway has it */
    feed(0);
    assert_near(view()->value[FIELD_MAX_POWER][0], 900);
}

static void the_configs_serial_wins(void **state)
{
    const struct device_memory memory = {.serial = "old",
                                         .choice = {.position = -1, .load_position = -1},
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
    owner_sets_name("Shed");
    owner_sets_position(2);
    owner_sets_load_position(1);
    owner_sets_phase(3);
    memset(&memory, 0x55, sizeof memory);
    device_remember(d, &memory);
    assert_string_equal(memory.id, "114181234567");
    assert_string_equal(memory.section, "INVERTER0");
    assert_string_equal(memory.serial, "114181234567");
    assert_int_equal(memory.instance, -1);
    assert_int_equal(memory.counter, ENERGY_LIFETIME);
    assert_near(memory.offset_kwh, 0);
    assert_string_equal(memory.name, "Garage");
    assert_string_equal(memory.product, "OpenDTU");
    assert_int_equal(memory.phases, 1);
    assert_int_equal(memory.strings, 2);
    assert_near(memory.max_power_w, 800);
    assert_near(memory.energy_kwh, 100);

    memory.choice = owner; /* which is not the device's to say */
    device_destroy(d);
    d = device_create(&conf, &memory);
    assert_string_equal(view()->name, "Shed");
    assert_string_equal(view()->product, "OpenDTU");
    assert_int_equal(view()->position, 2);
    assert_int_equal(view()->load_position, 1);
    assert_field(FIELD_ENERGY_FORWARD, 100, MISSING, MISSING, 100);
    device_remember(d, &memory);
    assert_string_equal(memory.gateway, "");
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

static void another_class_by_day(void **state)
{
    create();
    feed(0);
    device_set_class(d, "grid", true);
    assert_near(view()->value[FIELD_POWER][0], 300);
}

/* At night: what the day brought is an inverter's to show. */
static void another_class_at_night(void **state)
{
    create();
    r.value[FIELD_ENERGY_TODAY][0] = 2.5;
    r.value[FIELD_MAX_POWER][0] = 800;
    r.strings = 2;
    for (int s = 0; s < 2; s++) {
        r.string[s].power_w = 150;
        r.string[s].voltage_v = 31;
        r.string[s].current_a = 5;
    }
    feed(0);
    r.reach = REACH_LOST;
    feed(S);
    assert_near(view()->value[FIELD_ENERGY_TODAY][0], 2.5);
    for (int s = 0; s < 2; s++) {
        assert_near(view()->string[s].power_w, 0);
        assert_near(view()->string[s].voltage_v, MISSING);
        assert_near(view()->string[s].current_a, 0);
    }
    device_set_class(d, "grid", true);
    assert_near(view()->value[FIELD_ENERGY_TODAY][0], MISSING);
    assert_near(view()->value[FIELD_MAX_POWER][0], 800);
    for (int s = 0; s < 2; s++) {
        assert_near(view()->string[s].power_w, MISSING);
        assert_near(view()->string[s].current_a, MISSING);
    }
    device_set_class(d, "pvinverter", false);
    assert_near(view()->value[FIELD_ENERGY_TODAY][0], 2.5);
    assert_near(view()->value[FIELD_POWER][0], 0);
}

static void remembers_nothing_where_nothing_is_known(void **state)
{
    struct device_memory memory;

    create();
    device_remember(d, &memory);
    assert_string_equal(memory.id, "");
    assert_string_equal(memory.serial, "");
    assert_int_equal(memory.instance, -1);
    assert_near(memory.energy_kwh, MISSING);
    assert_near(memory.max_power_w, MISSING);
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
    int64_t first = view()->measured_ms;
    assert_int_equal(feed(S), DEVICE_FRESH);
    assert_int_equal(view()->update_index, 2);
    assert_int_equal(view()->measured_ms - first, S);
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
    r.age_s = 0.5;
    feed(5 * S);
    assert_state(DEVICE_NIGHT);
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
    feed_energy(0.5, S);
    assert_energy(0.5);
}

/* In whole minutes: what changes with each second would be told with each second. */
static void how_old_a_measurement_is_shown(void **state)
{
    static const struct {
        int64_t measured_ms, now_ms;
        int shown_s;
    } cases[] = {
        {-1, 5 * S, -1},
        {0, 0, 0},
        {0, 60 * S - 1, 0},
        {0, 60 * S, 60},
        {30 * S, 90 * S - 1, 0},
        {30 * S, 90 * S, 60},
        {0, 120 * S - 1, 60},
        {0, 3600 * S, 3600},
        {0, (INT32_MAX + 60LL) * S, INT32_MAX},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(age_shown_s(cases[i].measured_ms, cases[i].now_ms), cases[i].shown_s);
    create();
    device_seen(d, 5 * S);
    assert_int_equal(view()->age_s, -1);
    feed(5 * S);
    device_seen(d, 185 * S);
    assert_int_equal(view()->age_s, 180);
}

static void the_strings_have_names(void **state)
{
    create();
    r.strings = 2;
    strcpy(r.string[0].name, "East");
    strcpy(r.string[1].name, "West");
    assert_true(feed(0) & DEVICE_SHAPE_CHANGED);
    assert_string_equal(view()->string[0].name, "East");
    assert_string_equal(view()->string[1].name, "West");
    r.string[0].name[0] = '\0';
    feed(S);
    assert_string_equal(view()->string[0].name, "East");
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
    assert_int_equal(device_feed(d, &r, 99, 0, MISSING), 0);
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
    assert_int_equal(feed(600 * S + 100), DEVICE_CHANGED_STATE);
    assert_state(DEVICE_NIGHT);
    assert_nothing_flows();
}

/* After weeks as after a minute, the measurement of a moment ago stands. */
static void no_data_yet_late_in_a_life(void **state)
{
    create();
    feed(2000 * H);
    r.reach = REACH_NO_DATA_YET;
    assert_int_equal(feed(2000 * H + 5 * S), 0);
    assert_state(DEVICE_RUNNING);
    feed(2000 * H + 600 * S);
    assert_state(DEVICE_RUNNING);
    feed(2000 * H + 601 * S);
    assert_state(DEVICE_NIGHT);
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
    assert_int_equal(device_miss(d, device_deadline(d) - 1), 0);
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
                                         .choice = {.position = -1, .load_position = -1},
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, device_setup, device_teardown)
    const struct CMUnitTest tests[] = {
        TEST(starts_empty),
        TEST(starts_from_memory),
        TEST(remembers_three_phases),
        TEST(survives_a_nonsensical_memory),
        TEST(the_configs_rating_is_shown_from_the_start),
        TEST(the_configs_serial_wins),
        TEST(remembers_what_it_learnt),
        TEST(its_identity_is_the_serial_or_what_was_given),
        TEST(knows_its_instance_when_told),
        TEST(shows_the_class_it_is_told),
        TEST(another_class_by_day),
        TEST(another_class_at_night),
        TEST(remembers_nothing_where_nothing_is_known),
        TEST(runs_with_the_first_reading),
        TEST(the_update_index_wraps),
        TEST(a_value_that_vanishes_becomes_missing),
        TEST(night),
        TEST(too_old_is_night),
        TEST(night_at_the_start),
        TEST(how_old_a_measurement_is_shown),
        TEST(the_strings_have_names),
        TEST(a_gateway_restarted_at_night_does_not_reset_the_counter),
        TEST(no_data_yet_changes_nothing),
        TEST(no_data_yet_all_evening_is_night),
        TEST(no_data_yet_late_in_a_life),
        TEST(error_by_count),
        TEST(error_by_count_of_none),
        TEST(error_by_time),
        TEST(error_from_the_start),
        TEST(a_gateway_away_at_night_is_an_error),
    };
    return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
