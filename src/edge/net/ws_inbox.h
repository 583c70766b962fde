/*
 * Messages of a WebSocket that curl has connected for us, put together from the
 * frames, and the pieces of frames, in which they come. For edge/net/ws.c and edge/net/ws_listener.c.
 */
#ifndef DTU_EDGE_WS_INBOX_H
#define DTU_EDGE_WS_INBOX_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

enum { WS_MESSAGE_MAX = 1024 * 1024 }; /* a longer one ends the connection */

/*
 * Before curl connects: it is to do no more than that, and to leave pings to us. The socket's receive
 * buffer is kept small: a peer that sends without end waits for us, instead of filling memory.
 */
bool ws_inbox_configure(CURL *easy);

/* Zero it to begin. */
struct ws_inbox {
    char *text; /* NUL-terminated when complete */
    size_t len, capacity;
    size_t piece; /* bytes of the last piece, of whatever kind, with the head of its frame */
    bool complete;
};

/*
 * Takes one piece of what has come: a frame of any kind, or as much of it as there is. After a complete
 * message the next one begins. Answers pings.
 * CURLE_OK: look at complete; CURLE_AGAIN: nothing has come; CURLE_GOT_NOTHING: the peer has closed
 * it; CURLE_FILESIZE_EXCEEDED; CURLE_OUT_OF_MEMORY; or what else curl says.
 */
CURLcode ws_inbox_receive(struct ws_inbox *in, CURL *easy);

void ws_inbox_finish(struct ws_inbox *in); /* frees what it holds */

#endif
