/*
 * The power limit of one inverter: who wants what, what was sent, what the inverter confirmed, and what the
 * bus shows. Pure: time is an argument (monotonic milliseconds), and the caller sends what is due.
 *
 *     ESS (/Ac/PowerLimit) ─┐
 *     owner (manual limit) ─┼─ lowest ─▶ wanted ─ spacing, dead band ─▶ sent ─ Pending, Ok ─▶ confirmed
 *     owner (trying it)    ─┘
 *
 * Nothing limits an inverter but what is asked for here. What was asked for ends by itself: the ESS's limit
 * 60 s after its last write. Then 100 % is sent, and so it is when limiting is switched off, when the
 * service ends, and after a crash (see the mark below).
 *
 * The mark says in the state file that this program may have left a limit behind. It is set before the
 * first limit of an episode and cleared ten minutes after the end of the episode was confirmed.
 *
 * Sources of the numbers: the watchdog of 60 s, Victron's dbus-fronius (sunspec_updater.cpp). Floor and
 * spacing, what Hoymiles inverters stand (below about 2 % or 10 to 12 W for each DC input the output
 * oscillates; commands more often than every 10 s starve the radio: OpenDTU issues 1771 and 2082,
 * OpenDTU-OnBattery issues 809 and 1041). The confirmation, OpenDTU's /api/limit/status.
 */
#ifndef DTU_CORE_LIMIT_H
#define DTU_CORE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/command.h"

enum {
    LIMIT_WATCHDOG_MS = 60 * 1000,    /* since the last write of any value */
    LIMIT_TRIAL_MS = 30 * 1000,       /* the same of a trial */
    LIMIT_SPACING_MS = 10 * 1000,     /* between two commands to one inverter */
    LIMIT_EARLY_MS = 3 * 1000,        /* a large reduction may go as early as this, once */
    LIMIT_REFRESH_MS = 5 * 60 * 1000, /* a limit in force is sent again */
    LIMIT_CONFIRM_MS = 60 * 1000,     /* no confirmation for so long is a failure */
    LIMIT_FAILURES_MAX = 3,           /* in a row; then the limit is shown as not possible ... */
    LIMIT_BROKEN_MS = 5 * 60 * 1000,  /* ... and tried again this much later */
    LIMIT_UNMARK_MS = 10 * 60 * 1000, /* from the confirmed end of an episode */
    LIMIT_MARK_WRITES_MAX = 20,       /* of the state file, for each inverter and day */
};

struct limit_rules {
    double max_power_w; /* > 0: what the inverter can make */
    double floor_w;     /* 0..max_power_w: it is never told less */
};

/*
 * The least that an inverter may be told: the larger of 2 % and 12 W for each DC input, or override_w where
 * that has a value (key PowerLimitMin). Within 0..max_power_w.
 */
double limit_floor(double max_power_w, unsigned dc_inputs, double override_w);

enum limit_failure {
    LIMIT_FAILED_NONE,
    LIMIT_FAILED_SENDING,  /* the gateway did not take the command */
    LIMIT_FAILED_DROPPED,  /* it took it and did nothing: commands are disabled for this inverter */
    LIMIT_FAILED_INVERTER, /* the inverter did not acknowledge it */
    LIMIT_FAILED_NO_ANSWER, /* neither confirmed nor refused in LIMIT_CONFIRM_MS */
    LIMIT_FAILED_IGNORED,   /* acknowledged several times, and yet more power is measured */
};

enum limit_event {                       /* bits, for the caller to log; see limit_events() */
                   LIMIT_CONFIRMED = 1,  /* a changed limit was acknowledged */
                   LIMIT_LIFTED = 2,     /* full power was acknowledged after a limit */
                   LIMIT_FAILED = 4,     /* one command failed: limit.failure says how */
                   LIMIT_GAVE_UP = 8,    /* the third failure in a row */
                   LIMIT_RECOVERED = 16, /* possible again after LIMIT_GAVE_UP */
                   LIMIT_EXPIRED = 32,   /* the watchdog: nobody writes any more */
                   LIMIT_LOST = 64, /* measurements say that the limit is not obeyed; sent again */
                   LIMIT_CONTESTED = 128, /* something else limits this inverter as well */
};

enum limit_step { LIMIT_IDLE, LIMIT_SENDING, LIMIT_CONFIRMING };

/* Lies in its owner's struct. To be read by the owner, and written by this module. */
struct limit {
    struct limit_rules rules;
    bool on;        /* switched on and possible: it may be written */
    bool heard;     /* the gateway hears the inverter: commands can arrive */
    bool producing; /* as the last reading said */
    bool at_once;   /* the program ends: no spacing */
    /* Wanted, in W; MISSING: nothing. */
    double ess_w, manual_w, trial_w;
    int64_t ess_ms, trial_ms; /* of the last write */
    /* In W; max_power_w where nothing limits. */
    double sent_w, confirmed_w;
    int64_t sent_ms; /* -1: nothing was sent yet */
    bool early;      /* the last command came before LIMIT_SPACING_MS */
    bool again;      /* what was sent is to be sent again, changed or not */
    bool changed;    /* the command under way is of another value than the one before */
    bool pending;    /* the gateway said so of the command under way */
    enum limit_step step;
    enum limit_failure failure; /* of the last command */
    unsigned failures;          /* in a row */
    bool broken;                /* LIMIT_GAVE_UP */
    bool contested;             /* LIMIT_CONTESTED was told */
    unsigned above;             /* fresh measurements in a row above the limit */
    unsigned ignored;           /* LIMIT_LOST in a row */
    double above_w;             /* the last of them */
    bool marked;                /* in the state file */
    int64_t lifted_ms;          /* when full power was confirmed; -1: it is not */
    unsigned mark_writes;       /* since mark_day_ms */
    int64_t mark_day_ms;
    unsigned events;
};

/* marked: the state file says that a limit may have been left. Not on, until limit_allow(). */
void limit_init(struct limit *l, bool marked);

/*
 * Limiting is possible by these rules from now on, or by others than before. What is shown begins at
 * max_power_w. Rules that differ only in the floor leave everything as it is.
 */
void limit_allow(struct limit *l, const struct limit_rules *rules);

/* Limiting was switched off or is not possible any more. What this program limited is lifted. */
void limit_forbid(struct limit *l);

/* As limit_forbid(), without spacing: the service ends, or the bus is gone. */
void limit_release(struct limit *l);

/*
 * The ESS, or whoever else on the bus, writes /Ac/PowerLimit. False: refused, for watts is not a number or
 * negative, or limiting is not possible at present. Any value restarts the watchdog, a repeated one too.
 */
bool limit_write(struct limit *l, double watts, int64_t now_ms);

/* The owner's limit by hand; MISSING: none. It does not expire. */
void limit_manual(struct limit *l, double watts);

/*
 * A person tries it. False while the ESS writes or where limiting is not possible. MISSING ends it, as does
 * LIMIT_TRIAL_MS without another call.
 */
bool limit_try(struct limit *l, double watts, int64_t now_ms);

/* ---- What is due ---- */

enum limit_task {
    LIMIT_NOTHING,
    LIMIT_MARK,   /* write the mark to flash, then limit_marked() */
    LIMIT_SEND,   /* send order_w; then limit_sending(), and limit_answer() with the result */
    LIMIT_UNMARK, /* take the mark out of the state file, then limit_unmarked() */
};

/*
 * What is to be done at now_ms, after what time alone has changed (watchdog, time-outs). order_w is set
 * for LIMIT_SEND: in W; max_power_w and above means "100 %".
 */
enum limit_task limit_next(struct limit *l, int64_t now_ms, double *order_w);

/* When limit_next() is to be called again, if nothing else happens before; -1: never. */
int64_t limit_due_ms(const struct limit *l, int64_t now_ms);

/* By how many watts a command that is due would reduce; <= 0 for one that raises or repeats. */
double limit_reduction_w(const struct limit *l);

void limit_marked(struct limit *l, int64_t now_ms);
void limit_unmarked(struct limit *l, int64_t now_ms);
void limit_sending(struct limit *l, double order_w, int64_t now_ms);

/* The gateway's answer to the command: taken, or not. */
void limit_answer(struct limit *l, bool taken, int64_t now_ms);

/*
 * The command under way, if any, was lost as far as is known, and so is the way to the inverter: what is to be in force
 * is sent again when it is heard again.
 */
void limit_unsent(struct limit *l);

/* A confirmation is waited for: the status is to be asked for. */
bool limit_confirming(const struct limit *l);

/*
 * The status of the last command, and the limit as the gateway has it in % of max_power_w (MISSING:
 * unknown). limit_relative confirms only what was just sent: newer HMS firmware reports its persistent
 * limit there while it obeys another.
 */
void limit_status(struct limit *l, enum command_status status, double relative_pct, int64_t now_ms);

/* A fresh measurement. power_w may be MISSING. */
void limit_measured(struct limit *l, double power_w, bool producing, int64_t now_ms);

/* The gateway has lost the inverter, or hears it (again). */
void limit_heard(struct limit *l, bool heard);

/* The gateway has restarted: what it had queued is gone. */
void limit_gateway_restarted(struct limit *l);

/* ---- What is shown ---- */

/* /Ac/PowerLimit in W; MISSING: it cannot be limited at present. */
double limit_shown_w(const struct limit *l);

/* Whether an inverter with this power is held back by its limit (StatusCode 12). */
bool limit_throttles(const struct limit *l, double power_w);

/* Whether a limit of ours may still be in force: something is to be lifted yet, or a mark cleared. */
bool limit_is_left(const struct limit *l);

/* What happened since the last call: a set of enum limit_event. */
unsigned limit_events(struct limit *l);

#endif
