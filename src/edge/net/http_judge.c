#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/gzip.h"
#include "core/refusal.h"
#include "edge/net/curl_handle.h"
#include "edge/net/http_peer.h"

enum {
    REDIRECTS_MAX = 2,
    RETRY_AFTER_MAX_S = 3600,
};

/* ---- redirects ---- */

static bool get_part(CURLU *u, CURLUPart part, char *out, size_t size)
{
    char *text = NULL;

    if (curl_url_get(u, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return false;
    int len = snprintf(out, size, "%s", text);
    curl_free(text);
    return len >= 0 && (size_t)len < size;
}

static bool get_origin(CURLU *u, struct origin *out)
{
    return get_part(u, CURLUPART_SCHEME, out->scheme, sizeof(out->scheme)) &&
           get_part(u, CURLUPART_HOST, out->host, sizeof(out->host)) &&
           get_part(u, CURLUPART_PORT, out->port, sizeof(out->port));
}

static bool same_origin(const struct origin *a, const struct origin *b)
{
    return strcasecmp(a->scheme, b->scheme) == 0 && strcasecmp(a->host, b->host) == 0 &&
           strcmp(a->port, b->port) == 0;
}

/* An origin that cannot be told stays empty, and is the same as none. */
void http_learn_origin(struct http_peer *p)
{
    CURLU *u = curl_url();

    if (!u || curl_url_set(u, CURLUPART_URL, p->conf.base_url, 0) != CURLUE_OK ||
        !get_origin(u, &p->origin))
        p->origin = (struct origin){.scheme = ""};
    curl_url_cleanup(u);
}

/*
 * Follows a redirect if it stays at the same host; curl by itself would follow anywhere. User name
 * and password in the new address are dropped: those of the configuration count. Returns whether
 * another transfer has begun.
 */
static bool follow(struct http_peer *p, const char *target)
{
    struct origin there = {.scheme = ""};
    char url[HTTP_URL_MAX];
    CURLU *u = curl_url();
    bool ok = u && curl_url_set(u, CURLUPART_URL, target, 0) == CURLUE_OK &&
              get_origin(u, &there) && same_origin(&there, &p->origin) &&
              curl_url_set(u, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
              curl_url_set(u, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK &&
              curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
              get_part(u, CURLUPART_URL, url, sizeof(url));

    curl_url_cleanup(u);
    if (!ok)
        return false;
    if (++p->redirects > REDIRECTS_MAX) {
        p->code = CURLE_TOO_MANY_REDIRECTS;
        return false;
    }
    http_begin(p, url);
    return true;
}

static void explain_redirect(const struct http_peer *p, const char *target, struct gateway_reply *r)
{
    char from[CURL_HANDLE_HOST_MAX], to[CURL_HANDLE_HOST_MAX];

    curl_handle_host(p->conf.base_url, from, sizeof(from));
    curl_handle_host(target, to, sizeof(to));
    /* Neither user information nor a query: they may hold a secret. */
    const char *host = strrchr(to, '@');
    snprintf(r->why, sizeof(r->why),
             "%s redirects to %.*s://%s, which is not followed: write that as Host?", from,
             (int)strcspn(target, ":"), target, host ? host + 1 : to);
}

/* ---- results ---- */

static bool http_date(const char *text, time_t *out)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S", &tm);

    if (!end || strcmp(end, " GMT") != 0)
        return false;
    *out = timegm(&tm);
    return true;
}

/* A date counts from the gateway's own clock, since ours may be wrong by decades. */
static unsigned retry_after(const struct http_peer *p)
{
    time_t then, now;
    char *end;
    long long s;

    if (p->retry_after[0] >= '0' && p->retry_after[0] <= '9') {
        errno = 0;
        s = strtoll(p->retry_after, &end, 10);
        if (*end)
            return 0;
    } else if (http_date(p->retry_after, &then) && http_date(p->date, &now)) {
        s = (long long)then - (long long)now;
        if (s > 24LL * RETRY_AFTER_MAX_S)
            return 0; /* absurd: a clock that was set in between */
    } else {
        return 0;
    }
    if (s < 0)
        return 0;
    return s > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : (unsigned)s;
}

/* 407 and 408 are a proxy's, or a server's that saw no request: they say nothing of the page. */
static enum reply_outcome outcome_of(long status)
{
    if (status == 401)
        return REPLY_UNAUTHORIZED;
    if (status == 429 || status == 503)
        return REPLY_BUSY;
    return status >= 300 && status < 500 && status != 407 && status != 408 ? REPLY_NOT_FOUND
                                                                           : REPLY_ERROR;
}

static void explain_status(const struct http_peer *p, struct gateway_reply *r)
{
    char host[CURL_HANDLE_HOST_MAX];

    curl_handle_host(p->conf.base_url, host, sizeof(host));
    if (r->status == 404)
        snprintf(
            r->why, sizeof(r->why),
            "%s does not know what it was asked for (404): is it the configured kind of gateway?",
            host);
    else if (r->outcome == REPLY_BUSY)
        snprintf(r->why, sizeof(r->why), "%s is overloaded (%ld): it is asked again later", host,
                 r->status);
    else if (r->status >= 500)
        snprintf(r->why, sizeof(r->why), "%s reports an error (%ld)", host, r->status);
    else
        snprintf(r->why, sizeof(r->why), "%s does not answer the question (status %ld)", host,
                 r->status);
}

/* The answer to the wish for a WebSocket; false when it is asked for once more. */
static bool judge_upgrade(struct http_peer *p, struct gateway_reply *r)
{
    char host[CURL_HANDLE_HOST_MAX];

    if (r->status == 101) {
        r->outcome = REPLY_OK;
        return true;
    }
    /* For an upgrade, curl takes the challenge of a 401 but leaves it to us to ask again. */
    if (r->status == 401 && p->conf.digest && !p->retried) {
        p->retried = true;
        http_begin(p, p->url);
        return false;
    }
    curl_handle_host(p->conf.base_url, host, sizeof(host));
    r->outcome = outcome_of(r->status);
    snprintf(r->why, sizeof(r->why), "%s offers no WebSocket (status %ld)", host, r->status);
    return true;
}

/* A body that is packed although that was not asked for is unpacked; false when it cannot be. */
static bool unpack(struct http_peer *p)
{
    size_t len = 0;

    if (!gzip_is(p->body, p->len))
        return true;
    char *body = gzip_unpack(p->body, p->len, HTTP_BODY_MAX, &len);
    free(p->body);
    p->body = body;
    p->len = len;
    p->capacity = body ? len + 1 : 0;
    return body != NULL;
}

/* The device's own words, where it has any. */
static void add_words(const struct http_peer *p, struct gateway_reply *r)
{
    const char *blank = strchr(p->conf.authorization, ' ');
    const char *const secrets[] = {p->conf.password, blank ? blank + 1 : p->conf.authorization};
    size_t used = strlen(r->why);
    char words[REFUSAL_WORDS_MAX];

    if (p->len == 0) /* then there may be no body at all */
        return;
    refusal_words(p->body, p->len, secrets, sizeof secrets / sizeof secrets[0], words);
    if (words[0])
        snprintf(r->why + used, sizeof(r->why) - used, "; it says \"%s\"", words);
}

static void judge_success(struct http_peer *p, bool readable, struct gateway_reply *r)
{
    char host[CURL_HANDLE_HOST_MAX];

    if (readable) {
        r->outcome = REPLY_OK;
        return;
    }
    snprintf(r->why, sizeof(r->why),
             "the reply of %s is packed (gzip) and damaged, or larger than 1 MiB",
             curl_handle_host(p->conf.base_url, host, sizeof(host)));
}

/* The reply is complete; false when another transfer has begun in its place. */
static bool judge_reply(struct http_peer *p, struct gateway_reply *r)
{
    bool readable = unpack(p);
    char *target = NULL;

    if (r->status >= 200 && r->status <= 299) {
        judge_success(p, readable, r);
        return true;
    }
    if (r->status == 401) {
        /*
         * A nonce from an earlier request has run out, or serves once only (Shelly's firmware before
         * 2.0). Unless the peer says stale=true, curl takes this for wrong credentials.
         */
        if (p->nonce_held && !p->retried) {
            p->retried = true;
            if (p->uses == 1)
                p->once_for = HTTP_NONCE_ONCE_FOR;
            http_forget_nonce(p);
            http_begin(p, p->url);
            return false;
        }
        r->outcome = REPLY_UNAUTHORIZED;
        curl_handle_explain_unauthorized(p->easy, p->conf.base_url, &p->conf, r->why,
                                         sizeof(r->why));
        add_words(p, r);
        return true;
    }
    r->outcome = outcome_of(r->status);
    curl_easy_getinfo(p->easy, CURLINFO_REDIRECT_URL, &target);
    if (target) {
        if (p->format == MESSAGE_NO_BODY && !p->conf.stay && follow(p, target))
            return false;
        if (p->code == CURLE_OK) {
            explain_redirect(p, target, r);
            return true;
        }
        r->outcome = curl_handle_explain(p->easy, p->code, p->error, p->conf.base_url, &p->conf,
                                         r->why, sizeof(r->why));
        return true;
    }
    if (r->outcome == REPLY_BUSY)
        r->retry_after_s = retry_after(p);
    explain_status(p, r);
    add_words(p, r);
    return true;
}

static void explain_failure(struct http_peer *p, struct gateway_reply *r)
{
    r->outcome = curl_handle_explain(p->easy, p->code, p->error, p->conf.base_url, &p->conf, r->why,
                                     sizeof(r->why));
    if (p->code == CURLE_COULDNT_RESOLVE_HOST && *p->unresolved)
        snprintf(r->why, sizeof(r->why), "%s", p->unresolved);
    if (r->outcome == REPLY_UNREACHABLE || r->outcome == REPLY_TIMEOUT)
        http_forget_address(p); /* it may have another by now */
}

bool http_judge(struct http_peer *p, struct gateway_reply *r)
{
    curl_off_t us = 0;

    *r = (struct gateway_reply){.outcome = REPLY_FAILED};
    if (p->begun) {
        curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &r->status);
        curl_easy_getinfo(p->easy, CURLINFO_TOTAL_TIME_T, &us);
    }
    p->spent_ms += (double)us / 1000.0;
    if (p->conf.websocket && (p->code == CURLE_OK || p->code == CURLE_HTTP_RETURNED_ERROR)) {
        if (!judge_upgrade(p, r))
            return false;
    } else if (p->code != CURLE_OK) {
        explain_failure(p, r);
    } else if (!judge_reply(p, r)) {
        return false;
    }
    r->latency_ms = p->spent_ms;
    if (!http_make_room(p, 0)) { /* an empty body needs its NUL as well */
        r->outcome = REPLY_FAILED;
        snprintf(r->why, sizeof(r->why), "out of memory");
        return true;
    }
    p->body[p->len] = '\0';
    r->body = p->body;
    r->len = p->len;
    return true;
}

/* What curl knows of authentication serves the next request too, unless it was refused. */
