#include "fuzz/driver_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gateway_conf conf;

    fuzz_session("auto", &conf, data, size);
    return 0;
}
