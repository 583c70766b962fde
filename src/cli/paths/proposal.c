#include "cli/paths/proposal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/show/number_list.h"
#include "core/conf.h"
#include "core/text.h"
#include "drivers/template_values.h"

enum { PROPOSED_PATH_MAX = 4 * JSON_PATH_MAX };

static const char section_head[] = "[DEFAULT]\nDTU = template\nNumberOfTemplates = 1\n";

/* ---- Keys ---- */

static void put(FILE *out, const char *key, const char *value)
{
    char written[PROPOSED_PATH_MAX];

    number_list_write_path(written, sizeof written, value);
    fprintf(out, "%s = %s\n", key, written);
}

static void put_values(FILE *out, const struct guess *g, enum field f)
{
    char key[TEMPLATE_KEY_MAX], sum[2 * JSON_PATH_MAX + 4];
    const struct guess_number *any = NULL;

    for (unsigned slot = 0; slot < PHASE_SLOTS; slot++) {
        const struct guess_number *n = g->of[f][slot] < 0 ? NULL : &g->numbers[g->of[f][slot]];
        if (!n)
            continue;
        any = n;
        template_key(key, f, slot);
        bool two = slot == 0 && g->second[f] >= 0;
        (void)snprintf(sum, sizeof sum, "%s%s%s", n->path, two ? " + " : "",
                       two ? g->numbers[g->second[f]].path : "");
        put(out, key, sum);
    }
    if (any && strcmp(guess_units[any->unit].factor, "1") != 0)
        fprintf(out, "CUST_%s_Mult = %s\n", field_key(f), guess_units[any->unit].factor);
}

static void put_keys(FILE *out, const struct proposal_request *r, const struct guess *g)
{
    put(out, "CUST_API_PATH", r->path[0] == '/' && r->path[1] ? r->path + 1 : r->path);
    for (size_t f = 0; f < FIELD_COUNT; f++)
        put_values(out, g, (enum field)f);
}

/* What feeds in, or has an export counter, is a meter at the grid connection as a rule. */
static bool is_meter(const struct guess *g)
{
    int power = g->of[FIELD_POWER][0];

    return g->of[FIELD_ENERGY_REVERSE][0] >= 0 || g->of[FIELD_ENERGY_REVERSE][1] >= 0 ||
           g->of[FIELD_POWER][1] >= 0 || (power >= 0 && g->numbers[power].value < 0);
}

static const char *host_of(const struct proposal_request *r)
{
    const char *url = r->peer->base_url;

    return strncasecmp(url, "http://", 7) == 0 ? url + 7 : url;
}

static bool has_text(const char *text)
{
    return text && *text;
}

/* How the device is reached: never its password, which is in the history of the shell already. */
static void put_access(FILE *out, const struct proposal_request *r)
{
    put(out, "Host", host_of(r));
    if (has_text(r->peer->authorization)) {
        fputs("# Authorization = Bearer and the token\n", out);
        return;
    }
    if (has_text(r->peer->username))
        put(out, "Username", r->peer->username);
    if (has_text(r->peer->password))
        fputs("# Password = that of its web page\n", out);
    if (!r->peer->tls_verify)
        fputs("TlsVerify = 0\n", out);
    if (has_text(r->peer->ca_cert))
        put(out, "CACert", r->peer->ca_cert);
}

static void put_section(FILE *out, const struct proposal_request *r, const struct guess *g)
{
    fputs("[TEMPLATE0]\n", out);
    put_access(out, r);
    if (r->peer->digest)
        fputs("DigestAuth = 1\n", out);
    put_keys(out, r, g);
    if (is_meter(g))
        fputs("Servicename = com.victronenergy.grid\n", out);
}

static const char *auth_of(const struct proposal_request *r)
{
    if (has_text(r->peer->authorization))
        return "token";
    if (!has_text(r->peer->username))
        return "none";
    if (r->peer->digest)
        return "digest";
    return strncmp(r->path, "/cm?", 4) == 0 ? "query" : "basic";
}

static void put_device(FILE *out, const struct proposal_request *r, const struct guess *g)
{
    const char *end = strrchr(host_of(r), ']'), *port = strrchr(end ? end : host_of(r), ':');

    fputs(
        "# Save it as devices/my-device.ini beside config.ini: then Type = my-device is its name.\n",
        out);
    fprintf(out, "[DEVICE]\nTitle = My device\nClasses = %s\nAuth = %s\n",
            is_meter(g) ? "grid acload pvinverter genset heatpump"
                        : "pvinverter acload genset heatpump",
            auth_of(r));
    if (port && strspn(port + 1, "0123456789") == strlen(port + 1) &&
        strncmp(host_of(r), "https", 5) != 0)
        fprintf(out, "Port = %s\n", port + 1);
    fputs("Source = a reply of the device\n", out);
    put_keys(out, r, g);
    if (r->peer->digest)
        fputs("DigestAuth = 1\n", out);
}

/* ---- Whether the program would read it ---- */

static char *write_text(const struct proposal_request *r, const struct guess *g, bool device)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    if (device)
        put_device(out, r, g);
    else
        put_section(out, r, g);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* The configuration with it; NULL when anything of it is wrong. */
static struct config *parse(const char *text, bool device)
{
    const struct device_text own[] = {{device ? "my-device" : NULL, text, NULL},
                                      {NULL, NULL, NULL}};
    struct conf_report report;
    char *whole = NULL;

    int len = device ? asprintf(&whole,
                                "%s[TEMPLATE0]\nHost = device\nAuthorization = x\n"
                                "Type = my-device\n",
                                section_head)
                     : asprintf(&whole, "%s%s", section_head, text);
    if (len < 0)
        return NULL;
    struct config *c = config_parse_with(whole, (size_t)len, own, &report);
    if (report.errors + report.warnings) {
        config_free(c);
        c = NULL;
    }
    conf_report_finish(&report);
    free(whole);
    return c;
}

/* Leaves out what the reply has no value for, as the service reads it. False when the power is. */
static bool keep_what_is_read(const struct config *c, const cJSON *reply, struct guess *g,
                              bool *complete)
{
    const struct json_replies replies = {{reply}};
    struct template_settled settled = {{{false}}};
    char why[DECODE_WHY_MAX];
    struct reading r;

    *complete = true;
    if (template_read(&c->gateways[0], &replies, 0, &settled, &r, why) != DECODE_OK)
        return false;
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
            if (g->of[f][slot] < 0 || has_value(r.value[f][slot]))
                continue;
            g->of[f][slot] = -1;
            *complete = false;
        }
    }
    return has_value(r.value[FIELD_POWER][0]);
}

char *proposal_make(const struct proposal_request *request, struct guess *guess, const cJSON *reply,
                    bool device)
{
    bool complete = false, ok = guess->of[FIELD_POWER][0] >= 0 || guess->of[FIELD_POWER][1] >= 0;

    while (ok) {
        char *text = write_text(request, guess, device);
        struct config *c = text ? parse(text, device) : NULL;
        ok = c && keep_what_is_read(c, reply, guess, &complete);
        config_free(c);
        if (ok && complete)
            return text;
        free(text);
    }
    return NULL;
}

/* ---- Named types ---- */

/* One character of a request: %20, a blank and + are the same, and so are cases. */
static int request_char(const char **path)
{
    const char *p = *path;
    unsigned code;

    if (*p == '%' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2])) {
        /* NOLINTNEXTLINE(cert-err34-c): two hex digits, as was just seen */
        (void)sscanf(p + 1, "%2x", &code);
        *path = p + 3;
    } else {
        code = (unsigned char)*p;
        *path = p + (*p != '\0');
    }
    return code == '+' ? ' ' : tolower((int)code);
}

static bool is_same_request(const char *a, const char *b)
{
    int x, y;

    a += *a == '/';
    b += *b == '/';
    do {
        x = request_char(&a);
        y = request_char(&b);
    } while (x == y && x);
    return x == y;
}

struct judging {
    unsigned reply; /* that is there */
    unsigned there, lacking;
};

static void judge_term(void *user, const struct json_term *term)
{
    struct judging *j = user;

    if (term->reply != j->reply || (!term->node && has_value(term->value)))
        return;
    j->there += has_value(term->value);
    j->lacking += !has_value(term->value);
}

/* How many values of the type this reply has; 0 unless all of its power that is to be in it is. */
static unsigned values_of_type(const struct template_conf *t, unsigned n, const cJSON *reply)
{
    struct json_replies replies = {{NULL}};
    struct judging power = {.reply = n}, all = {.reply = n};
    char path[JSON_PATH_MAX];

    replies.root[n] = reply;
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
            device_type_channel(t->value[f].path[slot], 0, path, sizeof path);
            if (*path)
                json_terms(&replies, path, judge_term, f == FIELD_POWER ? &power : &all);
        }
    }
    return power.lacking || !power.there ? 0 : power.there + all.there;
}

static unsigned match_type(const struct proposal_request *r, const cJSON *reply,
                           const struct device_text *type)
{
    struct conf_report report;
    char text[200];
    unsigned best = 0;

    int len = snprintf(text, sizeof text,
                       "[DEFAULT]\nDTU=template\n[TEMPLATE0]\nHost=a\nAuthorization=x\nType=%s\n",
                       type->name);
    struct config *c = config_parse(text, (size_t)len, &report);
    for (unsigned n = 0; c && c->gateway_count && n < JSON_REPLIES_MAX; n++) {
        const struct template_conf *t = &c->gateways[0].template;
        unsigned values =
            is_same_request(t->api_path[n], r->path) ? values_of_type(t, n, reply) : 0;
        best = values > best ? values : best;
    }
    config_free(c);
    conf_report_finish(&report);
    return best;
}

char *proposal_of_type(const struct proposal_request *request, const cJSON *reply)
{
    const struct device_text *best = NULL;
    unsigned most = 0;
    char *text = NULL;
    size_t size;

    for (const struct device_text *t = device_texts; t->name; t++) {
        unsigned values = match_type(request, reply, t);
        if (values > most) {
            most = values;
            best = t;
        }
    }
    FILE *out = best ? open_memstream(&text, &size) : NULL;
    if (!out)
        return NULL;
    fprintf(out, "[TEMPLATE0]\nType = %s\n", best->name);
    put_access(out, request);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

void proposal_print(FILE *out, const char *text)
{
    for (bool begins = true; *text; text++) {
        fputs(begins && *text != '\n' ? "    " : "", out);
        fputc(*text, out);
        begins = *text == '\n';
    }
}
