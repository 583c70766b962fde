#include "cli/fetch.h"

#include <curl/curl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "edge/http.h"
#include "edge/loop.h"
#include "edge/ws.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { URL_MAX = 1024, TEXT_MAX = 256, TIMEOUT_MAX_S = 3600 };

/* The URL, taken apart as the daemon's configuration has it. */
struct target {
    char scheme[8];
    char base_url[URL_MAX]; /* without credentials */
    char path[URL_MAX];     /* with the query */
    char username[TEXT_MAX], password[TEXT_MAX];
};

struct options {
    struct http_peer_conf conf;
    const char *send;
    const char *url;
};

static void print_help(void)
{
    puts(
        "Usage: dbus-opendtu fetch [OPTION...] URL\n"
        "\n"
        "Asks one URL exactly as the daemon would, and prints the body of the reply.\n"
        "http:// and https:// are got; ws:// and wss:// are sent --send's TEXT, and the first\n"
        "message that comes is printed.\n"
        "\n"
        "  --user NAME        user name\n"
        "  --password TEXT    password; others on this machine can read a command line, so better\n"
        "                     put it into the environment variable DTU_PASSWORD\n"
        "  --digest           Digest authentication instead of Basic\n"
        "  --cacert FILE      certificates to trust, instead of the system's\n"
        "  --insecure         do not verify certificates\n"
        "  --timeout SECONDS  for the request as a whole (default 5)\n"
        "  --send TEXT        for a WebSocket: what to send first\n"
        "\n"
        "Exit codes: 0 printed, 1 failed (the reason on stderr), 2 wrong usage.");
}

static int usage(const char *text, const char *what)
{
    fprintf(stderr, "fetch: %s%s\nfetch: `dbus-opendtu fetch --help` tells more\n", text, what);
    return EXIT_USAGE;
}

static bool parse_timeout(const char *text, unsigned *out)
{
    char *end;
    double s = strtod(text, &end);

    if (end == text || *end || !(s >= 0.001 && s <= TIMEOUT_MAX_S))
        return false;
    *out = (unsigned)(s * 1000);
    return true;
}

/* EXIT_OK to go on; -1 when all is said. */
static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"user", required_argument, NULL, 'u'},
        {"password", required_argument, NULL, 'p'},
        {"digest", no_argument, NULL, 'd'},
        {"cacert", required_argument, NULL, 'c'},
        {"insecure", no_argument, NULL, 'k'},
        {"timeout", required_argument, NULL, 't'},
        {"send", required_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        switch (option) {
        case 'u':
            o->conf.username = optarg;
            break;
        case 'p':
            o->conf.password = optarg;
            break;
        case 'd':
            o->conf.digest = true;
            break;
        case 'c':
            o->conf.ca_cert = optarg;
            break;
        case 'k':
            o->conf.tls_verify = false;
            break;
        case 't':
            if (!parse_timeout(optarg, &o->conf.timeout_ms))
                return usage("--timeout wants seconds, up to 3600, and not ", optarg);
            break;
        case 's':
            o->send = optarg;
            break;
        case 'h':
            print_help();
            return -1;
        default: /* getopt_long has said it */
            return EXIT_USAGE;
        }
    }
    if (optind != argc - 1)
        return usage(optind < argc ? "there is more than one URL: " : "there is no URL",
                     optind < argc ? argv[optind + 1] : "");
    o->url = argv[optind];
    return EXIT_OK;
}

static bool get_part(CURLU *u, CURLUPart part, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    CURLUcode code = curl_url_get(u, part, &text, flags);

    out[0] = '\0';
    if (code == CURLUE_NO_USER || code == CURLUE_NO_PASSWORD || code == CURLUE_NO_QUERY)
        return true;
    if (code != CURLUE_OK)
        return false;
    int len = snprintf(out, size, "%s", text);
    curl_free(text);
    return len >= 0 && (size_t)len < size;
}

static bool cut_off(CURLU *u, CURLUPart part)
{
    return curl_url_set(u, part, NULL, 0) == CURLUE_OK;
}

static bool take_apart(CURLU *u, const char *url, struct target *t)
{
    char query[URL_MAX];

    if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
        !get_part(u, CURLUPART_SCHEME, 0, t->scheme, sizeof(t->scheme)) ||
        !get_part(u, CURLUPART_USER, CURLU_URLDECODE, t->username, sizeof(t->username)) ||
        !get_part(u, CURLUPART_PASSWORD, CURLU_URLDECODE, t->password, sizeof(t->password)) ||
        !get_part(u, CURLUPART_PATH, 0, t->path, sizeof(t->path)) ||
        !get_part(u, CURLUPART_QUERY, 0, query, sizeof(query)))
        return false;
    size_t used = strlen(t->path);
    int more = *query ? snprintf(t->path + used, sizeof(t->path) - used, "?%s", query) : 0;
    if (more < 0 || (size_t)more >= sizeof(t->path) - used)
        return false;
    if (!cut_off(u, CURLUPART_USER) || !cut_off(u, CURLUPART_PASSWORD) ||
        !cut_off(u, CURLUPART_FRAGMENT) || !cut_off(u, CURLUPART_QUERY) ||
        !cut_off(u, CURLUPART_PATH) ||
        !get_part(u, CURLUPART_URL, 0, t->base_url, sizeof(t->base_url)))
        return false;
    size_t len = strlen(t->base_url);
    if (len > 0 && t->base_url[len - 1] == '/')
        t->base_url[len - 1] = '\0';
    return true;
}

static bool split_url(const char *url, struct target *t)
{
    CURLU *u = curl_url();
    bool ok = u && take_apart(u, url, t);

    curl_url_cleanup(u);
    return ok;
}

/* ---- http ---- */

struct fetch {
    struct loop *loop;
};

static int fail(const char *why)
{
    fprintf(stderr, "fetch: %s\n", why);
    return EXIT_FAILED;
}

static int print(const char *text, size_t len)
{
    bool ok = fwrite(text, 1, len, stdout) == len;

    ok = fflush(stdout) == 0 && ok;
    return ok ? EXIT_OK : fail("cannot write to standard output");
}

static void on_done(void *user, const struct http_result *r)
{
    const struct fetch *f = user;

    loop_stop(f->loop, r->outcome == HTTP_OK ? print(r->body, r->len) : fail(r->why));
}

static int fetch_http(const struct target *t, const struct http_peer_conf *conf)
{
    struct fetch f = {.loop = loop_create()};
    struct http *h = f.loop ? http_create(f.loop) : NULL;
    struct http_peer *p = h ? http_peer_create(h, conf) : NULL;
    int code = p ? http_peer_get(p, t->path, on_done, &f) : -1;

    code = code < 0 ? fail("out of memory") : loop_run(f.loop);
    http_peer_destroy(p);
    http_destroy(h);
    loop_destroy(f.loop);
    return code < 0 ? fail("the system failed") : code;
}

/* ---- WebSocket ---- */

static int fetch_ws(const struct target *t, const struct http_peer_conf *conf, const char *text)
{
    char url[2 * URL_MAX], why[200];
    char *message;

    snprintf(url, sizeof(url), "%s%s", t->base_url, t->path);
    if (ws_exchange(url, conf, text, &message, why, sizeof(why)) != HTTP_OK)
        return fail(why);
    int code = print(message, strlen(message));
    free(message);
    return code;
}

int cli_fetch(int argc, char **argv)
{
    struct options o = {.conf = {.tls_verify = true, .timeout_ms = 5000}};
    struct target t = {.scheme = ""};
    int code = parse_options(argc, argv, &o);

    if (code != EXIT_OK)
        return code < 0 ? EXIT_OK : code;
    if (!split_url(o.url, &t))
        return usage("this is no URL with http, https, ws or wss: ", o.url);
    o.conf.base_url = t.base_url;
    if (!o.conf.username)
        o.conf.username = t.username;
    if (!o.conf.password)
        o.conf.password = *t.password ? t.password : getenv("DTU_PASSWORD");
    if (strcasecmp(t.scheme, "ws") == 0 || strcasecmp(t.scheme, "wss") == 0)
        return fetch_ws(&t, &o.conf, o.send);
    if (strcasecmp(t.scheme, "http") == 0 || strcasecmp(t.scheme, "https") == 0)
        return fetch_http(&t, &o.conf);
    return usage("this is no URL with http, https, ws or wss: ", o.url);
}
