#include "cli/show/show_view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/show/show_help.h"
#include "cli/show/show_reason.h"
#include "cli/show/show_table.h"

/* ---- cells ---- */

#define HUGE_NUMBER 1e9 /* nothing that is measured here */

static void put_number(struct show_cell *out, int decimals, double number)
{
    if (!has_value(number)) {
        strcpy(out->text, "-");
        out->tone = SHOW_FAINT;
        return;
    }
    if (number < 0.5 && number > -0.5 && !decimals)
        number = 0; /* never "-0" */
    if (number < HUGE_NUMBER && number > -HUGE_NUMBER)
        (void)snprintf(out->text, sizeof out->text, "%.*f", decimals, number);
    else
        (void)snprintf(out->text, sizeof out->text, "%.2e", number);
}

static void put_text(struct show_cell *out, const char *text)
{
    (void)snprintf(out->text, sizeof out->text, "%s", text[0] ? text : "-");
}

static void name_cell(const void *row, const struct show_look *look, unsigned width,
                      struct show_cell *out)
{
    const struct show_row *r = row;
    const char *title = show_row_title(r);

    (void)look;
    (void)width;
    put_text(out, title[0] ? title : r->service);
}

static void service_cell(const void *row, const struct show_look *look, unsigned width,
                         struct show_cell *out)
{
    (void)look;
    (void)width;
    put_text(out, ((const struct show_row *)row)->service);
}

static void phase_cell(const void *row, const struct show_look *look, unsigned width,
                       struct show_cell *out)
{
    (void)look;
    (void)width;
    put_text(out, show_row_phases(row));
}

#define NUMBER_CELL(name, decimals, number)                                         \
    static void name(const void *row, const struct show_look *look, unsigned width, \
                     struct show_cell *out)                                         \
    {                                                                               \
        (void)look;                                                                 \
        (void)width;                                                                \
        put_number(out, decimals, number);                                          \
    }

NUMBER_CELL(power_cell, 0, show_row_power(row))
NUMBER_CELL(voltage_cell, 1, show_row_voltage(row))
NUMBER_CELL(current_cell, 2, show_row_current(row))
NUMBER_CELL(today_cell, 2, ((const struct show_row *)row)->today)
NUMBER_CELL(energy_cell, 1, show_row_energy(row))
NUMBER_CELL(latency_cell, 0, ((const struct show_row *)row)->latency)

static void status_cell(const void *row, const struct show_look *look, unsigned width,
                        struct show_cell *out)
{
    char buffer[32];

    (void)look;
    (void)width;
    put_text(out, show_row_status(row, &out->tone, buffer, sizeof buffer));
}

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR, OLD = MINUTE };

static void age_cell(const void *row, const struct show_look *look, unsigned width,
                     struct show_cell *out)
{
    bool at_least;
    int64_t age = show_row_age(row, look->now_ms, &at_least);
    int64_t unit = age < 2LL * MINUTE ? SECOND
                   : age < 2LL * HOUR ? MINUTE
                   : age < 2LL * DAY  ? HOUR
                                      : DAY;
    char letter = unit == SECOND ? 's' : unit == MINUTE ? 'm' : unit == HOUR ? 'h' : 'd';

    (void)width;
    out->tone = age >= OLD ? SHOW_WARNING : SHOW_NORMAL;
    /* Without a history nobody has waited for an update: how old it is cannot be said. */
    if (age < 0 || (at_least && !look->history))
        put_text(out, "");
    else
        (void)snprintf(out->text, sizeof out->text, "%s%d%c", at_least ? ">" : "",
                       (int)(age / unit), letter);
}

/* ---- the power's history as a picture of one line ---- */

static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const letters[] = {"_", ".", "-", ":", "=", "+", "*", "#"};

enum { LEVELS = sizeof blocks / sizeof blocks[0] };

/* From 0, so that a noise of 1 W is no mountain; below 0 where a meter counts both ways. */
static void find_range(const double *watts, unsigned count, double *low, double *high)
{
    *low = 0;
    *high = 1;
    for (unsigned i = 0; i < count; i++) {
        if (watts[i] < *low)
            *low = watts[i];
        if (watts[i] > *high)
            *high = watts[i];
    }
}

/*
 * All of the history in the cells that there are: in few, each is the mean of several buckets. Which
 * ones belong together does not depend on the time, so that the picture moves and does not flicker.
 */
static double history_of_cell(const struct show_row *row, int64_t now_ms, unsigned group,
                              unsigned before)
{
    unsigned begun = (unsigned)(now_ms / SHOW_BUCKET_MS % group), count = 0;
    double sum = 0;

    for (unsigned i = 0; i < group; i++) {
        if (begun + before * group < i)
            break; /* the present group has only begun */
        double watts = show_row_history(row, now_ms, begun + before * group - i);
        if (has_value(watts)) {
            sum += watts;
            count++;
        }
    }
    return count ? sum / count : MISSING;
}

/* share: 0 to 1, or, of what no device measures, anything. */
static int level_of(double share)
{
    if (!(share > 0))
        return 0;
    return share < 1 ? (int)(share * (LEVELS - 1) + 0.5) : LEVELS - 1;
}

static void history_cell(const void *row, const struct show_look *look, unsigned width,
                         struct show_cell *out)
{
    double watts[SHOW_BUCKETS], low, high;
    unsigned count = width < SHOW_BUCKETS ? width : SHOW_BUCKETS;
    size_t used = 0;

    if (!look->history || !count)
        return;
    for (unsigned i = 0; i < count; i++)
        watts[i] = history_of_cell(row, look->now_ms, SHOW_BUCKETS / count, count - 1 - i);
    find_range(watts, count, &low, &high);
    for (unsigned i = 0; i < count; i++) {
        const char *picture = " ";
        if (has_value(watts[i])) {
            int level = level_of((watts[i] - low) / (high - low));
            picture = look->utf8 ? blocks[level] : letters[level];
        }
        size_t len = strlen(picture);
        memcpy(out->text + used, picture, len + 1);
        used += len;
    }
    out->tone = SHOW_GOOD;
}

static const struct show_column service_columns[] = {
    {"Name", "as its owner or its gateway calls it", 14, 32, 24, 0, false, false, name_cell},
    {"Service", "its name on the D-Bus, without com.victronenergy.", 14, 40, 22, 11, false, false,
     service_cell},
    {"Ph", "the phases that it feeds or loads; 3P: all three", 2, 5, 5, 4, false, false,
     phase_cell},
    {"W", "its power now", 6, 8, 7, 0, true, false, power_cell},
    {"V", "voltage, the mean of its phases", 5, 6, 6, 6, true, false, voltage_cell},
    {"A", "current, the sum of its phases", 5, 6, 6, 8, true, false, current_cell},
    {"Today", "kWh since midnight, as its gateway counts", 5, 7, 7, 7, true, true, today_cell},
    {"kWh", "its energy counter", 7, 9, 9, 5, true, false, energy_cell},
    {"Age", "time since the last measurement came; yellow after a minute", 4, 4, 4, 2, true, false,
     age_cell},
    {"Status", "what it does; the words are below", 8, 10, 10, 1, false, false, status_cell},
    {"ms", "how long the gateway took to answer, in thousandths of a second", 4, 6, 6, 9, true,
     false, latency_cell},
    {"Power", "its power in the last five minutes", 8, SHOW_BUCKETS, 0, 10, false, true,
     history_cell},
};

/* ---- gateways ---- */

static const struct show_row *row_of(const void *gateway)
{
    return ((const struct show_gateway *)gateway)->row;
}

/* "TCP/IP (HTTP) 192.168.1.50": who looks at gateways needs their address. */
static const char *gateway_name(const struct show_row *row)
{
    const char *blank = strrchr(row->connection, ' ');

    if (strncmp(row->connection, "TCP/IP (", 8) == 0 && blank && blank[1])
        return blank + 1;
    return row->connection[0] ? row->connection : row->service;
}

static void gateway_cell(const void *row, const struct show_look *look, unsigned width,
                         struct show_cell *out)
{
    (void)look;
    (void)width;
    put_text(out, gateway_name(row_of(row)));
}

static void failures_cell(const void *row, const struct show_look *look, unsigned width,
                          struct show_cell *out)
{
    (void)look;
    (void)width;
    put_number(out, 0, row_of(row)->debug.failures);
    if (row_of(row)->debug.failures > 0)
        out->tone = SHOW_WARNING;
}

static void kinds_cell(const void *row, const struct show_look *look, unsigned width,
                       struct show_cell *out)
{
    (void)look;
    (void)width;
    put_text(out, row_of(row)->debug.by_kind);
}

static void error_cell(const void *row, const struct show_look *look, unsigned width,
                       struct show_cell *out)
{
    (void)look;
    (void)width;
    put_text(out, row_of(row)->debug.last_error);
}

static void bytes_cell(const void *row, const struct show_look *look, unsigned width,
                       struct show_cell *out)
{
    static const char units[] = "BkMGT";
    double bytes = row_of(row)->debug.bytes;
    size_t unit = 0;

    (void)look;
    (void)width;
    for (; bytes >= 9999.5 && units[unit + 1]; unit++)
        bytes /= 1000;
    put_number(out, 0, bytes);
    if (has_value(bytes))
        (void)snprintf(out->text, sizeof out->text, "%.0f %c", bytes, units[unit]);
}

NUMBER_CELL(services_cell, 0, (double)((const struct show_gateway *)row)->services)
NUMBER_CELL(requests_cell, 0, row_of(row)->debug.requests)
NUMBER_CELL(pushed_cell, 0, row_of(row)->debug.pushed)
NUMBER_CELL(p50_cell, 0, row_of(row)->debug.p50)
NUMBER_CELL(p99_cell, 0, row_of(row)->debug.p99)

static const struct show_column gateway_columns[] = {
    {"Gateway", "address of the DTU or device", 12, 40, 24, 0, false, false, gateway_cell},
    {"Services", "how many inverters and meters come from it", 8, 8, 8, 8, true, false,
     services_cell},
    {"Requests", "how often it was asked", 8, 10, 10, 3, true, false, requests_cell},
    {"Pushed", "messages that it sent without being asked", 6, 10, 10, 9, true, false, pushed_cell},
    {"Failed", "how often it gave no usable answer", 6, 10, 10, 0, true, false, failures_cell},
    {"p50 ms", "half of its answers took no longer, in thousandths of a second", 6, 7, 7, 4, true,
     false, p50_cell},
    {"p99 ms", "99 of 100 answers took no longer", 6, 7, 7, 2, true, false, p99_cell},
    {"Bytes", "read from it; k is a thousand, M a million", 6, 7, 7, 7, true, false, bytes_cell},
    {"Failures", "the failed ones by their kind", 10, 60, 40, 6, false, false, kinds_cell},
    {"Last error", "why it failed the last time; that may be over", 12, SHOW_TEXT_MAX, 80, 5, false,
     false, error_cell},
};

/* ---- tables ---- */

static const void *service_at(const void *user, size_t i)
{
    return show_model_row(user, i);
}

static const void *gateway_at(const void *user, size_t i)
{
    return (const struct show_gateway *)user + i;
}

static struct show_table services(const struct show_model *m)
{
    return (struct show_table){.columns = service_columns,
                               .column_count = sizeof service_columns / sizeof service_columns[0],
                               .row = service_at,
                               .user = m,
                               .row_count = m ? show_model_count(m) : 0};
}

/* buffer: SHOW_SERVICES_MAX of them */
static struct show_table table_of(const struct show_model *m, const struct show_look *look,
                                  struct show_gateway *buffer)
{
    if (!look->gateways)
        return services(m);
    return (struct show_table){.columns = gateway_columns,
                               .column_count = sizeof gateway_columns / sizeof gateway_columns[0],
                               .row = gateway_at,
                               .user = buffer,
                               .row_count = show_model_gateways(m, buffer)};
}

/* A line of words, cut to the width; tone over all of it. */
static void put_words(struct show_text *out, const struct show_look *look, const char *words,
                      const char *sgr)
{
    size_t width = show_text_width(words, look->utf8);

    if (look->width && width > look->width)
        width = look->width;
    if (look->color)
        show_text_puts(out, sgr);
    show_text_cell(out, words, width, false, look->utf8);
    if (look->color)
        show_text_puts(out, "\x1b[0m");
}

static __attribute__((format(printf, 3, 4))) void append(char *line, size_t size,
                                                         const char *format, ...)
{
    size_t used = strlen(line);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line + used, size - used, format, args);
    va_end(args);
}

static void append_number(char *line, size_t size, const char *before, int decimals, double number,
                          const char *after)
{
    struct show_cell cell = {0};

    if (!has_value(number))
        return;
    put_number(&cell, decimals, number);
    append(line, size, "%s%s%s", before, cell.text, after);
}

static void put_total(const struct show_model *m, const struct show_look *look,
                      struct show_text *out)
{
    static const char *const phases[PHASES] = {"  L1 ", "  L2 ", "  L3 "};
    struct show_total t;
    char line[240] = "Total";

    show_model_total(m, &t);
    if (!t.inverters) {
        put_words(out, look, t.services ? "No inverters" : "No services", "\x1b[1m");
        return;
    }
    append_number(line, sizeof line, " ", 0, has_value(t.power) ? t.power : 0, " W");
    for (size_t i = 0; i < PHASES; i++)
        append_number(line, sizeof line, phases[i], 0, t.phase[i], " W");
    append_number(line, sizeof line, "  ", 2, t.today, " kWh today");
    append(line, sizeof line, "  %zu of %zu inverter%s running", t.running, t.inverters,
           t.inverters == 1 ? "" : "s");
    put_words(out, look, line, "\x1b[1m");
}

static void put_reasons(const struct show_reasons *r, const struct show_look *look,
                        struct show_text *out)
{
    for (size_t i = 0; i < r->count; i++) {
        put_words(out, look, r->line[i], "\x1b[31m");
        show_text_puts(out, "\n");
    }
}

void show_view_table(const struct show_model *m, const struct show_look *look,
                     struct show_text *out)
{
    struct show_gateway gateways[SHOW_SERVICES_MAX];
    struct show_table t = table_of(m, look, gateways);
    struct show_reasons reasons;
    struct show_layout layout;

    show_layout(&t, look, &layout);
    show_table_head(&t, &layout, look, out);
    show_text_puts(out, "\n");
    for (size_t i = 0; i < t.row_count; i++) {
        show_table_row(&t, &layout, look, t.row(t.user, i), out);
        show_text_puts(out, "\n");
    }
    if (look->gateways)
        return;
    show_reasons(&reasons, m, look->width, look->utf8);
    put_reasons(&reasons, look, out);
    put_total(m, look, out);
    show_text_puts(out, "\n");
}

/* ---- the screen ---- */

enum {
    NOTE_HEIGHT = 12,   /* a screen that is lower has none */
    KEYS_HEIGHT = 5,    /* head, a row and totals are what has to be there */
    REASON_HEIGHT = 10, /* likewise */
};

/* What a screen has besides its rows. */
struct frame {
    struct show_table table;
    struct show_reasons reasons;
    size_t notes; /* lines */
    bool keys;
};

static size_t lines_of(const char *text)
{
    size_t lines = text ? 1 : 0;

    for (; text && *text; text++)
        lines += *text == '\n';
    return lines;
}

static void plan_frame(struct frame *f, const struct show_model *m, const struct show_look *look)
{
    f->keys = look->height >= KEYS_HEIGHT;
    f->notes = look->height >= NOTE_HEIGHT ? lines_of(look->note) : 0;
    show_reasons(&f->reasons, m, look->width, look->utf8);
    if (look->help || look->height < REASON_HEIGHT)
        f->reasons.count = 0;
}

static size_t room_of(const struct frame *f, const struct show_look *look)
{
    size_t other = 2 + f->keys + f->notes + f->reasons.count;

    return look->height > other ? look->height - other : 1;
}

static void put_note(const struct frame *f, const struct show_look *look, struct show_text *out)
{
    const char *at = look->note;
    char raw[240], line[240];

    for (size_t i = 0; i < f->notes; i++) {
        size_t len = strcspn(at, "\n");
        (void)snprintf(raw, sizeof raw, "%.*s", (int)len, at);
        show_text_clean(line, sizeof line, raw);
        put_words(out, look, line, "\x1b[36m");
        show_text_puts(out, "\n");
        at += len + (at[len] == '\n');
    }
}

static void put_keys(const struct show_look *look, const struct show_table *t, size_t scroll,
                     size_t room, struct show_text *out)
{
    char line[160], keys[64];

    (void)snprintf(keys, sizeof keys, "q quit  %s  %s", look->help ? "h back" : "h help",
                   look->gateways ? "s services" : "s gateways");
    if (t->row_count <= room)
        (void)snprintf(line, sizeof line, "%s", keys);
    else
        (void)snprintf(line, sizeof line, "%zu-%zu of %zu  %s  %s PgUp PgDn scroll", scroll + 1,
                       scroll + room, t->row_count, keys, look->utf8 ? "↑ ↓" : "up down");
    put_words(out, look, line, "\x1b[2m");
}

static void put_rows(const struct show_table *t, const struct show_look *look, size_t scroll,
                     size_t room, struct show_text *out)
{
    struct show_layout layout;

    show_layout(t, look, &layout);
    show_table_head(t, &layout, look, out);
    for (size_t i = 0; i < room; i++) {
        show_text_puts(out, "\n");
        if (scroll + i < t->row_count)
            show_table_row(t, &layout, look, t->row(t->user, scroll + i), out);
        else if (!t->row_count && i == 0)
            put_words(out, look, "Nothing on the D-Bus yet: does dbus-opendtu run?", "\x1b[33m");
    }
    show_text_puts(out, "\n");
}

static void put_foot(const struct show_model *m, const struct show_look *look,
                     const struct frame *f, size_t scroll, size_t room, struct show_text *out)
{
    put_total(m, look, out);
    if (!f->keys && look->height != 2)
        return;
    show_text_puts(out, "\n");
    put_keys(look, &f->table, scroll, room, out);
}

size_t show_view_screen(const struct show_model *m, const struct show_look *look, size_t *scroll,
                        struct show_text *out)
{
    struct show_gateway gateways[SHOW_SERVICES_MAX];
    struct show_help help;
    struct frame f = {.table = table_of(m, look, gateways)};

    if (look->help)
        f.table = show_help_table(&help, &f.table, look->gateways);
    plan_frame(&f, m, look);
    size_t room = room_of(&f, look);
    if (f.table.row_count <= room)
        *scroll = 0;
    else if (*scroll > f.table.row_count - room)
        *scroll = f.table.row_count - room;
    if (look->height >= 3) {
        put_note(&f, look, out);
        put_rows(&f.table, look, *scroll, room, out);
        put_reasons(&f.reasons, look, out);
    }
    put_foot(m, look, &f, *scroll, room, out);
    return room;
}

/* ---- lines ---- */

void show_view_head(const struct show_look *look, struct show_text *out)
{
    struct show_table t = services(NULL);
    struct show_layout layout;

    show_layout_fixed(&t, &layout);
    show_table_head(&t, &layout, look, out);
    show_text_puts(out, "\n");
}

void show_view_line(const struct show_row *row, const struct show_look *look, struct show_text *out)
{
    struct show_table t = services(NULL);
    struct show_layout layout;

    show_layout_fixed(&t, &layout);
    show_table_row(&t, &layout, look, row, out);
    show_text_puts(out, "\n");
}
