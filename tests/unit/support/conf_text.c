#include "unit/support/conf_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

struct config *c;
struct conf_report report;

int conf_text_teardown(void **state)
{
    config_free(c);
    conf_report_finish(&report);
    c = NULL;
    return 0;
}

void parse_bytes(const char *text, size_t len)
{
    config_free(c);
    conf_report_finish(&report);
    c = config_parse(text, len, &report);
    assert_int_equal(c == NULL, report.fatals > 0);
}

void parse(const char *text)
{
    parse_bytes(text, strlen(text));
}

void print_report(void)
{
    for (size_t i = 0; i < report.count; i++)
        print_message("# %u: %s; %s\n", report.messages[i].line, report.messages[i].text,
                      report.messages[i].outcome);
}

void parse_clean(const char *text)
{
    parse(text);
    print_report();
    assert_int_equal(report.count, 0);
    assert_non_null(c);
}

void assert_message(enum conf_severity severity, unsigned line, const char *words)
{
    char copy[200], said[sizeof report.messages[0].text + sizeof report.messages[0].outcome + 2];

    print_report();
    assert_int_equal(report.count, 1);
    assert_int_equal(report.messages[0].severity, severity);
    assert_int_equal(report.messages[0].line, line);
    snprintf(copy, sizeof copy, "%s", words);
    snprintf(said, sizeof said, "%s; %s", report.messages[0].text, report.messages[0].outcome);
    for (char *rest = copy, *word; (word = strsep(&rest, "|"));) {
        if (!strstr(said, word))
            fail_msg("no \"%s\" in: %s", word, said);
    }
}

void assert_warning(const char *text, unsigned line, const char *words)
{
    parse(text);
    assert_message(CONF_WARNING, line, words);
    assert_int_equal(report.warnings, 1);
}

void assert_note(const char *text, unsigned line, const char *words)
{
    parse(text);
    assert_message(CONF_NOTE, line, words);
    assert_int_equal(report.notes, 1);
}

void assert_error(const char *text, unsigned line, const char *words)
{
    parse(text);
    assert_message(CONF_ERROR, line, words);
    assert_int_equal(report.errors, 1);
}

void assert_fatal(const char *text, unsigned line, const char *words)
{
    parse(text);
    assert_message(CONF_FATAL, line, words);
    assert_null(c);
}

const struct gateway_conf *gateway(void)
{
    assert_true(c->gateway_count > 0);
    return &c->gateways[0];
}

const struct device_conf *device(void)
{
    assert_true(c->device_count > 0);
    return &c->devices[0];
}

const struct device_conf *device_of(const char *section)
{
    for (size_t i = 0; i < c->device_count; i++) {
        if (strcmp(c->devices[i].section, section) == 0)
            return &c->devices[i];
    }
    fail_msg("no device of [%s]", section);
    return NULL;
}
