/*
 * The energy counters of a device: the device's own, those of its phases and of its strings, forward and
 * reverse; and how they are shown. For device.c only.
 *
 * Which of the gateway's counters is the forward one (use_yield_day), whether resets are made up for
 * (keep_energy) and what is added to it (energy_offset_kwh) is in the conf.
 */
#ifndef DTU_CORE_DEVICE_ENERGY_H
#define DTU_CORE_DEVICE_ENERGY_H

#include "core/counter.h"
#include "core/device.h"

struct device_energy {
    struct counter forward[PHASE_SLOTS], reverse[PHASE_SLOTS], string[STRINGS_MAX];
    enum energy_counter counter; /* that forward is of, and the offset that it is shown with: */
    double energy_offset_kwh;    /* a change of the conf is told by them */
};

/* Nothing is known of any of them. */
void energy_init(struct device_energy *e, const struct device_conf *conf);

/*
 * What was remembered, where it is of this device and of the counter in use now. With another EnergyOffset
 * the next sample is right.
 */
void energy_recall(struct device_energy *e, const struct device_conf *conf,
                   const struct device_memory *memory);

/*
 * The conf may have changed. With another EnergyOffset the next sample is right; until then the totals stay.
 * True: the forward counter is another one, and nothing is known of it.
 */
bool energy_reconfigure(struct device_energy *e, const struct device_conf *conf);

/*
 * A sample; strings and max_power are the view's. Counts in the view what is not believed, and notes there the
 * numbers of the last event. Returns a set of enum device_event.
 */
unsigned energy_feed(struct device_energy *e, const struct device_conf *conf,
                     struct device_view *view, const struct reading *r, int64_t now_ms);

/* The forward counter alone, of the values of a sample that is known already. */
unsigned energy_feed_forward(struct device_energy *e, const struct device_conf *conf,
                             struct device_view *view, const double (*value)[PHASE_SLOTS],
                             int64_t now_ms);

/* Into the view. measured: there was a sample since the device was created. */
void energy_show(const struct device_energy *e, const struct device_conf *conf,
                 struct device_view *view, bool measured);

/* The part of a memory that energy_recall() reads. */
void energy_remember(const struct device_energy *e, struct device_memory *out);

/* Whether a serial that was known and one that is told now are of two devices. id: of the memory. */
bool energy_is_of_another(const char *known, const char *now, const char *id);

/* What the gateway's forward counter says in a reading; MISSING where it says nothing. */
double energy_in(const struct device_conf *conf, const double (*value)[PHASE_SLOTS]);

#endif
