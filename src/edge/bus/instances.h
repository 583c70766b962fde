/*
 * Which services with a device instance other processes have on the bus, so that two of a class with
 * one number are seen: MQTT topics and the web pages are keyed class/instance, and one would hide the
 * other.
 *
 * Looks at every name com.victronenergy.<class>.<anything>: those that are there at first, and those
 * that come (NameOwnerChanged, by namespace). /DeviceInstance is asked for once per owner, a few
 * times when the answer is an error (a driver may claim its name before it has its paths). A changed
 * number is followed through PropertiesChanged on that path; not through ItemsChanged, which would
 * wake this process for every measurement of every service. While no name comes or goes, it costs
 * nothing.
 *
 * A service whose name ends in ".http_<number>" is this program's in another process, or the Python
 * driver's, and may be of a device that this process wants to publish as well: its /Serial is asked
 * for, too.
 */
#ifndef DTU_EDGE_INSTANCES_H
#define DTU_EDGE_INSTANCES_H

#include <stdbool.h>
#include <stddef.h>

#include "edge/bus/bus.h"
#include "edge/sys/loop.h"

struct instances;

enum { INSTANCES_MAX = 256 }; /* further services are not seen */

struct instances_events {
    /* Once: all that are there have answered, or a second has passed, whatever hangs. */
    void (*ready)(void *user);
    /*
     * After ready: a service's instance, and with it the serial number, became known, or the instance
     * changed. service is borrowed.
     */
    void (*appeared)(void *user, const char *service, int instance);
    /*
     * Whether a name is this process' own. Asked at any time, from inside other calls too: it must
     * only look. NULL: none is.
     */
    bool (*ours)(void *user, const char *service);
    void *user;
};

/*
 * On a bus that others use too, which must outlive the directory. events are copied; ready and
 * appeared come from the loop, never from inside a call, may do anything, and may be NULL. NULL on
 * failure, with the reason in why.
 */
struct instances *instances_create(struct loop *l, struct bus *bus,
                                   const struct instances_events *events, char *why,
                                   size_t why_size);
void instances_destroy(struct instances *d); /* NULL is fine */

/*
 * The service of another process with this class ("pvinverter") and instance; NULL when there is
 * none. Valid until the loop turns.
 */
const char *instances_find(const struct instances *d, const char *class, int instance);

/*
 * The service of another process for the device with this serial number (compared as serial_equal()
 * does it); NULL when there is none, or serial is "". Valid until the loop turns.
 */
const char *instances_find_serial(const struct instances *d, const char *serial);

/* Whether the service of this name has been heard of and has answered, or been given up for now. */
bool instances_has_heard(const struct instances *d, const char *name);

#endif
