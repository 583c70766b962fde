#include "core/inifile.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/wipe.h"

enum {
    LINE_MAX_BYTES = 65536 - 8, /* what inih takes, less what the marks below need */
    DEPTH_MAX = 10,             /* configparser's MAX_INTERPOLATION_DEPTH */
    REFERENCES_MAX = 100,       /* of one value, nested ones included */
    NAME_MAX_LENGTH = 127       /* of a key that is referred to */
};

/*
 * Before inih sees a line, its indentation is made what inih goes by (none: a new element; some: the
 * value goes on), and each further line of a value is marked, since inih's handler could not tell it from
 * a second option of the same name.
 */
#define MARK '\x01'

static const char defaults[] = "DEFAULT";

struct reader {
    struct inifile *file;
    inifile_fault_fn fault;
    void *user;

    char *out; /* the text for inih, as many lines as the original */
    bool in_section, in_option;
    bool outside;  /* a line before the first section, which is told once */
    size_t indent; /* of the present option's line */

    size_t section; /* while inih runs */
    unsigned lost;  /* entries beyond the limits, told once */
};

/* ---- White space, as str.strip() sees it ---------------------------------------------------- */

/* Bytes of the white space character at s, in ASCII or UTF-8; 0 when it is none. */
static size_t space_at(const char *text, const char *end)
{
    static const char *const wide[] = {
        "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
        "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
        "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
        "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
    };

    if (text == end)
        return 0;
    if (*text == ' ' || (*text >= '\t' && *text <= '\r') || (*text >= '\x1C' && *text <= '\x1F'))
        return 1;
    if (!(*text & 0x80))
        return 0;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        size_t len = strlen(wide[i]);
        if ((size_t)(end - text) >= len && memcmp(text, wide[i], len) == 0)
            return len;
    }
    return 0;
}

struct span {
    const char *begin, *end;
};

static struct span trim_end(struct span s)
{
    const char *last = s.begin; /* behind the last character that is no space */

    for (const char *c = s.begin; c < s.end;) {
        size_t space = space_at(c, s.end);
        c += space ? space : 1;
        if (!space)
            last = c;
    }
    s.end = last;
    return s;
}

static struct span trim(struct span s)
{
    for (size_t space; (space = space_at(s.begin, s.end)) > 0;)
        s.begin += space;
    return trim_end(s);
}

static char *copy_span(struct span s)
{
    return strndup(s.begin, (size_t)(s.end - s.begin));
}

static struct span span_of(const char *text)
{
    return (struct span){text, text + strlen(text)};
}

/* ---- First pass: what each line is ---------------------------------------------------------- */

static void tell(struct reader *r, unsigned line, const char *text)
{
    r->fault(r->user, line, text);
}

static void emit(struct reader *r, const char *mark, struct span s)
{
    while (*mark)
        *r->out++ = *mark++;
    for (const char *c = s.begin; c < s.end; c++)
        *r->out++ =
            *c == MARK ? '\x02' : *c; /* the value keeps a control character, not our mark */
}

/* A line that is neither comment nor blank nor goes on with a value. */
static void new_element(struct reader *r, struct span content, unsigned line)
{
    size_t len = (size_t)(content.end - content.begin);
    size_t name = 0;

    while (name < len && content.begin[name] != '=' && content.begin[name] != ':')
        name++;
    if (*content.begin == '[') {
        if (content.begin[1] == ']' || !memchr(content.begin, ']', len)) {
            tell(r, line, "a section's name needs [ and ] around it");
            return;
        }
        r->in_section = true;
        r->in_option = false;
    } else if (!r->in_section) {
        if (!r->outside)
            tell(r, line, "a key before the first [section]: write [DEFAULT] on a line above it");
        r->outside = true;
        return;
    } else if (name == len) {
        tell(r, line, "neither key = value nor [section] nor a # comment");
        return;
    } else if (name == 0) {
        tell(r, line, "a value without a key in front of it");
        return;
    } else {
        r->in_option = true;
    }
    emit(r, "", content);
}

static void classify(struct reader *r, struct span whole, unsigned line)
{
    static const char goes_on[] = {' ', MARK, '\0'};
    struct span content = trim(whole);
    size_t indent = 0; /* in characters */

    for (const char *c = whole.begin; c < content.begin; c++)
        indent += (*c & 0xC0) != 0x80;
    if (content.end - content.begin > LINE_MAX_BYTES) {
        tell(r, line, "a line longer than 64 KiB");
    } else if (content.begin == content.end) {
        if (r->in_option)
            emit(r, goes_on, content);
    } else if (*content.begin == '#' || *content.begin == ';') {
        ; /* a comment neither ends a value nor belongs to it */
    } else if (r->in_option && indent > r->indent) {
        emit(r, goes_on, content);
    } else {
        r->indent = indent;
        new_element(r, content, line);
    }
    *r->out++ = '\n';
}

/* Universal newlines: \n, \r\n and a lone \r end a line. */
static void classify_lines(struct reader *r, const char *text)
{
    unsigned line = 0;

    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3;
    while (*text) {
        size_t len = strcspn(text, "\r\n");
        classify(r, (struct span){text, text + len}, ++line);
        text += len;
        if (text[0] == '\r' && text[1] == '\n')
            text++;
        if (*text)
            text++;
    }
    *r->out = '\0';
}

/* ---- Second pass: inih -------------------------------------------------------------------- */

/* Doubling a list as it grows; NULL, with the list as it was, when out of memory. */
static void *grown(void *list, size_t count, size_t size)
{
    if (count & (count - 1))
        return list;
    return realloc(list, (count ? 2 * count : 1) * size);
}

static void too_many(struct reader *r, unsigned line, const char *text)
{
    if (!r->lost++)
        tell(r, line, text);
}

static void begin_section(struct reader *r, const char *name, unsigned line)
{
    struct inifile *f = r->file;
    struct inifile_section *sections;
    char text[120];

    for (size_t i = 0; i < f->section_count; i++) {
        if (strcmp(f->sections[i].name, name) != 0)
            continue;
        r->section = i;
        if (strcmp(name, defaults) == 0) /* configparser takes several of these */
            return;
        (void)snprintf(text, sizeof text,
                       "[%.32s] is there twice: it already begins in line %u; merge the two", name,
                       f->sections[i].line);
        tell(r, line, text);
        return;
    }
    if (f->section_count == INIFILE_SECTIONS_MAX) {
        too_many(r, line, "too many sections");
        return;
    }
    sections = grown(f->sections, f->section_count, sizeof *sections);
    if (sections)
        f->sections = sections;
    char *copy = strdup(name);
    if (!sections || !copy) {
        f->out_of_memory = true;
        free(copy);
        return;
    }
    r->section = f->section_count++;
    f->sections[r->section] = (struct inifile_section){copy, line};
}

static const struct inifile_entry *own_entry(const struct inifile *f, size_t section,
                                             const char *name)
{
    for (size_t i = 0; i < f->entry_count; i++) {
        if (f->entries[i].section == section && strcasecmp(f->entries[i].name, name) == 0)
            return &f->entries[i];
    }
    return NULL;
}

static void begin_option(struct reader *r, const char *name, const char *value, unsigned line)
{
    struct inifile *f = r->file;
    struct inifile_entry *entries, *entry;
    const struct inifile_entry *first;
    char text[180];

    if (f->entry_count == INIFILE_ENTRIES_MAX) {
        too_many(r, line, "too many keys");
        return;
    }
    entries = grown(f->entries, f->entry_count, sizeof *entries);
    if (!entries) {
        f->out_of_memory = true;
        return;
    }
    f->entries = entries;
    entry = &entries[f->entry_count];
    *entry = (struct inifile_entry){.section = r->section,
                                    .name = copy_span(trim(span_of(name))),
                                    .value = copy_span(trim(span_of(value))),
                                    .line = line};
    if (!entry->name || !entry->value) {
        free(entry->name);
        wipe_text(entry->value);
        f->out_of_memory = true;
        return;
    }
    first = own_entry(f, r->section, entry->name);
    if (first) {
        (void)snprintf(text, sizeof text,
                       "[%.32s] %.48s is set twice: it is already in line %u; remove one",
                       f->sections[r->section].name, first->name, first->line);
        tell(r, line, text);
    }
    f->entry_count++;
}

static void continue_option(struct reader *r, const char *more)
{
    struct inifile *f = r->file;
    struct inifile_entry *entry;
    size_t len;
    char *value;

    if (r->lost || f->out_of_memory || !f->entry_count)
        return;
    entry = &f->entries[f->entry_count - 1];
    len = strlen(entry->value);
    value = malloc(len + strlen(more) + 2); /* realloc() would leave what it moves behind */
    if (!value) {
        f->out_of_memory = true;
        return;
    }
    memcpy(value, entry->value, len);
    value[len] = '\n';
    memcpy(value + len + 1, more, strlen(more) + 1);
    wipe_text(entry->value);
    entry->value = value;
}

static int on_line(void *user, const char *section, const char *name, const char *value, int line)
{
    struct reader *r = user;

    if (!name)
        begin_section(r, section, (unsigned)line);
    else if (*value == MARK)
        continue_option(r, value + 1);
    else
        begin_option(r, name, value, (unsigned)line);
    return 1;
}

/* configparser joins a value's lines, then strips it at its end. */
static void finish_values(struct inifile *f)
{
    for (size_t i = 0; i < f->entry_count; i++) {
        struct span s = trim_end(span_of(f->entries[i].value));
        f->entries[i].value[s.end - s.begin] = '\0';
    }
}

struct inifile *inifile_read(const char *text, inifile_fault_fn fault, void *user)
{
    size_t len = strnlen(text, INIFILE_TEXT_MAX + 1);
    struct inifile *f = calloc(1, sizeof *f);
    char *lines = len <= INIFILE_TEXT_MAX ? malloc(3 * len + 4) : NULL; /* " \x01\n" for "\n" */
    struct reader r = {.file = f, .fault = fault, .user = user, .out = lines};

    if (f && len > INIFILE_TEXT_MAX) {
        tell(&r, 0, "the file is longer than 1 MiB");
        return f;
    }
    if (!f || !lines) {
        free(lines); /* nothing is in it yet */
        free(f);
        return NULL;
    }
    classify_lines(&r, text);
    int rc = ini_parse_string(lines, on_line, &r);
    wipe_text(lines);
    if (rc == -2 || f->out_of_memory) {
        inifile_free(f);
        return NULL;
    }
    if (rc > 0)
        tell(&r, (unsigned)rc, "this line cannot be read");
    finish_values(f);
    return f;
}

void inifile_free(struct inifile *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->section_count; i++)
        free(f->sections[i].name);
    for (size_t i = 0; i < f->entry_count; i++) {
        free(f->entries[i].name);
        wipe_text(f->entries[i].value);
    }
    free(f->sections);
    free(f->entries);
    free(f);
}

/* ---- Looking up ----------------------------------------------------------------------------- */

const struct inifile_section *inifile_section(const struct inifile *f, const char *name)
{
    for (size_t i = 0; i < f->section_count; i++) {
        if (strcmp(f->sections[i].name, name) == 0)
            return &f->sections[i];
    }
    return NULL;
}

const struct inifile_entry *inifile_own(const struct inifile *f, const char *section,
                                        const char *name)
{
    const struct inifile_section *s = section ? inifile_section(f, section) : NULL;

    return s ? own_entry(f, (size_t)(s - f->sections), name) : NULL;
}

const struct inifile_entry *inifile_find(const struct inifile *f, const char *section,
                                         const char *name)
{
    const struct inifile_entry *own = inifile_own(f, section, name);

    return own ? own : inifile_own(f, defaults, name);
}

/* ---- Interpolation -------------------------------------------------------------------------- */

struct expansion {
    const struct inifile *file;
    const char *section;
    char *out;
    size_t used, size;
    unsigned references;
    enum inifile_expansion result;
};

static void put(struct expansion *e, const char *text, size_t len)
{
    if (len >= e->size - e->used) {
        e->result = INIFILE_TOO_DEEP;
        return;
    }
    memcpy(e->out + e->used, text, len);
    e->used += len;
}

/* The length of %(name)s at text, 0 when it is none. name is "" when it is too long for a key. */
static size_t reference_at(const char *text, char name[NAME_MAX_LENGTH + 1])
{
    size_t len;

    *name = '\0';

    if (strncmp(text, "%(", 2) != 0)
        return 0;
    len = strcspn(text + 2, ")");
    if (!len || strncmp(text + 2 + len, ")s", 2) != 0)
        return 0;
    if (len <= NAME_MAX_LENGTH) {
        memcpy(name, text + 2, len);
        name[len] = '\0';
    }
    return len + 4;
}

static void expand(struct expansion *e, const char *value, unsigned depth)
{
    while (*value && e->result != INIFILE_TOO_DEEP) {
        size_t plain = strcspn(value, "%"), len;
        char name[NAME_MAX_LENGTH + 1];

        put(e, value, plain);
        value += plain;
        if (!*value)
            break;
        len = reference_at(value, name);
        if (!len) {
            put(e, "%", 1);
            value += value[1] == '%' ? 2 : 1;
            continue;
        }
        const struct inifile_entry *entry = inifile_find(e->file, e->section, name);
        if (!entry) {
            put(e, value, len);
            if (e->result == INIFILE_EXPANDED)
                e->result = INIFILE_UNKNOWN_NAME;
        } else if (depth > DEPTH_MAX || ++e->references > REFERENCES_MAX) {
            e->result = INIFILE_TOO_DEEP;
        } else {
            expand(e, entry->value, depth + 1);
        }
        value += len;
    }
}

enum inifile_expansion inifile_expand(const struct inifile *f, const char *section,
                                      const struct inifile_entry *entry, char *out, size_t size)
{
    struct expansion e = {.file = f, .section = section, .out = out, .size = size};
    struct span s;

    expand(&e, entry->value, 1);
    s = trim((struct span){out, out + e.used});
    memmove(out, s.begin, (size_t)(s.end - s.begin));
    out[s.end - s.begin] = '\0';
    return e.result;
}
