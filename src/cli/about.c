#include "cli/about.h"

#include <cjson/cJSON.h>
#include <dbus/dbus.h>
#include <stdio.h>
#include <string.h>

#include "cli/fold.h"
#include "core/conf.h"
#include "edge/net/http.h"
#include "version.h"

enum { EXIT_USAGE = 2 };

void about_print(FILE *out)
{
    int major, minor, micro;
    dbus_get_version(&major, &minor, &micro);
    fprintf(out, "dbus-opendtu %s\n%s libdbus/%d.%d.%d cJSON/%s\n", dtu_version, http_version(),
            major, minor, micro, cJSON_Version());
    if (dtu_home[0])
        fprintf(out, "%s\n", dtu_home);
}

/* 0 to go on; -1 when all is said; else the exit code. */
static int no_arguments(int argc, char **argv, const char *help)
{
    if (argc < 2)
        return 0;
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        fold_print(stdout, help, FOLD_PARAGRAPHS);
        return -1;
    }
    fprintf(stderr, "%s: unexpected \"%s\"\n", argv[0], argv[1]);
    fold_print(stderr, help, FOLD_PARAGRAPHS);
    return EXIT_USAGE;
}

int cli_version(int argc, char **argv)
{
    int code = no_arguments(argc, argv,
                            "Usage: dbus-opendtu version\n"
                            "\n"
                            "Prints the version of this program and of the libraries in it.\n");

    if (code)
        return code < 0 ? 0 : code;
    about_print(stdout);
    return 0;
}

static void put(void *user, const char *text)
{
    fputs(text, user);
}

int cli_example(int argc, char **argv)
{
    int code = no_arguments(
        argc, argv,
        "Usage: dbus-opendtu example\n"
        "\n"
        "Prints a config.ini with every key, its default and its help, to start from.\n");

    if (code)
        return code < 0 ? 0 : code;
    conf_write_example(put, stdout);
    return fflush(stdout) ? 1 : 0;
}
