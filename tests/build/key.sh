#!/bin/sh
# The public key of src/release.pub is in the program as it is there; no key, no file and a text that is none are no key;
# another key is another program.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-$PWD/build}
tree=$build/tests/key
rm -rf "$tree"
taken=$(tests/build/copy-tree "$tree" x86_64)
trap 'rm -rf "$tree"' EXIT
# A program that compiles in no time, and prints its key.
rm -rf "$tree/src"
mkdir -p "$tree/src/edge/sys"
cp src/edge/sys/signature.h "$tree/src/edge/sys/"
cp src/release.pub "$tree/src/"
printf '#include <stdio.h>\n#include "edge/sys/signature.h"\nint main(void)\n{\n    return fputs(release_key, stdout) < 0;\n}\n' \
    >"$tree/src/main.c"

holds() { # WHAT FILE
    # shellcheck disable=SC2086
    (cd "$tree" && "${MAKE:-make}" --no-print-directory VENDOR_OFFLINE=1 $taken $arguments) >"$tree/said" 2>&1 || {
        echo "$1: make failed: $(tail -n 3 "$tree/said")"
        exit 1
    }
    "$tree/build/x86_64-release/dbus-opendtu" >"$tree/got"
    cmp "$tree/got" "$2" || {
        echo "$1: the program holds: $(cat "$tree/got")"
        exit 1
    }
}

key=tests/fixtures/signature/p256.pub
: >"$tree/nothing"
arguments=
sed -n '/^-----BEGIN PUBLIC KEY-----$/,/^-----END PUBLIC KEY-----$/p' src/release.pub >"$tree/own"
holds "the key of this tree" "$tree/own"
{ echo 'Whose it is: "us", and since when.' && cat $key && echo 'More.'; } >"$tree/src/release.pub"
holds "a key with words around it" $key
rm "$tree/src/release.pub"
holds "no file" "$tree/nothing"
cp tests/fixtures/signature/file "$tree/src/release.pub"
holds "a text" "$tree/nothing"
cp tests/fixtures/signature/other.pub "$tree/another.pub"
arguments=RELEASE_KEY=another.pub
holds "another file" tests/fixtures/signature/other.pub
# What is no base64 cannot get out of the string.
printf '%s\n' '-----BEGIN PUBLIC KEY-----' 'AAAA"; int x = \x41' '-----END PUBLIC KEY-----' >"$tree/another.pub"
printf '%s\n' '-----BEGIN PUBLIC KEY-----' 'AAAA int x = x41' '-----END PUBLIC KEY-----' >"$tree/wanted"
holds "what is no key" "$tree/wanted"
