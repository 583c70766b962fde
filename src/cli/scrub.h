/*
 * Takes secrets out of what is shown to others: `support`. Works on text in memory; no I/O.
 *
 * What is removed, from the configuration:
 * - values of keys that are secret by the key table, but of CUST_API_PATH only the values of its query's
 *   parameters (except those known to be harmless) and elements that look like a key;
 * - values of unknown keys (Passwort=...), values with an '@' in them, continuation lines, comments;
 * from replies: text and numbers of members that are called like a password, key, token, user, network
 * name (SSID), MAC address, e-mail or place on earth;
 * and in the whole text: what was removed so, wherever it comes again: plain, percent-encoded, escaped
 * as in JSON, or in a Basic authorization; what is written user:password@ in an address; MAC
 * addresses.
 *
 * Serials, names, IP addresses and user names of the configuration stay.
 */
#ifndef DTU_CLI_SCRUB_H
#define DTU_CLI_SCRUB_H

#include <stddef.h>
#include <stdio.h>

struct scrub;

struct scrub *scrub_create(void);    /* NULL when out of memory */
void scrub_destroy(struct scrub *s); /* NULL is fine */

/* Writes the configuration without its secrets, and learns them. */
void scrub_config(struct scrub *s, const char *text, FILE *out);

/* Writes a reply, JSON or not, whole or not, without its secrets, and learns them. */
void scrub_reply(struct scrub *s, const char *body, FILE *out);

/* Writes a request's path. */
void scrub_path(struct scrub *s, const char *path, FILE *out);

/*
 * The text without whatever was learnt, to be freed by the caller; NULL when out of memory (once is
 * enough: what could not be learnt cannot be removed).
 */
char *scrub_text(const struct scrub *s, const char *text);

#endif
