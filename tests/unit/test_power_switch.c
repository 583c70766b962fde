#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/power_switch.h"

#define S 1000LL

static struct power_switch s;
static int64_t now;

static int setup(void **state)
{
    (void)state;
    now = 1000 * S;
    power_switch_init(&s, false);
    return 0;
}

static void order(bool on)
{
    power_switch_order(&s, on, now);
    assert_int_equal(s.step, SWITCH_WAITING);
    now += S;
    power_switch_sending(&s, now);
    power_switch_answer(&s, true);
    assert_int_equal(s.step, SWITCH_CONFIRMING);
}

static void switched_off(void)
{
    order(false);
    power_switch_status(&s, COMMAND_PENDING, now += S);
    assert_false(s.off);
    power_switch_status(&s, COMMAND_OK, now += S);
    assert_true(s.off);
    assert_int_equal(power_switch_events(&s), SWITCH_DONE);
}

static void off_and_on(void **state)
{
    switched_off();
    power_switch_measured(&s, false, now += 100 * S);
    assert_true(s.off);
    order(true);
    power_switch_status(&s, COMMAND_PENDING, now += S);
    assert_true(s.off);
    power_switch_status(&s, COMMAND_OK, now += S);
    assert_false(s.off);
    assert_int_equal(power_switch_events(&s), SWITCH_DONE);
    assert_int_equal(power_switch_due_ms(&s), -1);
}

/* "Ok" may be of an order before; what is measured says. */
static void never_pending(void **state)
{
    order(false);
    power_switch_status(&s, COMMAND_OK, now += S);
    power_switch_measured(&s, true, now += S);
    assert_int_equal(s.step, SWITCH_CONFIRMING);
    power_switch_measured(&s, false, now += S);
    assert_true(s.off);

    power_switch_events(&s);
    order(true);
    power_switch_status(&s, COMMAND_OK, now += S);
    power_switch_pass(&s, now += SWITCH_CONFIRM_MS);
    assert_int_equal(power_switch_events(&s), SWITCH_FAILED);
    assert_int_equal(s.failure, SWITCH_FAILED_NO_ANSWER);
    assert_true(s.off);
}

/* No power is no proof while the gateway says nothing: it may be a cloud. */
static void dark_is_not_off(void **state)
{
    order(false);
    power_switch_measured(&s, false, now += S);
    power_switch_status(&s, COMMAND_NOT_TOLD, now += S);
    power_switch_measured(&s, false, now += S);
    assert_false(s.off);
}

static void refused(void **state)
{
    power_switch_order(&s, false, now);
    power_switch_sending(&s, now);
    power_switch_answer(&s, false);
    assert_int_equal(power_switch_events(&s), SWITCH_FAILED);
    assert_int_equal(s.failure, SWITCH_FAILED_SENDING);
    assert_int_equal(s.step, SWITCH_IDLE);
    power_switch_answer(&s, true); /* of nothing */
    assert_int_equal(s.step, SWITCH_IDLE);
}

static void the_inverter_does_not_answer(void **state)
{
    order(false);
    power_switch_status(&s, COMMAND_PENDING, now += S);
    power_switch_status(&s, COMMAND_FAILURE, now += S);
    assert_int_equal(s.failure, SWITCH_FAILED_INVERTER);
    assert_int_equal(power_switch_events(&s), SWITCH_FAILED);
    assert_false(s.off);
    /* An AhoyDTU goes on saying that it waits. */
    order(false);
    power_switch_status(&s, COMMAND_PENDING, now += S);
    assert_int_equal(power_switch_due_ms(&s), s.order_ms + SWITCH_CONFIRM_MS);
    power_switch_pass(&s, s.order_ms + SWITCH_CONFIRM_MS - 1);
    assert_int_equal(s.step, SWITCH_CONFIRMING);
    power_switch_pass(&s, s.order_ms + SWITCH_CONFIRM_MS);
    assert_int_equal(s.failure, SWITCH_FAILED_INVERTER);
}

/* What could not go within a minute is not sent later, when nobody thinks of it. */
static void the_gateway_is_away(void **state)
{
    power_switch_order(&s, false, now);
    power_switch_pass(&s, now + SWITCH_CONFIRM_MS - 1);
    assert_int_equal(s.step, SWITCH_WAITING);
    power_switch_pass(&s, now + SWITCH_CONFIRM_MS);
    assert_int_equal(s.step, SWITCH_IDLE);
    assert_int_equal(s.failure, SWITCH_FAILED_SENDING);
}

static void returns_by_itself(void **state)
{
    switched_off();
    power_switch_measured(&s, true, now + SWITCH_OBEY_MS - 1); /* it was measured before */
    assert_true(s.off);
    power_switch_measured(&s, true, now + SWITCH_OBEY_MS);
    assert_false(s.off);
    assert_int_equal(power_switch_events(&s), SWITCH_RETURNED);
    assert_int_equal(s.step, SWITCH_IDLE); /* nothing is sent */
}

static void as_it_was_left(void **state)
{
    power_switch_init(&s, true);
    assert_true(s.off);
    power_switch_measured(&s, true, now);
    assert_false(s.off);
}

static void forgotten(void **state)
{
    power_switch_order(&s, false, now);
    power_switch_forget(&s);
    assert_int_equal(s.step, SWITCH_IDLE);
    assert_int_equal(power_switch_due_ms(&s), -1);
    assert_int_equal(power_switch_events(&s), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(off_and_on),
        TEST(never_pending),
        TEST(dark_is_not_off),
        TEST(refused),
        TEST(the_inverter_does_not_answer),
        TEST(the_gateway_is_away),
        TEST(returns_by_itself),
        TEST(as_it_was_left),
        TEST(forgotten),
    };
    return cmocka_run_group_tests_name("power_switch", tests, NULL, NULL);
}
