#!/bin/sh
# The power is cut before each step of everything that changes /data, or in the middle of it: each
# command that writes is one. After the next boot something sound runs (or nothing yet, where
# nothing was installed before), and the same command, given again, gets to its end.
#
# STEP=1 cuts at every step, as ci/package does; without it at every 48th, others each day.
# ONLY=restore takes a part.
. "$(dirname "$0")/support/venus.sh"
# It has no commands of its own in which a cut could not be placed. By its path: where busybox's env
# starts it by name, it is busybox's.
VENUS_SHELL=/usr/bin/dash

packages 1.0.0
packages 1.1.0
device
gcc -O1 -o "$T/step" "$SUPPORT/step.c"
mkdir "$T/firmware-v3.70/step"
for command in mv cp rm mkdir chmod sync tar ln rmdir; do
    cp "$T/step" "$T/firmware-v3.70/step/$command"
done
find "$T/firmware-v3.70" ! -type d -exec ls -l {} + | sum >"$T/firmware.sum"
stride=${STEP:-48}
first=$(($(date +%j | sed 's/^0*//') % stride + 1))
cuts=0
card_out=
TRIES=0 # no service runs that could be waited for

# steps COMMAND...: as root on the device, with the power going at step /run/stop.
steps()
{
    chroot "$R" /usr/bin/env -i PATH=/step:/usr/bin:/bin DTU_TRIES=0 "$@" >"$T/out" 2>&1
}

remember()
{
    rm -rf "$T/remembered"
    cp -a "$T/data" "$T/remembered"
}

# On a busy machine a process of the run before may not have its name yet: so for a while, and not for a moment.
wait_until_idle()
{
    idle_tries=0 idle_seen=0
    while [ $idle_seen -lt 5 ] && [ $idle_tries -lt 3000 ]; do
        idle_tries=$((idle_tries + 1))
        idle_seen=$((idle_seen + 1))
        idle_now || idle_seen=0
        sleep 0.02
    done
}

back()
{
    wait_until_idle
    volatile
    find "$T/data" -mindepth 1 -delete
    cp -a "$T/remembered/." "$T/data/"
}

# Without the services themselves, which take their time to start; what boots is seen in /service.
quick_boot()
{
    volatile
    [ ! -d "$T/media/mmcblk1p1" ] || in_root /etc/init.d/update-data >"$T/update-data.log" 2>&1 || true
    [ ! -x "$R/data/rc.local" ] || in_root /data/rc.local >"$T/rc.local.log" 2>&1 || true
    wait_until_idle
}

ours_whole()
{
    (cd "$R/data/dbus-opendtu" && sha256sum -c --quiet files.sha256) >/dev/null 2>&1 &&
        [ -x "$R/service/dbus-opendtu/run" ] && [ -x "$R/service/dbus-opendtu/log/run" ] &&
        grep -qx dir=/data/dbus-opendtu "$R/service/dbus-opendtu/run" &&
        [ "$(grep -c '# dbus-opendtu /data/' "$R/data/rc.local")" = 1 ] &&
        [ "$(readlink "$R/data/apps/enabled/DbusOpendtu")" = /data/apps/available/DbusOpendtu ] &&
        cmp -s "$R/data/dbus-opendtu/DbusOpendtu.json" "$R/data/apps/available/DbusOpendtu/gui-v2/DbusOpendtu.json" &&
        ! ls -d "$R"/data/dbus-opendtu/.[snou]* >/dev/null 2>&1
}

python_whole()
{
    [ -L "$R/service/dbus-opendtu" ] && [ -f "$R/data/dbus-opendtu/dbus_opendtu.py" ] &&
        [ -f "$R/data/dbus-opendtu/dbus_service.py" ] && [ -f "$R/data/dbus-opendtu/helpers.py" ] &&
        grep -q python "$R/data/dbus-opendtu/service/run"
}

# each "WHAT" AFTER_BOOT AT_THE_END COMMAND...
each()
{
    what=$1 after_boot=$2 at_end=$3
    shift 3
    case $what in
    *"${ONLY:-}"*) ;;
    *) return ;;
    esac
    remember
    echo 0 >"$R/run/stop"
    echo 0 >"$R/run/count"
    steps "$@" || fail "$what, without interruption: $(cat "$T/out")"
    total=$(cat "$R/run/count")
    [ "$total" -gt 4 ] || fail "$what: only $total steps were seen, so there is nothing to cut"
    quick_boot
    $at_end || fail "$what, without interruption: not as it should be"
    at=$first
    while [ "$at" -le "$total" ]; do
        back
        echo "$at" >"$R/run/stop"
        echo 0 >"$R/run/count"
        steps "$@" || true
        wait 2>/dev/null || true
        [ -z "$card_out" ] || mv "$T/media/mmcblk1p1" "$T/hidden"
        quick_boot
        $after_boot || fail "$what, cut at step $at of $total: what boots is not sound"
        [ -z "$card_out" ] || mv "$T/hidden" "$T/media/mmcblk1p1"
        steps "$@" || fail "$what, cut at step $at of $total: cannot be repeated: $(cat "$T/out")"
        quick_boot
        $at_end || fail "$what, cut at step $at of $total, and repeated: not as it should be"
        cuts=$((cuts + 1))
        at=$((at + stride))
    done
    untouched upload
    echo "ok: $what: $total steps"
    back
    echo 0 >"$R/run/stop"
}

nothing_or_1_0()
{
    [ ! -e "$R/data/rc.local" ] || is_1_0
}
is_1_0() { [ "$(cat "$R/data/dbus-opendtu/version")" = v1.0.0 ] && ours_whole; }
is_1_1() { [ "$(cat "$R/data/dbus-opendtu/version")" = v1.1.0 ] && ours_whole && config_kept; }
either() { is_1_0 || is_1_1; }
config_kept() { grep -q 'DeviceInstance = 34' "$R/data/dbus-opendtu/config.ini"; }
gone() { [ ! -e "$R/data/rc.local" ] && [ ! -e "$R/service/dbus-opendtu" ]; }
is_1_0_or_gone() { is_1_0 || gone; }
python_or_1_0() { python_whole || is_1_0; }
python_only()
{
    python_whole && [ ! -e "$R/data/dbus-opendtu/python-driver" ] && ! grep -q '# dbus-opendtu' "$R/data/rc.local"
}
taken_over()
{
    is_1_0 && config_kept && [ ! -e "$R/data/dbus-opendtu/dbus_opendtu.py" ] && [ ! -L "$R/service/dbus-opendtu" ] &&
        (cd "$R/data/dbus-opendtu/python-driver" && sha256sum -c --quiet "$T/python.sums")
}

lay "$T/dist-1.1.0/dbus-opendtu_1.1.0_x86_64.tar.gz" "$T/dist-1.1.0/dbus-opendtu_1.1.0_x86_64.tar.gz.sha256" \
    "$T/dist-1.0.0/dbus-opendtu_1.0.0_x86_64.ipk" "$T/dist-1.1.0/dbus-opendtu_1.1.0_x86_64.ipk"

mkdir -p "$R/data/dbus-opendtu"
in_root tar xzf - -C /data <"$T/dist-1.0.0/dbus-opendtu_1.0.0_x86_64.tar.gz"
each "install.sh" nothing_or_1_0 is_1_0 /data/dbus-opendtu/install.sh

in_root /data/dbus-opendtu/install.sh >/dev/null
config 34 >"$R/data/dbus-opendtu/config.ini"
each "update.sh" either is_1_1 /data/dbus-opendtu/update.sh /data/upload/dbus-opendtu_1.1.0_x86_64.tar.gz
each "uninstall.sh" is_1_0_or_gone gone /data/dbus-opendtu/uninstall.sh
each "opkg install, a newer version" either is_1_1 opkg install /data/upload/dbus-opendtu_1.1.0_x86_64.ipk

card "$T/dist-1.1.0/venus-data-dbus-opendtu-x86_64.tgz"
each "an SD card, a newer version" is_1_1 is_1_1 /etc/init.d/update-data
no_card

# A driver in Python, in its public layout.
rm -rf "$R/data/dbus-opendtu" "$R/data/rc.local"
folder=$R/data/dbus-opendtu
mkdir -p "$folder/service/log"
for file in dbus_opendtu.py dbus_service.py helpers.py README.md update.sh; do
    echo "python driver's $file" >"$folder/$file"
done
config 34 >"$folder/config.ini"
printf '#!/bin/sh\npython /data/dbus-opendtu/dbus_opendtu.py\n' >"$folder/service/run"
printf '#!/bin/sh\nexec cat\n' >"$folder/service/log/run"
printf '%s\n' '#!/bin/bash' '[ -e /service/dbus-opendtu ] || ln -s /data/dbus-opendtu/service /service/dbus-opendtu' \
    'grep -qxF /data/dbus-opendtu/install.sh /data/rc.local || echo /data/dbus-opendtu/install.sh >>/data/rc.local' \
    >"$folder/install.sh"
printf '#!/bin/bash\ntrue\n' | tee "$folder/uninstall.sh" >"$folder/restart.sh"
chmod 755 "$folder"/*.sh "$folder/service/run" "$folder/service/log/run"
printf '#!/bin/bash\n/data/dbus-opendtu/install.sh\n' >"$R/data/rc.local"
chmod 755 "$R/data/rc.local"
(cd "$folder" && find . -type f ! -name config.ini -exec sha256sum {} + | sort -k 2) >"$T/python.sums"

card "$T/dist-1.0.0/venus-data-dbus-opendtu-x86_64.tgz"
each "an SD card, over the Python driver" taken_over taken_over /etc/init.d/update-data
card_out=1
each "the same, with the card taken out after the cut" python_or_1_0 taken_over /etc/init.d/update-data
card_out=
no_card
each "opkg install, over the Python driver" python_or_1_0 taken_over \
    opkg install /data/upload/dbus-opendtu_1.0.0_x86_64.ipk

in_root opkg install /data/upload/dbus-opendtu_1.0.0_x86_64.ipk >/dev/null 2>&1
each "uninstall.sh --restore" python_or_1_0 python_only /bin/sh -c 'if [ -f /data/dbus-opendtu/manage.sh ]; then
    DTU_FOLDER=/data/dbus-opendtu sh /data/dbus-opendtu/manage.sh uninstall --restore; else true; fi'
echo "ok: $cuts power cuts"
