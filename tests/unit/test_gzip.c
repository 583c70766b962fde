#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    assert_false(gzip_is("\x1f", 1));
    assert_false(gzip_is("{}", 2));
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
        cmocka_unit_test(bounds_the_size),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(refuses_damage),
    };
    return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
