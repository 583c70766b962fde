/* Signatures: what openssl has made is good, and nothing else is, however little it differs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge/sys/file.h"
#include "edge/sys/signature.h"

#define FIXTURES "tests/fixtures/signature/"

/* ---- What the machine may fail at ---- */

static long before = -1; /* so many allocations succeed, then one fails; -1: all succeed */
static bool interrupted; /* the next read is */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    bool fails = before == 0;

    before -= before >= 0;
    return fails ? NULL : __real_calloc(count, size);
}

ssize_t __wrap_read(int fd, void *data, size_t size)
{
    if (!interrupted)
        return __real_read(fd, data, size);
    interrupted = false;
    errno = EINTR;
    return -1;
}

struct fixture {
    char *key, *signature;
    size_t len;
    unsigned char hash[SIGNATURE_HASH];
};

static char *read_fixture(const char *name, size_t *len)
{
    char path[128];

    (void)snprintf(path, sizeof path, FIXTURES "%s", name);
    char *data = file_read(path, 64 * 1024, len);
    if (!data)
        fail_msg("%s: %s", path, strerror(errno));
    return data;
}

static int setup(void **state)
{
    static struct fixture f;
    size_t ignored;

    f.key = read_fixture("p256.pub", &ignored);
    f.signature = read_fixture("file.sig", &f.len);
    *state = &f;
    return signature_hash(FIXTURES "file", f.hash);
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    free(f->key);
    free(f->signature);
    return 0;
}

/* From a buffer of exactly its size: the sanitizer sees each byte read too many. */
static enum signature_verdict check(const struct fixture *f, const char *signature, size_t len)
{
    char *exact = malloc(len ? len : 1);

    memcpy(exact, signature, len);
    enum signature_verdict verdict = signature_check(f->key, f->hash, exact, len);
    free(exact);
    return verdict;
}

static enum signature_verdict check_file(const struct fixture *f, const char *key_name,
                                         const char *signature_name)
{
    size_t len;
    char *key = read_fixture(key_name, &len), *signature = read_fixture(signature_name, &len);
    enum signature_verdict verdict = signature_check(key, f->hash, signature, len);

    free(key);
    free(signature);
    return verdict;
}

static void what_openssl_signs_is_good(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(check(f, f->signature, f->len), SIGNATURE_GOOD);
    assert_int_equal(check_file(f, "other.pub", "file.other.sig"), SIGNATURE_GOOD);
}

static void each_bit_of_the_file_counts(void **state)
{
    struct fixture *f = *state;

    for (unsigned bit = 0; bit < 8 * SIGNATURE_HASH; bit++) {
        f->hash[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_int_equal(check(f, f->signature, f->len), SIGNATURE_WRONG);
        f->hash[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}

static void each_bit_of_the_signature_counts(void **state)
{
    struct fixture *f = *state;

    for (unsigned bit = 0; bit < 8 * f->len; bit++) {
        f->signature[bit / 8] ^= (char)(1u << bit % 8);
        assert_int_equal(check(f, f->signature, f->len), SIGNATURE_WRONG);
        f->signature[bit / 8] ^= (char)(1u << bit % 8);
    }
}

/* Another letter anywhere in it makes another key of it, or none. */
static void a_letter_of_the_key_counts(void **state)
{
    struct fixture *f = *state;
    char *begin = strchr(f->key, '\n') + 1, *end = strstr(f->key, "==\n");

    for (char *at = begin; at < end - 1; at++) {
        if (*at == '\n')
            continue;
        char was = *at;
        *at = was == 'A' ? 'B' : 'A';
        assert_int_not_equal(check(f, f->signature, f->len), SIGNATURE_GOOD);
        *at = was;
    }
}

static void a_part_of_it_is_none(void **state)
{
    struct fixture *f = *state;

    for (size_t len = 0; len < f->len; len++)
        assert_int_equal(check(f, f->signature, len), SIGNATURE_WRONG);
}

static void nothing_may_follow_it(void **state)
{
    struct fixture *f = *state;
    char longer[2 * SIGNATURE_MAX + 1] = {0};

    memcpy(longer, f->signature, f->len);
    for (size_t len = f->len + 1; len <= sizeof longer; len++)
        assert_int_equal(check(f, longer, len), SIGNATURE_WRONG);
}

static void a_huge_one_is_not_looked_at(void **state)
{
    enum { HUGE_LEN = 8 * 1024 * 1024 };
    struct fixture *f = *state;
    char *huge = calloc(1, HUGE_LEN);
    static const char head[] = {0x30, (char)0x84, 0x00, 0x7F, (char)0xFF, (char)0xFA,
                                0x02, (char)0x84, 0x00, 0x3F, (char)0xFF, 0x00};

    /* Two numbers of four megabytes: to multiply them would take days. */
    memcpy(huge, head, sizeof head);
    memset(huge + sizeof head, 0x7F, HUGE_LEN - sizeof head);
    assert_int_equal(check(f, huge, HUGE_LEN), SIGNATURE_WRONG);
    free(huge);
}

static void another_key_is_not_it(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(check_file(f, "p256.pub", "file.other.sig"), SIGNATURE_WRONG);
    assert_int_equal(check_file(f, "other.pub", "file.sig"), SIGNATURE_WRONG);
    assert_int_equal(check_file(f, "p256.pub", "file.p384.sig"), SIGNATURE_WRONG);
    assert_int_equal(check_file(f, "p256.pub", "file.rsa.sig"), SIGNATURE_WRONG);
}

/* Good ones by keys of another kind: it is not for the key to say how strong it is. */
static void only_p256_is_a_key(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(check_file(f, "p384.pub", "file.p384.sig"), SIGNATURE_NO_KEY);
    assert_int_equal(check_file(f, "rsa.pub", "file.rsa.sig"), SIGNATURE_NO_KEY);
    assert_int_equal(check_file(f, "ed25519.pub", "file.sig"), SIGNATURE_NO_KEY);
    assert_int_equal(check_file(f, "file", "file.sig"), SIGNATURE_NO_KEY);
    assert_int_equal(signature_check("", f->hash, f->signature, f->len), SIGNATURE_NO_KEY);
}

/* A point that is not on the curve would give a secret key of the forger's choice. */
static void a_point_beside_the_curve_is_no_key(void **state)
{
    struct fixture *f = *state;

    char key[] = "-----BEGIN PUBLIC KEY-----\n"
                 "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"
                 "-----END PUBLIC KEY-----\n";
    assert_int_equal(signature_check(key, f->hash, f->signature, f->len), SIGNATURE_NO_KEY);
}

static void zeros_are_no_signature(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(check(f, "\x30\x06\x02\x01\x00\x02\x01\x00", 8), SIGNATURE_WRONG);
    assert_int_equal(check(f, "\x30\x06\x02\x01\x01\x02\x01\x01", 8), SIGNATURE_WRONG);
}

/* The sums of FIPS 180-4's examples, and of more than one piece. */
static void files_are_summed(void **state)
{
    char path[] = "/tmp/test_signature.XXXXXX", many[3 * 4096 + 1];
    static const unsigned char abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea},
                               nothing[] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14},
                               all_a[] = {0x6d, 0xd7, 0x60, 0x24, 0x59, 0x27, 0xf6, 0x62};
    unsigned char hash[SIGNATURE_HASH];
    int fd = mkstemp(path);

    (void)state;
    assert_int_equal(signature_hash(path, hash), 0);
    assert_memory_equal(hash, nothing, sizeof nothing);
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_int_equal(signature_hash(path, hash), 0);
    assert_memory_equal(hash, abc, sizeof abc);
    memset(many, 'a', sizeof many);
    assert_int_equal(pwrite(fd, many, sizeof many, 0), sizeof many);
    assert_int_equal(signature_hash(path, hash), 0);
    assert_memory_equal(hash, all_a, sizeof all_a);
    close(fd);
    unlink(path);
}

static void only_files_are_summed(void **state)
{
    char path[] = "/tmp/test_signature.XXXXXX", fifo[64];
    unsigned char hash[SIGNATURE_HASH];

    (void)state;
    assert_non_null(mkdtemp(path));
    (void)snprintf(fifo, sizeof fifo, "%s/fifo", path);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(signature_hash(fifo, hash), -EINVAL);
    unlink(fifo);
    assert_int_equal(signature_hash(fifo, hash), -ENOENT);
    assert_int_equal(signature_hash(path, hash), -EISDIR);
    rmdir(path);
}

/* Who puts a key into src/release.pub puts one there that can be used. */
static void the_builds_own_key_is_one(void **state)
{
    struct fixture *f = *state;
    enum signature_verdict verdict = signature_check(release_key, f->hash, f->signature, f->len);

    assert_int_equal(verdict, *release_key ? SIGNATURE_WRONG : SIGNATURE_NO_KEY);
}

/* Without memory nothing is good, and nothing but that is said. */
static void without_memory_none_is_good(void **state)
{
    const struct fixture *f = *state;
    long n = 0;

    do {
        before = n++;
        enum signature_verdict verdict = signature_check(f->key, f->hash, f->signature, f->len);
        if (before >= 0)
            assert_int_equal(verdict, SIGNATURE_GOOD); /* it took fewer */
        else
            assert_true(verdict == SIGNATURE_NO_MEMORY || verdict == SIGNATURE_NO_KEY ||
                        verdict == SIGNATURE_WRONG);
    } while (before < 0);
    before = -1;
    assert_true(n > 10);
}

static void a_read_is_interrupted_or_fails(void **state)
{
    const struct fixture *f = *state;
    unsigned char hash[SIGNATURE_HASH];

    interrupted = true;
    assert_int_equal(signature_hash(FIXTURES "file", hash), 0);
    assert_false(interrupted);
    assert_memory_equal(hash, f->hash, sizeof hash);
    assert_int_equal(signature_hash("/proc/self/mem", hash),
                     -EIO); /* nothing is at its beginning */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_openssl_signs_is_good),
        TEST(each_bit_of_the_file_counts),
        TEST(each_bit_of_the_signature_counts),
        TEST(a_letter_of_the_key_counts),
        TEST(a_part_of_it_is_none),
        TEST(nothing_may_follow_it),
        TEST(a_huge_one_is_not_looked_at),
        TEST(another_key_is_not_it),
        TEST(only_p256_is_a_key),
        TEST(a_point_beside_the_curve_is_no_key),
        TEST(zeros_are_no_signature),
        TEST(files_are_summed),
        TEST(only_files_are_summed),
        TEST(without_memory_none_is_good),
        TEST(a_read_is_interrupted_or_fails),
        TEST(the_builds_own_key_is_one),
    };
    return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}
