#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"

static const char *text(const struct addresses *a)
{
    static char out[ADDRESSES_TEXT_MAX];

    addresses_text(a, out);
    return out;
}

/* The edges of each range, and what lies beside them. */
static void what_is_near_v4(void **state)
{
    static const uint32_t near[] = {0x0A000000, 0x0AFFFFFF, 0xAC100000, 0xAC1FFFFF,
                                    0xC0A80000, 0xC0A8FFFF, 0xA9FE0000, 0xA9FEFFFF};
    static const uint32_t far[] = {0x00000000, 0x09FFFFFF, 0x0B000000, 0x7F000001, 0xAC0FFFFF,
                                   0xAC200000, 0xC0A7FFFF, 0xC0A90000, 0xA9FDFFFF, 0xA9FF0000,
                                   0x08080808, 0x64400001, 0xE0000001, 0xFFFFFFFF};

    (void)state;
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
        assert_true(address_is_near_v4(near[i]));
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++)
        assert_false(address_is_near_v4(far[i]));
}

static bool near_v6(unsigned first, unsigned second)
{
    const uint8_t address[16] = {(uint8_t)first, (uint8_t)second, [15] = 1};

    return address_is_near_v6(address);
}

static void what_is_near_v6(void **state)
{
    uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 168, [14] = 1, [15] = 5};

    (void)state;
    assert_true(near_v6(0xfc, 0));
    assert_true(near_v6(0xfd, 0xff));
    assert_true(near_v6(0xfe, 0x80));
    assert_true(near_v6(0xfe, 0xbf));
    assert_false(near_v6(0, 0)); /* ::1 */
    assert_false(near_v6(0xfb, 0xff));
    assert_false(near_v6(0xfe, 0x7f));
    assert_false(near_v6(0xfe, 0xc0));
    assert_false(near_v6(0x20, 0x01));
    assert_false(near_v6(0xff, 0x02));
    assert_true(address_is_near_v6(mapped));
    mapped[12] = 8;
    assert_false(address_is_near_v6(mapped));
    mapped[12] = 192;
    mapped[0] = 1; /* it only looks like one */
    assert_false(address_is_near_v6(mapped));
}

static void what_may_be_added(void **state)
{
    static const char *const good[] = {
        "192.168.1.50", "10.0.0.1",      "172.31.255.254", "169.254.7.7", "fd00::5", "fe80::1",
        "opendtu",      "opendtu.local", "a-b.fritz.box",  "x1",          "a"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct addresses a = {0};
        assert_true(addresses_write(&a, good[i]));
        assert_string_equal(text(&a), good[i]);
    }
}

static void what_may_not(void **state)
{
    static const char *const bad[] = {
        "8.8.8.8",
        "127.0.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "2130706433", /* 127.0.0.1 to those who look names up */
        "0x7f000001",
        "127.1",
        "10.0.0.0x1",
        "host.1",
        "192.168.1.50:80",
        "192.168.1.50/api",
        "http://192.168.1.50",
        "user@192.168.1.50",
        "192.168.1.50?x",
        "192.168.1.50#x",
        "a b",
        "a\tb",
        "-a",
        "a-",
        "a..b",
        ".a",
        "a.",
        "a_b",
        "::1",
        "2001:db8::1",
        "::ffff:8.8.8.8",
        "fe80::1%eth0",
        "[fd00::1]",
        "o\xC3\xB6",
        "a%2eb",
        "192.168.1.50,8.8.8.8",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* a letter too long */
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct addresses a = {.list = {[3] = "opendtu"}};
        if (addresses_write(&a, bad[i]))
            fail_msg("%s was taken", bad[i]);
        assert_string_equal(a.list[3], "opendtu"); /* nothing has changed */
        assert_string_equal(text(&a), "opendtu");
    }
}

static void the_list_as_people_write_it(void **state)
{
    struct addresses a = {0};

    (void)state;
    assert_true(
        addresses_write(&a, "  192.168.1.50 , ,opendtu.local,  OpenDTU.local,192.168.1.50 "));
    assert_string_equal(text(&a), "192.168.1.50,opendtu.local");
    assert_true(addresses_write(&a, ""));
    assert_string_equal(text(&a), "");
    assert_true(addresses_write(&a, " , ,"));
    assert_string_equal(text(&a), "");
}

static void an_address_keeps_its_number(void **state)
{
    struct addresses a = {0};

    (void)state;
    assert_true(addresses_write(&a, "a1,b1,c1"));
    assert_true(addresses_write(&a, "c1,d1,b1"));
    assert_string_equal(a.list[0], "d1"); /* the number of the one that went */
    assert_string_equal(a.list[1], "b1");
    assert_string_equal(a.list[2], "c1");
    assert_true(addresses_write(&a, "x1,c1,d1"));
    assert_string_equal(a.list[0], "d1"); /* the first one, too, whatever is named before it */
    assert_string_equal(a.list[1], "x1");
    assert_true(addresses_write(&a, "a,b"));
    assert_true(addresses_write(&a, "b"));
    assert_string_equal(a.list[1], "b");
    assert_true(addresses_write(&a, "a1,b1,c1"));
    assert_true(addresses_write(&a, "C1"));
    assert_string_equal(a.list[2], "c1");
    assert_string_equal(text(&a), "c1");
}

static void kept_by_number(void **state)
{
    static const char *const bad[] = {
        "a,8.8.8.8",
        "a,,A",
        "a b",
        "a, b",
        ",,,,,,,,,,,,,,,,a",
        "a0000000000000000000000000000000000000000000000000000000000000000"};
    struct addresses a = {.list = {[1] = "b1", [15] = "p1"}}, back = {0};
    char list[ADDRESSES_TEXT_MAX];

    (void)state;
    addresses_by_number(&a, list);
    assert_string_equal(list, ",b1,,,,,,,,,,,,,,p1");
    assert_true(addresses_read(&back, list));
    assert_memory_equal(&back, &a, sizeof a);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(addresses_read(&back, bad[i]));
    assert_memory_equal(&back, &a, sizeof a); /* nothing has changed */
    assert_true(addresses_read(&back, ""));
    addresses_by_number(&back, list);
    assert_string_equal(list, "");
}

static void not_more_than_there_is_room_for(void **state)
{
    struct addresses a = {0};
    char list[ADDRESSES_TEXT_MAX + ADDRESS_MAX] = "", before[ADDRESSES_TEXT_MAX];

    (void)state;
    for (int i = 0; i < ADDRESSES_MAX; i++)
        sprintf(list + strlen(list), "%s%063d", i ? "," : "", i);
    for (int i = 0; i < ADDRESSES_MAX; i++)
        list[i * ADDRESS_MAX] = 'a'; /* names of the longest kind */
    assert_true(addresses_write(&a, list));
    assert_int_equal(strlen(text(&a)), ADDRESSES_TEXT_MAX - 1);
    assert_string_equal(text(&a), list);
    strcpy(before, list);
    assert_false(addresses_write(&a, "x1,x2,x3,x4,x5,x6,x7,x8,x9,x10,x11,x12,x13,x14,x15,x16,x17"));
    assert_true(addresses_write(&a, list)); /* again: nobody is pushed out */
    assert_true(addresses_write(
        &a, strcat(list, ",a00000000000000000000000000000000000000000000000000000000000000")));
    assert_string_equal(text(&a), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_near_v4),
        cmocka_unit_test(what_is_near_v6),
        cmocka_unit_test(what_may_be_added),
        cmocka_unit_test(what_may_not),
        cmocka_unit_test(the_list_as_people_write_it),
        cmocka_unit_test(an_address_keeps_its_number),
        cmocka_unit_test(kept_by_number),
        cmocka_unit_test(not_more_than_there_is_room_for),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
