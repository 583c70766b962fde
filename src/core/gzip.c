#include "core/gzip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc32.h"

enum {
    HEAD = 10, /* magic, method, flags, time, extra flags, system */
    TAIL = 8,  /* CRC-32 and length of the contents */
    DEFLATE = 8,
    FLAG_CRC = 2,
    FLAG_EXTRA = 4,
    FLAG_NAME = 8,
    FLAG_COMMENT = 16,
    FLAGS_RESERVED = 0xE0,
    CODE_BITS_MAX = 15,
    LENGTH_CODES = 19,  /* of the codes that the lengths of a block's codes are written in */
    LITERALS_MAX = 288, /* bytes, the end of the block, lengths of copies */
    DISTANCES_MAX = 32,
    END_OF_BLOCK = 256,
};

/* A canonical Huffman code: how many codes of each length, and the symbols in the order of the codes. */
struct code {
    uint16_t count[CODE_BITS_MAX + 1];
    uint16_t symbol[LITERALS_MAX];
};

struct unpacking {
    const uint8_t *in, *end;
    uint32_t held; /* bits that were read and not used yet, the next one lowest */
    unsigned held_count;
    uint8_t *out;
    size_t used, size;
    bool bad; /* for good: what is read from then on is 0 */
};

/* ---- Bits and codes ---- */

/* count <= 16 */
static unsigned take_bits(struct unpacking *u, unsigned count)
{
    while (u->held_count < count) {
        if (u->in == u->end) {
            u->bad = true;
            return 0;
        }
        u->held |= (uint32_t)*u->in++ << u->held_count;
        u->held_count += 8;
    }
    unsigned bits = u->held & ((1u << count) - 1);
    u->held >>= count;
    u->held_count -= count;
    return bits;
}

/* lengths[i]: bits of the code of symbol i, 0: it has none. False: there are more codes than can be. */
static bool make_code(struct code *c, const uint8_t *lengths, unsigned symbols)
{
    uint16_t at[CODE_BITS_MAX + 2] = {0};
    int left = 1;

    memset(c, 0, sizeof *c);
    for (unsigned i = 0; i < symbols; i++)
        c->count[lengths[i]]++;
    for (unsigned bits = 1; bits <= CODE_BITS_MAX; bits++) {
        left = 2 * left - c->count[bits];
        if (left < 0)
            return false;
        at[bits + 1] = (uint16_t)(at[bits] + c->count[bits]);
    }
    for (unsigned i = 0; i < symbols; i++) {
        if (lengths[i])
            c->symbol[at[lengths[i]]++] = (uint16_t)i;
    }
    return true;
}

static unsigned take_symbol(struct unpacking *u, const struct code *c)
{
    unsigned code = 0, first = 0, index = 0; /* first: the first code of so many bits */

    for (unsigned bits = 1; bits <= CODE_BITS_MAX; bits++) {
        code = code << 1 | take_bits(u, 1);
        if (code - first < c->count[bits])
            return c->symbol[index + code - first];
        index += c->count[bits];
        first = (first + c->count[bits]) << 1;
    }
    u->bad = true;
    return END_OF_BLOCK;
}

/* ---- Blocks ---- */

static void put_byte(struct unpacking *u, unsigned byte)
{
    if (u->used == u->size)
        u->bad = true;
    else
        u->out[u->used++] = (uint8_t)byte;
}

static void copy_back(struct unpacking *u, unsigned distance, unsigned length)
{
    if (distance > u->used || length > u->size - u->used) {
        u->bad = true;
        return;
    }
    for (; length; length--, u->used++) /* may overlap what it writes */
        u->out[u->used] = u->out[u->used - distance];
}

/* A length or a distance: groups of 2^extra values, each group twice (lengths: four times) as long. */
static unsigned take_range(struct unpacking *u, unsigned symbol, unsigned groups, unsigned base)
{
    if (symbol < 2 * groups)
        return base + symbol;
    unsigned extra = symbol / groups - 1;
    return base + ((groups + symbol % groups) << extra) + take_bits(u, extra);
}

static void take_copy(struct unpacking *u, unsigned symbol, const struct code *distances)
{
    unsigned length = symbol == 285 ? 258 : take_range(u, symbol - END_OF_BLOCK - 1, 4, 3);
    unsigned far = take_symbol(u, distances);

    if (symbol > 285 || far > 29)
        u->bad = true;
    else
        copy_back(u, take_range(u, far, 2, 1), length);
}

static void take_compressed(struct unpacking *u, const struct code *literals,
                            const struct code *distances)
{
    while (!u->bad) {
        unsigned symbol = take_symbol(u, literals);
        if (symbol == END_OF_BLOCK)
            return;
        if (symbol < END_OF_BLOCK)
            put_byte(u, symbol);
        else
            take_copy(u, symbol, distances);
    }
}

static void take_stored(struct unpacking *u)
{
    u->held = u->held_count = 0; /* fewer than eight: they fill up the byte */
    unsigned length = take_bits(u, 16), check = take_bits(u, 16);

    if (length != (~check & 0xFFFF))
        u->bad = true;
    for (; length && !u->bad; length--)
        put_byte(u, take_bits(u, 8));
}

static void take_fixed(struct unpacking *u)
{
    struct code literals, distances;
    uint8_t lengths[LITERALS_MAX];

    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    (void)make_code(&literals, lengths, LITERALS_MAX);
    memset(lengths, 5, DISTANCES_MAX);
    (void)make_code(&distances, lengths, DISTANCES_MAX);
    take_compressed(u, &literals, &distances);
}

/* The lengths of both codes of a block, in a code of their own with marks for repetitions. */
static bool take_lengths(struct unpacking *u, const struct code *c, uint8_t *lengths,
                         unsigned count)
{
    for (unsigned at = 0; at < count;) {
        unsigned symbol = take_symbol(u, c), times = 1;
        uint8_t length = (uint8_t)symbol;
        if (symbol == 16) {
            if (!at)
                return false;
            length = lengths[at - 1];
            times = 3 + take_bits(u, 2);
        } else if (symbol > 16) {
            length = 0;
            times = symbol == 17 ? 3 + take_bits(u, 3) : 11 + take_bits(u, 7);
        }
        if (u->bad || times > count - at)
            return false;
        memset(lengths + at, length, times);
        at += times;
    }
    return true;
}

static void take_dynamic(struct unpacking *u)
{
    static const uint8_t order[LENGTH_CODES] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                11, 4,  12, 3, 13, 2, 14, 1, 15};
    struct code literals, distances;
    uint8_t lengths[LITERALS_MAX + DISTANCES_MAX] = {0};
    unsigned literal_count = 257 + take_bits(u, 5), distance_count = 1 + take_bits(u, 5);
    unsigned length_count = 4 + take_bits(u, 4);

    for (unsigned i = 0; i < length_count; i++)
        lengths[order[i]] = (uint8_t)take_bits(u, 3);
    bool ok = literal_count <= LITERALS_MAX && make_code(&literals, lengths, LENGTH_CODES) &&
              take_lengths(u, &literals, lengths, literal_count + distance_count) &&
              make_code(&distances, lengths + literal_count, distance_count) &&
              make_code(&literals, lengths, literal_count);
    if (ok)
        take_compressed(u, &literals, &distances);
    else
        u->bad = true;
}

static void take_blocks(struct unpacking *u)
{
    for (bool last = false; !last && !u->bad;) {
        last = take_bits(u, 1);
        switch (take_bits(u, 2)) {
        case 0:
            take_stored(u);
            break;
        case 1:
            take_fixed(u);
            break;
        case 2:
            take_dynamic(u);
            break;
        default:
            u->bad = true;
        }
    }
}

/* ---- The file ---- */

static uint32_t number(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Behind a text with its NUL; NULL when that is not there. */
static const uint8_t *skip_text(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *stop = at ? memchr(at, 0, (size_t)(end - at)) : NULL;
    return stop ? stop + 1 : NULL;
}

static const uint8_t *skip_bytes(const uint8_t *at, const uint8_t *end, size_t count)
{
    return at && (size_t)(end - at) >= count ? at + count : NULL;
}

/* Where the compressed bytes begin; NULL: in no way that is known. */
static const uint8_t *skip_head(const uint8_t *file, const uint8_t *end)
{
    const uint8_t *at = file + HEAD;
    unsigned flags = file[3];

    if (file[2] != DEFLATE || flags & FLAGS_RESERVED)
        return NULL;
    if (flags & FLAG_EXTRA) {
        const uint8_t *extra = skip_bytes(at, end, 2);
        at = extra ? skip_bytes(extra, end, at[0] + 256u * at[1]) : NULL;
    }
    if (flags & FLAG_NAME)
        at = skip_text(at, end);
    if (flags & FLAG_COMMENT)
        at = skip_text(at, end);
    return flags & FLAG_CRC ? skip_bytes(at, end, 2) : at;
}

bool gzip_is(const char *bytes, size_t len)
{
    return len >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0;
}

char *gzip_unpack(const char *bytes, size_t len, size_t max, size_t *out_len)
{
    const uint8_t *file = (const uint8_t *)bytes;

    if (len < HEAD + TAIL || !gzip_is(bytes, len))
        return NULL;
    const uint8_t *tail = file + len - TAIL;
    struct unpacking u = {.in = skip_head(file, tail), .end = tail, .size = number(tail + 4)};
    if (!u.in || u.size > max)
        return NULL;
    u.out = malloc(u.size + 1);
    if (!u.out)
        return NULL;
    take_blocks(&u);
    if (u.bad || u.in != u.end || u.used != u.size || crc32_of(u.out, u.used) != number(tail)) {
        free(u.out);
        return NULL;
    }
    u.out[u.used] = '\0';
    *out_len = u.used;
    return (char *)u.out;
}
