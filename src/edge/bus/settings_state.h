/* What the files of edge/bus/settings share, and nobody else. */
#ifndef DTU_EDGE_SETTINGS_STATE_H
#define DTU_EDGE_SETTINGS_STATE_H

#include <dbus/dbus.h>

#include "edge/bus/settings.h"
#include "edge/sys/log.h"

#define SETTINGS_INTERFACE "com.victronenergy.Settings"

enum { SETTINGS_ANSWER_MS = 5000 };

/* A setting that was added, or refused. */
struct entry {
    struct entry *next;
    enum value_type type;
    struct value value; /* the last that is known; a text lies in text */
    bool followed;      /* was not refused */
    bool changed;       /* is to be reported */
    int refusal;        /* what the log has; 0: none */
    char path[SETTINGS_PATH_MAX];
    char text[SETTINGS_TEXT_MAX];
};

/* A SetValue under way. */
struct set {
    struct set *next;
    struct settings *settings;
    DBusPendingCall *pending;
    char path[SETTINGS_PATH_MAX];
};

struct settings {
    struct loop *loop;
    DBusConnection *connection;
    bool filters; /* on_message is on the connection */
    struct settings_events events;
    struct loop_timer deliver;
    DBusPendingCall *asking;                  /* who has the name */
    bool known;                               /* the answer to that is there */
    char owner[DBUS_MAXIMUM_NAME_LENGTH + 1]; /* the unique name; "": nobody */
    bool told, told_there;                    /* what was reported */
    bool replaced;                            /* by another, since then */
    struct entry *entries;
    struct settings_call *calls; /* in the order in which they began */
    struct set *sets;
    struct log_fault set_fault;
};

struct asked {
    enum value_type type;
    bool sent, answered;
    char path[SETTINGS_PATH_MAX];
    char text[SETTINGS_TEXT_MAX];
};

/* What a call asked for, and what it got. */
struct settings_adding {
    bool answered; /* the call as a whole */
    size_t count;
    struct value *values;
    struct asked asked[];
};

/* The setting of this path; settings_entry() makes one where there is none, NULL when out of memory. */
struct entry *settings_find(const struct settings *s, const char *path);
struct entry *settings_entry(struct settings *s, const char *path);

/* Copies a value, its text to text. What is too long is none. */
struct value settings_keep(const struct value *v, char text[SETTINGS_TEXT_MAX]);

/* Whether a value may be one of this type, into which it is converted. "No value" may always. */
bool settings_fits(struct value *v, enum value_type type);

/* The value of a key in an a{sv}; false when there is none that can be read. */
bool settings_read_key(const DBusMessageIter *dict, const char *wanted, struct value *out);

/* Its done is due, in another turn of the loop. */
void settings_end_call(struct settings_call *call, const char *why);

void settings_free_adding(struct settings_adding *adding); /* NULL is fine */

/* What an error reply says, for a log line. */
void settings_describe_error(char *why, size_t why_size, DBusMessage *reply);

#endif
