/*
 * What a device is called on the bus, and who says so: its device instance, and what its owner set on
 * the GX screen.
 *
 * An instance is, in this order: the one in the configuration; the one that com.victronenergy.settings
 * gives (a "class:instance" in <uid>/ClassAndVrmInstance, kept there over restarts and updates); the
 * one it had last; the first free one from 34 up. One that another service of the class has is an
 * error in the log, and the next free one is taken. What the owner sets lies in the settings service
 * where there is one, and in the state file in any case.
 *
 * A device is published once: where another process on the bus already has it (another copy of this
 * program, or the Python driver), it is left to that one, settings included, until it has been gone
 * for some seconds.
 */
#ifndef DTU_BRIDGE_CLAIMS_H
#define DTU_BRIDGE_CLAIMS_H

#include <stdbool.h>

#include "bridge/statefile.h"
#include "core/choice.h"
#include "core/device.h"
#include "core/pace.h"
#include "core/twin.h"
#include "edge/bus/settings.h"
#include "edge/sys/loop.h"

struct claims;

enum { CLAIM_UID_MAX = 72, CLAIM_NAME_MAX = CLASS_MAX + 40 };

struct claim_wish {
    char label[CONF_SECTION_MAX + SERIAL_MAX]; /* for messages: "[INVERTER0]" */
    char id[MEMORY_ID_MAX];                    /* whose it is in the memory */
    char serial[SERIAL_MAX];                   /* as the service will say it */
    char uid[CLAIM_UID_MAX]; /* of the settings: [A-Za-z0-9_], does not begin with '_' */
    char class[CLASS_MAX];   /* of the configuration: "pvinverter" */
    int explicit_instance;   /* of the configuration; CONF_INSTANCE_AUTO */
    int last_instance;       /* of the memory; -1: none */
};

/* The uid of a device: what its settings are below. */
void claim_uid(const struct device_memory *m, bool template, char out[CLAIM_UID_MAX]);

struct claim;
typedef void (*claim_fn)(void *user);

/*
 * Lies in its owner's struct; zero it to begin, and set choice to what is remembered. From then on to be read
 * by the owner, and written by the module: choice is the one record of what the owner of the device set. Device,
 * settings service and state file are told of it.
 */
struct claim {
    struct claims *claims; /* NULL: not begun */
    struct claim *next;
    struct claim_wish wish;
    claim_fn granted;
    void *user;
    struct loop_timer turn;
    struct settings_call call;
    bool asked;         /* the settings service knows this claim */
    bool settled;       /* the members below count */
    bool told_none;     /* the log says that no instance is free */
    bool on_bus;        /* the service of this name is there */
    bool stays;         /* where another program has its number, too: the log says so */
    bool refuses;       /* the instance of the settings service: the log says so */
    bool moving;        /* its instance is being moved to another class there */
    int tried;          /* an instance that the bus refused just now; -1 none */
    int64_t refused_ms; /* when that was */
    struct pace moves;  /* from one number to another, which other processes can cause */
    struct {            /* what the settings say meanwhile; nothing where there is no class */
        char class[CLASS_MAX];
        int instance;
    } later;
    struct twin twin; /* while it is left to another process, the claim is not settled */
    char class[CLASS_MAX];
    int instance;
    struct owner_choice choice;
    bool chosen[LEAVES]; /* set here, and not heard of from the settings service since */
};

/*
 * bus_lost is called once when the D-Bus goes away. The memory is borrowed. NULL when out of memory;
 * a bus that is not there yet is waited for.
 */
struct claims *claims_create(struct loop *l, const struct statefile *memory, loop_fn bus_lost,
                             void *user);
void claims_destroy(struct claims *c); /* after all claims have ended; NULL is fine */

/*
 * Begins, or begins again with another wish. granted is called from the loop, never from inside a
 * call, as soon as class, instance and choice are known, and whenever they change; with settled false
 * when the device is left to another process.
 */
void claim_begin(struct claims *c, struct claim *claim, const struct claim_wish *wish,
                 claim_fn granted, void *user);
void claim_end(struct claim *claim); /* harmless when not begun */

/*
 * Keeps an instance of the configuration free for a device that is not known yet. As claim_begin(),
 * but nothing is granted.
 */
void claim_reserve(struct claims *c, struct claim *claim, const struct claim_wish *wish);

/* "com.victronenergy.<class>.http_<instance>" of a settled claim. */
void claim_name(const struct claim *claim, char out[CLAIM_NAME_MAX]);

/* The owner has set something. A role means another class: granted comes again. */
void claim_choose(struct claim *claim, const struct owner_choice *choice);

/* The service is on the bus, or not any more. */
void claim_on_bus(struct claim *claim, bool there);

/* Another process has the name: granted comes again with another instance. */
void claim_refused(struct claim *claim);

#endif
