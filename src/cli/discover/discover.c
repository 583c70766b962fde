#include "cli/discover/discover.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/device_files.h"
#include "bridge/locations.h"
#include "cli/discover/announced.h"
#include "cli/discover/sections.h"
#include "cli/fold.h"
#include "cli/print.h"
#include "core/text.h"
#include "edge/sys/file.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { TYPES_MAX = 8 };

static const char help[] =
    "Usage: dbus-opendtu discover [OPTION...] [ADDRESS...]\n"
    "\n"
    "Finds devices. Without an ADDRESS: lists what announces itself in the network, through Avahi, and "
    "contacts none of it. With some: asks these, and no others, what they are, and says the type, the "
    "firmware, the serial numbers and the watts of each.\n"
    "An ADDRESS is 192.168.1.80, 192.168.1.80:8080, a subnet such as 192.168.1.0/24 (1024 addresses at "
    "most), or a name. 8 hosts are asked at a time, each with 6 requests at most, without any login.\n"
    "\n"
    "  --ini              print a config.ini for what was found\n"
    "  --add              write the missing sections into the configuration; the file of before is\n"
    "                     kept beside it as config.ini.bak\n"
    "  --as CLASS=ADDRESS  what a device is there for: grid=192.168.1.80, or pvinverter, genset,\n"
    "                     acload, heatpump; a meter is in comments until you say so. May be repeated\n"
    "  --type NAME        look only for this type of docs/devices.md, or for opendtu or ahoy. May be\n"
    "                     repeated; finds also types for which 6 requests do not suffice\n"
    "  --config FILE      the configuration for --add, and whose folder devices is read; default: as\n"
    "                     for `run`\n"
    "\n"
    "Exit codes: 0 some were found, 1 none, or something failed (the reason on stderr), 2 wrong usage.\n";

struct options {
    const char *config;
    bool ini, add;
    const char *types[TYPES_MAX + 1]; /* ends with NULL */
    size_t type_count;
    struct sections_as as;
    struct targets targets;
};

static int usage(const char *text, const char *what)
{
    fprintf(stderr, "discover: %s%s\ndiscover: `dbus-opendtu discover --help` tells more\n", text,
            what);
    return EXIT_USAGE;
}

static int fail(const char *why)
{
    print_line(stderr, "discover: %s", why);
    return EXIT_FAILED;
}

/* ---- Options ---- */

static int take_option(struct options *o, int option)
{
    switch (option) {
    case 'i':
        o->ini = true;
        return EXIT_OK;
    case 'a':
        o->add = true;
        return EXIT_OK;
    case 'c':
        o->config = optarg;
        return EXIT_OK;
    case 't':
        if (o->type_count == TYPES_MAX)
            return usage("at most 8 times: --type ", optarg);
        o->types[o->type_count++] = optarg;
        return EXIT_OK;
    case 'A':
        return sections_take_as(&o->as, optarg)
                   ? EXIT_OK
                   : usage("--as wants CLASS=ADDRESS, such as grid=192.168.1.80, and not ", optarg);
    default: /* getopt_long has said it */
        return EXIT_USAGE;
    }
}

static int take_addresses(struct options *o, int argc, char **argv)
{
    char why[TARGET_WHY_MAX];

    for (int i = optind; i < argc; i++) {
        if (!targets_add(&o->targets, argv[i], why))
            return usage(why, "");
    }
    bool asks = o->ini || o->add || o->as.count || o->type_count;
    if (!o->targets.count && asks)
        return usage("there is no address to ask", "");
    if (o->ini && o->add)
        return usage("--ini prints, --add writes: one of them", "");
    return EXIT_OK;
}

/* EXIT_OK to go on; -1 when all is said. */
static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"ini", no_argument, NULL, 'i'},
        {"add", no_argument, NULL, 'a'},
        {"as", required_argument, NULL, 'A'},
        {"type", required_argument, NULL, 't'},
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option, code = EXIT_OK;

    while (code == EXIT_OK && (option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        if (option == 'h') {
            fold_print(stdout, help, FOLD_PARAGRAPHS);
            return -1;
        }
        code = take_option(o, option);
    }
    return code == EXIT_OK ? take_addresses(o, argc, argv) : code;
}

/* ---- What was found ---- */

static void print_serials(const struct found *f)
{
    char line[400] = "    inverters: ";

    for (size_t i = 0; i < f->listed_count; i++) {
        size_t used = strlen(line);
        if (used + SERIAL_MAX + 8 > sizeof line) {
            (void)snprintf(line + used, sizeof line - used, " ...");
            break;
        }
        (void)snprintf(line + used, sizeof line - used, "%s%s", i ? ", " : "", f->listed[i]);
    }
    print_line(stdout, "%s", line);
}

static void print_values(const struct found *f)
{
    if (has_value(f->watts) && f->reading_count < f->listed_count)
        print_line(stdout, "    now: %.0f W from %zu of %zu", f->watts, f->reading_count,
                   f->listed_count);
    else if (has_value(f->watts))
        print_line(stdout, "    now: %.0f W", f->watts);
    if (f->login)
        print_line(stdout, "    it tells its values only with the login of its web page");
    else if (*f->why)
        print_line(stdout, "    values: %s", f->why);
}

static void print_found(const struct found *f)
{
    char title[PRODUCT_MAX];

    if (!f->kind) {
        print_line(stdout, "%s  %s", f->host, f->login ? "unknown, it wants a login" : "unknown");
        return;
    }
    kind_title(f->kind, title, sizeof title);
    print_line(stdout, "%s  %s (%s = %s)%s%s", f->host, title, f->kind->driver ? "DTU" : "Type",
               f->kind->driver ? f->kind->driver->name : f->kind->type.name,
               *f->firmware ? ", firmware " : "", f->firmware);
    if (*f->name || *f->serial)
        print_line(stdout, "    %s%s%s%s%s", *f->name ? "name: " : "", f->name,
                   *f->name && *f->serial ? ", " : "", *f->serial ? "serial number: " : "",
                   f->serial);
    if (f->listed_count)
        print_serials(f);
    print_values(f);
}

/* Which types six requests do not reach. */
static void print_not_asked(const struct kinds *k)
{
    struct kinds_turn turn = {0};
    char line[600] = "";

    while (kinds_next(k, &turn))
        ;
    for (size_t i = 0; i < k->count; i++) {
        bool asked = false;
        for (size_t n = 0; n < turn.asked_count; n++)
            asked = asked || turn.asked[n] == i ||
                    kinds_same_request(&k->list[turn.asked[n]], &k->list[i], 0);
        size_t used = strlen(line);
        if (!asked && !k->list[i].driver && used + DEVICE_TYPE_MAX + 4 < sizeof line)
            (void)snprintf(line + used, sizeof line - used, "%s%s", used ? ", " : "",
                           k->list[i].type.name);
    }
    if (*line) {
        print_line(stdout, "%s", "");
        print_line(stdout, "Looked for only with --type: %s.", line);
    }
}

static int print_all(const struct search_result *r, const struct kinds *k)
{
    bool any = false;

    for (size_t i = 0; i < r->count; i++) {
        print_found(&r->list[i]);
        any = any || r->list[i].kind;
    }
    print_not_asked(k);
    print_line(stdout, "%s", "");
    print_line(stdout, "%s",
               any ? "--ini prints a config.ini for these, --add writes them into yours."
                   : "No device of a known type was found.");
    return any ? EXIT_OK : EXIT_FAILED;
}

/* ---- Writing ---- */

static int print_ini(const struct options *o, const struct search_result *r)
{
    char *text = sections_whole(r, &o->as);
    bool ok = text && print_lines(stdout, text, strlen(text));

    free(text);
    return ok ? EXIT_OK : fail("cannot write to standard output");
}

static int write_config(const char *path, const char *text, const char *kept)
{
    int error = file_replace(path, text, strlen(text));

    if (error == 0) {
        print_line(stdout, "Written to %s%s", path, kept);
        return EXIT_OK;
    }
    print_line(stderr, "discover: %s cannot be written: %s", path, strerror(-error));
    return EXIT_FAILED;
}

static int tell_added(const char *path, const struct sections_added *added)
{
    if (added->present)
        print_line(stdout, "There already: %u", added->present);
    if (added->unnamed)
        print_line(
            stdout,
            "Not added, since only you know what they measure: %u (--as grid=ADDRESS says it)",
            added->unnamed);
    if (added->no_room)
        print_line(stdout, "Not added, since there is no number left for a section: %u",
                   added->no_room);
    if (!added->added) {
        print_line(stdout, "%s stays as it is", path);
        return EXIT_OK;
    }
    print_lines(stdout, added->list, strlen(added->list));
    return write_config(path, added->text,
                        "; what it was before is beside it, with .bak at its end");
}

static int add_to(const char *path, const struct options *o, const struct search_result *r,
                  const struct device_text *own)
{
    struct sections_added added;
    size_t len = 0;
    char why[200];
    char *file = file_read(path, LOCATION_CONFIG_MAX, &len);

    if (!file && errno == ENOENT) {
        char *text = sections_whole(r, &o->as);
        int code = text ? write_config(path, text, "") : fail("out of memory");
        free(text);
        return code;
    }
    if (!file) {
        print_line(stderr, "discover: %s cannot be read: %s", path, strerror(errno));
        return EXIT_FAILED;
    }
    bool ok = sections_add(file, len, own, r, &o->as, &added, why);
    int code = ok ? tell_added(path, &added) : EXIT_FAILED;
    if (ok)
        free(added.text);
    else
        print_line(stderr, "discover: %s: %s", path, why);
    free(file);
    return code;
}

/* ---- The command ---- */

static void on_progress(size_t done, size_t count)
{
    if (count < 16)
        return;
    fprintf(stderr, "\r%zu of %zu%s", done, count, done == count ? "\r            \r" : "");
}

static bool has_kind(const struct search_result *r)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->list[i].kind)
            return true;
    }
    return false;
}

static int tell(const struct options *o, const char *path, const struct search_result *r,
                const struct kinds *k, const struct device_text *own)
{
    const char *fault = sections_check_as(&o->as, r);

    if (fault)
        return fail(fault);
    if (!o->ini && !o->add)
        return print_all(r, k);
    if (!has_kind(r))
        return fail("no device of a known type was found");
    return o->ini ? print_ini(o, r) : add_to(path, o, r, own);
}

static int search(const struct options *o, const char *path, const struct device_text *own)
{
    struct search_result result;
    const char *unknown;
    struct kinds kinds;
    int code;

    if (!kinds_read(&kinds, own, o->type_count ? o->types : NULL, &unknown)) {
        code = unknown ? usage("there is no type to look for that is called ", unknown)
                       : fail("out of memory");
    } else if (!search_run(&o->targets, &kinds, own, isatty(STDERR_FILENO) ? on_progress : NULL,
                           &result)) {
        code = fail("the system failed");
    } else {
        code = tell(o, path, &result, &kinds, own);
        search_free(&result);
    }
    kinds_finish(&kinds);
    return code;
}

int cli_discover(int argc, char **argv)
{
    static struct options o;
    struct device_files files;
    char path[LOCATION_MAX];
    int code = parse_options(argc, argv, &o);

    if (code != EXIT_OK)
        return code < 0 ? EXIT_OK : code;
    if (!o.targets.count)
        return announced_print();
    location_config(o.config, path);
    device_files_read(&files, path);
    code = search(&o, path, files.texts);
    device_files_finish(&files);
    return fflush(stdout) ? fail("cannot write to standard output") : code;
}
