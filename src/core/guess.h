/*
 * What the numbers of an unknown device probably are: by their names, by their size, by how they move, and by how they
 * fit each other. A guess is for a person to look at. Pure.
 */
#ifndef DTU_CORE_GUESS_H
#define DTU_CORE_GUESS_H

#include <stddef.h>

#include "core/guess_name.h"

enum guess_motion {
    GUESS_STILL, /* it did not change while it was watched, or was not watched */
    GUESS_RISES, /* it only rose: a counter does */
    GUESS_MOVES  /* it fell as well: no counter */
};

struct guess_number {
    const char *path; /* leads to it, as core/json_terms.h reads it; borrowed */
    double value;     /* the last one */
    enum guess_motion motion;
    double per_s; /* how fast it rose */
    /* What guess_make() finds: */
    bool known; /* it is thought to be something; for the rest */
    enum field field;
    enum guess_unit_id unit;
    bool sure; /* that it is this unit */
    int score;
    unsigned slot; /* 1..3 where it is one of three alike, or its name says the phase */
};

struct guess {
    const struct guess_number *numbers; /* borrowed */
    /* Index into numbers of what a key would name; -1: none. */
    int of[FIELD_COUNT][PHASE_SLOTS];
    int second[FIELD_COUNT]; /* to be added to the whole, of two alike; -1: none */
};

/* Fills in what is found in each of count numbers, and which of them are chosen. */
void guess_make(struct guess_number *numbers, size_t count, struct guess *out);

#endif
