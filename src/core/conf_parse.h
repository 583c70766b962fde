/*
 * The rooms of the configuration's reader, for conf*.c only:
 *
 *   conf_table    the keys                       conf_read     from the file's values to members
 *   conf_report   what is said                   conf_settle   devices that exclude each other
 *   conf_names    names that are not known       conf_example  config.example
 *   conf_dtu      DTUs and their inverters       conf_equal    what a reload leaves alone
 *   conf_added    DTUs added on the GX screen
 *   conf_template templates                      conf_form     what is no text that can be read
 *   conf_type     the type of a template
 *   conf          the whole
 */
#ifndef DTU_CORE_CONF_PARSE_H
#define DTU_CORE_CONF_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/conf.h"
#include "core/conf_value.h"
#include "core/inifile.h"

/* ---- The table ---- */

/* What is read from [DEFAULT] and steers the reading of the rest. */
struct conf_counts {
    char dtu[CONF_DTU_MAX];
    unsigned templates;
};

/* Which inverter an [INVERTERn] is. */
struct conf_inverter {
    unsigned dtu;
    int index;               /* -1: not said */
    char serial[SERIAL_MAX]; /* "": not said */
};

/* HOME and INVERTER are both of struct conf_inverter. */
enum conf_owner { GLOBAL, COUNTS, GATEWAY, HOME, INVERTER, DEVICE };

/* What becomes of a key's value; row by row as conf_table. */
struct conf_storing {
    enum conf_owner owner;
    size_t offset;
    size_t says; /* offset of a bool: a value was written, good or bad. 0: nobody asks */
    set_fn set;
    struct set_limits limits;
    bool vital;
    bool own;       /* counts in its own section only: not inherited */
    bool as_before; /* the help of the key before it says what it is */
    const char *example, *example_dtu, *example_template;
};

extern const struct conf_key conf_table[];
extern const struct conf_storing conf_storings[];
extern const size_t conf_table_size;

/* In any case; the one for that scope, else any other; NULL when there is none. */
const struct conf_key *conf_key_named(const char *name, unsigned scope);

/* A name that another version of this program has had. */
struct conf_alias {
    const char *name;
    const char *key;  /* what it is called here; NULL: it is not needed any more */
    const char *note; /* NULL: as good as the key's own name */
};

extern const struct conf_alias conf_aliases[]; /* ends with a name of NULL */

/* ---- What is being read ---- */

struct conf_parse {
    struct conf_report *report;
    struct inifile *file;
    struct config *config;
    const struct device_text *own_devices;
    struct conf_counts counts;
    unsigned template_devices;
    bool told[INIFILE_ENTRIES_MAX]; /* per entry of the file: its value has been complained of */
    bool told_encoding;
    bool told_host; /* that Host stands in a section that is not [DEFAULT] but probably means it */
    bool out_of_memory;
};

/* ---- Form ---- */

/* False, with a message, for what no line of can be understood. */
bool conf_check_form(struct conf_parse *p, const char *text, size_t len);

/* ---- What is said ---- */

/* outcome: see struct conf_message; NULL is none. */
void conf_say(struct conf_parse *p, enum conf_severity severity, unsigned line, const char *outcome,
              const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Of an entry's value, which is shown unless it is secret; once per entry, though ten sections inherit
 * it. */
void conf_say_of_value(struct conf_parse *p, enum conf_severity severity,
                       const struct inifile_entry *e, const struct conf_key *key, const char *value,
                       const char *outcome, const char *what);

/* That row k does not allow the value; hint may be NULL. */
void conf_say_bad(struct conf_parse *p, const struct inifile_entry *e, size_t k, const char *value,
                  const char *hint);

/* That a bound of row k's range is used in place of the value. */
void conf_say_clamped(struct conf_parse *p, const struct inifile_entry *e, size_t k,
                      const char *value, double bound);

enum { CONF_LIST_MAX = 120 };

/* "[INVERTER1] and [INVERTER4] are", "[TEMPLATE0] is"; of many the first ones. count > 0. */
void conf_list(char out[CONF_LIST_MAX], const char *prefix, const unsigned *numbers, size_t count);

/* Where the text itself is broken, what seems to be missing may just not have been understood. */
bool conf_is_whole(const struct conf_parse *p);

/* ---- Names ---- */

extern const char conf_default_section[], conf_dtu_prefix[], conf_inverter_prefix[],
    conf_template_prefix[], conf_added_prefix[];

/* Which kind of section that is, 0 when it is none that is known. */
unsigned conf_scope_of(const char *section);

void conf_section_name(char out[CONF_SECTION_MAX], const char *prefix, unsigned n);
unsigned conf_line(const struct inifile_entry *e);                           /* 0: not there */
unsigned conf_section_line(const struct conf_parse *p, const char *section); /* 0: not there */

/* Warns of sections and keys that have no effect. */
void conf_check_names(struct conf_parse *p);

/* ---- Values ---- */

enum { CONF_VALUE_MAX = 4096 };

/*
 * Where a value is looked for: in section, then in parent (NULL: none) if the key may stand there,
 * then in [DEFAULT]; by any name that the key has had. A section need not be there.
 */
struct conf_place {
    const char *section, *parent;
    const struct device_type *type; /* what it says goes before [DEFAULT]; NULL: none */
};

const struct inifile_entry *conf_own_value(const struct conf_parse *p, const char *section,
                                           const struct conf_key *key);
const struct inifile_entry *conf_find_value(const struct conf_parse *p, struct conf_place place,
                                            size_t k);

/* Sets every member of base that scope has a key for. False when a vital one is bad. */
bool conf_apply(struct conf_parse *p, struct conf_place place, unsigned scope,
                enum conf_owner owner, void *base);

/* ---- Devices ---- */

/* "TCP/IP (HTTP) 192.168.1.50", beginning as in the Python program. */
void conf_describe_connection(const struct gateway_conf *g, char *out, size_t size);

/* Whether a file takes the place of its address. */
bool conf_plays_file(const struct gateway_conf *g);

/* Of a gateway that plays a file: this is its address then. */
void conf_take_file(struct gateway_conf *g);

/* False, with a message, when the gateway has no address, or no file. */
bool conf_has_host(struct conf_parse *p, const struct gateway_conf *g, const char *section);

/* The DTUs, then their inverters, into the config. */
void conf_read_dtus(struct conf_parse *p);

/*
 * The type that a [TEMPLATEn] names. False, with a message, when that is not known or its file is faulty; without a
 * Type, type->file is NULL. device_type_finish() in any case.
 */
bool conf_find_type(struct conf_parse *p, const char *section, struct device_type *type);
bool conf_has_type(const struct conf_parse *p, const char *section);

/* Whether two gateways are one: "http://a:80" is "http://a". */
bool conf_same_address(const char *a, const char *b);

/* What is added later, into the config. */
void conf_read_added(struct conf_parse *p);

/* After the DTUs. */
void conf_read_templates(struct conf_parse *p);

/* Of two devices with one instance, the later one takes any other. */
void conf_settle_instances(struct conf_parse *p);

/* Those beyond CONF_SERVICES_MAX are kept off the bus. */
void conf_settle_count(struct conf_parse *p);

#endif
