#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "edge/net/curl_handle.h"
#include "edge/net/http_peer.h"
#include "edge/net/ws_inbox.h"
#include "edge/sys/clock.h"

enum {
    BODY_FIRST = 4096,
    BODY_KEPT = 64 * 1024, /* what a peer's buffer may keep between two requests */
    STATUS_LINES_MAX = 8,  /* in one transfer: 100 Continue, challenges */
};

bool http_make_room(struct http_peer *p, size_t more)
{
    size_t need = p->len + more + 1, capacity = p->capacity ? p->capacity : BODY_FIRST;

    while (capacity < need)
        capacity *= 2;
    if (capacity == p->capacity)
        return true;
    char *body = realloc(p->body, capacity);
    if (!body)
        return false;
    p->body = body;
    p->capacity = capacity;
    return true;
}

void http_shrink(struct http_peer *p)
{
    if (p->capacity <= BODY_KEPT)
        return;
    char *body = realloc(p->body, BODY_KEPT);
    if (!body)
        return;
    p->body = body;
    p->capacity = BODY_KEPT;
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    struct http_peer *p = user;
    size_t bytes = size * count; /* size is always 1 */

    if (bytes > HTTP_BODY_MAX - p->len)
        p->verdict = CURLE_FILESIZE_EXCEEDED;
    else if (!http_make_room(p, bytes))
        p->verdict = CURLE_OUT_OF_MEMORY;
    if (p->verdict != CURLE_OK)
        return CURL_WRITEFUNC_ERROR;
    memcpy(p->body + p->len, data, bytes);
    p->len += bytes;
    return bytes;
}

/* Copies the value of a header line if it is the one called name ("date:"). */
static void take_header(const char *line, size_t len, const char *name, char *out, size_t size)
{
    size_t skip = strlen(name);

    if (len < skip || strncasecmp(line, name, skip) != 0)
        return;
    while (skip < len && (line[skip] == ' ' || line[skip] == '\t'))
        skip++;
    while (len > skip && (unsigned char)line[len - 1] <= ' ')
        len--;
    snprintf(out, size, "%.*s", (int)(len - skip), line + skip);
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    struct http_peer *p = user;
    size_t len = size * count;

    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        p->retry_after[0] = p->date[0] = '\0';
        /* A peer that calls every nonce stale would be asked again until the deadline. */
        if (++p->status_lines > STATUS_LINES_MAX) {
            p->verdict = CURLE_TOO_MANY_REDIRECTS;
            return CURL_WRITEFUNC_ERROR;
        }
    }
    take_header(line, len, "retry-after:", p->retry_after, sizeof(p->retry_after));
    take_header(line, len, "date:", p->date, sizeof(p->date));
    return len;
}

bool http_configure_easy(struct http_peer *p)
{
    CURL *e = p->easy;

    return curl_handle_configure(e, &p->conf, p->conf.websocket ? "ws,wss" : "http,https") &&
           (!p->conf.websocket || ws_inbox_configure(e)) &&
           curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)HTTP_BODY_MAX) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEDATA, p) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HEADERDATA, p) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_ERRORBUFFER, p->error) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_RESOLVE, p->resolved) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PRIVATE, p) == CURLE_OK;
}

void http_finish_with(struct http_peer *p, CURLcode code)
{
    struct http_peer **end = &p->http->finished;

    while (*end)
        end = &(*end)->next;
    *end = p;
    p->next = NULL;
    p->state = PEER_FINISHED;
    p->code = p->verdict != CURLE_OK ? p->verdict : code;
}

void http_forget_nonce(struct http_peer *p)
{
    curl_easy_reset(p->easy);
    http_configure_easy(p);
    p->nonce_held = false;
    p->uses = 0;
}

void http_start(struct http *h)
{
    int running;

    h->begun = h->delivering != NULL;
    if (h->begun)
        return;
    curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    http_take_finished(h);
    if (h->finished) /* not from here, which may be inside http_peer_get() */
        loop_timer_arm(&h->deliver_timer, 0);
}

/* For each transfer again: what is known of authentication is forgotten with everything else. */
static CURLcode set_body(struct http_peer *p)
{
    struct curl_slist *headers = p->format == MESSAGE_JSON ? p->json_headers : p->headers;
    CURLcode code = curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, headers);

    if (code != CURLE_OK || p->conf.websocket)
        return code;
    if (p->format == MESSAGE_NO_BODY)
        return curl_easy_setopt(p->easy, CURLOPT_HTTPGET, 1L);
    code = curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(p->post));
    return code == CURLE_OK ? curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, p->post) : code;
}

void http_begin(struct http_peer *p, const char *url)
{
    int64_t left_ms = p->deadline_ms - clock_now_ms();
    CURLcode code = CURLE_OPERATION_TIMEDOUT;

    p->state = PEER_RUNNING;
    p->begun = false;
    p->verdict = CURLE_OK;
    p->len = 0;
    p->status_lines = 0;
    p->error[0] = p->retry_after[0] = p->date[0] = '\0';
    if (left_ms > 0) {
        curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
        curl_easy_setopt(p->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)left_ms);
        code = curl_easy_setopt(p->easy, CURLOPT_URL, url);
        if (code == CURLE_OK)
            code = set_body(p);
        p->begun = code == CURLE_OK && curl_multi_add_handle(p->http->multi, p->easy) == CURLM_OK;
        if (p->begun) {
            http_start(p->http);
            return;
        }
        code = code == CURLE_OK ? CURLE_FAILED_INIT : code;
    }
    http_finish_with(p, code);
    loop_timer_arm(&p->http->deliver_timer, 0);
}

/* Anybody may answer 101: only what was asked for as a WebSocket has become one. */
static bool is_open_websocket(const struct http_peer *p, CURLcode code)
{
    long status = 0;

    return p->conf.websocket && code == CURLE_OK &&
           curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status == 101;
}

void http_take_finished(struct http *h)
{
    const CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(h->multi, &left)) != NULL) {
        char *user = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result; /* message is gone with the handle */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
        struct http_peer *p = (struct http_peer *)(void *)user;
        if (!is_open_websocket(p, code)) /* whose connection would go with it */
            curl_multi_remove_handle(h->multi, p->easy);
        http_finish_with(p, code);
    }
}
