# A root like that of a GX device, made of this machine's busybox and daemontools: root file system
# read-only, /data of its own, /service and /run in RAM, /var/log on /data, the boot order of Venus
# OS, cards in /media. In a namespace of its own for mounts and processes, in which the test is
# process 1: nothing of it outlives the test.
#
# Sourced by tests. $R is the device's root, $T the test's scratch folder.
# shellcheck shell=sh disable=SC2034
set -eu
umask 022
export LC_ALL=C

ROOT=$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)
SUPPORT=$ROOT/tests/packaging/support

skip()
{
    echo "$*"
    exit 77
}

for tool in busybox svscan supervise multilog softlimit pgrep unshare chroot ar; do
    command -v "$tool" >/dev/null || skip "$tool is missing: apt-get install busybox daemontools procps"
done
[ "$(id -u)" = 0 ] || skip "only root can make a root file system of its own"
if [ -z "${IN_VENUS:-}" ]; then
    unshare --mount --pid --fork true 2>/dev/null || skip "this machine permits no namespaces"
    exec env IN_VENUS=1 unshare --mount --pid --fork --kill-child sh "$0" "$@"
fi
mount --make-rprivate /
mount -t proc proc /proc

T=$(mktemp -d)
mount -t tmpfs -o size=400m venus "$T"
R=$T/root
trap at_end EXIT
trap 'exit 1' HUP INT TERM

at_end()
{
    at_end_status=$?
    [ $at_end_status = 0 ] || trouble
    umount -l "$T"
    rmdir "$T"
    exit $at_end_status
}

trouble()
{
    for trouble_file in "$T/out" "$T/err" "$T/update-data.log" "$R/data/rc.local" "$R/data/dbus-opendtu/version"; do
        [ ! -s "$trouble_file" ] || { echo "--- ${trouble_file##*/}:" && tail -n 30 "$trouble_file"; }
    done
    echo "--- /data, /service:" && ls -A "$R/data" "$R/data/dbus-opendtu" "$R/service" 2>&1
    ps -eo pid,ppid,stat,args 2>&1 | tail -n 20
    echo "--- log:" && tail -n 10 "$R/data/log/dbus-opendtu/current" 2>&1
}

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

# ok "WHAT" COMMAND...
ok()
{
    ok_what=$1
    shift
    "$@" || fail "$ok_what ($*)"
    echo "ok: $ok_what"
}

not()
{
    ! "$@"
}

# same "WHAT" GOT WANTED
same()
{
    [ "$2" = "$3" ] || fail "$1: is \"$2\", should be \"$3\""
    echo "ok: $1"
}

# ---- The image -----------------------------------------------------------------------------------

with_libraries()
{
    for wl_file in "$@"; do
        wl_path=$(command -v "$wl_file")
        mkdir -p "$image/usr/bin"
        cp -L "$wl_path" "$image/usr/bin/${wl_file##*/}"
        for wl_lib in $(ldd "$wl_path" 2>/dev/null | grep -o '/[^ )]*'); do
            [ -e "$image$wl_lib" ] || { mkdir -p "$image${wl_lib%/*}" && cp -L "$wl_lib" "$image$wl_lib"; }
        done
    done
}

# svscan looks every five seconds; here every second.
quick_scan()
{
    [ -f "$T/quick.so" ] || printf '%s\n' '#include <time.h>' 'unsigned sleep(unsigned s) { struct timespec' \
        't = {s > 1 ? 1 : s, 0}; nanosleep(&t, 0); return 0; }' |
        gcc -shared -fPIC -O1 -x c -o "$T/quick.so" -
    cp "$T/quick.so" "$image/usr/lib/quick.so"
}

# make_image VERSION: a firmware.
make_image()
{
    image=$T/firmware-$1
    mkdir -p "$image/bin" "$image/usr/bin" "$image/usr/lib/opkg" "$image/etc/init.d" "$image/opt/victronenergy" \
        "$image/data" "$image/service" "$image/proc" "$image/dev" "$image/run" "$image/tmp" "$image/var/volatile" \
        "$image/media" "$image/lib" "$image/lib64" "$image/root"
    # shellcheck disable=SC2086
    with_libraries busybox svscan supervise svc svok svstat multilog softlimit pgrep dash bash ${IMAGE_TOOLS:-}
    mv "$image/usr/bin/busybox" "$image/bin/busybox"
    mkdir -p "$image/own"
    mv "$image"/usr/bin/* "$image/own/"
    mkdir -p "$image/sbin" "$image/usr/sbin"
    chroot "$image" /bin/busybox --install -s
    # daemontools' own, not busybox's.
    for applet in "$image"/own/* "$image/own/sh"; do
        rm -f "$image/bin/${applet##*/}" "$image/usr/bin/${applet##*/}"
    done
    mv "$image"/own/* "$image/usr/bin/"
    rmdir "$image/own"
    ln -s "${VENUS_SHELL:-/bin/busybox}" "$image/bin/sh"
    ln -s /usr/bin/bash "$image/bin/bash"
    ln -s /data/log "$image/var/log"
    ln -s /run "$image/var/run"
    # The real one waits for all disks of this machine, which hold nothing of the device.
    rm -f "$image/bin/sync" "$image/usr/bin/sync"
    printf '#!/bin/sh\n' >"$image/usr/bin/sync"
    chmod 755 "$image/usr/bin/sync"
    echo "$1" >"$image/opt/victronenergy/version"
    install -m 755 "$SUPPORT/update-data" "$image/etc/init.d/update-data"
    install -m 755 "$SUPPORT/opkg" "$image/usr/bin/opkg"
    # The Python driver's interpreter, as far as it matters here.
    # shellcheck disable=SC2016
    printf '#!/bin/sh\necho "python runs $1"\nwhile :; do sleep 1; done\n' >"$image/usr/bin/python"
    chmod 755 "$image/usr/bin/python"
    quick_scan
}

# with_bus: the image gets a system bus. Before it is mounted.
with_bus()
{
    mkdir -p "$T/firmware-v3.70/etc/dbus-1"
    cat >"$T/firmware-v3.70/etc/dbus-1/system.conf" <<'END'
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
    <allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>
END
    echo root:x:0:0:root:/root:/bin/sh >"$T/firmware-v3.70/etc/passwd"
    echo root:x:0: >"$T/firmware-v3.70/etc/group"
}

# mount_root VERSION: that firmware, read-only, with the device's own /data.
mount_root()
{
    mkdir -p "$R"
    if mountpoint -q "$R"; then
        umount -l "$R"
    fi
    mount --bind "$T/firmware-$1" "$R"
    mount -o remount,bind,ro "$R"
    mount --bind "$T/data" "$R/data"
    mount --bind "$T/media" "$R/media"
    mount -t tmpfs opkg "$R/usr/lib/opkg"
    mount -t proc proc "$R/proc"
    mount --bind /dev "$R/dev"
}

# device [SIZE]: a new one, with firmware v3.70.
device()
{
    power_off
    if mountpoint -q "$R"; then
        umount -l "$R"
    fi
    [ -d "$T/firmware-v3.70" ] || make_image v3.70
    if mountpoint -q "$T/data"; then
        umount -l "$T/data"
    fi
    rm -rf "${T:?}/media"
    mkdir -p "$T/data" "$T/media"
    mount -t tmpfs -o "size=${1:-32m}" data "$T/data"
    mkdir -p "$T/data/log" "$T/data/conf"
    echo "{}" >"$T/data/conf/settings.xml"
    find "$T/firmware-v3.70" ! -type d -exec ls -l {} + | sum >"$T/firmware.sum"
    mount_root v3.70
    volatile
}

volatile()
{
    for volatile_folder in service run tmp var/volatile; do
        if mountpoint -q "$R/$volatile_folder"; then
            umount -l "$R/$volatile_folder"
        fi
        mount -t tmpfs ram "$R/$volatile_folder"
    done
}

# Everything dies at once, as without power.
power_off()
{
    kill -9 -1 2>/dev/null || true
    wait 2>/dev/null || true
    scan=
}

in_root()
{
    chroot "$R" /usr/bin/env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/root DTU_SETTLE="${SETTLE:-2}" \
        DTU_TRIES="${TRIES:-40}" DTU_PAUSE=1 "$@"
}

start_services()
{
    chroot "$R" /usr/bin/env -i PATH=/usr/bin:/bin LD_PRELOAD=/usr/lib/quick.so svscan /service \
        >"$T/svscan.log" 2>&1 </dev/null &
}

# boot: the order of Venus OS: D-Bus (S02), cards (S30), services (S95), rc.local (S99).
boot()
{
    power_off
    volatile
    [ -z "${BOOT_BUS:-}" ] || "$BOOT_BUS"
    in_root /etc/init.d/update-data >"$T/update-data.log" 2>&1 || true
    start_services
    if [ -x "$R/data/rc.local" ]; then
        in_root /data/rc.local >"$T/rc.local.log" 2>&1 || echo "rc.local: exit $?" >>"$T/rc.local.log"
    fi
    # Its last command may still run in the background.
    until_is 60 idle || fail "rc.local has not come to an end"
}

idle()
{
    idle_now && sleep 0.02 && idle_now
}

idle_now()
{
    ! pgrep -f '/data/rc.local|/data/[^ ]*/(install|manage).sh' >/dev/null
}

# A firmware update: the other root, the same /data.
firmware()
{
    power_off
    cp -a "$T/firmware-v3.70" "$T/firmware-$1"
    echo "$1" >"$T/firmware-$1/opt/victronenergy/version"
    mount_root "$1"
    boot
}

# until_is SECONDS COMMAND...
until_is()
{
    until_count=$(($1 * 5))
    shift
    while ! "$@"; do
        until_count=$((until_count - 1))
        [ "$until_count" -gt 0 ] || return 1
        sleep 0.2
    done
}

svstat_of()
{
    in_root svstat "/service/${1:-dbus-opendtu}" 2>/dev/null
}

is_up()
{
    case $(svstat_of "${1:-}") in
    *': up (pid '*) return 0 ;;
    esac
    return 1
}

comes_up()
{
    until_is 60 is_up "${1:-}"
}

pid_of()
{
    svstat_of "${1:-}" | sed -n 's/.*(pid \([0-9]*\)).*/\1/p'
}

# Which version runs: the stand-in says it on its command line.
running()
{
    running_pid=$(pid_of "${1:-}")
    [ -n "$running_pid" ] && tr '\0' '\n' <"/proc/$running_pid/cmdline" | sed -n 's/^stand-in-//p'
}

runs_version()
{
    until_is 60 runs_now "$1" "${2:-}"
}

runs_now()
{
    [ "$(running "$2")" = "$1" ]
}

# Nothing of the root file system has changed, and /data holds nothing of ours but what is named.
untouched()
{
    find "$T/firmware-v3.70" ! -type d -exec ls -l {} + | sum | cmp -s - "$T/firmware.sum" ||
        fail "the root file system was written to"
    for untouched_entry in "$R"/data/* "$R"/data/.[!.]*; do
        case ${untouched_entry##*/} in
        '*' | '.[!.]*' | log | conf | rc.local | rc.local.disabled | dbus-opendtu | SetupHelper | setupOptions | apps) ;;
        *)
            case " ${*:-} " in
            *" ${untouched_entry##*/} "*) ;;
            *) fail "unexpected in /data: $untouched_entry" ;;
            esac
            ;;
        esac
    done
}

# ---- Packages with a program that only says what it is -------------------------------------------

# packages VERSION [good|unsound|crashing]: into $T/dist-VERSION.
packages()
{
    pk_build=$T/build-$1
    mkdir -p "$pk_build/x86_64-release"
    sed -e "s/@VERSION@/$1/" -e "s/@KIND@/${2:-good}/" "$SUPPORT/stand-in" >"$pk_build/x86_64-release/dbus-opendtu"
    chmod 755 "$pk_build/x86_64-release/dbus-opendtu"
    printf '# Changelog\n\n## [%s] - 2026-01-01\n\nA test.\n' "$1" >"$T/changelog-$1"
    for pk_tool in packaging/mktarball packaging/mksdcard opkg/mkipk; do
        BUILD=$pk_build DIST=$T/dist-$1 CHANGELOG=$T/changelog-$1 SOURCE_DATE_EPOCH=1700000000 VARIANT=release \
            VENDOR=$ROOT/build "$ROOT/$pk_tool" x86_64 >/dev/null
    done
    pk_tar=$T/dist-$1/dbus-opendtu_$1_x86_64.tar.gz
    (cd "${pk_tar%/*}" && sha256sum "${pk_tar##*/}" >"$pk_tar.sha256")
}

# lay FILE...: onto the device's /data, as a user would with scp.
lay()
{
    mkdir -p "$R/data/upload"
    cp "$@" "$R/data/upload/"
}

# by_hand VERSION [FOLDER]: unpacked under /data, then install.sh.
by_hand()
{
    mkdir -p "$R/data/${2:-dbus-opendtu}"
    in_root tar xzf - -C "/data/${2:-dbus-opendtu}" --strip-components=1 <"$T/dist-$1/dbus-opendtu_$1_x86_64.tar.gz"
    in_root "/data/${2:-dbus-opendtu}/install.sh"
}

# card [FILE...]: an SD card with these files.
card()
{
    mkdir -p "$T/media/mmcblk1p1"
    [ $# -eq 0 ] || cp "$@" "$T/media/mmcblk1p1/"
}

no_card()
{
    rm -rf "$T/media/mmcblk1p1"
}

# setup_helper: SetupHelper on the device, as far as a package's `setup` can see it.
setup_helper()
{
    mkdir -p "$R/data/SetupHelper/HelperResources"
    cat >"$R/data/SetupHelper/HelperResources/IncludeHelpers" <<'END'
scriptDir=$(cd "$(dirname "$0")" && pwd)
scriptAction=NONE
installFailed=false
for argument in "$@"; do
    case $argument in
    install | reinstall) scriptAction=INSTALL ;;
    uninstall) scriptAction=UNINSTALL ;;
    esac
done
logMessage() { echo "$*"; }
standardActionPrompt() { scriptAction=INSTALL; }
endScript() { $installFailed && exit 255; exit 0; }
END
}

# package_manager_gets ARCHIVE: all of the old folder goes.
package_manager_gets()
{
    mkdir -p "$R/tmp/PmDownloadTemp"
    tar xzf "$1" -C "$R/tmp/PmDownloadTemp"
    [ ! -d "$R/data/dbus-opendtu" ] || mv "$R/data/dbus-opendtu" "$R/data/dbus-opendtu-temp"
    mv "$R/tmp/PmDownloadTemp/dbus-opendtu" "$R/data/dbus-opendtu"
    rm -rf "$R/data/dbus-opendtu-temp" "$R/tmp/PmDownloadTemp"
}

config()
{
    printf '%s\n' '[DEFAULT]' 'DTU = opendtu' 'Host = 127.0.0.1' '' '[INVERTER0]' 'Phase = L1' "DeviceInstance = $1" \
        'AcPosition = 0'
}
