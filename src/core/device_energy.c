#include "core/device_energy.h"

#include "core/device_view.h"

/*
 * Of what tells no rating: the largest microinverter (MIT-5000), and a house behind three fuses of 63 A. A
 * limit too low would hold back what was truly made while nobody looked.
 */
static const double microinverter_max_w = 5000, device_max_w = 50000;

static enum energy_counter counter_in_use(const struct device_conf *conf)
{
    return conf->use_yield_day ? ENERGY_OF_THE_DAY : ENERGY_LIFETIME;
}

static void forget_forward(struct device_energy *e, const struct device_conf *conf)
{
    e->counter = counter_in_use(conf);
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
        e->forward[slot] = counter_unknown();
}

void energy_init(struct device_energy *e, const struct device_conf *conf)
{
    forget_forward(e, conf);
    e->energy_offset_kwh = conf->energy_offset_kwh;
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
        e->reverse[slot] = counter_unknown();
    for (size_t s = 0; s < STRINGS_MAX; s++)
        e->string[s] = counter_unknown();
}

bool energy_reconfigure(struct device_energy *e, const struct device_conf *conf)
{
    bool other_counter = counter_in_use(conf) != e->counter;

    if (other_counter)
        forget_forward(e, conf);
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
        if (conf->energy_offset_kwh != e->energy_offset_kwh)
            counter_expect_anew(&e->forward[slot]);
    }
    e->energy_offset_kwh = conf->energy_offset_kwh;
    return other_counter;
}

/* ---- Memory --------------------------------------------------------------------------------- */

/* The serial of a template that was given none is its section, which is its id: naming it changes nothing. */
bool energy_is_of_another(const char *known, const char *now, const char *id)
{
    return *known && *now && !serial_equal(known, now) && !serial_equal(known, id) &&
           !serial_equal(now, id);
}

void energy_recall(struct device_energy *e, const struct device_conf *conf,
                   const struct device_memory *memory)
{
    bool same = memory->counter == ENERGY_UNKNOWN || memory->counter == counter_in_use(conf);

    if (!same || !has_value(memory->energy_kwh) ||
        energy_is_of_another(memory->serial, conf->serial, memory->id))
        return;
    e->forward[0] = counter_recalled(memory->energy_kwh, memory->offset_kwh);
    if (memory->energy_offset_kwh != conf->energy_offset_kwh)
        counter_expect_anew(&e->forward[0]);
}

void energy_remember(const struct device_energy *e, struct device_memory *out)
{
    out->energy_kwh = e->forward[0].total;
    out->offset_kwh = e->forward[0].offset;
    out->energy_offset_kwh = e->energy_offset_kwh;
    out->counter = e->counter;
}

/* ---- Samples -------------------------------------------------------------------------------- */

static enum field forward_field(const struct device_conf *conf)
{
    return conf->use_yield_day ? FIELD_ENERGY_TODAY : FIELD_ENERGY_FORWARD;
}

double energy_in(const struct device_conf *conf, const double (*value)[PHASE_SLOTS])
{
    return view_total(value[forward_field(conf)]);
}

static double forward_w(double power_w)
{
    return power_w < 0 ? 0 : power_w;
}

static double reverse_w(double power_w)
{
    return power_w > 0 ? 0 : -power_w;
}

static struct counter_rules rules_of(const struct device_view *view, double power_w)
{
    double rated_w = view->value[FIELD_MAX_POWER][0];

    if (!(rated_w > 0))
        rated_w = view->by_radio ? microinverter_max_w : device_max_w;
    return (struct counter_rules){.max_power_w = rated_w, .power_w = power_w};
}

static void feed_phases(struct device_energy *e, const struct device_conf *conf,
                        const struct device_view *view, const double (*value)[PHASE_SLOTS],
                        int64_t now_ms)
{
    const double *power = value[FIELD_POWER], *energy = value[forward_field(conf)];

    for (unsigned slot = 1; slot <= PHASES; slot++) {
        const struct counter_rules rules = rules_of(view, forward_w(power[slot]));
        counter_feed(&e->forward[slot], energy[slot], &rules, now_ms);
    }
}

static unsigned event_of(enum counter_event event, struct device_view *view)
{
    switch (event) {
    case COUNTER_HELD:
        view->falls_held++;
        return DEVICE_ENERGY_HELD;
    case COUNTER_JUMP:
        view->jumps_dropped++;
        return DEVICE_ENERGY_JUMP;
    case COUNTER_RESET:
        return DEVICE_ENERGY_RESET;
    case COUNTER_RAISED:
        return DEVICE_ENERGY_RAISED;
    case COUNTER_NONE:
        break;
    }
    return 0;
}

unsigned energy_feed_forward(struct device_energy *e, const struct device_conf *conf,
                             struct device_view *view, const double (*value)[PHASE_SLOTS],
                             int64_t now_ms)
{
    struct counter_rules rules = rules_of(view, forward_w(view_total(value[FIELD_POWER])));
    const struct counter before = e->forward[0];
    double raw = energy_in(conf, value);
    enum counter_event event;

    feed_phases(e, conf, view, value, now_ms);
    rules.keep = conf->keep_energy;
    rules.starts_at_zero = conf->use_yield_day;
    event = counter_feed(&e->forward[0], raw, &rules, now_ms);
    if (event != COUNTER_NONE) {
        /* An offset that is given up was part of what was published. */
        view->counter_before_kwh = e->forward[0].offset < before.offset ? before.total : before.raw;
        view->counter_now_kwh = raw;
    }
    return event_of(event, view);
}

static void feed_reverse(struct device_energy *e, const struct device_view *view,
                         const double (*value)[PHASE_SLOTS], int64_t now_ms)
{
    const double *power = value[FIELD_POWER], *energy = value[FIELD_ENERGY_REVERSE];

    for (unsigned slot = 0; slot <= PHASES; slot++) {
        double power_w = slot ? power[slot] : view_total(power);
        const struct counter_rules rules = rules_of(view, reverse_w(power_w));
        counter_feed(&e->reverse[slot], slot ? energy[slot] : view_total(energy), &rules, now_ms);
    }
}

unsigned energy_feed(struct device_energy *e, const struct device_conf *conf,
                     struct device_view *view, const struct reading *r, int64_t now_ms)
{
    for (unsigned s = 0; s < view->strings && s < r->strings; s++) {
        const struct counter_rules rules = rules_of(view, r->string[s].power_w);
        counter_feed(&e->string[s], r->string[s].yield_total_kwh, &rules, now_ms);
    }
    feed_reverse(e, view, r->value, now_ms);
    return energy_feed_forward(e, conf, view, r->value, now_ms);
}

/* ---- The view ------------------------------------------------------------------------------- */

/*
 * A phase's own counter has no offset: beside a total that has one, or may get one, it means nothing.
 */
static bool phases_count_for_themselves(const struct device_energy *e,
                                        const struct device_conf *conf)
{
    return !conf->keep_energy && conf->energy_offset_kwh == 0 && !(e->forward[0].offset > 0);
}

static void show_counter(const struct counter *counter, double offset_kwh, struct device_view *view,
                         enum field field, bool own_count, bool measured)
{
    const double own[PHASE_SLOTS] = {MISSING, counter[1].total, counter[2].total, counter[3].total};
    /* Before the first sample, a third of what is remembered might be more than a phase's own. */
    bool known = measured || counter[0].good_ms >= 0;

    view_energy(view, field, counter[0].total + offset_kwh, own_count ? own : NULL,
                known || !own_count);
}

void energy_show(const struct device_energy *e, const struct device_conf *conf,
                 struct device_view *view, bool measured)
{
    bool own_count = phases_count_for_themselves(e, conf);

    show_counter(e->forward, conf->energy_offset_kwh, view, FIELD_ENERGY_FORWARD, own_count,
                 measured);
    show_counter(e->reverse, 0, view, FIELD_ENERGY_REVERSE, own_count, measured);
    for (unsigned s = 0; s < view->strings; s++)
        view->string[s].yield_total_kwh = e->string[s].total;
}
