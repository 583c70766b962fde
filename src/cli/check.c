#include "cli/check.h"

#include <getopt.h>
#include <stdio.h>

#include "cli/check_look.h"
#include "cli/check_report.h"
#include "place.h"

enum { EXIT_OK = 0, EXIT_USAGE = 2 };

static const char help[] =
    "Usage: dbus-opendtu check [OPTION...] [FILE]\n"
    "\n"
    "Reads a configuration and tells every error and warning in it; then asks each gateway once, as\n"
    "the service does, and tells what would be published of each inverter under which name, or what\n"
    "is wrong and what to do. Changes nothing, on the D-Bus neither: an instance that is claimed at\n"
    "the start is shown as \"auto\".\n"
    "\n"
    "  FILE          the configuration; default: the one that `run` would find\n"
    "  --no-ask      do not ask the gateways\n"
    "  --state FILE  what the service remembers (which section is which inverter); default:\n"
    "                state.json beside the configuration. It is only read\n"
    "  --json        one JSON object on standard output\n"
    "\n"
    "Exit codes: 0 all is well, 1 the file has errors or cannot be read, 2 wrong usage, 3 the file is\n"
    "fine, but a gateway does not answer usefully or a section gets no inverter.\n";

struct options {
    const char *config, *state;
    bool ask, json;
};

/* EXIT_OK to go on; -1 when all is said. */
static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"no-ask", no_argument, NULL, 'n'},
        {"state", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        switch (option) {
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
            fputs(help, stdout);
            return -1;
        default: /* getopt_long has said it */
            return EXIT_USAGE;
        }
    }
    if (optind < argc - 1) {
        fprintf(stderr, "check: there is more than one file: %s\n", argv[optind + 1]);
        return EXIT_USAGE;
    }
    o->config = argv[optind];
    return EXIT_OK;
}

int cli_check(int argc, char **argv)
{
    struct options o = {.ask = true};
    struct check c;
    char path[PLACE_MAX], state[PLACE_MAX];
    int code = parse_options(argc, argv, &o);

    if (code != EXIT_OK)
        return code < 0 ? EXIT_OK : code;
    place_config(o.config, path);
    place_state(o.state, path, state);
    bool ok = check_look(&c, path, o.ask ? state : NULL);
    if (ok && o.json)
        ok = check_print_json(stdout, &c);
    else if (ok)
        check_print_text(stdout, &c);
    if (!ok)
        fputs("check: out of memory\n", stderr);
    code = ok && fflush(stdout) == 0 ? (int)c.code : (int)CHECK_CONFIG;
    check_finish(&c);
    return code;
}
