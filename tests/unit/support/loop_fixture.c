#include "unit/support/loop_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

struct loop *loop;

int loop_setup(void **state)
{
    loop = loop_create();
    return loop ? 0 : -1;
}

int loop_teardown(void **state)
{
    loop_destroy(loop);
    return 0;
}

void stop_zero(void *user)
{
    loop_stop(loop, 0);
}

void make_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
}

void close_pipe(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}
