/*
 * Runs of the driver of templates, for a section that says nothing but where to ask.
 */
#ifndef DTU_TESTS_TEMPLATE_FIXTURE_H
#define DTU_TESTS_TEMPLATE_FIXTURE_H

#include "unit/support/driver_run.h"

#define PATH "/x"

void template_open(struct run *run);
int template_setup(void **state); /* run_teardown() ends it */

void set(struct template_value *v, const char *path, double mult, double fallback);

/* One request a cycle, and what it brought; NULL when nothing. */
const struct reading *poll_with(struct run *run, const char *body);
const struct reading *poll_fixture(struct run *run, const char *name); /* fails the test instead */

#endif
