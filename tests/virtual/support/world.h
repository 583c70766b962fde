/*
 * The whole program in virtual time: these stand in for edge/sys/clock, edge/net/http, edge/net/ws_listener,
 * edge/bus/bus, edge/bus/service, edge/bus/settings and edge/bus/instances, so that a day passes in a blink and nothing but the
 * program itself is tested. They are linked before libdtu.a and win over its members.
 */
#ifndef DTU_TESTS_WORLD_H
#define DTU_TESTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/value.h"
#include "edge/net/http.h"

/*
 * Sets the clock to the beginning, forgets the counts, settings and other services; the settings
 * service is there.
 */
void world_reset(void);

/* Turns of the loop, that is wake-ups, since the reset. */
extern unsigned long world_wakeups;

/* The wall clock from now on; after a reset it begins in 1970. */
void world_set_unix(double s);

/* What a gateway answers. body is borrowed until the next call; delay_ms of virtual time. */
struct world_reply {
    enum reply_outcome outcome;
    const char *body;
    int64_t delay_ms;
};

typedef void (*world_gateway_fn)(void *user, const char *base_url, const char *path,
                                 struct world_reply *reply);
void world_set_gateway(world_gateway_fn fn, void *user);

/* The same for a gateway that is told something as well; one of both, the one set last. */
typedef void (*world_message_fn)(void *user, const char *base_url, const struct message *m,
                                 struct world_reply *reply);
void world_set_message_gateway(world_message_fn fn, void *user);

/* Every gateway that answers at a WebSocket's path pushes what it answers, so often; body NULL: nothing. */
enum { WORLD_PUSH_MS = 2500 };
void world_ask_gateway(const char *base_url, const char *path, struct world_reply *reply);

/* Runs the loop until virtual time has moved on by ms. */
struct loop;
void world_run(struct loop *l, int64_t ms);

/* A service on the bus by its full name; NULL when there is none. */
struct service;
struct service *world_service(const char *name);
size_t world_service_count(void);
/* The present value of a path; invalid when the service or the path is not there. */
struct value world_value(const char *name, const char *path);
/* A SetValue of another process: what it is answered. */
int world_write(const char *name, const char *path, const struct value *value);
/* Signals that were sent: flushes in which something had changed. */
extern unsigned long world_signals;

/* Called with a service as it comes to the bus, and at each signal of it; NULL: nobody is. */
typedef void (*world_watch_fn)(void *user, const char *service);
void world_watch(world_watch_fn fn, void *user);

/* The name of the n-th service there is; NULL behind the last. */
const char *world_service_at(size_t n);

/*
 * com.victronenergy.settings. Its values outlive the program's restarts and the service's own.
 * It answers within 10 ms of virtual time; while it hangs, not at all.
 */
void world_settings(bool there);
void world_settings_hang(bool hang);
void world_settings_erase(void); /* nobody is told: for a service that is not there */

/* Devices that have, or had, an instance there. */
size_t world_setting_devices(void);

/* A setting as it is stored; invalid when there is none. */
struct value world_setting(const char *path);
/*
 * Somebody else's doing, the GX screen's or another driver's: sets or creates it. Instances are kept
 * apart by the rules of the real one. False when it was refused.
 */
bool world_setting_change(const char *path, const struct value *value);
/* Values that were written, each of which costs flash. */
extern unsigned long world_setting_writes;

/* A service of another process comes, or takes another instance; it goes. */
void world_other(const char *service, int instance);
void world_other_with(const char *service, int instance, const char *serial);
void world_other_gone(const char *service);

#endif
