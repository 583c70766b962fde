#include "unit/support/opendtu_fixture.h"

#include <stdlib.h>

void opendtu_open(struct run *run)
{
    run_open(run, "opendtu");
}

int opendtu_setup(void **state)
{
    return run_setup(state, opendtu_open);
}

void cycle_with(struct run *run, const char *list)
{
    run_cycle(run, 0, &(struct reply){LIST, list}, 1);
}

void cycle_fixture(struct run *run, const char *fixture)
{
    char *list = run_fixture(fixture);
    cycle_with(run, list);
    free(list);
}

void gateway_open(struct gateway *g)
{
    g->summary = run_fixture("opendtu/summary-v24.2.json");
    g->balcony = run_fixture("opendtu/inv-v24.2-balcony.json");
    g->fence = run_fixture("opendtu/inv-v24.2-fence-lost.json");
    g->barn = run_fixture("opendtu/inv-v24.2-barn.json");
    g->system = run_fixture("opendtu/system-status.json");
    g->limits = run_fixture("opendtu/limit-status.json");
    g->replies[0] = (struct reply){LIST, g->summary};
    g->replies[1] = (struct reply){INV(BALCONY), g->balcony};
    g->replies[2] = (struct reply){INV(FENCE), g->fence};
    g->replies[3] = (struct reply){INV(BARN), g->barn};
    g->replies[4] = (struct reply){SYSTEM, g->system};
    g->replies[5] = (struct reply){LIMITS, g->limits};
}

void gateway_close(struct gateway *g)
{
    free(g->summary);
    free(g->balcony);
    free(g->fence);
    free(g->barn);
    free(g->system);
    free(g->limits);
}

void gateway_cycle(struct run *run, struct gateway *g, int64_t now_ms)
{
    run_cycle(run, now_ms, g->replies, COUNT(g->replies));
}
