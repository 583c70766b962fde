#include "virtual/support/failing.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

const char *const failing_names[FAILING_KINDS] = {"memory", "JSON", "open", "write", "short",
                                                  "again",  "read", "sync", "rename"};

static enum failing_kind armed = FAILING_KINDS;
static long before, lack, calls;
static bool missed;

void failing_arm(enum failing_kind kind, long succeed, long fail)
{
    armed = kind;
    before = succeed;
    lack = fail;
    calls = 0;
    missed = false;
}

void failing_disarm(void)
{
    armed = FAILING_KINDS;
}

long failing_calls(void)
{
    return calls;
}

bool failing_missed(void)
{
    return missed;
}

bool failing_now(enum failing_kind kind)
{
    if (armed != kind)
        return false;
    calls++;
    if (lack == 0 || before-- > 0)
        return false;
    lack--;
    missed = true;
    return true;
}

/* ---- Memory ---- */

void *failing_malloc(size_t size);
void *failing_calloc(size_t count, size_t size);
void *failing_realloc(void *p, size_t size);

void *failing_malloc(size_t size)
{
    return failing_now(FAILING_MEMORY) ? NULL : malloc(size);
}

void *failing_calloc(size_t count, size_t size)
{
    return failing_now(FAILING_MEMORY) ? NULL : calloc(count, size);
}

void *failing_realloc(void *p, size_t size)
{
    return failing_now(FAILING_MEMORY) ? NULL : realloc(p, size);
}

static void *json_malloc(size_t size)
{
    return failing_now(FAILING_JSON) ? NULL : malloc(size);
}

void failing_setup(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){json_malloc, free});
}
