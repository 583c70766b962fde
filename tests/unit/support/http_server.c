#include "unit/support/http_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "unit/support/child.h"

static struct child server;
static struct {
    char name[32], value[128];
} facts[16];
static size_t fact_count;

const char *http_server_fact(const char *name)
{
    for (size_t i = 0; i < fact_count; i++) {
        if (strcmp(facts[i].name, name) == 0)
            return facts[i].value;
    }
    fail_msg("the server has no %s", name);
    return "";
}

int http_server_start(void **state)
{
    static char python[] = "python3", script[] = "tests/unit/support/server.py";
    char *argv[] = {python, script, NULL};
    char line[192];

    (void)state;
    if (!child_start(&server, argv))
        return -1;
    while (child_line(&server, line, sizeof(line))) {
        if (strcmp(line, "ready") == 0)
            return 0;
        if (fact_count < sizeof(facts) / sizeof(facts[0]) &&
            sscanf(line, "%31s %127s", facts[fact_count].name, facts[fact_count].value) == 2)
            fact_count++;
    }
    return -1;
}

int http_server_stop(void **state)
{
    (void)state;
    child_stop(&server);
    return 0;
}
