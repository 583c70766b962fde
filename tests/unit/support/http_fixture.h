/*
 * Requests to the server of http_server.h, and what is expected of their answers.
 */
#ifndef DTU_TESTS_HTTP_FIXTURE_H
#define DTU_TESTS_HTTP_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "edge/net/http.h"
#include "unit/support/loop_fixture.h"

extern struct http *http; /* on the loop of loop_fixture.h */

int http_setup(void **state);
int http_teardown(void **state);

#define HTTP_TEST(f) cmocka_unit_test_setup_teardown(f, http_setup, http_teardown)

struct answer {
    struct gateway_reply result;
    char body[2048]; /* its beginning */
    int calls;
};

/* The address stays until the next call. */
struct http_peer_conf conf_for(const char *scheme, const char *host, const char *listener);
struct http_peer_conf plain_conf(void);
struct http_peer_conf login_conf(bool digest); /* as the server lets in */
struct http_peer *peer_with(struct http_peer_conf conf);

void on_done(void *user, const struct gateway_reply *r); /* user is a struct answer */
void never(void *user, const struct gateway_reply *r);   /* of a request that was cancelled */
int run_loop(int64_t at_most_ms);                        /* -1 when nobody stopped it */

struct answer ask(struct http_peer *p, const char *path);
struct answer post(struct http_peer *p, enum message_body format, const char *path,
                   const char *body);
struct answer ask_once(struct http_peer_conf conf, const char *path);

/* Of the server, since its start; it is a request itself. */
void count(unsigned *connections, unsigned *requests);

void assert_answer(const struct answer *a, enum reply_outcome outcome, long status);
void assert_why(const struct answer *a, const char *words); /* and that no password is in it */
void expect_failure(const char *path, enum reply_outcome outcome, long status, const char *words);

#endif
