/*
 * Whatever lies on flash. The first byte says whether the text is taken as it is, or as the devices of a
 * state of version 1 or 2 whose checksum fits: no fuzzer guesses a CRC.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "fuzz/sane.h"

enum { MAX = 8 };

static uint32_t crc32_of(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    return ~crc;
}

static void check_device(const struct device_memory *m)
{
    if (!m->id[0] || !sane_text(m->id, sizeof m->id) || !sane_text(m->section, sizeof m->section) ||
        !sane_text(m->gateway, sizeof m->gateway) || !sane_text(m->serial, sizeof m->serial) ||
        !sane_text(m->name, sizeof m->name) ||
        !sane_text(m->choice.custom_name, sizeof m->choice.custom_name) ||
        !sane_text(m->choice.role, sizeof m->choice.role))
        abort();
    if (m->choice.position < -1 || m->choice.position > 2 || m->choice.load_position < -1 ||
        m->choice.load_position > 1 || m->choice.phase < 0 || m->choice.phase > PHASES ||
        m->instance < -1 || m->instance > 65535 || m->phases > PHASES || m->strings > STRINGS_MAX ||
        !sane_value(m->max_power_w, 0, 1e7) || !sane_value(m->energy_kwh, -1e9, 1e9) ||
        !(m->offset_kwh >= 0 && m->offset_kwh <= 1e9) ||
        !(m->energy_offset_kwh >= -1e9 && m->energy_offset_kwh <= 1e9) ||
        m->counter < ENERGY_UNKNOWN || m->counter > ENERGY_OF_THE_DAY)
        abort();
}

static void check(const char *text, size_t len)
{
    struct device_memory out[MAX];
    struct addresses added;
    char why[64] = "";
    int n = state_parse(text, len, out, MAX, &added, why, sizeof why);

    if (n > MAX || (n < 0) != (*why != '\0'))
        abort();
    for (int i = 0; i < n; i++) {
        check_device(&out[i]);
        for (int j = 0; j < i; j++) {
            if (strcmp(out[i].id, out[j].id) == 0)
                abort();
        }
    }
    if (n < 0)
        return;
    /* What was read is written, and read again as it was. */
    char *printed = state_print(out, (size_t)n, &added);
    if (!printed)
        return;
    if (state_parse(printed, strlen(printed), out, MAX, &added, NULL, 0) != n)
        abort();
    char *same = state_print(out, (size_t)n, &added);
    if (same && strcmp(same, printed) != 0)
        abort();
    free(same);
    free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 80);

    if (!text || !size) {
        free(text);
        return 0;
    }
    if (data[0] != 'd' && data[0] != '1') {
        memcpy(text, data, size);
        text[size] = '\0';
        check(text, size);
    } else {
        int head = snprintf(text, 80, "{\"version\":%d,\"crc32\":\"%08x\",\"devices\":",
                            data[0] == '1' ? 1 : 2, (unsigned)crc32_of(data + 1, size - 1));
        memcpy(text + head, data + 1, size - 1);
        memcpy(text + (size_t)head + size - 1, "}", 2);
        check(text, (size_t)head + size);
    }
    free(text);
    return 0;
}
