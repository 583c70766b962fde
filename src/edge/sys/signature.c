#include "edge/sys/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 4096 };

/* 0 or -errno. */
static int hash_open_file(int fd, mbedtls_sha256_context *sum)
{
    unsigned char piece[PIECE];
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    for (;;) {
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return 0;
        if (mbedtls_sha256_update(sum, piece, (size_t)got))
            return -EIO;
    }
}

int signature_hash(const char *path, unsigned char hash[SIGNATURE_HASH])
{
    /* O_NONBLOCK: a FIFO in the file's place must not hold up anything. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    mbedtls_sha256_context sum;

    if (fd < 0)
        return -errno;
    mbedtls_sha256_init(&sum);
    int error = mbedtls_sha256_starts(&sum, 0) ? -EIO : hash_open_file(fd, &sum);
    if (!error && mbedtls_sha256_finish(&sum, hash))
        error = -EIO;
    mbedtls_sha256_free(&sum);
    close(fd);
    return error;
}

static bool out_of_memory(int error)
{
    return error == MBEDTLS_ERR_PK_ALLOC_FAILED || error == MBEDTLS_ERR_MPI_ALLOC_FAILED ||
           error == MBEDTLS_ERR_ECP_ALLOC_FAILED || error == MBEDTLS_ERR_PEM_ALLOC_FAILED;
}

/* Which curve the key is on decides what a forger has to break: it is not left to whoever wrote the key. */
static bool is_p256(const mbedtls_pk_context *key)
{
    return mbedtls_pk_get_type(key) == MBEDTLS_PK_ECKEY &&
           mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*key)) == MBEDTLS_ECP_DP_SECP256R1;
}

enum signature_verdict signature_check(const char *key, const unsigned char hash[SIGNATURE_HASH],
                                       const char *signature, size_t len)
{
    mbedtls_pk_context pk;
    enum signature_verdict verdict = SIGNATURE_NO_KEY;

    mbedtls_pk_init(&pk);
    int error = mbedtls_pk_parse_public_key(&pk, (const unsigned char *)key, strlen(key) + 1);
    if (!error && is_p256(&pk)) {
        if (len > SIGNATURE_MAX)
            len = 0;
        /* Fails for bytes behind the signature, too. */
        error = mbedtls_pk_verify(&pk, MBEDTLS_MD_SHA256, hash, SIGNATURE_HASH,
                                  (const unsigned char *)signature, len);
        verdict = error ? SIGNATURE_WRONG : SIGNATURE_GOOD;
    }
    if (out_of_memory(error))
        verdict = SIGNATURE_NO_MEMORY;
    mbedtls_pk_free(&pk);
    return verdict;
}
