/*
 * A client of the settings service, and a stand-in for that service which answers what the test says.
 */
#ifndef DTU_TESTS_SETTINGS_FIXTURE_H
#define DTU_TESTS_SETTINGS_FIXTURE_H

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/value.h"
#include "edge/bus/bus.h"
#include "edge/bus/settings.h"
#include "unit/support/loop_fixture.h"

#define DEVICES  "/Settings/Devices/"
#define NAME     DEVICES "dtu_116182/CustomName"
#define INSTANCE DEVICES "dtu_116182/ClassAndVrmInstance"
#define POSITION DEVICES "dtu_116182/Position"

extern struct settings *settings; /* on the loop of loop_fixture.h */
extern struct settings_call adding;
extern struct bus *bus, *service_bus; /* of the client and of the stand-in */

int settings_setup(void **state);
int settings_teardown(void **state);

#define SETTINGS_TEST(f) cmocka_unit_test_setup_teardown(f, settings_setup, settings_teardown)

/* ---- the stand-in ---- */

struct stand_in {
    enum { ECHO, SILENCE, FAILURE, NONSENSE, NOTHING, CHANGE_FIRST } mode;
    const char *path; /* answered with this error and value; the others with their default */
    int error;
    struct value value;
    bool with_value;
    int calls, result;
    DBusMessage *held[4]; /* replies to SetValue that wait, where hold says so */
    size_t held_count;
    bool hold;
    char asked[4000], set[400];
};

extern struct stand_in stand_in;

void service_comes(void);
void service_goes(void);

void send_change(struct bus *from, const char *path, const struct value *value);
void send_items(struct bus *from, const char *path, const struct value *value);
void release_one(void); /* the oldest reply that was held */

/* ---- what the client tells ---- */

extern char heard[8000];
extern const struct settings_events noting; /* notes in heard what it is told, as on_added() does */

void on_added(void *user, const struct value *values, size_t count, const char *text);

/* Until exactly this was heard, and a moment more for what is too much. */
void expect(const char *wanted);
void expect_within(const char *wanted, int64_t ms);

/* ---- what it is asked ---- */

void add(const struct setting *list, size_t count);
void add_name(void);
void add_position(void);

#endif
