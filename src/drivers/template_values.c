#include "drivers/template_values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/json.h"
#include "core/json_paths.h"
#include "core/text.h"
#include "drivers/common.h"

enum { HINTS_MAX = 4, SHOWN_PATH_MAX = 64 };

/* What the terms of one value led to. */
struct sum {
    double value;                            /* MISSING when a term is */
    unsigned terms, numbers, nulls, nowhere; /* of what is not left out, unless all is */
    unsigned constants;                      /* of the numbers: those that no reply says */
    unsigned reply;                          /* of the first that is no number */
    char path[SHOWN_PATH_MAX];               /* likewise, may lack its end */
    const cJSON *node;                       /* where that one leads */
    bool unanswered;                         /* a reply that it needs did not come */
};

struct sums {
    const struct json_replies *replies;
    unsigned channel;
    struct sum of[FIELD_COUNT][PHASE_SLOTS];
};

static const double root_3 = 1.7320508075688772;

/* ---- Sums ---- */

struct summing {
    const struct json_replies *replies;
    struct sum *sum;
    bool strict; /* what may be left out is missing as well */
};

static void add_term(void *user, const struct json_term *term)
{
    const struct summing *s = user;
    struct sum *sum = s->sum;

    if (term->left_out && !s->strict)
        return;
    sum->value += term->value;
    sum->terms++;
    if (has_value(term->value)) {
        sum->numbers++;
        sum->constants += !term->node;
        return;
    }
    sum->nulls += cJSON_IsNull(term->node) != 0;
    sum->nowhere += !term->node;
    if (term->reply >= JSON_REPLIES_MAX || !s->replies->root[term->reply])
        sum->unanswered = true;
    if (sum->path[0])
        return;
    text_copy(sum->path, sizeof sum->path, term->path);
    sum->node = term->node;
    sum->reply = term->reply;
}

static bool is_configured(const char *path)
{
    return path[0] && strcasecmp(path, "none") != 0;
}

static struct sum sum_of(const struct sums *sums, const char *path)
{
    struct sum sum = {0};
    struct summing summing = {sums->replies, &sum, false};
    char expanded[JSON_PATH_MAX];

    if (!is_configured(path))
        return sum;
    device_type_channel(path, sums->channel, expanded, sizeof expanded);
    json_terms(sums->replies, expanded, add_term, &summing);
    if (!sum.terms) { /* nothing is left of it */
        summing.strict = true;
        json_terms(sums->replies, expanded, add_term, &summing);
    }
    return sum;
}

static bool is_number(const struct sum *sum)
{
    return sum->terms && sum->numbers == sum->terms;
}

static bool is_null(const struct sum *sum)
{
    return sum->nulls && sum->numbers + sum->nulls == sum->terms;
}

/*
 * Whether anything that is to be in the replies is, if only as a null; true as well where no power, or nothing, is to
 * be there. A constant is in none of them, whatever answered.
 */
static bool add_all_up(const struct template_conf *c, struct sums *sums)
{
    bool found = false, power = false, looked = false;

    for (size_t f = 0; f < FIELD_COUNT; f++) {
        for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
            struct sum *sum = &sums->of[f][slot];
            *sum = sum_of(sums, c->value[f].path[slot]);
            looked = looked || sum->terms > sum->constants;
            found = found || sum->numbers - sum->constants + sum->nulls > 0;
            power = power || (f == FIELD_POWER && sum->terms);
        }
    }
    return found || !power || !looked;
}

/* ---- What a person needs who mistyped a path ---- */

enum { HINTS_TEXT_MAX = DECODE_WHY_MAX - 112 }; /* less what stands before them */

struct hints {
    char text[HINTS_TEXT_MAX];
    size_t used;
    bool left_out; /* one that is too long */
};

static void add_hint(void *user, const struct json_number_found *found)
{
    struct hints *h = user;
    size_t comma = h->used ? 2 : 0, len = strlen(found->path);

    if (found->unusable)
        return;
    if (comma + len >= sizeof h->text - h->used) {
        h->left_out = true;
        return;
    }
    memcpy(h->text + h->used, ", ", comma);
    memcpy(h->text + h->used + comma, found->path, len + 1);
    h->used += comma + len;
}

static const char *hints_of(const cJSON *root, struct hints *h)
{
    *h = (struct hints){.used = 0};
    if (root)
        json_paths(root, HINTS_MAX, add_hint, h);
    if (h->used)
        return h->text;
    return h->left_out ? "numbers that only long paths lead to" : "no numbers that a path leads to";
}

/*
 * "CUST_Power: a/b is not in the reply, which has c, d". A sum of numbers that no device can have
 * measured is explained as well.
 */
static void explain(const struct sums *sums, enum field f, size_t slot, char *why, size_t size)
{
    const struct sum *sum = &sums->of[f][slot];
    char key[TEMPLATE_KEY_MAX], text[2 * DECODE_WHY_MAX];
    struct hints hints;

    template_key(key, f, (unsigned)slot);
    if (is_number(sum)) {
        (void)snprintf(text, sizeof text,
                       "%s is %g in the reply: is CUST_%s_Mult right, to make %s of it?", key,
                       sum->value, field_key(f), field_unit(f));
    } else if (sum->node) {
        (void)snprintf(text, sizeof text, "%s: %.60s %s", key, sum->path,
                       json_no_number(sum->node));
    } else if (sum->unanswered) {
        (void)snprintf(text, sizeof text, "%s: %.60s is in reply %u, which did not come", key,
                       sum->path, sum->reply + 1);
    } else {
        (void)snprintf(text, sizeof text, "%s: %.60s %s, which has %s", key, sum->path,
                       json_no_number(NULL), hints_of(sums->replies->root[sum->reply], &hints));
    }
    text_copy(why, size, text);
}

/*
 * The first value that the configuration has wrong, as far as can be told, and that was not complained of
 * yet. False: none. A type names all that a device of its kind may have: what one lacks is no mistake, but the power.
 */
static bool find_mistake(const struct template_conf *c, struct template_settled *settled,
                         const struct sums *sums, const struct reading *r, enum field *field,
                         size_t *slot)
{
    size_t judged = FIELD_COUNT;

    if (c->title[0])
        judged = has_value(r->value[FIELD_POWER][0]) ? 0 : FIELD_POWER + 1;
    for (size_t f = 0; f < judged; f++) {
        for (size_t s = 0; s < PHASE_SLOTS; s++) {
            const struct sum *sum = &sums->of[f][s];
            bool there = has_value(r->value[f][s]);
            if (there && is_number(sum))
                settled->value[f][s] = true;
            if (!sum->terms || there || is_null(sum) || sum->unanswered || settled->value[f][s])
                continue;
            settled->value[f][s] = true;
            *field = (enum field)f;
            *slot = s;
            return true;
        }
    }
    return false;
}

/* ---- The values ---- */

static double factor_of(const struct template_conf *c, enum field f)
{
    bool lines = f == FIELD_VOLTAGE && c->line_to_line;

    return lines ? c->value[f].mult / root_3 : c->value[f].mult;
}

/* What only the phases' paths say: all of them, or nothing. */
static double total_of_phases(const struct sum phases[PHASE_SLOTS])
{
    double total = 0;
    bool configured = false;

    for (size_t slot = 1; slot < PHASE_SLOTS; slot++) {
        if (!phases[slot].terms)
            continue;
        configured = true;
        total += is_number(&phases[slot]) ? phases[slot].value : MISSING;
    }
    return configured ? total : MISSING;
}

static bool adds_up(enum field f)
{
    return f == FIELD_POWER || f == FIELD_ENERGY_FORWARD || f == FIELD_ENERGY_REVERSE;
}

static void put_quantity(const struct template_conf *c, enum field f,
                         const struct sum sums[PHASE_SLOTS], struct reading *r)
{
    double factor = factor_of(c, f), whole = MISSING;

    for (unsigned slot = 1; slot < PHASE_SLOTS; slot++) {
        if (is_number(&sums[slot]))
            common_put_phase(r, f, slot, sums[slot].value * factor);
    }
    if (is_number(&sums[0]))
        whole = sums[0].value * factor;
    else if (!sums[0].terms && adds_up(f))
        whole = total_of_phases(sums) * factor;
    /* A fallback is taken as it is, not multiplied. */
    common_put(r, f, has_value(whole) || is_number(&sums[0]) ? whole : c->value[f].fallback);
}

/* For an inverter behind a meter of loads. The current keeps its sign, which few devices give it. */
static void turn_round(struct reading *r)
{
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
        double forward = r->value[FIELD_ENERGY_FORWARD][slot];
        r->value[FIELD_ENERGY_FORWARD][slot] = r->value[FIELD_ENERGY_REVERSE][slot];
        r->value[FIELD_ENERGY_REVERSE][slot] = forward;
        r->value[FIELD_POWER][slot] = 0 - r->value[FIELD_POWER][slot]; /* 0 stays 0 */
    }
}

static double string_value(const struct sums *sums, const char *path, double mult)
{
    struct sum sum = sum_of(sums, path);

    return is_number(&sum) ? sum.value * mult : MISSING;
}

static bool has_string(const struct template_string *s)
{
    return is_configured(s->power) || is_configured(s->voltage) || is_configured(s->current) ||
           is_configured(s->today);
}

static void put_strings(const struct template_conf *c, const struct sums *sums, struct reading *r)
{
    size_t count = 0;

    for (size_t i = 0; i < STRINGS_MAX; i++)
        count = has_string(&c->string[i]) ? i + 1 : count;
    for (size_t i = 0; i < count; i++) {
        const struct template_string *s = &c->string[i];
        struct string_reading string = {
            .power_w = string_value(sums, s->power, c->value[FIELD_POWER].mult),
            .voltage_v = string_value(sums, s->voltage, c->value[FIELD_DC_VOLTAGE].mult),
            .current_a = string_value(sums, s->current, c->value[FIELD_CURRENT].mult),
            .yield_today_kwh = string_value(sums, s->today, c->value[FIELD_ENERGY_TODAY].mult),
            .yield_total_kwh = MISSING,
        };
        common_add_string(r, &string);
    }
}

/* A device that has the power of two phases has three: which of them are wired is told by the values. */
static unsigned phases_of(const struct reading *r)
{
    unsigned own = 0;

    for (size_t slot = 1; slot < PHASE_SLOTS; slot++)
        own += has_value(r->value[FIELD_POWER][slot]);
    return own > 1 ? PHASES : 0;
}

/* ---- Whether it is there ---- */

static bool sleeps(const struct template_conf *c, const struct sums *sums)
{
    struct sum sum = sum_of(sums, c->standby);

    if (cJSON_IsString(sum.node))
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): NULL is no text to cJSON */
        return strcasecmp(sum.node->valuestring, "true") == 0;
    return is_number(&sum) && sum.value != 0;
}

static bool tells_something_else(const struct sums *sums)
{
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
            const struct sum *sum = &sums->of[f][slot];
            if (f != FIELD_POWER && is_number(sum) && sum->numbers > sum->constants)
                return true;
        }
    }
    return false;
}

/* The sum that the power is missing for: of the whole device, or else of a phase. */
static size_t slot_of_power(const struct sums *sums)
{
    size_t configured = 0;

    for (size_t slot = PHASE_SLOTS; slot-- > 0;) {
        if (sums->of[FIELD_POWER][slot].terms)
            configured = slot;
    }
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
        const struct sum *sum = &sums->of[FIELD_POWER][slot];
        if (sum->terms && !is_number(sum))
            return slot;
    }
    return configured; /* a number, and not one that a device can have */
}

/* A device whose power is null is asleep only if it tells something else (Fronius at night). */
static enum reach judge_power(const struct sums *sums, const struct reading *r)
{
    const struct sum *power = &sums->of[FIELD_POWER][slot_of_power(sums)];

    if (!power->terms || has_value(r->value[FIELD_POWER][0]))
        return REACH_OK;
    return tells_something_else(sums) && power->nulls + power->nowhere == power->terms
               ? REACH_ASLEEP
               : REACH_NO_POWER;
}

static void fall_asleep(struct reading *r)
{
    r->reach = REACH_ASLEEP;
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
        r->value[FIELD_POWER][slot] = MISSING;
}

/* ---- What it is ---- */

/* By the API that is asked: how that begins, and how the path of the power in the reply does. */
static const struct {
    const char *api_path, *power, *product;
} products[] = {
    {"/rpc/", "", "Shelly"}, /* Gen2 and later */
    {"/status", "meters/", "Shelly"}, {"/status", "emeters/", "Shelly"},
    {"/meter/", "", "Shelly"},        {"/emeter/", "", "Shelly"},
    {"/cm?", "", "Tasmota"},          {"/solar_api/", "", "Fronius"},
};

static bool begins_with(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

static const char *product_of(const struct template_conf *c)
{
    const char *power = c->value[FIELD_POWER].path[0];

    if (c->title[0])
        return c->title;
    power += power[0] == '/';
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        if (begins_with(c->api_path[0], products[i].api_path) &&
            begins_with(power, products[i].power))
            return products[i].product;
    }
    return "JSON device";
}

/* ---- The whole ---- */

static void judge(const struct gateway_conf *conf, const struct sums *sums,
                  struct template_settled *settled, struct reading *r)
{
    enum field field = FIELD_POWER;
    size_t slot = slot_of_power(sums);

    r->reach = judge_power(sums, r);
    r->at_once = find_mistake(&conf->template, settled, sums, r, &field, &slot);
    if (sleeps(&conf->template, sums))
        fall_asleep(r);
    else if (r->at_once || r->reach != REACH_OK)
        explain(sums, field, slot, r->why, sizeof r->why);
}

static void introduce(const struct gateway_conf *conf, unsigned place, struct reading *r)
{
    const struct template_conf *c = &conf->template;

    reading_init(r);
    r->product = product_of(c);
    r->index = place;
    text_copy(r->serial, sizeof r->serial, c->serial[0] ? c->serial : conf->section);
    device_type_number(r->serial, sizeof r->serial, '_', place);
}

enum decode_result template_read(const struct gateway_conf *conf,
                                 const struct json_replies *replies, unsigned place,
                                 struct template_settled *settled, struct reading *r,
                                 char why[DECODE_WHY_MAX])
{
    const struct template_conf *c = &conf->template;
    struct sums sums = {.replies = replies, .channel = c->first_channel + place};

    introduce(conf, place, r);
    if (!add_all_up(c, &sums)) { /* it is another device's reply, or all paths are wrong */
        explain(&sums, FIELD_POWER, slot_of_power(&sums), why, DECODE_WHY_MAX);
        r->reach = REACH_NO_POWER;
        text_copy(r->why, sizeof r->why, why);
        return DECODE_BAD_REPLY;
    }
    for (size_t f = 0; f < FIELD_COUNT; f++)
        put_quantity(c, (enum field)f, sums.of[f], r);
    if (c->reversed)
        turn_round(r);
    put_strings(c, &sums, r);
    r->phases = phases_of(r);
    judge(conf, &sums, settled, r);
    return DECODE_OK;
}

/* ---- Which replies ---- */

static void note_reply(void *user, const struct json_term *term)
{
    unsigned *replies = user;

    if (term->reply < JSON_REPLIES_MAX)
        *replies |= 1U << term->reply;
}

bool template_needs(const struct template_conf *c, unsigned n)
{
    static const struct json_replies none = {{NULL}};
    unsigned replies = 0;

    for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
        if (is_configured(c->value[FIELD_POWER].path[slot]))
            json_terms(&none, c->value[FIELD_POWER].path[slot], note_reply, &replies);
    }
    return (replies ? replies : 1) & 1U << n;
}

unsigned template_order(const struct template_conf *c, unsigned order[JSON_REPLIES_MAX])
{
    unsigned count = 0;

    for (unsigned needed = 0; needed < 2; needed++) {
        for (unsigned n = 0; n < JSON_REPLIES_MAX && c->api_path[n][0]; n++) {
            if (template_needs(c, n) == (needed == 1))
                order[count++] = n;
        }
    }
    return count;
}
