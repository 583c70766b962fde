/* Lets a test's loop run for a while. */
#ifndef DTU_TESTS_RUN_FOR_H
#define DTU_TESTS_RUN_FOR_H

#include <stdint.h>

#include "edge/sys/loop.h"

void run_loop_for(struct loop *l, int64_t ms);

#endif
