#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "edge/scratch.h"

static void test_empty_again(void **state)
{
    (void)state;
    void *a = scratch_take(1), *b = scratch_take(100);
    assert_true(scratch_used() >= 101);
    scratch_give(a);
    assert_true(scratch_used() > 0); /* b is still there */
    scratch_give(b);
    assert_int_equal(0, scratch_used());
    void *c = scratch_take(1);
    assert_ptr_equal(a, c);
    scratch_give(c);
}

/* Each piece is its own, and fit for anything. */
static void test_pieces(void **state)
{
    enum { COUNT = 64 };
    unsigned char *pieces[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        pieces[i] = scratch_take(i);
        assert_non_null(pieces[i]);
        assert_int_equal(0, (uintptr_t)pieces[i] % _Alignof(max_align_t));
        memset(pieces[i], (int)i, i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < i; k++)
            assert_int_equal(i, pieces[i][k]);
    }
    for (size_t i = 0; i < COUNT; i++)
        scratch_give(pieces[i]);
    assert_int_equal(0, scratch_used());
}

/* What is given back at once is used anew, and nothing else before all is. */
static void test_last(void **state)
{
    (void)state;
    void *first = scratch_take(40), *second = scratch_take(0), *third = scratch_take(40);
    assert_ptr_not_equal(second, third);
    scratch_give(third);
    assert_ptr_equal(third, scratch_take(20));
    scratch_give(second);
    void *fourth = scratch_take(40);
    assert_ptr_not_equal(second, fourth);
    assert_ptr_not_equal(third, fourth);
    scratch_give(fourth);
    scratch_give(third);
    scratch_give(first);
    assert_int_equal(0, scratch_used());
}

/* More than the block has comes from elsewhere, and does not count for it. */
static void test_full(void **state)
{
    (void)state;
    void *all = scratch_take(scratch_size());
    assert_int_equal(scratch_size(), scratch_used());
    void *more = scratch_take(1), *huge = scratch_take(scratch_size() + 1);
    assert_non_null(more);
    assert_non_null(huge);
    scratch_give(all);
    assert_int_equal(0, scratch_used());
    scratch_give(more);
    scratch_give(huge);
    scratch_give(NULL);
    assert_int_equal(0, scratch_used());
}

static void test_json(void **state)
{
    (void)state;
    scratch_for_json();
    cJSON *root = cJSON_Parse("{\"inverters\":[{\"serial\":\"1\",\"AC\":{\"v\":12.5}},null]}");
    assert_non_null(root);
    assert_true(scratch_used() > 0);
    char *text = cJSON_PrintUnformatted(root);
    assert_string_equal("{\"inverters\":[{\"serial\":\"1\",\"AC\":{\"v\":12.5}},null]}", text);
    cJSON_free(text);
    cJSON_Delete(root);
    assert_int_equal(0, scratch_used());
    assert_null(cJSON_Parse("{\"cut\":[1,2"));
    assert_int_equal(0, scratch_used());
    cJSON_InitHooks(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_again), cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_last),        cmocka_unit_test(test_full),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
