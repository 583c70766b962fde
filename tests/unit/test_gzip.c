#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc32.h"
#include "core/gzip.h"

enum { MAX = 1024 * 1024, FILE_MAX = 256 * 1024, ROWS = 2000 };

static char file[FILE_MAX]; /* of tests/fixtures/gzip, as zlib wrote it */
static size_t file_len;

static void read_file(const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof path, "tests/fixtures/gzip/%s.gz", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s is not there", path);
    file_len = fread(file, 1, sizeof file, f);
    (void)fclose(f);
}

/* From a buffer of exactly its size: the sanitizer sees each byte read too many. */
static char *unpack(const char *bytes, size_t len, size_t max, size_t *out_len)
{
    char *exact = malloc(len ? len : 1);

    memcpy(exact, bytes, len);
    char *out = gzip_unpack(exact, len, max, out_len);
    free(exact);
    return out;
}

/* What was packed: the first size bytes of it. */
static char *contents(size_t size)
{
    char *text = malloc(size + 64), *to = text;

    for (int i = 0; i < ROWS && to < text + size; i++)
        to += sprintf(to, "{\"power%d\":%d.%d},", i, i * 7919 % 1000, i);
    return text;
}

static void assert_unpacks(const char *name, const char *expected, size_t size)
{
    size_t len = 0;

    read_file(name);
    assert_true(gzip_is(file, file_len));
    char *out = unpack(file, file_len, MAX, &len);
    if (!out || len != size || memcmp(out, expected, size) != 0)
        fail_msg("%s: %zu bytes of %zu", name, len, size);
    assert_int_equal(out[len], '\0');
    free(out);
}

static void every_kind_of_block(void **state)
{
    size_t whole = 0;
    char row[64], *text, runs[500];

    (void)state;
    for (int i = 0; i < ROWS; i++)
        whole += (size_t)sprintf(row, "{\"power%d\":%d.%d},", i, i * 7919 % 1000, i);
    text = contents(whole);
    assert_unpacks("stored", text, whole < 70000 ? whole : 70000);
    assert_unpacks("dynamic", text, whole);
    assert_unpacks("huffman", text, whole);
    assert_unpacks("fixed", text, 200);
    assert_unpacks("flags", text, 200);
    memset(runs, 'a', 300);
    memcpy(runs + 300, text, 200);
    assert_unpacks("rle", runs, 500);
    assert_unpacks("empty", "", 0);
    read_file("fixed");
    file[3] = 1; /* "it is text", which changes nothing */
    char *out = unpack(file, file_len, MAX, &whole);
    assert_non_null(out);
    assert_memory_equal(out, text, 200);
    free(out);
    free(text);
}

/* Bytes that are rarer and rarer, so that the rarest have codes of 15 bits; none below 9, and not many kinds. */
static void the_longest_codes(void **state)
{
    static char text[8000];
    size_t used = 0, count = 1, next = 1;

    (void)state;
    for (char byte = 9; byte < 9 + 18; byte++) {
        size_t sum = count + next;
        memset(text + used, byte, count);
        used += count;
        count = next;
        next = sum;
    }
    assert_unpacks("rare", text, used);
}

/* Of the fixed code, which has 8 or 9 bits for a byte and 7 or 8 for a length, all of them. */
static void every_byte_and_long_copies(void **state)
{
    char text[256 + 1000 + 256 + 150], *to = text;

    (void)state;
    for (int i = 0; i < 256; i++)
        *to++ = (char)i;
    memset(to, 'a', 1000);
    to += 1000;
    for (int i = 255; i >= 0; i--)
        *to++ = (char)i;
    memset(to, 'b', 150);
    assert_unpacks("bytes", text, sizeof text);
}

/* ---- Written by hand: what no packer writes ---- */

static unsigned bits_used;

static void begin_file(unsigned char flags)
{
    static const unsigned char head[10] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};

    memset(file, 0, sizeof file);
    memcpy(file, head, sizeof head);
    file[3] = (char)flags;
    bits_used = 8 * sizeof head;
}

static void put_bits(unsigned value, unsigned count)
{
    for (unsigned i = 0; i < count; i++, bits_used++)
        file[bits_used / 8] = (char)(file[bits_used / 8] | (value >> i & 1) << bits_used % 8);
}

/* A code is written from its highest bit. */
static void put_code(unsigned code, unsigned count)
{
    while (count-- > 0)
        put_bits(code >> count & 1, 1);
}

/* The lengths of 256 to 279 have 7 bits, those above have 8. */
static void put_fixed(unsigned symbol)
{
    if (symbol < 144)
        put_code(0x30 + symbol, 8);
    else if (symbol >= 280)
        put_code(0xC0 + symbol - 280, 8);
    else
        put_code(symbol - 256, 7);
}

static void end_file(const char *contents, size_t size)
{
    uint32_t tail[2] = {crc32_of(contents, size), (uint32_t)size};

    file_len = (bits_used + 7) / 8;
    for (unsigned i = 0; i < 8; i++)
        file[file_len++] = (char)(tail[i / 4] >> 8 * (i % 4));
}

static bool is_unpacked(void)
{
    size_t len = 0;
    char *out = unpack(file, file_len, MAX, &len);

    free(out);
    return out != NULL;
}

/* As many of one byte as a copy makes of it whose length is this symbol, with 0 in its extra bits. */
static void copy_of(unsigned symbol, unsigned extra, size_t size)
{
    char *contents = malloc(size);

    memset(contents, 'a', size);
    begin_file(0);
    put_bits(1, 1);
    put_bits(1, 2);
    put_fixed('a');
    put_fixed(symbol);
    put_bits(0, extra);
    put_code(0, 5); /* one byte back */
    put_fixed(256);
    end_file(contents, size);
    free(contents);
}

static void symbols_that_mean_nothing(void **state)
{
    (void)state;
    copy_of(285, 0, 1 + 258);
    assert_true(is_unpacked());
    copy_of(286, 6, 1 + 3 + 320);
    assert_false(is_unpacked());
    copy_of(287, 6, 1 + 3 + 384);
    assert_false(is_unpacked());
}

static void put_far_copy(unsigned distance, unsigned extra)
{
    put_code(1, 7); /* three bytes */
    put_code(distance, 5);
    put_bits(0, extra);
}

/* The farthest that can be said is 32768 bytes back; the code has room for two symbols more. */
static void distances_that_mean_nothing(void **state)
{
    enum { COPIES = 160, SIZE = 1 + 258 * COPIES + 3 };
    char *contents = malloc(SIZE);

    (void)state;
    memset(contents, 'a', SIZE);
    for (unsigned distance = 29; distance <= 31; distance++) {
        begin_file(0);
        put_bits(1, 1);
        put_bits(1, 2);
        put_fixed('a');
        for (int i = 0; i < COPIES; i++) {
            put_fixed(285);
            put_code(0, 5);
        }
        put_far_copy(distance, distance == 29 ? 13 : 14);
        put_fixed(256);
        end_file(contents, SIZE);
        assert_int_equal(is_unpacked(), distance == 29);
    }
    free(contents);
}

static void a_kind_of_block_that_is_none(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind <= 3; kind += 2) {
        begin_file(0);
        put_bits(1, 1);
        put_bits(kind, 2);
        if (kind == 1)
            put_fixed(256);
        end_file("", 0);
        assert_int_equal(is_unpacked(), kind == 1);
    }
}

/* In the code of the lengths: a length of 0, one of 1, the one before three times more, many of 0. */
enum { ZERO, ONE, BEFORE, ZEROS };

static void put_length(unsigned what, unsigned count)
{
    put_code(what, 2);
    if (what == BEFORE)
        put_bits(0, 2);
    if (what == ZEROS)
        put_bits(count - 11, 7);
}

enum fault { NO_FAULT, TOO_MANY, TOO_LONG, NONE_BEFORE };

/* "a", in a code of its own: one bit for it, one for the end, and one for the first length where that is there, too. */
static void dynamic_letter(enum fault fault)
{
    begin_file(0);
    put_bits(1, 1);
    put_bits(2, 2);
    put_bits(258 - 257, 5);
    put_bits(0, 5);
    put_bits(18 - 4, 4);
    for (int i = 0; i < 18; i++) /* of 16, of 18, of 0 and of 1 */
        put_bits(i == 0 || i == 2 || i == 3 || i == 17 ? 2 : 0, 3);
    if (fault != NONE_BEFORE)
        put_length(ZERO, 1);
    put_length(BEFORE, 3);
    put_length(ZEROS, fault == NONE_BEFORE ? 'a' - 3 : 'a' - 4);
    put_length(ONE, 1);
    put_length(ZEROS, 138);
    put_length(ZEROS, 256 - 'a' - 1 - 138);
    put_length(ONE, 1);
    put_length(fault == TOO_MANY ? ONE : ZERO, 1);
    put_length(fault == TOO_LONG ? ZEROS : ZERO, 11); /* no distances */
    put_code(0, 1);
    put_code(1, 1);
    end_file("a", 1);
}

static void more_codes_than_can_be(void **state)
{
    (void)state;
    dynamic_letter(NO_FAULT);
    assert_true(is_unpacked());
    dynamic_letter(TOO_MANY);
    assert_false(is_unpacked());
    dynamic_letter(TOO_LONG); /* of lengths, likewise */
    assert_false(is_unpacked());
}

static void a_repetition_of_nothing(void **state)
{
    (void)state;
    dynamic_letter(NONE_BEFORE);
    assert_false(is_unpacked());
}

static void one_letter(void)
{
    begin_file(0);
    put_bits(1, 1);
    put_bits(1, 2);
    put_fixed('a');
    put_fixed(256);
}

/* Its checksum alone would not tell. */
static void more_or_less_than_it_says(void **state)
{
    (void)state;
    one_letter();
    end_file("a", 1);
    assert_true(is_unpacked());
    file[file_len - 4] = 2;
    assert_false(is_unpacked());
    one_letter();
    bits_used += 8; /* a byte behind the last block */
    end_file("a", 1);
    assert_false(is_unpacked());
    one_letter();
    end_file("b", 1);
    assert_false(is_unpacked());
}

/* Each of the parts that a head may have, alone. */
static void parts_of_the_head(void **state)
{
    static const struct {
        unsigned char flags;
        const char *part;
        size_t len;
    } cases[] = {{4, "\3\0xyz", 5}, {4, "\0\0", 2}, {8, "name", 5}, {16, "note", 5}, {2, "cc", 2}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_file(cases[i].flags);
        for (size_t k = 0; k < cases[i].len; k++)
            put_bits((unsigned char)cases[i].part[k], 8);
        put_bits(1, 1);
        put_bits(1, 2);
        put_fixed('a');
        put_fixed(256);
        end_file("a", 1);
        if (!is_unpacked())
            fail_msg("with %u", cases[i].flags);
    }
    begin_file(4);
    put_bits(300, 16);
    bits_used += 8 * 300;
    put_bits(1, 1);
    put_bits(1, 2);
    put_fixed(256);
    end_file("", 0);
    assert_true(is_unpacked());
    begin_file(4); /* an extra part that is longer than the file */
    put_bits(300, 16);
    end_file("", 0);
    assert_false(is_unpacked());
}

static void bounds_the_size(void **state)
{
    size_t len = 0;

    (void)state;
    read_file("full");
    char *out = unpack(file, file_len, MAX, &len);
    assert_non_null(out);
    assert_int_equal(len, MAX);
    assert_int_equal(out[MAX - 1], ' ');
    free(out);
    assert_null(unpack(file, file_len, MAX - 1, &len));
    read_file("over");
    assert_null(unpack(file, file_len, MAX, &len));
    for (int i = 1; i <= 4; i++) /* it says that it is smaller than it is */
        file[file_len - (size_t)i] = 0;
    file[file_len - 4] = 100;
    assert_null(unpack(file, file_len, MAX, &len));
    memset(file + file_len - 4, 0xFF, 4);
    assert_null(unpack(file, file_len, MAX, &len));
}

static void refuses_what_is_none(void **state)
{
    size_t len = 0;

    (void)state;
    assert_false(gzip_is("", 0));
    assert_false(gzip_is("\x1f\x8b", 1)); /* what follows is not of it */
    assert_false(gzip_is("{}", 2));
    assert_true(gzip_is("\x1f\x8b", 2));
    assert_null(unpack("", 0, MAX, &len));
    assert_null(unpack("{\"power\":12345678901234567890}", 30, MAX, &len));
    read_file("fixed");
    file[2] = 7; /* another method */
    assert_null(unpack(file, file_len, MAX, &len));
    file[2] = 8;
    file[3] = 0x20; /* a flag that nobody knows */
    assert_null(unpack(file, file_len, MAX, &len));
    file[3] = 8; /* a name without an end */
    memset(file + 10, 'n', file_len - 10);
    assert_null(unpack(file, file_len, MAX, &len));
    read_file("fixed");
    file[file_len] = 0; /* something behind it */
    assert_null(unpack(file, file_len + 1, MAX, &len));
}

/* Cut off anywhere, or with any bit changed: nothing, or the same. */
static void refuses_damage(void **state)
{
    static const char *const names[] = {"fixed", "rle", "flags", "empty"};
    char *text = contents(200);

    (void)state;
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        size_t len = 0;
        read_file(names[n]);
        for (size_t cut = 0; cut < file_len; cut++)
            assert_null(unpack(file, cut, MAX, &len));
        for (size_t bit = 0; bit < 8 * file_len; bit++) {
            file[bit / 8] = (char)(file[bit / 8] ^ (1 << bit % 8));
            char *out = unpack(file, file_len, MAX, &len);
            if (out && len >= 200)
                assert_memory_equal(out + len - 200, text, 200);
            free(out);
            file[bit / 8] = (char)(file[bit / 8] ^ (1 << bit % 8));
        }
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_block),
        cmocka_unit_test(the_longest_codes),
        cmocka_unit_test(every_byte_and_long_copies),
        cmocka_unit_test(symbols_that_mean_nothing),
        cmocka_unit_test(distances_that_mean_nothing),
        cmocka_unit_test(a_kind_of_block_that_is_none),
        cmocka_unit_test(more_codes_than_can_be),
        cmocka_unit_test(a_repetition_of_nothing),
        cmocka_unit_test(more_or_less_than_it_says),
        cmocka_unit_test(parts_of_the_head),
        cmocka_unit_test(bounds_the_size),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(refuses_damage),
    };
    return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
