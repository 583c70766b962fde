#include "cli/check/check.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bridge/locations.h"
#include "cli/check/check_look.h"
#include "cli/check/check_report.h"
#include "cli/fold.h"
#include "edge/sys/terminal.h"

enum { EXIT_OK = 0, EXIT_USAGE = 2 };

static const char help[] =
    "Usage: dbus-opendtu check [OPTION...] [FILE]\n"
    "\n"
    "Reads a configuration and tells every error and warning in it; then asks each gateway once, as\n"
    "the service does, and tells what would be published of each inverter under which name, or what\n"
    "is wrong and what to do. Changes nothing, on the D-Bus neither. The last line says what it comes\n"
    "to. In colours on a terminal, unless NO_COLOR is set.\n"
    "\n"
    "  --config FILE the configuration; default: the one that `run` would find. FILE alone is the same\n"
    "  --no-ask      do not ask the gateways\n"
    "  --state FILE  what the service remembers (which section is which inverter); default:\n"
    "                state.json beside the configuration. It is only read\n"
    "  --json        one JSON object on standard output\n"
    "\n"
    "Exit codes: 0 all is well, 1 the file has errors or cannot be read, 2 wrong usage, 3 the file can\n"
    "be used, but there are warnings, a gateway has a problem or a section gets no inverter.\n";

struct options {
    const char *config, *state;
    bool ask, json;
};

/* EXIT_OK to go on; -1 when all is said. */
static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'}, {"no-ask", no_argument, NULL, 'n'},
        {"state", required_argument, NULL, 's'},  {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        switch (option) {
        case 'c':
            o->config = optarg;
            break;
        case 'n':
            o->ask = false;
            break;
        case 's':
            o->state = optarg;
            break;
        case 'j':
            o->json = true;
            break;
        case 'h':
            fold_print(stdout, help, FOLD_PARAGRAPHS);
            return -1;
        default: /* getopt_long has said it */
            return EXIT_USAGE;
        }
    }
    if (optind == argc)
        return EXIT_OK;
    if (o->config || optind < argc - 1) {
        fprintf(stderr, "check: there is more than one file: %s\n", argv[argc - 1]);
        return EXIT_USAGE;
    }
    o->config = argv[optind];
    return EXIT_OK;
}

/* On a terminal no line is wider than that. */
static bool print_text(const struct check *c)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (!f)
        return false;
    check_print_text(f, c, terminal_takes_color(STDOUT_FILENO));
    bool ok = fclose(f) == 0;
    if (ok)
        fold_print(stdout, text, FOLD_LINES);
    free(text);
    return ok;
}

int cli_check(int argc, char **argv)
{
    struct options o = {.ask = true};
    struct check c;
    char path[LOCATION_MAX], state[LOCATION_MAX];
    int code = parse_options(argc, argv, &o);

    if (code != EXIT_OK)
        return code < 0 ? EXIT_OK : code;
    location_config(o.config, path);
    location_state(o.state, path, state);
    bool ok = check_look(&c, path, o.ask ? state : NULL);
    if (ok && o.json)
        ok = check_print_json(stdout, &c);
    else if (ok)
        ok = print_text(&c);
    if (!ok)
        fputs("check: out of memory\n", stderr);
    code = ok && fflush(stdout) == 0 ? (int)c.code : (int)CHECK_CONFIG;
    check_finish(&c);
    return code;
}
