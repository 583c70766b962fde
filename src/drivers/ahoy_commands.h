/*
 * How an AhoyDTU is told something: see struct driver_commands. A session that takes commands begins with this.
 */
#ifndef DTU_DRIVERS_AHOY_COMMANDS_H
#define DTU_DRIVERS_AHOY_COMMANDS_H

#include "drivers/common.h"

enum { AHOY_TOKEN_MAX = 40 /* bytes with the NUL; it has 16 letters */ };

struct ahoy_commands {    /* zeroed to begin with, but for password */
    const char *password; /* borrowed; "": none */
    size_t known_count;
    struct {
        char serial[SERIAL_MAX];
        unsigned id;
        bool waits;          /* for the inverter to acknowledge its last command ... */
        bool power;          /* ... which switched it on or off */
        bool fresh;          /* an acknowledgement is not that of a limit before */
        unsigned char looks; /* that said so all the same */
        double pct;          /* the last limit */
    } known[INVERTERS_MAX];
    size_t place;               /* in known: whose command or status is under way */
    char token[AHOY_TOKEN_MAX]; /* "": not logged in */
    bool logs_in;               /* the message under way does */
    bool refused;               /* the token was, once, for the command under way */
};

/* An inverter of the gateway, which commands may be for. */
void ahoy_commands_learn(struct ahoy_commands *a, const char *serial, unsigned id);

extern const struct driver_commands ahoy_commands;

#endif
