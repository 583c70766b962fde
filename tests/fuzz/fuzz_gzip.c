/* Whatever begins like gzip: within its limits, with a NUL behind it, and the same each time. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/gzip.h"

enum { MAX = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = MAX + 1;
    char *out = gzip_unpack((const char *)data, size, MAX, &len);

    if (out && (len > MAX || out[len] != '\0'))
        abort();
    free(out);
    return 0;
}
