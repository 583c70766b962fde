/* Text for a terminal that is narrower than its lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fold.h"

static void folds(const char *text, unsigned width, enum fold_kind kind, const char *wanted)
{
    char *got = NULL;
    size_t size;
    FILE *f = open_memstream(&got, &size);

    assert_non_null(f);
    fold_text(f, text, width, kind);
    assert_int_equal(fclose(f), 0);
    assert_string_equal(got, wanted);
    free(got);
}

static void nothing_to_fold(void **state)
{
    folds("", 10, FOLD_LINES, "");
    folds("one two\n\n  three\n", 10, FOLD_PARAGRAPHS, "one two\n\n  three\n");
    folds("one two three four\n", 0, FOLD_LINES, "one two three four\n");
    folds("exactly so", 10, FOLD_LINES, "exactly so"); /* without an end of line, too */
    folds("\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6\n", 7, FOLD_LINES,
          "\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6\n"); /* characters, not bytes */
}

static void a_report(void **state)
{
    folds("one two three four\nfive\n", 10, FOLD_LINES, "one two\n  three\n  four\nfive\n");
    folds("    problem: one two three\n", 20, FOLD_LINES, "    problem: one two\n      three\n");
    folds("\n\none two three\n", 9, FOLD_LINES, "\n\none two\n  three\n");
    folds("\x1b[31merror\x1b[0m: two three\n", 10, FOLD_LINES,
          "\x1b[31merror\x1b[0m: two\n  three\n");
    folds("here: /data/dbus-opendtu/config.ini\n", 10, FOLD_LINES,
          "here:\n  /data/dbus-opendtu/config.ini\n"); /* is to be copied */
}

static void a_help_text(void **state)
{
    folds("One two three four\nfive six.\n\nSeven.\n", 15, FOLD_PARAGRAPHS,
          "One two three\nfour five six.\n\nSeven.\n");
    folds("  --all   the first and\n          the second\n  --once  one\n", 20, FOLD_PARAGRAPHS,
          "  --all   the first\n          and the\n          second\n  --once  one\n");
    folds("  --a-long-option-here  text text text\n", 20, FOLD_PARAGRAPHS,
          "  --a-long-option-here\n    text text text\n"); /* no room for two columns */
}

static void nowhere_to_break(void **state)
{
    folds("      ", 3, FOLD_LINES, "\n");
    folds("abcdef ghijkl", 1, FOLD_LINES, "abcdef\n  ghijkl\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_fold),
        cmocka_unit_test(a_report),
        cmocka_unit_test(a_help_text),
        cmocka_unit_test(nowhere_to_break),
    };

    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
