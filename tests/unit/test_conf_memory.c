/*
 * Out of memory at every single allocation while a configuration or a capture is read: it is whole, or it is none and
 * that is said. The linker sends malloc() and its like through here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/capture.h"
#include "core/conf.h"
#include "core/inifile.h"
#include "unit/support/allocations.h"

static long before = -1; /* so many allocations succeed, then one fails; -1: none does */
static bool failed;

bool allocation_fails(void)
{
    if (before < 0 || before-- > 0)
        return false;
    failed = true;
    return true;
}

/* ---- What is read ---- */

static void ignore(void *user, unsigned line, const char *text)
{
    (void)user;
    (void)line;
    (void)text;
}

static void a_file(void **state)
{
    static const char text[] = "[A]\nkey=1\n 2\nother=3\n[B]\nkey=4\n[C]\nkey=5\n 6\n 7\n";

    (void)state;
    for (long n = 0; n == 0 || failed; n++) {
        failed = false;
        before = n;
        struct inifile *f = inifile_read(text, ignore, NULL);
        before = -1;
        assert_int_equal(f == NULL, failed);
        if (f) {
            assert_int_equal(f->section_count, 3);
            assert_int_equal(f->entry_count, 4);
            assert_string_equal(f->entries[3].value, "5\n6\n7");
        }
        inifile_free(f);
    }
}

/* With messages, and with a type, whose file is read as well: none of its devices may go for want of memory. */
static void a_configuration(void **state)
{
    static const char text[] =
        "[DEFAULT]\nHost=a\nFoo=1\nPhase=L2\n[INVERTER0]\nBar=2\n[INVERTER1]\n"
        "[TEMPLATE0]\nHost=b\nType=shelly-plus-1pm\n";
    struct conf_report report;

    (void)state;
    for (long n = 0; n == 0 || failed; n++) {
        failed = false;
        before = n;
        struct config *config = config_parse(text, sizeof text - 1, &report);
        before = -1;
        assert_int_equal(config == NULL, failed);
        assert_int_equal(report.fatals > 0, failed);
        if (config) {
            assert_int_equal(config->device_count, 3);
            assert_int_equal(report.count, 2);
        } else {
            const struct conf_message *last = &report.messages[report.count - 1];
            assert_int_equal(last->severity, CONF_FATAL);
            assert_string_equal(last->text, "out of memory");
            assert_int_equal(last->line, 0);
        }
        config_free(config);
        conf_report_finish(&report);
    }
}

static void a_capture(void **state)
{
    static const char text[] =
        "{\"capture\":1,\"program\":\"1\",\"gateways\":[{\"gateway\":\"A\",\"driver\":\"ahoy\"}]}\n"
        "{\"t\":1,\"gateway\":\"A\",\"path\":\"/\",\"outcome\":\"ok\",\"body\":\"x\"}\n"
        "{\"t\":2,\"gateway\":\"A\",\"pushed\":\"y\"}\n"
        "{\"t\":3,\"end\":\"time\"}\n";
    char why[CAPTURE_WHY_MAX];

    (void)state;
    for (long n = 0; n == 0 || failed; n++) {
        failed = false;
        before = n;
        struct capture *c = capture_read(text, sizeof text - 1, why);
        before = -1;
        assert_int_equal(c == NULL, failed);
        if (c)
            assert_int_equal(c->count, 2);
        capture_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file),
        cmocka_unit_test(a_configuration),
        cmocka_unit_test(a_capture),
    };
    return cmocka_run_group_tests_name("conf_memory", tests, NULL, NULL);
}
