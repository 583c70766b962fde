/*
 * The configuration: one table of keys, one struct, from text. Pure: reading the file is the
 * caller's.
 *
 * The text follows the rules of Python's configparser, which today's files were written for:
 * case-insensitive option names, exact section names, [DEFAULT] inherited by every section, '=' or
 * ':', full-line comments only, indented continuation lines, %% for %, %(name)s.
 */
#ifndef DTU_CORE_CONF_H
#define DTU_CORE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/address.h"
#include "core/device_type.h"
#include "core/json_terms.h"
#include "core/log_level.h"
#include "core/reading.h"

enum {
    CONF_TEXT_MAX = 256,
    CONF_USER_MAX = 33,            /* as useradd(8) has it */
    CONF_AUTHORIZATION_MAX = 2048, /* Enphase's tokens have 500 to 900 bytes */
    CONF_SECTION_MAX = 32,         /* "TEMPLATE12" */
    CONF_INVERTERS_MAX = 64,       /* sections; OpenDTU lists 10, custom builds 14 */
    CONF_TEMPLATES_MAX = 64,
    CONF_DTUS_MAX = 16,
    CONF_HOMES_MAX = CONF_DTUS_MAX + ADDRESSES_MAX, /* DTUs, with those added on the GX screen */
    CONF_GATEWAYS_MAX = CONF_HOMES_MAX + CONF_TEMPLATES_MAX,
    CONF_DEVICES_MAX = CONF_INVERTERS_MAX + CONF_TEMPLATES_MAX,
    CONF_INSTANCE_MAX = 1023, /* Venus OS itself gives 258 and above to some */
    /* Each is a connection to the D-Bus, which allows 256 to all that root runs. */
    CONF_SERVICES_MAX = 96,
    CONF_INSTANCE_AUTO = -1, /* device_conf.instance: whatever can be claimed */
    CONF_POSITION_AUTO = -1, /* device_conf.position: what is usual for the class */
    CONF_CHANNELS_ALL = -1
};

enum error_mode { ERROR_MODE_RETRYCOUNT, ERROR_MODE_TIMEOUT };

enum meter_away { METER_AWAY_LEAVE, METER_AWAY_INVALID };

enum phase_choice { PHASE_AUTO = 0, PHASE_L1 = 1, PHASE_L2 = 2, PHASE_L3 = 3, PHASE_3P = 4 };

/* One quantity of a template device. What its paths say: core/json_terms.h. */
struct template_value {
    char path[PHASE_SLOTS]
             [CONF_TEXT_MAX]; /* of the whole device and of L1..L3; "": not configured */
    double mult;              /* default 1 */
    double
        fallback; /* published for the whole device when its path leads nowhere; MISSING: publish nothing */
};

/* One PV input of it: paths, with the factors of the device's own quantities. */
struct template_string {
    char power[CONF_TEXT_MAX], voltage[CONF_TEXT_MAX], current[CONF_TEXT_MAX], today[CONF_TEXT_MAX];
};

struct template_conf {
    /* What is asked for with each poll; begins with '/'. "" from the first one on that is not configured. */
    char api_path[JSON_REPLIES_MAX][CONF_TEXT_MAX];
    char serial[SERIAL_MAX];
    char type[DEVICE_TYPE_MAX]; /* see core/device_type.h; "" is none */
    char title[PRODUCT_MAX];    /* of its type */
    /*
     * Of a type with several channels: these, each a device; {n} in its paths is the number of the channel. The
     * reading's index is its place among them.
     */
    unsigned first_channel, channels; /* at least 1 */
    int channel;                      /* which was asked for, or CONF_CHANNELS_ALL */
    struct template_value value[FIELD_COUNT];
    struct template_string string[STRINGS_MAX];
    bool line_to_line; /* its voltages are between two lines */
    bool reversed;     /* power changes its sign, and the two counters their places */
    char standby
        [CONF_TEXT_MAX]; /* leads to true or a number other than 0 while it sleeps; "": nothing says so */
};

/* One host that is asked: the DTU of [DEFAULT] or of a [DTUn], or the device of one [TEMPLATEn]. */
struct gateway_conf {
    /* "DEFAULT" (DTU 0, even where a [DTU0] stands), "DTU1", "ADDED1", "TEMPLATE0": for messages, and its
     * key in the state. */
    char section[CONF_SECTION_MAX];
    /* n of [DTUn]; 0 for [DEFAULT], and for a template; of what was added CONF_DTUS_MAX and up. */
    unsigned number;
    char driver[16]; /* "opendtu", "ahoy", "auto", "template", "replay": see driver_find() */
    /* "http://host[:port]", without a trailing '/'; of a file that is played "file://path", for messages. */
    char base_url[CONF_TEXT_MAX];
    char username[CONF_TEXT_MAX], password[CONF_TEXT_MAX]; /* "" is none */
    bool digest;                                           /* Digest instead of Basic */
    char authorization
        [CONF_AUTHORIZATION_MAX]; /* "Bearer eyJ...": then no user name is; "" is none */
    char ca_cert[CONF_TEXT_MAX];  /* file; "" is the system's bundle */
    bool tls_verify;
    unsigned interval_ms;         /* between the beginnings of two cycles, >= 1000 */
    unsigned esp8266_interval_ms; /* at least this once the gateway has said that it is one */
    unsigned timeout_ms;          /* for one request as a whole */
    unsigned retry_after_ms;      /* upper bound of the back-off while the gateway misbehaves */
    unsigned first_retry_ms;      /* between two cycles until one was complete; 0: as later */
    bool nearby; /* nothing but private and link-local addresses is contacted: core/address.h */
    unsigned max_inverters; /* the first n of its list; 0 is all */
    bool auto_add; /* what it lists and no [INVERTERn] names is published as config.unnamed says */
    /*
     * A section with a fault that may mean any of its inverters that no section names: none of these is
     * published, since it might appear on a wrong phase. auto_add is false then. "" is none.
     */
    char in_doubt[CONF_SECTION_MAX];
    bool push; /* what it pushes by itself is used, and it is asked less */
    char replay_file[CONF_TEXT_MAX - 8]; /* of a driver that plays one; "" is none */
    double replay_speed;                 /* > 0; 1: as fast as it was recorded */
    struct template_conf template;       /* driver "template" only */
};

/* One service: an [INVERTERn] or a [TEMPLATEn]. */
struct device_conf {
    char section[CONF_SECTION_MAX]; /* "" in config.unnamed */
    /* A fault hides what it is meant to be: its inverter is its own, and not on the bus. */
    bool off;
    unsigned gateway; /* index into config.gateways */
    unsigned index;   /* in its gateway's list, from 0; of a template's channels as well */
    char connection[CONF_TEXT_MAX]; /* how its gateway is reached, for people */
    enum phase_choice phase;
    int instance; /* 0..1023 or CONF_INSTANCE_AUTO */
    int position; /* 0 AC input 1, 1 AC output, 2 AC input 2, or CONF_POSITION_AUTO */
    char service[CONF_TEXT_MAX]; /* "com.victronenergy.pvinverter": without the .http_<instance> */
    char name[NAME_MAX_BYTES];   /* template's Name; "" is the gateway's name for it */
    char serial[SERIAL_MAX];     /* Serial, a template's CUST_SN; "": bound when first seen */
    bool has_dc;                 /* a template that has a DC voltage; others say so themselves */
    bool use_yield_day;
    bool keep_energy;  /* a counter that starts again continues from its last total */
    bool power_limit;  /* the D-Bus may limit its power */
    bool power_switch; /* its owner may switch it on and off on the GX screen */
    /* The file does say so, and its owner cannot say otherwise on the screen. */
    bool says_power_limit, says_power_switch;
    double power_limit_min_w; /* it is never told less; MISSING: see limit_floor() */
    double max_power_w;       /* what it can make; MISSING, 0: as the gateway says */
    double energy_offset_kwh; /* added to the counter: another one's total, or less than 0 */
    int max_age_s;            /* a measurement older than this is not used; negative: no check */
    enum error_mode error_mode;
    unsigned min_retries; /* ERROR_MODE_RETRYCOUNT: failed polls in a row before the error state */
    unsigned error_after_s; /* ERROR_MODE_TIMEOUT: seconds without success before the error state */
    enum meter_away meter_away; /* what becomes of a meter's service in the error state */
};

struct config {
    enum log_level log_level;
    unsigned sign_of_life_min; /* 0: none */
    bool dry_run;
    bool seccomp;               /* system calls that are not needed are refused */
    char run_as[CONF_USER_MAX]; /* the user that the service works as; "": whoever starts it */
    size_t gateway_count, dtu_count;
    struct gateway_conf gateways[CONF_GATEWAYS_MAX]; /* dtu_count DTUs, then the templates */
    size_t device_count;
    struct device_conf devices[CONF_DEVICES_MAX]; /* inverters, then the templates */
    /* By index of the gateway, dtu_count of them: an inverter that it lists and no section names. */
    struct device_conf unnamed[CONF_HOMES_MAX];
    /* What config_add() makes of an address; without one. */
    struct gateway_conf added;
    struct device_conf added_device;
};

/* The value of DTU that makes a section's gateway a device by itself, as [TEMPLATEn] describes it, and no DTU. */
extern const char conf_template_driver[];
bool conf_is_template(const struct gateway_conf *g);
bool conf_device_is_template(const struct config *c, const struct device_conf *d);

/*
 * By the value of every member, text as text. device_conf.gateway is one: the same device's may
 * differ in another config, where a section before it came or went.
 */
bool gateway_conf_equal(const struct gateway_conf *a, const struct gateway_conf *b);
bool device_conf_equal(const struct device_conf *a, const struct device_conf *b);

/*
 * How far a fault reaches. Healthy devices are not taken down by another section's fault: at a
 * start they run; a reload with an error is refused as a whole.
 */
enum conf_severity {
    CONF_NOTE,    /* worth knowing: everything is as the file says */
    CONF_WARNING, /* something has no effect, or another one than is written */
    CONF_ERROR,   /* a default is used, or the section's device kept off the bus */
    CONF_FATAL,   /* the file's meaning is in doubt: nothing of it is used */
};

enum { CONF_SAID_MAX = 320, CONF_OUTCOME_MAX = 120 };

struct conf_message {
    enum conf_severity severity;
    unsigned line; /* from 1; 0 where no line is to blame */
    /* Section, key, what was read, what is allowed; secrets are masked. */
    char text[CONF_SAID_MAX];
    /* What becomes of it where the file is used; "" where text says it all. */
    char outcome[CONF_OUTCOME_MAX];
};

struct conf_report {
    size_t count;
    struct conf_message *messages; /* in the order of the lines; owned by the report */
    unsigned notes, warnings, errors, fatals;
};

/*
 * Reads text (len bytes with a NUL behind them; a BOM and CRLF are accepted) into a config, with every
 * fault of the file in report. Returns the config, owned by the caller (config_free), or NULL when there
 * was a fatal fault. report is always filled; free with conf_report_finish().
 */
struct config *config_parse(const char *text, size_t len, struct conf_report *report);

/* The same with device files of the owner's own, which go before the built-in ones; ends with a name of NULL. */
struct config *config_parse_with(const char *text, size_t len, const struct device_text *own,
                                 struct conf_report *report);
void config_free(struct config *c); /* NULL is fine */

/*
 * Adds a DTU for each address: "ADDED1" is that of number 0. It is asked as [DEFAULT] says, without credentials, and
 * its inverters are added by themselves. What needs a login, to limit and to switch, is not for it. An address of the file's is left out.
 */
void config_add(struct config *c, const struct addresses *a);

static inline bool conf_is_added(const struct gateway_conf *g)
{
    return g->number >= CONF_DTUS_MAX;
}
void conf_report_finish(struct conf_report *report);

/* The key table, for documents and for `check`. */
enum conf_scope {
    CONF_IN_DEFAULT = 1,
    CONF_IN_INVERTER = 2,
    CONF_IN_TEMPLATE = 4,
    CONF_IN_DTU = 8
};

struct conf_key {
    const char *name;
    unsigned scopes;      /* where the key is meant to stand; [DEFAULT] is inherited by all */
    const char *type;     /* "0..1023", "L1 | L2 | L3 | 3P", "text", ... as shown to people */
    const char *fallback; /* the default as it would be written; "" is empty; NULL: has none */
    bool secret;
    const char *help; /* one line */
};

const struct conf_key *conf_keys(size_t *count);

/* Whether the key would take this value, as it is or changed: without regard to where it stands. */
bool conf_takes(const struct conf_key *key, const char *value);

/*
 * Writes config.example from the table: every key with its help, type and default. Calls put with
 * pieces of text in order.
 */
void conf_write_example(void (*put)(void *user, const char *text), void *user);

#endif
