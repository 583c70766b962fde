/*
 * Lists of addresses that are added on the GX screen, one a line, each written over the one before, and each read as one that
 * was kept: only what lies in the house is taken, and who stays keeps his number.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what)
{
    (void)fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

/* Whether those who look names up would take it for an address, by whatever way of writing one. */
static void check_one(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET6, text, &v6) == 1) {
        if (!address_is_near_v6(v6.s6_addr))
            fail("an address of version 6 outside");
    } else if (inet_aton(text, &v4) != 0) {
        if (!address_is_near_v4(ntohl(v4.s_addr)))
            fail("an address outside");
    } else if (strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") !=
               strlen(text)) {
        fail("a name that is none");
    }
}

static void check(const struct addresses *a)
{
    char text[ADDRESSES_TEXT_MAX];
    struct addresses again = *a;

    for (int i = 0; i < ADDRESSES_MAX; i++) {
        if (!memchr(a->list[i], '\0', ADDRESS_MAX))
            fail("no end");
        if (a->list[i][0])
            check_one(a->list[i]);
        for (int j = 0; j < i && a->list[i][0]; j++) {
            if (strcasecmp(a->list[i], a->list[j]) == 0)
                fail("one that is there twice");
        }
    }
    addresses_text(a, text);
    if (!addresses_write(&again, text) || memcmp(&again, a, sizeof again) != 0)
        fail("what was read is not taken as it was");
    addresses_by_number(a, text);
    if (!addresses_read(&again, text) || memcmp(&again, a, sizeof again) != 0)
        fail("what was kept is not read as it was");
}

/* Who is in both has the place that he had. */
static void check_places(const struct addresses *before, const struct addresses *after)
{
    for (int i = 0; i < ADDRESSES_MAX; i++) {
        for (int j = 0; j < ADDRESSES_MAX; j++) {
            if (i != j && before->list[i][0] && strcasecmp(before->list[i], after->list[j]) == 0)
                fail("another number");
        }
    }
}

static void write_list(struct addresses *a, const char *text)
{
    const struct addresses before = *a;

    if (addresses_write(a, text))
        check_places(&before, a);
    else if (memcmp(&before, a, sizeof before) != 0)
        fail("refused, and changed all the same");
    check(a);
}

static void read_list(const char *text)
{
    struct addresses a = {0};

    if (addresses_read(&a, text))
        check(&a);
    else if (a.list[0][0])
        fail("refused, and read all the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct addresses a = {0};
    char *text = malloc(size + 1), *rest = text, *line;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    while ((line = strsep(&rest, "\n"))) {
        write_list(&a, line);
        read_list(line);
    }
    free(text);
    return 0;
}
