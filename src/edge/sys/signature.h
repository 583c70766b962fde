/*
 * Who made a file: a detached signature (ECDSA on P-256 over SHA-256, DER, as `openssl dgst -sha256 -sign` writes it),
 * checked with a public key (PEM).
 */
#ifndef DTU_EDGE_SIGNATURE_H
#define DTU_EDGE_SIGNATURE_H

#include <stddef.h>

/* The key of this build's releases, "" without one. Made from src/release.pub by scripts/key-table. */
extern const char release_key[];

enum {
    SIGNATURE_HASH = 32,     /* bytes of a SHA-256 */
    SIGNATURE_MAX = 72,      /* two numbers of 256 bits, in DER */
    SIGNATURE_KEY_MAX = 4096 /* a file with a key, and what somebody wrote above it */
};

enum signature_verdict {
    SIGNATURE_GOOD,
    SIGNATURE_WRONG,  /* of something else, by another key, or no signature at all */
    SIGNATURE_NO_KEY, /* the key cannot be read, or is none of P-256 */
    SIGNATURE_NO_MEMORY
};

/* The SHA-256 of a regular file of any size. 0 or -errno. */
int signature_hash(const char *path, unsigned char hash[SIGNATURE_HASH]);

/* key: PEM, NUL-terminated; signature: len bytes, from anybody. Nothing may stand behind the signature. */
enum signature_verdict signature_check(const char *key, const unsigned char hash[SIGNATURE_HASH],
                                       const char *signature, size_t len);

#endif
