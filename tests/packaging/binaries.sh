#!/bin/sh
# The real programs, out of the real archives, as a service on the device: natively and under
# qemu-user. Each asks a simulated gateway and publishes it on the device's bus.
. "$(dirname "$0")/support/venus.sh"

for tool in dbus-daemon dbus-send python3; do
    command -v $tool >/dev/null || skip "$tool is missing"
done
BUILD=${BUILD:-$ROOT/build}
IMAGE_TOOLS="dbus-daemon dbus-send"
# emulator NAME: what this machine calls it; qemu-user and qemu-user-static are both good.
emulator()
{
    command -v "qemu-$1" || command -v "qemu-$1-static"
}
for arch in arm aarch64; do
    IMAGE_TOOLS="$IMAGE_TOOLS $(emulator $arch)" || skip "qemu-$arch is missing: apt-get install qemu-user"
done
device
umount -l "$R"
with_bus

# The bus, before anything else on the device; the gateway is in the house.
surroundings()
{
    mkdir -p "$R/run/dbus"
    in_root dbus-daemon --config-file=/etc/dbus-1/system.conf --nofork --nopidfile >"$T/bus.log" 2>&1 &
    (cd "$ROOT" && exec python3 -B -m tests.sim --speed 1 --start 12:00) >"$T/sim.log" 2>&1 &
    until_is 60 test -S "$R/run/dbus/system_bus_socket" || fail "no bus: $(cat "$T/bus.log")"
    until_is 60 grep -q '^control' "$T/sim.log" || fail "no gateway: $(cat "$T/sim.log")"
    [ ! -d "$R/data/dbus-opendtu" ] || write_config
}
BOOT_BUS=surroundings

write_config()
{
    {
        printf '[DEFAULT]\nNumberOfInvertersToQuery = 1\n'
        config 34 | sed "s|^Host = .*|Host = $(sed -n 's/^opendtu *//p' "$T/sim.log")|; 1d"
    } >"$R/data/dbus-opendtu/config.ini"
}

value()
{
    in_root dbus-send --system --print-reply=literal --reply-timeout=20000 \
        --dest=com.victronenergy.pvinverter.http_34 "$1" com.victronenergy.BusItem.GetValue 2>"$T/err"
}

has_power()
{
    case $(value /Ac/Power) in
    *double*[1-9]*) return 0 ;;
    esac
    return 1
}

tried=
for arch in x86_64 armv7 aarch64; do
    program=$BUILD/$arch-release/dbus-opendtu
    [ -x "$program" ] || { echo "$arch: not built"; continue; }
    case $arch in
    x86_64) emulator= ;;
    armv7) emulator="/usr/bin/$(basename "$(emulator arm)") -cpu cortex-a8" ;;
    aarch64) emulator="/usr/bin/$(basename "$(emulator aarch64)") -cpu cortex-a53" ;;
    esac
    tried="$tried $arch"
    echo "--- $arch"
    device
    BUILD=$BUILD DIST=$T/dist VENDOR=$ROOT/build VARIANT=release "$ROOT/packaging/mktarball" $arch >/dev/null
    mkdir -p "$R/data/dbus-opendtu"
    in_root tar xzf - -C /data <"$(ls "$T"/dist/*_$arch.tar.gz)"
    if [ -n "$emulator" ]; then
        # In place of the kernel, which would start it by itself. qemu needs more room than the
        # program may have.
        mv "$R/data/dbus-opendtu/dbus-opendtu" "$R/data/conf/program"
        printf '#!/bin/sh\nulimit -v unlimited\nexec %s /data/conf/program "$@"\n' "$emulator" \
            >"$R/data/dbus-opendtu/dbus-opendtu"
        chmod 755 "$R/data/dbus-opendtu/dbus-opendtu"
        "$ROOT/packaging/manifest" "$R/data/dbus-opendtu"
    fi
    surroundings
    start_services
    in_root /data/dbus-opendtu/install.sh >"$T/out" 2>&1 || fail "$arch: $(cat "$T/out")"
    ok "$arch: install.sh runs it" is_up
    ok "$arch: it publishes on the device's bus" until_is 60 has_power
    same "$arch: as an inverter of that instance" \
        "$(value /DeviceInstance | tr -s ' ' | sed 's/^ variant //; s/^ *//')" 'int32 34'
    ok "$arch: its self-test passes" \
        in_root /data/dbus-opendtu/dbus-opendtu selftest --config /data/dbus-opendtu/config.ini
    grep -i 'error\|critical' "$R/data/log/dbus-opendtu/current" && fail "$arch: errors in its log"
    boot
    ok "$arch: it does so after a reboot" until_is 60 has_power
    in_root /data/dbus-opendtu/uninstall.sh >/dev/null
    ok "$arch: removed, its name is free" not value /Ac/Power
    untouched
done
[ -n "$tried" ] || skip "no program is built"
