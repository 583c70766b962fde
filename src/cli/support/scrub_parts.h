/*
 * The rooms of scrub.h, for scrub*.c only:
 *
 *   scrub          what is learnt and allowed, paths     scrub_reply   JSON, and what is none
 *   scrub_config   the configuration                     scrub_text    the whole report, the log
 *   scrub_standins what replaces what is somebody's own
 */
#ifndef DTU_CLI_SCRUB_PARTS_H
#define DTU_CLI_SCRUB_PARTS_H

#include "cli/support/scrub.h"
#include "cli/support/secrets.h"

struct scrub_texts {
    size_t count, size;
    char **list;
};

struct scrub {
    struct secrets *secrets;
    struct scrub_texts allowed;
    struct scrub_texts members;      /* names on the paths of the configuration */
    struct scrub_standins *standins; /* NULL: nothing is replaced */
    bool failed;
};

extern const char scrub_removed[];

/* Learns a text in all of its forms; "" is none. */
void scrub_learn(struct scrub *s, const char *text, size_t len);

/* The same of what may be percent-encoded: as it is, and as it is meant. */
void scrub_learn_encoded(struct scrub *s, const char *text, size_t len);

/* The same unless the text could stand anywhere ("admin", "basic"): it has a digit, or is long. */
void scrub_learn_if_telling(struct scrub *s, const char *text, size_t len);

/* What a Basic authorization makes of them. */
void scrub_learn_login(struct scrub *s, const char *user, const char *password);

/* Names of members on this path are safe. */
void scrub_allow_path(struct scrub *s, const char *path);

/*
 * What replaces a text, a serial number where it stands in such a place or has stood there; NULL where nothing does,
 * which is also when there are too many. As long as s lives.
 */
const char *scrub_standin(const struct scrub *s, bool serial, const char *text, size_t len);

/*
 * The same of a name: only where it was replaced before or, of one that would be shown, where it has the form of a
 * serial number or an address. What is hidden may be a token, of which nothing may stay. Names of measurements, words
 * and indices are never replaced.
 */
const char *scrub_standin_known(const struct scrub *s, bool shown, const char *text, size_t len);

/* Of a serial number that was replaced before; NULL: it is none. */
const char *scrub_standin_serial(const struct scrub *s, const char *text, size_t len);

/* One key's value, as it is meant: a serial number, name or address there is replaced wherever it comes. */
void scrub_own(struct scrub *s, const char *key, const char *value);

bool scrub_is_like_serial(const char *text, size_t len);
bool scrub_is_address(const char *text, size_t len);
bool scrub_is_standin(const struct scrub *s, const char *text, size_t len);
void scrub_standins_free(struct scrub_standins *t); /* NULL is fine */

bool scrub_is_allowed(const struct scrub *s, const char *text, size_t len);
bool scrub_is_allowed_member(const struct scrub *s, const char *name, size_t len);

/* Calls hidden for each part of the path that is not shown; out and hidden may be NULL. */
typedef void (*scrub_hidden_fn)(void *user, const char *text, size_t len);
void scrub_write_path(const struct scrub *s, const char *path, FILE *out, scrub_hidden_fn hidden,
                      void *user);

#endif
