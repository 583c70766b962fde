/*
 * The HTTP server of support/server.py, for the length of a test program. It says where it listens, and
 * other facts, each under a name.
 */
#ifndef DTU_TESTS_HTTP_SERVER_H
#define DTU_TESTS_HTTP_SERVER_H

/* For cmocka_run_group_tests(). */
int http_server_start(void **state);
int http_server_stop(void **state);

/* "http" is "http://127.0.0.1:port": fails the test when there is no such fact. */
const char *http_server_fact(const char *name);

#endif
