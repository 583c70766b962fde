#include "cli/paths/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/fold.h"
#include "cli/paths/proposal.h"
#include "cli/paths/watch.h"
#include "cli/print.h"
#include "cli/show/number_list.h"
#include "cli/url.h"
#include "core/conf.h"
#include "core/driver.h"
#include "core/json.h"
#include "core/json_paths.h"
#include "core/text.h"
#include "edge/sys/clock.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { NUMBERS_MAX = 2000, POLLS = 5, WATCH_S = 10, WATCH_MAX_S = 600 };

static const char help[] =
    "Usage: dbus-opendtu paths [OPTION...] HOST[:PORT]/PATH\n"
    "\n"
    "For a device that has no type: asks it as a [TEMPLATEn] section would, and prints every number in its\n"
    "JSON reply with the path that leads to it, as it is written into the section: CUST_Power=PATH,\n"
    "CUST_Total=PATH, CUST_Voltage=PATH, ... Asks again for some seconds, to tell counters from what is\n"
    "measured, says what each number probably is, and proposes the section. Compare that with what the\n"
    "device itself shows. Example: dbus-opendtu paths 192.168.1.51/rpc/Switch.GetStatus?id=0\n"
    "\n"
    "  --once             ask once, and print the numbers alone\n"
    "  --watch SECONDS    how long to watch, 1 to 600 (default 10)\n"
    "  --device           print a device file in place of all that, for the folder devices\n"
    "  --json             [{\"path\": \"a/0\", \"value\": 1.5}, ...], of one reply; paths as they are\n"
    "                     read: where a % is in one, the configuration has %%\n" URL_OPTIONS_HELP
    "\n"
    "Exit codes: 0 printed, 1 no reply, or none with numbers, or with --device no power (the reason on\n"
    "stderr), 2 wrong usage.\n";

struct options {
    struct http_peer_conf conf;
    bool json, once, device;
    unsigned watch_s;
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

static bool take_seconds(const char *text, unsigned *seconds)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (end == text || *end || n < 1 || n > WATCH_MAX_S)
        return false;
    *seconds = (unsigned)n;
    return true;
}

/* EXIT_OK to go on; -1 when all is said. */
static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        URL_OPTIONS,
        {"json", no_argument, NULL, 'j'},
        {"once", no_argument, NULL, 'o'},
        {"watch", required_argument, NULL, 'w'},
        {"device", no_argument, NULL, 'D'},
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
        else if (option == 'o')
            o->once = true;
        else if (option == 'D')
            o->device = true;
        else if (option == 'w' && !take_seconds(optarg, &o->watch_s))
            return usage("--watch wants seconds, 1 to 600, and not ", optarg);
        else if (option != 'w' && !url_option("paths", option, optarg, &o->conf))
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

/* ---- Asking ---- */

struct asking {
    const struct options *options;
    const char *path;
    cJSON *root; /* of the last reply that could be read */
    bool first;
    int code;
};

static void take(struct asking *a, cJSON *root)
{
    if (json_get(root, "WARNING")) { /* Tasmota before 8.2.3 refuses with a 200 */
        a->code = fail("the device wants a user name and a password: --user, --password");
        cJSON_Delete(root);
    } else if (json_paths(root, 0, NULL, NULL) == 0) {
        a->code = fail("there is no number in the reply");
        cJSON_Delete(root);
    } else {
        cJSON_Delete(a->root);
        a->root = root;
        a->code = EXIT_OK;
    }
}

/* What goes wrong later than at first is of no interest: there are others. */
static void on_done(void *user, const struct gateway_reply *r)
{
    struct asking *a = user;
    char why[160];

    cJSON *root = r->outcome == REPLY_OK ? json_parse(r->body, r->len, why, sizeof why) : NULL;
    if (!a->first) {
        bool numbers = json_paths(root, 0, NULL, NULL) > 0;
        cJSON_Delete(numbers ? a->root : root);
        a->root = numbers ? root : a->root;
        return;
    }
    a->code = EXIT_FAILED;
    if (root)
        take(a, root);
    else
        fail(r->outcome == REPLY_OK ? why : r->why);
    if (r->outcome == REPLY_UNAUTHORIZED)
        fputs("paths: here that is --user NAME, --password TEXT, --digest, --authorization TEXT\n",
              stderr);
}

static bool ask(struct asking *a, bool first)
{
    a->first = first;
    return url_get(&a->options->conf, a->path, on_done, a);
}

static void sleep_until(int64_t when_ms)
{
    int64_t ms = when_ms - clock_now_ms();

    if (ms > 0)
        (void)clock_poll(NULL, 0, (int)ms);
}

/* Asks a few times more, evenly over the time. */
static void watch(struct asking *a, struct watch *w)
{
    int64_t begin = clock_now_ms();
    unsigned seconds = a->options->watch_s;

    if (isatty(STDERR_FILENO))
        fprintf(stderr, "paths: watching the numbers for %u s; --once does not\n", seconds);
    for (unsigned n = 1; n < POLLS; n++) {
        const cJSON *before = a->root;
        sleep_until(begin + (int64_t)seconds * 1000 * n / (POLLS - 1));
        if (ask(a, false) && a->root != before)
            watch_again(w, a->root, clock_now_ms());
    }
}

/* ---- Printing ---- */

struct noting {
    const struct watch *watch;
    char text[WATCH_NOTE_MAX];
};

static const char *note_of(void *user, const char *path)
{
    struct noting *n = user;

    watch_note(n->watch, path, n->text);
    return n->text;
}

/* False where it has none. */
static bool put_type(FILE *out, const struct proposal_request *r, const struct asking *a)
{
    char *type = proposal_of_type(r, a->root);

    if (!type)
        return false;
    fputs("This device has a type: these lines of config.ini are enough.\n\n", out);
    proposal_print(out, type);
    fputc('\n', out);
    free(type);
    return true;
}

static void put_proposal(FILE *out, const struct proposal_request *r, const struct asking *a,
                         struct guess *guess)
{
    char *section = proposal_make(r, guess, a->root, false);

    if (!section) {
        fputs(
            "\nNone of them looks like a power: write CUST_Power = and the path of what is one.\n",
            out);
        return;
    }
    fputs("\nA section for config.ini, guessed: compare it with what the device itself shows.\n\n",
          out);
    proposal_print(out, section);
    free(section);
}

static void put_report(FILE *out, const struct proposal_request *r, const struct asking *a,
                       const struct watch *w, struct guess *guess)
{
    struct noting noting = {.watch = w};
    bool typed = put_type(out, r, a);

    number_list_print_noted(out, a->root, NUMBERS_MAX, note_of, &noting);
    if (!typed)
        put_proposal(out, r, a, guess);
}

/* On a terminal no line is wider than that. */
static int print_report(const struct proposal_request *r, const struct asking *a,
                        const struct watch *w, struct guess *guess)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return fail("out of memory");
    put_report(out, r, a, w, guess);
    if (fclose(out) != 0) {
        free(text);
        return fail("out of memory");
    }
    text[text_clean_lines(text, strlen(text))] = '\0';
    fold_print(stdout, text, FOLD_LINES);
    free(text);
    return EXIT_OK;
}

static int print_device(const struct proposal_request *r, const struct asking *a,
                        struct guess *guess)
{
    char *text = proposal_make(r, guess, a->root, true);

    if (!text)
        return fail("none of its numbers looks like a power: without --device they are listed");
    bool ok = print_lines(stdout, text, strlen(text));
    free(text);
    return ok ? EXIT_OK : fail("out of memory");
}

static int look_closely(struct asking *a)
{
    const struct proposal_request r = {&a->options->conf, a->options->url.path};
    struct watch *w = calloc(1, sizeof *w);
    struct guess guess;
    int code = EXIT_FAILED;

    if (!w || !watch_begin(w, a->root, clock_now_ms())) {
        fail("out of memory");
    } else {
        if (!a->options->once)
            watch(a, w);
        watch_guess(w, &guess);
        code = a->options->device ? print_device(&r, a, &guess) : print_report(&r, a, w, &guess);
    }
    if (w)
        watch_finish(w);
    free(w);
    return code;
}

static int print(struct asking *a)
{
    if (a->options->json)
        return print_json(a->root);
    if (!a->options->once || a->options->device)
        return look_closely(a);
    number_list_print(stdout, "", a->root, NUMBERS_MAX);
    return EXIT_OK;
}

int cli_paths(int argc, char **argv)
{
    struct options o = {.conf = URL_PEER_CONF, .watch_s = WATCH_S};
    char path[MESSAGE_PATH_MAX];
    struct asking a = {.options = &o, .path = path};
    int code = parse_options(argc, argv, &o);

    if (code != EXIT_OK)
        return code < 0 ? EXIT_OK : code;
    if (!request_path(&o, path) || !ask(&a, true))
        return fail("the system failed");
    code = a.code == EXIT_OK ? print(&a) : a.code;
    cJSON_Delete(a.root);
    return fflush(stdout) ? fail("cannot write to standard output") : code;
}
