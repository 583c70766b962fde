#include "core/budget.h"

static const int64_t day_ms = 24LL * 3600 * 1000;

static int64_t each_ms(const struct budget_rate *rate)
{
    return day_ms / rate->per_day;
}

/* What is missing in it, as the time that this takes to come. More than all of it: the clock was set back. */
static int64_t missing_ms(const struct budget *b, const struct budget_rate *rate, int64_t now_ms)
{
    int64_t missing = b->full_ms - now_ms;

    return missing < 0 || missing > rate->burst * each_ms(rate) ? 0 : missing;
}

int64_t budget_wait_ms(const struct budget *b, const struct budget_rate *rate, int64_t now_ms)
{
    int64_t wait = missing_ms(b, rate, now_ms) - (rate->burst - 1) * each_ms(rate);

    return wait > 0 ? wait : 0;
}

bool budget_take(struct budget *b, const struct budget_rate *rate, int64_t now_ms)
{
    if (budget_wait_ms(b, rate, now_ms) > 0)
        return false;
    b->full_ms = now_ms + missing_ms(b, rate, now_ms) + each_ms(rate);
    return true;
}
