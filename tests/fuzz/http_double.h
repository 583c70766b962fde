/*
 * A server without a network: each connection that curl opens is one end of a socket pair, on whose other end the next
 * piece of the fuzzer's input lies ready, and then the end. Pieces are separated by 0x1E (record separator).
 */
#ifndef DTU_TESTS_FUZZ_HTTP_DOUBLE_H
#define DTU_TESTS_FUZZ_HTTP_DOUBLE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "edge/net/http.h"
#include "edge/net/http_peer.h"
#include "edge/sys/loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SERVED_MAX = 32, TURNS_MAX = 400, PIECE_MAX = 64 * 1024 };

static struct {
    struct loop *loop;
    const uint8_t *at, *end;
    unsigned served;
    int far[SERVED_MAX]; /* the servers' ends */
} serving;

static inline void serving_fail(const char *what)
{
    (void)fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

static inline void serving_begin(const uint8_t *data, size_t size)
{
    static struct loop *loop;

    if (!loop)
        loop = loop_create();
    if (!loop)
        abort();
    serving.loop = loop;
    serving.at = data;
    serving.end = data + size;
    serving.served = 0;
}

static inline void serving_end(void)
{
    for (unsigned i = 0; i < serving.served; i++)
        (void)close(serving.far[i]);
}

static inline curl_socket_t serving_open(void *user, curlsocktype purpose,
                                         struct curl_sockaddr *address)
{
    const uint8_t *stop = serving.at < serving.end
                              ? memchr(serving.at, 0x1E, (size_t)(serving.end - serving.at))
                              : NULL;
    size_t len = (size_t)((stop ? stop : serving.end) - serving.at);
    const int room = 2 * PIECE_MAX;
    int pair[2];

    (void)user;
    (void)purpose;
    (void)address;
    if (serving.served == SERVED_MAX ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return CURL_SOCKET_BAD;
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (len > PIECE_MAX)
        len = PIECE_MAX;
    if (len > 0)
        (void)!send(pair[1], serving.at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)shutdown(pair[1], SHUT_WR);
    serving.far[serving.served++] = pair[1];
    serving.at = stop ? stop + 1 : serving.end;
    return pair[0];
}

static inline int serving_connected(void *user, curl_socket_t fd, curlsocktype purpose)
{
    (void)user;
    (void)fd;
    (void)purpose;
    return CURL_SOCKOPT_ALREADY_CONNECTED;
}

/* To be called once a peer is there: what it opens is served from here. */
static inline void serving_for(CURL *easy)
{
    if (curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, serving_open) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, serving_connected) != CURLE_OK)
        abort();
}

static inline void serving_stop(void *user)
{
    loop_stop(user, 0);
}

/* Turns of the loop until *over, or so many that it never will be. */
static inline void serving_run(const bool *over)
{
    static struct loop_timer end;

    for (unsigned n = 0; n < TURNS_MAX && !*over; n++) {
        loop_timer_init(&end, serving.loop, serving_stop, serving.loop);
        loop_timer_arm(&end, n < TURNS_MAX / 2 ? 0 : 1);
        (void)loop_run(serving.loop);
        loop_timer_disarm(&end);
    }
}

#endif
