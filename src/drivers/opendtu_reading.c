#include "drivers/opendtu_reading.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/text.h"
#include "drivers/common.h"

const char opendtu_title[] = "OpenDTU";

bool opendtu_find_channels(const cJSON *entry, struct opendtu_channels *c)
{
    const cJSON *ac = json_get(entry, "AC"), *inv = json_get(entry, "INV");
    const cJSON *dc = json_get(entry, "DC");

    if (cJSON_IsObject(ac) || cJSON_IsObject(inv) || cJSON_IsObject(dc)) {
        *c =
            (struct opendtu_channels){.ac = json_get(ac, "0"), .inv = json_get(inv, "0"), .dc = dc};
        return true;
    }
    ac = json_get(entry, "0");
    *c = (struct opendtu_channels){.ac = ac, .inv = ac, .dc = entry, .first_dc = 1};
    return cJSON_IsObject(ac);
}

static double quantity(const cJSON *channel, const char *name)
{
    return json_member(json_get(channel, name), "v");
}

/* Some quantities moved from AC to INV with v24.2.12. */
static void put_from(struct reading *r, enum field f, const cJSON *first, const cJSON *second,
                     const char *name, double scale)
{
    common_put(r, f, quantity(first, name) * scale);
    if (!has_value(r->value[f][0]))
        common_put(r, f, quantity(second, name) * scale);
}

static void read_power_factor(struct reading *r, const cJSON *ac)
{
    char unit[4];

    json_text(json_get(ac, "PowerFactor"), "u", unit, sizeof unit);
    common_put(r, FIELD_POWER_FACTOR,
               quantity(ac, "PowerFactor") / (strcmp(unit, "%") == 0 ? 100 : 1));
}

/*
 * An HMT tells the voltage between two phases (FLD_UAC is UAC_12 there), an MIT-5000 one or the other: the two
 * proposals that OpenDTU has for it differ. 300 V lies between 230 and 400, and between 277 and 480.
 */
static double to_neutral(double voltage_v, const char *serial)
{
    return common_mit(serial) && voltage_v < 300 ? voltage_v : voltage_v / sqrt(3);
}

/* An HMT's current is not to be relied on. Keys per phase are preferred where a firmware has them. */
static void read_phases(struct reading *r, const cJSON *ac)
{
    static const struct {
        const char *voltage, *current;
    } names[] = {
        [1] = {"Voltage Ph1-N", "Current Ph1"},
        [2] = {"Voltage Ph2-N", "Current Ph2"},
        [3] = {"Voltage Ph3-N", "Current Ph3"},
    };
    double *voltage = r->value[FIELD_VOLTAGE], *current = r->value[FIELD_CURRENT];
    bool own = false;

    for (unsigned phase = 1; phase <= PHASES; phase++) {
        voltage[phase] = common_in_packet(FIELD_VOLTAGE, quantity(ac, names[phase].voltage));
        current[phase] = common_in_packet(FIELD_CURRENT, quantity(ac, names[phase].current));
        own = own || has_value(voltage[phase]) || has_value(current[phase]);
    }
    r->phases = own || common_three_phase(r->serial) ? PHASES : 1;
    if (r->phases == 1)
        return;
    current[0] = MISSING;
    voltage[0] = to_neutral(voltage[0], r->serial);
    double sum = voltage[1] + voltage[2] + voltage[3];
    if (has_value(sum))
        voltage[0] = sum / PHASES;
}

static void read_ac(struct reading *r, const struct opendtu_channels *c)
{
    put_from(r, FIELD_POWER, c->ac, c->inv, "Power", 1);
    put_from(r, FIELD_VOLTAGE, c->ac, c->inv, "Voltage", 1);
    put_from(r, FIELD_CURRENT, c->ac, c->inv, "Current", 1);
    put_from(r, FIELD_FREQUENCY, c->ac, c->inv, "Frequency", 1);
    put_from(r, FIELD_ENERGY_FORWARD, c->inv, c->ac, "YieldTotal", 1);
    put_from(r, FIELD_ENERGY_TODAY, c->inv, c->ac, "YieldDay", 0.001);
    put_from(r, FIELD_TEMPERATURE, c->inv, c->ac, "Temperature", 1);
    read_power_factor(r, c->ac);
    read_phases(r, c->ac);
}

/* Strings are numbered by their keys, whatever order those come in. */
static void read_strings(struct reading *r, const struct opendtu_channels *c)
{
    char key[12];

    while (r->strings < STRINGS_MAX) {
        (void)snprintf(key, sizeof key, "%u", c->first_dc + r->strings);
        const cJSON *channel = json_get(c->dc, key);
        if (!channel)
            return;
        struct string_reading s = {
            .power_w = quantity(channel, "Power"),
            .voltage_v = quantity(channel, "Voltage"),
            .current_a = quantity(channel, "Current"),
            .yield_today_kwh = quantity(channel, "YieldDay") / 1000,
            .yield_total_kwh = quantity(channel, "YieldTotal"),
        };
        json_text(json_get(channel, "name"), "u", s.name, sizeof s.name);
        common_add_string(r, &s);
    }
}

static double positive(double v)
{
    return v > 0 ? v : MISSING;
}

static void read_limits(struct reading *r, const cJSON *entry, double max_power_w)
{
    double absolute = positive(json_member(entry, "limit_absolute"));
    double relative = positive(json_member(entry, "limit_relative"));

    common_put(r, FIELD_LIMIT, absolute);
    common_put(r, FIELD_MAX_POWER, max_power_w > 0 ? max_power_w : absolute * 100 / relative);
}

static void read_age(struct reading *r, const cJSON *entry)
{
    double age = json_member(entry, "data_age_ms") / 1000;

    if (!has_value(age))
        age = json_member(entry, "data_age");
    r->age_s = age >= 0 ? age : MISSING;
}

bool opendtu_hears(const cJSON *entry)
{
    return json_bool(entry, "reachable", true) && json_bool(entry, "poll_enabled", true);
}

void opendtu_read_entry(struct reading *r, const cJSON *entry, const char *serial,
                        double max_power_w)
{
    reading_init(r);
    r->product = opendtu_title;
    text_copy(r->serial, sizeof r->serial, serial);
    json_text(entry, "name", r->name, sizeof r->name);
    r->reach = opendtu_hears(entry) ? REACH_OK : REACH_LOST;
    r->by_radio = true;
    r->phases = common_three_phase(r->serial) ? PHASES : 1;
    read_age(r, entry);
    read_limits(r, entry, max_power_w);
}

void opendtu_read_channels(struct reading *r, const struct opendtu_channels *c)
{
    read_ac(r, c);
    read_strings(r, c);
}
