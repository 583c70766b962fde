/* argv and subcommands; create in order, destroy in reverse. */
#include <stdio.h>
#include <string.h>

#include "cli/about.h"
#include "cli/check/check.h"
#include "cli/check/summary.h"
#include "cli/discover/discover.h"
#include "cli/fetch.h"
#include "cli/fold.h"
#include "cli/lift.h"
#include "cli/limit.h"
#include "cli/paths/paths.h"
#include "cli/run.h"
#include "cli/selftest.h"
#include "cli/show/show.h"
#include "cli/support/support.h"
#include "cli/verify.h"
#include "core/nearest.h"

struct command {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *help;
};

static int cli_help(int argc, char **argv);

static const struct command commands[] = {
    {"show", cli_show, "a live table of the services on the D-Bus"},
    {"check", cli_check, "say what is wrong with a configuration and its gateways"},
    {"discover", cli_discover, "find the devices in the network, and write their sections"},
    {"paths", cli_paths, "print the numbers in a reply with their paths, for a [TEMPLATEn]"},
    {"support", cli_support, "write a text for a bug report, without secrets"},
    {"example", cli_example, "print a config.ini with every key, its default and its help"},
    {"fetch", cli_fetch, "send one request as the service would, and print the reply"},
    {"limit", cli_limit, "limit one inverter while this runs, to try whether it works"},
    {"lift", cli_lift, "give inverters with a leftover power limit their full power back"},
    {"selftest", cli_selftest, "test whether the program can work on this machine"},
    {"verify", cli_verify, "tell whether a file is a release of this project, by its signature"},
    {"version", cli_version, "print the version of this program and of its libraries"},
    {"run", cli_run, "the service itself: ask the gateways, publish on the D-Bus"},
    {"help", cli_help, "this text, or that of a COMMAND"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int usage(FILE *out, int code)
{
    char text[2048], *end = text;

    end += sprintf(end, "Usage: dbus-opendtu COMMAND [OPTION...]\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        end += sprintf(end, "  %-8s  %s\n", commands[i].name, commands[i].help);
    (void)sprintf(end, "\n`dbus-opendtu COMMAND --help` tells more.\n");
    fold_print(out, text, FOLD_PARAGRAPHS);
    return code;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    const char *nearest = NULL;
    unsigned least = nearest_limit(name);

    for (size_t i = 0; i < COMMANDS; i++) {
        unsigned d = nearest_distance(name, commands[i].name);
        if (d < least) {
            least = d;
            nearest = commands[i].name;
        }
    }
    fprintf(stderr, "dbus-opendtu: there is no command \"%.40s\"", name);
    if (!nearest) {
        fputs("\n", stderr);
        return usage(stderr, 2);
    }
    fprintf(stderr, ": did you mean \"%s\"?\n", nearest);
    return 2;
}

static int cli_help(int argc, char **argv)
{
    char option[] = "--help";
    const struct command *command = argc > 1 ? find(argv[1]) : NULL;

    if (argc > 1 && !command && argv[1][0] != '-')
        return unknown(argv[1]);
    if (!command || command->main == cli_help)
        return usage(stdout, 0);
    return command->main(2, (char *[]){argv[1], option, NULL});
}

/* Somebody has typed the name: not a second service, but what there is. */
static int greet(void)
{
    (void)usage(stdout, 0);
    putchar('\n');
    summary_print(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return greet();
    /* Options without a command are those of `run`. */
    const char *name = argv[1][0] != '-' ? argv[1] : "run";

    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return usage(stdout, 0);
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
        return cli_version(1, argv);
    if (argv[1][0] != '-') {
        argc--;
        argv++;
    }
    const struct command *command = find(name);
    return command ? command->main(argc, argv) : unknown(name);
}
