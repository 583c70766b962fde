#include "bridge/outbox.h"

#include <string.h>

enum { AGAIN_MAX = 3 /* log in, a token that has run out, log in */ };

void outbox_init(struct outbox *o, const struct driver *driver, void *session,
                 const struct outbox_events *events)
{
    memset(o, 0, sizeof *o);
    o->driver = driver;
    o->session = session;
    o->events = *events;
    for (enum look what = 0; what < LOOKS; what++)
        o->looked_ms[what] = -1;
}

static const struct driver_commands *commands_of(const struct outbox *o)
{
    return o->events.next && o->driver->commands ? o->driver->commands(o->session) : NULL;
}

static int64_t look_due_ms(const struct outbox *o, enum look what)
{
    int64_t every_ms = o->events.look_every(o->events.user, what);

    if (every_ms <= 0)
        return -1;
    return o->looked_ms[what] < 0 ? 0 : o->looked_ms[what] + every_ms;
}

static bool next_command(struct outbox *o, const struct driver_commands *commands,
                         struct message *out)
{
    if (!o->waits) {
        o->again = 0;
        if (!o->events.next(o->events.user, &o->command))
            return false;
    }
    o->waits = false;
    if (commands->encode(o->session, &o->command, out)) {
        o->sent = OUTBOX_COMMAND;
        return true;
    }
    o->events.commanded(o->events.user, &o->command, REPLY_NOT_FOUND,
                        "the gateway has no such command");
    return false;
}

static bool next_look(struct outbox *o, const struct driver_commands *commands, enum look what,
                      int64_t now_ms, struct message *out)
{
    int64_t due_ms = look_due_ms(o, what);

    if (due_ms < 0 || due_ms > now_ms)
        return false;
    o->looked_ms[what] = now_ms;
    if (!commands->look(o->session, what, out))
        return false;
    o->sent = OUTBOX_LOOK;
    o->look = what;
    return true;
}

bool outbox_next(struct outbox *o, bool looks, int64_t now_ms, struct message *out)
{
    const struct driver_commands *commands = commands_of(o);

    memset(out, 0, sizeof *out);
    if (!commands)
        return false;
    if (next_command(o, commands, out))
        return true;
    for (enum look what = 0; looks && what < LOOKS; what++) {
        if (next_look(o, commands, what, now_ms, out))
            return true;
    }
    return false;
}

/* ---- What came of it ---- */

static void on_report(void *user, const struct command_report *r)
{
    struct outbox *o = user;
    o->events.report(o->events.user, r);
}

static enum reply_outcome outcome_of(enum decode_result result)
{
    if (result == DECODE_OK)
        return REPLY_OK;
    return result == DECODE_AUTH ? REPLY_UNAUTHORIZED : REPLY_ERROR;
}

static void command_done(struct outbox *o, const struct gateway_reply *reply)
{
    const struct driver_commands *commands = commands_of(o);
    char why[DECODE_WHY_MAX] = "";
    enum reply_outcome outcome = reply->outcome;

    if (outcome == REPLY_OK) {
        enum decode_result result = commands
                                        ? commands->answer(o->session, reply->body, reply->len, why)
                                        : DECODE_BAD_REPLY;
        o->waits = result == DECODE_AGAIN && o->again++ < AGAIN_MAX;
        if (o->waits)
            return;
        outcome = outcome_of(result);
    }
    o->looked_ms[LOOK_LIMIT] = o->looked_ms[LOOK_POWER] = -1; /* what became of it, at once */
    o->events.commanded(o->events.user, &o->command, outcome,
                        reply->outcome == REPLY_OK ? why : reply->why);
}

static void look_done(struct outbox *o, const struct gateway_reply *reply)
{
    const struct driver_commands *commands = commands_of(o);
    const struct decode_sink sink = {.report = on_report, .user = o};
    enum reply_outcome outcome = reply->outcome;
    char why[DECODE_WHY_MAX] = "";

    if (outcome == REPLY_OK && commands)
        outcome =
            outcome_of(commands->looked(o->session, o->look, reply->body, reply->len, &sink, why));
    o->events.looked(o->events.user, o->look, outcome, why[0] ? why : reply->why);
}

void outbox_done(struct outbox *o, const struct gateway_reply *reply)
{
    enum outbox_message sent = o->sent;

    o->sent = OUTBOX_NOTHING;
    if (sent == OUTBOX_COMMAND)
        command_done(o, reply);
    else if (sent == OUTBOX_LOOK)
        look_done(o, reply);
}

int64_t outbox_due_ms(const struct outbox *o, int64_t now_ms)
{
    int64_t due_ms = -1;

    if (!commands_of(o))
        return -1;
    for (enum look what = 0; what < LOOKS; what++) {
        int64_t look_ms = look_due_ms(o, what);
        if (look_ms >= 0 && (due_ms < 0 || look_ms < due_ms))
            due_ms = look_ms;
    }
    return due_ms >= 0 && due_ms < now_ms ? now_ms : due_ms;
}
