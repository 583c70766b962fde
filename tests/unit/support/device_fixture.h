/*
 * One device for a test: INVERTER0 on L1, and what is fed to it next.
 */
#ifndef DTU_TESTS_DEVICE_FIXTURE_H
#define DTU_TESTS_DEVICE_FIXTURE_H

#include "core/device.h"

#define S   1000LL
#define MIN (60 * S)
#define H   (60 * MIN)

extern struct device_conf conf;
extern struct device *d;
extern struct owner_choice owner;
/* what the owner has set */ /* NULL until create(); destroyed with the test */
extern struct reading r;     /* 300 W, 230 V, 100 kWh */

int device_setup(void **state);
int device_teardown(void **state);

void create(void);
void restart(void);                     /* over what is remembered */
void owner_sets_name(const char *name); /* and tells the device, as the next ones */
void owner_sets_position(int position);
void owner_sets_load_position(int position);
void owner_sets_phase(int phase);
const struct device_view *view(void);

/* r, without a wall clock. */
unsigned feed(int64_t now_ms);
unsigned feed_energy(double kwh, int64_t now_ms);

void assert_near(double value, double expected);
void assert_field(enum field f, double total, double l1, double l2, double l3);
void assert_energy(double kwh);
void assert_state(enum device_state state);

/* 0 W and 0 A on L1, 100 kWh, and no value else. */
void assert_nothing_flows(void);

#endif
