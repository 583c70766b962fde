#!/bin/sh
# What is generated from the program's tables is as the program of this tree would have it, and every file
# that a document links to is there.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-$PWD/build}
program=$build/x86_64-release/dbus-opendtu
"$program" example | cmp -s - packaging/config.example || {
    echo "packaging/config.example is not what the program writes: make && $program example >packaging/config.example"
    exit 1
}
scripts/config-doc "$program" | cmp -s - docs/config.md || {
    echo "docs/config.md is out of date: scripts/config-doc >docs/config.md"
    exit 1
}
status=0
links() { # DOCUMENT: relative ones, without their anchor
    grep -oE '\]\([^)#: ]+[)#]' "$1" | sed 's/^..//; s/.$//' || true
}
for document in README.md docs/*.md src/README.md vendor/README.md toolchain/README.md tests/README.md; do
    while read -r link; do
        [ -e "$(dirname "$document")/$link" ] || {
            echo "$document links to $link, which is not there"
            status=1
        }
    done <<END
$(links "$document")
END
done

# The configurations that README shows are ones.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
awk -v folder="$scratch" '/^```ini$/ { file = folder "/" ++n ".ini"; next }
    /^```$/ { file = "" } file { print >file }' README.md
[ -e "$scratch/2.ini" ] || {
    echo "README.md has lost its configurations"
    exit 1
}
for config in "$scratch"/*.ini; do
    dbus-run-session -- "$program" selftest --config "$config" >"$scratch/said" 2>&1 || {
        echo "a configuration of README.md: $(grep selftest: "$scratch/said")"
        status=1
    }
done
exit $status
