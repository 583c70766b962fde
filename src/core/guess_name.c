#include "core/guess_name.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const struct guess_unit guess_units[] = {
    [UNIT_W] = {"W", "1", 1},
    [UNIT_KW] = {"kW", "1000", 1000},
    [UNIT_KWH] = {"kWh", "1", 1},
    [UNIT_WH] = {"Wh", "0.001", 0.001},
    [UNIT_MWH] = {"MWh", "1000", 1000},
    [UNIT_WMIN] = {"watt-minutes", "0.0000166667", 0.0000166667},
    [UNIT_WS] = {"watt-seconds", "0.000000277778", 0.000000277778},
    [UNIT_V] = {"V", "1", 1},
    [UNIT_DECI_V] = {"0.1 V", "0.1", 0.1},
    [UNIT_CENTI_V] = {"0.01 V", "0.01", 0.01},
    [UNIT_MV] = {"mV", "0.001", 0.001},
    [UNIT_A] = {"A", "1", 1},
    [UNIT_MA] = {"mA", "0.001", 0.001},
    [UNIT_HZ] = {"Hz", "1", 1},
    [UNIT_DECI_HZ] = {"0.1 Hz", "0.1", 0.1},
    [UNIT_CENTI_HZ] = {"0.01 Hz", "0.01", 0.01},
    [UNIT_MHZ] = {"mHz", "0.001", 0.001},
    [UNIT_C] = {"degrees Celsius", "1", 1},
    [UNIT_ONE] = {"", "1", 1},
    [UNIT_PERCENT] = {"%", "0.01", 0.01},
};

/* ---- Words ---- */

enum word {
    W_DC,  /* a side of the device that is not AC, anywhere in the path */
    W_NOT, /* it is something else, whatever else is said of it */
    W_FACTOR,
    W_FREQUENCY,
    W_TEMPERATURE,
    W_VOLTAGE,
    W_POWER,
    W_ENERGY,
    W_CURRENT,
    W_RETURN,
    W_TODAY,
    W_TOTAL,
    W_ACTIVE,
    W_GRID,
    W_PHASE,
    /* What is so short that it counts only where nothing else is said. */
    W_P,
    W_E,
    W_U,
    W_I,
    /* Units */
    W_KW,
    W_KWH,
    W_WH,
    W_MWH,
    W_MV,
    W_MA,
    WORDS
};

static const char *const words[WORDS] = {
    [W_DC] = "pv dc udc idc string mppt battery batt bat soc",
    [W_NOT] =
        "id ts time timestamp minute minutes uptime rssi limit max min peak avg average apparent "
        "reactive va var kva kvar apparentpower reactivepower scheinleistung blindleistung yesterday "
        "gestern month monat year jahr week woche hour stunde period error errors count counters "
        "percent threshold setpoint target rated nominal fahrenheit tf angle winkel phi thd version "
        "ram heap port interval start code status signal memory free duration timer kvarh varh vah",
    [W_FACTOR] = "pf powerfactor cosphi factor leistungsfaktor cos",
    [W_FREQUENCY] = "freq frequency frequenz netzfrequenz hz fac",
    [W_TEMPERATURE] = "temperature temperatur temp tc celsius",
    [W_VOLTAGE] = "voltage voltages volt volts spannung vac uac",
    [W_POWER] =
        "power powers apower watt watts leistung wirkleistung momentanleistung pac load pwr",
    [W_ENERGY] =
        /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one text on two lines, as others here */
    "energy energies aenergy energie verbrauch bezug netzbezug zaehler zaehlerstand yield "
    "ertrag consumption consumed counter zählerstand zähler te",
    [W_CURRENT] = "current currents amp amps ampere amperage strom iac",
    [W_RETURN] = "ret return returned export exported out aus einspeisung eingespeist feed feedin "
                 "lieferung reverse negative netzeinspeisung sold",
    [W_TODAY] = "today day daily heute tag tagesertrag",
    [W_TOTAL] = "total sum summe gesamt all overall totals",
    [W_ACTIVE] = "act active wirk",
    [W_GRID] = "grid netz",
    [W_PHASE] = "phase l phases l1 l2 l3",
    [W_P] = "p w pl",
    [W_E] = "e in ein import imported",
    [W_U] = "u v ul",
    [W_I] = "i il curr",
    [W_KW] = "kw",
    [W_KWH] = "kwh",
    [W_WH] = "wh",
    [W_MWH] = "mwh",
    [W_MV] = "mv",
    [W_MA] = "ma",
};

enum { TOKEN_MAX = 24 };

/* The sets are of bits, one for each word. */
static unsigned words_of(const char *token)
{
    size_t len = strlen(token);
    unsigned set = 0;

    for (unsigned w = 0; w < WORDS; w++) {
        for (const char *at = words[w]; (at = strstr(at, token)); at += len) {
            bool begins = at == words[w] || at[-1] == ' ', ends = !at[len] || at[len] == ' ';
            if (begins && ends)
                set |= 1U << w;
        }
    }
    return set;
}

static bool has(unsigned set, enum word w)
{
    return set & 1U << w;
}

static bool is_letter(char c)
{
    return isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

static size_t run_of(const char *text, size_t len, bool (*is)(char))
{
    size_t n = 0;

    while (n < len && is(text[n]))
        n++;
    return n;
}

static unsigned token(const char *text, size_t len)
{
    char lower[TOKEN_MAX];

    if (len == 0 || len >= sizeof lower)
        return 0;
    for (size_t i = 0; i < len; i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    lower[len] = '\0';
    return words_of(lower);
}

/* "kWh", "tC" and "ApparentPower" are one run of letters each; the last one is two words. */
static unsigned letters(const char *text, size_t len)
{
    unsigned set = token(text, len);
    size_t begin = 0;

    if (set)
        return set;
    for (size_t i = 1; i <= len; i++) {
        bool ends =
            i == len || (islower((unsigned char)text[i - 1]) && isupper((unsigned char)text[i]));
        if (!ends)
            continue;
        set |= token(text + begin, i - begin);
        begin = i;
    }
    return set;
}

/* All words of one name. */
static unsigned words_in(const char *name, size_t len)
{
    unsigned set = 0;

    for (size_t i = 0; i < len;) {
        size_t run = run_of(name + i, len - i, is_letter);
        set |= letters(name + i, run);
        i += run ? run : 1;
    }
    return set;
}

/* ---- OBIS codes ---- */

/* C.D.E of "1-0:16.7.0*255", however it is written: "16_7_0". */
static const struct {
    unsigned c, d;
    enum field field;
    unsigned slot;
} obis[] = {
    {1, 8, FIELD_ENERGY_FORWARD, 0}, {2, 8, FIELD_ENERGY_REVERSE, 0}, {16, 7, FIELD_POWER, 0},
    {36, 7, FIELD_POWER, 1},         {56, 7, FIELD_POWER, 2},         {76, 7, FIELD_POWER, 3},
    {32, 7, FIELD_VOLTAGE, 1},       {52, 7, FIELD_VOLTAGE, 2},       {72, 7, FIELD_VOLTAGE, 3},
    {31, 7, FIELD_CURRENT, 1},       {51, 7, FIELD_CURRENT, 2},       {71, 7, FIELD_CURRENT, 3},
    {14, 7, FIELD_FREQUENCY, 0},
};

/* One of the numbers, with what parts it from the next. */
static bool read_group(const char **text, unsigned *number)
{
    char *end;

    if (!isdigit((unsigned char)**text))
        return false;
    unsigned long n = strtoul(*text, &end, 10);
    *number = n > 255 ? 255 : (unsigned)n;
    *text = end + (*end && strchr("._-", *end) ? 1 : 0);
    return true;
}

static bool find_obis(const char *name, struct guess_name *out)
{
    const char *colon = strrchr(name, ':');
    unsigned c, d, e;

    name = colon ? colon + 1 : name;
    if (!read_group(&name, &c) || !read_group(&name, &d) || !read_group(&name, &e) || e != 0)
        return false;
    for (size_t i = 0; i < sizeof obis / sizeof obis[0]; i++) {
        if (obis[i].c != c || obis[i].d != d)
            continue;
        *out = (struct guess_name){obis[i].field, UNITS, obis[i].slot, 30};
        return true;
    }
    return false;
}

/* ---- What they mean together ---- */

static enum field energy_of(unsigned set)
{
    if (has(set, W_RETURN))
        return FIELD_ENERGY_REVERSE;
    return has(set, W_TODAY) ? FIELD_ENERGY_TODAY : FIELD_ENERGY_FORWARD;
}

/* Of words that leave no doubt: FIELD_COUNT is none. */
static enum field strong(unsigned set)
{
    static const struct {
        enum word word;
        enum field field;
    } order[] = {
        {W_FACTOR, FIELD_POWER_FACTOR},
        {W_FREQUENCY, FIELD_FREQUENCY},
        {W_TEMPERATURE, FIELD_TEMPERATURE},
        {W_VOLTAGE, FIELD_VOLTAGE},
        {W_MV, FIELD_VOLTAGE},
        {W_POWER, FIELD_POWER},
    };

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (has(set, order[i].word))
            return order[i].field;
    }
    if (has(set, W_ENERGY) || has(set, W_KWH) || has(set, W_WH) || has(set, W_MWH))
        return energy_of(set);
    if (has(set, W_KW))
        return FIELD_POWER;
    return has(set, W_CURRENT) || has(set, W_MA) ? FIELD_CURRENT : FIELD_COUNT;
}

static enum field weak(unsigned set)
{
    if (has(set, W_P))
        return FIELD_POWER;
    if (has(set, W_U))
        return FIELD_VOLTAGE;
    if (has(set, W_I))
        return FIELD_CURRENT;
    return has(set, W_E) || has(set, W_TOTAL) || has(set, W_RETURN) || has(set, W_TODAY)
               ? energy_of(set)
               : FIELD_COUNT;
}

static enum guess_unit_id unit_of(unsigned set)
{
    static const struct {
        enum word word;
        enum guess_unit_id unit;
    } said[] = {{W_KWH, UNIT_KWH}, {W_MWH, UNIT_MWH}, {W_WH, UNIT_WH},
                {W_KW, UNIT_KW},   {W_MV, UNIT_MV},   {W_MA, UNIT_MA}};

    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        if (has(set, said[i].word))
            return said[i].unit;
    }
    return UNITS;
}

/* What Shelly counts in: not all of it is in what it is called. */
static enum guess_unit_id unit_by_maker(const char *path)
{
    if (strncmp(path, "meters/", 7) == 0)
        return UNIT_WMIN;
    if (strncmp(path, "emeters/", 8) == 0 || strstr(path, "aenergy/") || strstr(path, "total_act"))
        return UNIT_WH;
    return UNITS;
}

static int score_of(unsigned set, bool is_weak, unsigned above)
{
    return (is_weak ? 10 : 20) + 4 * has(set, W_TOTAL) + 2 * has(set, W_ACTIVE) +
           2 * has(set, W_GRID) - 3 * has(set, W_PHASE) - 2 * (int)above;
}

/* The names of a path from its end: what the last one leaves open, the one before it may say. */
static bool judge(const unsigned *sets, unsigned count, struct guess_name *out)
{
    unsigned said = 0;

    for (unsigned above = 0; above < count && above < 3; above++) {
        unsigned own = sets[count - 1 - above];
        enum field f = strong(own);
        bool is_weak = f == FIELD_COUNT;

        said |= own;
        if (has(own, W_NOT))
            return false;
        if (is_weak)
            f = weak(own);
        if (f == FIELD_COUNT)
            continue;
        bool now =
            f == FIELD_CURRENT && above + 1 < count &&
            strong(sets[count - 2 - above]) == FIELD_POWER; /* power/current: the present one */
        if (f == FIELD_ENERGY_FORWARD) /* which way, may be said above: "ret_aenergy/total" */
            f = energy_of(said | (above + 1 < count ? sets[count - 2 - above] : 0));
        out->field = now ? FIELD_POWER : f;
        out->unit = unit_of(said);
        out->score = score_of(said, is_weak, above);
        return true;
    }
    return false;
}

bool guess_name(const char *path, struct guess_name *out)
{
    enum { NAMES_MAX = 24 };
    unsigned sets[NAMES_MAX], count = 0;
    const char *last = path;

    *out = (struct guess_name){.unit = UNITS};
    for (const char *name = path; *name && count < NAMES_MAX;) {
        size_t len = strcspn(name, "/");
        last = name;
        sets[count] = words_in(name, len);
        if (has(sets[count++], W_DC))
            return false;
        name += len + (name[len] == '/');
    }
    if (find_obis(last, out))
        return true;
    if (!judge(sets, count, out))
        return false;
    if (out->unit == UNITS &&
        (out->field == FIELD_ENERGY_FORWARD || out->field == FIELD_ENERGY_REVERSE))
        out->unit = unit_by_maker(path);
    return true;
}
