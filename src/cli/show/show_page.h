/*
 * What `show` knows from com.victronenergy.opendtu (docs/dbus.md): devices that have no service of their own, and so no
 * row, and why. Pure.
 */
#ifndef DTU_CLI_SHOW_PAGE_H
#define DTU_CLI_SHOW_PAGE_H

#include <stddef.h>

#include "core/value.h"

#define SHOW_PAGE_SERVICE "com.victronenergy.opendtu"

enum { SHOW_PAGE_DEVICES = 64, SHOW_PAGE_TEXT = 64 };

struct show_page {
    size_t count;
    struct {
        char id[SHOW_PAGE_TEXT], name[SHOW_PAGE_TEXT]; /* "": not said */
        int state;                                     /* -1: not said */
    } device[SHOW_PAGE_DEVICES];
};

/* A value of any path. */
void show_page_item(struct show_page *p, const char *path, const struct value *value);

/*
 * The n-th line of what is not on the bus, from 0: "disabled on the GX screen: Barn, Shed". "" behind the last.
 */
const char *show_page_line(const struct show_page *p, size_t n, char *out, size_t size);

#endif
