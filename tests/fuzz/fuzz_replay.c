/*
 * Any file as a capture that is played, in virtual time: by its transport, to the driver that it names. The first byte
 * chooses how fast, and whether a DTU or a template device plays it.
 */
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/capture.h"
#include "edge/net/replay.h"
#include "fuzz/driver_session.h"
#include "virtual/support/world.h"

enum { PLAYED_MAX = 24, STEP_MS = 5000, WAIT_MS = 50 };

static struct {
    struct loop *loop;
    const struct driver *driver;
    void *session, *line;
    int64_t now_ms;
    struct message m;
    bool done, on; /* on: the cycle goes on */
} t;

static const struct decode_sink sink = {.reading = fuzz_reading,
                                        .gateway = fuzz_gateway,
                                        .listed = fuzz_listed,
                                        .list_end = fuzz_list_end};

static void on_reply(void *user, const struct gateway_reply *r)
{
    char why[DECODE_WHY_MAX] = "";
    enum decode_result result = DECODE_BAD_REPLY;

    (void)user;
    t.done = true;
    if (!(r->latency_ms >= 0 && r->latency_ms <= CAPTURE_LATENCY_MAX_MS) ||
        !sane_text(r->why, sizeof r->why))
        fuzz_fail("a reply");
    if (r->outcome == REPLY_OK)
        result = t.driver->decode(t.session, r->body, r->len, &sink, why);
    t.on = result == DECODE_OK || result == DECODE_ABSENT;
    if (!t.on && t.m.optional) {
        t.driver->skip(t.session);
        t.on = true;
    } else if (!t.on && r->outcome != REPLY_OK) {
        t.on = t.driver->refused(t.session, r->outcome, why);
    }
    if (!memchr(why, '\0', sizeof why))
        fuzz_fail("why");
}

/* One cycle of the poller. */
static void ask(void)
{
    t.driver->begin(t.session, t.now_ms);
    t.on = true;
    for (unsigned n = 0; t.on; n++) {
        t.m = (struct message){.path = ""};
        if (!t.driver->next(t.session, &t.m) || n == REQUESTS_MAX)
            break;
        t.done = t.on = false;
        if (replay_transport.send(t.line, &t.m, on_reply, NULL) != 0)
            fuzz_fail("a line that is busy");
        for (int wait = 0; !t.done && wait <= CAPTURE_LATENCY_MAX_MS / WAIT_MS; wait++)
            world_run(t.loop, WAIT_MS);
        if (!t.done)
            fuzz_fail("no answer");
    }
}

static void on_message(void *user, const char *text, size_t len)
{
    char why[DECODE_WHY_MAX] = "";

    (void)user;
    if (text[len] != '\0')
        fuzz_fail("a message");
    (void)t.driver->pushed(t.session, t.now_ms, text, len, &sink, why);
}

static void on_closed(void *user, enum reply_outcome outcome, const char *why)
{
    *(bool *)user = true;
    if (outcome == REPLY_OK || !*why)
        fuzz_fail("no word why");
}

static void play(const struct gateway_conf *conf)
{
    bool closed = false;
    const struct feed_events events = {on_message, on_closed, &closed};
    void *listener = NULL;

    t.line = replay_transport.open(t.loop, NULL, conf);
    t.session = calloc(1, t.driver->session_size);
    if (!t.line || !t.session)
        abort();
    t.driver->open(t.session, conf);
    for (int n = 0; n < PLAYED_MAX; n++) {
        ask();
        const struct feed *feed = t.driver->feed(t.session);
        if (feed && !listener)
            listener = replay_feed_transport.listen(t.loop, conf, "/", 60000, &events);
        world_run(t.loop, STEP_MS);
        t.now_ms += STEP_MS;
        if (closed) {
            replay_feed_transport.close(listener);
            listener = NULL;
            closed = false;
        }
    }
    replay_feed_transport.close(listener);
    replay_transport.close(t.line);
    t.driver->close(t.session);
    free(t.session);
}

static void configure(struct gateway_conf *conf, uint8_t how)
{
    static const char *const texts[] = {"[DEFAULT]\nDTU=replay\nReplayFile=/dev/null\n",
                                        "[DEFAULT]\nDTU=opendtu\nHost=x\n"
                                        "[TEMPLATE0]\nDTU=replay\nReplayFile=/dev/null\nCUST_SN=1\n"
                                        "CUST_API_PATH=a\nCUST_POWER=b\n"};
    static const double speeds[] = {1, 10, 100, 1000};
    const char *text = texts[how & 1];
    struct conf_report report;
    struct config *config = config_parse(text, strlen(text), &report);

    if (!config || config->gateway_count == 0)
        abort();
    *conf = config->gateways[config->gateway_count - 1];
    conf->replay_speed = speeds[how >> 1 & 3];
    config_free(config);
    conf_report_finish(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gateway_conf conf;

    if (size < 2)
        return 0;
    if (!t.loop)
        t.loop = loop_create();
    t.driver = driver_find("replay");
    int file = memfd_create("capture", MFD_CLOEXEC);
    if (!t.loop || !t.driver || file < 0 || write(file, data + 1, size - 1) != (ssize_t)size - 1)
        abort();
    configure(&conf, data[0]);
    (void)snprintf(conf.replay_file, sizeof conf.replay_file, "/proc/self/fd/%d", file);
    play(&conf);
    (void)close(file);
    return 0;
}
