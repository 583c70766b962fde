/* The machine's half of show_view.h. */
#include <cjson/cJSON.h>

#include "cli/json_out.h"
#include "cli/show/show_view.h"

static void add_phases(cJSON *o, const struct show_row *row)
{
    static const char *const names[PHASES] = {"L1", "L2", "L3"};
    cJSON *phases = cJSON_AddObjectToObject(o, "phases");

    for (size_t i = 0; i < PHASES; i++) {
        const double *values = row->phase[i];
        if (!has_value(values[0]))
            continue;
        cJSON *phase = cJSON_AddObjectToObject(phases, names[i]);
        json_out_number(phase, "power_w", values[0]);
        json_out_number(phase, "voltage_v", values[1]);
        json_out_number(phase, "current_a", values[2]);
        json_out_number(phase, "energy_kwh", values[3]);
    }
}

static void add_health(cJSON *o, const struct show_row *row)
{
    json_out_number(o, "requests", row->debug.requests);
    json_out_number(o, "failures", row->debug.failures);
    json_out_text(o, "failures_by_kind", row->debug.by_kind);
    json_out_number(o, "round_trip_p50_ms", row->debug.p50);
    json_out_number(o, "round_trip_p99_ms", row->debug.p99);
    json_out_number(o, "pushed", row->debug.pushed);
    json_out_number(o, "bytes", row->debug.bytes);
    json_out_text(o, "last_error", row->debug.last_error);
}

static cJSON *row_object(const struct show_row *row, int64_t now_ms)
{
    cJSON *o = cJSON_CreateObject();
    enum show_tone tone;
    char buffer[32];
    bool at_least;
    int64_t age = show_row_age(row, now_ms, &at_least);

    cJSON_AddStringToObject(o, "service", row->service);
    cJSON_AddStringToObject(o, "name", show_row_title(row));
    cJSON_AddStringToObject(o, "status", show_row_status(row, &tone, buffer, sizeof buffer));
    json_out_text(o, "reason", show_row_reason(row));
    json_out_text(o, "phase", show_row_phases(row));
    json_out_number(o, "power_w", show_row_power(row));
    json_out_number(o, "voltage_v", show_row_voltage(row));
    json_out_number(o, "current_a", show_row_current(row));
    json_out_number(o, "energy_kwh", show_row_energy(row));
    json_out_number(o, "energy_today_kwh", row->today);
    /* Only where it is true: before the first update was seen, it is older than we know. */
    json_out_number(o, "age_s", age < 0 || at_least ? MISSING : (double)age / 1000);
    json_out_number(o, "latency_ms", row->latency);
    json_out_text(o, "connection", row->connection);
    add_phases(o, row);
    return o;
}

static void put_object(cJSON *o, struct show_text *out)
{
    char *text = cJSON_PrintUnformatted(o);

    cJSON_Delete(o);
    if (!text) {
        out->failed = true;
        return;
    }
    show_text_puts(out, text);
    show_text_puts(out, "\n");
    cJSON_free(text);
}

void show_view_json_row(const struct show_row *row, int64_t now_ms, struct show_text *out)
{
    put_object(row_object(row, now_ms), out);
}

void show_view_json_gone(const char *service, struct show_text *out)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "service", service);
    cJSON_AddStringToObject(o, "status", "gone");
    put_object(o, out);
}

static void add_total(cJSON *document, const struct show_model *m)
{
    struct show_total t;
    cJSON *o = cJSON_AddObjectToObject(document, "total");

    show_model_total(m, &t);
    cJSON_AddNumberToObject(o, "services", (double)t.services);
    cJSON_AddNumberToObject(o, "inverters", (double)t.inverters);
    cJSON_AddNumberToObject(o, "running", (double)t.running);
    json_out_number(o, "power_w", t.power);
    json_out_number(o, "power_l1_w", t.phase[0]);
    json_out_number(o, "power_l2_w", t.phase[1]);
    json_out_number(o, "power_l3_w", t.phase[2]);
    json_out_number(o, "energy_today_kwh", t.today);
}

static void add_gateways(cJSON *document, const struct show_model *m)
{
    struct show_gateway gateways[SHOW_SERVICES_MAX];
    size_t count = show_model_gateways(m, gateways);
    cJSON *list = cJSON_AddArrayToObject(document, "gateways");

    for (size_t i = 0; i < count; i++) {
        cJSON *o = cJSON_CreateObject();
        json_out_text(o, "connection", gateways[i].row->connection);
        cJSON_AddNumberToObject(o, "services", (double)gateways[i].services);
        add_health(o, gateways[i].row);
        cJSON_AddItemToArray(list, o);
    }
}

void show_view_json(const struct show_model *m, const struct show_look *look, struct show_text *out)
{
    cJSON *document = cJSON_CreateObject();

    if (look->gateways) {
        add_gateways(document, m);
    } else {
        cJSON *list = cJSON_AddArrayToObject(document, "services");
        for (size_t i = 0; i < show_model_count(m); i++)
            cJSON_AddItemToArray(list, row_object(show_model_row(m, i), look->now_ms));
        add_total(document, m);
    }
    put_object(document, out);
}
