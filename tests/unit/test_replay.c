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

static void ask(struct run *run, const char *path, bool optional)
{
    struct message request = {.path = ""};

    assert_true(run->driver->next(run->session, &request));
    assert_string_equal(request.path, path);
    assert_int_equal(request.optional, optional);
}

static void reply(struct run *run, const char *body)
{
    static const struct decode_sink nowhere = {0};
    char why[DECODE_WHY_MAX];

    assert_int_equal(run->driver->decode(run->session, body, strlen(body), &nowhere, why),
                     DECODE_OK);
}

/* The cycle of a template with one request, which tells nobody anything. */
static void whole_cycle(struct run *run)
{
    ask(run, "/x", true);
    (run->driver->skip)(run->session);
}

/* Its cycles follow each other for as long as more has come. */
static void test_more(void **state)
{
    struct run *run = *state;
    struct message request = {.path = ""};
    char why[DECODE_WHY_MAX] = "";

    strcpy(run->conf->driver, "template");
    strcpy(run->conf->section, "TEMPLATE0");
    strcpy(run->conf->template.api_path[0], "/y");
    strcpy(run->conf->template.api_path[1], "/x");
    run->driver->begin(run->session, 0);
    assert_false(run->driver->refused(run->session, REPLY_NOT_FOUND, why));
    ask(run, capture_driver_path, false);
    reply(run, "template");
    for (int cycle = 0; cycle < 3; cycle++) {
        whole_cycle(run);
        ask(run, "/y", false);
        assert_false(run->driver->refused(run->session, REPLY_NOT_FOUND, why));
        (run->driver->skip)(run->session);
        ask(run, capture_more_path, true);
        reply(run, cycle < 2 ? "1" : "0");
    }
    assert_false(run->driver->next(run->session, &request));
    assert_false(run->driver->next(run->session, &request));
    run->driver->begin(run->session, 5000); /* the poller's next */
    whole_cycle(run);
    ask(run, "/y", false);
    (run->driver->skip)(run->session);
    ask(run, capture_more_path, true);
    (run->driver->skip)(run->session); /* nothing has come */
    assert_false(run->driver->next(run->session, &request));
}

/* What the recorded gateway did not answer, its driver is told: a list that cannot be had is given up. */
static void test_not_answered(void **state)
{
    const struct reply replies[] = {
        {capture_driver_path, "ahoy"},
        {"/api/live",
         "{\"ts_now\":9,\"ch0_fld_names\":[\"P_AC\"],\"inverter\":[{\"name\":\"A\",\"ch\":[[1]]}]}"},
        {"/api/inverter/list", NULL}};
    struct run *run = *state;

    for (int64_t cycle = 0; cycle < 4; cycle++)
        run_cycle(run, 5000 * cycle, replies, COUNT(replies));
    assert_non_null(run_find(run, "ahoy-0"));
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
        cmocka_unit_test_setup_teardown(test_more, setup, run_teardown),
        cmocka_unit_test_setup_teardown(test_not_answered, setup, run_teardown),
        cmocka_unit_test_setup_teardown(test_no_such_driver, setup, run_teardown),
        cmocka_unit_test_setup_teardown(test_before_it_is_known, setup, run_teardown),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
