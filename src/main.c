/* argv and subcommands; create in order, destroy in reverse. */
#include <stdio.h>
#include <string.h>

#include "cli/about.h"
#include "cli/check.h"
#include "cli/fetch.h"
#include "cli/paths.h"
#include "cli/run.h"
#include "cli/selftest.h"
#include "cli/show.h"
#include "cli/support.h"

struct command {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *help;
};

static const struct command commands[] = {
    {"run", cli_run, "ask the gateways and publish on the D-Bus (the default)"},
    {"show", cli_show, "a live table of the services on the D-Bus"},
    {"check", cli_check, "tell what is wrong with a configuration and its gateways"},
    {"fetch", cli_fetch, "ask one URL the way `run` would, and print the reply"},
    {"paths", cli_paths, "print the numbers in a reply with their paths, for a [TEMPLATEn]"},
    {"support", cli_support, "write a text for a bug report, without what is secret"},
    {"example", cli_example, "print a config.ini with every key, its default and its help"},
    {"selftest", cli_selftest, "tell whether the program can work on this machine"},
    {"version", cli_version, "print the version of this program and of its libraries"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int usage(FILE *out, int code)
{
    fprintf(out, "Usage: dbus-opendtu [COMMAND] [OPTION...]\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-8s  %s\n", commands[i].name, commands[i].help);
    fprintf(out, "\n`dbus-opendtu COMMAND --help` tells more.\n");
    return code;
}

int main(int argc, char **argv)
{
    /* Options without a command are those of `run`: the service script says just --config PATH. */
    const char *name = argc > 1 && argv[1][0] != '-' ? argv[1] : "run";

    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
        return usage(stdout, 0);
    if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")))
        name = "version";
    else if (argc > 1 && argv[1][0] != '-') {
        argc--;
        argv++;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i].name, name))
            return commands[i].main(argc, argv);
    fprintf(stderr, "dbus-opendtu: there is no command \"%s\"\n", name);
    return usage(stderr, 2);
}
