/*
 * Whatever lies beside an archive as its signature, and whatever lies in a file as a key. The first byte chooses: 'k',
 * the rest is a key; else it is a signature.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "edge/sys/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of tests/fixtures/signature, as is the sum of its file. */
static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
                          "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJYNOC+Xaf/UJFHuS4bKX6OKUi82h\n"
                          "97cL2SfLrli6CrCjb+kUD3KvtCYj5rPcfUhBCIa0YNiUMlI+lt9hExR1YQ==\n"
                          "-----END PUBLIC KEY-----\n";
static const unsigned char hash[SIGNATURE_HASH] = {0xad, 0xf5, 0xdd, 0x9b, 0x32, 0x4d, 0xa0, 0x08,
                                                   0x44, 0x10, 0xe1, 0x06, 0x83, 0x7d, 0x6e, 0x34,
                                                   0x42, 0x4b, 0x48, 0x93, 0xae, 0x70, 0xc5, 0xea,
                                                   0x70, 0xd9, 0x6d, 0xf1, 0x79, 0xa1, 0x16, 0xe5};

static void is_key(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (!text)
        return;
    memcpy(text, data, size);
    text[size] = '\0';
    /* Two numbers that are 1: nobody's signature. */
    if (signature_check(text, hash, "\x30\x06\x02\x01\x01\x02\x01\x01", 8) == SIGNATURE_GOOD)
        abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && *data == 'k') {
        is_key(data + 1, size - 1);
    } else if (size) {
        enum signature_verdict v = signature_check(key, hash, (const char *)data + 1, size - 1);
        if (v == SIGNATURE_NO_KEY || (v == SIGNATURE_GOOD && size - 1 > SIGNATURE_MAX))
            abort();
    }
    return 0;
}
