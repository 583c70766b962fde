/*
 * What inverters are told: the power limits of all of them (core/limit.h for each, by its serial), and switching on
 * and off (core/power_switch.h). An inverter whose section goes, or that
 * no unit is any more, stays here until full power was confirmed.
 *
 *     unit ── asks for a limit ──▶ limiter ── next command ──▶ gateway that hears the inverter
 *     unit ◀── what to show ────── limiter ◀── taken, status, rights ── gateway
 */
#ifndef DTU_BRIDGE_LIMITER_H
#define DTU_BRIDGE_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/outbox.h"
#include "bridge/statefile.h"
#include "core/limit.h"
#include "edge/sys/loop.h"

struct limiter;

/* One inverter's. Owned by the limiter; a unit holds it from limiter_attach() to limiter_detach(). */
struct limited;

typedef void (*limiter_wake_fn)(void *user, int gateway);

/*
 * memory is borrowed: the marks lie there, and inverters that bear one are lifted first of all. wake: a gateway
 * has something to send. NULL when out of memory.
 */
struct limiter *limiter_create(struct loop *l, struct statefile *memory, limiter_wake_fn wake,
                               void *user);
void limiter_destroy(struct limiter *lm); /* lifts nothing; NULL is fine */

/* ---- Of units ---- */

struct limited_conf {
    const char *label;  /* for messages, copied */
    bool limits;        /* PowerLimit=1 */
    bool switches;      /* Switch=1 */
    double manual_w;    /* the owner's limit by hand; MISSING: none */
    double max_power_w; /* MISSING: not known yet */
    double floor_w;     /* PowerLimitMin; MISSING: by default */
    unsigned dc_inputs;
};

/*
 * Of an inverter that is to be limited or switched. off: it was left switched off. changed: what is to be shown may be
 * something else; from the loop, or from inside a call here. NULL when out of memory.
 */
struct limited *limiter_attach(struct limiter *lm, const char *serial, bool off, loop_fn changed,
                               void *user);
void limiter_detach(struct limited *d); /* what it limited is lifted; NULL is fine */

void limited_configure(struct limited *d, const struct limited_conf *conf);

/* False: refused, see limit_write(). */
bool limited_write(struct limited *d, double watts);

/* A fresh measurement, or (heard false) the inverter is out of reach. */
void limited_measured(struct limited *d, bool heard, double power_w);

/* A person tries it: see limit_try(). MISSING ends it. */
bool limited_try(struct limited *d, double watts);
double limited_trial_w(const struct limited *d);

/* What becomes of the limit, for people: "limited to 300 W". "" where it is not to be limited. */
void limited_state(const struct limited *d, char *out, size_t size);

double limited_shown_w(const struct limited *d); /* MISSING: it cannot be limited */
bool limited_throttles(const struct limited *d, double power_w);
/* Within what it can be limited. */
const struct limit_rules *limited_rules(const struct limited *d);

/* Switches it on or off. False: refused, for it cannot be switched at present. */
bool limited_switch(struct limited *d, bool on);
bool limited_can_switch(const struct limited *d);
bool limited_is_off(const struct limited *d);

/* ---- Of gateways, by number ---- */

/* This gateway hears the inverter: commands go there. */
void limiter_heard(struct limiter *lm, int gateway, const char *serial);

/* For poller_create(): user of all of them is a struct limiter_port, which the gateway owns. */
struct limiter_port {
    struct limiter *limiter;
    int gateway;
    const char *section; /* for messages, borrowed */
    bool lacks_rights;   /* it has no page that tells whom it passes commands on to */
};
struct outbox_events limiter_outbox(struct limiter_port *port);

/* The gateway has started, as far as is known, or has another firmware: it may have pages that it lacked. */
void limiter_began_anew(struct limiter_port *port);

/*
 * Its poller has gone, and with it the answer to what was under way. What is in force stays so: it may come back with
 * another configuration.
 */
void limiter_cut_off(struct limiter *lm, int gateway);

/* Whether an inverter of the gateway (-1: any) may still be limited by us. */
bool limiter_is_left(const struct limiter *lm, int gateway);

/* ---- The end ---- */

/* Everything is lifted, at once, and nothing can be limited any more. */
void limiter_release(struct limiter *lm);

/* The serial of the n-th inverter, from 0, that did not confirm its full power; NULL behind the last. */
const char *limiter_left(const struct limiter *lm, size_t n);

#endif
