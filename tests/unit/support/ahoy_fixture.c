#include "unit/support/ahoy_fixture.h"

#include <stdlib.h>
#include <string.h>

void ahoy_open(struct run *run)
{
    run_open(run, "ahoy");
}

int ahoy_setup(void **state)
{
    return run_setup(state, ahoy_open);
}

void table_add(struct table *t, const char *path, const char *fixture)
{
    t->bodies[t->count] = run_fixture(fixture);
    t->replies[t->count] = (struct reply){path, t->bodies[t->count]};
    t->count++;
}

void table_close(struct table *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->bodies[i]);
}

struct reply *table_at(struct table *t, const char *path)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->replies[i].path, path) == 0)
            return &t->replies[i];
    }
    fail_msg("%s is not in the table", path);
    return NULL;
}

struct table inline_table(void)
{
    struct table t = {0};
    table_add(&t, LIVE, "ahoy/live-0.5.66.json");
    table_add(&t, LIST, "ahoy/list-0.5.66.json");
    table_add(&t, INDEX, "ahoy/index.json");
    return t;
}

struct table gap_table(void)
{
    struct table t = {0};
    table_add(&t, LIVE, "ahoy/live-0.7-gap.json");
    table_add(&t, ID(1), "ahoy/id-0.7-1.json");
    table_add(&t, ID(3), "ahoy/id-0.7-3-night.json");
    return t;
}

void assert_asked(const struct run *run, const char *const *paths, size_t count)
{
    assert_int_equal(run->asked_count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(run->asked[i].path, paths[i]);
}
