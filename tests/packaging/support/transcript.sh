# A transcript of what is typed and answered on a device in a house, which a document under docs/ keeps. Sourced after
# venus.sh by a test that has set DOCUMENT, in a network of its own. Each step says what must be seen, and it must be in
# the document as well; with WRITE=docs/NAME.md the test writes that anew.
# shellcheck shell=sh disable=SC2034,SC2154
for tool in dbus-daemon python3; do
    command -v $tool >/dev/null || skip "$tool is missing"
done
BUILD=${BUILD:-$ROOT/build}
[ -x "$BUILD/x86_64-release/dbus-opendtu" ] || skip "the program is not built"
/usr/bin/python3 -c 'import jeepney' 2>/dev/null || skip "python3-jeepney is missing"
IMAGE_TOOLS="dbus-daemon dbus-send tai64nlocal"
fence='' cwd=/root
version=$("$BUILD/x86_64-release/dbus-opendtu" version | sed -n '1s/.* //p')

# ---- The transcript ------------------------------------------------------------------------------

# tell: paragraphs of the document, from standard input.
tell()
{
    fence_close
    cat >>"$T/hour.md"
    echo >>"$T/hour.md"
}

fence_open()
{
    [ -n "$fence" ] || printf '```%s\n' "$1" >>"$T/hour.md"
    fence=1
}

fence_close()
{
    [ -z "$fence" ] || printf '```\n\n' >>"$T/hour.md"
    fence=
}

# What differs from one hour to the next: process ids, seconds, milliseconds, the time of day.
alike()
{
    sed -e 's/(pid [0-9]*) [0-9]* seconds/(pid 1482) 14 seconds/' -e 's/(process [0-9]*)/(process 1482)/' \
        -e 's/another process ([0-9]*)/another process (1482)/' -e 's/[0-9]*s  running/1s  running/' -e 's/slowest reply [0-9]* ms/slowest reply 5 ms/' \
        -e 's/^20[0-9-]* [0-9:]*\.[0-9]* /12:00:00 /' -e 's/\(  running *\) [0-9]*$/\1 5/' -e 's/[[:space:]]*$//'
}

# enter COMMAND: as typed at the prompt of the device, in the folder where the last `cd` went.
enter()
{
    fence_open text
    echo "--- $1"
    printf '# %s\n' "$1" >>"$T/hour.md"
    code=0
    in_root sh -c "cd '$cwd' && { $1
}; entered=\$?; pwd >/tmp/cwd; exit \$entered" >"$T/out" 2>&1 </dev/null || code=$?
    cwd=$(cat "$R/tmp/cwd")
    alike <"$T/out" >>"$T/hour.md"
    cat "$T/out"
}

# edit: what one then has in the editor and saves, from standard input.
edit()
{
    fence_close
    fence_open ini
    tee "$R/data/dbus-opendtu/config.ini" >>"$T/hour.md"
    fence_close
}

# sees WHAT: in what the last command printed, and in the document that is kept.
sees()
{
    grep -qF -- "$1" "$T/out" || fail "not to be seen: $1"
    [ -n "${WRITE:-}" ] || grep -qF -- "$1" "$DOCUMENT" || fail "the document has not: $1"
    echo "ok: sees \"$1\""
}

misses()
{
    ! grep -qF -- "$1" "$T/out" || fail "to be seen: $1"
    echo "ok: does not see \"$1\""
}

ends()
{
    same "ends with $1" "$code" "$1"
}

# logged WHAT: waits until the log says it.
logged()
{
    until_is 60 grep -qF -- "$1" "$R/data/log/dbus-opendtu/current" || fail "not in the log: $1"
}

# shown WHAT: waits until the table of what is on the bus has it.
shown()
{
    until_is 60 shows "$1" || fail "not on the bus: $1"
}

shows()
{
    in_root /data/dbus-opendtu/dbus-opendtu show --once 2>/dev/null | grep -q -- "$1"
}

# ---- The device, and the house ------------------------------------------------------------------

# house KIND ADDRESS...: what is in it (support/house.py), and the last numbers of the addresses.
house()
{
    house_kind=$1
    shift
    busybox ip link set lo up
    for house_address; do
        busybox ip address add "192.168.1.$house_address/32" dev lo
    done
    busybox ip route add unreachable 192.168.1.0/24
    mkdir -p "$R/run/dbus"
    in_root dbus-daemon --config-file=/etc/dbus-1/system.conf --nofork --nopidfile >"$T/bus.log" 2>&1 &
    until_is 60 test -S "$R/run/dbus/system_bus_socket" || fail "no bus: $(cat "$T/bus.log")"
    (cd "$ROOT" && exec /usr/bin/python3 -B -m tests.packaging.support.house "$R/run/dbus/system_bus_socket" "$house_kind") \
        >"$T/house.log" 2>&1 &
    until_is 60 grep -q '^ready' "$T/house.log" || fail "no gateways: $(cat "$T/house.log")"
}

# archive VERSION: into /data, with its sum beside it, as a release has both.
archive()
{
    mkdir -p "$T/programs/x86_64-release"
    # The next version's program is this one under another name.
    sed "s/$version/$1/g" "$BUILD/x86_64-release/dbus-opendtu" >"$T/programs/x86_64-release/dbus-opendtu"
    chmod 755 "$T/programs/x86_64-release/dbus-opendtu"
    printf '# Changelog\n\n## [%s] - 2026-01-01\n\nA test.\n' "$1" >"$T/changelog"
    BUILD=$T/programs DIST=$R/data CHANGELOG=$T/changelog SOURCE_DATE_EPOCH=1700000000 VARIANT=release \
        VENDOR=$ROOT/build "$ROOT/packaging/mktarball" x86_64 >/dev/null
}

# What is typed, of a document; that it is another version's does not matter.
typed()
{
    grep '^# ' "$1" | sed 's/_[0-9.]*_x86/_N_x86/g'
}

# At the end: the document is written, or compared.
kept()
{
    if [ -n "${WRITE:-}" ]; then
        cat -s "$T/hour.md" >"$ROOT/${WRITE#"$ROOT"/}"
        echo "written: $WRITE"
    else
        same "${DOCUMENT#"$ROOT"/} has the same commands" "$(typed "$DOCUMENT")" "$(typed "$T/hour.md")"
    fi
}
