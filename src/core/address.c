#include "core/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"

bool address_is_near_v4(uint32_t address)
{
    return address >> 24 == 10 || address >> 20 == (172 << 4 | 1) ||
           address >> 16 == (192 << 8 | 168) || address >> 16 == (169 << 8 | 254);
}

bool address_is_near_v6(const uint8_t address[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (memcmp(address, mapped, sizeof mapped) == 0)
        return address_is_near_v4((uint32_t)address[12] << 24 | (uint32_t)address[13] << 16 |
                                  (uint32_t)address[14] << 8 | address[15]);
    return (address[0] & 0xfe) == 0xfc || (address[0] == 0xfe && (address[1] & 0xc0) == 0x80);
}

/*
 * Letters, digits, '-' and '.'. What ends in a number is none: "2130706433" and "0x7f.1" are addresses to those who
 * look names up.
 */
static bool is_name(const char *text)
{
    const char *dot = strrchr(text, '.');

    for (const char *c = text; *c; c++) {
        bool inside = c > text && c[-1] != '.' && c[1] && c[1] != '.';
        if (!isalnum((unsigned char)*c) && !((*c == '-' || *c == '.') && inside))
            return false;
    }
    return isalpha((unsigned char)(dot ? dot[1] : text[0]));
}

static bool may_be_added(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, text, &v4) == 1)
        return address_is_near_v4(ntohl(v4.s_addr));
    if (inet_pton(AF_INET6, text, &v6) == 1)
        return address_is_near_v6(v6.s6_addr);
    return is_name(text);
}

static int find(const struct addresses *a, const char *text)
{
    for (int i = 0; i < ADDRESSES_MAX; i++) {
        if (strcasecmp(a->list[i], text) == 0)
            return i;
    }
    return -1;
}

/* The next of a list into out, without the blanks around it. False at the end; *ok false: it is too long. */
static bool next(const char **at, char out[ADDRESS_MAX], bool *ok)
{
    *at += strspn(*at, " ,");
    size_t len = strcspn(*at, ",");
    const char *from = *at;

    *at += len;
    while (len && from[len - 1] == ' ')
        len--;
    *ok = len < ADDRESS_MAX;
    if (*ok) {
        memcpy(out, from, len);
        out[len] = '\0';
    }
    return len > 0;
}

/* Who stays keeps his number; the others come where there is room. */
bool addresses_write(struct addresses *a, const char *text)
{
    struct addresses given = {0}, kept = {0};
    size_t count = 0;
    const char *at = text;
    char one[ADDRESS_MAX];
    bool ok;

    while (next(&at, one, &ok)) {
        if (!ok || !may_be_added(one))
            return false;
        if (find(&given, one) >= 0)
            continue;
        if (count == ADDRESSES_MAX)
            return false;
        memcpy(given.list[count++], one, sizeof one);
    }
    for (int i = 0; i < ADDRESSES_MAX; i++) {
        if (a->list[i][0] && find(&given, a->list[i]) >= 0)
            text_copy(kept.list[i], ADDRESS_MAX, a->list[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (find(&kept, given.list[i]) < 0)
            text_copy(kept.list[find(&kept, "")], ADDRESS_MAX, given.list[i]);
    }
    *a = kept;
    return true;
}

bool addresses_read(struct addresses *a, const char *text)
{
    struct addresses read = {0};
    const char *at = text;

    for (int i = 0; *at; i++) {
        size_t len = strcspn(at, ",");
        char one[ADDRESS_MAX];
        if (i == ADDRESSES_MAX || len >= ADDRESS_MAX)
            return false;
        memcpy(one, at, len);
        one[len] = '\0';
        if (len && (!may_be_added(one) || find(&read, one) >= 0))
            return false;
        memcpy(read.list[i], one, len + 1);
        at += len + (at[len] == ',');
    }
    *a = read;
    return true;
}

void addresses_by_number(const struct addresses *a, char out[ADDRESSES_TEXT_MAX])
{
    int last = ADDRESSES_MAX - 1;

    while (last >= 0 && !a->list[last][0])
        last--;
    out[0] = '\0';
    for (int i = 0; i <= last; i++) {
        strcat(out, a->list[i]);
        if (i < last)
            strcat(out, ",");
    }
}

void addresses_text(const struct addresses *a, char out[ADDRESSES_TEXT_MAX])
{
    out[0] = '\0';
    for (int i = 0; i < ADDRESSES_MAX; i++) {
        if (!a->list[i][0])
            continue;
        if (out[0])
            strcat(out, ",");
        strcat(out, a->list[i]);
    }
}
