/*
 * A service of a few items on a bus of its own, and a client of it.
 */
#ifndef DTU_TESTS_SERVICE_FIXTURE_H
#define DTU_TESTS_SERVICE_FIXTURE_H

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/value.h"
#include "edge/bus/bus.h"
#include "edge/bus/service.h"
#include "unit/support/loop_fixture.h"

#define NAME     "com.victronenergy.pvinverter.http_20"
#define BUS_ITEM "com.victronenergy.BusItem"

/* Their places in items. */
enum { POWER, VOLTAGE, ENERGY, NAME_ITEM, POSITION, LIMIT, COMMAND, PRODUCT, CONNECTED, ITEMS };

extern struct service *service; /* on the loop of loop_fixture.h, as the client */
extern struct bus *client;
extern struct service_item items[ITEMS];
extern const struct service_events events;

int service_setup(void **state);
int service_teardown(void **state);

#define SERVICE_TEST(f) cmocka_unit_test_setup_teardown(f, service_setup, service_teardown)

/* ---- what is written to it ---- */

extern int writes, answer; /* answer is what the next one gets: SERVICE_ACCEPTED at first */
extern size_t written_item;
extern struct value written;
extern char written_text[300];
extern int lost_calls;

/* ---- what the client hears ---- */

extern int signals;
extern char last_signal[65536];
extern double last_number; /* the first of the last signal */
extern bool numbers_rise;

/* As many as are awaited, and a moment more for one too many. */
void wait_for_signals(int count);

void set_item(size_t item, struct value v);

/* ---- calls: each returns the reply's text, which stays until the next ---- */

extern const char *unknown_object, *unknown_method, *invalid_args;

const char *send_call(DBusMessage *m); /* takes it over */
DBusMessage *new_call(const char *path, const char *method);
const char *call(const char *path, const char *method);
const char *write_value(const char *path, int type, const char *signature, const void *value);
const char *write_double(const char *path, double d);
const char *write_int(const char *path, int32_t i);
const char *write_text(const char *path, const char *s);

#endif
