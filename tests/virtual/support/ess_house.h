/*
 * A house whose ESS writes /Ac/PowerLimit and reads /StatusCode, with an OpenDTU between the program and the inverters:
 * every inverter with all that it knows in one reply, as to v24.1.
 */
#ifndef DTU_TESTS_ESS_HOUSE_H
#define DTU_TESTS_ESS_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "core/reading.h"
#include "virtual/support/gx.h"
#include "virtual/support/house.h"
#include "virtual/support/world.h"

enum { ESS_HOUSE_INPUTS = 2, ESS_HOUSE_STARTS_S = HOUSE_DAWN_S - 600 };

struct ess_house {
    struct gx gx;
    struct house house;
    double size_w;
    double shown_at_s[HOUSE_INVERTERS_MAX], last_sent_s[HOUSE_INVERTERS_MAX];
    unsigned full_s[HOUSE_INVERTERS_MAX], early[HOUSE_INVERTERS_MAX];
    unsigned commands;
    bool away;   /* the DTU */
    bool pushes; /* it has a WebSocket */
    bool deaf;   /* it hears no inverter */
    bool old;    /* it has no page that says whom it passes commands on to, as in 2022-10 */
    unsigned rights_asked;
    const char *version; /* NULL: it does not say */
    char body[16384];
};

unsigned long ess_house_serial(unsigned i);
const char *ess_house_service(unsigned i); /* until the next call */

/* Of a test: its state is the house, which has a folder of its own. */
int ess_house_setup(void **state);
int ess_house_teardown(void **state);

void ess_house_config(struct ess_house *f);

/* A day begins, a little before dawn. */
void ess_house_begin(struct ess_house *f, unsigned inverters, double size_w, uint32_t seed);
void ess_house_second(struct ess_house *f); /* goes by */

/* The limit that the device shows; MISSING: none. */
double ess_house_shown_w(unsigned i);

/* The ESS: what it reads and what it writes. */
void ess_house_status(const struct ess_house *f, int status[HOUSE_INVERTERS_MAX]);
void ess_house_write(struct ess_house *f);

#endif
