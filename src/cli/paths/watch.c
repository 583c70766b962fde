#include "cli/paths/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/json_paths.h"

struct beginning {
    struct watch *watch;
    bool failed;
};

static void add(void *user, const struct json_number_found *found)
{
    struct beginning *b = user;
    struct watch *w = b->watch;

    if (found->unusable)
        return;
    struct watched *one = &w->of[w->count];
    *one =
        (struct watched){.path = strdup(found->path), .first = found->value, .last = found->value};
    if (one->path)
        w->count++;
    else
        b->failed = true;
}

bool watch_begin(struct watch *w, const cJSON *root, int64_t now_ms)
{
    struct beginning b = {w, false};

    memset(w, 0, sizeof *w);
    w->first_ms = w->last_ms = now_ms;
    json_paths(root, WATCHED_MAX, add, &b);
    return !b.failed;
}

void watch_finish(struct watch *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->of[i].path);
    w->count = 0;
}

void watch_again(struct watch *w, const cJSON *root, int64_t now_ms)
{
    w->last_ms = now_ms;
    for (size_t i = 0; i < w->count; i++) {
        struct watched *one = &w->of[i];
        double value = json_number(json_path(root, one->path));
        if (!has_value(value))
            continue;
        one->rose = one->rose || value > one->last;
        one->fell = one->fell || value < one->last;
        one->last = value;
    }
}

void watch_guess(struct watch *w, struct guess *out)
{
    double seconds = (double)(w->last_ms - w->first_ms) / 1000;

    for (size_t i = 0; i < w->count; i++) {
        const struct watched *one = &w->of[i];
        enum guess_motion rises = one->rose ? GUESS_RISES : GUESS_STILL;
        w->numbers[i] = (struct guess_number){
            .path = one->path,
            .value = one->last,
            .motion = one->fell ? GUESS_MOVES : rises,
            .per_s = seconds > 0 ? (one->last - one->first) / seconds : 0,
        };
    }
    guess_make(w->numbers, w->count, out);
}

/* ---- What is said of them ---- */

static const char *quantity(enum field f)
{
    static const char *const names[FIELD_COUNT] = {
        [FIELD_POWER] = "power",
        [FIELD_VOLTAGE] = "voltage",
        [FIELD_CURRENT] = "current",
        [FIELD_ENERGY_FORWARD] = "energy",
        [FIELD_ENERGY_REVERSE] = "energy fed in",
        [FIELD_ENERGY_TODAY] = "energy of the day",
        [FIELD_FREQUENCY] = "frequency",
        [FIELD_POWER_FACTOR] = "power factor",
        [FIELD_TEMPERATURE] = "temperature",
    };
    return names[f] ? names[f] : "";
}

static const struct guess_number *find(const struct watch *w, const char *path)
{
    for (size_t i = 0; i < w->count; i++) {
        if (strcmp(w->of[i].path, path) == 0)
            return &w->numbers[i];
    }
    return NULL;
}

static const char *motion_name(enum guess_motion motion)
{
    if (motion == GUESS_STILL)
        return "";
    return motion == GUESS_RISES ? "only rises" : "rises and falls";
}

void watch_note(const struct watch *w, const char *path, char out[WATCH_NOTE_MAX])
{
    const struct guess_number *n = find(w, path);
    const char *motion = n ? motion_name(n->motion) : "";
    char phase[16] = "";

    out[0] = '\0';
    if (n && !n->known)
        (void)snprintf(out, WATCH_NOTE_MAX, "%s", motion);
    if (!n || !n->known)
        return;
    if (n->slot)
        (void)snprintf(phase, sizeof phase, " of L%u", n->slot);
    const char *unit = guess_units[n->unit].name;
    const char *doubt = n->unit == UNIT_KWH ? " (or Wh?)" : " (or kWh?)";
    (void)snprintf(out, WATCH_NOTE_MAX, "%s%s%s%s%s%s%s", quantity(n->field), phase,
                   *unit ? ", " : "", unit, n->sure ? "" : doubt, *motion ? "; " : "", motion);
}
