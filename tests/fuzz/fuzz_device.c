/*
 * A device file, then replies to a device of that type: the owner writes the one, a foreign device the others. The
 * first byte chooses for the session, as in driver_session.h; the file ends at the first 0x1E.
 */
#include "core/device_type.h"
#include "core/text.h"
#include "fuzz/driver_session.h"

static void note_fault(void *user, unsigned line, const char *text)
{
    char copy[512];

    (void)line;
    text_copy(copy, sizeof copy, text);
    if (strcmp(copy, text) != 0)
        fuzz_fail("a fault that is no text");
    *(bool *)user = true;
}

/* Faults are told where the file cannot be used, and only there. */
static void read_alone(const struct device_text *file)
{
    struct device_type type;
    bool told = false;
    bool ok = device_type_read(&type, file, note_fault, &told);

    if (ok == told || (ok && (type.channels < 1 || type.channels > DEVICE_CHANNELS_MAX)))
        fuzz_fail("a file that is neither good nor bad");
    device_type_finish(&type);
}

static void play(const char *text, const uint8_t *data, size_t size)
{
    static const char ini[] =
        "[DEFAULT]\nDTU=template\n[TEMPLATE0]\nHost=x\nType=mine\nUsername=u\n"
        "Authorization=t\n";
    const struct device_text own[] = {{"mine", text, NULL}, {NULL, NULL, NULL}};
    struct conf_report report;

    read_alone(&own[0]);
    struct config *config = config_parse_with(ini, sizeof ini - 1, own, &report);
    if (config && config->gateway_count == 1) {
        if (config->device_count < 1 || config->device_count > DEVICE_CHANNELS_MAX)
            fuzz_fail("a device too many");
        fuzz_session("template", &config->gateways[0], data, size);
    }
    config_free(config);
    conf_report_finish(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *stop = size > 1 ? memchr(data + 1, 0x1E, size - 1) : NULL;
    char *text;

    if (!stop)
        return 0;
    text = strndup((const char *)data + 1, (size_t)(stop - data - 1));
    if (text)
        play(text, stop, size - (size_t)(stop - data));
    free(text);
    return 0;
}
