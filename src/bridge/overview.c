#include "bridge/overview.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/overview_rows.h"
#include "core/budget.h"
#include "core/lineup.h"
#include "core/text.h"
#include "edge/bus/service.h"
#include "edge/sys/log.h"
#include "version.h"

enum {
    ID_MAX = MEMORY_ID_MAX, /* a serial, or a section */
    /* Paths stay until the program ends: as many again as there can be at one time. */
    DEVICE_NODES_MAX = 2 * CONF_SERVICES_MAX,
    NODES_MAX = DEVICE_NODES_MAX > FLEET_GATEWAYS ? (int)DEVICE_NODES_MAX : (int)FLEET_GATEWAYS,
    LIST_MAX = NODES_MAX * ID_MAX,
    PATH_MAX_BYTES = ID_MAX + 48,
    AGAIN_MS = 60 * 1000,
    ANEW_MS = 1000, /* for the bus to take the name back */
};

/* Whoever may write to the bus may do so as often as he likes. */
static const struct budget_rate write_rate = {.burst = 60, .per_day = 8640};

struct node {
    char id[ID_MAX];
    size_t first; /* of its rows: the place of the first one in the service */
    bool there;   /* at the last look */
    bool seen;    /* in the present one */
};

struct nodes {
    const char *folder; /* "/Devices" */
    const struct overview_row *rows;
    size_t row_count, count, max;
    struct node list[NODES_MAX];
    char ids[LIST_MAX]; /* of those that are there, with commas between */
};

struct overview {
    struct loop *loop;
    const struct overview_source *source;
    struct overview_events events;
    struct service *service; /* NULL: neither there nor asked for */
    size_t items;            /* of the service */
    bool there;
    bool writing; /* within a write, in which no item can be added */
    bool broken;  /* there was no memory for all of it */
    bool full;    /* a device has no node, since those that have gone have all of them */
    struct loop_timer renew, again;
    struct log_fault fault;
    struct budget writes;
    int64_t refreshed_ms; /* -1: never */
    int64_t shown_ms;
    enum overview_state state;
    char path[OVERVIEW_TEXT_MAX];
    int32_t errors, warnings;
    char messages[OVERVIEW_MESSAGES][OVERVIEW_TEXT_MAX];
    struct nodes gateways, devices;
};

/* ---- Nodes ---------------------------------------------------------------------------------- */

static void set(struct overview *o, size_t item, struct value v)
{
    char cut[OVERVIEW_TEXT_MAX];

    if (v.type == VALUE_STRING && item != OWN_GATEWAYS && item != OWN_DEVICES &&
        item != OWN_ADDRESSES) {
        text_copy(cut, sizeof cut, v.s);
        v.s = cut;
    }
    service_set(o->service, item, &v);
}

static struct node *find_node(struct nodes *n, const char *id)
{
    for (size_t i = 0; i < n->count; i++) {
        if (strcmp(n->list[i].id, id) == 0)
            return &n->list[i];
    }
    return NULL;
}

/* False: there is no memory; what of it is there already has no value. */
static bool add_rows(struct overview *o, const struct nodes *n, const char *id)
{
    char path[PATH_MAX_BYTES];

    for (size_t i = 0; i < n->row_count; i++) {
        const struct overview_row *row = &n->rows[i];
        const struct service_item item = {.path = path,
                                          .description = row->help,
                                          .text = row->text,
                                          .writable = row->command != VALUE_INVALID,
                                          .command = row->command};
        (void)snprintf(path, sizeof path, "%s/%s/%s", n->folder, id, row->path);
        if (service_add(o->service, &item) != 0)
            return false;
        o->items++;
    }
    return true;
}

/* NULL when there is no room, or no memory. */
static struct node *make_node(struct overview *o, struct nodes *n, const char *id)
{
    size_t first = o->items;

    if (o->writing || o->broken)
        return NULL;
    if (n->count == n->max) {
        o->full = true;
        return NULL;
    }
    o->broken = !add_rows(o, n, id);
    if (o->broken)
        return NULL;
    struct node *node = &n->list[n->count++];
    *node = (struct node){.first = first};
    text_copy(node->id, sizeof node->id, id);
    return node;
}

/* Elements of a path are [A-Za-z0-9_]. What two have alike is told apart by more of these. */
static struct node *enter_node(struct overview *o, struct nodes *n, const char *name)
{
    char id[ID_MAX];
    size_t len = 0;

    for (; len < sizeof id - 1 && name[len]; len++)
        id[len] = (char)(isalnum((unsigned char)name[len]) ? name[len] : '_');
    id[len] = '\0';
    struct node *node = find_node(n, id);
    while (node && node->seen && len < sizeof id - 1) {
        id[len++] = '_';
        id[len] = '\0';
        node = find_node(n, id);
    }
    if (!node)
        node = make_node(o, n, id);
    if (!node || node->seen)
        return NULL;
    node->seen = true;
    if (n->ids[0])
        strcat(n->ids, ",");
    strcat(n->ids, node->id);
    return node;
}

static void begin_look(struct nodes *n)
{
    n->ids[0] = '\0';
    for (size_t i = 0; i < n->count; i++)
        n->list[i].seen = false;
}

static void end_look(struct overview *o, struct nodes *n)
{
    for (size_t i = 0; i < n->count; i++) {
        struct node *node = &n->list[i];
        for (size_t row = 0; node->there && !node->seen && row < n->row_count; row++)
            set(o, node->first + row, value_invalid());
        node->there = node->seen;
    }
}

/* ---- What is shown -------------------------------------------------------------------------- */

static unsigned fed_by(const struct fleet *f, int gateway)
{
    unsigned n = 0;
    int from;

    for (size_t i = 0; f && i < fleet_count(f); i++) {
        (void)fleet_unit(f, i, &from);
        n += from == gateway;
    }
    return n;
}

static void show_gateways(struct overview *o)
{
    begin_look(&o->gateways);
    for (int g = 0; g < FLEET_GATEWAYS; g++) {
        struct overview_gateway now = {.devices = fed_by(o->source->fleet, g)};
        if (!o->source->gateways[g])
            continue;
        gateway_overview(o->source->gateways[g], &now.is);
        const struct node *node = enter_node(o, &o->gateways, now.is.conf->section);
        for (size_t row = 0; node && row < o->gateways.row_count; row++)
            set(o, node->first + row, overview_gateway_value(&now, row));
    }
    end_look(o, &o->gateways);
}

/* A template is its section; so is an inverter that is not known yet. */
static const char *name_of(const struct unit_overview *u, int gateway)
{
    return u->section[0] && (lineup_is_template(gateway) || !u->view->serial[0]) ? u->section
                                                                                 : u->view->serial;
}

static struct unit *device_of(const struct overview *o, size_t n, struct overview_device *out)
{
    *out = (struct overview_device){.now_ms = loop_now_ms(o->loop), .dry_run = o->source->dry_run};
    struct unit *u = fleet_unit(o->source->fleet, n, &out->home);
    unit_overview(u, &out->is);
    if (o->source->gateways[out->home])
        lineup_home_section(out->home, out->gateway);
    return u;
}

/* do_it: called with each node and its unit; true ends the walk. */
typedef bool (*walk_fn)(struct overview *o, const struct node *node, struct unit *u,
                        const struct overview_device *d, void *user);

static void walk(struct overview *o, walk_fn do_it, void *user)
{
    bool over = false;

    begin_look(&o->devices);
    for (size_t i = 0; o->source->fleet && i < fleet_count(o->source->fleet) && !over; i++) {
        struct overview_device d;
        struct unit *u = device_of(o, i, &d);
        const struct node *node = enter_node(o, &o->devices, name_of(&d.is, d.home));
        over = node && do_it(o, node, u, &d, user);
    }
}

static bool show_device(struct overview *o, const struct node *node, struct unit *u,
                        const struct overview_device *d, void *user)
{
    (void)u;
    (void)user;
    for (size_t row = 0; row < o->devices.row_count; row++)
        set(o, node->first + row, overview_device_value(d, row));
    return false;
}

static void show_own(struct overview *o)
{
    char addresses[ADDRESSES_TEXT_MAX] = "";

    set(o, OWN_STATE, value_int((int32_t)o->state));
    set(o, OWN_CONFIG_PATH, value_string(o->path));
    set(o, OWN_ERRORS, value_int(o->errors));
    set(o, OWN_WARNINGS, value_int(o->warnings));
    for (size_t i = 0; i < OVERVIEW_MESSAGES; i++)
        set(o, OWN_MESSAGE + i, o->messages[i][0] ? value_string(o->messages[i]) : value_invalid());
    if (o->source->added)
        addresses_text(o->source->added, addresses);
    set(o, OWN_ADDRESSES, value_string(addresses));
    set(o, OWN_GATEWAYS, value_string(o->gateways.ids));
    set(o, OWN_DEVICES, value_string(o->devices.ids));
}

static void on_failed(void *user, int err, const char *why);
static void begin_anew(struct overview *o);

static void on_renew(void *user)
{
    struct overview *o = user;

    show_gateways(o);
    walk(o, show_device, NULL);
    end_look(o, &o->devices);
    if (o->broken) {
        on_failed(o, -ENOMEM, "out of memory");
        return;
    }
    show_own(o); /* the lists, too */
    service_flush(o->service);
    o->shown_ms = loop_now_ms(o->loop);
    if (o->full)
        begin_anew(o);
}

void overview_pass(struct overview *o)
{
    if (o->there && loop_now_ms(o->loop) - o->shown_ms >= OVERVIEW_STEP_MS)
        on_renew(o);
}

void overview_renew(struct overview *o)
{
    if (o->there)
        loop_timer_arm(&o->renew, 0);
}

/* ---- What is written ------------------------------------------------------------------------ */

struct order {
    size_t item;
    double value;
    bool taken;
};

static bool give_order(struct overview *o, const struct node *node, struct unit *u,
                       const struct overview_device *d, void *user)
{
    struct order *order = user;
    size_t row = order->item - node->first;

    (void)d;
    if (order->item < node->first || row >= o->devices.row_count)
        return false;
    order->taken = unit_order(u, (enum unit_order)o->devices.rows[row].order, order->value);
    return true;
}

static bool refresh(struct overview *o, int value)
{
    int64_t now = loop_now_ms(o->loop);

    if (value != 1 || (o->refreshed_ms >= 0 && now - o->refreshed_ms < OVERVIEW_REFRESH_MS))
        return false;
    o->refreshed_ms = now;
    o->events.refresh(o->events.user);
    return true;
}

static bool take_write(struct overview *o, size_t item, const struct value *v)
{
    if (item == OWN_REFRESH)
        return refresh(o, v->i);
    if (!budget_take(&o->writes, &write_rate, loop_now_ms(o->loop)))
        return false;
    if (item == OWN_ADDRESSES)
        return o->events.add(o->events.user, v->s);
    struct order order = {.item = item, .value = v->type == VALUE_INT ? v->i : v->d};
    o->writing = true;
    walk(o, give_order, &order);
    o->writing = false;
    return order.taken;
}

static int on_write(void *user, size_t item, const struct value *v)
{
    struct overview *o = user;

    if (!take_write(o, item, v))
        return SERVICE_REFUSED;
    overview_renew(o);
    return SERVICE_ACCEPTED;
}

/* ---- On the bus ----------------------------------------------------------------------------- */

static void close_service(struct overview *o)
{
    service_destroy(o->service);
    o->service = NULL;
    o->there = false;
    o->broken = o->full = false;
    o->gateways.count = o->devices.count = 0;
    loop_timer_disarm(&o->renew);
}

static void on_there(void *user)
{
    struct overview *o = user;

    o->there = true;
    log_recovered(&o->fault, loop_now_ms(o->loop), OVERVIEW_SERVICE " is on the bus");
    on_renew(o);
}

static void on_failed(void *user, int err, const char *why)
{
    struct overview *o = user;

    close_service(o);
    if (err == -EEXIST)
        why = "another copy of the program has it; everything else works";
    log_fault(&o->fault, loop_now_ms(o->loop), NOTICE_NO_OVERVIEW,
              "the page on the GX screen does without this program: " OVERVIEW_SERVICE ": %s", why);
    loop_timer_arm(&o->again, AGAIN_MS);
}

/* The program ends for it, see bridge/claims.h; or waits for a configuration, and stays. */
static void on_lost(void *user)
{
    struct overview *o = user;

    close_service(o);
    loop_timer_arm(&o->again, AGAIN_MS);
}

/* Its paths have been used up by devices that have gone: without these, there is room again. */
static void begin_anew(struct overview *o)
{
    close_service(o);
    loop_timer_arm(&o->again, ANEW_MS);
}

static struct value fixed(enum overview_own row)
{
    switch (row) {
    case OWN_PROCESS:
    case OWN_PRODUCT:
        return value_string("dbus-opendtu");
    case OWN_VERSION:
    case OWN_FIRMWARE:
        return value_string(dtu_version);
    case OWN_CONNECTION:
        return value_string("control");
    case OWN_PRODUCT_ID:
        return value_int(OVERVIEW_PRODUCT_ID);
    case OWN_CONNECTED:
        return value_int(1);
    case OWN_INSTANCE:
    case OWN_STATE:
    case OWN_REFRESH:
        return value_int(0);
    default:
        return value_invalid();
    }
}

static void open_service(void *user)
{
    struct overview *o = user;
    const struct service_events events = {
        .write = on_write, .there = on_there, .failed = on_failed, .lost = on_lost, .user = o};
    struct service_item items[OWN_ROWS];
    char why[160] = "out of memory";

    for (enum overview_own i = 0; i < OWN_ROWS; i++) {
        const struct overview_row *row = &overview_own[i];
        items[i] = (struct service_item){.path = row->path,
                                         .description = row->help,
                                         .text = row->text,
                                         .writable = row->command != VALUE_INVALID,
                                         .command = row->command,
                                         .value = fixed(i)};
    }
    o->items = OWN_ROWS;
    o->service =
        service_create(o->loop, OVERVIEW_SERVICE, items, OWN_ROWS, &events, why, sizeof why);
    if (!o->service)
        on_failed(o, -ENOMEM, why);
}

/* ---- Life ----------------------------------------------------------------------------------- */

static void take_message(struct overview *o, size_t *count, const struct conf_message *m)
{
    char line[24] = "";
    char text[sizeof m->text + sizeof m->outcome + sizeof line];

    if (*count == OVERVIEW_MESSAGES)
        return;
    if (m->line)
        (void)snprintf(line, sizeof line, "line %u: ", m->line);
    (void)snprintf(text, sizeof text, "%s%s%s%s", line, m->text, m->outcome[0] ? "; " : "",
                   m->outcome);
    text_copy(o->messages[(*count)++], OVERVIEW_TEXT_MAX, text);
}

void overview_config(struct overview *o, enum overview_state state, const char *path,
                     const struct conf_report *report)
{
    size_t count = 0;

    o->state = state;
    text_copy(o->path, sizeof o->path, path);
    o->errors = (int32_t)(report->errors + report->fatals);
    o->warnings = (int32_t)report->warnings;
    memset(o->messages, 0, sizeof o->messages);
    for (int severity = CONF_FATAL; severity >= CONF_WARNING; severity--) {
        for (size_t i = 0; i < report->count; i++) {
            if ((int)report->messages[i].severity == severity)
                take_message(o, &count, &report->messages[i]);
        }
    }
    overview_renew(o);
}

static void init_nodes(struct nodes *n, const char *folder, const struct overview_row *rows,
                       size_t row_count, size_t max)
{
    n->folder = folder;
    n->rows = rows;
    n->row_count = row_count;
    n->max = max;
}

struct overview *overview_create(struct loop *l, const struct overview_source *source,
                                 const struct overview_events *events)
{
    struct overview *o = calloc(1, sizeof *o);

    if (!o)
        return NULL;
    o->loop = l;
    o->source = source;
    o->events = *events;
    o->refreshed_ms = -1;
    init_nodes(&o->gateways, "/Gateways", overview_gateway_rows, overview_gateway_row_count,
               FLEET_GATEWAYS);
    init_nodes(&o->devices, "/Devices", overview_device_rows, overview_device_row_count,
               DEVICE_NODES_MAX);
    loop_timer_init(&o->renew, l, on_renew, o);
    loop_timer_init(&o->again, l, open_service, o);
    open_service(o);
    return o;
}

void overview_destroy(struct overview *o)
{
    if (!o)
        return;
    close_service(o);
    loop_timer_disarm(&o->again);
    free(o);
}
