/*
 * Writes what follows the introduction of docs/troubleshooting.md: an entry for each notice of core/notice.def.
 */
#include <stdio.h>

#include "core/log_level.h"

static const char *const groups[] = {"The configuration",          "Gateways",
                                     "Inverters and meters",       "The D-Bus and Venus OS",
                                     "Power limits and switching", "Files and the program itself"};

static const struct entry {
    unsigned number;
    enum log_level level;
    const char *title, *meaning, *cure;
} entries[] = {
#define NOTICE(number, name, level, title, meaning, cure) \
    {number, LOG_##level, title, meaning, cure},
#include "core/notice.def"
#undef NOTICE
};

static const char *level_name(enum log_level level)
{
    return level == LOG_CRITICAL ? "CRITICAL" : level == LOG_ERROR ? "ERROR" : "WARNING";
}

int main(void)
{
    unsigned group = 0;

    printf("\n## %s\n", groups[0]);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        const struct entry *e = &entries[i];
        for (; group < e->number / 100; group++)
            printf("\n## %s\n", groups[group + 1]);
        printf("\n### DTU-%03u: %s\n\n", e->number, e->title);
        printf("%s. %s\n\n**What to do:** %s\n", level_name(e->level), e->meaning, e->cure);
    }
    return 0;
}
