/*
 * The rooms of edge/net/http.h: http.c has the peers and curl's multi interface on the loop, http_transfer.c one step of a
 * request, http_judge.c what its end means. For these alone.
 */
#ifndef DTU_EDGE_HTTP_PEER_H
#define DTU_EDGE_HTTP_PEER_H

#include <curl/curl.h>

#include "edge/bus/mdns.h"
#include "edge/net/http.h"

enum {
    HTTP_BODY_MAX = 1024 * 1024,
    HTTP_URL_MAX = 1024,
    HTTP_NONCE_ONCE_FOR = 256, /* requests until it is tried again whether a nonce serves twice */
};

struct http {
    struct loop *loop;
    CURLM *multi;
    struct loop_timer curl_timer;    /* when curl wants to be called */
    struct loop_timer deliver_timer; /* for what failed within http_peer_get */
    struct http_peer *finished;      /* to be delivered, first in first out */
    struct http_peer *delivering;    /* whose callback runs */
    bool delivering_gone;            /* it has destroyed its peer */
    bool begun;                      /* it has begun a request, of whichever peer */
    struct mdns *mdns;               /* NULL until a name in .local is asked for */
    unsigned peers;
};

enum peer_state { PEER_IDLE, PEER_RESOLVING, PEER_RUNNING, PEER_FINISHED };

struct origin {
    char scheme[8], host[256], port[8];
};

struct http_peer {
    struct http *http;
    struct http_peer *next; /* in http->finished */
    struct http_peer_conf conf;
    struct origin origin;
    CURL *easy;
    struct curl_slist *headers;      /* Authorization, if any */
    struct curl_slist *json_headers; /* the same for a body of JSON */
    enum peer_state state;
    http_done_fn done;
    void *user;

    /* the request as a whole */
    char url[HTTP_URL_MAX];
    int64_t deadline_ms;
    double spent_ms;
    enum message_body format;
    char post[MESSAGE_BODY_MAX];
    unsigned redirects;
    bool retried; /* a refused nonce was replaced once */

    /* the transfer under way: one step of the request */
    bool begun; /* there is a transfer that curl can tell about */
    CURLcode code;
    CURLcode verdict; /* of our own callbacks, which curl knows as "write error" only */
    unsigned status_lines;
    char retry_after[40], date[40];
    char error[CURL_ERROR_SIZE];
    char *body;
    size_t len, capacity;

    /* a name in .local */
    struct mdns_query query;
    struct curl_slist *resolved; /* the address found, as CURLOPT_RESOLVE wants it */
    int64_t resolved_until_ms;
    char unresolved[160]; /* why there is no address */

    /* Digest */
    bool nonce_held;   /* curl has a challenge from an earlier request */
    unsigned uses;     /* requests that were answered on it */
    unsigned once_for; /* so many requests still are taken to need a challenge each */
};

/* ---- http_transfer.c ---- */

/* Room in the body for more, and for a NUL; false when out of memory. */
bool http_make_room(struct http_peer *p, size_t more);
void http_shrink(struct http_peer *p); /* between two requests */
bool http_configure_easy(struct http_peer *p);

/* Curl's state of authentication goes with everything else that was set. */
void http_forget_nonce(struct http_peer *p);

/*
 * Lets curl connect at once: by itself it would ask for a turn of the loop that does only this. Not while
 * somebody reads a reply, which the next one could overwrite.
 */
void http_start(struct http *h);

/*
 * Begins a transfer of url, never from inside curl. What cannot even begin is finished, and delivered
 * like any other.
 */
void http_begin(struct http_peer *p, const char *url);

/* To be delivered. */
void http_finish_with(struct http_peer *p, CURLcode code);
void http_take_finished(struct http *h); /* from curl */

/* ---- http_judge.c ---- */

/* Where it lies: what redirects are followed to. */
void http_learn_origin(struct http_peer *p);

/* What came of the request; false when another transfer has begun in its place. */
bool http_judge(struct http_peer *p, struct gateway_reply *r);

/* ---- http.c ---- */

/* Of a name in .local. */
void http_forget_address(struct http_peer *p);

#endif
