/*
 * A model of what `show` has heard, and rows to fill it with.
 */
#ifndef DTU_TESTS_SHOW_FIXTURE_H
#define DTU_TESTS_SHOW_FIXTURE_H

#include "cli/show/show_model.h"
#include "cli/show/show_text.h"

extern struct show_model *model;
extern struct show_text out;

int show_setup(void **state);
int show_teardown(void **state);

#define WITH_MODEL(test) cmocka_unit_test_setup_teardown(test, show_setup, show_teardown)

/* A value of a row. */
void number(struct show_row *row, const char *path, double d);
void text(struct show_row *row, const char *path, const char *s);
void nothing(struct show_row *row, const char *path);

/* A pvinverter on a phase. */
struct show_row *inverter(unsigned instance, const char *name, unsigned phase, double watts);

#endif
