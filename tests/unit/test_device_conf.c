/* What a device is called and where it is: by its owner, its configuration, its gateway. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/support/device_fixture.h"

/* ---- Names, position, gateway ----------------------------------------------------------------- */

static void names_by_precedence(void **state)
{
    create();
    feed(0);
    assert_string_equal(view()->name, "Garage");
    r.name[0] = '\0';
    feed(S);
    assert_string_equal(view()->name, "Garage");
    owner_sets_name("Shed");
    assert_string_equal(view()->name, "Shed");
    strcpy(r.name, "Barn");
    feed(2 * S);
    assert_string_equal(view()->name, "Shed");
    owner_sets_name("");
    assert_string_equal(view()->name, "Barn");
    device_destroy(d);
    strcpy(conf.name, "Config");
    create();
    feed(0);
    assert_string_equal(view()->name, "Config");
    owner_sets_name("Shed");
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
    owner_sets_load_position(0);
    assert_int_equal(view()->load_position, 0);
    device_reconfigure(d, &conf);
}

/* An inverter without a section has no MaxPower, which is 0 there. */
static void its_rating_is_the_gateways_without_a_section(void **state)
{
    conf.max_power_w = 0;
    create();
    assert_near(view()->value[FIELD_MAX_POWER][0], MISSING);
    r.value[FIELD_MAX_POWER][0] = 800;
    feed(0);
    assert_near(view()->value[FIELD_MAX_POWER][0], 800);
    feed(S);
    assert_near(view()->value[FIELD_MAX_POWER][0], 800);
}

static void says_what_the_gateway_sent_by_itself(void **state)
{
    create();
    device_feed(d, &r, 20, 0, MISSING);
    assert_false(view()->pushed);
    device_feed(d, &r, MISSING, S, MISSING);
    assert_true(view()->pushed);
}

static void takes_position_and_firmware(void **state)
{
    struct gateway_info info = {.firmware = "v26.3.30"};

    create();
    owner_sets_position(0);
    assert_int_equal(view()->position, 0);
    owner_sets_position(-1);
    assert_int_equal(view()->position, 1);
    owner_sets_position(0);
    assert_int_equal(view()->load_position, 0);
    owner_sets_load_position(1);
    assert_int_equal(view()->load_position, 1);
    assert_int_equal(view()->position, 0);
    owner_sets_load_position(-1);
    assert_int_equal(view()->load_position, 0);
    device_gateway(d, &info);
    assert_string_equal(view()->firmware, "v26.3.30");
    info.firmware[0] = '\0';
    device_gateway(d, &info);
    assert_string_equal(view()->firmware, "v26.3.30");
}

static void health_that_is_known(void **state)
{
    const struct health_view health = {.requests = 7};

    create();
    device_health(d, &health);
    assert_true(view()->health_known);
    assert_int_equal(view()->health.requests, 7);
    device_health(d, NULL);
    assert_false(view()->health_known);
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
    owner_sets_name("Shed");
    owner_sets_position(0);
    owner_sets_phase(3);
    strcpy(other.name, "New");
    other.position = 2;
    other.phase = PHASE_L2;
    device_reconfigure(d, &other);
    assert_string_equal(view()->name, "Shed");
    assert_int_equal(view()->position, 0);
    assert_int_equal(view()->phase, PHASE_L3);
    owner_sets_name("");
    owner_sets_position(-1);
    owner_sets_phase(0);
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, device_setup, device_teardown)
    const struct CMUnitTest tests[] = {
        TEST(names_by_precedence),
        TEST(a_load_has_other_numbers_for_its_place),
        TEST(its_rating_is_the_gateways_without_a_section),
        TEST(says_what_the_gateway_sent_by_itself),
        TEST(takes_position_and_firmware),
        TEST(health_that_is_known),
        TEST(a_new_configuration_shows_at_once),
        TEST(what_the_screen_set_wins_over_a_new_configuration),
        TEST(a_new_error_mode_counts_from_where_it_was),
    };
    return cmocka_run_group_tests_name("device conf", tests, NULL, NULL);
}
