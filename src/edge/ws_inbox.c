#include "edge/ws_inbox.h"

#include <stdlib.h>

enum { FIRST = 4096 };

bool ws_inbox_configure(CURL *easy)
{
    return curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 2L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WS_OPTIONS, (long)CURLWS_NOAUTOPONG) == CURLE_OK;
}

static bool make_room(struct ws_inbox *in)
{
    if (in->len + 1 < in->capacity)
        return true;
    size_t capacity = in->capacity ? in->capacity * 2 : FIRST;
    char *text = realloc(in->text, capacity);
    if (!text)
        return false;
    in->text = text;
    in->capacity = capacity;
    return true;
}

CURLcode ws_inbox_receive(struct ws_inbox *in, CURL *easy)
{
    const struct curl_ws_frame *frame = NULL;
    size_t got = 0, sent = 0;

    if (in->complete) {
        in->complete = false;
        in->len = 0;
    }
    if (!make_room(in))
        return CURLE_OUT_OF_MEMORY;
    char *into = in->text + in->len;
    CURLcode code = curl_ws_recv(easy, into, in->capacity - in->len - 1, &got, &frame);
    if (code != CURLE_OK)
        return code;
    if (frame->flags & CURLWS_CLOSE)
        return CURLE_GOT_NOTHING;
    if (frame->flags & CURLWS_PING) { /* left to us, lest a flood of them keep curl busy */
        code = curl_ws_send(easy, into, got, &sent, 0, CURLWS_PONG);
        return code == CURLE_AGAIN ? CURLE_OK : code; /* no room: but there may be more to read */
    }
    if (!(frame->flags & CURLWS_TEXT))
        return CURLE_OK; /* pong, binary: overwritten by the next */
    in->len += got;
    if (in->len > WS_MESSAGE_MAX)
        return CURLE_FILESIZE_EXCEEDED;
    in->complete = frame->bytesleft == 0 && !(frame->flags & CURLWS_CONT);
    in->text[in->len] = '\0';
    return CURLE_OK;
}

void ws_inbox_finish(struct ws_inbox *in)
{
    free(in->text);
    *in = (struct ws_inbox){0};
}
