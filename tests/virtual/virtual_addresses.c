/* What the page on the GX screen asks for: another look, and DTUs at addresses that it adds. */
#include "virtual/support/page_house.h"

#include <string.h>

static void asked_at_once(void **state)
{
    (void)state;
    page_begin_with(GOOD "PollingInterval=600000\n");
    unsigned before = page.asked;
    world_run(page.gx.loop, 2 * MINUTE);
    assert_int_equal(page.asked, before);
    assert_int_equal(page_write_int("/Refresh", 0), SERVICE_REFUSED);
    assert_int_equal(page_write_int("/Refresh", 2), SERVICE_REFUSED);
    assert_int_equal(page.asked, before);
    assert_int_equal(page_write_int("/Refresh", 1), SERVICE_ACCEPTED);
    assert_int_equal(page.asked, before + 1);
    assert_page_number("/Refresh", 0);
    world_run(page.gx.loop, OVERVIEW_REFRESH_MS - 1000);
    assert_int_equal(page_write_int("/Refresh", 1), SERVICE_REFUSED);
    assert_int_equal(page.asked, before + 1);
    world_run(page.gx.loop, 1000);
    assert_int_equal(page_write_int("/Refresh", 1), SERVICE_ACCEPTED);
    assert_int_equal(page.asked, before + 2);
}

static void an_added_address(void **state)
{
    (void)state;
    page_begin_with(GOOD);
    assert_int_equal(page_write_text("/IpAddresses", "8.8.8.8"), SERVICE_REFUSED);
    assert_int_equal(page_write_text("/IpAddresses", "192.168.1.77, 1.1.1.1"), SERVICE_REFUSED);
    world_run(page.gx.loop, 20 * MINUTE);
    assert_int_equal(page.added_asked, 0);
    assert_page_text("/IpAddresses", "");
    assert_int_equal(page_write_text("/IpAddresses", " 192.168.1.77 "), SERVICE_ACCEPTED);
    world_run(page.gx.loop, 10 * 1000);
    assert_page_text("/IpAddresses", "192.168.1.77");
    assert_page_text("/GatewayList", "DEFAULT,ADDED1");
    assert_page_number("/Gateways/ADDED1/State", 3);
    assert_page_number("/Gateways/ADDED1/Added", 1);
    assert_string_equal(page.added_url, "http://192.168.1.77");
    unsigned asked = page.added_asked;
    assert_true(asked >= 1);
    world_run(page.gx.loop, 14 * MINUTE);
    assert_int_equal(page.added_asked, asked); /* once in 15 minutes */
    world_run(page.gx.loop, 2 * MINUTE);
    assert_int_equal(page.added_asked, 2 * asked);
    page.added_is_dtu = true;
    assert_int_equal(page_write_int("/Refresh", 1),
                     SERVICE_ACCEPTED); /* or when its owner says so */
    world_run(page.gx.loop, MINUTE);
    assert_page_number("/Gateways/ADDED1/State", 1);
    assert_page_text("/Gateways/ADDED1/Product", "OpenDTU");
    assert_page_text("/DeviceList", SERIAL "," OTHER);
    assert_page_text("/Devices/" OTHER "/Gateway", "ADDED1");
    assert_int_equal(world_service_count(), 2);
    /* What needs a login is not for it. */
    assert_page_none("/Devices/" OTHER "/PowerLimit/Enabled");
    assert_page_none("/Devices/" OTHER "/Switch/Enabled");
    assert_int_equal(page_write_int("/Devices/" OTHER "/PowerLimit/Enabled", 1), SERVICE_REFUSED);
    page_end();
    page_begin();
    world_run(page.gx.loop, MINUTE);
    assert_page_text("/IpAddresses", "192.168.1.77");
    assert_page_number("/Gateways/ADDED1/State", 1);
    assert_int_equal(world_service_count(), 2);
    assert_int_equal(page_write_text("/IpAddresses", ""), SERVICE_ACCEPTED);
    world_run(page.gx.loop, MINUTE);
    assert_page_text("/GatewayList", "DEFAULT");
    assert_page_none("/Gateways/ADDED1/State");
    assert_page_text("/DeviceList", SERIAL);
    assert_int_equal(world_service_count(), 1);
    asked = page.added_asked;
    world_run(page.gx.loop, 20 * MINUTE);
    assert_int_equal(page.added_asked, asked);
}

/* Whatever is added, and whatever it lists: commands and their login are for the DTU of the file. */
static void no_commands_for_what_is_added(void **state)
{
    (void)state;
    page_begin_with(GOOD "PowerLimit=1\nSwitch=1\n[INVERTER0]\nSerial=" OTHER "\nMaxPower=800\n");
    page.added_is_dtu = true;
    assert_int_equal(page_write_text("/IpAddresses", "192.168.1.77"), SERVICE_ACCEPTED);
    world_run(page.gx.loop, 5 * MINUTE);
    assert_page_number("/Devices/" OTHER "/State", 1); /* the section's inverter is shown */
    (void)page_write_double("/Devices/" OTHER "/PowerLimit/Manual", 400);
    world_run(page.gx.loop, 5 * MINUTE);
    assert_int_equal(page.added_commands, 0);
}

/* The file's own DTU is not asked twice, and one that is added does not lose its number to another. */
static void several_addresses(void **state)
{
    (void)state;
    page_begin_with(GOOD);
    assert_int_equal(page_write_text("/IpAddresses", "dtu,10.0.0.1,10.0.0.2"), SERVICE_ACCEPTED);
    world_run(page.gx.loop, 10 * 1000);
    assert_page_text("/GatewayList", "DEFAULT,ADDED2,ADDED3");
    assert_int_equal(page_write_text("/IpAddresses", "10.0.0.2,10.0.0.3"), SERVICE_ACCEPTED);
    world_run(page.gx.loop, 10 * 1000);
    assert_page_text("/GatewayList", "DEFAULT,ADDED1,ADDED3");
    assert_page_text("/Gateways/ADDED3/Address", "http://10.0.0.2");
    assert_page_text("/Gateways/ADDED1/Address", "http://10.0.0.3");
}

/* The next address gets its number, and nothing of its inverters. */
static void an_address_that_was_removed(void **state)
{
    (void)state;
    page.added_is_dtu = true;
    page_begin_with(GOOD);
    assert_int_equal(page_write_text("/IpAddresses", "192.168.1.77"), SERVICE_ACCEPTED);
    world_run(page.gx.loop, MINUTE);
    assert_page_text("/DeviceList", SERIAL "," OTHER);
    assert_int_equal(page_write_text("/IpAddresses", ""), SERVICE_ACCEPTED);
    world_run(page.gx.loop, MINUTE);
    assert_page_text("/DeviceList", SERIAL);
    page.added_is_dtu = false;
    assert_int_equal(page_write_text("/IpAddresses", "192.168.1.88"), SERVICE_ACCEPTED);
    world_run(page.gx.loop, MINUTE);
    assert_page_text("/GatewayList", "DEFAULT,ADDED1");
    assert_page_text("/DeviceList", SERIAL);
    assert_int_equal(world_service_count(), 1);
    page_end();
    page_begin();
    world_run(page.gx.loop, MINUTE);
    assert_page_text("/DeviceList", SERIAL);
    assert_int_equal(world_service_count(), 1);
    page.added_is_dtu = true;
    assert_int_equal(page_write_int("/Refresh", 1), SERVICE_ACCEPTED);
    world_run(page.gx.loop, 10 * 1000);
    assert_page_text("/DeviceList", SERIAL "," OTHER); /* at once, as that of a new DTU */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, page_setup, page_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(asked_at_once),
        TEST(an_added_address),
        TEST(several_addresses),
        TEST(no_commands_for_what_is_added),
        TEST(an_address_that_was_removed),
    };
    return cmocka_run_group_tests_name("addresses", tests, NULL, NULL);
}
