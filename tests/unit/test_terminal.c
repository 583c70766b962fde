/* A screen on a pseudo-terminal: what is written to it, what its keys mean, how it is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "edge/sys/loop.h"
#include "edge/sys/terminal.h"
#include "unit/support/run_for.h"

static struct loop *loop;
static struct terminal *terminal;
static int master, slave;
static int keys[64];
static size_t key_count;

static void on_key(void *user, int key)
{
    assert_ptr_equal(user, &keys);
    if (key_count < sizeof(keys) / sizeof(keys[0]))
        keys[key_count++] = key;
}

static void set_size(unsigned short width, unsigned short height)
{
    struct winsize size = {.ws_col = width, .ws_row = height};

    assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
}

static int set_up(void **state)
{
    loop = loop_create();
    key_count = 0;
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (!loop || master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
        return -1;
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return -1;
    set_size(80, 24);
    terminal = terminal_open(loop, slave, slave, on_key, &keys);
    return terminal ? 0 : -1;
}

static int tear_down(void **state)
{
    terminal_close(terminal);
    close(slave);
    close(master);
    loop_destroy(loop);
    return 0;
}

/* Everything that came out of the terminal so far. */
static const char *output(void)
{
    static char text[65536];
    size_t used = 0;
    struct pollfd p = {.fd = master, .events = POLLIN};

    while (used + 1 < sizeof(text) && poll(&p, 1, 20) == 1) {
        ssize_t got = read(master, text + used, sizeof(text) - 1 - used);
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    text[used] = '\0';
    return text;
}

static void press(const char *bytes, size_t expected)
{
    size_t before = key_count;

    assert_int_equal(write(master, bytes, strlen(bytes)), strlen(bytes));
    for (int i = 0; i < 200 && key_count < before + expected; i++)
        run_loop_for(loop, 5);
    run_loop_for(loop, 10);
    assert_int_equal(key_count, before + expected);
}

static void draw(const char *lines)
{
    assert_true(terminal_draw(terminal, lines, strlen(lines)));
}

static void test_enters_and_leaves(void **state)
{
    struct termios before, raw, after;

    assert_int_equal(tcgetattr(slave, &before), 0);
    assert_true(before.c_lflag & ICANON);
    terminal_enter(terminal);
    assert_int_equal(tcgetattr(slave, &raw), 0);
    assert_false(raw.c_lflag & (ICANON | ECHO));
    assert_true(raw.c_lflag & ISIG);
    assert_string_equal(output(), "\x1b[?1049h\x1b[?25l\x1b[?7l");
    terminal_enter(terminal); /* as after SIGCONT */
    output();
    terminal_leave(terminal);
    terminal_leave(terminal);
    assert_string_equal(output(), "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l");
    assert_int_equal(tcgetattr(slave, &after), 0);
    assert_int_equal(before.c_lflag, after.c_lflag);
    assert_int_equal(before.c_iflag, after.c_iflag);
    assert_memory_equal(before.c_cc, after.c_cc, sizeof(before.c_cc));
    terminal_enter(terminal);
    output();
    terminal_close(terminal);
    terminal = NULL;
    assert_string_equal(output(), "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l");
    assert_int_equal(tcgetattr(slave, &after), 0);
    assert_int_equal(before.c_lflag, after.c_lflag);
}

static void test_keys(void **state)
{
    static const int expected[] = {'q',           TERMINAL_UP,        TERMINAL_DOWN,
                                   TERMINAL_UP,   TERMINAL_PAGE_UP,   TERMINAL_PAGE_DOWN,
                                   TERMINAL_HOME, TERMINAL_END,       'x',
                                   'y',           TERMINAL_PAGE_DOWN, TERMINAL_DOWN};

    terminal_enter(terminal);
    press("q", 1);
    press("\x1b[A\x1b[B\x1bOA", 3);
    press("\x1b[5~\x1b[6~\x1b[H\x1b[4~", 4);
    press("\x1b[1;5A\x1b[99~x", 1); /* what is not known is left out, as a whole */
    press("\x1b\x1b[zy", 1);        /* an ESC by itself */
    press("\x1b[", 0);              /* a sequence in two parts */
    press("6", 0);
    press("~", 1);
    press("\x1b[11111111111111111111111111", 12); /* never ends; what is too long for one is text */
    key_count -= 12;
    press("\x1b[B", 1);
    assert_int_equal(key_count, sizeof(expected) / sizeof(expected[0]));
    assert_memory_equal(keys, expected, sizeof(expected));
}

static void test_draws_what_differs(void **state)
{
    terminal_enter(terminal);
    output();
    draw("head\nrow 1\nrow 2");
    assert_string_equal(output(), "\x1b[0m\x1b[H\x1b[2J\x1b[1;1H\x1b[Khead"
                                  "\x1b[2;1H\x1b[Krow 1\x1b[3;1H\x1b[Krow 2");
    draw("head\nrow 1\nrow 2");
    assert_string_equal(output(), "");
    draw("head\nrow 3\nrow 2\nrow 4");
    assert_string_equal(output(), "\x1b[2;1H\x1b[Krow 3\x1b[4;1H\x1b[Krow 4");
    draw("head");
    assert_string_equal(output(), "\x1b[2;1H\x1b[J");
    terminal_redraw(terminal);
    draw("head");
    assert_string_equal(output(), "\x1b[0m\x1b[H\x1b[2J\x1b[1;1H\x1b[Khead");
    set_size(100, 24);
    draw("head");
    assert_string_equal(output(), "\x1b[0m\x1b[H\x1b[2J\x1b[1;1H\x1b[Khead");
}

static void test_size(void **state)
{
    unsigned width, height;

    set_size(120, 40);
    terminal_size(terminal, &width, &height);
    assert_int_equal(width, 120);
    assert_int_equal(height, 40);
    set_size(0, 0);
    terminal_size(terminal, &width, &height);
    assert_int_equal(width, 80);
    assert_int_equal(height, 24);
}

/* Ctrl-S: nothing is written, and nothing waits. */
static void test_stopped_output(void **state)
{
    terminal_enter(terminal);
    output();
    assert_int_equal(tcflow(slave, TCOOFF), 0);
    assert_false(terminal_draw(terminal, "head", 4));
    assert_int_equal(tcflow(slave, TCOON), 0);
    draw("head");
    assert_string_equal(output(), "\x1b[0m\x1b[H\x1b[2J\x1b[1;1H\x1b[Khead");
}

static void test_no_keys_without_a_terminal(void **state)
{
    int nowhere[2];

    assert_int_equal(pipe2(nowhere, O_CLOEXEC), 0);
    struct terminal *t = terminal_open(loop, nowhere[0], slave, on_key, &keys);
    assert_non_null(t);
    terminal_enter(t);
    output();
    assert_int_equal(write(nowhere[1], "q", 1), 1);
    run_loop_for(loop, 20);
    assert_int_equal(key_count, 0);
    terminal_close(t);
    terminal_close(NULL);
    close(nowhere[0]);
    close(nowhere[1]);
}

#define ON_PTY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PTY(test_enters_and_leaves),  ON_PTY(test_keys),
        ON_PTY(test_draws_what_differs), ON_PTY(test_size),
        ON_PTY(test_stopped_output),     ON_PTY(test_no_keys_without_a_terminal),
    };
    return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
