#include "core/sample.h"

#include <string.h>

/* An age rounded down to a second, and another second in which a message was under way. */
enum { TOLERANCE_MS = 2000 };

static const double clock_tolerance_s = 60;
static const double clock_begins_s = 1735689600; /* 2025-01-01: this program is younger */
static const double age_max_s = 1e9;
static const double stamps_begin_s = 1577836800; /* 2020-01-01 */

void sample_init(struct sample *s)
{
    struct reading nothing;

    reading_init(&nothing);
    *s = (struct sample){.stamp_s = MISSING, .measured_ms = INT64_MIN};
    memcpy(s->value, nothing.value, sizeof s->value);
}

static int64_t measured_ms(const struct reading *r, int64_t now_ms)
{
    return r->age_s <= age_max_s ? now_ms - (int64_t)(r->age_s * 1000) : INT64_MIN;
}

static bool is_same(double a, double b)
{
    return has_value(a) ? a == b : !has_value(b);
}

/* But for what the gateway knows without a packet that measured something. */
static bool has_same_values(const struct sample *s, const struct reading *r)
{
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        if (f == FIELD_MAX_POWER || f == FIELD_LIMIT)
            continue;
        for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
            if (!is_same(s->value[f][slot], r->value[f][slot]))
                return false;
        }
    }
    return true;
}

bool sample_repeats(const struct sample *s, const struct reading *r, double latency_ms,
                    int64_t now_ms)
{
    int64_t earliest_ms = measured_ms(r, now_ms);

    if (!s->known)
        return false;
    if (has_value(s->stamp_s) && has_value(r->stamp_s))
        return s->stamp_s == r->stamp_s;
    if (s->measured_ms == INT64_MIN || earliest_ms == INT64_MIN)
        return false;
    earliest_ms -= TOLERANCE_MS + (has_value(latency_ms) ? (int64_t)latency_ms : 0);
    return earliest_ms <= s->measured_ms && has_same_values(s, r);
}

void sample_take(struct sample *s, const struct reading *r, int64_t now_ms)
{
    s->known = true;
    s->stamp_s = r->stamp_s;
    s->measured_ms = measured_ms(r, now_ms);
    memcpy(s->value, r->value, sizeof s->value);
}

double sample_age_s(const struct reading *r, double unix_s)
{
    double age_s = unix_s - r->stamp_s;

    if (has_value(r->age_s))
        return r->age_s;
    if (!(unix_s >= clock_begins_s) || !(r->stamp_s >= stamps_begin_s) ||
        !(age_s >= -clock_tolerance_s))
        return MISSING;
    return age_s > 0 ? age_s : 0;
}
