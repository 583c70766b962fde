#!/bin/sh
# The project's address stands in packaging/home alone. Without one, nothing points to a page that is not there; with
# one, documents and packages have it from there.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-$PWD/build}
tree=$build/tests/home
rm -rf "$tree"
mkdir -p "$tree"
status=0
wrong() {
    echo "$*"
    status=1
}
files() { # all that is ours, but for what is generated and what devices have said
    find . \( -path ./build -o -path ./dist -o -path ./.git -o -path ./tests/fixtures -o -path ./tests/fuzz/corpus \) \
        -prune -o -type f ! -name '*.png' -print | sort
}

# What a document says between its marks comes from packaging/home, as `make docs` writes it.
without_blocks() {
    sed '/^<!-- home: /,/^<!-- \/home -->$/d' "$1"
}
address=$(sed -n '/^[^#]/{p;q;}' packaging/home)
for file in $(files); do
    case $file in ./packaging/home | ./tests/build/home.sh) continue ;; esac
    if [ "$address" ] && without_blocks "$file" | grep -qF -- "$address"; then
        wrong "$file writes the address of the project: it belongs into packaging/home alone"
    fi
    # Of another owner: the Python driver's, which is meant, or an address that is out of date.
    found=$(without_blocks "$file" | grep -oE '(github|gitlab|codeberg)[a-z.]*[/:][A-Za-z0-9_.-]+/dbus-opendtu\b' |
        grep -vE '/(henne49|OWNER)/' || true)
    [ -z "$found" ] || wrong "$file: $found: is that this project? Its address belongs into packaging/home alone"
done

cp -R Makefile packaging scripts opkg gui vendor toolchain docs tests/docs ./*.md LICENSE "$tree/" 2>/dev/null
mkdir -p "$tree/stand-in/x86_64-release"
install -m 755 tests/packaging/support/stand-in "$tree/stand-in/x86_64-release/dbus-opendtu"
with() { # [ADDRESS]: documents and a package of a project that has it
    { grep '^#' packaging/home && echo "$@"; } >"$tree/packaging/home"
    : >"$tree/said"
    for document in $(cd "$tree" && grep -l '^<!-- home: ' ./*.md docs/*.md docs/*/*.md); do
        "$tree/scripts/home-blocks" "$tree/$document" >"$tree/document"
        sed -n '/^<!-- home: /,/^<!-- \/home -->$/p' "$tree/document" >>"$tree/said"
    done
    (cd "$tree" && BUILD=$tree/stand-in DIST=$tree/dist VENDOR=$build SOURCE_DATE_EPOCH=1700000000 opkg/mkipk x86_64 >/dev/null &&
        ar p dist/*.ipk control.tar.gz | tar xzO ./control >control)
    ar p "$tree"/dist/*.ipk data.tar.gz | tar xzO ./data/dbus-opendtu/.opkg/gitHubInfo >"$tree/owner"
    flags=$(cd "$tree" && "${MAKE:-make}" -pn none 2>/dev/null | sed -n 's/^HOMEPAGE := *//p')
}
with
[ "$(grep -c '^<!-- home' "$tree/said")" -ge 5 ] || wrong "the documents have lost what they say of the project's pages"
! grep -n 'http' "$tree/said" || wrong "without an address, documents link to these"
! grep '^Homepage' "$tree/control" || wrong "without an address, the package has a homepage"
grep -q '_.*:latest' "$tree/owner" || wrong "without an address, PackageManager would ask: $(cat "$tree/owner")"
[ -z "$flags" ] || wrong "without an address, the program has one: $flags"

somewhere=https://github.com/somebody/dbus-opendtu
with $somewhere
for page in releases issues/new/choose security/advisories/new; do
    grep -q "]($somewhere/$page)" "$tree/said" || wrong "with an address, no document links to its $page"
done
! grep -i 'no release yet\|no public' "$tree/said" || wrong "with an address, documents still say that there is none"
grep -qx "Homepage: $somewhere" "$tree/control" || wrong "with an address, the package does not have it"
[ "$(cat "$tree/owner")" = somebody:latest ] || wrong "with an address, PackageManager would ask: $(cat "$tree/owner")"
[ "$flags" = "$somewhere" ] || wrong "with an address, the program has: $flags"
rm -rf "$tree"
exit $status
