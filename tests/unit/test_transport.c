/*
 * Another protocol fits without a change in the bridge: a TCP stream of frames, kept open, with binary requests. It is
 * this file: a transport, its row; a driver, its row; and a gateway that speaks it, in a process of its own.
 *
 * A frame: one byte of length, then so many. "R" NUL asks for the power: the reply is 'P' and two bytes of watts.
 * "L" NUL and two bytes limit it: the reply is 'O', or 'N' for a refusal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bridge/poller.h"
#include "core/driver.h"
#include "core/text.h"
#include "edge/net/transport.h"

/* ---- The transport -------------------------------------------------------------------------- */

struct line {
    struct loop *loop;
    const struct gateway_conf *conf;
    int fd; /* -1: not connected */
    struct loop_fd *watch;
    struct loop_timer deadline;
    int64_t sent_ms;
    unsigned char out[1 + MESSAGE_BODY_MAX], in[256 + 1];
    size_t out_len, out_done, in_len;
    http_done_fn done; /* NULL: nothing is under way */
    void *user;
};

static void hang_up(struct line *line)
{
    loop_fd_remove(line->watch);
    line->watch = NULL;
    if (line->fd >= 0)
        close(line->fd);
    line->fd = -1;
}

static void end(struct line *line, enum reply_outcome outcome, const char *why)
{
    struct gateway_reply reply = {.outcome = outcome, .body = ""};
    http_done_fn done = line->done;

    loop_timer_disarm(&line->deadline);
    reply.latency_ms = (double)(loop_now_ms(line->loop) - line->sent_ms);
    text_copy(reply.why, sizeof reply.why, why);
    if (outcome == REPLY_OK) {
        reply.body = (const char *)line->in + 1;
        reply.len = line->in[0];
        line->in[line->in_len] = '\0';
    } else {
        hang_up(line);
    }
    line->done = NULL;
    done(line->user, &reply);
}

static void on_deadline(void *user)
{
    struct line *line = user;
    end(line, REPLY_TIMEOUT, "no frame came");
}

static void on_ready(void *user, int fd, short revents)
{
    struct line *line = user;

    if (revents & POLLOUT) {
        ssize_t n =
            send(fd, line->out + line->out_done, line->out_len - line->out_done, MSG_NOSIGNAL);
        if (n < 0) {
            end(line, REPLY_UNREACHABLE, "nobody is there");
            return;
        }
        line->out_done += (size_t)n;
        if (line->out_done == line->out_len)
            loop_fd_events(line->watch, POLLIN);
        return;
    }
    ssize_t n = recv(fd, line->in + line->in_len, sizeof line->in - 1 - line->in_len, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        end(line, line->in_len > 0 ? REPLY_CUT_OFF : REPLY_UNREACHABLE, "the stream has ended");
        return;
    }
    line->in_len += (size_t)n;
    if (line->in_len >= 1 && line->in_len == 1u + line->in[0])
        end(line, REPLY_OK, "");
}

static bool is_up(struct line *line)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    if (line->fd >= 0)
        return true;
    to.sin_port = htons((uint16_t)strtoul(strrchr(line->conf->base_url, ':') + 1, NULL, 10));
    line->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (line->fd < 0)
        return false;
    (void)connect(line->fd, (const struct sockaddr *)&to, sizeof to); /* how it went, send() says */
    line->watch = loop_fd_add(line->loop, line->fd, POLLOUT, on_ready, line);
    if (!line->watch)
        hang_up(line);
    return line->fd >= 0;
}

static void *open_line(struct loop *l, struct http *http, const struct gateway_conf *conf)
{
    struct line *line = calloc(1, sizeof *line);

    (void)http;
    if (!line)
        return NULL;
    line->loop = l;
    line->conf = conf;
    line->fd = -1;
    loop_timer_init(&line->deadline, l, on_deadline, line);
    return line;
}

static void close_line(void *user)
{
    struct line *line = user;

    if (!line)
        return;
    loop_timer_disarm(&line->deadline);
    hang_up(line);
    free(line);
}

static int send_line(void *user, const struct message *m, http_done_fn done, void *done_user)
{
    struct line *line = user;

    assert_null(line->done); /* one message at a time */
    if (m->format != MESSAGE_BYTES || !is_up(line))
        return -EINVAL;
    line->out[0] = (unsigned char)m->len;
    memcpy(line->out + 1, m->body, m->len);
    line->out_len = 1 + m->len;
    line->out_done = line->in_len = 0;
    line->done = done;
    line->user = done_user;
    line->sent_ms = loop_now_ms(line->loop);
    loop_fd_events(line->watch, POLLOUT);
    loop_timer_arm(&line->deadline, line->conf->timeout_ms);
    return 0;
}

static const struct transport framed = {"framed", open_line, close_line, send_line};
const struct transport *const transports[] = {&framed, NULL};
const struct feed_transport *const feed_transports[] = {NULL};

/* ---- The driver ----------------------------------------------------------------------------- */

struct session {
    bool asked;
};

static void toy_open(void *session, const struct gateway_conf *conf)
{
    (void)session;
    (void)conf;
}

static void toy_begin(void *session, int64_t now_ms)
{
    struct session *s = session;
    (void)now_ms;
    s->asked = false;
}

static bool toy_next(void *session, struct message *out)
{
    struct session *s = session;

    if (s->asked)
        return false;
    s->asked = true;
    out->format = MESSAGE_BYTES;
    out->len = 2;
    memcpy(out->body, "R", 2);
    return true;
}

static enum decode_result toy_decode(void *session, const char *body, size_t len,
                                     const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    struct reading r;

    (void)session;
    if (len != 3 || body[0] != 'P') {
        text_copy(why, DECODE_WHY_MAX, "no power");
        return DECODE_BAD_REPLY;
    }
    reading_init(&r);
    text_copy(r.serial, sizeof r.serial, "4711");
    r.value[FIELD_POWER][0] = (unsigned char)body[1] * 256 + (unsigned char)body[2];
    sink->listed(sink->user, 0, r.serial);
    sink->list_end(sink->user);
    sink->reading(sink->user, &r);
    return DECODE_OK;
}

static bool toy_encode(void *session, const struct command *c, struct message *out)
{
    unsigned watts = (unsigned)c->limit_w;

    (void)session;
    out->format = MESSAGE_BYTES;
    out->len = 4;
    memcpy(out->body, "L", 2);
    out->body[2] = (char)(watts / 256);
    out->body[3] = (char)(watts % 256);
    return true;
}

static enum decode_result toy_answer(void *session, const char *body, size_t len,
                                     char why[DECODE_WHY_MAX])
{
    (void)session;
    if (len == 1 && *body == 'O')
        return DECODE_OK;
    text_copy(why, DECODE_WHY_MAX, "it refuses that");
    return DECODE_BAD_REPLY;
}

static bool toy_look(void *session, enum look what, struct message *out)
{
    (void)session;
    (void)what;
    (void)out;
    return false;
}

static const struct driver_commands *toy_commands(const void *session)
{
    static const struct driver_commands commands = {.encode = toy_encode,
                                                    .answer = toy_answer,
                                                    .look = toy_look};
    (void)session;
    return &commands;
}

static const struct driver toy = {
    .name = "toy",
    .transport = "framed",
    .title = "Toy",
    .session_size = sizeof(struct session),
    .open = toy_open,
    .begin = toy_begin,
    .next = toy_next,
    .decode = toy_decode,
    .commands = toy_commands,
};
static const struct driver lost = {.name = "lost", .transport = "pigeon", .open = toy_open};
const struct driver *const drivers[] = {&toy, &lost, NULL};

/* ---- The gateway ---------------------------------------------------------------------------- */

enum manner { WELL, SILENT, CUTS_OFF, REFUSES };

static bool whole(int fd, unsigned char *frame)
{
    if (recv(fd, frame, 1, MSG_WAITALL) != 1)
        return false;
    return recv(fd, frame + 1, frame[0], MSG_WAITALL) == frame[0];
}

/* One connection after the other; its power is what it was limited to last. */
static _Noreturn void serve(int listener, enum manner manner)
{
    unsigned char frame[256], power[4] = {3, 'P', 800 / 256, 800 % 256};

    for (;;) {
        int fd = accept(listener, NULL, NULL);
        while (fd >= 0 && whole(fd, frame)) {
            if (manner == SILENT)
                continue;
            if (frame[1] == 'L' && frame[2] == '\0') {
                if (manner != REFUSES)
                    memcpy(power + 2, frame + 3, 2);
                (void)!write(fd, manner == REFUSES ? "\1N" : "\1O", 2);
            } else if (manner == CUTS_OFF) {
                (void)!write(fd, power, 2);
                break;
            } else {
                (void)!write(fd, power, sizeof power);
            }
        }
        if (fd >= 0)
            close(fd);
    }
}

static struct loop *loop;
static struct poller *poller;
static struct gateway_conf conf;
static pid_t child;
static int cycles_wanted;
static double limit_w; /* to be sent; MISSING: nothing */
static char said[512];

static void say(const char *text)
{
    size_t used = strlen(said);
    (void)snprintf(said + used, sizeof said - used, "%s%s", used ? ", " : "", text);
}

static void begin(enum manner manner, const char *driver)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    child = fork();
    if (child == 0) {
        alarm(60);
        serve(listener, manner);
    }
    close(listener);
    conf = (struct gateway_conf){.section = "TOY",
                                 .interval_ms = 1000,
                                 .timeout_ms = 300,
                                 .retry_after_ms = 1000};
    text_copy(conf.driver, sizeof conf.driver, driver);
    (void)snprintf(conf.base_url, sizeof conf.base_url, "toy://127.0.0.1:%u", ntohs(at.sin_port));
    loop = loop_create();
    said[0] = '\0';
    limit_w = MISSING;
}

static int teardown(void **state)
{
    (void)state;
    poller_destroy(poller);
    poller = NULL;
    loop_destroy(loop);
    kill(child, SIGKILL);
    return waitpid(child, NULL, 0) == child ? 0 : -1;
}

/* ---- Who listens ---- */

static void on_reading(void *user, const struct reading *r, double latency_ms)
{
    char text[64];

    (void)user;
    assert_true(latency_ms >= 0);
    (void)snprintf(text, sizeof text, "%s %.0f W", r->serial, r->value[FIELD_POWER][0]);
    say(text);
}

static void on_listed(void *user, unsigned index, const char *serial)
{
    (void)user;
    (void)index;
    (void)serial;
}

static void nothing(void *user)
{
    (void)user;
}

static void on_cycle(void *user, const struct cycle *c)
{
    (void)user;
    if (!c->complete)
        say("failed");
    if (--cycles_wanted == 0)
        loop_stop(loop, 0);
}

static bool on_next(void *user, struct command *out)
{
    (void)user;
    if (!has_value(limit_w))
        return false;
    *out = (struct command){.serial = "4711", .limit_w = limit_w, .max_power_w = 800};
    limit_w = MISSING;
    return true;
}

static void on_commanded(void *user, const struct command *c, enum reply_outcome outcome,
                         const char *why)
{
    char text[64];

    (void)user;
    (void)c;
    (void)snprintf(text, sizeof text, "command %d%s%s", (int)outcome, *why ? " " : "", why);
    say(text);
}

static int64_t never(void *user, enum look what)
{
    (void)user;
    (void)what;
    return 0;
}

static void run(int cycles)
{
    const struct poller_events events = {.reading = on_reading,
                                         .listed = on_listed,
                                         .list_end = nothing,
                                         .health = nothing,
                                         .cycle = on_cycle,
                                         .outbox = {.next = on_next,
                                                    .commanded = on_commanded,
                                                    .look_every = never}};

    cycles_wanted = cycles;
    if (!poller)
        poller = poller_create(loop, NULL, &conf, &events);
    assert_non_null(poller);
    assert_int_equal(loop_run(loop), 0);
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static void readings_and_commands(void **state)
{
    begin(WELL, "toy");
    run(1);
    assert_string_equal(said, "4711 800 W");
    limit_w = 256; /* a NUL in the frame is a byte like any other */
    poller_wake(poller);
    run(1);
    assert_string_equal(said, "4711 800 W, command 0, 4711 256 W");
}

static void a_command_goes_first(void **state)
{
    begin(WELL, "toy");
    limit_w = 300;
    run(1);
    assert_string_equal(said, "command 0, 4711 300 W");
}

static void a_refusal(void **state)
{
    begin(REFUSES, "toy");
    limit_w = 300;
    run(1);
    char expected[64];
    (void)snprintf(expected, sizeof expected, "command %d it refuses that, 4711 800 W",
                   (int)REPLY_ERROR);
    assert_string_equal(said, expected);
}

static void nothing_comes(void **state)
{
    begin(SILENT, "toy");
    run(2);
    assert_string_equal(said, "failed, failed");
    assert_non_null(poller_health(poller));
}

static void half_a_frame_comes(void **state)
{
    begin(CUTS_OFF, "toy");
    run(2);
    assert_string_equal(said, "failed, failed");
}

static void nobody_is_there(void **state)
{
    begin(WELL, "toy");
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    run(2);
    assert_string_equal(said, "failed, failed");
    child = fork(); /* for the end */
    if (child == 0)
        _exit(0);
}

/* A driver whose transport there is not is a mistake of its table, and opens nothing. */
static void no_such_transport(void **state)
{
    const struct poller_events events = {.cycle = on_cycle};

    begin(WELL, "lost");
    assert_null(poller_create(loop, NULL, &conf, &events));
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(readings_and_commands), TEST(a_command_goes_first), TEST(a_refusal),
        TEST(nothing_comes),         TEST(half_a_frame_comes),   TEST(nobody_is_there),
        TEST(no_such_transport),
    };
    return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
