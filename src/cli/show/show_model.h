/*
 * What `show` knows: the services on the bus, what each said last, and its power over the last
 * minutes. Pure: values come in as they were read from the bus, time is an argument (monotonic
 * milliseconds).
 */
#ifndef DTU_CLI_SHOW_MODEL_H
#define DTU_CLI_SHOW_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/show/show_page.h"
#include "core/reading.h"
#include "core/value.h"

enum {
    SHOW_SERVICES_MAX = 256,
    SHOW_TEXT_MAX = 160, /* bytes of a text that is kept, with the NUL */
    SHOW_BUCKETS = 32,   /* of the power's history */
    SHOW_BUCKET_MS = 10 * 1000,
};

/* The last SHOW_BUCKETS times SHOW_BUCKET_MS: the mean of each, held where nothing was said. */
struct show_history {
    int64_t last; /* number of the bucket that is being filled; -1 before the first */
    double mean[SHOW_BUCKETS];
    double held; /* W, what was said last; MISSING when that is not known */
    double sum;
    unsigned samples;
};

enum show_answer {
    SHOW_ASKED,
    SHOW_ANSWERED,
    SHOW_SILENT, /* it was asked for its values and does not reply */
};

/* Numbers are MISSING, texts "" where the service does not have them. Texts are cleaned. */
struct show_row {
    char service[SHOW_TEXT_MAX]; /* without "com.victronenergy." */
    enum show_answer answer;
    char name[SHOW_TEXT_MAX], product[SHOW_TEXT_MAX], connection[SHOW_TEXT_MAX];
    double power, energy, out[3], phase[PHASES][4]; /* out: W, V, A of an inverter's output */
    double today, latency, update_index, measured_at, connected, status_code, state, error_code;
    struct { /* health of its gateway */
        double requests, failures, p50, p99, pushed, bytes;
        char by_kind[SHOW_TEXT_MAX], last_error[SHOW_TEXT_MAX];
    } debug;
    struct show_history history;
    int64_t seen_ms;            /* when it first told its values */
    int64_t updated_ms;         /* when it last measured, as far as it has said; -1: not known */
    bool index_moved, measured; /* within the present message */
    bool changed;               /* for who shows it: since it was shown last */
};

struct show_model;

struct show_model *show_model_create(void);
void show_model_destroy(struct show_model *m); /* NULL is fine */

/* service: its full name. NULL when there are too many. The row stays where it is. */
struct show_row *show_model_add(struct show_model *m, const char *service);
void show_model_remove(struct show_model *m, struct show_row *row);

/* What there is no row of. */
struct show_page *show_model_page(struct show_model *m);
const struct show_page *show_model_absent(const struct show_model *m);

/* In the order of names, "http_9" before "http_10". */
size_t show_model_count(const struct show_model *m);
struct show_row *show_model_row(const struct show_model *m, size_t i);

/* A value, of any path; then, when all of a message were given, one of these. */
void show_row_item(struct show_row *row, const char *path, const struct value *value);
void show_row_told(struct show_row *row, int64_t now_ms);    /* it told all of its values */
void show_row_updated(struct show_row *row, int64_t now_ms); /* it told some that have changed */
void show_row_silent(struct show_row *row);

/* ---- what it comes to ---- */

bool show_row_is_inverter(const struct show_row *row); /* pvinverter or inverter: it produces */
double show_row_power(const struct show_row *row);     /* W */
double show_row_voltage(const struct show_row *row);   /* V, mean of the phases */
double show_row_current(const struct show_row *row);   /* A, sum of the phases */
double show_row_energy(const struct show_row *row);    /* kWh */
/* "L1", "L1+L2", "3P"; "" where no phase is in use. */
const char *show_row_phases(const struct show_row *row);
/* What people call it: the user's name, else the product's. */
const char *show_row_title(const struct show_row *row);

enum show_tone { SHOW_NORMAL, SHOW_FAINT, SHOW_GOOD, SHOW_WARNING, SHOW_BAD };

/* A word or two; static, or in buffer. */
const char *show_row_status(const struct show_row *row, enum show_tone *tone, char *buffer,
                            size_t size);

/* Why it is in error, as its gateway's last failure has it; "" when it is not, or does not say. */
const char *show_row_reason(const struct show_row *row);

/*
 * Since its last measurement, in ms. *at_least: none was seen yet, and it is older than this. -1
 * before it told anything.
 */
int64_t show_row_age(const struct show_row *row, int64_t now_ms, bool *at_least);

/* The mean power of so many buckets before the present one; MISSING where not known. */
double show_row_history(const struct show_row *row, int64_t now_ms, unsigned before);

/* Of the inverters: meters count the same power again, or what is drawn. */
struct show_total {
    size_t services, inverters, running;
    double power, phase[PHASES]; /* W; MISSING where nothing is known */
    double today;                /* kWh; MISSING unless every inverter has it */
};

void show_model_total(const struct show_model *m, struct show_total *out);

/* Services that are reached over the same connection. */
struct show_gateway {
    const struct show_row *row; /* one that tells of its health, where there is one */
    size_t services;
};

/* Returns how many; at most SHOW_SERVICES_MAX. In the order of their first service. */
size_t show_model_gateways(const struct show_model *m, struct show_gateway *out);

#endif
