/*
 * A configuration from text, and what is said of it, for the tests of core/conf.
 */
#ifndef DTU_TESTS_CONF_TEXT_H
#define DTU_TESTS_CONF_TEXT_H

#include "core/conf.h"

#define DTU "[DEFAULT]\nHost=dtu\n"
#define ONE DTU "[INVERTER0]\n"
#define TEMPLATE                                                                                     \
    "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=shelly\nCUST_API_PATH=status\n" \
    "CUST_Power=power\n"

/* Of the text that was parsed last; c is NULL where it cannot be used. */
extern struct config *c;
extern struct conf_report report;

int conf_text_teardown(void **state);
#define CONF_TEST(name) cmocka_unit_test_teardown(name, conf_text_teardown)

void parse(const char *text);
void parse_bytes(const char *text, size_t len); /* which may hold NULs */
void parse_clean(const char *text);             /* nothing may be said of it */

/* One message, of this severity and line, that has all of these words (parted by '|') in its text or outcome. */
void assert_message(enum conf_severity severity, unsigned line, const char *words);
void assert_note(const char *text, unsigned line, const char *words);
void assert_warning(const char *text, unsigned line, const char *words);
void assert_error(const char *text, unsigned line, const char *words);
void assert_fatal(const char *text, unsigned line, const char *words);
void print_report(void);

const struct gateway_conf *gateway(void); /* the first one */
const struct device_conf *device(void);   /* the first one */
const struct device_conf *device_of(const char *section);

#endif
