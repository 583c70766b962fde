#include "cli/url.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "edge/sys/loop.h"

enum { TIMEOUT_MAX_S = 3600 };

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

static bool take_apart(CURLU *u, const char *text, struct url *t)
{
    char query[URL_MAX];

    if (curl_url_set(u, CURLUPART_URL, text, 0) != CURLUE_OK ||
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

bool url_split(const char *text, struct url *out)
{
    CURLU *u = curl_url();

    *out = (struct url){.scheme = ""};
    bool ok = u && take_apart(u, text, out);
    curl_url_cleanup(u);
    return ok;
}

/* ---- Options ---- */

static bool parse_timeout(const char *text, unsigned *out)
{
    char *end;
    double s = strtod(text, &end);

    if (end == text || *end || !(s >= 0.001 && s <= TIMEOUT_MAX_S))
        return false;
    *out = (unsigned)(s * 1000);
    return true;
}

bool url_option(const char *command, int option, const char *arg, struct http_peer_conf *conf)
{
    switch (option) {
    case 'u':
        conf->username = arg;
        return true;
    case 'p':
        conf->password = arg;
        return true;
    case 'a':
        conf->authorization = arg;
        return true;
    case 'd':
        conf->digest = true;
        return true;
    case 'c':
        conf->ca_cert = arg;
        return true;
    case 'k':
        conf->tls_verify = false;
        return true;
    case 't':
        if (parse_timeout(arg, &conf->timeout_ms))
            return true;
        fprintf(stderr, "%s: --timeout wants seconds, up to %d, and not %s\n", command,
                TIMEOUT_MAX_S, arg);
        return false;
    default: /* getopt_long has said it */
        return false;
    }
}

void url_conf(const struct url *url, struct http_peer_conf *conf)
{
    conf->base_url = url->base_url;
    if (!conf->username)
        conf->username = url->username;
    if (!conf->password)
        conf->password = *url->password ? url->password : getenv("DTU_PASSWORD");
    if (!conf->authorization)
        conf->authorization = getenv("DTU_AUTHORIZATION");
}

/* ---- Asking ---- */

struct asking {
    struct loop *loop;
    http_done_fn done;
    void *user;
};

static void on_done(void *user, const struct gateway_reply *r)
{
    const struct asking *a = user;

    a->done(a->user, r);
    loop_stop(a->loop, 0);
}

bool url_get(const struct http_peer_conf *conf, const char *path, http_done_fn done, void *user)
{
    struct asking a = {.loop = loop_create(), .done = done, .user = user};
    struct http *h = a.loop ? http_create(a.loop) : NULL;
    struct http_peer *p = h ? http_peer_create(h, conf) : NULL;
    bool ok = p && http_peer_get(p, path, on_done, &a) == 0 && loop_run(a.loop) == 0;

    http_peer_destroy(p);
    http_destroy(h);
    loop_destroy(a.loop);
    return ok;
}
