/* Power limiting through the whole program: what happens to a limit at noon, and whatever comes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limit.h"
#include "virtual/support/ess_house.h"

/* ---- Single events, at noon ---- */

static void run(struct ess_house *f, int seconds)
{
    for (int s = 0; s < seconds; s++)
        ess_house_second(f);
}

static int limit_to(unsigned i, double w)
{
    struct value v = value_double(w);
    return world_write(ess_house_service(i), "/Ac/PowerLimit", &v);
}

/* One inverter of 1000 W at noon, which has been limited to 300 W. */
static void begin_limited(struct ess_house *f)
{
    ess_house_begin(f, 1, 1000, 7);
    f->house.now_s = 12 * 3600;
    f->house.loss = 0;
    f->house.inverter[0].delay_s = 2;
    run(f, 60);
    assert_true(ess_house_shown_w(0) == 1000);
    assert_int_equal(f->commands, 0);
    assert_int_equal(limit_to(0, 300), 0);
    run(f, 20);
    assert_true(f->house.inverter[0].limit_w == 300);
    assert_true(ess_house_shown_w(0) == 300);
}

/* One inverter at noon, whose gateway pushes: nothing but a command is a reason to call it. */
static void begin_pushed(struct ess_house *f)
{
    f->pushes = true;
    ess_house_begin(f, 1, 1000, 7);
    f->house.now_s = 12 * 3600;
    f->house.loss = 0;
    f->house.inverter[0].delay_s = 2;
    house_second(&f->house);
}

/* What is asked for while it is out of reach goes as soon as it is heard again. */
static void written_while_it_is_out_of_reach(void **state)
{
    struct ess_house *f = *state;

    begin_pushed(f);
    run(f, 60);
    f->deaf = true;
    run(f, 10);
    assert_int_equal(limit_to(0, 300), 0);
    run(f, 10);
    assert_int_equal(f->commands, 0);
    f->deaf = false;
    run(f, 8);
    assert_true(f->house.inverter[0].limit_w == 300);
}

/* Each write restarts the watchdog, one of the value that is there too. */
static void nobody_renews_it(void **state)
{
    struct ess_house *f = *state;

    begin_limited(f);
    for (int n = 0; n < 20; n++) {
        run(f, 50);
        assert_int_equal(limit_to(0, 300), 0);
    }
    assert_true(f->house.inverter[0].limit_w == 300);
    run(f, 55);
    assert_true(f->house.inverter[0].limit_w == 300);
    run(f, 30);
    assert_true(f->house.inverter[0].limit_w == 1000);
    assert_true(ess_house_shown_w(0) == 1000);
}

/* It is sent again every five minutes while it is renewed, and no more often. */
static void renewed_for_an_hour(void **state)
{
    struct ess_house *f = *state;

    begin_limited(f);
    unsigned before = f->commands;
    for (int n = 0; n < 120; n++) {
        run(f, 30);
        assert_int_equal(limit_to(0, 300), 0);
    }
    assert_in_range(f->commands - before, 11, 12);
    assert_true(f->house.inverter[0].limit_w == 300);
}

/* A cloud, or a loose plug: it comes back without its limit. */
static void it_restarts_at_noon(void **state)
{
    struct ess_house *f = *state;

    begin_limited(f);
    f->house.inverter[0].limit_w = 1000;
    f->house.inverter[0].coming_w = MISSING;
    for (int n = 0; n < 6; n++) {
        run(f, 20);
        assert_int_equal(limit_to(0, 300), 0);
    }
    assert_true(f->house.inverter[0].limit_w == 300);
}

/* The mark is cleared ten minutes after the lift was confirmed, and not before. */
static bool is_marked(const struct ess_house *f)
{
    char text[8192] = "";
    FILE *file = fopen(f->gx.state_path, "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return strstr(text, "\"limited\":1") != NULL;
}

static void the_mark(void **state)
{
    struct ess_house *f = *state;

    begin_limited(f);
    assert_true(is_marked(f));
    run(f, 60 + 30); /* watchdog */
    assert_true(ess_house_shown_w(0) == 1000);
    run(f, 9 * 60);
    assert_true(is_marked(f));
    run(f, 2 * 60);
    assert_false(is_marked(f));
}

/* Nothing is left throttled, whenever the program ends without a word. */
static void killed_at_any_second(void **state)
{
    struct ess_house *f = *state;

    unsigned limited = 0;

    for (int second = 0; second < 12; second++) {
        ess_house_begin(f, 1, 1000, 7);
        f->house.now_s = 12 * 3600;
        run(f, 60);
        assert_int_equal(limit_to(0, 300), 0);
        run(f, second);
        gx_stop(&f->gx); /* app_destroy() alone lifts nothing */
        for (int s = 0; s < 30; s++)
            house_second(&f->house);
        limited += f->house.inverter[0].limit_w == 300;
        assert_true(gx_start(&f->gx));
        run(f, 60);
        if (f->house.inverter[0].limit_w != 1000)
            fail_msg("killed after %d s: left at %.0f W", second, f->house.inverter[0].limit_w);
        gx_stop(&f->gx);
    }
    assert_true(limited >= 10);
}

/* Another program sets limits by the same DTU: noticed, and no fight. */
static void a_second_controller(void **state)
{
    struct ess_house *f = *state;

    begin_limited(f);
    unsigned before = f->commands;
    for (int n = 0; n < 4; n++) {
        house_dtu_post(&f->house, 0, 150);
        run(f, 30);
        assert_int_equal(limit_to(0, 300), 0);
    }
    assert_true(f->commands - before <= 1);
    assert_true(ess_house_shown_w(0) == 300);
}

/* The DTU is away for ten minutes; the limit runs out meanwhile. */
static void the_gateway_is_away(void **state)
{
    struct ess_house *f = *state;

    begin_limited(f);
    f->away = true;
    run(f, 600);
    assert_int_equal(limit_to(0, 300), 0); /* the ESS goes on */
    f->away = false;
    f->house.inverter[0].limit_w = 1000; /* it had been without DC, too */
    run(f, 150);
    assert_true(f->house.inverter[0].limit_w == ess_house_shown_w(0));
}

/* A DTU without a page that says whom it passes commands on to: asked each hour, and when it may have got one. */
static void it_is_too_old_to_be_limited(void **state)
{
    struct ess_house *f = *state;

    f->old = true;
    f->version = "b1deb1a";
    ess_house_begin(f, 1, 1000, 7);
    f->house.now_s = 9 * 3600;
    run(f, 4 * 3600 + 60);
    assert_in_range(f->rights_asked, 4, 5);
    f->away = true; /* it starts */
    run(f, 60);
    f->rights_asked = 0;
    f->away = false;
    run(f, 180);
    assert_int_equal(f->rights_asked, 1);
    f->version = "v24.1.26"; /* its update is heard of within an hour, and by its start as a rule */
    run(f, 3360);
    assert_int_equal(f->rights_asked, 1 + 1);
    f->old = false;
    run(f, 3600);
    assert_true(ess_house_shown_w(0) == 1000);
    f->rights_asked = 0;
    run(f, 3600);
    assert_in_range(f->rights_asked, 11, 13);
}

/* ---- Whatever comes ---- */

enum { CHAOS_ROUNDS = 60, CHAOS_S = 60, CALM_S = 8 * 60 };

static bool happens(uint32_t *seed, unsigned in_a_thousand)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % 1000 < in_a_thousand;
}

static double some_watts(uint32_t *seed)
{
    (void)happens(seed, 0);
    return (double)(*seed >> 8) / (1 << 24) * 1200 - 50;
}

static void one_event(struct ess_house *f, uint32_t *seed)
{
    struct house_inverter *inv = &f->house.inverter[0];
    struct value by_hand = value_double(some_watts(seed));

    if (happens(seed, 200))
        (void)limit_to(0, some_watts(seed));
    if (happens(seed, 50))
        (void)world_write(ess_house_service(0), "/SwitchableOutput/limit/Dimming", &by_hand);
    if (happens(seed, 30))
        f->away = !f->away;
    if (happens(seed, 30))
        f->deaf = !f->deaf;
    if (happens(seed, 20)) /* the inverter was without DC */
        inv->limit_w = inv->max_w;
    if (happens(seed, 20)) { /* the DTU has restarted */
        inv->queued_w = inv->on_air_w = MISSING;
        inv->status = COMMAND_NOT_TOLD;
        inv->relative_pct = 0;
    }
}

/*
 * What is shown is never above MaxPower nor below the floor, and once the faults have ended it is what the inverter
 * obeys: after the pauses of a gateway that was away (2 min), and of an inverter that counted as broken (5 min).
 */
static void whatever_comes(void **state)
{
    struct ess_house *f = *state;
    double floor_w = limit_floor(1000, ESS_HOUSE_INPUTS, MISSING);
    uint32_t seed = 20;

    ess_house_begin(f, 1, 1000, 7);
    f->house.now_s = 12 * 3600;
    f->house.loss = 0.1;
    for (unsigned n = 0; n < CHAOS_ROUNDS; n++) {
        f->house.now_s = 12 * 3600; /* it stays noon */
        f->last_sent_s[0] -= n > 0 ? CHAOS_S + CALM_S : 0;
        for (unsigned s = 0; s < CHAOS_S + CALM_S; s++) {
            if (s < CHAOS_S)
                one_event(f, &seed);
            else
                f->away = f->deaf = false;
            ess_house_second(f);
            double shown = ess_house_shown_w(0);
            if (has_value(shown) && (shown < floor_w || shown > 1000))
                fail_msg("round %u, second %u: %.1f W", n, s, shown);
        }
        if (!(fabs(ess_house_shown_w(0) - f->house.inverter[0].limit_w) < 1))
            fail_msg("round %u: %.1f W is shown, and %.1f W obeyed", n, ess_house_shown_w(0),
                     f->house.inverter[0].limit_w);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ess_house_setup, ess_house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_renews_it),
        TEST(renewed_for_an_hour),
        TEST(it_restarts_at_noon),
        TEST(the_mark),
        TEST(killed_at_any_second),
        TEST(the_gateway_is_away),
        TEST(a_second_controller),
        TEST(written_while_it_is_out_of_reach),
        TEST(it_is_too_old_to_be_limited),
        TEST(whatever_comes),
    };
    return cmocka_run_group_tests_name("limit events", tests, NULL, NULL);
}
