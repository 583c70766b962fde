/* What other processes say of their names, their instances and serial numbers, when asked and by themselves. */
#include "fuzz/bus_double.h"

#include "edge/bus/instances.c"

static struct {
    struct instances *directory;
    bool ready;
} t;

/* Two names are ours, whoever else says that he has them. */
static bool on_ours(void *user, const char *service)
{
    (void)user;
    return strcmp(service, "com.victronenergy.pvinverter.http_34") == 0 ||
           strcmp(service, "com.victronenergy.opendtu") == 0;
}

static void check_service(const char *name)
{
    if (strncmp(name, "com.victronenergy.", 18) != 0 || strlen(name) > 255 || on_ours(NULL, name))
        double_fail("a service that should not be seen");
}

static void on_directory_ready(void *user)
{
    (void)user;
    if (t.ready)
        double_fail("ready twice");
    t.ready = true;
}

static void on_appeared(void *user, const char *service, int instance)
{
    size_t len;
    const char *class = class_of(service, &len);
    char text[256];

    (void)user;
    check_service(service);
    if (!t.ready || !class)
        double_fail("a service that appears too early, or has no class");
    (void)snprintf(text, sizeof text, "%.*s", (int)len, class);
    if (!instances_has_heard(t.directory, service) || !instances_find(t.directory, text, instance))
        double_fail("a service that is not found");
}

static void look(void)
{
    static const char *const classes[] = {"pvinverter", "grid", ""};

    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        const char *name = instances_find(t.directory, classes[i], 34);
        if (name)
            check_service(name);
    }
    const char *name = instances_find_serial(t.directory, "114182940773");
    if (name)
        check_service(name);
    if (instances_find_serial(t.directory, ""))
        double_fail("a service without a serial number is found by it");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct instances_events events = {.ready = on_directory_ready,
                                            .appeared = on_appeared,
                                            .ours = on_ours};
    char why[160] = "";

    double_begin();
    t.ready = false;
    t.directory = instances_create(twin.loop, &twin.bus, &events, why, sizeof why);
    if (!t.directory)
        abort();
    double_play(data, size, NULL);
    look();
    instances_destroy(t.directory);
    return 0;
}
