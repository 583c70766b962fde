#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/choice.h"

static struct owner_choice read_one(enum choice_leaf leaf, struct value v)
{
    struct owner_choice c = {"before", 1, 1, 2, "grid", 1, 1, 1};
    choice_read(&c, leaf, &v);
    return c;
}

static void takes_what_is_in_range(void **state)
{
    (void)state;
    assert_string_equal(read_one(LEAF_NAME, value_string("Roof")).custom_name, "Roof");
    assert_int_equal(read_one(LEAF_POSITION, value_int(0)).position, 0);
    assert_int_equal(read_one(LEAF_POSITION, value_int(2)).position, 2);
    assert_int_equal(read_one(LEAF_LOAD_POSITION, value_int(0)).load_position, 0);
    assert_int_equal(read_one(LEAF_LOAD_POSITION, value_int(0)).position, 1);
    assert_int_equal(read_one(LEAF_POSITION, value_int(0)).load_position, 1);
    assert_int_equal(read_one(LEAF_LOAD_POSITION, value_int(1)).load_position, 1);
    assert_int_equal(read_one(LEAF_PHASE, value_int(1)).phase, 1);
    assert_int_equal(read_one(LEAF_PHASE, value_int(3)).phase, 3);
    assert_int_equal(read_one(LEAF_ENABLED, value_int(0)).enabled, 0);
    assert_int_equal(read_one(LEAF_POWER_LIMIT, value_int(0)).power_limit, 0);
    assert_int_equal(read_one(LEAF_POWER_SWITCH, value_int(0)).power_switch, 0);
    assert_string_equal(read_one(LEAF_ROLE, value_string("acload")).role, "acload");
}

static void anything_else_is_not_set(void **state)
{
    (void)state;
    char longer[NAME_MAX_BYTES + 1];

    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_string_equal(read_one(LEAF_NAME, value_string(longer)).custom_name, "");
    assert_string_equal(read_one(LEAF_NAME, value_int(1)).custom_name, "");
    assert_int_equal(read_one(LEAF_POSITION, value_int(3)).position, -1);
    assert_int_equal(read_one(LEAF_POSITION, value_invalid()).position, -1);
    assert_int_equal(read_one(LEAF_LOAD_POSITION, value_int(2)).load_position, -1);
    assert_int_equal(read_one(LEAF_LOAD_POSITION, value_string("1")).load_position, -1);
    assert_int_equal(read_one(LEAF_PHASE, value_int(4)).phase, 0);
    assert_int_equal(read_one(LEAF_PHASE, value_string("1")).phase, 0);
    assert_string_equal(read_one(LEAF_ROLE, value_string("battery")).role, "");
    assert_int_equal(read_one(LEAF_ENABLED, value_int(2)).enabled, -1);
    assert_int_equal(read_one(LEAF_POWER_LIMIT, value_int(-1)).power_limit, -1);
    assert_int_equal(read_one(LEAF_POWER_SWITCH, value_string("1")).power_switch, -1);
    assert_string_equal(read_one(LEAF_ROLE, value_string("inverter")).role, "");
}

static bool writes(struct owner_choice *c, enum map_source source, struct value v, unsigned phases)
{
    return choice_write(c, source, &v, phases);
}

static void what_the_owner_writes(void **state)
{
    (void)state;
    struct owner_choice c = choice_unset;
    char longer[NAME_MAX_BYTES + 1];

    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_true(writes(&c, MAP_NAME, value_string("Roof\xEF\xBF\xBE"), 1));
    assert_string_equal(c.custom_name, "Roof?"); /* the settings service could not save it */
    assert_false(writes(&c, MAP_NAME, value_string(longer), 1));
    assert_false(writes(&c, MAP_NAME, value_int(1), 1));
    assert_true(writes(&c, MAP_POSITION, value_int(2), 1));
    assert_true(writes(&c, MAP_LOAD_POSITION, value_int(1), 1));
    assert_int_equal(c.position, 2);
    assert_int_equal(c.load_position, 1);
    assert_true(writes(&c, MAP_POSITION, value_int(0), 1));
    assert_true(writes(&c, MAP_LOAD_POSITION, value_int(0), 1));
    assert_int_equal(c.position, 0);
    assert_int_equal(c.load_position, 0);
    assert_false(writes(&c, MAP_POSITION, value_int(-1), 1));
    assert_false(writes(&c, MAP_POSITION, value_string("1"), 1));
    assert_false(writes(&c, MAP_POSITION, value_int(3), 1));
    assert_false(writes(&c, MAP_LOAD_POSITION, value_int(2), 1));
    assert_false(writes(&c, MAP_LOAD_POSITION, value_int(-1), 1));
    assert_true(writes(&c, MAP_PHASE_SETTING, value_int(3), 1));
    assert_int_equal(c.phase, 3);
    assert_false(writes(&c, MAP_PHASE_SETTING, value_int(3), 3));
    assert_true(writes(&c, MAP_PHASE_SETTING, value_int(1), 1));
    assert_false(writes(&c, MAP_PHASE_SETTING, value_int(4), 1));
    assert_false(writes(&c, MAP_PHASE_SETTING, value_int(0), 1));
    assert_true(writes(&c, MAP_ROLE, value_string("heatpump"), 1));
    assert_string_equal(c.role, "heatpump");
    assert_false(writes(&c, MAP_ROLE, value_string("inverter"), 1));
    assert_false(writes(&c, MAP_ROLE, value_string(""), 1));
    assert_false(writes(&c, MAP_SERIAL, value_string("1"), 1)); /* no path to write */
}

/* Each leaf is a part of its own, and what is unset stays so on the way there and back. */
static void what_is_written_is_read(void **state)
{
    (void)state;
    const struct owner_choice all[] = {choice_unset, {"Roof", 2, 0, 3, "genset", 0, 1, 0}};

    for (size_t i = 0; i < 2; i++) {
        struct owner_choice c = {"other", 0, 1, 1, "grid", 1, 0, 1};
        for (enum choice_leaf leaf = LEAF_NAME; leaf < LEAVES; leaf++) {
            struct value v = choice_value(&all[i], leaf);
            choice_read(&c, leaf, &v);
        }
        assert_string_equal(c.custom_name, all[i].custom_name);
        assert_int_equal(c.position, all[i].position);
        assert_int_equal(c.load_position, all[i].load_position);
        assert_int_equal(c.phase, all[i].phase);
        assert_string_equal(c.role, all[i].role);
        assert_int_equal(c.enabled, all[i].enabled);
        assert_int_equal(c.power_limit, all[i].power_limit);
        assert_int_equal(c.power_switch, all[i].power_switch);
    }
}

static void what_is_not_set_is_as_configured(void **state)
{
    (void)state;
    struct owner_choice c = choice_unset;
    const struct device_conf off = {0}, on = {.power_limit = true, .power_switch = true};

    assert_true(choice_enabled(&c));
    assert_false(choice_limits(&c, &off));
    assert_false(choice_switches(&c, &off));
    assert_true(choice_limits(&c, &on));
    assert_true(choice_switches(&c, &on));
    c = (struct owner_choice){.power_limit = 0, .power_switch = 0};
    assert_false(choice_limits(&c, &on)); /* no is set as well */
    assert_false(choice_switches(&c, &on));
    c = (struct owner_choice){.enabled = 0, .power_limit = 1, .power_switch = -1};
    assert_false(choice_enabled(&c));
    assert_true(choice_limits(&c, &off));
    assert_false(choice_switches(&c, &off));
    c = (struct owner_choice){.enabled = 1, .power_limit = -1, .power_switch = 1};
    assert_true(choice_enabled(&c));
    assert_false(choice_limits(&c, &off));
    assert_true(choice_switches(&c, &off));
}

static void what_the_file_says_is_final(void **state)
{
    (void)state;
    const struct owner_choice yes = {.power_limit = 1, .power_switch = 1},
                              no = {.power_limit = 0, .power_switch = 0};
    struct device_conf conf = {.says_power_limit = true};

    assert_false(choice_limits(&yes, &conf));
    assert_true(choice_switches(&yes, &conf)); /* of which it says nothing */
    conf = (struct device_conf){.power_limit = true, .says_power_limit = true};
    assert_true(choice_limits(&no, &conf));
    conf = (struct device_conf){.says_power_switch = true};
    assert_false(choice_switches(&yes, &conf));
    assert_true(choice_limits(&yes, &conf));
    conf = (struct device_conf){.power_switch = true, .says_power_switch = true};
    assert_true(choice_switches(&no, &conf));
}

static void ranges_hold_what_can_be_set(void **state)
{
    (void)state;
    int min, max;

    choice_range(LEAF_POSITION, &min, &max);
    assert_int_equal(min, -1);
    assert_int_equal(max, 2);
    choice_range(LEAF_LOAD_POSITION, &min, &max);
    assert_int_equal(min, -1);
    assert_int_equal(max, 1);
    choice_range(LEAF_PHASE, &min, &max);
    assert_int_equal(min, 0);
    assert_int_equal(max, 3);
    for (enum choice_leaf leaf = LEAF_ENABLED; leaf <= LEAF_POWER_SWITCH; leaf++) {
        choice_range(leaf, &min, &max);
        assert_int_equal(min, -1);
        assert_int_equal(max, 1);
    }
    choice_range(LEAF_NAME, &min, &max);
    assert_int_equal(min, 0);
    assert_int_equal(max, 0);
}

static void class_and_instance(void **state)
{
    (void)state;
    char class[CLASS_MAX] = "before";
    int instance = -7;
    static const char *const none[] = {
        "",
        "pvinverter",
        ":3",
        "pvinverter:",
        "grid:x",
        "grid:-1",
        "a:1b",
        "a:99999999999999999999",
        "grid:70000",
        "grid:1024", /* a class of 64 bytes has no room for its end */
        "abcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefgh:1"};

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_false(choice_parse_instance(none[i], class, &instance));
        assert_string_equal(class, "before");
        assert_int_equal(instance, -7);
    }
    assert_true(choice_parse_instance("pvinverter:34", class, &instance));
    assert_string_equal(class, "pvinverter");
    assert_int_equal(instance, 34);
    assert_true(choice_parse_instance("grid:0", class, &instance));
    assert_int_equal(instance, 0);
    assert_true(choice_parse_instance(
        "abcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefg:1023", class, &instance));
    assert_int_equal(strlen(class), CLASS_MAX - 1);
    assert_int_equal(instance, 1023);
}

static void only_what_is_not_set_is_inherited(void **state)
{
    struct owner_choice own = {.position = 0,
                               .load_position = -1,
                               .phase = 3,
                               .enabled = -1,
                               .power_limit = -1,
                               .power_switch = 0};
    const struct owner_choice theirs = {.custom_name = "Shed",
                                        .position = 2,
                                        .load_position = 1,
                                        .phase = 1,
                                        .role = "heatpump",
                                        .enabled = 0,
                                        .power_limit = 1,
                                        .power_switch = 1};

    (void)state;
    choice_inherit(&own, &theirs);
    assert_string_equal(own.custom_name, "Shed");
    assert_int_equal(own.position, 0);
    assert_int_equal(own.load_position, 1);
    assert_int_equal(own.phase, 3);
    assert_string_equal(own.role, "heatpump");
    assert_int_equal(own.power_limit, 1);
    assert_int_equal(own.power_switch, 0);
    assert_int_equal(own.enabled,
                     -1); /* that the one before was kept off the bus says nothing of this one */
    choice_inherit(&own, &choice_unset);
    assert_string_equal(own.custom_name, "Shed");
    assert_int_equal(own.load_position, 1);
}

/* A role is for those that the GX screen offers one; of any other, the configuration says what it is. */
static void which_class(void **state)
{
    (void)state;
    assert_string_equal(choice_class("pvinverter", ""), "pvinverter");
    assert_string_equal(choice_class("pvinverter", "grid"), "grid");
    assert_string_equal(choice_class("grid", "acload"), "acload");
    assert_string_equal(choice_class("inverter", "grid"), "inverter");
    assert_string_equal(choice_class("evcharger", "grid"), "evcharger");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_not_set_is_inherited),
        cmocka_unit_test(which_class),
        cmocka_unit_test(takes_what_is_in_range),
        cmocka_unit_test(anything_else_is_not_set),
        cmocka_unit_test(what_the_owner_writes),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(ranges_hold_what_can_be_set),
        cmocka_unit_test(class_and_instance),
        cmocka_unit_test(what_is_not_set_is_as_configured),
        cmocka_unit_test(what_the_file_says_is_final),
    };
    return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
