#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/state.h"
#include "unit/support/allocations.h"

static long allocations = -1; /* so many work, then one fails; below 0: all work */

bool allocation_fails(void)
{
    return allocations >= 0 && allocations-- == 0;
}

static struct device_memory memories[] = {
    {.id = "114181234567",
     .section = "INVERTER0",
     .gateway = "DTU1",
     .serial = "00114181234567",
     .name = "S\xC3\xBC"
             "d \"1\"\\",
     .product = "OpenDTU",
     .choice = {.custom_name = "Shed",
                .position = 2,
                .load_position = 1,
                .phase = 3,
                .role = "heatpump",
                .enabled = 1,
                .power_limit = 0,
                .power_switch = 1},
     .orders = {.limit_w = 300, .off = true, .pane = {1, 6}},
     .instance = 0,
     .phases = 3,
     .strings = 6,
     .max_power_w = 2250,
     .energy_kwh = 422.603,
     .offset_kwh = 400.1,
     .energy_offset_kwh = -12.5,
     .counter = ENERGY_OF_THE_DAY,
     .limited = true},
    {.id = "TEMPLATE0",
     .section = "TEMPLATE0",
     .gateway = "TEMPLATE0",
     .serial = "12345678",
     .choice = {.position = -1,
                .load_position = -1,
                .enabled = -1,
                .power_limit = -1,
                .power_switch = -1},
     .orders = {.limit_w = MISSING},
     .instance = -1,
     .phases = 1,
     .max_power_w = MISSING,
     .energy_kwh = MISSING,
     .counter = ENERGY_UNKNOWN},
    {.id = "1",
     .serial = "1",
     .choice = {.position = 0, .power_limit = 1},
     .orders = {.limit_w = 0, .pane = {6, 1}},
     .instance = 34,
     .phases = 1,
     .max_power_w = MISSING,
     .energy_kwh = 0.1,
     .counter = ENERGY_LIFETIME},
};

enum { COUNT = sizeof memories / sizeof memories[0] };

static int parse(const char *text, size_t len, struct device_memory *out, size_t max)
{
    char why[80] = "";
    int n = state_parse(text, len, out, max, NULL, why, sizeof why);

    assert_int_equal(n < 0, *why != '\0');
    assert_int_equal(state_parse(text, len, out, max, NULL, NULL, 0), n);
    return n;
}

static void assert_same(double a, double b)
{
    assert_true(has_value(a) == has_value(b) && (!has_value(a) || a == b));
}

static void comes_back_as_it_was(void **state)
{
    struct device_memory out[COUNT + 1];
    char *text = state_print(memories, COUNT, NULL);

    assert_int_equal(parse(text, strlen(text), out, COUNT + 1), COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_string_equal(out[i].id, memories[i].id);
        assert_string_equal(out[i].section, memories[i].section);
        assert_string_equal(out[i].gateway, memories[i].gateway);
        assert_string_equal(out[i].serial, memories[i].serial);
        assert_string_equal(out[i].name, memories[i].name);
        assert_string_equal(out[i].product, memories[i].product);
        assert_string_equal(out[i].choice.custom_name, memories[i].choice.custom_name);
        assert_int_equal(out[i].choice.position, memories[i].choice.position);
        assert_int_equal(out[i].choice.load_position, memories[i].choice.load_position);
        assert_int_equal(out[i].choice.phase, memories[i].choice.phase);
        assert_string_equal(out[i].choice.role, memories[i].choice.role);
        assert_int_equal(out[i].choice.enabled, memories[i].choice.enabled);
        assert_int_equal(out[i].choice.power_limit, memories[i].choice.power_limit);
        assert_int_equal(out[i].choice.power_switch, memories[i].choice.power_switch);
        assert_same(out[i].orders.limit_w, memories[i].orders.limit_w);
        assert_int_equal(out[i].orders.off, memories[i].orders.off);
        assert_memory_equal(out[i].orders.pane, memories[i].orders.pane, sizeof out[i].orders.pane);
        assert_int_equal(out[i].instance, memories[i].instance);
        assert_int_equal(out[i].phases, memories[i].phases);
        assert_int_equal(out[i].strings, memories[i].strings);
        assert_same(out[i].max_power_w, memories[i].max_power_w);
        assert_same(out[i].energy_kwh, memories[i].energy_kwh);
        assert_same(out[i].offset_kwh, memories[i].offset_kwh);
        assert_same(out[i].energy_offset_kwh, memories[i].energy_offset_kwh);
        assert_int_equal(out[i].counter, memories[i].counter);
        assert_int_equal(out[i].limited, memories[i].limited);
    }
    free(text);
}

/* What is as it is without a word is not written: the file stays small. */
static void only_what_is_known_is_written(void **state)
{
    struct device_memory m;

    device_memory_init(&m);
    strcpy(m.id, "7");
    char *text = state_print(&m, 1, NULL);
    assert_non_null(strstr(text, "\"devices\":[\n{\"id\":\"7\",\"phases\":0,\"strings\":0}\n]}\n"));
    free(text);
    m.energy_kwh = 5;
    m.counter = ENERGY_LIFETIME;
    text = state_print(&m, 1, NULL);
    assert_non_null(strstr(text, "\"strings\":0,\"energy_kwh\":5,\"counter\":\"lifetime\"}\n]}\n"));
    free(text);
}

static void doubles_come_back_to_the_last_bit(void **state)
{
    uint64_t bits = 88172645463325252u;

    for (int i = 0; i < 2000; i++) {
        struct device_memory in = memories[0], out;
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        in.energy_kwh = (double)(bits >> 11) / 9007199254740992.0 * 1e5;
        char *text = state_print(&in, 1, NULL);
        assert_int_equal(parse(text, strlen(text), &out, 1), 1);
        assert_true(out.energy_kwh == in.energy_kwh);
        free(text);
    }
}

static void equal_input_gives_equal_text(void **state)
{
    char *a = state_print(memories, COUNT, NULL), *b = state_print(memories, COUNT, NULL);

    assert_string_equal(a, b);
    free(a);
    free(b);
}

static void nothing_is_a_state_too(void **state)
{
    struct device_memory out[1];
    char *text = state_print(NULL, 0, NULL);

    assert_int_equal(parse(text, strlen(text), out, 1), 0);
    free(text);
}

static void added_addresses_come_back(void **state)
{
    struct addresses added = {0}, back = {.list = {"before"}};
    struct device_memory out[COUNT];
    char *text, *foreign, list[ADDRESSES_TEXT_MAX];

    (void)state;
    assert_true(addresses_write(&added, "opendtu.local,192.168.1.50"));
    text = state_print(memories, COUNT, &added);
    assert_int_equal(state_parse(text, strlen(text), out, COUNT, &back, NULL, 0), COUNT);
    addresses_text(&back, list);
    assert_string_equal(list, "opendtu.local,192.168.1.50");
    /* The checksum is over them, too. */
    foreign = strdup(text);
    memcpy(strstr(foreign, "192.168.1.50"), "192.168.1.51", 12);
    assert_int_equal(state_parse(foreign, strlen(foreign), out, COUNT, &back, NULL, 0), -1);
    addresses_text(&back, list);
    assert_string_equal(list, "");
    free(foreign);
    free(text);
    /* By number, and where one has gone the others keep theirs. */
    added = (struct addresses){.list = {[0] = "a1", [2] = "c1"}};
    text = state_print(memories, COUNT, &added);
    assert_int_equal(state_parse(text, strlen(text), out, COUNT, &back, NULL, 0), COUNT);
    assert_memory_equal(&back, &added, sizeof added);
    free(text);
    /* Without a device, too. */
    text = state_print(NULL, 0, &added);
    assert_int_equal(state_parse(text, strlen(text), out, COUNT, &back, NULL, 0), 0);
    assert_memory_equal(&back, &added, sizeof added);
    free(text);
    back = (struct addresses){0};
    /* None are none, and an older program's file has none. */
    text = state_print(memories, COUNT, &back);
    assert_null(strstr(text, "added"));
    assert_int_equal(state_parse(text, strlen(text), out, COUNT, &back, NULL, 0), COUNT);
    free(text);
}

static void stores_no_more_than_there_is_room_for(void **state)
{
    struct device_memory out[2];
    char *text = state_print(memories, COUNT, NULL);

    memset(&out[1], 0x55, sizeof out[1]);
    assert_int_equal(parse(text, strlen(text), out, 1), 1);
    assert_int_equal(((unsigned char *)&out[1])[0], 0x55);
    assert_int_equal(parse(text, strlen(text), out, 0), 0);
    free(text);
}

static void every_cut_is_seen(void **state)
{
    struct device_memory out[COUNT];
    char *text = state_print(memories, COUNT, NULL);
    size_t len = strlen(text);

    /* The last byte is a newline, which may be missing. */
    for (size_t cut = 0; cut < len - 1; cut++) {
        char *part = malloc(cut + 1);
        memcpy(part, text, cut);
        part[cut] = '\0';
        assert_int_equal(parse(part, cut, out, COUNT), -1);
        free(part);
    }
    free(text);
}

static void every_changed_byte_is_seen(void **state)
{
    struct device_memory out[COUNT];
    char *text = state_print(memories, COUNT, NULL);
    size_t len = strlen(text);

    for (size_t i = strcspn(text, "["); i < len - 2; i++) {
        text[i] ^= 1;
        if (text[i]) /* a NUL ends the text for cJSON, too */
            assert_int_equal(parse(text, len, out, COUNT), -1);
        text[i] ^= 1;
    }
    for (size_t i = len / 2; i < len - 2; i++) { /* half overwritten, as by a power cut */
        memset(text + i, '\xFF', len - 2 - i);
        assert_int_equal(parse(text, len, out, COUNT), -1);
    }
    free(text);
}

/* Text with this payload and the checksum that fits. */
static int parse_payload(const char *version, const char *payload, struct device_memory *out,
                         char *why, size_t why_size)
{
    char *text = malloc(strlen(payload) + 80);
    uint32_t crc = 0xFFFFFFFF;

    for (const char *c = payload; *c; c++) {
        crc ^= (unsigned char)*c;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    int len =
        sprintf(text, "{\"version\":%s,\"crc32\":\"%08x\",\"devices\":%s}", version, ~crc, payload);
    int n = state_parse(text, (size_t)len, out, 4, NULL, why, why_size);
    free(text);
    return n;
}

static void the_checksum_is_the_usual_one(void **state)
{
    struct device_memory out[4];
    char *text = state_print(NULL, 0, NULL);

    /* zlib.crc32(b"[\n]") */
    assert_non_null(strstr(text, "\"crc32\":\"709ddd80\""));
    free(text);
    assert_int_equal(parse_payload("1", "[]", out, NULL, 0), 0);
    assert_int_equal(parse_payload("2", "[]", out, NULL, 0), 0);
}

static void newer_versions_are_refused(void **state)
{
    struct device_memory out[4];
    char why[80];

    assert_int_equal(parse_payload("3", "[]", out, why, sizeof why), -1);
    assert_non_null(strstr(why, "newer"));
    assert_int_equal(parse_payload("0", "[]", out, why, sizeof why), -1);
    assert_non_null(strstr(why, "damaged"));
    assert_int_equal(parse_payload("null", "[]", out, why, sizeof why), -1);
    assert_non_null(strstr(why, "damaged"));
    assert_int_equal(parse_payload("1", "{}", out, why, sizeof why), -1);
}

/* The checksum is over what follows "devices": as this program writes it, and nothing else. */
static void devices_that_another_wrote_are_refused(void **state)
{
    static const char spaced[] = "{\"version\":2,\"crc32\":\"00000000\",\"devices\" :[]}";
    struct device_memory out[4];
    char why[80];

    assert_int_equal(state_parse(spaced, sizeof spaced - 1, out, 4, NULL, why, sizeof why), -1);
    assert_non_null(strstr(why, "checksum"));
}

/* Half a state would be taken for a whole one. */
static void without_memory_there_is_no_state(void **state)
{
    struct addresses added = {.list = {"opendtu.local"}};
    char *whole = state_print(memories, COUNT, &added), *text = NULL;

    for (long n = 0; !text; n++) {
        allocations = n;
        text = state_print(memories, COUNT, &added);
        assert_int_equal(text != NULL, allocations >= 0); /* none has failed */
    }
    allocations = -1;
    assert_string_equal(text, whole);
    free(text);
    free(whole);
}

static void unknown_and_nonsensical_members_do_no_harm(void **state)
{
    struct device_memory out[4];
    int n = parse_payload(
        "2",
        "[{\"id\":\"11\",\"colour\":\"red\",\"position\":7,\"load_position\":2,\"phases\":-1,"
        "\"strings\":1e9,\"max_power_w\":-5,\"energy_kwh\":1e12,\"serial\":{},"
        "\"offset_kwh\":5,\"phase\":4,\"instance\":-7,\"role\":{}},"
        "{\"section\":\"INVERTER3\",\"serial\":\"no id\"},null,7,"
        "{\"id\":\"12\",\"energy_kwh\":1,\"offset_kwh\":-5,\"counter\":\"week\","
        "\"section\":\"A section with a name that is far too long for it\"}]",
        out, NULL, 0);

    assert_int_equal(n, 2);
    assert_string_equal(out[0].id, "11");
    assert_string_equal(out[0].serial, "");
    assert_string_equal(out[0].choice.role, "");
    assert_int_equal(out[0].choice.phase, 0);
    assert_int_equal(out[0].instance, -1);
    assert_int_equal(out[0].counter, ENERGY_UNKNOWN);
    assert_same(out[0].offset_kwh, 0);
    assert_same(out[1].offset_kwh, 0);
    assert_int_equal(out[1].counter, ENERGY_UNKNOWN);
    assert_int_equal(out[0].choice.position, -1);
    assert_int_equal(out[0].choice.load_position, -1);
    assert_int_equal(out[0].phases, 0);
    assert_int_equal(out[0].strings, 0);
    assert_false(has_value(out[0].max_power_w));
    assert_false(has_value(out[0].energy_kwh));
    assert_int_equal(strlen(out[1].section), CONF_SECTION_MAX - 1);
}

/* The value of a member of one device, of the kind that it is. */
static double read_back(const char *member)
{
    struct device_memory out[4];
    char payload[160], name[32] = "";

    (void)snprintf(payload, sizeof payload, "[{\"id\":\"1\",\"energy_kwh\":5,%s}]", member);
    if (strstr(member, "energy_kwh"))
        (void)snprintf(payload, sizeof payload, "[{\"id\":\"1\",%s}]", member);
    assert_int_equal(parse_payload("2", payload, out, NULL, 0), 1);
    (void)sscanf(member, "\"%31[a-z_]", name);
    const struct {
        const char *name;
        double value;
    } values[] = {
        {"position", out->choice.position},
        {"load_position", out->choice.load_position},
        {"phase", out->choice.phase},
        {"enabled", out->choice.enabled},
        {"power_limit", out->choice.power_limit},
        {"power_switch", out->choice.power_switch},
        {"instance", out->instance},
        {"phases", out->phases},
        {"strings", out->strings},
        {"max_power_w", out->max_power_w},
        {"limit_w", out->orders.limit_w},
        {"limit_pane", out->orders.pane[CONTROL_LIMIT]},
        {"switch_pane", out->orders.pane[CONTROL_SWITCH]},
        {"energy_kwh", out->energy_kwh},
        {"offset_kwh", out->offset_kwh},
        {"energy_offset_kwh", out->energy_offset_kwh},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (strcmp(values[i].name, name) == 0)
            return values[i].value;
    }
    fail_msg("%s", member);
    return 0;
}

/* The file may be anybody's: what lies outside of these is not taken. */
static void what_each_member_may_be(void **state)
{
    static const struct {
        const char *name;
        double least, most, otherwise;
    } members[] = {
        {"position", 0, 2, -1},
        {"load_position", 0, 1, -1},
        {"phase", 0, 3, 0},
        {"enabled", 0, 1, -1},
        {"power_limit", 0, 1, -1},
        {"power_switch", 0, 1, -1},
        {"instance", 0, CONF_INSTANCE_MAX, -1},
        {"phases", 0, 3, 0},
        {"strings", 0, STRINGS_MAX, 0},
        {"max_power_w", 0, 1e7, MISSING},
        {"limit_w", 0, 1e7, MISSING},
        {"limit_pane", 0, CONTROL_PANE_MAX, 0},
        {"switch_pane", 0, CONTROL_PANE_MAX, 0},
        {"energy_kwh", -1e9, 1e9, MISSING},
        {"offset_kwh", 0, 1e9, 0},
        {"energy_offset_kwh", -1e9, 1e9, 0},
    };
    char member[80];

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const double said[] = {members[i].least, members[i].most, members[i].least - 1,
                               members[i].most + 1};
        for (size_t k = 0; k < 4; k++) {
            (void)snprintf(member, sizeof member, "\"%s\":%.17g", members[i].name, said[k]);
            assert_same(read_back(member), k < 2 ? said[k] : members[i].otherwise);
        }
    }
    assert_same(read_back("\"offset_kwh\":0.5"), 0.5);
}

/* As version 1 of the file was written. */
static void files_by_section_are_read(void **state)
{
    struct device_memory out[4];
    int n = parse_payload(
        "1",
        "[\n{\"section\":\"INVERTER0\",\"serial\":\"00114181A34567\",\"name\":\"Roof\","
        "\"custom_name\":\"Shed\",\"position\":1,\"phases\":1,\"strings\":2,"
        "\"max_power_w\":800,\"energy_kwh\":422.60300000000001},\n"
        "{\"section\":\"INVERTER1\",\"serial\":\"114181a34567\",\"phases\":1},\n"
        "{\"section\":\"INVERTER2\",\"phases\":1,\"strings\":0},\n"
        "{\"section\":\"TEMPLATE0\",\"serial\":\"1\",\"phases\":1,\"strings\":0,"
        "\"energy_kwh\":7}\n]",
        out, NULL, 0);

    assert_int_equal(n,
                     2); /* one inverter is not two, and what is not known by its serial is none */
    assert_string_equal(out[0].id, "114181a34567");
    assert_string_equal(out[0].section, "INVERTER0");
    assert_string_equal(out[0].gateway, "DEFAULT");
    assert_string_equal(out[0].serial, "00114181A34567");
    assert_string_equal(out[0].name, "Roof");
    assert_string_equal(out[0].choice.custom_name, "Shed");
    assert_int_equal(out[0].choice.position, 1);
    assert_int_equal(out[0].choice.phase, 0);
    assert_int_equal(out[0].instance, -1);
    assert_same(out[0].energy_kwh, 422.603);
    assert_same(out[0].offset_kwh, 0);
    assert_int_equal(out[0].counter, ENERGY_UNKNOWN);
    assert_string_equal(out[1].id, "TEMPLATE0");
    assert_string_equal(out[1].gateway, "TEMPLATE0");
    assert_same(out[1].energy_kwh, 7);
}

static void of_one_identity_the_first_stays(void **state)
{
    struct device_memory out[4];

    assert_int_equal(parse_payload("2",
                                   "[{\"id\":\"1\",\"energy_kwh\":1},{\"id\":\"2\"},"
                                   "{\"id\":\"1\",\"energy_kwh\":9},{\"id\":\"TEMPLATE1\"},"
                                   "{\"id\":\"2\"}]",
                                   out, NULL, 0),
                     3);
    assert_string_equal(out[0].id, "1");
    assert_same(out[0].energy_kwh, 1);
    assert_string_equal(out[1].id, "2");
    assert_string_equal(out[2].id, "TEMPLATE1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was),
        cmocka_unit_test(only_what_is_known_is_written),
        cmocka_unit_test(doubles_come_back_to_the_last_bit),
        cmocka_unit_test(equal_input_gives_equal_text),
        cmocka_unit_test(nothing_is_a_state_too),
        cmocka_unit_test(added_addresses_come_back),
        cmocka_unit_test(stores_no_more_than_there_is_room_for),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(every_changed_byte_is_seen),
        cmocka_unit_test(the_checksum_is_the_usual_one),
        cmocka_unit_test(newer_versions_are_refused),
        cmocka_unit_test(devices_that_another_wrote_are_refused),
        cmocka_unit_test(without_memory_there_is_no_state),
        cmocka_unit_test(unknown_and_nonsensical_members_do_no_harm),
        cmocka_unit_test(what_each_member_may_be),
        cmocka_unit_test(files_by_section_are_read),
        cmocka_unit_test(of_one_identity_the_first_stays),
    };
    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
