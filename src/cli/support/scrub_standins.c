/* What stands in for the serial numbers, names and addresses of a capture: the same for the same. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/support/safe.h"
#include "cli/support/scrub_parts.h"
#include "core/reading.h"

enum {
    STANDINS_MAX = 2048, /* whatever a gateway sends */
    TEXTS_MAX = 128 * 1024,
    STANDIN_LEN = 24,
    SERIAL_LEN_MIN = 8,
    SERIAL_LEN_MAX = 16,
    PREFIX = 4 /* says how many phases an inverter has */
};

enum kind { TEXT, SERIAL, ADDRESS, KINDS };

struct standin {
    enum kind kind;
    size_t at, len; /* in texts; of a serial its key */
    char by[STANDIN_LEN];
};

struct scrub_standins {
    size_t count, used; /* of list, of texts */
    unsigned numbers[KINDS];
    struct standin list[STANDINS_MAX];
    char texts[TEXTS_MAX];
};

void scrub_replace(struct scrub *s)
{
    s->standins = calloc(1, sizeof *s->standins);
    s->failed = s->failed || !s->standins;
}

void scrub_standins_free(struct scrub_standins *t)
{
    free(t);
}

/* ---- What it is ------------------------------------------------------------------------------ */

static size_t count_of(const char *text, size_t len, const char *set)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += text[i] && strchr(set, text[i]);
    return count;
}

bool scrub_is_like_serial(const char *text, size_t len)
{
    return len >= SERIAL_LEN_MIN && len <= SERIAL_LEN_MAX &&
           count_of(text, len, "0123456789ABCDEFabcdef") == len &&
           count_of(text, len, "0123456789") >= PREFIX;
}

/* "192.168.1.50"; a version has less of them. */
bool scrub_is_address(const char *text, size_t len)
{
    return len > 0 && isdigit((unsigned char)*text) && count_of(text, len, ".") == 3 &&
           count_of(text, len, ".0123456789") == len;
}

/* ---- What stands for it ----------------------------------------------------------------------- */

/* Of the same length, since that belongs to its form as well. */
static void make_serial(struct standin *one, const char *text, size_t len, unsigned number)
{
    int kept = len >= SERIAL_LEN_MIN ? PREFIX : 0, digits = (int)len - kept - 1;

    (void)snprintf(one->by, sizeof one->by, "%.*s9%0*u", kept, text, digits > 0 ? digits : 1,
                   number);
}

static void make(struct standin *one, const char *text, size_t len, unsigned number)
{
    if (one->kind == SERIAL)
        make_serial(one, text, len, number);
    else if (one->kind == ADDRESS) /* of the block that is for documents and tests (RFC 2544) */
        (void)snprintf(one->by, sizeof one->by, "198.18.%u.%u", number / 250 % 250,
                       number % 250 + 1);
    else
        (void)snprintf(one->by, sizeof one->by, "text-%u", number);
}

static const struct standin *find(const struct scrub_standins *t, enum kind kind, const char *text,
                                  size_t len)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct standin *one = &t->list[i];
        if (one->kind == kind && one->len == len && memcmp(t->texts + one->at, text, len) == 0)
            return one;
    }
    return NULL;
}

static const struct standin *add(struct scrub_standins *t, enum kind kind, const char *text,
                                 size_t len)
{
    if (t->count == STANDINS_MAX || len > TEXTS_MAX - t->used)
        return NULL;
    struct standin *one = &t->list[t->count++];
    *one = (struct standin){.kind = kind, .at = t->used, .len = len};
    memcpy(t->texts + t->used, text, len);
    t->used += len;
    make(one, text, len, ++t->numbers[kind]);
    return one;
}

/* NULL when it is not known, and not to be added or one too many. */
static const char *standin_of(struct scrub_standins *t, enum kind kind, const char *text,
                              size_t len, bool may_add)
{
    char copy[SERIAL_LEN_MAX + 1] = "", key[SERIAL_MAX];

    if (kind == SERIAL) { /* is written in more than one way */
        memcpy(copy, text, len < sizeof copy ? len : sizeof copy - 1);
        serial_key(key, copy);
        text = key;
        len = strlen(key);
    }
    const struct standin *one = find(t, kind, text, len);
    if (!one && may_add)
        one = add(t, kind, text, len);
    return one ? one->by : NULL;
}

bool scrub_is_standin(const struct scrub *s, const char *text, size_t len)
{
    char copy[STANDIN_LEN] = "";

    if (!s->standins || len == 0 || len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    for (size_t i = 0; i < s->standins->count; i++) {
        if (memcmp(s->standins->list[i].by, copy, sizeof copy) == 0)
            return true;
    }
    return false;
}

const char *scrub_standin(const struct scrub *s, bool serial, const char *text, size_t len)
{
    const char *by = s->standins && len <= SERIAL_LEN_MAX
                         ? standin_of(s->standins, SERIAL, text, len, serial)
                         : NULL;

    if (by || !s->standins || !len)
        return by;
    return standin_of(s->standins, scrub_is_address(text, len) ? ADDRESS : TEXT, text, len, true);
}

/* What must not be replaced in names, whoever is called so: drivers read by it. */
static bool is_common(const struct scrub *s, const char *text, size_t len)
{
    return scrub_is_allowed_member(s, text, len) || safe_value(text, len) ||
           safe_is_number(text, len);
}

const char *scrub_standin_known(const struct scrub *s, bool shown, const char *text, size_t len)
{
    bool like_serial = scrub_is_like_serial(text, len);

    if (!s->standins)
        return NULL;
    if (shown && scrub_is_address(text, len))
        return scrub_standin(s, false, text, len);
    const char *by = like_serial ? standin_of(s->standins, SERIAL, text, len, shown) : NULL;
    if (by || is_common(s, text, len))
        return by;
    return standin_of(s->standins, TEXT, text, len, false);
}

const char *scrub_standin_serial(const struct scrub *s, const char *text, size_t len)
{
    return s->standins && scrub_is_like_serial(text, len)
               ? standin_of(s->standins, SERIAL, text, len, false)
               : NULL;
}

/* ---- Of the configuration: known before a gateway says it -------------------------------------- */

static void own_host(const struct scrub *s, const char *address)
{
    const char *scheme = strstr(address, "://"), *host = scheme ? scheme + 3 : address;
    const char *login = strrchr(host, '@');

    host = login ? login + 1 : host;
    size_t len = strcspn(host, ":/?"), label = strcspn(host, ".");
    (void)scrub_standin(s, false, host, len);
    if (label < len && !scrub_is_address(host, len))
        (void)scrub_standin(s, false, host, label);
}

void scrub_own(struct scrub *s, const char *key, const char *value)
{
    size_t len = strlen(value);

    if (!s->standins)
        return;
    if (strcasecmp(key, "Host") == 0) {
        own_host(s, value);
    } else if (strcasecmp(key, "Name") == 0 || strcasecmp(key, "Username") == 0) {
        (void)scrub_standin(s, false, value, len);
    } else if (strcasecmp(key, "Serial") == 0 || strcasecmp(key, "CUST_SN") == 0) {
        bool like_serial = scrub_is_like_serial(value, len);
        (void)scrub_standin(s, like_serial, value, len);
        if (like_serial) /* also where it is part of a name */
            scrub_learn(s, value, len);
    }
}
