#include "fuzz/driver_session.h"

static void set(struct template_value *v, const char *path, double mult, double fallback)
{
    (void)snprintf(v->path[0], sizeof v->path[0], "%s", path);
    v->mult = mult;
    v->fallback = fallback;
}

/* The first body is the path of the total: what users write is input as well. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gateway_conf conf;
    struct template_conf *c = &conf.template;
    const uint8_t *stop;
    char path[CONF_TEXT_MAX];

    if (size < 2)
        return 0;
    stop = memchr(data, 0x1E, size);
    if (!stop || stop == data)
        return 0;
    (void)snprintf(path, sizeof path, "%.*s", (int)(stop - data - 1), (const char *)data + 1);
    (void)snprintf(conf.username, sizeof conf.username, "%s", path);
    (void)snprintf(conf.section, sizeof conf.section, "TEMPLATE0");
    (void)snprintf(c->api_path[0], sizeof c->api_path[0], "/cm?%.200s", path);
    (void)snprintf(c->serial, sizeof c->serial, "12345678");
    set(&c->value[FIELD_POWER], "a/0+b", data[0] & 1 ? -2 : 1, data[0] & 2 ? 0 : MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], path, 0.001, data[0] & 4 ? 5 : MISSING);
    set(&c->value[FIELD_VOLTAGE], "u", 1, 230);
    set(&c->value[FIELD_CURRENT], "none", 1, MISSING);
    set(&c->value[FIELD_DC_VOLTAGE], "/a/1/d", 1, MISSING);
    fuzz_session("template", &conf, stop, size - (size_t)(stop - data));
    return 0;
}
