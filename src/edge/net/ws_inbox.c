#include "edge/net/ws_inbox.h"

#include <stdlib.h>
#include <sys/socket.h>

enum {
    FIRST = 4096,
    KEPT = 64 * 1024, /* what the text's buffer may keep between two messages */
    HEAD = 2,         /* of a frame, at least */
    /*
     * curl reads a WebSocket's socket until a read fills less than 64 KiB, into memory without a limit. From
     * so small a buffer none fills it, even though the kernel doubles it.
     */
    RECEIVE_BUFFER = 16 * 1024
};

static int limit_receive_buffer(void *user, curl_socket_t fd, curlsocktype purpose)
{
    const int size = RECEIVE_BUFFER;

    (void)user;
    (void)purpose;
    return setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == 0 ? CURL_SOCKOPT_OK
                                                                           : CURL_SOCKOPT_ERROR;
}

bool ws_inbox_configure(CURL *easy)
{
    return curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 2L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, limit_receive_buffer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WS_OPTIONS, (long)CURLWS_NOAUTOPONG) == CURLE_OK;
}

static void begin_message(struct ws_inbox *in)
{
    in->complete = false;
    in->len = 0;
    if (in->capacity <= KEPT)
        return;
    char *text = realloc(in->text, KEPT);
    if (!text)
        return;
    in->text = text;
    in->capacity = KEPT;
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

    in->piece = 0;
    if (in->complete)
        begin_message(in);
    if (!make_room(in))
        return CURLE_OUT_OF_MEMORY;
    char *into = in->text + in->len;
    CURLcode code = curl_ws_recv(easy, into, in->capacity - in->len - 1, &got, &frame);
    if (code != CURLE_OK)
        return code;
    in->piece = got + (frame->offset == 0 ? HEAD : 0);
    if (frame->flags & CURLWS_CLOSE)
        return CURLE_GOT_NOTHING;
    if (frame->flags &
        CURLWS_PING) { /* left to us, so that a flood of them does not keep curl busy */
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
