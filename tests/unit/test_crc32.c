#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/crc32.h"

/* As the polynomial says it, bit by bit. */
static uint32_t slowly(const uint8_t *bytes, size_t len)
{
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < 8 * len; i++) {
        uint32_t bit = (crc ^ (uint32_t)(bytes[i / 8] >> i % 8)) & 1;
        crc = crc >> 1 ^ (bit ? 0xEDB88320 : 0);
    }
    return ~crc;
}

static void known_values(void **state)
{
    (void)state;
    assert_int_equal(crc32_of("", 0), 0);
    assert_int_equal(crc32_of("123456789", 9), 0xCBF43926);
    assert_int_equal(crc32_of("123456789", 8), 0x9AE0DAAF);
}

static void every_byte(void **state)
{
    uint8_t bytes[512];

    (void)state;
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    for (unsigned i = 0; i < 256; i++)
        assert_int_equal(crc32_of(bytes + i, 1), slowly(bytes + i, 1));
    assert_int_equal(crc32_of(bytes, sizeof bytes), slowly(bytes, sizeof bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(every_byte),
    };
    return cmocka_run_group_tests_name("crc32", tests, NULL, NULL);
}
