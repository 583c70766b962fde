/* How an OpenDTU is told something: see struct driver_commands. Nothing of it needs the session. */
#ifndef DTU_DRIVERS_OPENDTU_COMMANDS_H
#define DTU_DRIVERS_OPENDTU_COMMANDS_H

#include "core/driver.h"

extern const struct driver_commands opendtu_commands;

#endif
