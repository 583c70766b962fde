#include "unit/support/loop_fixture.h"

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
