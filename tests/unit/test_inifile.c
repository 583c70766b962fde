/*
 * The rules of Python's configparser: each by an example, and all of them against Python itself on
 * random texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/inifile.h"

struct faults {
    unsigned count, line;
    char text[180];
};

static void on_fault(void *user, unsigned line, const char *text)
{
    struct faults *f = user;

    f->count++;
    f->line = line;
    snprintf(f->text, sizeof f->text, "%s", text);
}

static struct inifile *read_text(const char *text, struct faults *faults)
{
    memset(faults, 0, sizeof *faults);
    struct inifile *f = inifile_read(text, on_fault, faults);
    assert_non_null(f);
    return f;
}

static const char *expanded(const struct inifile *f, const char *section, const char *name)
{
    static char out[256];
    const struct inifile_entry *e = inifile_find(f, section, name);

    assert_non_null(e);
    assert_int_equal(inifile_expand(f, section, e, out, sizeof out), INIFILE_EXPANDED);
    return out;
}

static void assert_value(const char *text, const char *expected)
{
    struct faults faults;
    struct inifile *f = read_text(text, &faults);

    if (faults.count)
        fail_msg("%s: %s", text, faults.text);
    assert_string_equal(expanded(f, "A", "key"), expected);
    inifile_free(f);
}

static void assert_fault(const char *text, unsigned line, const char *says)
{
    struct faults faults;
    struct inifile *f = read_text(text, &faults);

    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.line, line);
    if (!strstr(faults.text, says))
        fail_msg("%s", faults.text);
    inifile_free(f);
}

static void splits_lines(void **state)
{
    assert_value("[A]\nkey=value", "value");
    assert_value("[A]\nkey: value\n", "value");
    assert_value("[A]\nKEY  =  value  \n", "value");
    assert_value("[A]\nkey =\n", "");
    assert_value("[A]\nkey=a=b:c\n", "a=b:c");
    assert_value("[A]\nkey:a=b\n", "a=b");
    assert_value("[A]\nkey=a ; b # c\n", "a ; b # c");
    assert_value("[A]\nkey=#a\n", "#a");
    assert_value("[A]\nkey=\"a\"\n", "\"a\"");
    assert_value("[A] trailing\nkey=1\n", "1");
    assert_value("  [A]\n  key=1\n  other=2\n", "1");
}

static void takes_any_line_end(void **state)
{
    assert_value("\xEF\xBB\xBF[A]\r\nkey=1\r\nother=2\r\n", "1");
    assert_value("[A]\rkey=1\rother=2", "1");
    assert_value("[A]\n\n\nkey=1\n\n", "1");
}

static void takes_any_white_space(void **state)
{
    assert_value("[A]\n\tkey\t=\t1\t\n", "1");
    assert_value("[A]\nkey\xC2\xA0=\xC2\xA0"
                 "1\xC2\xA0\n",
                 "1");
    assert_value("[A]\nkey=\xE2\x80\x89"
                 "1\xE3\x80\x80\n",
                 "1");
    assert_value("[A]\nkey=\x1C"
                 "1\x1F\n",
                 "1");
    assert_value("[A]\nkey=\x1B"
                 "1\x1B\n",
                 "\x1B"
                 "1\x1B");                             /* none */
    assert_value("[A]\nkey=S\xC3\xA0\n", "S\xC3\xA0"); /* whose last byte is that of a space */
}

static void skips_comments(void **state)
{
    assert_value("# c\n; c\n[A]\n  # c\nkey=1\n#key=2\n", "1");
    assert_value("[A]\nkey=1\n  # inside\n  2\n", "1\n2");
}

static void continues_values(void **state)
{
    assert_value("[A]\nkey=1\n 2\n  3\nother=4\n", "1\n2\n3");
    assert_value("[A]\nkey=1\n other=2\n", "1\nother=2");
    assert_value("[A]\nkey=1\n [B]\n", "1\n[B]");
    assert_value("[A]\nkey=1\n\n 2\n\n\n", "1\n\n2");
    assert_value("[A]\nkey=\n 1\n", "1");
    assert_value("[A]\nkey=1\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", "1");
    assert_value("[A]\n key=1\n  2\n other=3\n", "1\n2");
    assert_value("[A]\n key=1\n[B]\n  other=2\n", "1");
    /* As wide as it looks, not as many bytes. */
    assert_value("[A]\n key=1\n\xC2\xA0other=2\n", "1");
    assert_value("[A]\n\xC2\xA0key=1\n  2\n", "1\n2");
}

static void interpolates(void **state)
{
    assert_value("[A]\nkey=100%%\n", "100%");
    assert_value("[A]\nkey=50% off\n", "50% off");
    assert_value("[A]\nkey=%\n", "%");
    assert_value("[A]\nkey=%%%\n", "%%");
    assert_value("[A]\nkey=%(other)s/x\nother=1\n", "1/x");
    assert_value("[A]\nkey=%(OTHER)s\nother=%(third)s\n[DEFAULT]\nthird=3\n", "3");
    assert_value("[DEFAULT]\nkey=%(other)s\nother=default\n[A]\nother=own\n", "own");
    assert_value("[A]\nkey=%%(other)s\nother=1\n", "%(other)s");
    assert_value("[A]\nkey=%(other)d %(other %()\nother=1\n", "%(other)d %(other %()");
    assert_value("[A]\nkey=%(empty)s\nempty=\n", "");
    /* Of what is referred to, the blank lines behind are no part. */
    assert_value("[A]\nother=1\n\n  \n\nkey=%(other)sx\n", "1x");
    assert_value("[A]\nfirst=0\nsecond=0\nother=1\n\n  \n\nkey=%(other)sx\n", "1x");
    assert_value("[A]\nother=1\n 2\n\n[B]\n[DEFAULT]\nkey=%(other)sx\n", "1\n2x");
}

static void interpolation_has_bounds(void **state)
{
    struct faults faults;
    char out[64], text[2000] = "[A]\nself=%(self)s\nnowhere=a%(b)sc\nz=\n";
    size_t len = strlen(text);

    len += (size_t)sprintf(text + len, "long=%080d\n", 0);
    for (char c = 'a'; c < 'k'; c++) /* ten times ten times ... nothing */
        for (int i = -1; i < 10; i++)
            len += (size_t)(i < 0 ? sprintf(text + len, "%c=", c)
                                  : sprintf(text + len, "%%(%c)s%s", c == 'j' ? 'z' : c + 1,
                                            i == 9 ? "\n" : ""));
    struct inifile *f = read_text(text, &faults);
    assert_int_equal(faults.count, 0);
    assert_int_equal(inifile_expand(f, "A", inifile_find(f, "A", "self"), out, sizeof out),
                     INIFILE_TOO_DEEP);
    assert_int_equal(inifile_expand(f, "A", inifile_find(f, "A", "a"), out, sizeof out),
                     INIFILE_TOO_DEEP);
    assert_int_equal(inifile_expand(f, "A", inifile_find(f, "A", "long"), out, sizeof out),
                     INIFILE_TOO_DEEP);
    inifile_free(f);

    f = read_text("[A]\nkey=a%(b)sc\n", &faults);
    assert_int_equal(inifile_expand(f, "A", inifile_find(f, "A", "key"), out, sizeof out),
                     INIFILE_UNKNOWN_NAME);
    assert_string_equal(out, "a%(b)sc");
    inifile_free(f);
}

/* So many references in a row as Python follows, so many in one value, and names so long. */
static void interpolation_up_to_its_bounds(void **state)
{
    char text[4000], out[64], name[129];
    struct faults faults;

    for (int count = 10; count <= 11; count++) {
        size_t len = (size_t)sprintf(text, "[A]\nkey=%%(k1)s\n");
        for (int i = 1; i < count; i++)
            len += (size_t)sprintf(text + len, "k%d=%%(k%d)s\n", i, i + 1);
        (void)sprintf(text + len, "k%d=end\n", count);
        struct inifile *f = read_text(text, &faults);
        assert_int_equal(inifile_expand(f, "A", inifile_find(f, "A", "key"), out, sizeof out),
                         count == 10 ? INIFILE_EXPANDED : INIFILE_TOO_DEEP);
        inifile_free(f);
    }
    for (int count = 100; count <= 101; count++) {
        size_t len = (size_t)sprintf(text, "[A]\nk=\nkey=");
        for (int i = 0; i < count; i++)
            len += (size_t)sprintf(text + len, "%%(k)s");
        struct inifile *f = read_text(text, &faults);
        assert_int_equal(inifile_expand(f, "A", inifile_find(f, "A", "key"), out, sizeof out),
                         count == 100 ? INIFILE_EXPANDED : INIFILE_TOO_DEEP);
        inifile_free(f);
    }
    memset(name, 'n', sizeof name);
    (void)sprintf(text, "[A]\n%.127s=1\nkey=%%(%.127s)s\n", name, name);
    assert_value(text, "1");
    (void)sprintf(text, "[A]\nn=1\nkey=%%(%.128s)s\n", name); /* a name too long is none */
    struct inifile *f = read_text(text, &faults);
    assert_int_equal(inifile_expand(f, "A", inifile_find(f, "A", "key"), text, sizeof text),
                     INIFILE_UNKNOWN_NAME);
    assert_int_equal(strlen(text), 128 + 4);
    inifile_free(f);
}

/* Each piece fits; whether the next one does depends on what stands there already. */
static void interpolation_adds_up(void **state)
{
    enum { PIECE = 30 };
    struct faults faults;
    struct inifile *f = read_text("[A]\npiece=0123456789ABCDEFGHIJabcdefghij\n"
                                  "key=%(piece)s-%(piece)s%%%(piece)s\n",
                                  &faults);
    const struct inifile_entry *key = inifile_find(f, "A", "key");

    for (size_t size = 1; size <= 3 * PIECE + 3; size++) {
        char *out = malloc(size); /* so that a byte too many is seen */
        enum inifile_expansion result = inifile_expand(f, "A", key, out, size);
        assert_int_equal(result, size == 3 * PIECE + 3 ? INIFILE_EXPANDED : INIFILE_TOO_DEEP);
        assert_true(strlen(out) < size);
        free(out);
    }
    inifile_free(f);
}

static void inherits_from_default(void **state)
{
    struct faults faults;
    struct inifile *f =
        read_text("[A]\nown=1\n[DEFAULT]\nown=2\ninherited=3\n[DEFAULT]\nmore=4\n", &faults);

    assert_int_equal(faults.count, 0);
    assert_string_equal(expanded(f, "A", "own"), "1");
    assert_string_equal(expanded(f, "A", "Inherited"), "3");
    assert_string_equal(expanded(f, "A", "more"), "4");
    assert_null(inifile_own(f, "A", "inherited"));
    assert_null(inifile_find(f, "A", "nothing"));
    assert_string_equal(expanded(f, "no section", "own"), "2");
    assert_non_null(inifile_section(f, "A"));
    assert_null(inifile_section(f, "a"));
    inifile_free(f);
}

static void tells_faults(void **state)
{
    assert_fault("[A]\nkey=1\nother=2\nKey=3\n", 4,
                 "[A] key is set twice: it is already in line 2");
    assert_fault("[A]\nkey=1\n[B]\n[A]\n", 4, "[A] is there twice: it already begins in line 1");
    assert_fault("[DEFAULT]\nkey=1\n[DEFAULT]\nkey=2\n", 4, "line 2");
    assert_fault("key=1\n[A]\n", 1, "before the first [section]");
    assert_fault("[A]\n\nnonsense\n", 3, "neither");
    assert_fault("[A\n", 1, "needs [ and ] around it");
    assert_fault("[]\n", 1, "needs [ and ] around it");
    assert_fault("[", 1, "needs [ and ] around it");
    assert_fault("one=1\ntwo=2\n[A]\n", 1, "before the first [section]"); /* once */
    assert_fault("\xEF\xBB\xBE[A]\nkey=1\n", 1, "before the first [section]");
    assert_fault("[A]\n= 1\n", 2, "without a key");
    assert_fault("[A]\nkey=1\nsecret\n", 3, "neither");
}

static void tells_every_fault(void **state)
{
    struct faults faults;
    struct inifile *f = read_text("one\n[A]\ntwo\nkey=1\nkey=1\n[B\n= 2\n[A]\n", &faults);

    assert_int_equal(faults.count, 6);
    inifile_free(f);
}

static char *long_line(size_t len)
{
    char *text = malloc(len + 16);

    strcpy(text, "[A]\nkey=");
    memset(text + 8, 'x', len);
    strcpy(text + 8 + len, "\n");
    return text;
}

static void takes_long_lines(void **state)
{
    struct faults faults;
    char *text = long_line(65000);
    struct inifile *f = read_text(text, &faults);

    assert_int_equal(faults.count, 0);
    assert_int_equal(strlen(f->entries[0].value), 65000);
    inifile_free(f);
    free(text);
    text = long_line(70000);
    assert_fault(text, 2, "64 KiB");
    free(text);
    /* All of it or nothing: the longest that is taken is 64 KiB, less the eight bytes for marks. */
    for (size_t len = 65536 - 8 - strlen("key="), more = 0; more <= 1; more++) {
        text = long_line(len + more);
        f = read_text(text, &faults);
        assert_int_equal(faults.count, more);
        if (!more)
            assert_int_equal(strlen(f->entries[0].value), len);
        inifile_free(f);
        free(text);
    }
}

static void has_limits(void **state)
{
    enum { SIZE = INIFILE_TEXT_MAX + 16 };
    char *text = malloc(SIZE);
    struct faults faults;
    size_t len = 0;

    memset(text, '#', SIZE);
    text[INIFILE_TEXT_MAX] = '\0';
    for (size_t at = 1000; at < INIFILE_TEXT_MAX; at += 1000)
        text[at] = '\n';
    inifile_free(read_text(text, &faults));
    assert_int_equal(faults.count, 0);
    text[INIFILE_TEXT_MAX] = '#';
    text[INIFILE_TEXT_MAX + 1] = '\0';
    assert_fault(text, 0, "1 MiB");
    for (int i = 0; i < 600; i++)
        len += (size_t)sprintf(text + len, "[%d]\n", i);
    assert_fault(text, INIFILE_SECTIONS_MAX + 1, "too many sections");
    len = (size_t)sprintf(text, "[A]\n");
    for (int i = 0; i < INIFILE_ENTRIES_MAX + 10; i++)
        len += (size_t)sprintf(text + len, "k%d=\n v\n", i);
    assert_fault(text, 2 * INIFILE_ENTRIES_MAX + 2, "too many keys");
    struct inifile *f = read_text(text, &faults);
    assert_int_equal(f->entry_count, INIFILE_ENTRIES_MAX);
    assert_string_equal(f->entries[INIFILE_ENTRIES_MAX - 1].value,
                        "\nv"); /* no line of what is lost */
    inifile_free(f);
    free(text);
}

/* ---- Against Python --------------------------------------------------------------------------- */

static const char script[] =
    "import configparser, sys\n"
    "for case in open(sys.argv[1], encoding='utf-8', newline='').read().split('\\0')[:-1]:\n"
    "    p = configparser.ConfigParser()\n"
    "    try:\n"
    "        import io\n"
    "        p.read_file(io.StringIO(case, newline=None))\n"
    "        out = []\n"
    "        for s in ['DEFAULT'] + p.sections():\n"
    "            keys = p.defaults() if s == 'DEFAULT' else p._sections[s]\n"
    "            for k in keys:\n"
    "                try:\n"
    "                    v = p.get(s, k)\n"
    "                except configparser.InterpolationError:\n"
    "                    v = p.get(s, k, raw=True); k += ' (raw)'\n"
    "                out.append('%s|%s|%s' % (s, k, repr(v.strip().encode())[2:-1]))\n"
    "        out = '\\n'.join(sorted(out))\n"
    "    except configparser.Error:\n"
    "        out = 'fault'\n"
    "    sys.stdout.write(out + '\\0')\n";

enum { CASES = 6000, CASE_MAX = 600, DUMP_MAX = 8000 };

static uint32_t seed;

static uint32_t chance(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/*
 * Lines out of pieces that mean something to a parser. Not among them: a lone [, since "[a = 1" is a key
 * to Python and a fault here, and ] in a section's name.
 */
static void random_case(char *out)
{
    static const char *const pieces[] = {
        "[A]\n",        "[B]\n",        "[DEFAULT]\n", "[a b ]\n", " [C]\n",    "key",
        "Key",          "other",        "x y",         "=",        ":",         " = ",
        " : ",          "=\n",          "value",       "1",        "\n",        "\n",
        "\n",           "\r\n",         "\r",          "\n\n",     "\n ",       "\n  ",
        "\n\t",         "\n    ",       " ",           "\t",       "#",         ";",
        "# comment\n",  " ; comment\n", "%%",          "%(key)s",  "%(other)s", "%(Key)s",
        "a=1\n",        "b: 2\n",       " c=3\n",      "d =\n",    "\xC3\xBC",  "\xC2\xA0",
        "\xE2\x80\x83", "\"q\"",        "]",           "k=",
    };
    size_t len = 0;
    unsigned count = 1 + chance(chance(4) ? 12 : 40);

    if (chance(16))
        len += (size_t)sprintf(out, "%s", pieces[chance(3)]);
    for (unsigned i = 0; i < count; i++) {
        const char *piece = pieces[chance(sizeof pieces / sizeof pieces[0])];
        if (len + strlen(piece) + 1 < CASE_MAX)
            len += (size_t)sprintf(out + len, "%s", piece);
    }
    out[len] = '\0';
}

static size_t escaped(char *out, const char *value)
{
    size_t len = 0;

    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if (c == '\n')
            len += (size_t)sprintf(out + len, "\\n");
        else if (c == '\t')
            len += (size_t)sprintf(out + len, "\\t");
        else if (c == '\'' || c == '\\')
            len += (size_t)sprintf(out + len, "\\%c", c);
        else if (c < 0x20 || c >= 0x7F)
            len += (size_t)sprintf(out + len, "\\x%02x", c);
        else
            out[len++] = (char)c;
    }
    out[len] = '\0';
    return len;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether Python refuses to interpolate the value: what is literal to us is an error there. */
static bool is_raw(const struct inifile *f, const struct inifile_entry *e, const char *section)
{
    char out[CASE_MAX * 4];
    const char *c = e->value;

    if (inifile_expand(f, section, e, out, sizeof out) != INIFILE_EXPANDED)
        return true;
    while ((c = strchr(c, '%'))) {
        if (c[1] == '%') {
            c += 2;
        } else if (c[1] == '(') {
            char name[64];
            if (sscanf(c + 2, "%60[^)])s", name) != 1 || !strchr(c, ')') ||
                strchr(c, ')')[1] != 's')
                return true;
            const struct inifile_entry *to = inifile_find(f, section, name);
            if (!to || is_raw(f, to, section))
                return true;
            c += strlen(name) + 4;
        } else {
            return true;
        }
    }
    return false;
}

static void dump_case(const char *text, char *out)
{
    static char lines[64][CASE_MAX * 6];
    char *sorted[64], value[CASE_MAX * 4];
    struct faults faults;
    struct inifile *f = read_text(text, &faults);
    size_t len = 0;

    if (faults.count)
        strcpy(out, "fault");
    for (size_t i = 0; !faults.count && i < f->entry_count; i++) {
        const struct inifile_entry *e = &f->entries[i];
        const char *section = f->sections[e->section].name;
        bool raw = is_raw(f, e, section);
        size_t n = (size_t)sprintf(lines[i], "%s|", section);
        assert_true(i < 64);
        for (const char *c = e->name; *c; c++)
            lines[i][n++] = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        n += (size_t)sprintf(lines[i] + n, "%s|", raw ? " (raw)" : "");
        if (raw) {
            struct inifile_entry plain = *e;
            char doubled[CASE_MAX * 2], *d = doubled;
            for (const char *c = e->value; *c; c++) {
                if (*c == '%')
                    *d++ = '%';
                *d++ = *c;
            }
            *d = '\0';
            plain.value = doubled; /* every % for itself; trimmed all the same */
            inifile_expand(f, section, &plain, value, sizeof value);
        } else {
            inifile_expand(f, section, e, value, sizeof value);
        }
        escaped(lines[i] + n, value);
        sorted[i] = lines[i];
    }
    if (!faults.count) {
        qsort(sorted, f->entry_count, sizeof *sorted, by_text);
        out[0] = '\0';
        for (size_t i = 0; i < f->entry_count; i++)
            len += (size_t)sprintf(out + len, "%s%s", i ? "\n" : "", sorted[i]);
    }
    inifile_free(f);
}

static FILE *run_python(const char *folder)
{
    char path[128], command[300];

    snprintf(path, sizeof path, "%s/rules.py", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(script, f);
    fclose(f);
    snprintf(command, sizeof command, "PYTHONUTF8=1 /usr/bin/python3 %s/rules.py %s/cases", folder,
             folder);
    return popen(command, "r");
}

static void reads_as_python_does(void **state)
{
    char folder[] = "/tmp/inifile.XXXXXX", path[128], mine[DUMP_MAX];
    static char cases[CASES][CASE_MAX], theirs[DUMP_MAX];
    int good = 0;

    if (access("/usr/bin/python3", X_OK) != 0)
        skip();
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/cases", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < CASES; i++) {
        seed = (uint32_t)i + 1;
        random_case(cases[i]);
        fwrite(cases[i], strlen(cases[i]) + 1, 1, f);
    }
    fclose(f);

    FILE *python = run_python(folder);
    assert_non_null(python);
    for (int i = 0; i < CASES; i++) {
        size_t n = 0;
        for (int c; (c = fgetc(python)) > 0 && n < DUMP_MAX - 1;)
            theirs[n++] = (char)c;
        theirs[n] = '\0';
        dump_case(cases[i], mine);
        if (strcmp(mine, theirs) != 0)
            fail_msg("case %d\n%s\n-- here\n%s\n-- Python\n%s", i, cases[i], mine, theirs);
        good += strcmp(mine, "fault") != 0;
    }
    assert_int_equal(pclose(python), 0);
    assert_in_range(good, CASES / 10, CASES); /* else the test shows nothing */
    print_message("%d of %d texts without a fault\n", good, CASES);
    remove(path);
    snprintf(path, sizeof path, "%s/rules.py", folder);
    remove(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_lines),
        cmocka_unit_test(takes_any_line_end),
        cmocka_unit_test(takes_any_white_space),
        cmocka_unit_test(skips_comments),
        cmocka_unit_test(continues_values),
        cmocka_unit_test(interpolates),
        cmocka_unit_test(interpolation_has_bounds),
        cmocka_unit_test(interpolation_up_to_its_bounds),
        cmocka_unit_test(interpolation_adds_up),
        cmocka_unit_test(inherits_from_default),
        cmocka_unit_test(tells_faults),
        cmocka_unit_test(tells_every_fault),
        cmocka_unit_test(takes_long_lines),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(reads_as_python_does),
    };
    return cmocka_run_group_tests_name("inifile", tests, NULL, NULL);
}
