#include "cli/check/check_look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/device_files.h"
#include "bridge/locations.h"
#include "bridge/secrecy.h"
#include "cli/check/elsewhere.h"
#include "core/text.h"
#include "edge/sys/file.h"
#include "edge/sys/lock.h"
#include "edge/sys/log.h"

/* What is wrong with the file, its report says. */
static void ignore(void *user, unsigned line, const char *text)
{
    (void)user;
    (void)line;
    (void)text;
}

/* The service would close the file, and say so in its log: whoever only asks here is told as well. */
static bool say_open(struct check *c)
{
    struct conf_report *r = &c->report;
    struct conf_message *more = realloc(r->messages, (r->count + 1) * sizeof *more);

    if (!more)
        return false;
    r->messages = more;
    more[r->count++] = (struct conf_message){
        .severity = CONF_WARNING,
        .text =
            "it holds a password, and other users can read it: type chmod 600 and its name; the "
            "service does that when it starts",
    };
    r->warnings++;
    return true;
}

static void read_config(struct check *c)
{
    size_t len;
    char *text = file_read(c->path, LOCATION_CONFIG_MAX, &len);

    if (!text) {
        snprintf(c->unreadable, sizeof c->unreadable, "%s", strerror(errno));
        return;
    }
    c->config = device_files_parse(c->path, text, len, &c->report);
    c->file = c->config ? inifile_read(text, ignore, NULL) : NULL;
    free(text);
}

/* What config.ini leaves open may have been switched on on the GX screen. */
static void ask_as_chosen(const struct config *config, const struct statefile *memory,
                          bool rights[CONF_GATEWAYS_MAX])
{
    size_t count;
    const struct device_memory *known = statefile_all(memory, &count);

    for (size_t i = 0; i < count; i++) {
        bool commands = known[i].choice.power_limit == 1 || known[i].choice.power_switch == 1;
        for (size_t g = 0; commands && g < config->dtu_count; g++)
            rights[g] |= strcmp(known[i].gateway, config->gateways[g].section) == 0;
    }
}

static struct asked *ask_all(const struct config *config, const struct statefile *memory)
{
    const struct gateway_conf *confs[CONF_GATEWAYS_MAX];
    bool rights[CONF_GATEWAYS_MAX] = {false};

    for (size_t g = 0; g < config->gateway_count; g++) {
        confs[g] = &config->gateways[g];
        rights[g] = g < config->dtu_count &&
                    (config->unnamed[g].power_limit || config->unnamed[g].power_switch);
    }
    for (size_t d = 0; d < config->device_count; d++)
        rights[config->devices[d].gateway] |=
            config->devices[d].power_limit || config->devices[d].power_switch;
    ask_as_chosen(config, memory, rights);
    return ask_gateways(confs, rights, config->gateway_count);
}

/*
 * Asks those again that are not what the configuration says, as of any kind. others gets one for each
 * gateway, owned by the returned array, as its confs are by confs. NULL when out of memory.
 */
static struct asked *ask_others(const struct config *config, const struct asked *asked,
                                struct gateway_conf *confs, struct asked *others, size_t *count)
{
    const struct gateway_conf *which[CONF_GATEWAYS_MAX];
    size_t of[CONF_GATEWAYS_MAX] = {0};

    *count = 0;
    for (size_t g = 0; g < config->gateway_count; g++) {
        if (!asked_may_be_another(&asked[g]))
            continue;
        confs[*count] = config->gateways[g];
        text_copy(confs[*count].driver, sizeof confs->driver, "auto");
        which[*count] = &confs[*count];
        of[(*count)++] = g;
    }
    struct asked *again = ask_gateways(which, NULL, *count);
    for (size_t i = 0; again && i < *count; i++)
        others[of[i]] = again[i];
    return again;
}

/* Which of the planned ones our own service has on the bus. */
static void note_numbers(struct plan *plan, const struct elsewhere *e)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct elsewhere_service *own =
            plan->devices[i].view ? elsewhere_find(e, plan->devices[i].view->serial, true) : NULL;
        if (own)
            plan->devices[i].in_use = own->instance;
    }
}

/* What the service would leave to others, whether it runs now or not; and what it has on the bus. */
static void find_elsewhere(struct check *c, const char *state)
{
    char lock[LOCATION_LOCK_MAX];

    location_lock(state, lock);
    long own = lock_holder(lock);
    /* Of one that cannot be told, its own services would be taken for another's. */
    struct elsewhere *e = own >= 0 ? calloc(1, sizeof *e) : NULL;
    if (!e)
        return;
    elsewhere_look(e, own);
    note_numbers(c->plan, e);
    findings_elsewhere(&c->findings, c->plan, e);
    findings_unexplained(&c->findings, c->config, c->plan, e);
    free(e);
}

static bool find(struct check *c, const char *state)
{
    size_t count = c->config->gateway_count, again_count = 0;
    struct gateway_conf *confs = calloc(count + 1, sizeof *confs);
    struct asked *others = calloc(count + 1, sizeof *others), *again = NULL;
    struct identity *identities = calloc(count + 1, sizeof *identities);

    c->asked = ask_all(c->config, c->memory);
    if (c->asked && confs && others && identities)
        again = ask_others(c->config, c->asked, confs, others, &again_count);
    if (again && identify(c->asked, count, identities))
        c->plan = plan_create(c->config, c->asked, c->memory);
    if (c->plan) {
        findings_make(&c->findings, c->config, c->file, c->asked, others, identities, c->plan);
        find_elsewhere(c, state);
    }
    asked_free(again, again_count);
    free(identities);
    free(others);
    free(confs);
    return c->plan && !c->findings.out_of_memory;
}

bool check_look(struct check *c, const char *path, const char *state)
{
    bool ok = true;

    *c = (struct check){.path = path};
    read_config(c);
    if (c->config && (!c->file || (!secrecy_is_kept(c->config, path) && !say_open(c))))
        ok = false;
    else if (c->config && state) {
        log_set_level((enum log_level)(LOG_CRITICAL + 1));
        c->memory = statefile_open(state);
        if (c->memory)
            config_add(c->config, statefile_added(c->memory));
        ok = c->memory && find(c, state);
    }
    if (c->unreadable[0] || c->report.errors || c->report.fatals)
        c->code = CHECK_CONFIG;
    else
        c->code = c->report.warnings || c->findings.problems ? CHECK_OTHER : CHECK_WELL;
    return ok;
}

void check_finish(struct check *c)
{
    findings_finish(&c->findings);
    plan_destroy(c->plan);
    statefile_close(c->memory);
    asked_free(c->asked, c->config ? c->config->gateway_count : 0);
    inifile_free(c->file);
    config_free(c->config);
    conf_report_finish(&c->report);
}
