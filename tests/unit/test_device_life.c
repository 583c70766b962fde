/* Whatever happens to a counter, energy falls with a reset alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "unit/support/device_fixture.h"

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
    char *text = state_print(&memory, 1, NULL);
    assert_int_equal(state_parse(text, strlen(text), &memory, 1, NULL, NULL, 0), 1);
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
        device_choose(d, &(struct owner_choice){.position = -1,
                                                .load_position = -1,
                                                .phase = (int)dice(w, 4)});
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
        TEST(energy_never_falls_but_for_a_reset),
        TEST(energy_that_is_kept_never_falls),
    };
    return cmocka_run_group_tests_name("device life", tests, NULL, NULL);
}
