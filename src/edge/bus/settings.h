/*
 * A client of com.victronenergy.settings, the store of settings of a GX device, that never blocks.
 *
 * Contract (localsettings 1.46, its README and source): AddSettings(aa{sv}) on "/" creates what is
 * not there yet and gives back every setting's present value, which wins over the wish: a value that
 * is there is kept, and a ".../ClassAndVrmInstance" ("pvinverter:20") that another device has in this
 * class is moved to the next free number; so is a SetValue of one, which returns 0 all the same. The
 * type is that of the first default for ever (error -5). No element of a path may begin with '_'
 * (error -2). A minimum or maximum of 0 is not checked on SetValue: whoever uses a value judges it.
 * Values are flushed to flash 2 s later: write rarely.
 *
 * Followed is what was added, through PropertiesChanged on the setting's path or ItemsChanged on "/",
 * from the present owner of the name only.
 */
#ifndef DTU_EDGE_SETTINGS_H
#define DTU_EDGE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/value.h"
#include "edge/bus/bus.h"
#include "edge/sys/loop.h"

#define SETTINGS_SERVICE "com.victronenergy.settings"

/* With their NUL. A longer text from the bus is treated as none. */
enum { SETTINGS_PATH_MAX = 160, SETTINGS_TEXT_MAX = 256 };

struct settings;
struct settings_adding; /* private */
struct DBusPendingCall;

struct setting {
    const char *path; /* absolute, below /Settings/Devices/: "/Settings/Devices/x/CustomName" */
    struct value fallback; /* its value if it is new; VALUE_INT, VALUE_DOUBLE or VALUE_STRING */
    int min, max;          /* both 0: unbounded. Not for a text */
};

/*
 * values[i] belongs to list[i]: of the fallback's type, or VALUE_INVALID when the setting was refused
 * (which is in the log). values is NULL when there was no answer at all, and why says what happened.
 * Borrowed for the call. May do anything: add again, destroy the settings.
 */
typedef void (*settings_added_fn)(void *user, const struct value *values, size_t count,
                                  const char *why);

/* From the loop, never from inside a call; each may do anything, destroy the settings too. */
struct settings_events {
    /*
     * First the answer to whether the service is there, then each change. A service that was
     * replaced by another is reported as gone and then there: settings want to be added again.
     */
    void (*available)(void *user, bool there);
    /*
     * A setting that was added has another value than it had when it was last reported or added;
     * several changes at once are one. VALUE_INVALID: it was removed. Also for what settings_set()
     * changed, and not before that is answered: an echo never undoes what was set after it. value is
     * borrowed for the call.
     */
    void (*changed)(void *user, const char *path, const struct value *value);
    void *user;
};

/*
 * On a bus that others use too, which must outlive the settings. events are copied; either may be
 * NULL. NULL on failure, with the reason in why.
 */
struct settings *settings_create(struct loop *l, struct bus *bus,
                                 const struct settings_events *events, char *why, size_t why_size);

/* What is under way ends without a call of done. NULL is fine. */
void settings_destroy(struct settings *s);

bool settings_available(const struct settings *s);

/* Lies in its owner's struct; zero it to begin. Fields are the module's. */
struct settings_call {
    struct settings *settings; /* NULL: nothing under way */
    struct settings_call *next;
    struct DBusPendingCall *pending;
    struct settings_adding *adding;
    settings_added_fn done;
    void *user;
    bool over; /* done is due */
    char why[160];
};

/*
 * Adds settings, or finds out what they are. The list is copied. done comes exactly once, later, at
 * the latest after 5 s; at once (with "no answer") when the service goes away, and also when it was
 * not there. A call that is still under way is cancelled first.
 */
void settings_add(struct settings *s, struct settings_call *call, const struct setting *list,
                  size_t count, settings_added_fn done, void *user);

/* Harmless when nothing is under way. The settings may have been added all the same. */
void settings_cancel(struct settings_call *call);

/*
 * Sets a setting that was added, to a value of its type. The result comes as a change; a refusal is
 * in the log. 0; -ENOENT: was not added; -EINVAL: another type, or too long a text; -ENOTCONN: no
 * service; -EBUSY: too many are under way; -ENOMEM.
 */
int settings_set(struct settings *s, const char *path, const struct value *value);

/*
 * The setting is of no interest any more: no changes of it are reported. Its value stays with the
 * service.
 */
void settings_forget(struct settings *s, const char *path);

#endif
