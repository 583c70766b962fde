#include "unit/support/private_bus.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/support/child.h"

static struct child daemon_process;
static char folder[64], config[128], address[160];

static bool write_config(void)
{
    FILE *f = fopen(config, "w");

    if (!f)
        return false;
    fprintf(f,
            "<busconfig><type>session</type><listen>%s</listen><auth>EXTERNAL</auth>"
            "<policy context=\"default\"><allow send_destination=\"*\"/>"
            "<allow receive_sender=\"*\"/><allow own=\"*\"/>"
            "<deny own=\"com.victronenergy.forbidden\"/></policy>"
            "<limit name=\"max_replies_per_connection\">50000</limit></busconfig>\n",
            address);
    return fclose(f) == 0;
}

bool private_bus_start(void)
{
    char option[160], name[] = "dbus-daemon", nofork[] = "--nofork", print[] = "--print-address=1",
                      line[256];
    char *argv[] = {name, option, nofork, print, NULL};

    /* One address for the life of the program: libdbus keeps the first that it has seen. */
    if (!*folder) {
        strcpy(folder, "/tmp/dtu-test-bus-XXXXXX");
        if (!mkdtemp(folder))
            return false;
        snprintf(config, sizeof(config), "%s/config", folder);
        snprintf(address, sizeof(address), "unix:path=%s/socket", folder);
        setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
    }
    snprintf(option, sizeof(option), "--config-file=%s", config);
    return write_config() && child_start(&daemon_process, argv) &&
           child_line(&daemon_process, line, sizeof(line));
}

void private_bus_interrupt(void)
{
    char socket[128];

    child_stop(&daemon_process);
    snprintf(socket, sizeof(socket), "%s/socket", folder);
    unlink(socket);
}

void private_bus_stop(void)
{
    private_bus_interrupt();
    unlink(config);
    rmdir(folder);
    *folder = '\0';
}

pid_t private_bus_pid(void)
{
    return daemon_process.pid;
}

/* ---- messages as text ---- */

static char text[65536];
static size_t used;

static __attribute__((format(printf, 1, 2))) void put(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text + used, sizeof(text) - used, format, args);
    va_end(args);
    used += len > 0 && used + (size_t)len < sizeof(text) ? (size_t)len : 0;
}

static void put_args(DBusMessageIter *i);

static void put_array(DBusMessageIter *i)
{
    DBusMessageIter element;
    char *signature = dbus_message_iter_get_signature(i);
    bool dict = signature[1] == '{';

    dbus_message_iter_recurse(i, &element);
    put(dict ? "{" : "[");
    bool empty = dbus_message_iter_get_arg_type(&element) == DBUS_TYPE_INVALID;
    put_args(&element);
    put(dict ? "}" : "]");
    if (empty)
        put("%s", signature);
    dbus_free(signature);
}

static void put_basic(int type, const DBusBasicValue *v)
{
    switch (type) {
    case DBUS_TYPE_INT32:
        put("i:%" PRId32, v->i32);
        break;
    case DBUS_TYPE_UINT32:
        put("u:%" PRIu32, v->u32);
        break;
    case DBUS_TYPE_DOUBLE:
        put("d:%.15g", v->dbl);
        break;
    case DBUS_TYPE_STRING:
        put("s:\"%s\"", v->str);
        break;
    default:
        put("%c:?", type);
        break;
    }
}

static void put_arg(DBusMessageIter *i)
{
    int type = dbus_message_iter_get_arg_type(i);
    DBusMessageIter inner;
    DBusBasicValue v;

    if (type == DBUS_TYPE_VARIANT) {
        dbus_message_iter_recurse(i, &inner);
        put("v<");
        put_args(&inner);
        put(">");
    } else if (type == DBUS_TYPE_DICT_ENTRY) {
        dbus_message_iter_recurse(i, &inner);
        put_args(&inner);
        put(",");
    } else if (type == DBUS_TYPE_ARRAY) {
        put_array(i);
    } else {
        dbus_message_iter_get_basic(i, &v);
        put_basic(type, &v);
    }
}

static void put_args(DBusMessageIter *i)
{
    for (bool first = true; dbus_message_iter_get_arg_type(i) != DBUS_TYPE_INVALID;
         dbus_message_iter_next(i), first = false) {
        if (!first && dbus_message_iter_get_arg_type(i) != DBUS_TYPE_DICT_ENTRY)
            put(" ");
        put_arg(i);
    }
}

const char *message_text(DBusMessage *m)
{
    DBusMessageIter i;

    used = 0;
    text[0] = '\0';
    if (dbus_message_get_type(m) == DBUS_MESSAGE_TYPE_ERROR)
        put("%s ", dbus_message_get_error_name(m));
    else if (dbus_message_iter_init(m, &i))
        put_args(&i);
    return text;
}
