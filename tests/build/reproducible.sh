#!/bin/sh
# The same sources in another folder, of another depth, give the same bytes, per architecture. With FULL=1
# the third-party libraries are built there, too; else ours are taken, which saves minutes.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-$PWD/build}
other=$build/tests/elsewhere/and/deeper
archs='x86_64 armv7 aarch64'
if [ -n "${FULL:-}" ]; then
    other=$build/tests/full/and/deeper
    rm -rf "$other"
    taken=$(tests/build/copy-tree "$other")
else
    # shellcheck disable=SC2086
    taken=$(tests/build/copy-tree "$other" $archs)
fi

for arch in $archs; do
    # shellcheck disable=SC2086
    "${MAKE:-make}" -s -C "$other" ARCH="$arch" VENDOR_OFFLINE=1 $taken >/dev/null
    cmp "build/$arch-release/dbus-opendtu" "$other/build/$arch-release/dbus-opendtu" || {
        echo "the program for $arch depends on the folder it is built in"
        exit 1
    }
done
! grep -aq "$PWD" build/*-release/dbus-opendtu || {
    echo "a program contains the path of this folder"
    exit 1
}
