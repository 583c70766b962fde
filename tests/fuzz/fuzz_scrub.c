/*
 * Configurations, replies and paths of any kind, without their secrets. The first byte says which it is;
 * what is written is scrubbed as a whole, as a report is.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scrub.h"

enum { LONGEST = 32 * 1024 };

static char *write(struct scrub *s, char how, const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);

    if (!f)
        return NULL;
    if (how == 'c')
        scrub_config(s, text, f);
    else if (how == 'p')
        scrub_path(s, text, f);
    else
        scrub_reply(s, text, f);
    fclose(f);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > LONGEST)
        return 0;
    struct scrub *s = scrub_create();
    char *text = calloc(1, size);
    if (s && text) {
        memcpy(text, data + 1, size - 1);
        char *out = write(s, (char)data[0], text);
        char *clean = out ? scrub_text(s, out) : NULL;
        free(clean);
        free(out);
    }
    free(text);
    scrub_destroy(s);
    return 0;
}
