/* One message over a WebSocket, as `fetch` asks for it: the handshake, a refusal, and the frames up to it. */
#include "fuzz/http_double.h"

/* The last word before it connects is the double's. */
static CURLcode serving_perform(CURL *easy)
{
    serving_for(easy);
    return curl_easy_perform(easy);
}

#define curl_easy_perform serving_perform
#include "edge/net/ws.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct http_peer_conf conf = {.base_url = "http://192.168.1.50",
                                        .username = "admin",
                                        .password = "secret",
                                        .digest = size % 2, /* either way */
                                        .tls_verify = true,
                                        .timeout_ms = 5000};
    char *message = NULL, why[200] = "";

    serving_begin(data, size);
    enum reply_outcome outcome =
        ws_exchange("ws://192.168.1.50/livedata", &conf, "{\"id\":1}", &message, why, sizeof why);
    if ((outcome == REPLY_OK) != (message != NULL))
        serving_fail("a message and no success, or the reverse");
    if (message && strlen(message) > WS_MESSAGE_MAX)
        serving_fail("a message");
    if (!message && !*why)
        serving_fail("no word why");
    free(message);
    serving_end();
    return 0;
}
