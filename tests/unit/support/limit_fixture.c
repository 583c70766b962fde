#include "unit/support/limit_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "core/limit.h"
#include "core/reading.h"

const struct limit_rules hm600 = {.max_power_w = 600, .floor_w = 24};

struct limit l;
int64_t now;

int limit_setup(void **state)
{
    now = 1000 * S;
    limit_init(&l, false);
    limit_heard(&l, true);
    limit_measured(&l, 600, true, now);
    limit_allow(&l, &hm600);
    return 0;
}

void assert_w(double got, double expected)
{
    if (!has_value(expected) ? has_value(got) : !(fabs(got - expected) < 1e-9))
        fail_msg("%.12g instead of %.12g", got, expected);
}

void assert_shown(double w)
{
    assert_w(limit_shown_w(&l), w);
}

double due(void)
{
    double w = MISSING;
    enum limit_task task = limit_next(&l, now, &w);

    if (task == LIMIT_MARK) {
        limit_marked(&l, now);
        task = limit_next(&l, now, &w);
    }
    return task == LIMIT_SEND ? w : MISSING;
}

double send_due(void)
{
    double w = due();

    if (!has_value(w))
        fail_msg("nothing is due");
    limit_sending(&l, w, now);
    return w;
}

double send_and_confirm(void)
{
    double w = send_due();

    limit_answer(&l, true, now);
    limit_status(&l, COMMAND_PENDING, MISSING, now);
    now += 2 * S;
    limit_status(&l, COMMAND_OK, 100 * w / l.rules.max_power_w, now);
    return w;
}

void limited_to(double w)
{
    assert_true(limit_write(&l, w, now));
    assert_w(send_and_confirm(), w);
    assert_shown(w);
    (void)limit_events(&l);
}

void ess_keeps(double w, int64_t ms)
{
    for (int64_t end = now + ms; now < end; now += 30 * S)
        assert_true(limit_write(&l, w, now));
}
