/* What people and their editors do to a file, and how often they are heard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge/sys/loop.h"
#include "edge/sys/watch.h"

enum { SILENCE_MS = 900, LIMIT_MS = 5000 };

static struct {
    char folder[64], path[128], other[128];
    struct loop *loop;
    struct watch *watch;
    struct loop_timer end;
    unsigned calls;
    bool destroy; /* from inside the callback */
} t;

static void on_end(void *user)
{
    loop_stop(t.loop, 0);
}

static void on_changed(void *user)
{
    t.calls++;
    if (t.destroy) {
        watch_destroy(t.watch);
        t.watch = NULL;
    }
    loop_stop(t.loop, 0);
}

/* How often it is heard: until the first time, or for long enough to say that it is not. */
static unsigned heard(int64_t within_ms)
{
    t.calls = 0;
    loop_timer_arm(&t.end, within_ms);
    assert_int_equal(loop_run(t.loop), 0);
    loop_timer_disarm(&t.end);
    return t.calls;
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void begin(const char *path)
{
    t.watch = watch_create(t.loop, path, on_changed, NULL);
    assert_non_null(t.watch);
}

static int setup(void **state)
{
    memset(&t, 0, sizeof t);
    strcpy(t.folder, "/tmp/dtu-watch-XXXXXX");
    if (!mkdtemp(t.folder))
        return -1;
    snprintf(t.path, sizeof t.path, "%s/config.ini", t.folder);
    snprintf(t.other, sizeof t.other, "%s/state.json", t.folder);
    write_file(t.path, "one");
    t.loop = loop_create();
    loop_timer_init(&t.end, t.loop, on_end, NULL);
    return t.loop ? 0 : -1;
}

static int teardown(void **state)
{
    char command[128];

    watch_destroy(t.watch);
    loop_destroy(t.loop);
    snprintf(command, sizeof command, "rm -r %s", t.folder);
    return system(command);
}

static void a_file_that_is_written(void **state)
{
    begin(t.path);
    write_file(t.path, "two, longer");
    assert_int_equal(heard(LIMIT_MS), 1);
    assert_int_equal(heard(SILENCE_MS), 0);
}

static void a_file_that_is_replaced(void **state)
{
    char fresh[140];

    begin(t.path);
    snprintf(fresh, sizeof fresh, "%s.new", t.path);
    for (int i = 0; i < 2; i++) {
        write_file(fresh, i ? "three, the longest" : "two, longer");
        assert_int_equal(rename(fresh, t.path), 0);
        assert_int_equal(heard(LIMIT_MS), 1);
    }
}

static void a_file_that_goes_and_comes(void **state)
{
    begin(t.path);
    assert_int_equal(unlink(t.path), 0);
    assert_int_equal(heard(LIMIT_MS), 1);
    write_file(t.path, "again");
    assert_int_equal(heard(LIMIT_MS), 1);
}

static void several_changes_are_one(void **state)
{
    begin(t.path);
    write_file(t.path, "");
    write_file(t.path, "two, lo");
    write_file(t.path, "two, longer");
    assert_int_equal(heard(LIMIT_MS), 1);
    assert_int_equal(heard(SILENCE_MS), 0);
}

static void another_file_says_nothing(void **state)
{
    begin(t.path);
    write_file(t.other, "moves");
    assert_int_equal(rename(t.other, t.path) < 0, 0);
    assert_int_equal(heard(LIMIT_MS), 1);
    write_file(t.other, "moves again");
    assert_int_equal(heard(SILENCE_MS), 0);
}

/* As when a file is only looked at, or saved without a change by an editor that keeps its times. */
static void a_touch_that_changes_nothing_says_nothing(void **state)
{
    begin(t.path);
    assert_int_equal(chmod(t.path, 0600), 0);
    assert_int_equal(heard(SILENCE_MS), 0);
}

static void what_a_link_leads_to(void **state)
{
    char link[140], folder[140], target[160];

    snprintf(folder, sizeof folder, "%s/elsewhere", t.folder);
    snprintf(target, sizeof target, "%s/real.ini", folder);
    snprintf(link, sizeof link, "%s/link.ini", t.folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_file(target, "one");
    assert_int_equal(symlink(target, link), 0);
    begin(link);
    write_file(target, "two, longer");
    assert_int_equal(heard(LIMIT_MS), 1);
}

/* Without a folder to watch, it is looked at now and then. */
static void a_folder_that_is_not_there_yet(void **state)
{
    char folder[140], path[160];

    snprintf(folder, sizeof folder, "%s/later", t.folder);
    snprintf(path, sizeof path, "%s/config.ini", folder);
    begin(path);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_file(path, "one");
    assert_int_equal(heard(2 * LIMIT_MS), 1);
}

static void destroyed_by_its_own_callback(void **state)
{
    t.destroy = true;
    begin(t.path);
    write_file(t.path, "two, longer");
    assert_int_equal(heard(LIMIT_MS), 1);
    write_file(t.path, "three, the longest");
    assert_int_equal(heard(SILENCE_MS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_is_written, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_goes_and_comes, setup, teardown),
        cmocka_unit_test_setup_teardown(several_changes_are_one, setup, teardown),
        cmocka_unit_test_setup_teardown(another_file_says_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_touch_that_changes_nothing_says_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_link_leads_to, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_yet, setup, teardown),
        cmocka_unit_test_setup_teardown(destroyed_by_its_own_callback, setup, teardown),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
