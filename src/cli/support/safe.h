/*
 * What is known to be no secret, whoever reads it: the measurements of gateways by their names, words such as
 * units, values by their form. For `support`, which hides everything else. Pure tables.
 *
 * A text is len bytes at text, as it stands in JSON: what is escaped in it is not known.
 */
#ifndef DTU_CLI_SAFE_H
#define DTU_CLI_SAFE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A name of a JSON member below which there is nothing but measurements and states: "Voltage", "switch:0",
 * "meters". Not "name", "id" of what anybody may be, nor times of sunrise, which tell a place.
 */
bool safe_member(const char *name, size_t len);

/* A value that says nothing of its owner: "kWh", "on", "", "192.168.1.5", "v24.2.12", "2024-05-01T12:00:00". */
bool safe_value(const char *text, size_t len);

/* A number, written as JSON or as text. */
bool safe_is_number(const char *text, size_t len);

/*
 * A name that may be shown although it is not known: of a key, a section, a path's element. Short, of
 * letters, digits and what parts them, and nothing that looks like a key, a MAC address or an e-mail address.
 */
bool safe_name(const char *text, size_t len);

/* Long, of letters and digits: a token, whatever it is for. */
bool safe_is_token(const char *text, size_t len);

/* A parameter of a query with its value: "id=0", "cmnd=STATUS+8". */
bool safe_parameter(const char *name, size_t name_len, const char *value, size_t len);

/* A user name that everybody has: "admin". */
bool safe_user(const char *name);

#endif
