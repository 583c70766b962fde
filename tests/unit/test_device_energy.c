#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "unit/support/device_fixture.h"

static void restart(void)
{
    struct device_memory memory;

    device_remember(d, &memory);
    device_destroy(d);
    d = device_create(&conf, &memory);
}

static void energy_goes_up(void **state)
{
    create();
    feed_energy(100, 0);
    feed_energy(100.5, 10 * S);
    assert_energy(100.5);
    feed_energy(100.5 - 1e-9, 20 * S); /* noise of a factor */
    assert_energy(100.5);
}

static void a_fall_is_held(void **state)
{
    create();
    feed_energy(100, 0);
    assert_int_equal(feed_energy(5, 5 * S), DEVICE_FRESH | DEVICE_ENERGY_HELD);
    assert_energy(100);
    assert_int_equal(feed_energy(5, 10 * S), DEVICE_FRESH); /* told once */
    assert_int_equal(feed_energy(100.1, 15 * S), DEVICE_FRESH);
    assert_energy(100.1);
    assert_int_equal(feed_energy(5, 20 * S), DEVICE_FRESH | DEVICE_ENERGY_HELD);
}

static void a_fall_that_lasts_is_followed(void **state)
{
    create();
    feed_energy(100, 0);
    for (int t = 5; t < 65; t += 5) {
        feed_energy(0.001 * t, t * S);
        assert_energy(100);
    }
    assert_int_equal(feed_energy(0.065, 65 * S), DEVICE_FRESH | DEVICE_ENERGY_RESET);
    assert_energy(0.065);
    feed_energy(0.07, 70 * S);
    assert_energy(0.07);
}

static void two_readings_do_not_confirm(void **state)
{
    create();
    feed_energy(100, 0);
    feed_energy(5, 5 * S);
    feed_energy(5, 300 * S);
    assert_energy(100);
    assert_int_equal(feed_energy(5, 301 * S) & DEVICE_ENERGY_RESET, DEVICE_ENERGY_RESET);
    assert_energy(5);
}

static void readings_that_disagree_do_not_confirm(void **state)
{
    create();
    feed_energy(100, 0);
    for (int i = 1; i <= 100; i++)
        feed_energy(i % 2 ? 5 : 4, i * 10 * S);
    assert_energy(100);
    feed_energy(5, 2000 * S);
    feed_energy(90, 2030 * S); /* lower as well, but no continuation of 5 */
    feed_energy(90, 2060 * S);
    assert_energy(100);
    feed_energy(90, 2095 * S);
    assert_energy(90);
}

static void an_impossible_jump_is_dropped(void **state)
{
    create();
    r.value[FIELD_MAX_POWER][0] = 1000;
    feed_energy(400, 0);
    assert_int_equal(feed_energy(2113405, 5 * S), DEVICE_FRESH | DEVICE_ENERGY_JUMP);
    assert_energy(400);
    assert_int_equal(feed_energy(400.01, 10 * S), DEVICE_FRESH);
    assert_energy(400.01);
    assert_int_equal(feed_energy(401.005, 15 * S), DEVICE_FRESH); /* within the slack of 1 kWh */
    assert_energy(401.005);
}

static void a_jump_is_measured_by_time_and_power(void **state)
{
    create();
    r.value[FIELD_MAX_POWER][0] = 1000;
    feed_energy(400, 0);
    feed_energy(410.9, 10 * H); /* 10 kWh could be made, and 1 is slack */
    assert_energy(410.9);
    feed_energy(422, 20 * H);
    assert_energy(410.9);
    device_destroy(d);
    create();
    r.value[FIELD_MAX_POWER][0] = MISSING;
    r.by_radio = true;
    feed_energy(400, 0);
    feed_energy(450.9, 10 * H); /* 5 kW of a microinverter of which nothing is known */
    assert_energy(450.9);
    feed_energy(502, 20 * H);
    assert_energy(450.9);
    device_destroy(d);
    create();
    r.by_radio = false;
    feed_energy(400, 0);
    feed_energy(900.9, 10 * H); /* 50 kW of anything else */
    assert_energy(900.9);
    feed_energy(1402, 20 * H);
    assert_energy(900.9);
}

/* Six hours at 300 W, which explain it; the view says from where to where. */
static void a_jump_that_the_power_explains_is_followed(void **state)
{
    unsigned events = 0;

    create();
    feed_energy(400, 0);
    for (int64_t t = 5 * S; t <= 6 * H + 5 * S; t += 5 * S) {
        assert_energy(400);
        events = feed_energy(900 + 0.3 * (double)(t - 5 * S) / H, t);
    }
    assert_int_equal(events, DEVICE_FRESH | DEVICE_ENERGY_RAISED);
    assert_energy(901.8);
    assert_near(view()->counter_before_kwh, 400);
    assert_near(view()->counter_now_kwh, 901.8);
}

static void a_jump_after_a_restart(void **state)
{
    struct device_memory memory = {.serial = "114181234567",
                                   .position = -1,
                                   .phases = 1,
                                   .max_power_w = 1000,
                                   .energy_kwh = 400};

    d = device_create(&conf, &memory);
    feed_energy(424.9, 0); /* a day may have passed */
    assert_energy(424.9);
    device_destroy(d);
    d = device_create(&conf, &memory);
    assert_int_equal(feed_energy(2113405, 0) & DEVICE_ENERGY_JUMP, DEVICE_ENERGY_JUMP);
    assert_energy(400);
    device_destroy(d);
    d = device_create(&conf, &memory);
    assert_int_equal(feed_energy(0, 0) & DEVICE_ENERGY_HELD, DEVICE_ENERGY_HELD);
    assert_energy(400);
}

static void reverse_energy_of_three_phases(void **state)
{
    conf.phase = PHASE_3P;
    create();
    for (int slot = 1; slot <= 3; slot++)
        r.value[FIELD_ENERGY_REVERSE][slot] = 10 * slot;
    feed(0);
    assert_field(FIELD_ENERGY_REVERSE, 60, 10, 20, 30);
    r.value[FIELD_ENERGY_REVERSE][3] = 5; /* held, and so is their sum */
    feed(5 * S);
    assert_field(FIELD_ENERGY_REVERSE, 60, 10, 20, 30);
    r.value[FIELD_ENERGY_REVERSE][1] = 10.5;
    r.value[FIELD_ENERGY_REVERSE][3] = 30.25;
    feed(10 * S);
    assert_field(FIELD_ENERGY_REVERSE, 60.75, 10.5, 20, 30.25);
}

/* By turns 1 kW each way: each counter is explained by what flows in its own direction. */
static void a_meter_in_both_directions(void **state)
{
    create();
    r.value[FIELD_ENERGY_REVERSE][0] = 10;
    feed_energy(100, 0);
    for (int i = 1; i <= 6 * 360 + 1; i++) {
        double hours = (i - 1) / 360.0;
        r.value[FIELD_POWER][0] = i % 2 ? 1000 : -1000;
        r.value[FIELD_ENERGY_REVERSE][0] = 5000 + hours / 2;
        feed_energy(8000 + hours / 2, i * 10 * S);
    }
    assert_field(FIELD_ENERGY_FORWARD, 8003, 8003, MISSING, MISSING);
    assert_field(FIELD_ENERGY_REVERSE, 5003, 5003, MISSING, MISSING);
}

/* The day has no counter for each phase, and the lifetime's are not shown in its place. */
static void the_other_counter_of_three_phases(void **state)
{
    conf.phase = PHASE_3P;
    create();
    for (int slot = 1; slot <= 3; slot++)
        r.value[FIELD_ENERGY_FORWARD][slot] = 10 * slot;
    r.value[FIELD_ENERGY_TODAY][0] = 6;
    feed_energy(60, 0);
    assert_field(FIELD_ENERGY_FORWARD, 60, 10, 20, 30);
    conf.use_yield_day = true;
    device_reconfigure(d, &conf);
    assert_field(FIELD_ENERGY_FORWARD, 6, 2, 2, 2);
    feed(5 * S);
    assert_field(FIELD_ENERGY_FORWARD, 6, 2, 2, 2);
    conf.use_yield_day = false;
    device_reconfigure(d, &conf);
    assert_field(FIELD_ENERGY_FORWARD, 60, 10, 20, 30);
}

/* ---- EnergyOffset ---------------------------------------------------------------------------- */

static void reconfigure_offset(struct device_conf *other, double kwh)
{
    *other = conf;
    other->energy_offset_kwh = kwh;
    device_reconfigure(d, other);
}

static void an_offset_is_added(void **state)
{
    conf.energy_offset_kwh = 1200;
    create();
    feed_energy(5, 0);
    assert_field(FIELD_ENERGY_FORWARD, 1205, 1205, MISSING, MISSING);
    feed_energy(5.5, 5 * S);
    assert_energy(1205.5);
    device_destroy(d);
    conf.energy_offset_kwh = -1200; /* of a used one */
    create();
    feed_energy(1200.25, 0);
    assert_energy(0.25);
}

static void another_offset_shows_at_once(void **state)
{
    struct device_conf other;

    create();
    feed_energy(100, 0);
    reconfigure_offset(&other, 50);
    assert_energy(150);
    feed_energy(100.5, 5 * S);
    assert_energy(150.5);
    r.reach = REACH_LOST;
    feed(10 * S);
    conf.energy_offset_kwh = -100;
    device_reconfigure(d, &conf);
    assert_energy(0.5);
}

/* Whoever changes it has looked at the counter: what it says next is right. */
static void another_offset_believes_the_next_sample(void **state)
{
    struct device_conf other;

    create();
    feed_energy(553, 0);
    assert_true(feed_energy(2113405, 5 * S) & DEVICE_ENERGY_JUMP);
    reconfigure_offset(&other, 7);
    assert_energy(560);
    assert_int_equal(feed_energy(2113405, 10 * S), DEVICE_FRESH | DEVICE_ENERGY_RAISED);
    assert_energy(2113412);
    device_reconfigure(d, &conf);
    assert_int_equal(feed_energy(553, 15 * S), DEVICE_FRESH | DEVICE_ENERGY_RESET);
    assert_energy(553);
    assert_near(view()->counter_before_kwh, 2113405);
    assert_near(view()->counter_now_kwh, 553);
}

/* The configuration is changed where it lies, as a unit does it. */
static void a_change_is_seen_in_the_same_place(void **state)
{
    create();
    r.value[FIELD_ENERGY_TODAY][0] = 2.5;
    feed_energy(100, 0);
    conf.use_yield_day = true;
    device_reconfigure(d, &conf);
    assert_energy(2.5);
    conf.use_yield_day = false;
    conf.energy_offset_kwh = 50;
    device_reconfigure(d, &conf);
    assert_energy(150);
    conf.energy_offset_kwh = 60;
    device_reconfigure(d, &conf);
    assert_int_equal(feed_energy(900, 5 * S), DEVICE_FRESH | DEVICE_ENERGY_RAISED);
    assert_energy(960);
}

static void an_offset_that_changed_while_the_program_was_off(void **state)
{
    struct device_memory memory;

    create();
    feed_energy(553, 0);
    device_remember(d, &memory);
    device_destroy(d);
    conf.energy_offset_kwh = 1000;
    d = device_create(&conf, &memory);
    assert_energy(1553);
    assert_true(feed_energy(300, 0) & DEVICE_ENERGY_RESET);
    assert_energy(1300);
    restart(); /* the same offset: nothing is believed at once */
    assert_true(feed_energy(100, 0) & DEVICE_ENERGY_HELD);
    assert_energy(1300);
}

static void an_offset_goes_beside_what_is_kept(void **state)
{
    struct device_conf other;

    conf.keep_energy = true;
    create();
    feed_energy(100, 0);
    feed_energy(0, 5 * S);
    feed_energy(0, 35 * S);
    assert_true(feed_energy(0, 65 * S) & DEVICE_ENERGY_RESET);
    reconfigure_offset(&other, -30);
    assert_energy(70);
    feed_energy(0.5, 70 * S);
    assert_energy(70.5);
}

static void three_phases_share_an_offset(void **state)
{
    conf.phase = PHASE_3P;
    conf.energy_offset_kwh = 30;
    create();
    for (int slot = 1; slot <= 3; slot++)
        r.value[FIELD_ENERGY_FORWARD][slot] = 10 * slot;
    r.value[FIELD_ENERGY_REVERSE][0] = 9;
    feed_energy(60, 0);
    assert_field(FIELD_ENERGY_FORWARD, 90, 30, 30, 30);
    assert_field(FIELD_ENERGY_REVERSE, 9, 3, 3, 3); /* has none */
}

/* ---- Another serial --------------------------------------------------------------------------- */

static struct device_memory meter(const char *serial)
{
    struct device_memory m;

    device_memory_init(&m);
    strcpy(m.id, "TEMPLATE0");
    strcpy(m.serial, serial);
    m.energy_kwh = 800;
    return m;
}

/* A template's plug was replaced, and CUST_SN with it. */
static void a_new_serial_begins_anew(void **state)
{
    struct device_memory memory = meter("A1");

    strcpy(conf.serial, "B2");
    d = device_create(&conf, &memory);
    assert_energy(MISSING);
    strcpy(r.serial, "B2");
    feed_energy(3, 0);
    assert_energy(3);
    strcpy(r.serial, "C3"); /* with the program running */
    assert_int_equal(feed_energy(5000, 5 * S), DEVICE_FRESH);
    assert_energy(5000);
    strcpy(r.serial, "C3");
    assert_true(feed_energy(3, 10 * S) & DEVICE_ENERGY_HELD);
}

/* Without CUST_SN the section stands in for it. */
static void a_serial_that_is_only_named_changes_nothing(void **state)
{
    struct device_memory memory = meter("TEMPLATE0");

    strcpy(conf.serial, "A1");
    d = device_create(&conf, &memory);
    assert_energy(800);
    strcpy(r.serial, "A1");
    feed_energy(800.5, 0);
    strcpy(r.serial, "TEMPLATE0"); /* and is taken away again */
    assert_true(feed_energy(3, 5 * S) & DEVICE_ENERGY_HELD);
    assert_energy(800.5);
}

/* ---- Which counter ---------------------------------------------------------------------------- */

static void no_energy_until_a_true_one(void **state)
{
    create();
    r.value[FIELD_ENERGY_FORWARD][0] = MISSING;
    feed(0);
    assert_field(FIELD_ENERGY_FORWARD, MISSING, MISSING, MISSING, MISSING);
    feed_energy(0, S); /* a new inverter does begin at 0 */
    assert_energy(0);
}

static void energy_of_the_day(void **state)
{
    conf.use_yield_day = true;
    create();
    r.value[FIELD_ENERGY_TODAY][0] = 2.5;
    feed(0);
    assert_field(FIELD_ENERGY_FORWARD, 2.5, 2.5, MISSING, MISSING);
    r.reach = REACH_LOST;
    feed(10 * H);
    assert_energy(2.5);
    r.reach = REACH_OK;
    r.value[FIELD_ENERGY_TODAY][0] = 0;
    feed(20 * H);
    assert_energy(2.5);
    feed(20 * H + 30 * S);
    r.value[FIELD_ENERGY_TODAY][0] = 0.001;
    assert_int_equal(feed(20 * H + MIN) & DEVICE_ENERGY_RESET, DEVICE_ENERGY_RESET);
    assert_energy(0.001);
}

static void counts_what_it_does_not_believe(void **state)
{
    create();
    feed_energy(100, 0);
    feed_energy(50, 5 * S);
    feed_energy(51, 10 * S);
    feed_energy(1000, 15 * S);
    feed_energy(1000, 20 * S);
    feed_energy(100, 25 * S);
    feed_energy(1000, 30 * S);
    assert_int_equal(view()->falls_held, 1);
    assert_int_equal(view()->jumps_dropped, 2);
}

/* Three readings over a minute. */
static void reset_to(double kwh, int64_t now_ms)
{
    feed_energy(kwh, now_ms);
    feed_energy(kwh, now_ms + 30 * S);
    assert_true(feed_energy(kwh, now_ms + MIN) & DEVICE_ENERGY_RESET);
}

static void keeps_its_energy_over_a_reset(void **state)
{
    conf.keep_energy = true;
    create();
    feed_energy(100, 0);
    reset_to(0.5, 5 * S);
    assert_field(FIELD_ENERGY_FORWARD, 100, 100, MISSING, MISSING);
    feed_energy(0.75, 100 * S);
    assert_energy(100.25);
    restart();
    assert_energy(100.25);
    feed_energy(1, 0);
    assert_energy(100.5);
    restart();
    feed_energy(0, 0); /* and was reset while nobody looked */
    assert_energy(100.5);
    feed_energy(0, 30 * S);
    restart();
    reset_to(0, 0);
    assert_energy(100.5);
    feed_energy(0.5, 100 * S);
    assert_energy(101);
}

static void keeping_can_be_switched_off(void **state)
{
    struct device_conf follow;

    conf.keep_energy = true;
    create();
    feed_energy(100, 0);
    reset_to(0, 5 * S);
    follow = conf;
    follow.keep_energy = false;
    device_reconfigure(d, &follow);
    assert_energy(100);
    feed_energy(0.5, 100 * S);
    assert_energy(100.5);
    reset_to(0, 200 * S); /* what it once added goes with the next reset */
    assert_energy(0);
}

static void days_add_up_with_keep_energy(void **state)
{
    conf.keep_energy = conf.use_yield_day = true;
    create();
    r.value[FIELD_ENERGY_TODAY][0] = 2.5;
    feed(0);
    r.value[FIELD_ENERGY_TODAY][0] = 0.5;
    feed(12 * H);
    feed(12 * H + 30 * S);
    assert_energy(2.5);
    assert_true(feed(12 * H + MIN) & DEVICE_ENERGY_RESET);
    assert_energy(3);
    restart();
    r.value[FIELD_ENERGY_TODAY][0] = 0.75;
    feed(0);
    assert_energy(3.25);
}

static void three_phases_share_what_is_kept(void **state)
{
    conf.phase = PHASE_3P;
    conf.keep_energy = true;
    create();
    for (int slot = 1; slot <= 3; slot++)
        r.value[FIELD_ENERGY_FORWARD][slot] = 10 * slot; /* which would be lost with a restart */
    feed_energy(60, 0);
    assert_field(FIELD_ENERGY_FORWARD, 60, 20, 20, 20);
    reset_to(0, 5 * S);
    assert_field(FIELD_ENERGY_FORWARD, 60, 20, 20, 20);
    restart();
    assert_field(FIELD_ENERGY_FORWARD, 60, 20, 20, 20);
}

static void day_and_lifetime_are_never_mixed(void **state)
{
    struct device_conf by_day = conf;

    by_day.use_yield_day = true;
    create();
    r.value[FIELD_ENERGY_TODAY][0] = 2.5;
    feed(0);
    device_reconfigure(d, &by_day);
    assert_field(FIELD_ENERGY_FORWARD, 2.5, 2.5, MISSING, MISSING);
    r.value[FIELD_ENERGY_TODAY][0] = 3;
    assert_int_equal(feed(5 * S), DEVICE_FRESH);
    assert_energy(3);
    r.reach = REACH_LOST;
    feed(10 * S);
    device_reconfigure(d, &conf);
    assert_field(FIELD_ENERGY_FORWARD, MISSING, MISSING, MISSING, MISSING);
    feed(15 * S); /* its last counter is better than none */
    assert_energy(100);

    struct device_memory memory;
    device_remember(d, &memory);
    device_destroy(d);
    conf.use_yield_day = true; /* changed while the program did not run */
    d = device_create(&conf, &memory);
    assert_energy(MISSING);
    r.reach = REACH_OK;
    feed(0);
    assert_energy(3);
    restart();
    assert_energy(3);
}

static void a_memory_of_long_ago_may_be_of_either_counter(void **state)
{
    struct device_memory memory;

    device_memory_init(&memory);
    memory.energy_kwh = 2.5;
    conf.use_yield_day = true;
    d = device_create(&conf, &memory);
    assert_energy(2.5);
}

static void reverse_energy_is_a_counter_too(void **state)
{
    create();
    r.value[FIELD_ENERGY_REVERSE][0] = 50;
    feed(0);
    assert_field(FIELD_ENERGY_REVERSE, 50, 50, MISSING, MISSING);
    r.value[FIELD_ENERGY_REVERSE][0] = 0;
    feed(5 * S);
    assert_field(FIELD_ENERGY_REVERSE, 50, 50, MISSING, MISSING);
}

/* ---- Whatever happens ----------------------------------------------------------------------- */

/* A world in which anything may happen to a counter, and what was published of it before. */
struct world {
    uint64_t bits;
    int64_t now_ms;
    double raw, published;
    unsigned resets, falls, restarts;
};

static unsigned dice(struct world *w, unsigned sides)
{
    w->bits ^= w->bits << 13;
    w->bits ^= w->bits >> 7;
    w->bits ^= w->bits << 17;
    return (unsigned)(w->bits >> 33) % sides;
}

/* The memory of a restart goes over flash; the clock of the new process begins anywhere. */
static void restart_over_flash(struct world *w)
{
    struct device_memory memory;

    device_remember(d, &memory);
    char *text = state_print(&memory, 1);
    assert_int_equal(state_parse(text, strlen(text), &memory, 1, NULL, 0), 1);
    free(text);
    device_destroy(d);
    d = device_create(&conf, &memory);
    w->now_ms = dice(w, 1000) * S;
    w->restarts++;
}

static unsigned feed_world(struct world *w, double raw)
{
    enum field field = conf.use_yield_day ? FIELD_ENERGY_TODAY : FIELD_ENERGY_FORWARD;

    r.value[field][0] = raw;
    r.reach = dice(w, 20) ? REACH_OK : dice(w, 2) ? REACH_LOST : REACH_NO_DATA_YET;
    return feed(w->now_ms);
}

/* One event; returns what device_feed said. */
static unsigned happens(struct world *w)
{
    double hours = (dice(w, 30) ? 1 + dice(w, 100) : dice(w, 50000)) / 3600.0;

    w->now_ms += (int64_t)(hours * 3600e3);
    switch (dice(w, 40)) {
    case 0:
        w->raw = 0; /* a reset */
        return feed_world(w, w->raw);
    case 1:
        w->raw = dice(w, 2) ? w->raw * dice(w, 100) / 100 : w->raw + dice(w, 1000000) / 1e3;
        return feed_world(w, w->raw);
    case 2:
    case 3:
        return feed_world(w, dice(w, 1000000) / 1e3); /* a reply that is not to be believed */
    case 4:
        return feed_world(w, dice(w, 2) ? 0 : MISSING);
    case 5:
        device_miss(d, w->now_ms);
        return 0;
    case 6:
        restart_over_flash(w);
        return 0;
    case 7:
        device_set_phase(d, (int)dice(w, 4));
        return 0;
    default:
        w->raw += hours * dice(w, 800) / 1000;
        return feed_world(w, w->raw);
    }
}

static void check_world(struct world *w, unsigned events)
{
    const double *energy = view()->value[FIELD_ENERGY_FORWARD];
    bool followed = (events & DEVICE_ENERGY_RESET) && !conf.keep_energy;

    w->resets += events & DEVICE_ENERGY_RESET ? 1 : 0;
    if (has_value(w->published) && !has_value(energy[0]))
        fail_msg("%g kWh has vanished", w->published);
    if (energy[0] < w->published) {
        w->falls++;
        if (!followed)
            fail_msg("%.17g kWh fell to %.17g", w->published, energy[0]);
    }
    w->published = energy[0];
    for (unsigned slot = 1; slot <= 3; slot++) {
        if (view()->phase == PHASE_3P && has_value(energy[slot]))
            assert_near(energy[slot], energy[0] / 3);
        else if (view()->phase != PHASE_3P)
            assert_near(energy[slot], slot == (unsigned)view()->phase ? energy[0] : MISSING);
    }
}

static void live_through(bool keeps)
{
    struct world w = {.bits = 88172645463325252u};
    struct device_memory memory;

    device_memory_init(&memory);
    strcpy(memory.id, "TEMPLATE0");
    for (int life = 0; life < 4000; life++) {
        device_setup(NULL);
        conf.keep_energy = keeps;
        conf.use_yield_day = dice(&w, 3) == 0;
        conf.phase = dice(&w, 2) ? PHASE_L1 : PHASE_3P;
        r.value[FIELD_MAX_POWER][0] = dice(&w, 2) ? 800 : MISSING;
        w.published = MISSING;
        w.raw = dice(&w, 500000) / 1e3;
        w.now_ms = 0;
        d = device_create(&conf, &memory);
        for (int i = 0; i < 60; i++)
            check_world(&w, happens(&w));
        device_destroy(d);
    }
    d = NULL;
    /* All that the property is about has happened. */
    assert_true(w.resets > 1000 && w.restarts > 1000);
    assert_int_equal(w.falls > 1000, !keeps);
}

static void energy_never_falls_but_for_a_reset(void **state)
{
    live_through(false);
}

static void energy_that_is_kept_never_falls(void **state)
{
    live_through(true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, device_setup, device_teardown)
    const struct CMUnitTest tests[] = {
        TEST(energy_goes_up),
        TEST(a_fall_is_held),
        TEST(a_fall_that_lasts_is_followed),
        TEST(two_readings_do_not_confirm),
        TEST(readings_that_disagree_do_not_confirm),
        TEST(an_impossible_jump_is_dropped),
        TEST(a_jump_is_measured_by_time_and_power),
        TEST(a_jump_that_the_power_explains_is_followed),
        TEST(a_jump_after_a_restart),
        TEST(reverse_energy_of_three_phases),
        TEST(a_meter_in_both_directions),
        TEST(the_other_counter_of_three_phases),
        TEST(an_offset_is_added),
        TEST(another_offset_shows_at_once),
        TEST(another_offset_believes_the_next_sample),
        TEST(a_change_is_seen_in_the_same_place),
        TEST(an_offset_that_changed_while_the_program_was_off),
        TEST(an_offset_goes_beside_what_is_kept),
        TEST(three_phases_share_an_offset),
        TEST(a_new_serial_begins_anew),
        TEST(a_serial_that_is_only_named_changes_nothing),
        TEST(no_energy_until_a_true_one),
        TEST(energy_of_the_day),
        TEST(counts_what_it_does_not_believe),
        TEST(keeps_its_energy_over_a_reset),
        TEST(keeping_can_be_switched_off),
        TEST(days_add_up_with_keep_energy),
        TEST(three_phases_share_what_is_kept),
        TEST(day_and_lifetime_are_never_mixed),
        TEST(a_memory_of_long_ago_may_be_of_either_counter),
        TEST(reverse_energy_is_a_counter_too),
        TEST(energy_never_falls_but_for_a_reset),
        TEST(energy_that_is_kept_never_falls),
    };
    return cmocka_run_group_tests_name("device energy", tests, NULL, NULL);
}
