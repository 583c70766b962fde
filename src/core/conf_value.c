#include "core/conf_value.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/conf.h"
#include "core/driver.h"
#include "core/percent.h"
#include "core/text.h"

struct word {
    const char *text;
    int value;
};

/* The value of one of the words, in any case; false when it is none of them. */
static bool find_word(const struct word *words, const char *text, int *value)
{
    for (; words->text; words++) {
        if (strcasecmp(words->text, text) == 0) {
            *value = words->value;
            return true;
        }
    }
    return false;
}

/* ---- Texts ---------------------------------------------------------------------------------- */

const char set_not_utf8[] =
    "the file is not in UTF-8 (in Windows-1252?): save it again as UTF-8, or the program reads "
    "something else than you see";

static bool is_utf8(const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t bytes = text_char(text, left, NULL);
        if (!bytes)
            return false;
        text += bytes;
        left -= bytes;
    }
    return true;
}

bool set_is_quoted(const char *text)
{
    static const char *const curly[] = {"\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x9E",
                                        "\xE2\x80\x98", "\xE2\x80\x99", "\xC2\xAB"};
    size_t len = strlen(text);

    for (size_t i = 0; i < sizeof curly / sizeof curly[0]; i++) {
        if (strncmp(text, curly[i], strlen(curly[i])) == 0)
            return true;
    }
    return len > 1 && strchr("\"'`", *text) && text[len - 1] == *text;
}

bool set_has_comment(const char *text)
{
    for (const char *c = text; *c; c++) {
        if ((*c == '#' || *c == ';') && c > text && (c[-1] == ' ' || c[-1] == '\t'))
            return true;
    }
    return false;
}

enum set_result set_text(const struct set_limits *l, const char *text, void *member,
                         const char **hint)
{
    if (strlen(text) >= (size_t)l->max) {
        *hint = "it is too long";
        return SET_BAD;
    }
    memcpy(member, text, strlen(text) + 1);
    if (is_utf8(text))
        return SET_OK;
    *hint = set_not_utf8;
    return SET_ADAPTED;
}

enum set_result set_name(const struct set_limits *l, const char *text, void *member,
                         const char **hint)
{
    char *out = member;

    text_copy(out, (size_t)l->max, text);
    if (strcmp(out, text) == 0)
        return SET_OK;
    *hint = "it is too long and was cut";
    if (!is_utf8(text))
        *hint = set_not_utf8;
    else if (strlen(text) < (size_t)l->max)
        *hint = "characters that cannot be shown were replaced by ?";
    return SET_ADAPTED;
}

enum set_result set_serial(const struct set_limits *l, const char *text, void *member,
                           const char **hint)
{
    for (const char *c = text; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
            return SET_BAD;
    }
    if (!text[strspn(text, "0")]) {
        if (*text)
            *hint = "it cannot be all zeros";
        return SET_BAD;
    }
    return set_text(l, text, member, hint);
}

/* ---- Words ---------------------------------------------------------------------------------- */

static const struct word booleans[] = {
    {"0", 0},    {"false", 0}, {"no", 0}, {"off", 0}, {"1", 1},
    {"true", 1}, {"yes", 1},   {"on", 1}, {NULL, 0},
};

enum set_result set_bool(const struct set_limits *l, const char *text, void *member,
                         const char **hint)
{
    int value;

    (void)l;
    (void)hint;
    if (!find_word(booleans, text, &value))
        return SET_BAD;
    *(bool *)member = value;
    return SET_OK;
}

enum set_result set_unless_false(const struct set_limits *l, const char *text, void *member,
                                 const char **hint)
{
    int value = *text != '\0';
    bool known = find_word(booleans, text, &value);

    (void)l;
    *(bool *)member = value;
    if (known || !*text)
        return SET_OK;
    *hint = "anything that is not 0 counts as 1: values are read and logged, but not published";
    return SET_ADAPTED;
}

enum set_result set_phase(const struct set_limits *l, const char *text, void *member,
                          const char **hint)
{
    static const struct word phases[] = {
        {"L1", PHASE_L1}, {"L2", PHASE_L2},     {"L3", PHASE_L3},
        {"3P", PHASE_3P}, {"auto", PHASE_AUTO}, {NULL, 0},
    };
    int value;

    (void)l;
    (void)hint;
    if (!find_word(phases, text, &value))
        return SET_BAD;
    *(enum phase_choice *)member = (enum phase_choice)value;
    return SET_OK;
}

enum set_result set_log_level(const struct set_limits *l, const char *text, void *member,
                              const char **hint)
{
    static const struct word levels[] = {
        {"CRITICAL", LOG_CRITICAL},
        {"ERROR", LOG_ERROR},
        {"WARNING", LOG_WARNING},
        {"INFO", LOG_INFO},
        {"DEBUG", LOG_DEBUG},
        {"NOTSET", LOG_NOTSET},
        {"FATAL", LOG_CRITICAL},
        {"WARN", LOG_WARNING},
        {NULL, 0}, /* Python knows these as well */
    };
    int value;

    (void)l;
    (void)hint;
    if (!find_word(levels, text, &value))
        return SET_BAD;
    *(enum log_level *)member = (enum log_level)value;
    return SET_OK;
}

enum set_result set_error_mode(const struct set_limits *l, const char *text, void *member,
                               const char **hint)
{
    static const struct word modes[] = {{"retrycount", ERROR_MODE_RETRYCOUNT},
                                        {"timeout", ERROR_MODE_TIMEOUT},
                                        {NULL, 0}};
    int value;

    (void)l;
    (void)hint;
    if (!find_word(modes, text, &value))
        return SET_BAD;
    *(enum error_mode *)member = (enum error_mode)value;
    return SET_OK;
}

enum set_result set_meter_away(const struct set_limits *l, const char *text, void *member,
                               const char **hint)
{
    static const struct word choices[] = {{"leave", METER_AWAY_LEAVE},
                                          {"invalid", METER_AWAY_INVALID},
                                          {NULL, 0}};
    int value;

    (void)l;
    (void)hint;
    if (!find_word(choices, text, &value))
        return SET_BAD;
    *(enum meter_away *)member = (enum meter_away)value;
    return SET_OK;
}

enum set_result set_dtu(const struct set_limits *l, const char *text, void *member,
                        const char **hint)
{
    (void)l;
    (void)hint;
    const struct driver *driver = driver_find(text);
    if (!driver)
        return SET_BAD;
    text_copy(member, CONF_DTU_MAX, driver->name);
    return SET_OK;
}

enum set_result set_type(const struct set_limits *l, const char *text, void *member,
                         const char **hint)
{
    if (strcasecmp(text, conf_template_driver) != 0)
        return set_dtu(l, text, member, hint);
    *hint = "a template device has a [TEMPLATEn] section";
    return SET_BAD;
}

enum set_result set_dtu_number(const struct set_limits *l, const char *text, void *member,
                               const char **hint)
{
    int value = 0;

    if (!driver_find(text)) {
        enum set_result result = set_choice(l, text, &value, hint);
        *(unsigned *)member = (unsigned)value;
        return result;
    }
    *(unsigned *)member = 0;
    *hint =
        "not used: write the n of its [DTUn] here; the type of DTU goes there as Type, or as DTU in "
        "[DEFAULT]";
    return SET_ADAPTED;
}

/* ---- Numbers -------------------------------------------------------------------------------- */

static bool read_number(const char *text, const char *characters, double *value)
{
    char *end;

    if (!*text || text[strspn(text, characters)])
        return false;
    *value = strtod(text, &end);
    return *end == '\0' && isfinite(*value);
}

static bool read_decimal(const char *text, double *value, const char **hint)
{
    if (strchr(text, ',') && !strchr(text, '.'))
        *hint = "use a dot, not a comma, for decimals";
    return read_number(text, "+-.0123456789eE", value);
}

/* A quantity out of range goes to the nearest bound. */
static enum set_result into_range(const struct set_limits *l, double *value)
{
    if (*value < l->min) {
        *value = l->min;
        return SET_RAISED;
    }
    if (*value > l->max) {
        *value = l->max;
        return SET_LOWERED;
    }
    return SET_OK;
}

static enum set_result put_scaled(const struct set_limits *l, double value, unsigned *member)
{
    enum set_result result = into_range(l, &value);

    *member = (unsigned)lround(value * (l->unit > 0 ? l->unit : 1));
    return result;
}

static bool read_whole(const char *text, double *value)
{
    return read_number(text, "+-0123456789", value);
}

enum set_result set_int(const struct set_limits *l, const char *text, void *member,
                        const char **hint)
{
    double value;

    (void)hint;
    if (!read_whole(text, &value))
        return SET_BAD;
    enum set_result result = into_range(l, &value);
    *(int *)member = (int)value;
    return result;
}

enum set_result set_choice(const struct set_limits *l, const char *text, void *member,
                           const char **hint)
{
    int value;
    enum set_result result = set_int(l, text, &value, hint);

    if (result != SET_OK)
        return SET_BAD;
    *(int *)member = value;
    return SET_OK;
}

enum set_result set_unsigned(const struct set_limits *l, const char *text, void *member,
                             const char **hint)
{
    double value;

    (void)hint;
    return read_whole(text, &value) ? put_scaled(l, value, member) : SET_BAD;
}

enum set_result set_decimal_unsigned(const struct set_limits *l, const char *text, void *member,
                                     const char **hint)
{
    double value;

    return read_decimal(text, &value, hint) ? put_scaled(l, value, member) : SET_BAD;
}

enum set_result set_switch(const struct set_limits *l, const char *text, void *member,
                           const char **hint)
{
    double value;

    if (!read_whole(text, &value))
        return set_bool(l, text, member, hint);
    *(bool *)member = value != 0;
    return SET_OK;
}

enum set_result set_double(const struct set_limits *l, const char *text, void *member,
                           const char **hint)
{
    bool bounded = l->max > l->min;
    double value;

    if (!read_decimal(text, &value, hint) || (bounded && !(value >= l->min && value <= l->max)))
        return SET_BAD;
    *(double *)member = value;
    return SET_OK;
}

enum set_result set_double_or_none(const struct set_limits *l, const char *text, void *member,
                                   const char **hint)
{
    if (*text && strcasecmp(text, "none") != 0)
        return set_double(l, text, member, hint);
    *(double *)member = MISSING;
    return SET_OK;
}

/* A choice among numbers, or this word for none of them, which is -1. */
static enum set_result choice_or(const char *word, const struct set_limits *l, const char *text,
                                 void *member, const char **hint)
{
    if (strcasecmp(text, word) != 0)
        return set_choice(l, text, member, hint);
    *(int *)member = -1;
    return SET_OK;
}

_Static_assert(CONF_INSTANCE_AUTO == -1 && CONF_POSITION_AUTO == -1 && CONF_CHANNELS_ALL == -1,
               "choice_or()");

enum set_result set_instance(const struct set_limits *l, const char *text, void *member,
                             const char **hint)
{
    return choice_or("auto", l, text, member, hint);
}

enum set_result set_position(const struct set_limits *l, const char *text, void *member,
                             const char **hint)
{
    return choice_or("auto", l, text, member, hint);
}

enum set_result set_channel(const struct set_limits *l, const char *text, void *member,
                            const char **hint)
{
    return choice_or("all", l, text, member, hint);
}

/* ---- Addresses ------------------------------------------------------------------------------ */

static bool valid_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    long port = strtol(text, NULL, 10);

    return digits <= 5 && !text[digits] && port >= 1 && port <= 65535;
}

/* "name", "name:port", "[v6]", "[v6]:port" in len bytes. */
static bool valid_authority(const char *text, const char **hint)
{
    static const char name_characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    static const char v6_characters[] = "0123456789abcdefABCDEF:.";
    const char *rest;

    if (*text == '[') {
        size_t len = strspn(text + 1, v6_characters);
        rest = text + 1 + len;
        if (len < 2 || *rest++ != ']')
            return false;
    } else {
        size_t len = strspn(text, name_characters);
        rest = text + len;
        if (strchr(text, ':') != strrchr(text, ':'))
            *hint = "an IPv6 address needs brackets: [fe80::1]";
        if (!len)
            return false;
    }
    return !*rest || (*rest == ':' && valid_port(rest + 1));
}

enum set_result set_host(const struct set_limits *l, const char *text, void *member,
                         const char **hint)
{
    char authority[CONF_TEXT_MAX - 8]; /* less "https://" */
    const char *scheme = "http://";
    size_t len;

    (void)l;
    if (strncasecmp(text, "https://", 8) == 0) {
        scheme = "https://";
        text += 8;
    } else if (strncasecmp(text, "http://", 7) == 0) {
        text += 7;
    }
    len = strlen(text);
    while (len && text[len - 1] == '/')
        len--;
    if (len >= sizeof authority)
        return SET_BAD;
    memcpy(authority, text, len);
    authority[len] = '\0';

    if (strstr(authority, "://"))
        *hint = "only http:// and https:// are supported";
    else if (strchr(authority, '@'))
        *hint = "write the user name and password to Username and Password";
    else if (strpbrk(authority, "/?"))
        *hint = "the address ends before the path; for a template, that goes into CUST_API_PATH";
    if (*hint || !valid_authority(authority, hint))
        return SET_BAD;
    (void)snprintf(member, CONF_TEXT_MAX, "%s%s", scheme, authority);
    return SET_OK;
}

enum set_result set_api_path(const struct set_limits *l, const char *text, void *member,
                             const char **hint)
{
    char out[CONF_TEXT_MAX];
    bool bare = *text != '/';

    (void)l;
    if (!*text || set_is_quoted(text))
        return SET_BAD;
    out[0] = '/';
    if (!percent_encode(out + bare, sizeof out - bare, text, PERCENT_TYPED_PATH)) {
        *hint = "it is too long";
        return SET_BAD;
    }
    memcpy(member, out, strlen(out) + 1);
    if (is_utf8(text))
        return SET_OK;
    *hint = set_not_utf8;
    return SET_ADAPTED;
}

enum set_result set_authorization(const struct set_limits *l, const char *text, void *member,
                                  const char **hint)
{
    static const char bearer[] = "Bearer ", header[] = "Authorization:";
    const char *scheme = *text && !strchr(text, ' ') ? bearer : "";

    for (const char *c = text; *c; c++) {
        if (*c < ' ' || *c > '~') {
            *hint = "a token consists of letters, digits and a few signs";
            return SET_BAD;
        }
    }
    if (set_is_quoted(text))
        return SET_BAD;
    if (strncasecmp(text, header, sizeof header - 1) == 0) {
        *hint = "write only what follows Authorization: as the value";
        return SET_BAD;
    }
    if (strlen(scheme) + strlen(text) >= (size_t)l->max) {
        *hint = "it is too long";
        return SET_BAD;
    }
    (void)snprintf(member, (size_t)l->max, "%s%s", scheme, text);
    return SET_OK;
}

enum set_result set_json_path(const struct set_limits *l, const char *text, void *member,
                              const char **hint)
{
    static const struct set_limits size = {.max = CONF_TEXT_MAX};

    enum set_result result =
        set_text(&size, strcasecmp(text, "none") == 0 ? "" : text, member, hint);

    (void)l;
    if (result != SET_OK || !set_is_quoted(text))
        return result;
    *hint =
        "the quotes are part of the name that is looked for: remove them"; /* it may have them */
    return SET_ADAPTED;
}

enum set_result set_service(const struct set_limits *l, const char *text, void *member,
                            const char **hint)
{
    static const char prefix[] = "com.victronenergy.";
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    static const struct set_limits size = {.max = 64}; /* a bus name has 255 at most */
    const char *class = text + sizeof prefix - 1;

    (void)l;
    if (strncmp(text, prefix, sizeof prefix - 1) != 0 || !*class ||
        class[strspn(class, characters)] || isdigit((unsigned char)*class))
        return SET_BAD;
    return set_text(&size, text, member, hint);
}
