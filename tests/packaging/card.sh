#!/bin/sh
# The SD card: with a configuration and without, left in, with a wrong or a damaged archive,
# read-only, full /data.
. "$(dirname "$0")/support/venus.sh"

packages 1.0.0
packages 1.1.0
archive() { echo "$T/dist-$1/venus-data-dbus-opendtu-x86_64.tgz"; }
report() { cat "$T/media/mmcblk1p1/dbus-opendtu-install.txt"; }
reports() { report | grep -q "$1"; }
# The report ends, in time, in one line that says it all.
verdict() { report | tail -n 1; }
verdict_is() { verdict | grep -q "^verdict: $1"; }

same "the archive holds rc/ and nothing beside it" "$(tar tzf "$(archive 1.0.0)" | grep -v '^rc/')" ''
ok "... with the hook" eval "tar tzf '$(archive 1.0.0)' | grep -qx rc/post-hook.sh"

echo "--- without a configuration"
device
card "$(archive 1.0.0)"
boot
ok "it runs" runs_version 1.0.0
ok "the card says which version" reports 'version 1.0.0 is installed'
ok "... and at last that a configuration is missing" verdict_is 'not finished: dbus-opendtu 1.0.0 runs, but has no configuration'
same "... once" "$(report | grep -c '^verdict')" 1
ok "there is a config.ini on the device to fill in" grep -q '^#Host' "$R/data/dbus-opendtu/config.ini"
untouched

echo "--- with a configuration"
config 34 >"$T/media/mmcblk1p1/config.ini"
boot
ok "it runs" runs_version 1.0.0
ok "the card's config.ini is the device's" cmp "$T/media/mmcblk1p1/config.ini" "$R/data/dbus-opendtu/config.ini"
ok "the card says so" reports "config.ini is the device's"
ok "... and what check says once the service runs" reports ': all is well$'
ok "... and at last that it is good" verdict_is 'good: dbus-opendtu 1.0.0 runs, and check finds nothing wrong'

echo "--- left in"
echo '# changed on the device' >>"$R/data/dbus-opendtu/config.ini"
find "$R/data/dbus-opendtu" -type f -exec ls -l --time-style=full-iso {} + >"$T/before"
boot
ok "it runs" runs_version 1.0.0
find "$R/data/dbus-opendtu" -type f -exec ls -l --time-style=full-iso {} + >"$T/after"
ok "nothing was written" diff "$T/before" "$T/after"
lay "$T/dist-1.1.0/dbus-opendtu_1.1.0_x86_64.tar.gz" "$T/dist-1.1.0/dbus-opendtu_1.1.0_x86_64.tar.gz.sha256"
in_root /data/dbus-opendtu/update.sh /data/upload/dbus-opendtu_1.1.0_x86_64.tar.gz >/dev/null
boot
ok "it does not undo an update" runs_version 1.1.0

echo "--- with other contents"
no_card
card "$(archive 1.1.0)"
config 35 >"$T/media/mmcblk1p1/config.ini.txt" # as an editor on Windows would call it
boot
ok "it runs" runs_version 1.1.0
ok "the new config.ini was taken" grep -q 'DeviceInstance = 35' "$R/data/dbus-opendtu/config.ini"
ok "the one before is kept" grep -q 'changed on the device' "$R/data/dbus-opendtu/config.ini.before-card"
no_card
card "$(archive 1.0.0)"
boot
ok "another card with an older version is a wish" runs_version 1.0.0
printf 'BROKEN\n' >"$T/media/mmcblk1p1/config.ini"
boot
ok "a configuration with errors is reported on the card" reports 'config.ini:1: error: broken'
ok "... and at last" verdict_is 'not good: dbus-opendtu 1.0.0 runs, but see what check says'
ok "... and it runs" runs_version 1.0.0
untouched upload

echo "--- uninstalled with the card in"
config 34 >"$T/media/mmcblk1p1/config.ini"
boot
in_root /data/dbus-opendtu/uninstall.sh >/dev/null
no_card
boot
sleep 1.2
ok "without the card it stays off" not test -e "$R/service/dbus-opendtu"
card "$(archive 1.0.0)"
boot
ok "the card installs it again" runs_version 1.0.0

echo "--- wrong archives"
device
mkdir -p "$T/wrong"
tar xzf "$(archive 1.0.0)" -C "$T/wrong"
printf '\177ELF other' >"$T/wrong/rc/dbus-opendtu/dbus-opendtu"
echo aarch64 >"$T/wrong/rc/dbus-opendtu/arch"
(cd "$T/wrong/rc/dbus-opendtu" && "$ROOT/packaging/manifest" .)
card
tar czf "$T/media/mmcblk1p1/venus-data-dbus-opendtu-aarch64.tgz" -C "$T/wrong" rc
boot
ok "one for another processor is refused" reports 'wrong architecture: this program is for aarch64'
ok "... at last, too" verdict_is 'failed'
ok "nothing is installed" not test -e "$R/data/rc.local"
cp "$(archive 1.0.0)" "$T/media/mmcblk1p1/"
config 34 >"$T/media/mmcblk1p1/config.ini"
boot
ok "with both on the card the right one is taken" runs_version 1.0.0
ok "... whose report it is" reports 'version 1.0.0 is installed'
ok "... and whose verdict" verdict_is good
mv "$T/media/mmcblk1p1/venus-data-dbus-opendtu-aarch64.tgz" "$T/media/mmcblk1p1/venus-data-dbus-opendtu-zz.tgz"
boot
ok "... in whatever order they come" verdict_is good
same "... once" "$(report | grep -c '^verdict')" 1
echo damaged >"$T/wrong/rc/dbus-opendtu/manage.sh.x"
echo x >>"$T/wrong/rc/dbus-opendtu/config.example"
device
no_card
card
tar czf "$T/media/mmcblk1p1/venus-data-dbus-opendtu-x86_64.tgz" -C "$T/wrong" rc
boot
ok "a damaged one is refused" reports 'damaged'
ok "... at last, too" verdict_is 'failed'

echo "--- a card that cannot be written to"
device
card "$(archive 1.0.0)"
config 34 >"$T/media/mmcblk1p1/config.ini"
mount --bind "$T/media/mmcblk1p1" "$R/media/mmcblk1p1"
mount -o remount,bind,ro "$R/media/mmcblk1p1"
boot
ok "it runs" runs_version 1.0.0
umount -l "$R/media/mmcblk1p1"

echo "--- full /data"
device 2m
no_card
card "$(archive 1.0.0)"
dd if=/dev/zero of="$R/data/conf/full" bs=16k 2>/dev/null || true
boot
ok "the card says so" reports 'is /data full'
ok "nothing of it is left" not test -s "$R/data/dbus-opendtu/manage.sh"
rm "$R/data/conf/full"
boot
ok "the next boot makes up for it" runs_version 1.0.0

echo "--- put in while it runs (venus-runtime-*.tgz)"
config 36 >"$T/media/mmcblk1p1/config.ini"
mkdir -p "$R/tmp/hook"
in_root tar xzf - -C /tmp/hook <"$(archive 1.1.0)"
in_root sh /tmp/hook/rc/post-hook.sh success
ok "the new version runs" runs_version 1.1.0
ok "with the card's configuration" grep -q 'DeviceInstance = 36' "$R/data/dbus-opendtu/config.ini"
