/* The loop of a test, and of what other fixtures put on one. */
#ifndef DTU_TESTS_LOOP_FIXTURE_H
#define DTU_TESTS_LOOP_FIXTURE_H

#include "edge/sys/loop.h"

extern struct loop *loop; /* from setup to teardown */

int loop_setup(void **state);
int loop_teardown(void **state);

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, loop_setup, loop_teardown)

void stop_zero(void *user); /* a timer's: ends the loop with 0 */

void make_pipe(int ends[2]); /* one that blocks nobody */
void close_pipe(int ends[2]);

#endif
