#include "cli/about.h"

#include <cjson/cJSON.h>
#include <dbus/dbus.h>
#include <stdio.h>

#include "core/conf.h"
#include "edge/http.h"
#include "version.h"

void about_print(FILE *out)
{
    int major, minor, micro;
    dbus_get_version(&major, &minor, &micro);
    fprintf(out, "dbus-opendtu %s\n%s libdbus/%d.%d.%d cJSON/%s\n", dtu_version, http_version(),
            major, minor, micro, cJSON_Version());
}

int cli_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    about_print(stdout);
    return 0;
}

static void put(void *user, const char *text)
{
    fputs(text, user);
}

int cli_example(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    conf_write_example(put, stdout);
    return fflush(stdout) ? 1 : 0;
}
