/* A section that says in CUST_ keys what a type says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/conf_like.h"

#define HEAD   "[DEFAULT]\nDTU=template\nNumberOfTemplates=1\n[TEMPLATE0]\nHost=192.168.1.80\n"
#define SWITCH HEAD "CUST_API_PATH=rpc/Switch.GetStatus?id=0\n"

#define SWITCH_WITH_LOGIN                                                                    \
    "[TEMPLATE0]\nHost=a\nUsername=u\nPassword=x\nCUST_API_PATH=rpc/Switch.GetStatus?id=0\n" \
    "CUST_Power=apower\n"

static struct conf_like like;

static void fail_at(void *user, unsigned line, const char *text)
{
    (void)user;
    fail_msg("line %u: %s", line, text);
}

static void look_among(const struct device_text *texts, const char *text)
{
    struct inifile *file = inifile_read(text, fail_at, NULL);

    assert_non_null(file);
    conf_like(file, "TEMPLATE0", texts, &like);
    inifile_free(file);
}

static void look(const char *text)
{
    look_among(device_texts, text);
}

static void assert_like(const char *text, const char *type, const char *kept)
{
    look(text);
    if (!like.type || strcmp(like.type, type) != 0 || strcmp(like.kept, kept) != 0)
        fail_msg("%s: %s, kept: %s", text, like.type ? like.type : "no type", like.kept);
}

static void assert_like_none(const char *text)
{
    look(text);
    if (like.type)
        fail_msg("%s: %s", text, like.type);
    assert_int_equal(like.channel, -1);
}

/* ---- Every type ---- */

static void add(char *text, size_t size, const char *name, const char *value)
{
    size_t used = strlen(text);

    used += (size_t)snprintf(text + used, size - used, "%s=", name);
    for (; *value && used + 3 < size; value++) {
        if (*value == '%')
            text[used++] = '%';
        text[used++] = *value;
    }
    (void)snprintf(text + used, size - used, "\n");
}

/* A section with the type's own keys, as somebody would have written them before there were types. */
static void write_section(char *text, size_t size, const struct device_type *type, unsigned channel)
{
    char port[DEVICE_TYPE_VALUE_MAX];

    (void)snprintf(text, size, "%s", HEAD);
    if (device_type_get(type, "Port", port))
        (void)snprintf(text, size, "[DEFAULT]\nDTU=template\n[TEMPLATE0]\nHost=a:%s\n", port);
    for (size_t i = 0; i < type->file->entry_count; i++) {
        const char *name = type->file->entries[i].name;
        char value[DEVICE_TYPE_VALUE_MAX], path[DEVICE_TYPE_VALUE_MAX];
        if (strncmp(name, "CUST_", 5) != 0 && strcmp(name, "DigestAuth") != 0)
            continue;
        assert_true(device_type_get(type, name, value));
        device_type_channel(value, channel, path, sizeof path);
        add(text, size, name, path);
    }
}

/* Two types may ask the same and say the same: then either will do. */
static bool say_the_same(const char *a, const char *b)
{
    char texts[2][8192] = {"", ""};

    for (const struct device_text *t = device_texts; t->name; t++) {
        struct device_type type;
        bool first = strcmp(t->name, a) == 0;
        if (first || strcmp(t->name, b) == 0) {
            assert_true(device_type_read(&type, t, fail_at, NULL));
            write_section(texts[first], sizeof texts[first], &type, 0);
            device_type_finish(&type);
        }
    }
    return strcmp(texts[0], texts[1]) == 0;
}

/* What leaves the path or the power to its owner is not known by them. */
static bool says_what_to_ask(const struct device_type *type)
{
    char value[DEVICE_TYPE_VALUE_MAX];

    return device_type_get(type, "CUST_API_PATH", value) &&
           (device_type_get(type, "CUST_Power", value) ||
            device_type_get(type, "CUST_Power_L1", value));
}

static void each_type_is_like_itself(void **state)
{
    char text[8192];

    (void)state;
    for (const struct device_text *t = device_texts; t->name; t++) {
        struct device_type type;
        assert_true(device_type_read(&type, t, fail_at, NULL));
        for (unsigned channel = 0; says_what_to_ask(&type) && channel < type.channels; channel++) {
            write_section(text, sizeof text, &type, channel);
            look(text);
            if (!like.type || like.kept_count ||
                (strcmp(like.type, t->name) != 0 && !say_the_same(like.type, t->name)))
                fail_msg("%s: %s, kept: %s", t->name, like.type ? like.type : "none", like.kept);
            assert_int_equal(like.channel, type.channels > 1 ? (int)channel : -1);
        }
        device_type_finish(&type);
    }
}

/* ---- What is kept ---- */

static void what_the_type_does_not_say_is_kept(void **state)
{
    (void)state;
    assert_like(SWITCH "CUST_Power=apower\n", "shelly-plus-1pm", "");
    assert_like(SWITCH "CUST_Power=apower\nCUST_Power_L1=none\nCUST_API_PATH_2=\n",
                "shelly-plus-1pm", "CUST_API_PATH_2");
    assert_like(SWITCH "CUST_Power=/apower\nCUST_Return=ret_aenergy/total\nCUST_Return_Mult=1e-3\n"
                       "CUST_Power_Mult=1.0\nCUST_Power_Default=none\n",
                "shelly-plus-1pm", "");
    assert_like(SWITCH "CUST_SN=42\nCUST_Power=apower\nCUST_Power_Mult=-1\nCUST_Voltage=none\n"
                       "CUST_Current=amps\nCUST_POLLING=5000\nCUST_Power_Default=0\n",
                "shelly-plus-1pm",
                "CUST_SN, CUST_POLLING, CUST_Power_Mult, CUST_Power_Default, CUST_Voltage, "
                "CUST_Current");
    assert_int_equal(like.kept_count, 6);
    /* What else stands there, stays there. */
    assert_like(SWITCH "CUST_Power=apower\nPhase=L2\nName=Balcony\nTlsVerify=0\n",
                "shelly-plus-1pm", "");
}

static void another_device_is_like_none(void **state)
{
    (void)state;
    assert_like_none(HEAD "CUST_API_PATH=status\nCUST_Power=apower\n");
    assert_like_none(SWITCH "CUST_Power=power\n");
    assert_like_none(SWITCH "CUST_Power=apower + bpower\n");
    assert_like_none(SWITCH "CUST_Power_L1=apower\n");
    assert_like_none(SWITCH "CUST_Power=apower\nCUST_Power_L2=bpower\n");
    assert_like_none(SWITCH "CUST_Power=apower\nCUST_API_PATH_2=status\n");
    assert_like_none(SWITCH "CUST_Power=apower\nCUST_API_PATH_4=status\n");
    assert_like_none(SWITCH "CUST_Total=aenergy/total\n");
    assert_like_none(HEAD "CUST_Power=apower\n");
    assert_like_none(SWITCH "CUST_Power=apower\nType=shelly-plus-1pm\n");
    assert_like_none("[DEFAULT]\nHost=dtu\n");
}

/* However much it is: the names end where the room does, and the number does not. */
static void much_is_kept(void **state)
{
    static const char *const keys[] = {"Voltage", "Current", "Total", "Return", "DCVoltage"};
    enum { KEYS = sizeof keys / sizeof keys[0] };
    char text[2000] = SWITCH "CUST_Power=apower\n";
    size_t len = strlen(text);

    (void)state;
    for (size_t i = 0; i < KEYS; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "CUST_%s=x\nCUST_%s_Mult=7\nCUST_%s_Default=8\n", keys[i], keys[i],
                                keys[i]);
    look(text);
    assert_string_equal(like.type, "shelly-plus-1pm");
    assert_int_equal(like.kept_count, 3 * KEYS);
    assert_int_equal(strlen(like.kept), CONF_LIKE_KEPT_MAX - 1);
}

/* One that works by its login must not lose it. */
static void a_login_stays_what_it_is(void **state)
{
    (void)state;
    assert_like_none(SWITCH "CUST_Power=apower\nUsername=admin\nPassword=x\n");
    assert_like(SWITCH "CUST_Power=apower\nUsername=admin\nPassword=x\nDigestAuth=1\n",
                "shelly-plus-1pm", "");
    assert_like(SWITCH "CUST_Power=apower\nUsername=admin\nPassword=x\nDigestAuth=0\n",
                "shelly-plus-1pm", ""); /* it stays there */
    /* Of [DEFAULT], it is lost where the type says otherwise. */
    assert_like("[DEFAULT]\nDigestAuth=1\n" SWITCH_WITH_LOGIN, "shelly-plus-1pm", "");
    assert_like("[DEFAULT]\nDigestAuth=True\n" SWITCH_WITH_LOGIN, "shelly-plus-1pm", "");
    assert_like_none("[DEFAULT]\nDigestAuth=0\n" SWITCH_WITH_LOGIN);
    assert_like(SWITCH "CUST_Power=apower\nUsername=\n", "shelly-plus-1pm", ""); /* there is none */
}

static void a_port_stays_what_it_is(void **state)
{
    static const struct device_text own[] = {
        {"mine", "[DEVICE]\nTitle=M\nClasses=grid\nPort=8080\nCUST_API_PATH=x\nCUST_Power=p\n",
         NULL},
        {NULL, NULL, NULL}};
    static const struct {
        const char *host;
        bool like;
    } cases[] = {{"a", false}, {"a:8080", true}, {"http://[fe80::1]:8080", true}, {"a:80", false}};
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(text, sizeof text, "[TEMPLATE0]\nHost=%s\nCUST_API_PATH=x\nCUST_Power=p\n",
                       cases[i].host);
        look_among(own, text);
        if ((like.type != NULL) != cases[i].like)
            fail_msg("%s", cases[i].host);
    }
}

/* Of several, the one that leaves least to be said; a file that is faulty counts for nothing. */
static void the_nearest_of_several(void **state)
{
    static const struct device_text own[] = {
        {"faulty", "[DEVICE]\nCUST_API_PATH=x\nCUST_Power=p\n", NULL},
        {"missing", NULL, "it is too large"},
        {"bare", "[DEVICE]\nTitle=M\nClasses=grid\nCUST_API_PATH=x\nCUST_Power=p\n", NULL},
        {"near", "[DEVICE]\nTitle=M\nClasses=grid\nCUST_API_PATH=x\nCUST_Power=p\nCUST_Total=e\n",
         NULL},
        {NULL, NULL, NULL}};

    (void)state;
    look_among(own, "[TEMPLATE0]\nHost=a\nCUST_API_PATH=/x\nCUST_Power=p\nCUST_Total=e\n"
                    "CUST_Voltage=u\n");
    assert_string_equal(like.type, "near");
    assert_string_equal(like.kept, "CUST_Voltage");
}

/* Of two that fit equally, the first: the owner's files come before those of the program. */
static void the_first_of_two(void **state)
{
    static const struct device_text own[] = {
        {"one", "[DEVICE]\nTitle=M\nClasses=grid\nCUST_API_PATH=x\nCUST_Power=p\nCUST_Return=\n",
         NULL}, /* what is empty adds nothing */
        {"two", "[DEVICE]\nTitle=M\nClasses=grid\nCUST_API_PATH=x\nCUST_Power=p\n", NULL},
        {NULL, NULL, NULL}};

    (void)state;
    look_among(own, "[TEMPLATE0]\nHost=a\nCUST_API_PATH=x\nCUST_Power=p\n");
    assert_string_equal(like.type, "one");
}

/* One of its channels, and none that it does not have. */
static void which_channel(void **state)
{
    static const struct device_text own[] = {
        {"two", "[DEVICE]\nTitle=M\nClasses=grid\nChannels=2\nCUST_API_PATH=x/{n}\nCUST_Power=p\n",
         NULL},
        {NULL, NULL, NULL}};
    char text[100];

    (void)state;
    for (int n = 0; n <= 2; n++) {
        (void)snprintf(text, sizeof text, "[TEMPLATE0]\nHost=a\nCUST_API_PATH=x/%d\nCUST_Power=p\n",
                       n);
        look_among(own, text);
        assert_int_equal(like.type != NULL, n < 2);
        assert_int_equal(like.channel, n < 2 ? n : -1);
    }
}

/* Where nothing is lost with either: the one that adds less. */
static void the_one_that_adds_less(void **state)
{
    static const struct device_text own[] = {
        {"more",
         "[DEVICE]\nTitle=M\nClasses=grid\nCUST_API_PATH=x\nCUST_Power=p\nCUST_Total=e\nCUST_Return=r\n",
         NULL},
        {"less", "[DEVICE]\nTitle=M\nClasses=grid\nCUST_API_PATH=x\nCUST_Power=p\nCUST_Total=e\n",
         NULL},
        {NULL, NULL, NULL}};

    (void)state;
    look_among(own, "[TEMPLATE0]\nHost=a\nCUST_API_PATH=x\nCUST_Power=p\n");
    assert_string_equal(like.type, "less");
}

/* A type that leaves the power to its owner is not known by what is asked alone. */
static void without_a_power(void **state)
{
    static const struct device_text own[] = {
        {"open", "[DEVICE]\nTitle=M\nClasses=grid\nCUST_API_PATH=x\n", NULL}, {NULL, NULL, NULL}};

    (void)state;
    look_among(own, "[TEMPLATE0]\nHost=a\nCUST_API_PATH=x\n");
    assert_null(like.type);
    look_among(own, "[TEMPLATE0]\nHost=a\nCUST_API_PATH=x\nCUST_Power=\n");
    assert_null(like.type);
}

/* A default that the section says as well; a type that says that no digest is needed. */
static void a_type_that_says_nothing_more(void **state)
{
    static const struct device_text own[] = {
        {"mine", "[DEVICE]\nTitle=M\nClasses=grid\nDigestAuth=0\nCUST_API_PATH=x\nCUST_Power=p\n",
         NULL},
        {NULL, NULL, NULL}};

    (void)state;
    look_among(own, "[TEMPLATE0]\nHost=a\nUsername=u\nCUST_API_PATH=x\n"
                    "CUST_Power=p\nCUST_Power_Mult=1\n");
    assert_non_null(like.type);
    assert_string_equal(like.kept, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_is_like_itself),
        cmocka_unit_test(what_the_type_does_not_say_is_kept),
        cmocka_unit_test(another_device_is_like_none),
        cmocka_unit_test(much_is_kept),
        cmocka_unit_test(a_login_stays_what_it_is),
        cmocka_unit_test(a_port_stays_what_it_is),
        cmocka_unit_test(the_nearest_of_several),
        cmocka_unit_test(the_first_of_two),
        cmocka_unit_test(which_channel),
        cmocka_unit_test(the_one_that_adds_less),
        cmocka_unit_test(without_a_power),
        cmocka_unit_test(a_type_that_says_nothing_more),
    };
    return cmocka_run_group_tests_name("conf_like", tests, NULL, NULL);
}
