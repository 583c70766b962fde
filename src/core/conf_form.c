/* What a file must be before its lines mean anything. */
#include <string.h>

#include "core/conf_parse.h"

/* As Windows' editors write it when they are asked for "Unicode"; mostly with a byte order mark. */
static bool is_utf16(const unsigned char *t, size_t len)
{
    if (len >= 2 && ((t[0] == 0xFF && t[1] == 0xFE) || (t[0] == 0xFE && t[1] == 0xFF)))
        return true;
    return len >= 4 && ((t[0] && !t[1] && t[2] && !t[3]) || (!t[0] && t[1] && !t[2] && t[3]));
}

bool conf_check_form(struct conf_parse *p, const char *text, size_t len)
{
    const char *nul = memchr(text, '\0', len);
    unsigned line = 1;

    if (is_utf16((const unsigned char *)text, len)) {
        conf_say(p, CONF_FATAL, 0, NULL,
                 "the file is in UTF-16, which Windows calls Unicode: save it again as UTF-8");
        return false;
    }
    if (!nul)
        return true;
    for (const char *c = text; c < nul; c++)
        line += *c == '\n';
    conf_say(
        p, CONF_FATAL, line, NULL,
        "NUL bytes from here on: the file is damaged, for example by a power cut, or is not text; replace it with a good "
        "one");
    return false;
}
