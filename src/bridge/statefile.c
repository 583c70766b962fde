#include "bridge/statefile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "core/text.h"
#include "edge/sys/file.h"
#include "edge/sys/log.h"

enum {
    ENTRIES_MAX = 2 * CONF_DEVICES_MAX, /* half of it for devices that are not there just now */
    FILE_MAX = 1024 * 1024
};

struct statefile {
    char path[512];
    char *saved; /* the file's text as last read or written; NULL where it is not known */
    bool failing;
    struct addresses added;
    size_t count;
    struct device_memory entries[ENTRIES_MAX];
};

/* Returns the number of entries, or -1 with the reason in why. */
static int load(struct statefile *m, const char *path, char *why, size_t why_size)
{
    size_t len;
    char *text = file_read(path, FILE_MAX, &len);
    if (!text) {
        snprintf(why, why_size, "%s", strerror(errno));
        return -1;
    }
    int n = state_parse(text, len, m->entries, ENTRIES_MAX, &m->added, why, why_size);
    if (n >= 0 && path == m->path)
        m->saved = text;
    else
        free(text);
    return n;
}

struct statefile *statefile_open(const char *path)
{
    char why[160], backup[sizeof((struct statefile *)0)->path + 8];
    struct file_stamp absent = {0}, stamp;
    struct statefile *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    snprintf(m->path, sizeof m->path, "%s", path);
    snprintf(backup, sizeof backup, "%s.bak", m->path);

    int n = load(m, m->path, why, sizeof why);
    if (n < 0) {
        file_stamp(m->path, &stamp);
        bool first_start = file_stamp_equal(&stamp, &absent);
        char primary_why[sizeof why];
        memcpy(primary_why, why, sizeof why);
        n = load(m, backup, why, sizeof why);
        if (n >= 0)
            log_notice(NOTICE_STATE_COPY_USED, "%s: %s; the copy in %s is used", m->path,
                       primary_why, backup);
        else if (!first_start)
            log_notice(
                NOTICE_STATE_LOST,
                "%s: %s, and there is no copy: identities and counters start again from what the gateways say",
                m->path, primary_why);
    }
    m->count = n > 0 ? (size_t)n : 0;
    return m;
}

void statefile_close(struct statefile *m)
{
    if (!m)
        return;
    free(m->saved);
    free(m);
}

static struct device_memory *find(struct statefile *m, const char *id)
{
    for (size_t i = 0; i < m->count; i++)
        if (!strcmp(m->entries[i].id, id))
            return &m->entries[i];
    return NULL;
}

const struct device_memory *statefile_find(const struct statefile *m, const char *id)
{
    for (size_t i = 0; *id && i < m->count; i++)
        if (!strcmp(m->entries[i].id, id))
            return &m->entries[i];
    return NULL;
}

const struct device_memory *statefile_all(const struct statefile *m, size_t *count)
{
    *count = m->count;
    return m->entries;
}

size_t statefile_strays(const struct statefile *m)
{
    size_t n = 0;

    for (size_t i = 0; i < m->count; i++)
        n += !m->entries[i].section[0] && !m->entries[i].gateway[0];
    return n;
}

bool statefile_knows_gateway(const struct statefile *m, const char *section)
{
    for (size_t i = 0; i < m->count; i++)
        if (!strcmp(m->entries[i].gateway, section))
            return true;
    return false;
}

void statefile_leave_gateway(struct statefile *m, const char *section)
{
    for (size_t i = 0; i < m->count; i++)
        if (!strcmp(m->entries[i].gateway, section))
            m->entries[i].gateway[0] = '\0';
}

/* A place for a device that is not remembered yet; NULL when all are of devices that are in use. */
static struct device_memory *place_for_new(struct statefile *m)
{
    if (m->count < ENTRIES_MAX)
        return &m->entries[m->count++];
    for (size_t i = 0; i < m->count; i++)
        if (!m->entries[i].section[0] && !m->entries[i].gateway[0] && !m->entries[i].limited)
            return &m->entries[i];
    return NULL;
}

void statefile_put(struct statefile *m, const struct device_memory *entry)
{
    if (!entry->id[0])
        return;
    struct device_memory *place = find(m, entry->id);
    bool limited = place && place->limited;
    if (!place)
        place = place_for_new(m);
    if (!place)
        return;
    for (size_t i = 0; i < m->count && entry->section[0]; i++)
        if (&m->entries[i] != place && !strcmp(m->entries[i].section, entry->section))
            m->entries[i].section[0] = '\0';
    *place = *entry;
    place->limited = limited;
}

/* An inverter that is new has its place in there with the next statefile_put(): the mark makes one. */
static struct device_memory *place_of(struct statefile *m, const char *serial)
{
    struct device_memory entry, *place;
    char id[MEMORY_ID_MAX];

    serial_key(id, serial);
    place = find(m, id);
    if (place)
        return place;
    device_memory_init(&entry);
    text_copy(entry.id, sizeof entry.id, id);
    text_copy(entry.serial, sizeof entry.serial, serial);
    statefile_put(m, &entry);
    return find(m, id);
}

bool statefile_mark(struct statefile *m, const char *serial, bool on)
{
    struct device_memory *place = place_of(m, serial);
    bool before = place && place->limited;

    if (!place)
        return false;
    place->limited = on;
    (void)statefile_save(m);
    if (m->failing)
        place->limited = before;
    return !m->failing;
}

bool statefile_is_marked(const struct statefile *m, const char *serial)
{
    char id[MEMORY_ID_MAX];

    serial_key(id, serial);
    const struct device_memory *known = statefile_find(m, id);
    return known && known->limited;
}

struct addresses *statefile_added(struct statefile *m)
{
    return &m->added;
}

bool statefile_save(struct statefile *m)
{
    char *text = state_print(m->entries, m->count, &m->added);
    if (!text || (m->saved && !strcmp(text, m->saved))) {
        free(text);
        return false;
    }
    int err = file_replace(m->path, text, strlen(text));
    if (err < 0) {
        if (!m->failing)
            log_notice(NOTICE_STATE_UNWRITTEN,
                       "%s: cannot be written (%s): identities and counters are lost at a restart",
                       m->path, strerror(-err));
        m->failing = true;
        free(text);
        return true;
    }
    m->failing = false;
    free(m->saved);
    m->saved = text;
    return true;
}
