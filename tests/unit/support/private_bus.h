/*
 * A dbus-daemon for one test program, at an address of its own: the program's session bus.
 */
#ifndef DTU_TESTS_PRIVATE_BUS_H
#define DTU_TESTS_PRIVATE_BUS_H

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

bool private_bus_start(void); /* sets DBUS_SESSION_BUS_ADDRESS */
void private_bus_stop(void);
void private_bus_interrupt(void); /* until the next start, which is at the same address */
pid_t private_bus_pid(void);

/*
 * All arguments of a message as text: i:5 d:1.5 s:"x" v<i:5> [i:1 i:2] {s:"key" v<i:5>,}; an empty
 * array shows its signature: []ai. Static storage.
 */
const char *message_text(DBusMessage *m);

#endif
