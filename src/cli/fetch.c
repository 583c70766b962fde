#include "cli/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/fold.h"
#include "cli/print.h"
#include "cli/url.h"
#include "edge/net/http.h"
#include "edge/net/ws.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct options {
    struct http_peer_conf conf;
    const char *send;
    const char *url;
};

static const char help[] =
    "Usage: dbus-opendtu fetch [OPTION...] URL\n"
    "\n"
    "Asks one URL exactly as the daemon would, and prints the body of the reply; control characters and\n"
    "what is not UTF-8 as '?'.\n"
    "http:// and https:// are got; ws:// and wss:// are sent --send's TEXT, and the first\n"
    "message that comes is printed.\n"
    "\n" URL_OPTIONS_HELP "  --send TEXT        for a WebSocket: what to send first\n"
    "\n"
    "Exit codes: 0 printed, 1 failed (the reason on stderr), 2 wrong usage.\n";

static int usage(const char *text, const char *what)
{
    fprintf(stderr, "fetch: %s%s\nfetch: `dbus-opendtu fetch --help` tells more\n", text, what);
    return EXIT_USAGE;
}

/* EXIT_OK to go on; -1 when all is said. */
static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        URL_OPTIONS,
        {"send", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        if (option == 'h') {
            fold_print(stdout, help, FOLD_PARAGRAPHS);
            return -1;
        }
        if (option == 's')
            o->send = optarg;
        else if (!url_option("fetch", option, optarg, &o->conf))
            return EXIT_USAGE;
    }
    if (optind != argc - 1)
        return usage(optind < argc ? "there is more than one URL: " : "there is no URL",
                     optind < argc ? argv[optind + 1] : "");
    o->url = argv[optind];
    return EXIT_OK;
}

static int fail(const char *why)
{
    print_line(stderr, "fetch: %s", why);
    return EXIT_FAILED;
}

static int print(const char *text, size_t len)
{
    return print_lines(stdout, text, len) ? EXIT_OK : fail("cannot write to standard output");
}

static void on_done(void *user, const struct gateway_reply *r)
{
    int *code = user;

    *code = r->outcome == REPLY_OK ? print(r->body, r->len) : fail(r->why);
}

static int fetch_http(const struct url *t, const struct http_peer_conf *conf)
{
    int code = EXIT_FAILED;

    return url_get(conf, t->path, on_done, &code) ? code : fail("the system failed");
}

static int fetch_ws(const struct url *t, const struct http_peer_conf *conf, const char *text)
{
    char url[2 * URL_MAX], why[200];
    char *message;

    snprintf(url, sizeof(url), "%s%s", t->base_url, t->path);
    if (ws_exchange(url, conf, text, &message, why, sizeof(why)) != REPLY_OK)
        return fail(why);
    int code = print(message, strlen(message));
    free(message);
    return code;
}

int cli_fetch(int argc, char **argv)
{
    struct options o = {.conf = URL_PEER_CONF};
    struct url t;
    int code = parse_options(argc, argv, &o);

    if (code != EXIT_OK)
        return code < 0 ? EXIT_OK : code;
    if (!url_split(o.url, &t))
        return usage("this is no URL with http, https, ws or wss: ", o.url);
    url_conf(&t, &o.conf);
    if (strcasecmp(t.scheme, "ws") == 0 || strcasecmp(t.scheme, "wss") == 0)
        return fetch_ws(&t, &o.conf, o.send);
    if (strcasecmp(t.scheme, "http") == 0 || strcasecmp(t.scheme, "https") == 0)
        return fetch_http(&t, &o.conf);
    return usage("this is no URL with http, https, ws or wss: ", o.url);
}
