/*
 * Replies by HTTP as curl reads them, and what we make of their headers: Retry-After and Date, WWW-Authenticate, Location.
 * The first byte says how the peer is configured: bit 0 Digest in place of Basic, bit 1 a POST.
 */
#include "fuzz/http_double.h"

#define PASSWORD "secret"

static bool over, says_password; /* the peer itself, where it is no secret */

static void on_done(void *user, const struct gateway_reply *r)
{
    (void)user;
    if (over)
        serving_fail("told twice");
    over = true;
    if (r->retry_after_s > 3600)
        serving_fail("a pause that is too long");
    if (r->outcome == REPLY_OK && (r->status < 200 || r->status > 299))
        serving_fail("no success");
    if (r->outcome != REPLY_OK && (!memchr(r->why, '\0', sizeof r->why) || !*r->why))
        serving_fail("no word why");
    if (r->body && (r->len > HTTP_BODY_MAX || r->body[r->len] != '\0'))
        serving_fail("a body");
    if (!says_password && strstr(r->why, PASSWORD))
        serving_fail("the password is told");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_peer_conf conf = {.base_url = "http://192.168.1.50",
                                  .username = "admin",
                                  .password = PASSWORD,
                                  .tls_verify = true,
                                  .timeout_ms = 5000};
    struct message m = {.path = "/api/livedata/status"};

    if (size < 2)
        return 0;
    says_password = memmem(data, size, PASSWORD, strlen(PASSWORD)) != NULL;
    conf.digest = data[0] & 1;
    m.format = data[0] & 2 ? MESSAGE_JSON : MESSAGE_NO_BODY;
    serving_begin(data + 1, size - 1);
    struct http *h = http_create(serving.loop);
    struct http_peer *p = h ? http_peer_create(h, &conf) : NULL;
    if (!p)
        abort();
    for (int n = 0; n < 3 && (n == 0 || serving.at < serving.end); n++) {
        over = false;
        serving_for(p->easy);
        if (http_peer_send(p, &m, on_done, NULL) == 0)
            serving_run(&over);
        http_peer_cancel(p);
    }
    http_peer_destroy(p);
    http_destroy(h);
    serving_end();
    return 0;
}
