/*
 * A house with inverters behind one DTU, a battery and an ESS, second by second: what power limiting has to
 * live with. It knows nothing of the program: whoever limits gives its commands to the DTU
 * (house_dtu_post) and hears what the DTU knows (house_dtu_status, house_dtu_sample).
 *
 * Inverters and DTU behave as Hoymiles' and OpenDTU's do: a command is queued, goes out in its turn, takes
 * two seconds on air for each try and is lost now and then; five tries, then Failure. The inverter follows
 * after some seconds, on a ramp; it loses its limit when it loses DC. The DTU asks one inverter every five
 * seconds, and a command takes the place of that.
 *
 * The ESS is a model of what is known of Victron's loop: what must not be exported is spread over the
 * inverters that run (StatusCode 7, 11, 12) by their size; who does not run gets 1.5 % of it; the grid
 * setpoint is raised by 67 to 200 W while limiting; a write every 30 s where nothing changes. How it shares
 * and how often it computes is not published: equal shares and every three seconds are assumptions.
 */
#ifndef DTU_TESTS_HOUSE_H
#define DTU_TESTS_HOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/limit.h"

enum { HOUSE_INVERTERS_MAX = 10, HOUSE_DAWN_S = 5 * 3600, HOUSE_DUSK_S = 21 * 3600 };

struct house_inverter {
    double max_w, dc_w; /* what it could make now */
    double limit_w;     /* what it obeys */
    double power_w;
    double coming_w; /* a limit on its way into effect, from coming_s on */
    double coming_s;
    double delay_s, up_w_s, down_w_s; /* how it follows */
    /* The DTU's record of it. */
    double queued_w, on_air_w; /* MISSING: none */
    enum command_status status;
    double relative_pct;
    unsigned commands;
};

struct house {
    unsigned inverters;
    struct house_inverter inverter[HOUSE_INVERTERS_MAX];
    double battery_kwh, capacity_kwh, charge_max_w;
    double load_w, grid_w; /* grid_w < 0 is exported */
    double clouds, cloud_until_s, kettle_until_s;
    double sky; /* 0..1, of the day */
    double setpoint_w;
    double now_s; /* of the day */
    double loss;  /* probability that one try on air is lost */
    /* The DTU's radio. */
    double radio_until_s;
    int radio_inverter; /* on air with a command; -1: none */
    unsigned tries, last_commanded;
    uint32_t seed, radio_seed; /* the weather and the load; what is lost on air */
    /* The ESS. */
    double ess_w[HOUSE_INVERTERS_MAX]; /* last written */
    double ess_written_s[HOUSE_INVERTERS_MAX];
};

void house_init(struct house *h, unsigned inverters, double max_w, uint32_t seed);
void house_dawn(struct house *h); /* a new day; every inverter has lost its limit */

/* One second of sun, load, inverters, battery and radio. */
void house_second(struct house *h);

/* A limit reaches inverter i. It begins to obey the newest one a while after the first that it got. */
void house_limit_arrives(struct house *h, unsigned i, double w);

/* Whether the DTU has a fresh reading of this inverter in this second. */
bool house_dtu_sample(const struct house *h, unsigned i);
void house_dtu_post(struct house *h, unsigned i, double w);

/*
 * What the ESS writes to inverter i in this second, with the StatusCode that the bus shows; MISSING:
 * nothing.
 */
double house_ess_writes(struct house *h, unsigned i, const int *status_code);

#endif
