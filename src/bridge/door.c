#include "bridge/door.h"

#include "core/text.h"
#include "edge/sys/log.h"

void door_init(struct door *d, struct loop *l, const struct statefile *memory, const char *section)
{
    *d = (struct door){.loop = l, .memory = memory};
    text_copy(d->section, sizeof d->section, section);
    if (!statefile_knows_gateway(memory, section))
        admission_open(&d->rules);
}

void door_open(struct door *d)
{
    admission_open(&d->rules);
}

void door_list(struct door *d, const struct roster_slot *slots, size_t count,
               const struct roster_list *list)
{
    struct roster_entry spare[CONF_INVERTERS_MAX];
    size_t n = 0;

    if (!list->complete)
        return;
    for (size_t i = 0; i < list->count && n < CONF_INVERTERS_MAX; i++) {
        const struct roster_entry *entry = &list->entries[i];
        if (entry->serial[0] && roster_find(slots, count, entry->serial) < 0)
            spare[n++] = *entry;
    }
    admission_list(&d->rules, spare, n, loop_now_ms(d->loop));
}

bool door_waits(const struct door *d)
{
    return admission_waits(&d->rules, loop_now_ms(d->loop));
}

static struct admission_memory remembered(const struct door *d, const char *serial)
{
    char id[SERIAL_MAX];

    serial_key(id, serial);
    return (struct admission_memory){.known = statefile_find(d->memory, id) != NULL,
                                     .strays = statefile_strays(d->memory)};
}

/* Notes, or logs, what became of it. Returns whether it is let in. */
static bool conclude(struct door *d, const char *serial, bool known, enum admission_word word)
{
    int64_t now = loop_now_ms(d->loop);

    if (word == ADMISSION_YES)
        admission_done(&d->rules, serial, known, now);
    else if (!admission_to_tell(&d->rules, serial, word, now))
        return false;
    else if (word == ADMISSION_LATER)
        log_info("%s: inverter %s is not published yet: %s", d->section, serial,
                 admission_reason(word));
    else
        log_notice(NOTICE_INVERTER_REFUSED,
                   "%s: inverter %s is not published: %s. If it is yours, give it an [INVERTERn] "
                   "section with its Serial. Others are refused without a line for a day",
                   d->section, serial, admission_reason(word));
    return word == ADMISSION_YES;
}

bool door_replaces(void *user, const char *serial)
{
    struct door *d = user;
    const struct admission_memory memory = remembered(d, serial);

    return conclude(d, serial, memory.known,
                    admission_replace(&d->rules, &memory, loop_now_ms(d->loop)));
}

bool door_adds(struct door *d, const char *serial, const struct roster_slot *slots, size_t count,
               size_t services, int gateway, int *makes_room)
{
    const struct admission_memory memory = remembered(d, serial);
    enum admission_word word = admission_add(&d->rules, serial, &memory, loop_now_ms(d->loop));

    *makes_room = -1;
    if (word == ADMISSION_YES)
        word = admission_room(slots, count, services, gateway, makes_room);
    return conclude(d, serial, memory.known, word);
}

void door_undone(struct door *d, const char *serial)
{
    admission_undone(&d->rules, serial, remembered(d, serial).known, loop_now_ms(d->loop));
}
