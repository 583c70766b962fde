#include "core/map.h"

#include <math.h>

#include "version.h"

static const double genset_running_w = 10;

static int status_code(const struct device_view *view)
{
    switch (view->state) {
    case DEVICE_START:
        return 0;
    case DEVICE_RUNNING:
        /* Also at 0 W: ESS counts an inverter only while it says 7, and may be what holds it at 0. */
        return view->off ? 8 : view->throttled ? 12 : 7;
    case DEVICE_NIGHT:
        return 8;
    case DEVICE_ERROR:
        break;
    }
    return 10;
}

/* A meter's clamp reads a few watts where nothing flows, and a sign that depends on how it is put on. */
static struct value genset_status(const struct device_view *view)
{
    if (view->state == DEVICE_ERROR)
        return value_invalid(); /* the GUI says "Not connected" */
    return value_int(fabs(view->value[FIELD_POWER][0]) >= genset_running_w ? 8 : 0);
}

/* The GUI's rows go from L1 up to this number: none where that would not be the device's own phase. */
static struct value number_of_phases(const struct device_view *view)
{
    if (view->phase == PHASE_3P)
        return value_int(PHASES);
    return view->phase == PHASE_L1 ? value_int(1) : value_invalid();
}

static int inverter_state(const struct device_view *view)
{
    double power = view->value[FIELD_POWER][0];

    if (view->state != DEVICE_RUNNING)
        return 0;
    return has_value(power) && power <= 0 ? 0 : 9;
}

static struct value text_or_invalid(const char *text)
{
    return *text ? value_string(text) : value_invalid();
}

static struct value string_value(const struct string_reading *string, enum map_member member)
{
    switch (member) {
    case MAP_STRING_NAME:
        return value_string(string->name);
    case MAP_STRING_V:
        return value_double(string->voltage_v);
    case MAP_STRING_I:
        return value_double(string->current_a);
    case MAP_STRING_P:
        return value_double(string->power_w);
    case MAP_STRING_YIELD:
        return value_double(string->yield_total_kwh);
    }
    return value_invalid();
}

static struct value health_value(enum map_source source, const struct health_view *view)
{
    if (source == MAP_HEALTH_REQUESTS)
        return value_int(view->requests);
    if (source == MAP_HEALTH_FAILURES)
        return value_int(view->failures);
    if (source == MAP_HEALTH_BY_KIND)
        return value_string(view->by_kind);
    if (source == MAP_HEALTH_P50)
        return value_double(view->round_trip_p50_ms);
    if (source == MAP_HEALTH_P99)
        return value_double(view->round_trip_p99_ms);
    if (source == MAP_HEALTH_PUSHED)
        return value_int(view->pushed);
    if (source == MAP_HEALTH_BYTES)
        return value_double(view->bytes);
    return value_string(view->last_error);
}

static bool is_control(const struct map_row *row)
{
    return row->source >= MAP_CONTROL_TEXT && row->source <= MAP_CONTROL_PANE;
}

/* gui-v2 shows a control whose type, name and value are valid (iochannel.cpp, switchableoutput.cpp). */
static struct value control_value(const struct map_row *row, const struct control_view *control)
{
    if (!control->possible)
        return value_invalid();
    switch (row->source) {
    case MAP_CONTROL_TEXT:
        return value_string(row->arg.text);
    case MAP_CONTROL_INT:
        return value_int(row->arg.constant);
    case MAP_CONTROL_VALUE:
        return row->slot == CONTROL_SWITCH ? value_int(control->value > 0)
                                           : value_double(control->value);
    case MAP_CONTROL_STATUS:
        return value_int(control->value > 0 ? 9 : 0);
    case MAP_CONTROL_MIN:
        return value_double(control->min);
    case MAP_CONTROL_MAX:
        return value_double(control->max);
    case MAP_CONTROL_PANE:
        return value_int(control->pane);
    default:
        return value_invalid();
    }
}

bool map_applies(const struct map_row *row, const struct device_view *view)
{
    if (row->source == MAP_STRING)
        return row->slot < view->strings;
    if (row->source == MAP_FIELD && row->arg.field == FIELD_DC_VOLTAGE)
        return view->has_dc;
    if (is_control(row))
        return view->control[row->slot].there;
    return true;
}

struct value map_value(const struct map_row *row, const struct device_view *view)
{
    switch (row->source) {
    case MAP_FIELD:
        return value_double(view->value[row->arg.field][row->slot]);
    case MAP_STRING:
        return string_value(&view->string[row->slot], row->arg.member);
    case MAP_INT:
        return value_int(row->arg.constant);
    case MAP_TEXT:
        return value_string(row->arg.text);
    case MAP_UNKNOWN:
        return value_invalid();
    case MAP_INSTANCE:
        return view->instance >= 0 ? value_int(view->instance) : value_invalid();
    case MAP_POSITION:
        return value_int(view->position);
    case MAP_LOAD_POSITION:
        return value_int(view->load_position);
    case MAP_ROLE:
        return value_string(view->class);
    case MAP_ALLOWED_ROLES:
        return value_strings(venus_roles);
    case MAP_PHASE_SETTING:
        return view->phase == PHASE_3P ? value_invalid() : value_int((int)view->phase);
    case MAP_SERIAL:
        return text_or_invalid(view->serial);
    case MAP_NAME:
        return value_string(view->name); /* the GUI hides the row of an invalid name, not of "" */
    case MAP_PRODUCT:
        return text_or_invalid(view->product);
    case MAP_FIRMWARE:
        return text_or_invalid(view->firmware);
    case MAP_VERSION:
        return value_string(dtu_version);
    case MAP_CONNECTION:
        return value_string(view->connection);
    case MAP_LATENCY:
        return value_double(view->latency_ms);
    case MAP_UPDATE_INDEX:
        return value_int(view->update_index);
    case MAP_AGE:
        return view->age_s < 0 ? value_invalid() : value_int(view->age_s);
    case MAP_VALUE_SOURCE:
        return view->measured_ms < 0 ? value_invalid() : value_int(view->pushed);
    case MAP_MEASURED_AT:
        return view->measured_ms < 0 ? value_invalid()
                                     : value_double((double)view->measured_ms / 1000);
    case MAP_PHASES:
        return number_of_phases(view);
    case MAP_STATUS_CODE:
        return value_int(status_code(view));
    case MAP_POWER_LIMIT:
        return value_double(view->power_limit_w);
    case MAP_LIMIT_TRIAL:
        return value_double(view->limit_trial_w);
    case MAP_LIMIT_STATE:
        return text_or_invalid(view->limit_state);
    case MAP_CONTROL_TEXT:
    case MAP_CONTROL_INT:
    case MAP_CONTROL_VALUE:
    case MAP_CONTROL_STATUS:
    case MAP_CONTROL_MIN:
    case MAP_CONTROL_MAX:
    case MAP_CONTROL_PANE:
        return control_value(row, &view->control[row->slot]);
    case MAP_GENSET_STATUS:
        return genset_status(view);
    case MAP_STATE:
        return value_int(inverter_state(view));
    case MAP_ERROR_CODE:
        return value_int(view->state == DEVICE_ERROR ? 1 : 0);
    case MAP_JUMPS_DROPPED:
        return value_int((int32_t)view->jumps_dropped);
    case MAP_FALLS_HELD:
        return value_int((int32_t)view->falls_held);
    case MAP_READINGS_DROPPED:
        return value_int((int32_t)view->readings_dropped);
    case MAP_HEALTH_REQUESTS:
    case MAP_HEALTH_FAILURES:
    case MAP_HEALTH_BY_KIND:
    case MAP_HEALTH_P50:
    case MAP_HEALTH_P99:
    case MAP_HEALTH_PUSHED:
    case MAP_HEALTH_BYTES:
    case MAP_HEALTH_LAST_ERROR:
        return view->health_known ? health_value(row->source, &view->health) : value_invalid();
    }
    return value_invalid();
}
