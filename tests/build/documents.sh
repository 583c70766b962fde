#!/bin/sh
# What is generated from the program's tables is as the program of this tree would have it, and every file
# that a document links to is there.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-$PWD/build}
program=$build/x86_64-release/dbus-opendtu
scripts/docs --check
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
status=0

# The manual page names every command that the program has.
"$program" --help | sed -n 's/^  \([a-z][a-z]*\)  *.*/\1/p' | sort >"$scratch/commands"
sed -n 's/^\.It Cm \([a-z]*\)$/\1/p' docs/dbus-opendtu.8 | sort >"$scratch/paragraphs"
[ -s "$scratch/commands" ] || {
    echo "dbus-opendtu --help lists no commands"
    status=1
}
if grep -vxFf "$scratch/paragraphs" "$scratch/commands"; then
    echo "docs/dbus-opendtu.8 lacks these commands"
    status=1
fi
# ... with its options, as its --help has them.
while read -r command; do
    for option in $("$program" "$command" --help | sed -n 's/^  \(-[a-z], \)*--\([a-z-]*\) .*/\2/p'); do
        grep -q "Fl Fl $option\( \|$\)" docs/dbus-opendtu.8 || {
            echo "docs/dbus-opendtu.8 lacks --$option of $command"
            status=1
        }
    done
done <"$scratch/commands"
if man --version 2>/dev/null | grep -q '^man [0-9]'; then # man-db
    LC_ALL=C.UTF-8 man --warnings=w -l -Tutf8 -Z docs/dbus-opendtu.8 2>&1 >/dev/null | sed 's/^/docs\/dbus-opendtu.8: /' |
        grep . && status=1
fi

links() { # DOCUMENT: relative ones, each with a bar and its anchor behind it
    grep -oE '\]\([^): ]+\)' "$1" | sed 's/^..//; s/.$//; s/#/|/' || true
}
anchors() { # DOCUMENT: of its headings
    grep '^#' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/^#* //; s/[^a-z0-9 _-]//g; s/ /-/g'
}
for document in *.md docs/*.md docs/dev/*.md src/README.md vendor/README.md toolchain/README.md tests/README.md; do
    while IFS='|' read -r link anchor; do
        [ -n "$link$anchor" ] || continue
        target=${link:+$(dirname "$document")/}${link:-$document}
        [ -e "$target" ] || {
            echo "$document links to $link, which is not there"
            status=1
            continue
        }
        [ -z "$anchor" ] || anchors "$target" | grep -qx -- "$anchor" || {
            echo "$document links to $link#$anchor, which is no heading there"
            status=1
        }
    done <<END
$(links "$document")
END
done
[ "$(wc -l <README.md)" -le 150 ] || {
    echo "README.md has more than 150 lines: what an owner reads first is short"
    status=1
}

# Each notice is said somewhere, so that docs/troubleshooting.md explains nothing that cannot be seen.
sed -n 's/^NOTICE([0-9]*, \([A-Z_]*\), .*/\1/p' src/core/notice.def >"$scratch/notices"
[ "$(wc -l <"$scratch/notices")" = "$(grep -c '^### DTU-' docs/troubleshooting.md)" ] || {
    echo "src/core/notice.def has a row that this script cannot read"
    status=1
}
while read -r notice; do
    grep -rqw "NOTICE_$notice" src --include='*.c' || {
        echo "nothing says NOTICE_$notice of src/core/notice.def"
        status=1
    }
done <"$scratch/notices"

# The tests that docs/reliability.md names are there.
sed -n 's/^|.* | \([a-z_]*\(\.py\)\{0,1\}\): \([a-z0-9_]*\) |$/\1 \3/p' docs/reliability.md >"$scratch/proofs"
[ "$(wc -l <"$scratch/proofs")" = "$(grep '^| ' docs/reliability.md | grep -vcE '^\| (fault|bound) ')" ] || {
    echo "docs/reliability.md has a row without a test"
    status=1
}
while read -r file name; do
    case $file in
    *.py) grep -q "def $name(" "tests/integration/$file" ;;
    *) grep -qE "(TEST|cmocka_unit_test[a-z_]*)\($name\b" tests/*/"$file.c" ;;
    esac || {
        echo "docs/reliability.md names $name of $file, which is not there"
        status=1
    }
done <"$scratch/proofs"

# So are the functions of the walks in src/README.md.
sed -n '/^## Four walks/,/^## Rules/p' src/README.md | tr '\n' ' ' | grep -oE '.[a-z_]+\(\). in +[a-z_/]+' |
    sed 's/^.\([a-z_]*\)(). in */\1 /' >"$scratch/steps"
[ "$(wc -l <"$scratch/steps")" -ge 40 ] || {
    echo "src/README.md has lost its walks"
    status=1
}
while read -r name file; do
    grep -qE "^[a-zA-Z].*[ *]$name\(" "src/$file.c" || {
        echo "src/README.md walks through $name() of src/$file.c, which is not there"
        status=1
    }
done <"$scratch/steps"

# The configurations that docs/guide.md shows are ones.
awk -v folder="$scratch" '/^```ini$/ { file = folder "/" ++n ".ini"; next }
    /^```$/ { file = "" } file { print >file }' docs/guide.md
[ -e "$scratch/2.ini" ] || {
    echo "docs/guide.md has lost its configurations"
    exit 1
}
for config in "$scratch"/*.ini; do
    dbus-run-session -- "$program" selftest --config "$config" >"$scratch/said" 2>&1 || {
        echo "a configuration of docs/guide.md: $(grep selftest: "$scratch/said")"
        status=1
    }
done
exit $status
