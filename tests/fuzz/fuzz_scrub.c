/*
 * What `support` shows of any configuration, reply, path, log or text, and what it must not. The first byte
 * says which it is; behind a 0x1E (record separator), the text in which the configuration's password, the
 * part before it, is to be found again.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/support/safe.h"
#include "cli/support/scrub.h"

enum { LONGEST = 32 * 1024, PASSWORD_MAX = 200 };

static void fail(const char *what, const char *in, const char *out)
{
    (void)fprintf(stderr, "fuzz: %s\n%s\n%s\n", what, in, out);
    abort();
}

/* ---- Replies: what is shown is safe, whatever was read -------------------------------------------- */

static int is_safe_text(const char *text, size_t len)
{
    return (len == 9 && strncmp(text, "(removed)", 9) == 0) || safe_value(text, len) ||
           safe_is_number(text, len) || strspn(text, "0123456789abcdefABCDEF") >= len;
}

/* The texts and words that were written, read once more in the plainest way. */
static void check_reply(const char *in, const char *out)
{
    static const char *const words[] = {"true", "false", "null", "NaN"};

    if (*out == '(')
        return;
    while (*out) {
        if (*out == '"') {
            size_t len = strcspn(++out, "\"");
            const char *next = out + len + (out[len] != '\0');
            int name = next[strspn(next, " \t\r\n")] == ':';
            int safe = is_safe_text(out, len) || (name && safe_name(out, len));
            if (memchr(out, '\\', len) || !safe)
                fail("a text is shown", in, out);
            out = next;
        } else if (strchr("{}[]:, \t\r\n", *out)) {
            out++;
        } else {
            size_t len = strcspn(out, "{}[]:, \t\r\n\"");
            int known = safe_is_number(out, len);
            for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                known = known || (strlen(words[i]) == len && strncasecmp(words[i], out, len) == 0);
            if (!known)
                fail("a word is shown", in, out);
            out += len;
        }
    }
}

/* Of a capture: all but the texts is as it was, and no text goes on behind its end. */
static void check_form(const char *in, const char *out)
{
    const char *a = in, *b = out;

    if (*in != '{' && *in != '[')
        return;
    while (*a && *a == *b) {
        if (*a == '"') {
            a += 1 + strcspn(a + 1, "\"");
            b += 1 + strcspn(b + 1, "\"");
        }
        a += *a != '\0';
        b += *b != '\0';
    }
    if (*a || *b)
        fail("it is another JSON", in, out);
}

/* ---- The whole text: the password is not in it ---------------------------------------------------- */

static const char *find(const char *text, const char *what)
{
    size_t len = strlen(what);

    for (; *text; text++)
        if (strncasecmp(text, what, len) == 0)
            return text;
    return NULL;
}

/*
 * One that the configuration takes as it is written, and that is hidden anywhere. With a bracket in it, it
 * may come of what stands beside a "(removed)".
 */
static int is_plain(const char *password)
{
    size_t len = strlen(password);

    for (size_t i = 0; i < len; i++)
        if ((unsigned char)password[i] <= ' ' || strchr("%()\x7F", password[i]))
            return 0;
    return len >= 4 && len <= 64 && !find("(removed)", password);
}

static void check_text(struct scrub *s, char *text)
{
    char *stop = strchr(text, 0x1E), config[PASSWORD_MAX + 64], *shown = NULL;
    size_t size = 0;

    if (!stop || stop - text >= PASSWORD_MAX)
        return;
    *stop = '\0';
    (void)snprintf(config, sizeof config, "[DEFAULT]\nPassword=%s\n", text);
    FILE *f = open_memstream(&shown, &size);
    if (!f)
        return;
    scrub_config(s, config, f);
    (void)fclose(f);
    char *out = scrub_text(s, stop + 1);
    const char *value = strchr(shown, '='); /* the key is shown, and may hold the same letters */
    if (is_plain(text) && value && find(value, text))
        fail("the password is in the configuration", text, shown);
    if (is_plain(text) && out && find(out, text))
        fail("the password is in the text", stop + 1, out);
    free(out);
    free(shown);
}

/* ---- Any of them ---------------------------------------------------------------------------------- */

static void check(struct scrub *s, char how, const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);

    if (!f)
        return;
    if (how == 's') /* a reply of a capture */
        scrub_replace(s);
    if (how == 'c')
        scrub_config(s, text, f);
    else if (how == 'p')
        scrub_path(s, text, f);
    else if (how == 'l')
        scrub_log(text, f);
    else
        scrub_reply(s, text, f);
    (void)fclose(f);
    if (how == 'r')
        check_reply(text, out);
    char *clean = scrub_text(s, out);
    if (how == 's' && clean)
        check_form(out, clean);
    free(clean);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > LONGEST)
        return 0;
    struct scrub *s = scrub_create();
    char *text = calloc(1, size);
    if (s && text) {
        memcpy(text, data + 1, size - 1);
        if (data[0] == 't')
            check_text(s, text);
        else
            check(s, (char)data[0], text);
    }
    free(text);
    scrub_destroy(s);
    return 0;
}
