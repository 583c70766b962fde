#include "edge/sys/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/budget.h"
#include "core/text.h"
#include "edge/sys/clock.h"

enum {
    LINE_MAX_BYTES = 1024, /* well below PIPE_BUF: a line is never torn by another writer's */
    NOTE_MAX = 96,
    PATHS_MAX = 192, /* more than there are calls; the last one serves all that come then */
    REPEAT_MS = 15 * 60 * 1000,
    CHANGED_MS = 60 * 1000,
    SETTLED_MS = 60 * 60 * 1000,
};

/*
 * How much one place of the program may write, and all of them together: multilog keeps it on flash. A
 * configuration with many faults is told as a whole; what a peer provokes again and again is not. Below
 * WARNING the owner has asked for more, and gets it, within bounds.
 */
static const struct rates {
    struct budget_rate path, all;
} serious_rates = {{.burst = 200, .per_day = 300}, {.burst = 600, .per_day = 1500}},
  other_rates = {{.burst = 2000, .per_day = 20000}, {.burst = 5000, .per_day = 60000}};

/* One place of the program, by its format. */
struct path {
    const char *format; /* NULL: none yet */
    bool serious;
    struct budget budget;
    unsigned left_out; /* lines, since the last one that was written */
};

static struct path paths[PATHS_MAX];
static struct budget all_serious, all_others;
static enum log_level threshold = LOG_INFO;
static unsigned lost; /* lines that a full stderr did not take */

void log_set_level(enum log_level level)
{
    threshold = level;
}

bool log_enabled(enum log_level level)
{
    return level >= threshold;
}

static const char *level_name(enum log_level level)
{
    if (level >= LOG_CRITICAL)
        return "CRITICAL";
    if (level >= LOG_ERROR)
        return "ERROR";
    if (level >= LOG_WARNING)
        return "WARNING";
    if (level >= LOG_INFO)
        return "INFO";
    return "DEBUG";
}

/*
 * One write(2) that does not wait: a pipe that polls as writable takes PIPE_BUF bytes at once.
 * O_NONBLOCK would do it too, but it belongs to the open file, which other processes share.
 */
static bool put(const char *line, size_t len)
{
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

    if (poll(&p, 1, 0) != 1 || p.revents != POLLOUT)
        return false;
    return write(STDERR_FILENO, line, len) >= 0;
}

static const struct notice_info news = {.level = LOG_INFO}, detail = {.level = LOG_DEBUG};

static void emit(const struct notice_info *kind, const char *message)
{
    char raw[LINE_MAX_BYTES + 32], line[LINE_MAX_BYTES], id[16] = "";

    if (kind->number)
        snprintf(id, sizeof(id), "DTU-%03u ", kind->number);
    if (snprintf(raw, sizeof(raw), "%s %s%s", level_name(kind->level), id, message) < 0)
        return;
    text_copy(line, sizeof(line) - 1, raw);
    size_t len = strlen(line);
    line[len++] = '\n';
    if (!put(line, len))
        lost++;
}

static void report_lost(void)
{
    char line[80];
    unsigned count = lost;

    if (!count)
        return;
    lost = 0;
    snprintf(line, sizeof(line), "%u lines of this log were lost: nobody read it", count);
    emit(notice_info(NOTICE_LOG_LOST), line);
    if (lost)
        lost = count; /* still nobody; the line about it is not one of them */
}

/* ---- How much is written ---- */

static struct path *path_of(const char *format, bool serious)
{
    size_t i = 0;

    while (i < PATHS_MAX - 1 && paths[i].format &&
           (paths[i].format != format || paths[i].serious != serious))
        i++;
    paths[i].format = format;
    paths[i].serious = serious;
    return &paths[i];
}

/* False when there was too much like it already; else note says so of what went before, and goes behind it. */
static bool admit(enum log_level level, const char *format, char note[NOTE_MAX])
{
    bool serious = level >= LOG_WARNING;
    const struct rates *rates = serious ? &serious_rates : &other_rates;
    struct budget *all = serious ? &all_serious : &all_others;
    struct path *p = path_of(format, serious);
    int64_t now_ms = clock_now_ms();

    if (budget_wait_ms(&p->budget, &rates->path, now_ms) > 0 ||
        !budget_take(all, &rates->all, now_ms)) {
        p->left_out++;
        return false;
    }
    (void)budget_take(&p->budget, &rates->path, now_ms);
    note[0] = '\0';
    if (p->left_out)
        snprintf(note, NOTE_MAX, " (%u like it were left out)", p->left_out);
    p->left_out = 0;
    if (budget_wait_ms(&p->budget, &rates->path, now_ms) > 0)
        snprintf(note + strlen(note), NOTE_MAX - strlen(note),
                 " (too many: more like it are left out for a while)");
    return true;
}

/* weight: what decides whether it is enabled, and how much of it there may be. */
static void write_line(const struct notice_info *kind, enum log_level weight, const char *format,
                       const char *message)
{
    char note[NOTE_MAX], line[LINE_MAX_BYTES];
    int before = errno;

    if (log_enabled(weight) && admit(weight, format, note)) {
        int room = LINE_MAX_BYTES - NOTE_MAX - 32;
        snprintf(line, sizeof(line), "%.*s%s", *note ? room : LINE_MAX_BYTES, message, note);
        report_lost();
        emit(kind, line);
    }
    errno = before;
}

static __attribute__((format(printf, 3, 0))) void
vline(const struct notice_info *kind, enum log_level weight, const char *format, va_list args)
{
    char message[LINE_MAX_BYTES];

    if (log_enabled(weight) && vsnprintf(message, sizeof(message), format, args) >= 0)
        write_line(kind, weight, format, message);
}

void log_debug(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vline(&detail, LOG_DEBUG, format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vline(&news, LOG_INFO, format, args);
    va_end(args);
}

void log_notice(enum notice notice, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vline(notice_info(notice), notice_info(notice)->level, format, args);
    va_end(args);
}

void log_good_news(enum notice over, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vline(&news, notice_info(over)->level, format, args);
    va_end(args);
}

/* ---- Faults that last ---- */

/* "45 s", "12 min", "3 h 5 min" */
static const char *span(int64_t ms, char *out, size_t size)
{
    long long s = ms > 0 ? ms / 1000 : 0;

    if (s < 120)
        snprintf(out, size, "%lld s", s);
    else if (s < 7200)
        snprintf(out, size, "%lld min", s / 60);
    else
        snprintf(out, size, "%lld h %lld min", s / 3600, s % 3600 / 60);
    return out;
}

/* What is said of a fault: format is the caller's, by which it is counted. */
struct fault_text {
    const struct notice_info *kind;
    const char *format, *message;
};

/*
 * An episode is told when it begins and when it ends, unless there were many: then one line an hour says how many, and
 * only what lasts is told by itself.
 */
static const struct budget_rate episodes = {.burst = 5, .per_day = 24};

static void fault_begins(struct log_fault *f, int64_t now_ms, const struct fault_text *t)
{
    f->since_ms = now_ms;
    f->told = !f->untold && budget_take(&f->episodes, &episodes, now_ms);
    if (f->told)
        write_line(t->kind, t->kind->level, t->format, t->message);
    else if (f->untold++ == 0)
        f->untold_ms = now_ms;
}

static void fault_goes_on(struct log_fault *f, int64_t now_ms, const struct fault_text *t,
                          bool changed)
{
    char since[32], line[LINE_MAX_BYTES + 64];

    if (!f->told) {
        f->told = true;
        f->untold--;
    }
    snprintf(line, sizeof(line), "%s (%s%u failures in %s)", t->message,
             changed ? "a change; " : "still; ", f->total,
             span(now_ms - f->since_ms, since, sizeof(since)));
    write_line(t->kind, t->kind->level, t->format, line);
}

void log_fault(struct log_fault *f, int64_t now_ms, enum notice notice, const char *format, ...)
{
    char message[LINE_MAX_BYTES];
    char text[sizeof(f->text)];
    va_list args;

    va_start(args, format);
    int length = vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (length < 0)
        return;
    size_t kept = strnlen(message, sizeof(message));
    kept = kept < sizeof(text) ? kept : sizeof(text) - 1;
    memcpy(text, message, kept);
    text[kept] = '\0';

    bool first = f->total == 0;
    bool changed = !first && f->told && strcmp(text, f->text) != 0;
    /* A fault that flickers between two texts for hours must not fill the flash either. */
    int64_t pause = changed && now_ms - f->since_ms < SETTLED_MS ? CHANGED_MS : REPEAT_MS;
    f->total++;
    if (!first && now_ms - f->logged_ms < pause)
        return;
    const struct fault_text told = {notice_info(notice), format, message};
    if (first)
        fault_begins(f, now_ms, &told);
    else
        fault_goes_on(f, now_ms, &told, changed);
    f->logged_ms = now_ms;
    f->notice = notice;
    memcpy(f->text, text, sizeof(text));
}

static void tell_recovery(const struct log_fault *f, int64_t now_ms, const char *format,
                          const char *message)
{
    char lasted[32], line[LINE_MAX_BYTES + 128];
    bool often = budget_wait_ms(&f->episodes, &episodes, now_ms) > 0;

    snprintf(line, sizeof(line), "%s (after %s and %u failures%s)", message,
             span(now_ms - f->since_ms, lasted, sizeof(lasted)), f->total,
             often ? "; it comes and goes, and is told once an hour now" : "");
    write_line(&news, notice_info(f->notice)->level, format, line);
}

static void tell_untold(struct log_fault *f, int64_t now_ms, const char *format,
                        const char *message)
{
    char since[32], line[LINE_MAX_BYTES + 128];

    snprintf(line, sizeof(line), "%s (it failed %u times more in %s)", message, f->untold,
             span(now_ms - f->untold_ms, since, sizeof(since)));
    write_line(&news, notice_info(f->notice)->level, format, line);
    f->untold = 0;
}

void log_recovered(struct log_fault *f, int64_t now_ms, const char *format, ...)
{
    char message[LINE_MAX_BYTES];
    bool ends = f->total > 0 && f->told;
    bool sums_up = !ends && f->untold > 0 && budget_take(&f->episodes, &episodes, now_ms);
    va_list args;

    if (ends || sums_up) {
        va_start(args, format);
        int length = vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        if (length >= 0 && ends)
            tell_recovery(f, now_ms, format, message);
        else if (length >= 0)
            tell_untold(f, now_ms, format, message);
    }
    f->total = 0;
}
