#include "bridge/overview_rows.h"

const struct overview_row overview_own[OWN_ROWS] = {
    [OWN_PROCESS] = {.path = "/Mgmt/ProcessName", .help = "dbus-opendtu"},
    [OWN_VERSION] = {.path = "/Mgmt/ProcessVersion", .help = "of the program"},
    [OWN_CONNECTION] = {.path = "/Mgmt/Connection", .help = "control"},
    [OWN_INSTANCE] = {.path = "/DeviceInstance", .help = "0"},
    [OWN_PRODUCT_ID] = {.path = "/ProductId", .help = "of this service alone", .text = TEXT_HEX},
    [OWN_PRODUCT] = {.path = "/ProductName", .help = "dbus-opendtu"},
    [OWN_FIRMWARE] = {.path = "/FirmwareVersion", .help = "of the program"},
    [OWN_CONNECTED] = {.path = "/Connected", .help = "1"},
    [OWN_STATE] =
        {.path = "/State",
         .help =
             "0 starts, 1 runs, 2 runs, with faults in config.ini, 3 a changed config.ini is refused and "
             "the earlier one stays in force, 4 dry run"},
    [OWN_CONFIG_PATH] = {.path = "/Config/Path", .help = "where config.ini is"},
    [OWN_ERRORS] = {.path = "/Config/Errors", .help = "how many it has"},
    [OWN_WARNINGS] = {.path = "/Config/Warnings", .help = "how many it has"},
    [OWN_MESSAGE] = {.path = "/Config/Message/0", .help = "its faults, errors first"},
    {.path = "/Config/Message/1"},
    {.path = "/Config/Message/2"},
    {.path = "/Config/Message/3"},
    {.path = "/Config/Message/4"},
    {.path = "/Config/Message/5"},
    {.path = "/Config/Message/6"},
    {.path = "/Config/Message/7"},
    [OWN_REFRESH] =
        {.path = "/Refresh",
         .help = "write 1: every gateway is asked at once; refused within 10 s of the last time",
         .command = VALUE_INT},
    [OWN_ADDRESSES] =
        {.path = "/IpAddresses",
         .help =
             "addresses of DTUs to add, with commas between: private or link-local ones or host "
             "names, at most 16",
         .command = VALUE_STRING},
    [OWN_GATEWAYS] = {.path = "/GatewayList",
                      .help = "the ids below /Gateways, with commas between"},
    [OWN_DEVICES] = {.path = "/DeviceList", .help = "the ids below /Devices, with commas between"},
};

static struct value text(const char *s)
{
    return s && *s ? value_string(s) : value_invalid();
}

/* ---- Gateways ---- */

enum {
    GATEWAY_ADDRESS,
    GATEWAY_PRODUCT,
    GATEWAY_FIRMWARE,
    GATEWAY_STATE,
    GATEWAY_LAST_ERROR,
    GATEWAY_PUSH,
    GATEWAY_LATENCY,
    GATEWAY_DEVICES,
    GATEWAY_ADDED,
    GATEWAY_ROWS
};

const struct overview_row overview_gateway_rows[] = {
    [GATEWAY_ADDRESS] = {.path = "Address", .help = "never with a login"},
    [GATEWAY_PRODUCT] = {.path = "Product", .help = "what it is, once that is known"},
    [GATEWAY_FIRMWARE] = {.path = "Firmware", .help = "likewise"},
    [GATEWAY_STATE] =
        {.path = "State",
         .help =
             "0 not asked yet, 1 answers, 2 fails, 3 no DTU has answered yet at an added address"},
    [GATEWAY_LAST_ERROR] = {.path = "LastError", .help = "of the present fault"},
    [GATEWAY_PUSH] = {.path = "Push", .help = "1: it sends its values unasked, 0: it is asked"},
    [GATEWAY_LATENCY] = {.path = "Latency",
                         .help = "half of its last replies took no longer",
                         .text = TEXT_MS},
    [GATEWAY_DEVICES] = {.path = "Devices", .help = "how many it feeds"},
    [GATEWAY_ADDED] = {.path = "Added", .help = "1: an address of /IpAddresses"},
};
const size_t overview_gateway_row_count = GATEWAY_ROWS;

struct value overview_gateway_value(const struct overview_gateway *g, size_t row)
{
    switch (row) {
    case GATEWAY_ADDRESS:
        return text(g->is.conf->base_url);
    case GATEWAY_PRODUCT:
        return text(g->is.product);
    case GATEWAY_FIRMWARE:
        return text(g->is.firmware);
    case GATEWAY_STATE:
        return value_int((int32_t)g->is.state);
    case GATEWAY_LAST_ERROR:
        return text(g->is.why);
    case GATEWAY_PUSH:
        return value_int(g->is.pushes);
    case GATEWAY_LATENCY:
        return value_double(g->is.health->round_trip_p50_ms);
    case GATEWAY_DEVICES:
        return value_int((int32_t)g->devices);
    case GATEWAY_ADDED:
        return value_int(conf_is_added(g->is.conf));
    default:
        return value_invalid();
    }
}

/* ---- Devices ---- */

enum {
    DEVICE_SERVICE,
    DEVICE_INSTANCE,
    DEVICE_CLASS,
    DEVICE_NAME,
    DEVICE_SERIAL,
    DEVICE_PRODUCT,
    DEVICE_GATEWAY,
    DEVICE_STATE,
    DEVICE_LAST_ERROR,
    DEVICE_POWER,
    DEVICE_TODAY,
    DEVICE_ENERGY,
    DEVICE_MAX_POWER,
    DEVICE_AGE,
    DEVICE_ENABLED,
    DEVICE_LIMITS,
    DEVICE_LIMITS_FINAL,
    DEVICE_LIMIT,
    DEVICE_MANUAL,
    DEVICE_MIN,
    DEVICE_MAX,
    DEVICE_LIMIT_STATE,
    DEVICE_SWITCHES,
    DEVICE_SWITCHES_FINAL,
    DEVICE_ROWS
};

const struct overview_row overview_device_rows[] = {
    [DEVICE_SERVICE] = {.path = "Service", .help = "its own; invalid while it is not on the bus"},
    [DEVICE_INSTANCE] = {.path = "DeviceInstance", .help = "likewise"},
    [DEVICE_CLASS] = {.path = "Class", .help = "as \"pvinverter\""},
    [DEVICE_NAME] = {.path = "Name", .help = "as its /CustomName"},
    [DEVICE_SERIAL] = {.path = "Serial", .help = "once that is known"},
    [DEVICE_PRODUCT] = {.path = "Product", .help = "what told of it last"},
    [DEVICE_GATEWAY] = {.path = "Gateway", .help = "the id of who feeds it"},
    [DEVICE_STATE] =
        {.path = "State",
         .help =
             "0 starts, 1 runs, 2 standby (night), 3 error, 4 disabled by its owner, 5 a fault in its "
             "section keeps it off the bus, 6 another program publishes it"},
    [DEVICE_LAST_ERROR] = {.path = "LastError", .help = "why it is in that state"},
    [DEVICE_POWER] = {.path = "Power", .help = "as its /Ac/Power", .text = TEXT_W},
    [DEVICE_TODAY] = {.path = "EnergyToday", .help = "as its /Energy/Today", .text = TEXT_KWH},
    [DEVICE_ENERGY] = {.path = "Energy", .help = "as its /Ac/Energy/Forward", .text = TEXT_KWH},
    [DEVICE_MAX_POWER] = {.path = "MaxPower", .help = "as its /Ac/MaxPower", .text = TEXT_W},
    [DEVICE_AGE] = {.path = "Age", .help = "s since its last measurement, in steps of 60"},
    [DEVICE_ENABLED] =
        {.path = "Enabled",
         .help = "write 0 to keep it off the bus, 1 to publish it; kept in the settings service",
         .command = VALUE_INT,
         .order = UNIT_ORDER_ENABLED},
    [DEVICE_LIMITS] =
        {.path = "PowerLimit/Enabled",
         .help = "1: it may be limited; kept likewise. Invalid for what cannot be limited at all",
         .command = VALUE_INT,
         .order = UNIT_ORDER_LIMITS},
    [DEVICE_LIMITS_FINAL] =
        {.path = "PowerLimit/Final",
         .help = "1: PowerLimit stands in config.ini, and a write to Enabled is refused"},
    [DEVICE_LIMIT] = {.path = "PowerLimit/Limit", .help = "as its /Ac/PowerLimit", .text = TEXT_W},
    [DEVICE_MANUAL] = {.path = "PowerLimit/Manual",
                       .help = "the owner's own limit; at the Max or above there is none",
                       .text = TEXT_W,
                       .command = VALUE_DOUBLE,
                       .order = UNIT_ORDER_LIMIT_W},
    [DEVICE_MIN] = {.path = "PowerLimit/Min", .help = "of Manual", .text = TEXT_W},
    [DEVICE_MAX] = {.path = "PowerLimit/Max", .help = "of Manual", .text = TEXT_W},
    [DEVICE_LIMIT_STATE] = {.path = "PowerLimit/State", .help = "what becomes of the limit"},
    [DEVICE_SWITCHES] = {.path = "Switch/Enabled",
                         .help = "1: it may be switched on and off on the GX screen; kept likewise",
                         .command = VALUE_INT,
                         .order = UNIT_ORDER_SWITCHES},
    [DEVICE_SWITCHES_FINAL] =
        {.path = "Switch/Final",
         .help = "1: Switch stands in config.ini, and a write to Enabled is refused"},
};
const size_t overview_device_row_count = DEVICE_ROWS;

static struct value measured(const struct overview_device *d, enum field field)
{
    return d->dry_run ? value_invalid() : value_double(d->is.view->value[field][0]);
}

static struct value age(const struct overview_device *d)
{
    int s = age_shown_s(d->is.view->measured_ms, d->now_ms);

    return s < 0 ? value_invalid() : value_int(s);
}

static struct value flag(const struct overview_device *d, bool on)
{
    return d->is.commandable ? value_int(on) : value_invalid();
}

static struct value of_slider(const struct overview_device *d, double value)
{
    const struct control_view *slider = &d->is.view->control[CONTROL_LIMIT];

    return slider->there && slider->possible ? value_double(value) : value_invalid();
}

static struct value limit_value(const struct overview_device *d, size_t row)
{
    const struct control_view *slider = &d->is.view->control[CONTROL_LIMIT];

    switch (row) {
    case DEVICE_LIMITS:
        return flag(d, d->is.limits);
    case DEVICE_LIMITS_FINAL:
        return flag(d, d->is.limits_final);
    case DEVICE_LIMIT:
        return value_double(d->is.view->power_limit_w);
    case DEVICE_MANUAL:
        return of_slider(d, slider->value);
    case DEVICE_MIN:
        return of_slider(d, slider->min);
    case DEVICE_MAX:
        return of_slider(d, slider->max);
    case DEVICE_LIMIT_STATE:
        return text(d->is.view->limit_state);
    case DEVICE_SWITCHES:
        return flag(d, d->is.switches);
    case DEVICE_SWITCHES_FINAL:
        return flag(d, d->is.switches_final);
    default:
        return value_invalid();
    }
}

struct value overview_device_value(const struct overview_device *d, size_t row)
{
    const struct device_view *view = d->is.view;

    switch (row) {
    case DEVICE_SERVICE:
        return text(d->is.service);
    case DEVICE_INSTANCE:
        return *d->is.service ? value_int(view->instance) : value_invalid();
    case DEVICE_CLASS:
        return text(d->is.class);
    case DEVICE_NAME:
        return text(view->name);
    case DEVICE_SERIAL:
        return text(view->serial);
    case DEVICE_PRODUCT:
        return text(view->product);
    case DEVICE_GATEWAY:
        return text(d->gateway);
    case DEVICE_STATE:
        return value_int((int32_t)d->is.state);
    case DEVICE_LAST_ERROR:
        return text(d->is.why);
    case DEVICE_POWER:
        return measured(d, FIELD_POWER);
    case DEVICE_TODAY:
        return measured(d, FIELD_ENERGY_TODAY);
    case DEVICE_ENERGY:
        return measured(d, FIELD_ENERGY_FORWARD);
    case DEVICE_MAX_POWER:
        return measured(d, FIELD_MAX_POWER);
    case DEVICE_AGE:
        return age(d);
    case DEVICE_ENABLED:
        return value_int(d->is.enabled);
    default:
        return limit_value(d, row);
    }
}
