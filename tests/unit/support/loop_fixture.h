/* The loop of a test, and of what other fixtures put on one. */
#ifndef DTU_TESTS_LOOP_FIXTURE_H
#define DTU_TESTS_LOOP_FIXTURE_H

#include "edge/sys/loop.h"

extern struct loop *loop; /* from setup to teardown */

int loop_setup(void **state);
int loop_teardown(void **state);

#endif
