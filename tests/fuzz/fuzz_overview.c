/*
 * The page's service with the whole program behind it, in virtual time: whatever is written there, in any order, while
 * gateways answer or do not, the configuration changes, and the program starts again.
 *
 * An input is lines. M and m are calls as bus_double.h has them, but that the first text is the service that is called;
 * what is none of ours is the page's. The others are what happens besides:
 *
 *   t seconds;                      time passes
 *   g count;first;power|percent|    the inverters that the gateway has from now on; 0: it is away
 *   c number;                       another of the configurations below
 *   o path|arg                      somebody else changes a setting
 *   s number;                       the settings service: 0 goes, 1 is there, 2 hangs
 *   n number;                       1: names on the bus are somebody else's from now on
 *   l                               the page's service loses its bus
 *   z                               the program starts again
 */
#include "fuzz/service_double.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/app.h"
#include "bridge/overview.h"
#include "bridge/overview_rows.h"
#include "core/state.h"
#include "core/text.h"
#include "edge/sys/file.h"
#include "edge/sys/log.h"
#include "fuzz/overview_house.h"

enum {
    LINES_MAX = 48,
    TIME_MAX_S = 600, /* of a whole input */
    START_MS = 3 * 1000,
    STATE_MAX = 256 * 1024,
    KEPT_MAX = 64,
};

static struct {
    char config_path[64], state_path[64];
    struct app *app;
    double left_s;
    unsigned config;
    bool meddled;           /* the settings are not only ours */
    struct addresses added; /* what the program is to have */
} t;

/* ---- Configurations ---- */

#define GOOD                                                                                   \
    "[DEFAULT]\nDTU=opendtu\nHost=dtu\nLogging=CRITICAL\nUsername=admin\nPassword=x\nPush=0\n" \
    "PollingInterval=10000\n"

static const char *const configs[] = {
    GOOD,
    GOOD "PowerLimit=1\nSwitch=1\n[INVERTER0]\nSerial=114182940770\nMaxPower=800\n",
    GOOD "DryRun=1\n",
    GOOD "[INVERTER0]\nPhase=L4\nColour=red\n[INVERTER1]\nSerial=114182940771\n",
    "[DEFAULT\n",
    NULL, /* there is no file */
    GOOD "AutoAdd=0\n[INVERTER0]\nPhase=L2\nRole=acload\n",
    "[DEFAULT]\nDTU=opendtu\nHost=dtu\nLogging=CRITICAL\nPush=1\n[DTU1]\nHost=near\n"
    "[TEMPLATE0]\nHost=meter\nCUST_SN=1\nCUST_API_PATH=a\nCUST_POWER=b\n",
};

enum { CONFIGS = sizeof configs / sizeof configs[0] };

static const bool is_faulty[CONFIGS] = {[3] = true, [4] = true, [5] = true};

static void use_config(unsigned n)
{
    t.config = n % CONFIGS;
    (void)unlink(t.config_path);
    FILE *f = configs[t.config] ? fopen(t.config_path, "w") : NULL;
    if (!configs[t.config])
        return;
    if (!f || fchmod(fileno(f), 0600) != 0 || fputs(configs[t.config], f) < 0 || fclose(f) != 0)
        abort();
}

/* ---- What must hold of all that is shown ---- */

static struct service *page(void)
{
    return double_service(OVERVIEW_SERVICE);
}

static const struct value *shown(const char *path)
{
    const struct item *item = page() ? items_find(&page()->items, path) : NULL;

    return item ? &item->conf.value : NULL;
}

static bool ends_with(const char *path, const char *end)
{
    size_t len = strlen(path), by = strlen(end);

    return len >= by && strcmp(path + len - by, end) == 0;
}

/* Written down a second time, on purpose. */
static const struct range {
    const char *where, *end;
    double low, high;
} ranges[] = {
    {"/State", "/State", 0, 4},
    {"/Gateways/", "/State", 0, 3},
    {"/Gateways/", "/Push", 0, 1},
    {"/Gateways/", "/Added", 0, 1},
    {"/Gateways/", "/Latency", 0, 1e6},
    {"/Gateways/", "/Devices", 0, CONF_SERVICES_MAX},
    {"/Devices/", "/DeviceInstance", 0, CONF_INSTANCE_MAX},
    {"/Devices/", "/State", 0, 6},
    {"/Devices/", "/Power", -1e6, 1e6},
    {"/Devices/", "/EnergyToday", 0, 1e5},
    {"/Devices/", "/Energy", 0, 1e8},
    {"/Devices/", "/MaxPower", 1, 1e6},
    {"/Devices/", "/Age", 0, 1e6},
    {"/Devices/", "/Enabled", 0, 1},
    {"/Devices/", "/Final", 0, 1},
    {"/Devices/", "/Limit", 0, 1e6},
    {"/Devices/", "/Manual", 0, 1e6},
    {"/Devices/", "/Min", 0, 1e6},
    {"/Devices/", "/Max", 0, 1e6},
    {"/Config/", "s", 0, 1e6}, /* Errors, Warnings */
    {"/Refresh", "/Refresh", 0, 0},
};

static void check_number(const char *path, double v)
{
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const struct range *r = &ranges[i];
        if (strncmp(path, r->where, strlen(r->where)) != 0 || !ends_with(path, r->end))
            continue;
        if (!(v >= r->low && v <= r->high)) {
            (void)fprintf(stderr, "fuzz: %s = %g\n", path, v);
            double_fail("a value out of its range");
        }
        return;
    }
}

static void check_slider(const char *manual, double v)
{
    char path[160];
    size_t len = strlen(manual) - strlen("Manual");

    (void)snprintf(path, sizeof path, "%.*sMin", (int)len, manual);
    const struct value *min = shown(path);
    (void)snprintf(path, sizeof path, "%.*sMax", (int)len, manual);
    const struct value *max = shown(path);
    if (!min || !max || min->type != VALUE_DOUBLE || max->type != VALUE_DOUBLE ||
        !(min->d <= v && v <= max->d))
        double_fail("a limit that is not between its ends");
}

static void check_item(const struct item *item)
{
    const char *path = item->conf.path;
    const struct value *v = &item->conf.value;
    bool is_list = strcmp(path, "/GatewayList") == 0 || strcmp(path, "/DeviceList") == 0 ||
                   strcmp(path, "/IpAddresses") == 0;

    if (v->type == VALUE_STRING && !is_list && strlen(v->s) >= OVERVIEW_TEXT_MAX)
        double_fail("a text that is too long");
    if (v->type == VALUE_INT || v->type == VALUE_DOUBLE)
        check_number(path, v->type == VALUE_INT ? v->i : v->d);
    if (v->type == VALUE_DOUBLE && ends_with(path, "/Manual"))
        check_slider(path, v->d);
}

static size_t commas(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += *s == ',';
    return n;
}

/* While there is no configuration there are no addresses, either. */
static void check_addresses(bool there)
{
    const struct value *v = shown("/IpAddresses");
    char expected[ADDRESSES_TEXT_MAX], host[ADDRESS_MAX];

    if (!v || v->type != VALUE_STRING)
        return;
    addresses_text(&t.added, expected);
    if ((there || *v->s) && strcmp(v->s, expected) != 0) {
        (void)fprintf(stderr, "fuzz: \"%s\", not \"%s\"\n", v->s, expected);
        double_fail("other addresses than those that were written");
    }
    if (commas(v->s) >= ADDRESSES_MAX)
        double_fail("too many addresses");
    for (const char *at = v->s; *at;
         at += at[strlen(host)] == ',' ? strlen(host) + 1 : strlen(host)) {
        (void)snprintf(host, sizeof host, "%.*s", (int)strcspn(at, ","), at);
        check_near(host);
    }
}

static void check_page(void)
{
    const struct value *gateways = shown("/GatewayList");

    for (size_t i = 0; page() && i < page()->items.count; i++)
        check_item(&page()->items.list[i]);
    if (gateways && gateways->type == VALUE_STRING && commas(gateways->s) >= FLEET_GATEWAYS)
        double_fail("too many gateways");
    check_addresses(false);
}

/* What was kept is read back, and is what was written. */
static void check_state(void)
{
    static struct device_memory memories[2 * CONF_DEVICES_MAX];
    struct addresses kept;
    char why[160] = "";
    size_t len = 0;
    char *text = file_read(t.state_path, STATE_MAX, &len);

    if (!text) {
        if (errno != ENOENT)
            double_fail("a state that is too big, or cannot be read");
        return;
    }
    if (state_parse(text, len, memories, 2 * CONF_DEVICES_MAX, &kept, why, sizeof why) < 0)
        double_fail("a state that is damaged");
    for (int i = 0; i < ADDRESSES_MAX; i++)
        if (strcmp(kept.list[i], t.added.list[i]) != 0)
            double_fail("a state with other addresses, or numbers of them");
    free(text);
}

/* ---- Starting again ---- */

static struct kept {
    char path[160];
    int32_t i;
} kept[KEPT_MAX];

/* What an owner sets outlives the program. */
static size_t keep_choices(void)
{
    size_t n = 0;

    for (size_t i = 0; page() && i < page()->items.count && n < KEPT_MAX; i++) {
        const struct item *item = &page()->items.list[i];
        if (item->conf.value.type != VALUE_INT || !ends_with(item->conf.path, "/Enabled"))
            continue;
        (void)snprintf(kept[n].path, sizeof kept[n].path, "%s", item->conf.path);
        kept[n++].i = item->conf.value.i;
    }
    return n;
}

static void check_choices(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct value *v = shown(kept[i].path);
        if (v && v->type == VALUE_INT && v->i != kept[i].i) {
            (void)fprintf(stderr, "fuzz: %s was %d\n", kept[i].path, kept[i].i);
            double_fail("a choice that was not kept");
        }
    }
}

static void start(void)
{
    t.app = app_create(twin.loop, &(struct app_options){.config_path = t.config_path,
                                                        .state_path = t.state_path});
    if (!t.app)
        abort();
    world_run(twin.loop, START_MS);
}

static void start_again(bool same)
{
    size_t count = same && !t.meddled ? keep_choices() : 0;

    app_destroy(t.app);
    if (served.count)
        double_fail("a service of nobody");
    check_state();
    start();
    check_choices(count);
}

/* ---- What happens ---- */

static void note_addresses(DBusMessage *m)
{
    DBusMessageIter from;
    struct value v;

    if (!dbus_message_iter_init(m, &from) || !variant_read(&from, &v) || v.type != VALUE_STRING ||
        !addresses_write(&t.added, v.s))
        double_fail("addresses that are none");
}

static void on_call(const char *line, size_t len)
{
    DBusMessage *m = double_message(line, len);
    struct service *s = m ? double_service(dbus_message_get_sender(m)) : NULL;

    if (!s)
        s = page();
    if (m && s) {
        bool writes = dbus_message_is_method_call(m, BUS_ITEM, "SetValue") &&
                      strcmp(dbus_message_get_path(m), "/IpAddresses") == 0 && s == page();
        dbus_message_set_no_reply(m, !writes && dbus_message_get_no_reply(m));
        served.result = -1;
        double_call_service(s, m);
        if (writes && served.result == SERVICE_ACCEPTED)
            note_addresses(m);
    }
    if (m)
        dbus_message_unref(m);
}

static void pass_time(double s)
{
    if (!(s > 0) || t.left_s <= 0)
        return;
    s = s < t.left_s ? s : t.left_s;
    t.left_s -= s;
    world_run(twin.loop, (int64_t)(s * 1000));
}

static void change_gateway(struct double_input *in)
{
    char power[DOUBLE_TEXT_MAX], percent[DOUBLE_TEXT_MAX];
    double count = double_number(in), first = double_number(in);

    if (in->bad || !double_text(in, power) || !double_text(in, percent))
        return;
    house.count = (unsigned)double_whole(count) % 4;
    house.first = (unsigned)double_whole(first) % 8;
    text_copy(house.power, sizeof house.power, power);
    text_copy(house.percent, sizeof house.percent, percent);
}

static void change_setting(struct double_input *in)
{
    char path[DOUBLE_TEXT_MAX], text[DOUBLE_TEXT_MAX];
    struct value v = {.type = VALUE_INVALID};

    if (!double_text(in, path) || in->at >= in->end || strlen(path) >= 120)
        return;
    char type = *in->at++;
    if (type == 's' && double_text(in, text))
        v = value_string(text);
    else if (type == 'i')
        v = value_int((int32_t)double_whole(double_number(in)));
    else if (type == 'd')
        v = value_double(double_number(in));
    if (in->bad || v.type == VALUE_INVALID)
        return;
    t.meddled = true;
    (void)world_setting_change(path, &v);
}

static void lose_page(void)
{
    struct service *s = page();

    if (s && s->there)
        s->bus->events.lost(s->bus->events.user);
}

static void change_settings_service(unsigned how)
{
    t.meddled = true;
    world_settings(how > 0);
    world_settings_hang(how > 1);
}

static void take_line(const char *line, size_t len)
{
    struct double_input in = {.at = line + 1, .end = line + len};

    if (*line == 'M' || *line == 'm')
        on_call(line, len);
    else if (*line == 't')
        pass_time(double_number(&in));
    else if (*line == 'g')
        change_gateway(&in);
    else if (*line == 'c') {
        use_config((unsigned)double_whole(double_number(&in)));
        app_reload(t.app);
    } else if (*line == 'o')
        change_setting(&in);
    else if (*line == 's')
        change_settings_service((unsigned)double_whole(double_number(&in)) % 3);
    else if (*line == 'n')
        served.taken = double_number(&in) > 0;
    else if (*line == 'l')
        lose_page();
    else if (*line == 'z')
        start_again(!is_faulty[t.config]);
}

static void play(const char *at, const char *end)
{
    for (int n = 0; at < end && n < LINES_MAX; n++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);
        if (len > 0)
            take_line(at, len);
        world_run(twin.loop, 100);
        check_page();
        at = stop ? stop + 1 : end;
    }
}

/* ---- Life ---- */

void world_reset_clock(void);
void world_reset_settings(void);
void world_reset_directory(void);

static char folder[32] = "/dev/shm/dtu-fuzz-XXXXXX";

/* Also the one before, which is read in place of one that is gone. */
static void remove_state(void)
{
    static const char *const ends[] = {"", ".bak", ".lock"};
    char path[80];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", t.state_path, ends[i]);
        (void)unlink(path);
    }
}

static void remove_folder(void)
{
    remove_state();
    (void)unlink(t.config_path);
    (void)rmdir(folder);
}

/* In memory, where there is such a place: the state is written often. */
static void make_folder(void)
{

    if (t.config_path[0])
        return;
    if (!mkdtemp(folder)) {
        strcpy(folder, "/tmp/dtu-fuzz-XXXXXX");
        if (!mkdtemp(folder))
            abort();
    }
    (void)snprintf(t.config_path, sizeof t.config_path, "%s/config.ini", folder);
    (void)snprintf(t.state_path, sizeof t.state_path, "%s/state.json", folder);
    (void)atexit(remove_folder);
}

static void begin_input(void)
{
    double_begin();
    make_folder();
    log_set_level(LOG_CRITICAL);
    world_reset_clock();
    world_reset_settings();
    world_reset_directory();
    world_set_message_gateway(on_gateway, NULL);
    served.taken = false;
    house.count = 1;
    house.first = 0;
    strcpy(house.power, "287");
    strcpy(house.percent, "100");
    t.left_s = TIME_MAX_S;
    t.meddled = false;
    memset(&t.added, 0, sizeof t.added);
    remove_state();
    use_config(0);
    start();
}

/* At last there is a configuration that can be used, and all of it is there as it was left. */
static void end_input(void)
{
    bool same = t.config == 0;

    use_config(0);
    served.taken = false;
    start_again(same);
    if (!page()) /* it waits for its name */
        world_run(twin.loop, 70 * 1000);
    check_page();
    check_addresses(true);
    app_destroy(t.app);
    check_state();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin_input();
    play((const char *)data, (const char *)data + size);
    end_input();
    return 0;
}
