#include "virtual/support/page_house.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/app.h"

struct page_house page;

static void put_live(const char *serial)
{
    snprintf(
        page.body, sizeof page.body,
        "{\"inverters\":[{\"serial\":\"%s\",\"name\":\"Roof\",\"data_age\":1,\"reachable\":%s,"
        "\"producing\":%s,\"limit_relative\":%.1f,\"AC\":{\"0\":{\"Power\":"
        "{\"v\":%.1f},\"Voltage\":{\"v\":230},\"YieldTotal\":{\"v\":100},\"YieldDay\":{\"v\":500}}},"
        "\"DC\":{},\"INV\":{\"0\":{}}}]}",
        serial, page.night ? "false" : "true", page.night ? "false" : "true", page.limit_pct,
        page.power_w);
}

/* The value behind a key of the form, which is JSON with its marks percent-encoded. */
static double form_number(const char *body, const char *key)
{
    const char *at = strstr(body, key);

    assert_non_null(at);
    at += strlen(key) + strlen("%22%3A");
    return strtod(strncmp(at, "%22", 3) == 0 ? at + 3 : at, NULL);
}

static void take_command(const struct message *m)
{
    page.commands++;
    if (strcmp(m->path, "/api/limit/config") == 0)
        page.limit_pct = form_number(m->body, "limit_value") /
                         (form_number(m->body, "limit_type") == 0 ? MAX_W / 100.0 : 1);
    snprintf(page.body, sizeof page.body, "{\"type\":\"success\",\"code\":1001}");
}

static void answer_dtu(const struct message *m, const char *serial)
{
    const char *path = m->path;

    if (strcmp(path, "/api/livedata/status") == 0) {
        page.asked++;
        put_live(serial);
    } else if (strcmp(path, "/api/inverter/list") == 0) {
        snprintf(page.body, sizeof page.body,
                 "{\"inverter\":[{\"serial\":\"%s\",\"command_enable\":true}]}", serial);
    } else if (strcmp(path, "/api/limit/status") == 0) {
        snprintf(page.body, sizeof page.body,
                 "{\"%s\":{\"limit_relative\":%.1f,\"max_power\":%d,\"limit_set_status\":\"Ok\"}}",
                 serial, page.limit_pct, MAX_W);
    } else if (strcmp(path, "/api/system/status") == 0) {
        snprintf(page.body, sizeof page.body,
                 "{\"git_hash\":\"v24.2.16\",\"hostname\":\"OpenDTU\"}");
    } else {
        take_command(m);
    }
}

static void gateway(void *user, const char *base_url, const struct message *m,
                    struct world_reply *reply)
{
    (void)user;
    reply->delay_ms = 20;
    reply->body = page.body;
    if (strcmp(base_url, "http://dtu") == 0) {
        if (page.away)
            reply->outcome = REPLY_UNREACHABLE;
        else
            answer_dtu(m, page.serial);
        return;
    }
    page.added_asked++;
    page.added_commands +=
        m->format != MESSAGE_NO_BODY || strcmp(m->path, "/api/inverter/list") == 0;
    snprintf(page.added_url, sizeof page.added_url, "%s", base_url);
    if (page.added_is_dtu)
        answer_dtu(m, OTHER);
    else
        reply->outcome = REPLY_UNREACHABLE;
}

void page_write_config(const char *text)
{
    gx_configure(&page.gx, "%s", text);
}

void page_begin(void)
{
    assert_true(gx_start(&page.gx));
    world_run(page.gx.loop, 30 * 1000);
}

void page_end(void)
{
    gx_stop(&page.gx);
}

void page_begin_with(const char *config)
{
    page_write_config(config);
    page_begin();
}

void page_change_config(const char *config)
{
    page_write_config(config);
    app_reload(page.gx.app);
    world_run(page.gx.loop, 10 * 1000);
}

int page_setup(void **state)
{
    (void)state;
    memset(&page, 0, sizeof page);
    page.serial = SERIAL;
    page.power_w = 287;
    page.limit_pct = 100;
    gx_make(&page.gx);
    world_set_message_gateway(gateway, NULL);
    return 0;
}

int page_teardown(void **state)
{
    (void)state;
    return gx_remove(&page.gx);
}

/* ---- What it shows, and is told ---- */

struct value page_value(const char *path)
{
    return world_value(OWN, path);
}

void assert_page_text(const char *path, const char *text)
{
    struct value v = page_value(path);

    if (v.type != VALUE_STRING)
        fail_msg("%s is no text", path);
    assert_string_equal(v.s, text);
}

void assert_page_number(const char *path, double number)
{
    struct value v = page_value(path);
    double is = v.type == VALUE_INT ? v.i : v.type == VALUE_DOUBLE ? v.d : NAN;

    if (!(fabs(is - number) < 1e-9))
        fail_msg("%s is %g, not %g", path, is, number);
}

void assert_page_none(const char *path)
{
    if (page_value(path).type != VALUE_INVALID)
        fail_msg("%s has a value", path);
}

int page_write_int(const char *path, int i)
{
    const struct value v = value_int(i);
    int result = world_write(OWN, path, &v);

    world_run(page.gx.loop, 100);
    return result;
}

int page_write_double(const char *path, double d)
{
    const struct value v = value_double(d);
    int result = world_write(OWN, path, &v);

    world_run(page.gx.loop, 100);
    return result;
}

int page_write_text(const char *path, const char *s)
{
    const struct value v = value_string(s);
    int result = world_write(OWN, path, &v);

    world_run(page.gx.loop, 100);
    return result;
}
