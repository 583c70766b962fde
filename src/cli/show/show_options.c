#include "cli/show/show_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/fold.h"
#include "edge/sys/terminal.h"

enum { INTERVAL_MAX_S = 3600 };

static const char help[] =
    "Usage: dbus-opendtu show [OPTION...]\n"
    "\n"
    "Shows the services that dbus-opendtu has put on the D-Bus, live. Needs no configuration. Volts\n"
    "are the mean of the phases, amperes their sum; Age is the time since the last measurement came.\n"
    "\n"
    "  --once      print the table once and end\n"
    "  --json      for machines: --once prints one object, else a line for each change\n"
    "  --stats     the gateways' health in place of the services\n"
    "  --all       the inverters and AC meters of other programs as well\n"
    "  --interval S  without a terminal: at most one line of a service in S seconds (1; up to 3600)\n"
    "  --no-color  no colours; so does NO_COLOR in the environment\n"
    "  --note TEXT in a terminal: a line above the table\n"
    "\n"
    "In a terminal: h explains the columns, arrows and PgUp, PgDn scroll, s shows the gateways, q or\n"
    "Ctrl-C ends. Into a file or a pipe: a line for each service whose values have changed; with\n"
    "--stats, the table at each interval in which something has.\n"
    "Exit code: 0 ended as asked, 1 no D-Bus or it was lost, 2 wrong usage, 3 --once found no service.\n";

/*
 * As setlocale() would decide it, without the C library's tables, which a static program lacks. A GX
 * device sets no locale at all: then what the terminal says of itself is the best guess, and all but
 * consoles have known UTF-8 for decades.
 */
bool show_options_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *term = getenv("TERM");

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return term && strncmp(term, "vt", 2) != 0 && strncmp(term, "linux", 5) != 0;
}

bool show_options_color(const struct show_options *o)
{
    return !o->no_color && terminal_takes_color(STDOUT_FILENO);
}

bool show_options_draw(const struct show_options *o)
{
    const char *term = getenv("TERM");

    return !o->once && !o->json && isatty(STDOUT_FILENO) && term && *term &&
           strcmp(term, "dumb") != 0;
}

int show_options_parse(int argc, char **argv, struct show_options *o)
{
    static const struct option long_options[] = {
        {"once", no_argument, NULL, 'o'},
        {"json", no_argument, NULL, 'j'},
        {"stats", no_argument, NULL, 's'},
        {"all", no_argument, NULL, 'a'},
        {"no-color", no_argument, NULL, 'n'},
        {"interval", required_argument, NULL, 'i'},
        {"note", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    char *rest = NULL;
    int c;

    while ((c = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        switch (c) {
        case 'o':
            o->once = true;
            break;
        case 'j':
            o->json = true;
            break;
        case 's':
            o->stats = true;
            break;
        case 'a':
            o->all = true;
            break;
        case 'n':
            o->no_color = true;
            break;
        case 't':
            o->note = optarg;
            break;
        case 'i':
            o->interval_s = strtol(optarg, &rest, 10);
            if (*optarg && !*rest && o->interval_s >= 1 && o->interval_s <= INTERVAL_MAX_S)
                break;
            fprintf(stderr, "dbus-opendtu show: --interval is a number of seconds, 1 to %d\n",
                    INTERVAL_MAX_S);
            return 3;
        case 'h':
            fold_print(stdout, help, FOLD_PARAGRAPHS);
            return 1;
        default:
            fold_print(stderr, help, FOLD_PARAGRAPHS);
            return 3;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "show: unexpected \"%s\"\n", argv[optind]);
        fold_print(stderr, help, FOLD_PARAGRAPHS);
        return 3;
    }
    return 0;
}
