#include "cli/check/identify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/json.h"
#include "core/text.h"

/* Of a Shelly each generation has the page; Tasmota answers any command at its one. */
static const char *const pages[] = {"/shelly", "/cm?cmnd=Status%202"};
enum { PAGES = sizeof pages / sizeof pages[0], PAGE_SHELLY = 0 };

bool identify_is_due(const struct asked *a)
{
    bool answers =
        a->kind == HEALTH_STATUS || a->kind == HEALTH_BAD_REPLY || a->kind == HEALTH_UNAUTHORIZED;

    return a->failed && answers && !conf_is_template(a->conf);
}

static void read_shelly(const cJSON *root, struct identity *out)
{
    char model[40];

    json_text(root, "model", model, sizeof model); /* from generation 2 on */
    if (!model[0])
        json_text(root, "type", model, sizeof model);
    if (model[0] && cJSON_IsString(json_get(root, "mac")))
        (void)snprintf(out->what, sizeof out->what, "a Shelly (%s)", model);
}

static void read_tasmota(const cJSON *root, struct identity *out)
{
    const cJSON *firmware = json_get(root, "StatusFWR");
    char version[40];

    json_text(firmware, "Version", version, sizeof version);
    if (version[0])
        (void)snprintf(out->what, sizeof out->what, "a Tasmota (%s)", version);
}

void identify_read(size_t n, const char *body, size_t len, struct identity *out)
{
    cJSON *root = json_parse(body, len, NULL, 0);

    if (n == PAGE_SHELLY)
        read_shelly(root, out);
    else
        read_tasmota(root, out);
    text_clean(out->what);
    cJSON_Delete(root);
}

/* As a template device is asked: one page, whose values nobody needs. */
static void fill_conf(struct gateway_conf *conf, const struct asked *a, const char *page)
{
    *conf = *a->conf;
    memset(&conf->template, 0, sizeof conf->template);
    text_copy(conf->driver, sizeof conf->driver, conf_template_driver);
    text_copy(conf->template.api_path[0], sizeof conf->template.api_path[0], page);
}

bool identify(const struct asked *asked, size_t count, struct identity *out)
{
    const struct gateway_conf *which[CONF_GATEWAYS_MAX * PAGES] = {NULL};
    struct gateway_conf *confs = calloc(count * PAGES + 1, sizeof *confs);
    size_t due = 0;

    for (size_t g = 0; g < count; g++)
        out[g].what[0] = '\0';
    if (!confs)
        return false;
    for (size_t g = 0; g < count; g++) {
        for (size_t n = 0; identify_is_due(&asked[g]) && n < PAGES; n++) {
            fill_conf(&confs[due], &asked[g], pages[n]);
            which[due] = &confs[due];
            due++;
        }
    }
    struct asked *again = ask_gateways(which, NULL, due);
    due = 0;
    for (size_t g = 0; again && g < count; g++) {
        for (size_t n = 0; identify_is_due(&asked[g]) && n < PAGES; n++) {
            const struct ask_reply *r = asked_template_reply(&again[due++]);
            if (r && !out[g].what[0])
                identify_read(n, r->body, r->len, &out[g]);
        }
    }
    asked_free(again, due);
    free(confs);
    return again != NULL;
}
