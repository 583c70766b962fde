#include "edge/bus/variant.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

enum { VARIANTS_MAX = 4 }; /* how deeply a value may be wrapped */

/* ---- into messages ---- */

bool variant_append_text(DBusMessageIter *to, const char *text)
{
    char *clean = strdup(text);

    if (!clean)
        return false;
    text_clean(clean);
    bool ok = dbus_message_iter_append_basic(to, DBUS_TYPE_STRING, &clean);
    free(clean);
    return ok;
}

static bool append_number(DBusMessageIter *to, int type, const char *signature, const void *value)
{
    DBusMessageIter variant;

    if (!dbus_message_iter_open_container(to, DBUS_TYPE_VARIANT, signature, &variant))
        return false;
    if (!dbus_message_iter_append_basic(&variant, type, value)) {
        dbus_message_iter_abandon_container(to, &variant);
        return false;
    }
    return dbus_message_iter_close_container(to, &variant);
}

static bool append_string(DBusMessageIter *to, const char *text)
{
    DBusMessageIter variant;

    if (!dbus_message_iter_open_container(to, DBUS_TYPE_VARIANT, "s", &variant))
        return false;
    if (!variant_append_text(&variant, text)) {
        dbus_message_iter_abandon_container(to, &variant);
        return false;
    }
    return dbus_message_iter_close_container(to, &variant);
}

static bool append_no_value(DBusMessageIter *to)
{
    DBusMessageIter variant, array;

    if (!dbus_message_iter_open_container(to, DBUS_TYPE_VARIANT, "ai", &variant))
        return false;
    if (!dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "i", &array)) {
        dbus_message_iter_abandon_container(to, &variant);
        return false;
    }
    dbus_message_iter_close_container(&variant, &array);
    return dbus_message_iter_close_container(to, &variant);
}

static bool append_elements(DBusMessageIter *array, const char *const *list)
{
    for (size_t i = 0; list[i]; i++) {
        if (!variant_append_text(array, list[i]))
            return false;
    }
    return true;
}

static bool append_strings(DBusMessageIter *to, const char *const *list)
{
    DBusMessageIter variant, array;

    if (!dbus_message_iter_open_container(to, DBUS_TYPE_VARIANT, "as", &variant))
        return false;
    if (!dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "s", &array)) {
        dbus_message_iter_abandon_container(to, &variant);
        return false;
    }
    if (!append_elements(&array, list)) {
        dbus_message_iter_abandon_container(&variant, &array);
        dbus_message_iter_abandon_container(to, &variant);
        return false;
    }
    dbus_message_iter_close_container(&variant, &array);
    return dbus_message_iter_close_container(to, &variant);
}

bool variant_append(DBusMessageIter *to, const struct value *v)
{
    switch (v->type) {
    case VALUE_INT:
        return append_number(to, DBUS_TYPE_INT32, "i", &v->i);
    case VALUE_DOUBLE:
        return append_number(to, DBUS_TYPE_DOUBLE, "d", &v->d);
    case VALUE_STRING:
        return append_string(to, v->s);
    case VALUE_STRINGS:
        return append_strings(to, v->list);
    case VALUE_INVALID:
        break;
    }
    return append_no_value(to);
}

bool variant_append_entry(DBusMessageIter *dict, const char *key, const struct value *v)
{
    DBusMessageIter entry;

    if (!dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry))
        return false;
    if (!dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key) ||
        !variant_append(&entry, v)) {
        dbus_message_iter_abandon_container(dict, &entry);
        return false;
    }
    return dbus_message_iter_close_container(dict, &entry);
}

/* ---- out of messages ---- */

/* Unwraps variants within the variant; DBUS_TYPE_INVALID when there are absurdly many. */
static int unwrap(DBusMessageIter *i)
{
    for (int depth = 0; depth < VARIANTS_MAX; depth++) {
        DBusMessageIter inner;
        if (dbus_message_iter_get_arg_type(i) != DBUS_TYPE_VARIANT)
            break;
        dbus_message_iter_recurse(i, &inner);
        *i = inner;
    }
    int type = dbus_message_iter_get_arg_type(i);
    return type == DBUS_TYPE_VARIANT ? DBUS_TYPE_INVALID : type;
}

static bool from_signed(int64_t number, struct value *out)
{
    if (number >= INT32_MIN && number <= INT32_MAX) {
        *out = value_int((int32_t)number);
        return true;
    }
    if (number > (INT64_C(1) << 53) || number < -(INT64_C(1) << 53))
        return false; /* a double would not hold it */
    *out = value_double((double)number);
    return true;
}

static bool from_unsigned(uint64_t number, struct value *out)
{
    return number <= (UINT64_C(1) << 53) && from_signed((int64_t)number, out);
}

static bool is_empty_array(int type, DBusMessageIter *from)
{
    DBusMessageIter element;

    if (type != DBUS_TYPE_ARRAY)
        return false;
    dbus_message_iter_recurse(from, &element);
    return dbus_message_iter_get_arg_type(&element) == DBUS_TYPE_INVALID;
}

static bool read_basic(int type, DBusMessageIter *from, struct value *out)
{
    DBusBasicValue v;

    if (!dbus_type_is_basic(type))
        return false;
    dbus_message_iter_get_basic(from, &v);
    switch (type) {
    case DBUS_TYPE_BYTE:
        return from_unsigned(v.byt, out);
    case DBUS_TYPE_BOOLEAN:
        return from_unsigned(v.bool_val ? 1 : 0, out);
    case DBUS_TYPE_INT16:
        return from_signed(v.i16, out);
    case DBUS_TYPE_UINT16:
        return from_unsigned(v.u16, out);
    case DBUS_TYPE_INT32:
        return from_signed(v.i32, out);
    case DBUS_TYPE_UINT32:
        return from_unsigned(v.u32, out);
    case DBUS_TYPE_INT64:
        return from_signed(v.i64, out);
    case DBUS_TYPE_UINT64:
        return from_unsigned(v.u64, out);
    case DBUS_TYPE_DOUBLE:
        *out = value_double(v.dbl);
        return out->type == VALUE_DOUBLE;
    case DBUS_TYPE_STRING:
        *out = value_string(v.str);
        return true;
    default:
        return false;
    }
}

bool variant_read(const DBusMessageIter *from, struct value *out)
{
    DBusMessageIter i = *from;
    int type = unwrap(&i);

    if (!is_empty_array(type, &i))
        return read_basic(type, &i, out);
    *out = value_invalid();
    return true;
}

bool variant_convert(struct value *v, enum value_type wanted)
{
    if (v->type == wanted || wanted == VALUE_INVALID)
        return true;
    if (v->type == VALUE_INT && wanted == VALUE_DOUBLE) {
        *v = value_double(v->i);
        return true;
    }
    if (v->type == VALUE_DOUBLE && wanted == VALUE_INT && v->d >= INT32_MIN && v->d <= INT32_MAX &&
        rint(v->d) == v->d) {
        *v = value_int((int32_t)v->d);
        return true;
    }
    return false;
}
