/* The program in its folder, with the plant of tests/virtual/virtual_decade.c at the other end of its network. */
#ifndef DTU_TESTS_DECADE_LIFE_H
#define DTU_TESTS_DECADE_LIFE_H

#include <stdbool.h>

#include "virtual/decade/judge.h"
#include "virtual/decade/plant.h"
#include "virtual/support/gx.h"

enum { SECTIONS = 3 };

struct life {
    struct gx gx;
    int moves;       /* inotify: each file that takes the place of the state file */
    double begins_s; /* the plant's time at which the clock began */
    struct plant plant;
    struct judge judge;
    /* The configuration. */
    unsigned interval_ms, shortest_ms; /* of the polls: now, and in this day */
    unsigned sign_of_life_min; /* 0: none, for it costs a tenth of the time and is no WARNING */
    bool push, keep_energy, power_limit;
    char host[PLANT_DTUS][64], serial0[16];
    const char *more; /* lines of [DEFAULT]; "": none */
    /* At the beginning of the day. */
    unsigned long settings_before, log_before, requests_before[PLANT_DTUS];
    enum shape shape_before[PLANT_DTUS];
    bool well; /* nothing of the network or of a DTU has failed in the last half hour */
};

/* All but the program: what is to be different is changed between the two. */
void life_begin(struct life *l, uint64_t seed, double begins_s);
void life_finish(struct life *l);

void life_start(struct life *l);
void life_stop(struct life *l);      /* as a supervisor does it */
void life_power_cut(struct life *l); /* what was not saved is lost */

void life_edit(struct life *l); /* the configuration */

void life_until(struct life *l, double then_s);
void life_clock(double off_s); /* the wall clock is right but for this */

/* What is configured is on the bus, or a line says why not. */
void life_roll_call(struct life *l);
void life_day_ends(struct life *l, bool flapped); /* flapped: by the minute, for twelve hours */

#endif
