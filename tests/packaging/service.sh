#!/bin/sh
# The service in its life: installed, booted, crashing, over a firmware update, beside a second
# copy, removed.
. "$(dirname "$0")/support/venus.sh"

packages 1.0.0
device
start_services
by_hand 1.0.0 >"$T/out" || fail "install.sh: $(cat "$T/out")"
cat "$T/out"
ok "install.sh lays a config.ini and says what to write" grep -q "your DTU's address into /data/dbus-opendtu/config.ini" "$T/out"
ok "... with all but the address in it" grep -q '^#Host = ' "$R/data/dbus-opendtu/config.ini"
same "... for its owner's eyes" "$(stat -c %a "$R/data/dbus-opendtu/config.ini")" 600
ok "... and does not say that all is well" not grep -q 'all is well$' "$T/out"
ok "it runs" runs_version 1.0.0
ok "/service/dbus-opendtu is a real folder" not test -L "$R/service/dbus-opendtu"
ok "supervise's files are in RAM" test -p "$R/service/dbus-opendtu/supervise/control"
ok "... and none is on flash" not test -e "$R/data/dbus-opendtu/service/supervise"
ok "svstat /service/dbus-opendtu says up" is_up
ok "the log is where users look for it" until_is 60 grep -q '1.0.0 runs' "$R/data/log/dbus-opendtu/current"
ok "... and where they looked before" in_root grep -q '1.0.0 runs' /data/dbus-opendtu/current.log
same "... which is a link, so that nothing is written twice" "$(readlink "$R/data/dbus-opendtu/current.log")" \
    /var/log/dbus-opendtu/current
same "rc.local is executable and has one line of ours" \
    "$(head -n 1 "$R/data/rc.local") $(grep -c dbus-opendtu "$R/data/rc.local") $(stat -c %a "$R/data/rc.local")" \
    '#!/bin/sh 1 755'
untouched

# Again, and again: no second line, no second service.
before=$(sum <"$R/data/rc.local")
in_root /data/dbus-opendtu/install.sh >/dev/null
same "install.sh is idempotent" "$(sum <"$R/data/rc.local")" "$before"
same "one service" "$(ls -A "$R/service" | tr '\n' ' ')" 'dbus-opendtu '

echo "--- what install.sh ends with"
config 34 >"$R/data/dbus-opendtu/config.ini"
in_root /data/dbus-opendtu/install.sh >"$T/out" 2>&1
ok "it is what check says" grep -q 'config.ini: .*: all is well$' "$T/out"
echo BROKEN >>"$R/data/dbus-opendtu/config.ini"
ok "a faulty config.ini is no failure of the installation" \
    eval "in_root /data/dbus-opendtu/install.sh >'$T/out' 2>&1"
ok "... but is told" grep -q 'config.ini: .*, then check again$' "$T/out"
ok "... with the fault" grep -q 'config.ini:1: error: broken' "$T/out"
config 34 >"$R/data/dbus-opendtu/config.ini"

echo "--- without root"
find "$R/data" "$R/service" -exec ls -ld --time-style=full-iso {} + >"$T/before"
for script in install.sh restart.sh uninstall.sh 'update.sh /data/x.tar.gz'; do
    if chroot --userspec=1000:1000 "$R" /usr/bin/env -i PATH=/usr/bin:/bin /data/dbus-opendtu/$script >"$T/out" 2>&1; then
        fail "$script without root succeeded"
    fi
    same "$script says so at once" "$(cat "$T/out")" 'dbus-opendtu: only root can do this; nothing was changed'
done
chroot --userspec=1000:1000 "$R" /usr/bin/env -i PATH=/usr/bin:/bin /data/dbus-opendtu/install.sh --help >"$T/out" ||
    fail "--help is not for everybody"
same "... and fits on a screen of 80 columns" "$(awk 'length > 80' "$T/out")" ''
find "$R/data" "$R/service" -exec ls -ld --time-style=full-iso {} + >"$T/after"
ok "nothing was changed" diff "$T/before" "$T/after"

echo "--- crash and restart"
pid=$(pid_of)
kill -9 "$pid"
restarted() { new=$(pid_of); [ -n "$new" ] && [ "$new" != "$1" ]; }
ok "after a crash it is started again" until_is 60 restarted "$pid"
pid=$(pid_of)
in_root /data/dbus-opendtu/restart.sh
ok "restart.sh restarts it" until_is 60 restarted "$pid"
ok "... by SIGTERM" until_is 60 grep -q 'INFO ended' "$R/data/log/dbus-opendtu/current"

echo "--- boot"
config 34 >"$R/data/dbus-opendtu/config.ini"
boot
ok "it runs after a reboot" runs_version 1.0.0
same "boot leaves nothing behind in /service" "$(ls -A "$R/service" | tr '\n' ' ')" 'dbus-opendtu '
untouched

echo "--- rc.local of others"
printf '#!/bin/bash\nset -e\nfalse || true\necho first >>/data/log/order\ncat >/dev/null <<E\n#!/bin/sh\nE\nexit 0' \
    >"$R/data/rc.local"
cp "$R/data/rc.local" "$T/rc.before"
in_root /data/dbus-opendtu/install.sh >/dev/null
boot
ok "it runs although rc.local ends in exit 0" runs_version 1.0.0
ok "... and what was there still runs" grep -q first "$R/data/log/order"
in_root /data/dbus-opendtu/uninstall.sh >/dev/null
echo >>"$T/rc.before" # awk ends the last line
ok "uninstall.sh leaves rc.local as it was" cmp "$T/rc.before" "$R/data/rc.local"
rm "$R/data/rc.local"
printf '#!/usr/bin/python\nprint(1)\n' >"$R/data/rc.local"
cp "$R/data/rc.local" "$T/rc.before"
not in_root /data/dbus-opendtu/install.sh >/dev/null 2>"$T/err" || fail "an rc.local in Python was accepted"
ok "an rc.local that is no shell script is left alone" cmp "$T/rc.before" "$R/data/rc.local"
ok "... and the user told" grep -q 'no shell script' "$T/err"
mv "$R/data/rc.local" "$R/data/rc.local.disabled"
printf '#!/bin/sh\n' >"$R/data/rc.local.disabled"
in_root /data/dbus-opendtu/install.sh >/dev/null 2>"$T/err"
ok "hooks that are switched off stay off" not test -e "$R/data/rc.local"
ok "... and the user is told" grep -q 'switched off' "$T/err"
in_root /data/dbus-opendtu/uninstall.sh >/dev/null
rm -f "$R/data/rc.local.disabled"

echo "--- firmware update"
in_root /data/dbus-opendtu/install.sh >/dev/null
firmware v3.80
ok "it runs after a firmware update" runs_version 1.0.0
same "... of that firmware" "$(cat "$R/opt/victronenergy/version")" v3.80
ok "... with its configuration" grep -q 'DeviceInstance = 34' "$R/data/dbus-opendtu/config.ini"
untouched

echo "--- two copies side by side"
by_hand 1.0.0 garage >/dev/null
ok "the second runs" runs_version 1.0.0 garage
ok "the first still does" is_up
ok "each has its log" until_is 60 test -s "$R/data/log/garage/current"
same "each has its line" "$(grep -c '# dbus-opendtu /data/' "$R/data/rc.local")" 2
in_root /data/garage/uninstall.sh --purge >/dev/null
ok "the second is gone" not test -e "$R/service/garage"
ok "... with its folder and log" not ls "$R/data/garage" "$R/data/log/garage"
ok "the first is not touched" is_up
same "... nor its line" "$(grep -c '# dbus-opendtu /data/' "$R/data/rc.local")" 1
mkdir -p "$R/service/gui" && printf '#!/bin/sh\nexec sleep 1000\n' >"$R/service/gui/run"
if by_hand 1.0.0 gui >/dev/null 2>"$T/err"; then fail "took the place of another service"; fi
ok "the name of another service is refused" grep -q 'belongs to something else' "$T/err"
rm -rf "$R/service/gui" "$R/data/gui"
grep -v /data/gui "$R/data/rc.local" >"$T/rc" && cat "$T/rc" >"$R/data/rc.local"

echo "--- uninstall"
echo '{"devices":[{"limited":1}]}' >"$R/data/dbus-opendtu/state.json"
printf '' | in_root /data/dbus-opendtu/uninstall.sh >"$T/out" # no terminal: nothing is asked
same "power limits that it has left are lifted" "$(grep -c '^lifted by /data/dbus-opendtu$' "$T/out")" 1
ok "the service is gone" not test -e "$R/service/dbus-opendtu"
ok "no process is left" not pgrep -f 'stand-in-1.0.0|supervise dbus-opendtu|multilog'
same "nothing is left in /service" "$(ls -A "$R/service")" ''
ok "rc.local, which held our line only, is gone" not test -e "$R/data/rc.local"
ok "the log stays" test -s "$R/data/log/dbus-opendtu/current"
ok "the configuration stays" test -f "$R/data/dbus-opendtu/config.ini"
boot
sleep 1.5
ok "it does not come back" not test -e "$R/service/dbus-opendtu"
rm "$R/data/dbus-opendtu/state.json"
in_root /data/dbus-opendtu/uninstall.sh --logs >"$T/out"
same "... where none was left, nobody is asked" "$(grep -c lifted "$T/out")" 0
ok "--logs takes the log, too" not test -e "$R/data/log/dbus-opendtu"
ok "... and the link to it" not test -L "$R/data/dbus-opendtu/current.log"
in_root /data/dbus-opendtu/uninstall.sh --purge >/dev/null
same "--purge leaves nothing" "$(ls -A "$R/data" | tr '\n' ' ')" 'conf log '
untouched

echo "--- full /data, while it runs"
device 8m
start_services
by_hand 1.0.0 >/dev/null
config 34 >"$R/data/dbus-opendtu/config.ini"
dd if=/dev/zero of="$R/data/conf/full" bs=64k 2>/dev/null || true
boot
ok "it starts with a full /data" runs_version 1.0.0
before=$(sum <"$R/data/rc.local")
in_root /data/dbus-opendtu/uninstall.sh >/dev/null 2>&1 || true
in_root /data/dbus-opendtu/install.sh >/dev/null 2>&1 || true
rm "$R/data/conf/full"
in_root /data/dbus-opendtu/install.sh >/dev/null 2>&1
same "rc.local was not harmed" "$(sum <"$R/data/rc.local")" "$before"
