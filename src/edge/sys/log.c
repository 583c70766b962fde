#include "edge/sys/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"

enum {
    LINE_MAX_BYTES = 1024, /* well below PIPE_BUF: a line is never torn by another writer's */
    REPEAT_MS = 15 * 60 * 1000,
    CHANGED_MS = 60 * 1000,
    SETTLED_MS = 60 * 60 * 1000,
};

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

static void emit(enum log_level level, const char *message)
{
    char raw[LINE_MAX_BYTES + 16], line[LINE_MAX_BYTES];

    if (snprintf(raw, sizeof(raw), "%s %s", level_name(level), message) < 0)
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
    emit(LOG_WARNING, line);
    if (lost)
        lost = count; /* still nobody; the line about it is not one of them */
}

static __attribute__((format(printf, 2, 0))) void vline(enum log_level level, const char *format,
                                                        va_list args)
{
    char message[LINE_MAX_BYTES];
    int before = errno;

    if (vsnprintf(message, sizeof(message), format, args) >= 0) {
        report_lost();
        emit(level, message);
    }
    errno = before;
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list args;

    if (!log_enabled(level))
        return;
    va_start(args, format);
    vline(level, format, args);
    va_end(args);
}

void log_good_news(enum log_level told, const char *format, ...)
{
    va_list args;

    if (!log_enabled(told))
        return;
    va_start(args, format);
    vline(LOG_INFO, format, args);
    va_end(args);
}

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

static void fault_begins(struct log_fault *f, int64_t now_ms, enum log_level level,
                         const char *message)
{
    f->since_ms = now_ms;
    log_line(level, "%s", message);
}

static void fault_goes_on(struct log_fault *f, int64_t now_ms, enum log_level level,
                          const char *message, bool changed)
{
    char since[32];

    log_line(level, "%s (%s%u failures in %s)", message, changed ? "a change; " : "still; ",
             f->total, span(now_ms - f->since_ms, since, sizeof(since)));
}

void log_fault(struct log_fault *f, int64_t now_ms, enum log_level level, const char *format, ...)
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
    bool changed = !first && strcmp(text, f->text) != 0;
    /* A fault that flickers between two texts for hours must not fill the flash either. */
    int64_t pause = changed && now_ms - f->since_ms < SETTLED_MS ? CHANGED_MS : REPEAT_MS;
    f->total++;
    f->count++;
    if (!first && now_ms - f->logged_ms < pause)
        return;
    if (first)
        fault_begins(f, now_ms, level, message);
    else
        fault_goes_on(f, now_ms, level, message, changed);
    f->logged_ms = now_ms;
    f->level = level;
    f->count = 0;
    memcpy(f->text, text, sizeof(text));
}

void log_recovered(struct log_fault *f, int64_t now_ms, const char *format, ...)
{
    char message[LINE_MAX_BYTES];
    va_list args;

    if (f->total == 0)
        return;
    va_start(args, format);
    int length = vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (length >= 0) {
        char lasted[32];
        log_good_news(f->level, "%s (after %s and %u failures)", message,
                      span(now_ms - f->since_ms, lasted, sizeof(lasted)), f->total);
    }
    *f = (struct log_fault){0};
}
