/*
 * A URL on the command line, and the options of how to ask it: what `fetch` and `paths` share.
 */
#ifndef DTU_CLI_URL_H
#define DTU_CLI_URL_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "edge/net/http.h"

enum { URL_MAX = 1024, URL_TEXT_MAX = 256 };

/* The URL, taken apart as the daemon's configuration has it. */
struct url {
    char scheme[8];
    char base_url[URL_MAX]; /* without credentials */
    char path[URL_MAX];     /* with the query */
    char username[URL_TEXT_MAX], password[URL_TEXT_MAX];
};

/* False when text is no URL, or too long. */
bool url_split(const char *text, struct url *out);

/* ---- Options ---- */

/* Rows for getopt_long()'s table. A command's own options need other letters. */
#define URL_OPTIONS                                                                          \
    {"user", required_argument, NULL, 'u'}, {"password", required_argument, NULL, 'p'},      \
        {"authorization", required_argument, NULL, 'a'}, {"digest", no_argument, NULL, 'd'}, \
        {"cacert", required_argument, NULL, 'c'}, {"insecure", no_argument, NULL, 'k'},      \
        {"timeout", required_argument, NULL, 't'},                                           \
    {                                                                                        \
        "help", no_argument, NULL, 'h'                                                       \
    }

#define URL_OPTIONS_HELP                                                                              \
    "  --user NAME        user name\n"                                                                \
    "  --password TEXT    password; others on this machine can read a command line, so better\n"      \
    "                     put it into the environment variable DTU_PASSWORD\n"                        \
    "  --authorization TEXT  in place of both: \"Bearer\" and a token; better as DTU_AUTHORIZATION\n" \
    "  --digest           Digest authentication instead of Basic\n"                                   \
    "  --cacert FILE      certificates to trust, instead of the system's\n"                           \
    "  --insecure         do not verify certificates\n"                                               \
    "  --timeout SECONDS  for the request as a whole (default 5)\n"

/* What a conf begins with. */
#define URL_PEER_CONF                           \
    {                                           \
        .tls_verify = true, .timeout_ms = 5000, \
    }

/*
 * Takes one of URL_OPTIONS but "help" into conf (arg is borrowed). True when it did; false for what
 * is not one of them, or has a value that cannot be, which is said on stderr in the name of command.
 */
bool url_option(const char *command, int option, const char *arg, struct http_peer_conf *conf);

/* Completes conf with what the URL says; options, DTU_PASSWORD and DTU_AUTHORIZATION fill in. */
void url_conf(const struct url *url, struct http_peer_conf *conf);

/* ---- Asking ---- */

/*
 * Asks once, and returns when that is over: done has been called then. False when the system failed
 * and it was not.
 */
bool url_get(const struct http_peer_conf *conf, const char *path, http_done_fn done, void *user);

#endif
