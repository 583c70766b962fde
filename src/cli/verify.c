#include "cli/verify.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fold.h"
#include "edge/sys/file.h"
#include "edge/sys/signature.h"

enum { VERIFY_GOOD = 0, VERIFY_NOT = 1, VERIFY_USAGE = 2, VERIFY_NO_KEY = 3 };

static const char help[] =
    "Usage: dbus-opendtu verify [--key PUBKEY] FILE [SIGNATURE]\n"
    "\n"
    "Tells whether the release's maker has signed FILE. update.sh asks this before it takes an archive.\n"
    "\n"
    "  SIGNATURE     the file with the signature; default: FILE.sig\n"
    "  --key PUBKEY  a file with a public key (PEM, ECDSA P-256), in place of the one in this program\n"
    "\n"
    "Exit code: 0 yes, 1 no, or it cannot be told, 2 wrong usage, 3 this program holds no key.\n";

struct asked {
    const char *file, *signature, *key_path;
};

/* Whether it was understood. */
static bool understood(int argc, char **argv, struct asked *out)
{
    int at = 1;

    *out = (struct asked){0};
    if (at < argc && !strcmp(argv[at], "--key")) {
        if (at + 1 >= argc)
            return false;
        out->key_path = argv[at + 1];
        at += 2;
    }
    for (; at < argc; at++) {
        if (argv[at][0] == '-' || out->signature)
            return false;
        if (out->file)
            out->signature = argv[at];
        else
            out->file = argv[at];
    }
    return out->file != NULL;
}

static int not_read(const char *path, int error)
{
    if (error == EFBIG)
        fprintf(stderr, "verify: %s is too large for what it should be\n", path);
    else
        fprintf(stderr, "verify: %s: %s\n", path, strerror(error));
    return VERIFY_NOT;
}

static int say(enum signature_verdict verdict, const struct asked *asked)
{
    const char *key = asked->key_path ? asked->key_path : "this program";

    switch (verdict) {
    case SIGNATURE_GOOD:
        printf("%s: signed with the key of %s\n", asked->file, key);
        return VERIFY_GOOD;
    case SIGNATURE_WRONG:
        fprintf(
            stderr,
            "verify: %s is no signature of %s with the key of %s: one of them is damaged, or somebody else "
            "made it\n",
            asked->signature, asked->file, key);
        return VERIFY_NOT;
    case SIGNATURE_NO_KEY:
        fprintf(stderr, "verify: the key of %s is no public key of ECDSA P-256\n", key);
        return VERIFY_NOT;
    default:
        fprintf(stderr, "verify: out of memory\n");
        return VERIFY_NOT;
    }
}

static int verify(const struct asked *asked, const char *key)
{
    unsigned char hash[SIGNATURE_HASH];
    size_t len;
    int error = signature_hash(asked->file, hash);

    if (error < 0)
        return not_read(asked->file, -error);
    char *signature = file_read(asked->signature, SIGNATURE_MAX, &len);
    if (!signature)
        return not_read(asked->signature, errno);
    int code = say(signature_check(key, hash, signature, len), asked);
    free(signature);
    return code;
}

static int with_a_key(const struct asked *asked)
{
    size_t len;

    if (!asked->key_path && !*release_key) {
        fprintf(stderr, "verify: this program holds no key, so it cannot tell who made a file\n");
        return VERIFY_NO_KEY;
    }
    if (!asked->key_path)
        return verify(asked, release_key);
    char *key = file_read(asked->key_path, SIGNATURE_KEY_MAX, &len);
    if (!key)
        return not_read(asked->key_path, errno);
    int code = verify(asked, key);
    free(key);
    return code;
}

int cli_verify(int argc, char **argv)
{
    char beside[PATH_MAX];
    struct asked asked;

    if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        fold_print(stdout, help, FOLD_PARAGRAPHS);
        return VERIFY_GOOD;
    }
    if (!understood(argc, argv, &asked)) {
        fold_print(stderr, help, FOLD_PARAGRAPHS);
        return VERIFY_USAGE;
    }
    if (!asked.signature) {
        if (snprintf(beside, sizeof beside, "%s.sig", asked.file) >= (int)sizeof beside)
            return not_read(asked.file, ENAMETOOLONG);
        asked.signature = beside;
    }
    return with_a_key(&asked);
}
