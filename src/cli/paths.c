#include "cli/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/fold.h"
#include "cli/print.h"
#include "cli/show/number_list.h"
#include "cli/url.h"
#include "core/conf.h"
#include "core/driver.h"
#include "core/json.h"
#include "core/json_paths.h"
#include "core/text.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { NUMBERS_MAX = 2000 };

static const char help[] =
    "Usage: dbus-opendtu paths [OPTION...] HOST[:PORT]/PATH\n"
    "\n"
    "Asks a device as a [TEMPLATEn] section would, and prints every number in its JSON reply with the\n"
    "path that leads to it, as it is written into the section: CUST_Power=PATH, CUST_Total=PATH,\n"
    "CUST_Voltage=PATH, ... Example: dbus-opendtu paths 192.168.1.51/rpc/Switch.GetStatus?id=0\n"
    "\n" URL_OPTIONS_HELP
    "  --json             [{\"path\": \"a/0\", \"value\": 1.5}, ...], paths as they are read: where\n"
    "                     a % is in one, the configuration has %%\n"
    "\n"
    "Exit codes: 0 printed, 1 no reply, or none with numbers (the reason on stderr), 2 wrong usage.\n";

struct options {
    struct http_peer_conf conf;
    bool json;
    struct url url;
};

static int usage(const char *text, const char *what)
{
    fprintf(stderr, "paths: %s%s\npaths: `dbus-opendtu paths --help` tells more\n", text, what);
    return EXIT_USAGE;
}

static int fail(const char *why)
{
    print_line(stderr, "paths: %s", why);
    return EXIT_FAILED;
}

static int take_url(const char *text, struct options *o)
{
    char url[URL_MAX + 8];

    snprintf(url, sizeof url, "%s%s", strstr(text, "://") ? "" : "http://", text);
    if (strlen(text) >= URL_MAX || !url_split(url, &o->url) ||
        (strcasecmp(o->url.scheme, "http") != 0 && strcasecmp(o->url.scheme, "https") != 0))
        return usage("this is no HOST[:PORT]/PATH, and no URL with http or https: ", text);
    if (strlen(o->url.base_url) >= CONF_TEXT_MAX || strlen(o->url.path) >= CONF_TEXT_MAX)
        return usage("longer than a configuration may have it: ", text);
    url_conf(&o->url, &o->conf);
    return EXIT_OK;
}

/* EXIT_OK to go on; -1 when all is said. */
static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        URL_OPTIONS,
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        if (option == 'h') {
            fold_print(stdout, help, FOLD_PARAGRAPHS);
            return -1;
        }
        if (option == 'j')
            o->json = true;
        else if (!url_option("paths", option, optarg, &o->conf))
            return EXIT_USAGE;
    }
    if (optind != argc - 1)
        return usage(optind < argc ? "there is more than one address: " : "there is no address",
                     optind < argc ? argv[optind + 1] : "");
    return take_url(argv[optind], o);
}

/* The path as the template driver asks for it: escaped, and with credentials where Tasmota wants them. */
static bool request_path(const struct options *o, char out[MESSAGE_PATH_MAX])
{
    const struct driver *driver = driver_find(conf_template_driver);
    struct gateway_conf *conf = calloc(1, sizeof *conf);
    void *session = driver ? calloc(1, driver->session_size) : NULL;
    struct message request = {.path = ""};
    bool ok = conf && session;

    if (ok) {
        text_copy(conf->section, sizeof conf->section, "TEMPLATE0");
        text_copy(conf->username, sizeof conf->username, o->conf.username);
        text_copy(conf->password, sizeof conf->password, o->conf.password);
        text_copy(conf->template.api_path[0], sizeof conf->template.api_path[0], o->url.path);
        driver->open(session, conf);
        driver->begin(session, 0);
        ok = driver->next(session, &request);
        memcpy(out, request.path, MESSAGE_PATH_MAX);
        if (driver->close)
            driver->close(session);
    }
    free(session);
    free(conf);
    return ok;
}

static int print_json(const cJSON *root)
{
    cJSON *list = number_list_json(root, NUMBERS_MAX);
    char *text = list ? cJSON_Print(list) : NULL;
    bool ok = text && print_lines(stdout, text, strlen(text)) && putchar('\n') >= 0;

    cJSON_Delete(list);
    cJSON_free(text);
    return ok ? EXIT_OK : fail("out of memory");
}

static int print(const struct options *o, const cJSON *root)
{
    if (json_get(root, "WARNING")) /* Tasmota before 8.2.3 refuses with a 200 */
        return fail("the device wants a user name and a password: --user, --password");
    if (json_paths(root, 0, NULL, NULL) == 0)
        return fail("there is no number in the reply");
    if (o->json)
        return print_json(root);
    number_list_print(stdout, "", root, NUMBERS_MAX);
    return EXIT_OK;
}

struct asking {
    const struct options *options;
    int code;
};

static void on_done(void *user, const struct gateway_reply *r)
{
    struct asking *a = user;
    char why[160];

    a->code = EXIT_FAILED;
    if (r->outcome != REPLY_OK) {
        fail(r->why);
        if (r->outcome == REPLY_UNAUTHORIZED)
            fputs(
                "paths: here that is --user NAME, --password TEXT, --digest, --authorization TEXT\n",
                stderr);
        return;
    }
    cJSON *root = json_parse(r->body, r->len, why, sizeof why);
    a->code = root ? print(a->options, root) : fail(why);
    cJSON_Delete(root);
}

int cli_paths(int argc, char **argv)
{
    struct options o = {.conf = URL_PEER_CONF};
    struct asking a = {.options = &o};
    char path[MESSAGE_PATH_MAX];
    int code = parse_options(argc, argv, &o);

    if (code != EXIT_OK)
        return code < 0 ? EXIT_OK : code;
    if (!request_path(&o, path) || !url_get(&o.conf, path, on_done, &a))
        return fail("the system failed");
    return fflush(stdout) ? fail("cannot write to standard output") : a.code;
}
