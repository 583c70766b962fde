/*
 * What `support` may show. Works on text in memory; no I/O.
 *
 * What is known to be safe is shown, everything else is "(removed)":
 * - of the configuration: values of keys that the key table knows and does not call secret, where the key
 *   takes them; of a path that is asked for, what looks like a word, and parameters that are known to be
 *   harmless; user names that everybody has. No comments, no lines that go on, no unknown keys' values;
 * - of a reply: measurements and states by their names (cli/support/safe.h) and by the paths of the configuration,
 *   values by their form, and what this program publishes anyway: serials, names. Every other text and number
 *   is hidden, whatever it is called; names of members stay, unless they look like something else. A reply
 *   that is no JSON is not shown;
 * - of the log: this program's lines;
 * - and in the whole report: what was hidden in the configuration, in whatever form it comes again (plain,
 *   percent-encoded, escaped as in JSON, in a Basic authorization), values behind name= and after words like
 *   Bearer, user:password@ in an address, MAC addresses, tokens.
 *
 * The time it takes grows with the text, not with the number of secrets nor with their length.
 */
#ifndef DTU_CLI_SCRUB_H
#define DTU_CLI_SCRUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct scrub;

struct scrub *scrub_create(void);    /* NULL when out of memory */
void scrub_destroy(struct scrub *s); /* NULL is fine */

/* A text that is shown wherever it stands by itself: a serial, a name. "" is none. */
void scrub_allow(struct scrub *s, const char *text);

/*
 * From now on replies and paths keep their form, for a file that is to be decoded: what is somebody's own is neither
 * shown nor removed, but replaced, the same by the same. A serial number by another one of its length with its first
 * four characters, which tell the kind of inverter; any other text by "text-1", "text-2" ...; an IP address by one of
 * the block for tests. At most 2,048 of them; what comes behind them is "(removed)". Nothing is allowed any more.
 */
void scrub_replace(struct scrub *s);

/* Writes the configuration without its secrets, and learns them. */
void scrub_config(struct scrub *s, const char *text, FILE *out);

/* Writes what may be shown of a reply, which may be broken. */
void scrub_reply(const struct scrub *s, const char *body, FILE *out);

/* Writes a request's path. */
void scrub_path(const struct scrub *s, const char *path, FILE *out);

/* Writes the lines of a log that are this program's. */
void scrub_log(const char *text, FILE *out);

/*
 * The whole report without whatever was learnt, to be freed by the caller; NULL when out of memory (once is
 * enough: what could not be learnt cannot be removed).
 */
char *scrub_text(struct scrub *s, const char *text);

#endif
