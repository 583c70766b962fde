#include "edge/bus/introspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bus/variant.h"

static void put_args(FILE *out, const char *signature, const char *direction)
{
    DBusSignatureIter i;

    if (!*signature)
        return;
    dbus_signature_iter_init(&i, signature);
    do {
        char *type = dbus_signature_iter_get_signature(&i);
        fprintf(out, "      <arg type=\"%s\" direction=\"%s\"/>\n", type ? type : "", direction);
        dbus_free(type);
    } while (dbus_signature_iter_next(&i));
}

static void put_interface(FILE *out, enum node_kind kind, const char *interface)
{
    fprintf(out, "  <interface name=\"%s\">\n", interface);
    if (kind == NODE_ROOT && strcmp(interface, BUS_ITEM) == 0)
        fputs("    <signal name=\"ItemsChanged\">\n"
              "      <arg type=\"a{sa{sv}}\" name=\"items\"/>\n"
              "    </signal>\n",
              out);
}

static void put_methods(FILE *out, enum node_kind kind, const struct method *methods, size_t count)
{
    const char *interface = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct method *m = &methods[i];
        if (!(m->kinds & (int)kind))
            continue;
        if (!interface || strcmp(interface, m->interface) != 0) {
            if (interface)
                fputs("  </interface>\n", out);
            interface = m->interface;
            put_interface(out, kind, interface);
        }
        fprintf(out, "    <method name=\"%s\">\n", m->name);
        put_args(out, m->in, "in");
        put_args(out, m->out, "out");
        fputs("    </method>\n", out);
    }
    fputs("  </interface>\n"
          "  <interface name=\"" DBUS_INTERFACE_PEER "\">\n"
          "    <method name=\"Ping\"/>\n"
          "    <method name=\"GetMachineId\">\n"
          "      <arg type=\"s\" direction=\"out\"/>\n"
          "    </method>\n"
          "  </interface>\n",
          out);
}

/* Whether an item before this one is below the same child of the node. */
static bool is_known(const struct items *items, size_t i, const char *node, const char *child,
                     size_t len)
{
    while (i-- > 0) {
        const char *other = item_below(&items->list[i], node);
        if (other && strcspn(other, "/") == len && memcmp(other, child, len) == 0)
            return true;
    }
    return false;
}

static void put_children(FILE *out, const struct items *items, const char *node)
{
    for (size_t i = 0; i < items->count; i++) {
        const char *child = item_below(&items->list[i], node);
        size_t len = child ? strcspn(child, "/") : 0;
        if (child && !is_known(items, i, node, child, len))
            fprintf(out, "  <node name=\"%.*s\"/>\n", (int)len, child);
    }
}

char *introspect(const struct node *node, const struct items *items, const struct method *methods,
                 size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fprintf(out, "%s<node>\n", DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE);
    put_methods(out, node->kind, methods, count);
    put_children(out, items, node->path);
    fputs("</node>\n", out);
    bool ok = !ferror(out);
    if (fclose(out) == 0 && ok)
        return text;
    free(text);
    return NULL;
}
