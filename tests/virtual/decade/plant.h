/*
 * What stands on the roof in tests/virtual/virtual_decade.c: the sun of ten years, inverters with their own counters, and
 * the DTUs between them and the program, in every shape that their replies have had. It knows nothing of the program: it
 * is told the time, asked for pages, and remembers which packets it has given out.
 *
 * Inverters count in their own memory: YieldTotal for ever, YieldDay until they wake up on another day. A DTU hears an
 * inverter every five seconds while that has light, keeps the last packet through the night, and has none at
 * all from its own start until the next that it hears; then it says 0 for everything.
 */
#ifndef DTU_TESTS_DECADE_PLANT_H
#define DTU_TESTS_DECADE_PLANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/message.h"

enum { PLANT_INVERTERS_MAX = 64, PLANT_PER_DTU = 4, PLANT_DTUS = 2, DAY_S = 24 * 3600 };

#define PLANT_EPOCH_S 1767225600.0 /* 2026-01-01: second 0 of the plant */

enum shape {
    OPENDTU_2022_10, /* a bare array, channels flat */
    OPENDTU_2022_11, /* {"inverters"}, channels flat */
    OPENDTU_2023,    /* AC, DC, INV; one reply with all */
    OPENDTU_2024,    /* a summary, then ?inv= */
    OPENDTU_2026,    /* the same with data_age_ms and radio_stats */
    AHOY_0566,       /* /api/live with all inline, serials in /api/inverter/list */
    AHOY_0593,       /* iv[], /api/inverter/id/N, the time in /api/index */
    AHOY_0736,       /* the same, the time in generic.ts_now */
    AHOY_08,         /* the same, with status, max_pwr, generation */
    SHAPES
};

struct packet {
    double at_s; /* < 0: none */
    double power_w, total_kwh, day_wh;
    bool damaged; /* on its way by radio: the total is nonsense */
};

struct inverter {
    char serial[16];
    double rated_w, first_kwh;
    double made_s; /* its counters stand at this time: */
    double total_wh, day_wh;
    double limit_w, coming_w, coming_s; /* coming_w < 0: no command is under way */
    int day;                            /* that day_wh is of */
    struct packet packet;               /* the last one the DTU heard */
    struct packet told[2];              /* the last ones that were given out */
    unsigned long told_packets;         /* different ones */
    double told_s;                      /* the newest of them */
    double early_s, commanded_s;
};

struct dtu {
    char host[64];
    enum shape shape;
    unsigned count;
    struct inverter *inverter[PLANT_PER_DTU]; /* by their place in the list */
    double off_until_s;                       /* it starts then, and has forgotten its packets */
    double no_time_until_s;
    bool away; /* from the network */
    bool pushes;
    bool lies;  /* a fault that is seeded: it calls every packet a new one */
    bool swaps; /* another: its first two inverters get each other's values */
    unsigned long requests, pushed, commands, hasty;
    unsigned turn;
};

struct plant {
    uint64_t seed;
    unsigned inverters;
    struct inverter inverter[PLANT_INVERTERS_MAX];
    struct dtu dtu[PLANT_DTUS];
    bool meter_away;
    double meter_reset_s; /* its counter began again at 0 then */
    unsigned long meter_requests;
    char body[16384];
};

/* A number that the seed, a day and a name decide, 0 .. below - 1. */
unsigned plant_dice(const struct plant *p, unsigned day, const char *what, unsigned below);

/* 0..1: what the sun gives of what an inverter is rated at. Dawn and dusk follow the season at 50 degrees north. */
double plant_sun(const struct plant *p, double now_s);
unsigned plant_dawn_s(unsigned day); /* since midnight */
unsigned plant_dusk_s(unsigned day);

struct inverter *plant_add(struct plant *p, const char *serial, double rated_w, double kwh,
                           double now_s);
struct inverter *plant_find(struct plant *p, const char *serial);

/* Its counters move on to now. */
void plant_make(const struct plant *p, struct inverter *v, double now_s);

/* What the DTU hears by now: the last packet of each of its inverters. */
void plant_hear(struct plant *p, struct dtu *d, double now_s);

/* The packet that the DTU tells of this inverter now: after its start there is none. It is noted as given out. */
const struct packet *plant_tell(struct dtu *d, struct inverter *v);

bool plant_reachable(const struct inverter *v, double now_s);

/* A limit reaches the DTU, which sends it by radio. */
void plant_command(struct dtu *d, struct inverter *v, double w, double now_s);

double plant_meter_kwh(const struct plant *p, double now_s);

/* The pages: the body, or NULL where there is no such page. */
const char *opendtu_page(struct plant *p, struct dtu *d, const struct message *m, double now_s);
const char *ahoy_page(struct plant *p, struct dtu *d, const struct message *m, double now_s);

/* Text behind what is there already, by %s, %u, %d and %.Nf; ends the test when there is no room. */
__attribute__((format(printf, 4, 5))) void put(char *out, size_t size, size_t *len,
                                               const char *format, ...);

#endif
