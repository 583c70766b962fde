#!/bin/sh
# What toolchain/layout.names lists lies side by side in each release program, and RELRO still has its tables.
set -eu
cd "$(dirname "$0")/../.."

fail() {
    echo "$*"
    exit 1
}

# Address and size of a section, decimal.
section() {
    line=$("$dir/bin/readelf" -SW "$program" | sed -n "s/^ *\[ *[0-9]*\] $1  *[A-Z]* *\([0-9a-f]*\) [0-9a-f]* \([0-9a-f]*\) .*/\1 \2/p")
    [ "$line" ] || fail "$program has no $1: is it linked with toolchain/layout.names?"
    begin=$((0x${line% *}))
    end=$((begin + 0x${line#* }))
}

for arch in x86_64 armv7 aarch64; do
    dir=build/$arch-release
    program=$dir/dbus-opendtu.unstripped
    [ -f "$program" ] || fail "$program is not built"
    section .text.path
    # How many of the functions that are still there, not inlined and with a section of their own, are in it.
    inside=$("$dir/bin/nm" --defined-only "$program" | {
        count=0
        while read -r address type name; do
            case $type in [tT]) ;; *) continue ;; esac
            grep -qx "f ${name%%.*}" toolchain/layout.names || continue
            at=$((0x$address & ~1))
            [ $at -lt $begin ] || [ $at -ge $end ] || count=$((count + 1))
        done
        echo $count
    })
    names=$(grep -c '^f ' toolchain/layout.names)
    [ "$inside" -ge $((names * 2 / 3)) ] || fail "$arch: only $inside functions for $names names lie side by side: run scripts/layout"
    [ $((end - begin)) -lt $((256 * 1024)) ] || fail "$arch: $((end - begin)) bytes of functions are no path any more"
    section .rodata.path
    section .bss.path
    section .data.rel.ro.path
    relro=$("$dir/bin/readelf" -lW "$program" | awk '$1 == "GNU_RELRO" {print $3, $6}')
    first=$((${relro% *}))
    [ $begin -ge $first ] || fail "$arch: tables lie before RELRO"
    [ $end -le $((first + ${relro#* })) ] || fail "$arch: tables lie behind RELRO"
    echo "$arch: $inside functions for $names names lie side by side"
done
