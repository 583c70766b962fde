#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/conf.h"
#include "core/map.h"
#include "version.h"

static struct device_view view;

static int setup(void **state)
{
    struct reading nothing;

    reading_init(&nothing);
    memset(&view, 0, sizeof view);
    memcpy(view.value, nothing.value, sizeof view.value);
    memcpy(view.string, nothing.string, sizeof view.string);
    view.state = DEVICE_RUNNING;
    view.section = "INVERTER0";
    view.connection = "TCP/IP (HTTP) dtu";
    view.instance = 34;
    view.position = 1;
    view.phase = PHASE_L1;
    view.phases = 1;
    view.latency_ms = 12.5;
    view.update_index = 255;
    return 0;
}

static const struct map_row *row(const char *class, const char *path)
{
    const struct venus_class *c = venus_class_find(class, NULL);

    for (size_t i = 0; i < c->row_count; i++) {
        if (strcmp(c->rows[i].path, path) == 0)
            return &c->rows[i];
    }
    return NULL;
}

static struct value value_at(const char *class, const char *path)
{
    const struct map_row *found = row(class, path);

    if (!found)
        fail_msg("%s has no %s", class, path);
    return map_value(found, &view);
}

static void assert_value(const char *path, struct value expected, const char *text)
{
    struct value v = value_at("pvinverter", path);
    char out[64];

    if (!value_equal(&v, &expected))
        fail_msg("%s is %s", path, value_text(&v, TEXT_PLAIN, out, sizeof out));
    assert_string_equal(value_text(&v, row("pvinverter", path)->text, out, sizeof out), text);
}

static void knows_its_classes(void **state)
{
    static const char *const names[] = {"pvinverter", "inverter", "grid",
                                        "genset",     "acload",   "heatpump"};
    bool known = false;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char service[64];
        snprintf(service, sizeof service, "com.victronenergy.%s", names[i]);
        assert_string_equal(venus_class_find(service, &known)->name, names[i]);
        assert_true(known);
        assert_ptr_equal(venus_class_find(names[i], NULL), venus_class_find(service, NULL));
    }
    /* Whatever else gets those of a load. */
    assert_ptr_equal(venus_class_find("com.victronenergy.motordrive", &known)->rows,
                     venus_class_find("acload", NULL)->rows);
    assert_false(known);
    venus_class_find("", &known);
    assert_false(known);
    venus_class_find("com.victronenergy.pvinverters", &known);
    assert_false(known);
}

/* What a person reads who is to choose one. */
static void servicename_names_its_classes(void **state)
{
    size_t count;
    const struct conf_key *keys = conf_keys(&count);

    for (size_t k = 0; k < count; k++) {
        for (size_t i = 0; venus_classes[i] && strcmp(keys[k].name, "Servicename") == 0; i++) {
            if (!strstr(keys[k].help, venus_classes[i]->name))
                fail_msg("Servicename of core/conf.def does not name %s", venus_classes[i]->name);
        }
    }
}

static void assert_row_is_sound(const struct venus_class *c, const struct map_row *r)
{
    size_t len = strlen(r->path);

    assert_int_equal(r->path[0], '/');
    assert_int_not_equal(r->path[len - 1], '/');
    for (size_t i = 0; i < len; i++)
        assert_true(isalnum((unsigned char)r->path[i]) ||
                    (r->path[i] == '/' && r->path[i + 1] != '/'));
    assert_true(!r->help || *r->help);
    if (r->source == MAP_FIELD) {
        assert_in_range(r->arg.field, 0, FIELD_COUNT - 1);
        assert_in_range(r->slot, 0, PHASES);
    }
    if (r->source == MAP_STRING)
        assert_in_range(r->slot, 0, STRINGS_MAX - 1);
    assert_true(!r->writable || r->source == MAP_NAME || r->source == MAP_POSITION ||
                r->source == MAP_LOAD_POSITION || r->source == MAP_ROLE ||
                r->source == MAP_PHASE_SETTING || r->command != VALUE_INVALID);
    assert_true(r->command == VALUE_INVALID || r->writable);
    for (size_t i = 0; i < c->row_count; i++) {
        const struct map_row *other = &c->rows[i];
        if (other == r)
            continue;
        assert_string_not_equal(other->path, r->path);
        /* A leaf is no inner node: "/Ac" beside "/Ac/Power". */
        assert_false(strncmp(other->path, r->path, len) == 0 && other->path[len] == '/');
    }
}

static void tables_are_sound(void **state)
{
    for (size_t i = 0; venus_classes[i]; i++) {
        const struct venus_class *c = venus_classes[i];
        for (size_t j = 0; j < c->row_count; j++)
            assert_row_is_sound(c, &c->rows[j]);
    }
}

static void every_class_has_what_venus_asks_for(void **state)
{
    static const char *const paths[] = {
        "/Mgmt/ProcessName",
        "/Mgmt/ProcessVersion",
        "/Mgmt/Connection",
        "/DeviceInstance",
        "/ProductId",
        "/ProductName",
        "/FirmwareVersion",
        "/HardwareVersion",
        "/Connected",
        "/CustomName",
        "/Serial",
        "/UpdateIndex",
        "/Latency",
        "/Ac/Power",
        "/Ac/Energy/Forward",
        "/Ac/L1/Power",
        "/Ac/L2/Current",
        "/Ac/L3/Voltage",
        "/Ac/L3/PowerFactor",
        "/Ac/L3/Energy/Forward",
    };

    for (size_t i = 0; venus_classes[i]; i++) {
        for (size_t j = 0; j < sizeof paths / sizeof paths[0]; j++)
            assert_non_null(row(venus_classes[i]->name, paths[j]));
    }
}

/* The table of the GX screen's pages: which class has which of the paths that only some have. */
static void each_class_has_what_its_page_reads(void **state)
{
    static const char *const classes[] = {"pvinverter", "inverter", "grid",
                                          "genset",     "acload",   "heatpump"};
    static const struct {
        const char *path, *there; /* a letter for each class: y or - */
    } cases[] = {
        {"/NrOfPhases", "--yy--"},       {"/IsGenericEnergyMeter", "y--yyy"},
        {"/StatusCode", "y--y--"},       {"/ErrorCode", "yyy-yy"},
        {"/ModeIsAdjustable", "-y----"}, {"/Ac/L2/PowerFactor", "yyyyyy"},
        {"/Position", "y---yy"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t c = 0; c < sizeof classes / sizeof classes[0]; c++) {
            if ((row(classes[c], cases[i].path) != NULL) != (cases[i].there[c] == 'y'))
                fail_msg("%s %s", classes[c], cases[i].path);
        }
    }
}

static void a_class_has_only_its_own_paths(void **state)
{
    assert_non_null(row("pvinverter", "/StatusCode"));
    assert_non_null(row("pvinverter", "/Position"));
    assert_non_null(row("pvinverter", "/Pv/5/Yield"));
    assert_null(row("pvinverter", "/Ac/Out/L1/P"));
    assert_null(row("pvinverter", "/State"));
    assert_null(row("pvinverter", "/Ac/Energy/Reverse"));
    assert_non_null(row("inverter", "/Ac/Out/L1/P"));
    assert_non_null(row("inverter", "/Dc/0/Voltage"));
    assert_non_null(row("inverter", "/State"));
    assert_null(row("inverter", "/StatusCode"));
    assert_null(row("inverter", "/Position"));
    assert_non_null(row("grid", "/Ac/L2/Energy/Reverse"));
    assert_non_null(row("genset", "/Ac/L3/PowerFactor"));
    assert_null(row("grid", "/Pv/0/V"));
}

static void an_instance_of_0_is_one(void **state)
{
    view.instance = 0;
    assert_value("/DeviceInstance", value_int(0), "0");
    view.instance = -1;
    assert_value("/DeviceInstance", value_invalid(), "---");
}

static void identity(void **state)
{
    assert_value("/Mgmt/ProcessName", value_string("dbus-opendtu"), "dbus-opendtu");
    assert_value("/Mgmt/ProcessVersion", value_string(dtu_version), dtu_version);
    assert_value("/Mgmt/Connection", value_string("TCP/IP (HTTP) dtu"), "TCP/IP (HTTP) dtu");
    assert_value("/DeviceInstance", value_int(34), "34");
    assert_value("/ProductId", value_int(0xD7D0), "0xD7D0");
    assert_value("/HardwareVersion", value_invalid(), "---");
    assert_value("/IsGenericEnergyMeter", value_int(1), "1");
    assert_value("/Connected", value_int(1), "1");
    assert_value("/Position", value_int(1), "1");
    assert_value("/UpdateIndex", value_int(255), "255");
    assert_value("/Latency", value_double(12.5), "12ms");
    assert_value("/CustomName", value_string(""), "");
    assert_value("/Serial", value_invalid(), "---");
    assert_value("/FirmwareVersion", value_invalid(), "---");
    assert_value("/ProductName", value_invalid(), "---");
    view.instance = 0;
    assert_value("/DeviceInstance", value_int(0), "0");
    view.instance = -1;
    assert_value("/DeviceInstance", value_invalid(), "---");
    strcpy(view.name, "Garage");
    strcpy(view.serial, "114181234567");
    strcpy(view.firmware, "v26.3.30");
    strcpy(view.product, "AhoyDTU");
    assert_value("/CustomName", value_string("Garage"), "Garage");
    assert_value("/Serial", value_string("114181234567"), "114181234567");
    assert_value("/FirmwareVersion", value_string("v26.3.30"), "v26.3.30");
    assert_value("/ProductName", value_string("AhoyDTU"), "AhoyDTU");
}

static void roles(void **state)
{
    static const char *const names[] = {"pvinverter", "grid", "genset", "acload", "heatpump"};
    struct value allowed = value_at("pvinverter", "/AllowedRoles");

    assert_value("/Role", value_invalid(), "---");
    view.class = "pvinverter";
    assert_value("/Role", value_string("pvinverter"), "pvinverter");
    assert_value("/AllowedRoles", allowed,
                 "['pvinverter', 'grid', 'genset', 'acload', 'heatpump']");
    assert_int_equal(allowed.type, VALUE_STRINGS);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_string_equal(allowed.list[i], names[i]);
        assert_string_equal(venus_role_find(names[i])->name, names[i]);
        assert_true(row(names[i], "/Role")->writable);
        assert_false(row(names[i], "/AllowedRoles")->writable);
    }
    assert_null(allowed.list[sizeof names / sizeof names[0]]);
    assert_null(venus_role_find("inverter"));
    assert_null(venus_role_find("com.victronenergy.grid"));
    assert_null(venus_role_find(""));
    assert_null(row("inverter", "/Role"));
    assert_null(row("inverter", "/AllowedRoles"));
}

static void phase_setting(void **state)
{
    assert_value("/PhaseSetting", value_int(1), "1");
    view.phase = PHASE_L3;
    assert_value("/PhaseSetting", value_int(3), "3");
    view.phase = PHASE_3P;
    assert_value("/PhaseSetting", value_invalid(), "---");
    assert_true(row("grid", "/PhaseSetting")->writable);
    assert_null(row("inverter", "/PhaseSetting"));
}

/* With 1 for a device on L2, its page on the GX screen is empty. */
static void number_of_phases(void **state)
{
    static const int numbers[] = {[PHASE_L1] = 1, [PHASE_L2] = 0, [PHASE_L3] = 0, [PHASE_3P] = 3};
    static const char *const classes[] = {"grid", "genset"};

    for (size_t c = 0; c < sizeof classes / sizeof classes[0]; c++) {
        for (enum phase_choice phase = PHASE_L1; phase <= PHASE_3P; phase++) {
            view.phase = phase;
            struct value v = value_at(classes[c], "/NrOfPhases");
            struct value expected = numbers[phase] ? value_int(numbers[phase]) : value_invalid();
            assert_true(value_equal(&v, &expected));
        }
    }
}

static void dc_voltage(void **state)
{
    assert_false(map_applies(row("inverter", "/Dc/0/Voltage"), &view));
    view.has_dc = true;
    assert_true(map_applies(row("inverter", "/Dc/0/Voltage"), &view));
    assert_true(map_applies(row("inverter", "/Ac/Out/L1/V"), &view));
}

static void measurements(void **state)
{
    view.value[FIELD_POWER][0] = 300.4;
    view.value[FIELD_POWER][1] = 300.4;
    view.value[FIELD_ENERGY_FORWARD][0] = 422.603;
    view.value[FIELD_FREQUENCY][0] = 50.017;
    view.value[FIELD_TEMPERATURE][0] = 31.5;
    assert_value("/Ac/Power", value_double(300.4), "300W");
    assert_value("/Ac/L1/Power", value_double(300.4), "300W");
    assert_value("/Ac/L2/Power", value_invalid(), "---");
    assert_value("/Ac/Energy/Forward", value_double(422.603), "422.60kWh");
    assert_value("/Ac/Frequency", value_double(50.017), "50.02Hz");
    assert_value("/Temperature", value_double(31.5), "31.5C");
    assert_value("/Ac/MaxPower", value_invalid(), "---");
}

static void strings(void **state)
{
    view.strings = 2;
    strcpy(view.string[1].name, "East");
    view.string[1].power_w = 150;
    view.string[1].voltage_v = 31.25;
    view.string[1].current_a = 4.8;
    view.string[1].yield_total_kwh = 50.5;
    assert_true(map_applies(row("pvinverter", "/Pv/1/P"), &view));
    assert_false(map_applies(row("pvinverter", "/Pv/2/P"), &view));
    assert_true(map_applies(row("pvinverter", "/Ac/L3/Power"), &view));
    assert_value("/Pv/1/Name", value_string("East"), "East");
    assert_value("/Pv/1/P", value_double(150), "150W");
    assert_value("/Pv/1/V", value_double(31.25), "31.2V");
    assert_value("/Pv/1/I", value_double(4.8), "4.8A");
    assert_value("/Pv/1/Yield", value_double(50.5), "50.50kWh");
    assert_value("/Pv/0/P", value_invalid(), "---");
}

static int int_at(const char *class, const char *path)
{
    struct value v = value_at(class, path);
    assert_int_equal(v.type, VALUE_INT);
    return v.i;
}

static void states(void **state)
{
    static const struct {
        enum device_state state;
        int status_code, error_code;
    } cases[] = {{DEVICE_START, 0, 0},
                 {DEVICE_RUNNING, 7, 0},
                 {DEVICE_NIGHT, 8, 0},
                 {DEVICE_ERROR, 10, 1}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        view.state = cases[i].state;
        assert_int_equal(int_at("pvinverter", "/StatusCode"), cases[i].status_code);
        assert_int_equal(int_at("pvinverter", "/ErrorCode"), cases[i].error_code);
        assert_int_equal(int_at("grid", "/ErrorCode"), cases[i].error_code);
        assert_int_equal(int_at("inverter", "/State"), view.state == DEVICE_RUNNING ? 9 : 0);
    }
    view.state = DEVICE_RUNNING;
    view.throttled = true;
    assert_int_equal(int_at("pvinverter", "/StatusCode"), 12);
    view.state = DEVICE_NIGHT;
    assert_int_equal(int_at("pvinverter", "/StatusCode"), 8);
    view.state = DEVICE_RUNNING;
    view.throttled = false;
    view.value[FIELD_POWER][0] = 0;
    assert_int_equal(int_at("inverter", "/State"), 0);
    assert_int_equal(int_at("pvinverter", "/StatusCode"), 7); /* a limit may hold it at 0 W */
    view.value[FIELD_POWER][0] = 1;
    assert_int_equal(int_at("inverter", "/State"), 9);
    assert_int_equal(int_at("inverter", "/Mode"), 2);
}

/* Switched off by the owner, it stands by, whatever its limit. */
static void switched_off(void **state)
{
    view.off = view.throttled = true;
    assert_int_equal(int_at("pvinverter", "/StatusCode"), 8);
}

static void measured_when(void **state)
{
    view.age_s = -1;
    view.measured_ms = -1;
    assert_value("/Age", value_invalid(), "---");
    assert_value("/ValueSource", value_invalid(), "---");
    assert_value("/Debug/MeasuredAt", value_invalid(), "---");
    view.age_s = 0;
    view.measured_ms = 0;
    assert_value("/Age", value_int(0), "0");
    assert_value("/ValueSource", value_int(0), "0");
    assert_value("/Debug/MeasuredAt", value_double(0), "0.00");
    view.age_s = 120;
    view.measured_ms = 12500;
    view.pushed = true;
    assert_value("/Age", value_int(120), "120");
    assert_value("/ValueSource", value_int(1), "1");
    assert_value("/Debug/MeasuredAt", value_double(12.5), "12.50");
}

static void health(void **state)
{
    assert_value("/Debug/Requests", value_invalid(), "---");
    assert_value("/Debug/LastError", value_invalid(), "---");
    view.health_known = true;
    view.health = (struct health_view){.requests = 70,
                                       .failures = 4,
                                       .by_kind = "timeout 3, unreachable 1",
                                       .round_trip_p50_ms = 12,
                                       .round_trip_p99_ms = 90,
                                       .pushed = 5,
                                       .bytes = 6e9,
                                       .last_error = "no answer"};
    assert_value("/Debug/Requests", value_int(70), "70");
    assert_value("/Debug/Failures", value_int(4), "4");
    assert_value("/Debug/FailuresByKind", value_string("timeout 3, unreachable 1"),
                 "timeout 3, unreachable 1");
    assert_value("/Debug/RoundTripP50", value_double(12), "12ms");
    assert_value("/Debug/RoundTripP99", value_double(90), "90ms");
    assert_value("/Debug/Pushed", value_int(5), "5");
    assert_value("/Debug/Bytes", value_double(6e9), "6000000000.00");
    assert_value("/Debug/LastError", value_string("no answer"), "no answer");
    view.jumps_dropped = 1;
    view.falls_held = 2;
    view.readings_dropped = 3;
    assert_value("/Debug/JumpsDropped", value_int(1), "1");
    assert_value("/Debug/FallsHeld", value_int(2), "2");
    assert_value("/Debug/ReadingsDropped", value_int(3), "3");
}

#define LIMIT  "/SwitchableOutput/limit/"
#define SWITCH "/SwitchableOutput/power/"

static void controls_are_there_where_they_are_switched_on(void **state)
{
    static const char *const of_limit[] = {LIMIT "Name", LIMIT "Settings/Type", LIMIT "Dimming",
                                           LIMIT "Settings/ShowUIControl"};

    for (size_t i = 0; i < sizeof of_limit / sizeof of_limit[0]; i++) {
        const struct map_row *r = row("pvinverter", of_limit[i]);
        view.control[CONTROL_LIMIT].there = false;
        assert_false(map_applies(r, &view));
        view.control[CONTROL_LIMIT].there = true;
        assert_true(map_applies(r, &view));
    }
    assert_false(map_applies(row("pvinverter", SWITCH "State"), &view));
    view.control[CONTROL_LIMIT].there = false;
    view.control[CONTROL_SWITCH].there = true;
    assert_true(map_applies(row("pvinverter", SWITCH "State"), &view));
    assert_false(map_applies(row("pvinverter", LIMIT "Settings/DimmingMax"), &view));
    assert_true(map_applies(row("pvinverter", "/Debug/PowerLimitState"), &view));
    assert_true(map_applies(row("pvinverter", "/ErrorCode"), &view));
}

static void the_control_of_a_limit(void **state)
{
    struct control_view *c = &view.control[CONTROL_LIMIT];

    *c = (struct control_view){.value = 300, .min = 24, .max = 600, .pane = 3};
    assert_value(LIMIT "Name", value_invalid(), "---"); /* it cannot be limited at present */
    assert_value(LIMIT "Dimming", value_invalid(), "---");
    c->possible = true;
    assert_value(LIMIT "Name", value_string("Power limit"), "Power limit");
    assert_value(LIMIT "Status", value_int(9), "9");
    assert_value(LIMIT "Settings/Type", value_int(7), "7");
    assert_value(LIMIT "Dimming", value_double(300), "300W");
    assert_value(LIMIT "Settings/DimmingMin", value_double(24), "24.00");
    assert_value(LIMIT "Settings/DimmingMax", value_double(600), "600.00");
    assert_value(LIMIT "Settings/ShowUIControl", value_int(3), "3");
}

static void the_control_of_a_switch(void **state)
{
    struct control_view *c = &view.control[CONTROL_SWITCH];

    *c = (struct control_view){.possible = true, .value = 1, .pane = 6};
    assert_value(SWITCH "State", value_int(1), "1");
    assert_value(SWITCH "Status", value_int(9), "9");
    assert_value(SWITCH "Settings/ShowUIControl", value_int(6), "6");
    c->value = 0;
    assert_value(SWITCH "State", value_int(0), "0");
    assert_value(SWITCH "Status", value_int(0), "0");
}

/* What is stored of one is not shown of the other. */
static void positions(void **state)
{
    view.position = 2;
    view.load_position = 0;
    assert_int_equal(int_at("pvinverter", "/Position"), 2);
    assert_int_equal(int_at("acload", "/Position"), 0);
    assert_int_equal(int_at("heatpump", "/Position"), 0);
    assert_true(row("acload", "/Position")->writable);
}

static void genset_states(void **state)
{
    static const struct {
        double power_w;
        int status_code;
    } cases[] = {{0, 0}, {9.9, 0}, {-9.9, 0}, {10, 8}, {-2400, 8}, {MISSING, 0}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        view.value[FIELD_POWER][0] = cases[i].power_w;
        assert_int_equal(int_at("genset", "/StatusCode"), cases[i].status_code);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(knows_its_classes),
        TEST(servicename_names_its_classes),
        TEST(tables_are_sound),
        TEST(every_class_has_what_venus_asks_for),
        TEST(each_class_has_what_its_page_reads),
        TEST(a_class_has_only_its_own_paths),
        TEST(identity),
        TEST(an_instance_of_0_is_one),
        TEST(roles),
        TEST(phase_setting),
        TEST(number_of_phases),
        TEST(dc_voltage),
        TEST(measurements),
        TEST(strings),
        TEST(states),
        TEST(switched_off),
        TEST(measured_when),
        TEST(health),
        TEST(controls_are_there_where_they_are_switched_on),
        TEST(the_control_of_a_limit),
        TEST(the_control_of_a_switch),
        TEST(positions),
        TEST(genset_states),
    };
    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
