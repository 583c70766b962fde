#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/support/driver_run.h"

#define LIST  "/api/livedata/status"
#define LIVE  "/api/live"
#define ID(n) "/api/inverter/id/" #n

/* What an AhoyDTU 0.8 answers below /api where it has nothing. */
#define ENDPOINTS                                                                           \
    "{\"inverter/list\":\"http://dtu/api/inverter/list\",\"live\":\"http://dtu/api/live\"," \
    "\"index\":\"http://dtu/api/index\",\"generic\":{\"version\":\"0.8.156\",\"ts_now\":1," \
    "\"esp_type\":\"ESP32\"}}"
#define FULL                                                                                    \
    "{\"inverters\":[{\"serial\":\"114182000001\",\"name\":\"Balcony\",\"reachable\":true,"     \
    "\"producing\":true,\"data_age\":1,\"AC\":{\"0\":{\"Power\":{\"v\":100},\"Voltage\":{\"v\"" \
    ":230},\"YieldTotal\":{\"v\":12.5}}},\"DC\":{},\"INV\":{}}]}"
#define SUMMARY                                                                                \
    "{\"inverters\":[{\"serial\":\"a1\",\"reachable\":true},{\"serial\":\"b2\",\"reachable\":" \
    "true}]}"
#define ONE(serial)                                                                     \
    "{\"inverters\":[{\"serial\":\"" serial "\",\"reachable\":true,\"producing\":true," \
    "\"AC\":{\"0\":{\"Power\":{\"v\":50},\"YieldTotal\":{\"v\":3}}},\"INV\":{}}]}"
#define NAMES  "\"ch0_fld_names\":[\"U_AC\",\"P_AC\",\"YieldTotal\"],\"fld_names\":[]"
#define IV(on) "{\"generic\":{\"version\":\"0.8.156\",\"ts_now\":100}," NAMES ",\"iv\":[" on "]}"
#define ID_REPLY                                                                   \
    "{\"id\":0,\"enabled\":true,\"serial\":\"c3\",\"name\":\"Shed\",\"status\":2," \
    "\"ts_last_success\":99,\"ch\":[[230,77,8]]}"
/* Up to 0.5.66. */
#define INLINE                                                                         \
    "{\"generic\":{\"version\":\"0.5.66\"}," NAMES ",\"inverter\":[{\"enabled\":true," \
    "\"name\":\"Shed\",\"ts_last_success\":99,\"ch\":[[230,77,8]]}]}"
#define INLINE_LIST \
    "{\"inverter\":[{\"id\":0,\"name\":\"Shed\",\"serial\":\"c3\",\"enabled\":true}]}"

static const struct reply opendtu[] = {{LIST, FULL}, {LIVE, "!not found"}};
static const struct reply ahoy[] = {{LIST, "!not found"}, {LIVE, IV("true")}, {ID(0), ID_REPLY}};

static int setup(void **state)
{
    struct run *run = malloc(sizeof *run);

    assert_non_null(run);
    run_open(run, "auto");
    *state = run;
    return 0;
}

static int teardown(void **state)
{
    run_close(*state);
    free(*state);
    return 0;
}

static void assert_is_opendtu(struct run *run)
{
    run_cycle(run, 0, opendtu, COUNT(opendtu));
    assert_true(run->complete);
    assert_int_equal(run->reading_count, 1);
    assert_string_equal(run->readings[0].serial, "114182000001");
    assert_int_equal(run_asked(run, LIST), 1);
    assert_int_equal(run_asked(run, LIVE), 0);
}

static void assert_is_ahoy(struct run *run, unsigned lists)
{
    run_cycle(run, 0, ahoy, COUNT(ahoy));
    assert_true(run->complete);
    assert_int_equal(run->reading_count, 1);
    assert_string_equal(run->readings[0].serial, "c3");
    assert_value(&run->readings[0], FIELD_POWER, 77);
    assert_int_equal(run_asked(run, LIST), lists);
    assert_string_equal(run->info.firmware, "0.8.156");
}

static void assert_nothing(const struct run *run)
{
    assert_false(run->complete);
    assert_int_equal(run->reading_count, 0);
    assert_int_equal(run->info_count, 0);
}

/* ---- The list ---- */

/* What a candidate tells of a reply that is not its own is dropped; its own is told once. */
static void the_list_is_told_once(void **state)
{
    struct run *run = *state;

    assert_is_opendtu(run);
    assert_int_equal(run->listed_count, 1);
    assert_true(run->list_ended);
    assert_is_opendtu(run);
    assert_int_equal(run->listed_count, 1);
}

/* ---- Finding out ---- */

static void an_opendtu(void **state)
{
    assert_is_opendtu(*state);
    assert_is_opendtu(*state);
}

static void an_opendtu_with_a_summary(void **state)
{
    const struct reply replies[] = {{LIST, SUMMARY},
                                    {LIST "?inv=a1", ONE("a1")},
                                    {LIST "?inv=b2", ONE("b2")}};
    struct run *run = *state;

    run_cycle(run, 0, replies, COUNT(replies));
    assert_true(run->complete);
    assert_int_equal(run->reading_count, 2);
    assert_int_equal(run_asked(run, LIST), 1);
}

static void an_ahoy(void **state)
{
    assert_is_ahoy(*state, 1);
    assert_is_ahoy(*state, 0); /* it is known then */
}

/* It takes commands when its kind and an inverter of it are known. */
static void what_takes_commands(void **state)
{
    const struct reply mute[] = {{LIST, "!not found"}, {LIVE, IV("true")}, {ID(0), "!error"}};
    struct run *run = *state;

    assert_null(run->driver->commands(run->session));
    run_cycle(run, 0, mute, COUNT(mute));
    assert_null(run->driver->commands(run->session));
    assert_is_ahoy(run, 0);
    assert_non_null(run->driver->commands(run->session));
}

static void an_ahoy_that_answers_everything(void **state)
{
    static const char *const others[] = {ENDPOINTS,           "{}", "[]",
                                         "<html></html>",     "",   "{\"inverters\":[]}",
                                         "{\"inverters\":{}}"};
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(others); i++) {
        const struct reply replies[] = {{LIST, others[i]}, {LIVE, IV("true")}, {ID(0), ID_REPLY}};
        run_close(run);
        run_open(run, "auto");
        run_cycle(run, 0, replies, COUNT(replies));
        assert_true(run->complete);
        assert_int_equal(run->reading_count, 1);
    }
}

static void an_old_ahoy(void **state)
{
    const struct reply replies[] = {{LIST, "!not found"},
                                    {LIVE, INLINE},
                                    {"/api/index", "{\"ts_now\":100}"},
                                    {"/api/inverter/list", INLINE_LIST}};
    struct run *run = *state;

    for (int cycle = 0; cycle < 2; cycle++) {
        run_cycle(run, cycle * 5000, replies, COUNT(replies));
        assert_true(run->complete);
        assert_int_equal(run->reading_count, 1);
        assert_string_equal(run->readings[0].serial, "c3");
        assert_int_equal(run_asked(run, LIST), cycle == 0);
    }
}

static void neither(void **state)
{
    static const struct {
        const char *list, *live, *words[2];
    } cases[] = {
        {"!not found", "!not found", {"status: no such page;", "live: no such page"}},
        {"{}", "!not found", {"no list of inverters", "live: no such page"}},
        {"!not found", "{}", {"no such page", "AhoyDTU?"}},
        {"{\"inverters\":[]}", "!not found", {"lists no inverters", "no such page"}},
        {"!not found", IV("false"), {"no such page", "lists no inverters"}},
        {"<html>", "<html>", {"status: ", "live: "}},
    };
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct reply replies[] = {{LIST, cases[i].list}, {LIVE, cases[i].live}};
        char before[DECODE_WHY_MAX] = "";
        for (int cycle = 0; cycle < 5; cycle++) {
            run_cycle(run, 0, replies, COUNT(replies));
            assert_nothing(run);
            assert_int_equal(run->asked_count, 2);
            assert_int_equal(run_result(run, LIVE), DECODE_BAD_REPLY);
            assert_non_null(strstr(run_why(run, LIVE), "no OpenDTU or AhoyDTU answers"));
            if (cycle > 0)
                assert_string_equal(run_why(run, LIVE), before);
            strcpy(before, run_why(run, LIVE));
            for (size_t w = 0; w < 2; w++) {
                if (!strstr(run_why(run, LIVE), cases[i].words[w]))
                    fail_msg("no \"%s\" in: %s", cases[i].words[w], run_why(run, LIVE));
            }
        }
    }
    assert_is_opendtu(run); /* it may come yet */
}

static void busy_is_no_kind(void **state)
{
    static const char *const busy[] = {"null", "!busy", "!error", NULL};
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(busy); i++) {
        const struct reply replies[] = {{LIST, busy[i]}, {LIVE, IV("true")}, {ID(0), ID_REPLY}};
        for (int cycle = 0; cycle < 5; cycle++) {
            run_cycle(run, 0, replies, COUNT(replies));
            assert_nothing(run);
            assert_int_equal(run_asked(run, LIVE), 0);
            assert_null(strstr(run_why(run, LIST), "neither"));
        }
    }
    assert_int_equal(run_result(run, LIST), DECODE_BAD_REPLY);
    assert_is_opendtu(run);
}

static void a_busy_ahoy(void **state)
{
    const struct reply replies[] = {{LIST, "!not found"}, {LIVE, "!busy"}};
    struct run *run = *state;

    run_cycle(run, 0, replies, COUNT(replies));
    assert_nothing(run);
    assert_string_equal(run_why(run, LIVE), ""); /* what HTTP says is said */
    assert_is_ahoy(run, 1);
}

static void a_cut_off_list_is_no_kind(void **state)
{
    struct run *run = *state;
    char cut[sizeof FULL];
    const struct reply replies[] = {{LIST, cut}, {LIVE, "!not found"}};

    for (size_t len = 0; len < sizeof FULL - 1; len++) {
        memcpy(cut, FULL, len);
        cut[len] = '\0';
        run_cycle(run, 0, replies, COUNT(replies));
        assert_nothing(run);
    }
    assert_is_opendtu(run);
}

/* ---- Once it is known ---- */

static void fail_cycles(struct run *run, unsigned cycles, const char *path, const char *body)
{
    const struct reply replies[] = {{path, body}};

    while (cycles--) {
        run_cycle(run, 0, replies, 1);
        assert_nothing(run);
    }
}

static void it_sticks(void **state)
{
    struct run *run = *state;

    assert_is_opendtu(run);
    for (int i = 0; i < 4; i++) { /* two in a row are not enough, however often */
        fail_cycles(run, 1, LIST, "{}");
        fail_cycles(run, 1, LIST, "!not found");
        assert_int_equal(run_asked(run, LIVE), 0);
        assert_is_opendtu(run);
    }
    fail_cycles(run, 10, LIST, NULL); /* away, busy: that says nothing */
    fail_cycles(run, 10, LIST, "!busy");
    fail_cycles(run, 10, LIST, "null");
    fail_cycles(run, 2, LIST, "{}");
    assert_int_equal(run_asked(run, LIVE), 0);
    assert_is_opendtu(run);
}

static void another_moves_in(void **state)
{
    struct run *run = *state;

    assert_is_opendtu(run);
    for (int i = 0; i < 3; i++) {
        run_cycle(run, 0, ahoy, COUNT(ahoy));
        assert_nothing(run);
    }
    assert_is_ahoy(run, 1);
    assert_is_ahoy(run, 0);
    for (int i = 0; i < 3; i++) {
        run_cycle(run, 0, opendtu, COUNT(opendtu));
        assert_nothing(run);
    }
    assert_is_opendtu(run);
}

static void one_bad_inverter_changes_nothing(void **state)
{
    const struct reply replies[] = {{LIST, SUMMARY},
                                    {LIST "?inv=a1", "<html>"},
                                    {LIST "?inv=b2", ONE("b2")},
                                    {LIVE, "!not found"}};
    struct run *run = *state;
    size_t heard = 0;

    for (int cycle = 0; cycle < 12; cycle++) {
        run_cycle(run, 0, replies, COUNT(replies));
        heard += run->reading_count;
    }
    assert_int_equal(heard,
                     11); /* from the second cycle on it is asked first: the session was kept */
}

static void extras_do_not_count(void **state)
{
    struct run *run = *state;

    for (int cycle = 0; cycle < 6; cycle++) {
        const struct reply replies[] = {{LIST, FULL},
                                        {"/api/system/status", "<html>"},
                                        {"/api/limit/status", "!not found"}};
        run_cycle(run, cycle * 3600 * 1000, replies, COUNT(replies));
        assert_true(run->complete);
        assert_int_equal(run->reading_count, 1);
        assert_int_equal(run_asked(run, LIVE), 0);
    }
}

/* Two bad replies with a good one in between, as often as it likes; three in a row are another device. */
static void bad_replies_in_a_row(void **state)
{
    static const char *const bad[] = {"{}", "<html>", "!not found", "{\"inverters\":1}"};
    struct run *run = *state;

    assert_is_opendtu(run);
    for (size_t i = 0; i < COUNT(bad); i++) {
        fail_cycles(run, 2, LIST, bad[i]);
        assert_is_opendtu(run);
        fail_cycles(run, 2, LIST, bad[i]);
        assert_is_opendtu(run);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct reply replies[] = {{LIST, bad[i]}, {LIVE, IV("true")}, {ID(0), ID_REPLY}};
        fail_cycles(run, 3, LIST, bad[i]);
        run_cycle(run, 0, replies, COUNT(replies));
        assert_int_equal(run_asked(run, LIVE), 1);
        assert_int_equal(run->reading_count, 1);
        fail_cycles(run, 3, LIVE, "{}"); /* an AhoyDTU by now */
        assert_is_opendtu(run);
    }
}

/* What an inverter that is gone answers is a word of its kind: it resets the count. */
static void an_absent_inverter_is_no_bad_reply(void **state)
{
    const struct reply gone[] = {{LIST, SUMMARY},
                                 {LIST "?inv=a1", "{\"inverters\":[]}"},
                                 {LIST "?inv=b2", "<html>"}};
    struct run *run = *state;

    assert_is_opendtu(run);
    for (int cycle = 0; cycle < 6; cycle++)
        run_cycle(run, 0, gone, COUNT(gone));
    assert_is_opendtu(run); /* asked as before, not for its kind */
}

/* What is optional and fails is told to the driver, which asks for it the less. */
static void an_optional_request_fails(void **state)
{
    const struct reply replies[] = {{LIST, "!not found"},
                                    {LIVE, INLINE},
                                    {"/api/index", "{\"ts_now\":100}"}};
    struct run *run = *state;
    size_t lists = 0;

    for (int cycle = 0; cycle < 20; cycle++) {
        run_cycle(run, cycle * 5000, replies, COUNT(replies));
        lists += run_asked(run, "/api/inverter/list");
    }
    assert_in_range(lists, 1, 9);
    assert_int_equal(run_asked(run, LIVE), 1); /* and its kind is known all the time */
    assert_int_equal(run_asked(run, LIST), 0);
}

/* Found out after weeks: what is asked once an hour is asked once. */
static void found_out_late(void **state)
{
    const struct reply replies[] = {{LIST, FULL},
                                    {"/api/system/status", "{\"git_hash\":\"v25.1.1\"}"},
                                    {"/api/limit/status", "{}"}};
    const int64_t weeks_ms = 30LL * 24 * 3600 * 1000;
    struct run *run = *state;

    run_cycle(run, weeks_ms, NULL, 0); /* nobody there yet */
    for (int cycle = 0; cycle < 10; cycle++) {
        run_cycle(run, weeks_ms + cycle * 60000, replies, COUNT(replies));
        assert_true(run->complete);
        assert_int_equal(run_asked(run, "/api/system/status"), cycle == 0);
        assert_int_equal(run_asked(run, "/api/limit/status"), cycle == 0);
    }
    run_cycle(run, weeks_ms + 3600 * 1000, replies, COUNT(replies));
    assert_int_equal(run_asked(run, "/api/system/status"), 1);
}

/* ---- What is pushed ---- */

static void an_opendtu_pushes(void **state)
{
    struct run *run = *state;

    assert_null(run->driver->feed(run->session));
    assert_int_equal(run_push(run, 1000, FULL), DECODE_BAD_REPLY); /* of no kind that is known */
    assert_int_equal(run->reading_count, 0);
    assert_int_equal(run->driver->pushed_since(run->session), -1);
    assert_is_opendtu(run);
    assert_string_equal(run->driver->feed(run->session)->path, "/livedata");
    assert_int_equal(run->driver->pushed_since(run->session), -1);
    assert_int_equal(run_push(run, 7000, FULL), DECODE_OK);
    assert_int_equal(run->reading_count, 1);
    assert_value(run_find(run, "114182000001"), FIELD_POWER, 100);
    assert_int_equal(run->driver->pushed_since(run->session), 7000);
    fail_cycles(run, 3, LIST, "{}"); /* another device, perhaps */
    fail_cycles(run, 1, LIST, NULL);
    assert_null(run->driver->feed(run->session));
    assert_int_equal(run_push(run, 9000, FULL), DECODE_BAD_REPLY);
}

static void an_ahoy_does_not(void **state)
{
    struct run *run = *state;

    assert_is_ahoy(run, 1);
    assert_null(run->driver->feed(run->session));
    assert_int_equal(run_push(run, 1000, FULL), DECODE_BAD_REPLY);
    assert_int_equal(run->driver->pushed_since(run->session), -1);
}

/* What is refused as "no OpenDTU or AhoyDTU" is made of these. */
static void what_is_probed_has_a_title(void **state)
{
    size_t probed = 0;

    (void)state;
    for (size_t i = 0; drivers[i]; i++) {
        probed += drivers[i]->probe;
        assert_true(!drivers[i]->probe || drivers[i]->title);
    }
    assert_int_equal(probed, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_opendtu),
        TEST(the_list_is_told_once),
        TEST(an_opendtu_with_a_summary),
        TEST(an_ahoy),
        TEST(what_takes_commands),
        TEST(an_ahoy_that_answers_everything),
        TEST(an_old_ahoy),
        TEST(neither),
        TEST(what_is_probed_has_a_title),
        TEST(busy_is_no_kind),
        TEST(a_busy_ahoy),
        TEST(a_cut_off_list_is_no_kind),
        TEST(it_sticks),
        TEST(another_moves_in),
        TEST(one_bad_inverter_changes_nothing),
        TEST(extras_do_not_count),
        TEST(bad_replies_in_a_row),
        TEST(an_absent_inverter_is_no_bad_reply),
        TEST(an_optional_request_fails),
        TEST(found_out_late),
        TEST(an_opendtu_pushes),
        TEST(an_ahoy_does_not),
    };
    return cmocka_run_group_tests_name("auto", tests, NULL, NULL);
}
