/* The table of notices: ids that stay, and an entry for the owner behind each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "core/notice.h"

static const struct entry {
    enum notice notice;
    const char *title, *meaning, *cure;
} entries[] = {
#define NOTICE(number, name, level, title, meaning, cure) {NOTICE_##name, title, meaning, cure},
#include "core/notice.def"
#undef NOTICE
};

static bool is_sentence(const char *text)
{
    size_t length = strlen(text);

    return length > 5 && text[length - 1] == '.' && !strstr(text, "  ") && text[0] != ' ';
}

static void test_numbers_rise(void **state)
{
    for (int n = NOTICE_NONE + 1; n < NOTICES; n++) {
        unsigned number = notice_info((enum notice)n)->number;
        assert_in_range(number, 1, 599);
        if (n > NOTICE_NONE + 1)
            assert_true(number > notice_info((enum notice)(n - 1))->number);
    }
}

static void test_each_is_serious_and_explained(void **state)
{
    assert_int_equal(sizeof entries / sizeof *entries, NOTICES - 1);
    for (const struct entry *e = entries; e < entries + NOTICES - 1; e++) {
        assert_true(notice_info(e->notice)->level >= LOG_WARNING);
        assert_in_range(strlen(e->title), 6, 69);
        assert_true(e->title[strlen(e->title) - 1] != '.');
        assert_true(is_sentence(e->meaning));
        assert_true(is_sentence(e->cure));
    }
}

static void test_no_notice_is_news(void **state)
{
    assert_int_equal(notice_info(NOTICE_NONE)->number, 0);
    assert_int_equal(notice_info(NOTICE_NONE)->level, LOG_INFO);
}

/* People search for these, in what others have written years before. */
static void test_ids_that_were_published(void **state)
{
    assert_int_equal(notice_info(NOTICE_CONFIG_ERROR)->number, 1);
    assert_int_equal(notice_info(NOTICE_GATEWAY_UNREACHABLE)->number, 102);
    assert_int_equal(notice_info(NOTICE_DEVICE_ERROR)->number, 204);
    assert_int_equal(notice_info(NOTICE_SERIAL_TWICE)->number, 311);
    assert_int_equal(notice_info(NOTICE_LIMIT_GAVE_UP)->number, 404);
    assert_int_equal(notice_info(NOTICE_STATE_UNWRITTEN)->number, 503);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_rise),
        cmocka_unit_test(test_each_is_serious_and_explained),
        cmocka_unit_test(test_no_notice_is_news),
        cmocka_unit_test(test_ids_that_were_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
