/*
 * A house with the page on the GX screen: an OpenDTU with one inverter that the configuration names, and what answers at
 * an address that was added on the page.
 */
#ifndef DTU_TESTS_PAGE_HOUSE_H
#define DTU_TESTS_PAGE_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bridge/overview.h"
#include "edge/bus/service.h"
#include "virtual/support/gx.h"
#include "virtual/support/world.h"

#define OWN     "com.victronenergy.opendtu"
#define SERIAL  "114182940773"
#define OTHER   "114182940774"
#define DEVICE  "/Devices/" SERIAL
#define ROOF    "com.victronenergy.pvinverter.http_34"
#define SETTING "/Settings/Devices/dtu_" SERIAL "/"

enum { MINUTE = 60 * 1000, MAX_W = 800 };

#define GOOD \
    "[DEFAULT]\nDTU=opendtu\nHost=dtu\nLogging=CRITICAL\nUsername=admin\nPassword=x\nPush=0\n"

extern struct page_house {
    struct gx gx;
    char body[1024];
    const char *serial;
    double power_w, limit_pct;
    bool night, away, added_is_dtu;
    unsigned asked, added_asked, added_commands, commands;
    char added_url[64];
} page;

/* Of a test: the house is as it was built, in a folder of its own. */
int page_setup(void **state);
int page_teardown(void **state);

void page_write_config(const char *text);
void page_change_config(const char *config); /* and the program reads it */
void page_begin(void);                       /* the program, and its first half minute */
void page_begin_with(const char *config);
void page_end(void);

/* What the page shows, of its own service. */
struct value page_value(const char *path);
void assert_page_text(const char *path, const char *text);
void assert_page_number(const char *path, double number);
void assert_page_none(const char *path);

/* SERVICE_ACCEPTED or SERVICE_REFUSED. */
int page_write_int(const char *path, int i);
int page_write_double(const char *path, double d);
int page_write_text(const char *path, const char *s);

#endif
