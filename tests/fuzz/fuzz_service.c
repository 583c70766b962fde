/* Whatever is called on one of our services, with whatever arguments: each call gets one answer, or none if it wants none. */
#include "fuzz/service_double.h"

static struct service *service;

static const struct service_item items[] = {
    {.path = "/Ac/Power", .text = TEXT_W, .value = {.type = VALUE_DOUBLE, .d = 5}},
    {.path = "/CustomName", .writable = true, .value = {.type = VALUE_STRING, .s = "Roof"}},
    {.path = "/Position", .writable = true, .value = {.type = VALUE_INT, .i = 1}},
    {.path = "/Ac/PowerLimit", .writable = true, .command = VALUE_DOUBLE, .text = TEXT_W},
    {.path = "/Role", .description = "the class", .writable = true},
    {.path = "/Refresh", .writable = true, .command = VALUE_INT, .value = {.type = VALUE_INT}},
    {.path = "/IpAddresses", .writable = true, .command = VALUE_STRING},
};

enum { ITEMS = sizeof items / sizeof items[0] };

/* What is written has the type of its item, and none is no value or beyond what a message holds. */
static int on_write(void *user, size_t item, const struct value *v)
{
    (void)user;
    if (item >= ITEMS || !items[item].writable || v->type == VALUE_INVALID)
        double_fail("a write that should not be");
    enum value_type type =
        items[item].command != VALUE_INVALID ? items[item].command : items[item].value.type;
    if (type != VALUE_INVALID && v->type != type)
        double_fail("a write of another type");
    service_set(service, item, v);
    return v->type == VALUE_INT && v->i < 0 ? SERVICE_REFUSED : SERVICE_ACCEPTED;
}

static void on_call(DBusMessage *m)
{
    double_call_service(service, m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct service_events events = {.write = on_write};
    char why[160] = "";

    double_begin();
    service = service_create(twin.loop, "com.victronenergy.pvinverter.http_34", items, ITEMS,
                             &events, why, sizeof why);
    if (!service)
        abort();
    double_turns();
    double_play(data, size, on_call);
    service_destroy(service);
    return 0;
}
