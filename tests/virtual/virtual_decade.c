/*
 * Ten years of the program, in the release build's code and in virtual time: one day a month with polls every 10 s from
 * before dawn till after dusk, the others with polls every 10 min; with DECADE=full every 10 s, day and night. The sun rises and sets by the season,
 * DTUs get each firmware in turn, inverters are replaced, addresses change, networks flap, the GX restarts without
 * a clock, and loses its power. decade/plant.h is what is true, decade/judge.h what must hold all the while.
 *
 * It is no cmocka program: that is not built for the release's libc. It says what happened in the same words (TAP).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/value.h"
#include "edge/sys/loop.h"
#include "virtual/decade/life.h"
#include "virtual/support/world.h"

enum { DAYS = 3652, SEED = 20260101, QUICK_S = 10, SLOW_S = 600, HOUR = 3600, LIMIT_W = 150 };

static struct life life;
static unsigned long happened[16];

enum event { UPDATES, REPLACED, ADDRESSES, FLAPS, RESTARTS, POWER_CUTS, CLOCKS, SETTINGS, LIMITS };

static const char *const event_names[] = {"updates of a DTU",  "inverters replaced",
                                          "addresses changed", "days of a network that flaps",
                                          "restarts",          "power cuts",
                                          "clocks that jump",  "restarts of the settings service",
                                          "hours with limits"};

static bool at(unsigned second, double hour)
{
    return second == (unsigned)(hour * HOUR);
}

/* Once in so many days, each thing at its own time. */
static bool is_due(unsigned day, unsigned every, unsigned phase, enum event e)
{
    bool due = day % every == phase;
    happened[e] += due;
    return due;
}

/* ---- DTUs ---- */

/* It is away for a minute, knows no inverter until it hears one, and has no time for another. */
static void update(struct dtu *d, enum shape shape)
{
    d->shape = shape;
    d->off_until_s = judge_now_s() + 60;
    d->no_time_until_s = d->off_until_s + 60;
}

static void dtus(unsigned day, unsigned second)
{
    struct dtu *open = &life.plant.dtu[0], *ahoy = &life.plant.dtu[1];
    bool night = plant_dice(&life.plant, day, "night", 2);

    if (at(second, night ? 3 : 13) && is_due(day, 61, 20, UPDATES))
        update(open, open->shape == OPENDTU_2026 ? OPENDTU_2022_10 : open->shape + 1);
    if (at(second, night ? 3 : 13) && is_due(day, 83, 40, UPDATES))
        update(ahoy, ahoy->shape == AHOY_08 ? AHOY_0566 : ahoy->shape + 1);
    open->pushes = life.push && open->shape != OPENDTU_2022_10;
}

/* A used one, mostly: its counter begins anywhere. Its place in the list stays. */
static void replace(struct dtu *d, unsigned i, unsigned day)
{
    char serial[16];

    snprintf(serial, sizeof serial, "1141%u%u%06u", (unsigned)(d - life.plant.dtu), i, day);
    d->inverter[i] = plant_add(&life.plant, serial, d->inverter[i]->rated_w,
                               plant_dice(&life.plant, day, "used", 3000), judge_now_s());
}

static void replacements(unsigned day, unsigned second)
{
    struct plant *p = &life.plant;

    if (at(second, 10) && is_due(day, 400, 300, REPLACED)) { /* named by its serial number */
        replace(&p->dtu[0], 0, day);
        snprintf(life.serial0, sizeof life.serial0, "%s", p->dtu[0].inverter[0]->serial);
        life_edit(&life);
    }
    if (at(second, 10) && is_due(day, 500, 450, REPLACED)) /* found by its place */
        replace(&p->dtu[0], 1, day);
    if (at(second, 16) && is_due(day, 700, 650, REPLACED)) {
        replace(&p->dtu[1], 0, day);
        life.judge.of_day = p->dtu[1].inverter[0]->serial;
    }
    if (at(second, 12) && day % 1500 == 1400)
        p->meter_reset_s = judge_now_s();
}

/* The router gives another address at ten, and its owner writes that down at noon. */
static void addresses(unsigned day, unsigned second)
{
    unsigned i = day / 150 % PLANT_DTUS;
    struct dtu *d = &life.plant.dtu[i];

    if (at(second, 10) && is_due(day, 150, 100, ADDRESSES))
        snprintf(d->host, sizeof d->host, "dtu-%u-%u", i, day);
    if (at(second, 12) && strcmp(life.host[i], d->host) != 0) {
        snprintf(life.host[i], sizeof life.host[i], "%s", d->host);
        life_edit(&life);
    }
}

static bool flaps(unsigned day)
{
    return plant_dice(&life.plant, day, "flaps", 16) == 0;
}

/* From seven to nineteen, a minute or ten at a time. */
static void network(unsigned day, unsigned second)
{
    struct plant *p = &life.plant;
    bool now = flaps(day) && second >= 7 * HOUR && second < 19 * HOUR;
    unsigned slot = day * 1440 + second / 60;

    p->dtu[0].away = now && plant_dice(p, slot, "open", 3) == 0;
    p->dtu[1].away = now && plant_dice(p, slot, "ahoy", 3) == 0;
    p->meter_away = now && plant_dice(p, slot, "meter", 3) == 0;
    happened[FLAPS] += second == 0 && flaps(day);
}

/* ---- The GX device ---- */

/* Its clock begins in 1970 and is set ten minutes later. */
static void boots(void)
{
    world_set_unix(100);
    life_start(&life);
}

static void gx(unsigned day, unsigned second)
{
    bool night = plant_dice(&life.plant, day, "gx", 2);

    if (at(second, night ? 2 : 14) && is_due(day, 45, 30, RESTARTS)) {
        life_stop(&life);
        boots();
    }
    if (at(second, 11) && is_due(day, 97, 60, POWER_CUTS)) {
        life_power_cut(&life);
        boots();
    }
    if (second % HOUR == HOUR / 6)
        life_clock(0);
    if (at(second, 8) && is_due(day, 31, 5, CLOCKS))
        life_clock(366.0 * DAY_S);
    if (at(second, 15) && is_due(day, 31, 15, CLOCKS))
        life_clock(-3 * HOUR);
    if (at(second, 9) && is_due(day, 23, 11, SETTINGS))
        world_settings(false);
    if (at(second, 10) && day % 23 == 11)
        world_settings(true);
    if (at(second, 9) && day % 69 == 12)
        world_settings_hang(true);
    if (at(second, 10) && day % 69 == 12)
        world_settings_hang(false);
    if (at(second, 17) && day % 90 == 80) {
        struct value name = value_string(day % 180 == 80 ? "South" : "North");
        (void)world_write("com.victronenergy.pvinverter.http_35", "/CustomName", &name);
    }
}

/* The ESS, from half past eleven to half past twelve on a day in full, of an OpenDTU that can. */
static void limits(unsigned day, unsigned second)
{
    struct dtu *d = &life.plant.dtu[0];
    struct inverter *v = d->inverter[0];
    struct value w = value_double(LIMIT_W);
    bool calm = !flaps(day) && day % 150 != 100 && d->shape != OPENDTU_2022_10;

    if (calm && second >= 41400 && second < 45000 && second % 30 == 0)
        (void)world_write("com.victronenergy.pvinverter.http_34", "/Ac/PowerLimit", &w);
    if (calm && at(second, 12)) {
        judge_limit(&life.judge, v, LIMIT_W);
        happened[LIMITS]++;
    }
    if (calm && at(second, 12.75))
        judge_limit(&life.judge, v, v->rated_w);
}

/* ---- Days ---- */

static bool is_full(unsigned day)
{
    const char *how = getenv("DECADE");
    return (how && strcmp(how, "full") == 0) || day % 30 == 14;
}

/* Of a day in full, the hours in which there may be light. */
static bool is_quick(unsigned day, unsigned second)
{
    const char *how = getenv("DECADE");
    unsigned dawn_s = plant_dawn_s(day) / SLOW_S * SLOW_S;
    unsigned dusk_s = plant_dusk_s(day) / SLOW_S * SLOW_S;
    bool light = second >= dawn_s - HOUR && second < dusk_s + HOUR;

    return is_full(day) && (light || (how && strcmp(how, "full") == 0));
}

/* How often is polled is edited when it changes. */
static void set_pace(unsigned day, unsigned second)
{
    unsigned interval_ms = (is_quick(day, second) ? QUICK_S : SLOW_S) * 1000;
    bool push = is_quick(day, second) && day / 30 % 12 == 1;

    if (interval_ms == life.interval_ms && push == life.push)
        return;
    life.interval_ms = interval_ms;
    life.push = push;
    life.power_limit = is_quick(day, second);
    life_edit(&life);
}

static void happen(unsigned day, unsigned second)
{
    set_pace(day, second);
    dtus(day, second);
    replacements(day, second);
    addresses(day, second);
    network(day, second);
    gx(day, second);
    if (is_full(day))
        limits(day, second);
}

static void live(unsigned day, void (*happens)(unsigned day, unsigned second))
{
    for (unsigned second = 0; second < DAY_S;) {
        happens(day, second);
        second += life.interval_ms < SLOW_S * 1000 ? QUICK_S : SLOW_S;
        life_until(&life, (double)day * DAY_S + second);
    }
    life_day_ends(&life, flaps(day) && is_full(day));
}

static void ten_years(void)
{
    life_begin(&life, SEED, 0);
    life_start(&life);
    for (unsigned day = 0; day < DAYS; day++) {
        live(day, happen);
        if (day >= 400 && day % 100 == 0)
            judge_memory(&life.judge);
    }
    life_finish(&life);
    printf("ok 2 - ten_years\n# seed %d, %d days, %lu signals\n", SEED, DAYS, life.judge.checks);
    for (size_t e = 0; e < sizeof event_names / sizeof event_names[0]; e++)
        printf("# %lu %s\n", happened[e], event_names[e]);
    printf(
        "# most in a day: %lu requests, %lu writes to flash, %lu bytes of log (%lu in a bad one)\n",
        life.judge.most_requests, life.judge.most_flash, life.judge.most_log,
        life.judge.most_bad_log);
}

/* ---- That the judge sees what is wrong ---- */

enum { JUNE = 165, BITE_DAYS = 2 };

/* A thing that goes wrong, in the program's configuration or around it, and the rule that it breaks. */
struct seed {
    enum rule rule;
    void (*begin)(void); /* before the program starts; NULL: nothing */
    void (*happens)(unsigned day, unsigned second);
};

static void nothing(unsigned day, unsigned second)
{
    (void)day;
    (void)second;
}

static void keep_no_energy(void)
{
    life.keep_energy = false;
}

static void swap_inverters(void)
{
    life.plant.dtu[0].swaps = true;
}

static void lie_about_ages(void)
{
    life.plant.dtu[0].lies = true;
    life.interval_ms = 2500;
}

static void believe_any_age(void)
{
    life.more = "MaxAgeTsLastSuccess=-1\n";
}

static void say_nothing(void)
{
    life.more = "Logging=CRITICAL\n";
    life.plant.dtu[1].away = true;
}

static void say_all(void)
{
    life.more = "Logging=DEBUG\n";
    life.sign_of_life_min = 1;
}

static void ask_all_the_time(unsigned day, unsigned second)
{
    if (day != JUNE || second != 0)
        return;
    life.interval_ms = 5000;
    life_edit(&life);
    life.interval_ms = SLOW_S * 1000; /* is what the judge knows of */
}

static void command_twice(unsigned day, unsigned second)
{
    (void)day;
    for (unsigned n = 0; at(second, 12) && n < 2; n++)
        plant_command(&life.plant.dtu[0], life.plant.dtu[0].inverter[0], LIMIT_W, judge_now_s());
}

static void name_it_all_day(unsigned day, unsigned second)
{
    char text[32];

    snprintf(text, sizeof text, "Name %u", day * DAY_S + second);
    const struct value name = value_string(text);
    (void)world_write("com.victronenergy.pvinverter.http_35", "/CustomName", &name);
}

static void leave_it_limited(unsigned day, unsigned second)
{
    struct inverter *v = life.plant.dtu[0].inverter[0];

    (void)day;
    plant_hear(&life.plant, &life.plant.dtu[0], judge_now_s());
    if (at(second, 12))
        plant_command(&life.plant.dtu[0], v, LIMIT_W, judge_now_s());
    if (at(second, 12.5))
        judge_limit(&life.judge, v, v->rated_w);
}

static void take_memory(unsigned day, unsigned second)
{
    static char *taken;

    (void)day;
    if (at(second, 1))
        judge_memory(&life.judge);
    if (at(second, 2)) {
        taken = realloc(taken, 2 * MEMORY_GROWTH);
        if (!taken)
            abort();
        memset(taken, 1, 2 * MEMORY_GROWTH);
        judge_memory(&life.judge);
    }
    if (at(second, 3)) {
        free(taken);
        taken = NULL;
    }
}

static const struct seed seeds[] = {
    {ENERGY_FALLS, keep_no_energy, nothing},  {ENERGY_UNTRUE, swap_inverters, nothing},
    {COUNTED_TWICE, lie_about_ages, nothing}, {SHOWN_TOO_LONG, believe_any_age, nothing},
    {NOT_ITS_VALUE, swap_inverters, nothing}, {NOT_EXPLAINED, say_nothing, nothing},
    {TOO_MANY_ASKED, NULL, ask_all_the_time}, {TOO_HASTY, NULL, command_twice},
    {FLASH_WORN, NULL, name_it_all_day},      {LOG_TOO_LONG, say_all, nothing},
    {LIMIT_IS_WRONG, NULL, leave_it_limited}, {MEMORY_GROWS, NULL, take_memory},
};

static void bite(const struct seed *s)
{
    life_begin(&life, SEED, (double)JUNE * DAY_S);
    life.judge.records = true;
    if (s->begin)
        s->begin();
    life_start(&life);
    for (unsigned day = JUNE; day < JUNE + BITE_DAYS; day++)
        live(day, s->happens);
    life_finish(&life);
}

/* Each rule is broken once, and the same two days without a fault break none. */
static void the_invariants_bite(void)
{
    const struct seed none = {RULES, NULL, nothing};
    bool all = true;

    bite(&none);
    for (enum rule rule = 0; rule < RULES; rule++) {
        if (life.judge.seen[rule])
            printf("# without a fault: %s\n", rule_names[rule]);
        all = all && !life.judge.seen[rule];
    }
    _Static_assert(sizeof seeds / sizeof seeds[0] == RULES, "a seed for each rule");
    for (size_t i = 0; i < RULES; i++) {
        bite(&seeds[i]);
        if (!life.judge.seen[seeds[i].rule])
            printf("# nobody sees %s\n", rule_names[seeds[i].rule]);
        all = all && life.judge.seen[seeds[i].rule];
    }
    printf("%sok 1 - the_invariants_bite\n", all ? "" : "not ");
    if (!all)
        exit(1);
}

/* Beside each other, each in a process of its own: the clock is one for all in a process. */
int main(void)
{
#define TEST(name) name
    void (*const tests[])(void) = {TEST(the_invariants_bite), TEST(ten_years)};
    const size_t count = sizeof tests / sizeof tests[0];
    int status, failed = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        pid_t child = fork();
        if (child < 0)
            return 1;
        if (child == 0) {
            tests[i]();
            return 0;
        }
    }
    for (size_t i = 0; i < count; i++)
        failed |= wait(&status) < 0 || status != 0;
    return failed;
}
