/* What is said of a configuration, in the order of its lines; secrets are never shown. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf_parse.h"
#include "core/text.h"

enum {
    MESSAGES_MAX = 200,
    SHOWN_MAX = 48 /* bytes of a wrong value that are shown */
};

static void count_message(struct conf_report *report, enum conf_severity severity)
{
    if (severity == CONF_NOTE)
        report->notes++;
    else if (severity == CONF_WARNING)
        report->warnings++;
    else if (severity == CONF_ERROR)
        report->errors++;
    else
        report->fatals++;
}

void conf_say(struct conf_parse *p, enum conf_severity severity, unsigned line, const char *outcome,
              const char *format, ...)
{
    struct conf_report *report = p->report;
    struct conf_message *messages, *m;
    char text[CONF_SAID_MAX];
    size_t at = report->count;
    va_list args;

    count_message(report, severity);
    if (report->count == MESSAGES_MAX)
        return;
    messages = realloc(report->messages, (report->count + 1) * sizeof *messages);
    if (!messages) {
        p->out_of_memory = true;
        return;
    }
    report->messages = messages;
    /* In the order of the lines; what no line is to blame for comes last. */
    while (at > 0 && line && (messages[at - 1].line > line || !messages[at - 1].line))
        at--;
    memmove(&messages[at + 1], &messages[at], (report->count - at) * sizeof *messages);
    report->count++;
    m = &messages[at];
    m->severity = severity;
    m->line = line;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_copy(m->text, sizeof m->text, text);
    text_copy(m->outcome, sizeof m->outcome, outcome);
}

/* What may be shown of a value: not a secret, and no address that holds one. */
static void show_value(char out[SHOWN_MAX], const struct conf_key *key, const char *value)
{
    char copy[SHOWN_MAX - 2];
    size_t len = strcspn(value, "\n"); /* the next line may be a password that was indented */

    if (key->secret || strchr(value, '@')) {
        text_copy(out, SHOWN_MAX, "(hidden)");
        return;
    }
    text_copy(copy, len < sizeof copy ? len + 1 : sizeof copy, value);
    (void)snprintf(out, SHOWN_MAX, "\"%s\"", copy);
}

void conf_say_of_value(struct conf_parse *p, enum conf_severity severity,
                       const struct inifile_entry *e, const struct conf_key *key, const char *value,
                       const char *outcome, const char *what)
{
    const char *section = p->file->sections[e->section].name;
    bool *told = &p->told[e - p->file->entries];
    char shown[SHOWN_MAX];

    if (*told)
        return;
    *told = true;
    show_value(shown, key, value);
    conf_say(p, severity, e->line, outcome, "[%s] %s = %s: %s", section, key->name, shown, what);
}

/* What becomes of it all. A [DTUn] also speaks for its inverters, and stays when they go. */
static void say_outcome(char *out, size_t size, const char *section, size_t k)
{
    const struct conf_storing *s = &conf_storings[k];
    const char *fallback = conf_table[k].fallback;
    unsigned scope = conf_scope_of(section);
    bool shared = s->owner == COUNTS || scope == CONF_IN_DEFAULT ||
                  (s->owner == DEVICE && scope == CONF_IN_DTU);

    out[0] = '\0';
    if (!s->vital && fallback)
        (void)snprintf(out, size, "%s is used instead", *fallback ? fallback : "none");
    else if (s->vital && shared)
        text_copy(out, size, "what depends on it is kept off the bus");
    else if (s->vital && scope == CONF_IN_DTU)
        (void)snprintf(out, size, "[%s] is left out", section);
    else if (s->vital) /* a key that is not inherited says which inverter it is */
        (void)snprintf(out, size, "[%s] is kept off the bus%s", section,
                       s->own ? ", and so are inverters without a section" : "");
}

void conf_say_bad(struct conf_parse *p, const struct inifile_entry *e, size_t k, const char *value,
                  const char *hint)
{
    char what[CONF_SAID_MAX], outcome[CONF_OUTCOME_MAX];

    say_outcome(outcome, sizeof outcome, p->file->sections[e->section].name, k);
    (void)snprintf(what, sizeof what, "allowed is %s%s%s", conf_table[k].type, hint ? "; " : "",
                   hint ? hint : "");
    conf_say_of_value(p, CONF_ERROR, e, &conf_table[k], value, outcome, what);
}

void conf_say_clamped(struct conf_parse *p, const struct inifile_entry *e, size_t k,
                      const char *value, double bound)
{
    char what[CONF_SAID_MAX], outcome[CONF_OUTCOME_MAX];

    (void)snprintf(what, sizeof what, "allowed is %s", conf_table[k].type);
    (void)snprintf(outcome, sizeof outcome, "%.10g is used", bound);
    conf_say_of_value(p, CONF_WARNING, e, &conf_table[k], value, outcome, what);
}

void conf_list(char out[CONF_LIST_MAX], const char *prefix, const unsigned *numbers, size_t count)
{
    enum { NAMED_MAX = 4 };
    size_t named = count <= NAMED_MAX ? count : NAMED_MAX - 1, used = 0;

    for (size_t i = 0; i < named; i++) {
        const char *glue = i == 0 ? "" : i + 1 < count ? ", " : " and ";
        used += (size_t)snprintf(out + used, CONF_LIST_MAX - used, "%s[%s%u]", glue, prefix,
                                 numbers[i]);
    }
    if (named < count)
        used += (size_t)snprintf(out + used, CONF_LIST_MAX - used, " and %zu more", count - named);
    (void)snprintf(out + used, CONF_LIST_MAX - used, count == 1 ? " is" : " are");
}

void conf_report_finish(struct conf_report *report)
{
    free(report->messages);
    memset(report, 0, sizeof *report);
}

bool conf_is_whole(const struct conf_parse *p)
{
    return p->report->fatals == 0;
}
