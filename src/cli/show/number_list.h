/*
 * The numbers of a JSON reply as people and programs are shown them, in `paths` and in `check`.
 */
#ifndef DTU_CLI_NUMBER_LIST_H
#define DTU_CLI_NUMBER_LIST_H

#include <cjson/cJSON.h>
#include <stdio.h>

/*
 * One line for each: path as a configuration has it (with %% for %), value. At most max of them, then
 * how many more there are. Returns how many there are altogether.
 */
size_t number_list_print(FILE *out, const char *indent, const cJSON *root, size_t max);

/* What is to stand behind a value that path leads to; "" is nothing. Valid until the next call. */
typedef const char *(*number_note_fn)(void *user, const char *path);

/* The same with notes. */
size_t number_list_print_noted(FILE *out, const cJSON *root, size_t max, number_note_fn note,
                               void *user);

/* A path as it is written after CUST_Power=, with %% for %, cleaned; at most size - 1 bytes. */
void number_list_write_path(char *out, size_t size, const char *path);

/*
 * [{"path": "a/b", "value": 1.5}, ...]; where no path leads to a number, "path" is null, "at" shows
 * where it is and "why" tells why. NULL when out of memory.
 */
cJSON *number_list_json(const cJSON *root, size_t max);

#endif
