#!/bin/sh
# Each release program is one static-PIE file with full RELRO and no executable stack, and RELRO is more
# than a header: a relocated table cannot be written to at run time.
set -eu
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "$*"
    exit 1
}

cat >"$scratch/relro.c" <<'END'
#include <string.h>
int target;
int *const table[] = {&target, &target};
int main(int argc, char **argv)
{
    int **slot;
    const void *address = &table[argc - 1];
    (void)argv;
    memcpy(&slot, &address, sizeof slot);
    *(int *volatile *)slot = 0;
    return 0;
}
END

for arch in x86_64 armv7 aarch64; do
    dir=build/$arch-release
    program=$dir/dbus-opendtu
    [ -f "$program" ] || fail "$program is not built"
    headers=$("$dir/bin/readelf" -hlW "$program")
    dynamic=$("$dir/bin/readelf" -dW "$program")
    echo "$headers" | grep -q '^ *Type: *DYN' || fail "$program is not position independent"
    ! echo "$headers" | grep -q INTERP || fail "$program asks for a dynamic linker"
    ! echo "$dynamic" | grep -q NEEDED || fail "$program needs a shared library"
    ! echo "$dynamic" | grep -q TEXTREL || fail "$program has relocations in its code"
    echo "$headers" | grep -q GNU_RELRO || fail "$program has no RELRO"
    echo "$dynamic" | grep -q 'NOW' || fail "$program is not bound at start"
    echo "$headers" | grep GNU_STACK | grep -q 'RW ' || fail "$program has an executable stack"
    ! echo "$headers" | grep LOAD | grep -q 'RWE' || fail "$program has memory to write and execute"
    file "$program" | grep -q 'static-pie linked, stripped' || fail "$(file "$program")"

    "$dir/bin/cc" -O1 -fPIE -Wl,-z,relro,-z,now -o "$scratch/relro-$arch" "$scratch/relro.c"
    case $arch in
    x86_64) run= ;;
    armv7) run=$(command -v qemu-arm || command -v qemu-arm-static) ;;
    aarch64) run=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) ;;
    esac
    status=0
    # A shell in between says "Segmentation fault" where nobody reads it.
    # shellcheck disable=SC2016,SC2086
    (cd "$scratch" && sh -c '"$@"; exit $?' sh $run "./relro-$arch") >/dev/null 2>&1 || status=$?
    [ $status = 139 ] || fail "$arch: a RELRO table could be written (status $status)"
done
