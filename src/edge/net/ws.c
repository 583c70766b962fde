#include "edge/net/ws.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/net/curl_handle.h"
#include "edge/net/ws_inbox.h"
#include "edge/sys/clock.h"

struct exchange {
    CURL *easy;
    const char *url;
    const struct http_peer_conf *conf;
    int64_t deadline_ms;
    struct ws_inbox inbox;
    char error[CURL_ERROR_SIZE];
};

static size_t ignore_body(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    (void)user;
    return size * count;
}

static bool configure(struct exchange *x)
{
    CURL *e = x->easy;

    return curl_handle_configure(e, x->conf, "ws,wss") && ws_inbox_configure(e) &&
           curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, ignore_body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->error) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_URL, x->url) == CURLE_OK;
}

static long status_of(CURL *e)
{
    long status = 0;

    curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static CURLcode perform(struct exchange *x)
{
    int64_t left_ms = x->deadline_ms - clock_now_ms();

    if (left_ms <= 0)
        return CURLE_OPERATION_TIMEDOUT;
    curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)left_ms);
    return curl_easy_perform(x->easy);
}

static CURLcode connect_to(struct exchange *x)
{
    CURLcode code = perform(x);

    /* For an upgrade, curl takes the challenge of a 401 but leaves it to us to ask again. */
    if (code == CURLE_HTTP_RETURNED_ERROR && status_of(x->easy) == 401 && x->conf->digest)
        code = perform(x);
    if (code == CURLE_OK && status_of(x->easy) != 101)
        code = CURLE_GOT_NOTHING; /* curl takes a closed connection for an agreement */
    return code;
}

static CURLcode wait_for(struct exchange *x, short events)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    int64_t left_ms = x->deadline_ms - clock_now_ms();

    if (curl_easy_getinfo(x->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD)
        return CURLE_GOT_NOTHING;
    struct pollfd p = {.fd = fd, .events = events};
    if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
        return CURLE_OPERATION_TIMEDOUT;
    return CURLE_OK;
}

static CURLcode send_text(struct exchange *x, const char *text)
{
    size_t len = strlen(text), done = 0;
    CURLcode code = CURLE_OK;

    while (done < len && (code == CURLE_OK || code == CURLE_AGAIN)) {
        size_t sent = 0;
        code = curl_ws_send(x->easy, text + done, len - done, &sent, 0, CURLWS_TEXT);
        done += sent;
        if (code == CURLE_AGAIN && wait_for(x, POLLOUT) != CURLE_OK)
            code = CURLE_OPERATION_TIMEDOUT;
    }
    return code;
}

static CURLcode receive_text(struct exchange *x)
{
    CURLcode code = CURLE_OK;

    while (code == CURLE_OK && !x->inbox.complete) {
        code = ws_inbox_receive(&x->inbox, x->easy);
        if (code == CURLE_AGAIN)
            code = wait_for(x, POLLIN);
        else if (code == CURLE_OK && clock_now_ms() >= x->deadline_ms)
            code = CURLE_OPERATION_TIMEDOUT;
    }
    return code;
}

static enum reply_outcome explain(const struct exchange *x, CURLcode code, bool connected,
                                  char *why, size_t why_size)
{
    char host[CURL_HANDLE_HOST_MAX];

    curl_handle_host(x->url, host, sizeof(host));
    if (connected && code == CURLE_OPERATION_TIMEDOUT) {
        snprintf(why, why_size, "%s accepted the WebSocket but sent no message within %g s", host,
                 x->conf->timeout_ms / 1000.0);
        return REPLY_TIMEOUT;
    }
    if (connected && code == CURLE_GOT_NOTHING) {
        snprintf(why, why_size, "%s closed the WebSocket before a message was complete", host);
        return REPLY_CUT_OFF;
    }
    if (code != CURLE_HTTP_RETURNED_ERROR)
        return curl_handle_explain(x->easy, code, x->error, x->url, x->conf, why, why_size);
    if (status_of(x->easy) == 401) {
        curl_handle_explain_unauthorized(x->easy, x->url, x->conf, why, why_size);
        return REPLY_UNAUTHORIZED;
    }
    snprintf(why, why_size, "%s offers no WebSocket there (status %ld): is the path right?", host,
             status_of(x->easy));
    return REPLY_NOT_FOUND;
}

static enum reply_outcome run(struct exchange *x, const char *text, char *why, size_t why_size)
{
    bool connected = false;
    CURLcode code = configure(x) ? connect_to(x) : CURLE_URL_MALFORMAT;

    if (code == CURLE_OK) {
        connected = true;
        code = text ? send_text(x, text) : CURLE_OK;
    }
    if (code == CURLE_OK)
        code = receive_text(x);
    return code == CURLE_OK ? REPLY_OK : explain(x, code, connected, why, why_size);
}

enum reply_outcome ws_exchange(const char *url, const struct http_peer_conf *conf, const char *text,
                               char **message, char *why, size_t why_size)
{
    struct exchange x = {.url = url, .conf = conf};

    *message = NULL;
    x.deadline_ms = clock_now_ms() + conf->timeout_ms;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        x.easy = curl_easy_init();
    if (!x.easy) {
        snprintf(why, why_size, "out of memory");
        return REPLY_FAILED;
    }
    enum reply_outcome outcome = run(&x, text, why, why_size);
    curl_easy_cleanup(x.easy);
    curl_global_cleanup();
    if (outcome == REPLY_OK)
        *message = x.inbox.text;
    else
        ws_inbox_finish(&x.inbox);
    return outcome;
}
