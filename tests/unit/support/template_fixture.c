#include "unit/support/template_fixture.h"

#include <stdio.h>
#include <stdlib.h>

void set(struct template_value *v, const char *path, double mult, double fallback)
{
    (void)snprintf(v->path[0], sizeof v->path[0], "%s", path);
    v->mult = mult;
    v->fallback = fallback;
}

void template_open(struct run *run)
{
    struct template_conf *c;

    run_open(run, "template");
    c = &run->conf->template;
    (void)snprintf(c->api_path[0], sizeof c->api_path[0], PATH);
    (void)snprintf(c->serial, sizeof c->serial, "77777777");
    set(&c->value[FIELD_POWER], "", 1, MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "", 1, MISSING);
    set(&c->value[FIELD_VOLTAGE], "none", 1, MISSING);
    set(&c->value[FIELD_CURRENT], "None", 1, MISSING);
    set(&c->value[FIELD_DC_VOLTAGE], "", 1, MISSING);
}

int template_setup(void **state)
{
    return run_setup(state, template_open);
}

const struct reading *poll_with(struct run *run, const char *body)
{
    run_cycle(run, 0, &(struct reply){PATH, body}, 1);
    assert_int_equal(run->asked_count, 1);
    assert_false(run->asked[0].optional);
    assert_true(run->reading_count <= 1);
    return run->reading_count ? &run->readings[0] : NULL;
}

const struct reading *poll_fixture(struct run *run, const char *name)
{
    char *body = run_fixture(name);
    const struct reading *r = poll_with(run, body);
    free(body);
    if (!r)
        fail_msg("%s: %s", name, run->asked[0].why);
    return r;
}
