/* The command "fetch", against the server of support/server.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/fetch.h"
#include "unit/support/http_server.h"

static int run_fetch(const char *arguments, char *out, size_t size)
{
    char copy[512], *argv[16];
    int argc = 0, ends[2], status = 0;

    snprintf(copy, sizeof(copy), "fetch %s", arguments);
    for (char *word = strtok(copy, " "); word && argc < 15; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        int code = cli_fetch(argc, argv);
        fflush(stdout);
        _exit(code);
    }
    close(ends[1]);
    size_t have = 0;
    ssize_t got;
    while ((got = read(ends[0], out + have, size - 1 - have)) > 0)
        have += (size_t)got;
    out[have] = '\0';
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* Formats get the listener's port and the CA's file. */
static void expect_fetch(const char *format, const char *listener, int code, const char *words)
{
    char arguments[400], out[4096];

    snprintf(arguments, sizeof(arguments), format, listener ? http_server_fact(listener) : "",
             http_server_fact("ca"));
    int got = run_fetch(arguments, out, sizeof(out));
    if (got != code || !strstr(out, words))
        fail_msg("fetch %s: exit %d, \"%s\"", arguments, got, out);
}

static void test_fetch(void **state)
{
    expect_fetch("http://127.0.0.1:%s/ok?x=1", "http", 0, "{\"target\": \"/ok?x=1\"}");
    expect_fetch("--user admin --password pa:ss%%w\xc3\xb6rt http://127.0.0.1:%s/basic", "http", 0,
                 "let in");
    expect_fetch("http://admin:pa%%3Ass%%25w%%C3%%B6rt@127.0.0.1:%s/basic", "http", 0, "let in");
    setenv("DTU_PASSWORD", "pa:ss%w\xc3\xb6rt", 1);
    expect_fetch("--digest --user admin http://127.0.0.1:%s/digest/MD5/many", "http", 0, " ");
    unsetenv("DTU_PASSWORD");
    expect_fetch("https://127.0.0.1:%s/ok --cacert %s", "https-ip", 0, "target");
    expect_fetch("--insecure https://127.0.0.1:%s/ok", "https-name", 0, "target");
    expect_fetch("https://127.0.0.1:%s/ok --cacert %s", "https-name", 1, "for another name");
    expect_fetch("--timeout 0.3 http://127.0.0.1:%s/hang", "http", 1, "within 0.3 s");
    expect_fetch("--send hello ws://127.0.0.1:%s/ws/echo", "http", 0, "hello");
    expect_fetch("ws://127.0.0.1:%s/ws/push", "http", 0, "pushed");
    expect_fetch("--send secure wss://127.0.0.1:%s/ws/echo --cacert %s", "https-1.3", 0, "secure");
    expect_fetch("--help", NULL, 0, "DTU_PASSWORD");
    expect_fetch("", NULL, 2, "there is no URL");
    expect_fetch("http://a http://b", NULL, 2, "more than one URL");
    expect_fetch("ftp://a/", NULL, 2, "no URL with http");
    expect_fetch("not-a-url", NULL, 2, "no URL with http");
    expect_fetch("--timeout x http://a", NULL, 2, "--timeout wants");
    expect_fetch("--what http://a", NULL, 2, "what");
}

#pragma GCC diagnostic pop

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch),
    };

    return cmocka_run_group_tests_name("fetch", tests, http_server_start, http_server_stop);
}
