#include "core/twin.h"

#include <string.h>

enum twin_word twin_look(struct twin *t, const char *ours, const char *theirs, int64_t now_ms)
{
    bool was_left = t->left;

    if (theirs && !(ours && strcmp(ours, theirs) < 0)) {
        *t = (struct twin){.left = true};
        return was_left ? TWIN_WAIT : TWIN_LEAVE;
    }
    if (!was_left)
        return TWIN_OURS;
    if (!t->gone) {
        t->gone = true;
        t->gone_ms = now_ms;
    }
    if (now_ms - t->gone_ms < TWIN_GONE_MS)
        return TWIN_WAIT;
    *t = (struct twin){0};
    return TWIN_BACK;
}
