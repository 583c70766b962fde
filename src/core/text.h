/*
 * The one place where text that others wrote (gateways, other services, files) is made safe. It may reach a
 * terminal, the log, the D-Bus and, as a setting, an XML file. Replaced are:
 *
 * - by a blank: what ends a line or is a tab (HT, LF, VT, FF, CR, U+2028, U+2029);
 * - by '?': all other control characters (C0, DEL, C1), since a terminal obeys them, also as single bytes;
 *   each byte that is not UTF-8, since libdbus aborts the program that gives it such a text; changes of
 *   direction (U+202A to U+202E, U+2066 to U+2069), since they make one text look like another; U+FFFE and
 *   U+FFFF, since XML cannot hold them, and the settings service then saves nothing at all.
 *
 * Cleaning twice changes nothing, and no text grows. Pure.
 */
#ifndef DTU_CORE_TEXT_H
#define DTU_CORE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * The UTF-8 character at s, of which len bytes are there: returns its bytes, 1 to 4, and what it is in *code
 * (may be NULL). 0 where there is no well-formed one.
 */
size_t text_char(const char *s, size_t len, uint32_t *code);

/* Copies src cleaned, cut to size at a whole character, with a NUL. src may be NULL (gives ""). */
void text_copy(char *dst, size_t size, const char *src);

/* Cleans a text in place. */
void text_clean(char *text);

/*
 * The same for len bytes of many lines: '\n' and '\t' stay, a NUL is a control character like others.
 * Returns the new length. No NUL is put behind it.
 */
size_t text_clean_lines(char *text, size_t len);

#endif
