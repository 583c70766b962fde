/* The driver of captures: it is told the recorded driver, and leaves everything to that. */
#include <stdlib.h>
#include <string.h>

#include "core/capture.h"
#include "unit/support/opendtu_fixture.h"

static int setup(void **state)
{
    struct run *run = malloc(sizeof *run);

    assert_non_null(run);
    run_open(run, "replay");
    *state = run;
    return 0;
}

static void test_recorded_driver(void **state)
{
    static const char *const drivers_of_it[] = {"opendtu", "auto"};
    struct gateway g;

    (void)state;
    gateway_open(&g);
    for (size_t i = 0; i < 2; i++) {
        struct reply replies[7] = {{capture_driver_path, drivers_of_it[i]}};
        struct run *run = malloc(sizeof *run);
        assert_non_null(run);
        run_open(run, "replay");
        memcpy(replies + 1, g.replies, sizeof g.replies);
        run_cycle(run, 0, replies, 7);
        assert_string_equal(run->asked[0].path, capture_driver_path);
        assert_int_equal(run->reading_count, 3);
        assert_non_null(run_find(run, BALCONY));
        assert_non_null(run->driver->feed(run->session));
        assert_string_equal(run->driver->feed(run->session)->transport, "replay");
        assert_string_equal(run->driver->feed(run->session)->path, "/livedata");
        run_cycle(run, HOUR_MS / 2, g.replies, 6); /* asked once */
        assert_string_equal(run->asked[0].path, LIST);
        assert_int_equal(run->reading_count, 3);
        run_close(run);
        free(run);
    }
    gateway_close(&g);
}

static void test_no_such_driver(void **state)
{
    static const char *const names[] = {"replay", "template", "opendtu2", ""};
    struct run *run = *state;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        run_cycle(run, 0, &(struct reply){capture_driver_path, names[i]}, 1);
        assert_int_equal(run_result(run, capture_driver_path), DECODE_BAD_REPLY);
        assert_non_null(strstr(run_why(run, capture_driver_path), "cannot be played"));
    }
}

static void test_before_it_is_known(void **state)
{
    struct run *run = *state;

    assert_null(run->driver->feed(run->session));
    assert_int_equal(run->driver->pushed_since(run->session), -1);
    assert_int_equal(run_push(run, 0, "{}"), DECODE_BAD_REPLY);
    run_cycle(run, 0, NULL, 0);
    assert_int_equal(run->reading_count, 0);
    assert_null(run->driver->commands);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_driver),
        cmocka_unit_test_setup_teardown(test_no_such_driver, setup, run_teardown),
        cmocka_unit_test_setup_teardown(test_before_it_is_known, setup, run_teardown),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
