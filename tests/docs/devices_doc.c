/*
 * Without arguments: writes what follows the introduction of docs/devices.md, an entry for each file of src/devices.
 * With the name of one: what each class shows of its replies in tests/fixtures/devices, for the .golden file there.
 * What an owner has to add to a type stands in its .ini there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/device.h"
#include "core/json.h"
#include "core/map.h"
#include "core/text.h"
#include "drivers/common.h"

enum { FILE_MAX = 256 * 1024, DEVICES_MAX = DEVICE_CHANNELS_MAX };

static void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* ---- Replies ---- */

/* The fixture: an object of replies, by the path that asks for them. NULL when there is none. */
static cJSON *read_fixture(const char *type, const char *variant)
{
    static char text[FILE_MAX];
    char path[200], why[120];

    (void)snprintf(path, sizeof path, "tests/fixtures/devices/%s%s%s.json", type,
                   *variant ? "." : "", variant);
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    size_t len = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[len] = '\0';
    cJSON *root = json_parse(text, len, why, sizeof why);
    if (!root)
        die(path, why);
    return root;
}

/* What the owner adds to the section, or "". */
static const char *read_own_lines(const char *type)
{
    static char lines[800];
    char path[200];

    (void)snprintf(path, sizeof path, "tests/fixtures/devices/%s.ini", type);
    FILE *f = fopen(path, "r");
    size_t len = f ? fread(lines, 1, sizeof lines - 1, f) : 0;
    if (f)
        fclose(f);
    lines[len] = '\0';
    return lines;
}

struct readings {
    size_t count;
    struct reading list[DEVICES_MAX];
};

static void take_reading(void *user, const struct reading *r)
{
    struct readings *all = user;

    if (all->count < DEVICES_MAX)
        all->list[all->count++] = *r;
}

/* What the driver makes of the replies; what is not there fails like a request that nobody answers. */
static void ask(const struct gateway_conf *conf, const cJSON *replies, struct readings *out)
{
    const struct driver *driver = driver_find(conf->driver);
    void *session = calloc(1, driver->session_size);
    const struct decode_sink sink = {.reading = take_reading, .user = out};
    struct message message;
    char why[DECODE_WHY_MAX] = "";

    out->count = 0;
    driver->open(session, conf);
    driver->begin(session, 0);
    while (driver->next(session, &message)) {
        const cJSON *reply = json_get(replies, message.path);
        char *body = reply ? cJSON_PrintUnformatted(reply) : NULL;
        if (!body && !message.optional)
            die(conf->template.type, message.path);
        if (!body)
            driver->skip(session);
        else if (driver->decode(session, body, strlen(body), &sink, why) != DECODE_OK)
            die(conf->template.type, why);
        cJSON_free(body);
    }
    driver->close(session);
    free(session);
}

/* ---- What is shown ---- */

static bool is_told(enum map_source source)
{
    return source == MAP_FIELD || source == MAP_STRING || source == MAP_PRODUCT ||
           source == MAP_NAME || source == MAP_PHASES || source == MAP_STATUS_CODE ||
           source == MAP_GENSET_STATUS || source == MAP_STATE;
}

static void show_rows(const struct device_conf *conf, const struct reading *r, bool table)
{
    const struct venus_class *class = venus_class_find(conf->service, NULL);
    struct device *d = device_create(conf, NULL);
    char text[120];

    if (!d)
        die(conf->section, "out of memory");
    device_set_class(d, class->name, class->meter);
    device_feed(d, r, MISSING, 1000, MISSING);
    for (size_t i = 0; i < class->row_count; i++) {
        const struct map_row *row = &class->rows[i];
        if (!is_told(row->source) || !map_applies(row, device_view(d)))
            continue;
        const struct value value = map_value(row, device_view(d));
        if (value.type == VALUE_INVALID)
            continue;
        value_text(&value, row->text, text, sizeof text);
        printf(table ? "| `%s` | %s |\n" : "%s %s\n", row->path, text);
    }
    device_destroy(d);
}

static struct config *configure(const char *type, const char *class)
{
    struct conf_report report;
    char text[1200];

    (void)snprintf(text, sizeof text,
                   "[DEFAULT]\nDTU=template\n[TEMPLATE0]\nHost=192.168.1.80\nType=%s\n"
                   "Servicename=com.victronenergy.%s\nCUST_SN=1\nAuthorization=x\n%s",
                   type, class, read_own_lines(type));
    struct config *config = config_parse(text, strlen(text), &report);
    if (!config || report.errors || config->device_count == 0)
        die(type, report.count ? report.messages[0].text : "no device");
    conf_report_finish(&report);
    return config;
}

static void show_devices(const char *type, const char *class, const cJSON *replies, bool table)
{
    struct config *config = configure(type, class);
    struct readings readings;

    ask(&config->gateways[0], replies, &readings);
    for (size_t i = 0; i < readings.count; i++) {
        if (table)
            printf("\n| path | value |\n|---|---|\n");
        else
            printf("\n%s\n", config->devices[i].service);
        show_rows(&config->devices[i], &readings.list[i], table);
        if (readings.list[i].why[0] && !table)
            printf("(%s)\n", readings.list[i].why);
    }
    config_free(config);
}

/* ---- The golden file ---- */

static int write_golden(const char *name, int variant_count, char **variants)
{
    for (int v = -1; v < variant_count; v++) {
        const char *variant = v < 0 ? "" : variants[v];
        cJSON *replies = read_fixture(name, variant);
        if (!replies)
            continue;
        printf("%s# %s%s%s\n", v < 0 ? "" : "\n", name, *variant ? "." : "", variant);
        struct device_type type;
        char classes[DEVICE_TYPE_VALUE_MAX];
        for (const struct device_text *t = device_texts; t->name; t++) {
            if (strcmp(t->name, name) != 0 || !device_type_read(&type, t, NULL, NULL))
                continue;
            (void)device_type_get(&type, "Classes", classes);
            for (char *rest = classes, *class; (class = strsep(&rest, " "));)
                show_devices(name, class, replies, false);
            device_type_finish(&type);
        }
        cJSON_Delete(replies);
    }
    return 0;
}

/* ---- The document ---- */

static void write_line(const struct device_type *type, const char *key, const char *before,
                       const char *after)
{
    char value[DEVICE_TYPE_VALUE_MAX];

    if (device_type_get(type, key, value))
        printf("%s%s%s", before, value, after);
}

static void write_login(const struct device_type *type)
{
    char auth[DEVICE_TYPE_VALUE_MAX];

    if (!device_type_get(type, "Auth", auth) || strcmp(auth, "none") == 0)
        return;
    printf(strcmp(auth, "token") == 0 ? "Authorization = the token, which it needs\n"
                                      : "# Username and Password, where it has a login\n");
}

static void write_example(const struct device_type *type)
{
    char classes[DEVICE_TYPE_VALUE_MAX];

    printf("\n```ini\n[TEMPLATE0]\nType = %s\nHost = 192.168.1.80\n", type->name);
    write_login(type);
    (void)device_type_get(type, "Classes", classes);
    classes[strcspn(classes, " ")] = '\0';
    if (strcmp(classes, "pvinverter") != 0)
        printf("Servicename = com.victronenergy.%s\n", classes);
    printf("%s```\n", read_own_lines(type->name));
}

static void write_shown(const struct device_type *type)
{
    char source[DEVICE_TYPE_VALUE_MAX], classes[DEVICE_TYPE_VALUE_MAX];
    cJSON *replies = read_fixture(type->name, "");

    (void)device_type_get(type, "Source", source);
    if (strncmp(source, "documentation", 13) == 0)
        printf("\nFrom documentation: not tried with a device.\n");
    else
        printf("\nRead from %s.\n", source);
    if (!replies)
        return;
    (void)device_type_get(type, "Classes", classes);
    classes[strcspn(classes, " ")] = '\0';
    printf("What it shows as %s:\n", classes);
    show_devices(type->name, classes, replies, true);
    cJSON_Delete(replies);
}

static int write_document(void)
{
    struct device_type type;

    for (const struct device_text *t = device_texts; t->name; t++) {
        if (!device_type_read(&type, t, NULL, NULL))
            die(t->name, "its file is faulty: see test_device_type");
        printf("\n## %s\n\n", t->name);
        write_line(&type, "Vendor", "", ". ");
        write_line(&type, "Covers", "For: ", ". ");
        write_line(&type, "Classes", "Classes: ", ".\n");
        write_line(&type, "Note", "\n", "\n");
        write_example(&type);
        write_shown(&type);
        device_type_finish(&type);
    }
    return 0;
}

int main(int argc, char **argv)
{
    return argc > 1 ? write_golden(argv[1], argc - 2, argv + 2) : write_document();
}
