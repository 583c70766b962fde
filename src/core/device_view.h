/*
 * How what is known of a device is spread over the slots of its view. For device.c only.
 *
 * A slot is in use if it is the view's phase, or any with 3P. What is not in use is MISSING, never 0.
 */
#ifndef DTU_CORE_DEVICE_VIEW_H
#define DTU_CORE_DEVICE_VIEW_H

#include "core/device.h"

/* Nothing is known; on L1. */
void view_init(struct device_view *view);

/* phase is not PHASE_AUTO. The slots follow with the next view_...() of what they hold. */
void view_set_phase(struct device_view *view, enum phase_choice phase);

/*
 * A reading's measurements; view_energy() follows. value is that of a struct reading; rated_w is what the owner says
 * that it can make, MISSING where that is left to the gateway.
 */
void view_reading(struct device_view *view, const double (*value)[PHASE_SLOTS], double rated_w);

/* As many strings as the view has; a reading may have fewer. */
void view_strings(struct device_view *view, const struct reading *r);

/* All that is measured is MISSING, energies included; the rating stays. */
void view_nothing_known(struct device_view *view);

/* Power and current are 0; everything else that does not outlive its measurement is MISSING. */
void view_nothing_flows(struct device_view *view);

/*
 * An energy: total is that of the device, own (PHASE_SLOTS) the phases' own or NULL. Without three of
 * them, a phase of three has a third of the total; or nothing, with shares = false.
 */
void view_energy(struct device_view *view, enum field field, double total, const double *own,
                 bool shares);

/* The device's own value, or what its phases add up to. */
double view_total(const double value[PHASE_SLOTS]);

#endif
