#include "drivers/ahoy_serials.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

enum { TRIES = 3 };

static const double leap_kwh = 0.5;

static bool any_serial(const cJSON *list)
{
    const cJSON *entry;
    char serial[SERIAL_MAX];

    cJSON_ArrayForEach(entry, list)
    {
        if (common_serial(entry, serial))
            return true;
    }
    return false;
}

enum decode_result ahoy_serials_decode(struct ahoy_serials *l, const cJSON *root, char *why)
{
    const cJSON *list = json_get(root, "inverter"), *entry;

    if (!cJSON_IsArray(list) || !any_serial(list))
        return common_refuse(why, "the list of inverters has no serials");
    l->count = 0;
    cJSON_ArrayForEach(entry, list)
    {
        if (l->count == INVERTERS_MAX)
            break;
        struct ahoy_listed *to = &l->listed[l->count];
        double id = json_member(entry, "id");
        to->id = (unsigned)(id >= 0 && id < INVERTERS_MAX ? id : (double)l->count);
        json_text(entry, "name", to->name, sizeof to->name);
        if (!common_serial(entry, to->serial))
            to->serial[0] = '\0';
        l->count++;
    }
    return DECODE_OK;
}

bool ahoy_serials_given_up(const struct ahoy_serials *l)
{
    return l->count == 0 && l->failures >= TRIES;
}

/* By place where the names agree, else by a name that is the only one of its kind. */
static const struct ahoy_listed *find(const struct ahoy_serials *l, const cJSON *entry, size_t at,
                                      size_t count)
{
    const struct ahoy_listed *found = NULL;
    char name[NAME_MAX_BYTES];

    json_text(entry, "name", name, sizeof name);
    if (count == l->count && strcmp(l->listed[at].name, name) == 0)
        return &l->listed[at];
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->listed[i].name, name) != 0)
            continue;
        if (found)
            return NULL;
        found = &l->listed[i];
    }
    return found;
}

bool ahoy_serials_match(const struct ahoy_serials *l, const cJSON *inverters)
{
    const cJSON *entry;
    size_t at = 0, count = (size_t)cJSON_GetArraySize(inverters);

    if (count != l->count)
        return false;
    cJSON_ArrayForEach(entry, inverters)
    {
        if (find(l, entry, at, count) != &l->listed[at])
            return false;
        at++;
    }
    return true;
}

bool ahoy_serials_identify(const struct ahoy_serials *l, const cJSON *entry, size_t at,
                           size_t count, char serial[SERIAL_MAX], unsigned *id)
{
    const struct ahoy_listed *listed = find(l, entry, at, count);

    *id = listed ? listed->id : (unsigned)at;
    if (common_serial(entry, serial))
        return true;
    if (ahoy_serials_given_up(l))
        (void)snprintf(serial, SERIAL_MAX, "ahoy-%u", *id);
    else
        text_copy(serial, SERIAL_MAX, listed ? listed->serial : NULL);
    return serial[0] != '\0';
}

void ahoy_serials_note(struct ahoy_serials *l, size_t at, double total_kwh)
{
    if (total_kwh > 0)
        l->total_kwh[at] = total_kwh;
}

bool ahoy_serials_leaps(const struct ahoy_serials *l, size_t at, double total_kwh)
{
    double before_kwh = l->total_kwh[at];

    return before_kwh > 0 && total_kwh > 0 &&
           (total_kwh < before_kwh || total_kwh > before_kwh + leap_kwh);
}
