#!/bin/sh
# Each way of installing, with the real program, ends with what is published or why nothing is: without a
# configuration, with a wrong Host, with a Shelly as Host, with a misspelt key and a section for nobody, with what is
# right, after an edit, and beside a copy that has the inverters already.
#
# TRANSCRIPTS=folder keeps what the owner reads in each of these cases.
. "$(dirname "$0")/support/venus.sh"

for tool in dbus-daemon python3; do
    command -v $tool >/dev/null || skip "$tool is missing"
done
BUILD=${BUILD:-$ROOT/build}
[ -x "$BUILD/x86_64-release/dbus-opendtu" ] || skip "the program is not built"
/usr/bin/python3 -c 'import jeepney' 2>/dev/null || skip "python3-jeepney is missing"
IMAGE_TOOLS=dbus-daemon
make_image v3.70
with_bus
version=$("$BUILD/x86_64-release/dbus-opendtu" version | sed -n '1s/.* //p')
for tool in packaging/mktarball packaging/mksdcard packaging/mksetuphelper opkg/mkipk; do
    BUILD=$BUILD DIST=$T/dist VENDOR=$ROOT/build VARIANT=release "$ROOT/$tool" x86_64 >/dev/null
done

surroundings()
{
    mkdir -p "$R/run/dbus"
    in_root dbus-daemon --config-file=/etc/dbus-1/system.conf --nofork --nopidfile >"$T/bus.log" 2>&1 &
    (cd "$ROOT" && exec /usr/bin/python3 -B -m tests.sim --speed 1 --start 12:00) >"$T/sim.log" 2>&1 &
    until_is 60 test -S "$R/run/dbus/system_bus_socket" || fail "no bus: $(cat "$T/bus.log")"
    until_is 60 grep -q '^control' "$T/sim.log" || fail "no gateway: $(cat "$T/sim.log")"
    host=$(sed -n 's/^opendtu *//p' "$T/sim.log")
    shelly=$(sed -n 's/^shelly1 *//p' "$T/sim.log")
}

# Each leaves in $T/out what the owner is told.
by_hand_way()
{
    mkdir -p "$R/data/$1"
    in_root tar xzf - -C "/data/$1" --strip-components=1 <"$T/dist/dbus-opendtu_${version}_x86_64.tar.gz"
    in_root "/data/$1/install.sh" >"$T/out" 2>&1
}
opkg_way()
{
    lay "$T/dist/dbus-opendtu_${version}_x86_64.ipk"
    in_root opkg install "/data/upload/dbus-opendtu_${version}_x86_64.ipk" >"$T/out" 2>&1
}
setuphelper_way()
{
    [ ! -f "$R/data/dbus-opendtu/config.ini" ] || cp "$R/data/dbus-opendtu/config.ini" "$T/config.ini"
    setup_helper
    package_manager_gets "$T/dist/dbus-opendtu_${version}_setuphelper.tar.gz"
    [ ! -f "$T/config.ini" ] || cp "$T/config.ini" "$R/data/dbus-opendtu/config.ini"
    in_root /data/dbus-opendtu/setup install auto >"$T/out" 2>&1
}
# In a running device, so that the bus stays (venus-runtime-*.tgz).
card_way()
{
    card
    [ -z "$configuration" ] || echo "$configuration" >"$T/media/mmcblk1p1/config.ini"
    card "$T/dist/venus-data-dbus-opendtu-x86_64.tgz"
    mkdir -p "$R/tmp/hook"
    in_root tar xzf - -C /tmp/hook <"$T/dist/venus-data-dbus-opendtu-x86_64.tgz"
    in_root sh /tmp/hook/rc/post-hook.sh success
    until_is 120 grep -q '^verdict' "$T/media/mmcblk1p1/dbus-opendtu-install.txt" || fail "there is no verdict"
    cp "$T/media/mmcblk1p1/dbus-opendtu-install.txt" "$T/out"
}

keep()
{
    cases=$((${cases:-0} + 1))
    [ -z "${TRANSCRIPTS:-}" ] || {
        echo "--- config.ini"
        cat "$R/data/dbus-opendtu/config.ini"
        echo "--- what is told"
        cat "$T/out"
    } >"$TRANSCRIPTS/$way-$cases.txt"
}

# An edit of a running service: in use without a restart, and `check` says what it is then.
edited()
{
    printf '[INVERTER1]\nPhase=L2\n' >>"$R/data/dbus-opendtu/config.ini"
    until_is 60 on_l2 || fail "$way: the edit is not in use: $(cat "$R/data/log/dbus-opendtu/current")"
    in_root /data/dbus-opendtu/dbus-opendtu check >"$T/out" 2>&1 || fail "$way: $(cat "$T/out")"
    keep
    grep -q ': all is well$' "$T/out" || fail "$way: after an edit: $(cat "$T/out")"
    echo "ok: $way: an edit is in use"
}
on_l2()
{
    in_root /data/dbus-opendtu/dbus-opendtu show --once 2>/dev/null | grep -q '^Roof north .* L2 '
}

# try WAY CONFIGURATION WORDS...: on a new device, with this config.ini ("": none); all of these lines are told.
try()
{
    way=$1 configuration=$2
    shift 2
    rm -f "$T/config.ini"
    no_card
    device
    surroundings
    start_services
    configuration=$(printf '%b' "$configuration" | sed "s|HOST|$host|; s|SHELLY|$shelly|")
    mkdir -p "$R/data/dbus-opendtu"
    [ -z "$configuration" ] || echo "$configuration" >"$R/data/dbus-opendtu/config.ini"
    [ -z "${before:-}" ] || "$before"
    "${way}_way" dbus-opendtu || fail "$way: $(cat "$T/out")"
    keep
    for words in "$@"; do
        grep -q -- "$words" "$T/out" || fail "$way: is not told: $words: $(cat "$T/out")"
    done
    echo "ok: $way: $*"
}

a_first_copy()
{
    mkdir -p "$R/data/first"
    printf '[DEFAULT]\nHost=%s\n' "$host" >"$R/data/first/config.ini"
    by_hand_way first || fail "$(cat "$T/out")"
    until_is 60 publishes_all || fail "the first copy does not publish: $(cat "$R/data/log/first/current")"
}
publishes_all()
{
    in_root /data/first/dbus-opendtu show --once 2>/dev/null | grep -q '3 of 3 inverters running'
}

for way in by_hand opkg setuphelper card; do
    echo "--- $way"
    if [ $way = card ]; then
        try $way '' 'verdict: not finished: .* runs, but has no configuration'
    else
        try $way '' "It publishes nothing yet: write your DTU's address into /data/dbus-opendtu/config.ini"
    fi
    same "... the same config.ini, for its owner's eyes" \
        "$(sum <"$R/data/dbus-opendtu/config.ini") $(stat -c %a "$R/data/dbus-opendtu/config.ini")" \
        "$(sum <"$ROOT/packaging/config.initial") 600"
    try $way '[DEFAULT]\nHost=127.0.0.1:9\n' 'problem: 127.0.0.1:9 refused the connection' 'then check again$'
    try $way '[DEFAULT]\nHost=SHELLY\n' 'problem: this is a Shelly .*, not a DTU: describe it in a \[TEMPLATEn\]' \
        'then check again$'
    try $way '[DEFAULT]\nHost=HOST\n[INVERTER7]\nFase=L2\n' 'Fase is not known: did you mean Phase?' \
        'INVERTER7.*' 'then check again$'
    try $way '[DEFAULT]\nHost=HOST\n' ': all is well$'
    if [ $way = card ]; then
        ok "... at last, too" grep -q '^verdict: good' "$T/out"
    fi
    edited
    before=a_first_copy
    try $way '[DEFAULT]\nHost=HOST\n' 'problem: another process .* already publishes' 'then check again$'
    before=
    # An installation may start it twice: each start says so.
    same "... which says so for each, and is left alone" \
        "$(grep 'another process publishes' "$R/data/log/dbus-opendtu/current" | cut -d' ' -f2- | sort -u | wc -l) $(grep -c 'ERROR' "$R/data/log/first/current")" \
        '3 0'
done
