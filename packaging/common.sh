# Sourced by what makes packages. The same commit gives the same bytes, in whatever folder and by
# whomever: every archive is sorted, its owners are numbers, its times the commit's.
# shellcheck shell=sh disable=SC2034
set -eu
umask 022
export LC_ALL=C TZ=UTC

top=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$top/build}
DIST=${DIST:-$top/dist}
VARIANT=${VARIANT:-release}
# Where vendor/fetch has put the libraries' sources and its manifest.
VENDOR=${VENDOR:-$top/build}
CHANGELOG=${CHANGELOG:-$top/CHANGELOG.md}

name=dbus-opendtu
maintainer='dbus-opendtu contributors'
licence=MIT
# The project's own page; empty while it has none.
home=$(sed -n '/^[^#]/{p;q;}' "$top/packaging/home")
version=$(sed -n 's/^## *\[\{0,1\}\([0-9][^] ]*\).*/\1/p' "$CHANGELOG" | head -n 1)

if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git -C "$top" log -1 --format=%ct 2>/dev/null) || SOURCE_DATE_EPOCH=1700000000
fi
export SOURCE_DATE_EPOCH

# The names that the opkg of a GX device accepts: `opkg print-architecture` there.
package_arch()
{
    case $1 in
    armv7) echo armv7ahf-vfp ;;
    *) echo "$1" ;;
    esac
}

# pack OUT FOLDER MEMBER...: a .tar.gz. Times are clamped, modes are what git keeps of them.
pack()
{
    pack_out=$1
    pack_from=$2
    shift 2
    mkdir -p "$(dirname "$pack_out")"
    tar --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
        --mode=u=rwX,go=rX -C "$pack_from" -cf - "$@" | gzip -9n >"$pack_out.part"
    mv "$pack_out.part" "$pack_out"
}

# A scratch folder that goes with the script.
scratch()
{
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
}

# made FILE: says so, and lays its sum beside it, for `sha256sum -c FILE.sha256` where FILE was copied to.
made()
{
    (cd "${1%/*}" && sha256sum "${1##*/}" >"${1##*/}.sha256")
    printf '  %-8s%s  %s bytes\n' PACKAGE "${1#"$top"/}" "$(wc -c <"$1")"
}
