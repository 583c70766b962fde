#include "cli/support/support.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#include "bridge/locations.h"
#include "cli/about.h"
#include "cli/check/check_look.h"
#include "cli/check/check_report.h"
#include "cli/fold.h"
#include "cli/print.h"
#include "cli/support/capturing.h"
#include "cli/support/scrub.h"
#include "cli/support/support_bus.h"
#include "core/wipe.h"
#include "edge/sys/file.h"
#include "version.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { BODY_SHOWN_MAX = 64 * 1024, LOG_LINES = 200, LOG_BYTES = 128 * 1024 };

static const char default_log[] = "/var/log/dbus-opendtu/current";

static const char help[] =
    "Usage: dbus-opendtu support [OPTION...]\n"
    "\n"
    "Writes one text for a bug report: versions, platform, the configuration, what `check` finds, what\n"
    "each gateway replies now, the services' items on the D-Bus, the end of the log.\n"
    "\n"
    "Shown is what is known to be no secret: settings, measurements by their names, states, versions,\n"
    "serial numbers, names of inverters, IP addresses, host names, the lines of its own log. Whatever else\n"
    "there is in the configuration, in replies and in the log is \"(removed)\": passwords, tokens, user\n"
    "names, comments, unknown keys' values, names of networks, MAC addresses, places on earth. Read it\n"
    "before you show it to others.\n"
    "\n"
    "  -o, --output FILE  write there, readable by its owner only; default: standard output\n"
    "  --config FILE      default: the one that `run` would find\n"
    "  --state FILE       default: state.json beside the configuration\n"
    "  --log FILE         default: /var/log/dbus-opendtu/current; the last 200 lines of it\n"
    "  --no-ask           do not ask the gateways\n"
    "  --capture TIME     no report: keep what the gateways send within TIME, such as 90s, 10m or 2h, in\n"
    "                     a file that DTU = replay plays; default of --output: dbus-opendtu-capture.jsonl\n"
    "\n"
    "A capture asks each gateway as the service does it, and sends no commands. In it, serial numbers,\n"
    "names and IP addresses are replaced, the same by the same; measured values stay. It ends after\n"
    "24 h, at 16 MiB or with Ctrl-C at the latest, and is readable by its owner only.\n"
    "\n"
    "Exit codes: 0 written, 1 it could not be, 2 wrong usage.\n";

struct options {
    const char *output, *config, *state, *log;
    int64_t capture_ms; /* 0: a report is wanted */
    bool ask;
};

static bool take_duration(const char *text, struct options *o)
{
    if (capturing_duration(text, &o->capture_ms))
        return true;
    fprintf(stderr, "support: --capture takes 1s to 24h, such as 90s, 10m or 2h\n");
    return false;
}

/* EXIT_OK to go on; -1 when all is said. */
static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"output", required_argument, NULL, 'o'}, {"config", required_argument, NULL, 'c'},
        {"state", required_argument, NULL, 's'},  {"log", required_argument, NULL, 'l'},
        {"no-ask", no_argument, NULL, 'n'},       {"capture", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "ho:", known, NULL)) != -1) {
        if (option == 'h') {
            fold_print(stdout, help, FOLD_PARAGRAPHS);
            return -1;
        }
        if (option == 'n')
            o->ask = false;
        else if (option == 'o')
            o->output = optarg;
        else if (option == 'c')
            o->config = optarg;
        else if (option == 's')
            o->state = optarg;
        else if (option == 'l')
            o->log = optarg;
        else if (option != 'r' || !take_duration(optarg, o)) /* getopt_long has said it */
            return EXIT_USAGE;
    }
    if (optind == argc)
        return EXIT_OK;
    fprintf(stderr, "support: unexpected \"%s\"; `dbus-opendtu support --help` tells more\n",
            argv[optind]);
    return EXIT_USAGE;
}

static void title(FILE *out, const char *text)
{
    fprintf(out, "\n==== %s ====\n", text);
}

/* ---- The platform --------------------------------------------------------------------------- */

/* The lines of a file that begin with one of words (NULL: all), each with the file's name. */
static void print_file(FILE *out, const char *path, const char *const *words)
{
    FILE *f = fopen(path, "r"); /* files of /proc have no size: not for file_read() */
    char line[256];

    while (f && fgets(line, sizeof line, f)) {
        bool wanted = !words;
        for (size_t i = 0; words && words[i]; i++)
            wanted = wanted || strncmp(line, words[i], strlen(words[i])) == 0;
        if (wanted)
            fprintf(out, "%s: %.*s\n", path, (int)strcspn(line, "\n"), line);
    }
    if (f)
        fclose(f);
}

static void print_space(FILE *out, const char *path)
{
    struct statvfs fs;

    if (statvfs(path, &fs) == 0)
        fprintf(out, "free on %s: %llu of %llu KiB\n", path,
                (unsigned long long)fs.f_bavail * fs.f_frsize / 1024,
                (unsigned long long)fs.f_blocks * fs.f_frsize / 1024);
}

static void print_platform(FILE *out)
{
    static const char *const memory[] = {"MemTotal:", "MemAvailable:", "SwapTotal:", NULL};
    struct utsname u;

    title(out, "platform");
    if (uname(&u) == 0) /* without its name on the network */
        fprintf(out, "system: %s %s %s %s\n", u.sysname, u.release, u.version, u.machine);
    print_file(out, "/opt/victronenergy/version", NULL);
    print_file(out, "/etc/venus/machine", NULL);
    print_file(out, "/proc/uptime", NULL);
    print_file(out, "/proc/loadavg", NULL);
    print_file(out, "/proc/meminfo", memory);
    print_space(out, "/data");
    print_space(out, "/var/log");
}

/* ---- Configuration and gateways ------------------------------------------------------------- */

static void print_config(FILE *out, struct scrub *scrub, const char *path)
{
    size_t len = 0;
    char *text = file_read(path, LOCATION_CONFIG_MAX, &len);

    title(out, "configuration");
    if (text)
        scrub_config(scrub, text, out);
    else
        fprintf(out, "%s: %s\n", path, strerror(errno));
    wipe_free(text, len);
}

static void print_body(FILE *out, const struct scrub *scrub, const struct ask_reply *r)
{
    char *shown = r->body ? strndup(r->body, BODY_SHOWN_MAX) : NULL;

    if (shown) {
        scrub_reply(scrub, shown, out);
        fputc('\n', out);
    }
    if (r->body && r->len > BODY_SHOWN_MAX)
        fputs("(and more)\n", out);
    free(shown);
}

static void print_replies(FILE *out, const struct scrub *scrub, const struct check *c)
{
    for (size_t g = 0; c->asked && g < c->config->gateway_count; g++) {
        const struct asked *a = &c->asked[g];
        for (size_t i = 0; i < a->reply_count; i++) {
            const struct ask_reply *r = &a->replies[i];
            fprintf(out, "[%s] GET ", a->conf->section);
            scrub_path(scrub, r->path, out);
            fprintf(out, " -> status %ld, %zu bytes, %.0f ms%s%s\n", r->status, r->len,
                    r->latency_ms, r->why[0] ? ": " : "", r->why);
            print_body(out, scrub, r);
        }
    }
}

/* What this program publishes of them is no secret. */
static void allow_devices(struct scrub *scrub, const struct check *c)
{
    for (size_t i = 0; c->config && i < c->config->device_count; i++) {
        scrub_allow(scrub, c->config->devices[i].serial);
        scrub_allow(scrub, c->config->devices[i].name);
    }
    for (size_t g = 0; c->config && c->asked && g < c->config->gateway_count; g++) {
        const struct asked *a = &c->asked[g];
        scrub_allow(scrub, a->info.firmware);
        scrub_allow(scrub, a->info.hostname);
        for (size_t i = 0; i < a->reading_count; i++) {
            const struct reading *r = &a->readings[i];
            scrub_allow(scrub, r->serial);
            scrub_allow(scrub, r->name);
            for (unsigned n = 0; n < r->strings; n++)
                scrub_allow(scrub, r->string[n].name);
        }
    }
}

static bool print_check(FILE *out, struct scrub *scrub, const struct options *o, const char *path)
{
    char state[LOCATION_MAX];
    struct check c;

    location_state(o->state, path, state);
    bool ok = check_look(&c, path, o->ask ? state : NULL);
    if (ok)
        allow_devices(scrub, &c);
    title(out, "check");
    /* Numbers in a reply may say where it stands: below, that is removed. */
    memset(c.findings.show_numbers, 0, sizeof c.findings.show_numbers);
    if (ok)
        check_print_text(out, &c, false);
    title(out, "replies");
    if (ok)
        print_replies(out, scrub, &c);
    check_finish(&c);
    return ok;
}

/* ---- The log -------------------------------------------------------------------------------- */

static void print_log(FILE *out, const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = f ? calloc(1, LOG_BYTES + 1) : NULL;

    title(out, "log");
    if (!f)
        fprintf(out, "%s: %s\n", path, strerror(errno));
    if (text) {
        bool cut = fseek(f, -LOG_BYTES, SEEK_END) == 0;
        if (!cut)
            rewind(f); /* it is shorter */
        size_t len = fread(text, 1, LOG_BYTES, f), at = len, lines = 0;
        while (at > 0 && lines < LOG_LINES)
            lines += text[--at] == '\n' && at + 1 < len;
        if (at == 0 && cut) /* half a line may begin with half a secret */
            at = strcspn(text, "\n");
        scrub_log(text + at + (text[at] == '\n'), out);
    }
    free(text);
    if (f)
        fclose(f);
}

/* ---- All of it ------------------------------------------------------------------------------ */

static bool print_all(FILE *out, struct scrub *scrub, const struct options *o)
{
    char path[LOCATION_MAX];

    location_config(o->config, path);
    title(out, "versions");
    about_print(out);
    print_platform(out);
    print_config(out, scrub, path);
    bool ok = print_check(out, scrub, o, path);
    title(out, "D-Bus");
    support_bus(out);
    print_log(out, o->log ? o->log : default_log);
    return ok;
}

/* The whole report in memory, without secrets; NULL when there is no memory. */
static char *make(const struct options *o)
{
    char *raw = NULL, *clean = NULL;
    size_t size = 0;
    struct scrub *scrub = scrub_create();
    FILE *out = scrub ? open_memstream(&raw, &size) : NULL;

    if (out) {
        bool ok = print_all(out, scrub, o) && !ferror(out);
        ok = fclose(out) == 0 && ok;
        if (ok)
            clean = scrub_text(scrub, raw);
    }
    free(raw);
    scrub_destroy(scrub);
    return clean;
}

/* What it is and, once there is such a place, where it belongs. */
static bool print_title(FILE *out)
{
    const char *where = dtu_home[0] ? ": read it, then send it there: " : "";

    return fprintf(out, "dbus-opendtu: a report for its developers%s%s%s\n", where, dtu_home,
                   dtu_home[0] ? "/issues" : "") >= 0;
}

static int write_out(const char *path, const char *text)
{
    FILE *out = path ? NULL : stdout;
    mode_t before = path ? umask(077) : 0;

    if (path) {
        out = fopen(path, "w");
        umask(before);
    }
    bool ok = out && print_title(out) && print_lines(out, text, strlen(text));
    int err = errno;
    if (path && out && fclose(out) != 0)
        ok = false;
    if (ok)
        return EXIT_OK;
    fprintf(stderr, "support: %s: %s\n", path ? path : "standard output", strerror(err));
    return EXIT_FAILED;
}

static int capture(const struct options *o)
{
    char config[LOCATION_MAX];

    location_config(o->config, config);
    return capturing_run(config, o->output ? o->output : capturing_default_output, o->capture_ms)
               ? EXIT_OK
               : EXIT_FAILED;
}

int cli_support(int argc, char **argv)
{
    struct options o = {.ask = true};
    int code = parse_options(argc, argv, &o);

    if (code != EXIT_OK)
        return code < 0 ? EXIT_OK : code;
    if (o.capture_ms)
        return capture(&o);
    char *text = make(&o);
    code = text ? write_out(o.output, text) : EXIT_FAILED;
    if (!text)
        fputs("support: out of memory\n", stderr);
    free(text);
    return code;
}
