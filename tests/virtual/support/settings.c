/* com.victronenergy.settings in memory, and the client of it. The rules are those of the real one. */
#include "edge/bus/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

enum { STORED_MAX = 1024, ANSWER_MS = 10, DEADLINE_MS = 5000 };

#define INSTANCE "/ClassAndVrmInstance"

/* ---- the service ---- */

struct stored {
    char path[SETTINGS_PATH_MAX]; /* "": free */
    char text[SETTINGS_TEXT_MAX];
    struct value value;
    int min, max;
    bool followed; /* by the client */
    bool changed;  /* the client has not heard of it yet */
};

static struct stored stored[STORED_MAX];
static bool is_there, hangs;
static struct settings *client;
unsigned long world_setting_writes;

static void tell_client(void);

static struct stored *find(const char *path)
{
    for (size_t i = 0; i < STORED_MAX; i++)
        if (!strcmp(stored[i].path, path))
            return &stored[i];
    return NULL;
}

static bool is_instance(const char *path)
{
    size_t len = strlen(path), end = strlen(INSTANCE);
    return len > end && !strcmp(path + len - end, INSTANCE);
}

static bool is_taken(const struct stored *by, const char *text)
{
    for (size_t i = 0; i < STORED_MAX; i++)
        if (&stored[i] != by && is_instance(stored[i].path) && !strcmp(stored[i].text, text))
            return true;
    return false;
}

/* "class:N", with the next number that nobody else has. False when it is no such text. */
static bool move_to_free(const struct stored *by, char text[SETTINGS_TEXT_MAX])
{
    char class[64];
    int number;
    char end;

    if (sscanf(text, "%63[^:]:%d%c", class, &number, &end) != 2)
        return false;
    while (is_taken(by, text))
        snprintf(text, SETTINGS_TEXT_MAX, "%s:%d", class, ++number);
    return true;
}

static bool is_in_range(const struct stored *s, const struct value *v)
{
    double number = v->type == VALUE_INT ? v->i : v->type == VALUE_DOUBLE ? v->d : 0;
    return (s->min == 0 && s->max == 0) || (number >= s->min && number <= s->max);
}

static bool store(struct stored *s, const struct value *v)
{
    char text[SETTINGS_TEXT_MAX] = "";

    if (!is_in_range(s, v))
        return false;
    if (v->type == VALUE_STRING)
        snprintf(text, sizeof text, "%s", v->s);
    if (is_instance(s->path) && !move_to_free(s, text))
        return false;
    struct value kept = v->type == VALUE_STRING ? value_string(text) : *v;
    if (value_equal(&s->value, &kept))
        return true;
    memcpy(s->text, text, sizeof text);
    s->value = v->type == VALUE_STRING ? value_string(s->text) : *v;
    world_setting_writes++;
    return true;
}

/* What AddSettings answers for one of them. */
static struct value add(const char *path, const struct value *fallback, int min, int max)
{
    struct stored *s = find(path);

    if (!s && (strstr(path, "/_") || strncmp(path, "/Settings/", 10) != 0))
        return value_invalid();
    if (!s) {
        s = find("");
        if (!s)
            abort();
        *s = (struct stored){.min = min, .max = max};
        snprintf(s->path, sizeof s->path, "%s", path);
        if (!store(s, fallback)) {
            *s = (struct stored){0};
            return value_invalid();
        }
    }
    if (s->value.type != fallback->type)
        return value_invalid();
    s->min = min;
    s->max = max;
    s->followed = true;
    s->changed = false;
    return s->value;
}

void world_settings(bool there)
{
    if (is_there != there) /* what changed meanwhile, nobody announces */
        for (size_t i = 0; i < STORED_MAX; i++)
            stored[i].changed = false;
    is_there = there;
    tell_client();
}

void world_settings_hang(bool hang)
{
    hangs = hang;
}

void world_settings_erase(void)
{
    memset(stored, 0, sizeof stored);
}

size_t world_setting_devices(void)
{
    size_t n = 0;

    for (size_t i = 0; i < STORED_MAX; i++)
        n += is_instance(stored[i].path);
    return n;
}

struct value world_setting(const char *path)
{
    const struct stored *s = find(path);
    return s ? s->value : value_invalid();
}

bool world_setting_change(const char *path, const struct value *value)
{
    struct stored *s = find(path);
    char before[SETTINGS_TEXT_MAX];

    if (!*path)
        return false;
    if (!s) {
        struct value v = add(path, value, 0, 0);
        s = find(path);
        if (s)
            s->followed = false;
        return v.type != VALUE_INVALID;
    }
    if (s->value.type != value->type)
        return false;
    struct value old = s->value;
    if (old.type == VALUE_STRING) {
        memcpy(before, s->text, sizeof before);
        old.s = before;
    }
    if (!store(s, value))
        return false;
    s->changed = s->changed || (s->followed && !value_equal(&old, &s->value));
    tell_client();
    return true;
}

void world_reset_settings(void);
void world_reset_settings(void)
{
    world_settings_erase();
    world_setting_writes = 0;
    is_there = true;
    hangs = false;
}

/* ---- the client ---- */

struct settings {
    struct loop *loop;
    struct settings_events events;
    struct loop_timer deliver;
    struct settings_call *calls;
    bool told, told_there;
};

struct settings_adding {
    struct settings_call *call;
    struct loop_timer timer;
    int64_t waited_ms;
    size_t count;
    struct setting list[];
};

static void tell_client(void)
{
    if (client)
        loop_timer_arm(&client->deliver, 0);
}

static void deliver(void *user)
{
    struct settings *s = user;

    if (!s->told || s->told_there != is_there) {
        s->told = true;
        s->told_there = is_there;
        loop_timer_arm(&s->deliver, 0);
        if (s->events.available)
            s->events.available(s->events.user, is_there);
        return;
    }
    for (size_t i = 0; i < STORED_MAX; i++) {
        if (!stored[i].changed || !is_there)
            continue;
        stored[i].changed = false;
        loop_timer_arm(&s->deliver, 0);
        const struct stored copy = stored[i];
        struct value v = copy.value.type == VALUE_STRING ? value_string(copy.text) : copy.value;
        if (s->events.changed)
            s->events.changed(s->events.user, copy.path, &v);
        return;
    }
}

struct settings *settings_create(struct loop *l, struct bus *bus,
                                 const struct settings_events *events, char *why, size_t why_size)
{
    struct settings *s = calloc(1, sizeof *s);

    (void)bus;
    if (client || !s) {
        snprintf(why, why_size, "there is a client already, or no memory");
        free(s);
        return NULL;
    }
    s->loop = l;
    s->events = *events;
    loop_timer_init(&s->deliver, l, deliver, s);
    for (size_t i = 0; i < STORED_MAX; i++)
        stored[i].followed = stored[i].changed = false;
    client = s;
    tell_client();
    return s;
}

void settings_destroy(struct settings *s)
{
    if (!s)
        return;
    while (s->calls)
        settings_cancel(s->calls);
    loop_timer_disarm(&s->deliver);
    client = NULL;
    free(s);
}

bool settings_available(const struct settings *s)
{
    return s->told && is_there;
}

static void free_adding(struct settings_adding *a)
{
    for (size_t i = 0; i < a->count; i++) {
        free((char *)a->list[i].path);
        if (a->list[i].fallback.type == VALUE_STRING)
            free((char *)a->list[i].fallback.s);
    }
    free(a);
}

static struct settings_adding *take_call(struct settings_call *call)
{
    struct settings_call **at = &call->settings->calls;
    struct settings_adding *a = call->adding;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    call->settings = NULL;
    call->adding = NULL;
    loop_timer_disarm(&a->timer);
    return a;
}

void settings_cancel(struct settings_call *call)
{
    if (call->settings)
        free_adding(take_call(call));
}

/* A moment, for as long as it takes. */
static void on_answer(void *user)
{
    struct settings_adding *a = user;
    const struct settings_call call = *a->call;

    a->waited_ms += ANSWER_MS;
    if (is_there && hangs && a->waited_ms < DEADLINE_MS) {
        loop_timer_arm(&a->timer, ANSWER_MS);
        return;
    }
    take_call(a->call);
    struct value *values = calloc(a->count + 1, sizeof *values);
    if (!values)
        abort();
    if (is_there && !hangs) {
        for (size_t i = 0; i < a->count; i++)
            values[i] = add(a->list[i].path, &a->list[i].fallback, a->list[i].min, a->list[i].max);
        call.done(call.user, values, a->count, "");
    } else {
        call.done(call.user, NULL, 0, "no answer: the virtual settings are away");
    }
    free(values);
    free_adding(a);
}

void settings_add(struct settings *s, struct settings_call *call, const struct setting *list,
                  size_t count, settings_added_fn done, void *user)
{
    struct settings_adding *a = calloc(1, sizeof *a + count * sizeof *list);

    settings_cancel(call);
    if (!a)
        abort();
    a->call = call;
    a->count = count;
    for (size_t i = 0; i < count; i++) {
        a->list[i] = list[i];
        a->list[i].path = strdup(list[i].path);
        if (list[i].fallback.type == VALUE_STRING)
            a->list[i].fallback.s = strdup(list[i].fallback.s);
    }
    *call = (struct settings_call){
        .settings = s, .next = s->calls, .adding = a, .done = done, .user = user};
    s->calls = call;
    loop_timer_init(&a->timer, s->loop, on_answer, a);
    loop_timer_arm(&a->timer, ANSWER_MS);
}

int settings_set(struct settings *s, const char *path, const struct value *value)
{
    const struct stored *known = *path ? find(path) : NULL;

    if (!known || !known->followed)
        return -ENOENT;
    if (known->value.type != value->type)
        return -EINVAL;
    if (!settings_available(s))
        return -ENOTCONN;
    world_setting_change(path, value);
    return 0;
}

void settings_forget(struct settings *s, const char *path)
{
    struct stored *known = *path ? find(path) : NULL;

    (void)s;
    if (known)
        known->followed = known->changed = false;
}
