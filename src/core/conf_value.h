/*
 * From the text of a configuration value to a member of a struct. For conf.c only.
 */
#ifndef DTU_CORE_CONF_VALUE_H
#define DTU_CORE_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>

enum set_result {
    SET_OK,
    SET_ADAPTED, /* taken, but not as written: hint says how */
    SET_RAISED,  /* out of range: limits.min is taken */
    SET_LOWERED, /* out of range: limits.max is taken */
    SET_BAD,     /* member is unchanged; hint, if any, says what is wrong with it */
};

struct set_limits {
    double min, max; /* of a text: max is the member's size in bytes */
    double unit;     /* factor to the member's unit; 0 is 1 */
};

/* text is trimmed and holds no control characters. *hint is NULL on entry; static text. */
typedef enum set_result (*set_fn)(const struct set_limits *limits, const char *text, void *member,
                                  const char **hint);

enum { CONF_DTU_MAX = 16 };

/* The hint of a text that is not UTF-8: of the whole file, that is. */
extern const char set_not_utf8[];

/* '"a"', "'a'", and what a text processor makes of them. */
bool set_is_quoted(const char *text);

/* "a # b": in this file a comment stands on a line of its own. */
bool set_has_comment(const char *text);

enum set_result set_text(const struct set_limits *l, const char *text, void *member,
                         const char **hint);
enum set_result set_name(const struct set_limits *l, const char *text, void *member,
                         const char **hint);
enum set_result set_bool(const struct set_limits *l, const char *text, void *member,
                         const char **hint);
/* false for 0, false, no, off and "", true for anything else. */
enum set_result set_unless_false(const struct set_limits *l, const char *text, void *member,
                                 const char **hint);
/* 0 is off, any other whole number is on; and the words of set_bool(). */
enum set_result set_switch(const struct set_limits *l, const char *text, void *member,
                           const char **hint);
enum set_result set_int(const struct set_limits *l, const char *text, void *member,
                        const char **hint);
/* As set_int, of a number that is no quantity: no other will do for it. */
enum set_result set_choice(const struct set_limits *l, const char *text, void *member,
                           const char **hint);
enum set_result set_unsigned(const struct set_limits *l, const char *text, void *member,
                             const char **hint);
enum set_result set_decimal_unsigned(const struct set_limits *l, const char *text, void *member,
                                     const char **hint);
/* Without .limits any number. */
enum set_result set_double(const struct set_limits *l, const char *text, void *member,
                           const char **hint);
enum set_result set_double_or_none(const struct set_limits *l, const char *text, void *member,
                                   const char **hint);
enum set_result set_dtu(const struct set_limits *l, const char *text, void *member,
                        const char **hint);
/* As set_dtu, without "template". */
enum set_result set_type(const struct set_limits *l, const char *text, void *member,
                         const char **hint);
/* The number of a DTU; the kind of one is taken as 0. */
enum set_result set_dtu_number(const struct set_limits *l, const char *text, void *member,
                               const char **hint);
enum set_result set_serial(const struct set_limits *l, const char *text, void *member,
                           const char **hint);
enum set_result set_host(const struct set_limits *l, const char *text, void *member,
                         const char **hint);
enum set_result set_api_path(const struct set_limits *l, const char *text, void *member,
                             const char **hint);
/* A header's value: "Bearer " and a token, which may stand alone, or another scheme's. */
enum set_result set_authorization(const struct set_limits *l, const char *text, void *member,
                                  const char **hint);
enum set_result set_json_path(const struct set_limits *l, const char *text, void *member,
                              const char **hint);
enum set_result set_phase(const struct set_limits *l, const char *text, void *member,
                          const char **hint);
enum set_result set_position(const struct set_limits *l, const char *text, void *member,
                             const char **hint);
enum set_result set_instance(const struct set_limits *l, const char *text, void *member,
                             const char **hint);
enum set_result set_channel(const struct set_limits *l, const char *text, void *member,
                            const char **hint);
enum set_result set_service(const struct set_limits *l, const char *text, void *member,
                            const char **hint);
enum set_result set_log_level(const struct set_limits *l, const char *text, void *member,
                              const char **hint);
enum set_result set_meter_away(const struct set_limits *l, const char *text, void *member,
                               const char **hint);
enum set_result set_error_mode(const struct set_limits *l, const char *text, void *member,
                               const char **hint);

#endif
