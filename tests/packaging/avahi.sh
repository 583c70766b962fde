#!/bin/sh
# `discover` with Debian's avahi-daemon, as it is on the device: one on a private bus, and a second one in a network
# namespace of its own, which announces what a Shelly announces.
if [ -z "${IN_HOUSE:-}" ]; then
    unshare --net --mount true 2>/dev/null || { echo "this machine permits no namespaces, or you are not root"; exit 77; }
    exec env IN_HOUSE=1 unshare --net --mount --propagation private sh "$0" "$@"
fi
. "$(dirname "$0")/support/venus.sh"

BUILD=${BUILD:-$ROOT/build}
daemon=$BUILD/avahi/usr/sbin/avahi-daemon
program=$BUILD/x86_64-release/dbus-opendtu
command -v ip >/dev/null || skip "iproute2 is missing"
command -v dbus-daemon >/dev/null || skip "dbus-daemon is missing"
[ -x "$daemon" ] || skip "avahi-daemon is missing: scripts/avahi $BUILD/avahi"
[ -x "$program" ] || skip "the program is not built"
LD_LIBRARY_PATH=$(dirname "$BUILD"/avahi/usr/lib/*/libavahi-core.so.7)
export LD_LIBRARY_PATH

# It insists on a user and a folder of its own, and reads what it announces below /etc.
mount -t tmpfs tmpfs /run
mkdir -p /run/avahi-daemon "$T/etc/avahi/services" "$T/services"
cp -p /etc/ld.so.cache /etc/nsswitch.conf "$T/etc"
{ cat /etc/passwd && echo 'avahi:x:65:65::/run:/bin/false'; } >"$T/etc/passwd"
{ cat /etc/group && echo 'avahi:x:65:' && echo 'netdev:x:66:'; } >"$T/etc/group"
mount --bind "$T/etc" /etc

settings() # HOST INTERFACE DBUS
{
    printf '[server]\nhost-name=%s\nuse-ipv6=no\nenable-dbus=%s\nallow-interfaces=%s\n' "$1" "$3" "$2"
}

# avahi CONFIG LOG
avahi()
{
    "$daemon" --no-drop-root --no-chroot --no-rlimits -f "$1" >"$2" 2>&1
}

ip link set lo up
ip link add here type veth peer name there
ip address add 192.168.7.1/24 dev here
ip link set here up multicast on

cat >"$T/bus.conf" <<END
<busconfig><type>custom</type><listen>unix:path=$T/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>
END
dbus-daemon --config-file="$T/bus.conf" --nofork >"$T/bus.log" 2>&1 &
until_is 60 test -S "$T/bus" || fail "no bus: $(cat "$T/bus.log")"
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$T/bus"

discover() { "$program" discover >"$T/out" 2>"$T/err"; }

ok "without Avahi it says so" eval '! discover'
ok "... and what to do" grep -q 'Avahi does not run on this device' "$T/err"

settings gx here yes >"$T/here.conf"
avahi "$T/here.conf" "$T/here.log" &
until_is 60 grep -q 'Server startup complete' "$T/here.log" || fail "no Avahi: $(cat "$T/here.log")"
ok "in an empty network it finds nothing" eval '! discover'
ok "... and says so" grep -q 'nothing announces itself' "$T/err"

cat >"$T/services/shelly.service" <<'END'
<?xml version="1.0"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>shellypro3em-a0b1c2d3e4f5</name>
<service><type>_shelly._tcp</type><port>80</port><txt-record>gen=2</txt-record></service>
<service><type>_http._tcp</type><port>80</port></service></service-group>
END
settings shellypro3em-a0b1c2d3e4f5 there no >"$T/there.conf"
export T daemon
# shellcheck disable=SC2016 # the other shell expands them
unshare --net --mount --propagation private sh -c '
    mount -t tmpfs tmpfs /run
    mkdir -p /run/avahi-daemon
    mount --bind "$T/services" /etc/avahi/services
    echo $$ >"$T/there.pid"
    until [ -e "$T/moved" ]; do sleep 0.1; done
    ip address add 192.168.7.80/24 dev there
    ip link set there up multicast on
    exec "$daemon" --no-drop-root --no-chroot --no-rlimits -f "$T/there.conf"' >"$T/there.log" 2>&1 &
until_is 60 test -s "$T/there.pid" || fail "no second namespace: $(cat "$T/there.log")"
ip link set there netns "$(cat "$T/there.pid")"
touch "$T/moved"
until_is 60 grep -q 'successfully established' "$T/there.log" || fail "nothing is announced: $(cat "$T/there.log")"

ok "what is announced is found" until_is 20 discover
ok "... with its address, its service and its name" \
    grep -qx '192\.168\.7\.80     _shelly\._tcp      shellypro3em-a0b1c2d3e4f5' "$T/out"
same "... once" "$(grep -c '192.168.7.80 ' "$T/out")" 2
ok "... and how to ask it" grep -q 'dbus-opendtu discover 192.168.7.80' "$T/out"
