/*
 * What must hold on each day of tests/virtual/virtual_decade.c. It looks at the bus, the files and the requests from
 * outside, and holds them against what the plant knows to be true.
 */
#ifndef DTU_TESTS_DECADE_JUDGE_H
#define DTU_TESTS_DECADE_JUDGE_H

#include <stdbool.h>

#include "virtual/decade/plant.h"

enum rule {
    ENERGY_FALLS,   /* the energy published of a serial number is less than it was */
    ENERGY_UNTRUE,  /* ... or is more than that inverter has ever made */
    COUNTED_TWICE,  /* more measurements than packets that were given out */
    SHOWN_TOO_LONG, /* a value is shown as live beyond its limit */
    NOT_ITS_VALUE,  /* the power shown is not that of its last packet */
    NOT_EXPLAINED,  /* what is configured is not on the bus, and no line says why */
    TOO_MANY_ASKED, /* requests to a gateway in a day */
    TOO_HASTY,      /* commands to one inverter */
    FLASH_WORN,     /* writes of the state file and of the settings in a day */
    LOG_TOO_LONG,   /* bytes in a day */
    LIMIT_IS_WRONG, /* an inverter obeys another limit than was asked for */
    MEMORY_GROWS,
    RULES
};

extern const char *const rule_names[RULES];

enum {
    FLASH_PER_DAY = 150,
    LOG_PER_DAY = 64 * 1024,
    MEMORY_GROWTH = 512 * 1024,
    WITNESSES_MAX = PLANT_INVERTERS_MAX + 1
};

/* One serial number, for as long as there is a bus. */
struct witness {
    char serial[32];
    double high_kwh;
    unsigned long counted, allowed; /* measurements; packets that a new process may count again */
    int index;                      /* /UpdateIndex; -1: its service is new */
};

struct judge {
    struct plant *plant;
    const char *log_path;
    bool records; /* seen[] is all that becomes of a fault; else the program ends */
    unsigned long seen[RULES];
    unsigned witnesses;
    struct witness witness[WITNESSES_MAX];
    const char
        *of_day; /* the serial whose counter is that of the day: no truth to hold it against */
    unsigned interval_s, meter_interval_s; /* of the polls, at the longest */
    double max_age_s;
    double meter_told_s; /* when the meter was asked last */
    double resident_bytes;
    /* The most in a day, for the report. */
    unsigned long most_flash, most_log, most_bad_log, most_requests;
    unsigned long checks;
};

double judge_now_s(void);

void judge_signal(void *user, const char *service); /* a world_watch_fn */
void judge_step(struct judge *j);
void judge_restarts(struct judge *j, bool power_cut);
void judge_expect(struct judge *j, const char *serial, const char *section);
void judge_requests(struct judge *j, const char *whom, unsigned long requests, unsigned long most);
void judge_hasty(struct judge *j, unsigned long hasty);
void judge_flash(struct judge *j, unsigned long writes);
void judge_log(struct judge *j, unsigned long bytes, bool bad_day);
void judge_limit(struct judge *j, const struct inverter *v, double w);
void judge_memory(struct judge *j);

#endif
