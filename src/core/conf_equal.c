/* Whether a section means the same as before: what a reload leaves alone. */
#include <string.h>

#include "core/conf.h"

static bool same_text(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool same_number(double a, double b)
{
    return a == b || (!has_value(a) && !has_value(b));
}

static bool same_value(const struct template_value *a, const struct template_value *b)
{
    bool same = same_number(a->mult, b->mult) && same_number(a->fallback, b->fallback);

    for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
        same = same && same_text(a->path[slot], b->path[slot]);
    return same;
}

static bool same_string(const struct template_string *a, const struct template_string *b)
{
    return same_text(a->power, b->power) && same_text(a->voltage, b->voltage) &&
           same_text(a->current, b->current) && same_text(a->today, b->today);
}

static bool same_template(const struct template_conf *a, const struct template_conf *b)
{
    bool same = same_text(a->serial, b->serial) && a->line_to_line == b->line_to_line &&
                a->reversed == b->reversed && same_text(a->standby, b->standby) &&
                same_text(a->title, b->title) && a->first_channel == b->first_channel &&
                a->channels == b->channels;

    for (size_t i = 0; i < JSON_REPLIES_MAX; i++)
        same = same && same_text(a->api_path[i], b->api_path[i]);
    for (size_t f = 0; f < FIELD_COUNT; f++)
        same = same && same_value(&a->value[f], &b->value[f]);
    for (size_t i = 0; i < STRINGS_MAX; i++)
        same = same && same_string(&a->string[i], &b->string[i]);
    return same;
}

/* How it is reached, as opposed to what is asked and when. */
static bool same_peer(const struct gateway_conf *a, const struct gateway_conf *b)
{
    return same_text(a->base_url, b->base_url) && same_text(a->username, b->username) &&
           same_text(a->password, b->password) && a->digest == b->digest &&
           same_text(a->replay_file, b->replay_file) && a->replay_speed == b->replay_speed &&
           same_text(a->authorization, b->authorization) && same_text(a->ca_cert, b->ca_cert) &&
           a->tls_verify == b->tls_verify && a->timeout_ms == b->timeout_ms;
}

bool gateway_conf_equal(const struct gateway_conf *a, const struct gateway_conf *b)
{
    return same_text(a->section, b->section) && a->number == b->number &&
           same_text(a->driver, b->driver) && same_peer(a, b) && a->interval_ms == b->interval_ms &&
           a->esp8266_interval_ms == b->esp8266_interval_ms &&
           a->retry_after_ms == b->retry_after_ms && a->first_retry_ms == b->first_retry_ms &&
           a->nearby == b->nearby && a->max_inverters == b->max_inverters &&
           a->auto_add == b->auto_add && same_text(a->in_doubt, b->in_doubt) &&
           a->push == b->push && same_template(&a->template, &b->template);
}

static bool same_place(const struct device_conf *a, const struct device_conf *b)
{
    return same_text(a->section, b->section) && a->off == b->off && a->gateway == b->gateway &&
           a->index == b->index && same_text(a->connection, b->connection) &&
           same_text(a->serial, b->serial);
}

bool device_conf_equal(const struct device_conf *a, const struct device_conf *b)
{
    return same_place(a, b) && a->phase == b->phase && a->instance == b->instance &&
           a->position == b->position && same_text(a->service, b->service) &&
           same_text(a->name, b->name) && a->has_dc == b->has_dc &&
           a->use_yield_day == b->use_yield_day && a->keep_energy == b->keep_energy &&
           a->power_limit == b->power_limit && a->power_switch == b->power_switch &&
           a->says_power_limit == b->says_power_limit &&
           a->says_power_switch == b->says_power_switch &&
           same_number(a->power_limit_min_w, b->power_limit_min_w) &&
           same_number(a->max_power_w, b->max_power_w) &&
           same_number(a->energy_offset_kwh, b->energy_offset_kwh) &&
           a->max_age_s == b->max_age_s && a->error_mode == b->error_mode &&
           a->min_retries == b->min_retries && a->error_after_s == b->error_after_s &&
           a->meter_away == b->meter_away;
}
