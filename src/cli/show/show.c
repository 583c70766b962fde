#include "cli/show/show.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/show/show_model.h"
#include "cli/show/show_options.h"
#include "cli/show/show_view.h"
#include "core/map.h"
#include "core/name.h"
#include "edge/bus/monitor.h"
#include "edge/sys/loop.h"
#include "edge/sys/terminal.h"

enum {
    FRAME_MS = 200, /* between two frames; what comes meanwhile is in the next */
    TICK_MS = 1000, /* the ages move */
    BLOCKED_MS = 500,
    PIECE = 4096, /* PIPE_BUF: so much a pipe that polls as writable takes without waiting */
    NOTHING_FOUND = 3,
};

struct show {
    struct show_options options;
    struct loop *loop;
    struct monitor *monitor;
    struct show_model *model;
    struct terminal *terminal; /* NULL: lines */
    struct show_look look;
    struct show_text text;
    size_t written; /* bytes of text that have gone out: the rest waits for the reader */
    struct loop_fd *out;
    struct loop_timer draw_timer, tick_timer;
    size_t scroll, room;
    bool head_written, changed, settled;
    char fault[200]; /* of the bus; "": none */
};

/* ---- which services ---- */

static bool is_of_a_class(const char *name)
{
    name += strlen("com.victronenergy.");
    for (size_t i = 0; venus_classes[i]; i++) {
        size_t len = strlen(venus_classes[i]->name);
        if (strncmp(name, venus_classes[i]->name, len) == 0 && (name[len] == '.' || !name[len]))
            return true;
    }
    return false;
}

/* ---- standard output without a terminal ---- */

static void write_pending(struct show *s)
{
    while (s->written < s->text.len) {
        struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
        size_t len = s->text.len - s->written;
        if (poll(&p, 1, 0) != 1)
            break;
        ssize_t done = write(STDOUT_FILENO, s->text.data + s->written, len < PIECE ? len : PIECE);
        if (done < 0 && (errno == EINTR || errno == EAGAIN))
            break;
        if (done < 0) { /* a reader that has seen enough is no failure */
            loop_stop(s->loop, errno == EPIPE ? 0 : 1);
            s->written = s->text.len;
        } else {
            s->written += (size_t)done;
        }
    }
    bool waits = s->written < s->text.len;
    if (!waits) {
        show_text_reset(&s->text);
        s->written = 0;
    }
    loop_fd_events(s->out, waits ? POLLOUT : 0);
}

static void on_writable(void *user, int fd, short revents)
{
    (void)fd;
    (void)revents;
    write_pending(user);
}

/* All of it, waiting for the reader as long as it takes: for --once. */
static int write_all(const struct show_text *t)
{
    size_t done = 0;

    while (done < t->len) {
        ssize_t now = write(STDOUT_FILENO, t->data + done, t->len - done);
        if (now < 0 && errno != EINTR)
            return errno == EPIPE ? 0 : 1;
        done += now > 0 ? (size_t)now : 0;
    }
    return t->failed ? 1 : 0;
}

/* By the wall clock: a line in a file says when. */
static void put_time(struct show_text *t)
{
    time_t now = time(NULL);
    struct tm tm;
    char text[32] = "";

    if (gmtime_r(&now, &tm))
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ ", &tm);
    show_text_puts(t, text);
}

static void put_line(struct show *s, const struct show_row *row)
{
    if (s->options.json) {
        show_view_json_row(row, s->look.now_ms, &s->text);
        return;
    }
    if (!s->head_written) {
        show_text_puts(&s->text, "Time                 ");
        show_view_head(&s->look, &s->text);
    }
    s->head_written = true;
    put_time(&s->text);
    show_view_line(row, &s->look, &s->text);
}

static void put_changed_lines(struct show *s)
{
    for (size_t i = 0; i < show_model_count(s->model); i++) {
        struct show_row *row = show_model_row(s->model, i);
        if (row->changed)
            put_line(s, row);
        row->changed = false;
    }
}

static void write_changes(struct show *s)
{
    if (s->written < s->text.len) {
        s->changed = true; /* a slow reader misses lines, and none waits in memory */
        return;
    }
    if (!s->options.stats) {
        put_changed_lines(s);
    } else if (s->options.json) {
        show_view_json(s->model, &s->look, &s->text);
    } else {
        show_text_puts(&s->text, s->head_written ? "\n" : "");
        show_view_table(s->model, &s->look, &s->text);
        s->head_written = true;
    }
    write_pending(s);
}

/* ---- drawing ---- */

static void draw_screen(struct show *s)
{
    terminal_size(s->terminal, &s->look.width, &s->look.height);
    show_text_reset(&s->text);
    s->room = show_view_screen(s->model, &s->look, &s->scroll, &s->text);
    if (s->text.failed || !s->text.data)
        return;
    if (!terminal_draw(s->terminal, s->text.data, s->text.len))
        loop_timer_arm(&s->draw_timer, BLOCKED_MS);
}

static void on_draw(void *user)
{
    struct show *s = user;

    s->look.now_ms = loop_now_ms(s->loop);
    if (s->terminal) {
        draw_screen(s);
        return;
    }
    if (!s->changed)
        return;
    s->changed = false;
    write_changes(s);
    loop_timer_arm(&s->draw_timer, s->options.interval_s * 1000); /* not before that again */
}

static void on_tick(void *user)
{
    struct show *s = user;

    loop_timer_arm(&s->tick_timer, TICK_MS);
    if (!loop_timer_armed(&s->draw_timer))
        on_draw(s);
}

static void soon(struct show *s)
{
    s->changed = true;
    if (s->options.once || !s->settled)
        return; /* it waits until the beginning is known as a whole; a terminal at most TICK_MS */
    if (!loop_timer_armed(&s->draw_timer))
        loop_timer_arm(&s->draw_timer, s->terminal ? FRAME_MS : 0);
}

/* ---- what the monitor tells ---- */

static void *on_came(void *user, const char *name)
{
    struct show *s = user;
    bool wanted = name_is_of_our_kind(name) || (s->options.all && is_of_a_class(name));

    if (strcmp(name, SHOW_PAGE_SERVICE) == 0)
        return show_model_page(s->model);
    struct show_row *row = wanted ? show_model_add(s->model, name) : NULL;

    if (row && s->terminal)
        soon(s);
    return row;
}

/* Not a row, but what there is none of. */
static bool is_page(const struct show *s, const void *service)
{
    return service == show_model_absent(s->model);
}

static void on_gone(void *user, void *service)
{
    struct show *s = user;
    const struct show_row *row = service;

    if (is_page(s, service)) {
        show_model_page(s->model)->count = 0;
        soon(s);
        return;
    }
    if (!s->terminal && !s->options.once && !s->options.stats && s->written == s->text.len) {
        if (s->options.json) {
            show_view_json_gone(row->service, &s->text);
        } else {
            put_time(&s->text);
            show_text_printf(&s->text, "%s has gone\n", row->service);
        }
        write_pending(s);
    }
    show_model_remove(s->model, service);
    soon(s);
}

static void on_item(void *user, void *service, const char *path, const struct value *value)
{
    struct show *s = user;

    if (is_page(s, service))
        show_page_item(service, path, value);
    else
        show_row_item(service, path, value);
}

static void on_news(void *user, void *service, enum monitor_news news)
{
    struct show *s = user;
    int64_t now = loop_now_ms(s->loop);

    if (is_page(s, service)) /* it says something every few seconds: shown with what rows say */
        return;
    if (news == MONITOR_TOLD)
        show_row_told(service, now);
    else if (news == MONITOR_UPDATED)
        show_row_updated(service, now);
    else
        show_row_silent(service);
    soon(s);
}

static void print_once(struct show *s)
{
    bool found = show_model_count(s->model) > 0;

    s->look.now_ms = loop_now_ms(s->loop);
    if (s->options.json)
        show_view_json(s->model, &s->look, &s->text);
    else if (found)
        show_view_table(s->model, &s->look, &s->text);
    else
        fprintf(stderr, "show: no service of dbus-opendtu is on the D-Bus: does it run?\n");
    int code = write_all(&s->text);
    loop_stop(s->loop, code || found ? code : NOTHING_FOUND);
}

static void on_settled(void *user)
{
    struct show *s = user;

    s->settled = true;
    if (s->options.once)
        print_once(s);
    else if (s->terminal)
        on_draw(s);
    else if (show_model_count(s->model))
        soon(s);
    else
        fprintf(stderr, "show: no service of dbus-opendtu is on the D-Bus yet; waiting\n");
}

static void on_lost(void *user)
{
    struct show *s = user;

    snprintf(s->fault, sizeof s->fault, "the D-Bus is gone");
    loop_stop(s->loop, 1);
}

static void on_failed(void *user, const char *why)
{
    struct show *s = user;

    snprintf(s->fault, sizeof s->fault, "%s", why);
    loop_stop(s->loop, 1);
}

/* ---- keys and signals ---- */

static void scroll_by(struct show *s, long rows)
{
    if (rows < 0 && s->scroll < (size_t)-rows)
        s->scroll = 0;
    else
        s->scroll += (size_t)rows; /* too far is put right by the view */
    on_draw(s);
}

static void on_key(void *user, int key)
{
    struct show *s = user;
    long page = s->room > 1 ? (long)s->room - 1 : 1;

    switch (key) {
    case 'q':
    case 'Q':
    case 3: /* Ctrl-C, where it does not come as a signal */
        loop_stop(s->loop, 0);
        break;
    case 's':
        s->look.gateways = !s->look.gateways;
        s->scroll = 0;
        on_draw(s);
        break;
    case 'h':
    case 'H':
    case '?':
        s->look.help = !s->look.help;
        s->scroll = 0;
        on_draw(s);
        break;
    case 'k':
    case TERMINAL_UP:
        scroll_by(s, -1);
        break;
    case 'j':
    case TERMINAL_DOWN:
        scroll_by(s, 1);
        break;
    case TERMINAL_PAGE_UP:
        scroll_by(s, -page);
        break;
    case ' ':
    case TERMINAL_PAGE_DOWN:
        scroll_by(s, page);
        break;
    case TERMINAL_HOME:
        scroll_by(s, -SHOW_SERVICES_MAX);
        break;
    case TERMINAL_END:
        scroll_by(s, SHOW_SERVICES_MAX);
        break;
    case 12: /* Ctrl-L */
        terminal_redraw(s->terminal);
        on_draw(s);
        break;
    default:
        break;
    }
}

static void on_end(void *user, int number)
{
    (void)number;
    loop_stop(((struct show *)user)->loop, 0);
}

static void on_resize(void *user, int number)
{
    (void)number;
    on_draw(user);
}

static bool follow_bus(struct show *s)
{
    struct monitor_events events = {.came = on_came,
                                    .gone = on_gone,
                                    .item = on_item,
                                    .news = on_news,
                                    .settled = on_settled,
                                    .failed = on_failed,
                                    .lost = on_lost,
                                    .user = s};

    s->monitor = monitor_create(s->loop, &events);
    if (!s->monitor)
        on_failed(s, "out of memory");
    return s->monitor != NULL;
}

/* While it is stopped, all that it listens to would pile up in the memory of the bus. */
static void let_go_of_bus(struct show *s)
{
    monitor_destroy(s->monitor);
    s->monitor = NULL;
    while (show_model_count(s->model) > 0)
        show_model_remove(s->model, show_model_row(s->model, 0));
}

/* Stops as the shell expects it, with its terminal put back; goes on from here. */
static void on_stop(void *user, int number)
{
    struct show *s = user;
    struct sigaction normal = {.sa_handler = SIG_DFL};

    let_go_of_bus(s);
    terminal_leave(s->terminal);
    sigaction(number, &normal, NULL);
    raise(number);
    (void)loop_signal(s->loop, number, on_stop, s);
    terminal_enter(s->terminal);
    if (follow_bus(s))
        on_draw(s);
}

/* After a SIGSTOP, which nobody can see coming, the shell has set the terminal its own way. */
static void on_continue(void *user, int number)
{
    struct show *s = user;

    (void)number;
    terminal_enter(s->terminal);
    on_draw(s);
}

static bool hear_signals(struct show *s)
{
    static const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
    /* Without a terminal to put back, whoever said nohup is to have it. */
    size_t count = s->terminal ? sizeof ends / sizeof ends[0] : 2;

    for (size_t i = 0; i < count; i++) {
        if (loop_signal(s->loop, ends[i], on_end, s))
            return false;
    }
    return !s->terminal || (loop_signal(s->loop, SIGWINCH, on_resize, s) == 0 &&
                            loop_signal(s->loop, SIGTSTP, on_stop, s) == 0 &&
                            loop_signal(s->loop, SIGCONT, on_continue, s) == 0);
}

/* ---- the beginning and the end ---- */

static bool open_output(struct show *s)
{
    if (show_options_draw(&s->options)) {
        s->terminal = terminal_open(s->loop, STDIN_FILENO, STDOUT_FILENO, on_key, s);
        return s->terminal != NULL;
    }
    s->out = loop_fd_add(s->loop, STDOUT_FILENO, 0, on_writable, s);
    return s->out != NULL;
}

static void choose_look(struct show *s)
{
    unsigned height;

    s->look = (struct show_look){.color = show_options_color(&s->options),
                                 .utf8 = show_options_utf8() || !isatty(STDOUT_FILENO),
                                 .gateways = s->options.stats,
                                 .note = s->options.note,
                                 .history = s->terminal != NULL};
    if (s->options.once && isatty(STDOUT_FILENO)) {
        struct terminal *t = terminal_open(s->loop, -1, STDOUT_FILENO, NULL, NULL);
        if (t)
            terminal_size(t, &s->look.width, &height);
        terminal_close(t);
    }
}

static bool begin(struct show *s)
{
    s->loop = loop_create();
    s->model = show_model_create();
    if (s->loop && s->model) {
        loop_timer_init(&s->draw_timer, s->loop, on_draw, s);
        loop_timer_init(&s->tick_timer, s->loop, on_tick, s);
        if (open_output(s) && hear_signals(s)) {
            choose_look(s);
            return follow_bus(s);
        }
    }
    fprintf(stderr, "show: out of memory\n");
    return false;
}

static void end(struct show *s)
{
    monitor_destroy(s->monitor);
    terminal_close(s->terminal);
    loop_fd_remove(s->out);
    show_model_destroy(s->model);
    show_text_finish(&s->text);
    loop_destroy(s->loop);
    if (*s->fault)
        fprintf(stderr, "show: %s\n", s->fault);
}

int cli_show(int argc, char **argv)
{
    struct show s = {.options = {.interval_s = 1}};
    int code = show_options_parse(argc, argv, &s.options);

    if (code)
        return code - 1;
    code = 1;
    if (begin(&s)) {
        if (s.terminal) {
            terminal_enter(s.terminal);
            loop_timer_arm(&s.tick_timer, TICK_MS);
        }
        code = loop_run(s.loop);
    }
    end(&s);
    return code < 0 ? 1 : code;
}
